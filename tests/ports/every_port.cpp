#include "every_port.h"

#include <dmusbuff.h>
#include <dmusprop.h>
#include <ks.h>
#include <ksmedia.h>

#include "client/guid_bytes.h"

namespace openportcls::ports {

namespace {

template<class T>
void append(Bytes& bytes, const T& value) {
    const auto* const from = reinterpret_cast<const std::byte*>(&value);
    bytes.insert(bytes.end(), from, from + sizeof value);
}

} // namespace

std::vector<std::byte> music_format(Sound sound) {
    KSDATAFORMAT format{};
    format.FormatSize = sizeof format;
    format.MajorFormat = KSDATAFORMAT_TYPE_MUSIC;
    format.SubFormat = sound == Sound::midi ? KSDATAFORMAT_SUBTYPE_MIDI : KSDATAFORMAT_SUBTYPE_DIRECTMUSIC;
    format.Specifier = KSDATAFORMAT_SPECIFIER_NONE;
    Bytes bytes;
    append(bytes, format);
    return bytes;
}

Bytes late_note(Sound sound) {
    Bytes bytes;
    if (sound == Sound::midi) {
        append(bytes, KSMUSICFORMAT{10'000, 3});
    } else {
        append(bytes, DMUS_EVENTHEADER{3, 1, 100'000'000, DMUS_EVENT_STRUCTURED});
    }
    append(bytes, std::uint32_t{0x00643C90});
    bytes.resize((bytes.size() + 7) / 8 * 8);
    return bytes;
}

void PortLoop::start(const PortKind& of, std::vector<std::string> parameters) {
    kind = &of;
    machine.emplace(Machine::create({}).value());
    DriverOptions options;
    options.inf = kind->inf;
    options.parameters = std::move(parameters);
    auto loaded = machine->load_driver(kind->module, options);
    ASSERT_TRUE(loaded) << loaded.error().message;
    driver.emplace(std::move(*loaded));
    filter.emplace(machine->open_first(kind->filter).value());
}

void PortLoop::finish() {
    request.reset();
    filter.reset();
    if (!driver) {
        return;
    }
    EXPECT_FALSE(machine->crash_report()) << *machine->crash_report();
    auto leaks = driver->unload();
    ASSERT_TRUE(leaks) << leaks.error().message;
    for (const LeakLine& leak : *leaks) {
        ADD_FAILURE() << kind->name << ": " << leak.kind << " " << leak.what << ": " << leak.bytes << " bytes left";
    }
    driver.reset();
}

Result<Pin> PortLoop::open(bool capture) {
    PinConnect connect;
    connect.pin = capture ? kind->capture_pin : kind->render_pin;
    if (kind->sound != Sound::wave) {
        connect.format = music_format(kind->sound);
        return Pin::open(*filter, connect);
    }
    if (connect.pin == UINT32_MAX) {
        auto found = filter->find_pin(capture ? PinFlow::out : PinFlow::in);
        if (!found) {
            return found.error();
        }
        connect.pin = found->id;
    }
    auto pin = Pin::open(*filter, connect.pin, WaveFormat{});
    if (pin && kind->can_rebalance) {
        constexpr ULONG bytes = 4 * interval;
        const struct {
            PVOID base;
            ULONG bytes;
            ULONG padding;
        } wanted = {nullptr, bytes, 0};
        static_assert(sizeof(KSRTAUDIO_BUFFER_PROPERTY) == sizeof(KSPROPERTY) + sizeof wanted);
        KSRTAUDIO_BUFFER mapped{};
        auto done =
            pin->property(client::from_windows(KSPROPSETID_RtAudio), KSPROPERTY_RTAUDIO_BUFFER, KSPROPERTY_TYPE_GET,
                          std::as_bytes(std::span(&wanted, 1)), std::as_writable_bytes(std::span(&mapped, 1)));
        if (!done) {
            return done.error();
        }
    }
    return pin;
}

Result<void> PortLoop::queue(Pin& pin, bool capture) {
    if (kind->can_rebalance) {
        return {};
    }
    if (kind->sound == Sound::wave) {
        buffer = noise(100 * interval);
    } else if (capture) {
        buffer.assign(4096, std::byte{});
    } else {
        buffer = late_note(kind->sound);
    }
    const StreamBlock block{buffer};
    auto submitted = capture ? pin.submit_read({&block, 1}) : pin.submit_write({&block, 1});
    if (!submitted) {
        return submitted.error();
    }
    request.emplace(std::move(*submitted));
    return {};
}

portcls::DeviceContext& PortLoop::context() {
    return *portcls::DeviceContext::from(machine->state()->pnp->devices().front()->top());
}

} // namespace openportcls::ports
