// IofCallDriver, IofCompleteRequest and the life of an IRP.
#include <utility>

#include <wdm.h>

#include <fmt/format.h>

#include "executive/io/completion.h"
#include "executive/io/file_record.h"
#include "executive/irql_check.h"
#include "executive/ke/thread_body.h"
#include "executive/ke/waits.h"
#include "executive/objects/object_manager.h"
#include "executive/sentence.h"
#include "machine/spin_locks.h"

namespace openportcls::executive {

namespace {

constexpr std::uint32_t no_more_irp_stack_locations = 0x35;
constexpr std::uint32_t multiple_irp_complete_requests = 0x44;
constexpr std::uint32_t verifier_io_violation = 0xC9;

std::uint64_t as_parameter(const void* pointer) {
    return reinterpret_cast<std::uint64_t>(pointer);
}

[[noreturn, gnu::cold, gnu::noinline]] void NTAPI violation(machine::Machine& machine, std::uint32_t code,
                                                            std::uint64_t p1, const IRP* irp, const char* rule) {
    machine.bugcheck(code, p1, as_parameter(irp), 0, 0, rule);
}

// What a completed location held is no business of the drivers above.
void clear_location(IO_STACK_LOCATION& stack) {
    stack.MinorFunction = 0;
    stack.Flags = 0;
    stack.Control = 0;
    stack.Parameters.Others = {};
    stack.FileObject = nullptr;
}

// Buffered output travels back to the caller unless the request failed outright; a warning
// (STATUS_BUFFER_OVERFLOW) still carries data.
[[gnu::noinline]] void NTAPI copy_to_caller(IrpSlot& slot, const IRP& irp) {
    const auto bytes = std::min<ULONG_PTR>(irp.IoStatus.Information, slot.fresh.copy_limit);
    memcpy(slot.fresh.copy_to, irp.AssociatedIrp.SystemBuffer, bytes);
}
void copy_output(IrpSlot& slot, const IRP& irp) {
    if (slot.fresh.copy_to != nullptr && !NT_ERROR(irp.IoStatus.Status)) {
        copy_to_caller(slot, irp);
    }
}

// The master of associated IRPs completes when the last of them has.
void finish_associated(machine::Machine& machine, IRP* irp) {
    IRP* master = irp->AssociatedIrp.MasterIrp;
    IoFreeIrp(irp);
    if (--master->AssociatedIrp.IrpCount == 0) {
        IofCompleteRequest(master, 0);
    }
    (void)machine;
}

[[gnu::always_inline]] inline void finish_repeated(IrpSlot& slot, IRP& irp) {
    const NTSTATUS status = std::exchange(irp.IoStatus.Status, status_of_gone_irp);
    slot.fresh.completed_callback(slot.callback_context, status, irp.IoStatus.Information);
}

// Its sender waits, or looks. Member by member: written as two, the result cannot be read as one without delay.
[[gnu::always_inline]] inline void finish_awaited(machine::Machine& machine, IrpSlot& slot, IRP& irp) {
    slot.result.Status = irp.IoStatus.Status;
    slot.result.Information = irp.IoStatus.Information;
    irp.IoStatus.Status = status_of_gone_irp;
    slot.completed = true;
    if (slot.waited_for) {
        machine.set_event(slot.event);
    }
}

// No driver's completion routine kept the IRP: it belongs to the I/O manager again.
[[gnu::noinline]] void NTAPI finish(Kernel& kernel, IRP* irp) {
    machine::Machine& machine = kernel.machine;
    IrpSlot* slot = IrpPool::slot_of(irp);
    const bool is_awaited = slot != nullptr && (slot->kind == IrpKind::request || slot->kind == IrpKind::repeated);
    if ((irp->Flags & IRP_ASSOCIATED_IRP) != 0 && !is_awaited) {
        finish_associated(machine, irp);
        return;
    }
    if (slot == nullptr || slot->kind == IrpKind::driver) [[unlikely]] {
        violation(machine, verifier_io_violation, 0x06, irp,
                  "An IRP from IoAllocateIrp goes back to its allocator: a completion routine that returns "
                  "STATUS_MORE_PROCESSING_REQUIRED has to take it.");
    }
    copy_output(*slot, *irp);
    switch (slot->kind) {
    case IrpKind::threaded: {
        if (irp->UserIosb != nullptr) {
            *irp->UserIosb = irp->IoStatus;
        }
        PKEVENT event = irp->UserEvent;
        const auto kept = std::exchange(slot->kept, {});
        free_request(kernel, irp);
        if (event != nullptr) {
            machine.set_event(*event);
        }
        for (void* const object : kept) {
            if (object != nullptr) {
                ObjectManager::of(machine).dereference(object);
            }
        }
        break;
    }
    case IrpKind::detached: {
        const RequestCompleted completed = slot->fresh.completed_callback;
        void* const context = slot->callback_context;
        auto* const file = static_cast<FILE_OBJECT*>(std::exchange(slot->kept, {})[0]);
        const IO_STATUS_BLOCK result = irp->IoStatus;
        free_request(kernel, irp);
        if (file != nullptr) {
            end_request(file);
        }
        if (completed != nullptr) {
            completed(context, result.Status, result.Information);
        }
        break;
    }
    case IrpKind::request:
        finish_awaited(machine, *slot, *irp);
        break;
    case IrpKind::repeated:
        finish_repeated(*slot, *irp);
        break;
    case IrpKind::driver:
        break;
    }
}

constexpr UCHAR may_invoke = SL_INVOKE_ON_SUCCESS | SL_INVOKE_ON_ERROR | SL_INVOKE_ON_CANCEL;

[[noreturn, gnu::cold, gnu::noinline]] void NTAPI completion_refused(machine::Machine& machine, const IRP* irp) {
    if (irp->CurrentLocation > irp->StackCount + 1 || irp->Type != 6) {
        violation(machine, multiple_irp_complete_requests, as_parameter(irp), irp,
                  "An IRP is completed once (IoCompleteRequest).");
    }
    if (irp->IoStatus.Status == STATUS_PENDING) {
        violation(machine, verifier_io_violation, 0x0A, irp,
                  "IoCompleteRequest with STATUS_PENDING in IoStatus.Status: complete a request with its result.");
    }
    violation(machine, verifier_io_violation, 0x07, irp,
              "IoCompleteRequest while a cancel routine is set: take it away with IoSetCancelRoutine first.");
}

// "Pending" travels up by itself past drivers that do not look.
void pass_location(IRP* irp, IO_STACK_LOCATION& stack, bool is_last) {
    irp->PendingReturned = stack.Control & SL_PENDING_RETURNED;
    clear_location(stack);
    if (irp->PendingReturned && !is_last) {
        (&stack)[1].Control |= SL_PENDING_RETURNED;
    }
}

[[gnu::always_inline]] inline void finish_by_kind(Kernel& kernel, IRP* irp, IrpSlot* slot) {
    const bool is_plain = slot != nullptr && slot->fresh.copy_to == nullptr;
    if (is_plain && slot->kind == IrpKind::repeated) {
        finish_repeated(*slot, *irp);
    } else if (is_plain && slot->kind == IrpKind::request) {
        finish_awaited(kernel.machine, *slot, *irp);
    } else {
        finish(kernel, irp);
    }
}

// The way up past completion routines.
[[gnu::noinline]] void NTAPI complete_calling_routines(Kernel& kernel, IRP* irp) {
    machine::Machine& machine = kernel.machine;
    const CHAR last = static_cast<CHAR>(irp->StackCount + 1);
    IO_STACK_LOCATION* stack = irp->Tail.Overlay.CurrentStackLocation;
    ++irp->CurrentLocation;
    ++irp->Tail.Overlay.CurrentStackLocation;
    for (; irp->CurrentLocation <= last; ++stack) {
        const UCHAR control = stack->Control;
        const bool success = NT_SUCCESS(irp->IoStatus.Status);
        const bool invoke = (success && (control & SL_INVOKE_ON_SUCCESS) != 0) ||
                            (!success && (control & SL_INVOKE_ON_ERROR) != 0) ||
                            (irp->Cancel && (control & SL_INVOKE_ON_CANCEL) != 0);
        if (invoke && stack->CompletionRoutine != nullptr) {
            irp->PendingReturned = (control & SL_PENDING_RETURNED) != 0;
            const PIO_COMPLETION_ROUTINE routine = stack->CompletionRoutine;
            void* const context = stack->Context;
            clear_location(*stack);
            DEVICE_OBJECT* owner =
                irp->CurrentLocation == last ? nullptr : irp->Tail.Overlay.CurrentStackLocation->DeviceObject;
            const CalledAt before(machine);
            const NTSTATUS status = routine(owner, irp, context);
            if (!before.is_kept(machine)) [[unlikely]] {
                not_kept(before, "A completion routine", reinterpret_cast<const void*>(routine));
            }
            if (status == STATUS_MORE_PROCESSING_REQUIRED) {
                return;
            }
        } else {
            pass_location(irp, *stack, irp->CurrentLocation == last);
        }
        ++irp->CurrentLocation;
        ++irp->Tail.Overlay.CurrentStackLocation;
    }
    finish_by_kind(kernel, irp, IrpPool::slot_of(irp));
}

// Past completion routines only when there are any.
void complete_locations(Kernel& kernel, IRP* irp, IrpSlot* slot) {
    IO_STACK_LOCATION* stack = irp->Tail.Overlay.CurrentStackLocation;
    const int last = static_cast<UCHAR>(irp->StackCount); // neither is negative
    int location = static_cast<UCHAR>(irp->CurrentLocation);
    for (; location <= last; ++location, ++stack) {
        if ((stack->Control & may_invoke) != 0) [[unlikely]] {
            irp->CurrentLocation = static_cast<CHAR>(location);
            irp->Tail.Overlay.CurrentStackLocation = stack;
            complete_calling_routines(kernel, irp);
            return;
        }
        pass_location(irp, *stack, location == last);
    }
    irp->CurrentLocation = static_cast<CHAR>(location + 1);
    irp->Tail.Overlay.CurrentStackLocation = stack + 1;
    finish_by_kind(kernel, irp, slot);
}

[[gnu::hot, gnu::noinline]] void NTAPI complete_any(Kernel& kernel, IRP* irp) {
    machine::Machine& machine = kernel.machine;
    if (irp->CurrentLocation > irp->StackCount + 1 || irp->Type != 6 || irp->IoStatus.Status == STATUS_PENDING ||
        irp->CancelRoutine != nullptr) [[unlikely]] {
        completion_refused(machine, irp);
    }
    IrpSlot* const slot = IrpPool::slot_of(irp);
    if (slot != nullptr) {
        if (slot->kind == IrpKind::repeated) {
            slot->check_edges(machine, "IoCompleteRequest");
        } else {
            slot->check(machine, "IoCompleteRequest");
        }
    }
    machine::tsan::release(irp);
    if (machine.is_observed()) [[unlikely]] {
        machine.trace(machine::EventKind::irp_completed, slot != nullptr ? slot->serial : 0, irp->IoStatus.Status);
    }
    complete_locations(kernel, irp, slot);
}

} // namespace

// What applications ask for again and again, and is answered at once, needs no call on its way back: nobody looks on,
// no driver above has a completion routine, and there is no system buffer. Anything else is another's business, faults
// above all.
[[gnu::hot]] void NTAPI complete_request(Kernel& kernel, IRP* irp) {
    IrpSlot* const slot = IrpPool::slot_of(irp);
    if (slot == nullptr || slot->kind != IrpKind::request || irp->CurrentLocation != irp->StackCount ||
        irp->Type != 6 || irp->IoStatus.Status == STATUS_PENDING || irp->CancelRoutine != nullptr) {
        complete_any(kernel, irp);
        return;
    }
    machine::Machine& machine = kernel.machine;
    IO_STACK_LOCATION& stack = *irp->Tail.Overlay.CurrentStackLocation;
    if ((stack.Control & may_invoke) != 0 || slot->fresh.copy_to != nullptr || slot->fresh.inline_buffer_used != 0 ||
        !slot->is_irp_intact() || machine.is_observed() || machine::tsan::is_watching()) [[unlikely]] {
        complete_any(kernel, irp);
        return;
    }
    pass_location(irp, stack, true);
    irp->CurrentLocation = static_cast<CHAR>(irp->CurrentLocation + 2);
    irp->Tail.Overlay.CurrentStackLocation = &stack + 2;
    finish_awaited(machine, *slot, *irp);
}

void NTAPI dispatch_refused(machine::Machine& machine, IRP* irp) {
    if (irp->CurrentLocation <= 0) {
        violation(machine, no_more_irp_stack_locations, as_parameter(irp), irp,
                  "IoCallDriver with no stack location left: the IRP was allocated with too small a StackSize.");
    }
    constexpr std::uint64_t called_with_interrupts_disabled = 0xC0;
    machine.bugcheck(machine::driver_verifier_detected_violation, called_with_interrupts_disabled, as_parameter(irp), 0,
                     0, "IoCallDriver is called with interrupts enabled, not after _disable().");
}

void NTAPI dispatched_wrongly(const CalledAt& before, UCHAR major, PDRIVER_DISPATCH routine, IRP* irp) {
    machine::Machine& machine = machine::Machine::current();
    if (!before.is_kept(machine)) {
        not_kept(before, Sentence("A dispatch routine (of major function {:#x})", major),
                 reinterpret_cast<const void*>(routine), irp);
    }
    machine.bugcheck(machine::driver_verifier_detected_violation, 0, as_parameter(irp),
                     reinterpret_cast<std::uint64_t>(routine), 0,
                     "A dispatch routine returned the status that it read from an IRP that was not its own any more: "
                     "after IoCompleteRequest or IoCallDriver the IRP may be gone.");
}

void NTAPI trace_dispatch(machine::Machine& machine, IRP* irp, UCHAR major) {
    const IrpSlot* slot = IrpPool::slot_of(irp);
    machine.trace(machine::EventKind::irp_dispatched, slot != nullptr ? slot->serial : 0, major);
}

void wait_until_complete(machine::Machine& machine, IrpSlot& slot, NTSTATUS status) {
    if (status != STATUS_PENDING) [[unlikely]] {
        violation(machine, verifier_io_violation, static_cast<std::uint32_t>(status), slot.irp(),
                  "A dispatch routine that returns anything but STATUS_PENDING has completed the request.");
    }
    slot.event.Header.SignalState = 0;
    slot.waited_for = true;
    wait_for_ever(machine, &slot.event);
}

void free_irp_buffers(Kernel& kernel, IRP* irp) {
    if (IrpSlot* slot = IrpPool::slot_of(irp); slot != nullptr && slot->fresh.pool_buffer != nullptr) {
        kernel.pool.free(slot->fresh.pool_buffer, 0, __func__);
        slot->fresh.pool_buffer = nullptr;
    }
    while (MDL* mdl = irp->MdlAddress) {
        irp->MdlAddress = mdl->Next;
        if ((mdl->MdlFlags & MDL_PAGES_LOCKED) != 0) {
            MmUnlockPages(mdl);
        }
        IoFreeMdl(mdl);
    }
}

IRP* build_request(DEVICE_OBJECT* device, UCHAR major, UCHAR minor) {
    Kernel& kernel = Kernel::current();
    IRP* irp = kernel.irps.allocate(device->StackSize, IrpKind::request, nullptr);
    irp->Tail.Overlay.Thread = reinterpret_cast<PETHREAD>(&body_of(kernel.machine.current_thread()));
    irp->RequestorMode = KernelMode;
    irp->IoStatus.Status = STATUS_NOT_SUPPORTED; // what PnP requires of an IRP nobody handles
    IO_STACK_LOCATION* stack = IoGetNextIrpStackLocation(irp);
    stack->MajorFunction = major;
    stack->MinorFunction = minor;
    return irp;
}

void keep_until_completed(IRP* irp, FILE_OBJECT* file, KEVENT* event) {
    IrpSlot& slot = *IrpSlot::of(irp);
    slot.kept = {file, event};
    for (void* const object : slot.kept) {
        if (object != nullptr) {
            ObjectManager::current().reference_living(object);
        }
    }
}

NTSTATUS call_synchronously(DEVICE_OBJECT* device, IRP* irp, ULONG_PTR* information) {
    Kernel& kernel = Kernel::current();
    IrpSlot& slot = *IrpSlot::of(irp);
    const NTSTATUS status = wait_for_request(kernel.machine, slot, dispatch(kernel.machine, device, irp));
    if (information != nullptr) {
        *information = slot.result.Information;
    }
    free_request(kernel, irp);
    return status;
}

} // namespace openportcls::executive

