// Enumerations that come from a driver may hold any number.
#pragma once

#include <cstring>
#include <type_traits>

namespace openportcls::executive {

// The number in an argument, without C++'s promise that it is one of the enumerators.
template<class Enumeration>
int guest_value(const Enumeration& argument) {
    static_assert(std::is_enum_v<Enumeration> && sizeof(Enumeration) == sizeof(int));
    int value = 0;
    std::memcpy(&value, &argument, sizeof value);
    return value;
}

} // namespace openportcls::executive
