#include "drivertools/nmake_file.h"

#include "drivertools/text.h"
#include "drivertools/windows_path.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <utility>

namespace openportcls::drivertools {

namespace fs = std::filesystem;

namespace {

constexpr int deepest_include = 8;
constexpr int deepest_macro = 32;

std::string upper(std::string_view text) {
    std::string result(text);
    std::transform(result.begin(), result.end(), result.begin(), [](unsigned char c) { return std::toupper(c); });
    return result;
}

// nmake's `!if`: numbers and quoted strings, == != < > <= >=, && ||, !, parentheses, defined().
class NmakeCondition {
public:
    NmakeCondition(std::string_view text, const NmakeMacros& macros) : text_(text), macros_(macros) {}

    bool value() { return truth(alternative()); }
    // Behind value(): something is left that is no condition.
    bool understood() {
        skip_blanks();
        return understood_ && text_.empty();
    }

private:
    static bool truth(const std::string& text) { return !text.empty() && text != "0"; }
    static std::string from(bool value) { return value ? "1" : "0"; }

    std::string alternative() {
        auto value = conjunction();
        while (take("||")) {
            auto other = conjunction();
            value = from(truth(value) || truth(other));
        }
        return value;
    }

    std::string conjunction() {
        auto value = comparison();
        while (take("&&")) {
            auto other = comparison();
            value = from(truth(value) && truth(other));
        }
        return value;
    }

    std::string comparison() {
        auto left = primary();
        for (std::string_view sign : {"==", "!=", "<=", ">=", "<", ">"}) {
            if (!take(sign))
                continue;
            auto right = primary();
            if (sign == "==")
                return from(equal(left, right));
            if (sign == "!=")
                return from(!equal(left, right));
            auto a = std::strtol(left.c_str(), nullptr, 0), b = std::strtol(right.c_str(), nullptr, 0);
            return from(sign == "<=" ? a <= b : sign == ">=" ? a >= b : sign == "<" ? a < b : a > b);
        }
        return left;
    }

    static bool equal(const std::string& left, const std::string& right) {
        bool numbers = !left.empty() && !right.empty() && std::isdigit(static_cast<unsigned char>(left[0])) &&
                       std::isdigit(static_cast<unsigned char>(right[0]));
        return numbers ? std::strtol(left.c_str(), nullptr, 0) == std::strtol(right.c_str(), nullptr, 0)
                       : left == right;
    }

    std::string primary() {
        if (!text_.starts_with("!=") && take("!"))
            return from(!truth(primary()));
        if (take("(")) {
            auto value = alternative();
            take(")");
            return value;
        }
        skip_blanks();
        if (text_.starts_with('"')) {
            auto end = std::min(text_.find('"', 1), text_.size());
            std::string value(text_.substr(1, end - 1));
            text_.remove_prefix(std::min(end + 1, text_.size()));
            return value;
        }
        auto end = std::min(text_.find_first_of(" \t()!=<>&|\""), text_.size());
        std::string word(text_.substr(0, end));
        text_.remove_prefix(end);
        if (word.empty() && !text_.empty()) {
            text_.remove_prefix(1);
            understood_ = false;
        }
        if (equals_ignoring_case(word, "exist")) // asks for a file of the machine the kit was on
            understood_ = false;
        if (!equals_ignoring_case(word, "defined"))
            return word;
        take("(");
        auto name = primary();
        take(")");
        return from(macros_.contains(upper(name)));
    }

    void skip_blanks() { text_.remove_prefix(std::min(text_.find_first_not_of(" \t"), text_.size())); }

    bool take(std::string_view token) {
        skip_blanks();
        if (!text_.starts_with(token))
            return false;
        text_.remove_prefix(token.size());
        return true;
    }

