// Functions of ks.sys that answer for pins and topologies from the driver's descriptors.
#include <cstring>
#include <vector>

#include "probe_driver.h"

namespace conformance {

class KsPinHelpers : public KsDriverTest {};

TEST_F(KsPinHelpers, KsTopologyPropertyHandlerAnswersFromTheTopology) {
    open();
    const GUID categories[] = {KSCATEGORY_AUDIO};
    const GUID nodes[] = {KSNODETYPE_VOLUME, KSNODETYPE_MUTE};
    const KSTOPOLOGY_CONNECTION connections[] = {{KSFILTER_NODE, 0, 0, 1}};
    KSTOPOLOGY topology = {};
    topology.CategoriesCount = 1;
    topology.Categories = categories;
    topology.TopologyNodesCount = 2;
    topology.TopologyNodes = nodes;
    topology.TopologyConnectionsCount = 1;
    topology.TopologyConnections = connections;
    inside([&] {
        on_control() = [&](IRP* irp) {
            auto& location = *IoGetCurrentIrpStackLocation(irp);
            return KsTopologyPropertyHandler(
                irp, static_cast<KSPROPERTY*>(location.Parameters.DeviceIoControl.Type3InputBuffer), irp->UserBuffer,
                &topology);
        };
        const GUID set = KSPROPSETID_Topology;
        EXPECT_EQ(list<GUID>(file_, request(set, KSPROPERTY_TOPOLOGY_NODES)).size(), 2u);
        EXPECT_EQ(list<GUID>(file_, request(set, KSPROPERTY_TOPOLOGY_CATEGORIES)).size(), 1u);
        EXPECT_EQ(list<KSTOPOLOGY_CONNECTION>(file_, request(set, KSPROPERTY_TOPOLOGY_CONNECTIONS))[0].ToNodePin, 1u);
        EXPECT_EQ(property(file_, request(set, 77)), STATUS_NOT_FOUND);
    });
}

// KsPinPropertyHandler, and both forms of the intersection: every pair of ranges until one matches.
TEST_F(KsPinHelpers, KsPinPropertyHandlerAnswersFromTheDescriptors) {
    open();
    static KSDATARANGE ranges[2] = {};
    for (KSDATARANGE& range : ranges) {
        range.FormatSize = sizeof range;
    }
    static PKSDATARANGE pointers[] = {&ranges[0], &ranges[1]};
    static const GUID category = KSNODETYPE_SPEAKER;
    KSPIN_DESCRIPTOR pins[1] = {};
    pins[0].DataRangesCount = 2;
    pins[0].DataRanges = pointers;
    pins[0].DataFlow = KSPIN_DATAFLOW_IN;
    pins[0].Communication = KSPIN_COMMUNICATION_SINK;
    pins[0].Category = &category;
    inside([&] {
        on_control() = [&](IRP* irp) {
            auto& location = *IoGetCurrentIrpStackLocation(irp);
            return KsPinPropertyHandler(irp,
                                        static_cast<KSPROPERTY*>(location.Parameters.DeviceIoControl.Type3InputBuffer),
                                        irp->UserBuffer, 1, pins);
        };
        const GUID set = KSPROPSETID_Pin;
        ULONG count = 0;
        EXPECT_EQ(property(file_, request(set, KSPROPERTY_PIN_CTYPES), count), STATUS_SUCCESS);
        EXPECT_EQ(count, 1u);
        KSPIN_DATAFLOW flow = {};
        EXPECT_EQ(property(file_, pin_request(set, KSPROPERTY_PIN_DATAFLOW, 0), flow), STATUS_SUCCESS);
        EXPECT_EQ(flow, KSPIN_DATAFLOW_IN);
        KSPIN_COMMUNICATION communication = {};
        EXPECT_EQ(property(file_, pin_request(set, KSPROPERTY_PIN_COMMUNICATION, 0), communication), STATUS_SUCCESS);
        EXPECT_EQ(communication, KSPIN_COMMUNICATION_SINK);
        EXPECT_EQ(list<KSDATARANGE>(file_, pin_request(set, KSPROPERTY_PIN_DATARANGES, 0)).size(), 2u);
        EXPECT_EQ(property(file_, pin_request(set, KSPROPERTY_PIN_DATAFLOW, 1), flow), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(property(file_, request(set, KSPROPERTY_PIN_DATAFLOW), flow), STATUS_INVALID_BUFFER_SIZE);
    });
}

TEST_F(KsPinHelpers, KsPinDataIntersectionExTriesEveryPair) {
    open();
    static KSDATARANGE ranges[2] = {};
    static ULONG pairs;
    pairs = 0;
    for (KSDATARANGE& range : ranges) {
        range.FormatSize = sizeof range;
    }
    ranges[1].SampleSize = 42;
    static PKSDATARANGE pointers[] = {&ranges[0], &ranges[1]};
    KSPIN_DESCRIPTOR pins[1] = {};
    pins[0].DataRangesCount = 2;
    pins[0].DataRanges = pointers;
    inside([&] {
        on_control() = [&](IRP* irp) {
            auto& location = *IoGetCurrentIrpStackLocation(irp);
            auto* const pin = static_cast<KSP_PIN*>(location.Parameters.DeviceIoControl.Type3InputBuffer);
            return KsPinDataIntersectionEx(
                irp, pin, irp->UserBuffer, 1, pins, 0,
                +[](PVOID, PIRP, PKSP_PIN, PKSDATARANGE, PKSDATARANGE own, ULONG, PVOID data, PULONG bytes)
                     NTAPI -> NTSTATUS {
                    ++pairs;
                    if (own->SampleSize != 42) {
                        return STATUS_NO_MATCH;
                    }
                    *bytes = sizeof(KSDATARANGE);
                    std::memcpy(data, own, sizeof *own);
                    return STATUS_SUCCESS;
                },
                nullptr);
        };
        struct {
            KSP_PIN pin;
            KSMULTIPLE_ITEM header;
            KSDATARANGE range;
        } in = {pin_request(KSPROPSETID_Pin, KSPROPERTY_PIN_DATAINTERSECTION, 0),
                {sizeof in.header + sizeof in.range, 1},
                ranges[0]};
        KSDATARANGE out = {};
        EXPECT_EQ(property(file_, in, out), STATUS_SUCCESS);
        EXPECT_EQ(out.SampleSize, 42u);
        EXPECT_EQ(pairs, 2u);
        EXPECT_EQ(information_, sizeof out);
        in.pin.PinId = 1;
        EXPECT_EQ(property(file_, in, out), STATUS_INVALID_PARAMETER);
        on_control() = [&](IRP* irp) {
            auto& location = *IoGetCurrentIrpStackLocation(irp);
            auto* const pin = static_cast<KSP_PIN*>(location.Parameters.DeviceIoControl.Type3InputBuffer);
            return KsPinDataIntersection(
                irp, pin, irp->UserBuffer, 1, pins,
                +[](PIRP, PKSP_PIN, PKSDATARANGE, PVOID) NTAPI -> NTSTATUS { return STATUS_NO_MATCH; });
        };
        in.pin.PinId = 0;
        EXPECT_EQ(property(file_, in, out), STATUS_NO_MATCH);
    });
}

// KsPinDataIntersection, KsPinDataIntersectionEx: a handler sees ranges of the same kind only; Ex does without one.
TEST_F(KsPinHelpers, IntersectionHandlersSeeRangesThatMatch) {
    open();
    static KSDATARANGE ranges[2] = {};
    static std::vector<const KSDATARANGE*> seen;
    seen.clear();
    for (KSDATARANGE& range : ranges) {
        range.FormatSize = sizeof range;
    }
    ranges[0].MajorFormat = KSDATAFORMAT_TYPE_MUSIC;
    ranges[1].MajorFormat = KSDATAFORMAT_TYPE_AUDIO;
    static PKSDATARANGE pointers[] = {&ranges[0], &ranges[1], &ranges[1]};
    KSPIN_DESCRIPTOR pins[1] = {};
    pins[0].DataRangesCount = 3;
    pins[0].DataRanges = pointers;
    inside([&] {
        const auto handle_plainly = [&](IRP* irp) {
            auto& location = *IoGetCurrentIrpStackLocation(irp);
            return KsPinDataIntersection(
                irp, static_cast<KSP_PIN*>(location.Parameters.DeviceIoControl.Type3InputBuffer), irp->UserBuffer, 1,
                pins, +[](PIRP, PKSP_PIN, PKSDATARANGE client, PVOID) NTAPI -> NTSTATUS {
                    seen.push_back(client);
                    return STATUS_NO_MATCH;
                });
        };
        PFNKSINTERSECTHANDLEREX handler =
            +[](PVOID, PIRP, PKSP_PIN, PKSDATARANGE, PKSDATARANGE own, ULONG, PVOID, PULONG) NTAPI -> NTSTATUS {
            seen.push_back(own);
            return STATUS_NO_MATCH;
        };
        const auto handle_ex = [&](IRP* irp) {
            auto& location = *IoGetCurrentIrpStackLocation(irp);
            return KsPinDataIntersectionEx(irp,
                                           static_cast<KSP_PIN*>(location.Parameters.DeviceIoControl.Type3InputBuffer),
                                           irp->UserBuffer, 1, pins, 0, handler, nullptr);
        };
        struct {
            KSP_PIN pin;
            KSMULTIPLE_ITEM header;
            KSDATARANGE range;
        } in = {pin_request(KSPROPSETID_Pin, KSPROPERTY_PIN_DATAINTERSECTION, 0),
                {sizeof in.header + sizeof in.range, 1},
                ranges[1]};
        KSDATARANGE out = {};
        on_control() = handle_plainly;
        EXPECT_EQ(property(file_, in, out), STATUS_NO_MATCH);
        EXPECT_EQ(seen.size(), 1u) << "once for a range of the client's";
        seen.clear();
        on_control() = handle_ex;
        EXPECT_EQ(property(file_, in, out), STATUS_NO_MATCH);
        EXPECT_EQ(seen, (std::vector<const KSDATARANGE*>{&ranges[1], &ranges[1]}));
        handler = nullptr;
        EXPECT_EQ(property(file_, in, out), STATUS_SUCCESS);
        in.range.Specifier = KSDATAFORMAT_SPECIFIER_WAVEFORMATEX;
        ranges[1].Specifier = KSDATAFORMAT_SPECIFIER_DSOUND;
        EXPECT_EQ(property(file_, in, out), STATUS_NO_MATCH);
        seen.clear();
        on_control() = handle_plainly;
        EXPECT_EQ(property(file_, in, out), STATUS_NO_MATCH);
        EXPECT_TRUE(seen.empty());
    });
}

// KSPROPERTY_PIN_CONSTRAINEDDATARANGES, KSDATARANGE_ATTRIBUTES, KSPROPERTY_PIN_NAME
TEST_F(KsPinHelpers, PinsTellConstraintsAttributesAndNames) {
    open();
    static KSDATARANGE ranges[2] = {};
    for (KSDATARANGE& range : ranges) {
        range.FormatSize = sizeof range;
    }
    ranges[0].Flags = KSDATARANGE_ATTRIBUTES;
    static KSATTRIBUTE attribute = {sizeof attribute, KSATTRIBUTE_REQUIRED, custom_set};
    static PKSATTRIBUTE attribute_pointers[] = {&attribute};
    static KSATTRIBUTE_LIST attributes = {1, attribute_pointers};
    static PKSDATARANGE all[] = {&ranges[0], reinterpret_cast<PKSDATARANGE>(&attributes), &ranges[1]};
    static PKSDATARANGE constrained[] = {&ranges[1]};
    static const GUID speaker = KSNODETYPE_SPEAKER;
    KSPIN_DESCRIPTOR pins[1] = {};
    pins[0].DataRangesCount = 3;
    pins[0].DataRanges = all;
    inside([&] {
        on_control() = [&](IRP* irp) {
            auto& location = *IoGetCurrentIrpStackLocation(irp);
            return KsPinPropertyHandler(irp,
                                        static_cast<KSPROPERTY*>(location.Parameters.DeviceIoControl.Type3InputBuffer),
                                        irp->UserBuffer, 1, pins);
        };
        const GUID set = KSPROPSETID_Pin;
        struct {
            KSMULTIPLE_ITEM header;
            KSDATARANGE first;
            KSMULTIPLE_ITEM attributes;
            KSATTRIBUTE attribute;
            KSDATARANGE second;
        } listed = {};
        EXPECT_EQ(property(file_, pin_request(set, KSPROPERTY_PIN_DATARANGES, 0), listed), STATUS_SUCCESS);
        EXPECT_EQ(listed.header.Count, 3u);
        EXPECT_EQ(listed.header.Size, sizeof listed);
        EXPECT_EQ(listed.attributes.Size, sizeof listed.attributes + sizeof listed.attribute);
        EXPECT_TRUE(IsEqualGUID(listed.attribute.Attribute, custom_set));
        EXPECT_EQ(listed.second.FormatSize, sizeof(KSDATARANGE));
        KSMULTIPLE_ITEM header = {};
        EXPECT_EQ(property(file_, pin_request(set, KSPROPERTY_PIN_CONSTRAINEDDATARANGES, 0), header), STATUS_SUCCESS);
        EXPECT_EQ(header.Count, 3u) << "nothing is constrained";
        pins[0].ConstrainedDataRangesCount = 1;
        pins[0].ConstrainedDataRanges = constrained;
        EXPECT_EQ(property(file_, pin_request(set, KSPROPERTY_PIN_CONSTRAINEDDATARANGES, 0), header), STATUS_SUCCESS);
        EXPECT_EQ(header.Count, 1u);
        WCHAR text[64] = {};
        EXPECT_EQ(property(file_, pin_request(set, KSPROPERTY_PIN_NAME, 0), text), STATUS_OBJECT_NAME_NOT_FOUND);
        pins[0].Category = &speaker;
        EXPECT_EQ(property(file_, pin_request(set, KSPROPERTY_PIN_NAME, 0), text), STATUS_SUCCESS);
        EXPECT_EQ(std::u16string(text), u"Speakers");
        pins[0].Name = &custom_set; // has no text
        EXPECT_EQ(property(file_, pin_request(set, KSPROPERTY_PIN_NAME, 0), text), STATUS_SUCCESS);
        static const GUID headphones = KSNODETYPE_HEADPHONES;
        pins[0].Name = &headphones;
        EXPECT_EQ(property(file_, pin_request(set, KSPROPERTY_PIN_NAME, 0), text), STATUS_SUCCESS);
        EXPECT_EQ(std::u16string(text), u"Headphones");
        EXPECT_EQ(information_, sizeof u"Headphones");
    });
}

// KSPROPERTY_TOPOLOGY_NAME: the name that the topology gives the node, else its type's.
TEST_F(KsPinHelpers, TopologiesNameTheirNodes) {
    open();
    const GUID nodes[] = {KSNODETYPE_SPEAKER, KSNODETYPE_SPEAKER};
    const GUID names[] = {KSNODETYPE_HEADPHONES, custom_set};
    KSTOPOLOGY topology = {};
    topology.TopologyNodesCount = 2;
    topology.TopologyNodes = nodes;
    inside([&] {
        on_control() = [&](IRP* irp) {
            auto& location = *IoGetCurrentIrpStackLocation(irp);
            return KsTopologyPropertyHandler(
                irp, static_cast<KSPROPERTY*>(location.Parameters.DeviceIoControl.Type3InputBuffer), irp->UserBuffer,
                &topology);
        };
        const auto name_of = [&](ULONG node) {
            KSP_NODE in = {};
            in.Property = request(KSPROPSETID_Topology, KSPROPERTY_TOPOLOGY_NAME);
            in.NodeId = node;
            WCHAR text[64] = {};
            EXPECT_EQ(property(file_, in, text), node < 2 ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER);
            return std::u16string(text);
        };
        EXPECT_EQ(name_of(0), u"Speakers");
        topology.TopologyNodesNames = names;
        EXPECT_EQ(name_of(0), u"Headphones");
        EXPECT_EQ(name_of(1), u"Speakers") << "the name has no text";
        EXPECT_EQ(name_of(2), u"");
        WCHAR text[64] = {};
        EXPECT_EQ(property(file_, request(KSPROPSETID_Topology, KSPROPERTY_TOPOLOGY_NAME), text),
                  STATUS_INVALID_BUFFER_SIZE);
    });
}

} // namespace conformance
