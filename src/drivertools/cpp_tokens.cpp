#include "drivertools/cpp_tokens.h"

#include <algorithm>
#include <cctype>

namespace openportcls::drivertools {

bool Token::identifier() const {
    return std::isalpha(static_cast<unsigned char>(text.front())) || text.front() == '_';
}

std::optional<Token> Tokenizer::next() {
    while (position_ < text_.size()) {
        auto rest = text_.substr(position_);
        char character = rest.front();
        if (rest.starts_with("//")) {
            skip_to("\n", 0);
        } else if (rest.starts_with("/*")) {
            skip_to("*/", 2);
        } else if (character == '#' && at_line_start()) {
            if (auto reported = condition())
                return reported;
        } else if (std::isspace(static_cast<unsigned char>(character))) {
            ++position_;
        } else {
            return token();
        }
    }
    return std::nullopt;
}

void Tokenizer::skip_to(std::string_view end, std::size_t length) {
    auto found = text_.find(end, position_ + length);
    position_ = found == std::string_view::npos ? text_.size() : found + length;
}

bool Tokenizer::at_line_start() const {
    auto before = text_.substr(0, position_);
    auto last = before.find_last_not_of(" \t");
    return last == std::string_view::npos || before[last] == '\n';
}

void Tokenizer::skip_directive() {
    do {
        auto end = std::min(text_.find('\n', position_), text_.size());
        auto line = text_.substr(position_, end - position_);
        position_ = std::min(end + 1, text_.size());
        while (line.ends_with('\r'))
            line.remove_suffix(1);
        if (!line.ends_with('\\'))
            return;
    } while (position_ < text_.size());
}

// Passes over the directive at the position.
std::optional<Token> Tokenizer::condition() {
    const auto start = position_;
    skip_directive();
    if (conditions_ == Conditions::ignored)
        return std::nullopt;
    const auto line = text_.substr(start, position_ - start);
    const auto name_at = std::min(line.find_first_not_of(" \t", 1), line.size());
    const auto rest = line.substr(name_at);
    const auto name = rest.substr(0, std::min(rest.find_first_not_of("abcdefghijklmnopqrstuvwxyz"), rest.size()));
    if (name == "if" && rest.find_first_not_of(" \t", 2) != std::string_view::npos) {
        const auto expression = rest.substr(rest.find_first_not_of(" \t", 2));
        const bool never = expression.starts_with('0') && (expression.size() == 1 || expression[1] <= ' ');
        if (never)
            skip_dead_branch();
        return Token{"#if", start};
    }
    if (name == "if" || name == "ifdef" || name == "ifndef")
        return Token{"#if", start};
    if (name == "else" || name.starts_with("elif"))
        return Token{"#else", start};
    return name == "endif" ? std::optional(Token{"#endif", start}) : std::nullopt;
}

// Past the #else or #elif of the #if that has just been passed, or to its #endif.
void Tokenizer::skip_dead_branch() {
    for (int depth = 0; position_ < text_.size();) {
        const auto start = std::min(text_.find_first_not_of(" \t", position_), text_.size());
        if (start >= text_.size() || text_[start] != '#') {
            position_ = std::min(std::min(text_.find('\n', position_), text_.size()) + 1, text_.size());
            continue;
        }
        const auto name = text_.substr(std::min(text_.find_first_not_of(" \t", start + 1), text_.size()));
        const bool other_branch = name.starts_with("el");
        if (depth == 0 && (other_branch || name.starts_with("endif"))) {
            if (other_branch)
                skip_directive();
            return;
        }
        depth += name.starts_with("if") ? 1 : name.starts_with("endif") ? -1 : 0;
        skip_directive();
    }
}

Token Tokenizer::token() {
    auto start = position_;
    char first = text_[position_++];
    if (std::isalnum(static_cast<unsigned char>(first)) || first == '_') {
        while (position_ < text_.size() &&
               (std::isalnum(static_cast<unsigned char>(text_[position_])) || text_[position_] == '_'))
            ++position_;
    } else if (first == '"' || first == '\'') {
        while (position_ < text_.size() && text_[position_] != first && text_[position_] != '\n')
            position_ += text_[position_] == '\\' ? 2 : 1;
        position_ = std::min(position_ + 1, text_.size());
    }
    return {text_.substr(start, position_ - start), start};
}

} // namespace openportcls::drivertools
