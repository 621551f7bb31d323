// PnP and power IRPs as the PnP manager sends them.
#include <memory>
#include <optional>

#include "executive/io/device_record.h"
#include "executive/io/io_manager.h"
#include "pnp/bus.h"
#include "pnp/device/arbiter.h"
#include "pnp/device/log_configs.h"
#include "pnp/device/manager_state.h"
#include "pnp/device/status_text.h"

#include <fmt/format.h>

namespace openportcls::pnp {

NTSTATUS ManagerState::call(DeviceNode& node, IRP* irp, ULONG_PTR* information) {
    watchdog.blame(node.driver_->service_name());
    return executive::call_synchronously(node.top(), irp, information);
}

NTSTATUS ManagerState::send_pnp(DeviceNode& node, UCHAR minor, ULONG_PTR* information) {
    IRP* irp = executive::build_request(node.top(), IRP_MJ_PNP, minor);
    return call(node, irp, information);
}

NTSTATUS ManagerState::query_capabilities(DeviceNode& node) {
    DEVICE_OBJECT* top = node.top();
    DEVICE_CAPABILITIES capabilities{};
    capabilities.Size = sizeof capabilities;
    capabilities.Version = 1;
    capabilities.Address = 0xFFFFFFFF;
    capabilities.UINumber = 0xFFFFFFFF;
    IRP* irp = executive::build_request(top, IRP_MJ_PNP, IRP_MN_QUERY_CAPABILITIES);
    IoGetNextIrpStackLocation(irp)->Parameters.DeviceCapabilities.Capabilities = &capabilities;
    const NTSTATUS status = call(node, irp);
    if (NT_SUCCESS(status)) {
        node.capabilities_ = capabilities;
    }
    return status;
}

NTSTATUS ManagerState::query_device_state(DeviceNode& node, PNP_DEVICE_STATE* state) {
    ULONG_PTR information = 0;
    const NTSTATUS status = send_pnp(node, IRP_MN_QUERY_PNP_DEVICE_STATE, &information);
    *state = NT_SUCCESS(status) ? static_cast<PNP_DEVICE_STATE>(information) : 0;
    return status;
}

// Audio adapters have no children of their own; what a driver reports is released again.
void ManagerState::query_bus_relations(DeviceNode& node) {
    IRP* irp = executive::build_request(node.top(), IRP_MJ_PNP, IRP_MN_QUERY_DEVICE_RELATIONS);
    IoGetNextIrpStackLocation(irp)->Parameters.QueryDeviceRelations.Type = BusRelations;
    ULONG_PTR information = 0;
    const NTSTATUS status = call(node, irp, &information);
    if (!NT_SUCCESS(status) || information == 0) {
        return;
    }
    auto* relations = reinterpret_cast<DEVICE_RELATIONS*>(information);
    for (ULONG index = 0; index < relations->Count; ++index) {
        ObDereferenceObject(relations->Objects[index]);
    }
    ExFreePool(relations);
}

namespace {

using Requirements = std::unique_ptr<IO_RESOURCE_REQUIREMENTS_LIST, decltype(&ExFreePool)>;

// The assignment that the drivers' requirements make of the device's resources. What another device has is not there;
// an alternative may do without it.
Result<Assignment> arbitrate(const ManagerState& manager, const DeviceNode& node,
                             const IO_RESOURCE_REQUIREMENTS_LIST* requirements) {
    std::vector<Resource> available = node.resources();
    std::optional<ResourceConflict> first_conflict;
    const auto in_use = [&] {
        return Error{STATUS_CONFLICTING_ADDRESSES,
                     fmt::format("{}: {} cannot be had: {} ({}) has {}", node.instance_path(),
                                 resource_name(first_conflict->wanted), first_conflict->holder->instance_path(),
                                 first_conflict->holder->driver().service_name(), resource_name(first_conflict->held))};
    };
    while (true) {
        Assignment assignment{available, {}};
        if (requirements != nullptr) {
            auto satisfied = satisfy(*requirements, available);
            if (!satisfied) {
                return first_conflict ? in_use()
                                      : Error{satisfied.status(),
                                              fmt::format("{}: {}", node.instance_path(), satisfied.error().message)};
            }
            assignment = std::move(*satisfied);
        }
        const auto conflict = find_conflict(manager, node, assignment.resources);
        if (!conflict) {
            return assignment;
        }
        if (!first_conflict) {
            first_conflict = conflict;
        }
        const auto is_taken = [&](const Resource& resource) {
            return resource.kind == conflict->wanted.kind && resource.start == conflict->wanted.start &&
                   resource.line == conflict->wanted.line;
        };
        if (requirements == nullptr || std::erase_if(available, is_taken) == 0) {
            return in_use();
        }
    }
}

} // namespace

void ManagerState::choose_configuration(DeviceNode& node) {
    if (!node.configurations_.empty()) {
        node.resources_ = free_configuration(*this, node, node.configurations_);
    }
}

Result<Assignment> ManagerState::choose_resources(DeviceNode& node) {
    const auto wishes = make_requirements(node.resources_, place_of(node, node.bus_, node.address_));
    void* list = nullptr;
    if (!wishes.empty()) {
        list = ExAllocatePoolWithTag(PagedPool, wishes.size(), 0x20706E50 /* 'Pnp ' */);
        memcpy(list, wishes.data(), wishes.size());
    }
    IRP* irp = executive::build_request(node.top(), IRP_MJ_PNP, IRP_MN_FILTER_RESOURCE_REQUIREMENTS);
    IoGetNextIrpStackLocation(irp)->Parameters.FilterResourceRequirements.IoResourceRequirementList =
        static_cast<IO_RESOURCE_REQUIREMENTS_LIST*>(list);
    irp->IoStatus.Information = reinterpret_cast<ULONG_PTR>(list);
    ULONG_PTR information = 0;
    const NTSTATUS status = call(node, irp, &information);
    // A filter that makes a new list frees the old one and returns its own in Information.
    if (NT_SUCCESS(status)) {
        list = reinterpret_cast<void*>(information);
    }
    const Requirements requirements(static_cast<IO_RESOURCE_REQUIREMENTS_LIST*>(list), &ExFreePool);
    return arbitrate(*this, node, requirements.get());
}

void ManagerState::hold_resources(DeviceNode& node, const Assignment& assignment) {
    const BusPlace place = place_of(node, node.bus_, node.address_);
    executive::DeviceRecord& record = executive::device_record(node.pdo_);
    record.raw_resources = make_resource_list(assignment, place, false);
    record.translated_resources = make_resource_list(assignment, place, true);
    node.held_resources_ = assignment.resources;
}

NTSTATUS ManagerState::send_power(DeviceNode& node, UCHAR minor, POWER_STATE_TYPE type, POWER_STATE state,
                                  POWER_ACTION action) {
    IRP* irp = executive::build_request(node.top(), IRP_MJ_POWER, minor);
    auto& power = IoGetNextIrpStackLocation(irp)->Parameters.Power;
    power.Type = type;
    power.State = state;
    power.ShutdownType = action;
    return call(node, irp);
}

void ManagerState::set_power_state(DeviceNode& node, DEVICE_POWER_STATE state) {
    if (node.power_state_ == state) {
        return;
    }
    node.power_state_ = state;
    if (node.bus_ != nullptr) {
        node.bus_->set_power_state(node.address_, state);
    }
    machine.trace(machine::EventKind::power_state, node.serial_, state, node.instance_path_);
}

Error ManagerState::failure(const DeviceNode& node, std::string_view what, NTSTATUS status) const {
    return {status, fmt::format("{} ({}): {} with {}", node.instance_path_, node.driver_->service_name(), what,
                                status_text(status))};
}

} // namespace openportcls::pnp
