// R-PROP: KSPROPERTY_PIN_PROPOSEDATAFORMAT and _PROPOSEDATAFORMAT2, by the port and by a miniport's filter table.
#include "property_fixture.h"

namespace conformance {

namespace {

constexpr ULONG propose_id = KSPROPERTY_PIN_PROPOSEDATAFORMAT;

struct ProposeForMode {
    KSP_PIN pin;
    KSMULTIPLE_ITEM attributes;
    KSATTRIBUTE_AUDIOSIGNALPROCESSING_MODE mode;
};

// A driver that knows the default format of its pins.
NTSTATUS NTAPI own_proposal_handler(PCPROPERTY_REQUEST* request) {
    script()->calls.push_back({"proposal", *request, 0});
    return request->Verb == KSPROPERTY_TYPE_SET ? STATUS_NO_MATCH : STATUS_SUCCESS;
}
const PCPROPERTY_ITEM proposal_items[] = {
    {&KSPROPSETID_Pin, KSPROPERTY_PIN_PROPOSEDATAFORMAT, PCPROPERTY_ITEM_FLAG_GET | PCPROPERTY_ITEM_FLAG_SET,
     own_proposal_handler},
    {&KSPROPSETID_Pin, KSPROPERTY_PIN_PROPOSEDATAFORMAT2, PCPROPERTY_ITEM_FLAG_GET, own_proposal_handler},
};
const PCAUTOMATION_TABLE proposal_automation = {sizeof(PCPROPERTY_ITEM),
                                                RTL_NUMBER_OF(proposal_items),
                                                proposal_items,
                                                sizeof(PCMETHOD_ITEM),
                                                0,
                                                nullptr,
                                                sizeof(PCEVENT_ITEM),
                                                0,
                                                nullptr,
                                                0};

} // namespace

class Proposal : public R_PROP {
protected:
    static KSP_PIN proposal(ULONG pin, ULONG verb = KSPROPERTY_TYPE_SET) {
        return pin_request(KSPROPSETID_Pin, propose_id, pin, verb);
    }
    static ProposeForMode for_mode(ULONG pin) {
        ProposeForMode result = {};
        result.pin = pin_request(KSPROPSETID_Pin, KSPROPERTY_PIN_PROPOSEDATAFORMAT2, pin);
        result.attributes.Count = 1;
        result.attributes.Size = sizeof result.attributes + sizeof result.mode;
        result.mode.AttributeHeader.Size = sizeof result.mode;
        result.mode.AttributeHeader.Attribute = KSATTRIBUTEID_AUDIOSIGNALPROCESSING_MODE;
        result.mode.SignalProcessingMode = AUDIO_SIGNALPROCESSINGMODE_DEFAULT;
        return result;
    }
    void list_own_handlers() {
        script_.adjust = [](PCFILTER_DESCRIPTOR& filter, bool wave) {
            if (wave) {
                filter.AutomationTable = &proposal_automation;
            }
        };
    }
};

// KSPROPERTY_PIN_PROPOSEDATAFORMAT
TEST_F(Proposal, R_PROP_27_a_proposal_tests_a_format_and_changes_nothing) {
    start_and_open();
    inside([&] {
        FILE_OBJECT* const pin = open_pin();
        script_.clear();
        KSDATAFORMAT_WAVEFORMATEX format = pcm(44100, 16, 1);
        EXPECT_EQ(property(wave_, proposal(render_pin), format), STATUS_SUCCESS);
        EXPECT_EQ(property(pin, proposal(render_pin), format), STATUS_SUCCESS) << "R-PROP-16";
        EXPECT_EQ(script_.text(), "") << "no stream hears of it";
        KSDATAFORMAT_WAVEFORMATEX now = {};
        EXPECT_EQ(property(pin, request(KSPROPSETID_Connection, KSPROPERTY_CONNECTION_DATAFORMAT), now),
                  STATUS_SUCCESS);
        EXPECT_EQ(now.WaveFormatEx.nSamplesPerSec, 48000u);
        for (const KSDATAFORMAT_WAVEFORMATEX& refused :
             {pcm(192000), pcm(4000), pcm(48000, 32), pcm(48000, 16, 6)}) { // rate, bits, channels out of range
            format = refused;
            EXPECT_EQ(property(wave_, proposal(render_pin), format), STATUS_NO_MATCH);
        }
        format = pcm();
        format.DataFormat.SubFormat = KSDATAFORMAT_SUBTYPE_IEEE_FLOAT;
        EXPECT_EQ(property(wave_, proposal(render_pin), format), STATUS_NO_MATCH);
        EXPECT_EQ(property(wave_, proposal(wave_bridge_pin), format), STATUS_NO_MATCH);
    });
}

TEST_F(Proposal, R_PROP_27_sizes_pins_and_verbs_are_checked) {
    start_and_open();
    inside([&] {
        KSDATAFORMAT_WAVEFORMATEX format = pcm();
        const KSP_PIN in = proposal(render_pin);
        EXPECT_EQ(property(wave_, &in, sizeof(KSPROPERTY), &format, sizeof format), STATUS_INVALID_BUFFER_SIZE);
        EXPECT_EQ(property(wave_, &in, sizeof in, nullptr, 0), STATUS_BUFFER_TOO_SMALL);
        for (ULONG bytes = sizeof(KSDATAFORMAT); bytes < sizeof format; ++bytes) {
            EXPECT_EQ(property(wave_, &in, sizeof in, &format, bytes), STATUS_INVALID_BUFFER_SIZE) << bytes;
        }
        EXPECT_EQ(property(wave_, proposal(3), format), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(property(wave_, proposal(render_pin, KSPROPERTY_TYPE_GET), format), STATUS_NOT_FOUND)
            << "compulsory only for drivers with KSEVENT_PINCAPS_FORMATCHANGE";
        ULONG access = 0;
        EXPECT_EQ(property(wave_, proposal(render_pin, KSPROPERTY_TYPE_BASICSUPPORT), access), STATUS_SUCCESS);
        EXPECT_EQ(access, ULONG{KSPROPERTY_TYPE_SET | KSPROPERTY_TYPE_BASICSUPPORT});
    });
}

// R-FMT-12: the capture pin's range carries the mode attribute; a proposal with any mode or none is fine.
TEST_F(Proposal, R_FMT_12_a_format_of_any_mode_is_accepted) {
    start_and_open();
    inside([&] {
        struct {
            KSDATAFORMAT_WAVEFORMATEX format;
            KSMULTIPLE_ITEM list;
            KSATTRIBUTE_AUDIOSIGNALPROCESSING_MODE mode;
        } with_mode = {};
        with_mode.format = pcm(48000, 16, 1);
        EXPECT_EQ(property(wave_, proposal(capture_pin), with_mode.format), STATUS_SUCCESS);
        with_mode.format.DataFormat.Flags = KSDATAFORMAT_ATTRIBUTES;
        with_mode.list = {sizeof with_mode.list + sizeof with_mode.mode, 1};
        with_mode.mode.AttributeHeader = {sizeof with_mode.mode, KSATTRIBUTE_REQUIRED,
                                          KSATTRIBUTEID_AUDIOSIGNALPROCESSING_MODE};
        for (const GUID& mode : {AUDIO_SIGNALPROCESSINGMODE_RAW, AUDIO_SIGNALPROCESSINGMODE_SPEECH}) {
            with_mode.mode.SignalProcessingMode = mode;
            EXPECT_EQ(property(wave_, proposal(capture_pin), with_mode), STATUS_SUCCESS);
        }
        with_mode.mode.AttributeHeader.Attribute.Data1 ^= 1;
        EXPECT_EQ(property(wave_, proposal(capture_pin), with_mode), STATUS_NO_MATCH);
        with_mode.list.Size = 4;
        EXPECT_EQ(property(wave_, proposal(capture_pin), with_mode), STATUS_INVALID_BUFFER_SIZE);
    });
}

// KSPROPERTY_PIN_PROPOSEDATAFORMAT2
TEST_F(Proposal, R_PROP_28_the_port_knows_no_format_for_a_mode) {
    start_and_open();
    inside([&] {
        ProposeForMode in = for_mode(render_pin);
        KSDATAFORMAT_WAVEFORMATEX format = {};
        EXPECT_EQ(property(wave_, in, format), STATUS_NOT_SUPPORTED);
        for (ULONG bytes = sizeof(KSPROPERTY); bytes < sizeof in; ++bytes) {
            EXPECT_EQ(property(wave_, &in, bytes, &format, sizeof format), STATUS_INVALID_BUFFER_SIZE) << bytes;
        }
        in.attributes.Count = 2;
        EXPECT_EQ(property(wave_, in, format), STATUS_INVALID_BUFFER_SIZE);
        EXPECT_EQ(property(wave_, for_mode(3), format), STATUS_INVALID_PARAMETER);
        in = for_mode(render_pin);
        in.pin.Property.Flags = KSPROPERTY_TYPE_SET;
        EXPECT_EQ(property(wave_, in, format), STATUS_NOT_FOUND) << "get only";
    });
}

TEST_F(Proposal, R_PROP_28_a_miniports_filter_table_answers_in_the_ports_place) {
    list_own_handlers();
    start_and_open();
    inside([&] {
        KSDATAFORMAT_WAVEFORMATEX format = pcm();
        EXPECT_EQ(property(wave_, proposal(render_pin), format), STATUS_NO_MATCH) << "the driver's word";
        EXPECT_EQ(property(wave_, proposal(render_pin, KSPROPERTY_TYPE_GET), format), STATUS_SUCCESS);
        ASSERT_EQ(script_.calls.size(), 2u);
        EXPECT_EQ(last().request.InstanceSize, sizeof(KSP_PIN) - sizeof(KSPROPERTY));
        EXPECT_EQ(property(wave_, for_mode(render_pin), format), STATUS_SUCCESS);
        ASSERT_EQ(script_.calls.size(), 3u);
        EXPECT_EQ(last().request.InstanceSize, sizeof(ProposeForMode) - sizeof(KSPROPERTY));
        EXPECT_EQ(last().request.ValueSize, sizeof format);
        EXPECT_EQ(last().request.MinorTarget, nullptr);
    });
}

TEST_F(Proposal, proposals_are_new_in_Vista_and_Windows_8_1) {
    be(WindowsVersion::windows_8);
    start_and_open();
    inside([&] {
        KSDATAFORMAT_WAVEFORMATEX format = pcm();
        EXPECT_EQ(property(wave_, proposal(render_pin), format), STATUS_SUCCESS);
        EXPECT_EQ(property(wave_, for_mode(render_pin), format), STATUS_NOT_FOUND);
    });
}

TEST_F(Proposal, topology_filters_of_Windows_XP_know_no_proposals) {
    be(WindowsVersion::xp_sp2);
    script_.register_wave = false; // no WaveRT yet
    start();
    inside([&] {
        ASSERT_EQ(open_filter(u"Topology", topology_), STATUS_SUCCESS);
        KSDATAFORMAT_WAVEFORMATEX format = pcm();
        EXPECT_EQ(property(topology_, proposal(topology_in_pin), format), STATUS_NOT_FOUND);
    });
}

} // namespace conformance
