// The Plug and Play states of a device and the IRPs between them, in the documented order.
#include <algorithm>
#include <memory>
#include <optional>

#include <fmt/format.h>

#include "executive/ex/pool_copy.h"
#include "executive/io/device_record.h"
#include "executive/io/devices.h"
#include "executive/io/io_manager.h"
#include "executive/irql_check.h"
#include "pnp/bus.h"
#include "pnp/device/manager_state.h"
#include "pnp/device/object_values.h"
#include "pnp/device/status_text.h"

namespace openportcls::pnp {

ManagerState::Tree::Tree(ManagerState& manager) : manager_(manager) {
    machine::Thread* current = &manager.machine.current_thread();
    if (manager.tree_owner != current) {
        manager.machine.wait_one(&manager.tree_free);
        manager.tree_owner = current;
    }
    if (manager.tree_depth++ == 0) {
        manager.watchdog.arm(*current);
    }
}

ManagerState::Tree::~Tree() {
    if (--manager_.tree_depth == 0) {
        manager_.watchdog.disarm();
        manager_.tree_owner = nullptr;
        manager_.machine.set_event(manager_.tree_free);
    }
}

bool ManagerState::is_alive(const DeviceNode& node) const {
    return std::ranges::any_of(devices, [&](const auto& candidate) { return candidate.get() == &node; });
}

DeviceNode* ManagerState::node_of(const DEVICE_OBJECT* physical_device) const {
    const auto found = std::ranges::find_if(devices, [&](const auto& node) { return node->pdo_ == physical_device; });
    return found != devices.end() && physical_device != nullptr ? found->get() : nullptr;
}

Result<void> ManagerState::expect_state(const DeviceNode& node, std::initializer_list<DeviceState> allowed,
                                        std::string_view wish) const {
    if (std::ranges::find(allowed, node.state_) != allowed.end()) {
        return {};
    }
    return Error{STATUS_INVALID_DEVICE_STATE, fmt::format("{}: cannot {} a device that is {}", node.instance_path_,
                                                          wish, device_state_name(node.state_))};
}

Result<void> ManagerState::add_to_stack(DeviceNode& node) {
    const DriverBody& body = bodies.at(node.driver_);
    const PDRIVER_ADD_DEVICE add_device = body.extension->AddDevice;
    if (add_device == nullptr) {
        return Error{STATUS_INVALID_DEVICE_REQUEST,
                     fmt::format("{}: driver {} has no AddDevice routine, so it cannot serve Plug and Play devices "
                                 "(DriverEntry has to set it, or call PcInitializeAdapterDriver)",
                                 node.instance_path_, node.driver_->service_name_)};
    }
    watchdog.blame(node.driver_->service_name());
    const executive::CalledAt before(machine);
    const NTSTATUS status = add_device(body.object, node.pdo_);
    executive::require_kept(machine, before, "AddDevice", add_device);
    if (!NT_SUCCESS(status)) {
        return failure(node, "AddDevice failed", status);
    }
    if (node.pdo_->AttachedDevice == nullptr) {
        return Error{STATUS_NO_SUCH_DEVICE,
                     fmt::format("{}: AddDevice of {} succeeded without attaching a device to the stack",
                                 node.instance_path_, node.driver_->service_name_)};
    }
    for (DEVICE_OBJECT* device = node.pdo_->AttachedDevice; device != nullptr; device = device->AttachedDevice) {
        if ((device->Flags & DO_DEVICE_INITIALIZING) != 0) {
            return Error{STATUS_DEVICE_NOT_READY,
                         fmt::format("{}: AddDevice of {} left DO_DEVICE_INITIALIZING set in its device object, so "
                                     "nothing could open it",
                                     node.instance_path_, node.driver_->service_name_)};
        }
    }
    if (const auto instance = registry.find(node.enum_key_)) {
        apply_characteristics(*node.pdo_, *instance);
    }
    // The system asks for the capabilities before it starts the device (R-PWR-01).
    query_capabilities(node);
    return {};
}

Result<void> ManagerState::start(DeviceNode& node) {
    if (auto allowed = expect_state(node, {DeviceState::added, DeviceState::stopped}, "start"); !allowed) {
        return allowed;
    }
    choose_configuration(node); // what was free when the device was added may not be any more
    auto chosen = choose_resources(node);
    return chosen ? start_with(node, *chosen) : start_failed(node, chosen.error());
}

Error ManagerState::start_failed(DeviceNode& node, Error error) {
    node.problem_ = error.status;
    if (node.state_ == DeviceState::stopped) {
        // As when a rebalance fails: the device goes, in the order of an unexpected removal.
        disable_interfaces(node);
        send_pnp(node, IRP_MN_SURPRISE_REMOVAL);
    }
    node.held_resources_.clear();
    if (open_handles(node) == 0) {
        tear_down_stack(node);
        node.state_ = DeviceState::failed;
    } else {
        node.state_ = DeviceState::surprise_removed; // REMOVE_DEVICE follows the last handle
    }
    return error;
}

Result<void> ManagerState::start_with(DeviceNode& node, const Assignment& assignment) {
    hold_resources(node, assignment);
    executive::DeviceRecord& record = executive::device_record(node.pdo_);
    DEVICE_OBJECT* top = node.top();
    IRP* irp = executive::build_request(top, IRP_MJ_PNP, IRP_MN_START_DEVICE);
    auto& parameters = IoGetNextIrpStackLocation(irp)->Parameters.StartDevice;
    // Copies that drivers may write over, as they do to hide resources from those below.
    executive::PoolCopy raw(kernel.pool, "resource list", record.raw_resources);
    executive::PoolCopy translated(kernel.pool, "resource list", record.translated_resources);
    parameters.AllocatedResources = static_cast<CM_RESOURCE_LIST*>(raw.data());
    parameters.AllocatedResourcesTranslated = static_cast<CM_RESOURCE_LIST*>(translated.data());
    set_power_state(node, PowerDeviceD0);
    const NTSTATUS status = call(node, irp);
    if (!NT_SUCCESS(status)) {
        return start_failed(node, failure(node, "START_DEVICE failed", status));
    }
    node.state_ = DeviceState::started;
    query_capabilities(node);
    PNP_DEVICE_STATE device_state = 0;
    query_device_state(node, &device_state);
    if ((device_state & (PNP_DEVICE_FAILED | PNP_DEVICE_REMOVED)) != 0) {
        disable_interfaces(node);
        send_pnp(node, IRP_MN_SURPRISE_REMOVAL);
        return start_failed(node,
                            {STATUS_DEVICE_CONFIGURATION_ERROR,
                             fmt::format("{}: the driver reported PNP_DEVICE_FAILED after its start (state 0x{:X})",
                                         node.instance_path_, device_state)});
    }
    kernel.interfaces.device_started(node.pdo_);
    query_bus_relations(node);
    return {};
}

Result<void> ManagerState::query_stop(DeviceNode& node) {
    if (auto allowed = expect_state(node, {DeviceState::started}, "stop"); !allowed) {
        return allowed;
    }
    const NTSTATUS status = send_pnp(node, IRP_MN_QUERY_STOP_DEVICE);
    if (!NT_SUCCESS(status)) {
        // Drivers above the one that refused may have accepted.
        send_pnp(node, IRP_MN_CANCEL_STOP_DEVICE);
        return failure(node, "the driver refuses to stop: QUERY_STOP_DEVICE failed", status);
    }
    node.state_before_pending_ = node.state_;
    node.state_ = DeviceState::stop_pending;
    return {};
}

Result<void> ManagerState::cancel_stop(DeviceNode& node) {
    // It may come without a query (R-PNP-04).
    if (auto allowed = expect_state(node, {DeviceState::stop_pending, DeviceState::started}, "cancel the stop of");
        !allowed) {
        return allowed;
    }
    const NTSTATUS status = send_pnp(node, IRP_MN_CANCEL_STOP_DEVICE);
    node.state_ = DeviceState::started;
    return NT_SUCCESS(status) ? Result<void>() : failure(node, "CANCEL_STOP_DEVICE failed", status);
}

Result<void> ManagerState::stop(DeviceNode& node) {
    if (node.state_ != DeviceState::stop_pending) {
        if (auto queried = query_stop(node); !queried) {
            return queried;
        }
    }
    const NTSTATUS status = send_pnp(node, IRP_MN_STOP_DEVICE);
    node.state_ = DeviceState::stopped;
    node.held_resources_.clear();
    return NT_SUCCESS(status) ? Result<void>()
                              : failure(node, "STOP_DEVICE failed, which a driver may not do: it failed", status);
}

// In the order of the system: a device is stopped for other resources only when there are some for it.
Result<void> ManagerState::rebalance(DeviceNode& node, std::vector<Resource> resources) {
    if (node.state_ != DeviceState::stop_pending) {
        if (auto queried = query_stop(node); !queried) {
            return queried;
        }
    }
    std::swap(node.resources_, resources);
    const auto chosen = choose_resources(node);
    if (!chosen) {
        std::swap(node.resources_, resources);
        (void)cancel_stop(node);
        return chosen.error();
    }
    node.configurations_.clear(); // from now on it is where it was put
    if (auto stopped = stop(node); !stopped) {
        return stopped;
    }
    return start_with(node, *chosen);
}

std::uint64_t ManagerState::open_handles(const DeviceNode& node) const {
    std::uint64_t count = 0;
    for (const DEVICE_OBJECT* device = node.pdo_; device != nullptr; device = device->AttachedDevice) {
        count += static_cast<std::uint64_t>(std::max(device->ReferenceCount, 0));
    }
    return count;
}

Result<void> ManagerState::query_remove(DeviceNode& node) {
    if (auto allowed = expect_state(node, {DeviceState::added, DeviceState::started, DeviceState::stopped}, "remove");
        !allowed) {
        return allowed;
    }
    const NTSTATUS vetoed = kernel.notifications.target_changed(node.pdo_, GUID_TARGET_DEVICE_QUERY_REMOVE);
    const auto cancelled = [&] { kernel.notifications.target_changed(node.pdo_, GUID_TARGET_DEVICE_REMOVE_CANCELLED); };
    if (!NT_SUCCESS(vetoed)) {
        cancelled();
        return failure(node, "somebody who watches the device refuses its removal", vetoed);
    }
    if (const auto handles = open_handles(node); handles != 0) {
        cancelled();
        return Error{STATUS_DEVICE_BUSY,
                     fmt::format("{}: cannot be removed while {} {} open; close them, or remove it by surprise",
                                 node.instance_path_, handles, handles == 1 ? "handle is" : "handles are")};
    }
    const NTSTATUS status = send_pnp(node, IRP_MN_QUERY_REMOVE_DEVICE);
    if (!NT_SUCCESS(status)) {
        send_pnp(node, IRP_MN_CANCEL_REMOVE_DEVICE);
        cancelled();
        return failure(node, "the driver refuses its removal: QUERY_REMOVE_DEVICE failed", status);
    }
    node.state_before_pending_ = node.state_;
    node.state_ = DeviceState::remove_pending;
    return {};
}

Result<void> ManagerState::cancel_remove(DeviceNode& node) {
    if (auto allowed = expect_state(node, {DeviceState::remove_pending}, "cancel the removal of"); !allowed) {
        return allowed;
    }
    const NTSTATUS status = send_pnp(node, IRP_MN_CANCEL_REMOVE_DEVICE);
    node.state_ = node.state_before_pending_;
    kernel.notifications.target_changed(node.pdo_, GUID_TARGET_DEVICE_REMOVE_CANCELLED);
    return NT_SUCCESS(status) ? Result<void>() : failure(node, "CANCEL_REMOVE_DEVICE failed", status);
}

Result<void> ManagerState::remove(DeviceNode& node) {
    if (node.state_ == DeviceState::surprise_removed || node.state_ == DeviceState::failed) {
        if (const auto handles = open_handles(node); handles != 0) {
            return Error{STATUS_DEVICE_BUSY, fmt::format("{}: {} open; it goes with the last one", node.instance_path_,
                                                         handles == 1 ? "a handle is" : "handles are")};
        }
        return finish_removal(node);
    }
    if (node.state_ != DeviceState::remove_pending) {
        if (auto queried = query_remove(node); !queried) {
            return queried;
        }
    }
    return finish_removal(node);
}

void ManagerState::disable_interfaces(DeviceNode& node) {
    for (const executive::DeviceInterface* entry : kernel.interfaces.of_device(node.pdo_)) {
        if (entry->enabled) {
            if (auto* interface = kernel.interfaces.find(entry->symbolic_link)) {
                kernel.interfaces.set_state(*interface, false);
            }
        }
    }
}

Result<void> ManagerState::surprise_remove(DeviceNode& node) {
    if (auto allowed = expect_state(node,
                                    {DeviceState::added, DeviceState::started, DeviceState::stopped,
                                     DeviceState::stop_pending, DeviceState::remove_pending},
                                    "pull out");
        !allowed) {
        return allowed;
    }
    node.present_ = false;
    if (node.state_ == DeviceState::added) {
        return finish_removal(node); // never started: REMOVE_DEVICE comes at once
    }
    const NTSTATUS status = send_pnp(node, IRP_MN_SURPRISE_REMOVAL);
    node.state_ = DeviceState::surprise_removed;
    node.held_resources_.clear();
    disable_interfaces(node);
    kernel.notifications.target_changed(node.pdo_, GUID_TARGET_DEVICE_REMOVE_COMPLETE);
    if (open_handles(node) == 0) {
        if (auto removed = finish_removal(node); !removed) {
            return removed;
        }
    }
    return NT_SUCCESS(status) ? Result<void>()
                              : Error{status, fmt::format("SURPRISE_REMOVAL failed, which a driver may not do: it "
                                                          "failed with {}",
                                                          status_text(status))};
}

void ManagerState::tear_down_stack(DeviceNode& node) {
    disable_interfaces(node);
    executive::device_record(node.pdo_).start_completed = false;
    complete_wait_wake(node, STATUS_CANCELLED);
    if (node.pdo_->AttachedDevice != nullptr) {
        send_pnp(node, IRP_MN_REMOVE_DEVICE);
    }
    // The driver may have work queued that is about to end.
    if (machine.current_thread().is_client) {
        machine.settle();
    }
}

Result<void> ManagerState::finish_removal(DeviceNode& node) {
    const bool surprise = node.state_ == DeviceState::surprise_removed;
    tear_down_stack(node);
    if (!surprise) {
        kernel.notifications.target_changed(node.pdo_, GUID_TARGET_DEVICE_REMOVE_COMPLETE);
    }
    Result<void> result;
    if (node.pdo_->AttachedDevice != nullptr) {
        result = Error{STATUS_UNSUCCESSFUL,
                       fmt::format("{}: after REMOVE_DEVICE a device object of {} is still attached; the driver has to "
                                   "call IoDetachDevice and IoDeleteDevice",
                                   node.instance_path_, node.driver_->service_name_)};
        IoDetachDevice(node.pdo_);
    }
    erase(node);
    return result;
}

void ManagerState::erase(DeviceNode& node) {
    node.state_ = DeviceState::removed;
    IoDeleteDevice(node.pdo_);
    std::erase_if(devices, [&](const auto& candidate) { return candidate.get() == &node; });
}

void ManagerState::handle_device_state(DeviceNode& node) {
    PNP_DEVICE_STATE state = 0;
    if (node.state_ != DeviceState::started || !NT_SUCCESS(query_device_state(node, &state))) {
        return;
    }
    if ((state & (PNP_DEVICE_FAILED | PNP_DEVICE_REMOVED)) != 0) {
        node.problem_ = STATUS_DEVICE_CONFIGURATION_ERROR;
        (void)surprise_remove(node);
    } else if ((state & PNP_DEVICE_RESOURCE_REQUIREMENTS_CHANGED) != 0) {
        if (auto stopped = stop(node); stopped) {
            (void)start(node);
        }
    }
}

namespace {

using Request = executive::Kernel::DeviceRequest;

void NTAPI run_deferred(void* context) {
    ManagerState& manager = *static_cast<DeferredWork*>(context)->manager;
    const auto* work = static_cast<DeferredWork*>(context);
    const ManagerState::Tree tree(manager);
    DeviceNode* node = manager.node_of(work->device);
    const std::optional<Request> request = work->request;
    if (node != nullptr && !request) {
        manager.finish_pending_removal(*node);
    } else if (node != nullptr) {
        switch (*request) {
        case Request::invalidate_relations:
            manager.query_bus_relations(*node);
            break;
        case Request::invalidate_state:
            manager.handle_device_state(*node);
            break;
        case Request::eject:
            (void)manager.remove(*node);
            break;
        }
    }
    ObDereferenceObject(work->device);
    // Not before: the machine may end while this thread waits for something.
    std::erase_if(manager.deferred, [&](const auto& entry) { return entry.get() == work; });
}

void queue_work(ManagerState& manager, DEVICE_OBJECT* physical_device, std::optional<Request> request) {
    auto& work = manager.deferred.emplace_back(std::make_unique<DeferredWork>());
    work->manager = &manager;
    work->device = physical_device;
    work->request = request;
    ObReferenceObject(physical_device);
    work->item.WorkerRoutine = &run_deferred;
    work->item.Parameter = work.get();
    manager.kernel.work.queue(work->item, DelayedWorkQueue);
}

} // namespace

// Drivers ask from their own dispatch routines, at DISPATCH_LEVEL too: a system worker thread answers.
void ManagerState::device_requested(machine::Machine& machine, DEVICE_OBJECT* device,
                                    executive::Kernel::DeviceRequest request, ULONG) {
    queue_work(*machine.subsystem<PnpManager>().state(), executive::bottom_of_stack(device), request);
}

void ManagerState::device_closed(machine::Machine& machine, DEVICE_OBJECT* device) {
    const auto* manager = machine.find_subsystem<PnpManager>();
    if (manager == nullptr || manager->state() == nullptr) {
        return;
    }
    DEVICE_OBJECT* physical_device = executive::bottom_of_stack(device);
    const DeviceNode* node = manager->node_of(physical_device);
    if (node != nullptr && node->state() == DeviceState::surprise_removed) {
        queue_work(*manager->state(), physical_device, std::nullopt);
    }
}

void ManagerState::finish_pending_removal(DeviceNode& node) {
    if (node.state_ == DeviceState::surprise_removed && open_handles(node) == 0) {
        (void)finish_removal(node);
    }
}

} // namespace openportcls::pnp
