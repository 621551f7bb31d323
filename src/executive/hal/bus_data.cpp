// PCI configuration space, and the translations of the old HAL that have nothing to translate here.
#include <wdm.h>

#include "executive/hal/access_cost.h"
#include "executive/irql_check.h"
#include "executive/kernel.h"

using namespace openportcls;
using machine::AccessWidth;
using machine::Machine;

namespace {

constexpr ULONG config_bytes = 4096; // PCI Express; conventional devices answer 256

machine::Device* device_at(Machine& machine, ULONG bus, ULONG slot) {
    return machine.pci_config().find(bus, slot & 0xFF);
}

// Whole double words where both sides are aligned, bytes at the edges.
template<class Access>
void split(ULONG offset, ULONG bytes, Access access) {
    ULONG done = 0;
    while (done < bytes) {
        const ULONG at = offset + done;
        const bool whole = at % 4 == 0 && bytes - done >= 4;
        access(at, done, whole ? AccessWidth::dword : AccessWidth::byte);
        done += whole ? 4 : 1;
    }
}

ULONG clip(ULONG offset, ULONG length) {
    return offset >= config_bytes ? 0 : std::min<ULONG>(length, config_bytes - offset);
}

ULONG read_config(ULONG bus, ULONG slot, void* buffer, ULONG offset, ULONG length) {
    Machine& machine = Machine::current();
    machine.spend(executive::access_cost::config);
    auto* bytes = static_cast<UCHAR*>(buffer);
    machine::Device* device = device_at(machine, bus, slot);
    if (device == nullptr) {
        // Nobody answers: the vendor id reads as invalid, and that is all there is.
        if (offset == 0 && length >= sizeof(USHORT)) {
            const USHORT none = PCI_INVALID_VENDORID;
            memcpy(buffer, &none, sizeof none);
            return sizeof(USHORT);
        }
        return 0;
    }
    const ULONG count = clip(offset, length);
    split(offset, count, [&](ULONG at, ULONG done, AccessWidth width) {
        const std::uint32_t value = device->read_config(at, width);
        memcpy(bytes + done, &value, static_cast<std::size_t>(width));
    });
    return count;
}

ULONG write_config(ULONG bus, ULONG slot, const void* buffer, ULONG offset, ULONG length) {
    Machine& machine = Machine::current();
    machine.spend(executive::access_cost::config);
    machine::Device* device = device_at(machine, bus, slot);
    if (device == nullptr) {
        return 0;
    }
    const auto* bytes = static_cast<const UCHAR*>(buffer);
    const ULONG count = clip(offset, length);
    split(offset, count, [&](ULONG at, ULONG done, AccessWidth width) {
        std::uint32_t value = 0;
        memcpy(&value, bytes + done, static_cast<std::size_t>(width));
        device->write_config(at, width, value);
    });
    return count;
}

} // namespace

extern "C" {

ULONG NTAPI HalGetBusDataByOffset(BUS_DATA_TYPE type, ULONG bus, ULONG slot, PVOID buffer, ULONG offset, ULONG length) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    return type == PCIConfiguration ? read_config(bus, slot, buffer, offset, length) : 0;
}
ULONG NTAPI HalGetBusData(BUS_DATA_TYPE type, ULONG bus, ULONG slot, PVOID buffer, ULONG length) {
    return HalGetBusDataByOffset(type, bus, slot, buffer, 0, length);
}
ULONG NTAPI HalSetBusDataByOffset(BUS_DATA_TYPE type, ULONG bus, ULONG slot, PVOID buffer, ULONG offset, ULONG length) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    return type == PCIConfiguration ? write_config(bus, slot, buffer, offset, length) : 0;
}
ULONG NTAPI HalSetBusData(BUS_DATA_TYPE type, ULONG bus, ULONG slot, PVOID buffer, ULONG length) {
    return HalSetBusDataByOffset(type, bus, slot, buffer, 0, length);
}

// ISA and PCI interrupts keep their number as vector; the higher the number, the lower the level, as on a PC.
ULONG NTAPI HalGetInterruptVector(INTERFACE_TYPE, ULONG, ULONG level, ULONG, PKIRQL irql, PKAFFINITY affinity) {
    OPC_REQUIRE_PASSIVE();
    constexpr KIRQL span = machine::irql::device_highest - machine::irql::device_lowest + 1;
    *irql = static_cast<KIRQL>(machine::irql::device_highest - level % span);
    *affinity = KeQueryActiveProcessors();
    return level;
}

BOOLEAN NTAPI HalTranslateBusAddress(INTERFACE_TYPE, ULONG, PHYSICAL_ADDRESS address, PULONG,
                                     PPHYSICAL_ADDRESS translated) {
    *translated = address;
    return TRUE;
}

} // extern "C"
