#include "executive/io/notifications.h"

#include <algorithm>
#include <cstring>

#include "executive/ex/pool_copy.h"
#include "executive/io/devices.h"
#include "executive/io/io_manager.h"
#include "executive/irql_check.h"
#include "executive/kernel.h"
#include "executive/not_done.h"
#include "executive/objects/object_manager.h"

namespace openportcls::executive {

namespace {

constexpr USHORT notification_version = 1;
constexpr std::string_view link_name = "symbolic link of an interface";

UNICODE_STRING name_in(std::size_t characters, const PoolCopy& text) {
    const auto bytes = static_cast<USHORT>(characters * sizeof(WCHAR));
    return {bytes, static_cast<USHORT>(bytes + sizeof(WCHAR)), static_cast<WCHAR*>(text.data())};
}

} // namespace

NotificationTable::Entry* NotificationTable::add(const Entry& entry) {
    if (entry.driver != nullptr) { // the framework's have none
        ObjectManager::current().reference_living(entry.driver);
    }
    entries_.push_back(std::make_unique<Entry>(entry));
    entries_.back()->serial = ++last_serial_;
    entries_.back()->removed = false;
    return entries_.back().get();
}

bool NotificationTable::remove(void* handle) {
    const auto found =
        std::find_if(entries_.begin(), entries_.end(), [handle](const auto& each) { return each.get() == handle; });
    if (found == entries_.end() || (*found)->removed) {
        return false;
    }
    end(**found);
    sweep();
    return true;
}

void NotificationTable::end(Entry& entry) {
    entry.removed = true;
    if (entry.driver != nullptr) {
        ObjectManager::current().dereference(entry.driver);
    }
}

std::size_t NotificationTable::count_of(const DRIVER_OBJECT* driver) const {
    return static_cast<std::size_t>(
        std::ranges::count_if(entries_, [&](const auto& each) { return !each->removed && each->driver == driver; }));
}

void NotificationTable::remove_all_of(const DRIVER_OBJECT* driver) {
    for (const auto& each : entries_) {
        if (!each->removed && each->driver == driver) {
            end(*each);
        }
    }
    sweep();
}

// A callback may remove entries, its own included: they go when nobody walks the list.
void NotificationTable::sweep() {
    if (walking_ == 0) {
        std::erase_if(entries_, [](const auto& each) { return each->removed; });
    }
}

void NotificationTable::interface_changed(const GUID& interface_class, std::u16string_view symbolic_link,
                                          bool enabled) {
    const PoolCopy link(Kernel::current().pool, link_name, symbolic_link);
    UNICODE_STRING name = name_in(symbolic_link.size(), link);
    DEVICE_INTERFACE_CHANGE_NOTIFICATION notification{};
    notification.Version = notification_version;
    notification.Size = sizeof notification;
    notification.Event = enabled ? GUID_DEVICE_INTERFACE_ARRIVAL : GUID_DEVICE_INTERFACE_REMOVAL;
    notification.InterfaceClassGuid = interface_class;
    notification.SymbolicLinkName = &name;
    ++walking_;
    // Whoever registers while being told, asking for what exists, has been told.
    const std::size_t registered = entries_.size();
    for (std::size_t i = 0; i < registered; ++i) {
        Entry& entry = *entries_[i];
        if (!entry.removed && entry.category == EventCategoryDeviceInterfaceChange &&
            IsEqualGUID(entry.interface_class, interface_class)) {
            entry.callback(&notification, entry.context);
        }
    }
    --walking_;
    sweep();
}

std::uint64_t NotificationTable::target_of(const DEVICE_OBJECT* physical_device) {
    const ObjectHeader* const header = ObjectManager::current().find(physical_device);
    return header != nullptr ? header->serial : 0;
}

bool NotificationTable::listens_to(const Entry& entry, std::uint64_t target) {
    return !entry.removed && entry.category == EventCategoryTargetDeviceChange && entry.target == target;
}

NTSTATUS NotificationTable::target_changed(DEVICE_OBJECT* physical_device, const GUID& event) {
    const std::uint64_t target = target_of(physical_device);
    NTSTATUS result = STATUS_SUCCESS;
    ++walking_;
    // Whoever registers while being told has been told.
    const std::size_t registered = entries_.size();
    for (std::size_t i = 0; i < registered && NT_SUCCESS(result); ++i) {
        Entry& entry = *entries_[i];
        if (!listens_to(entry, target)) {
            continue;
        }
        TARGET_DEVICE_REMOVAL_NOTIFICATION notification{};
        notification.Version = notification_version;
        notification.Size = sizeof notification;
        notification.Event = event;
        notification.FileObject = entry.file;
        const NTSTATUS status = entry.callback(&notification, entry.context);
        if (IsEqualGUID(event, GUID_TARGET_DEVICE_QUERY_REMOVE)) {
            result = status;
        }
    }
    --walking_;
    sweep();
    return result;
}

NTSTATUS NotificationTable::target_custom(DEVICE_OBJECT* physical_device,
                                          TARGET_DEVICE_CUSTOM_NOTIFICATION* notification) {
    const std::uint64_t target = target_of(physical_device);
    ++walking_;
    for (std::size_t i = 0; i < entries_.size(); ++i) {
        Entry& entry = *entries_[i];
        if (listens_to(entry, target)) {
            notification->FileObject = entry.file;
            entry.callback(notification, entry.context);
        }
    }
    --walking_;
    sweep();
    return STATUS_SUCCESS;
}

} // namespace openportcls::executive

