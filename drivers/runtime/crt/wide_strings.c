#include "runtime.h"

WEAK size_t wcslen(const wchar_t* text)
{
    const wchar_t* end = text;
    while (*end != 0)
        ++end;
    return (size_t)(end - text);
}

WEAK size_t wcsnlen(const wchar_t* text, size_t maximum)
{
    size_t length = 0;
    while (length < maximum && text[length] != 0)
        ++length;
    return length;
}

WEAK wchar_t* wcscpy(wchar_t* destination, const wchar_t* source)
{
    wchar_t* to = destination;
    while ((*to++ = *source++) != 0) {
    }
    return destination;
}

WEAK wchar_t* wcsncpy(wchar_t* destination, const wchar_t* source, size_t count)
{
    size_t index = 0;
    for (; index < count && source[index] != 0; ++index)
        destination[index] = source[index];
    for (; index < count; ++index)
        destination[index] = 0;
    return destination;
}

WEAK wchar_t* wcscat(wchar_t* destination, const wchar_t* source)
{
    wcscpy(destination + wcslen(destination), source);
    return destination;
}

WEAK wchar_t* wcsncat(wchar_t* destination, const wchar_t* source, size_t count)
{
    wchar_t* to = destination + wcslen(destination);
    for (; count != 0 && *source != 0; --count)
        *to++ = *source++;
    *to = 0;
    return destination;
}

WEAK int wcscmp(const wchar_t* left, const wchar_t* right)
{
    return wcsncmp(left, right, (size_t)-1);
}

WEAK int wcsncmp(const wchar_t* left, const wchar_t* right, size_t count)
{
    for (; count != 0; --count, ++left, ++right) {
        if (*left != *right)
            return (wint_t)*left < (wint_t)*right ? -1 : 1;
        if (*left == 0)
            break;
    }
    return 0;
}

WEAK int _wcsicmp(const wchar_t* left, const wchar_t* right)
{
    return _wcsnicmp(left, right, (size_t)-1);
}

WEAK int _wcsnicmp(const wchar_t* left, const wchar_t* right, size_t count)
{
    for (; count != 0; --count, ++left, ++right) {
        int a = towlower((wint_t)*left);
        int b = towlower((wint_t)*right);
        if (a != b)
            return a < b ? -1 : 1;
        if (a == 0)
            break;
    }
    return 0;
}

WEAK int wcsicmp(const wchar_t* left, const wchar_t* right)
{
    return _wcsicmp(left, right);
}

WEAK int wcsnicmp(const wchar_t* left, const wchar_t* right, size_t count)
{
    return _wcsnicmp(left, right, count);
}

WEAK wchar_t* wcschr(const wchar_t* text, wchar_t character)
{
    for (;; ++text) {
        if (*text == (wchar_t)character)
            return (wchar_t*)text;
        if (*text == 0)
            return NULL;
    }
}

WEAK wchar_t* wcsrchr(const wchar_t* text, wchar_t character)
{
    const wchar_t* found = NULL;
    for (;; ++text) {
        if (*text == (wchar_t)character)
            found = text;
        if (*text == 0)
            return (wchar_t*)found;
    }
}

WEAK wchar_t* wcsstr(const wchar_t* text, const wchar_t* part)
{
    size_t length = wcslen(part);
    for (;; ++text) {
        if (wcsncmp(text, part, length) == 0)
            return (wchar_t*)text;
        if (*text == 0)
            return NULL;
    }
}

WEAK size_t wcsspn(const wchar_t* text, const wchar_t* set)
{
    size_t length = 0;
    while (text[length] != 0 && wcschr(set, text[length]) != NULL)
        ++length;
    return length;
}

WEAK size_t wcscspn(const wchar_t* text, const wchar_t* set)
{
    size_t length = 0;
    while (text[length] != 0 && wcschr(set, text[length]) == NULL)
        ++length;
    return length;
}

WEAK wchar_t* wcspbrk(const wchar_t* text, const wchar_t* set)
{
    text += wcscspn(text, set);
    return *text == 0 ? NULL : (wchar_t*)text;
}

WEAK wchar_t* _wcsupr(wchar_t* text)
{
    for (wchar_t* character = text; *character != 0; ++character)
        *character = (wchar_t)towupper((wint_t)*character);
    return text;
}

WEAK wchar_t* _wcslwr(wchar_t* text)
{
    for (wchar_t* character = text; *character != 0; ++character)
        *character = (wchar_t)towlower((wint_t)*character);
    return text;
}

WEAK wchar_t* _wcsrev(wchar_t* text)
{
    for (size_t low = 0, high = wcslen(text); low + 1 < high; ++low) {
        --high;
        wchar_t character = text[low];
        text[low] = text[high];
        text[high] = character;
    }
    return text;
}

WEAK int wcscpy_s(wchar_t* destination, size_t capacity, const wchar_t* source)
{
    return wcsncpy_s(destination, capacity, source, source == NULL ? 0 : wcslen(source));
}

// As documented for the secure functions: the destination is emptied on failure, _TRUNCATE cuts off instead.
WEAK int wcsncpy_s(wchar_t* destination, size_t capacity, const wchar_t* source, size_t count)
{
    if (destination == NULL || capacity == 0)
        return EINVAL;
    if (source == NULL) {
        *destination = 0;
        return EINVAL;
    }
    size_t length = wcsnlen(source, count == _TRUNCATE ? capacity : count);
    int result = 0;
    if (length >= capacity) {
        if (count != _TRUNCATE) {
            *destination = 0;
            return ERANGE;
        }
        length = capacity - 1;
        result = STRUNCATE;
    }
    memcpy(destination, source, length * sizeof(wchar_t));
    destination[length] = 0;
    return result;
}

WEAK int wcscat_s(wchar_t* destination, size_t capacity, const wchar_t* source)
{
    return wcsncat_s(destination, capacity, source, source == NULL ? 0 : wcslen(source));
}

WEAK int wcsncat_s(wchar_t* destination, size_t capacity, const wchar_t* source, size_t count)
{
    if (destination == NULL || capacity == 0)
        return EINVAL;
    size_t used = wcsnlen(destination, capacity);
    if (used == capacity) {
        *destination = 0;
        return EINVAL;
    }
    int result = wcsncpy_s(destination + used, capacity - used, source, count);
    if (result != 0 && result != STRUNCATE)
        *destination = 0;
    return result;
}
