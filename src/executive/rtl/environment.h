// %Name% in REG_EXPAND_SZ values.
#pragma once

#include <string>
#include <string_view>

namespace openportcls::executive {

// `environment`: a block of Name=Value strings that ends with an empty one; null stands for the system's own.
std::u16string expand_environment(std::u16string_view text, const void* environment = nullptr);

} // namespace openportcls::executive
