// DMA adapters: what a PDMA_ADAPTER points at.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include <wdm.h>

#include "executive/ex/pool_guest.h"
#include "executive/hal/isa_dma.h"
#include "machine/machine.h"

namespace openportcls::executive {

class Kernel;
class SystemDmaController;

// Map registers: pages within the device's reach that stand in for pages outside of it.
struct MapRegisters {
    machine::PhysicalAddress bounce = machine::no_address; // allocated when the first page needs it
    ULONG count = 0;
    ULONG used = 0;
    struct Mapping {
        char* memory;
        machine::PhysicalAddress bounce;
        ULONG bytes;
        bool to_device;
    };
    std::vector<Mapping> mappings; // since the last flush
};

struct DmaAdapter {
    explicit DmaAdapter(machine::Machine& machine) : isa_dma(machine) {}

    DMA_ADAPTER documented{}; // first: drivers see this
    Kernel* kernel = nullptr;
    IsaDma isa_dma; // of a slave, unless something else was attached as the system's controller
    PoolGuest pool_guest;
    DEVICE_OBJECT* device = nullptr;
    DEVICE_DESCRIPTION description{};
    machine::PhysicalAddress highest = UINT64_MAX;
    std::uint16_t owner = 0;
    ULONG map_registers = 0; // limit of one transfer

    // Slave channels and devices without scatter/gather serve one transfer at a time; others wait.
    struct Waiting {
        DEVICE_OBJECT* device;
        ULONG registers;
        PDRIVER_CONTROL routine;
        void* context;
    };
    bool busy = false;
    std::deque<Waiting> waiting;
    MapRegisters* current = nullptr;
    std::vector<std::unique_ptr<MapRegisters>> registers;
    ULONG scatter_gather_lists = 0; // out in the world

    bool is_slave() const { return !description.Master; }
    bool is_scatter_gather_master() const { return description.Master && description.ScatterGather; }
    bool reaches(machine::PhysicalAddress last) const { return last <= highest; }
    SystemDmaController* controller();
};

inline DmaAdapter& adapter_of(DMA_ADAPTER* adapter) {
    return *reinterpret_cast<DmaAdapter*>(adapter);
}

// dma_transfer.cpp
PHYSICAL_ADDRESS NTAPI dma_map_transfer(DMA_ADAPTER* adapter, MDL* mdl, void* map_register_base, void* address,
                                        ULONG* length, BOOLEAN to_device);
BOOLEAN NTAPI dma_flush_buffers(DMA_ADAPTER* adapter, MDL* mdl, void* map_register_base, void* address, ULONG length,
                                BOOLEAN to_device);
NTSTATUS NTAPI dma_allocate_channel(DMA_ADAPTER* adapter, DEVICE_OBJECT* device, ULONG registers,
                                    PDRIVER_CONTROL routine, void* context);
void NTAPI dma_free_channel(DMA_ADAPTER* adapter);
void NTAPI dma_free_map_registers(DMA_ADAPTER* adapter, void* map_register_base, ULONG count);

// dma_scatter_gather.cpp
NTSTATUS NTAPI dma_get_list(DMA_ADAPTER* adapter, DEVICE_OBJECT* device, MDL* mdl, void* address, ULONG length,
                            PDRIVER_LIST_CONTROL routine, void* context, BOOLEAN to_device);
void NTAPI dma_put_list(DMA_ADAPTER* adapter, SCATTER_GATHER_LIST* list, BOOLEAN to_device);
NTSTATUS NTAPI dma_list_size(DMA_ADAPTER* adapter, MDL* mdl, void* address, ULONG length, ULONG* bytes,
                             ULONG* registers);
NTSTATUS NTAPI dma_build_list(DMA_ADAPTER* adapter, DEVICE_OBJECT* device, MDL* mdl, void* address, ULONG length,
                              PDRIVER_LIST_CONTROL routine, void* context, BOOLEAN to_device, void* buffer,
                              ULONG buffer_bytes);
NTSTATUS NTAPI dma_build_mdl(DMA_ADAPTER* adapter, SCATTER_GATHER_LIST* list, MDL* original, MDL** target);

} // namespace openportcls::executive
