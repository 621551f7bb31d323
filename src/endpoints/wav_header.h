// libsndfile reads a WAV, AIFF or AU file that has been cut off as if it had always been that short; this tells.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

namespace openportcls::endpoints {

struct MissingSound {
    std::uint64_t promised_bytes = 0;
    std::uint64_t present_bytes = 0;
};

// Nothing for whole files, for other formats, and where the header says that the size is unknown (-1: a stream). A WAV
// file whose header says 0 although something follows was never completed: 0 bytes promised, those present.
std::optional<MissingSound> missing_sound(const std::filesystem::path& path);

} // namespace openportcls::endpoints
