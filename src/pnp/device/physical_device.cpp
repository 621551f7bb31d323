// The bottom of every device stack: what a bus driver answers to PnP and power IRPs.
#include <cstddef>
#include <cstring>
#include <string>

#include "executive/io/device_record.h"
#include "executive/objects/object_manager.h"
#include "pnp/bus.h"
#include "pnp/device/manager_state.h"

namespace openportcls::pnp {

namespace {

constexpr ULONG pnp_tag = 0x20706E50; // 'Pnp '

struct PhysicalDevice {
    DeviceNode* node;
    ManagerState* manager;
    Bus* bus;
    std::uint32_t address;
    IRP* wait_wake;
    LONG interface_references;
};

PhysicalDevice& physical(DEVICE_OBJECT* device) {
    return *static_cast<PhysicalDevice*>(device->DeviceExtension);
}

NTSTATUS complete(IRP* irp, NTSTATUS status, ULONG_PTR information) {
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = information;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

NTSTATUS complete_unchanged(IRP* irp) {
    const NTSTATUS status = irp->IoStatus.Status;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

template<class T>
T* allocate(std::size_t size) {
    auto* memory = static_cast<T*>(ExAllocatePoolWithTag(PagedPool, size, pnp_tag));
    if (memory != nullptr) {
        std::memset(static_cast<void*>(memory), 0, size);
    }
    return memory;
}

NTSTATUS complete_with_copy(IRP* irp, const void* bytes, std::size_t size) {
    auto* copy = allocate<char>(size);
    if (copy == nullptr) {
        return complete(irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    }
    std::memcpy(copy, bytes, size);
    return complete(irp, STATUS_SUCCESS, reinterpret_cast<ULONG_PTR>(copy));
}

NTSTATUS complete_with_text(IRP* irp, std::u16string text) {
    text.push_back(u'\0');
    return complete_with_copy(irp, text.data(), text.size() * sizeof(char16_t));
}

std::u16string multi_string(const std::vector<std::u16string>& strings) {
    std::u16string text;
    for (const std::u16string& string : strings) {
        text += string;
        text.push_back(u'\0');
    }
    return text;
}

NTSTATUS query_id(DEVICE_OBJECT* device, IRP* irp, BUS_QUERY_ID_TYPE type) {
    const executive::DeviceRecord& record = executive::device_record(device);
    const auto last = record.instance_path.rfind(u'\\');
    switch (type) {
    case BusQueryDeviceID:
        return complete_with_text(irp, record.instance_path.substr(0, last));
    case BusQueryInstanceID:
        return complete_with_text(irp, record.instance_path.substr(last + 1));
    case BusQueryHardwareIDs:
        return complete_with_text(irp, multi_string(record.hardware_ids));
    case BusQueryCompatibleIDs:
        return record.compatible_ids.empty() ? complete_unchanged(irp)
                                             : complete_with_text(irp, multi_string(record.compatible_ids));
    default:
        return complete_unchanged(irp);
    }
}

void fill_capabilities(const PhysicalDevice& device, DEVICE_CAPABILITIES& capabilities) {
    capabilities.UniqueID = TRUE;
    capabilities.SilentInstall = TRUE;
    capabilities.Address = device.bus != nullptr ? device.address : 0xFFFFFFFF;
    capabilities.UINumber = 0xFFFFFFFF;
    // Full power while the system works, none while it sleeps; no wake.
    capabilities.DeviceState[PowerSystemUnspecified] = PowerDeviceUnspecified;
    capabilities.DeviceState[PowerSystemWorking] = PowerDeviceD0;
    for (int state = PowerSystemSleeping1; state < PowerSystemMaximum; ++state) {
        capabilities.DeviceState[state] = PowerDeviceD3;
    }
    capabilities.SystemWake = PowerSystemUnspecified;
    capabilities.DeviceWake = PowerDeviceUnspecified;
}

void NTAPI reference_interface(PVOID context) {
    ++physical(static_cast<DEVICE_OBJECT*>(context)).interface_references;
}
void NTAPI dereference_interface(PVOID context) {
    --physical(static_cast<DEVICE_OBJECT*>(context)).interface_references;
}
BOOLEAN NTAPI translate_address(PVOID, PHYSICAL_ADDRESS address, ULONG, PULONG, PPHYSICAL_ADDRESS translated) {
    *translated = address; // buses of this machine see its physical addresses
    return TRUE;
}
struct _DMA_ADAPTER* NTAPI get_dma_adapter(PVOID context, struct _DEVICE_DESCRIPTION* description, PULONG registers) {
    return IoGetDmaAdapter(static_cast<DEVICE_OBJECT*>(context), description, registers);
}
ULONG NTAPI get_bus_data(PVOID context, ULONG type, PVOID buffer, ULONG offset, ULONG length) {
    PhysicalDevice& device = physical(static_cast<DEVICE_OBJECT*>(context));
    return device.bus->read_config(device.address, type, buffer, offset, length);
}
ULONG NTAPI set_bus_data(PVOID context, ULONG type, PVOID buffer, ULONG offset, ULONG length) {
    PhysicalDevice& device = physical(static_cast<DEVICE_OBJECT*>(context));
    return device.bus->write_config(device.address, type, buffer, offset, length);
}

NTSTATUS query_interface(DEVICE_OBJECT* device, IRP* irp, const IO_STACK_LOCATION& stack) {
    const auto& query = stack.Parameters.QueryInterface;
    const bool known = physical(device).bus != nullptr && physical(device).bus->has_config_space() &&
                       std::memcmp(query.InterfaceType, &GUID_BUS_INTERFACE_STANDARD, sizeof(GUID)) == 0;
    if (!known) {
        return complete_unchanged(irp);
    }
    if (query.Size < sizeof(BUS_INTERFACE_STANDARD)) {
        return complete(irp, STATUS_BUFFER_TOO_SMALL, 0);
    }
    auto& standard = *reinterpret_cast<BUS_INTERFACE_STANDARD*>(query.Interface);
    standard.Size = sizeof standard;
    standard.Version = 1;
    standard.Context = device;
    standard.InterfaceReference = &reference_interface;
    standard.InterfaceDereference = &dereference_interface;
    standard.TranslateBusAddress = &translate_address;
    standard.GetDmaAdapter = &get_dma_adapter;
    standard.SetBusData = &set_bus_data;
    standard.GetBusData = &get_bus_data;
    reference_interface(device); // for the caller
    return complete(irp, STATUS_SUCCESS, 0);
}

NTSTATUS read_write_config(DEVICE_OBJECT* device, IRP* irp, const IO_STACK_LOCATION& stack) {
    PhysicalDevice& self = physical(device);
    if (self.bus == nullptr || !self.bus->has_config_space()) {
        return complete_unchanged(irp);
    }
    const auto& access = stack.Parameters.ReadWriteConfig;
    const ULONG done =
        stack.MinorFunction == IRP_MN_READ_CONFIG
            ? self.bus->read_config(self.address, access.WhichSpace, access.Buffer, access.Offset, access.Length)
            : self.bus->write_config(self.address, access.WhichSpace, access.Buffer, access.Offset, access.Length);
    return complete(irp, done == access.Length ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER, done);
}

NTSTATUS query_target_relation(DEVICE_OBJECT* device, IRP* irp) {
    auto* relations = allocate<DEVICE_RELATIONS>(sizeof(DEVICE_RELATIONS));
    if (relations == nullptr) {
        return complete(irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    }
    ObReferenceObject(device);
    relations->Count = 1;
    relations->Objects[0] = device;
    return complete(irp, STATUS_SUCCESS, reinterpret_cast<ULONG_PTR>(relations));
}

NTSTATUS query_bus_information(DEVICE_OBJECT* device, IRP* irp) {
    const PhysicalDevice& self = physical(device);
    PNP_BUS_INFORMATION information{};
    if (self.bus != nullptr) {
        information.BusTypeGuid = self.bus->bus_type_guid();
        information.LegacyBusType = self.bus->interface_type();
        information.BusNumber = self.bus->bus_number();
    } else {
        information.BusTypeGuid = GUID_BUS_TYPE_INTERNAL;
        information.LegacyBusType = Internal;
    }
    return complete_with_copy(irp, &information, sizeof information);
}

NTSTATUS query_resources(DEVICE_OBJECT* device, IRP* irp, bool requirements) {
    const PhysicalDevice& self = physical(device);
    const BusPlace place = place_of(*self.node, self.bus, self.address);
    const auto bytes = requirements ? make_requirements(self.node->resources(), place)
                                    : make_resource_list({self.node->resources(), {}}, place, false);
    return bytes.empty() ? complete_unchanged(irp) : complete_with_copy(irp, bytes.data(), bytes.size());
}

NTSTATUS NTAPI dispatch_pnp(DEVICE_OBJECT* device, IRP* irp) {
    const IO_STACK_LOCATION& stack = *IoGetCurrentIrpStackLocation(irp);
    PhysicalDevice& self = physical(device);
    switch (stack.MinorFunction) {
    case IRP_MN_START_DEVICE:
        if (self.bus != nullptr) {
            self.bus->assign(self.address, self.node->held_resources());
            self.bus->enable(self.address, true);
        }
        return complete(irp, STATUS_SUCCESS, 0);
    case IRP_MN_STOP_DEVICE:
    case IRP_MN_REMOVE_DEVICE:
        if (self.bus != nullptr) {
            self.bus->enable(self.address, false);
        }
        return complete(irp, STATUS_SUCCESS, 0);
    case IRP_MN_QUERY_STOP_DEVICE:
    case IRP_MN_CANCEL_STOP_DEVICE:
    case IRP_MN_QUERY_REMOVE_DEVICE:
    case IRP_MN_CANCEL_REMOVE_DEVICE:
    case IRP_MN_SURPRISE_REMOVAL:
    case IRP_MN_DEVICE_USAGE_NOTIFICATION:
        return complete(irp, STATUS_SUCCESS, 0);
    case IRP_MN_QUERY_PNP_DEVICE_STATE:
        return complete(irp, STATUS_SUCCESS, irp->IoStatus.Information);
    case IRP_MN_QUERY_CAPABILITIES: {
        DEVICE_CAPABILITIES& capabilities = *stack.Parameters.DeviceCapabilities.Capabilities;
        if (capabilities.Version != 1 || capabilities.Size < sizeof capabilities) {
            return complete(irp, STATUS_UNSUCCESSFUL, 0);
        }
        fill_capabilities(self, capabilities);
        return complete(irp, STATUS_SUCCESS, 0);
    }
    case IRP_MN_QUERY_ID:
        return query_id(device, irp, stack.Parameters.QueryId.IdType);
    case IRP_MN_QUERY_DEVICE_TEXT: {
        const executive::DeviceRecord& record = executive::device_record(device);
        const bool location = stack.Parameters.QueryDeviceText.DeviceTextType == DeviceTextLocationInformation;
        const std::u16string& text = location ? record.location : record.description;
        return text.empty() ? complete_unchanged(irp) : complete_with_text(irp, text);
    }
    case IRP_MN_QUERY_RESOURCES:
        return query_resources(device, irp, false);
    case IRP_MN_QUERY_RESOURCE_REQUIREMENTS:
        return query_resources(device, irp, true);
    case IRP_MN_QUERY_BUS_INFORMATION:
        return query_bus_information(device, irp);
    case IRP_MN_QUERY_INTERFACE:
        return query_interface(device, irp, stack);
    case IRP_MN_READ_CONFIG:
    case IRP_MN_WRITE_CONFIG:
        return read_write_config(device, irp, stack);
    case IRP_MN_QUERY_DEVICE_RELATIONS:
        if (stack.Parameters.QueryDeviceRelations.Type == TargetDeviceRelation) {
            return query_target_relation(device, irp);
        }
        return complete_unchanged(irp);
    default:
        return complete_unchanged(irp); // a bus driver completes what it does not handle as it came
    }
}

void NTAPI cancel_wait_wake(DEVICE_OBJECT* device, IRP* irp) {
    IoReleaseCancelSpinLock(irp->CancelIrql);
    if (physical(device).wait_wake == irp) {
        physical(device).wait_wake = nullptr;
    }
    complete(irp, STATUS_CANCELLED, 0);
}

NTSTATUS wait_wake(DEVICE_OBJECT* device, IRP* irp) {
    PhysicalDevice& self = physical(device);
    const DEVICE_CAPABILITIES& capabilities = self.node->capabilities();
    const bool can_wake =
        capabilities.WakeFromD0 || capabilities.WakeFromD1 || capabilities.WakeFromD2 || capabilities.WakeFromD3;
    if (!can_wake) {
        return complete(irp, STATUS_NOT_SUPPORTED, 0);
    }
    if (self.wait_wake != nullptr) {
        return complete(irp, STATUS_DEVICE_BUSY, 0);
    }
    self.wait_wake = irp;
    IoMarkIrpPending(irp);
    IoSetCancelRoutine(irp, &cancel_wait_wake);
    return STATUS_PENDING;
}

NTSTATUS NTAPI dispatch_power(DEVICE_OBJECT* device, IRP* irp) {
    const IO_STACK_LOCATION& stack = *IoGetCurrentIrpStackLocation(irp);
    PhysicalDevice& self = physical(device);
    PoStartNextPowerIrp(irp);
    switch (stack.MinorFunction) {
    case IRP_MN_QUERY_POWER:
        return complete(irp, STATUS_SUCCESS, 0);
    case IRP_MN_SET_POWER:
        if (stack.Parameters.Power.Type == DevicePowerState) {
            const POWER_STATE state = stack.Parameters.Power.State;
            PoSetPowerState(device, DevicePowerState, state);
            self.manager->set_power_state(*self.node, state.DeviceState);
        }
        return complete(irp, STATUS_SUCCESS, 0);
    case IRP_MN_WAIT_WAKE:
        return wait_wake(device, irp);
    default:
        return complete_unchanged(irp);
    }
}

NTSTATUS NTAPI dispatch_success(DEVICE_OBJECT*, IRP* irp) {
    return complete(irp, STATUS_SUCCESS, 0);
}
NTSTATUS NTAPI dispatch_unchanged(DEVICE_OBJECT*, IRP* irp) {
    return complete_unchanged(irp);
}

} // namespace

BusPlace place_of(const DeviceNode&, Bus* bus, std::uint32_t address) {
    return bus != nullptr ? BusPlace{bus->interface_type(), bus->bus_number(), address} : BusPlace{};
}

DriverBody ManagerState::make_bus_driver() {
    DriverBody body = make_driver_object(u"PnpManager", {}, nullptr, 0);
    DRIVER_OBJECT& object = *body.object;
    object.MajorFunction[IRP_MJ_PNP] = &dispatch_pnp;
    object.MajorFunction[IRP_MJ_POWER] = &dispatch_power;
    object.MajorFunction[IRP_MJ_CLEANUP] = &dispatch_success;
    object.MajorFunction[IRP_MJ_CLOSE] = &dispatch_success;
    object.MajorFunction[IRP_MJ_SYSTEM_CONTROL] = &dispatch_unchanged;
    return body;
}

Result<void> ManagerState::make_physical_device(DeviceNode& node) {
    const NTSTATUS status = IoCreateDevice(bus_driver.object, sizeof(PhysicalDevice), nullptr, FILE_DEVICE_UNKNOWN,
                                           FILE_AUTOGENERATED_DEVICE_NAME, FALSE, &node.pdo_);
    if (!NT_SUCCESS(status)) {
        return Error{status, node.instance_path_ + ": no memory for its device object"};
    }
    physical(node.pdo_) = {&node, this, node.bus_, node.address_, nullptr, 0};
    node.pdo_->Flags |= DO_BUS_ENUMERATED_DEVICE;
    node.pdo_->Flags &= ~static_cast<ULONG>(DO_DEVICE_INITIALIZING);
    return {};
}

bool ManagerState::complete_wait_wake(DeviceNode& node, NTSTATUS status) {
    PhysicalDevice& self = physical(node.pdo_);
    IRP* irp = self.wait_wake;
    if (irp == nullptr || IoSetCancelRoutine(irp, nullptr) == nullptr) {
        return false;
    }
    self.wait_wake = nullptr;
    complete(irp, status, 0);
    return true;
}

} // namespace openportcls::pnp
