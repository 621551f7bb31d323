#include "executive/leaks.h"

#include <fmt/format.h>

#include "base/unicode.h"

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

} // namespace

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
