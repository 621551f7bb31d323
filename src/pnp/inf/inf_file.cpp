#include "pnp/inf/inf_file.h"

#include "base/status.h"
#include "pnp/inf/guid_text.h"
#include "pnp/inf/inf_line_splitter.h"
#include "pnp/inf/text.h"
#include "pnp/inf/version_values.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>
#include <tuple>

namespace openportcls::pnp {
namespace {

constexpr std::size_t longest_field = 4096 - 1; // characters, "INF Size Limits"

void replace_all(std::string& text, std::string_view what, std::string_view with) {
    for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size())) {
        text.replace(at, what.size(), with);
    }
}

// The LANGID of [Strings.xxxx], 0 for [Strings]; nothing for other sections.
std::optional<std::uint16_t> language_of(std::string_view section_name) {
    constexpr std::string_view beginning = "Strings";
    section_name = trim_inf_space(section_name);
    if (!equal_ignoring_ascii_case(section_name.substr(0, beginning.size()), beginning)) {
        return std::nullopt;
    }
    section_name.remove_prefix(beginning.size());
    if (section_name.empty()) {
        return 0;
    }
    std::uint16_t language = 0;
    const char* const last = section_name.data() + section_name.size();
    const bool is_language = section_name.size() == 5 && section_name.front() == '.' &&
                             std::from_chars(section_name.data() + 1, last, language, 16).ptr == last;
    return is_language ? std::optional(language) : std::nullopt;
}

bool all_digits(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

} // namespace

// Builds an InfFile in two passes, because [Strings] usually comes last.
class InfParser {
public:
    InfParser(std::string name, const InfParseOptions& options) : options_(options) { file_.name_ = std::move(name); }

    Result<InfFile> run(std::span<const std::uint8_t> bytes) {
        std::string text = decode_inf_text(bytes);
        if (inf_text_ends_within_character(bytes)) {
            warn(1 + static_cast<int>(std::count(text.begin(), text.end(), '\n')),
                 "the file ends in the middle of a UTF-16 character");
        }
        for (const auto& [variable, value] : options_.variables) {
            replace_all(text, variable, value);
        }
        if (auto read = read_lines(text); !read) {
            return read.error();
        }
        collect_strings();
        replace_tokens();
        if (auto checked = check_version(); !checked) {
            return checked.error();
        }
        return std::move(file_);
    }

private:
    void warn(int line, std::string message) { file_.warnings_.push_back({line, std::move(message)}); }

    Result<void> read_lines(std::string_view text) {
        std::string logical;
        int logical_number = 0;
        int number = 0;
        for (std::size_t begin = 0; begin <= text.size();) {
            std::size_t end = text.find_first_of("\r\n", begin);
            end = end == std::string_view::npos ? text.size() : end;
            const std::string_view raw = text.substr(begin, end - begin);
            const bool carriage_return_and_line_feed = text.substr(end, 2) == "\r\n";
            begin = end + (carriage_return_and_line_feed ? 2 : 1);
            ++number;

            if (const std::string_view trimmed = trim_inf_space(raw); logical.empty() && trimmed.starts_with('[')) {
                if (auto opened = open_section(trimmed, number); !opened) {
                    return opened;
                }
                continue;
            }
            const bool of_strings = current_ != nullptr && language_of(current_->name).has_value();
            const InfPhysicalLine line = strip_inf_line(raw, of_strings);
            if (logical.empty()) {
                logical_number = number;
            }
            logical += line.content;
            if (line.quote_left_open) {
                warn(number, "the closing quotation mark is missing");
            }
            if (line.continues && begin <= text.size()) {
                continue;
            }
            if (!logical.empty()) {
                if (auto taken = take_line(logical, logical_number); !taken) {
                    return taken;
                }
            }
            logical.clear();
        }
        return {};
    }

    Result<void> take_line(const std::string& line, int number) {
        if (current_ == nullptr) {
            return file_.error_at(number, "this line stands before the first [section]");
        }
        InfSplitLine split = split_inf_line(line);
        current_->lines.push_back({number, std::move(split.key), std::move(split.fields)});
        return {};
    }