using namespace openportcls;
using executive::Kernel;
using executive::NotificationTable;

namespace {

void request(DEVICE_OBJECT* device, Kernel::DeviceRequest kind, ULONG value) {
    Kernel& kernel = Kernel::current();
    if (kernel.device_request_hook != nullptr) {
        kernel.device_request_hook(kernel.machine, device, kind, value);
    }
}

bool is_system_event(const GUID& event) {
    for (const GUID* system : {&GUID_TARGET_DEVICE_QUERY_REMOVE, &GUID_TARGET_DEVICE_REMOVE_CANCELLED,
                               &GUID_TARGET_DEVICE_REMOVE_COMPLETE}) {
        if (memcmp(&event, system, sizeof event) == 0) {
            return true;
        }
    }
    return false;
}

// What a driver reports about a target device, sent from a worker thread when it may not wait.
struct CustomReport {
    WORK_QUEUE_ITEM item;
    DEVICE_OBJECT* device;
    PDEVICE_CHANGE_COMPLETE_CALLBACK completed;
    void* context;
    TARGET_DEVICE_CUSTOM_NOTIFICATION notification; // with its data behind it
};
constexpr ULONG report_tag = 0x70526F49; // 'IoRp'

void NTAPI send_report(PVOID parameter) {
    auto* report = static_cast<CustomReport*>(parameter);
    Kernel& kernel = Kernel::current();
    kernel.notifications.target_custom(report->device, &report->notification);
    if (report->completed != nullptr) {
        report->completed(report->context);
    }
    ObDereferenceObject(report->device);
    kernel.pool.free(report, report_tag, "IoReportTargetDeviceChangeAsynchronous");
}

} // namespace

