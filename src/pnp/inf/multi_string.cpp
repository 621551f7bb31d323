#include "pnp/inf/multi_string.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "base/unicode.h"

namespace openportcls::pnp {
namespace {

bool contains(const std::vector<std::u16string>& strings, const std::u16string& wanted) {
    return std::ranges::any_of(strings, [&](const auto& one) { return equal_ignoring_case(one, wanted); });
}

} // namespace

std::vector<std::u16string> strings_of(std::span<const std::uint8_t> data) {
    std::vector<std::u16string> strings;
    std::u16string current;
    for (std::size_t i = 0; i + 1 < data.size(); i += 2) {
        const auto unit = static_cast<char16_t>(data[i] | data[i + 1] << 8);
        if (unit != 0) {
            current.push_back(unit);
        } else if (!current.empty()) {
            strings.push_back(std::move(current));
            current.clear();
        }
    }
    if (!current.empty()) {
        strings.push_back(std::move(current));
    }
    return strings;
}

std::vector<std::uint8_t> multi_string_data(const std::vector<std::u16string>& strings) {
    std::u16string text;
    for (const std::u16string& one : strings) {
        text += one + u'\0';
    }
    text += u'\0';
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
    return {bytes, bytes + text.size() * sizeof(char16_t)};
}

std::vector<std::uint8_t> with_strings(std::span<const std::uint8_t> existing, std::span<const std::uint8_t> added) {
    std::vector<std::u16string> strings = strings_of(existing);
    for (std::u16string& one : strings_of(added)) {
        if (!contains(strings, one)) {
            strings.push_back(std::move(one));
        }
    }
    return multi_string_data(strings);
}

std::vector<std::uint8_t> without_strings(std::span<const std::uint8_t> existing,
                                          std::span<const std::uint8_t> unwanted) {
    std::vector<std::u16string> strings = strings_of(existing);
    const std::vector<std::u16string> names = strings_of(unwanted);
    std::erase_if(strings, [&](const std::u16string& one) { return contains(names, one); });
    return multi_string_data(strings);
}

} // namespace openportcls::pnp
