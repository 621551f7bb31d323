// libsndfile reads a WAV file that has been cut off as if it had always been that short; this tells.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

namespace openportcls::endpoints {

struct MissingSound {
    std::uint64_t promised_bytes = 0;
    std::uint64_t present_bytes = 0;
};

// Nothing for whole files, for other formats, and where the header gives no size (0 or -1: a stream).
std::optional<MissingSound> missing_sound(const std::filesystem::path& path);

} // namespace openportcls::endpoints
