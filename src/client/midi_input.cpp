#include <openportcls/midi.hpp>

#include <algorithm>
#include <deque>
#include <iterator>

#include <ks.h>

#include "client/midi_pins.h"
#include "client/midi_records.h"
#include "client/midi_time.h"
#include "client/state.h"

namespace openportcls {

namespace client {

using std::chrono::nanoseconds;

class MidiInputState {
public:
    MidiInputState(Pin opened, const MidiPinInfo& about, const MidiOptions& options)
        : pin(std::move(opened)), info(about), buffer_bytes(options.buffer_bytes), buffer_count(options.buffer_count) {}
    MidiInputState(const MidiInputState&) = delete;
    MidiInputState& operator=(const MidiInputState&) = delete;
    ~MidiInputState() {
        if (!pin.object()->machine->machine->is_halted()) {
            static_cast<void>(stop());
        }
    }

    nanoseconds now() const { return nanoseconds(pin.object()->machine->machine->now()); }

    // Requests are there before anything is captured.
    Result<void> start() {
        if (clock.is_running()) {
            return {};
        }
        auto done = pin.set_state(PinState::pause);
        while (done && waiting.size() < buffer_count) {
            done = submit();
        }
        if (done) {
            done = pin.set_state(PinState::run);
        }
        if (done) {
            clock.run(now());
        }
        return done;
    }
    Result<void> stop() {
        auto done = pin.set_state(PinState::stop);
        clock.reset();
        waiting.clear();
        messages.clear();
        in_exclusive = false;
        return done;
    }
    Result<void> submit() {
        std::vector<std::byte> buffer(buffer_bytes);
        const StreamBlock block{buffer};
        auto request = pin.submit_read({&block, 1});
        if (!request) {
            return request.error();
        }
        waiting.push_back({std::move(buffer), std::move(*request)});
        return {};
    }
    Result<std::optional<MidiMessage>> receive(nanoseconds timeout);
    Result<void> take_first();

    struct Waiting {
        std::vector<std::byte> buffer;
        StreamRequest request;
    };
    Pin pin;
    MidiPinInfo info;
    std::uint32_t buffer_bytes;
    std::uint32_t buffer_count;
    MidiTime clock;
    std::deque<Waiting> waiting;
    std::deque<MidiMessage> messages;
    bool in_exclusive = false; // the parts so far of a system exclusive message lack its end
};

// The messages of the request that is done, and another request in its place.
Result<void> MidiInputState::take_first() {
    Waiting first = std::move(waiting.front());
    waiting.pop_front();
    if (auto ended = first.request.wait(); !ended) {
        return ended;
    }
    const StreamBlock block = first.request.blocks().front();
    std::vector<MidiMessage> taken;
    unpack_messages(info.kind, block.data.first(first.request.used().front()), block.presentation_time, in_exclusive,
                    taken);
    if (!taken.empty()) {
        taken.front().follows_a_loss = (block.options & KSSTREAM_HEADER_OPTIONSF_DATADISCONTINUITY) != 0;
    }
    std::move(taken.begin(), taken.end(), std::back_inserter(messages));
    return submit();
}

Result<std::optional<MidiMessage>> MidiInputState::receive(nanoseconds timeout) {
    if (timeout < nanoseconds(0)) {
        return Error{STATUS_INVALID_PARAMETER, "nobody waits for less than no time"};
    }
    if (auto started = start(); !started) {
        return started.error();
    }
    const nanoseconds deadline = now() + std::min(timeout, nanoseconds::max() - now());
    while (messages.empty()) {
        if (waiting.empty()) { // all have failed
            if (auto again = submit(); !again) {
                return again.error();
            }
        }
        StreamRequest& request = waiting.front().request;
        if (!request.is_done()) {
            const nanoseconds left = deadline - now();
            if (left <= nanoseconds(0)) {
                return std::optional<MidiMessage>();
            }
            const auto waited = request.wait(left);
            if (!waited && !request.is_done()) {
                if (waited.status() == STATUS_TIMEOUT || waited.status() == STATUS_POSSIBLE_DEADLOCK) {
                    return std::optional<MidiMessage>();
                }
                return waited.error();
            }
        }
        if (auto taken = take_first(); !taken) {
            return taken.error();
        }
    }
    std::optional<MidiMessage> message = std::move(messages.front());
    messages.pop_front();
    return message;
}

} // namespace client

MidiInput::MidiInput(std::unique_ptr<client::MidiInputState> state)
    : KsObject(state->pin.object()), state_(std::move(state)) {}
MidiInput::MidiInput(MidiInput&&) noexcept = default;
MidiInput& MidiInput::operator=(MidiInput&&) noexcept = default;
MidiInput::~MidiInput() = default;

Result<MidiInput> MidiInput::open(Filter& filter, const MidiOptions& options) {
    constexpr std::uint64_t most_bytes = 1 << 28;
    if (options.buffer_bytes == 0 || options.buffer_count == 0 ||
        std::uint64_t{options.buffer_bytes} * options.buffer_count > most_bytes) {
        return Error{STATUS_INVALID_PARAMETER, "an input has buffers, and 256 MiB of them at most"};
    }
    auto opened = client::open_midi_pin(filter, PinFlow::out, options);
    if (!opened) {
        return opened.error();
    }
    return MidiInput(std::make_unique<client::MidiInputState>(std::move(opened->first), opened->second, options));
}

MidiPinKind MidiInput::kind() const {
    return state_->info.kind;
}
std::uint32_t MidiInput::pin() const {
    return state_->info.id;
}
Result<void> MidiInput::start() {
    return state_->start();
}
Result<void> MidiInput::stop() {
    return state_->stop();
}
std::chrono::nanoseconds MidiInput::time() const {
    return state_->clock.at(state_->now());
}
Result<std::optional<MidiMessage>> MidiInput::receive(std::chrono::nanoseconds timeout) {
    return state_->receive(timeout);
}

} // namespace openportcls
