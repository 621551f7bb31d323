// Which driver the program is about: all that these fuzzers differ in.
#pragma once

namespace openportcls::fuzz {

extern const char* const fuzzed_module;
extern const char* const fuzzed_inf;

} // namespace openportcls::fuzz
