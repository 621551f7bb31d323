#include "pnp/inf/text.h"

#include "base/code_page.h"
#include "base/unicode.h"

#include <algorithm>
#include <string_view>

namespace openportcls::pnp {
namespace {

constexpr char16_t undefined_character = 0xFFFD;

std::u16string read_utf16(std::span<const std::uint8_t> bytes, bool big_endian) {
    std::u16string text;
    text.reserve(bytes.size() / 2);
    for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) {
        const unsigned high = bytes[i + (big_endian ? 0 : 1)];
        const unsigned low = bytes[i + (big_endian ? 1 : 0)];
        text.push_back(static_cast<char16_t>(high << 8 | low));
    }
    return text;
}

std::u16string read_windows_1252(std::span<const std::uint8_t> bytes) {
    std::u16string text;
    text.reserve(bytes.size());
    for (const std::uint8_t byte : bytes) {
        text.push_back(from_windows_1252(byte));
    }
    return text;
}

bool starts_with(std::span<const std::uint8_t> bytes, std::initializer_list<std::uint8_t> prefix) {
    return bytes.size() >= prefix.size() && std::equal(prefix.begin(), prefix.end(), bytes.begin());
}

enum class Encoding { utf16_little_endian, utf16_big_endian, bytes };

struct Detected {
    Encoding encoding;
    std::size_t mark_bytes;
};

Detected detect(std::span<const std::uint8_t> bytes) {
    if (starts_with(bytes, {0xFF, 0xFE})) {
        return {Encoding::utf16_little_endian, 2};
    }
    if (starts_with(bytes, {0xFE, 0xFF})) {
        return {Encoding::utf16_big_endian, 2};
    }
    if (starts_with(bytes, {0xEF, 0xBB, 0xBF})) {
        return {Encoding::bytes, 3};
    }
    if (bytes.size() >= 2 && bytes[0] != 0 && bytes[1] == 0) {
        return {Encoding::utf16_little_endian, 0};
    }
    if (bytes.size() >= 2 && bytes[0] == 0 && bytes[1] != 0) {
        return {Encoding::utf16_big_endian, 0};
    }
    return {Encoding::bytes, 0};
}

} // namespace

std::string decode_inf_text(std::span<const std::uint8_t> bytes) {
    const Detected detected = detect(bytes);
    bytes = bytes.subspan(detected.mark_bytes);
    if (detected.encoding != Encoding::bytes) {
        return utf16_to_utf8(read_utf16(bytes, detected.encoding == Encoding::utf16_big_endian));
    }
    const std::string_view raw(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    const std::u16string decoded = utf8_to_utf16(raw);
    if (decoded.find(undefined_character) == std::u16string::npos) {
        return std::string(raw);
    }
    return utf16_to_utf8(read_windows_1252(bytes));
}

bool inf_text_ends_within_character(std::span<const std::uint8_t> bytes) {
    return detect(bytes).encoding != Encoding::bytes && bytes.size() % 2 != 0;
}

} // namespace openportcls::pnp
