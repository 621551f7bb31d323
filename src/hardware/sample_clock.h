// The oscillator of a card: how many samples are due by a moment, and when a given one will be. Everything is computed
// from where the clock was started; nothing ticks.
#pragma once

#include <cstdint>

#include "machine/types.h"

namespace openportcls::hardware {

using machine::Nanoseconds;

// Samples per second, as a fraction: dividers of an oscillator seldom give whole numbers.
struct SampleRate {
    std::uint64_t numerator = 0;
    std::uint64_t denominator = 1;

    double per_second() const { return static_cast<double>(numerator) / static_cast<double>(denominator); }
    bool operator==(const SampleRate& other) const {
        return numerator * other.denominator == other.numerator * denominator;
    }
};

class SampleClock {
public:
    // Parts per million by which the card's crystal is faster than the machine's clock. Counts from the next start().
    void set_drift(std::int32_t parts_per_million) { drift_ = parts_per_million; }
    std::int32_t drift() const { return drift_; }

    void start(Nanoseconds now, SampleRate rate) {
        origin_ = now;
        rate_ = rate;
        const unsigned __int128 divisor = common_divisor(full_speed(), full_scale());
        speed_ = static_cast<std::uint64_t>(full_speed() / divisor);
        scale_ = static_cast<std::uint64_t>(full_scale() / divisor);
        shortest_ = speed_ != 0 ? static_cast<Nanoseconds>(scale_ / speed_) : 0;
        marked_ = 0;
        mark_ = now;
        step_ = 0;
        step_time_ = 0;
    }
    Nanoseconds origin() const { return origin_; }
    SampleRate rate() const { return rate_; }

    // Whole samples that have passed between the start and `now`.
    std::uint64_t elapsed(Nanoseconds now) const {
        if (now >= mark_ && now - mark_ < shortest_) {
            return marked_;
        }
        if (now <= origin_) {
            return 0;
        }
        const auto passed = static_cast<std::uint64_t>(now - origin_);
        std::uint64_t product = 0;
        if (!__builtin_mul_overflow(passed, speed_, &product)) [[likely]] {
            return product / scale_; // a division of 128 bits costs ten times as much
        }
        return static_cast<std::uint64_t>(static_cast<unsigned __int128>(passed) * speed_ / scale_);
    }

    // The first moment by which `count` samples have passed; never for a clock without a rate.
    Nanoseconds time_of(std::uint64_t count) const {
        if (rate_.numerator == 0) {
            return machine::never;
        }
        std::uint64_t product = 0;
        if (!__builtin_mul_overflow(count, scale_, &product) && product <= UINT64_MAX - speed_) [[likely]] {
            return origin_ + static_cast<Nanoseconds>((product + speed_ - 1) / speed_);
        }
        const unsigned __int128 span = (static_cast<unsigned __int128>(count) * scale_ + speed_ - 1) / speed_;
        return origin_ + static_cast<Nanoseconds>(span);
    }

    // Like time_of(), and remembers the moment: at the end of a block, where most is asked, nothing is divided. Nor is
    // it from one end to the next where a block takes whole nanoseconds, which it does wherever it begins.
    Nanoseconds mark(std::uint64_t count) {
        const std::uint64_t step = count - marked_;
        marked_ = count;
        if (step == step_ && step_time_ != 0) [[likely]] {
            return mark_ += step_time_;
        }
        if (step != step_) {
            step_ = step;
            step_time_ = whole_time_of(step);
        }
        return mark_ = time_of(count);
    }
    // Sample number `count` + 1 has not passed before this, nor much later. Exact unless `count` is the marked one.
    Nanoseconds earliest_after(std::uint64_t count) const {
        return count == marked_ && shortest_ != 0 ? mark_ + shortest_ : time_of(count + 1);
    }

private:
    static constexpr std::uint64_t million = 1'000'000;

    // Samples in so many nanoseconds, before both are divided by what they have in common.
    unsigned __int128 full_speed() const {
        return static_cast<unsigned __int128>(rate_.numerator) *
               static_cast<std::uint64_t>(static_cast<std::int64_t>(million) + drift_);
    }
    unsigned __int128 full_scale() const {
        return static_cast<unsigned __int128>(rate_.denominator) * million *
               static_cast<std::uint64_t>(machine::nanoseconds_per_second);
    }

    // 0: not whole nanoseconds.
    Nanoseconds whole_time_of(std::uint64_t count) const {
        std::uint64_t product = 0;
        const bool is_whole = speed_ != 0 && !__builtin_mul_overflow(count, scale_, &product) && product % speed_ == 0;
        return is_whole ? static_cast<Nanoseconds>(product / speed_) : 0;
    }

    static unsigned __int128 common_divisor(unsigned __int128 first, unsigned __int128 second) {
        while (second != 0) {
            const unsigned __int128 rest = first % second;
            first = second;
            second = rest;
        }
        return first;
    }

    Nanoseconds origin_ = 0;
    SampleRate rate_;
    std::uint64_t speed_ = 0;
    std::uint64_t scale_ = 1;
    Nanoseconds shortest_ = 0; // from one sample to the next; the longest is 1 ns more
    std::uint64_t marked_ = 0;
    Nanoseconds mark_ = 0;      // when the marked one has passed
    std::uint64_t step_ = 0;    // samples between the last two marks
    Nanoseconds step_time_ = 0; // which are so long, if that is whole nanoseconds
    std::int32_t drift_ = 0;
};

} // namespace openportcls::hardware