using namespace openportcls;
using executive::IrpKind;
using executive::IrpPool;
using executive::Kernel;
using machine::Machine;

extern "C" {

NTSTATUS NTAPI IofCallDriver(PDEVICE_OBJECT device, PIRP irp) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    Machine& machine = Machine::current();
    machine.preemption_point();
    return executive::dispatch(machine, device, irp);
}

void NTAPI IofCompleteRequest(PIRP irp, CCHAR) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    Kernel& kernel = Kernel::current();
    kernel.machine.preemption_point();
    executive::complete_request(kernel, irp);
}

[[gnu::noinline]] PIRP NTAPI IoAllocateIrp(CCHAR stack_size, BOOLEAN) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    return Kernel::current().irps.allocate(stack_size, IrpKind::driver, __builtin_return_address(0));
}

[[gnu::noinline]] PIRP NTAPI IoAllocateIrpEx(PDEVICE_OBJECT, CCHAR stack_size, BOOLEAN) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    return Kernel::current().irps.allocate(stack_size, IrpKind::driver, __builtin_return_address(0));
}

[[gnu::noinline]] PIRP NTAPI IoMakeAssociatedIrp(PIRP master, CCHAR stack_size) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    IRP* irp = Kernel::current().irps.allocate(stack_size, IrpKind::driver, __builtin_return_address(0));
    if (irp != nullptr) {
        irp->Flags |= IRP_ASSOCIATED_IRP;
        irp->Tail.Overlay.Thread = master->Tail.Overlay.Thread;
        irp->AssociatedIrp.MasterIrp = master;
    }
    return irp;
}

