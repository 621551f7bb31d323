#include "portcls/ports/wavert/pin_properties.h"

#include <array>

#include "portcls/ports/wavert/pin.h"

namespace openportcls::portcls {

using property_verbs::get;
using property_verbs::set;

namespace {

WaveRtPin& pin_of(const PropertyCall& call) {
    return static_cast<WaveRtPin&>(*call.pin);
}

KPROCESSOR_MODE mode_of(const PropertyCall& call) {
    return call.irp.RequestorMode;
}

// A get with a value of one size: tells how much was written, if it was.
NTSTATUS buffer(PropertyCall& call) {
    const auto& request = call.request_as<KSRTAUDIO_BUFFER_PROPERTY>();
    return call.answered<KSRTAUDIO_BUFFER>(pin_of(call).allocate_buffer(
        request.BaseAddress, request.RequestedBufferSize, 0, call.value_as<KSRTAUDIO_BUFFER>()));
}

NTSTATUS buffer_with_notification(PropertyCall& call) {
    const auto& request = call.request_as<KSRTAUDIO_BUFFER_PROPERTY_WITH_NOTIFICATION>();
    WaveRtPin& pin = pin_of(call);
    if (pin.notification() == nullptr) {
        return STATUS_NOT_SUPPORTED;
    }
    if (request.NotificationCount != 1 && request.NotificationCount != 2) { // R-WRT-11
        return STATUS_INVALID_PARAMETER;
    }
    return call.answered<KSRTAUDIO_BUFFER>(pin.allocate_buffer(request.BaseAddress, request.RequestedBufferSize,
                                                               request.NotificationCount,
                                                               call.value_as<KSRTAUDIO_BUFFER>()));
}

// R-WRT-16: cannot fail.
NTSTATUS hardware_latency(PropertyCall& call) {
    pin_of(call).wave_stream().GetHWLatency(&call.value_as<KSRTAUDIO_HWLATENCY>());
    return call.answered<KSRTAUDIO_HWLATENCY>(STATUS_SUCCESS);
}

NTSTATUS position_register(PropertyCall& call) {
    return call.answered<KSRTAUDIO_HWREGISTER>(
        pin_of(call).map_position_register(call.value_as<KSRTAUDIO_HWREGISTER>()));
}

NTSTATUS clock_register(PropertyCall& call) {
    return call.answered<KSRTAUDIO_HWREGISTER>(pin_of(call).map_clock_register(call.value_as<KSRTAUDIO_HWREGISTER>()));
}

// the pages list both verbs and no value.
NTSTATUS register_event(PropertyCall& call) {
    const auto& request = call.request_as<KSRTAUDIO_NOTIFICATION_EVENT_PROPERTY>();
    call.value_size = 0;
    return pin_of(call).register_event(request.NotificationEvent, mode_of(call));
}

NTSTATUS unregister_event(PropertyCall& call) {
    const auto& request = call.request_as<KSRTAUDIO_NOTIFICATION_EVENT_PROPERTY>();
    call.value_size = 0;
    return pin_of(call).unregister_event(request.NotificationEvent, mode_of(call));
}

// R-WRT-14.
NTSTATUS notification_support(PropertyCall& call) {
    call.value_as<BOOL>() = pin_of(call).notification() != nullptr;
    return call.answered<BOOL>(STATUS_SUCCESS);
}

// A position between two readings of the clock. A driver may answer it in its table instead (ks_properties).
NTSTATUS position_with_time(PropertyCall& call) {
    auto& answer = call.value_as<KSAUDIO_POSITIONEX>();
    answer.TimeStamp1 = KeQueryPerformanceCounter(&answer.TimerFrequency);
    const NTSTATUS status = pin_of(call).position(answer.Position);
    answer.TimeStamp2 = KeQueryPerformanceCounter(nullptr);
    return call.answered<KSAUDIO_POSITIONEX>(status);
}

// The packet properties exist for streams with the packet interfaces (R-WRT-20).

NTSTATUS packet_count(PropertyCall& call) {
    auto* output = pin_of(call).output();
    return output == nullptr ? STATUS_NOT_SUPPORTED
                             : call.answered<ULONG>(output->GetPacketCount(&call.value_as<ULONG>()));
}

NTSTATUS output_presentation_position(PropertyCall& call) {
    using Position = KSAUDIO_PRESENTATION_POSITION;
    auto* output = pin_of(call).output();
    return output == nullptr
               ? STATUS_NOT_SUPPORTED
               : call.answered<Position>(output->GetOutputStreamPresentationPosition(&call.value_as<Position>()));
}

NTSTATUS read_packet(PropertyCall& call) {
    auto* input = pin_of(call).input();
    if (input == nullptr) {
        return STATUS_NOT_SUPPORTED;
    }
    auto& packet = call.value_as<KSRTAUDIO_GETREADPACKET_INFO>();
    // Flags are 0 for the miniport, as all of a value that is asked for (R-WRT-25).
    return call.answered<KSRTAUDIO_GETREADPACKET_INFO>(
        input->GetReadPacket(&packet.PacketNumber, &packet.Flags, &packet.PerformanceCounterValue, &packet.MoreData));
}

NTSTATUS write_packet(PropertyCall& call) {
    auto* output = pin_of(call).output();
    if (output == nullptr) {
        return STATUS_NOT_SUPPORTED;
    }
    const auto& packet = call.value_as<KSRTAUDIO_SETWRITEPACKET_INFO>();
    return output->SetWritePacket(packet.PacketNumber, packet.Flags, packet.EosPacketLength);
}

constexpr BuiltInProperty packet_property(ULONG id, ULONG verbs, ULONG value_size, PropertyHandler handler) {
    return {&KSPROPSETID_RtAudio,    id,      verbs, sizeof(KSPROPERTY),     value_size, handler,
            Serialisation::position, nullptr, false, Feature::packet_streams};
}

// Sizes are those of a 64-bit client. Position and packet properties may be serialised by the stream (R-WRT-29).
constexpr std::array<BuiltInProperty, 13> properties = {{
    {&KSPROPSETID_RtAudio, KSPROPERTY_RTAUDIO_BUFFER, get, sizeof(KSRTAUDIO_BUFFER_PROPERTY), sizeof(KSRTAUDIO_BUFFER),
     buffer},
    {&KSPROPSETID_RtAudio, KSPROPERTY_RTAUDIO_HWLATENCY, get, sizeof(KSPROPERTY), sizeof(KSRTAUDIO_HWLATENCY),
     hardware_latency},
    {&KSPROPSETID_RtAudio, KSPROPERTY_RTAUDIO_POSITIONREGISTER, get, sizeof(KSRTAUDIO_HWREGISTER_PROPERTY),
     sizeof(KSRTAUDIO_HWREGISTER), position_register},
    {&KSPROPSETID_RtAudio, KSPROPERTY_RTAUDIO_CLOCKREGISTER, get, sizeof(KSRTAUDIO_HWREGISTER_PROPERTY),
     sizeof(KSRTAUDIO_HWREGISTER), clock_register},
    {&KSPROPSETID_RtAudio, KSPROPERTY_RTAUDIO_BUFFER_WITH_NOTIFICATION, get,
     sizeof(KSRTAUDIO_BUFFER_PROPERTY_WITH_NOTIFICATION), sizeof(KSRTAUDIO_BUFFER), buffer_with_notification},
    {&KSPROPSETID_RtAudio, KSPROPERTY_RTAUDIO_REGISTER_NOTIFICATION_EVENT, get | set,
     sizeof(KSRTAUDIO_NOTIFICATION_EVENT_PROPERTY), 0, register_event},
    {&KSPROPSETID_RtAudio, KSPROPERTY_RTAUDIO_UNREGISTER_NOTIFICATION_EVENT, get | set,
     sizeof(KSRTAUDIO_NOTIFICATION_EVENT_PROPERTY), 0, unregister_event},
    {&KSPROPSETID_RtAudio, KSPROPERTY_RTAUDIO_QUERY_NOTIFICATION_SUPPORT, get, sizeof(KSPROPERTY), sizeof(BOOL),
     notification_support, Serialisation::device, nullptr, false, Feature::notification_support_query},
    packet_property(KSPROPERTY_RTAUDIO_PACKETCOUNT, get, sizeof(ULONG), packet_count),
    packet_property(KSPROPERTY_RTAUDIO_PRESENTATION_POSITION, get, sizeof(KSAUDIO_PRESENTATION_POSITION),
                    output_presentation_position),
    packet_property(KSPROPERTY_RTAUDIO_GETREADPACKET, get, sizeof(KSRTAUDIO_GETREADPACKET_INFO), read_packet),
    packet_property(KSPROPERTY_RTAUDIO_SETWRITEPACKET, set, sizeof(KSRTAUDIO_SETWRITEPACKET_INFO), write_packet),
    {&KSPROPSETID_Audio, KSPROPERTY_AUDIO_POSITIONEX, get, sizeof(KSPROPERTY), sizeof(KSAUDIO_POSITIONEX),
     position_with_time, Serialisation::position, nullptr, true},
}};

} // namespace

BuiltInProperties wavert_pin_properties() {
    return properties;
}

} // namespace openportcls::portcls
