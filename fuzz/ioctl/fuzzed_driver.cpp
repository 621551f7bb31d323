#include "ioctl/fuzzed_driver.h"

namespace openportcls::fuzz {

const char* const fuzzed_module = OPENPORTCLS_FUZZ_MODULE;
const char* const fuzzed_inf = OPENPORTCLS_FUZZ_INF;

} // namespace openportcls::fuzz
