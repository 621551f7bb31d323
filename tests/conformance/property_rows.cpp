#include "property_rows.h"

#include <algorithm>
#include <cstdlib>
#include <map>

#include <dmusprop.h>
#include <msapofxproxy.h>

namespace conformance {

namespace {

using coverage::Handling;

// A PortCls structure of a shape that no header names.
struct PinMode {
    KSP_PIN pin;
    GUID mode;
};
struct ModeProposal {
    KSP_PIN pin;
    KSMULTIPLE_ITEM list;
    KSATTRIBUTE_AUDIOSIGNALPROCESSING_MODE mode;
};
struct TapPoint {
    KSPROPERTY property;
    KSATTRIBUTE_AUDIOLOOPBACK_TAPPOINT attribute;
};

template<class Item>
constexpr ULONG list_of = sizeof(KSMULTIPLE_ITEM) + 3 * sizeof(Item);

#define OPC_SIZE(type) {#type, sizeof(type)}
const std::map<std::string, ULONG, std::less<>> value_sizes = {
    OPC_SIZE(AUDIOPOSTURE_ORIENTATION),
    OPC_SIZE(AUDIORESOURCEMANAGEMENT_RESOURCEGROUP),
    OPC_SIZE(BOOL),
    OPC_SIZE(DS3DVECTOR),
    OPC_SIZE(DWORD),
    OPC_SIZE(FLOAT),
    OPC_SIZE(GUID),
    OPC_SIZE(HANDLE),
    OPC_SIZE(INTERLEAVED_AUDIO_FORMAT_INFORMATION),
    OPC_SIZE(KSAC3_ALTERNATE_AUDIO),
    OPC_SIZE(KSAC3_BIT_STREAM_MODE),
    OPC_SIZE(KSAC3_DIALOGUE_LEVEL),
    OPC_SIZE(KSAC3_DOWNMIX),
    OPC_SIZE(KSAC3_ERROR_CONCEALMENT),
    OPC_SIZE(KSAC3_ROOM_TYPE),
    OPC_SIZE(KSALLOCATOR_FRAMING_EX),
    OPC_SIZE(KSAUDIO_CHANNEL_CONFIG),
    OPC_SIZE(KSAUDIO_COPY_PROTECTION),
    OPC_SIZE(KSAUDIO_DYNAMIC_RANGE),
    OPC_SIZE(KSAUDIO_MIC_ARRAY_GEOMETRY),
    OPC_SIZE(KSAUDIO_MIXCAP_TABLE),
    OPC_SIZE(KSAUDIO_POSITIONEX),
    OPC_SIZE(KSAUDIO_PREFERRED_STATUS),
    OPC_SIZE(KSCOMPONENTID),
    OPC_SIZE(KSDATAFORMAT),
    OPC_SIZE(KSDS3D_BUFFER_ALL),
    OPC_SIZE(KSDS3D_BUFFER_CONE_ANGLES),
    OPC_SIZE(KSDS3D_HRTF_FILTER_FORMAT_MSG),
    OPC_SIZE(KSDS3D_HRTF_INIT_MSG),
    OPC_SIZE(KSDS3D_HRTF_PARAMS_MSG),
    OPC_SIZE(KSDS3D_ITD_PARAMS_MSG),
    OPC_SIZE(KSDS3D_LISTENER_ALL),
    OPC_SIZE(KSDS3D_LISTENER_ORIENTATION),
    OPC_SIZE(KSFRAMETIME),
    OPC_SIZE(KSJACK_SINK_INFORMATION),
    OPC_SIZE(KSPRIORITY),
    OPC_SIZE(KSQUALITY_MANAGER),
    OPC_SIZE(KSRATE),
    OPC_SIZE(KSRATE_CAPABILITY),
    OPC_SIZE(KSRELATIVEEVENT),
    OPC_SIZE(KSTELEPHONY_CALLCONTROL),
    OPC_SIZE(KSTELEPHONY_CALLINFO),
    OPC_SIZE(KSTELEPHONY_PROVIDERCHANGE),
    OPC_SIZE(KSTIME),
    OPC_SIZE(KSTOPOLOGY_ENDPOINTID),
    OPC_SIZE(KSTOPOLOGY_ENDPOINTIDPAIR),
    OPC_SIZE(LONG),
    OPC_SIZE(LONGLONG),
    OPC_SIZE(SOUNDDETECTOR_PATTERNHEADER),
    OPC_SIZE(SYNTHCAPS),
    OPC_SIZE(SYNTHDOWNLOAD),
    OPC_SIZE(SYNTH_PORTPARAMS),
    OPC_SIZE(SYNTH_STATS),
    OPC_SIZE(UINT),
    OPC_SIZE(ULONG),
    OPC_SIZE(ULONGLONG),
    OPC_SIZE(WAVEFORMATEX),
    {"KSAC3_LANGUAGE_CODE", sizeof(LONG)}, // its page is gone
    {"KSATTRIBUTE structure", sizeof(KSATTRIBUTE)},
    {"HANDLE (AVStream internal)", sizeof(HANDLE)},
    {"GUID[]", 3 * sizeof(GUID)},
    {"LONG array", 3 * sizeof(LONG)},
    {"ULONG array", 3 * sizeof(ULONG)},
    {"KSAUDIO_MIXLEVEL[]", 3 * sizeof(KSAUDIO_MIXLEVEL)},
    {"KSMULTIPLE_ITEM", list_of<GUID>}, // sound detectors' patterns
    {"KSMULTIPLE_ITEM + KSAUDIOMODULE_DESCRIPTOR[] (filter: all modules; pin: modules of this stream)",
     list_of<KSAUDIOMODULE_DESCRIPTOR>},
    {"KSMULTIPLE_ITEM + KSDATAFORMAT[]", list_of<KSDATAFORMAT>},
    {"KSMULTIPLE_ITEM + KSJACK_DESCRIPTION[]", list_of<KSJACK_DESCRIPTION>},
    {"KSMULTIPLE_ITEM + KSJACK_DESCRIPTION2[]", list_of<KSJACK_DESCRIPTION2>},
    {"KSMULTIPLE_ITEM + KSJACK_DESCRIPTION3[]", list_of<KSJACK_DESCRIPTION3>},
    {"KSMULTIPLE_ITEM of GUIDs", list_of<GUID>},
    {"KSMULTIPLE_ITEM, KSDEGRADE", list_of<KSDEGRADE>},
    {"NULL", 0},
    {"None", 0},
    // Nothing is said of the value: any size travels.
    {"UNDEFINED", 20},
    {"(no doc page)", 12},
    {"<device-specific>", 20},
    {"reserved (doc page says reserved)", sizeof(ULONG)},
};
#undef OPC_SIZE

const std::map<std::string, DescriptorShape, std::less<>> descriptors = {
    {"KSPROPERTY", {sizeof(KSPROPERTY), false}},
    {"KSP_PIN", {sizeof(KSP_PIN), false}},
    {"KSP_PIN, followed by a Mode GUID", {sizeof(PinMode), false}},
    {"KSP_PIN + KSMULTIPLE_ITEM + KSATTRIBUTE_AUDIOSIGNALPROCESSING_MODE", {sizeof(ModeProposal), false}},
    {"KSP_PINMODE", {sizeof(KSP_PINMODE), false}},
    {"KSATTRIBUTE_AUDIOLOOPBACK_TAPPOINT", {sizeof(TapPoint), false}},
    {"KSAUDIOMODULE_PROPERTY + [optional custom module arguments]", {sizeof(KSAUDIOMODULE_PROPERTY) + 24, false}},
    {"KSSOUNDDETECTORPROPERTY", {sizeof(KSSOUNDDETECTORPROPERTY), false}},
    {"KSRATE", {sizeof(KSRATE_CAPABILITY), false}}, // KSPROPERTY, then the rate asked about
    {"KSP_NODE", {sizeof(KSP_NODE), true}},
    {"KSNODEPROPERTY", {sizeof(KSNODEPROPERTY), true}},
    {"KSNODEPROPERTY_AUDIO_CHANNEL", {sizeof(KSNODEPROPERTY_AUDIO_CHANNEL), true}},
    {"KSNODEPROPERTY + SYNTH_PORTPARAMS", {sizeof(KSNODEPROPERTY) + sizeof(SYNTH_PORTPARAMS), true}},
    {"KSNODEPROPERTY + SYNTHVOICEPRIORITY_INSTANCE",
     {sizeof(KSNODEPROPERTY) + sizeof(SYNTHVOICEPRIORITY_INSTANCE), true}},
    {"KSNODEPROPERTY + SYNTH_BUFFER", {sizeof(KSNODEPROPERTY) + sizeof(SYNTH_BUFFER), true}},
    {"<device-specific>", {sizeof(KSNODEPROPERTY_AUDIO_DEV_SPECIFIC), true}},
    // Node properties without a page of their own.
    {"(no doc page)", {sizeof(KSNODEPROPERTY), true}},
    {"-", {sizeof(KSNODEPROPERTY), true}},
};

std::vector<PropertyRow> read_rows() {
    std::vector<PropertyRow> rows;
    std::map<std::string, int> seen;
    const auto add = [&](PropertyRow row, const std::string& set_name) {
        row.test_name = seen[row.name]++ == 0 ? row.name : row.name + "_of_" + set_name;
        rows.push_back(std::move(row));
    };
#define ROW(kind, set, id, ...) add({#kind, "", #id, set, static_cast<ULONG>(id), __VA_ARGS__}, #set);
#include "property_rows.inc"
#undef ROW
    return rows;
}

template<class Map>
const auto& entry_of(const Map& map, const std::string& text, const PropertyRow& row) {
    const auto found = map.find(text);
    if (found == map.end()) {
        std::fprintf(stderr, "%s: no shape is known for \"%s\"\n", row.name.c_str(), text.c_str());
        std::abort();
    }
    return found->second;
}

} // namespace

std::ostream& operator<<(std::ostream& stream, const PropertyRow& row) {
    return stream << row.test_name;
}

std::vector<PropertyRow> property_rows(std::string_view kind, std::initializer_list<Handling> handlings) {
    std::vector<PropertyRow> result;
    for (PropertyRow& row : read_rows()) {
        const Handling handling = coverage::handling_of(row.kind, row.handling);
        if (row.kind == kind && std::find(handlings.begin(), handlings.end(), handling) != handlings.end()) {
            result.push_back(std::move(row));
        }
    }
    return result;
}

DescriptorShape descriptor_shape(const PropertyRow& row) {
    return entry_of(descriptors, row.descriptor, row);
}

ULONG value_bytes(const PropertyRow& row) {
    return entry_of(value_sizes, row.value, row);
}

} // namespace conformance
