#include "executive/rtl/environment.h"

#include <optional>

#include "base/unicode.h"

namespace openportcls::executive {
namespace {

constexpr char16_t system_block[] = u"SystemRoot=C:\\Windows\0windir=C:\\Windows\0SystemDrive=C:\0"
                                    u"ProgramFiles=C:\\Program Files\0TEMP=C:\\Windows\\Temp\0";

std::optional<std::u16string> find_variable(const char16_t* block, std::u16string_view name) {
    while (*block != 0) {
        const std::u16string_view line(block);
        const std::size_t equals = line.find(u'=');
        if (equals != std::u16string_view::npos && equal_ignoring_case(line.substr(0, equals), name)) {
            return std::u16string(line.substr(equals + 1));
        }
        block += line.size() + 1;
    }
    return std::nullopt;
}

} // namespace

std::u16string expand_environment(std::u16string_view text, const void* environment) {
    const auto* block = environment != nullptr ? static_cast<const char16_t*>(environment) : system_block;
    std::u16string result;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = text[at] == u'%' ? text.find(u'%', at + 1) : std::u16string_view::npos;
        const auto value =
            end != std::u16string_view::npos ? find_variable(block, text.substr(at + 1, end - at - 1)) : std::nullopt;
        if (value) {
            result += *value;
            at = end + 1;
        } else {
            result.push_back(text[at++]);
        }
    }
    return result;
}

} // namespace openportcls::executive
