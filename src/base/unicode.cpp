#include "base/unicode.h"

#include <algorithm>
#include <cstdint>
#include <iterator>

namespace openportcls {
namespace {

#include "base/unicode_case_ranges.inc"

constexpr char32_t replacement_character = 0xFFFD;

template<std::size_t count>
char16_t map_case(const CaseRange (&ranges)[count], char16_t character) {
    const auto* range = std::upper_bound(std::begin(ranges), std::end(ranges), character,
                                         [](char16_t value, const CaseRange& entry) { return value < entry.first; });
    // Ranges of stride 2 may interleave, so the one that holds the character can be a few entries earlier.
    for (int step = 0; step < 3 && range != std::begin(ranges); ++step) {
        --range;
        if (character <= range->last && (character - range->first) % range->stride == 0) {
            return static_cast<char16_t>(character + range->delta);
        }
    }
    return character;
}

// Decodes one code point starting at text[position] and moves position behind it.
char32_t next_code_point(std::string_view text, std::size_t& position) {
    const auto lead = static_cast<unsigned char>(text[position++]);
    if (lead < 0x80) {
        return lead;
    }
    int continuation_bytes = 0;
    char32_t value = 0;
    char32_t smallest = 0;
    if ((lead & 0xE0) == 0xC0) {
        continuation_bytes = 1, value = lead & 0x1F, smallest = 0x80;
    } else if ((lead & 0xF0) == 0xE0) {
        continuation_bytes = 2, value = lead & 0x0F, smallest = 0x800;
    } else if ((lead & 0xF8) == 0xF0) {
        continuation_bytes = 3, value = lead & 0x07, smallest = 0x10000;
    } else {
        return replacement_character;
    }
    for (; continuation_bytes > 0; --continuation_bytes) {
        if (position >= text.size() || (static_cast<unsigned char>(text[position]) & 0xC0) != 0x80) {
            return replacement_character;
        }
        value = (value << 6) | (static_cast<unsigned char>(text[position++]) & 0x3F);
    }
    const bool surrogate = value >= 0xD800 && value < 0xE000;
    return value < smallest || value > 0x10FFFF || surrogate ? replacement_character : value;
}

void append_utf8(std::string& out, char32_t value) {
    const auto put = [&out](char32_t byte) { out.push_back(static_cast<char>(byte)); };
    if (value < 0x80) {
        put(value);
    } else if (value < 0x800) {
        put(0xC0 | (value >> 6));
        put(0x80 | (value & 0x3F));
    } else if (value < 0x10000) {
        put(0xE0 | (value >> 12));
        put(0x80 | ((value >> 6) & 0x3F));
        put(0x80 | (value & 0x3F));
    } else {
        put(0xF0 | (value >> 18));
        put(0x80 | ((value >> 12) & 0x3F));
        put(0x80 | ((value >> 6) & 0x3F));
        put(0x80 | (value & 0x3F));
    }
}

char ascii_downcase(char character) {
    return character >= 'A' && character <= 'Z' ? static_cast<char>(character - 'A' + 'a') : character;
}

} // namespace

std::u16string utf8_to_utf16(std::string_view text) {
    std::u16string out;
    out.reserve(text.size());
    for (std::size_t position = 0; position < text.size();) {
        const char32_t value = next_code_point(text, position);
        if (value < 0x10000) {
            out.push_back(static_cast<char16_t>(value));
        } else {
            out.push_back(static_cast<char16_t>(0xD800 + ((value - 0x10000) >> 10)));
            out.push_back(static_cast<char16_t>(0xDC00 + ((value - 0x10000) & 0x3FF)));
        }
    }
    return out;
}

std::string utf16_to_utf8(std::u16string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        char32_t value = text[i];
        const bool high = value >= 0xD800 && value < 0xDC00;
        const bool low = value >= 0xDC00 && value < 0xE000;
        if (high && i + 1 < text.size() && text[i + 1] >= 0xDC00 && text[i + 1] < 0xE000) {
            value = 0x10000 + ((value - 0xD800) << 10) + (text[++i] - 0xDC00u);
        } else if (high || low) {
            value = replacement_character;
        }
        append_utf8(out, value);
    }
    return out;
}

char16_t upcase(char16_t character) {
    if (character < 0x80) {
        return character >= u'a' && character <= u'z' ? static_cast<char16_t>(character - 0x20) : character;
    }
    return map_case(upcase_ranges, character);
}

char16_t downcase(char16_t character) {
    if (character < 0x80) {
        return character >= u'A' && character <= u'Z' ? static_cast<char16_t>(character + 0x20) : character;
    }
    return map_case(downcase_ranges, character);
}

std::u16string upcase(std::u16string_view text) {
    std::u16string out(text);
    std::transform(out.begin(), out.end(), out.begin(), [](char16_t character) { return upcase(character); });
    return out;
}

int compare_ignoring_case(std::u16string_view left, std::u16string_view right) {
    const std::size_t shared = std::min(left.size(), right.size());
    for (std::size_t i = 0; i < shared; ++i) {
        const int difference = upcase(left[i]) - upcase(right[i]);
        if (difference != 0) {
            return difference;
        }
    }
    return left.size() == right.size() ? 0 : left.size() < right.size() ? -1 : 1;
}

bool equal_ignoring_case(std::u16string_view left, std::u16string_view right) {
    return left.size() == right.size() && compare_ignoring_case(left, right) == 0;
}

bool equal_ignoring_ascii_case(std::string_view left, std::string_view right) {
    return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                      [](char a, char b) { return ascii_downcase(a) == ascii_downcase(b); });
}

std::string ascii_lower(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), ascii_downcase);
    return out;
}

bool CaseInsensitiveAsciiLess::operator()(std::string_view left, std::string_view right) const {
    return std::lexicographical_compare(left.begin(), left.end(), right.begin(), right.end(), [](char a, char b) {
        return static_cast<unsigned char>(ascii_downcase(a)) < static_cast<unsigned char>(ascii_downcase(b));
    });
}

} // namespace openportcls
