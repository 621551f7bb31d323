// Packet mode: R-WRT-20 to R-WRT-29.
#include "wavert_fixture.h"

namespace wavert_test {

class WaveRtPacket : public WaveRtTest {
protected:
    static constexpr ULONG buffer_bytes = byte_rate / 50; // two packets of 10 ms

    FILE_OBJECT* open_packet_pin(ULONG pin_id) {
        FILE_OBJECT* pin = open_pin(pin_id);
        KSRTAUDIO_BUFFER buffer = {};
        EXPECT_EQ(get_buffer_with_notification(pin, buffer_bytes, 2, buffer), STATUS_SUCCESS);
        return pin;
    }
    NTSTATUS packet_count(FILE_OBJECT* pin, ULONG& count) {
        return get(pin, KSPROPSETID_RtAudio, KSPROPERTY_RTAUDIO_PACKETCOUNT, count);
    }
    NTSTATUS write_packet(FILE_OBJECT* pin, ULONG number, DWORD flags = 0, ULONG length = 0) {
        KSRTAUDIO_SETWRITEPACKET_INFO packet = {number, flags, length};
        return send(pin, request(KSPROPSETID_RtAudio, KSPROPERTY_RTAUDIO_SETWRITEPACKET, KSPROPERTY_TYPE_SET), packet);
    }
    NTSTATUS read_packet(FILE_OBJECT* pin, KSRTAUDIO_GETREADPACKET_INFO& packet) {
        return get(pin, KSPROPSETID_RtAudio, KSPROPERTY_RTAUDIO_GETREADPACKET, packet);
    }
};

TEST_F(WaveRtPacket, OnlyStreamsWithTheInterfacesHavePackets_R_WRT_20) {
    start();
    inside([&] {
        FILE_OBJECT* pin = open_pin();
        ULONG count = 0;
        KSRTAUDIO_GETREADPACKET_INFO packet = {};
        KSAUDIO_PRESENTATION_POSITION presentation = {};
        EXPECT_EQ(packet_count(pin, count), STATUS_NOT_SUPPORTED);
        EXPECT_EQ(write_packet(pin, 0), STATUS_NOT_SUPPORTED);
        EXPECT_EQ(read_packet(pin, packet), STATUS_NOT_SUPPORTED);
        EXPECT_EQ(get(pin, KSPROPSETID_RtAudio, KSPROPERTY_RTAUDIO_PRESENTATION_POSITION, presentation),
                  STATUS_NOT_SUPPORTED);
        script_.packets = true;
        pin = open_packet_pin(render_pin);
        EXPECT_EQ(packet_count(pin, count), STATUS_SUCCESS);
        EXPECT_EQ(read_packet(pin, packet), STATUS_NOT_SUPPORTED) << "a render stream has nothing to read";
        pin = open_packet_pin(capture_pin);
        EXPECT_EQ(packet_count(pin, count), STATUS_NOT_SUPPORTED);
        EXPECT_EQ(read_packet(pin, packet), STATUS_DEVICE_NOT_READY);
    });
}

// Shows KSPROPERTY_RTAUDIO_PACKETCOUNT.
TEST_F(WaveRtPacket, CountsPacketsFullyMoved_R_WRT_21_R_WRT_24) {
    script_.packets = true;
    start();
    inside([&] {
        FILE_OBJECT* pin = open_packet_pin(render_pin);
        ULONG count = 42;
        EXPECT_EQ(packet_count(pin, count), STATUS_SUCCESS);
        EXPECT_EQ(information_, sizeof(ULONG));
        EXPECT_EQ(count, 0u);
        run(pin);
        machine_.run_for(55 * millisecond);
        EXPECT_EQ(packet_count(pin, count), STATUS_SUCCESS);
        EXPECT_EQ(count, 5u) << "goes on at real-time rate although nothing was written";
        EXPECT_EQ(set_state(pin, KSSTATE_STOP), STATUS_SUCCESS);
        EXPECT_EQ(packet_count(pin, count), STATUS_SUCCESS);
        EXPECT_EQ(count, 0u);
    });
}

TEST_F(WaveRtPacket, WritePacketErrors_R_WRT_22) {
    script_.packets = true;
    start();
    inside([&] {
        FILE_OBJECT* pin = open_packet_pin(render_pin);
        EXPECT_EQ(write_packet(pin, 0), STATUS_SUCCESS);
        EXPECT_EQ(write_packet(pin, 1), STATUS_SUCCESS);
        run(pin);
        machine_.run_for(55 * millisecond); // packet 5 is in progress
        EXPECT_EQ(write_packet(pin, 4), STATUS_DATA_LATE_ERROR);
        EXPECT_EQ(write_packet(pin, 5), STATUS_DATA_LATE_ERROR);
        EXPECT_EQ(write_packet(pin, 6), STATUS_SUCCESS);
        EXPECT_EQ(write_packet(pin, 60), STATUS_DATA_OVERRUN);
        EXPECT_EQ(write_packet(pin, 6, 0x8000), STATUS_INVALID_PARAMETER);
    });
}

// Shows KSPROPERTY_RTAUDIO_SETWRITEPACKET.
TEST_F(WaveRtPacket, EndOfStreamCarriesItsLength_R_WRT_22_R_WRT_23) {
    script_.packets = true;
    start();
    inside([&] {
        FILE_OBJECT* pin = open_packet_pin(render_pin);
        EXPECT_EQ(write_packet(pin, 0, KSSTREAM_HEADER_OPTIONSF_ENDOFSTREAM, 0), STATUS_SUCCESS);
        EXPECT_TRUE(script_.noted("SetWritePacket 0 " + std::to_string(KSSTREAM_HEADER_OPTIONSF_ENDOFSTREAM) + " 0"));
        EXPECT_EQ(write_packet(pin, 1), STATUS_INVALID_DEVICE_STATE);
    });
}

// Shows KSPROPERTY_RTAUDIO_GETREADPACKET.
TEST_F(WaveRtPacket, ReadPackets_R_WRT_25_R_WRT_27) {
    script_.packets = true;
    start();
    inside([&] {
        FILE_OBJECT* pin = open_packet_pin(capture_pin);
        KSRTAUDIO_GETREADPACKET_INFO packet = {7, 7, 7, 7};
        EXPECT_EQ(read_packet(pin, packet), STATUS_DEVICE_NOT_READY);
        run(pin);
        machine_.run_for(25 * millisecond);
        // What an earlier request has left behind is not what the miniport finds in Flags.
        EXPECT_EQ(write_packet(pin, ~0U, ~0U, ~0U), STATUS_NOT_SUPPORTED);
        ASSERT_EQ(read_packet(pin, packet), STATUS_SUCCESS);
        EXPECT_EQ(packet.PacketNumber, 0u);
        EXPECT_EQ(packet.Flags, 0u);
        EXPECT_TRUE(packet.MoreData);
        const ULONG64 first = packet.PerformanceCounterValue;
        ASSERT_EQ(read_packet(pin, packet), STATUS_SUCCESS);
        EXPECT_EQ(packet.PacketNumber, 1u);
        EXPECT_FALSE(packet.MoreData);
        LARGE_INTEGER frequency;
        KeQueryPerformanceCounter(&frequency);
        EXPECT_EQ(packet.PerformanceCounterValue - first, static_cast<ULONG64>(frequency.QuadPart) / 100)
            << "the time of its first sample";
        EXPECT_EQ(read_packet(pin, packet), STATUS_DEVICE_NOT_READY) << "nothing new";
    });
}

TEST_F(WaveRtPacket, OverflowDropsTheOldest_R_WRT_26) {
    script_.packets = true;
    start();
    inside([&] {
        FILE_OBJECT* pin = open_packet_pin(capture_pin);
        run(pin);
        machine_.run_for(75 * millisecond);
        KSRTAUDIO_GETREADPACKET_INFO packet = {};
        ASSERT_EQ(read_packet(pin, packet), STATUS_SUCCESS);
        EXPECT_EQ(packet.PacketNumber, 5u) << "seven packets captured, room for two";
        EXPECT_EQ(set_state(pin, KSSTATE_STOP), STATUS_SUCCESS);
        EXPECT_EQ(read_packet(pin, packet), STATUS_DEVICE_NOT_READY) << "numbers begin again at 0";
    });
}

// Shows KSPROPERTY_RTAUDIO_PRESENTATION_POSITION.
TEST_F(WaveRtPacket, PresentationPositionIsWhatIsHeard_R_WRT_28) {
    script_.packets = true;
    start();
    inside([&] {
        FILE_OBJECT* pin = open_packet_pin(render_pin);
        run(pin);
        machine_.run_for(15 * millisecond);
        KSAUDIO_PRESENTATION_POSITION presentation = {};
        ASSERT_EQ(get(pin, KSPROPSETID_RtAudio, KSPROPERTY_RTAUDIO_PRESENTATION_POSITION, presentation),
                  STATUS_SUCCESS);
        EXPECT_EQ(presentation.u64PositionInBlocks, sample_rate * 15 / 1000 - 12) << "behind the DMA by the codec";
        const auto now = static_cast<UINT64>(KeQueryPerformanceCounter(nullptr).QuadPart);
        EXPECT_LE(presentation.u64QPCPosition, now);
        EXPECT_GT(presentation.u64QPCPosition + 100, now);
    });
}

// While another thread is inside a slow property of the driver, which runs under the device's global lock, a packet or
// position request waits for that lock; with UsePositionLock it does not.
class WaveRtPositionLock : public WaveRtPacket {
protected:
    struct SlowRequest {
        WaveRtPositionLock* test;
        FILE_OBJECT* filter;
        static void NTAPI run(PVOID context) {
            auto& request = *static_cast<SlowRequest*>(context);
            KSPROPERTY property = {};
            property.Set = slow_property_set;
            property.Flags = KSPROPERTY_TYPE_GET;
            ULONG value = 0;
            ULONG_PTR information = 0;
            executive::device_control(request.filter, IOCTL_KS_PROPERTY, &property, sizeof(property), &value,
                                      sizeof(value), &information);
            PsTerminateSystemThread(STATUS_SUCCESS);
        }
    };

