#include "drivertools/msbuild_text.h"

#include "drivertools/text.h"

#include <cctype>
#include <optional>

namespace openportcls::drivertools {

namespace fs = std::filesystem;

namespace {

std::optional<char> escaped_character(std::string_view digits) {
    unsigned value = 0;
    for (const char digit : digits) {
        const auto code = static_cast<unsigned char>(digit);
        if (!std::isxdigit(code))
            return std::nullopt;
        value = value * 16 + static_cast<unsigned>(std::isdigit(code) ? code - '0' : std::tolower(code) - 'a' + 10);
    }
    return digits.size() == 2 ? std::optional(static_cast<char>(value)) : std::nullopt;
}

using Metadatum = std::string (*)(const fs::path& file, const fs::path& project_folder);
struct Known {
    std::string_view name;
    Metadatum value;
};
constexpr Known known_metadata[] = {
    {"FullPath", [](const fs::path& file, const fs::path&) { return file.string(); }},
    {"RootDir", [](const fs::path& file, const fs::path&) { return file.root_path().string(); }},
    {"Filename", [](const fs::path& file, const fs::path&) { return file.stem().string(); }},
    {"Extension", [](const fs::path& file, const fs::path&) { return file.extension().string(); }},
    {"RelativeDir",
     [](const fs::path& file, const fs::path& folder) {
         const auto relative = file.lexically_relative(folder).parent_path().string();
         return relative.empty() ? relative : relative + "/";
     }},
    {"Directory",
     [](const fs::path& file, const fs::path&) { return file.parent_path().relative_path().string() + "/"; }},
    {"Identity", [](const fs::path& file, const fs::path& folder) { return file.lexically_relative(folder).string(); }},
};

const Known* known(std::string_view name) {
    for (const auto& one : known_metadata)
        if (equals_ignoring_case(one.name, name))
            return &one;
    return nullptr;
}

} // namespace

std::string without_escapes(std::string_view text) {
    std::string result;
    while (!text.empty()) {
        const auto at = text.find('%');
        result += text.substr(0, at);
        if (at == std::string_view::npos)
            break;
        const auto character = escaped_character(text.substr(at + 1, 2));
        result += character.value_or('%');
        text.remove_prefix(at + (character ? 3 : 1));
    }
    return result;
}

std::string with_metadata(std::string_view text, const std::function<std::string(std::string_view reference)>& value) {
    std::string result;
    while (!text.empty()) {
        const auto start = text.find("%(");
        result += text.substr(0, start);
        if (start == std::string_view::npos)
            break;
        const auto end = text.find(')', start);
        if (end == std::string_view::npos)
            return result + std::string(text.substr(start));
        result += value(trim(text.substr(start + 2, end - start - 2)));
        text.remove_prefix(end + 1);
    }
    return result;
}

bool is_metadata_of_files(std::string_view name) {
    return known(name) != nullptr;
}

std::string metadata_of_file(std::string_view name, const fs::path& file, const fs::path& project_folder) {
    const auto* metadatum = known(name);
    return metadatum ? metadatum->value(file, project_folder) : std::string();
}

} // namespace openportcls::drivertools
