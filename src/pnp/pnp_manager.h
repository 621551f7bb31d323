// Loads drivers, gives them devices, and walks both through their Plug and Play and power states.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <wdm.h>

#include "base/result.h"
#include "machine/machine.h"
#include "pnp/inf/install.h"
#include "pnp/registry_parameter.h"
#include "pnp/resource.h"

namespace openportcls::pnp {

class Bus;
class DriverModule;
class PnpManager;
struct ManagerState;

struct DriverOptions {
    // Service name: the key below Services and \Driver\<name>. Empty: the INF's AddService, else the module's file
    // name.
    std::string service_name;
    // Empty: no INF, or the one given with the device.
    std::filesystem::path inf;
    // Whose models of the INF count; x86 for old drivers whose INF has no others.
    std::string inf_architecture = "amd64";
    // Written to Services\<name>\Parameters before DriverEntry runs.
    std::vector<RegistryParameter> parameters;
};

struct DeviceSpec {
    // Empty: the first model of the INF; without an INF "ROOT\<service name>". Not in the INF: an error that lists
    // what is. A device on a bus is matched by any of its ids.
    std::string hardware_id;
    std::vector<std::string> compatible_ids;
    std::string instance_id; // empty: 0000, 0001 …
    // Empty: the driver's INF if it has one.
    std::filesystem::path inf;
    // Written to the device's driver (software) key on top of what the INF says.
    std::vector<RegistryParameter> parameters;
    // For software devices and ISA-like hardware; a bus asks its own.
    std::vector<Resource> resources;
    Bus* bus = nullptr;
    std::uint32_t address = 0; // on the bus
    // Also send IRP_MN_START_DEVICE; otherwise PnpManager::start does.
    bool start = true;
};

enum class DeviceState : std::uint8_t {
    added, // AddDevice done, not started
    started,
    stop_pending, // QUERY_STOP succeeded
    stopped,
    remove_pending,   // QUERY_REMOVE succeeded
    surprise_removed, // hardware gone, REMOVE_DEVICE waits for the last handle
    removed,          // only PnpManager::nodes' history; the objects are gone
    failed,           // START_DEVICE or AddDevice failed, or the driver reported PNP_DEVICE_FAILED
};
std::string_view device_state_name(DeviceState state);

// What a driver left behind when it was unloaded (Windows: bugchecks 0xC4, 0xCE, 0xCB).
struct Leak {
    std::string kind; // "pool", "device object", "thread", "handle", "symbolic link", "timer", "work item", …
    std::string what; // tag, name …
    std::uint64_t count = 0;
    std::uint64_t bytes = 0;
};
struct LeakReport {
    std::string driver;
    std::vector<Leak> leaks; // sorted by kind and name
    bool empty() const { return leaks.empty(); }
    std::string to_text() const;
};

// A loaded driver. Owned by the PnpManager; the pointer is valid until unload() returns success.
class LoadedDriver {
public:
    ~LoadedDriver();
    const std::string& service_name() const { return service_name_; }
    const std::filesystem::path& path() const { return path_; } // empty for a static driver
    DRIVER_OBJECT* object() const { return object_; }
    const InfFile* inf() const { return inf_ ? inf_.get() : nullptr; }
    // What is wrong with the INFs it was installed from and did not stop that: "file:line: warning: …", each once.
    const std::vector<std::string>& inf_warnings() const { return *inf_warnings_; }
    std::u16string_view registry_path() const { return registry_path_; }
    bool is_static() const { return module_ == nullptr; }

private:
    friend class PnpManager;
    friend struct ManagerState;
    LoadedDriver();
    void take_warnings(const InfFile& inf, const std::vector<InfWarning>& warnings);

