#include "client/status_text.h"

#include <fmt/format.h>

namespace openportcls::client {

namespace {

struct StatusName {
    std::uint32_t status;
    const char* name;
};

constexpr StatusName names[] = {
#include "status_names.inc"
};

} // namespace

std::string status_text(std::int32_t status) {
    const auto wanted = static_cast<std::uint32_t>(status);
    for (const StatusName& entry : names) {
        if (entry.status == wanted) {
            return fmt::format("{} ({:#x})", entry.name, wanted);
        }
    }
    return fmt::format("NTSTATUS {:#x}", wanted);
}

Error status_error(std::int32_t status, std::string_view attempted) {
    return Error{status, fmt::format("{}: {}", attempted, status_text(status))};
}

} // namespace openportcls::client
