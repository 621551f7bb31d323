// What the tests of DMA adapters share: descriptions of devices, drivers' routines that note what they are given, a
// controller of the system's.
#pragma once

#include "executive/hal/dma_channels.h"
#include "executive/tests/hardware_fixture.h"

namespace openportcls::executive {

// What the DMA functions call a virtual address is none: the pages may be mapped nowhere.
inline void* index_into(MDL* mdl, ULONG offset) {
    return reinterpret_cast<void*>(reinterpret_cast<std::uintptr_t>(MmGetMdlVirtualAddress(mdl)) + offset);
}

inline DEVICE_DESCRIPTION master(bool all_addresses) {
    DEVICE_DESCRIPTION description{};
    description.Version = DEVICE_DESCRIPTION_VERSION2;
    description.Master = TRUE;
    description.ScatterGather = TRUE;
    description.Dma32BitAddresses = TRUE;
    description.Dma64BitAddresses = all_addresses;
    description.InterfaceType = PCIBus;
    description.MaximumLength = 64 * 1024;
    return description;
}

inline DEVICE_DESCRIPTION master_of_version_3(ULONG address_bits) {
    DEVICE_DESCRIPTION description = master(false);
    description.Version = DEVICE_DESCRIPTION_VERSION3;
    description.DmaAddressWidth = address_bits;
    return description;
}

inline DEVICE_DESCRIPTION slave(ULONG version = DEVICE_DESCRIPTION_VERSION) {
    DEVICE_DESCRIPTION description{};
    description.Version = version;
    description.DmaChannel = 1;
    description.InterfaceType = Isa;
    description.DmaWidth = Width8Bits;
    description.MaximumLength = 0x4000;
    return description;
}

struct Received {
    SCATTER_GATHER_LIST* list = nullptr;
    int calls = 0;
    KIRQL level = 0;
};
inline void NTAPI list_ready(PDEVICE_OBJECT, PIRP, PSCATTER_GATHER_LIST list, PVOID context) {
    auto* received = static_cast<Received*>(context);
    received->list = list;
    received->level = KeGetCurrentIrql();
    ++received->calls;
}

struct Channel {
    void* map_registers = nullptr;
    int calls = 0;
    KIRQL level = 0;
};
template<IO_ALLOCATION_ACTION action>
IO_ALLOCATION_ACTION NTAPI channel_answers(PDEVICE_OBJECT, PIRP, PVOID map_registers, PVOID context) {
    auto* channel = static_cast<Channel*>(context);
    channel->map_registers = map_registers;
    channel->level = KeGetCurrentIrql();
    ++channel->calls;
    return action;
}
inline constexpr PDRIVER_CONTROL channel_ready = &channel_answers<KeepObject>;
inline constexpr PDRIVER_CONTROL channel_keeps_registers = &channel_answers<DeallocateObjectKeepRegisters>;

struct IsaController : SystemDmaController {
    Transfer transfer;
    bool masked = true;
    std::uint32_t counter = 0;
    bool has_channel(unsigned channel) const override { return channel == 1; }
    void program(unsigned, const Transfer& wanted) override {
        transfer = wanted;
        masked = false;
        counter = wanted.bytes;
    }
    void mask(unsigned) override { masked = true; }
    std::uint32_t NTAPI read_counter(unsigned) const override { return counter; }
};

// One that interrupts, as those of later boards do, and knows a function of its own.
struct InterruptingController final : IsaController {
    DmaTransferListener* listener = nullptr;
    ULONG configured = 0;
    bool interrupts() const override { return true; }
    void listen(unsigned, DmaTransferListener* wanted) override { listener = wanted; }
    NTSTATUS configure(unsigned channel, ULONG function, void* data) override {
        if (function != 7) {
            return STATUS_NOT_IMPLEMENTED;
        }
        configured = channel * 100 + *static_cast<ULONG*>(data);
        return STATUS_SUCCESS;
    }
};

class Raised {
public:
    explicit Raised(KIRQL level = DISPATCH_LEVEL) { KeRaiseIrql(level, &old_); }
    ~Raised() { KeLowerIrql(old_); }
    Raised(const Raised&) = delete;
    Raised& operator=(const Raised&) = delete;

private:
    KIRQL old_ = 0;
};

struct alignas(8) ContextMemory {
    char bytes[DMA_TRANSFER_CONTEXT_SIZE_V1];
};

class DmaTest : public ExecutiveTest {
protected:
    // Inside the machine. The device goes with the machine.
    DMA_ADAPTER* open(DEVICE_DESCRIPTION description) {
        if (device == nullptr) {
            device = make_device(driver);
        }
        return IoGetDmaAdapter(device, &description, &map_registers);
    }
    char* at(PHYSICAL_ADDRESS address, ULONG bytes) {
        return static_cast<char*>(machine.memory().to_virtual(static_cast<std::uint64_t>(address.QuadPart), bytes));
    }
    // A byte behind an MDL, counted from its beginning.
    char& byte_at(MDL* mdl, ULONG offset) {
        const ULONG place = mdl->ByteOffset + offset;
        return *static_cast<char*>(
            machine.memory().to_virtual(MmGetMdlPfnArray(mdl)[place / 4096] * 4096 + place % 4096, 1));
    }
    // Pages beyond the reach of 24 bits, mapped nowhere.
    static MDL* far_pages(ULONG pages) {
        return MmAllocatePagesForMdlEx(large(16 << 20), large(1LL << 40), large(0), pages * 4096, MmCached, 0);
    }
    // An MDL of `pages` pages, no two of them adjacent: every other one of `source`'s.
    static MDL* scattered(MDL* source, ULONG pages) {
        MDL* mdl = IoAllocateMdl(nullptr, pages * 4096, FALSE, FALSE, nullptr);
        for (ULONG page = 0; page < pages; ++page) {
            MmGetMdlPfnArray(mdl)[page] = MmGetMdlPfnArray(source)[2 * page];
        }
        return mdl;
    }
    static void free_pages(MDL* mdl) {
        MmFreePagesFromMdl(mdl);
        ExFreePool(mdl);
    }

    TestDriver driver{&refuse};
    DEVICE_OBJECT* device = nullptr;
    ULONG map_registers = 0;
};

} // namespace openportcls::executive
