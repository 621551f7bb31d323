#include "drivertools/exception_blocks.h"

#include "drivertools/cpp_tokens.h"

#include <algorithm>
#include <cctype>
#include <fmt/format.h>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

namespace openportcls::drivertools {

namespace {

enum class Kind { plain, loop, choice, guarded, handler, last }; // the last three: __try, __except, __finally

bool is_exception_block(Kind kind) {
    return kind == Kind::guarded || kind == Kind::handler || kind == Kind::last;
}

struct Jump {
    std::size_t offset;
    std::string_view word;  // return, goto, break or continue
    std::string_view label; // of a goto
};

struct Block {
    Kind kind = Kind::plain;
    std::size_t offset = 0;
    std::vector<Jump> jumps;
    std::set<std::string_view> labels;     // a goto to one of these stays inside
    std::optional<std::size_t> inner_jump; // one that stays inside
    std::optional<std::size_t> inner_try;
    std::optional<std::size_t> asks_how_it_ended;
    bool in_statement_of_loop = false; // one without braces
    std::vector<Jump> ways_out_before; // of a __finally: those of its __try
    std::size_t try_offset = 0;        // of the word that the exception block begins with
};

// A __try with what belongs to it: from the word to just behind the last brace.
struct Extent {
    std::size_t start = 0;
    std::size_t end = 0;
};

class BlockReader {
public:
    BlockReader(std::string_view text, Language language)
        : text_(text), tokens_(text, Conditions::reported), language_(language) {}

    // The problems; afterwards the extents and whether a loop's jump stands directly in an exception block are known.
    std::vector<ExceptionBlockProblem> run() {
        while (auto token = tokens_.next()) {
            if (token->directive()) {
                take_directive(token->text);
                continue;
            }
            take(*token);
            before_last_ = std::exchange(last_, token->text);
            last_offset_ = token->offset;
        }
        if (language_ == Language::c)
            for (const auto& block : blocks_)
                report_unpaired(block);
        std::sort(problems_.begin(), problems_.end(), [](const auto& left, const auto& right) {
            return std::tie(left.line, left.text) < std::tie(right.line, right.text);
        });
        return std::move(problems_);
    }

    const std::vector<Extent>& extents() const { return extents_; }
    bool has_loop_jump() const { return has_loop_jump_; }

private:
    // Braces that only some of the branches of an #if open or close: what follows goes by the first branch.
    void take_directive(std::string_view directive) {
        if (directive.starts_with("#if")) {
            conditions_.push_back({blocks_, {}, false});
        } else if (!conditions_.empty()) {
            auto& condition = conditions_.back();
            if (!std::exchange(condition.first_ended, true))
                condition.behind_first = blocks_;
            if (blocks_.size() != condition.behind_first.size())
                blocks_ = condition.behind_first;
            if (directive.starts_with("#endif"))
                conditions_.pop_back();
            else if (blocks_.size() != condition.before.size())
                blocks_ = condition.before;
        }
    }

    void take(const Token& token) {
        const auto word = token.text;
        const auto closed = std::exchange(closed_parenthesis_, std::string_view());
        if (word == "{") {
            Block block;
            block.kind = kind_after(closed);
            block.offset = token.offset;
            block.try_offset = block.kind == Kind::guarded ? last_offset_ : ended_try_;
            if (block.kind == Kind::last)
                block.ways_out_before = std::exchange(ways_out_of_try_, {});
            blocks_.push_back(std::move(block));
            return;
        }
        if (word != "__finally" && word != "_finally")
            ways_out_of_try_.clear();
        if (word == "(")
            parentheses_.push_back(last_);
        else if (word == ")" && !parentheses_.empty()) {
            closed_parenthesis_ = parentheses_.back();
            parentheses_.pop_back();
        }
        if (blocks_.empty())
            return;
        auto& block = blocks_.back();
        if (kind_after(closed) != Kind::plain && !closed.empty() && word != ";")
            block.in_statement_of_loop = true;
        if (word == ";" && parentheses_.empty())
            block.in_statement_of_loop = false;
        if (word == "}")
            end_block(token.offset);
        else if (word == "return")
            block.jumps.push_back({token.offset, word, {}});
        else if (word == "break" || word == "continue")
            take_loop_jump(block, token);
        else if (last_ == "goto")
            block.jumps.push_back({token.offset, "goto", word});
        else if (word == ":" && (before_last_ == ";" || before_last_ == "{" || before_last_ == "}"))
            block.labels.insert(last_);
        else if (word == "AbnormalTermination" || word == "abnormal_termination" || word == "_abnormal_termination")
            block.asks_how_it_ended = token.offset;
    }

    static void take_loop_jump(Block& block, const Token& token) {
        if (block.in_statement_of_loop)
            block.inner_jump = token.offset;
        else
            block.jumps.push_back({token.offset, token.text, {}});
    }

    Kind kind_after(std::string_view closed) const {
        if (last_ == "__try" || last_ == "_try")
            return Kind::guarded;
        if (last_ == "__finally" || last_ == "_finally")
            return Kind::last;
        if (last_ == "do" || closed == "for" || closed == "while")
            return Kind::loop;
        if (closed == "switch")
            return Kind::choice;
        return closed == "__except" || closed == "_except" ? Kind::handler : Kind::plain;
    }

    static bool stays_inside(const Block& block, const Jump& jump) {
        const bool breaks = block.kind == Kind::loop || block.kind == Kind::choice;
        return (jump.word == "goto" && block.labels.contains(jump.label)) || (jump.word == "break" && breaks) ||
               (jump.word == "continue" && block.kind == Kind::loop);
    }

