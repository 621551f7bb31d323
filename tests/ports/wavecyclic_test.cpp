// WaveCyclic: what is written through stream requests comes out of the card's converter, and what its other converter
// hears comes in through stream requests. tests/drivers/cyclic is the card, with its output wired to its input.
#include <algorithm>
#include <cstring>
#include <optional>
#include <random>

#include <gmock/gmock.h>

#include <openportcls/openportcls.hpp>

namespace openportcls {
namespace {

using std::chrono::milliseconds;
using Bytes = std::vector<std::byte>;

constexpr std::size_t interval = 1920; // 10 ms
constexpr std::int32_t status_cancelled = static_cast<std::int32_t>(0xC0000120);
constexpr std::int32_t status_invalid_device_state = static_cast<std::int32_t>(0xC0000184);
constexpr std::int32_t status_access_violation = static_cast<std::int32_t>(0xC0000005);
constexpr std::int32_t status_not_supported = static_cast<std::int32_t>(0xC00000BB);
constexpr std::int32_t status_invalid_parameter = static_cast<std::int32_t>(0xC000000D);
constexpr std::uint32_t end_of_stream = 0x200; // KSSTREAM_HEADER_OPTIONSF_ENDOFSTREAM
constexpr Key connection_end_of_stream{{0x7f4bcbe0, 0x9ea5, 0x11cf, {0xa5, 0xd6, 0x28, 0xdb, 0x04, 0xc1, 0x00, 0x00}},
                                       4};

struct Position {
    std::uint64_t play;
    std::uint64_t write;
};

// No byte of it is 0, so that silence is told from sound.
Bytes noise(std::size_t bytes, unsigned seed = 1) {
    std::mt19937 random(seed);
    Bytes result(bytes);
    for (std::byte& each : result) {
        each = static_cast<std::byte>(random() % 255 + 1);
    }
    return result;
}

Bytes part(const Bytes& bytes, std::size_t from, std::size_t count) {
    return {bytes.begin() + static_cast<std::ptrdiff_t>(from),
            bytes.begin() + static_cast<std::ptrdiff_t>(from + count)};
}

// Where the sound begins in what was heard; npos when it is not there as a whole.
std::size_t find(const Bytes& heard, const Bytes& sound) {
    const auto at = std::search(heard.begin(), heard.end(), sound.begin(), sound.end());
    return at == heard.end() ? std::string::npos : static_cast<std::size_t>(at - heard.begin());
}

bool is_silent(const Bytes& bytes) {
    return std::all_of(bytes.begin(), bytes.end(), [](std::byte each) { return each == std::byte{}; });
}

class WaveCyclic : public testing::Test {
protected:
    void start(std::vector<std::string> parameters = {}, const MachineOptions& machine_options = {}) {
        machine.emplace(Machine::create(machine_options).value());
        DriverOptions options;
        options.inf = CYCLIC_INF;
        options.parameters = std::move(parameters);
        auto loaded = machine->load_driver(CYCLIC_MODULE, options);
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

    std::optional<Machine> machine;
    std::optional<Driver> driver;
    std::optional<Filter> wave;
    std::optional<Pin> capture;
    std::vector<Bytes> buffers;
    std::vector<StreamRequest> reads;
};

// ---- render ---------------------------------------------------------------------------------------------------------

// R-WCYC-01, R-WCYC-03, R-WCYC-06, R-WCYC-19: many laps of the buffer (17 intervals), in requests of any size.
// IMiniportWaveCyclic::Init, IMiniportWaveCyclic::NewStream, IPortWaveCyclic::NewMasterDmaChannel,
// IPortWaveCyclic::Notify, IMiniportWaveCyclicStream::SetState.
TEST_F(WaveCyclic, RequestsOfAnySizeAreHeardBitForBit) {
    for (const std::size_t bytes : {std::size_t{400}, interval, 3 * interval + 4, 200 * interval}) {
        start();
        listen(milliseconds(1500));
        Pin render = open_render();
        Bytes sound = noise(100 * interval);
        std::vector<Bytes> parts;
        for (std::size_t at = 0; at < sound.size(); at += bytes) {
            parts.push_back(part(sound, at, std::min(bytes, sound.size() - at)));
        }
        ASSERT_TRUE(render.set_state(PinState::pause));
        std::vector<StreamRequest> writes;
        for (Bytes& each : parts) {
            writes.push_back(submit(render, each));
        }
        ASSERT_TRUE(render.set_state(PinState::run));
        ASSERT_TRUE(machine->run_for(milliseconds(1200)));
        EXPECT_TRUE(std::all_of(writes.begin(), writes.end(), [](const auto& each) { return each.is_done(); }));
        EXPECT_NE(find(heard(), sound), std::string::npos) << "in requests of " << bytes;
        reads.clear();
        capture.reset();
        writes.clear();
        {
            const Pin closed = std::move(render);
        }
        wave.reset();
        driver.reset();
    }
}

// R-WCYC-07: about 40 ms ahead of the device, no more; R-WCYC-08: before it runs, and without waiting for more.
// R-WCYC-13: the write position is what CopyTo has moved. R-WCYC-04: the interval asked for is 10 ms, the one answered
// (the card says 13) is ignored. IMiniportWaveCyclicStream::SetNotificationFreq.
TEST_F(WaveCyclic, TheBufferIsToppedUpToFortyMilliseconds) {
    start();
    Pin render = open_render();
    Bytes sound = noise(30 * interval);
    ASSERT_TRUE(render.set_state(PinState::pause));
    StreamRequest write = submit(render, sound);
    EXPECT_EQ(position(render).play, 0U);
    EXPECT_EQ(position(render).write, 4 * interval);
    ASSERT_TRUE(render.set_state(PinState::run));
    for (unsigned round = 1; round < 20; ++round) {
        ASSERT_TRUE(machine->run_for(milliseconds(10)));
        const Position now = position(render);
        EXPECT_EQ(now.write - now.play, 4 * interval) << round;
        EXPECT_FALSE(write.is_done());
    }
    ASSERT_TRUE(machine->run_for(milliseconds(70)));
    EXPECT_TRUE(write.is_done()) << "copied, if not yet heard";
    EXPECT_LT(position(render).play, sound.size());
}

// R-WCYC-09, R-WCYC-10: what lies behind the data is silence, not what was there a lap ago; later data overwrites it.
// IMiniportWaveCyclicStream::Silence.
TEST_F(WaveCyclic, StarvationIsSilenceAndSoundGoesOn) {
    start();
    listen(milliseconds(1600));
    Pin render = open_render();
    ASSERT_TRUE(render.set_state(PinState::run));
    Bytes filling = noise(40 * interval, 7); // more than a lap: the buffer is full of it
    StreamRequest first = submit(render, filling);
    ASSERT_TRUE(machine->run_for(milliseconds(800)));
    Bytes later = noise(5 * interval, 8);
    StreamRequest second = submit(render, later);
    ASSERT_TRUE(machine->run_for(milliseconds(400)));
    const Bytes all = heard();
    const std::size_t at = find(all, filling);
    ASSERT_NE(at, std::string::npos);
    const std::size_t again = find(all, later);
    ASSERT_NE(again, std::string::npos);
    EXPECT_GT(again, at + filling.size());
    EXPECT_TRUE(is_silent(part(all, at + filling.size(), again - at - filling.size())));
    EXPECT_TRUE(is_silent(part(all, again + later.size(), all.size() - again - later.size())));
}

// The last 10 ms of the data are in the buffer, with silence behind them, when more comes: not a byte of that silence
// is heard.
TEST_F(WaveCyclic, DataThatComesJustInTimeOverwritesTheSilence) {
    start();
    listen(milliseconds(800));
    Pin render = open_render();
    ASSERT_TRUE(render.set_state(PinState::run));
    const Bytes sound = noise(40 * interval);
    std::vector<Bytes> parts;
    for (std::size_t at = 0; at < sound.size(); at += 2 * interval) {
        parts.push_back(part(sound, at, 2 * interval));
    }
    std::vector<StreamRequest> writes;
    writes.push_back(submit(render, parts[0]));
    for (std::size_t i = 1; i < parts.size(); ++i) {
        writes.push_back(submit(render, parts[i]));
        ASSERT_TRUE(machine->run_for(milliseconds(20)));
    }
    ASSERT_TRUE(machine->run_for(milliseconds(200)));
    EXPECT_NE(find(heard(), sound), std::string::npos);
}

// R-WCYC-12: not looped, positions go on over the laps; the play position stands where the client's data ends.
// R-WCYC-11. IMiniportWaveCyclicStream::GetPosition.
TEST_F(WaveCyclic, PositionsAreThoseOfTheStream) {
    start();
    Pin render = open_render();
    Bytes sound = noise(60 * interval);
    ASSERT_TRUE(render.set_state(PinState::pause));
    StreamRequest write = submit(render, sound);
    ASSERT_TRUE(render.set_state(PinState::run));
    ASSERT_TRUE(machine->run_for(milliseconds(505)));
    const Position middle = position(render);
    EXPECT_NEAR(static_cast<double>(middle.play), 50.0 * interval, interval);
    EXPECT_EQ(middle.write, middle.play + 4 * interval);
    ASSERT_TRUE(machine->run_for(milliseconds(1000)));
    EXPECT_EQ(position(render).play, sound.size());
    EXPECT_EQ(position(render).write, sound.size());
}

// R-STATE-04, R-STATE-02.
TEST_F(WaveCyclic, APausedStreamStandsStillAndAStoppedOneBeginsAnew) {
    start();
    listen(milliseconds(1000));
    Pin render = open_render();
    Bytes sound = noise(30 * interval);
    ASSERT_TRUE(render.set_state(PinState::pause));
    StreamRequest write = submit(render, sound);
    ASSERT_TRUE(render.set_state(PinState::run));
    ASSERT_TRUE(machine->run_for(milliseconds(100)));
    ASSERT_TRUE(render.set_state(PinState::pause));
    const Position paused = position(render);
    ASSERT_TRUE(machine->run_for(milliseconds(100)));
    EXPECT_EQ(position(render).play, paused.play);
    ASSERT_TRUE(render.set_state(PinState::run));
    ASSERT_TRUE(machine->run_for(milliseconds(400)));
    const Bytes all = heard();
    const std::size_t begin = find(all, part(sound, 0, paused.play));
    ASSERT_NE(begin, std::string::npos);
    EXPECT_NE(find(all, part(sound, paused.play, sound.size() - paused.play)), std::string::npos)
        << "not a frame is lost or heard twice";
    Bytes more = noise(30 * interval, 3);
    StreamRequest stopped = submit(render, more);
    ASSERT_TRUE(render.set_state(PinState::stop));
    EXPECT_EQ(position(render).play, 0U);
    EXPECT_EQ(position(render).write, 0U);
    ASSERT_TRUE(stopped.is_done());
    EXPECT_EQ(stopped.wait().error().status, status_cancelled);
}

TEST_F(WaveCyclic, AStreamThatIsStoppedTakesNoRequests) {
    start();
    Pin render = open_render();
    Bytes sound = noise(interval);
    const StreamBlock block{sound};
    auto request = render.submit_write({&block, 1});
    ASSERT_TRUE(!request || !request->wait());
    EXPECT_EQ(request ? request->wait().error().status : request.error().status, status_invalid_device_state);
}

// R-EVENT-12, KSEVENT_CONNECTION_ENDOFSTREAM: when it has been heard, not when it has been copied.
TEST_F(WaveCyclic, TheEndOfTheStreamIsAnEvent) {
    start();
    Pin render = open_render();
    auto ended = render.subscribe(connection_end_of_stream);
    ASSERT_TRUE(ended) << ended.error().message;
    Bytes sound = noise(6 * interval + 8);
    ASSERT_TRUE(render.set_state(PinState::pause));
    StreamRequest write = submit(render, sound, end_of_stream);
    ASSERT_TRUE(render.set_state(PinState::run));
    ASSERT_TRUE(machine->run_for(milliseconds(45)));
    EXPECT_TRUE(write.is_done());
    EXPECT_FALSE(ended->take());
    ASSERT_TRUE(machine->run_for(milliseconds(60)));
    EXPECT_TRUE(ended->take());
    EXPECT_GE(position(render).play, sound.size());
    ASSERT_TRUE(machine->run_for(milliseconds(100)));
    EXPECT_FALSE(ended->take());
}

// R-KS-02. IMiniportWaveCyclicStream::SetFormat.
TEST_F(WaveCyclic, TheFormatOfAnOpenStreamIsTheDriversToTake) {
    start();
    Pin render = open_render();
    const auto set_format = [&](std::uint16_t channels) {
        WaveFormat format;
        format.channels = channels;
        Bytes bytes = data_format(format);
        auto done = render.property(property::connection_set, 2 /* KSPROPERTY_CONNECTION_DATAFORMAT */, property_set,
                                    {}, bytes);
        return done ? 0 : done.error().status;
    };
    EXPECT_EQ(set_format(2), 0);
    EXPECT_EQ(set_format(1), status_invalid_parameter);
}

// ---- looped ---------------------------------------------------------------------------------------------------------

// R-WCYC-12: one request is played round and round; positions are in its buffer.
TEST_F(WaveCyclic, ALoopedBufferIsHeardUntilAnotherFollows) {
    start();
    listen(milliseconds(800));
    Pin render = open_render(true);
    Bytes loop = noise(5 * interval + 12);
    ASSERT_TRUE(render.set_state(PinState::pause));
    StreamRequest first = submit(render, loop);
    ASSERT_TRUE(render.set_state(PinState::run));
    ASSERT_TRUE(machine->run_for(milliseconds(305)));
    EXPECT_FALSE(first.is_done());
    EXPECT_LT(position(render).play, loop.size());
    EXPECT_LT(position(render).write, loop.size());
    EXPECT_NEAR(static_cast<double>(position(render).play), static_cast<double>(30 * interval % loop.size()), interval);
    Bytes thrice;
    for (int i = 0; i < 3; ++i) {
        thrice.insert(thrice.end(), loop.begin(), loop.end());
    }
    EXPECT_NE(find(heard(), thrice), std::string::npos);
    Bytes other = noise(4 * interval, 9);
    StreamRequest second = submit(render, other);
    ASSERT_TRUE(machine->run_for(milliseconds(300)));
    EXPECT_TRUE(first.is_done()) << "the next one has taken over";
    EXPECT_TRUE(first.wait());
    EXPECT_FALSE(second.is_done());
    Bytes change = loop;
    change.insert(change.end(), other.begin(), other.end());
    change.insert(change.end(), other.begin(), other.end());
    EXPECT_NE(find(heard(), change), std::string::npos);
    second.cancel();
    EXPECT_EQ(second.wait().error().status, status_cancelled);
}

TEST_F(WaveCyclic, ALoopedBufferIsHeardFromWhereItIsSet) {
    start();
    listen(milliseconds(600));
    Pin render = open_render(true);
    Bytes loop = noise(20 * interval);
    ASSERT_TRUE(render.set_state(PinState::pause));
    const auto set = [&](std::uint64_t offset) { return render.set(property::audio_position, Position{offset, 0}); };
    EXPECT_EQ(set(interval).error().status, status_invalid_parameter) << "there is no buffer yet";
    StreamRequest write = submit(render, loop);
    EXPECT_EQ(set(loop.size()).error().status, status_invalid_parameter);
    ASSERT_TRUE(set(13 * interval + 8));
    EXPECT_EQ(position(render).play, 13 * interval + 8);
    ASSERT_TRUE(render.set_state(PinState::run));
    ASSERT_TRUE(machine->run_for(milliseconds(205)));
    Bytes expected = part(loop, 13 * interval + 8, 7 * interval - 8);
    expected.insert(expected.end(), loop.begin(), loop.begin() + 4 * interval);
    const std::size_t first = find(heard(), expected);
    ASSERT_NE(first, std::string::npos);
    EXPECT_TRUE(is_silent(part(heard(), 0, first))) << "nothing of what was in the buffer before";
    ASSERT_TRUE(set(3 * interval + 100));
    ASSERT_TRUE(machine->run_for(milliseconds(200)));
    EXPECT_NE(find(heard(), part(loop, 3 * interval + 100, 10 * interval)), std::string::npos);
}

TEST_F(WaveCyclic, APlainStreamHasNoPositionToSet) {
    start();
    Pin render = open_render();
    ASSERT_TRUE(render.set_state(PinState::pause));
    EXPECT_EQ(render.set(property::audio_position, Position{interval, 0}).error().status, status_not_supported);
}

// ---- capture --------------------------------------------------------------------------------------------------------

// What the client leaves in the buffer for longer than a lap is lost, oldest first; then it goes on without a seam.
TEST_F(WaveCyclic, ALateReaderLosesTheOldest) {
    start();
    Pin render = open_render();
    Bytes sound = noise(120 * interval);
    ASSERT_TRUE(render.set_state(PinState::pause));
    StreamRequest write = submit(render, sound);
    Pin late = Pin::open(*wave, 1, WaveFormat{}).value();
    ASSERT_TRUE(late.set_state(PinState::run));
    ASSERT_TRUE(render.set_state(PinState::run));
    ASSERT_TRUE(machine->run_for(milliseconds(600)));
    Bytes got(20 * interval);
    auto read = late.read(got);
    ASSERT_TRUE(read) << read.error().message;
    const std::size_t at = find(sound, got);
    ASSERT_NE(at, std::string::npos) << "without a seam";
    EXPECT_GT(at, 40 * interval) << "half a second ago is gone";
    const Position now = position(late);
    EXPECT_GE(now.play, now.write);
}

TEST_F(WaveCyclic, ARequestIsFilledToItsEndAndOnlyThen) {
    start();
    capture.emplace(Pin::open(*wave, 1, WaveFormat{}).value());
    ASSERT_TRUE(capture->set_state(PinState::run));
    Bytes first(interval);
    Bytes second(2 * interval);
    const StreamBlock blocks[] = {{first}, {second}};
    auto request = capture->submit_read(blocks);
    ASSERT_TRUE(request) << request.error().message;
    ASSERT_TRUE(machine->run_for(milliseconds(25)));
    EXPECT_FALSE(request->is_done());
    ASSERT_TRUE(machine->run_for(milliseconds(20)));
    EXPECT_TRUE(request->is_done());
    EXPECT_THAT(request->used(), testing::ElementsAre(interval, 2 * interval));
}

// R-KS-06: each header has a buffer of its own; one without is passed over.
TEST_F(WaveCyclic, TheBlocksOfARequestFollowEachOther) {
    start();
    const Bytes sound = noise(9 * interval);
    Bytes blocks[] = {part(sound, 0, 2 * interval),
                      part(sound, 2 * interval, 100),
                      {},
                      part(sound, 2 * interval + 100, 7 * interval - 100)};
    Bytes into[] = {Bytes(5 * interval), Bytes(60), {}, Bytes(9 * interval)};
    std::vector<StreamBlock> headers;
    std::vector<StreamBlock> empty;
    for (int i = 0; i < 4; ++i) {
        headers.push_back({blocks[i]});
        empty.push_back({into[i]});
    }
    capture.emplace(Pin::open(*wave, 1, WaveFormat{}).value());
    ASSERT_TRUE(capture->set_state(PinState::pause));
    auto read = capture->submit_read(empty);
    ASSERT_TRUE(read) << read.error().message;
    Pin render = open_render();
    ASSERT_TRUE(render.set_state(PinState::pause));
    auto write = render.submit_write(headers);
    ASSERT_TRUE(write) << write.error().message;
    ASSERT_TRUE(capture->set_state(PinState::run));
    ASSERT_TRUE(render.set_state(PinState::run));
    ASSERT_TRUE(machine->run_for(milliseconds(200)));
    EXPECT_TRUE(write->is_done());
    ASSERT_TRUE(read->is_done());
    Bytes all;
    for (const Bytes& each : into) {
        all.insert(all.end(), each.begin(), each.end());
    }
    EXPECT_NE(find(all, sound), std::string::npos);
}

// ---- requests that end otherwise
// --------------------------------------------------------------------------------------

TEST_F(WaveCyclic, ACancelledRequestIsSkipped) {
    start();
    listen(milliseconds(500));
    Pin render = open_render();
    Bytes sounds[3] = {noise(6 * interval, 1), noise(6 * interval, 2), noise(6 * interval, 3)};
    ASSERT_TRUE(render.set_state(PinState::pause));
    std::vector<StreamRequest> writes;
    for (Bytes& sound : sounds) {
        writes.push_back(submit(render, sound));
    }
    writes[1].cancel();
    EXPECT_EQ(writes[1].wait().error().status, status_cancelled);
    ASSERT_TRUE(render.set_state(PinState::run));
    ASSERT_TRUE(machine->run_for(milliseconds(300)));
    Bytes expected = sounds[0];
    expected.insert(expected.end(), sounds[2].begin(), sounds[2].end());
    EXPECT_NE(find(heard(), expected), std::string::npos);
}

// R-KS-03.
TEST_F(WaveCyclic, AResetGivesBackWhatIsQueued) {
    start();
    Pin render = open_render();
    Bytes sound = noise(30 * interval);
    ASSERT_TRUE(render.set_state(PinState::pause));
    StreamRequest write = submit(render, sound);
    ASSERT_TRUE(render.reset(true));
    EXPECT_EQ(write.wait().error().status, status_cancelled);
    ASSERT_TRUE(render.reset(false));
    StreamRequest again = submit(render, sound);
    EXPECT_FALSE(again.is_done());
}

TEST_F(WaveCyclic, BuffersThatAreNoneAreRefused) {
    start();
    Pin render = open_render();
    ASSERT_TRUE(render.set_state(PinState::pause));
    const StreamBlock wild{{reinterpret_cast<std::byte*>(0x1234000), 4096}};
    auto request = render.submit_write({&wild, 1});
    EXPECT_EQ(request ? request->wait().error().status : request.error().status, status_access_violation);
}

// R-PNP-05.
TEST_F(WaveCyclic, APulledDeviceGivesBackWhatIsQueued) {
    start();
    {
        Pin render = open_render();
        Bytes sound = noise(30 * interval);
        ASSERT_TRUE(render.set_state(PinState::run));
        StreamRequest write = submit(render, sound);
        ASSERT_TRUE(machine->run_for(milliseconds(30)));
        ASSERT_TRUE(driver->devices().front().surprise_remove());
        EXPECT_TRUE(write.is_done());
        EXPECT_EQ(write.wait().error().status, status_cancelled);
    }
}

// R-STATE-01: what the miniport refuses is rolled back.
TEST_F(WaveCyclic, AStateThatTheDriverRefusesIsNotReached) {
    start({"Fails=3"});
    Pin render = open_render();
    EXPECT_FALSE(render.set_state(PinState::run));
    EXPECT_EQ(render.state().value(), PinState::stop);
    EXPECT_TRUE(render.set_state(PinState::pause));
}

// ---- the miniport's part --------------------------------------------------------------------------------------------

// R-WCYC-17: a channel of the driver's own does the copying. R-WCYC-02: it stops the system when the port calls any but
// six of its methods.
TEST_F(WaveCyclic, TheChannelCopies) {
    start({"Inverted=1"});
    listen(milliseconds(400));
    Pin render = open_render();
    Bytes sound = noise(20 * interval);
    ASSERT_TRUE(render.set_state(PinState::run));
    StreamRequest write = submit(render, sound);
    ASSERT_TRUE(machine->run_for(milliseconds(350)));
    EXPECT_NE(find(heard(), sound), std::string::npos) << "inverted twice";
    EXPECT_EQ(heard().back(), std::byte{0xFF}) << "the card's silence is not inverted on its way out";
}

// R-WCYC-05: small buffers, and ones that are no multiple of the interval.
TEST_F(WaveCyclic, BuffersOfAnySizeDo) {
    for (const char* bytes : {"4096", "8000", "12345", "65536"}) {
        start({std::string("BufferBytes=") + bytes});
        listen(milliseconds(800));
        Pin render = open_render();
        Bytes sound = noise(50 * interval);
        ASSERT_TRUE(render.set_state(PinState::run));
        StreamRequest write = submit(render, sound);
        ASSERT_TRUE(machine->run_for(milliseconds(750)));
        EXPECT_NE(find(heard(), sound), std::string::npos) << bytes;
        reads.clear();
        capture.reset();
        {
            const StreamRequest done = std::move(write);
        }
        {
            const Pin closed = std::move(render);
        }
        wave.reset();
        driver.reset();
    }
}

TEST_F(WaveCyclic, AnyInterleavingIsHeardBitForBit) {
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
        MachineOptions options;
        options.scheduling = Scheduling::random;
        options.seed = seed;
        start({}, options);
        listen(milliseconds(500));
        {
            Pin render = open_render();
            const Bytes sound = noise(30 * interval);
            std::vector<Bytes> parts;
            for (std::size_t at = 0; at < sound.size(); at += 1000) {
                parts.push_back(part(sound, at, std::min<std::size_t>(1000, sound.size() - at)));
            }
            ASSERT_TRUE(render.set_state(PinState::pause));
            std::vector<StreamRequest> writes;
            for (Bytes& each : parts) {
                writes.push_back(submit(render, each));
            }
            ASSERT_TRUE(render.set_state(PinState::run));
            ASSERT_TRUE(machine->run_for(milliseconds(450)));
            EXPECT_NE(find(heard(), sound), std::string::npos) << "seed " << seed;
        }
        reads.clear();
        capture.reset();
        wave.reset();
        driver.reset();
    }
}

// R-STATE-06: the device sleeps, and no frame is lost or heard twice.
TEST_F(WaveCyclic, SleepIsNotHeard) {
    start();
    listen(milliseconds(900));
    Pin render = open_render();
    Bytes sound = noise(50 * interval);
    ASSERT_TRUE(render.set_state(PinState::run));
    StreamRequest write = submit(render, sound);
    ASSERT_TRUE(machine->run_for(milliseconds(205)));
    ASSERT_TRUE(driver->devices().front().set_power(3));
    const Position asleep = position(render);
    ASSERT_TRUE(machine->run_for(milliseconds(300)));
    EXPECT_EQ(position(render).play, asleep.play);
    ASSERT_TRUE(driver->devices().front().set_power(0));
    ASSERT_TRUE(machine->run_for(milliseconds(500)));
    EXPECT_NE(find(heard(), sound), std::string::npos);
}

} // namespace
} // namespace openportcls
