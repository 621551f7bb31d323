// Sound files, through libsndfile.
#pragma once

#include <filesystem>

#include "endpoints/endpoint.h"

namespace openportcls::endpoints {

// Any format libsndfile reads. Integer samples keep their width (8, 16, 24, 32), everything else comes as float.
Result<std::unique_ptr<Source>> open_sound_file(const std::filesystem::path& path);

// The same from a descriptor, which may be a pipe; it is taken over. How much is missing at the end of a pipe is told
// where the header says how much there is.
Result<std::unique_ptr<Source>> open_sound_descriptor(int descriptor, const std::string& name);

// WAV; the extensible header for more than two channels. Samples are stored exactly as given.
// A WAV file ends at 4 GiB. Where more frames than that are to be expected, or nobody knows how many will come, it
// becomes an RF64 file, which is a WAV file after all when it stays small.
Result<std::unique_ptr<Sink>> create_wav_file(const std::filesystem::path& path, const WaveFormat& format,
                                              std::optional<std::uint64_t> expected_frames = 0);

} // namespace openportcls::endpoints
