// Common buffers: memory that processor and device share for as long as the driver likes.
#include <algorithm>

#include "executive/hal/dma_adapter.h"
#include "executive/irql_check.h"
#include "executive/kernel.h"

// Opaque to drivers.
struct _DMA_COMMON_BUFFER_VECTOR {
    struct Element {
        void* address;
        openportcls::machine::PhysicalAddress physical;
    };
    ULONG count;
    Element elements[];
};

namespace openportcls::executive {

namespace {

constexpr ULONG vector_tag = 0x56616D44;                       // 'DmaV'
constexpr std::uint64_t large_page = 512 * machine::page_size; // DOMAIN_COMMON_BUFFER_LARGE_PAGE

void* allocate(DmaAdapter& adapter, ULONGLONG bytes, const machine::PageConstraints& constraints, const char* kind,
               const void* caller, machine::PhysicalAddress* physical) {
    void* memory = adapter.kernel->contiguous.allocate(bytes, constraints, adapter.owner,
                                                       {kind, caller, PagesOrigin::Kind::common_buffer});
    if (memory != nullptr) {
        *physical = adapter.kernel->machine.memory().to_physical(memory);
    }
    return memory;
}

void* allocate(DmaAdapter& adapter, ULONG bytes, const machine::PageConstraints& constraints, const char* kind,
               const void* caller, PHYSICAL_ADDRESS* logical) {
    machine::PhysicalAddress physical = 0;
    void* memory = allocate(adapter, ULONGLONG{bytes}, constraints, kind, caller, &physical);
    if (memory != nullptr) {
        logical->QuadPart = static_cast<LONGLONG>(physical);
    }
    return memory;
}

machine::PageConstraints bounded(const DmaAdapter& adapter, const PHYSICAL_ADDRESS* lowest,
                                 const PHYSICAL_ADDRESS* highest, ULONG flags) {
    machine::PageConstraints constraints = adapter.constraints();
    if (lowest != nullptr) {
        constraints.lowest = static_cast<std::uint64_t>(lowest->QuadPart);
    }
    if (highest != nullptr) {
        constraints.highest = std::min(constraints.highest, static_cast<std::uint64_t>(highest->QuadPart));
    }
    if ((flags & DOMAIN_COMMON_BUFFER_LARGE_PAGE) != 0) {
        constraints.alignment = large_page;
    }
    return constraints;
}

// "Only values of MmNonCached and MmCached are supported."
bool is_caching_supported(MEMORY_CACHING_TYPE caching) {
    return caching == MmNonCached || caching == MmCached;
}

bool are_flags_known(ULONG flags) {
    return (flags & ~static_cast<ULONG>(DOMAIN_COMMON_BUFFER_LARGE_PAGE)) == 0;
}

// The MDL's pages stay the driver's.
bool forget_mdl_buffer(DmaAdapter& adapter, ULONG bytes, PHYSICAL_ADDRESS logical, const void* address) {
    return std::erase_if(adapter.mdl_buffers, [&](const DmaAdapter::MdlBuffer& buffer) {
               return buffer.address == address && buffer.bytes == bytes &&
                      buffer.physical == static_cast<std::uint64_t>(logical.QuadPart);
           }) != 0;
}

void free_element(DmaAdapter& adapter, _DMA_COMMON_BUFFER_VECTOR::Element& element, const char* moment) {
    adapter.kernel->contiguous.free(element.address, moment);
    element.address = nullptr;
}

_DMA_COMMON_BUFFER_VECTOR::Element& element_at(DmaAdapter& adapter, PDMA_COMMON_BUFFER_VECTOR vector, ULONG index,
                                               const char* what) {
    if (index >= vector->count || vector->elements[index].address == nullptr) [[unlikely]] {
        adapter.kernel->machine.bugcheck(dma_violation, 0x04, reinterpret_cast<std::uint64_t>(vector), index,
                                         vector->count, what);
    }
    return vector->elements[index];
}

} // namespace

[[gnu::noinline]] void* NTAPI dma_common_buffer(DMA_ADAPTER* documented, ULONG length, PHYSICAL_ADDRESS* logical,
                                                BOOLEAN) {
    OPC_REQUIRE_PASSIVE("AllocateCommonBuffer");
    DmaAdapter& adapter = adapter_of(documented);
    return allocate(adapter, length, adapter.constraints(), "AllocateCommonBuffer", __builtin_return_address(0),
                    logical);
}

[[gnu::noinline]] void* NTAPI dma_common_buffer_ex(DMA_ADAPTER* documented, PHYSICAL_ADDRESS* highest, ULONG length,
                                                   PHYSICAL_ADDRESS* logical, BOOLEAN, ULONG) {
    OPC_REQUIRE_PASSIVE("AllocateCommonBufferEx");
    DmaAdapter& adapter = adapter_of(documented);
    return allocate(adapter, length, bounded(adapter, nullptr, highest, 0), "AllocateCommonBufferEx",
                    __builtin_return_address(0), logical);
}

[[gnu::noinline]] void* NTAPI dma_common_buffer_with_bounds(DMA_ADAPTER* documented, PHYSICAL_ADDRESS* lowest,
                                                            PHYSICAL_ADDRESS* highest, ULONG length, ULONG flags,
                                                            MEMORY_CACHING_TYPE* caching, ULONG,
                                                            PHYSICAL_ADDRESS* logical) {
    OPC_REQUIRE_PASSIVE("AllocateCommonBufferWithBounds");
    DmaAdapter& adapter = adapter_of(documented);
    if (!are_flags_known(flags) || (caching != nullptr && !is_caching_supported(*caching))) {
        return nullptr;
    }
    return allocate(adapter, length, bounded(adapter, lowest, highest, flags), "AllocateCommonBufferWithBounds",
                    __builtin_return_address(0), logical);
}

void NTAPI dma_free_common_buffer(DMA_ADAPTER* documented, ULONG length, PHYSICAL_ADDRESS logical, void* address,
                                  BOOLEAN) {
    OPC_REQUIRE_PASSIVE("FreeCommonBuffer");
    DmaAdapter& adapter = adapter_of(documented);
    if (forget_mdl_buffer(adapter, length, logical, address)) {
        return;
    }
    Kernel& kernel = *adapter.kernel;
    const auto block = kernel.contiguous.find(address);
    if (!block || block->bytes != length || block->physical != static_cast<std::uint64_t>(logical.QuadPart))
        [[unlikely]] {
        kernel.machine.bugcheck(dma_violation, 0x04, reinterpret_cast<std::uint64_t>(address),
                                static_cast<std::uint64_t>(logical.QuadPart), length,
                                "FreeCommonBuffer takes the addresses and the length of an AllocateCommonBuffer.");
    }
    kernel.contiguous.free(address, "FreeCommonBuffer");
}

[[gnu::noinline]] NTSTATUS NTAPI dma_common_buffer_vector(DMA_ADAPTER* documented, PHYSICAL_ADDRESS lowest,
                                                          PHYSICAL_ADDRESS highest, MEMORY_CACHING_TYPE caching, ULONG,
                                                          ULONG flags, ULONG elements, ULONGLONG element_bytes,
                                                          PDMA_COMMON_BUFFER_VECTOR* result) {
    OPC_REQUIRE_PASSIVE("AllocateCommonBufferVector");
    DmaAdapter& adapter = adapter_of(documented);
    if (elements == 0 || element_bytes == 0 || result == nullptr || !are_flags_known(flags) ||
        !is_caching_supported(caching)) {
        return STATUS_INVALID_PARAMETER;
    }
    const std::size_t bytes =
        sizeof(_DMA_COMMON_BUFFER_VECTOR) + std::size_t{elements} * sizeof(_DMA_COMMON_BUFFER_VECTOR::Element);
    auto* vector = static_cast<PDMA_COMMON_BUFFER_VECTOR>(
        adapter.kernel->pool.allocate(bytes, vector_tag, PoolKind::non_paged, true, __builtin_return_address(0)));
    if (vector == nullptr) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    const machine::PageConstraints constraints = bounded(adapter, &lowest, &highest, flags);
    for (vector->count = 0; vector->count < elements; ++vector->count) {
        auto& element = vector->elements[vector->count];
        element.address = allocate(adapter, element_bytes, constraints, "AllocateCommonBufferVector",
                                   __builtin_return_address(0), &element.physical);
        if (element.address == nullptr) {
            dma_free_vector(documented, vector);
            return STATUS_INSUFFICIENT_RESOURCES;
        }
    }
    *result = vector;
    return STATUS_SUCCESS;
}

void NTAPI dma_vector_element(DMA_ADAPTER* documented, PDMA_COMMON_BUFFER_VECTOR vector, ULONG index, void** address,
                              PHYSICAL_ADDRESS* logical) {
    const auto& element = element_at(adapter_of(documented), vector, index,
                                     "GetCommonBufferFromVectorByIndex: the vector has no such buffer.");
    *address = element.address;
    logical->QuadPart = static_cast<LONGLONG>(element.physical);
}

void NTAPI dma_free_vector_element(DMA_ADAPTER* documented, PDMA_COMMON_BUFFER_VECTOR vector, ULONG index) {
    OPC_REQUIRE_PASSIVE("FreeCommonBufferFromVector");
    DmaAdapter& adapter = adapter_of(documented);
    free_element(adapter,
                 element_at(adapter, vector, index, "FreeCommonBufferFromVector frees each buffer of a vector once."),
                 "FreeCommonBufferFromVector");
}

void NTAPI dma_free_vector(DMA_ADAPTER* documented, PDMA_COMMON_BUFFER_VECTOR vector) {
    OPC_REQUIRE_PASSIVE("FreeCommonBufferVector");
    DmaAdapter& adapter = adapter_of(documented);
    for (ULONG index = 0; index < vector->count; ++index) {
        if (vector->elements[index].address != nullptr) {
            free_element(adapter, vector->elements[index], "FreeCommonBufferVector");
        }
    }
    adapter.kernel->pool.free(vector, vector_tag, "FreeCommonBufferVector");
}

} // namespace openportcls::executive
