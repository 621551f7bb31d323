// Old compilers made a function declared only as `friend` inside a class visible around that class; clang, as the
// standard says, does not. Drivers rely on it for property handlers, interrupt routines and timer routines.
// Their declarations are repeated right after the class, in a copy of the file that the compiler sees in its place.
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace openportcls::drivertools {

struct FriendFunction {
    std::string name;
    std::string prototype;     // without `friend`, with the semicolon, on one line
    std::size_t insert_at = 0; // just behind the class, in the text it was found in
};

std::vector<FriendFunction> friend_functions(std::string_view text);

// `text` with the prototypes of the wanted friends; line numbers stay as they were.
std::string with_friend_prototypes(std::string_view text, const std::set<std::string>& wanted);

// The names in clang's "use of undeclared identifier" errors.
std::set<std::string> undeclared_identifiers(std::string_view diagnostics);

} // namespace openportcls::drivertools
