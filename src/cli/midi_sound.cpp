#include "cli/midi_sound.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "base/status.h"
#include "cli/sockets.h"
#include "endpoints/conversion.h"
#include "endpoints/fluidsynth.h"

namespace openportcls::cli {

namespace {

using std::chrono::nanoseconds;

// How late a card may be with what it has played.
constexpr nanoseconds longest_block = std::chrono::milliseconds(20);

WaveFormat stereo(std::uint32_t rate) {
    WaveFormat format;
    format.rate = rate;
    format.channels = 2;
    format.bits = 16;
    return format;
}

// Frames of an output at their places in time, with silence where the card has said nothing.
class CardSound final : public MidiSound {
public:
    CardSound(Machine& machine, std::string socket, nanoseconds begin, std::uint32_t rate)
        : machine_(machine), socket_(std::move(socket)), begin_(begin), wanted_(stereo(rate)) {}
    CardSound(const CardSound&) = delete;
    CardSound& operator=(const CardSound&) = delete;
    ~CardSound() override { (void)machine_.listen(socket_, {}); }

    Result<void> start() {
        return machine_.listen_timed(socket_, [this](nanoseconds time, double rate, std::span<const SoundFrame> block) {
            hear(time, rate, block);
        });
    }

    Result<void> hear_until(nanoseconds time, std::vector<std::byte>& frames) override {
        if (rates_differ_) {
            return Error{status_not_supported, socket_ + ": the rate changes meanwhile: something else plays, too"};
        }
        const std::uint64_t until = place(time - longest_block);
        if (until > written_ + heard_.size()) {
            heard_.resize(until - written_); // the card was silent
        }
        const auto count = static_cast<std::size_t>(until - std::min(until, written_));
        bytes_.clear();
        append_frames(std::span(heard_).first(count), given_, bytes_);
        heard_.erase(heard_.begin(), heard_.begin() + static_cast<std::ptrdiff_t>(count));
        written_ += count;
        if (given_.rate == wanted_.rate) {
            frames.insert(frames.end(), bytes_.begin(), bytes_.end());
            return {};
        }
        if (!converter_) {
            auto made = endpoints::Converter::create(given_, wanted_);
            if (!made) {
                return made.error();
            }
            converter_.emplace(std::move(*made));
        }
        return converter_->convert(bytes_, frames);
    }

    std::string where() const override { return socket_; }

private:
    // Number of the frame at this time, from the beginning.
    std::uint64_t place(nanoseconds time) const {
        constexpr double second = 1e9;
        const double seconds = static_cast<double>((time - begin_).count()) / second;
        return static_cast<std::uint64_t>(std::max(0.0, std::round(seconds * given_.rate)));
    }

    void hear(nanoseconds time, double rate, std::span<const SoundFrame> block) {
        if (rate == 0 || time < begin_) {
            return;
        }
        const auto whole = static_cast<std::uint32_t>(std::lround(rate));
        if (whole != given_.rate) {
            rates_differ_ = true;
            return;
        }
        const std::uint64_t at = place(time);
        const std::uint64_t skipped = written_ - std::min(written_, at);
        const std::size_t first = static_cast<std::size_t>(at + skipped - written_);
        for (std::size_t index = static_cast<std::size_t>(skipped); index < block.size(); ++index) {
            const std::size_t to = first + index - static_cast<std::size_t>(skipped);
            if (to >= heard_.size()) {
                heard_.resize(to + 1);
            }
            heard_[to] = block[index];
        }
    }

    Machine& machine_;
    std::string socket_;
    nanoseconds begin_;
    WaveFormat wanted_;
    WaveFormat given_ = stereo(48000); // what a synthesizer on a card is mixed at
    bool rates_differ_ = false;
    std::vector<SoundFrame> heard_; // the first of them is frame `written_`
    std::uint64_t written_ = 0;
    std::vector<std::byte> bytes_;
    std::optional<endpoints::Converter> converter_;
};

class PlugSound final : public MidiSound {
public:
    PlugSound(Machine& machine, std::unique_ptr<endpoints::FluidSynth> synthesizer, nanoseconds begin)
        : machine_(machine), synthesizer_(std::move(synthesizer)), begin_(begin) {}
    PlugSound(const PlugSound&) = delete;
    PlugSound& operator=(const PlugSound&) = delete;
    ~PlugSound() override { (void)machine_.listen_midi({}, {}); }

    Result<void> start() {
        return machine_.listen_midi(
            {}, [this](nanoseconds time, std::byte value) { bytes_.push_back({time - cable_byte_time, value}); });
    }

    // A card tells of bytes no later than they have passed: what is to be heard by now is known.
    Result<void> hear_until(nanoseconds time, std::vector<std::byte>& frames) override {
        for (; played_ < bytes_.size() && bytes_[played_].time + cable_byte_time <= time; ++played_) {
            const CableByte& byte = bytes_[played_];
            synthesizer_->play(byte.time + cable_byte_time - begin_, std::to_integer<std::uint8_t>(byte.value), frames);
        }
        synthesizer_->render_until(time - begin_, frames);
        return {};
    }

    std::string where() const override { return "FluidSynth at the MIDI plug"; }
    std::span<const CableByte> bytes() const override { return bytes_; }
    bool hears_plug() const override { return true; }

private:
    Machine& machine_;
    std::unique_ptr<endpoints::FluidSynth> synthesizer_;
    nanoseconds begin_;
    std::vector<CableByte> bytes_;
    std::size_t played_ = 0;
};

} // namespace

Result<std::unique_ptr<MidiSound>> listen_to_card(Machine& machine, nanoseconds begin, std::uint32_t rate) {
    std::string socket = first_output(machine);
    if (socket.empty()) {
        return Error{status_no_such_device, "there is no card whose output could be heard"};
    }
    auto sound = std::make_unique<CardSound>(machine, std::move(socket), begin, rate);
    if (auto started = sound->start(); !started) {
        return started.error();
    }
    return std::unique_ptr<MidiSound>(std::move(sound));
}

Result<std::unique_ptr<MidiSound>> listen_to_plug(Machine& machine, nanoseconds begin, std::uint32_t rate,
                                                  const std::filesystem::path& sound_font) {
    auto synthesizer = endpoints::FluidSynth::create(sound_font, rate);
    if (!synthesizer) {
        return synthesizer.error();
    }
    auto sound = std::make_unique<PlugSound>(machine, std::move(*synthesizer), begin);
    if (auto started = sound->start(); !started) {
        return started.error();
    }
    return std::unique_ptr<MidiSound>(std::move(sound));
}

} // namespace openportcls::cli
