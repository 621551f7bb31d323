// A hive as JSON text, for people to read, edit and compare: keys by name, values in their order, known types decoded.
#pragma once

#include "base/result.h"
#include "executive/registry/key.h"

#include <string>
#include <string_view>

namespace openportcls::executive {

// Volatile keys are left out. The same content always gives the same text.
std::string write_hive(const RegistryKey& root);
// Adds the keys and values of the text to what `root` has.
Result<void> read_hive(std::string_view text, RegistryKey& root);
// `theirs` with what differs between `before` and `mine`, keys and values by name.
Result<std::string> merge_hives(std::string_view before, std::string_view mine, std::string_view theirs);

} // namespace openportcls::executive
