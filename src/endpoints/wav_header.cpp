#include "endpoints/wav_header.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <string_view>
#include <system_error>

namespace openportcls::endpoints {

namespace {

class Header {
public:
    explicit Header(const std::filesystem::path& path) : file_(path, std::ios::binary) {
        std::error_code problem;
        bytes_ = std::filesystem::file_size(path, problem);
        bytes_ = problem ? 0 : bytes_;
    }

    std::uint64_t bytes() const { return bytes_; }

    template<class T>
    std::optional<T> at(std::uint64_t offset) {
        T value{};
        file_.clear();
        if (offset > bytes_ || !file_.seekg(static_cast<std::streamoff>(offset)) ||
            !file_.read(reinterpret_cast<char*>(&value), sizeof value)) {
            return std::nullopt;
        }
        return value;
    }
    bool is(std::uint64_t offset, std::string_view name) {
        const auto found = at<std::array<char, 4>>(offset);
        return found && std::string_view(found->data(), found->size()) == name;
    }

private:
    std::ifstream file_;
    std::uint64_t bytes_ = 0;
};

std::optional<MissingSound> compare(const Header& header, std::uint64_t begin, std::uint64_t promised) {
    const std::uint64_t present = header.bytes() - std::min(begin, header.bytes());
    return promised > present ? std::optional(MissingSound{promised, present}) : std::nullopt;
}

// RIFF, and RF64 (EBU Tech 3306), whose sizes of 64 bits are in its first chunk.
std::optional<MissingSound> missing_in_wav(Header& header, bool is_large) {
    constexpr std::uint64_t chunk_header = 8;
    constexpr std::uint64_t longest_padding = 8;
    for (std::uint64_t at = 12;;) {
        const auto size = header.at<std::uint32_t>(at + 4);
        if (!size) {
            return std::nullopt;
        }
        if (header.is(at, "data")) {
            const bool is_unknown = *size == 0 || *size >= 0xFFFFFFF0U;
            constexpr std::uint64_t size_in_ds64 = 12 + chunk_header + 8;
            const auto large =
                is_large && is_unknown && header.is(12, "ds64") ? header.at<std::uint64_t>(size_in_ds64) : std::nullopt;
            if (*size == 0 && !is_large && header.bytes() > at + chunk_header + longest_padding) {
                return MissingSound{0, header.bytes() - at - chunk_header}; // never completed: nothing would be heard
            }
            return is_unknown && !large ? std::nullopt : compare(header, at + chunk_header, large.value_or(*size));
        }
        at += chunk_header + *size + (*size & 1U);
    }
}

// Sony Wave64: chunks are named by GUIDs that begin with the old name, and their sizes include their headers.
std::optional<MissingSound> missing_in_wave64(Header& header) {
    constexpr std::uint64_t chunk_header = 24;
    for (std::uint64_t at = 40;;) {
        const auto size = header.at<std::uint64_t>(at + 16);
        if (!size || *size < chunk_header || *size > UINT64_MAX / 2) {
            return std::nullopt;
        }
        if (header.is(at, "data")) {
            return compare(header, at + chunk_header, *size - chunk_header);
        }
        at += (*size + 7) / 8 * 8;
    }
}

std::optional<std::uint32_t> big_endian(std::optional<std::uint32_t> value) {
    return value ? std::optional(__builtin_bswap32(*value)) : std::nullopt;
}

// AIFF and AIFF-C: sizes are big endian; the sound's chunk begins with 8 bytes that are none.
std::optional<MissingSound> missing_in_aiff(Header& header) {
    constexpr std::uint64_t chunk_header = 8;
    constexpr std::uint32_t offset_and_block = 8;
    for (std::uint64_t at = 12;;) {
        const auto size = big_endian(header.at<std::uint32_t>(at + 4));
        if (!size) {
            return std::nullopt;
        }
        if (header.is(at, "SSND")) {
            return *size < offset_and_block
                       ? std::nullopt
                       : compare(header, at + chunk_header + offset_and_block, *size - offset_and_block);
        }
        at += chunk_header + *size + (*size & 1U);
    }
}

// AU: where the sound begins, and how much there is; all ones: unknown.
std::optional<MissingSound> missing_in_au(Header& header) {
    const auto begin = big_endian(header.at<std::uint32_t>(4));
    const auto size = big_endian(header.at<std::uint32_t>(8));
    return begin && size && *size != UINT32_MAX ? compare(header, *begin, *size) : std::nullopt;
}

} // namespace

std::optional<MissingSound> missing_sound(const std::filesystem::path& path) {
    Header header(path);
    const bool is_large = header.is(0, "RF64");
    if ((header.is(0, "RIFF") || is_large) && header.is(8, "WAVE")) {
        return missing_in_wav(header, is_large);
    }
    if (header.is(0, "FORM") && (header.is(8, "AIFF") || header.is(8, "AIFC"))) {
        return missing_in_aiff(header);
    }
    if (header.is(0, ".snd")) {
        return missing_in_au(header);
    }
    return header.is(0, "riff") && header.is(24, "wave") ? missing_in_wave64(header) : std::nullopt;
}

} // namespace openportcls::endpoints
