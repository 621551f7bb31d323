#include "drivertools/finally_escapes.h"

#include "drivertools/cpp_tokens.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <utility>

namespace openportcls::drivertools {

namespace {

struct Jump {
    std::size_t offset;
    std::string_view label; // of a goto
};

struct Block {
    bool is_try = false;
    std::vector<Jump> jumps;
    std::set<std::string_view> labels; // a goto to one of these stays inside
};

class EscapeFinder {
public:
    explicit EscapeFinder(std::string_view text) : text_(text), tokens_(text) {}

    std::vector<std::size_t> run() {
        while (auto token = tokens_.next()) {
            take(*token);
            before_last_ = std::exchange(last_, token->text);
        }
        std::vector<std::size_t> lines;
        for (auto offset : found_)
            lines.push_back(1 + static_cast<std::size_t>(std::count(text_.begin(), text_.begin() + offset, '\n')));
        lines.erase(std::unique(lines.begin(), lines.end()), lines.end());
        return lines;
    }

private:
    void take(const Token& token) {
        if (ended_try_ && (token.text == "__finally" || token.text == "_finally"))
            for (const auto& jump : ended_try_->jumps)
                found_.insert(static_cast<std::ptrdiff_t>(jump.offset));
        ended_try_.reset();
        if (token.text == "{")
            blocks_.push_back({last_ == "__try" || last_ == "_try", {}, {}});
        else if (blocks_.empty())
            return;
        else if (token.text == "}")
            end_block();
        else if (token.text == "return")
            blocks_.back().jumps.push_back({token.offset, {}});
        else if (last_ == "goto")
            blocks_.back().jumps.push_back({token.offset, token.text});
        else if (token.text == ":" && (before_last_ == ";" || before_last_ == "{" || before_last_ == "}"))
            blocks_.back().labels.insert(last_);
    }

    void end_block() {
        Block block = std::move(blocks_.back());
        blocks_.pop_back();
        std::erase_if(block.jumps, [&](const Jump& jump) { return block.labels.contains(jump.label); });
        if (!blocks_.empty())
            blocks_.back().jumps.insert(blocks_.back().jumps.end(), block.jumps.begin(), block.jumps.end());
        if (block.is_try)
            ended_try_ = std::move(block);
    }

    std::string_view text_;
    Tokenizer tokens_;
    std::string_view last_;
    std::string_view before_last_;
    std::vector<Block> blocks_;
    std::optional<Block> ended_try_;
    std::set<std::ptrdiff_t> found_;
};

} // namespace

std::vector<std::size_t> lines_that_skip_finally(std::string_view text) {
    if (text.find("_finally") == std::string_view::npos)
        return {};
    return EscapeFinder(text).run();
}

} // namespace openportcls::drivertools
