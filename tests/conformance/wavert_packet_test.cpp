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

TEST_F(WaveRtPacket, ReadPackets_R_WRT_25_R_WRT_27) {
    script_.packets = true;
    start();
    inside([&] {
        FILE_OBJECT* pin = open_packet_pin(capture_pin);
        KSRTAUDIO_GETREADPACKET_INFO packet = {7, 7, 7, 7};
        EXPECT_EQ(read_packet(pin, packet), STATUS_DEVICE_NOT_READY);
        run(pin);
        machine_.run_for(25 * millisecond);
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
        EXPECT_EQ(presentation.u64QPCPosition, static_cast<UINT64>(KeQueryPerformanceCounter(nullptr).QuadPart));
    });
}

// While one thread holds the device lock (a slow property of the driver), a position request of another thread waits
// for it, unless UsePositionLock is set.
TEST_F(WaveRtPacket, PacketRequestsAnswerUnderEitherLock_R_WRT_29_R_PROP_19) {
    script_.packets = true;
    auto parameter = pnp::RegistryParameter::parse("DispatchSettings\\UsePositionLock:binary=01000000");
    ASSERT_TRUE(parameter);
    parameters_.push_back(*parameter);
    start();
    inside([&] {
        FILE_OBJECT* pin = open_packet_pin(render_pin);
        run(pin);
        ULONG count = 0;
        EXPECT_EQ(packet_count(pin, count), STATUS_SUCCESS);
        EXPECT_EQ(write_packet(pin, 1), STATUS_SUCCESS);
        EXPECT_EQ(position(pin).PlayOffset, 0u);
    });
}

} // namespace wavert_test
