#include "portcls/ports/stream_queue.h"

namespace openportcls::portcls {

// ---- the cursor -----------------------------------------------------------------------------------------------------

void NTAPI StreamQueue::rewind(IRP& irp) noexcept {
    cursor_.begin(irp);
    loop_bytes_ = looped_ ? bytes_of(irp) : 0;
}

bool StreamQueue::next_header() {
    if (!cursor_.next_header(is_write())) {
        return false;
    }
    end_passed_ = end_passed_ || (cursor_.left == 0 && cursor_.ends_stream(is_write()));
    return true;
}

// To the next byte that can be moved; false when nothing is queued.
bool StreamQueue::find_room() {
    unsigned empty_rounds = 0;
    while (cursor_.left == 0) {
        if (cursor_.irp == nullptr) {
            IRP* const irp = first();
            if (irp == nullptr) {
                return false;
            }
            rewind(*irp);
            ++loop_number_;
        }
        if (next_header()) {
            continue;
        }
        if (looped_ && is_last(*cursor_.irp)) {
            if (loop_bytes_ == 0 || ++empty_rounds > 1) {
                return false;
            }
            rewind(*cursor_.irp);
            continue;
        }
        finish_current();
    }
    return true;
}

void StreamQueue::advance(ULONG bytes) {
    cursor_.advance(bytes);
    if (!is_write()) {
        cursor_.header->DataUsed = cursor_.header->FrameExtent - cursor_.left;
    }
}

void StreamQueue::finish_current() {
    if (take(*cursor_.irp)) {
        finish(*cursor_.irp, STATUS_SUCCESS);
    }
    cursor_.irp = nullptr;
}

// A request is finished with its last byte, not with the first one of its successor.
void StreamQueue::finish_passed() {
    while (cursor_.irp != nullptr && cursor_.left == 0 && !looped_) {
        if (!next_header()) {
            finish_current();
        }
    }
}

bool StreamQueue::seek(ULONGLONG offset) {
    IRP* const irp = first();
    if (irp == nullptr || !looped_) {
        return false;
    }
    const StreamCursor before = cursor_;
    cursor_.begin(*irp);
    for (ULONGLONG passed = 0; cursor_.next_header(is_write()); passed += cursor_.left) {
        if (offset < passed + cursor_.left) {
            cursor_.advance(static_cast<ULONG>(offset - passed));
            loop_bytes_ = bytes_of(*irp);
            return true;
        }
    }
    cursor_ = before;
    return false;
}

// ---- the end of requests --------------------------------------------------------------------------------------------

void StreamQueue::cancelled(IRP& irp) {
    Locked locked(lock_);
    remove(irp);
    if (cursor_.irp == &irp) {
        cursor_.irp = nullptr;
        cursor_.left = 0;
    }
}

void StreamQueue::cancel_all() {
    locked([this] {
        cursor_.irp = nullptr;
        cursor_.left = 0;
        finish_all();
    });
}

} // namespace openportcls::portcls
