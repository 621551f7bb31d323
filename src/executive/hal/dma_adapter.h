// DMA adapters: what a PDMA_ADAPTER points at.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include <wdm.h>

#include "executive/hal/isa_dma.h"
#include "executive/hal/transfer_end.h"
#include "machine/machine.h"

namespace openportcls::executive {

// DRIVER_VERIFIER_DMA_VIOLATION, whose first parameter says which of its rules.
inline constexpr std::uint32_t dma_violation = 0xE6;

class Kernel;
class SystemDmaController;
struct ListRecord;
struct TransferContext;

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

    // Of a request of version 3. The context is compared and never read: the driver may have freed it.
    const TransferContext* transfer_context = nullptr;
    DEVICE_OBJECT* device = nullptr;
    bool cancelled = false;  // CancelMappedTransfer
    std::uint16_t owner = 0; // who asked for them
};

struct DmaAdapter {
    explicit DmaAdapter(machine::Machine& machine) : isa_dma(machine), transfer_end(*this) {}
    ~DmaAdapter();
    DmaAdapter(const DmaAdapter&) = delete;
    DmaAdapter& operator=(const DmaAdapter&) = delete;

    DMA_ADAPTER* documented = nullptr; // what drivers hold
    Kernel* kernel = nullptr;
    IsaDma isa_dma; // of a slave, unless something else was attached as the system's controller
    DEVICE_OBJECT* device = nullptr;
    DEVICE_DESCRIPTION description{};
    machine::PhysicalAddress highest = UINT64_MAX;
    std::uint16_t owner = 0;
    ULONG map_registers = 0; // limit of one transfer

    // Slave channels and devices without scatter/gather serve one transfer at a time; others wait.
    struct Waiting {
        DEVICE_OBJECT* device = nullptr;
        ULONG registers = 0;
        PDRIVER_CONTROL routine = nullptr;
        void* context = nullptr;
        TransferContext* transfer_context = nullptr;
        ListRecord* list = nullptr; // this one is built instead
        std::uint16_t owner = 0;    // who asked
    };
    bool busy = false;
    std::deque<Waiting> waiting;
    MapRegisters* current = nullptr;
    ListRecord* current_list = nullptr; // of a synchronous request without a routine, until FreeAdapterObject
    std::vector<std::unique_ptr<MapRegisters>> registers;
    ULONG registers_of_lists = 0;
    ULONG scatter_gather_lists = 0; // out in the world
    TransferEnd transfer_end;
    struct {
        machine::PhysicalAddress begin = 0;
        machine::PhysicalAddress end = 0;
    } programmed; // what the system's controller was told last, until it is flushed

    struct MdlBuffer { // CreateCommonBufferFromMdl: the pages are the driver's
        void* address;
        ULONG bytes;
        machine::PhysicalAddress physical;
    };
    std::vector<MdlBuffer> mdl_buffers;

    bool is_slave() const { return !description.Master; }
    bool is_scatter_gather_master() const { return description.Master && description.ScatterGather; }
    bool reaches(machine::PhysicalAddress last) const { return last <= highest; }
    // The ISA controllers cannot carry over into their page registers: 64 KB for bytes, 128 KB for words. 0: none.
    machine::PhysicalAddress boundary() const;
    // Can the device move these bytes from where they are?
    bool can_take(machine::PhysicalAddress address, ULONG bytes) const;
    machine::PageConstraints constraints() const;
    ULONG unit_bytes() const { return is_slave() ? 1U << description.DmaWidth : 1; }
    SystemDmaController* controller();
};

// A bugcheck when it is none, or has been put already.
DmaAdapter& adapter_of(DMA_ADAPTER* adapter);

// What DMA functions of version 3 count from the beginning of the MDL chain, version 1 counts from the first MDL's
// virtual address.
inline char* address_at(MDL* mdl, ULONGLONG offset) {
    // A number: MDLs over pages have none, and count from 0.
    return reinterpret_cast<char*>(reinterpret_cast<ULONG_PTR>(MmGetMdlVirtualAddress(mdl)) + offset);
}

