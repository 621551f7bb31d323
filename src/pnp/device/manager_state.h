// What the PnP manager keeps for its machine.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <wdm.h>

#include "base/result.h"
#include "base/unicode.h"
#include "executive/io/work_items.h"
#include "executive/kernel.h"
#include "executive/registry/registry.h"
#include "machine/machine.h"
#include "pnp/device/leak_check.h"
#include "pnp/device/pnp_watchdog.h"
#include "pnp/device/resource_lists.h"
#include "pnp/pnp_manager.h"

namespace openportcls::pnp {

// A DRIVER_OBJECT with what it points at, each a block of pool.
struct DriverBody {
    DRIVER_OBJECT* object = nullptr;
    DRIVER_EXTENSION* extension = nullptr;
    UNICODE_STRING name{};          // \Driver\cable
    UNICODE_STRING service{};       // cable
    UNICODE_STRING registry_path{}; // what DriverEntry gets, until it returns
};

struct ManagerState;

// What a system worker thread has to do to a device.
struct DeferredWork {
    WORK_QUEUE_ITEM item{};
    ManagerState* manager = nullptr;
    DEVICE_OBJECT* device = nullptr;
    std::optional<executive::Kernel::DeviceRequest> request; // nothing: the last handle of the device was closed
};

struct ManagerState {
    // Holds the device tree for the running thread.
    class Tree {
    public:
        explicit Tree(ManagerState& manager);
        ~Tree();
        Tree(const Tree&) = delete;
        Tree& operator=(const Tree&) = delete;

    private:
        ManagerState& manager_;
    };

    explicit ManagerState(machine::Machine& machine);
    ~ManagerState();

    machine::Machine& machine;
    executive::Kernel& kernel;
    executive::Registry& registry;
    DriverBody bus_driver;
    std::map<LoadedDriver*, DriverBody> bodies;      // looked up, never iterated
    std::map<LoadedDriver*, LeakBaseline> baselines; // likewise
    std::vector<std::unique_ptr<LoadedDriver>> drivers;
    std::vector<std::unique_ptr<DeviceNode>> devices;
    std::vector<std::unique_ptr<DeferredWork>> deferred; // queued, in no particular order
    SYSTEM_POWER_STATE system_state = PowerSystemWorking;
    std::function<void(SYSTEM_POWER_STATE)> tell_system_state; // may be empty
    std::uint32_t last_serial = 0;
    std::shared_ptr<std::vector<std::string>> load_warnings; // of the driver that was to be loaded last
    // One thread at a time changes the tree; what it calls may come back.
    KEVENT tree_free{}; // signalled while nobody holds the tree
    machine::Thread* tree_owner = nullptr;
    unsigned tree_depth = 0;
    PnpWatchdog watchdog{machine}; // of whoever holds the tree

    // ---- driver objects (loader/driver_object.cpp) ---------------------------------------------------------------
    DriverBody make_driver_object(std::u16string_view service, std::u16string_view registry_path, void* start,
                                  std::size_t size);
    void forget_registry_path(DriverBody& body);
    void forget_driver_object(DriverBody& body);
    // (loader/driver_loading.cpp)
    void call_constructors(LoadedDriver& driver);
    void call_destructors(LoadedDriver& driver);
    void wait_for_work(LoadedDriver& driver, executive::WorkItemsOf which);

    // ---- physical device objects (device/physical_device.cpp) ----------------------------------------------------
    DriverBody make_bus_driver();
    Result<void> make_physical_device(DeviceNode& node);
    // Completes the wake request of a device that waits for one; false when none does.
    bool complete_wait_wake(DeviceNode& node, NTSTATUS status);

