#include "endpoints/wav_header.h"

#include <cstring>
#include <fstream>
#include <system_error>

namespace openportcls::endpoints {

std::optional<MissingSound> missing_sound(const std::filesystem::path& path) {
    std::error_code problem;
    const std::uint64_t file_bytes = std::filesystem::file_size(path, problem);
    std::ifstream file(path, std::ios::binary);
    char head[12];
    if (problem || !file.read(head, sizeof head) || std::memcmp(head, "RIFF", 4) != 0 ||
        std::memcmp(head + 8, "WAVE", 4) != 0) {
        return std::nullopt;
    }
    std::uint64_t at = sizeof head;
    struct Chunk {
        char name[4];
        std::uint32_t bytes;
    } chunk{};
    static_assert(sizeof(Chunk) == 8);
    while (file.seekg(static_cast<std::streamoff>(at)) && file.read(reinterpret_cast<char*>(&chunk), sizeof chunk)) {
        at += sizeof chunk;
        if (std::memcmp(chunk.name, "data", 4) == 0) {
            const std::uint64_t present = file_bytes - at;
            const bool is_stream = chunk.bytes == 0 || chunk.bytes >= 0xFFFFFFF0U;
            return chunk.bytes > present && !is_stream ? std::optional(MissingSound{chunk.bytes, present})
                                                       : std::nullopt;
        }
        at += chunk.bytes + (chunk.bytes & 1U);
    }
    return std::nullopt;
}

} // namespace openportcls::endpoints
