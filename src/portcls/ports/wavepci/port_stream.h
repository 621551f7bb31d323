// What the miniport's stream sees of the port: mappings, and where the write position is.
#pragma once

#include <atomic>

#include "portcls/helpers/com_object.h"
#include "portcls/ports/wavepci/mapping_queue.h"

namespace openportcls::portcls {

class WavePciPortStream final : public ComObject<WavePciPortStream, IPortWavePciStream, IPreFetchOffset> {
public:
    WavePciPortStream(bool write, bool looped) : queue_(write, looped) {}

    void* find_interface(const GUID& id);
    MappingQueue& queue() { return queue_; }
    // From NewStream to the stream's end: whose position TerminatePacket asks for.
    void connect(IMiniportWavePciStream* miniport, MappingListener* listener) {
        miniport_ = miniport;
        queue_.connect(miniport, listener);
    }
    // R-WPCI-12. False: the miniport has not said how much it fetches ahead.
    bool prefetch_offset(ULONG& bytes) const {
        bytes = prefetch_offset_.load(std::memory_order_relaxed);
        return bytes != unknown;
    }

    NTSTATUS NTAPI GetMapping(PVOID tag, PPHYSICAL_ADDRESS physical_address, PVOID* virtual_address, PULONG byte_count,
                              PULONG flags) override;
    NTSTATUS NTAPI ReleaseMapping(PVOID tag) override;
    NTSTATUS NTAPI TerminatePacket() override;
    VOID NTAPI SetPreFetchOffset(ULONG bytes) override { prefetch_offset_.store(bytes, std::memory_order_relaxed); }

private:
    static constexpr ULONG unknown = ~0U;

    MappingQueue queue_;
    IMiniportWavePciStream* miniport_ = nullptr;
    std::atomic<ULONG> prefetch_offset_ = unknown; // set at any IRQL
};

} // namespace openportcls::portcls
