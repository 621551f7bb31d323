#include "cli/midi_player.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include <ks.h>
#include <ksmedia.h>

#include "cli/console.h"
#include "client/guid_bytes.h"
#include "endpoints/sample_code.h"

namespace openportcls::cli {

namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

constexpr nanoseconds lead = milliseconds(20);   // before the first event, so that it is not late already
constexpr nanoseconds ahead = milliseconds(500); // how long before its time an event is handed over
constexpr nanoseconds step = milliseconds(100);
constexpr nanoseconds tail = std::chrono::seconds(2);     // what the last notes may take to fade
constexpr nanoseconds patience = std::chrono::seconds(5); // with a driver that has something left even then

struct Place {
    Filter filter;
    MidiPinInfo pin;
};

// The pin that leads to a synthesizer; of two to the same, the one with the finer times.
std::optional<MidiPinInfo> pin_to(const Filter& filter, MidiSynth synth) {
    const Guid wanted =
        client::from_windows(synth == MidiSynth::fm ? KSMUSIC_TECHNOLOGY_FMSYNTH : KSMUSIC_TECHNOLOGY_PORT);
    const auto pins = midi_pins(filter);
    std::optional<MidiPinInfo> found;
    if (pins) {
        for (const MidiPinInfo& pin : *pins) {
            const bool leads_there = pin.flow == PinFlow::in && pin.technology == wanted;
            if (leads_there && (!found || pin.kind == MidiPinKind::direct_music)) {
                found = pin;
            }
        }
    }
    return found;
}

Result<Place> find_place(Machine& machine, const MidiOrder& order) {
    for (const FilterInfo& info : machine.filters()) {
        if (!order.filter.empty() && info.name != order.filter) {
            continue;
        }
        auto filter = machine.open(info);
        if (!filter) {
            return filter.error();
        }
        if (const auto pin = pin_to(*filter, order.synth)) {
            return Place{std::move(*filter), *pin};
        }
    }
    const char* const what = order.synth == MidiSynth::fm ? "an FM synthesizer" : "a MIDI plug";
    return Error{STATUS_NO_MATCH, order.filter.empty()
                                      ? fmt::format("the driver has no MIDI pin that leads to {}", what)
                                      : fmt::format("{}: no MIDI pin that leads to {}", order.filter, what)};
}

class MidiPlayer {
public:
    MidiPlayer(Machine& machine, MidiOutput& output, MidiSound& sound, Outputs& outputs, MidiRun& run)
        : machine_(machine), output_(output), sound_(sound), outputs_(outputs), run_(run) {}

    void capture_with(MidiInput& input) {
        input_ = &input;
        input_offset_ = input.time() - output_.time();
    }

    // Until `end` at least, by which a cable has carried everything, and the last notes have faded.
    Result<void> play(std::span<const MidiMessage> messages, nanoseconds end) {
        const nanoseconds start = machine_.now() - output_.time();
        Progress progress(std::chrono::duration<double>(end).count());
        for (std::size_t next = 0; output_.time() < end;) {
            run_.is_interrupted = Interruption::is_asked_for();
            if (run_.is_interrupted) {
                return {};
            }
            std::size_t behind = next;
            while (behind < messages.size() && messages[behind].time < output_.time() + ahead) {
                ++behind;
            }
            if (behind != next) {
                if (auto sent = output_.send(messages.subspan(next, behind - next)); !sent) {
                    return sent;
                }
                run_.events += behind - next;
                next = behind;
            }
            if (auto passed = pass(std::min(step, end - output_.time())); !passed) {
                return passed;
            }
            progress.at(std::chrono::duration<double>(machine_.now() - start).count());
        }
        return wait_for(messages, end);
    }

    std::span<const CableByte> captured() const { return captured_; }

private:
    // What the driver is late with, and the time that fades in.
    Result<void> wait_for(std::span<const MidiMessage> messages, nanoseconds end) {
        const nanoseconds deadline = end + patience;
        bool was_late = false;
        for (;;) {
            auto left = has_left(messages);
            if (!left) {
                return left.error();
            }
            if (*left) {
                return was_late ? pass(tail) : Result<void>();
            }
            was_late = true;
            run_.is_interrupted = Interruption::is_asked_for();
            if (run_.is_interrupted) {
                return {};
            }
            if (output_.time() >= deadline) {
                return give_up(messages);
            }
            if (auto passed = pass(step); !passed) {
                return passed;
            }
        }
    }

    // The driver has taken it, and the plug, where there is one, has brought it.
    Result<bool> has_left(std::span<const MidiMessage> messages) {
        if (auto taken = output_.drain(nanoseconds(0)); !taken) {
            return taken.error().status == STATUS_TIMEOUT ? Result<bool>(false) : Result<bool>(taken.error());
        }
        return !sound_.hears_plug() || sound_.bytes().size() >= least_bytes(messages);
    }

    // What has come is compared where that is asked for, and tells more.
    Result<void> give_up(std::span<const MidiMessage> messages) const {
        if (input_ != nullptr) {
            return {};
        }
        const std::string what = sound_.hears_plug() ? fmt::format("{} of at least {} bytes have left MIDI OUT",
                                                                   sound_.bytes().size(), least_bytes(messages))
                                                     : std::string("the driver has not taken everything");
        return Error{STATUS_IO_TIMEOUT,
                     fmt::format("{} {} s after the end", what,
                                 std::chrono::duration_cast<std::chrono::seconds>(tail + patience).count())};
    }

