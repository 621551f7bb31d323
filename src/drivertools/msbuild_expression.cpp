#include "drivertools/msbuild_expression.h"

#include "drivertools/msbuild_text.h"
#include "drivertools/text.h"
#include "drivertools/windows_path.h"

#include <cstdlib>
#include <string>

namespace openportcls::drivertools {

namespace {

class ConditionParser {
public:
    ConditionParser(std::string_view text, const std::filesystem::path& folder) : text_(text), folder_(folder) {}

    std::optional<bool> parse() {
        bool value = alternative();
        skip_blanks();
        if (failed_ || !text_.empty())
            return std::nullopt;
        return value;
    }

private:
    bool alternative() {
        bool value = conjunction();
        while (take_word("or"))
            value = conjunction() || value;
        return value;
    }

    bool conjunction() {
        bool value = comparison();
        while (take_word("and"))
            value = comparison() && value;
        return value;
    }

    bool comparison() {
        skip_blanks();
        if (text_.starts_with('!') && !text_.starts_with("!=")) {
            text_.remove_prefix(1);
            return !comparison();
        }
        if (take("(")) {
            bool value = alternative();
            expect(")");
            return value;
        }
        auto left = operand();
        for (std::string_view sign : {"==", "!=", ">=", "<=", ">", "<"})
            if (take(sign))
                return compare(left, sign, operand());
        return equals_ignoring_case(left, "true") || equals_ignoring_case(left, "yes") ||
               equals_ignoring_case(left, "on");
    }

    static bool compare(const std::string& left, std::string_view sign, const std::string& right) {
        auto number = [](const std::string& text) { return std::strtod(text.c_str(), nullptr); };
        if (sign == "==")
            return equals_ignoring_case(left, right);
        if (sign == "!=")
            return !equals_ignoring_case(left, right);
        if (sign == ">=")
            return number(left) >= number(right);
        if (sign == "<=")
            return number(left) <= number(right);
        return sign == ">" ? number(left) > number(right) : number(left) < number(right);
    }

    std::string operand() {
        skip_blanks();
        if (text_.starts_with('\'')) {
            auto end = text_.find('\'', 1);
            if (end == std::string_view::npos)
                return fail();
            auto value = without_escapes(text_.substr(1, end - 1));
            text_.remove_prefix(end + 1);
            return value;
        }
        auto end = text_.find_first_of(" \t()!=<>'");
        std::string word(text_.substr(0, end));
        if (word.empty())
            return fail();
        text_.remove_prefix(word.size());
        if (take("(")) {
            auto argument = operand();
            expect(")");
            return call(word, argument) ? "true" : "false";
        }
        return word;
    }

    bool call(std::string_view function, const std::string& argument) {
        if (equals_ignoring_case(function, "exists"))
            return !argument.empty() && find_ignoring_case(folder_, argument).has_value();
        if (equals_ignoring_case(function, "HasTrailingSlash"))
            return argument.ends_with('/') || argument.ends_with('\\');
        failed_ = true;
        return false;
    }

    void skip_blanks() { text_.remove_prefix(std::min(text_.find_first_not_of(" \t\r\n"), text_.size())); }

    bool take(std::string_view token) {
        skip_blanks();
        if (!text_.starts_with(token))
            return false;
        text_.remove_prefix(token.size());
        return true;
    }

    bool take_word(std::string_view word) {
        skip_blanks();
        if (text_.size() < word.size() || !equals_ignoring_case(text_.substr(0, word.size()), word))
            return false;
        text_.remove_prefix(word.size());
        return true;
    }

    void expect(std::string_view token) {
        if (!take(token))
            failed_ = true;
    }

    std::string fail() {
        failed_ = true;
        return {};
    }

    std::string_view text_;
    const std::filesystem::path& folder_;
    bool failed_ = false;
};

} // namespace

std::optional<bool> evaluate_condition(std::string_view condition, const std::filesystem::path& folder) {
    return ConditionParser(condition, folder).parse();
}

} // namespace openportcls::drivertools
