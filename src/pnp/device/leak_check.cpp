#include "pnp/device/leak_check.h"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "base/unicode.h"
#include "executive/etw/debug_log.h"
#include "executive/leaks.h"
#include "executive/objects/object_manager.h"
#include "pnp/kmdf/object.h"

namespace openportcls::pnp {

namespace {

using executive::ObjectHeader;
using executive::ObjectManager;
namespace object_types = executive::object_types;

// Files belong to whoever opened them; devices are counted apart; the rest of the types below is what drivers make.
const char* kind_of(const ObjectHeader& object) {
    if (object.type == &object_types::symbolic_link) {
        return "symbolic link";
    }
    if (object.type == &object_types::callback) {
        return "callback object";
    }
    return nullptr;
}

} // namespace

LeakBaseline take_leak_baseline(executive::Kernel& kernel) {
    LeakBaseline baseline;
    ObjectManager& objects = ObjectManager::of(kernel.machine);
    objects.for_each_object(
        [&](const ObjectHeader& object) { baseline.object_serial = std::max(baseline.object_serial, object.serial); });
    objects.for_each_handle([&](HANDLE handle, const executive::HandleEntry&) { baseline.handles.insert(handle); });
    baseline.locked_mdls = kernel.locked_mdls;
    baseline.pages_in_mdls = kernel.pages_in_mdls;
    baseline.trace_providers = executive::Etw::of(kernel.machine).provider_count();
    baseline.power_devices = kernel.power.count();
    baseline.power_settings = kernel.power.follower_count();
    baseline.clock_interval = kernel.machine.clock_interval();
    return baseline;
}

LeakReport find_leaks(executive::Kernel& kernel, const LoadedDriver& driver, const LeakBaseline& baseline,
                      bool is_alone) {
    std::map<std::pair<std::string, std::string>, Leak> found;
    const auto add = [&](std::string kind, std::string what, std::uint64_t bytes) {
        Leak& leak = found[{kind, what}];
        leak.kind = std::move(kind);
        leak.what = std::move(what);
        ++leak.count;
        leak.bytes += bytes;
    };
    if (baseline.pool_owner != 0) {
        for (const executive::PoolLeak& block : kernel.pool.live_blocks(baseline.pool_owner)) {
            const executive::PoolPurpose purpose = executive::purpose_of(block.tag);
            if (!purpose.kind.empty()) {
                add(std::string(purpose.kind), std::string(purpose.what), block.size);
            } else {
                add("pool", fmt::format("tag '{}', {}", block.tag, block.paged ? "paged" : "nonpaged"), block.size);
            }
        }
    }
    std::vector<executive::Leftover> leftovers = executive::leftovers(kernel, baseline.pool_owner);
    if (const auto* framework = kernel.machine.find_subsystem<kmdf::Framework>()) {
        framework->add_leftovers(kernel, driver.object(), baseline.pool_owner, leftovers);
    }
    for (executive::Leftover& leftover : leftovers) {
        add(std::move(leftover.kind), std::move(leftover.what), leftover.bytes);
    }
    for (const DEVICE_OBJECT* device : kernel.devices()) {
        if (device->DriverObject == driver.object()) {
            const ObjectHeader* header = ObjectManager::of(kernel.machine).find(device);
            add("device object", header != nullptr && !header->name.empty() ? utf16_to_utf8(header->name) : "unnamed",
                device->Size);
        }
    }
    // A driver that is part of the program, as tests have them, has no code of its own.
    const auto is_its_own = [&](std::uint16_t owner) {
        return baseline.pool_owner == 0 || owner == baseline.pool_owner;
    };
    ObjectManager& objects = ObjectManager::of(kernel.machine);
    objects.for_each_object([&](const ObjectHeader& object) {
        const char* kind = kind_of(object);
        if (kind != nullptr && object.serial > baseline.object_serial && is_its_own(object.driver)) {
            add(kind, object.name.empty() ? "unnamed" : utf16_to_utf8(object.name), 0);
        }
        if (baseline.pool_owner != 0 && object.referencing_driver == baseline.pool_owner) {
            for (std::int64_t count = object.driver_references; count > 0; --count) {
                add("object reference", fmt::format("{}, ObDereferenceObject not called", object.type->name), 0);
            }
        }
    });
    objects.for_each_handle([&](HANDLE handle, const executive::HandleEntry& entry) {
        const ObjectHeader* object = objects.find(entry.body);
        if (object != nullptr && !entry.client && !baseline.handles.contains(handle) && is_its_own(entry.driver)) {
            add("handle", fmt::format("{}, ZwClose not called", object->type->name), 0);
        }
    });
    const auto add_growth = [&](const char* what, std::uint64_t before, std::uint64_t after, std::uint64_t bytes_each) {
        for (; is_alone && after > before; --after) {
            add("mapping or registration", what, bytes_each);
        }
    };
    add_growth("MmProbeAndLockPages without MmUnlockPages", baseline.locked_mdls, kernel.locked_mdls, 0);
    add_growth("page of MmAllocatePagesForMdl not freed", baseline.pages_in_mdls, kernel.pages_in_mdls, PAGE_SIZE);
    for (std::size_t count = kernel.notifications.count_of(driver.object()); count > 0; --count) {
        add("mapping or registration", "IoRegisterPlugPlayNotification not unregistered", 0);
    }
    add_growth("EtwRegister without EtwUnregister", baseline.trace_providers,
               executive::Etw::of(kernel.machine).provider_count(), 0);
    add_growth("PoFxRegisterDevice without PoFxUnregisterDevice", baseline.power_devices, kernel.power.count(), 0);
    add_growth("PoRegisterPowerSettingCallback not unregistered", baseline.power_settings,
               kernel.power.follower_count(), 0);
    if (is_alone && kernel.machine.clock_interval() < baseline.clock_interval) {
        add("mapping or registration", "ExSetTimerResolution not given back", 0);
    }
    LeakReport report;
    report.driver = driver.service_name();
    for (auto& [key, leak] : found) {
        report.leaks.push_back(std::move(leak));
    }
    return report;
}

std::string LeakReport::to_text() const {
    if (leaks.empty()) {
        return fmt::format("{}: nothing left behind", driver);
    }
    std::string text = fmt::format("{} was unloaded and left behind:", driver);
    for (const Leak& leak : leaks) {
        text += fmt::format("\n  {} × {}: {}", leak.count, leak.kind, leak.what);
        if (leak.bytes != 0) {
            text += fmt::format(", {} bytes", leak.bytes);
        }
    }
    return text;
}

} // namespace openportcls::pnp
