// C and C++ source as tokens, without a preprocessor.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace openportcls::drivertools {

struct Token {
    std::string_view text;
    std::size_t offset;
    bool identifier() const;
};

class Tokenizer {
public:
    explicit Tokenizer(std::string_view text) : text_(text) {}

    // Comments and preprocessor lines are passed over; a literal is one token.
    std::optional<Token> next();

private:
    void skip_to(std::string_view end, std::size_t length);
    bool at_line_start() const;
    void skip_directive();
    Token token();

    std::string_view text_;
    std::size_t position_ = 0;
};

} // namespace openportcls::drivertools
