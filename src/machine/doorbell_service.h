// A paced machine that sleeps on a doorbell, so that other host threads can interrupt it.
#pragma once

#include <algorithm>

#include "machine/doorbell.h"
#include "machine/machine.h"

namespace openportcls::machine {

class DoorbellService final : public Subsystem {
public:
    static constexpr SubsystemId subsystem_id = SubsystemId::client;

    DoorbellService(Machine& machine, Doorbell& doorbell) : machine_(machine), doorbell_(doorbell) {
        event_.Header.Type = EventSynchronizationObject;
        event_.Header.WaitListHead = {&event_.Header.WaitListHead, &event_.Header.WaitListHead};
    }

    // Set inside the machine after each ring. A client that waits for it waits for ever.
    KEVENT& event() { return event_; }
    // From then on the machine's clock is on its own again.
    void end() { is_active_ = false; }

    // ---- for the scheduler -----------------------------------------------------------------------------------
    bool is_active() const { return is_active_; }
    // Sleeps until machine time `due` or a ring; returns the machine time it is then.
    Nanoseconds sleep_until(Nanoseconds due) {
        const std::int64_t wake = due == never ? Doorbell::never : host_monotonic() + due - time_by_the_host();
        return doorbell_.wait_until(wake) ? std::min(time_by_the_host(), due) : due;
    }
    bool take_ring() { return doorbell_.take(); }

private:
    // What the machine's clock would show if it had kept up with the host's.
    Nanoseconds time_by_the_host() const { return machine_.now() + machine_.clock().lateness(); }

    Machine& machine_;
    Doorbell& doorbell_;
    KEVENT event_{};
    bool is_active_ = true;
};

} // namespace openportcls::machine
