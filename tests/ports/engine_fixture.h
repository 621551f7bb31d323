// The card that mixes (tests/drivers/engine), and who listens at its loopback pin.
#pragma once

#include <ksmedia.h>

#include "card_fixture.h"
#include "client/guid_bytes.h"

namespace openportcls::ports {

class Engine : public CardTest {
protected:
    static constexpr std::uint32_t node = 0;
    static constexpr std::uint32_t offload_pin = 1;
    static constexpr std::uint32_t loopback_pin = 2;

    Engine() : CardTest(ENGINE_MODULE, ENGINE_INF) {}

    void start_listening() {
        start();
        loopback.emplace(CaptureStream::open(*wave, WaveFormat{}, {.pin = loopback_pin}).value());
        auto listening = loopback->on_period([this](std::span<const std::byte> period) {
            looped_back.insert(looped_back.end(), period.begin(), period.end());
            return true;
        });
        ASSERT_TRUE(listening) << listening.error().message;
        ASSERT_TRUE(loopback->start());
    }
    void TearDown() override {
        loopback.reset();
        CardTest::TearDown();
    }

    RenderStream open_stream(std::uint32_t pin) {
        auto stream = RenderStream::open(*wave, WaveFormat{}, {.pin = pin});
        EXPECT_TRUE(stream) << stream.error().message;
        return std::move(*stream);
    }
    // What the loopback hears of it.
    Bytes play(RenderStream& stream, const Bytes& sound) {
        looped_back.clear();
        EXPECT_TRUE(stream.write(sound));
        EXPECT_TRUE(stream.drain());
        EXPECT_TRUE(machine->run_for(milliseconds(30)));
        return looped_back;
    }
    static Key engine(std::uint32_t id) { return {client::from_windows(KSPROPSETID_AudioEngine), id}; }

    std::optional<CaptureStream> loopback;
    Bytes looped_back;
};

// The samples, each changed by `change(channel, sample)`.
template<class Change>
Bytes changed(const Bytes& sound, Change&& change) {
    Bytes result(sound.size());
    for (std::size_t at = 0; at < sound.size(); at += sizeof(std::int16_t)) {
        std::int16_t sample;
        std::memcpy(&sample, &sound[at], sizeof sample);
        sample = static_cast<std::int16_t>(change(at / sizeof sample % 2, sample));
        std::memcpy(&result[at], &sample, sizeof sample);
    }
    return result;
}

} // namespace openportcls::ports