    std::string service_name_;
    std::filesystem::path path_;
    std::u16string registry_path_;
    DRIVER_OBJECT* object_ = nullptr;
    std::unique_ptr<InfFile> inf_;
    std::string inf_architecture_;
    std::unique_ptr<DriverModule> module_;
    std::uint32_t next_instance_ = 0;
    // Shared with the manager: they are told of a driver that fails, too.
    std::shared_ptr<std::vector<std::string>> inf_warnings_ = std::make_shared<std::vector<std::string>>();
};

// A device in the tree: its physical device object, its keys and its state. Owned by the PnpManager; the pointer is
// valid until remove() returns success (or, after surprise_remove(), until the last handle is closed).
class DeviceNode {
public:
    ~DeviceNode();
    DeviceNode(const DeviceNode&) = delete;
    DeviceNode& operator=(const DeviceNode&) = delete;

    const std::string& instance_path() const { return instance_path_; } // ROOT\CABLE\0000
    std::uint32_t serial() const { return serial_; } // 1, 2, 3 … of all that were ever added; paths come back
    const std::vector<std::string>& hardware_ids() const { return hardware_ids_; }
    const std::string& description() const { return description_; }
    DEVICE_OBJECT* pdo() const { return pdo_; }
    DEVICE_OBJECT* top() const; // of the stack, where IRPs go in
    LoadedDriver& driver() const { return *driver_; }
    DeviceState state() const { return state_; }
    NTSTATUS problem() const { return problem_; } // why it is `failed`
    DEVICE_POWER_STATE power_state() const { return power_state_; }
    const DEVICE_CAPABILITIES& capabilities() const { return capabilities_; } // as the whole stack answered
    const std::vector<Resource>& resources() const { return resources_; }
    // Those it was started with, as long as no other device can have them.
    const std::vector<Resource>& held_resources() const { return held_resources_; }
    // Full registry paths.
    const std::u16string& enum_key() const { return enum_key_; }         // …\Enum\ROOT\CABLE\0000
    const std::u16string& driver_key() const { return driver_key_; }     // …\Control\Class\{guid}\0000
    const std::u16string& hardware_key() const { return hardware_key_; } // …\Device Parameters

private:
    friend class PnpManager;
    friend struct ManagerState;
    DeviceNode();

    ManagerState* manager_ = nullptr;
    LoadedDriver* driver_ = nullptr;
    std::uint32_t serial_ = 0;
    DEVICE_OBJECT* pdo_ = nullptr;
    DeviceState state_ = DeviceState::added;
    DeviceState state_before_pending_ = DeviceState::added;
    NTSTATUS problem_ = 0;
    DEVICE_POWER_STATE power_state_ = PowerDeviceUnspecified;
    DEVICE_CAPABILITIES capabilities_{};
    bool present_ = true;
    bool remove_when_closed_ = false;
    std::string instance_path_;
    std::string description_;
    std::string manufacturer_;
    std::string class_name_;
    std::string class_guid_;
    std::vector<std::string> hardware_ids_;
    std::vector<std::string> compatible_ids_;
    std::vector<Resource> resources_;
    std::vector<Resource> held_resources_;
    std::vector<InfLogConfig> configurations_; // its choice of resources, the best first; empty: it has none
    Bus* bus_ = nullptr;
    std::uint32_t address_ = 0;
    std::u16string enum_key_;
    std::u16string driver_key_;
    std::u16string hardware_key_;
};

// One per machine. Every call may be made from outside the machine (it is entered) or from inside, by the client
// thread at PASSIVE_LEVEL. When the guest crashes during a call, the call returns an error with the bugcheck's text.
class PnpManager : public machine::Subsystem {
public:
    static constexpr machine::SubsystemId subsystem_id = machine::SubsystemId::pnp;

    explicit PnpManager(machine::Machine& machine);
    ~PnpManager() override; // removes every device and unloads every driver that is left