    // ---- installation (device/installation.cpp) ------------------------------------------------------------------
    // The system that INF sections have to fit: the machine's release of Windows.
    InfTarget inf_target(const std::string& architecture) const;
    void install_service(LoadedDriver& driver, const InfService* service, const DriverOptions& options);
    // What of `install` is left out becomes a warning of the driver; `inf` is where it comes from.
    Result<void> install_device(DeviceNode& node, const InfDeviceInstall* install, const InfFile* inf,
                                const DeviceSpec& spec);
    Result<void> install_keys(DeviceNode& node, const InfDeviceInstall* install, const InfFile* inf,
                              const DeviceSpec& spec);
    static void write_device_values(const DeviceNode& node, executive::RegistryKey& key,
                                    std::u16string_view software_key);
    static void write_software_values(const DeviceNode& node, executive::RegistryKey& key,
                                      const InfDeviceInstall* install);
    std::vector<InfWarning> apply_sections(DeviceNode& node, const InfDeviceInstall& install);
    std::vector<InfWarning> install_interfaces(DeviceNode& node, const InfDeviceInstall& install);
    // Lines of a section whose HKR is `relative_root`. The services of loaded drivers stay whatever they say.
    std::vector<InfWarning> apply_operations(const std::vector<InfRegistryOperation>& operations,
                                             std::u16string_view relative_root);

    // ---- requests (device/requests.cpp) --------------------------------------------------------------------------
    // A request to the top of the device's stack; pending ones are waited for.
    NTSTATUS call(DeviceNode& node, IRP* irp, ULONG_PTR* information = nullptr);
    NTSTATUS send_pnp(DeviceNode& node, UCHAR minor, ULONG_PTR* information = nullptr);
    NTSTATUS query_capabilities(DeviceNode& node);
    NTSTATUS query_device_state(DeviceNode& node, PNP_DEVICE_STATE* state);
    void query_bus_relations(DeviceNode& node);
    // The first of the device's configurations that is free becomes its resources.
    void choose_configuration(DeviceNode& node);
    // What the device is to be started with: its resources after the drivers' filters, none of them another device's.
    Result<Assignment> choose_resources(DeviceNode& node);
    // From now on they are the device's.
    void hold_resources(DeviceNode& node, const Assignment& assignment);
    // IRP_MJ_POWER to the top of the stack.
    NTSTATUS send_power(DeviceNode& node, UCHAR minor, POWER_STATE_TYPE type, POWER_STATE state, POWER_ACTION action);

    // ---- transitions (device/transitions.cpp) ---------------------------------------------------------------------
    Result<void> add_to_stack(DeviceNode& node);
    Result<void> start(DeviceNode& node);
    Result<void> start_with(DeviceNode& node, const Assignment& assignment);
    Error start_failed(DeviceNode& node, Error error);
    Result<void> query_stop(DeviceNode& node);
    Result<void> cancel_stop(DeviceNode& node);
    Result<void> stop(DeviceNode& node);
    Result<void> rebalance(DeviceNode& node, std::vector<Resource> resources);
    Result<void> query_remove(DeviceNode& node);
    Result<void> cancel_remove(DeviceNode& node);
    Result<void> remove(DeviceNode& node);
    Result<void> surprise_remove(DeviceNode& node);
    // REMOVE_DEVICE and everything after it. The node is gone when this returns.
    Result<void> finish_removal(DeviceNode& node);
    // Takes the stack down after a failure; the node stays.
    void tear_down_stack(DeviceNode& node);
    void disable_interfaces(DeviceNode& node);
    std::uint64_t open_handles(const DeviceNode& node) const;
    void erase(DeviceNode& node);
    void handle_device_state(DeviceNode& node);
    static void device_requested(machine::Machine& machine, DEVICE_OBJECT* device,
                                 executive::Kernel::DeviceRequest request, ULONG value);
    static void device_closed(machine::Machine& machine, DEVICE_OBJECT* device);
    void finish_pending_removal(DeviceNode& node);

    // ---- power (power/system_power.cpp) ---------------------------------------------------------------------------
    Result<void> set_device_power(DeviceNode& node, DEVICE_POWER_STATE target, bool query_first);
    Result<void> sleep(SYSTEM_POWER_STATE target, bool forced);
    Result<void> wake();
    void enter_system_state(SYSTEM_POWER_STATE state);

    // The device has reached a power state; its bus and its node learn it.
    void set_power_state(DeviceNode& node, DEVICE_POWER_STATE state);
    bool is_alive(const DeviceNode& node) const;
    DeviceNode* node_of(const DEVICE_OBJECT* physical_device) const;
    Result<void> expect_state(const DeviceNode& node, std::initializer_list<DeviceState> allowed,
                              std::string_view wish) const;
    Error failure(const DeviceNode& node, std::string_view what, NTSTATUS status) const;
};

BusPlace place_of(const DeviceNode& node, Bus* bus, std::uint32_t address);

} // namespace openportcls::pnp
