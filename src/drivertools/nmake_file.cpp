#include "drivertools/nmake_file.h"

#include "drivertools/text.h"
#include "drivertools/windows_path.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>

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
        if (word.empty() && !text_.empty())
            text_.remove_prefix(1);
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
};

} // namespace

NmakeFile::NmakeFile(fs::path file, NmakeMacros initial) : file_(std::move(file)), macros_(std::move(initial)) {}

Result<void> NmakeFile::read() {
    auto result = read_one(file_, 0);
    if (result && !branches_.empty())
        return Error{status_invalid_parameter, file_.string() + ": an !if has no !endif"};
    return result;
}

std::string NmakeFile::macro(std::string_view name) const {
    auto found = macros_.find(upper(name));
    return found == macros_.end() ? std::string() : std::string(trim(expand(found->second)));
}

std::string NmakeFile::expand(std::string_view text, int depth) const {
    std::string result;
    while (!text.empty()) {
        auto start = text.find("$(");
        result += text.substr(0, start);
        if (start == std::string_view::npos)
            break;
        auto end = text.find(')', start);
        if (end == std::string_view::npos)
            break;
        auto name = text.substr(start + 2, end - start - 2);
        // `$(SOURCES:.cpp=.obj)`: the substitution does not matter for what is read here.
        auto found = macros_.find(upper(name.substr(0, name.find(':'))));
        if (found != macros_.end() && depth < deepest_macro)
            result += expand(found->second, depth + 1);
        text.remove_prefix(end + 1);
    }
    return result;
}

bool NmakeFile::condition_holds(std::string_view condition) const {
    auto expanded = expand(condition);
    return NmakeCondition(expanded, macros_).value();
}

Result<void> NmakeFile::read_one(const fs::path& file, int depth) {
    auto content = read_file(file);
    if (!content)
        return content.error();
    files_read_.push_back(file);
    auto text = to_utf8(*content);
    std::string joined;
    int line_number = 0;
    for (auto line : lines_of(text)) {
        ++line_number;
        auto comment = line.find('#');
        bool continues = trim(line).ends_with('\\');
        line = trim(line.substr(0, comment));
        if (continues && comment != std::string_view::npos) {
            joined += std::string(line) + " ";
            continue;
        }
        if (line.ends_with('\\')) {
            joined += std::string(line.substr(0, line.size() - 1)) + " ";
            continue;
        }
        joined += line;
        std::string whole;
        whole.swap(joined);
        auto statement = trim(whole);
        if (statement.starts_with('!')) {
            if (auto taken = take_directive(trim(statement.substr(1)), file, line_number, depth); !taken)
                return taken;
        } else if (branches_.empty() || branches_.back().counts) {
            take_macro(statement);
        }
    }
    take_macro(trim(joined));
    return {};
}

void NmakeFile::take_macro(std::string_view line) {
    auto equals = line.find('=');
    if (equals == std::string_view::npos)
        return;
    auto name = trim(line.substr(0, equals));
    if (name.empty() || name.find_first_of(" \t:") != std::string_view::npos)
        return; // a rule, not a macro
    // A macro that names itself gets its former value; other macros are expanded when they are used.
    auto key = upper(name);
    std::string value(trim(line.substr(equals + 1)));
    auto former = macros_.contains(key) ? macros_[key] : std::string();
    for (const auto& reference : {"$(" + std::string(name) + ")", "$(" + key + ")"})
        value = replace_all(value, reference, former.find(reference) == std::string::npos ? former : std::string());
    macros_[key] = value;
}

Result<void> NmakeFile::take_directive(std::string_view directive, const fs::path& file, int line, int depth) {
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
        branches_.push_back({holds, holds, counts});
    } else if (word == "else" || word.starts_with("elseif")) {
        if (branches_.empty())
            return Error{status_invalid_parameter, file.string() + ":" + std::to_string(line) + ": !else without !if"};
        auto& branch = branches_.back();
        bool holds = true;
        if (word.starts_with("elseif")) {
            holds = condition(std::string_view(word).substr(4));
        } else if (auto next = lower(rest.substr(0, rest.find_first_of(" \t("))); next.starts_with("if")) {
            rest = trim(rest.substr(next.size()));
            holds = condition(next);
        }
        branch.counts = branch.outer_counts && !branch.taken && holds;
        branch.taken = branch.taken || branch.counts;
    } else if (word == "endif") {
        if (branches_.empty())
            return Error{status_invalid_parameter, file.string() + ":" + std::to_string(line) + ": !endif without !if"};
        branches_.pop_back();
    } else if (word == "undef" && counts) {
        macros_.erase(upper(rest));
    } else if (word == "include" && counts) {
        auto name = expand(rest);
        std::erase_if(name, [](char c) { return c == '"' || c == '<' || c == '>'; });
        auto target = find_ignoring_case(file.parent_path(), std::string(trim(name)));
        if (target && depth < deepest_include &&
            std::find(files_read_.begin(), files_read_.end(), *target) == files_read_.end())
            return read_one(*target, depth + 1);
        // Kit files such as makefile.def are not here; the defines they bring are in kit_defines().
        notes_.push_back(file.filename().string() + ": !include of " + std::string(rest) + " passed over");
    } else if (word == "error" && counts) {
        return Error{status_invalid_parameter, file.string() + ":" + std::to_string(line) + ": " + expand(rest)};
    }
    return {};
}

} // namespace openportcls::drivertools