// The table of a version, as the release in force has it; null where it has none.
const DMA_OPERATIONS* dma_operations(const Kernel& kernel, ULONG version);

// dma_adapter.cpp
void NTAPI dma_put_adapter(DMA_ADAPTER* adapter);
ULONG NTAPI dma_alignment(DMA_ADAPTER* adapter);
ULONG NTAPI dma_read_counter(DMA_ADAPTER* adapter);
NTSTATUS NTAPI dma_adapter_info(DMA_ADAPTER* adapter, DMA_ADAPTER_INFO* info);
NTSTATUS NTAPI dma_transfer_info(DMA_ADAPTER* adapter, MDL* mdl, ULONGLONG offset, ULONG length, BOOLEAN write_only,
                                 DMA_TRANSFER_INFO* info);
NTSTATUS NTAPI dma_configure_channel(DMA_ADAPTER* adapter, ULONG function, void* context);

// dma_common_buffers.cpp
void* NTAPI dma_common_buffer(DMA_ADAPTER* adapter, ULONG length, PHYSICAL_ADDRESS* logical, BOOLEAN cached);
void* NTAPI dma_common_buffer_ex(DMA_ADAPTER* adapter, PHYSICAL_ADDRESS* highest, ULONG length,
                                 PHYSICAL_ADDRESS* logical, BOOLEAN cached, ULONG node);
void* NTAPI dma_common_buffer_with_bounds(DMA_ADAPTER* adapter, PHYSICAL_ADDRESS* lowest, PHYSICAL_ADDRESS* highest,
                                          ULONG length, ULONG flags, MEMORY_CACHING_TYPE* caching, ULONG node,
                                          PHYSICAL_ADDRESS* logical);
void NTAPI dma_free_common_buffer(DMA_ADAPTER* adapter, ULONG length, PHYSICAL_ADDRESS logical, void* address,
                                  BOOLEAN cached);
NTSTATUS NTAPI dma_common_buffer_vector(DMA_ADAPTER* adapter, PHYSICAL_ADDRESS lowest, PHYSICAL_ADDRESS highest,
                                        MEMORY_CACHING_TYPE caching, ULONG node, ULONG flags, ULONG elements,
                                        ULONGLONG element_bytes, PDMA_COMMON_BUFFER_VECTOR* result);
void NTAPI dma_vector_element(DMA_ADAPTER* adapter, PDMA_COMMON_BUFFER_VECTOR vector, ULONG index, void** address,
                              PHYSICAL_ADDRESS* logical);
void NTAPI dma_free_vector_element(DMA_ADAPTER* adapter, PDMA_COMMON_BUFFER_VECTOR vector, ULONG index);
void NTAPI dma_free_vector(DMA_ADAPTER* adapter, PDMA_COMMON_BUFFER_VECTOR vector);

// dma_mdl_buffers.cpp
NTSTATUS NTAPI dma_common_buffer_from_mdl(DMA_ADAPTER* adapter, MDL* mdl,
                                          DMA_COMMON_BUFFER_EXTENDED_CONFIGURATION* configurations, ULONG count,
                                          PHYSICAL_ADDRESS* logical);

// dma_domains.cpp
NTSTATUS NTAPI dma_domain_buffer(DMA_ADAPTER* adapter, HANDLE domain, PHYSICAL_ADDRESS* highest, ULONG length,
                                 ULONG flags, MEMORY_CACHING_TYPE* caching, ULONG node, PHYSICAL_ADDRESS* logical,
                                 void** address);
NTSTATUS NTAPI dma_join_domain(DMA_ADAPTER* adapter, HANDLE domain);
NTSTATUS NTAPI dma_leave_domain(DMA_ADAPTER* adapter);
HANDLE NTAPI dma_domain(DMA_ADAPTER* adapter);

// dma_channel.cpp
NTSTATUS NTAPI dma_allocate_channel(DMA_ADAPTER* adapter, DEVICE_OBJECT* device, ULONG registers,
                                    PDRIVER_CONTROL routine, void* context);
