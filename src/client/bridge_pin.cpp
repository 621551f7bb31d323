#include "client/bridge_pin.h"

#include <fmt/format.h>

#include <ks.h>

namespace openportcls::client {

bool is_bridge_pin(const Filter& filter, std::uint32_t pin) {
    const auto value = filter.get<std::uint32_t>({property::pin_set, KSPROPERTY_PIN_COMMUNICATION}, Target::pin(pin));
    constexpr std::uint32_t none = KSPIN_COMMUNICATION_NONE;
    constexpr std::uint32_t bridge = KSPIN_COMMUNICATION_BRIDGE;
    return value && (*value == none || *value == bridge);
}

Error bridge_pin_error(const Filter& filter, std::uint32_t pin) {
    return Error{
        STATUS_INVALID_PARAMETER,
        fmt::format("{} pin {}: is a bridge pin, it stands for a connection and cannot be opened", filter.name(), pin)};
}

} // namespace openportcls::client