    // What is between the brackets is the name: a semicolon, a quotation mark, a blank in it are part of it, but for
    // quotation marks around all of it ("Section Names" of the general syntax rules).
    Result<void> open_section(std::string_view line, int number) {
        const std::size_t end = line.find(']');
        if (end == std::string_view::npos) {
            return file_.error_at(number, "the section name has no closing bracket");
        }
        if (!strip_inf_line(line.substr(end + 1)).content.empty()) {
            warn(number, "text after the section name is ignored");
        }
        std::string_view name = line.substr(1, end - 1);
        std::string_view trimmed = trim_inf_space(name);
        if (trimmed.size() >= 2 && trimmed.front() == '"' && trimmed.back() == '"') {
            name = trimmed = trimmed.substr(1, trimmed.size() - 2);
        }
        if (trimmed.empty()) {
            return file_.error_at(number, "the section name is empty");
        }
        if (name.size() > 255) {
            return file_.error_at(number, "the section name is longer than 255 characters");
        }
        if (name != trimmed) {
            file_.trimmed_names_.try_emplace(std::string(trimmed), name);
        }
        InfSection& section = file_.sections_[std::string(name)];
        if (section.name.empty()) {
            section.name = name;
            section.line = number;
        }
        current_ = &section;
        return {};
    }

    // As Windows looks for them ("INF Strings Section"): the language itself, without its sublanguage, with any other
    // sublanguage, and what names no language.
    std::vector<const InfSection*> strings_sections() const {
        constexpr std::uint32_t primary_mask = 0x03FF; // of a LANGID
        std::vector<std::tuple<int, int, const InfSection*>> found;
        for (const auto& [name, section] : file_.sections_) {
            const auto language = language_of(name);
            const bool related = language && ((*language ^ options_.language) & primary_mask) == 0;
            if (related || language == std::uint16_t{0}) {
                const int rank = !related                                          ? 3
                                 : *language == options_.language                  ? 0
                                 : *language == (options_.language & primary_mask) ? 1
                                                                                   : 2;
                found.emplace_back(rank, section.line, &section);
            }
        }
        std::ranges::sort(found);
        std::vector<const InfSection*> sections;
        sections.reserve(found.size());
        for (const auto& [rank, line, section] : found) {
            sections.push_back(section);
        }
        return sections;
    }

    // Windows uses the first section alone. What only others define is taken from them, but said where it is used.
    void collect_strings() {
        for (const InfSection* section : strings_sections()) {
            if (strings_name_.empty()) {
                strings_name_ = section->name;
            }
            for (const InfLine& line : section->lines) {
                collect_string(*section, line);
            }
        }
    }

    void collect_string(const InfSection& section, const InfLine& line) {
        if (!line.key) {
            warn(line.number, "a line of [Strings] without '=' is ignored");
            return;
        }
        // An unquoted value may hold commas; a string is one value.
        std::string value(line.field(0));
        for (std::size_t i = 1; i < line.fields.size(); ++i) {
            value += "," + line.fields[i];
        }
        std::string key = *line.key;
        replace_all(key, "%%", "%");
        if (file_.strings_.try_emplace(key, std::move(value)).second && section.name != strings_name_) {
            only_elsewhere_.insert(std::move(key));
        }
    }

    void replace_tokens() {
        for (auto& [name, section] : file_.sections_) {
            if (language_of(name)) {
                continue;
            }
            for (InfLine& line : section.lines) {
                if (line.key) {
                    line.key = replaced(*line.key, line.number);
                }
                for (std::string& field : line.fields) {
                    field = replaced(field, line.number);
                }
            }
        }
    }

    std::optional<std::string_view> string_for(std::string_view token, int line) {
        const auto value = file_.string(token);
        if (value && only_elsewhere_.contains(token)) {
            warn(line,
                 fmt::format("%{}% is not defined in [{}], the only one of the [Strings] that Windows uses for this "
                             "language",
                             token, strings_name_));
        }
        return value;
    }

    // %100%%Pure% is one token if there is a string 100%Pure, and else ends at the first percent sign: %One%%Two% are
    // two. Appends the string, and answers how long the token is; 0 when it is none of these.
    std::size_t with_doubled_percent(std::string_view text, int line, std::string& result) {
        const std::size_t length = inf_token_length(text);
        if (length == 0 || text.substr(0, length).find("%%") == std::string_view::npos) {
            return 0;
        }
        std::string token(text.substr(1, length - 2));
        replace_all(token, "%%", "%");
        const auto value = string_for(token, line);
        result += value.value_or("");
        return value ? length : 0;
    }

    std::string replaced(const std::string& text, int line) {
        if (text.find('%') == std::string::npos) {
            return text;
        }
        std::string result;
        for (std::size_t i = 0; i < text.size(); ++i) {
            if (text[i] != '%') {
                result.push_back(text[i]);
                continue;
            }
            if (const std::size_t length = with_doubled_percent(std::string_view(text).substr(i), line, result);
                length != 0) {
                i += length - 1;
                continue;
            }
            const std::size_t end = text.find('%', i + 1);
            if (end == std::string::npos) {
                result.append(text, i);
                break;
            }
            const std::string_view token = std::string_view(text).substr(i + 1, end - i - 1);
            if (token.empty()) {
                result.push_back('%');
            } else if (const auto value = string_for(token, line)) {
                result += *value;
            } else {
                // %13% names a folder; it keeps its form for whoever resolves folders.
                if (!all_digits(token)) {
                    warn(line, fmt::format("%{}% is not defined in [Strings]", token));
                }
                result.append(text, i, end - i + 1);
            }
            i = end;
        }
        if (result.size() > longest_field) {
            warn(line, "a field is longer than 4095 characters");
        }
        return result;
    }

