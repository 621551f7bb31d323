// The cyclic buffer of one pin: allocated by the miniport, mapped for the client, freed in the opposite order.
#pragma once

#include <portcls.h>

namespace openportcls::portcls {

class ClientBuffer {
public:
    ClientBuffer() = default;
    ~ClientBuffer() { unmap(); }
    ClientBuffer(const ClientBuffer&) = delete;
    ClientBuffer& operator=(const ClientBuffer&) = delete;

    bool exists() const { return mdl_ != nullptr; }
    bool has_notification() const { return notification_count_ != 0; }
    void* address() const { return static_cast<char*>(mapping_) + offset_; }
    ULONG size() const { return size_; }
    ULONG notification_count() const { return notification_count_; }

    // Asks the miniport (R-WRT-06), checks what it answers and maps the pages. With a notification count through
    // `notification`, without one through `stream`. On failure nothing is kept.
    NTSTATUS allocate(IMiniportWaveRTStream& stream, IMiniportWaveRTStreamNotification* notification,
                      ULONG notification_count, ULONG requested_size, KSRTAUDIO_BUFFER& result);
    void free(IMiniportWaveRTStream& stream, IMiniportWaveRTStreamNotification* notification);

private:
    NTSTATUS map();
    void unmap();

    PMDL mdl_ = nullptr;
    void* mapping_ = nullptr; // of the first page
    ULONG page_count_ = 0;
    bool is_alias_ = false; // a view of its own, of pages that are not adjacent
    ULONG size_ = 0;
    ULONG offset_ = 0;
    ULONG notification_count_ = 0;
    MEMORY_CACHING_TYPE cache_type_ = MmCached;
};

} // namespace openportcls::portcls
