#include "drivertools/text.h"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <memory>
#include <unistd.h>

namespace openportcls::drivertools {

namespace {

char lower_character(char character) {
    return static_cast<char>(std::tolower(static_cast<unsigned char>(character)));
}

void append_utf8(std::string& out, char32_t code) {
    if (code < 0x80) {
        out += static_cast<char>(code);
    } else if (code < 0x800) {
        out += static_cast<char>(0xC0 | (code >> 6));
        out += static_cast<char>(0x80 | (code & 0x3F));
    } else if (code < 0x10000) {
        out += static_cast<char>(0xE0 | (code >> 12));
        out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
        out += static_cast<char>(0x80 | (code & 0x3F));
    } else {
        out += static_cast<char>(0xF0 | (code >> 18));
        out += static_cast<char>(0x80 | ((code >> 12) & 0x3F));
        out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
        out += static_cast<char>(0x80 | (code & 0x3F));
    }
}

std::string utf16_to_utf8(std::string_view bytes, bool big_endian) {
    std::string out;
    auto unit_at = [&](std::size_t index) -> char32_t {
        auto first = static_cast<unsigned char>(bytes[index]);
        auto second = static_cast<unsigned char>(bytes[index + 1]);
        return big_endian ? (first << 8 | second) : (second << 8 | first);
    };
    for (std::size_t index = 0; index + 1 < bytes.size(); index += 2) {
        char32_t code = unit_at(index);
        bool high_surrogate = code >= 0xD800 && code < 0xDC00;
        if (high_surrogate && index + 3 < bytes.size()) {
            code = 0x10000 + ((code - 0xD800) << 10) + (unit_at(index + 2) - 0xDC00);
            index += 2;
        }
        append_utf8(out, code);
    }
    return out;
}

} // namespace

std::string to_utf8(std::string_view bytes) {
    using namespace std::string_view_literals;
    if (bytes.starts_with("\xEF\xBB\xBF"sv))
        return std::string(bytes.substr(3));
    if (bytes.starts_with("\xFF\xFE"sv))
        return utf16_to_utf8(bytes.substr(2), false);
    if (bytes.starts_with("\xFE\xFF"sv))
        return utf16_to_utf8(bytes.substr(2), true);
    return std::string(bytes);
}

std::string lower(std::string_view text) {
    std::string result(text);
    std::transform(result.begin(), result.end(), result.begin(), lower_character);
    return result;
}

bool equals_ignoring_case(std::string_view left, std::string_view right) {
    return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                      [](char a, char b) { return lower_character(a) == lower_character(b); });
}

bool ends_with_ignoring_case(std::string_view text, std::string_view ending) {
    return text.size() >= ending.size() && equals_ignoring_case(text.substr(text.size() - ending.size()), ending);
}

std::string_view trim(std::string_view text) {
    constexpr std::string_view blank = " \t\r\n";
    auto first = text.find_first_not_of(blank);
    if (first == std::string_view::npos)
        return {};
    return text.substr(first, text.find_last_not_of(blank) - first + 1);
}

std::vector<std::string> split(std::string_view text, std::string_view separators) {
    std::vector<std::string> parts;
    while (!text.empty()) {
        auto end = text.find_first_of(separators);
        auto part = trim(text.substr(0, end));
        if (!part.empty())
            parts.emplace_back(part);
        if (end == std::string_view::npos)
            break;
        text.remove_prefix(end + 1);
    }
    return parts;
}

std::vector<std::string_view> lines_of(std::string_view text) {
    std::vector<std::string_view> lines;
    while (!text.empty()) {
        auto end = text.find('\n');
        auto line = text.substr(0, end);
        if (line.ends_with('\r'))
            line.remove_suffix(1);
        lines.push_back(line);
        if (end == std::string_view::npos)
            break;
        text.remove_prefix(end + 1);
    }
    return lines;
}

std::string replace_all(std::string text, std::string_view from, std::string_view to) {
    for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
        text.replace(at, from.size(), to);
    return text;
}

Result<std::filesystem::path> file_to_write(const std::filesystem::path& named) {
    constexpr int most_links = 40; // as the kernel allows
    auto file = named;
    std::error_code problem;
    for (int links = 0; std::filesystem::is_symlink(std::filesystem::symlink_status(file, problem)); ++links) {
        auto target = std::filesystem::read_symlink(file, problem);
        if (problem || links == most_links)
            return Error{status_invalid_parameter, named.string() + ": a link to nowhere"};
        file = file.parent_path() / target;
    }
    auto status = std::filesystem::status(file, problem);
    if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status))
        return Error{status_invalid_parameter, named.string() + ": not a file"};
    return file;
}

Result<std::string> read_file(const std::filesystem::path& file) {
    std::error_code problem;
    if (const auto kind = std::filesystem::status(file, problem);
        std::filesystem::exists(kind) && !std::filesystem::is_regular_file(kind))
        return Error{status_invalid_parameter, file.string() + ": not a regular file"};
    std::unique_ptr<std::FILE, int (*)(std::FILE*)> stream(std::fopen(file.c_str(), "rb"), std::fclose);
    if (!stream)
        return Error{status_object_name_not_found, file.string() + ": " + std::strerror(errno)};
    std::string content;
    char buffer[65536];
    while (auto count = std::fread(buffer, 1, sizeof buffer, stream.get()))
        content.append(buffer, count);
    if (std::ferror(stream.get()))
        return Error{status_unsuccessful, file.string() + ": " + std::strerror(errno)};
    return content;
}

Result<void> write_file(const std::filesystem::path& file, std::string_view content) {
    if (auto present = read_file(file); present && *present == content)
        return {};
    std::error_code ignored;
    std::filesystem::create_directories(file.parent_path(), ignored);
    auto temporary = file;
    temporary += ".new" + std::to_string(::getpid());
    {
        std::ofstream stream(temporary, std::ios::binary);
        stream.write(content.data(), static_cast<std::streamsize>(content.size()));
        if (!stream)
            return Error{status_unsuccessful, temporary.string() + ": cannot be written"};
    }
    std::error_code problem;
    std::filesystem::rename(temporary, file, problem);
    if (problem)
        return Error{status_unsuccessful, file.string() + ": " + problem.message()};
    return {};
}

} // namespace openportcls::drivertools