// The driver's own memory; who frees it is the driver's business, too.
void NTAPI IoInitializeIrp(PIRP irp, USHORT bytes, CCHAR stack_size) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    IrpPool::initialise(*irp, bytes, stack_size, 0);
}

void NTAPI IoReuseIrp(PIRP irp, NTSTATUS status) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    executive::IrpSlot* slot = IrpPool::slot_of(irp);
    if (slot != nullptr) {
        if (slot->kind != IrpKind::driver) [[unlikely]] {
            Machine::current().bugcheck(0xC9, 0x0E, reinterpret_cast<std::uint64_t>(irp), 0, 0,
                                        "IoReuseIrp takes IRPs from IoAllocateIrp only.");
        }
        slot->check(Machine::current(), __func__);
    }
    IrpPool::initialise(*irp, irp->Size, irp->StackCount, irp->AllocationFlags);
    irp->IoStatus.Status = status;
}

void NTAPI IoFreeIrp(PIRP irp) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    Kernel& kernel = Kernel::current();
    executive::IrpSlot* slot = IrpPool::slot_of(irp);
    if (slot == nullptr || irp->Type != 6) [[unlikely]] {
        kernel.machine.bugcheck(0x44 /* MULTIPLE_IRP_COMPLETE_REQUESTS */, reinterpret_cast<std::uint64_t>(irp), 0, 0,
                                0, "IoFreeIrp: this IRP was not allocated with IoAllocateIrp, or was freed already.");
    }
    // A completion routine may free an IRP of IoBuildAsynchronousFsdRequest; its system buffer goes with it. The MDL is
    // the driver's to free.
    if (slot->fresh.pool_buffer != nullptr) {
        kernel.pool.free(slot->fresh.pool_buffer, 0, __func__);
    }
    kernel.irps.free(irp);
}

