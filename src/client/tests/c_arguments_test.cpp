// Arguments of the C functions that are unusual, and what is said of them.
#include <string>

#include <ntstatus.h>

#include "client/tests/c_objects.h"

namespace openportcls::client {
namespace {

using CArguments = CObjects;

// An empty text, or no frames, needs no address.
TEST_F(CArguments, NoBytesNeedNoAddress) {
    EXPECT_EQ(opc_stream_write(render, nullptr, 0), 0);
    EXPECT_EQ(opc_stream_read(capture, nullptr, 0), 0);
    EXPECT_EQ(opc_stream_read_available(capture, nullptr, 0, &size), 0);
    EXPECT_EQ(size, 0U);
    const opc_uuid audio{0x45ffaaa0, 0x6e1b, 0x11d0, {0xbc, 0xf2, 0x44, 0x45, 0x53, 0x54, 0x00, 0x00}};
    EXPECT_NE(opc_property(opc_filter_object(topology), &audio, 999, 1, nullptr, 0, nullptr, 0, nullptr),
              STATUS_INVALID_PARAMETER);
}

TEST_F(CArguments, NullInsideOfAStructureIsAskedForToo) {
    opc_driver* loaded = reinterpret_cast<opc_driver*>(0x10);
    driver_options.parameter_count = 1;
    EXPECT_EQ(opc_driver_load(machine, "cable", &driver_options, &loaded), STATUS_INVALID_PARAMETER);
    EXPECT_EQ(loaded, nullptr);
    const char* const parameters[] = {"Test=1", nullptr};
    driver_options.parameters = parameters;
    driver_options.parameter_count = 2;
    EXPECT_EQ(opc_driver_load(machine, "cable", &driver_options, &loaded), STATUS_INVALID_PARAMETER);
    EXPECT_NE(std::string(opc_last_error()).find("parameters[1]"), std::string::npos) << opc_last_error();
}

// The stream and the event go on without it, and can have another.
TEST_F(CArguments, ACallbackOfNullEndsTheOneThatWas) {
    int periods = 0;
    const auto count_period = [](void* counter, void*, size_t) {
        ++*static_cast<int*>(counter);
        return true;
    };
    EXPECT_EQ(opc_stream_on_period(capture, nullptr, nullptr), 0) << "none is there yet";
    for (int round = 0; round < 2; ++round) {
        periods = 0;
        ASSERT_EQ(opc_stream_on_period(capture, count_period, &periods), 0) << opc_last_error();
        ASSERT_EQ(opc_machine_run_for(machine, 50'000'000), 0);
        EXPECT_GT(periods, 2);
        ASSERT_EQ(opc_stream_on_period(capture, nullptr, nullptr), 0) << opc_last_error();
        const int then = periods;
        ASSERT_EQ(opc_machine_run_for(machine, 50'000'000), 0);
        EXPECT_EQ(periods, then);
        opc_position first{};
        opc_position second{};
        ASSERT_EQ(opc_stream_position(capture, &first), 0);
        ASSERT_EQ(opc_machine_run_for(machine, 3'000'000), 0);
        ASSERT_EQ(opc_stream_position(capture, &second), 0);
        EXPECT_NE(first.play_offset, second.play_offset) << "it runs";
        std::vector<unsigned char> sound(4800);
        EXPECT_EQ(opc_stream_read(capture, sound.data(), sound.size()), 0) << opc_last_error();
    }
    EXPECT_EQ(opc_stream_on_period(render, nullptr, nullptr), 0);

    int signals = 0;
    const auto count_signal = [](void* counter) { ++*static_cast<int*>(counter); };
    EXPECT_EQ(opc_event_on_signal(event, nullptr, nullptr), 0) << "none is there yet";
    for (int round = 0; round < 2; ++round) {
        signals = 0;
        ASSERT_EQ(opc_event_on_signal(event, count_signal, &signals), 0) << opc_last_error();
        ASSERT_EQ(opc_filter_set_volume(topology, 0, 0, -3 - round), 0);
        ASSERT_EQ(opc_machine_run_for(machine, 1'000'000), 0);
        EXPECT_EQ(signals, 1);
        ASSERT_EQ(opc_event_on_signal(event, nullptr, nullptr), 0) << opc_last_error();
        ASSERT_EQ(opc_filter_set_volume(topology, 0, 0, -6 - round), 0);
        ASSERT_EQ(opc_machine_run_for(machine, 1'000'000), 0);
        EXPECT_EQ(signals, 1);
        EXPECT_TRUE(opc_event_take(event)) << "take() sees signals again";
    }
}

// Whose thread is the one that would have to end.
TEST_F(CArguments, ACallbackDoesNotEndItself) {
    struct Inside {
        opc_stream* stream;
        opc_event* event;
        opc_status status = 0;
    } inside{capture, event};
    const auto from_period = [](void* context, void*, size_t) {
        auto& self = *static_cast<Inside*>(context);
        self.status = opc_stream_on_period(self.stream, nullptr, nullptr);
        return false;
    };
    ASSERT_EQ(opc_stream_on_period(capture, from_period, &inside), 0);
    ASSERT_EQ(opc_machine_run_for(machine, 50'000'000), 0);
    EXPECT_EQ(inside.status, STATUS_DEVICE_BUSY);
    inside.status = 0;
    const auto from_signal = [](void* context) {
        auto& self = *static_cast<Inside*>(context);
        self.status = opc_event_on_signal(self.event, nullptr, nullptr);
    };
    ASSERT_EQ(opc_event_on_signal(event, from_signal, &inside), 0);
    ASSERT_EQ(opc_filter_set_volume(topology, 0, 0, -3), 0);
    ASSERT_EQ(opc_machine_run_for(machine, 1'000'000), 0);
    EXPECT_EQ(inside.status, STATUS_DEVICE_BUSY);
}

// Numbers that the machine cannot count to, or that no memory holds.
TEST_F(CArguments, LargeNumbersAreNoMishap) {
    const opc_uuid audio{0x45ffaaa0, 0x6e1b, 0x11d0, {0xbc, 0xf2, 0x44, 0x45, 0x53, 0x54, 0x00, 0x00}};
    opc_object* const object = opc_filter_object(topology);
    EXPECT_EQ(opc_property(object, &audio, 4, 1, bytes, SIZE_MAX, bytes, 4, nullptr), STATUS_INVALID_PARAMETER);
    EXPECT_EQ(opc_property(object, &audio, 4, 1, bytes, 8, bytes, SIZE_MAX, nullptr), STATUS_INVALID_PARAMETER);
    EXPECT_EQ(opc_control(object, 0x2F0003, bytes, SIZE_MAX, nullptr, 0, nullptr), STATUS_INVALID_PARAMETER);
    EXPECT_EQ(opc_control(object, 0x2F0003, bytes, 4, bytes, std::size_t{1} << 32, nullptr), STATUS_INVALID_PARAMETER);
    EXPECT_EQ(opc_pin_write(pin, bytes, std::size_t{1} << 32), STATUS_INVALID_PARAMETER);
    EXPECT_EQ(opc_pin_read(pin, bytes, std::size_t{1} << 32, &size), STATUS_INVALID_PARAMETER);
    opc_pin* opened = nullptr;
    EXPECT_EQ(opc_pin_open_raw(filter, bytes, SIZE_MAX, &opened), STATUS_INVALID_PARAMETER);
    ASSERT_EQ(opc_filter_set_volume(topology, 0, 0, -9), 0);
    EXPECT_EQ(opc_event_wait(event, UINT64_MAX), 0) << "as long as it takes: " << opc_last_error();
    EXPECT_EQ(opc_machine_run_for(machine, UINT64_MAX), STATUS_INVALID_PARAMETER);
}

} // namespace
} // namespace openportcls::client
