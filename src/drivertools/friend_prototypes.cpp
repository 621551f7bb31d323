#include "drivertools/friend_prototypes.h"

#include "drivertools/class_types.h"
#include "drivertools/cpp_tokens.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <optional>
#include <utility>

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

class FriendFinder {
public:
    explicit FriendFinder(std::string_view text) : tokens_(text, Conditions::reported) {}

    std::vector<FriendFunction> run() {
        while (auto token = tokens_.next()) {
            if (token->directive())
                take_directive(*token);
            else
                take(*token);
        }
        std::erase_if(found_, [](const FriendFunction& function) { return function.behind_class == 0; });
        return std::move(found_);
    }

private:
    struct Scope {
        bool is_class = false;
        bool is_body = false; // of a member
        std::string_view name;
        std::set<std::string_view> types;    // that a class declares
        std::vector<std::string_view> words; // of the present statement of a class
    };

    struct Condition {
        std::size_t offset = 0; // of its #if
        int branch = 0;
        bool operator==(const Condition&) const = default;
    };

    // What the branches of an #if begin with.
    struct State {
        std::vector<Scope> scopes;
        std::optional<Token> statement_first;
        std::vector<Condition> statement_conditions; // around it
        std::vector<Token> head;                     // since the statement's class keyword
        std::size_t class_start = 0;                 // of the outermost class
        std::vector<Condition> class_conditions;
        std::string class_declaration;
        std::string_view previous;
        bool statement_is_class = false;
        bool class_ended = false;
    };

    struct Body {
        std::size_t start = 0;
        std::set<std::string_view> words;
    };

    // A class head or a brace that each branch of an #if has: what follows goes by the first branch.
    void take_directive(const Token& directive) {
        if (directive.text == "#if") {
            conditions_.push_back({directive.offset, 0});
            branches_.push_back({state_, {}, false});
            return;
        }
        if (branches_.empty())
            return;
        auto& branches = branches_.back();
        if (!std::exchange(branches.first_ended, true))
            branches.behind_first = state_;
        if (directive.text == "#endif") {
            if (state_.scopes.size() != branches.behind_first.scopes.size())
                state_ = std::move(branches.behind_first);
            branches_.pop_back();
            conditions_.pop_back();
        } else {
            ++conditions_.back().branch;
            if (state_.scopes.size() != branches.before.scopes.size())
                state_ = branches.before;
        }
    }

    void take(const Token& token) {
        if (class_depth() == 0 && !state_.statement_first) {
            state_.statement_first = token;
            state_.statement_conditions = conditions_;
        }
        if (!bodies_.empty() && token.identifier())
            bodies_.back().words.insert(token.text);
        if (token.text == "{") {
            open_scope(token);
        } else if (token.text == "}") {
            close_scope();
        } else if (token.text == ";") {
            if (state_.class_ended && class_depth() == 0)
                place_found(token.offset + 1);
            if (in_class())
                end_member();
            start_statement();
        } else if (token.text == "friend" && class_depth() > 0) {
            take_friend();
            return;
        } else if (is_class_keyword(token.text)) {
            state_.statement_is_class = true;
            if (!in_base_clause())
                state_.head.clear();
        } else if (token.text == "(" || token.text == "=") {
            // `struct X f(…) {` and `struct X x = {` open no class; DECLARE_INTERFACE_(…) { does.
            state_.statement_is_class = state_.statement_is_class && token.text == "(" && is_macro(state_.previous);
        }
        if (in_class() && token.text != "{" && token.text != "}" && token.text != ";")
            take_member_word(token.text);
        state_.head.push_back(token);
        state_.previous = token.text;
    }

    bool in_class() const { return !state_.scopes.empty() && state_.scopes.back().is_class; }

    void take_member_word(std::string_view word) {
        auto& words = state_.scopes.back().words;
        const bool access =
            words.size() == 1 && (words[0] == "public" || words[0] == "protected" || words[0] == "private");
        if (word == ":" && access)
            words.clear();
        else
            words.push_back(word);
    }

    void end_member() {
        auto& scope = state_.scopes.back();
        add_types(scope.words, scope.types);
        scope.words.clear();
    }

    void open_scope(const Token& brace) {
        const bool is_class = state_.statement_is_class;
        Scope scope;
        scope.is_class = is_class;
        if (is_class && class_depth() == 0)
            open_outermost_class();
        if (is_class && !state_.head.empty())
            scope.name = name_of_class(state_.head);
        if (in_class() && !is_class) {
            const auto& words = state_.scopes.back().words;
            scope.is_body = std::none_of(words.begin(), words.end(), is_type_keyword) ||
                            std::find(words.begin(), words.end(), "(") != words.end();
            if (scope.is_body)
                bodies_.push_back({brace.offset + 1, {}});
        }
        state_.scopes.push_back(std::move(scope));
        start_statement();
    }

    // `struct A : Base<struct B> {` defines A.
    bool in_base_clause() const {
        const auto& head = state_.head;
        return !head.empty() && is_class_keyword(head.front().text) &&
               std::any_of(head.begin(), head.end(), [](const Token& token) { return token.text == ":"; });
    }

