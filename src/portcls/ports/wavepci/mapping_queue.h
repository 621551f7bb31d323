// The requests of a WavePci stream as its device sees them: a sequence of mappings that are handed out, and come back,
// in order (R-WPCI-01 to R-WPCI-12).
#pragma once

#include <cstdint>
#include <utility>

#include "portcls/ports/loop_positions.h"
#include "portcls/ports/stream_requests.h"
#include "portcls/ports/wavepci/bounce_buffer.h"
#include "portcls/ports/wavepci/packet_marks.h"

namespace openportcls::portcls {

// Who hears of the end of a stream (R-EVENT-12). <= DISPATCH_LEVEL.
class MappingListener {
public:
    virtual void NTAPI stream_ended() = 0;

protected:
    ~MappingListener() = default;
};

// All methods <= DISPATCH_LEVEL unless they say less.
class MappingQueue final : public StreamRequests {
public:
    MappingQueue(bool write, bool looped);
    ~MappingQueue();
    // The records of mappings. Nothing is allocated later.
    bool allocate();

    // From NewStream to the stream's end: who is called back. PASSIVE_LEVEL.
    void connect(IMiniportWavePciStream* miniport, MappingListener* listener);
    // Pages above `highest` go through the buffer. Before the first request.
    void bounce(ULONGLONG highest, ComPointer<IDmaChannel> channel);
    // Into how many bytes a looped buffer is divided, whatever the pages (wavepci-latency). 0: not at all.
    void set_frame_bytes(ULONG bytes) { frame_bytes_ = bytes; }

    // ---- the client ----------------------------------------------------------------------------------------------
    // IOCTL_KS_WRITE_STREAM or _READ_STREAM: STATUS_PENDING once it is queued. PASSIVE_LEVEL.
    NTSTATUS add(IRP& irp);
    // Revokes what is mapped and ends with STATUS_CANCELLED whatever is queued.
    void cancel_all();
    // Looped: goes on at this place of the buffer. False: there is no such place.
    bool seek(ULONGLONG offset);

    // ---- the miniport (IPortWavePciStream) -----------------------------------------------------------------------
    // Whether nothing is left to map, as once a period when the miniport takes what there is: get() would say so, but
    // it needs many registers.
    [[gnu::always_inline]] bool refuses() {
        const BrieflyLocked locked(lock_);
        const bool is_empty = cursor_.irp == nullptr && !looped_;
        wanted_ = wanted_ || is_empty;
        return is_empty;
    }
    [[gnu::noinline]] NTSTATUS NTAPI get(PVOID tag, PHYSICAL_ADDRESS& address, PVOID& memory, ULONG& bytes,
                                         ULONG& flags);
    NTSTATUS NTAPI release(PVOID tag);
    // `position`: how far the device has recorded, in bytes since STOP.
    NTSTATUS terminate(ULONGLONG position);

    // ---- the pin -------------------------------------------------------------------------------------------------
    // What is finished between them is completed at the end. False: the stream does not run, and nothing has begun.
    [[gnu::always_inline]] bool begin_service(bool even_if_not_running) {
        const BrieflyLocked locked(lock_);
        if (!running_ && !even_if_not_running) {
            return false;
        }
        ++services_;
        return true;
    }
    void NTAPI end_service();
    void set_running(bool running);
    // STOP, or a reset: what is mapped from now on begins at this position. None of it is.
    void reset(ULONGLONG position);

    struct Progress {
        ULONGLONG acquired; // end of the last mapping handed out
        ULONGLONG released; // end of the last one that came back
    };
    Progress progress();
    // Where in the looped buffer a position of the stream lies. The buffer's length, 0 for a stream without one.
    ULONG to_loop(ULONGLONG& position);

private:
    struct Mapping {
        PVOID tag;
        IRP* irp;          // nullptr: revoked, or about to be
        const void* token; // of the revocation that is under way
        KSSTREAM_HEADER* header;
        unsigned char* place;
        ULONGLONG position; // of its first byte in the stream
        ULONG bytes;
        ULONG slot; // in the bounce buffer
    };
    struct Revocation {
        const void* token = nullptr;
        IMiniportWavePciStream* miniport = nullptr;
        PVOID first = nullptr;
        PVOID last = nullptr;
        ULONG count = 0;
    };
    // What a round of the lock leaves to be done without it.
    struct Outcome {
        LIST_ENTRY* finished = nullptr;
        MappingListener* ended = nullptr;          // is told of the stream's end
        IMiniportWavePciStream* offered = nullptr; // is told of new mappings (R-WPCI-02)
    };
    static constexpr ULONG capacity = 1024; // mappings at once; a power of two
    static constexpr ULONG first_window = 16;

    template<class Function>
    auto step(Function&& function);
    void cancelled(IRP& irp) override;

