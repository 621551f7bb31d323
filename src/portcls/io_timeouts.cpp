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
    if (std::any_of(entries_.begin(), entries_.end(),
                    [&](const Entry& each) { return each.is_of(routine, context); })) {
        return STATUS_UNSUCCESSFUL;
    }
    entries_.push_back({routine, context});
    if (running_ && entries_.size() == 1) {
        arm();
    }
    return STATUS_SUCCESS;
}

NTSTATUS IoTimeouts::remove(PIO_TIMER_ROUTINE routine, PVOID context) {
    bool may_be_running = false;
    {
        Locked locked(lock_);
        if (std::erase_if(entries_, [&](const Entry& each) { return each.is_of(routine, context); }) == 0) {
            return STATUS_NOT_FOUND;
        }
        may_be_running = passes_ != 0;
    }
    if (may_be_running) {
        KeFlushQueuedDpcs(); // the caller may free the context
    }
    return STATUS_SUCCESS;
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

bool IoTimeouts::begin_pass() {
    Locked guard(lock_);
    if (!running_ || entries_.empty()) {
        return false;
    }
    for (Entry& entry : entries_) {
        entry.is_due = true;
    }
    ++passes_;
    arm();
    return true;
}

// A copy: others add and remove meanwhile. What is added has its turn in the next pass.
bool IoTimeouts::next_due(Entry& entry) {
    Locked guard(lock_);
    for (Entry& each : entries_) {
        if (each.is_due) {
            each.is_due = false;
            entry = each;
            return true;
        }
    }
    --passes_;
    return false;
}

// The routines are called without the lock, which others are not to wait for so long.
void IoTimeouts::expired(KDPC*, void* context, void*, void*) {
    auto& timeouts = *static_cast<IoTimeouts*>(context);
    if (!timeouts.begin_pass()) {
        return;
    }
    for (Entry entry{}; timeouts.next_due(entry);) {
        entry.routine(&timeouts.device_, entry.context);
    }
}

} // namespace openportcls::portcls
