// System worker threads: what ExQueueWorkItem and IoQueueWorkItem hand their routines to.
#pragma once

#include <array>
#include <vector>

#include <wdm.h>

#include "machine/machine.h"

namespace openportcls::executive {

class WorkQueues {
public:
    explicit WorkQueues(machine::Machine& machine);
    ~WorkQueues();
    WorkQueues(const WorkQueues&) = delete;
    WorkQueues& operator=(const WorkQueues&) = delete;

    // `item` may be queued again, or freed, from its own routine.
    void queue(WORK_QUEUE_ITEM& item, WORK_QUEUE_TYPE type);
    // A queued item whose memory goes before the machine does: it does not run any more.
    void withdraw(WORK_QUEUE_ITEM& item, WORK_QUEUE_TYPE type);
    std::size_t worker_count() const;
    // What is queued and has not begun to run.
    std::vector<const WORK_QUEUE_ITEM*> pending() const;

private:
    static constexpr std::size_t level_count = 3;   // delayed, critical, hypercritical and above
    static constexpr std::size_t most_workers = 16; // of one level: items may wait for each other

    struct Level {
        WorkQueues* owner = nullptr;
        LIST_ENTRY items{};
        KSEMAPHORE available{};
        std::size_t idle = 0;
        std::size_t pending = 0;
        std::uint8_t priority = 12;
        std::vector<machine::Thread*> workers;
    };

    void add_worker(Level& level);
    static void run_worker(void* context);

    machine::Machine& machine_;
    std::array<Level, level_count> levels_;
};

} // namespace openportcls::executive
