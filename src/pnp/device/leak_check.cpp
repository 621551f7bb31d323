#include "pnp/device/leak_check.h"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "base/unicode.h"
#include "executive/leaks.h"
#include "executive/objects/object_manager.h"

namespace openportcls::pnp {

namespace {

using executive::ObjectHeader;
using executive::ObjectManager;
namespace object_types = executive::object_types;

// Files belong to whoever opened them; devices are counted apart; the rest of the types below is what drivers make.
const char* kind_of(const ObjectHeader& object) {
    // Worker threads and the client's are the system's own: nobody is to be told when they go.
    if (object.type == &object_types::thread && object.callbacks.destroy != nullptr) {
        return "thread";
    }
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
    baseline.notifications = kernel.notifications.count();
    return baseline;
}

LeakReport find_leaks(executive::Kernel& kernel, const LoadedDriver& driver, const LeakBaseline& baseline) {
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
            add("pool", fmt::format("tag '{}', {}", block.tag, block.paged ? "paged" : "nonpaged"), block.size);
        }
    }
    for (executive::Leftover& leftover : executive::leftovers(kernel, baseline.pool_owner)) {
        add(std::move(leftover.kind), std::move(leftover.what), leftover.bytes);
    }
    for (const DEVICE_OBJECT* device : kernel.devices()) {
        if (device->DriverObject == driver.object()) {
            const ObjectHeader* header = ObjectManager::of(kernel.machine).find(device);
            add("device object", header != nullptr && !header->name.empty() ? utf16_to_utf8(header->name) : "unnamed",
                device->Size);
        }
    }
    ObjectManager& objects = ObjectManager::of(kernel.machine);
    objects.for_each_object([&](const ObjectHeader& object) {
        const char* kind = kind_of(object);
        if (kind != nullptr && object.serial > baseline.object_serial) {
            add(kind, object.name.empty() ? "unnamed" : utf16_to_utf8(object.name), 0);
        }
    });
    objects.for_each_handle([&](HANDLE handle, const executive::HandleEntry& entry) {
        const ObjectHeader* object = objects.find(entry.body);
        const bool is_new = entry.kernel && !baseline.handles.contains(handle);
        if (is_new && object != nullptr && object->type != &object_types::file) {
            add("handle", object->type->name, 0);
        }
    });
    const auto add_growth = [&](const char* what, std::uint64_t before, std::uint64_t after, std::uint64_t bytes_each) {
        for (; after > before; --after) {
            add("mapping or registration", what, bytes_each);
        }
    };
    add_growth("MmProbeAndLockPages without MmUnlockPages", baseline.locked_mdls, kernel.locked_mdls, 0);
    add_growth("page of MmAllocatePagesForMdl not freed", baseline.pages_in_mdls, kernel.pages_in_mdls, PAGE_SIZE);
    add_growth("IoRegisterPlugPlayNotification not unregistered", baseline.notifications, kernel.notifications.count(),
               0);
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
