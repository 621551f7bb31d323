#include "hardware/opl3/timers.h"

namespace openportcls::hardware::opl3 {

void Timer::advance(std::uint64_t tick) {
    if (!is_running_ || tick < overflow_) {
        return;
    }
    overflow_ += ((tick - overflow_) / period() + 1) * period();
    flag_ = flag_ || !is_masked_;
}

void Timer::control(bool is_running, bool is_masked, std::uint64_t tick) {
    if (is_running && !is_running_) {
        overflow_ = tick + period();
    }
    is_running_ = is_running;
    is_masked_ = is_masked;
    flag_ = flag_ && !is_masked;
}

void Timers::advance(std::uint64_t sample) {
    first_.advance(sample / samples_per_tick_1);
    second_.advance(sample / samples_per_tick_2);
}

void Timers::write(unsigned index, std::uint8_t value, std::uint64_t sample) {
    advance(sample);
    switch (index) {
    case 0x02:
        first_.set_preset(value);
        break;
    case 0x03:
        second_.set_preset(value);
        break;
    case 0x04:
        if ((value & 0x80) != 0) { // RST clears the flags and leaves the rest as it is
            first_.clear_flag();
            second_.clear_flag();
            break;
        }
        first_.control((value & 0x01) != 0, (value & 0x40) != 0, sample / samples_per_tick_1);
        second_.control((value & 0x02) != 0, (value & 0x20) != 0, sample / samples_per_tick_2);
        break;
    default:
        break;
    }
}

std::uint8_t Timers::status(std::uint64_t sample) {
    advance(sample);
    unsigned value = 0;
    value |= first_.flag() ? 0x40U : 0U;
    value |= second_.flag() ? 0x20U : 0U;
    value |= value != 0 ? 0x80U : 0U;
    return static_cast<std::uint8_t>(value);
}

} // namespace openportcls::hardware::opl3
