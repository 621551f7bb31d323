// Character classes of the "C" locale; the wide forms know ASCII and Latin-1 as the kernel's runtime does.
#include "runtime.h"

static int within(int character, int first, int last)
{
    return character >= first && character <= last;
}

WEAK int isupper(int character) { return within(character, 'A', 'Z'); }
WEAK int islower(int character) { return within(character, 'a', 'z'); }
WEAK int isalpha(int character) { return isupper(character) || islower(character); }
WEAK int isdigit(int character) { return within(character, '0', '9'); }
WEAK int isalnum(int character) { return isalpha(character) || isdigit(character); }
WEAK int isxdigit(int character)
{
    return isdigit(character) || within(character, 'a', 'f') || within(character, 'A', 'F');
}
WEAK int isspace(int character) { return character == ' ' || within(character, '\t', '\r'); }
WEAK int isprint(int character) { return within(character, 0x20, 0x7e); }
WEAK int isgraph(int character) { return within(character, 0x21, 0x7e); }
WEAK int ispunct(int character) { return isgraph(character) && !isalnum(character); }
WEAK int iscntrl(int character) { return within(character, 0, 0x1f) || character == 0x7f; }
WEAK int __isascii(int character) { return within(character, 0, 0x7f); }
WEAK int toupper(int character) { return islower(character) ? character - 'a' + 'A' : character; }
WEAK int tolower(int character) { return isupper(character) ? character - 'A' + 'a' : character; }

WEAK int iswdigit(wint_t character) { return isdigit(character); }
WEAK int iswxdigit(wint_t character) { return isxdigit(character); }
WEAK int iswspace(wint_t character) { return isspace(character) || character == 0xa0; }
WEAK int iswupper(wint_t character)
{
    return isupper(character) || (within(character, 0xc0, 0xde) && character != 0xd7);
}
WEAK int iswlower(wint_t character)
{
    return islower(character) || (within(character, 0xe0, 0xfe) && character != 0xf7);
}
WEAK int iswalpha(wint_t character) { return iswupper(character) || iswlower(character); }
WEAK int iswalnum(wint_t character) { return iswalpha(character) || iswdigit(character); }
WEAK wint_t towlower(wint_t character) { return iswupper(character) ? (wint_t)(character + 0x20) : character; }
WEAK wint_t towupper(wint_t character) { return iswlower(character) ? (wint_t)(character - 0x20) : character; }
