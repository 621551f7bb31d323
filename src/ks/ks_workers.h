// Workers (KsRegisterWorker): what queues work items of drivers, and knows which of them have not ended.
#pragma once

#include <ks.h>

namespace openportcls::ks {

// What KS keeps of one; drivers hold a block of the pool that stands for it.
struct Worker {
    explicit Worker(WORK_QUEUE_TYPE type, WORK_QUEUE_ITEM* counted);
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    // <= DISPATCH_LEVEL; no memory is needed.
    void queue(WORK_QUEUE_ITEM& item);
    // PASSIVE_LEVEL: until no item is queued, nor runs.
    void wait_until_idle();

    const WORK_QUEUE_TYPE queue_type;
    WORK_QUEUE_ITEM* const counted_item; // of a counted worker
    LONG count = 0;
    bool is_ending = false; // KsUnregisterWorker waits

private:
    static void NTAPI run(PVOID context);

    LIST_ENTRY items_;       // the drivers' own, the oldest first
    WORK_QUEUE_ITEM runner_; // takes the oldest
    ULONG running_ = 0;
    KEVENT idle_;
};

} // namespace openportcls::ks
