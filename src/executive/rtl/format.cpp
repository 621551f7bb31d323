#include "executive/rtl/format.h"

#include "base/unicode.h"
#include "executive/rtl/counted_text.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <string_view>
#include <type_traits>

namespace openportcls::executive {
namespace {

enum class ArgumentSize : std::uint8_t { plain, h, l, wide, bits64 };

struct Directive {
    bool left = false;
    bool plus = false;
    bool space = false;
    bool zero = false;
    bool alternate = false;
    int width = 0;
    int precision = -1; // not given
    ArgumentSize size = ArgumentSize::plain;
    char type = 0;
};

// Writes one format string's text to `Output`, which has put(character) for its own character type.
template<class Character, class Output>
class Formatter {
public:
    Formatter(Output& output, const Character* format, OPC_VA_LIST arguments) : output_(output), format_(format) {
        __builtin_ms_va_copy(arguments_, arguments);
    }
    ~Formatter() { __builtin_ms_va_end(arguments_); }
    Formatter(const Formatter&) = delete;
    Formatter& operator=(const Formatter&) = delete;

    void run() {
        while (*format_ != 0) {
            if (*format_ != '%') {
                output_.put(*format_++);
                continue;
            }
            ++format_;
            const Directive directive = read_directive();
            if (directive.type == 0) {
                break; // the format ends inside a directive
            }
            write(directive);
        }
    }

private:
    static constexpr bool is_wide = sizeof(Character) == sizeof(WCHAR);

    Directive read_directive() {
        Directive directive;
        for (bool more = true; more;) {
            switch (*format_) {
            case '-':
                directive.left = true;
                break;
            case '+':
                directive.plus = true;
                break;
            case ' ':
                directive.space = true;
                break;
            case '0':
                directive.zero = true;
                break;
            case '#':
                directive.alternate = true;
                break;
            default:
                more = false;
                continue;
            }
            ++format_;
        }
        directive.width = read_number();
        if (directive.width < 0) {
            directive.left = true;
            directive.width = -directive.width;
        }
        if (*format_ == '.') {
            ++format_;
            directive.precision = read_number();
            if (directive.precision < 0) {
                directive.precision = -1;
            }
        }
        read_size(directive);
        if (*format_ != 0) {
            directive.type = *format_ < 0x80 && *format_ > 0 ? static_cast<char>(*format_) : '?';
            last_ = *format_++;
        }
        return directive;
    }

    int read_number() {
        constexpr int largest = 1 << 20;
        if (*format_ == '*') {
            ++format_;
            return std::clamp(__builtin_va_arg(arguments_, int), -largest, largest);
        }
        int number = 0;
        for (; *format_ >= '0' && *format_ <= '9'; ++format_) {
            number = std::min(number * 10 + static_cast<int>(*format_ - '0'), largest);
        }
        return number;
    }

    void read_size(Directive& directive) {
        for (;;) {
            switch (*format_) {
            case 'h':
                directive.size = ArgumentSize::h;
                break;
            case 'l':
                directive.size = directive.size == ArgumentSize::l ? ArgumentSize::bits64 : ArgumentSize::l;
                break;
            case 'w':
                directive.size = ArgumentSize::wide;
                break;
            case 'L':
                break; // long double is double
            case 'j':
            case 'z':
            case 't':
                directive.size = ArgumentSize::bits64;
                break;
            case 'I':
                if (format_[1] == '6' && format_[2] == '4') {
                    directive.size = ArgumentSize::bits64;
                    format_ += 2;
                } else if (format_[1] == '3' && format_[2] == '2') {
                    directive.size = ArgumentSize::plain;
                    format_ += 2;
                } else {
                    directive.size = ArgumentSize::bits64; // pointer sized
                }
                break;
            default:
                return;
            }
            ++format_;
        }
    }

    void write(const Directive& directive) {
        switch (directive.type) {
        case 'd':
        case 'i':
            write_signed(directive);
            break;
        case 'u':
            write_integer(directive, unsigned_argument(directive), 10, false);
            break;
        case 'o':
            write_integer(directive, unsigned_argument(directive), 8, false);
            break;
        case 'x':
            write_integer(directive, unsigned_argument(directive), 16, false);
            break;
        case 'X':
            write_integer(directive, unsigned_argument(directive), 16, true);
            break;
        case 'p':
            write_pointer(directive);
            break;
        case 'c':
        case 'C':
            write_character(directive);
            break;
        case 's':
        case 'S':
            write_string(directive);
            break;
        case 'Z':
            write_counted_string(directive);
            break;
        case 'a':
        case 'A':
        case 'e':
        case 'E':
        case 'f':
        case 'F':
        case 'g':
        case 'G':
            write_floating(directive);
            break;
        case 'n':
            // The kernel never writes through %n; the argument is consumed.
            (void)__builtin_va_arg(arguments_, void*);
            break;
        default:
            // %% and whatever is no directive stand for themselves.
            output_.put(last_);
            break;
        }
    }

