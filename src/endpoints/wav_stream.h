// Sound through standard input and output, or any descriptor that may be a pipe.
#pragma once

#include <string>

#include "endpoints/endpoint.h"

namespace openportcls::endpoints {

// From a pipe, WAV, RF64, AIFF and AU are read as they come; of other formats the whole is awaited first, because they
// are not read from front to back. The descriptor stays open.
Result<std::unique_ptr<Source>> open_sound_stream(int descriptor, const std::string& name);

// WAV. The sizes in its header say "unknown" (-1), as other programs that stream WAV have it, until it is complete, and
// for ever where the descriptor is a pipe. Takes the descriptor over.
Result<std::unique_ptr<Sink>> create_wav_stream(int descriptor, const std::string& name, const WaveFormat& format);

} // namespace openportcls::endpoints
