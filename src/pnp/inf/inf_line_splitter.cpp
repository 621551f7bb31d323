#include "pnp/inf/inf_line_splitter.h"

#include <algorithm>

namespace openportcls::pnp {
namespace {

bool is_space(char character) {
    // 0x1A ends old MS-DOS text files.
    return character == ' ' || character == '\t' || character == '\r' || character == '\f' || character == '\v' ||
           character == '\0' || character == '\x1A';
}

// Collects one field: blanks around it do not count unless they were quoted.
class FieldBuilder {
public:
    void add(char character, bool quoted) {
        if (!quoted && is_space(character)) {
            if (!text_.empty() || kept_ > 0) {
                text_.push_back(character);
            }
            return;
        }
        text_.push_back(character);
        kept_ = text_.size();
    }
    void mark_quoted() { kept_ = std::max(kept_, text_.size()); }
    std::string take() {
        text_.resize(kept_);
        std::string result = std::move(text_);
        text_.clear();
        kept_ = 0;
        return result;
    }

private:
    std::string text_;
    std::size_t kept_ = 0; // length up to the last character that counts
};

// Length of the strkey that a line of [Strings] defines, if a semicolon is in it; else 0.
std::size_t length_of_key_with_semicolon(std::string_view line) {
    const std::string_view key = trim_inf_space(line.substr(0, line.find('=')));
    const bool is_key = line.find('=') != std::string_view::npos && !key.empty() && key.front() != ';' &&
                        key.find(';') != std::string_view::npos && std::ranges::none_of(key, is_space) &&
                        key.find('"') == std::string_view::npos;
    return is_key ? line.find('=') : 0;
}

// Where the comment begins, or the end.
std::size_t end_of_content(std::string_view line, std::size_t at, bool& quoted) {
    for (quoted = false; at < line.size(); ++at) {
        if (line[at] == '"') {
            quoted = !quoted;
        } else if (line[at] == '%' && !quoted) {
            const std::size_t token = inf_token_length(line.substr(at));
            at += token != 0 ? token - 1 : line.substr(at).starts_with("%%") ? 1 : 0;
        } else if (line[at] == ';' && !quoted) {
            return at;
        }
    }
    return at;
}

} // namespace

std::size_t inf_token_length(std::string_view text) {
    constexpr std::size_t longest_token = 4096; // no field is longer
    if (text.size() < 3 || text[0] != '%' || text[1] == '%') {
        return 0;
    }
    for (std::size_t end = 1; end < std::min(text.size(), longest_token) && !is_space(text[end]) && text[end] != '"';
         ++end) {
        if (text[end] != '%') {
            continue;
        }
        if (end + 1 == text.size() || text[end + 1] != '%') {
            return end + 1;
        }
        ++end;
    }
    return 0;
}

std::string_view trim_inf_space(std::string_view text) {
    while (!text.empty() && is_space(text.front())) {
        text.remove_prefix(1);
    }
    while (!text.empty() && is_space(text.back())) {
        text.remove_suffix(1);
    }
    return text;
}

InfPhysicalLine strip_inf_line(std::string_view line, bool of_strings) {
    InfPhysicalLine result;
    const std::size_t key = of_strings ? length_of_key_with_semicolon(line) : 0;
    const std::size_t end = end_of_content(line, key, result.quote_left_open);
    result.content = trim_inf_space(line.substr(0, end));
    // A backslash inside an unfinished quotation belongs to the text. Of several backslashes the last continues and
    // the others are dropped, as the general syntax rules say.
    if (!result.quote_left_open) {
        while (!result.content.empty() && result.content.back() == '\\') {
            result.content.remove_suffix(1);
            result.continues = true;
        }
    }
    return result;
}

InfSplitLine split_inf_line(std::string_view content) {
    InfSplitLine result;
    FieldBuilder field;
    bool quoted = false;
    for (std::size_t i = 0; i < content.size(); ++i) {
        const char character = content[i];
        if (character == '"') {
            const bool doubled = quoted && i + 1 < content.size() && content[i + 1] == '"';
            if (doubled) {
                field.add('"', true);
                ++i;
            } else {
                quoted = !quoted;
                field.mark_quoted();
            }
        } else if (character == ',' && !quoted) {
            result.fields.push_back(field.take());
        } else if (character == '=' && !quoted && !result.key && result.fields.empty()) {
            result.key = field.take();
        } else {
            field.add(character, quoted);
        }
    }
    result.fields.push_back(field.take());
    return result;
}

} // namespace openportcls::pnp
