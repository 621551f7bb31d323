#include "hardware/opl3/device.h"

#include <algorithm>

namespace openportcls::hardware::opl3 {

namespace {

// A status read tells the chips apart: these two bits are always set on a YM3812 and never on a YMF262.
constexpr std::uint8_t ym3812_status = 0x06;
constexpr std::uint8_t nothing_there = 0xFF;

// In 128 bits, so that no run is too long.
constexpr unsigned __int128 scale =
    static_cast<unsigned __int128>(SampleRate::denominator) * machine::nanoseconds_per_second;

} // namespace

std::uint64_t Opl3Device::samples_by_now() const {
    return static_cast<std::uint64_t>(static_cast<unsigned __int128>(clock_.now()) * SampleRate::numerator / scale);
}

Nanoseconds Opl3Device::time_of(std::uint64_t sample) {
    return static_cast<Nanoseconds>((static_cast<unsigned __int128>(sample) * scale + SampleRate::numerator - 1) /
                                    SampleRate::numerator);
}

// The chip's bus is eight bits wide: a wider access is several of them.
std::uint64_t Opl3Device::read_port(unsigned, std::uint32_t offset, machine::AccessWidth width) {
    std::uint64_t value = 0;
    for (unsigned i = 0; i < static_cast<unsigned>(width); ++i) {
        value |= static_cast<std::uint64_t>(read_byte(offset + i)) << (8 * i);
    }
    return value;
}

void Opl3Device::write_port(unsigned, std::uint32_t offset, machine::AccessWidth width, std::uint64_t value) {
    for (unsigned i = 0; i < static_cast<unsigned>(width); ++i) {
        write_byte(offset + i, static_cast<std::uint8_t>(value >> (8 * i)));
    }
}

std::uint8_t Opl3Device::read_byte(std::uint32_t offset) {
    if (offset != 0) {
        return nothing_there;
    }
    const std::uint8_t status = timers_.status(samples_by_now());
    return model_ == Model::ym3812 ? status | ym3812_status : status;
}

void Opl3Device::write_byte(std::uint32_t offset, std::uint8_t value) {
    if (model_ == Model::ym3812 && offset > 1) {
        return;
    }
    switch (offset) {
    case 0:
        selected_ = value;
        break;
    case 2:
        selected_ = 0x100U | value;
        break;
    case 1:
    case 3:
        write_selected(value);
        break;
    default:
        break;
    }
}

void Opl3Device::write_selected(std::uint8_t value) {
    if (selected_ >= 0x02 && selected_ <= 0x04) {
        timers_.write(selected_, value, samples_by_now());
    } else {
        catch_up();
    }
    synthesizer_.write(selected_, value);
}

void Opl3Device::start_listening() {
    ring_.assign(longest_backlog, StereoFrame{});
    is_heard_ = true;
    backlog_ = 0;
    rendered_ = samples_by_now();
}

// Makes every sample whose time has come; the oldest that do not fit are lost.
void Opl3Device::catch_up() {
    if (!is_heard_) {
        return;
    }
    const std::uint64_t due = samples_by_now();
    while (rendered_ < due) {
        const std::size_t at = rendered_ % ring_.size();
        const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(due - rendered_, ring_.size() - at));
        synthesizer_.render(std::span(ring_).subspan(at, count));
        rendered_ += count;
        backlog_ += count;
        if (backlog_ > ring_.size()) {
            lost_ += backlog_ - ring_.size();
            backlog_ = ring_.size();
        }
    }
}

std::size_t Opl3Device::read(std::span<StereoFrame> frames) {
    catch_up();
    const std::size_t count = std::min(frames.size(), backlog_);
    for (std::size_t i = 0; i < count; ++i) {
        frames[i] = ring_[(rendered_ - backlog_ + i) % ring_.size()];
    }
    backlog_ -= count;
    return count;
}

} // namespace openportcls::hardware::opl3
