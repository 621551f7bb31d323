#include "portcls/miniports/dmusuart/synth_properties.h"

#include <algorithm>
#include <cstring>

#include <dmusicks.h>

#include "portcls/ports/dmus/presentation_clock.h"

namespace openportcls::portcls {

namespace {

const GUID synth_property_set = KSPROPSETID_Synth;
constexpr ULONG one_group = 1; // sixteen channels of one cable (R-DMUS-19)
constexpr DWORD unknown_many = 0xFFFFFFFF;
constexpr LONGLONG latency = 3 * 3'200; // a message of three bytes, in 100 ns

// Room for the value, or the size of it (R-PROP-08).
NTSTATUS check_room(PCPROPERTY_REQUEST& request, ULONG bytes) {
    if (request.ValueSize == 0) {
        request.ValueSize = bytes;
        return STATUS_BUFFER_OVERFLOW;
    }
    return request.ValueSize < bytes ? STATUS_BUFFER_TOO_SMALL : STATUS_SUCCESS;
}

template<class Value>
NTSTATUS answer(PCPROPERTY_REQUEST& request, const Value& value) {
    const NTSTATUS status = check_room(request, sizeof value);
    if (NT_SUCCESS(status)) {
        std::memcpy(request.Value, &value, sizeof value);
        request.ValueSize = sizeof value;
    }
    return status;
}

NTSTATUS NTAPI capabilities(PPCPROPERTY_REQUEST request) {
    SYNTHCAPS caps{};
    caps.Guid = CLSID_MiniportDriverDMusUART;
    caps.Flags = SYNTH_PC_EXTERNAL;
    caps.MaxChannelGroups = one_group;
    caps.MaxVoices = unknown_many;
    caps.MaxAudioChannels = unknown_many;
    caps.EffectFlags = SYNTH_EFFECT_NONE;
    static constexpr WCHAR name[] = u"MPU-401";
    std::copy(std::begin(name), std::end(name), caps.Description);
    return answer(*request, caps);
}

// What the client wishes comes as the instance; what the device grants goes back.
NTSTATUS NTAPI port_parameters(PPCPROPERTY_REQUEST request) {
    const NTSTATUS status = check_room(*request, sizeof(SYNTH_PORTPARAMS));
    if (!NT_SUCCESS(status)) {
        return status;
    }
    if (request->InstanceSize < sizeof(SYNTH_PORTPARAMS)) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    SYNTH_PORTPARAMS parameters;
    std::memcpy(&parameters, request->Instance, sizeof parameters);
    if ((parameters.ValidParams & SYNTH_PORTPARAMS_CHANNELGROUPS) != 0) {
        parameters.ChannelGroups = one_group;
    }
    if ((parameters.ValidParams & SYNTH_PORTPARAMS_EFFECTS) != 0) {
        parameters.EffectsFlags = SYNTH_EFFECT_NONE;
    }
    return answer(*request, parameters);
}

NTSTATUS NTAPI channel_groups(PPCPROPERTY_REQUEST request) {
    if ((request->Verb & KSPROPERTY_TYPE_GET) != 0) {
        return answer(*request, one_group);
    }
    ULONG wanted = 0;
    if (request->ValueSize < sizeof wanted) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    std::memcpy(&wanted, request->Value, sizeof wanted);
    return wanted == one_group ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

// R-DMUS-18: when what is sent now would have been heard.
NTSTATUS NTAPI latency_clock(PPCPROPERTY_REQUEST request) {
    return answer(*request, static_cast<ULONGLONG>(master_time() + latency));
}

const PCPROPERTY_ITEM items[] = {
    {&synth_property_set, KSPROPERTY_SYNTH_CAPS, PCPROPERTY_ITEM_FLAG_GET, capabilities},
    {&synth_property_set, KSPROPERTY_SYNTH_PORTPARAMETERS, PCPROPERTY_ITEM_FLAG_GET, port_parameters},
    {&synth_property_set, KSPROPERTY_SYNTH_CHANNELGROUPS, PCPROPERTY_ITEM_FLAG_GET | PCPROPERTY_ITEM_FLAG_SET,
     channel_groups},
    {&synth_property_set, KSPROPERTY_SYNTH_LATENCYCLOCK, PCPROPERTY_ITEM_FLAG_GET, latency_clock},
};

} // namespace

const PCAUTOMATION_TABLE& uart_synth_automation() {
    static const PCAUTOMATION_TABLE table = {
        sizeof(PCPROPERTY_ITEM), RTL_NUMBER_OF(items), items, 0, 0, nullptr, 0, 0, nullptr, 0};
    return table;
}

} // namespace openportcls::portcls
