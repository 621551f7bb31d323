// The master clock, and the presentation time of a stream, which stands still outside RUN and begins anew in STOP
// (R-DMUS-13).
#pragma once

#include <dmusicks.h>

#include "machine/machine.h"
#include "portcls/helpers/com_object.h"

namespace openportcls::portcls {

// 100 ns, at any IRQL (R-DMUS-14).
inline LONGLONG master_time() {
    constexpr machine::Nanoseconds unit = 100;
    return machine::Machine::current().now() / unit;
}

class MasterClock final : public ComObject<MasterClock, IMasterClock> {
public:
    void* find_interface(const GUID&) { return nullptr; } // it has no identifier of its own
    NTSTATUS NTAPI GetTime(REFERENCE_TIME* time) override {
        if (time == nullptr) {
            return STATUS_INVALID_PARAMETER;
        }
        *time = master_time();
        return STATUS_SUCCESS;
    }
};

class PresentationClock {
public:
    void set_state(KSSTATE state, LONGLONG master) {
        const bool run = state == KSSTATE_RUN;
        if (running_ && !run) {
            base_ = to_presentation(master);
        }
        if (state == KSSTATE_STOP) {
            base_ = 0;
        }
        if (run && !running_) {
            started_ = master;
        }
        running_ = run;
    }
    bool is_running() const { return running_; }
    LONGLONG to_presentation(LONGLONG master) const { return running_ ? base_ + master - started_ : base_; }
    LONGLONG to_master(LONGLONG presentation) const { return presentation - base_ + started_; } // while it runs

private:
    LONGLONG base_ = 0;
    LONGLONG started_ = 0;
    bool running_ = false;
};

} // namespace openportcls::portcls
