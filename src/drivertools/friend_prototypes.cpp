#include "drivertools/friend_prototypes.h"

#include "drivertools/cpp_tokens.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <optional>

namespace openportcls::drivertools {

namespace {

// The declared name: the last identifier before a bracket outside of brackets (annotations also look like calls),
// or, for `friend KDEFERRED_ROUTINE Name;`, the last identifier.
std::string declared_name(const std::vector<Token>& declaration) {
    std::string name;
    std::string last;
    int depth = 0;
    for (std::size_t index = 0; index < declaration.size(); ++index) {
        const auto& token = declaration[index];
        if (token.text == "(")
            ++depth;
        else if (token.text == ")")
            --depth;
        if (depth != 0 || !token.identifier())
            continue;
        last = token.text;
        if (index + 1 < declaration.size() && declaration[index + 1].text == "(")
            name = token.text;
    }
    return name.empty() ? last : name;
}

// `class CMini;` for what stands between its keyword and its opening brace. Nothing for what cannot be declared ahead.
std::string declaration_of_class(const std::vector<Token>& head) {
    const bool interface_macro = head.front().text.starts_with("DECLARE_INTERFACE");
    std::string_view name;
    int depth = 0;
    for (std::size_t index = 1; index < head.size(); ++index) {
        const auto& token = head[index];
        const auto following = index + 1 < head.size() ? head[index + 1].text : std::string_view();
        depth += token.text == "(" ? 1 : token.text == ")" ? -1 : 0;
        if (interface_macro && token.identifier())
            return "struct " + std::string(token.text) + ";";
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
    return name.empty() ? std::string() : std::string(head.front().text) + " " + std::string(name) + ";";
}

class FriendFinder {
public:
    explicit FriendFinder(std::string_view text) : tokens_(text) {}

    std::vector<FriendFunction> run() {
        while (auto token = tokens_.next())
            take(*token);
        std::erase_if(found_, [](const FriendFunction& function) { return function.behind_class == 0; });
        return std::move(found_);
    }

private:
    void take(const Token& token) {
        if (class_depth() == 0 && !statement_first_)
            statement_first_ = token;
        if (token.text == "{") {
            if (statement_is_class_ && class_depth() == 0)
                open_outermost_class();
            scopes_.push_back(statement_is_class_);
            start_statement();
        } else if (token.text == "}") {
            close_scope();
        } else if (token.text == ";") {
            if (class_ended_ && class_depth() == 0)
                place_found(token.offset + 1);
            start_statement();
        } else if (token.text == "friend" && class_depth() > 0) {
            take_friend();
        } else if (is_class_keyword(token.text)) {
            statement_is_class_ = true;
            if (!in_base_clause())
                head_.clear();
        } else if (token.text == "(" || token.text == "=") {
            // `struct X f(…) {` and `struct X x = {` open no class; DECLARE_INTERFACE_(…) { does.
            statement_is_class_ = statement_is_class_ && token.text == "(" && is_macro(previous_);
        }
        head_.push_back(token);
        previous_ = token.text;
    }

    // `struct A : Base<struct B> {` defines A.
    bool in_base_clause() const {
        return !head_.empty() && is_class_keyword(head_.front().text) &&
               std::any_of(head_.begin(), head_.end(), [](const Token& token) { return token.text == ":"; });
    }

    void open_outermost_class() {
        class_start_ = statement_first_->offset;
        const bool declarable = statement_first_->text != "template" && !head_.empty();
        class_declaration_ = declarable ? declaration_of_class(head_) : std::string();
    }

    static bool is_class_keyword(std::string_view word) {
        return word == "class" || word == "struct" || word == "DECLARE_INTERFACE_" || word == "DECLARE_INTERFACE";
    }

    static bool is_macro(std::string_view name) {
        return name == "__declspec" || name == "alignas" ||
               std::none_of(name.begin(), name.end(), [](unsigned char c) { return std::islower(c); });
    }

    void start_statement() {
        statement_is_class_ = false;
        class_ended_ = false;
        statement_first_.reset();
        head_.clear();
    }

    void close_scope() {
        if (scopes_.empty())
            return;
        bool was_class = scopes_.back();
        scopes_.pop_back();
        start_statement();
        class_ended_ = was_class;
    }

    std::size_t class_depth() const { return std::count(scopes_.begin(), scopes_.end(), true); }

    void take_friend() {
        std::vector<Token> declaration;
        while (auto token = tokens_.next()) {
            if (token->text == ";")
                break;
            if (token->text == "{") { // defined in place
                skip_body();
                return;
            }
            declaration.push_back(*token);
        }
        start_statement();
        if (declaration.empty() || declaration.front().text == "class" || declaration.front().text == "struct" ||
            declaration.front().text == "template" || declaration.front().text == "union")
            return;
        auto name = declared_name(declaration);
        bool is_operator = std::any_of(declaration.begin(), declaration.end(),
                                       [](const Token& token) { return token.text == "operator"; });
        if (name.empty() || is_operator || declaration.size() < 2)
            return;
        FriendFunction function{name, {}, class_declaration_, class_start_, 0};
        for (const auto& token : declaration)
            function.prototype += (function.prototype.empty() ? "" : " ") + std::string(token.text);
        // Two-character tokens come apart in the tokenizer.
        for (auto at = function.prototype.find(": :"); at != std::string::npos; at = function.prototype.find(": :"))
            function.prototype.replace(at, 3, "::");
        function.prototype += ";";
        found_.push_back(std::move(function));
    }

    void skip_body() {
        int depth = 1;
        while (depth > 0) {
            auto token = tokens_.next();
            if (!token)
                return;
            depth += token->text == "{" ? 1 : token->text == "}" ? -1 : 0;
        }
    }

    void place_found(std::size_t offset) {
        for (auto& function : found_)
            if (function.behind_class == 0)
                function.behind_class = offset;
    }

    Tokenizer tokens_;
    std::vector<FriendFunction> found_;
    std::vector<bool> scopes_; // true: a class
    std::optional<Token> statement_first_;
    std::vector<Token> head_;     // since the statement's class keyword
    std::size_t class_start_ = 0; // of the outermost class
    std::string class_declaration_;
    std::string_view previous_;
    bool statement_is_class_ = false;
    bool class_ended_ = false;
};

} // namespace

std::vector<FriendFunction> friend_functions(std::string_view text) {
    if (text.find("friend") == std::string_view::npos)
        return {};
    return FriendFinder(text).run();
}

std::string before_class(std::string_view name) {
    return "^" + std::string(name);
}

std::string with_friend_prototypes(std::string_view text, const std::set<std::string>& wanted) {
    std::map<std::size_t, std::string> insertions;
    for (const auto& function : friend_functions(text)) {
        if (wanted.contains(function.name))
            insertions[function.behind_class] += " " + function.prototype;
        if (!wanted.contains(before_class(function.name)))
            continue;
        auto& before = insertions[function.before_class];
        if (before.empty() && !function.class_declaration.empty())
            before = function.class_declaration + " ";
        before += function.prototype + " ";
    }
    std::string result;
    std::size_t copied = 0;
    for (const auto& [offset, inserted] : insertions) {
        result += text.substr(copied, offset - copied);
        result += inserted;
        copied = offset;
    }
    result += text.substr(copied);
    return result;
}

std::set<std::string> undeclared_identifiers(std::string_view diagnostics) {
    std::set<std::string> names;
    constexpr std::string_view phrase = "use of undeclared identifier '";
    for (auto at = diagnostics.find(phrase); at != std::string_view::npos; at = diagnostics.find(phrase, at + 1)) {
        auto start = at + phrase.size();
        auto end = diagnostics.find('\'', start);
        if (end != std::string_view::npos)
            names.emplace(diagnostics.substr(start, end - start));
    }
    return names;
}

} // namespace openportcls::drivertools
