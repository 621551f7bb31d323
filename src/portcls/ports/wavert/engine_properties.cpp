#include "portcls/ports/wavert/engine_properties.h"

#include <array>
#include <cstring>
#include <vector>

#include "ks/data_format.h"
#include "portcls/ports/wavert/pin.h"

namespace openportcls::portcls {

using property_verbs::get;
using property_verbs::set;

namespace {

constexpr ULONG support = KSPROPERTY_TYPE_BASICSUPPORT;

constexpr ULONG variant_long = 3;  // VT_I4
constexpr ULONG variant_bool = 11; // VT_BOOL
constexpr UINT32 all_channels = 0xFFFFFFFF;

// R-OFF-02: a filter handle means the device, a pin handle the stream.
struct Engine {
    explicit Engine(const PropertyCall& call)
        : device(static_cast<const WaveRtPort&>(call.port).engine()),
          stream(call.pin == nullptr ? nullptr : static_cast<const WaveRtPin*>(call.pin)->engine()), node(call.node) {}

    bool of_stream(const PropertyCall& call) const { return call.pin != nullptr && stream != nullptr; }
    bool of_device(const PropertyCall& call) const { return call.pin == nullptr && device != nullptr; }

    IMiniportAudioEngineNode* device;
    IMiniportStreamAudioEngineNode* stream;
    ULONG node;
};

// Room for an answer of `needed` bytes: R-PROP-08, R-PROP-09.
NTSTATUS check_room(PropertyCall& call, ULONG needed) {
    if (call.value_size == 0) {
        call.value_size = needed;
        return STATUS_BUFFER_OVERFLOW;
    }
    return call.value_size < needed ? STATUS_BUFFER_TOO_SMALL : STATUS_SUCCESS;
}

UINT32 channel_of(const PropertyCall& call) {
    return static_cast<UINT32>(call.request_as<KSNODEPROPERTY_AUDIO_CHANNEL>().Channel);
}

NTSTATUS count_channels(const PropertyCall& call, const Engine& engine, eChannelTargetType target, UINT32& count) {
    if (engine.of_stream(call)) {
        return engine.stream->GetStreamChannelCount(target, &count);
    }
    return engine.of_device(call) ? engine.device->GetDeviceChannelCount(engine.node, target, &count)
                                  : STATUS_NOT_SUPPORTED;
}

NTSTATUS check_channel(const PropertyCall& call, const Engine& engine, eChannelTargetType target, bool all_allowed) {
    UINT32 count = 0;
    const NTSTATUS status = count_channels(call, engine, target, count);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    const UINT32 channel = channel_of(call);
    return channel < count || (all_allowed && channel == all_channels) ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

// R-PROP-11, R-PROP-13: access flags, then the description, then one stepping per channel.
NTSTATUS describe(PropertyCall& call, const Engine& engine, eChannelTargetType target, ULONG access) {
    const ULONG flags = access | support;
    if (call.value_size == sizeof(ULONG)) {
        call.value_as<ULONG>() = flags;
        return STATUS_SUCCESS;
    }
    UINT32 channels = 0;
    NTSTATUS status = count_channels(call, engine, target, channels);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    constexpr UINT32 most_channels = 0x10000;
    if (channels > most_channels) {
        return STATUS_UNSUCCESSFUL;
    }
    const ULONG steppings_size = channels * sizeof(KSPROPERTY_STEPPING_LONG);
    const ULONG full_size = sizeof(KSPROPERTY_DESCRIPTION) + sizeof(KSPROPERTY_MEMBERSHEADER) + steppings_size;
    if (call.value_size == 0) {
        return check_room(call, full_size);
    }
    if (call.value_size < full_size && call.value_size != sizeof(KSPROPERTY_DESCRIPTION)) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    auto& description = call.value_as<KSPROPERTY_DESCRIPTION>();
    description = {};
    description.AccessFlags = flags;
    description.DescriptionSize = full_size;
    description.PropTypeSet.Set = KSPROPTYPESETID_General;
    description.PropTypeSet.Id = target == eMuteAttribute ? variant_bool : variant_long;
    description.MembersListCount = 1;
    if (call.value_size < full_size) {
        return STATUS_SUCCESS;
    }
    auto& members = *reinterpret_cast<KSPROPERTY_MEMBERSHEADER*>(&description + 1);
    members.MembersFlags = KSPROPERTY_MEMBER_STEPPEDRANGES;
    members.MembersSize = sizeof(KSPROPERTY_STEPPING_LONG);
    members.MembersCount = channels;
    members.Flags = KSPROPERTY_MEMBER_FLAG_BASICSUPPORT_MULTICHANNEL;
    auto* steppings = reinterpret_cast<PKSPROPERTY_STEPPING_LONG>(&members + 1);
    status = engine.of_stream(call)
                 ? engine.stream->GetStreamAttributeSteppings(target, steppings, steppings_size)
                 : engine.device->GetDeviceAttributeSteppings(engine.node, target, steppings, steppings_size);
    if (NT_SUCCESS(status)) {
        call.value_size = full_size;
    }
    return status;
}

// KSPROPSETID_Audio on an engine node.

NTSTATUS volume(PropertyCall& call) {
    const Engine engine(call);
    if (call.verb == support) {
        return describe(call, engine, eVolumeAttribute, get | set);
    }
    const NTSTATUS status = check_channel(call, engine, eVolumeAttribute, false);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    const UINT32 channel = channel_of(call);
    auto& level = call.value_as<LONG>();
    if (call.is_set()) {
        return engine.of_stream(call) ? engine.stream->SetStreamChannelVolume(channel, level, AUDIO_CURVE_TYPE_NONE, 0)
                                      : engine.device->SetDeviceChannelVolume(engine.node, channel, level);
    }
    return call.answered<LONG>(engine.of_stream(call)
                                   ? engine.stream->GetStreamChannelVolume(channel, &level)
                                   : engine.device->GetDeviceChannelVolume(engine.node, channel, &level));
}

NTSTATUS mute(PropertyCall& call) {
    const Engine engine(call);
    if (call.verb == support) {
        return describe(call, engine, eMuteAttribute, get | set);
    }
    const NTSTATUS status = check_channel(call, engine, eMuteAttribute, false);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    const UINT32 channel = channel_of(call);
    auto& muted = call.value_as<BOOL>();
    if (call.is_set()) {
        return engine.of_stream(call) ? engine.stream->SetStreamChannelMute(channel, muted != FALSE)
                                      : engine.device->SetDeviceChannelMute(engine.node, channel, muted != FALSE);
    }
    return call.answered<BOOL>(engine.of_stream(call)
                                   ? engine.stream->GetStreamChannelMute(channel, &muted)
                                   : engine.device->GetDeviceChannelMute(engine.node, channel, &muted));
}

NTSTATUS peak_meter(PropertyCall& call) {
    const Engine engine(call);
    if (call.verb == support) {
        return describe(call, engine, ePeakMeterAttribute, get);
    }
    const NTSTATUS status = check_channel(call, engine, ePeakMeterAttribute, false);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    const UINT32 channel = channel_of(call);
    auto& peak = call.value_as<LONG>();
    return call.answered<LONG>(engine.of_stream(call)
                                   ? engine.stream->GetStreamChannelPeakMeter(channel, &peak)
                                   : engine.device->GetDeviceChannelPeakMeter(engine.node, channel, &peak));
}

// What only a stream has: through a filter handle there is too little addressing (R-PROP-16).

NTSTATUS presentation_position(PropertyCall& call) {
    using Position = KSAUDIO_PRESENTATION_POSITION;
    const Engine engine(call);
    return engine.stream == nullptr
               ? STATUS_NOT_SUPPORTED
               : call.answered<Position>(engine.stream->GetStreamPresentationPosition(&call.value_as<Position>()));
}

NTSTATUS linear_buffer_position(PropertyCall& call) {
    const Engine engine(call);
    return engine.stream == nullptr
               ? STATUS_NOT_SUPPORTED
               : call.answered<ULONGLONG>(engine.stream->GetStreamLinearBufferPosition(&call.value_as<ULONGLONG>()));
}

NTSTATUS write_position(PropertyCall& call) {
    const Engine engine(call);
    return engine.stream == nullptr ? STATUS_NOT_SUPPORTED
                                    : engine.stream->SetStreamCurrentWritePosition(call.value_as<ULONG>());
}

NTSTATUS last_buffer_position(PropertyCall& call) {
    auto* engine = call.pin == nullptr ? nullptr : static_cast<WaveRtPin*>(call.pin)->engine2();
    return engine == nullptr ? STATUS_NOT_SUPPORTED
                             : engine->SetStreamCurrentWritePositionForLastBuffer(call.value_as<ULONG>());
}

// KSPROPSETID_AudioEngine, per stream.

NTSTATUS local_effect(PropertyCall& call) {
    const Engine engine(call);
    if (engine.stream == nullptr) {
        return STATUS_NOT_SUPPORTED;
    }
    auto& enabled = call.value_as<BOOL>();
    return call.is_set() ? engine.stream->SetLfxState(enabled != FALSE)
                         : call.answered<BOOL>(engine.stream->GetLfxState(&enabled));
}

NTSTATUS loopback_protection(PropertyCall& call) {
    const Engine engine(call);
    if (engine.stream == nullptr) {
        return STATUS_NOT_SUPPORTED;
    }
    const ULONG option = call.value_as<ULONG>();
    return option > CONSTRICTOR_OPTION_MUTE
               ? STATUS_INVALID_PARAMETER
               : engine.stream->SetStreamLoopbackProtection(static_cast<CONSTRICTOR_OPTION>(option));
}

NTSTATUS engine_volume(PropertyCall& call) {
    const Engine engine(call);
    if (engine.stream == nullptr) {
        return STATUS_NOT_SUPPORTED;
    }
    if (call.verb == support) {
        return describe(call, engine, eVolumeAttribute, get | set);
    }
    const NTSTATUS status = check_channel(call, engine, eVolumeAttribute, call.is_set()); // R-PROP-15
    if (!NT_SUCCESS(status)) {
        return status;
    }
    if (call.is_set()) {
        if (call.value_size < sizeof(KSAUDIOENGINE_VOLUMELEVEL)) {
            return STATUS_BUFFER_TOO_SMALL;
        }
        const auto& level = call.value_as<KSAUDIOENGINE_VOLUMELEVEL>();
        ULONG curve = 0; // as a number: the client may have sent any
        std::memcpy(&curve, &level.CurveType, sizeof(curve));
        if (curve > AUDIO_CURVE_TYPE_WINDOWS_FADE) {
            return STATUS_INVALID_PARAMETER;
        }
        return engine.stream->SetStreamChannelVolume(channel_of(call), level.TargetVolume, level.CurveType,
                                                     level.CurveDuration);
    }
    return call.answered<LONG>(engine.stream->GetStreamChannelVolume(channel_of(call), &call.value_as<LONG>()));
}

// KSPROPSETID_AudioEngine, per device. A pin handle carries more addressing than needed and will do (R-PROP-16).

NTSTATUS global_effect(PropertyCall& call) {
    const Engine engine(call);
    if (engine.device == nullptr) {
        return STATUS_NOT_SUPPORTED;
    }
    auto& enabled = call.value_as<BOOL>();
    return call.is_set() ? engine.device->SetGfxState(engine.node, enabled != FALSE)
                         : call.answered<BOOL>(engine.device->GetGfxState(engine.node, &enabled));
}

using FormatGetter = NTSTATUS (*)(const Engine& engine, void* format, ULONG size);

// R-OFF-03: the size first.
NTSTATUS get_format(PropertyCall& call, const Engine& engine, eEngineFormatType type, FormatGetter getter) {
    ULONG size = 0;
    NTSTATUS status = engine.device->GetEngineFormatSize(engine.node, type, &size);
    if (NT_SUCCESS(status)) {
        status = check_room(call, size);
    }
    if (status != STATUS_SUCCESS) {
        return status;
    }
    call.value_size = size;
    return getter(engine, call.value, size);
}

NTSTATUS mix_format(PropertyCall& call) {
    const Engine engine(call);
    return engine.device == nullptr
               ? STATUS_NOT_SUPPORTED
               : get_format(call, engine, eMixFormat, [](const Engine& device, void* format, ULONG size) {
                     return device.device->GetMixFormat(device.node, static_cast<KSDATAFORMAT_WAVEFORMATEX*>(format),
                                                        size);
                 });
}

NTSTATUS device_format(PropertyCall& call) {
    const Engine engine(call);
    if (engine.device == nullptr) {
        return STATUS_NOT_SUPPORTED;
    }
    if (!call.is_set()) {
        return get_format(call, engine, eDeviceFormat, [](const Engine& device, void* format, ULONG size) {
            return device.device->GetDeviceFormat(device.node, static_cast<KSDATAFORMAT_WAVEFORMATEX*>(format), size);
        });
    }
    if (call.value_size < sizeof(KSDATAFORMAT_WAVEFORMATEX)) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    const NTSTATUS status = ks::check_format(call.value, call.value_size);
    return NT_SUCCESS(status) ? engine.device->SetDeviceFormat(
                                    engine.node, static_cast<KSDATAFORMAT_WAVEFORMATEX*>(call.value), call.value_size)
                              : status;
}

NTSTATUS supported_device_formats(PropertyCall& call) {
    const Engine engine(call);
    if (engine.device == nullptr) {
        return STATUS_NOT_SUPPORTED;
    }
    ULONG size = 0;
    NTSTATUS status = engine.device->GetEngineFormatSize(engine.node, eSupportedDeviceFormats, &size);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    constexpr ULONG largest_list = 1 << 20;
    if (size < sizeof(KSMULTIPLE_ITEM) || size > largest_list) {
        return STATUS_UNSUCCESSFUL;
    }
    std::vector<ULONGLONG> storage((size + sizeof(ULONGLONG) - 1) / sizeof(ULONGLONG));
    auto* list = reinterpret_cast<KSMULTIPLE_ITEM*>(storage.data());
    status = engine.device->GetSupportedDeviceFormats(engine.node, list, size);
    return NT_SUCCESS(status) ? call.answer_list(list->Count, list + 1, size - sizeof(KSMULTIPLE_ITEM)) : status;
}

NTSTATUS descriptor(PropertyCall& call) {
    using Descriptor = KSAUDIOENGINE_DESCRIPTOR;
    const Engine engine(call);
    return engine.device == nullptr ? STATUS_NOT_SUPPORTED
                                    : call.answered<Descriptor>(engine.device->GetAudioEngineDescriptor(
                                          engine.node, &call.value_as<Descriptor>()));
}

// The format in question follows the node (ksproperty-audioengine-buffer-size-limits).
NTSTATUS buffer_size_range(PropertyCall& call) {
    using Range = KSAUDIOENGINE_BUFFER_SIZE_RANGE;
    const Engine engine(call);
    if (engine.device == nullptr) {
        return STATUS_NOT_SUPPORTED;
    }
    auto* format = reinterpret_cast<KSDATAFORMAT_WAVEFORMATEX*>(
        const_cast<char*>(reinterpret_cast<const char*>(call.request) + sizeof(KSP_NODE)));
    const NTSTATUS status = ks::check_format(format, call.request_size - sizeof(KSP_NODE));
    return NT_SUCCESS(status)
               ? call.answered<Range>(engine.device->GetBufferSizeRange(engine.node, format, &call.value_as<Range>()))
               : status;
}

// An engine node whose requests the driver answers in its own table keeps that table.
constexpr BuiltInProperty on_engine(const GUID& property_set, ULONG id, ULONG verbs, ULONG request_size,
                                    ULONG value_size, PropertyHandler handler,
                                    Feature feature = Feature::audio_engine_node) {
    return {&property_set,
            id,
            verbs,
            request_size,
            value_size,
            handler,
            Serialisation::device,
            &KSNODETYPE_AUDIO_ENGINE,
            true,
            feature};
}

constexpr ULONG node_request = sizeof(KSP_NODE);
constexpr ULONG channel_request = sizeof(KSNODEPROPERTY_AUDIO_CHANNEL);
constexpr ULONG format_request = sizeof(KSP_NODE) + sizeof(KSDATAFORMAT_WAVEFORMATEX);

constexpr std::array<BuiltInProperty, 16> engine_properties = {{
    on_engine(KSPROPSETID_Audio, KSPROPERTY_AUDIO_VOLUMELEVEL, get | set | support, channel_request, sizeof(LONG),
              volume),
    on_engine(KSPROPSETID_Audio, KSPROPERTY_AUDIO_MUTE, get | set | support, channel_request, sizeof(BOOL), mute),
    on_engine(KSPROPSETID_Audio, KSPROPERTY_AUDIO_PEAKMETER2, get | support, channel_request, sizeof(LONG), peak_meter),
    on_engine(KSPROPSETID_Audio, KSPROPERTY_AUDIO_PRESENTATION_POSITION, get, node_request,
              sizeof(KSAUDIO_PRESENTATION_POSITION), presentation_position),
    on_engine(KSPROPSETID_Audio, KSPROPERTY_AUDIO_WAVERT_CURRENT_WRITE_POSITION, set, node_request, sizeof(ULONG),
              write_position),
    on_engine(KSPROPSETID_Audio, KSPROPERTY_AUDIO_LINEAR_BUFFER_POSITION, get, node_request, sizeof(ULONGLONG),
              linear_buffer_position),
    on_engine(KSPROPSETID_Audio, KSPROPERTY_AUDIO_WAVERT_CURRENT_WRITE_LASTBUFFER_POSITION, set, node_request,
              sizeof(ULONG), last_buffer_position, Feature::audio_engine_node_2),
    on_engine(KSPROPSETID_AudioEngine, KSPROPERTY_AUDIOENGINE_LFXENABLE, get | set, node_request, sizeof(BOOL),
              local_effect),
    on_engine(KSPROPSETID_AudioEngine, KSPROPERTY_AUDIOENGINE_GFXENABLE, get | set, node_request, sizeof(BOOL),
              global_effect),
    on_engine(KSPROPSETID_AudioEngine, KSPROPERTY_AUDIOENGINE_MIXFORMAT, get, node_request, 0, mix_format),
    on_engine(KSPROPSETID_AudioEngine, KSPROPERTY_AUDIOENGINE_DEVICEFORMAT, get | set, node_request, 0, device_format),
    on_engine(KSPROPSETID_AudioEngine, KSPROPERTY_AUDIOENGINE_SUPPORTEDDEVICEFORMATS, get, node_request, 0,
              supported_device_formats),
    on_engine(KSPROPSETID_AudioEngine, KSPROPERTY_AUDIOENGINE_DESCRIPTOR, get, node_request,
              sizeof(KSAUDIOENGINE_DESCRIPTOR), descriptor),
    on_engine(KSPROPSETID_AudioEngine, KSPROPERTY_AUDIOENGINE_BUFFER_SIZE_RANGE, get, format_request,
              sizeof(KSAUDIOENGINE_BUFFER_SIZE_RANGE), buffer_size_range),
    on_engine(KSPROPSETID_AudioEngine, KSPROPERTY_AUDIOENGINE_LOOPBACK_PROTECTION, set, node_request, sizeof(ULONG),
              loopback_protection),
    on_engine(KSPROPSETID_AudioEngine, KSPROPERTY_AUDIOENGINE_VOLUMELEVEL, get | set | support, channel_request,
              sizeof(LONG), engine_volume),
}};

} // namespace

BuiltInProperties wavert_node_properties() {
    return engine_properties;
}

} // namespace openportcls::portcls