extern "C" {

NTSTATUS NTAPI IoRegisterPlugPlayNotification(IO_NOTIFICATION_EVENT_CATEGORY category, ULONG flags, PVOID data,
                                              PDRIVER_OBJECT driver, PDRIVER_NOTIFICATION_CALLBACK_ROUTINE callback,
                                              PVOID context, PVOID* handle) {
    OPC_REQUIRE_PASSIVE();
    *handle = nullptr;
    Kernel& kernel = Kernel::current();
    NotificationTable::Entry entry{};
    entry.category = category;
    entry.driver = driver;
    entry.callback = callback;
    entry.context = context;
    switch (category) {
    case EventCategoryDeviceInterfaceChange:
        entry.interface_class = *static_cast<const GUID*>(data);
        break;
    case EventCategoryTargetDeviceChange:
        entry.file = static_cast<PFILE_OBJECT>(data);
        if (entry.file == nullptr) {
            return STATUS_INVALID_PARAMETER;
        }
        entry.target = NotificationTable::target_of(executive::bottom_of_stack(entry.file->DeviceObject));
        break;
    case EventCategoryHardwareProfileChange:
        break;
    default:
        return STATUS_INVALID_PARAMETER;
    }
    NotificationTable::Entry* registered = kernel.notifications.add(entry);
    *handle = registered;
    if (category == EventCategoryDeviceInterfaceChange &&
        (flags & PNPNOTIFY_DEVICE_INTERFACE_INCLUDE_EXISTING_INTERFACES) != 0) {
        for (const executive::DeviceInterface* each : kernel.interfaces.enumerate(&entry.interface_class)) {
            if (!each->announced) {
                continue; // it arrives when its device has started
            }
            const executive::PoolCopy link(kernel.pool, executive::link_name, std::u16string_view(each->symbolic_link));
            UNICODE_STRING name = executive::name_in(each->symbolic_link.size(), link);
            DEVICE_INTERFACE_CHANGE_NOTIFICATION notification{1, sizeof notification, GUID_DEVICE_INTERFACE_ARRIVAL,
                                                              entry.interface_class, &name};
            callback(&notification, context);
        }
    }
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI IoUnregisterPlugPlayNotificationEx(PVOID handle) {
    OPC_REQUIRE_PASSIVE();
    return Kernel::current().notifications.remove(handle) ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

NTSTATUS NTAPI IoUnregisterPlugPlayNotification(PVOID handle) {
    OPC_REQUIRE_PASSIVE();
    return IoUnregisterPlugPlayNotificationEx(handle);
}

void NTAPI IoInvalidateDeviceRelations(PDEVICE_OBJECT device, DEVICE_RELATION_TYPE type) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    request(device, Kernel::DeviceRequest::invalidate_relations, type);
}

void NTAPI IoInvalidateDeviceState(PDEVICE_OBJECT device) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    request(device, Kernel::DeviceRequest::invalidate_state, 0);
}

void NTAPI IoRequestDeviceEject(PDEVICE_OBJECT device) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    request(device, Kernel::DeviceRequest::eject, 0);
}

NTSTATUS NTAPI IoReportTargetDeviceChange(PDEVICE_OBJECT device, PVOID structure) {
    OPC_REQUIRE_PASSIVE();
    auto* notification = static_cast<TARGET_DEVICE_CUSTOM_NOTIFICATION*>(structure);
    if (is_system_event(notification->Event)) {
        return STATUS_INVALID_DEVICE_REQUEST;
    }
    return Kernel::current().notifications.target_custom(device, notification);
}

NTSTATUS NTAPI IoReportTargetDeviceChangeAsynchronous(PDEVICE_OBJECT device, PVOID structure,
                                                      PDEVICE_CHANGE_COMPLETE_CALLBACK completed, PVOID context) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    const auto* notification = static_cast<TARGET_DEVICE_CUSTOM_NOTIFICATION*>(structure);
    if (is_system_event(notification->Event)) {
        return STATUS_INVALID_DEVICE_REQUEST;
    }
    Kernel& kernel = Kernel::current();
    auto* report = static_cast<CustomReport*>(kernel.pool.allocate(
        sizeof(CustomReport) + notification->Size, report_tag, executive::PoolKind::non_paged, true, nullptr));
    if (report == nullptr) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    ObReferenceObject(device);
    report->device = device;
    report->completed = completed;
    report->context = context;
    memcpy(static_cast<void*>(&report->notification), notification, notification->Size);
    report->item.WorkerRoutine = &send_report;
    report->item.Parameter = report;
    kernel.work.queue(report->item, DelayedWorkQueue);
    return STATUS_PENDING;
}

NTSTATUS NTAPI IoReportDetectedDevice(PDRIVER_OBJECT, INTERFACE_TYPE, ULONG, ULONG, PCM_RESOURCE_LIST,
                                      PIO_RESOURCE_REQUIREMENTS_LIST, BOOLEAN, PDEVICE_OBJECT*) {
    OPC_REQUIRE_PASSIVE();
    OPC_RETURN_NOT_IMPLEMENTED();
}

} // extern "C"
