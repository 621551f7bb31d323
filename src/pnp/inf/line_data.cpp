#include "pnp/inf/line_data.h"

#include <charconv>

#include "base/unicode.h"

namespace openportcls::pnp {
namespace {

void append_integer(std::vector<std::uint8_t>& data, std::uint64_t value, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) {
        data.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
    }
}

} // namespace

void append_string(std::vector<std::uint8_t>& data, std::string_view text) {
    std::u16string wide = utf8_to_utf16(text);
    wide.push_back(0);
    for (const char16_t unit : wide) {
        data.push_back(static_cast<std::uint8_t>(unit));
        data.push_back(static_cast<std::uint8_t>(unit >> 8));
    }
}

std::optional<std::uint8_t> read_byte(std::string_view text) {
    if (text.size() > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
        text.remove_prefix(2);
    }
    unsigned value = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
    const bool is_byte = problem == std::errc{} && end == text.data() + text.size() && value <= 0xFF;
    return is_byte ? std::optional(static_cast<std::uint8_t>(value)) : std::nullopt;
}

std::optional<std::vector<std::uint8_t>> read_bytes(const InfLine& line, std::size_t first) {
    std::vector<std::uint8_t> bytes;
    for (std::size_t i = first; i < line.fields.size(); ++i) {
        if (line.fields[i].empty() && i + 1 == line.fields.size()) {
            break; // a trailing comma
        }
        const auto byte = read_byte(line.fields[i]);
        if (!byte) {
            return std::nullopt;
        }
        bytes.push_back(*byte);
    }
    return bytes;
}

bool fits(std::string_view text, std::uint64_t number, std::size_t bytes) {
    if (bytes == sizeof number) {
        return true;
    }
    const std::uint64_t limit = std::uint64_t{1} << (8 * bytes);
    return text.starts_with('-') ? ~number < limit / 2 || number == 0 : number < limit;
}

std::optional<std::vector<std::uint8_t>> read_integer(const InfLine& line, std::size_t first, std::size_t size) {
    if (line.fields.size() > first + 1 && !line.field(first + 1).empty()) {
        auto bytes = read_bytes(line, first);
        return bytes && bytes->size() == size ? bytes : std::nullopt;
    }
    const auto number =
        line.field(first).empty() ? std::optional<std::uint64_t>(0) : parse_inf_number(line.field(first));
    if (!number || !fits(line.field(first), *number, size)) {
        return std::nullopt;
    }
    std::vector<std::uint8_t> data;
    append_integer(data, *number, size);
    return data;
}

std::vector<std::uint8_t> read_multi_string(const InfLine& line, std::size_t first) {
    std::vector<std::uint8_t> data;
    for (std::size_t i = first; i < line.fields.size(); ++i) {
        if (!line.fields[i].empty()) {
            append_string(data, line.fields[i]);
        }
    }
    append_integer(data, 0, 2);
    return data;
}

} // namespace openportcls::pnp
