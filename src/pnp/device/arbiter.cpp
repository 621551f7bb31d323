#include "pnp/device/arbiter.h"

#include <fmt/format.h>

#include "pnp/device/manager_state.h"

namespace openportcls::pnp {

namespace {

bool overlap(const Resource& one, const Resource& other) {
    if (one.length == 0 || other.length == 0) {
        return false;
    }
    // By the last bytes: a range may end with the address space.
    return one.start <= other.start + (other.length - 1) && other.start <= one.start + (one.length - 1);
}

} // namespace

std::string resource_name(const Resource& resource) {
    const std::uint64_t last = resource.start + (resource.length != 0 ? resource.length - 1 : 0);
    switch (resource.kind) {
    case Resource::Kind::port:
        return fmt::format("ports 0x{:X}-0x{:X}", resource.start, last);
    case Resource::Kind::memory:
        return fmt::format("memory 0x{:X}-0x{:X}", resource.start, last);
    case Resource::Kind::interrupt:
        return fmt::format("interrupt {}", resource.line);
    case Resource::Kind::dma:
        break;
    }
    return fmt::format("DMA channel {}", resource.line);
}

bool is_conflict(const Resource& one, const Resource& other) {
    if (one.kind != other.kind) {
        return false;
    }
    const bool both_share = one.shared && other.shared;
    switch (one.kind) {
    case Resource::Kind::port:
    case Resource::Kind::memory:
        return !both_share && overlap(one, other);
    case Resource::Kind::interrupt:
        return one.line == other.line && !(both_share && one.trigger == other.trigger);
    case Resource::Kind::dma:
        break;
    }
    return !both_share && one.line == other.line;
}

std::optional<ResourceConflict> find_conflict(const ManagerState& manager, const DeviceNode& node,
                                              std::span<const Resource> wanted) {
    for (const Resource& resource : wanted) {
        for (const auto& other : manager.devices) {
            if (other.get() == &node) {
                continue;
            }
            for (const Resource& held : other->held_resources()) {
                if (is_conflict(resource, held)) {
                    return ResourceConflict{resource, held, other.get()};
                }
            }
        }
    }
    return std::nullopt;
}

} // namespace openportcls::pnp