    Result<void> pass(nanoseconds duration) {
        if (auto ran = machine_.run_for(duration); !ran) {
            return ran;
        }
        if (input_ != nullptr) {
            if (auto captured = capture(); !captured) {
                return captured;
            }
        }
        frames_.clear();
        if (auto heard = sound_.hear_until(machine_.now(), frames_); !heard) {
            return heard;
        }
        for (std::size_t at = 0; at < frames_.size(); at += run_.format.bits / 8U) {
            run_.peak = std::max(run_.peak, std::abs(endpoints::decode_sample(frames_.data() + at, run_.format)));
        }
        run_.frames += frames_.size() / run_.format.bytes_per_frame();
        return outputs_.write(frames_);
    }

    Result<void> capture() {
        for (;;) {
            auto message = input_->receive(nanoseconds(0));
            if (!message) {
                return message.error();
            }
            if (!*message) {
                return {};
            }
            append_cable_bytes(**message, (*message)->time - input_offset_, captured_);
        }
    }

    Machine& machine_;
    MidiOutput& output_;
    MidiSound& sound_;
    Outputs& outputs_;
    MidiRun& run_;
    MidiInput* input_ = nullptr;
    nanoseconds input_offset_{};
    std::vector<CableByte> captured_; // times of the output's stream
    std::vector<std::byte> frames_;
};

Result<std::optional<MidiInput>> open_loopback(Machine& machine, Place& place, const MidiOrder& order) {
    if (!order.loops_back) {
        return std::optional<MidiInput>();
    }
    if (auto looped = machine.loop_midi({}); !looped) {
        return looped.error();
    }
    MidiOptions options;
    options.kind = place.pin.kind;
    auto input = MidiInput::open(place.filter, options);
    if (!input) {
        return input.error();
    }
    if (auto started = input->start(); !started) {
        return started.error();
    }
    return std::optional<MidiInput>(std::move(*input));
}

Result<std::unique_ptr<MidiSound>> listen(Machine& machine, const MidiOrder& order) {
    const nanoseconds begin = machine.now() + lead;
    return order.synth == MidiSynth::fm ? listen_to_card(machine, begin, order.rate)
                                        : listen_to_plug(machine, begin, order.rate, order.sound_font);
}

void compare(const MidiPlayer& player, const MidiSound& sound, std::span<const MidiMessage> messages, nanoseconds start,
             const MidiOrder& order, MidiRun& run) {
    const auto sent = messages.first(run.events);
    if (run.is_interrupted) {
        return; // some is still on its way
    }
    if (order.synth == MidiSynth::fluidsynth) {
        std::vector<CableByte> bytes(sound.bytes().begin(), sound.bytes().end());
        for (CableByte& byte : bytes) {
            byte.time -= start;
        }
        run.cable = compare_midi(sent, bytes);
    }
    if (order.loops_back) {
        run.loopback = compare_midi(sent, player.captured());
    }
}

} // namespace

Result<MidiRun> play_midi(Machine& machine, const MidiFile& file, const MidiOrder& order) {
    auto place = find_place(machine, order);
    if (!place) {
        return place.error();
    }
    MidiRun run;
    run.filter = place->filter.name();
    run.pin = place->pin.id;
    run.kind = place->pin.kind;
    run.format.rate = order.rate;
    run.format.channels = 2;
    run.format.bits = 16;
    MidiOptions options;
    options.pin = run.pin;
    auto output = MidiOutput::open(place->filter, options);
    if (!output) {
        return output.error();
    }
    auto input = open_loopback(machine, *place, order);
    if (!input) {
        return input.error();
    }
    std::vector<MidiMessage> messages = file.messages;
    for (MidiMessage& message : messages) {
        message.time += lead;
    }
    nanoseconds end = lead + file.length;
    if (order.synth == MidiSynth::fluidsynth) {
        end = std::max(end, cable_end(messages));
    }
    end += tail;
    const double seconds = std::chrono::duration<double>(end - lead).count();
    const Interruption interruption; // from the moment on when there is something to be left behind
    auto outputs = Outputs::open(order.out, run.format, static_cast<std::uint64_t>(seconds * order.rate));
    if (!outputs) {
        return outputs.error();
    }
    if (auto started = output->start(); !started) {
        return started.error();
    }
    const nanoseconds start = machine.now() - output->time();
    auto sound = listen(machine, order);
    if (!sound) {
        outputs->give_up();
        return sound.error();
    }
    run.where = (*sound)->where();
    MidiPlayer player(machine, *output, **sound, *outputs, run);
    if (*input) {
        player.capture_with(**input);
    }
    auto played = player.play(messages, end);
    if (!played) {
        outputs->give_up();
        return played.error();
    }
    if (auto finished = outputs->finish(); !finished) {
        return finished.error();
    }
    compare(player, **sound, messages, start, order, run);
    return run;
}

} // namespace openportcls::cli
