#include "drivertools/source_text.h"

#include <cstddef>

#include <fmt/format.h>

#include "base/code_page.h"
#include "drivertools/text.h"

namespace openportcls::drivertools {

namespace {

bool is_utf8(std::string_view bytes) {
    for (std::size_t at = 0; at < bytes.size();) {
        const auto lead = static_cast<unsigned char>(bytes[at++]);
        const int following = lead < 0x80           ? 0
                              : (lead >> 5) == 0x6  ? 1
                              : (lead >> 4) == 0xE  ? 2
                              : (lead >> 3) == 0x1E ? 3
                                                    : -1;
        if (following < 0)
            return false;
        for (int i = 0; i < following; ++i)
            if (at >= bytes.size() || (static_cast<unsigned char>(bytes[at++]) & 0xC0) != 0x80)
                return false;
    }
    return true;
}

bool is_identifier_character(char character) {
    const auto byte = static_cast<unsigned char>(character);
    return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           byte == '_' || byte >= 0x80;
}

class CodePageReader {
public:
    explicit CodePageReader(std::string_view text) : text_(text) {}

    std::string run() {
        while (at_ < text_.size()) {
            if (starts("//"))
                copy_until("\n");
            else if (starts("/*"))
                copy_until("*/");
            else if (text_[at_] == '"' || text_[at_] == '\'')
                copy_literal(is_wide());
            else
                result_ += text_[at_++];
        }
        return std::move(result_);
    }

private:
    bool starts(std::string_view word) const { return text_.substr(at_).starts_with(word); }

    bool is_wide() const {
        return at_ > 0 && text_[at_ - 1] == 'L' && (at_ == 1 || !is_identifier_character(text_[at_ - 2]));
    }

    void copy_until(std::string_view end) {
        const auto found = text_.find(end, at_ + 2);
        const auto stop = found == std::string_view::npos ? text_.size() : found + end.size();
        result_ += text_.substr(at_, stop - at_);
        at_ = stop;
    }

    void copy_literal(bool wide) {
        const char quote = text_[at_];
        result_ += text_[at_++];
        while (at_ < text_.size() && text_[at_] != '\n') {
            const char character = text_[at_++];
            const auto byte = static_cast<unsigned char>(character);
            if (wide && byte >= 0x80) {
                result_ += fmt::format("\\u{:04x}", unsigned{from_windows_1252(byte)});
                continue;
            }
            result_ += character;
            if (character == '\\' && at_ < text_.size())
                result_ += text_[at_++];
            else if (character == quote)
                return;
        }
    }

    std::string_view text_;
    std::size_t at_ = 0;
    std::string result_;
};

} // namespace

std::string readable_source(std::string_view bytes) {
    using namespace std::string_view_literals;
    if (bytes.starts_with("\xFF\xFE"sv) || bytes.starts_with("\xFE\xFF"sv))
        return to_utf8(bytes);
    return is_utf8(bytes) ? std::string(bytes) : CodePageReader(bytes).run();
}

} // namespace openportcls::drivertools
