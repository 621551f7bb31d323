#include <openportcls/midi.hpp>

#include <algorithm>
#include <deque>

#include <ks.h>

#include "client/midi_pins.h"
#include "client/midi_records.h"
#include "client/midi_time.h"
#include "client/state.h"

namespace openportcls {

namespace client {

using std::chrono::nanoseconds;

class MidiOutputState {
public:
    MidiOutputState(Pin opened, const MidiPinInfo& about) : pin(std::move(opened)), info(about) {}
    MidiOutputState(const MidiOutputState&) = delete;
    MidiOutputState& operator=(const MidiOutputState&) = delete;
    ~MidiOutputState() {
        if (!pin.object()->machine->machine->is_halted()) {
            static_cast<void>(stop());
        }
    }

    nanoseconds now() const { return nanoseconds(pin.object()->machine->machine->now()); }

    Result<void> start() {
        auto done = pin.set_state(PinState::run);
        if (done) {
            clock.run(now());
        }
        return done;
    }
    Result<void> pause() {
        auto done = pin.set_state(PinState::pause);
        if (done) {
            clock.hold(now());
        }
        return done;
    }
    Result<void> stop() {
        auto done = pin.set_state(PinState::stop);
        if (done) {
            clock.reset();
            requests.clear();
            last = {};
        }
        return done;
    }

    // Forgets what is done; the first failure among it.
    Result<void> reap() {
        while (!requests.empty() && requests.front().request.is_done()) {
            auto ended = requests.front().request.wait();
            requests.pop_front();
            if (!ended) {
                return ended;
            }
        }
        return {};
    }

    Result<void> send(std::span<const MidiMessage> messages);
    Result<void> drain(nanoseconds timeout);

    struct Sent {
        std::vector<std::byte> buffer;
        StreamRequest request;
    };
    Pin pin;
    MidiPinInfo info;
    MidiTime clock;
    std::deque<Sent> requests;
    nanoseconds last{}; // the latest time that was asked for
};

Result<void> MidiOutputState::send(std::span<const MidiMessage> messages) {
    if (auto ended = reap(); !ended) {
        return ended;
    }
    if (!clock.is_running() && clock.at(now()) == nanoseconds(0)) {
        if (auto started = start(); !started) {
            return started;
        }
    }
    if (messages.empty()) {
        return {};
    }
    for (const MidiMessage& message : messages) {
        last = std::max(last, message.time);
    }
    const StreamTime begin = to_stream_time(messages.front().time);
    std::vector<std::byte> buffer;
    pack_messages(info.kind, messages, begin, buffer);
    StreamBlock block{buffer};
    block.options = KSSTREAM_HEADER_OPTIONSF_TIMEVALID;
    block.presentation_time = begin;
    auto request = pin.submit_write({&block, 1});
    if (!request) {
        return request.error();
    }
    requests.push_back({std::move(buffer), std::move(*request)}); // the bytes stay where they are
    return {};
}

// A legacy request is done when its last message is with the device; a DirectMusic one when the sequencer has it.
Result<void> MidiOutputState::drain(nanoseconds timeout) {
    if (timeout < nanoseconds(0)) {
        return Error{STATUS_INVALID_PARAMETER, "nobody waits for less than no time"};
    }
    const nanoseconds deadline = now() + std::min(timeout, nanoseconds::max() - now());
    while (!requests.empty()) {
        auto ended = requests.front().request.wait(std::max(deadline - now(), nanoseconds(1)));
        if (!ended && !requests.front().request.is_done()) {
            return ended; // too late; it stays
        }
        requests.pop_front();
        if (!ended) {
            return ended;
        }
    }
    const nanoseconds left = last - clock.at(now());
    if (left <= nanoseconds(0) || !clock.is_running()) {
        return {};
    }
    constexpr nanoseconds moment = std::chrono::milliseconds(1);
    const bool is_in_time = now() + left <= deadline;
    MachineState& machine = *pin.object()->machine;
    const NTSTATUS status = machine.call([&] {
        machine.machine->run_for(is_in_time ? (left + moment).count() : (deadline - now()).count());
        return is_in_time ? STATUS_SUCCESS : STATUS_TIMEOUT;
    });
    return status == STATUS_SUCCESS ? Result<void>() : Result<void>(pin.object()->error(status, "playing to the end"));
}

} // namespace client

MidiOutput::MidiOutput(std::unique_ptr<client::MidiOutputState> state)
    : KsObject(state->pin.object()), state_(std::move(state)) {}
MidiOutput::MidiOutput(MidiOutput&&) noexcept = default;
MidiOutput& MidiOutput::operator=(MidiOutput&&) noexcept = default;
MidiOutput::~MidiOutput() = default;

Result<MidiOutput> MidiOutput::open(Filter& filter, const MidiOptions& options) {
    auto opened = client::open_midi_pin(filter, PinFlow::in, options);
    if (!opened) {
        return opened.error();
    }
    return MidiOutput(std::make_unique<client::MidiOutputState>(std::move(opened->first), opened->second));
}

MidiPinKind MidiOutput::kind() const {
    return state_->info.kind;
}
std::uint32_t MidiOutput::pin() const {
    return state_->info.id;
}
Result<void> MidiOutput::start() {
    return state_->start();
}
Result<void> MidiOutput::pause() {
    return state_->pause();
}
Result<void> MidiOutput::stop() {
    return state_->stop();
}
std::chrono::nanoseconds MidiOutput::time() const {
    return state_->clock.at(state_->now());
}
Result<void> MidiOutput::send(std::span<const MidiMessage> messages) {
    return state_->send(messages);
}
Result<void> MidiOutput::send_now(std::span<const std::byte> bytes) {
    MidiMessage message;
    message.time = time();
    message.bytes.assign(bytes.begin(), bytes.end());
    return send(message);
}
Result<void> MidiOutput::drain(std::chrono::nanoseconds timeout) {
    return state_->drain(timeout);
}

} // namespace openportcls
