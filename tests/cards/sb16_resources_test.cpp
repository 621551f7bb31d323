// Where the card is: what its options, its INF and its absence mean to the driver.
#include "sb16_fixture.h"

namespace openportcls::cards {
namespace {

class Sb16Resources : public Sb16 {};

TEST_F(Sb16Resources, TheDriverFindsTheCardWhereItIsSet) {
    start({"sb16:io=240,mpu=300,irq=7,dma=3,dma16=6"});
    for (const std::uint16_t bits : {std::uint16_t{8}, std::uint16_t{16}}) {
        const WaveFormat played = format(22050, 2, bits);
        heard.clear();
        const Bytes sound = noise(played, 5000);
        play(played, sound);
        EXPECT_EQ(find(played, sound), 0U);
    }
}

TEST_F(Sb16Resources, EveryInterruptLineWorks) {
    for (const char* hardware : {"sb16:irq=2", "sb16:irq=5", "sb16:irq=7", "sb16:irq=10", "sb16:dma=0,dma16=7"}) {
        start({hardware});
        const WaveFormat played = format(22050, 1, 8);
        heard.clear();
        const Bytes sound = noise(played, 5000);
        play(played, sound);
        EXPECT_EQ(find(played, sound), 0U) << hardware;
        TearDown();
        driver.reset();
        machine.reset();
    }
}

// A card without a 16-bit channel moves words over the 8-bit one: every format plays and records, one at a time.
TEST_F(Sb16Resources, OneChannelForBothWidths) {
    start({"sb16:dma=3,dma16=3"});
    const WaveFormat words = format(44100, 2, 16);
    const WaveFormat bytes = format(22050, 1, 8);
    for (const WaveFormat& played : {words, bytes, format(48000, 1, 16)}) {
        heard.clear();
        const Bytes sound = noise(played, 20000);
        play(played, sound);
        EXPECT_EQ(find(played, sound), 0U) << to_string(played);
    }
    ASSERT_TRUE(machine->listen("line out", {})); // who would hear the line from now on
    for (const WaveFormat& recorded : {words, bytes}) {
        const auto sound = tone(recorded.rate, recorded.rate / 4);
        ASSERT_TRUE(machine->feed("line in", recorded.rate, sound));
        auto stream = CaptureStream::open(*wave, recorded);
        ASSERT_TRUE(stream) << stream.error().message;
        Bytes taken(sound.size() * recorded.bytes_per_frame());
        ASSERT_TRUE(stream->read(taken));
        EXPECT_EQ(first_difference(taken, to_bytes(sound, recorded)), std::nullopt) << to_string(recorded);
        EXPECT_FALSE(RenderStream::open(*wave, recorded.bits == 8 ? words : bytes)) << "the channel is taken";
    }
    EXPECT_TRUE(RenderStream::open(*wave, words)) << "and free again";
}

TEST_F(Sb16Resources, TwoCardsTwoDevices) {
    start({"sb16", "sb16:io=240,mpu=300,irq=7,dma=3,dma16=6"});
    EXPECT_EQ(machine->sockets().size(), 8U);
    auto second = driver->add_device();
    ASSERT_TRUE(second) << second.error().message;
    EXPECT_EQ(second->state(), "started");
    auto third = driver->add_device();
    ASSERT_FALSE(third) << "there is no third card";
    EXPECT_EQ(third.error().status, static_cast<std::int32_t>(0xC000000E)) << third.error().message; // no such device
    EXPECT_THAT(third.error().message, testing::HasSubstr("all 2 in this computer have one already"));
    std::size_t second_heard = 0;
    ASSERT_TRUE(machine->listen("sb16-2/line out",
                                [&](double, std::span<const SoundFrame> frames) { second_heard += frames.size(); }));
    std::vector<FilterInfo> waves;
    for (const FilterInfo& filter : machine->filters()) {
        if (filter.name == "Wave") {
            waves.push_back(filter);
        }
    }
    ASSERT_EQ(waves.size(), 2U);
    {
        auto other = machine->open(waves[1]).value();
        auto stream = RenderStream::open(other, format(8000, 1, 8));
        ASSERT_TRUE(stream) << stream.error().message;
        ASSERT_TRUE(stream->write(Bytes(800, std::byte{1})));
        ASSERT_TRUE(stream->drain());
    }
    EXPECT_EQ(second_heard + heard.size(), std::max(second_heard, heard.size())) << "one of the two played";
    EXPECT_GE(second_heard + heard.size(), 800U);
}

// Two cards on one DMA channel or interrupt line: only one of them has a device at a time.
TEST_F(Sb16Resources, CardsInEachOthersWay) {
    const struct {
        const char* second;
        const char* message;
    } cases[] = {
        {"sb16:io=240,mpu=300,irq=7", "DMA channel 1"},
        {"sb16:io=240,mpu=300,irq=7,dma=3", "DMA channel 5"},
        {"sb16:io=240,mpu=300,dma=3,dma16=6", "interrupt 5"},
    };
    for (const auto& each : cases) {
        start({"sb16", each.second});
        auto second = driver->add_device();
        ASSERT_FALSE(second) << each.second;
        EXPECT_EQ(second.error().status, static_cast<std::int32_t>(0xC0000018)) << second.error().message; // conflict
        EXPECT_THAT(second.error().message, testing::HasSubstr(each.message));
        TearDown();
        driver.reset();
        machine.reset();
    }
}

TEST_F(Sb16Resources, WithoutACardTheDriverDoesNotStart) {
    auto bare = Machine::create().value();
    DriverOptions options;
    options.inf = OPENPORTCLS_SB16_INF;
    auto loaded = bare.load_driver(OPENPORTCLS_SB16, options);
    ASSERT_FALSE(loaded);
    EXPECT_EQ(loaded.error().status, static_cast<std::int32_t>(0xC000000E)) << loaded.error().message; // no such device
    EXPECT_FALSE(bare.crash_report());
}

TEST_F(Sb16Resources, AnUnknownCardIsRefused) {
    MachineOptions options;
    options.hardware = {"sb64"};
    auto created = Machine::create(options);
    ASSERT_FALSE(created);
    EXPECT_THAT(created.error().message, testing::HasSubstr("sb16"));
    options.hardware = {"sb16:irq=3"};
    EXPECT_THAT(Machine::create(options).error().message, testing::HasSubstr("irq=3"));
}

TEST_F(Sb16Resources, SocketsAreCalledByName) {
    start();
    EXPECT_THAT(machine->listen("line", {}).error().message, testing::HasSubstr("sb16/line out"));
    EXPECT_THAT(machine->feed("line out", 8000, {}).error().message, testing::HasSubstr("sb16/line in"));
    EXPECT_FALSE(machine->feed("line in", 0, {}));
    EXPECT_TRUE(machine->listen("sb16/line out", {}));
    const WaveFormat played = format(8000, 1, 8);
    play(played, noise(played, 100));
    EXPECT_TRUE(heard.empty()) << "nobody listens any more";
}

TEST_F(Sb16Resources, ModelsAreListed) {
    const auto models = hardware_models();
    const auto model = std::ranges::find(models, "sb16", &HardwareModel::name);
    ASSERT_NE(model, models.end());
    EXPECT_EQ(model->options.size(), 6U);
    bool is_listed = false;
    for (const BuiltinDriver& each : builtin_drivers()) {
        is_listed |= each.name == "sb16" && each.binds_to == "sb16";
    }
    EXPECT_TRUE(is_listed);
}

TEST_F(Sb16Resources, ADriverThatTookTheOnlyCardGetsNoOther) {
    start();
    auto second = driver->add_device();
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().status, static_cast<std::int32_t>(0xC000000E)) << second.error().message;
    EXPECT_THAT(second.error().message, testing::HasSubstr("the only one in this computer has one already"));
}

// A driver without hardware of its own is left alone by the cards.
TEST_F(Sb16Resources, OtherDriversGetNoResources) {
    MachineOptions options;
    options.hardware = {"sb16"};
    auto both = Machine::create(options).value();
    ASSERT_TRUE(both.load_driver("cable"));
    DriverOptions driver_options;
    driver_options.inf = OPENPORTCLS_SB16_INF;
    EXPECT_TRUE(both.load_driver(OPENPORTCLS_SB16, driver_options));
}

// What a driver left is told apart from what others still have.
TEST_F(Sb16Resources, EachOfSeveralDriversUnloadsByItself) {
    MachineOptions options;
    options.hardware = {"sb16"};
    auto both = Machine::create(options).value();
    DriverOptions driver_options;
    driver_options.inf = OPENPORTCLS_SB16_INF;
    auto card = both.load_driver(OPENPORTCLS_SB16, driver_options);
    auto cable = both.load_driver("cable");
    ASSERT_TRUE(card);
    ASSERT_TRUE(cable);
    for (Driver* each : {&*card, &*cable}) {
        auto leaks = each->unload();
        ASSERT_TRUE(leaks) << leaks.error().message;
        for (const LeakLine& leak : *leaks) {
            ADD_FAILURE() << leak.kind << " " << leak.what;
        }
    }
}

} // namespace
} // namespace openportcls::cards
