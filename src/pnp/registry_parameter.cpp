#include "pnp/registry_parameter.h"

#include <charconv>
#include <limits>
#include <optional>

#include <fmt/format.h>
#include <wdm.h>

#include "base/unicode.h"

namespace openportcls::pnp {

namespace {

template<class T>
std::vector<std::uint8_t> bytes_of(T value) {
    std::vector<std::uint8_t> bytes;
    bytes.reserve(sizeof value);
    for (std::size_t index = 0; index < sizeof value; ++index) {
        bytes.push_back(static_cast<std::uint8_t>(static_cast<std::uint64_t>(value) >> (8 * index)));
    }
    return bytes;
}

void append_wide_string(std::vector<std::uint8_t>& bytes, std::string_view text) {
    for (const char16_t unit : utf8_to_utf16(text)) {
        bytes.push_back(static_cast<std::uint8_t>(unit));
        bytes.push_back(static_cast<std::uint8_t>(unit >> 8));
    }
    bytes.insert(bytes.end(), 2, 0);
}

std::optional<std::uint64_t> parse_number(std::string_view text) {
    const bool negative = text.starts_with('-');
    text.remove_prefix(negative ? 1 : 0);
    const bool hexadecimal = text.starts_with("0x") || text.starts_with("0X");
    text.remove_prefix(hexadecimal ? 2 : 0);
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, hexadecimal ? 16 : 10);
    if (error != std::errc{} || end != text.data() + text.size()) {
        return std::nullopt;
    }
    return negative ? std::uint64_t{0} - value : value;
}

bool fits_dword(std::uint64_t value) {
    return value <= std::numeric_limits<std::uint32_t>::max() || value >= 0xFFFF'FFFF'8000'0000;
}

std::optional<std::vector<std::uint8_t>> parse_bytes(std::string_view text) {
    std::vector<std::uint8_t> bytes;
    std::string digits;
    for (const char character : text) {
        if (character != ' ' && character != ',') {
            digits += character;
        }
    }
    for (std::size_t at = 0; at < digits.size(); at += 2) {
        std::uint8_t value = 0;
        const auto [end, error] =
            std::from_chars(digits.data() + at, digits.data() + std::min(at + 2, digits.size()), value, 16);
        if (error != std::errc{} || end != digits.data() + at + 2) {
            return std::nullopt;
        }
        bytes.push_back(value);
    }
    return bytes;
}

Error misused(std::string_view text, std::string_view why) {
    return {
        STATUS_INVALID_PARAMETER,
        fmt::format("parameter '{}': {}; it is NAME=VALUE or NAME:TYPE=VALUE with TYPE sz, expand_sz, multi_sz, dword, "
                    "qword or binary",
                    text, why)};
}

} // namespace

bool RegistryParameter::is_same_value(const RegistryParameter& other) const {
    return equal_ignoring_ascii_case(name, other.name);
}

Result<RegistryParameter> RegistryParameter::parse(std::string_view text) {
    const auto equals = text.find('=');
    if (equals == std::string_view::npos) {
        return misused(text, "it has no '='");
    }
    std::string_view name = text.substr(0, equals);
    const std::string_view value = text.substr(equals + 1);
    std::string type;
    if (const auto colon = name.rfind(':'); colon != std::string_view::npos) {
        type = ascii_lower(name.substr(colon + 1));
        name = name.substr(0, colon);
    }
    if (name.empty() || name.starts_with('\\') || name.ends_with('\\')) {
        return misused(text, "it has no name");
    }
    const auto number = parse_number(value);
    if (type.empty()) {
        type = !number ? "sz" : fits_dword(*number) ? "dword" : "qword";
    }
    RegistryParameter parameter;
    parameter.name = name;
    if (type == "sz" || type == "expand_sz") {
        parameter.type = type == "sz" ? REG_SZ : REG_EXPAND_SZ;
        append_wide_string(parameter.data, value);
    } else if (type == "multi_sz") {
        parameter.type = REG_MULTI_SZ;
        for (std::size_t at = 0; at < value.size();) {
            const auto end = std::min(value.find(';', at), value.size());
            if (end > at) {
                append_wide_string(parameter.data, value.substr(at, end - at));
            }
            at = end + 1;
        }
        parameter.data.insert(parameter.data.end(), 2, 0);
    } else if (type == "dword" || type == "qword") {
        if (!number) {
            return misused(text, "its value is no number");
        }
        if (type == "dword" && !fits_dword(*number)) {
            return misused(text, "its value does not fit 32 bits");
        }
        parameter.type = type == "dword" ? REG_DWORD : REG_QWORD;
        parameter.data = type == "dword" ? bytes_of(static_cast<std::uint32_t>(*number)) : bytes_of(*number);
    } else if (type == "binary") {
        auto bytes = parse_bytes(value);
        if (!bytes) {
            return misused(text, "its value is not made of hexadecimal bytes");
        }
        parameter.type = REG_BINARY;
        parameter.data = std::move(*bytes);
    } else {
        return misused(text, fmt::format("there is no type '{}'", type));
    }
    return parameter;
}

} // namespace openportcls::pnp
