#include "hardware/output_clock.h"

#include <algorithm>

namespace openportcls::hardware {

void NTAPI OutputClock::update() {
    const bool runs = board_.needs_output_clock();
    if (runs == is_running_) {
        return;
    }
    catch_up();
    is_running_ = runs;
    if (runs) {
        clock_.start(machine_.now(), rate);
        moved_ = 0;
        schedule();
    } else {
        machine_.clock().cancel(event_);
    }
}

void OutputClock::catch_up() {
    if (!is_running_) {
        return;
    }
    for (std::uint64_t due = clock_.elapsed(machine_.now()) - moved_; due != 0;) {
        const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(due, chunk_frames));
        const auto frames = std::span(frames_).first(count);
        std::ranges::fill(frames, Frame{});
        board_.play_without_voice({clock_.origin(), rate, moved_}, frames);
        moved_ += count;
        due -= count;
    }
}

void OutputClock::schedule() {
    machine_.clock().schedule(event_, clock_.time_of((moved_ / block_frames + 1) * block_frames));
}

void OutputClock::block_due(machine::ClockEvent& event) {
    auto& self = *static_cast<OutputClock*>(event.context());
    self.catch_up();
    self.update();
    if (self.is_running_ && !event.is_scheduled()) {
        self.schedule();
    }
}

} // namespace openportcls::hardware
