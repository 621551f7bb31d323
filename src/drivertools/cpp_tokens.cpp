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
        if (rest.starts_with("//"))
            skip_to("\n", 0);
        else if (rest.starts_with("/*"))
            skip_to("*/", 2);
        else if (character == '#' && at_line_start())
            skip_directive();
        else if (std::isspace(static_cast<unsigned char>(character)))
            ++position_;
        else
            return token();
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
