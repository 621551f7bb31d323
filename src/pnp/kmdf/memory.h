// WDFMEMORY: a buffer with a life of its own.
#pragma once

#include "pnp/kmdf/object.h"

namespace openportcls::pnp::kmdf {

class Memory final : public Object {
public:
    static constexpr ObjectType object_type = ObjectType::memory;
    Memory(Object* parent, machine::Machine& machine, void* buffer, std::size_t size, bool assignable)
        : Object(object_type, parent, machine), buffer(buffer), size(size), assignable(assignable) {}
    ~Memory() override;

    void* buffer;
    std::size_t size;
    bool assignable;    // WdfMemoryAssignBuffer may replace it
    bool owned = false; // from pool, freed with the object
};

} // namespace openportcls::pnp::kmdf
