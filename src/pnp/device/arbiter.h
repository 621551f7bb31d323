// Who has which hardware resource: what one device was started with, another does not get.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "pnp/resource.h"

namespace openportcls::pnp {

struct ManagerState;
class DeviceNode;

// "ports 0x220-0x22F", "memory 0xFE000000-0xFE000FFF", "interrupt 5", "DMA channel 1".
std::string resource_name(const Resource& resource);

// Whether two devices cannot have both at once. Ports and memory are exclusive where they overlap, channels and lines
// where they are the same, unless both sides share (CmResourceShareShared); of interrupts only those that are triggered
// alike can be shared (CM_PARTIAL_RESOURCE_DESCRIPTOR: ShareDisposition, Flags).
bool is_conflict(const Resource& one, const Resource& other);

struct ResourceConflict {
    Resource wanted;
    Resource held;
    const DeviceNode* holder = nullptr;
};

// The first of the resources wanted for `node` that another device holds.
std::optional<ResourceConflict> find_conflict(const ManagerState& manager, const DeviceNode& node,
                                              std::span<const Resource> wanted);

} // namespace openportcls::pnp
