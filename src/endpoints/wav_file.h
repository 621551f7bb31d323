// Sound files, through libsndfile.
#pragma once

#include <filesystem>

#include "endpoints/endpoint.h"

namespace openportcls::endpoints {

// Any format libsndfile reads. Integer samples keep their width (8, 16, 24, 32), everything else comes as float.
Result<std::unique_ptr<Source>> open_sound_file(const std::filesystem::path& path);

// WAV; the extensible header for more than two channels. Samples are stored exactly as given.
Result<std::unique_ptr<Sink>> create_wav_file(const std::filesystem::path& path, const WaveFormat& format);

} // namespace openportcls::endpoints