    void pad(int count, char character) {
        for (; count > 0; --count) {
            output_.put(static_cast<Character>(character));
        }
    }

    std::uint64_t unsigned_argument(const Directive& directive) {
        if (directive.size == ArgumentSize::bits64) {
            return __builtin_va_arg(arguments_, unsigned long long);
        }
        const unsigned value = __builtin_va_arg(arguments_, unsigned);
        return directive.size == ArgumentSize::h ? static_cast<std::uint16_t>(value) : value;
    }

    void write_signed(const Directive& directive) {
        const std::uint64_t raw = unsigned_argument(directive);
        const std::int64_t value = directive.size == ArgumentSize::bits64 ? static_cast<std::int64_t>(raw)
                                   : directive.size == ArgumentSize::h    ? static_cast<std::int16_t>(raw)
                                                                          : static_cast<std::int32_t>(raw);
        const char* sign = value < 0 ? "-" : directive.plus ? "+" : directive.space ? " " : "";
        write_digits(directive, value < 0 ? ~static_cast<std::uint64_t>(value) + 1 : static_cast<std::uint64_t>(value),
                     10, false, sign);
    }

    void write_integer(const Directive& directive, std::uint64_t value, unsigned base, bool upper) {
        const char* prefix = "";
        if (directive.alternate && value != 0 && base != 10) {
            prefix = base == 8 ? "0" : upper ? "0X" : "0x";
        }
        write_digits(directive, value, base, upper, prefix);
    }

    void write_digits(const Directive& directive, std::uint64_t value, unsigned base, bool upper,
                      std::string_view prefix) {
        char digits[24];
        int length = 0;
        for (; value != 0; value /= base) {
            digits[length++] = (upper ? "0123456789ABCDEF" : "0123456789abcdef")[value % base];
        }
        const int least = directive.precision < 0 ? 1 : directive.precision;
        int zeros = std::max(least - length, 0);
        const int used = length + zeros + static_cast<int>(prefix.size());
        int blanks = std::max(directive.width - used, 0);
        if (directive.zero && !directive.left && directive.precision < 0) {
            zeros += blanks;
            blanks = 0;
        }
        pad(directive.left ? 0 : blanks, ' ');
        for (const char character : prefix) {
            output_.put(static_cast<Character>(character));
        }
        pad(zeros, '0');
        while (length > 0) {
            output_.put(static_cast<Character>(digits[--length]));
        }
        pad(directive.left ? blanks : 0, ' ');
    }

    void write_pointer(const Directive& directive) {
        Directive whole = directive;
        whole.precision = 16;
        write_digits(whole, reinterpret_cast<std::uint64_t>(__builtin_va_arg(arguments_, void*)), 16, true, "");
    }

    // %c and %s have the format's own width, %C and %S the other; h, l and w decide for themselves.
    bool argument_is_wide(const Directive& directive) const {
        switch (directive.size) {
        case ArgumentSize::h:
            return false;
        case ArgumentSize::l:
        case ArgumentSize::wide:
            return true;
        default:
            return (directive.type == 'c' || directive.type == 's') == is_wide;
        }
    }

    void write_character(const Directive& directive) {
        const auto value = static_cast<WCHAR>(__builtin_va_arg(arguments_, int));
        if (argument_is_wide(directive)) {
            write_text(directive, std::u16string_view(&value, 1));
        } else {
            const char narrow = static_cast<char>(value);
            write_text(directive, std::string_view(&narrow, 1));
        }
    }

    // Reads no further than the precision allows, because such text may have no terminating zero.
    template<class Argument>
    static std::basic_string_view<Argument> bounded(const Argument* text, int precision) {
        std::size_t length = 0;
        while ((precision < 0 || length < static_cast<std::size_t>(precision)) && text[length] != 0) {
            ++length;
        }
        return {text, length};
    }

    void write_string(const Directive& directive) {
        const void* pointer = __builtin_va_arg(arguments_, void*);
        if (pointer == nullptr) {
            write_text(directive, std::string_view("(null)").substr(0, precision_or(directive, 6)));
        } else if (argument_is_wide(directive)) {
            write_text(directive, bounded(static_cast<const WCHAR*>(pointer), directive.precision));
        } else {
            write_text(directive, bounded(static_cast<const char*>(pointer), directive.precision));
        }
    }

    static std::size_t precision_or(const Directive& directive, std::size_t otherwise) {
        return directive.precision < 0 ? otherwise : static_cast<std::size_t>(directive.precision);
    }