    Result<void> check_version() {
        const InfSection* version = file_.section("Version");
        if (version == nullptr) {
            return file_.error_at(1, "there is no [Version] section, so this is not an INF file");
        }
        const auto signature = version->first_value("Signature");
        const bool known = signature && (equal_ignoring_ascii_case(*signature, "$Windows NT$") ||
                                         equal_ignoring_ascii_case(*signature, "$Chicago$") ||
                                         equal_ignoring_ascii_case(*signature, "$Windows 95$"));
        if (!known) {
            warn(version->line, "[Version] has no valid Signature");
        }
        for (const InfLine& line : version->lines) {
            check_version_line(line);
        }
        return {};
    }

    void check_version_line(const InfLine& line) {
        if (!line.key) {
            return;
        }
        const std::string_view value = line.field(0);
        if (equal_ignoring_ascii_case(*line.key, "ClassGuid") && !value.empty() && !parse_guid(value)) {
            warn(line.number, fmt::format("ClassGuid '{}' is no GUID: {{8-4-4-4-12 hexadecimal digits}}", value));
        }
        if (equal_ignoring_ascii_case(*line.key, "DriverVer")) {
            for (std::string& fault : driver_version_faults(line)) {
                warn(line.number, std::move(fault));
            }
        }
    }

    const InfParseOptions& options_;
    InfFile file_;
    InfSection* current_ = nullptr;
    std::string strings_name_;                                       // the section that Windows would use
    std::set<std::string, CaseInsensitiveAsciiLess> only_elsewhere_; // strkeys that it lacks; looked up only
};

Result<InfFile> InfFile::parse(std::span<const std::uint8_t> bytes, std::string name, const InfParseOptions& options) {
    return InfParser(std::move(name), options).run(bytes);
}

const InfSection* InfFile::section(std::string_view name) const {
    auto found = sections_.find(name);
    if (found == sections_.end()) {
        const auto trimmed = trimmed_names_.find(name);
        found = trimmed == trimmed_names_.end() ? found : sections_.find(trimmed->second);
    }
    return found == sections_.end() ? nullptr : &found->second;
}

std::vector<std::string> InfFile::section_names() const {
    std::vector<std::string> names;
    names.reserve(sections_.size());
    for (const auto& [key, section] : sections_) {
        names.push_back(section.name);
    }
    return names;
}

std::optional<std::string_view> InfFile::version_value(std::string_view key) const {
    const InfSection* version = section("Version");
    return version == nullptr ? std::nullopt : version->first_value(key);
}

std::optional<std::string_view> InfFile::string(std::string_view token) const {
    const auto found = strings_.find(token);
    return found == strings_.end() ? std::nullopt : std::optional<std::string_view>(found->second);
}

Error InfFile::error_at(int line, std::string_view message) const {
    return {status_invalid_parameter, fmt::format("{}:{}: {}", name_, line, message)};
}

std::string InfFile::text_of(const InfWarning& warning) const {
    const std::string place = warning.line != 0 ? fmt::format("{}:{}", name_, warning.line) : name_;
    return fmt::format("{}: warning: {}", place, warning.message);
}

std::optional<std::string_view> InfSection::first_value(std::string_view key) const {
    for (const InfLine& line : lines) {
        if (line.key && equal_ignoring_ascii_case(*line.key, key)) {
            return line.field(0);
        }
    }
    return std::nullopt;
}

std::optional<std::uint64_t> parse_inf_number(std::string_view text) {
    const bool negative = !text.empty() && text.front() == '-';
    if (negative) {
        text.remove_prefix(1);
    }
    const bool hexadecimal = text.size() > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
    if (hexadecimal) {
        text.remove_prefix(2);
    }
    if (text.size() > 1 && (text.back() == 'L' || text.back() == 'l')) {
        text.remove_suffix(1);
    }
    std::uint64_t value = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value, hexadecimal ? 16 : 10);
    if (problem != std::errc{} || end != text.data() + text.size() || text.empty()) {
        return std::nullopt;
    }
    return negative ? ~value + 1 : value;
}

} // namespace openportcls::pnp
