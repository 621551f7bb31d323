#include "pnp/inf/guid_text.h"

#include <charconv>
#include <cstdint>

namespace openportcls::pnp {

namespace {

template<class T>
bool parse_hexadecimal(std::string_view text, T& value) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
    return error == std::errc{} && end == text.data() + text.size();
}

} // namespace

std::optional<GUID> parse_guid(std::string_view text) {
    GUID guid{};
    const bool shaped = text.size() == 38 && text[0] == '{' && text[9] == '-' && text[14] == '-' && text[19] == '-' &&
                        text[24] == '-' && text[37] == '}';
    std::uint32_t first = 0;
    if (!shaped || !parse_hexadecimal(text.substr(1, 8), first) || !parse_hexadecimal(text.substr(10, 4), guid.Data2) ||
        !parse_hexadecimal(text.substr(15, 4), guid.Data3)) {
        return std::nullopt;
    }
    guid.Data1 = first;
    for (unsigned index = 0; index < 8; ++index) {
        const std::size_t at = index < 2 ? 20 + index * 2 : 25 + (index - 2) * 2;
        if (!parse_hexadecimal(text.substr(at, 2), guid.Data4[index])) {
            return std::nullopt;
        }
    }
    return guid;
}

} // namespace openportcls::pnp