NTSTATUS NTAPI dma_allocate_channel_ex(DMA_ADAPTER* adapter, DEVICE_OBJECT* device, void* transfer_context,
                                       ULONG registers, ULONG flags, PDRIVER_CONTROL routine, void* context,
                                       void** map_register_base);
void NTAPI dma_free_channel(DMA_ADAPTER* adapter);
void NTAPI dma_free_map_registers(DMA_ADAPTER* adapter, void* map_register_base, ULONG count);
void NTAPI dma_free_adapter_object(DMA_ADAPTER* adapter, IO_ALLOCATION_ACTION action);
BOOLEAN NTAPI dma_cancel_channel(DMA_ADAPTER* adapter, DEVICE_OBJECT* device, void* transfer_context);

// dma_transfer.cpp
PHYSICAL_ADDRESS NTAPI dma_map_transfer(DMA_ADAPTER* adapter, MDL* mdl, void* map_register_base, void* address,
                                        ULONG* length, BOOLEAN to_device);
BOOLEAN NTAPI dma_flush_buffers(DMA_ADAPTER* adapter, MDL* mdl, void* map_register_base, void* address, ULONG length,
                                BOOLEAN to_device);

// dma_transfer_ex.cpp
NTSTATUS NTAPI dma_map_transfer_ex(DMA_ADAPTER* adapter, MDL* mdl, void* map_register_base, ULONGLONG offset,
                                   ULONG device_offset, ULONG* length, BOOLEAN to_device, SCATTER_GATHER_LIST* list,
                                   ULONG list_bytes, PDMA_COMPLETION_ROUTINE completion, void* completion_context);
NTSTATUS NTAPI dma_flush_buffers_ex(DMA_ADAPTER* adapter, MDL* mdl, void* map_register_base, ULONGLONG offset,
                                    ULONG length, BOOLEAN to_device);
NTSTATUS NTAPI dma_flush_buffer(DMA_ADAPTER* adapter, MDL* mdl, BOOLEAN read);
NTSTATUS NTAPI dma_cancel_transfer(DMA_ADAPTER* adapter, void* transfer_context);

// dma_scatter_gather.cpp
NTSTATUS NTAPI dma_get_list(DMA_ADAPTER* adapter, DEVICE_OBJECT* device, MDL* mdl, void* address, ULONG length,
                            PDRIVER_LIST_CONTROL routine, void* context, BOOLEAN to_device);
NTSTATUS NTAPI dma_get_list_ex(DMA_ADAPTER* adapter, DEVICE_OBJECT* device, void* transfer_context, MDL* mdl,
                               ULONGLONG offset, ULONG length, ULONG flags, PDRIVER_LIST_CONTROL routine, void* context,
                               BOOLEAN to_device, PDMA_COMPLETION_ROUTINE completion, void* completion_context,
                               SCATTER_GATHER_LIST** list);
NTSTATUS NTAPI dma_build_list(DMA_ADAPTER* adapter, DEVICE_OBJECT* device, MDL* mdl, void* address, ULONG length,
                              PDRIVER_LIST_CONTROL routine, void* context, BOOLEAN to_device, void* buffer,
                              ULONG buffer_bytes);
NTSTATUS NTAPI dma_build_list_ex(DMA_ADAPTER* adapter, DEVICE_OBJECT* device, void* transfer_context, MDL* mdl,
                                 ULONGLONG offset, ULONG length, ULONG flags, PDRIVER_LIST_CONTROL routine,
                                 void* context, BOOLEAN to_device, void* buffer, ULONG buffer_bytes,
                                 PDMA_COMPLETION_ROUTINE completion, void* completion_context, void* list);
void NTAPI dma_put_list(DMA_ADAPTER* adapter, SCATTER_GATHER_LIST* list, BOOLEAN to_device);
NTSTATUS NTAPI dma_list_size(DMA_ADAPTER* adapter, MDL* mdl, void* address, ULONG length, ULONG* bytes,
                             ULONG* registers);
NTSTATUS NTAPI dma_build_mdl(DMA_ADAPTER* adapter, SCATTER_GATHER_LIST* list, MDL* original, MDL** target);

} // namespace openportcls::executive
