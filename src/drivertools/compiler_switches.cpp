#include "drivertools/compiler_switches.h"

#include "drivertools/windows_path.h"

#include <algorithm>
#include <optional>

namespace openportcls::drivertools {

namespace {

class WordSplitter {
public:
    explicit WordSplitter(std::string_view line) : line_(line) {}

    std::vector<std::string> run() {
        while (!line_.empty())
            take();
        finish();
        return std::move(words_);
    }

private:
    void take() {
        const auto backslashes = std::min(line_.find_first_not_of('\\'), line_.size());
        const bool before_quote = backslashes < line_.size() && line_[backslashes] == '"';
        if (backslashes != 0) {
            line_.remove_prefix(backslashes);
            // Only before a quote do two of them stand for one, and an odd one for the quote itself.
            append(std::string(before_quote ? backslashes / 2 : backslashes, '\\'));
            if (before_quote && backslashes % 2 == 1)
                append(take_character());
            return;
        }
        auto character = take_character();
        if (character == "\"") {
            quoted_ = !quoted_;
            append("");
        } else if (!quoted_ && character.find_first_of(" \t\r\n") == 0) {
            finish();
        } else {
            append(character);
        }
    }

    std::string take_character() {
        std::string character(line_.substr(0, 1));
        line_.remove_prefix(1);
        return character;
    }

    void append(std::string_view text) { word_ = word_.value_or("") + std::string(text); }

    void finish() {
        if (word_)
            words_.push_back(std::move(*word_));
        word_.reset();
    }

    std::string_view line_;
    std::vector<std::string> words_;
    std::optional<std::string> word_; // `""` is a word too
    bool quoted_ = false;
};

} // namespace

std::vector<std::string> command_line_words(std::string_view line) {
    return WordSplitter(line).run();
}

void take_compiler_switches(std::string_view line, const std::filesystem::path& folder, SourceUnit& unit) {
    auto words = command_line_words(line);
    for (std::size_t index = 0; index < words.size(); ++index) {
        const std::string word = words[index];
        if (!word.starts_with('/') && !word.starts_with('-'))
            continue;
        auto argument_of = [&](std::size_t length) {
            if (word.size() > length)
                return word.substr(length);
            return index + 1 < words.size() ? words[++index] : std::string();
        };
        const auto name = std::string_view(word).substr(1);
        if (name.starts_with("D")) {
            unit.defines.push_back(argument_of(2));
        } else if (name.starts_with("U")) {
            unit.undefines.push_back(argument_of(2));
        } else if (name.starts_with("FI")) {
            if (auto file = find_ignoring_case(folder, argument_of(3)))
                unit.forced_includes.push_back(*file);
        } else if (name.starts_with("I")) {
            if (auto include = find_ignoring_case(folder, argument_of(2)))
                unit.include_directories.push_back(*include);
        }
    }
}

} // namespace openportcls::drivertools