    void end_block(std::size_t offset) {
        Block block = std::move(blocks_.back());
        blocks_.pop_back();
        for (const auto& jump : block.jumps)
            if (stays_inside(block, jump))
                block.inner_jump = jump.offset;
        std::erase_if(block.jumps, [&](const Jump& jump) { return stays_inside(block, jump); });
        if (is_exception_block(block.kind)) {
            has_loop_jump_ = has_loop_jump_ || std::ranges::any_of(block.jumps, is_loop_jump);
            if (block.kind == Kind::guarded)
                ended_try_ = block.try_offset;
            else
                extents_.push_back({block.try_offset, offset + 1});
        }
        if (block.kind == Kind::last && !block.ways_out_before.empty())
            report_finally(block);
        if (!blocks_.empty())
            hand_over(block, blocks_.back());
        if (block.kind == Kind::guarded)
            ways_out_of_try_ = std::move(block.jumps);
    }

    static void hand_over(const Block& block, Block& parent) {
        for (const auto& jump : block.jumps) {
            if (parent.in_statement_of_loop && (jump.word == "break" || jump.word == "continue"))
                parent.inner_jump = jump.offset;
            else
                parent.jumps.push_back(jump);
        }
        if (block.inner_jump)
            parent.inner_jump = block.inner_jump;
        if (block.inner_try || is_exception_block(block.kind))
            parent.inner_try = block.inner_try ? block.inner_try : block.offset;
        if (block.asks_how_it_ended && block.kind != Kind::last)
            parent.asks_how_it_ended = block.asks_how_it_ended;
        parent.in_statement_of_loop = false;
    }

    static bool is_loop_jump(const Jump& jump) { return jump.word == "break" || jump.word == "continue"; }

    // The text does not say where this block ends, so it gets no braces of its own.
    void report_unpaired(const Block& block) {
        if (!is_exception_block(block.kind))
            return;
        for (const auto& jump : block.jumps)
            if (is_loop_jump(jump))
                report(jump.offset, true,
                       fmt::format("in C, '{}' would leave only the exception block around it, whose braces do not "
                                   "pair in this text, not the loop or switch",
                                   jump.word));
    }

    void report_finally(const Block& finally) {
        const auto left_at = line_of(finally.ways_out_before.front().offset);
        auto refuse = [&](std::size_t offset) {
            report(offset, true,
                   fmt::format("a __finally that jumps itself, behind a __try that line {} leaves, cannot be built",
                               left_at));
        };
        if (!finally.jumps.empty())
            refuse(finally.jumps.front().offset);
        else if (finally.inner_try)
            refuse(*finally.inner_try);
        else if (finally.inner_jump && language_ == Language::cpp)
            report(*finally.inner_jump, false,
                   fmt::format("past an object with a destructor this jump would go astray when line {} has left the "
                               "__try",
                               left_at));
        if (finally.asks_how_it_ended && language_ == Language::cpp)
            report(*finally.asks_how_it_ended, false,
                   fmt::format("AbnormalTermination() is FALSE here when line {} has left the __try", left_at));
    }

    void report(std::size_t offset, bool refused, std::string text) {
        problems_.push_back({line_of(offset), refused, std::move(text)});
    }

    std::size_t line_of(std::size_t offset) const {
        return 1 + static_cast<std::size_t>(
                       std::count(text_.begin(), text_.begin() + static_cast<std::ptrdiff_t>(offset), '\n'));
    }

    std::string_view text_;
    Tokenizer tokens_;
    Language language_;
    std::string_view last_;
    std::string_view before_last_;
    std::vector<std::string_view> parentheses_; // the words before those that are open
    std::string_view closed_parenthesis_;       // likewise of the one that the last token closed
    std::vector<Block> blocks_;
    std::vector<Jump> ways_out_of_try_; // of the one that just ended
    std::vector<ExceptionBlockProblem> problems_;
    std::size_t last_offset_ = 0;
    std::size_t ended_try_ = 0; // where the one that ended last began
    std::vector<Extent> extents_;
    bool has_loop_jump_ = false;

    struct Condition {
        std::vector<Block> before;
        std::vector<Block> behind_first; // branch
        bool first_ended = false;
    };
    std::vector<Condition> conditions_;
};

} // namespace

bool names_exception_blocks(std::string_view source) {
    const auto is_part_of_word = [&](std::size_t at) {
        return at < source.size() && (std::isalnum(static_cast<unsigned char>(source[at])) || source[at] == '_');
    };
    constexpr std::string_view word = "_try";
    for (auto at = source.find(word); at != std::string_view::npos; at = source.find(word, at + 1)) {
        const auto start = at > 0 && source[at - 1] == '_' ? at - 1 : at;
        if (!is_part_of_word(at + word.size()) && (start == 0 || !is_part_of_word(start - 1)))
            return true;
    }
    return false;
}

std::vector<ExceptionBlockProblem> exception_block_problems(std::string_view source, Language language) {
    if (!names_exception_blocks(source))
        return {};
    return BlockReader(source, language).run();
}

std::string with_braced_exception_blocks(std::string_view source) {
    if (!names_exception_blocks(source))
        return std::string(source);
    BlockReader reader(source, Language::c);
    reader.run();
    if (!reader.has_loop_jump())
        return std::string(source);
    std::multimap<std::size_t, std::string_view> insertions;
    for (const auto& extent : reader.extents()) {
        insertions.emplace(extent.start, "{ opc_seh_braced_");
        insertions.emplace(extent.end, " opc_seh_braced_end }");
    }
    std::string result;
    std::size_t copied = 0;
    for (const auto& [offset, inserted] : insertions) {
        result += source.substr(copied, offset - copied);
        result += inserted;
        copied = offset;
    }
    return result + std::string(source.substr(copied));
}

} // namespace openportcls::drivertools
