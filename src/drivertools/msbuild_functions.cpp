#include "drivertools/msbuild_functions.h"

#include "drivertools/text.h"
#include "drivertools/windows_path.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <vector>

namespace openportcls::drivertools {

namespace fs = std::filesystem;

namespace {

using Arguments = std::vector<std::string>;
using Value = std::optional<std::string>;

constexpr std::string_view quotes = "'\"`";

std::string truth(bool value) {
    return value ? "True" : "False";
}

// The quote that ends the quoted text that starts at `start`; `start` itself when there is none.
std::size_t closing_quote(std::string_view text, std::size_t start) {
    const auto end = text.find(text[start], start + 1);
    return end == std::string_view::npos ? start : end;
}

// The arguments as written, apart at the commas that are in neither quotes nor brackets.
std::vector<std::string_view> split_arguments(std::string_view text) {
    std::vector<std::string_view> parts;
    if (trim(text).empty())
        return parts;
    std::size_t start = 0;
    int depth = 0;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (quotes.find(text[at]) != std::string_view::npos)
            at = closing_quote(text, at);
        else if (text[at] == '(')
            ++depth;
        else if (text[at] == ')')
            --depth;
        else if (text[at] == ',' && depth == 0) {
            parts.push_back(trim(text.substr(start, at - start)));
            start = at + 1;
        }
    }
    parts.push_back(trim(text.substr(start)));
    return parts;
}

std::string argument_value(std::string_view written, const PropertyScope& scope) {
    const bool quoted = written.size() >= 2 && quotes.find(written.front()) != std::string_view::npos &&
                        written.back() == written.front();
    return scope.expand(quoted ? written.substr(1, written.size() - 2) : written);
}

// ---- functions of a text: those of .NET's String, which tell upper from lower case

std::string trimmed(const std::string& text, const std::string& characters, bool front) {
    const auto first = front ? text.find_first_not_of(characters) : 0;
    const auto last = text.find_last_not_of(characters);
    return first == std::string::npos || last == std::string::npos ? "" : text.substr(first, last + 1 - first);
}

Value substring(const std::string& text, const Arguments& arguments) {
    std::array<std::size_t, 2> numbers{0, std::string::npos};
    for (std::size_t index = 0; index < arguments.size(); ++index) {
        const auto& word = arguments[index];
        if (std::from_chars(word.data(), word.data() + word.size(), numbers[index]).ec != std::errc())
            return std::nullopt;
    }
    if (numbers[0] > text.size() || (arguments.size() == 2 && numbers[1] > text.size() - numbers[0]))
        return std::nullopt;
    return text.substr(numbers[0], numbers[1]);
}

std::string upper(std::string text) {
    std::ranges::transform(text, text.begin(), [](unsigned char character) { return std::toupper(character); });
    return text;
}

Value text_function(const std::string& text, std::string_view function, const Arguments& arguments) {
    const auto name = lower(function);
    const auto count = arguments.size();
    if (count == 1 && name == "startswith")
        return truth(text.starts_with(arguments[0]));
    if (count == 1 && name == "endswith")
        return truth(text.ends_with(arguments[0]));
    if (count == 1 && name == "contains")
        return truth(text.find(arguments[0]) != std::string::npos);
    if (count == 0 && (name == "toupper" || name == "toupperinvariant"))
        return upper(text);
    if (count == 0 && (name == "tolower" || name == "tolowerinvariant"))
        return lower(text);
    if (count == 2 && name == "replace" && !arguments[0].empty())
        return replace_all(text, arguments[0], arguments[1]);
    if (count == 0 && name == "trim")
        return std::string(trim(text));
    if (count == 1 && name == "trimend" && !arguments[0].empty())
        return trimmed(text, arguments[0], false);
    if ((count == 1 || count == 2) && name == "substring")
        return substring(text, arguments);
    return std::nullopt;
}

// ---- functions of MSBuild

using Version = std::array<int, 4>;

// `v17.2-preview` is 17.2.0.0: what MSBuild's version functions read.
std::optional<Version> version_of(const std::string& text) {
    auto rest = trim(text);
    if (rest.starts_with('v') || rest.starts_with('V'))
        rest.remove_prefix(1);
    rest = rest.substr(0, rest.find_first_of("-+"));
    Version version{};
    for (auto& number : version) {
        const auto [end, problem] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
        if (problem != std::errc() || number < 0)
            return std::nullopt;
        rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
        if (rest.empty())
            return version;
        if (!rest.starts_with('.'))
            return std::nullopt;
        rest.remove_prefix(1);
    }
    return std::nullopt; // a fifth number
}

Value version_function(std::string_view comparison, const Arguments& arguments) {
    const auto left = version_of(arguments[0]);
    const auto right = version_of(arguments[1]);
    if (!left || !right)
        return std::nullopt;
    if (comparison == "equals")
        return truth(*left == *right);
    if (comparison == "notequals")
        return truth(*left != *right);
    if (comparison == "greaterthan")
        return truth(*left > *right);
    if (comparison == "greaterthanorequals")
        return truth(*left >= *right);
    if (comparison == "lessthan")
        return truth(*left < *right);
    if (comparison == "lessthanorequals")
        return truth(*left <= *right);
    return std::nullopt;
}

fs::path folder_named(const std::string& written, const PropertyScope& scope) {
    const auto given = (scope.folder / with_forward_slashes(written)).lexically_normal();
    return find_ignoring_case(scope.folder, written).value_or(given);
}

Value msbuild_function(std::string_view function, const Arguments& arguments, const PropertyScope& scope) {
    const auto name = lower(function);
    constexpr std::string_view version = "version";
    if (arguments.size() == 2 && name.starts_with(version))
        return version_function(std::string_view(name).substr(version.size()), arguments);
    if (arguments.size() == 2 && name == "getdirectorynameoffileabove") {
        const auto folder = folder_of_file_above(folder_named(arguments[0], scope), arguments[1]);
        return folder ? folder->string() : std::string();
    }
    if ((arguments.size() == 1 || arguments.size() == 2) && name == "getpathoffileabove") {
        const auto start = arguments.size() == 2 ? arguments[1] : scope.property("MSBuildThisFileDirectory");
        const auto folder = folder_of_file_above(folder_named(start, scope), arguments[0]);
        return folder ? find_ignoring_case(*folder, arguments[0])->string() : std::string();
    }
    if (arguments.size() == 1 && name == "ensuretrailingslash") {
        const auto& path = arguments[0];
        return path.empty() || path.ends_with('\\') || path.ends_with('/') ? path : path + "\\";
    }
    if (arguments.size() == 2 && name == "valueordefault")
        return arguments[arguments[0].empty() ? 1 : 0];
    return std::nullopt;
}

Value type_function(std::string_view type, std::string_view function, const Arguments& arguments,
                    const PropertyScope& scope) {
    if (equals_ignoring_case(type, "MSBuild"))
        return msbuild_function(function, arguments, scope);
    if (!equals_ignoring_case(type, "System.String") || arguments.size() != 1)
        return std::nullopt;
    if (equals_ignoring_case(function, "Copy"))
        return arguments[0];
    if (equals_ignoring_case(function, "IsNullOrEmpty"))
        return truth(arguments[0].empty());
    return std::nullopt;
}

class ExpressionReader {
public:
    ExpressionReader(std::string_view text, const PropertyScope& scope) : text_(trim(text)), scope_(scope) {}

