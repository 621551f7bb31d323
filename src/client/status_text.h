// Names of NTSTATUS values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace openportcls::client {

// "STATUS_NO_MATCH"; empty where it has no name here.
std::string_view status_name(std::int32_t status);

// "STATUS_NO_MATCH (0xc0000272)"
std::string status_text(std::int32_t status);

// An error that says what was attempted and how it ended.
Error status_error(std::int32_t status, std::string_view attempted);

} // namespace openportcls::client
