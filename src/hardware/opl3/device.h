// The chip on a bus: four ports, the machine's clock, and an output that is pulled.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "hardware/opl3/resampler.h"
#include "hardware/opl3/synthesizer.h"
#include "hardware/opl3/timers.h"
#include "machine/clock.h"
#include "machine/device.h"

namespace openportcls::hardware::opl3 {

using machine::Nanoseconds;

// Samples per second: 14.31818 MHz (315/22) over 288.
struct SampleRate {
    static constexpr std::uint64_t numerator = 315'000'000;
    static constexpr std::uint64_t denominator = 22ULL * 288;
    static constexpr double per_second = static_cast<double>(numerator) / denominator;
};

// A row of moments: number `first` and on of those that come `numerator` / `denominator` times a second since `origin`.
struct Moments {
    Nanoseconds origin = 0;
    std::uint64_t numerator = 0;
    std::uint64_t denominator = 1;
    std::uint64_t first = 0;
};

// Ports: 0 address (reads: status), 1 data, 2 address of the second array, 3 data. A YM3812 has the first two.
//
// Whoever wants to hear the chip calls start_listening(), and then read() or sound_at() as often as it likes: samples
// are made then, and before a register changes that has an influence on them. Without a listener the sound does not run
// at all: notes that are held start when somebody listens.
class Opl3Device final : public machine::Device {
public:
    // A listener that is later than this (1.3 s) has lost the rest.
    static constexpr std::size_t longest_backlog = 1U << 16;

    Opl3Device(const machine::Clock& clock, Model model) : clock_(clock), model_(model), synthesizer_(model) {}

    std::string_view name() const override { return model_ == Model::ymf262 ? "ymf262" : "ym3812"; }
    std::uint64_t NTAPI read_port(unsigned range, std::uint32_t offset, machine::AccessWidth width) override;
    void NTAPI write_port(unsigned range, std::uint32_t offset, machine::AccessWidth width,
                          std::uint64_t value) override;

    void start_listening();
    // The next samples up to now; fewer than asked for when they are not due yet.
    std::size_t read(std::span<StereoFrame> frames);
    // Number of the sample that read() gives next, and the moment at which a sample's time has come.
    std::uint64_t next_sample() const { return next_; }
    static Nanoseconds time_of(std::uint64_t sample);
    // Samples that read() came too late for.
    std::uint64_t lost_samples() const { return lost_; }

    // The sound at moments of another clock, for a mixer. The filter delays it by its reach (12 samples or 0.24 ms,
    // more at low rates), so that moments up to now can be asked for; those before the longest backlog are silent.
    void sound_at(const Moments& moments, std::span<FloatFrame> frames);

    const Synthesizer& synthesizer() const { return synthesizer_; }

private:
    std::uint64_t samples_by_now() const;
    std::uint8_t read_byte(std::uint32_t offset);
    void write_byte(std::uint32_t offset, std::uint8_t value);
    void write_selected(std::uint8_t value);
    void catch_up();

    const machine::Clock& clock_;
    Model model_;
    Synthesizer synthesizer_;
    Timers timers_;
    unsigned selected_ = 0; // register, with 100h for the second array

    bool is_heard_ = false;
    std::vector<StereoFrame> ring_; // sample n is at n % its size
    std::uint64_t rendered_ = 0;
    std::uint64_t next_ = 0; // to be read
    std::uint64_t lost_ = 0;
    Resampler resampler_;
};

} // namespace openportcls::hardware::opl3
