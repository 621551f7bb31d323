#include "runtime.h"

WEAK size_t strlen(const char* text)
{
    const char* end = text;
    while (*end != 0)
        ++end;
    return (size_t)(end - text);
}

WEAK size_t strnlen(const char* text, size_t maximum)
{
    size_t length = 0;
    while (length < maximum && text[length] != 0)
        ++length;
    return length;
}

WEAK char* strcpy(char* destination, const char* source)
{
    char* to = destination;
    while ((*to++ = *source++) != 0) {
    }
    return destination;
}

WEAK char* strncpy(char* destination, const char* source, size_t count)
{
    size_t index = 0;
    for (; index < count && source[index] != 0; ++index)
        destination[index] = source[index];
    for (; index < count; ++index)
        destination[index] = 0;
    return destination;
}

WEAK char* strcat(char* destination, const char* source)
{
    strcpy(destination + strlen(destination), source);
    return destination;
}

WEAK char* strncat(char* destination, const char* source, size_t count)
{
    char* to = destination + strlen(destination);
    for (; count != 0 && *source != 0; --count)
        *to++ = *source++;
    *to = 0;
    return destination;
}

WEAK int strcmp(const char* left, const char* right)
{
    return strncmp(left, right, (size_t)-1);
}

WEAK int strncmp(const char* left, const char* right, size_t count)
{
    for (; count != 0; --count, ++left, ++right) {
        if (*left != *right)
            return (unsigned char)*left < (unsigned char)*right ? -1 : 1;
        if (*left == 0)
            break;
    }
    return 0;
}

WEAK int _stricmp(const char* left, const char* right)
{
    return _strnicmp(left, right, (size_t)-1);
}

WEAK int _strnicmp(const char* left, const char* right, size_t count)
{
    for (; count != 0; --count, ++left, ++right) {
        int a = tolower((unsigned char)*left);
        int b = tolower((unsigned char)*right);
        if (a != b)
            return a < b ? -1 : 1;
        if (a == 0)
            break;
    }
    return 0;
}

WEAK int stricmp(const char* left, const char* right)
{
    return _stricmp(left, right);
}

WEAK int strnicmp(const char* left, const char* right, size_t count)
{
    return _strnicmp(left, right, count);
}

WEAK char* strchr(const char* text, int character)
{
    for (;; ++text) {
        if (*text == (char)character)
            return (char*)text;
        if (*text == 0)
            return NULL;
    }
}

WEAK char* strrchr(const char* text, int character)
{
    const char* found = NULL;
    for (;; ++text) {
        if (*text == (char)character)
            found = text;
        if (*text == 0)
            return (char*)found;
    }
}

WEAK char* strstr(const char* text, const char* part)
{
    size_t length = strlen(part);
    for (;; ++text) {
        if (strncmp(text, part, length) == 0)
            return (char*)text;
        if (*text == 0)
            return NULL;
    }
}

WEAK size_t strspn(const char* text, const char* set)
{
    size_t length = 0;
    while (text[length] != 0 && strchr(set, text[length]) != NULL)
        ++length;
    return length;
}

WEAK size_t strcspn(const char* text, const char* set)
{
    size_t length = 0;
    while (text[length] != 0 && strchr(set, text[length]) == NULL)
        ++length;
    return length;
}

WEAK char* strpbrk(const char* text, const char* set)
{
    text += strcspn(text, set);
    return *text == 0 ? NULL : (char*)text;
}

WEAK char* _strupr(char* text)
{
    for (char* character = text; *character != 0; ++character)
        *character = (char)toupper((unsigned char)*character);
    return text;
}

WEAK char* _strlwr(char* text)
{
    for (char* character = text; *character != 0; ++character)
        *character = (char)tolower((unsigned char)*character);
    return text;
}

WEAK char* _strrev(char* text)
{
    for (size_t low = 0, high = strlen(text); low + 1 < high; ++low) {
        --high;
        char character = text[low];
        text[low] = text[high];
        text[high] = character;
    }
    return text;
}

WEAK int strcpy_s(char* destination, size_t capacity, const char* source)
{
    return strncpy_s(destination, capacity, source, source == NULL ? 0 : strlen(source));
}

// As documented for the secure functions: the destination is emptied on failure, _TRUNCATE cuts off instead.
WEAK int strncpy_s(char* destination, size_t capacity, const char* source, size_t count)
{
    if (destination == NULL || capacity == 0)
        return EINVAL;
    if (source == NULL) {
        *destination = 0;
        return EINVAL;
    }
    size_t length = strnlen(source, count == _TRUNCATE ? capacity : count);
    int result = 0;
    if (length >= capacity) {
        if (count != _TRUNCATE) {
            *destination = 0;
            return ERANGE;
        }
        length = capacity - 1;
        result = STRUNCATE;
    }
    memcpy(destination, source, length * sizeof(char));
    destination[length] = 0;
    return result;
}

WEAK int strcat_s(char* destination, size_t capacity, const char* source)
{
    return strncat_s(destination, capacity, source, source == NULL ? 0 : strlen(source));
}

WEAK int strncat_s(char* destination, size_t capacity, const char* source, size_t count)
{
    if (destination == NULL || capacity == 0)
        return EINVAL;
    size_t used = strnlen(destination, capacity);
    if (used == capacity) {
        *destination = 0;
        return EINVAL;
    }
    int result = strncpy_s(destination + used, capacity - used, source, count);
    if (result != 0 && result != STRUNCATE)
        *destination = 0;
    return result;
}

WEAK char* _strset(char* text, int character)
{
    memset(text, character, strlen(text));
    return text;
}

WEAK char* strtok_s(char* text, const char* delimiters, char** context)
{
    if (text == NULL)
        text = *context;
    text += strspn(text, delimiters);
    if (*text == 0) {
        *context = text;
        return NULL;
    }
    char* end = text + strcspn(text, delimiters);
    *context = *end == 0 ? end : end + 1;
    *end = 0;
    return text;
}
