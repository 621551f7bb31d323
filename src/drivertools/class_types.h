// What the text of a class says of types: its own name, and those declared in it.
#pragma once

#include "drivertools/cpp_tokens.h"

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace openportcls::drivertools {

// Of what stands between a class' keyword and its opening brace. Nothing for what cannot be declared ahead.
std::string_view name_of_class(const std::vector<Token>& head);
std::string declaration_of_class(const std::vector<Token>& head);

bool is_type_keyword(std::string_view word);
// A word before a type in a declaration.
bool is_annotation(std::string_view word);

constexpr std::string_view braces = "{}"; // in a statement's words: what stood between them

// What a statement inside a class declares as a type.
void add_types(const std::vector<std::string_view>& words, std::set<std::string_view>& types);

} // namespace openportcls::drivertools