    std::string_view text_;
    const NmakeMacros& macros_;
    bool understood_ = true;
};

// The end of what counts in a line; a caret before `#` makes it a character.
std::size_t start_of_comment(std::string_view line) {
    auto at = line.find('#');
    while (at != std::string_view::npos && at > 0 && line[at - 1] == '^')
        at = line.find('#', at + 1);
    return std::min(at, line.size());
}

// "^#" in a macro's value is "#". "^$" stays until the value is expanded.
std::string without_carets(std::string_view text) {
    std::string result;
    for (std::size_t index = 0; index < text.size(); ++index) {
        const bool escape = text[index] == '^' && index + 1 < text.size() &&
                            std::string_view("#^\\\"{}()!@-").find(text[index + 1]) != std::string_view::npos;
        if (escape)
            ++index;
        result += text[index];
    }
    return result;
}

// `(NAME)` of `$(NAME)`: what stands between the brackets, which may hold references itself.
std::string_view in_brackets(std::string_view text) {
    int depth = 0;
    for (std::size_t index = 0; index < text.size(); ++index) {
        depth += text[index] == '(' ? 1 : text[index] == ')' ? -1 : 0;
        if (depth < 0)
            return text.substr(0, index);
    }
    return text;
}

} // namespace

NmakeFile::NmakeFile(fs::path file, NmakeMacros initial) : file_(std::move(file)), macros_(std::move(initial)) {}

Result<void> NmakeFile::read() {
    auto result = read_one(file_, 0);
    if (result && !branches_.empty())
        return Error{status_invalid_parameter, branches_.back().place + ": this !if has no !endif"};
    return result;
}

std::string NmakeFile::macro(std::string_view name) const {
    auto found = macros_.find(upper(name));
    return found == macros_.end() ? std::string() : std::string(trim(expand(found->second)));
}

std::string NmakeFile::place_of(std::string_view name) const {
    auto found = places_.find(upper(name));
    return found == places_.end() ? file_.filename().string() : found->second;
}

std::string NmakeFile::here() const {
    return reading_ + ":" + std::to_string(line_);
}

void NmakeFile::note_here(const std::string& text) {
    notes_.push_back(here() + ": " + text);
}

// `$(NAME)`, `$(NAME:old=new)`, `$X`, `$$`.
std::string NmakeFile::expand(std::string_view text, int depth) const {
    std::string result;
    while (!text.empty()) {
        const auto start = text.find('$');
        const bool escaped = start != std::string_view::npos && start > 0 && text[start - 1] == '^';
        result += text.substr(0, escaped ? start - 1 : start);
        if (start == std::string_view::npos)
            break;
        text.remove_prefix(start + 1);
        if (escaped || text.empty() || text.front() == '$') {
            result += '$';
            text.remove_prefix(!escaped && !text.empty() ? 1 : 0);
        } else if (text.front() == '(') {
            const auto reference = in_brackets(text.substr(1));
            result += value_of(reference, depth);
            text.remove_prefix(std::min(reference.size() + 2, text.size()));
        } else {
            result += value_of(text.substr(0, 1), depth);
            text.remove_prefix(1);
        }
    }
    return result;
}

// https://learn.microsoft.com/cpp/build/reference/macro-substitution: every occurrence counts, and so does case.
std::string NmakeFile::value_of(std::string_view reference, int depth) const {
    const auto colon = reference.find(':');
    const auto found = macros_.find(upper(trim(reference.substr(0, colon))));
    if (found == macros_.end() || depth >= deepest_macro)
        return {};
    auto value = expand(found->second, depth + 1);
    if (colon == std::string_view::npos)
        return value;
    const auto substitution = reference.substr(colon + 1);
    const auto equals = substitution.find('=');
    if (equals == 0 || equals == std::string_view::npos)
        return value;
    return replace_all(std::move(value), expand(substitution.substr(0, equals), depth + 1),
                       expand(substitution.substr(equals + 1), depth + 1));
}

bool NmakeFile::condition_holds(std::string_view condition) {
    const auto expanded = expand(condition);
    NmakeCondition parsed(expanded, macros_);
    const bool value = parsed.value();
    if (parsed.understood())
        return value;
    note_here("the condition " + std::string(condition) + " is not understood: taken as false");
    return false;
}

Result<void> NmakeFile::read_one(const fs::path& file, int depth) {
    auto content = read_file(file);
    if (!content)
        return content.error();
    files_read_.push_back(file);
    const auto outer = std::exchange(reading_, file.filename().string());
    const auto outer_line = line_;
    auto taken = read_lines(to_utf8(*content), file, depth);
    reading_ = outer;
    line_ = outer_line;
    return taken;
}

Result<void> NmakeFile::read_lines(std::string_view text, const fs::path& file, int depth) {
    std::string joined;
    int line_number = 0;
    bool inside = false; // a statement that goes on
    for (auto line : lines_of(text)) {
        ++line_number;
        if (!inside)
            line_ = line_number;
        const auto comment = start_of_comment(line);
        const bool is_command = !inside && !line.empty() && (line.front() == ' ' || line.front() == '\t');
        const auto whole_line = trim(line);
        bool continues = whole_line.ends_with('\\') && !whole_line.ends_with("^\\");
        line = trim(line.substr(0, comment));
        if (continues && line.ends_with('\\'))
            line.remove_suffix(1);
        joined += std::string(is_command && joined.empty() ? " " : "") + std::string(line) + (continues ? " " : "");
        inside = continues;
        if (continues)
            continue;
        if (auto taken = take_statement(std::exchange(joined, {}), file, depth); !taken)
            return taken;
    }
    return take_statement(joined, file, depth);
}

Result<void> NmakeFile::take_statement(std::string_view written, const fs::path& file, int depth) {
    const auto statement = trim(written);
    const bool is_command = in_rule_ && (written.starts_with(' ') || written.starts_with('\t'));
    if (statement.empty() || is_command)
        return {};
    if (statement.starts_with('!'))
        return take_directive(trim(statement.substr(1)), file, depth);
    if (branches_.empty() || branches_.back().counts)
        take_macro_or_rule(statement);
    return {};
}

void NmakeFile::take_macro_or_rule(std::string_view line) {
    in_rule_ = false;
    const auto equals = line.find('=');
    const auto name = trim(line.substr(0, equals));
    if (equals != std::string_view::npos && !name.empty() && name.find_first_of(" \t:") == std::string_view::npos)
        return set_macro(name, trim(line.substr(equals + 1)));
    // What a rule makes is not a part of the driver that is compiled; it may be a header or a message table.
    in_rule_ = line.find(':') != std::string_view::npos;
    note_here((in_rule_ ? "a rule is passed over: " : "not understood, passed over: ") + std::string(line));
}

// A macro that names itself gets its former value; other macros are expanded when they are used.
void NmakeFile::set_macro(std::string_view name, std::string_view written) {
    const auto key = upper(name);
    auto value = without_carets(written);
    const auto former = macros_.contains(key) ? macros_[key] : std::string();
    for (const auto& reference : {"$(" + std::string(name) + ")", "$(" + key + ")"})
        value = replace_all(value, reference, former.find(reference) == std::string::npos ? former : std::string());
    // With a substitution in it the former value has to be taken at once.
    for (const auto& beginning : {"$(" + std::string(name) + ":", "$(" + key + ":"})
        for (std::size_t at = 0; (at = value.find(beginning, at)) != std::string::npos;) {
            const auto reference = std::string(in_brackets(std::string_view(value).substr(at + 2)));
            const auto taken = value_of(reference, 0);
            value.replace(at, reference.size() + 3, taken);
            at += taken.size();
        }
    macros_[key] = value;
    places_[key] = here();
}

Result<void> NmakeFile::take_directive(std::string_view directive, const fs::path& file, int depth) {
    auto word_end = directive.find_first_of(" \t(\"<");
    auto word = lower(directive.substr(0, word_end));
    auto rest = word_end == std::string_view::npos ? std::string_view() : trim(directive.substr(word_end));
    bool counts = branches_.empty() || branches_.back().counts;
    auto condition = [&](std::string_view kind) {
        if (kind.ends_with("ifdef"))
            return macros_.contains(upper(rest));
        if (kind.ends_with("ifndef"))
            return !macros_.contains(upper(rest));
        return condition_holds(rest);
    };
    if (word == "if" || word == "ifdef" || word == "ifndef") {
        bool holds = counts && condition(word);
        branches_.push_back({holds, holds, counts, file.string() + ":" + std::to_string(line_)});
    } else if (word == "else" || word.starts_with("elseif")) {
        if (branches_.empty())
            return Error{status_invalid_parameter, file.string() + ":" + std::to_string(line_) + ": !else without !if"};
        auto& branch = branches_.back();
        const bool matters = branch.outer_counts && !branch.taken;
        bool holds = true;
        if (word.starts_with("elseif")) {
            holds = matters && condition(std::string_view(word).substr(4));
        } else if (auto next = lower(rest.substr(0, rest.find_first_of(" \t("))); next.starts_with("if")) {
            rest = trim(rest.substr(next.size()));
            holds = matters && condition(next);
        }
        branch.counts = matters && holds;
        branch.taken = branch.taken || branch.counts;
    } else if (word == "endif") {
        if (branches_.empty())
            return Error{status_invalid_parameter,
                         file.string() + ":" + std::to_string(line_) + ": !endif without !if"};
        branches_.pop_back();
    } else if (counts) {
        return take_other_directive(word, rest, file, depth);
    }
    return {};
}

Result<void> NmakeFile::take_other_directive(std::string_view word, std::string_view rest, const fs::path& file,
                                             int depth) {
    if (word == "undef")
        macros_.erase(upper(rest));
    else if (word == "include")
        return take_include(rest, file, depth);
    else if (word == "error")
        return Error{status_invalid_parameter, file.string() + ":" + std::to_string(line_) + ": " + expand(rest)};
    else if (word != "message" && word != "cmdswitches")
        note_here("!" + std::string(word) + " is not understood: passed over");
    return {};
}

Result<void> NmakeFile::take_include(std::string_view written, const fs::path& file, int depth) {
    auto name = expand(written);
    std::erase_if(name, [](char c) { return c == '"' || c == '<' || c == '>'; });
    auto target = find_ignoring_case(file.parent_path(), std::string(trim(name)));
    if (target && depth < deepest_include &&
        std::find(files_read_.begin(), files_read_.end(), *target) == files_read_.end())
        return read_one(*target, depth + 1);
    // Kit files such as makefile.def are not here; the defines they bring are in kit_defines().
    note_here("!include of " + std::string(written) + " passed over");
    return {};
}

} // namespace openportcls::drivertools
