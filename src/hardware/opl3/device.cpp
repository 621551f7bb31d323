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
std::uint64_t NTAPI Opl3Device::read_port(unsigned, std::uint32_t offset, machine::AccessWidth width) {
    std::uint64_t value = 0;
    for (unsigned i = 0; i < static_cast<unsigned>(width); ++i) {
        value |= static_cast<std::uint64_t>(read_byte(offset + i)) << (8 * i);
    }
    return value;
}

void NTAPI Opl3Device::write_port(unsigned, std::uint32_t offset, machine::AccessWidth width, std::uint64_t value) {
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
    next_ = rendered_ = samples_by_now();
}

// Makes every sample whose time has come; the oldest make room for them.
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
    }
}

std::size_t Opl3Device::read(std::span<StereoFrame> frames) {
    catch_up();
    const std::uint64_t oldest = rendered_ - std::min<std::uint64_t>(rendered_, ring_.size());
    if (next_ < oldest) {
        lost_ += oldest - next_;
        next_ = oldest;
    }
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(frames.size(), rendered_ - next_));
    for (std::size_t i = 0; i < count; ++i) {
        frames[i] = ring_[(next_ + i) % ring_.size()];
    }
    next_ += count;
    return count;
}

void Opl3Device::sound_at(const Moments& moments, std::span<FloatFrame> frames) {
    std::fill(frames.begin(), frames.end(), FloatFrame{});
    if (!is_heard_ || moments.numerator == 0) {
        return;
    }
    catch_up();
    const double step =
        SampleRate::per_second * static_cast<double>(moments.denominator) / static_cast<double>(moments.numerator);
    resampler_.set_step(step);
    // Where the row begins, in samples: a whole number, exactly, and what is left of it.
    const auto origin = static_cast<unsigned __int128>(moments.origin) * SampleRate::numerator;
    const double origin_fraction = static_cast<double>(origin % scale) / static_cast<double>(scale);
    const auto whole = static_cast<double>(static_cast<std::uint64_t>(origin / scale));
    const double begin = whole + origin_fraction + static_cast<double>(moments.first) * step - resampler_.reach();
    const auto reach = static_cast<double>(resampler_.reach());
    const double oldest = static_cast<double>(rendered_) - static_cast<double>(ring_.size()) + reach;
    const double newest = static_cast<double>(rendered_) - reach;
    for (std::size_t i = 0; i < frames.size(); ++i) {
        const double place = begin + static_cast<double>(i) * step;
        if (place >= std::max(oldest, reach) && place < newest) {
            const auto index = static_cast<std::uint64_t>(place);
            frames[i] = resampler_.at(ring_, index, place - static_cast<double>(index));
        }
    }
}

} // namespace openportcls::hardware::opl3
