#include "drivertools/class_types.h"

namespace openportcls::drivertools {

namespace {

// The names of the declarators of a typedef: the last word of each, or the last in its first brackets with a star.
void add_typedef_names(const std::vector<std::string_view>& words, std::set<std::string_view>& types) {
    std::string_view name;
    std::string_view in_brackets;
    bool star = false;
    int depth = 0;
    auto finish = [&] {
        const auto declared = in_brackets.empty() ? name : in_brackets;
        if (!declared.empty())
            types.insert(declared);
        name = in_brackets = {};
        star = false;
    };
    for (std::size_t index = 1; index < words.size(); ++index) {
        const auto word = words[index];
        const bool identifier = Token{word, 0}.identifier();
        if (word == "(") {
            ++depth;
        } else if (word == ")") {
            --depth;
            star = star && in_brackets.empty();
        } else if (word == "*" && depth == 1) {
            star = true;
        } else if (word == "," && depth == 0) {
            finish();
        } else if (identifier && depth == 0 && in_brackets.empty()) {
            name = word;
        } else if (identifier && depth == 1 && star) {
            in_brackets = word;
        }
    }
    finish();
}

} // namespace

std::string_view name_of_class(const std::vector<Token>& head) {
    const bool interface_macro = head.front().text.starts_with("DECLARE_INTERFACE");
    std::string_view name;
    int depth = 0;
    for (std::size_t index = 1; index < head.size(); ++index) {
        const auto& token = head[index];
        const auto following = index + 1 < head.size() ? head[index + 1].text : std::string_view();
        depth += token.text == "(" ? 1 : token.text == ")" ? -1 : 0;
        if (interface_macro && token.identifier())
            return token.text;
        if (depth != 0)
            continue;
        if (token.text == "<" || (token.text == ":" && following == ":"))
            return {};
        if (token.text == ":")
            break;
        const bool specifier = token.text == "final" || token.text == "sealed" || token.text == "abstract";
        if (token.identifier() && !specifier && following != "(")
            name = token.text;
    }
    return name;
}

std::string declaration_of_class(const std::vector<Token>& head) {
    const auto name = name_of_class(head);
    const auto keyword = head.front().text.starts_with("DECLARE_INTERFACE") ? "struct" : head.front().text;
    return name.empty() ? std::string() : std::string(keyword) + " " + std::string(name) + ";";
}

bool is_type_keyword(std::string_view word) {
    return word == "class" || word == "struct" || word == "union" || word == "enum";
}

bool is_annotation(std::string_view word) {
    return word == "IN" || word == "OUT" || word == "INOUT" || word == "OPTIONAL" || word == "const" ||
           word == "volatile" || is_type_keyword(word) || (word.starts_with('_') && word.ends_with('_'));
}

void add_types(const std::vector<std::string_view>& words, std::set<std::string_view>& types) {
    if (words.empty())
        return;
    if (words.front() == "using" && words.size() > 2 && words[2] == "=")
        types.insert(words[1]);
    if (words.front() == "typedef")
        add_typedef_names(words, types);
    const std::size_t keyword = words.front() == "typedef" ? 1 : 0;
    if (keyword >= words.size() || !is_type_keyword(words[keyword]))
        return;
    const std::size_t name = keyword + (words.size() > keyword + 1 && is_type_keyword(words[keyword + 1]) ? 2 : 1);
    if (name >= words.size())
        return;
    const auto behind = name + 1 < words.size() ? words[name + 1] : std::string_view(";");
    if (Token{words[name], 0}.identifier() && (behind == braces || behind == ":" || (behind == ";" && keyword == 0)))
        types.insert(words[name]);
}

} // namespace openportcls::drivertools
