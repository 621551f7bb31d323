#include "executive/leaks.h"

#include <dlfcn.h>
#include <utility>

#include <fmt/format.h>

#include "base/unicode.h"
#include "executive/hal/dma_adapter.h"
#include "executive/io/work_items.h"

namespace openportcls::executive {

namespace {

std::string driver_name(const DEVICE_OBJECT* device) {
    if (device == nullptr || device->DriverObject == nullptr) {
        return {};
    }
    const UNICODE_STRING& name = device->DriverObject->DriverName;
    return name.Buffer == nullptr ? std::string{} : utf16_to_utf8({name.Buffer, name.Length / sizeof(WCHAR)});
}

IrpDescription describe(Kernel& kernel, IrpSlot& slot) {
    IrpDescription description;
    IRP* irp = slot.irp();
    description.serial = slot.serial;
    description.owner = kernel.pool.owner_at(slot.allocated_by) == 0 ? "kernel" : "driver";
    description.dispatched = irp->CurrentLocation <= irp->StackCount;
    // Before it is sent, the request stands in the location below the current one.
    const IO_STACK_LOCATION* stack = irp->Tail.Overlay.CurrentStackLocation;
    if (description.dispatched) {
        description.device_driver = driver_name(stack->DeviceObject);
    } else if (irp->StackCount != 0) {
        --stack;
    } else {
        return description;
    }
    description.major = stack->MajorFunction;
    description.minor = stack->MinorFunction;
    return description;
}

// What will call the driver, or runs in it, after it is gone: on Windows the machine stops with
// DRIVER_UNLOADED_WITHOUT_CANCELLING_PENDING_OPERATIONS (0xCE) when it does.
void add_pending_calls(Kernel& kernel, std::uint16_t owner, std::vector<Leftover>& found) {
    machine::Machine& machine = kernel.machine;
    const auto is_drivers = [&](const void* code) { return kernel.pool.owner_at(code) == owner; };
    for (const void* caller : machine.set_timers()) {
        if (is_drivers(caller)) {
            found.push_back({"timer", "still set, KeCancelTimer not called"});
        }
    }
    for (const KDPC* dpc : machine.queued_dpcs()) {
        if (is_drivers(reinterpret_cast<const void*>(dpc->DeferredRoutine))) {
            found.push_back({"DPC", "still queued"});
        }
    }
    for (const WORK_QUEUE_ITEM* item : kernel.work.pending()) {
        if (is_drivers(driver_routine_of(*item))) {
            found.push_back({"work item", "still queued"});
        }
    }
    for (const machine::Thread* thread : machine.threads()) {
        if (thread->state != machine::ThreadState::terminated && is_drivers(thread->guest_routine)) {
            found.push_back(thread->name == "worker" ? Leftover{"work item", "still running"}
                                                     : Leftover{"thread", "still running"});
        }
    }
}

// Driver Verifier stops the machine when the adapter is put (0xE6, parameters 9 and 10).
void add_dma(const Kernel& kernel, std::uint16_t owner, std::vector<Leftover>& found) {
    const auto registers = [&](std::uint32_t count, const char* what) {
        found.push_back({"DMA map registers", fmt::format("{} of a request, {}", count, what)});
    };
    for (const DmaAdapter* adapter : kernel.dma_ledger.adapters) {
        for (const auto& each : adapter->registers) {
            if (each->owner == owner) {
                registers(each->count, adapter->busy && adapter->current == each.get() ? "FreeAdapterChannel not called"
                                                                                       : "FreeMapRegisters not called");
            }
        }
        for (ULONG list = 0; adapter->owner == owner && list < adapter->scatter_gather_lists; ++list) {
            found.push_back({"scatter/gather list", "PutScatterGatherList not called"});
        }
    }
    for (const LostMapRegisters& lost : kernel.dma_ledger.lost) {
        if (lost.owner == owner) {
            registers(lost.count, "FreeMapRegisters not called before PutDmaAdapter");
        }
    }
}

} // namespace

PoolPurpose purpose_of(std::string_view tag) {
    static constexpr std::pair<std::string_view, PoolPurpose> known[] = {
        {"DmaA", {"DMA adapter", "PutDmaAdapter not called"}},
        {"DmaV", {"common buffer vector", "FreeCommonBufferVector not called"}},
        {"IoIn", {"connected interrupt", "IoDisconnectInterrupt not called"}},
        {"ExTm", {"timer", "allocated, ExDeleteTimer not called"}},
        {"IoWi", {"work item", "allocated, IoFreeWorkItem not called"}},
    };
    for (const auto& [known_tag, purpose] : known) {
        if (known_tag == tag) {
            return purpose;
        }
    }
    return {};
}

std::string place_of(const void* code) {
    Dl_info module{};
    if (code == nullptr || ::dladdr(code, &module) == 0 || module.dli_fname == nullptr) {
        return {};
    }
    const std::string_view path = module.dli_fname;
    return fmt::format("{}+{:#x}", path.substr(path.find_last_of('/') + 1),
                       static_cast<const char*>(code) - static_cast<const char*>(module.dli_fbase));
}

LeftoverHook leftover_hook = nullptr;

std::vector<Leftover> leftovers(Kernel& kernel, std::uint16_t owner) {
    std::vector<Leftover> found;
    if (owner == 0) {
        return found;
    }
    for (IrpSlot* slot : kernel.irps.list()) {
        if (kernel.pool.owner_at(slot->allocated_by) == owner) {
            const IrpDescription irp = describe(kernel, *slot);
            found.push_back(
                {"IRP",
                 fmt::format("major function {:#04x}, {}", irp.major, irp.dispatched ? "still on its way" : "not sent"),
                 slot->irp()->Size});
        }
    }
    for (const ContiguousBlock& block : kernel.contiguous.living(owner)) {
        found.push_back({"contiguous memory", block.kind, block.bytes});
    }
    for (const void* caller : kernel.mdls.allocators()) {
        if (kernel.pool.owner_at(caller) == owner) {
            found.push_back({"MDL", "IoFreeMdl not called"});
        }
    }
    for (const IoSpaceMap::Range& range : kernel.io_space.ranges()) {
        if (kernel.pool.owner_at(range.caller) == owner) {
            found.push_back({"mapping", "MmMapIoSpace without MmUnmapIoSpace", range.bytes});
        }
    }
    add_dma(kernel, owner, found);
    add_pending_calls(kernel, owner, found);
    if (leftover_hook != nullptr) {
        leftover_hook(kernel, owner, found);
    }
    return found;
}

std::vector<IrpDescription> irps_in_flight(Kernel& kernel) {
    std::vector<IrpDescription> found;
    for (IrpSlot* slot : kernel.irps.list()) {
        IrpDescription irp = describe(kernel, *slot);
        if (irp.dispatched) {
            found.push_back(std::move(irp));
        }
    }
    return found;
}

} // namespace openportcls::executive
