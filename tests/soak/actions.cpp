#include <algorithm>
#include <chrono>

#include <fmt/format.h>

#include "epoch.h"

namespace openportcls::soak {

namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr std::size_t most_streams = 6; // of one kind on one card

// ---- what there is --------------------------------------------------------------------------------------------------

// `name`: only filters that are called so.
std::optional<Filter> any_filter(Epoch& epoch, const Card& card, std::string_view name = {}) {
    std::vector<FilterInfo> found;
    for (const FilterInfo& filter : epoch.machine.filters()) {
        const auto devices = card.driver.devices();
        const auto is_its = [&](const Device& each) { return each.instance_path() == filter.device; };
        if ((name.empty() || filter.name == name) && std::ranges::any_of(devices, is_its)) {
            found.push_back(filter);
        }
    }
    if (found.empty()) {
        return std::nullopt;
    }
    auto filter = epoch.machine.open(found[epoch.below(found.size())]);
    return epoch.answered(filter) ? std::optional(std::move(*filter)) : std::nullopt;
}

WaveFormat any_format(Epoch& epoch) {
    constexpr std::uint32_t rates[] = {8000, 11025, 22050, 32000, 44100, 48000, 96000};
    constexpr std::uint16_t widths[] = {8, 16, 16, 24, 32};
    WaveFormat format;
    format.rate = rates[epoch.below(std::size(rates))];
    format.bits = widths[epoch.below(std::size(widths))];
    format.channels = static_cast<std::uint16_t>(1 + epoch.below(2));
    format.extensible = epoch.below(2) == 0;
    return format;
}

StreamOptions any_options(Epoch& epoch) {
    StreamOptions options;
    options.period = microseconds(1000 + epoch.below(30'000));
    options.packets = epoch.below(2) == 0 ? PacketMode::never : PacketMode::where_available;
    return options;
}

template<class Streams>
auto* any_of(Epoch& epoch, Streams& streams) {
    return streams.empty() ? nullptr : &streams[epoch.below(streams.size())];
}

// ---- streams --------------------------------------------------------------------------------------------------------

template<class Stream>
void open_stream(Epoch& epoch, Card& card, std::vector<Stream>& streams) {
    auto filter = any_filter(epoch, card);
    if (!filter || streams.size() >= most_streams) {
        return;
    }
    auto stream = Stream::open(*filter, any_format(epoch), any_options(epoch));
    if (epoch.answered(stream)) {
        streams.push_back(std::move(*stream));
    }
}

template<class Streams>
void close_stream(Epoch& epoch, Streams& streams) {
    if (!streams.empty()) {
        streams.erase(streams.begin() + static_cast<std::ptrdiff_t>(epoch.below(streams.size())));
    }
}

template<class Stream>
void change_state(Epoch& epoch, Stream* stream) {
    if (stream == nullptr) {
        return;
    }
    switch (epoch.below(4)) {
    case 0:
        epoch.answered(stream->pause());
        break;
    case 1:
        epoch.answered(stream->stop());
        break;
    case 2:
        epoch.answered(stream->position());
        break;
    default:
        epoch.answered(stream->start());
    }
}

void write(Epoch& epoch, Card& card) {
    if (RenderStream* const stream = any_of(epoch, card.playing)) {
        const std::size_t frames = epoch.below(stream->format().rate / 5 + 1);
        std::vector<std::byte> sound(frames * stream->format().bytes_per_frame());
        std::ranges::generate(sound, [&] { return static_cast<std::byte>(epoch.random()); });
        if (epoch.answered(stream->write(sound)) && epoch.below(4) == 0) {
            epoch.answered(stream->drain());
        }
    }
}

void read(Epoch& epoch, Card& card) {
    if (CaptureStream* const stream = any_of(epoch, card.recording)) {
        std::vector<std::byte> sound(epoch.below(stream->format().rate / 5 + 1) * stream->format().bytes_per_frame());
        epoch.below(2) == 0 ? static_cast<void>(epoch.answered(stream->read_available(sound)))
                            : static_cast<void>(epoch.answered(stream->read(sound)));
    }
}

// What goes into a cable comes out of it.
void compare(Epoch& epoch, Card& card) {
    if (card.name != "cable" || !card.playing.empty() || !card.recording.empty()) {
        return;
    }
    auto filter = any_filter(epoch, card, "Wave");
    if (!filter) {
        return;
    }
    const WaveFormat format;
    auto from = CaptureStream::open(*filter, format, any_options(epoch));
    auto to = RenderStream::open(*filter, format, any_options(epoch));
    if (!epoch.answered(from) || !epoch.answered(to) || !epoch.answered(from->start())) {
        return;
    }
    std::vector<std::byte> sound((1 + epoch.below(format.rate / 4)) * format.bytes_per_frame());
    std::ranges::generate(sound, [&] { return static_cast<std::byte>(1 + epoch.below(255)); });
    if (!epoch.answered(to->write(sound)) || !epoch.answered(to->drain())) {
        return;
    }
    (void)epoch.machine.run_for(milliseconds(100));
    std::vector<std::byte> heard(sound.size() + std::size_t{format.bytes_per_second()});
    auto got = from->read_available(heard);
    if (!epoch.answered(got) || to->glitches() != 0 || from->glitches() != 0) {
        return;
    }
    heard.resize(*got);
    if (std::ranges::search(heard, sound).empty()) {
        epoch.fault = fmt::format("cable: {} bytes were played and {} heard, without what was played", sound.size(),
                                  heard.size());
    }
}

// ---- MIDI -----------------------------------------------------------------------------------------------------------

template<class Pin>
void open_midi(Epoch& epoch, Card& card, std::vector<Pin>& pins) {
    constexpr MidiPinKind kinds[] = {MidiPinKind::any, MidiPinKind::legacy, MidiPinKind::direct_music};
    auto filter = any_filter(epoch, card);
    if (!filter || pins.size() >= most_streams) {
        return;
    }
    MidiOptions options;
    options.kind = kinds[epoch.below(std::size(kinds))];
    auto pin = Pin::open(*filter, options);
    if (epoch.answered(pin)) {
        pins.push_back(std::move(*pin));
    }
}

void send(Epoch& epoch, Card& card) {
    MidiOutput* const output = any_of(epoch, card.sending);
    if (output == nullptr) {
        return;
    }
    std::vector<MidiMessage> messages(1 + epoch.below(20));
    for (MidiMessage& message : messages) {
        message.time = output->time() + microseconds(epoch.below(100'000));
        const auto key = static_cast<std::byte>(epoch.below(128));
        message.bytes = {static_cast<std::byte>(0x80 + epoch.below(32)), key, std::byte{64}};
        if (epoch.below(8) == 0) {
            message.bytes.assign(2 + epoch.below(300), key);
            message.bytes.front() = std::byte{0xF0};
            message.bytes.back() = std::byte{0xF7};
        }
    }
    std::ranges::sort(messages, {}, &MidiMessage::time);
    if (epoch.answered(output->send(messages)) && epoch.below(3) == 0) {
        epoch.answered(output->drain(milliseconds(500)));
    }
}

void receive(Epoch& epoch, Card& card) {
    if (MidiInput* const input = any_of(epoch, card.receiving)) {
        epoch.answered(input->receive(milliseconds(20)));
    }
}

// ---- controls -------------------------------------------------------------------------------------------------------

void turn_a_knob(Epoch& epoch, Card& card) {
    auto filter = any_filter(epoch, card);
    auto nodes = filter ? filter->nodes() : Result<std::vector<NodeInfo>>(std::vector<NodeInfo>());
    if (!epoch.answered(nodes) || nodes->empty()) {
        return;
    }
    const std::uint32_t node = (*nodes)[epoch.below(nodes->size())].id;
    const auto channel = static_cast<std::uint32_t>(epoch.below(3));
    switch (epoch.below(5)) {
    case 0:
        epoch.answered(filter->set_volume(node, channel, -static_cast<double>(epoch.below(90))));
        break;
    case 1:
        epoch.answered(filter->set_mute(node, channel, epoch.below(4) == 0));
        break;
    case 2:
        epoch.answered(filter->set_mux(node, static_cast<std::uint32_t>(epoch.below(8))));
        break;
    case 3:
        epoch.answered(filter->volume_ranges(node));
        break;
    default:
        epoch.answered(read_mixers(epoch.machine));
    }
}

void plug(Epoch& epoch, Card&) {
    const auto sockets = epoch.machine.sockets();
    const SocketInfo& socket = sockets[epoch.below(sockets.size())];
    if (!socket.is_output) {
        epoch.answered(epoch.machine.feed(socket.name, 44100, std::vector<SoundFrame>(4410, SoundFrame{0.5, -0.5})));
        return;
    }
    Machine::Hearing hearing;
    if (epoch.below(3) != 0) {
        hearing = [](double, std::span<const SoundFrame>) {};
    }
    epoch.answered(epoch.machine.listen(socket.name, hearing));
    epoch.answered(epoch.machine.loop_midi({}));
}

// ---- the computer ---------------------------------------------------------------------------------------------------

std::optional<Device> any_device(Epoch& epoch, Card& card) {
    auto devices = card.driver.devices();
    return devices.empty() ? std::nullopt : std::optional(devices[epoch.below(devices.size())]);
}

void change_power(Epoch& epoch, Card& card) {
    if (epoch.below(3) == 0) {
        epoch.answered(epoch.machine.sleep(static_cast<unsigned>(1 + epoch.below(4))));
        epoch.answered(epoch.machine.wake());
        return;
    }
    if (auto device = any_device(epoch, card)) {
        epoch.answered(device->set_power(static_cast<unsigned>(epoch.below(4))));
        (void)epoch.machine.run_for(milliseconds(epoch.below(30)));
        epoch.answered(device->set_power(0));
    }
}

void close_all(Card& card) {
    card.playing.clear();
    card.recording.clear();
    card.sending.clear();
    card.receiving.clear();
}

void plug_and_play(Epoch& epoch, Card& card) {
    auto device = any_device(epoch, card);
    if (!device) {
        epoch.answered(card.driver.add_device());
        return;
    }
    switch (epoch.below(4)) {
    case 0:
        if (epoch.answered(device->stop())) {
            (void)epoch.machine.run_for(milliseconds(epoch.below(30)));
            epoch.answered(device->start());
        }
        break;
    case 1:
        epoch.answered(device->remove()); // refused while something is open
        break;
    case 2:
        epoch.answered(device->surprise_remove());
        (void)epoch.machine.run_for(milliseconds(epoch.below(30)));
        close_all(card);
        break;
    default:
        close_all(card);
        epoch.answered(device->remove());
    }
}

using Action = void (*)(Epoch&, Card&);
constexpr struct {
    unsigned weight;
    Action act;
} actions[] = {
    {8, [](Epoch& epoch, Card& card) { open_stream(epoch, card, card.playing); }},
    {6, [](Epoch& epoch, Card& card) { open_stream(epoch, card, card.recording); }},
    {4, [](Epoch& epoch, Card& card) { close_stream(epoch, card.playing); }},
    {3, [](Epoch& epoch, Card& card) { close_stream(epoch, card.recording); }},
    {12, write},
    {10, read},
    {4, [](Epoch& epoch, Card& card) { change_state(epoch, any_of(epoch, card.playing)); }},
    {4, [](Epoch& epoch, Card& card) { change_state(epoch, any_of(epoch, card.recording)); }},
    {4, compare},
    {3, [](Epoch& epoch, Card& card) { open_midi(epoch, card, card.sending); }},
    {3, [](Epoch& epoch, Card& card) { open_midi(epoch, card, card.receiving); }},
    {2, [](Epoch& epoch, Card& card) { close_stream(epoch, card.sending); }},
    {2, [](Epoch& epoch, Card& card) { close_stream(epoch, card.receiving); }},
    {6, send},
    {4, receive},
    {6, turn_a_knob},
    {3, plug},
    {3, change_power},
    {2, plug_and_play},
    {10, [](Epoch& epoch, Card&) { epoch.answered(epoch.machine.run_for(microseconds(epoch.below(100'000)))); }},
};

} // namespace

void act(Epoch& epoch) {
    unsigned sum = 0;
    for (const auto& action : actions) {
        sum += action.weight;
    }
    auto chosen = static_cast<unsigned>(epoch.below(sum));
    for (const auto& action : actions) {
        if (chosen < action.weight) {
            action.act(epoch, epoch.any_card());
            break;
        }
        chosen -= action.weight;
    }
    if (auto report = epoch.machine.crash_report()) {
        epoch.fault += *report;
    }
}

} // namespace openportcls::soak
