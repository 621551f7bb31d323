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

std::string_view status_name(std::int32_t status) {
    for (const StatusName& entry : names) {
        if (entry.status == static_cast<std::uint32_t>(status)) {
            return entry.name;
        }
    }
    return {};
}

std::string status_text(std::int32_t status) {
    const auto number = static_cast<std::uint32_t>(status);
    const std::string_view name = status_name(status);
    return name.empty() ? fmt::format("NTSTATUS {:#x}", number) : fmt::format("{} ({:#x})", name, number);
}

Error status_error(std::int32_t status, std::string_view attempted) {
    return Error{status, fmt::format("{}: {}", attempted, status_text(status))};
}

} // namespace openportcls::client
