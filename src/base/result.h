// Result<T> is part of the public face; the layers know it under this name.
#pragma once

#include <openportcls/result.hpp>
