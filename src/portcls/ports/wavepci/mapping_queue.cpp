#include "portcls/ports/wavepci/mapping_queue.h"

#include <algorithm>
#include <cstring>

#include "machine/machine.h"
#include "portcls/portcls_system.h"

namespace openportcls::portcls {

namespace {

constexpr ULONG mappings_tag = 0x50576350; // 'PcWP'

// R-WPCI-01
ULONG most_pages_of_a_mapping() {
    constexpr ULONG before_vista = 16;
    return PortClsSystem::current().windows_version() < WindowsVersion::vista ? before_vista : ~0U;
}

} // namespace

MappingQueue::MappingQueue(bool write, bool looped)
    : StreamRequests(write), looped_(looped), most_pages_(most_pages_of_a_mapping()),
      ram_frames_(machine::Machine::current().memory().size() / PAGE_SIZE) {}

MappingQueue::~MappingQueue() {
    if (mappings_ != nullptr) {
        ExFreePoolWithTag(mappings_, mappings_tag);
    }
}

bool MappingQueue::allocate() {
    mappings_ = static_cast<Mapping*>(ExAllocatePoolWithTag(NonPagedPoolNx, capacity * sizeof(Mapping), mappings_tag));
    return mappings_ != nullptr;
}

void MappingQueue::connect(IMiniportWavePciStream* miniport, MappingListener* listener) {
    const BrieflyLocked locked(lock_);
    miniport_ = miniport;
    listener_ = listener;
}

void MappingQueue::bounce(ULONGLONG highest, ComPointer<IDmaChannel> channel) {
    const BrieflyLocked locked(lock_);
    highest_ = highest;
    bounce_.use(std::move(channel));
}

// ---- the client ----------------------------------------------------------------------------------------------------

NTSTATUS MappingQueue::add(IRP& irp) {
    const NTSTATUS status = prepare(irp);
    if (status != STATUS_PENDING) {
        return status;
    }
    irp.Tail.Overlay.DriverContext[1] = irp.Tail.Overlay.DriverContext[2] = nullptr;
    return step([&] {
        if (insert(irp)) {
            if (cursor_.irp == nullptr) {
                move_on(&irp);
            }
            if (const IRP* const next = cursor_.irp; !is_settled()) {
                settle(false);
                if (cursor_.irp != next) {
                    finish_passed();
                }
            }
        }
        return STATUS_PENDING;
    });
}

bool MappingQueue::seek(ULONGLONG offset) {
    return step([&] {
        IRP* const irp = cursor_.irp;
        if (irp == nullptr || !looped_) {
            return false;
        }
        const StreamCursor before = cursor_;
        cursor_.begin(*irp);
        for (ULONGLONG passed = 0; cursor_.next_header(is_write()); passed += cursor_.left) {
            if (offset < passed + cursor_.left) {
                cursor_.advance(static_cast<ULONG>(offset - passed));
                begin_loop(offset);
                return true;
            }
        }
        cursor_ = before;
        return false;
    });
}

// ---- the cursor ----------------------------------------------------------------------------------------------------

// Few mappings are out as a rule: going round in a few records keeps them in the processor's cache.
void NTAPI MappingQueue::widen() noexcept {
    for (ULONG i = head_; i != tail_; ++i) {
        mappings_[i & (2 * window_ - 1)] = mappings_[i & (window_ - 1)];
    }
    window_ *= 2;
}

void NTAPI MappingQueue::begin_loop(ULONGLONG offset) noexcept {
    loops_.begin(acquired_, offset, bytes_of(*cursor_.irp));
}

// A looped buffer's end stays where it is until it is known what follows (`wrap`): the buffer once more, or another
// request (R-WPCI-06). False: it does.
bool NTAPI MappingQueue::move_in_loop(bool wrap) noexcept {
    if (!is_last(*cursor_.irp)) {
        exhaust();
        return true;
    }
    if (!wrap || loops_.bytes() == 0) {
        return false;
    }
    cursor_.begin(*cursor_.irp);
    return true;
}

// Past headers and requests without data.
[[gnu::hot]] void NTAPI MappingQueue::settle_further(bool wrap) noexcept {
    while (!is_settled() && move_further(wrap)) {
    }
}

// In order: a request without data waits for those before it.
[[gnu::hot]] void NTAPI MappingQueue::finish_passed() noexcept {
    for (IRP* irp = first(); irp != nullptr; irp = first()) {
        if ((marks_of(*irp) & is_exhausted) == 0 || mapped_of(*irp) != 0) {
            return;
        }
        ended_ = ended_ || (marks_of(*irp) & ends_stream) != 0;
        if (take(*irp)) {
            finish(*irp, STATUS_SUCCESS);
        }
    }
}

// ---- mappings ------------------------------------------------------------------------------------------------------

// The run of physical memory at the cursor: to the page's end, and further where memory of the machine goes on. Client
// memory lies in the host's window, where pages are neighbours that would not be on a PC; they are split as there.
[[gnu::always_inline]] inline ULONG MappingQueue::piece(ULONGLONG& address) const {
    const auto index = static_cast<ULONG>(cursor_.place - cursor_.base);
    const ULONG offset = cursor_.mdl->ByteOffset + index;
    const PFN_NUMBER* frame = MmGetMdlPfnArray(cursor_.mdl) + offset / PAGE_SIZE;
    address = ULONGLONG{*frame} * PAGE_SIZE + offset % PAGE_SIZE;
    ULONG left = cursor_.left;
    if (looped_ && frame_bytes_ != 0) {
        left = std::min(left, frame_bytes_ - index % frame_bytes_);
    }
    ULONG bytes = std::min<ULONG>(left, PAGE_SIZE - offset % PAGE_SIZE);
    for (ULONG pages = 1; bytes < left && pages < most_pages_; ++pages, ++frame) {
        if (frame[1] != frame[0] + 1 || frame[1] >= ram_frames_) {
            break;
        }
        bytes = std::min<ULONG>(left, bytes + PAGE_SIZE);
    }
    return bytes;
}

// Through memory that the device reaches; has_room() said that there is some. The slot.
ULONG NTAPI MappingQueue::bounce_piece(ULONG bytes, ULONGLONG& physical, PVOID& memory) noexcept {
    const ULONG slot = bounce_.take(bytes);
    if (is_write()) {
        std::memcpy(bounce_.memory(slot), cursor_.place, bytes);
    }
    physical = bounce_.physical(slot);
    memory = bounce_.memory(slot);
    return slot;
}

[[gnu::hot]] NTSTATUS NTAPI MappingQueue::get(PVOID tag, PHYSICAL_ADDRESS& address, PVOID& memory, ULONG& bytes,
                                              ULONG& flags) {
    return step([&]() -> NTSTATUS {
        if (!is_settled()) [[unlikely]] {
            settle_further(true);
        }
        if (looped_) {
            finish_passed(); // a buffer that another one has followed
        }
        if (!has_room()) {
            wanted_ = true;
            return STATUS_NOT_FOUND;
        }
        IRP& irp = *cursor_.irp;
        ULONGLONG physical = 0;
        ULONG part = piece(physical);
        ULONG slot = BounceBuffer::none;
        memory = cursor_.place;
        if (physical + part - 1 > highest_) [[unlikely]] {
            part = std::min<ULONG>(part, PAGE_SIZE);
            slot = bounce_piece(part, physical, memory);
        }
        address.QuadPart = static_cast<LONGLONG>(physical);
        bytes = part;
        if (count() == window_) [[unlikely]] {
            widen();
        }
        at(tail_++) = {tag, &irp, nullptr, cursor_.header, cursor_.place, acquired_, part, slot};
        set_mapped(irp, mapped_of(irp) + 1);
        mark(irp, is_begun);
        acquired_ += part;
        cursor_.advance(part);
        settle(false);
        // R-WPCI-05
        flags = cursor_.irp != &irp || cursor_.left == 0 ? 1 : 0;
        return STATUS_SUCCESS;
    });
}

// What the device has done with a recorded mapping is the client's.
void NTAPI MappingQueue::take_back(const Mapping& mapping, ULONG bytes) noexcept {
    if (!is_write()) {
        if (mapping.slot != BounceBuffer::none) {
            std::memcpy(mapping.place, bounce_.memory(mapping.slot), bytes);
        }
        // A looped one is filled again and again.
        mapping.header->DataUsed = std::min(mapping.header->FrameExtent, mapping.header->DataUsed + bytes);
    }
}

inline void MappingQueue::pop() {
    const Mapping& oldest = at(head_++);
    if (oldest.slot != BounceBuffer::none) [[unlikely]] {
        give_back(oldest);
    }
}

void NTAPI MappingQueue::give_back(const Mapping& oldest) noexcept {
    if (count() == 0) {
        bounce_.reset();
    } else {
        bounce_.give_back(oldest.slot, oldest.bytes);
    }
}

// R-WPCI-07: not the oldest one. Of those before it whose request has gone, or is going, none is waited for: the
// miniport has forgotten them, or they are being revoked and it has let go of them already.
NTSTATUS NTAPI MappingQueue::skip_to(PVOID tag) noexcept {
    ULONG found = head_;
    while (found != tail_ && at(found).tag != tag) {
        ++found;
    }
    if (found == tail_) {
        return STATUS_NOT_FOUND; // or it has been revoked
    }
    for (ULONG i = head_; i != found; ++i) {
        if (at(i).irp != nullptr) {
            return STATUS_INVALID_PARAMETER;
        }
    }
    while (head_ != found) {
        pop();
    }
    return STATUS_SUCCESS;
}

[[gnu::hot]] NTSTATUS NTAPI MappingQueue::release(PVOID tag) {
    return step([&]() -> NTSTATUS {
        if (head_ == tail_ || at(head_).tag != tag) [[unlikely]] {
            if (const NTSTATUS status = skip_to(tag); status != STATUS_SUCCESS) {
                return status;
            }
        }
        const Mapping& oldest = at(head_);
        IRP* const irp = oldest.irp;
        if (irp != nullptr) {
            if (!is_write()) {
                take_back(oldest, oldest.bytes);
            }
            set_mapped(*irp, mapped_of(*irp) - 1);
        }
        released_ = oldest.position + oldest.bytes;
        pop();
        if (irp != nullptr && mapped_of(*irp) == 0) {
            finish_passed();
        }
        return STATUS_SUCCESS;
    });
}

// ---- the pin -------------------------------------------------------------------------------------------------------

[[gnu::hot]] void NTAPI MappingQueue::end_service() {
    step([&] {
        --services_;
        return true;
    });
}

void MappingQueue::set_running(bool running) {
    const BrieflyLocked locked(lock_);
    running_ = running;
}

void MappingQueue::reset(ULONGLONG position) {
    const BrieflyLocked locked(lock_);
    acquired_ = released_ = position;
    for (ULONG i = head_; i != tail_; ++i) { // the miniport has kept them from being revoked, and is to release them
        Mapping& kept = at(i);
        kept.position = position - kept.bytes;
    }
    loops_.clear();
}

MappingQueue::Progress MappingQueue::progress() {
    const BrieflyLocked locked(lock_);
    return {acquired_, released_};
}

ULONG MappingQueue::to_loop(ULONGLONG& position) {
    const BrieflyLocked locked(lock_);
    return looped_ ? loops_.to_loop(position) : 0;
}

} // namespace openportcls::portcls