    // ---- drivers --------------------------------------------------------------------------------------------
    // `module`: a driver built from source by `portcls build`. Runs DriverEntry.
    Result<LoadedDriver*> load_driver(const std::filesystem::path& module, const DriverOptions& options = {});
    // A driver linked into this process (tests, examples).
    Result<LoadedDriver*> load_static_driver(PDRIVER_INITIALIZE driver_entry, const DriverOptions& options = {});
    // LoadedDriver::inf_warnings() of the driver whose loading began last, however that ended.
    std::vector<std::string> load_warnings() const;
    // Removes the driver's devices, calls DriverUnload and takes the module out. What the driver left behind is in the
    // report. A driver without DriverUnload cannot be unloaded (its devices are removed, the driver stays).
    Result<LeakReport> unload(LoadedDriver& driver);

    // ---- devices --------------------------------------------------------------------------------------------
    Result<DeviceNode*> add_device(LoadedDriver& driver, const DeviceSpec& spec = {});
    Result<void> start(DeviceNode& device);
    // QUERY_STOP_DEVICE, STOP_DEVICE, as for a rebalance; start() with the same or new resources continues.
    Result<void> stop(DeviceNode& device);
    Result<void> query_stop(DeviceNode& device);
    Result<void> cancel_stop(DeviceNode& device); // also without query_stop (R-PNP-04)
    // QUERY_STOP_DEVICE, and when another device has one of `resources` CANCEL_STOP_DEVICE: the device goes on as it
    // was.
    Result<void> rebalance(DeviceNode& device, std::vector<Resource> resources);
    Result<void> query_remove(DeviceNode& device);
    Result<void> cancel_remove(DeviceNode& device);
    // QUERY_REMOVE_DEVICE (if not pending), REMOVE_DEVICE. Refused while handles are open, as on Windows.
    Result<void> remove(DeviceNode& device);
    // The hardware is gone: SURPRISE_REMOVAL now, REMOVE_DEVICE when the last handle is closed.
    Result<void> surprise_remove(DeviceNode& device);
    // Removes devices whose last handle has been closed since, at once; a system worker thread does it otherwise.
    void finish_pending_removals();

    // ---- power ----------------------------------------------------------------------------------------------
    // Only a device: IRP_MN_QUERY_POWER (optional) and IRP_MN_SET_POWER for a device state.
    Result<void> set_device_power(DeviceNode& device, DEVICE_POWER_STATE state, bool query_first = false);
    // The whole machine: query then set of the system state for every device, children last on the way up.
    Result<void> sleep(SYSTEM_POWER_STATE state, bool forced = false);
    Result<void> wake();
    SYSTEM_POWER_STATE system_power_state() const;
    // The computer around the devices: told of the state that the system is in from now on, when all devices know that
    // it falls asleep, and before any knows that it wakes.
    void on_system_power(std::function<void(SYSTEM_POWER_STATE)> tell);

    // ---- looking --------------------------------------------------------------------------------------------
    std::vector<DeviceNode*> devices() const; // in order of creation
    std::vector<LoadedDriver*> drivers() const;
    DeviceNode* find_device(std::string_view instance_path) const;
    DeviceNode* node_of(const DEVICE_OBJECT* physical_device_object) const;
    machine::Machine& machine() const;
    ManagerState* state() const { return state_.get(); } // for this layer

private:
    Result<LoadedDriver*> start_driver(std::unique_ptr<LoadedDriver> driver, PDRIVER_INITIALIZE driver_entry,
                                       void* code, std::size_t code_size, const DriverOptions& options);
    void call_unload(LoadedDriver& driver);
    void release(LoadedDriver& driver);
    Result<std::string> instance_path_for(const DeviceSpec& spec, const std::string& hardware_id) const;
    template<class Function>
    Result<void> on_device(DeviceNode& device, Function&& function);

    std::unique_ptr<ManagerState> state_;
};

// The run-time libraries that must be in the process before a module built with sanitizers can be loaded (for
// LD_PRELOAD, in order; this library among them); empty for a plain module or when they are there already.
Result<std::vector<std::string>> required_preloads(const std::filesystem::path& module);

} // namespace openportcls::pnp
