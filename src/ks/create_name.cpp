#include "ks/create_name.h"

#include <cstring>

namespace openportcls::ks {

namespace {

constexpr ULONG guid_characters = 38;

int digit(WCHAR c) {
    if (c >= u'0' && c <= u'9') {
        return c - u'0';
    }
    if (c >= u'a' && c <= u'f') {
        return c - u'a' + 10;
    }
    if (c >= u'A' && c <= u'F') {
        return c - u'A' + 10;
    }
    return -1;
}

bool hex(const WCHAR*& text, int digits, ULONG& value) {
    value = 0;
    for (int i = 0; i < digits; ++i) {
        const int d = digit(*text++);
        if (d < 0) {
            return false;
        }
        value = value * 16 + static_cast<ULONG>(d);
    }
    return true;
}

} // namespace

bool parse_guid(const WCHAR* text, GUID& guid) {
    ULONG part;
    if (*text++ != u'{' || !hex(text, 8, part) || *text++ != u'-') {
        return false;
    }
    guid.Data1 = part;
    if (!hex(text, 4, part) || *text++ != u'-') {
        return false;
    }
    guid.Data2 = static_cast<USHORT>(part);
    if (!hex(text, 4, part) || *text++ != u'-') {
        return false;
    }
    guid.Data3 = static_cast<USHORT>(part);
    for (int i = 0; i < 8; ++i) {
        if (i == 2 && *text++ != u'-') {
            return false;
        }
        if (!hex(text, 2, part)) {
            return false;
        }
        guid.Data4[i] = static_cast<UCHAR>(part);
    }
    return *text == u'}';
}

bool parse_create_name(const UNICODE_STRING& name, GUID& kind, const void*& parameters, ULONG& parameters_bytes) {
    const WCHAR* text = name.Buffer;
    ULONG characters = name.Length / sizeof(WCHAR);
    ULONG bytes = name.Length;
    if (characters != 0 && *text == u'\\') {
        ++text;
        --characters;
        bytes -= sizeof(WCHAR);
    }
    if (characters < guid_characters || !parse_guid(text, kind)) {
        return false;
    }
    constexpr ULONG header_bytes = (guid_characters + 1) * sizeof(WCHAR);
    if (characters == guid_characters) {
        parameters = nullptr;
        parameters_bytes = 0;
        return true;
    }
    if (text[guid_characters] != u'\\') {
        return false;
    }
    parameters = text + guid_characters + 1;
    parameters_bytes = bytes - header_bytes;
    return true;
}

std::u16string make_create_name(const GUID& kind, const void* parameters, ULONG parameters_bytes) {
    static constexpr char16_t digits[] = u"0123456789ABCDEF";
    std::u16string name;
    name.reserve(guid_characters + 1 + parameters_bytes / 2 + 1);
    const auto number = [&name](ULONG value, int count) {
        for (int shift = 4 * (count - 1); shift >= 0; shift -= 4) {
            name += digits[value >> shift & 15];
        }
    };
    name += u'{';
    number(kind.Data1, 8);
    name += u'-';
    number(kind.Data2, 4);
    name += u'-';
    number(kind.Data3, 4);
    for (int i = 0; i < 8; ++i) {
        if (i == 0 || i == 2) {
            name += u'-';
        }
        number(kind.Data4[i], 2);
    }
    name += u'}';
    if (parameters_bytes != 0) {
        name += u'\\';
        const std::size_t start = name.size();
        name.resize(start + (parameters_bytes + 1) / 2, u'\0');
        std::memcpy(name.data() + start, parameters, parameters_bytes);
    }
    return name;
}

} // namespace openportcls::ks
