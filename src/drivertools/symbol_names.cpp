#include "drivertools/symbol_names.h"

#include "drivertools/content_hash.h"
#include "drivertools/text.h"

#include <cctype>
#include <fmt/format.h>

namespace openportcls::drivertools {

namespace {

constexpr std::string_view suffix_start = ".opc";
constexpr std::size_t suffix_digits = 16; // 64 bits: no two of a large driver's strings meet by chance
constexpr std::size_t suffix_length = suffix_start.size() + suffix_digits;
constexpr std::size_t longest_readable = 160;

// Everything in brackets that is an argument list, with what follows it ("const"): `A::f(int) const` is `A::f`.
std::string without_arguments(std::string_view name) {
    std::string result;
    int depth = 0;
    for (std::size_t index = 0; index < name.size(); ++index) {
        char character = name[index];
        bool call_operator = depth == 0 && name.substr(index).starts_with("()") && result.ends_with("operator");
        if (call_operator) {
            result += "()";
            ++index;
        } else if (character == '(') {
            ++depth;
        } else if (character == ')') {
            --depth;
        } else if (depth == 0) {
            result += character;
        }
    }
    return result;
}

std::string readable_name(std::string_view demangled) {
    if (demangled.starts_with('"'))
        return "string";
    auto name = without_arguments(demangled);
    for (std::string_view noise : {"enum ", "struct ", "class ", "union ", "__cdecl ", "void ", "`", "'", " const"})
        name = replace_all(name, noise, "");
    if (name.starts_with("const "))
        name = name.substr(6);
    std::string result;
    for (char character : trim(name)) {
        bool plain = std::isalnum(static_cast<unsigned char>(character)) ||
                     std::string_view("_:~<>*&+-/%=!|^[](),.").find(character) != std::string_view::npos;
        result += plain ? character : '_';
    }
    if (result.size() > longest_readable)
        result.resize(longest_readable);
    return result;
}

} // namespace

bool needs_new_name(std::string_view symbol) {
    return symbol.find('@') != std::string_view::npos || symbol.find('?') != std::string_view::npos;
}

std::string linker_safe_name(std::string_view mangled, std::string_view demangled) {
    // The loader looks for this one, whichever linkage the driver gave it.
    for (std::string_view entry : {"DriverEntry", "GsDriverEntry"})
        if (mangled.starts_with(fmt::format("?{}@@Y", entry)))
            return std::string(entry);
    auto readable = mangled.starts_with("??_C@") ? std::string("string") : readable_name(demangled);
    if (readable.empty()) {
        for (char character : mangled.substr(0, longest_readable))
            readable += character == '@' || character == '?' || character == ' ' ? '$' : character;
    }
    return readable + std::string(suffix_start) + ContentHash().add(mangled).text().substr(0, suffix_digits);
}

std::string_view readable_part(std::string_view name) {
    if (name.size() <= suffix_length || !name.substr(name.size() - suffix_length).starts_with(suffix_start))
        return name;
    for (char digit : name.substr(name.size() - suffix_digits))
        if (!std::isxdigit(static_cast<unsigned char>(digit)))
            return name;
    return name.substr(0, name.size() - suffix_length);
}

std::vector<std::pair<std::string, std::string>> parse_undname_output(std::string_view output) {
    std::vector<std::pair<std::string, std::string>> pairs;
    bool expect_symbol = true;
    for (auto line : lines_of(output)) {
        if (line.empty()) {
            expect_symbol = true;
        } else if (expect_symbol) {
            pairs.emplace_back(line, "");
            expect_symbol = false;
        } else {
            pairs.back().second = line;
        }
    }
    return pairs;
}

} // namespace openportcls::drivertools