    // Under the lock.
    Mapping& at(ULONG index) const { return mappings_[index & (window_ - 1)]; }
    ULONG count() const { return tail_ - head_; }
    [[gnu::always_inline]] bool has_room() const noexcept {
        if (cursor_.irp == nullptr) {
            return false; // what has been handed out is all there is
        }
        const bool has_data = cursor_.left != 0 || (looped_ && loops_.bytes() != 0);
        return has_data && count() < capacity && (highest_ == UINT64_MAX || bounce_.has_room());
    }
    [[gnu::always_inline]] Outcome collect() noexcept {
        Outcome outcome;
        outcome.finished = take_finished();
        if (ended_) [[unlikely]] {
            ended_ = false;
            outcome.ended = listener_;
        }
        if (wanted_ && has_room()) {
            wanted_ = false;
            outcome.offered = miniport_;
        }
        return outcome;
    }
    [[gnu::noinline]] void NTAPI widen() noexcept;
    bool is_settled() const { return cursor_.left != 0 || cursor_.irp == nullptr; }
    [[gnu::always_inline]] void settle(bool wrap) noexcept {
        if (!is_settled() && move_further(wrap) && !is_settled()) {
            settle_further(wrap);
        }
    }
    [[gnu::noinline]] void NTAPI settle_further(bool wrap) noexcept;
    [[gnu::always_inline]] bool move_further(bool wrap) noexcept;
    [[gnu::noinline]] bool NTAPI move_in_loop(bool wrap) noexcept;
    [[gnu::noinline]] NTSTATUS NTAPI skip_to(PVOID tag) noexcept;
    [[gnu::noinline]] ULONG NTAPI bounce_piece(ULONG bytes, ULONGLONG& physical, PVOID& memory) noexcept;
    [[gnu::always_inline]] void exhaust() noexcept;
    [[gnu::always_inline]] void move_on(IRP* next) noexcept;
    [[gnu::noinline]] void NTAPI begin_loop(ULONGLONG offset) noexcept;
    [[gnu::noinline]] void NTAPI finish_passed() noexcept;
    ULONG piece(ULONGLONG& address) const;
    [[gnu::noinline]] void NTAPI take_back(const Mapping& mapping, ULONG bytes) noexcept;
    void pop();
    [[gnu::noinline]] void NTAPI give_back(const Mapping& oldest) noexcept;
    void leave(IRP& irp);
    void disown(const IRP& irp, const void* token, Revocation& revocation);
    void forget(const Revocation& revocation, ULONG revoked);

    // Without it.
    void revoke(const Revocation& revocation);

    const bool looped_;
    const ULONG most_pages_;     // of one mapping
    const ULONGLONG ram_frames_; // page frames below it are memory of the machine
    IMiniportWavePciStream* miniport_ = nullptr;
    MappingListener* listener_ = nullptr;
    StreamCursor cursor_; // what is mapped next; no request: all of them are
    Mapping* mappings_ = nullptr;
    ULONG window_ = first_window; // of the records, as many as are in use in turn: a power of two
    ULONG head_ = 0;
    ULONG tail_ = 0;
    ULONG frame_bytes_ = 0;
    ULONG services_ = 0; // under way
    bool running_ = false;
    bool wanted_ = false; // a refusal that MappingAvailable follows
    bool ended_ = false;
    ULONGLONG acquired_ = 0;
    ULONGLONG released_ = 0;
    LoopPositions loops_;
    ULONGLONG highest_ = UINT64_MAX;
    BounceBuffer bounce_;
};

// One round of the lock; what it has finished is completed, and the miniport told of new mappings, without it
// (R-WPCI-08): unless the stream is being serviced, which does that at its end.
template<class Function>
auto MappingQueue::step(Function&& function) {
    Outcome outcome;
    const auto result = [&] {
        const BrieflyLocked locked(lock_);
        const auto value = function();
        if (services_ == 0) {
            outcome = collect();
        }
        return value;
    }();
    complete(outcome.finished);
    if (outcome.ended != nullptr) [[unlikely]] {
        outcome.ended->stream_ended();
    }
    if (outcome.offered != nullptr) {
        outcome.offered->MappingAvailable();
    }
    return result;
}

// ---- the cursor; inline, since every request and every mapping moves it ---------------------------------------------

inline void MappingQueue::move_on(IRP* next) noexcept {
    cursor_.irp = nullptr;
    cursor_.left = 0;
    if (next != nullptr) {
        cursor_.begin(*next);
        if (looped_) [[unlikely]] {
            begin_loop(0);
        }
    }
}

inline void MappingQueue::exhaust() noexcept {
    IRP& irp = *cursor_.irp;
    mark(irp, is_exhausted);
    move_on(next_of(irp));
}

// To the next header, or the next request.
inline bool MappingQueue::move_further(bool wrap) noexcept {
    if (cursor_.next_header(is_write())) {
        if (cursor_.ends_stream(is_write())) [[unlikely]] {
            mark(*cursor_.irp, ends_stream);
        }
        return true;
    }
    if (looped_) [[unlikely]] {
        return move_in_loop(wrap);
    }
    exhaust();
    return true;
}

} // namespace openportcls::portcls
