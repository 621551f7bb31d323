#include "runtime.h"

static int digit_of(unsigned character)
{
    if (character - '0' < 10)
        return (int)(character - '0');
    character |= 0x20;
    return character - 'a' < 26 ? (int)(character - 'a' + 10) : 36;
}

// strto... of any width: `wide` says what `text` points at; the result saturates at the two limits.
static unsigned long long parse(const void* text, int wide, size_t* end, int base, unsigned long long negative_limit,
                                unsigned long long positive_limit)
{
#define AT(index) (wide ? ((const wchar_t*)text)[index] : ((const unsigned char*)text)[index])
    size_t index = 0;
    *end = 0;
    while (isspace(AT(index)))
        ++index;
    int negative = AT(index) == '-';
    if (negative || AT(index) == '+')
        ++index;
    if ((base == 0 || base == 16) && AT(index) == '0' && (AT(index + 1) | 0x20) == 'x' && digit_of(AT(index + 2)) < 16) {
        index += 2;
        base = 16;
    } else if (base == 0) {
        base = AT(index) == '0' ? 8 : 10;
    }
    unsigned long long limit = negative ? negative_limit : positive_limit;
    unsigned long long value = 0;
    int overflow = 0;
    for (int digit; (digit = digit_of(AT(index))) < base; ++index) {
        overflow |= __builtin_mul_overflow(value, (unsigned long long)base, &value) ||
                    __builtin_add_overflow(value, (unsigned long long)digit, &value) || value > limit;
        *end = index + 1;
    }
    if (overflow)
        value = limit;
    return negative && !(overflow && negative_limit == positive_limit) ? 0 - value : value;
#undef AT
}

#define PARSER(name, type, character, is_wide, negative_limit, positive_limit)                                         \
    WEAK type name(const character* text, character** end, int base)                                                   \
    {                                                                                                                  \
        size_t length;                                                                                                 \
        type value = (type)parse(text, is_wide, &length, base, negative_limit, positive_limit);                        \
        if (end != NULL)                                                                                               \
            *end = (character*)text + length;                                                                          \
        return value;                                                                                                  \
    }

#define SIGNED_32 0x80000000ull, 0x7fffffffull
#define SIGNED_64 0x8000000000000000ull, 0x7fffffffffffffffull
#define UNSIGNED_32 0xffffffffull, 0xffffffffull
#define UNSIGNED_64 ~0ull, ~0ull
#define PARSER_OF(...) PARSER(__VA_ARGS__)

PARSER_OF(strtol, long, char, 0, SIGNED_32)
PARSER_OF(strtoul, unsigned long, char, 0, UNSIGNED_32)
PARSER_OF(strtoll, long long, char, 0, SIGNED_64)
PARSER_OF(strtoull, unsigned long long, char, 0, UNSIGNED_64)
PARSER_OF(_strtoi64, long long, char, 0, SIGNED_64)
PARSER_OF(_strtoui64, unsigned long long, char, 0, UNSIGNED_64)
PARSER_OF(wcstol, long, wchar_t, 1, SIGNED_32)
PARSER_OF(wcstoul, unsigned long, wchar_t, 1, UNSIGNED_32)
PARSER_OF(_wcstoi64, long long, wchar_t, 1, SIGNED_64)
PARSER_OF(_wcstoui64, unsigned long long, wchar_t, 1, UNSIGNED_64)

WEAK int atoi(const char* text) { return (int)strtol(text, NULL, 10); }
WEAK long atol(const char* text) { return strtol(text, NULL, 10); }
WEAK long long _atoi64(const char* text) { return strtoll(text, NULL, 10); }
WEAK int _wtoi(const wchar_t* text) { return (int)wcstol(text, NULL, 10); }
WEAK long _wtol(const wchar_t* text) { return wcstol(text, NULL, 10); }

// Digits of `value`, with a minus sign if asked for; 33 characters hold the longest text.
static size_t digits_of(unsigned long value, int negative, int radix, char* text)
{
    size_t length = 0;
    do {
        unsigned digit = (unsigned)(value % (unsigned)radix);
        text[length++] = (char)(digit < 10 ? '0' + digit : 'a' + digit - 10);
        value /= (unsigned)radix;
    } while (value != 0);
    if (negative)
        text[length++] = '-';
    text[length] = 0;
    _strrev(text);
    return length;
}

WEAK char* _ultoa(unsigned long value, char* text, int radix)
{
    digits_of(value, 0, radix, text);
    return text;
}

WEAK char* _ltoa(long value, char* text, int radix)
{
    int negative = radix == 10 && value < 0;
    digits_of(negative ? 0 - (unsigned long)value : (unsigned long)value, negative, radix, text);
    return text;
}

WEAK char* _itoa(int value, char* text, int radix)
{
    return _ltoa(value, text, radix);
}

static wchar_t* widened(const char* narrow, wchar_t* text)
{
    size_t index = 0;
    do
        text[index] = (unsigned char)narrow[index];
    while (narrow[index++] != 0);
    return text;
}

WEAK wchar_t* _ultow(unsigned long value, wchar_t* text, int radix)
{
    char narrow[40];
    return widened(_ultoa(value, narrow, radix), text);
}

WEAK wchar_t* _itow(int value, wchar_t* text, int radix)
{
    char narrow[40];
    return widened(_itoa(value, narrow, radix), text);
}

WEAK int abs(int value) { return value < 0 ? -value : value; }
WEAK long labs(long value) { return value < 0 ? -value : value; }
WEAK long long llabs(long long value) { return value < 0 ? -value : value; }
WEAK long long _abs64(long long value) { return llabs(value); }

WEAK div_t div(int numerator, int denominator)
{
    div_t result = {numerator / denominator, numerator % denominator};
    return result;
}

// The generator that Microsoft documents by its outputs: 15 bits of a linear congruence.
static unsigned random_state = 1;

WEAK void srand(unsigned int seed)
{
    random_state = seed;
}

WEAK int rand(void)
{
    random_state = random_state * 214013u + 2531011u;
    return (int)(random_state >> 16 & RAND_MAX);
}
