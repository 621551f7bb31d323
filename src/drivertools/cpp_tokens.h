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
    bool directive() const { return text.starts_with('#') && text.size() > 1; }
};

enum class Conditions { ignored, reported };

class Tokenizer {
public:
    explicit Tokenizer(std::string_view text, Conditions conditions = Conditions::ignored)
        : text_(text), conditions_(conditions) {}

    // Comments and preprocessor lines are passed over; a literal is one token. Reported conditions come as "#if",
    // "#else" (likewise for #elif) and "#endif"; what an `#if 0` encloses does not come then, and
    // its other branch counts as the first.
    std::optional<Token> next();

private:
    void skip_to(std::string_view end, std::size_t length);
    bool at_line_start() const;
    void skip_directive();
    std::optional<Token> condition();
    void skip_dead_branch();
    Token token();

    std::string_view text_;
    Conditions conditions_;
    std::size_t position_ = 0;
};

} // namespace openportcls::drivertools
