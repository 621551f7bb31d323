/*
 * Named GUID constants of the KS headers: DEFINE_GUIDSTRUCT("text", name) then #define name DEFINE_GUIDNAMED(name).
 *  - C++ drivers: a structure with a uuid attribute, read with __uuidof, as the Microsoft headers do;
 *  - C++ host: an inline constexpr GUID parsed from the text;
 *  - plain C: a weak constant made of the STATIC_name initialiser, so that no ksguid library is needed.
 */
#ifndef OPC_GUID_STRUCT_H
#define OPC_GUID_STRUCT_H

#include "../guiddef.h"
#include "../ntdef.h"
#include "../opc_abi.h"

#ifndef STATICGUIDOF
#define STATICGUIDOF(guid) STATIC_##guid
#endif

#ifndef DEFINE_GUIDEX
#define DEFINE_GUIDEX(name) OPC_GUID_DEFINITION GUID name = {STATICGUIDOF(name)}
#endif

#if defined(__cplusplus) && OPC_DRIVER

#define DEFINE_GUIDSTRUCT(text, name) struct __declspec(uuid(text)) name
#define DEFINE_GUIDNAMED(name) __uuidof(struct name)

#elif defined(__cplusplus)

extern "C++" {
namespace opc_guid {

constexpr unsigned nibble(char c) {
    return c >= '0' && c <= '9'   ? unsigned(c - '0')
           : c >= 'a' && c <= 'f' ? unsigned(c - 'a' + 10)
                                  : unsigned(c - 'A' + 10);
}

constexpr unsigned hex(const char* text, int digits) {
    unsigned value = 0;
    for (int i = 0; i < digits; ++i)
        value = value * 16 + nibble(text[i]);
    return value;
}

// "8C134960-51AD-11CF-878A-94F801C10000"
constexpr GUID parse(const char (&text)[37]) {
    GUID guid{};
    guid.Data1 = hex(text, 8);
    guid.Data2 = static_cast<unsigned short>(hex(text + 9, 4));
    guid.Data3 = static_cast<unsigned short>(hex(text + 14, 4));
    for (int i = 0; i < 8; ++i)
        guid.Data4[i] = static_cast<unsigned char>(hex(text + 19 + 2 * i + (i >= 2 ? 1 : 0), 2));
    return guid;
}

} // namespace opc_guid
}

#define DEFINE_GUIDSTRUCT(text, name) inline constexpr GUID opc_guid_##name = opc_guid::parse(text)
#define DEFINE_GUIDNAMED(name) opc_guid_##name

#else

#define DEFINE_GUIDSTRUCT(text, name) DEFINE_GUIDEX(name)
#define DEFINE_GUIDNAMED(name) name

#endif

#endif
