// A paced machine that sleeps on a doorbell, so that other host threads can interrupt it.
#pragma once

#include <algorithm>

#include "machine/doorbell.h"
#include "machine/machine.h"

namespace openportcls::machine {

class DoorbellService final : public Subsystem {
public:
    static constexpr SubsystemId subsystem_id = SubsystemId::client;

    DoorbellService(Machine& machine, Doorbell& doorbell)
        : doorbell_(doorbell), host_origin_(host_monotonic() - machine.now()) {
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
        const std::int64_t wake = due == never ? Doorbell::never : host_origin_ + due;
        return doorbell_.wait_until(wake) ? std::min(host_monotonic() - host_origin_, due) : due;
    }
    bool take_ring() { return doorbell_.take(); }

private:
    Doorbell& doorbell_;
    KEVENT event_{};
    std::int64_t host_origin_; // host monotonic time at machine time 0
    bool is_active_ = true;
};

} // namespace openportcls::machine
