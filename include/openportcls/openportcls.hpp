// Everything an application or test needs to run Windows audio drivers.
#pragma once

#include <openportcls/filter.hpp>
#include <openportcls/format.hpp>
#include <openportcls/machine.hpp>
#include <openportcls/result.hpp>
#include <openportcls/stream.hpp>
