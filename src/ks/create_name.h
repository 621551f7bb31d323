// The create strings of KS objects: "{146F1A80-4791-11D0-A5D6-28DB04C10000}" + backslash + a structure as it is.
#pragma once

#include <string>

#include <ks.h>

namespace openportcls::ks {

// False when the name does not begin with a GUID in braces, alone or followed by a backslash.
bool parse_create_name(const UNICODE_STRING& name, GUID& kind, const void*& parameters, ULONG& parameters_bytes);

// Reads the 38 characters of "{…}"; case does not matter.
bool parse_guid(const WCHAR* text, GUID& guid);

// What a client opens relative to a filter or pin. An odd byte count is padded with one zero byte.
std::u16string make_create_name(const GUID& kind, const void* parameters, ULONG parameters_bytes);

} // namespace openportcls::ks
