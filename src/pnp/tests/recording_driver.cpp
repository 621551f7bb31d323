#include "recording_driver.h"

#include <algorithm>

#include <fmt/format.h>

#include "executive/rtl/counted_text.h"

namespace openportcls::pnp::test {

namespace {

RecordingDriver the_recording;

void note(std::string entry) {
    if (entry == the_recording.raises_irql_in) {
        KeRaiseIrqlToDpcLevel();
    }
    the_recording.log.push_back(std::move(entry));
}

struct Extension {
    DEVICE_OBJECT* lower;
    DEVICE_OBJECT* physical;
    IO_WORKITEM* work_item;
    IRP* pending;
};

Extension& extension_of(DEVICE_OBJECT* device) {
    return *static_cast<Extension*>(device->DeviceExtension);
}

const char* pnp_name(UCHAR minor) {
    constexpr const char* names[] = {
        "START",           "QUERY_REMOVE",       "REMOVE",          "CANCEL_REMOVE",   "STOP",
        "QUERY_STOP",      "CANCEL_STOP",        "QUERY_RELATIONS", "QUERY_INTERFACE", "QUERY_CAPABILITIES",
        "QUERY_RESOURCES", "QUERY_REQUIREMENTS", "QUERY_TEXT",      "FILTER",          "14",
        "READ_CONFIG",     "WRITE_CONFIG",       "EJECT",           "SET_LOCK",        "QUERY_ID",
        "QUERY_STATE",     "QUERY_BUS",          "USAGE",           "SURPRISE_REMOVAL"};
    return minor < std::size(names) ? names[minor] : "?";
}

NTSTATUS complete(IRP* irp, NTSTATUS status) {
    irp->IoStatus.Status = status;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

NTSTATUS pass_down(DEVICE_OBJECT* device, IRP* irp) {
    IoSkipCurrentIrpStackLocation(irp);
    return IoCallDriver(extension_of(device).lower, irp);
}

NTSTATUS NTAPI signal_completion(DEVICE_OBJECT*, IRP*, void* event) {
    KeSetEvent(static_cast<KEVENT*>(event), IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

NTSTATUS forward_and_wait(DEVICE_OBJECT* device, IRP* irp) {
    KEVENT event;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    IoCopyCurrentIrpStackLocationToNext(irp);
    IoSetCompletionRoutine(irp, &signal_completion, &event, TRUE, TRUE, TRUE);
    if (IoCallDriver(extension_of(device).lower, irp) == STATUS_PENDING) {
        KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, nullptr);
    }
    return irp->IoStatus.Status;
}

void remember(std::vector<CM_PARTIAL_RESOURCE_DESCRIPTOR>& into, const CM_RESOURCE_LIST* list) {
    into.clear();
    if (list != nullptr) {
        const auto& partial = list->List[0].PartialResourceList;
        into.assign(partial.PartialDescriptors, partial.PartialDescriptors + partial.Count);
    }
}

void NTAPI complete_start(DEVICE_OBJECT* device, void*) {
    Extension& extension = extension_of(device);
    IRP* irp = extension.pending;
    IoFreeWorkItem(extension.work_item);
    note("start completed later");
    complete(irp, forward_and_wait(device, irp));
}

NTSTATUS start(DEVICE_OBJECT* device, IRP* irp, const IO_STACK_LOCATION& stack) {
    remember(the_recording.raw, stack.Parameters.StartDevice.AllocatedResources);
    remember(the_recording.translated, stack.Parameters.StartDevice.AllocatedResourcesTranslated);
    if (the_recording.pends_start) {
        Extension& extension = extension_of(device);
        extension.pending = irp;
        extension.work_item = IoAllocateWorkItem(device);
        IoMarkIrpPending(irp);
        IoQueueWorkItem(extension.work_item, &complete_start, DelayedWorkQueue, nullptr);
        return STATUS_PENDING;
    }
    return complete(irp, forward_and_wait(device, irp));
}

NTSTATUS remove(DEVICE_OBJECT* device, IRP* irp) {
    DEVICE_OBJECT* lower = extension_of(device).lower;
    irp->IoStatus.Status = STATUS_SUCCESS;
    const NTSTATUS status = pass_down(device, irp);
    if (the_recording.detaches) {
        IoDetachDevice(lower);
        IoDeleteDevice(device);
    }
    return status;
}

bool refused(DEVICE_OBJECT*, IRP* irp, const IO_STACK_LOCATION& stack, NTSTATUS* status) {
    const auto found = the_recording.refusals.find({stack.MajorFunction, stack.MinorFunction});
    if (found == the_recording.refusals.end()) {
        return false;
    }
    *status = complete(irp, found->second);
    return true;
}

NTSTATUS NTAPI dispatch_shutdown(DEVICE_OBJECT*, IRP* irp) {
    note("SHUTDOWN");
    return complete(irp, STATUS_SUCCESS);
}

NTSTATUS NTAPI dispatch_pnp(DEVICE_OBJECT* device, IRP* irp) {
    const IO_STACK_LOCATION& stack = *IoGetCurrentIrpStackLocation(irp);
    note(pnp_name(stack.MinorFunction));
    NTSTATUS status;
    if (refused(device, irp, stack, &status)) {
        return status;
    }
    switch (stack.MinorFunction) {
    case IRP_MN_START_DEVICE:
        return start(device, irp, stack);
    case IRP_MN_REMOVE_DEVICE:
        return remove(device, irp);
    case IRP_MN_QUERY_PNP_DEVICE_STATE:
        irp->IoStatus.Information |= the_recording.device_state;
        irp->IoStatus.Status = STATUS_SUCCESS;
        return pass_down(device, irp);
    case IRP_MN_FILTER_RESOURCE_REQUIREMENTS:
        if (the_recording.filters_resources) {
            auto* list = reinterpret_cast<IO_RESOURCE_REQUIREMENTS_LIST*>(irp->IoStatus.Information);
            --list->List[0].Count;
            return complete(irp, STATUS_SUCCESS);
        }
        return pass_down(device, irp);
    case IRP_MN_QUERY_STOP_DEVICE:
    case IRP_MN_STOP_DEVICE:
    case IRP_MN_CANCEL_STOP_DEVICE:
    case IRP_MN_QUERY_REMOVE_DEVICE:
    case IRP_MN_CANCEL_REMOVE_DEVICE:
    case IRP_MN_SURPRISE_REMOVAL:
        irp->IoStatus.Status = STATUS_SUCCESS;
        return pass_down(device, irp);
    default:
        return pass_down(device, irp);
    }
}

void NTAPI device_power_done(DEVICE_OBJECT*, UCHAR, POWER_STATE state, void*, IO_STATUS_BLOCK*) {
    note(fmt::format("requested D{} done", state.DeviceState - PowerDeviceD0));
}

NTSTATUS NTAPI dispatch_power(DEVICE_OBJECT* device, IRP* irp) {
    const IO_STACK_LOCATION stack = *IoGetCurrentIrpStackLocation(irp);
    const auto& power = stack.Parameters.Power;
    const bool system = power.Type == SystemPowerState;
    if (stack.MinorFunction == IRP_MN_QUERY_POWER || stack.MinorFunction == IRP_MN_SET_POWER) {
        note(fmt::format("{} {}{}", stack.MinorFunction == IRP_MN_SET_POWER ? "SET" : "QUERY", system ? 'S' : 'D',
                         power.State.SystemState - 1));
    } else {
        note("WAIT_WAKE");
    }
    NTSTATUS status;
    if (refused(device, irp, stack, &status)) {
        return status;
    }
    if (the_recording.swallows_device_power && !system) {
        return complete(irp, STATUS_SUCCESS);
    }
    if (the_recording.requests_device_power && system && stack.MinorFunction == IRP_MN_SET_POWER) {
        POWER_STATE wanted{};
        wanted.DeviceState = power.State.SystemState == PowerSystemWorking ? PowerDeviceD0 : PowerDeviceD3;
        PoRequestPowerIrp(extension_of(device).physical, IRP_MN_SET_POWER, wanted, &device_power_done, nullptr,
                          nullptr);
    }
    PoStartNextPowerIrp(irp);
    IoSkipCurrentIrpStackLocation(irp);
    return PoCallDriver(extension_of(device).lower, irp);
}

NTSTATUS NTAPI dispatch_file(DEVICE_OBJECT*, IRP* irp) {
    constexpr const char* names[] = {"CREATE", "", "CLOSE"};
    const UCHAR major = IoGetCurrentIrpStackLocation(irp)->MajorFunction;
    note(major == IRP_MJ_CLEANUP ? "CLEANUP" : names[major]);
    irp->IoStatus.Information = 0;
    return complete(irp, STATUS_SUCCESS);
}

NTSTATUS NTAPI add_device(DRIVER_OBJECT* driver, DEVICE_OBJECT* physical) {
    note("AddDevice");
    if (!NT_SUCCESS(the_recording.add_device_status)) {
        return the_recording.add_device_status;
    }
    if (!the_recording.attaches) {
        return STATUS_SUCCESS;
    }
    DEVICE_OBJECT* device;
    the_recording.physical_type_in_add_device = physical->DeviceType;
    const NTSTATUS status = IoCreateDevice(driver, sizeof(Extension), nullptr, FILE_DEVICE_KS,
                                           the_recording.characteristics, FALSE, &device);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    extension_of(device) = {IoAttachDeviceToDeviceStack(device, physical), physical, nullptr, nullptr};
    if (the_recording.clears_initializing) {
        device->Flags &= ~static_cast<ULONG>(DO_DEVICE_INITIALIZING);
    }
    the_recording.device = device;
    return STATUS_SUCCESS;
}

void NTAPI note_unload(DRIVER_OBJECT*) {
    note("DriverUnload");
}

} // namespace

RecordingDriver& recording() {
    return the_recording;
}
void reset_recording() {
    the_recording = {};
}

int RecordingDriver::count(const std::string& entry) const {
    return static_cast<int>(std::count(log.begin(), log.end(), entry));
}

std::vector<std::string> RecordingDriver::since(const std::string& from) const {
    return {std::find(log.begin(), log.end(), from), log.end()};
}

NTSTATUS NTAPI recording_driver_entry(DRIVER_OBJECT* driver, UNICODE_STRING* registry_path) {
    note("DriverEntry");
    the_recording.driver_object = driver;
    the_recording.registry_path.assign(registry_path->Buffer, registry_path->Length / sizeof(WCHAR));
    if (the_recording.has_add_device) {
        driver->DriverExtension->AddDevice = &add_device;
    }
    if (the_recording.has_unload) {
        driver->DriverUnload = &note_unload;
    }
    driver->MajorFunction[IRP_MJ_SHUTDOWN] = &dispatch_shutdown;
    driver->MajorFunction[IRP_MJ_PNP] = &dispatch_pnp;
    driver->MajorFunction[IRP_MJ_POWER] = &dispatch_power;
    driver->MajorFunction[IRP_MJ_CREATE] = &dispatch_file;
    driver->MajorFunction[IRP_MJ_CLEANUP] = &dispatch_file;
    driver->MajorFunction[IRP_MJ_CLOSE] = &dispatch_file;
    if (the_recording.leaks_pool) {
        ExAllocatePoolWithTag(NonPagedPool, 100, 0x6B61654C /* 'Leak' */);
    }
    if (the_recording.leaks_symbolic_link) {
        UNICODE_STRING link = executive::counted(u"\\DosDevices\\Leaked");
        UNICODE_STRING target = executive::counted(u"\\Device\\Null");
        IoCreateSymbolicLink(&link, &target);
    }
    if (the_recording.leaks_control_device) {
        DEVICE_OBJECT* control;
        UNICODE_STRING name = executive::counted(u"\\Device\\LeakedControl");
        IoCreateDevice(driver, 0, &name, FILE_DEVICE_UNKNOWN, 0, FALSE, &control);
    }
    return the_recording.driver_entry_status;
}

} // namespace openportcls::pnp::test