    // How long each of three requests took while the slow one was running.
    std::vector<machine::Nanoseconds> measure() {
        std::vector<machine::Nanoseconds> result;
        FILE_OBJECT* pin = open_packet_pin(render_pin);
        run(pin);
        SlowRequest slow = {this, filter_};
        for (int kind = 0; kind < 3; ++kind) {
            HANDLE thread = nullptr;
            EXPECT_EQ(
                PsCreateSystemThread(&thread, THREAD_ALL_ACCESS, nullptr, nullptr, nullptr, SlowRequest::run, &slow),
                STATUS_SUCCESS);
            machine_.run_for(millisecond);
            const auto begin = machine_.now();
            ULONG count = 0;
            KSAUDIO_POSITION position = {};
            KSAUDIO_POSITIONEX extended = {};
            switch (kind) {
            case 0:
                EXPECT_EQ(packet_count(pin, count), STATUS_SUCCESS);
                break;
            case 1:
                EXPECT_EQ(get(pin, KSPROPSETID_Audio, KSPROPERTY_AUDIO_POSITION, position), STATUS_SUCCESS);
                break;
            default:
                EXPECT_EQ(get(pin, KSPROPSETID_Audio, KSPROPERTY_AUDIO_POSITIONEX, extended), STATUS_SUCCESS);
                break;
            }
            result.push_back(machine_.now() - begin);
            ZwWaitForSingleObject(thread, FALSE, nullptr);
            ZwClose(thread);
        }
        return result;
    }
};

TEST_F(WaveRtPositionLock, TheGlobalLockSerialisesByDefault_R_PROP_19) {
    script_.packets = true;
    start();
    inside([&] {
        for (machine::Nanoseconds waited : measure()) {
            EXPECT_GT(waited, slow_property_milliseconds / 2 * millisecond);
        }
    });
}

TEST_F(WaveRtPositionLock, PacketsHaveTheirOwnLock_R_WRT_29) {
    script_.packets = true;
    auto parameter = pnp::RegistryParameter::parse("DispatchSettings\\UsePositionLock:binary=01000000");
    ASSERT_TRUE(parameter);
    parameters_.push_back(*parameter);
    start();
    inside([&] {
        for (machine::Nanoseconds waited : measure()) {
            EXPECT_LT(waited, millisecond);
        }
    });
}

// The sixth of the properties is one that a driver's own table may serve.
TEST_F(WaveRtPositionLock, ADriversOwnPositionHandlerHasTheStreamsLock_R_PROP_19) {
    script_.packets = true;
    script_.position_handler = true;
    auto parameter = pnp::RegistryParameter::parse("DispatchSettings\\UsePositionLock:binary=01000000");
    ASSERT_TRUE(parameter);
    parameters_.push_back(*parameter);
    start();
    inside([&] {
        for (machine::Nanoseconds waited : measure()) {
            EXPECT_LT(waited, millisecond);
        }
    });
}

// R-SUB-10: the same interface, registered early, takes the property.
TEST_F(WaveRtPacket, ConstraintsStandOnTheInterfaceBeforeItIsEnabled_R_WRT_32) {
    script_.least_packet_period = 30'000;
    start();
    inside([&] {
        const GUID category = KSCATEGORY_AUDIO;
        const auto interfaces = executive::Kernel::current().interfaces.enumerate(&category);
        ASSERT_EQ(interfaces.size(), 1u) << "registered early and by PcRegisterSubdevice: one interface";
        UNICODE_STRING link;
        RtlInitUnicodeString(&link, interfaces.front()->symbolic_link.c_str());
        KSAUDIO_PACKETSIZE_CONSTRAINTS2 constraints = {};
        ULONG needed = 0;
        DEVPROPTYPE type = 0;
        ASSERT_EQ(IoGetDeviceInterfacePropertyData(&link, &DEVPKEY_KsAudio_PacketSize_Constraints2, LOCALE_NEUTRAL, 0,
                                                   sizeof(constraints), &constraints, &needed, &type),
                  STATUS_SUCCESS);
        EXPECT_EQ(constraints.MinPacketPeriodInHns, 30'000u);
    });
}

} // namespace wavert_test
