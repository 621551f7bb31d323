// What a client knows of its MIDI stream's time.
#pragma once

#include <chrono>

namespace openportcls::client {

class MidiTime {
public:
    void run(std::chrono::nanoseconds now) {
        if (!running_) {
            started_ = now;
            running_ = true;
        }
    }
    void hold(std::chrono::nanoseconds now) {
        base_ = at(now);
        running_ = false;
    }
    void reset() {
        base_ = {};
        running_ = false;
    }
    bool is_running() const { return running_; }
    std::chrono::nanoseconds at(std::chrono::nanoseconds now) const {
        return running_ ? base_ + now - started_ : base_;
    }

private:
    std::chrono::nanoseconds base_{};
    std::chrono::nanoseconds started_{};
    bool running_ = false;
};

} // namespace openportcls::client
