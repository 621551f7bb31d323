// The statuses a file or device of the host fails with.
#pragma once

#include <cstdint>
#include <string>

#include <openportcls/result.hpp>

namespace openportcls::endpoints {

enum class Failure : std::uint32_t {
    invalid_parameter = 0xC000000D, // STATUS_INVALID_PARAMETER
    no_such_file = 0xC000000F,      // STATUS_NO_SUCH_FILE
    access_denied = 0xC0000022,     // STATUS_ACCESS_DENIED
    no_such_device = 0xC000000E,    // STATUS_NO_SUCH_DEVICE
    data_error = 0xC000003E,        // STATUS_DATA_ERROR
    disk_full = 0xC000007F,         // STATUS_DISK_FULL
    not_supported = 0xC00000BB,     // STATUS_NOT_SUPPORTED
    device_error = 0xC0000185,      // STATUS_IO_DEVICE_ERROR
};

inline Error failure(Failure kind, std::string message) {
    return Error{static_cast<std::int32_t>(kind), std::move(message)};
}

} // namespace openportcls::endpoints