NTSTATUS NTAPI IoSetCompletionRoutineEx(PDEVICE_OBJECT, PIRP irp, PIO_COMPLETION_ROUTINE routine, PVOID context,
                                        BOOLEAN on_success, BOOLEAN on_error, BOOLEAN on_cancel) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    IoSetCompletionRoutine(irp, routine, context, on_success, on_error, on_cancel);
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI catch_irp(PDEVICE_OBJECT, PIRP irp, PVOID context) {
    if (irp->PendingReturned) {
        Machine::current().set_event(*static_cast<PKEVENT>(context));
    }
    return STATUS_MORE_PROCESSING_REQUIRED;
}

BOOLEAN NTAPI IoForwardIrpSynchronously(PDEVICE_OBJECT device, PIRP irp) {
    OPC_REQUIRE_APC_OR_BELOW();
    if (irp->CurrentLocation <= 1) {
        return FALSE;
    }
    KEVENT completed;
    KeInitializeEvent(&completed, NotificationEvent, FALSE);
    IoCopyCurrentIrpStackLocationToNext(irp);
    IoSetCompletionRoutine(irp, &catch_irp, &completed, TRUE, TRUE, TRUE);
    if (IofCallDriver(device, irp) == STATUS_PENDING) {
        executive::wait_for_ever(Machine::current(), &completed);
    }
    return TRUE;
}

} // extern "C"
