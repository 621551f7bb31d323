// Old compilers made a function declared only as `friend` inside a class visible around that class; clang, as the
// standard says, does not. Drivers rely on it for property handlers, interrupt routines and timer routines.
// Their declarations are repeated right after the class, in a copy of the file that the compiler sees in its place;
// and before it where the class itself uses them, behind a declaration of the class, which they may name. Types that
// are declared in the class get its name in front; what names them stands in the bodies of the members that use it, not
// before the class.
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace openportcls::drivertools {

struct FriendFunction {
    std::string name;
    std::string prototype; // without `friend`, with the semicolon, on one line; types of the class with its name
    std::string class_declaration; // `class CMini;`, of the outermost class; empty for templates and the nameless
    std::size_t before_class = 0;  // in the text it was found in, where the declaration that defines the class starts
    std::size_t behind_class = 0;  // just behind that declaration
    bool names_nested_type = false;
    std::vector<std::size_t> bodies; // then: just behind the braces of those that name it
};

std::vector<FriendFunction> friend_functions(std::string_view text);

// The name as `wanted` has it when the prototype is to stand before the class, too.
std::string before_class(std::string_view name);

// `text` with the prototypes of the wanted friends; line numbers stay as they were.
std::string with_friend_prototypes(std::string_view text, const std::set<std::string>& wanted);

// The names in clang's "use of undeclared identifier" errors.
std::set<std::string> undeclared_identifiers(std::string_view diagnostics);

} // namespace openportcls::drivertools
