#include "portcls/io_timeouts.h"

#include <algorithm>

#include "portcls/helpers/spin_lock.h"

namespace openportcls::portcls {

namespace {

constexpr LONGLONG one_second_ticks = 10'000'000;

} // namespace

IoTimeouts::IoTimeouts(DEVICE_OBJECT& device) : device_(device) {
    KeInitializeTimer(&timer_);
    KeInitializeDpc(&dpc_, expired, this);
}

IoTimeouts::~IoTimeouts() {
    stop();
}

NTSTATUS IoTimeouts::add(PIO_TIMER_ROUTINE routine, PVOID context) {
    if (routine == nullptr) {
        return STATUS_INVALID_PARAMETER;
    }
    Locked locked(lock_);
    const Entry entry{routine, context};
    if (std::find(entries_.begin(), entries_.end(), entry) != entries_.end()) {
        return STATUS_UNSUCCESSFUL;
    }
    entries_.push_back(entry);
    if (running_ && entries_.size() == 1) {
        arm();
    }
    return STATUS_SUCCESS;
}

NTSTATUS IoTimeouts::remove(PIO_TIMER_ROUTINE routine, PVOID context) {
    Locked locked(lock_);
    return std::erase(entries_, Entry{routine, context}) != 0 ? STATUS_SUCCESS : STATUS_NOT_FOUND;
}

void IoTimeouts::start() {
    Locked locked(lock_);
    running_ = true;
    if (!entries_.empty()) {
        arm();
    }
}

void IoTimeouts::stop() {
    {
        Locked locked(lock_);
        running_ = false;
        KeCancelTimer(&timer_);
    }
    KeFlushQueuedDpcs(); // the routines may be running on another processor
}

// Under the lock, while running.
void IoTimeouts::arm() {
    LARGE_INTEGER due;
    due.QuadPart = -one_second_ticks;
    KeSetTimer(&timer_, due, &dpc_);
}

void IoTimeouts::expired(KDPC*, void* context, void*, void*) {
    auto& timeouts = *static_cast<IoTimeouts*>(context);
    std::vector<Entry> entries;
    {
        Locked guard(timeouts.lock_);
        if (!timeouts.running_) {
            return;
        }
        entries = timeouts.entries_; // a routine may add or remove
        if (!entries.empty()) {
            timeouts.arm();
        }
    }
    for (const Entry& entry : entries) {
        entry.routine(&timeouts.device_, entry.context);
    }
}

} // namespace openportcls::portcls
