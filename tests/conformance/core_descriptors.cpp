// The descriptors of the core test driver and the handlers of its automation tables.
#include "core_descriptors.h"

#include <cstring>

#include <fmt/format.h>

#include "core_driver.h"

namespace conformance {

namespace {

using portcls::ComPointer;

// ---- handlers ---------------------------------------------------------------------------------------------------

template<class Value>
NTSTATUS return_value(PCPROPERTY_REQUEST* request, Value value) {
    if (request->ValueSize == 0) {
        request->ValueSize = sizeof(Value);
        return STATUS_BUFFER_OVERFLOW;
    }
    if (request->ValueSize < sizeof(Value)) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    std::memcpy(request->Value, &value, sizeof value);
    request->ValueSize = sizeof(Value);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI custom_handler(PCPROPERTY_REQUEST* request) {
    Script& s = *script();
    const ULONG id = request->PropertyItem->Id;
    s.calls.push_back({"custom", *request, reinterpret_cast<const WideItem*>(request->PropertyItem)->private_data});
    s.last_request = request;
    s.handlers_inside++;
    s.most_handlers_inside = std::max(s.most_handlers_inside, s.handlers_inside);
    struct Leave {
        ~Leave() { script()->handlers_inside--; }
    } leave;
    if (s.property_status != STATUS_SUCCESS) {
        return s.property_status;
    }
    if (request->Verb == KSPROPERTY_TYPE_BASICSUPPORT) {
        return return_value<ULONG>(request, KSPROPERTY_TYPE_GET | KSPROPERTY_TYPE_BASICSUPPORT);
    }
    switch (id) {
    case custom_pending:
        s.pending_request = request;
        return STATUS_PENDING;
    case custom_early:
        std::memset(request->Value, 0x42, request->ValueSize);
        PcCompletePendingPropertyRequest(request, STATUS_SUCCESS);
        return s.early_status;
    case custom_locked: {
        LARGE_INTEGER wait;
        wait.QuadPart = -20'000;
        KeDelayExecutionThread(KernelMode, FALSE, &wait);
        return return_value<ULONG>(request, 1);
    }
    case custom_greedy:
        request->ValueSize = 4096;
        return STATUS_SUCCESS;
    default:
        break;
    }
    if (request->Verb == KSPROPERTY_TYPE_SET) {
        if (request->ValueSize < sizeof(ULONG)) {
            return STATUS_BUFFER_TOO_SMALL;
        }
        std::memcpy(&s.stored_value, request->Value, sizeof(ULONG));
        return STATUS_SUCCESS;
    }
    if (s.bytes_written_past != 0) {
        std::memset(request->Value, 0x42, request->ValueSize + s.bytes_written_past);
        return STATUS_SUCCESS;
    }
    return return_value(request, s.stored_value);
}

NTSTATUS NTAPI custom_event_handler(PCEVENT_REQUEST* request) {
    Script& s = *script();
    s.event_irql = KeGetCurrentIrql();
    s.event_node = request->Node;
    s.note(fmt::format("event:{}", request->Verb == PCEVENT_VERB_ADD      ? "add"
                                   : request->Verb == PCEVENT_VERB_REMOVE ? "remove"
                                                                          : "support"));
    if (request->Verb == PCEVENT_VERB_ADD && s.event_handler_adds) {
        IPort* const port = request->MajorTarget == s.wave_miniport ? s.wave_port : s.topology_port;
        auto events = ComPointer<IPortEvents>::query(port, IID_IPortEvents);
        events->AddEventToEventList(request->EventEntry);
        if (s.event_handler_fires) {
            GUID set = custom_event_set;
            events->GenerateEventList(&set, request->EventItem->Id, FALSE, 0, FALSE, 0);
        }
    }
    if (s.event_asked) {
        s.event_asked(request->Verb);
    }
    return request->Verb == PCEVENT_VERB_ADD ? s.event_status : STATUS_SUCCESS;
}

// ---- descriptors ------------------------------------------------------------------------------------------------

constexpr ULONG get = PCPROPERTY_ITEM_FLAG_GET;
constexpr ULONG set = PCPROPERTY_ITEM_FLAG_SET;
constexpr ULONG basic = PCPROPERTY_ITEM_FLAG_BASICSUPPORT;

const GUID control_change_set = KSEVENTSETID_AudioControlChange;

const WideItem custom_items[] = {
    {{&custom_set, custom_value, get | set, custom_handler}, 0x1111},
    {{&custom_set, custom_basic, get | basic, custom_handler}, 0x2222},
    {{&custom_set, custom_pending, get, custom_handler}, 0x3333},
    {{&custom_set, custom_early, get, custom_handler}, 0x4444},
    {{&custom_set, custom_locked, get, custom_handler}, 0x5555},
    {{&custom_set, custom_greedy, get, custom_handler}, 0x6666},
    {{&custom_set, custom_get_only, get, custom_handler}, 0x7777},
    // The port answers this one itself, whatever a driver says.
    {{&KSPROPSETID_Pin, KSPROPERTY_PIN_CTYPES, get, custom_handler}, 0x8888},
};
const PCEVENT_ITEM custom_events[] = {
    {&custom_event_set, 0, PCEVENT_ITEM_FLAG_ENABLE | PCEVENT_ITEM_FLAG_ONESHOT | PCEVENT_ITEM_FLAG_BASICSUPPORT,
     custom_event_handler},
    {&custom_event_set, 1, PCEVENT_ITEM_FLAG_ENABLE, custom_event_handler},
    {&control_change_set, KSEVENT_CONTROL_CHANGE, PCEVENT_ITEM_FLAG_ENABLE | PCEVENT_ITEM_FLAG_BASICSUPPORT,
     custom_event_handler},
};
const PCMETHOD_ITEM custom_methods[] = {{&custom_set, 0, PCMETHOD_ITEM_FLAG_READ, nullptr}};
const PCAUTOMATION_TABLE custom_automation = {sizeof(WideItem),
                                              RTL_NUMBER_OF(custom_items),
                                              &custom_items[0].item,
                                              sizeof(PCMETHOD_ITEM),
                                              RTL_NUMBER_OF(custom_methods),
                                              custom_methods,
                                              sizeof(PCEVENT_ITEM),
                                              RTL_NUMBER_OF(custom_events),
                                              custom_events,
                                              0};

KSDATARANGE_AUDIO pcm_ranges[] = {
    {{{sizeof(KSDATARANGE_AUDIO), 0, 0, 0, KSDATAFORMAT_TYPE_AUDIO, KSDATAFORMAT_SUBTYPE_PCM,
       KSDATAFORMAT_SPECIFIER_WAVEFORMATEX}},
     2,
     8,
     24,
     8000,
     96000},
    {{{sizeof(KSDATARANGE_AUDIO), 0, 0, 0, KSDATAFORMAT_TYPE_AUDIO, KSDATAFORMAT_SUBTYPE_PCM,
       KSDATAFORMAT_SPECIFIER_DSOUND}},
     2,
     8,
     16,
     8000,
     48000},
};
KSATTRIBUTE mode_attribute = {sizeof(KSATTRIBUTE), 0, KSATTRIBUTEID_AUDIOSIGNALPROCESSING_MODE};
PKSATTRIBUTE mode_attributes[] = {&mode_attribute};
KSATTRIBUTE_LIST mode_attribute_list = {1, mode_attributes};
KSDATARANGE_AUDIO capture_range = {{{sizeof(KSDATARANGE_AUDIO), KSDATARANGE_ATTRIBUTES, 0, 0, KSDATAFORMAT_TYPE_AUDIO,
                                     KSDATAFORMAT_SUBTYPE_PCM, KSDATAFORMAT_SPECIFIER_WAVEFORMATEX}},
                                   1,
                                   16,
                                   16,
                                   16000,
                                   48000};
KSDATARANGE analog_range = {
    {sizeof(KSDATARANGE), 0, 0, 0, KSDATAFORMAT_TYPE_AUDIO, KSDATAFORMAT_SUBTYPE_ANALOG, KSDATAFORMAT_SPECIFIER_NONE}};
PKSDATARANGE render_ranges[] = {&pcm_ranges[0].DataRange, &pcm_ranges[1].DataRange};
PKSDATARANGE capture_ranges[] = {&capture_range.DataRange, reinterpret_cast<PKSDATARANGE>(&mode_attribute_list)};
PKSDATARANGE bridge_ranges[] = {&analog_range};

const GUID speaker_category = KSNODETYPE_SPEAKER;
const GUID volume_type = KSNODETYPE_VOLUME;
const GUID mute_type = KSNODETYPE_MUTE;
const GUID master_name = KSAUDFNAME_MASTER_VOLUME;
const GUID wave_categories[] = {KSCATEGORY_AUDIO, KSCATEGORY_RENDER, KSCATEGORY_CAPTURE};
const GUID topology_categories[] = {KSCATEGORY_AUDIO, KSCATEGORY_TOPOLOGY};

const KSPIN_DESCRIPTOR bridge(KSPIN_DATAFLOW flow) {
    KSPIN_DESCRIPTOR pin{};
    pin.DataRangesCount = 1;
    pin.DataRanges = bridge_ranges;
    pin.DataFlow = flow;
    pin.Communication = KSPIN_COMMUNICATION_NONE;
    pin.Category = &speaker_category;
    return pin;
}
const KSPIN_DESCRIPTOR streaming(KSPIN_DATAFLOW flow, PKSDATARANGE* ranges, ULONG count) {
    KSPIN_DESCRIPTOR pin{};
    pin.DataRangesCount = count;
    pin.DataRanges = ranges;
    pin.DataFlow = flow;
    pin.Communication = KSPIN_COMMUNICATION_SINK;
    pin.Category = &audio_category;
    return pin;
}

// Wider than PCPIN_DESCRIPTOR: whoever steps by sizeof finds nonsense (R-DESC-02).
const WidePin wave_pins[] = {
    {{3, 2, 1, &custom_automation, streaming(KSPIN_DATAFLOW_IN, render_ranges, RTL_NUMBER_OF(render_ranges))}, 1},
    {{1, 1, 0, nullptr, streaming(KSPIN_DATAFLOW_OUT, capture_ranges, RTL_NUMBER_OF(capture_ranges))}, 2},
    {{0, 0, 0, nullptr, bridge(KSPIN_DATAFLOW_OUT)}, 3},
};
const PCPIN_DESCRIPTOR topology_pins[] = {
    {0, 0, 0, nullptr, bridge(KSPIN_DATAFLOW_IN)},
    {0, 0, 0, nullptr, bridge(KSPIN_DATAFLOW_OUT)},
};
const PCNODE_DESCRIPTOR wave_nodes[] = {{0, &custom_automation, &volume_type, nullptr}};
const PCNODE_DESCRIPTOR topology_nodes[] = {
    {0, &custom_automation, &volume_type, &master_name},
    {0, nullptr, &mute_type, nullptr},
};
const PCCONNECTION_DESCRIPTOR wave_connections[] = {
    {PCFILTER_NODE, render_pin, wave_node, 1},
    {wave_node, 0, PCFILTER_NODE, wave_bridge_pin},
};
const PCCONNECTION_DESCRIPTOR topology_connections[] = {
    {PCFILTER_NODE, topology_in_pin, volume_node, 1},
    {volume_node, 0, mute_node, 1},
    {mute_node, 0, PCFILTER_NODE, topology_out_pin},
};

} // namespace

PCFILTER_DESCRIPTOR wave_filter() {
    return {0,
            &custom_automation,
            sizeof(WidePin),
            RTL_NUMBER_OF(wave_pins),
            &wave_pins[0].pin,
            sizeof(PCNODE_DESCRIPTOR),
            RTL_NUMBER_OF(wave_nodes),
            wave_nodes,
            RTL_NUMBER_OF(wave_connections),
            wave_connections,
            RTL_NUMBER_OF(wave_categories),
            wave_categories};
}

PCFILTER_DESCRIPTOR topology_filter() {
    return {0,
            &custom_automation,
            sizeof(PCPIN_DESCRIPTOR),
            RTL_NUMBER_OF(topology_pins),
            topology_pins,
            sizeof(PCNODE_DESCRIPTOR),
            RTL_NUMBER_OF(topology_nodes),
            topology_nodes,
            RTL_NUMBER_OF(topology_connections),
            topology_connections,
            RTL_NUMBER_OF(topology_categories),
            topology_categories};
}

} // namespace conformance
