// A card whose output is wired to its input (tests/drivers/cyclic, tests/drivers/wavepci), and who listens to it.
#pragma once

#include <algorithm>
#include <cstring>
#include <optional>
#include <random>

#include <gmock/gmock.h>

#include <openportcls/openportcls.hpp>

namespace openportcls::ports {

using std::chrono::milliseconds;
using Bytes = std::vector<std::byte>;

inline constexpr std::size_t interval = 1920; // 10 ms
inline constexpr std::int32_t status_cancelled = static_cast<std::int32_t>(0xC0000120);
inline constexpr std::int32_t status_device_removed = static_cast<std::int32_t>(0xC00002B6);
inline constexpr std::int32_t status_invalid_device_state = static_cast<std::int32_t>(0xC0000184);
inline constexpr std::int32_t status_access_violation = static_cast<std::int32_t>(0xC0000005);
inline constexpr std::int32_t status_not_supported = static_cast<std::int32_t>(0xC00000BB);
inline constexpr std::int32_t status_invalid_parameter = static_cast<std::int32_t>(0xC000000D);
inline constexpr std::uint32_t end_of_stream = 0x200; // KSSTREAM_HEADER_OPTIONSF_ENDOFSTREAM
inline constexpr Key connection_end_of_stream{
    {0x7f4bcbe0, 0x9ea5, 0x11cf, {0xa5, 0xd6, 0x28, 0xdb, 0x04, 0xc1, 0x00, 0x00}}, 4};

inline constexpr Key looped_position{// KSEVENT_LOOPEDSTREAMING_POSITION
                                     {0x4682b940, 0xc6ef, 0x11d0, {0x96, 0xd8, 0x00, 0xaa, 0x00, 0x51, 0xe5, 0x1d}},
                                     0};

struct Position {
    std::uint64_t play;
    std::uint64_t write;
};

// No byte of it is 0, so that silence is told from sound.
inline Bytes noise(std::size_t bytes, unsigned seed = 1) {
    std::mt19937 random(seed);
    Bytes result(bytes);
    for (std::byte& each : result) {
        each = static_cast<std::byte>(random() % 255 + 1);
    }
    return result;
}

inline Bytes part(const Bytes& bytes, std::size_t from, std::size_t count) {
    return {bytes.begin() + static_cast<std::ptrdiff_t>(from),
            bytes.begin() + static_cast<std::ptrdiff_t>(from + count)};
}

// Where the sound begins in what was heard; npos when it is not there as a whole.
inline std::size_t find(const Bytes& heard, const Bytes& sound) {
    const auto at = std::search(heard.begin(), heard.end(), sound.begin(), sound.end());
    return at == heard.end() ? std::string::npos : static_cast<std::size_t>(at - heard.begin());
}

inline bool is_silent(const Bytes& bytes) {
    return std::all_of(bytes.begin(), bytes.end(), [](std::byte each) { return each == std::byte{}; });
}

class CardTest : public testing::Test {
protected:
    CardTest(const char* module, const char* inf) : module(module), inf(inf) {}

    void start(std::vector<std::string> parameters = {}, const MachineOptions& machine_options = {}) {
        machine.emplace(Machine::create(machine_options).value());
        DriverOptions options;
        options.inf = inf;
        options.parameters = std::move(parameters);
        auto loaded = machine->load_driver(module, options);
        ASSERT_TRUE(loaded) << loaded.error().message;
        driver.emplace(std::move(*loaded));
        wave.emplace(machine->open_first("Wave").value());
    }
    void TearDown() override {
        reads.clear();
        capture.reset();
        wave.reset();
        if (driver) {
            EXPECT_FALSE(machine->crash_report()) << *machine->crash_report();
            auto leaks = driver->unload();
            ASSERT_TRUE(leaks) << leaks.error().message;
            for (const LeakLine& leak : *leaks) {
                ADD_FAILURE() << leak.kind << " " << leak.what << ": " << leak.bytes << " bytes left";
            }
        }
    }

    Pin open_render(bool looped = false) {
        PinConnect connect;
        connect.pin = 0;
        connect.interface_id = looped ? 1 : 0;
        connect.format = data_format(WaveFormat{});
        auto pin = Pin::open(*wave, connect);
        EXPECT_TRUE(pin) << pin.error().message;
        return std::move(*pin);
    }
    // Records from now on, for as long as the buffers last.
    void listen(milliseconds length) {
        capture.emplace(Pin::open(*wave, 1, WaveFormat{}).value());
        ASSERT_TRUE(capture->set_state(PinState::pause));
        buffers.assign(static_cast<std::size_t>(length.count() / 10), Bytes(interval));
        for (Bytes& buffer : buffers) {
            const StreamBlock block{buffer};
            auto request = capture->submit_read({&block, 1});
            ASSERT_TRUE(request) << request.error().message;
            reads.push_back(std::move(*request));
        }
        ASSERT_TRUE(capture->set_state(PinState::run));
    }
    Bytes heard() const {
        Bytes all;
        for (std::size_t i = 0; i < reads.size() && reads[i].is_done(); ++i) {
            EXPECT_EQ(reads[i].used().front(), interval);
            all.insert(all.end(), buffers[i].begin(), buffers[i].end());
        }
        return all;
    }
    static StreamRequest submit(Pin& pin, Bytes& sound, std::uint32_t options = 0) {
        StreamBlock block{sound};
        block.options = options;
        auto request = pin.submit_write({&block, 1});
        EXPECT_TRUE(request) << request.error().message;
        return std::move(*request);
    }
    static Position position(const Pin& pin) {
        auto value = pin.get<Position>(property::audio_position);
        EXPECT_TRUE(value) << value.error().message;
        return *value;
    }

    const char* module;
    const char* inf;
    std::optional<Machine> machine;
    std::optional<Driver> driver;
    std::optional<Filter> wave;
    std::optional<Pin> capture;
    std::vector<Bytes> buffers;
    std::vector<StreamRequest> reads;
};

class WaveCyclic : public CardTest {
protected:
    WaveCyclic() : CardTest(CYCLIC_MODULE, CYCLIC_INF) {}
};

class WavePci : public CardTest {
protected:
    WavePci() : CardTest(WAVEPCI_MODULE, WAVEPCI_INF) {}
};

} // namespace openportcls::ports
