#include "portcls/ports/wavert/client_buffer.h"

#include <cstring>

#include <fmt/format.h>

#include "executive/kernel.h"
#include "machine/machine.h"

namespace openportcls::portcls {

namespace {

// Why the port refuses the miniport's buffer, which must lie inside the pages that it handed over; empty when it does
// not.
std::string objection_to(const MDL* mdl, ULONG offset, ULONG size, int cache_type) {
    if (mdl == nullptr) {
        return "it has no MDL (*AudioBufferMdl)";
    }
    if (size == 0) {
        return "*ActualSize is 0";
    }
    if (offset >= PAGE_SIZE) {
        return fmt::format("*OffsetFromFirstPage is {}, which is not within the first page", offset);
    }
    if (ULONGLONG{offset} + size > mdl->ByteCount) {
        return fmt::format("*OffsetFromFirstPage {} and *ActualSize {} go beyond its MDL of {} bytes", offset, size,
                           mdl->ByteCount);
    }
    if (cache_type < MmNonCached || cache_type >= MmMaximumCacheType) {
        return fmt::format("*CacheType {} is none", cache_type);
    }
    return {};
}

void tell_objection(const std::string& objection) {
    machine::Machine::current().explain(machine::Explanations::Kind::refusal, 0, 0,
                                        "the miniport's buffer is refused: " + objection);
}

} // namespace

NTSTATUS ClientBuffer::allocate(IMiniportWaveRTStream& stream, IMiniportWaveRTStreamNotification* notification,
                                ULONG notification_count, ULONG requested_size, KSRTAUDIO_BUFFER& result) {
    ULONG size = 0;
    ULONG offset = 0;
    PMDL mdl = nullptr;
    MEMORY_CACHING_TYPE cache_type = MmCached;
    NTSTATUS status = notification_count != 0
                          ? notification->AllocateBufferWithNotification(notification_count, requested_size, &mdl,
                                                                         &size, &offset, &cache_type)
                          : stream.AllocateAudioBuffer(requested_size, &mdl, &size, &offset, &cache_type);
    if (!NT_SUCCESS(status)) {
        return status; // R-WRT-07: the miniport's reason reaches the client
    }
    int any_cache_type = 0; // what the driver has stored need be none of the type's values
    static_assert(sizeof any_cache_type == sizeof cache_type);
    std::memcpy(&any_cache_type, &cache_type, sizeof any_cache_type);
    const std::string objection = objection_to(mdl, offset, size, any_cache_type);
    if (!objection.empty()) {
        tell_objection(objection);
    }
    if (mdl == nullptr) {
        return STATUS_UNSUCCESSFUL;
    }
    mdl_ = mdl;
    size_ = size;
    offset_ = offset;
    notification_count_ = notification_count;
    cache_type_ = objection.empty() ? cache_type : MmCached;
    status = objection.empty() ? map() : STATUS_UNSUCCESSFUL;
    if (!NT_SUCCESS(status)) {
        free(stream, notification);
        return status;
    }
    result.BufferAddress = address();
    result.ActualBufferSize = size;
    result.CallMemoryBarrier = cache_type == MmWriteCombined; // R-WRT-08; ns-ksmedia-ksrtaudio_buffer
    return STATUS_SUCCESS;
}

void ClientBuffer::free(IMiniportWaveRTStream& stream, IMiniportWaveRTStreamNotification* notification) {
    if (mdl_ == nullptr) {
        return;
    }
    unmap();
    PMDL mdl = mdl_;
    mdl_ = nullptr;
    if (notification_count_ != 0) {
        notification->FreeBufferWithNotification(mdl, size_);
    } else {
        stream.FreeAudioBuffer(mdl, size_);
    }
    size_ = offset_ = notification_count_ = 0;
}

// The client shares the machine's address space: it gets the RAM itself, without a copy, contiguous in virtual memory
// also where the pages are scattered. The cache type has no effect on host memory beyond CallMemoryBarrier.
NTSTATUS ClientBuffer::map() {
    machine::PhysicalMemory& memory = machine::Machine::current().memory();
    page_count_ = ADDRESS_AND_SIZE_TO_SPAN_PAGES(MmGetMdlVirtualAddress(mdl_), MmGetMdlByteCount(mdl_));
    static_assert(sizeof(PFN_NUMBER) == sizeof(std::uint64_t));
    const auto* frames = reinterpret_cast<const std::uint64_t*>(MmGetMdlPfnArray(mdl_));
    bool adjacent = true;
    for (ULONG i = 1; i < page_count_; ++i) {
        adjacent = adjacent && frames[i] == frames[0] + i;
    }
    executive::Kernel::current().pages.share_with_client({frames, page_count_});
    is_alias_ = !adjacent;
    mapping_ = adjacent ? memory.to_virtual(frames[0] << PAGE_SHIFT, std::uint64_t{page_count_} << PAGE_SHIFT)
                        : memory.map_pages({frames, page_count_});
    return mapping_ != nullptr ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

void ClientBuffer::unmap() {
    if (mapping_ != nullptr && is_alias_) {
        machine::Machine::current().memory().unmap_pages(mapping_, page_count_);
    }
    mapping_ = nullptr;
}

} // namespace openportcls::portcls
