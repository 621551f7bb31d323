// Resources in the forms the kernel passes around: CM_RESOURCE_LIST and IO_RESOURCE_REQUIREMENTS_LIST.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <wdm.h>

#include "base/result.h"
#include "pnp/resource.h"

namespace openportcls::pnp {

struct BusPlace {
    INTERFACE_TYPE type = Internal;
    ULONG bus_number = 0;
    ULONG slot = 0;
};

// What a device gets: the resources, and what a filter driver added that only drivers understand.
struct Assignment {
    std::vector<Resource> resources;
    std::vector<CM_PARTIAL_RESOURCE_DESCRIPTOR> device_private;
};

// Both lists describe the same entries in the same order (R-RES-05). Empty when there is nothing to describe.
std::vector<UCHAR> make_resource_list(const Assignment& assignment, const BusPlace& place, bool translated);

// One alternative that asks for exactly these resources. Empty when there are none.
std::vector<UCHAR> make_requirements(std::span<const Resource> resources, const BusPlace& place);

// Chooses from the first alternative list that can be satisfied; `available` are the resources that the device has by
// its nature (a filter may drop, narrow or add descriptors, but cannot move fixed hardware).
Result<Assignment> satisfy(const IO_RESOURCE_REQUIREMENTS_LIST& requirements, std::span<const Resource> available);

} // namespace openportcls::pnp
