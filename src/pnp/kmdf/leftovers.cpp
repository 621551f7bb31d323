// What a driver in miniport mode leaves behind. "Creating KMDF Miniport Drivers": the framework cannot see that the
// device is removed or the driver unloaded, so WdfObjectDelete for each device and WdfDriverMiniportUnload are the
// driver's to call; everything else goes with those two.
#include <fmt/format.h>

#include "pnp/kmdf/object.h"

namespace openportcls::pnp::kmdf {

namespace {

struct Kind {
    const char* kind;
    const char* handle;
    const char* end; // what was not done
};

Kind kind_of(ObjectType type) {
    constexpr const char* object = "framework object";
    constexpr const char* not_deleted = "not deleted";
    switch (type) {
    case ObjectType::driver:
        return {object, "WDFDRIVER", "WdfDriverMiniportUnload not called"};
    case ObjectType::device:
        return {object, "WDFDEVICE", "WdfObjectDelete not called"};
    case ObjectType::collection:
        return {object, "WDFCOLLECTION", not_deleted};
    case ObjectType::memory:
        return {object, "WDFMEMORY", not_deleted};
    case ObjectType::string:
        return {object, "WDFSTRING", not_deleted};
    case ObjectType::spin_lock:
        return {object, "WDFSPINLOCK", not_deleted};
    case ObjectType::wait_lock:
        return {object, "WDFWAITLOCK", not_deleted};
    case ObjectType::timer:
        return {"timer", "WDFTIMER", not_deleted};
    case ObjectType::work_item:
        return {"work item", "WDFWORKITEM", not_deleted};
    case ObjectType::dpc:
        return {"DPC", "WDFDPC", not_deleted};
    case ObjectType::io_target:
        return {object, "WDFIOTARGET", not_deleted};
    case ObjectType::request:
        return {object, "WDFREQUEST", not_deleted};
    case ObjectType::general:
        break;
    }
    return {object, "WDFOBJECT", not_deleted};
}

executive::Leftover leftover(ObjectType type, const char* pending, const void* created_by) {
    const Kind kind = kind_of(type);
    const std::string place = executive::place_of(created_by);
    return {kind.kind, fmt::format("{}, {}{}", kind.handle, pending != nullptr ? pending : kind.end,
                                   place.empty() ? "" : " (created at " + place + ")")};
}

bool is_of(Object& object, const DRIVER_OBJECT* driver) {
    const auto* owner = static_cast<const Driver*>(object.ancestor(ObjectType::driver));
    return owner != nullptr && owner->driver_object == driver;
}

} // namespace

void Framework::note_forgotten_devices(const Driver& driver) {
    for (const auto& [serial, object] : objects_) {
        if (object->type() == ObjectType::device && !object->is_deleted() && object->parent() == &driver) {
            forgotten_devices_.push_back({driver.driver_object, object->created_by()});
        }
    }
}

void Framework::add_leftovers(executive::Kernel& kernel, const DRIVER_OBJECT* driver, std::uint16_t owner,
                              std::vector<executive::Leftover>& found) const {
    for (const auto& [serial, object] : objects_) {
        const void* creator = object->created_by();
        const bool is_orphan = object->ancestor(ObjectType::driver) == nullptr;
        const bool is_its_own =
            is_of(*object, driver) || (is_orphan && owner != 0 && kernel.pool.owner_at(creator) == owner);
        if (creator != nullptr && is_its_own) {
            found.push_back(leftover(object->type(), object->pending(), creator));
        }
    }
    for (const ForgottenDevice& device : forgotten_devices_) {
        if (device.driver == driver) {
            found.push_back(leftover(ObjectType::device, nullptr, device.created_by));
        }
    }
}

void Framework::disown(const DRIVER_OBJECT* driver) {
    for (const auto& [serial, object] : objects_) {
        if (is_of(*object, driver)) {
            object->silence();
        }
    }
    if (Driver* gone = driver_of(driver)) {
        gone->driver_object = nullptr;
    }
    std::erase_if(forgotten_devices_, [&](const ForgottenDevice& device) { return device.driver == driver; });
}

} // namespace openportcls::pnp::kmdf
