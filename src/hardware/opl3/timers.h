// The chip's two interval timers and its status register (data sheet, "timers" and "status").
#pragma once

#include <cstdint>

namespace openportcls::hardware::opl3 {

// An 8-bit counter that counts up from its preset with the chip's own divider, and starts over when it overflows.
// All of it is computed when somebody looks; `tick` never goes back.
class Timer {
public:
    void advance(std::uint64_t tick);
    void set_preset(std::uint8_t preset) { preset_ = preset; } // from the next start or overflow on
    void control(bool is_running, bool is_masked, std::uint64_t tick);
    void clear_flag() { flag_ = false; }
    bool flag() const { return flag_; }

private:
    std::uint64_t period() const { return 256U - preset_; }

    std::uint8_t preset_ = 0;
    bool is_running_ = false;
    bool is_masked_ = false;
    bool flag_ = false;
    std::uint64_t overflow_ = 0; // the tick of the next one
};

class Timers {
public:
    // Registers 02h to 04h; `sample` is the chip's sample number.
    void write(unsigned index, std::uint8_t value, std::uint64_t sample);
    // Bits 7 to 5: either timer, timer 1, timer 2.
    std::uint8_t status(std::uint64_t sample);

private:
    // 288 clocks make a sample: 4 samples are 80 us, 16 are 320 us.
    static constexpr std::uint64_t samples_per_tick_1 = 4;
    static constexpr std::uint64_t samples_per_tick_2 = 16;

    void advance(std::uint64_t sample);

    Timer first_;
    Timer second_;
};

} // namespace openportcls::hardware::opl3
