// StartIo queuing, and the once-per-second timer of a device.
#include <wdm.h>

#include "executive/irql_check.h"
#include "executive/kernel.h"

using namespace openportcls;
using executive::Kernel;
using machine::Machine;

struct _IO_TIMER {
    DEVICE_OBJECT* device;
    PIO_TIMER_ROUTINE routine;
    void* context;
    KTIMER timer;
    KDPC dpc;
};

namespace {

constexpr ULONG device_timer_tag = 0x69546F49; // 'IoTi'

void start_io(DEVICE_OBJECT* device, IRP* irp) {
    device->DriverObject->DriverStartIo(device, irp);
}

// StartIo runs at DISPATCH_LEVEL, with the cancel spin lock free.
void start_next(DEVICE_OBJECT* device, bool cancelable, KDEVICE_QUEUE_ENTRY* (*take)(KDEVICE_QUEUE*, ULONG),
                ULONG key) {
    KIRQL old = 0;
    if (cancelable) {
        IoAcquireCancelSpinLock(&old);
    }
    device->CurrentIrp = nullptr;
    KDEVICE_QUEUE_ENTRY* entry = take(&device->DeviceQueue, key);
    IRP* irp = entry != nullptr ? CONTAINING_RECORD(entry, IRP, Tail.Overlay.DeviceQueueEntry) : nullptr;
    device->CurrentIrp = irp;
    if (cancelable) {
        IoReleaseCancelSpinLock(old);
    }
    if (irp != nullptr) {
        start_io(device, irp);
    }
}

void NTAPI timer_ticks(PKDPC, PVOID context, PVOID, PVOID) {
    auto& timer = *static_cast<_IO_TIMER*>(context);
    timer.routine(timer.device, timer.context);
}

} // namespace

extern "C" {

void NTAPI IoStartPacket(PDEVICE_OBJECT device, PIRP irp, PULONG key, PDRIVER_CANCEL cancel) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    Machine& machine = Machine::current();
    const KIRQL old = machine.raise_irql(machine::irql::dispatch);
    KIRQL cancel_irql = 0;
    if (cancel != nullptr) {
        IoAcquireCancelSpinLock(&cancel_irql);
        IoSetCancelRoutine(irp, cancel);
    }
    KDEVICE_QUEUE_ENTRY* entry = &irp->Tail.Overlay.DeviceQueueEntry;
    const bool queued = key != nullptr ? KeInsertByKeyDeviceQueue(&device->DeviceQueue, entry, *key)
                                       : KeInsertDeviceQueue(&device->DeviceQueue, entry);
    if (queued) {
        // Cancelled before it was queued: its routine finds it in the queue now.
        const PDRIVER_CANCEL routine = cancel != nullptr && irp->Cancel ? IoSetCancelRoutine(irp, nullptr) : nullptr;
        if (routine != nullptr) {
            executive::call_cancel_routine(routine, device, irp, cancel_irql);
        } else if (cancel != nullptr) {
            IoReleaseCancelSpinLock(cancel_irql);
        }
    } else {
        device->CurrentIrp = irp;
        if (cancel != nullptr) {
            IoReleaseCancelSpinLock(cancel_irql);
        }
        start_io(device, irp);
    }
    machine.lower_irql(old);
}

void NTAPI IoStartNextPacket(PDEVICE_OBJECT device, BOOLEAN cancelable) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    OPC_REQUIRE_IRQL_AT_LEAST(machine::irql::dispatch);
    start_next(
        device, cancelable != FALSE,
        [](KDEVICE_QUEUE* queue, ULONG) -> KDEVICE_QUEUE_ENTRY* { return KeRemoveDeviceQueue(queue); }, 0);
}

void NTAPI IoStartNextPacketByKey(PDEVICE_OBJECT device, BOOLEAN cancelable, ULONG key) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    OPC_REQUIRE_IRQL_AT_LEAST(machine::irql::dispatch);
    start_next(
        device, cancelable != FALSE,
        [](KDEVICE_QUEUE* queue, ULONG by) -> KDEVICE_QUEUE_ENTRY* { return KeRemoveByKeyDeviceQueue(queue, by); },
        key);
}

NTSTATUS NTAPI IoInitializeTimer(PDEVICE_OBJECT device, PIO_TIMER_ROUTINE routine, PVOID context) {
    OPC_REQUIRE_PASSIVE();
    if (device->Timer == nullptr) {
        device->Timer = static_cast<_IO_TIMER*>(Kernel::current().pool.allocate(
            sizeof(_IO_TIMER), device_timer_tag, executive::PoolKind::non_paged, true, nullptr));
        KeInitializeTimerEx(&device->Timer->timer, NotificationTimer);
        KeInitializeDpc(&device->Timer->dpc, &timer_ticks, device->Timer);
    }
    device->Timer->device = device;
    device->Timer->routine = routine;
    device->Timer->context = context;
    return STATUS_SUCCESS;
}

void NTAPI IoStartTimer(PDEVICE_OBJECT device) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    constexpr LONG one_second_in_milliseconds = 1000;
    LARGE_INTEGER due;
    due.QuadPart = -10'000'000;
    KeSetTimerEx(&device->Timer->timer, due, one_second_in_milliseconds, &device->Timer->dpc);
}

void NTAPI IoStopTimer(PDEVICE_OBJECT device) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    KeCancelTimer(&device->Timer->timer);
    KeRemoveQueueDpc(&device->Timer->dpc);
}

} // extern "C"

// IoDeleteDevice takes the timer along.
void opc_free_device_timer(DEVICE_OBJECT* device) {
    if (device->Timer != nullptr) {
        IoStopTimer(device);
        Kernel::current().pool.free(device->Timer, device_timer_tag, "IoDeleteDevice");
        device->Timer = nullptr;
    }
}
