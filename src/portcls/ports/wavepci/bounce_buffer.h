// Memory within a device's reach that stands in for client memory outside of it: what map registers are, but made once
// for a stream, so that a period costs a copy and nothing else.
#pragma once

#include "portcls/helpers/com_object.h"

namespace openportcls::portcls {

// Slots are taken and given back in order, like the mappings they belong to.
class BounceBuffer {
public:
    static constexpr ULONG none = ~0U;
    static constexpr ULONG alignment = 16;

    // `channel`: with a buffer allocated.
    void use(ComPointer<IDmaChannel> channel) {
        channel_ = std::move(channel);
        memory_ = static_cast<unsigned char*>(channel_->SystemAddress());
        channel_->PhysicalAddress(&physical_);
        bytes_ = channel_->AllocatedBufferSize();
    }
    void reset() { begin_ = end_ = used_ = 0; }

    // Room for a page more, wherever the last slot ended.
    bool has_room() const { return bytes_ >= used_ + 2 * PAGE_SIZE; }
    // An offset. `bytes` is at most a page.
    ULONG take(ULONG bytes) {
        if (!has_room()) {
            return none;
        }
        if (end_ + bytes > bytes_) { // not enough before the end
            used_ += bytes_ - end_;
            end_ = 0;
        }
        const ULONG slot = end_;
        const ULONG whole = (bytes + alignment - 1) / alignment * alignment;
        end_ += whole;
        used_ += whole;
        return slot;
    }
    // The oldest slot.
    void give_back(ULONG slot, ULONG bytes) {
        const ULONG after = slot + (bytes + alignment - 1) / alignment * alignment;
        used_ -= after > begin_ ? after - begin_ : bytes_ - begin_ + after;
        begin_ = after;
    }

    unsigned char* memory(ULONG slot) const { return memory_ + slot; }
    ULONGLONG physical(ULONG slot) const { return static_cast<ULONGLONG>(physical_.QuadPart) + slot; }

private:
    ComPointer<IDmaChannel> channel_;
    unsigned char* memory_ = nullptr;
    PHYSICAL_ADDRESS physical_ = {};
    ULONG bytes_ = 0;
    ULONG begin_ = 0;
    ULONG end_ = 0;
    ULONG used_ = 0; // what is skipped included
};

} // namespace openportcls::portcls