    Value run() {
        auto value = text_.starts_with('[') ? type_call() : property();
        while (value && !text_.empty())
            value = member(*value);
        return value;
    }

private:
    Value property() {
        const std::string name(identifier());
        return name.empty() ? Value() : Value(scope_.property(name));
    }

    Value type_call() {
        const auto end = text_.find("]::");
        if (end == std::string_view::npos)
            return std::nullopt;
        const auto type = text_.substr(1, end - 1);
        text_.remove_prefix(end + 3);
        const auto function = identifier();
        const auto values = arguments();
        return values ? type_function(type, function, *values, scope_) : std::nullopt;
    }

    Value member(const std::string& value) {
        if (!text_.starts_with('.'))
            return std::nullopt;
        text_.remove_prefix(1);
        const auto name = identifier();
        if (!text_.starts_with('(') && equals_ignoring_case(name, "Length"))
            return std::to_string(value.size());
        const auto values = arguments();
        return values ? text_function(value, name, *values) : std::nullopt;
    }

    std::string_view identifier() {
        const auto length =
            std::ranges::find_if_not(text_,
                                     [](unsigned char character) {
                                         return std::isalnum(character) != 0 || character == '_' || character == '-';
                                     }) -
            text_.begin();
        const auto name = text_.substr(0, static_cast<std::size_t>(length));
        text_.remove_prefix(name.size());
        return name;
    }

    std::optional<Arguments> arguments() {
        if (!text_.starts_with('('))
            return std::nullopt;
        text_.remove_prefix(1);
        const auto written = bracketed(text_);
        if (written.size() == text_.size()) // never closed
            return std::nullopt;
        text_.remove_prefix(written.size() + 1);
        Arguments values;
        for (const auto& part : split_arguments(written))
            values.push_back(argument_value(part, scope_));
        return values;
    }

    std::string_view text_;
    const PropertyScope& scope_;
};

} // namespace

std::optional<std::string> evaluate_property_expression(std::string_view expression, const PropertyScope& scope) {
    return ExpressionReader(expression, scope).run();
}

std::string_view bracketed(std::string_view text) {
    int depth = 1;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (quotes.find(text[at]) != std::string_view::npos)
            at = closing_quote(text, at);
        else if (text[at] == '(')
            ++depth;
        else if (text[at] == ')' && --depth == 0)
            return text.substr(0, at);
    }
    return text;
}

std::optional<fs::path> folder_of_file_above(const fs::path& folder, std::string_view name) {
    for (auto candidate = folder;; candidate = candidate.parent_path()) {
        if (find_ignoring_case(candidate, name))
            return candidate;
        if (candidate == candidate.parent_path())
            return std::nullopt;
    }
}

} // namespace openportcls::drivertools