    void open_outermost_class() {
        state_.class_start = state_.statement_first->offset;
        state_.class_conditions = state_.statement_conditions;
        const bool declarable = state_.statement_first->text != "template" && !state_.head.empty();
        state_.class_declaration = declarable ? declaration_of_class(state_.head) : std::string();
        bodies_.clear();
    }

    static bool is_class_keyword(std::string_view word) {
        return word == "class" || word == "struct" || word == "DECLARE_INTERFACE_" || word == "DECLARE_INTERFACE";
    }

    static bool is_macro(std::string_view name) {
        return name == "__declspec" || name == "alignas" ||
               std::none_of(name.begin(), name.end(), [](unsigned char c) { return std::islower(c); });
    }

    void start_statement() {
        state_.statement_is_class = false;
        state_.class_ended = false;
        state_.statement_first.reset();
        state_.head.clear();
    }

    void close_scope() {
        if (state_.scopes.empty())
            return;
        const Scope closed = std::move(state_.scopes.back());
        state_.scopes.pop_back();
        start_statement();
        state_.class_ended = closed.is_class;
        if (in_class() && closed.is_body)
            state_.scopes.back().words.clear();
        else if (in_class())
            state_.scopes.back().words.push_back(braces);
    }

    std::size_t class_depth() const {
        return static_cast<std::size_t>(std::count_if(state_.scopes.begin(), state_.scopes.end(),
                                                      [](const Scope& scope) { return scope.is_class; }));
    }

    // `A::B::` for a type that the class around the present place, or one around that, declares.
    std::string qualification(std::string_view word) const {
        std::string result;
        std::string prefix;
        for (const auto& scope : state_.scopes) {
            if (!scope.is_class)
                continue;
            if (scope.name.empty())
                return {};
            prefix += std::string(scope.name) + "::";
            if (scope.types.contains(word))
                result = prefix;
        }
        return result;
    }

    // Whether a word of a declaration is where a type can stand: not behind `::` nor where a parameter has its name.
    static bool may_be_type(const std::vector<Token>& declaration, std::size_t index) {
        if (index == 0)
            return true;
        const auto& before = declaration[index - 1];
        return before.text == "(" || before.text == "," || before.text == "<" || before.text == ")" ||
               (before.identifier() && is_annotation(before.text)) ||
               (before.identifier() && index + 1 < declaration.size() &&
                (declaration[index + 1].text == "*" || declaration[index + 1].text == "&" ||
                 declaration[index + 1].identifier()));
    }

    std::string prototype_of(const std::vector<Token>& declaration, FriendFunction& function) const {
        std::string prototype;
        for (std::size_t index = 0; index < declaration.size(); ++index) {
            const auto& token = declaration[index];
            const auto class_name = token.identifier() && token.text != function.name && may_be_type(declaration, index)
                                        ? qualification(token.text)
                                        : std::string();
            function.names_nested_type = function.names_nested_type || !class_name.empty();
            prototype += (prototype.empty() ? "" : " ") + class_name + std::string(token.text);
        }
        // Two-character tokens come apart in the tokenizer.
        for (auto at = prototype.find(": :"); at != std::string::npos; at = prototype.find(": :"))
            prototype.replace(at, 3, "::");
        return prototype + ";";
    }

    void take_friend() {
        std::vector<Token> declaration;
        if (in_class())
            state_.scopes.back().words.clear();
        while (auto token = tokens_.next()) {
            if (token->directive()) {
                take_directive(*token);
                continue;
            }
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
        FriendFunction function;
        function.name = name;
        function.class_declaration = state_.class_declaration;
        function.prototype = prototype_of(declaration, function);
        found_.push_back(std::move(function));
    }

    void skip_body() {
        int depth = 1;
        while (depth > 0) {
            auto token = tokens_.next();
            if (!token)
                return;
            if (token->directive())
                take_directive(*token);
            depth += token->text == "{" ? 1 : token->text == "}" ? -1 : 0;
        }
    }

    // Where the declaration of the class starts; before the #if when a branch that has ended since holds its head.
    std::size_t start_of_class() const {
        const auto& then = state_.class_conditions;
        for (std::size_t index = 0; index < then.size(); ++index)
            if (index >= conditions_.size() || conditions_[index] != then[index])
                return then[index].offset;
        return state_.class_start;
    }

    void place_found(std::size_t offset) {
        for (auto& function : found_) {
            if (function.behind_class != 0)
                continue;
            function.behind_class = offset;
            function.before_class = start_of_class();
            if (function.names_nested_type)
                for (const auto& body : bodies_)
                    if (body.words.contains(function.name))
                        function.bodies.push_back(body.start);
        }
    }

    struct Branches {
        State before;
        State behind_first;
        bool first_ended = false;
    };

    Tokenizer tokens_;
    std::vector<FriendFunction> found_;
    std::vector<Body> bodies_; // of the members of the outermost class
    State state_;
    std::vector<Condition> conditions_; // that are open
    std::vector<Branches> branches_;    // of them
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
        for (const auto body : function.bodies)
            insertions[body] += " " + function.prototype;
        if (function.names_nested_type)
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
        if (text.substr(offset).starts_with('#')) { // needs a line of its own
            const auto end = text.begin() + static_cast<std::ptrdiff_t>(offset);
            result += "\n#line " + std::to_string(1 + std::count(text.begin(), end, '\n')) + "\n";
        }
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
