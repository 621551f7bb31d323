// Everything an application or test needs to run Windows audio drivers.
#pragma once

#include <openportcls/audio_module.hpp>
#include <openportcls/event.hpp>
#include <openportcls/filter.hpp>
#include <openportcls/format.hpp>
#include <openportcls/guid.hpp>
#include <openportcls/machine.hpp>
#include <openportcls/machine_thread.hpp>
#include <openportcls/midi.hpp>
#include <openportcls/midi_file.hpp>
#include <openportcls/mixer.hpp>
#include <openportcls/notification.hpp>
#include <openportcls/object.hpp>
#include <openportcls/pin.hpp>
#include <openportcls/properties.hpp>
#include <openportcls/result.hpp>
#include <openportcls/sample_ring.hpp>
#include <openportcls/stream.hpp>