    // %Z is a counted ANSI_STRING, %wZ (or %lZ) a UNICODE_STRING.
    void write_counted_string(const Directive& directive) {
        const auto* pointer = static_cast<const STRING*>(__builtin_va_arg(arguments_, void*));
        if (pointer == nullptr || pointer->Buffer == nullptr) {
            write_text(directive, std::string_view("(null)").substr(0, precision_or(directive, 6)));
        } else if (directive.size == ArgumentSize::wide || directive.size == ArgumentSize::l) {
            const auto* wide = reinterpret_cast<const UNICODE_STRING*>(pointer);
            const std::u16string_view text(wide->Buffer, wide->Length / sizeof(WCHAR));
            write_text(directive, text.substr(0, precision_or(directive, text.size())));
        } else {
            const std::string_view text(pointer->Buffer, pointer->Length);
            write_text(directive, text.substr(0, precision_or(directive, text.size())));
        }
    }

    template<class Argument>
    void write_text(const Directive& directive, std::basic_string_view<Argument> text) {
        const int blanks = std::max(directive.width - static_cast<int>(text.size()), 0);
        pad(directive.left ? 0 : blanks, directive.zero ? '0' : ' ');
        if constexpr (sizeof(Argument) == sizeof(Character)) {
            for (const Argument character : text) {
                output_.put(static_cast<Character>(character));
            }
        } else if constexpr (is_wide) {
            for (const char character : text) {
                output_.put(ansi_to_unicode(character));
            }
        } else {
            output_.put_wide(text);
        }
        pad(directive.left ? blanks : 0, ' ');
    }

    void write_floating(const Directive& directive) {
        char specification[16];
        char* end = specification;
        *end++ = '%';
        for (const auto& [set, character] : {std::pair{directive.left, '-'},
                                             {directive.plus, '+'},
                                             {directive.space, ' '},
                                             {directive.zero, '0'},
                                             {directive.alternate, '#'}}) {
            if (set) {
                *end++ = character;
            }
        }
        for (const char character : {'*', '.', '*', directive.type, '\0'}) {
            *end++ = character;
        }
        char text[512];
        const double value = __builtin_va_arg(arguments_, double);
        const int precision = directive.precision < 0 ? (directive.type == 'a' || directive.type == 'A' ? 13 : 6)
                                                      : std::min(directive.precision, 64);
        const int length =
            std::snprintf(text, sizeof text, specification, std::min(directive.width, 128), precision, value);
        for (int i = 0; i < std::min<int>(length, sizeof text - 1); ++i) {
            output_.put(static_cast<Character>(text[i]));
        }
    }

    Output& output_;
    const Character* format_;
    Character last_ = 0;
    OPC_VA_LIST arguments_;
};

// Fills a caller's buffer and counts what would have been written.
template<class Character>
struct BoundedOutput {
    Character* buffer;
    SIZE_T capacity;
    SIZE_T length = 0;

    void put(Character character) {
        if (length < capacity) {
            buffer[length] = character;
        }
        ++length;
    }
    void put_wide(std::u16string_view text) {
        // Characters that the code page lacks become question marks, one for one.
        for (const char16_t character : text) {
            put(static_cast<Character>(character < 0x100 ? character : u'?'));
        }
    }
};

struct StringOutput {
    std::string text;
    void put(char character) { text.push_back(character); }
    void put_wide(std::u16string_view wide) { text += utf16_to_utf8(wide); }
};

template<class Character>
int format_bounded(Character* buffer, SIZE_T count, const Character* format, OPC_VA_LIST arguments) {
    if (format == nullptr || (buffer == nullptr && count != 0)) {
        return -1;
    }
    BoundedOutput<Character> output{buffer, count};
    Formatter<Character, BoundedOutput<Character>>(output, format, arguments).run();
    if (output.length < count) {
        buffer[output.length] = 0;
    }
    return output.length > count && buffer != nullptr ? -1 : static_cast<int>(output.length);
}

} // namespace

std::string format_message(const char* format, OPC_VA_LIST arguments) {
    StringOutput output;
    if (format != nullptr) {
        Formatter<char, StringOutput>(output, format, arguments).run();
    }
    return std::move(output.text);
}

} // namespace openportcls::executive

int NTAPI opc_vsnprintf(char* buffer, SIZE_T count, const char* format, OPC_VA_LIST arguments) {
    return openportcls::executive::format_bounded(buffer, count, format, arguments);
}

int NTAPI opc_vsnwprintf(WCHAR* buffer, SIZE_T count, const WCHAR* format, OPC_VA_LIST arguments) {
    return openportcls::executive::format_bounded(buffer, count, format, arguments);
}
