// The properties that every port answers: sizes, pin and node ids, verbs, one by one (R-PROP-08, R-PROP-09, R-PROP-11,
// R-PROP-29, R-PROP-33).
#include "property_fixture.h"

namespace conformance {

namespace {

const GUID topology_set = KSPROPSETID_Topology;
const GUID connection_set = KSPROPSETID_Connection;
const GUID stream_set = KSPROPSETID_Stream;

struct Fixed {
    const char* name;
    const GUID& set;
    ULONG id;
    ULONG request_bytes;
    ULONG value_bytes;
    ULONG access;
};
struct Variable {
    const char* name;
    const GUID& set;
    ULONG id;
    ULONG request_bytes;
};
#define OPC_FIXED(set, id, request, value, access) {#id, set, id, sizeof(request), sizeof(value), access}
#define OPC_VARIABLE(set, id, request) {#id, set, id, sizeof(request)}

constexpr ULONG get = KSPROPERTY_TYPE_GET;
constexpr ULONG get_and_set = KSPROPERTY_TYPE_GET | KSPROPERTY_TYPE_SET;

} // namespace

class PortProperty : public CoreTest {
protected:
    // Behind the header: the pin or node id, the same place for both.
    NTSTATUS ask(FILE_OBJECT* file, const GUID& set, ULONG id, ULONG verb, ULONG request_bytes, void* value,
                 ULONG value_bytes, ULONG target = render_pin) {
        const KSP_PIN in = pin_request(set, id, target, verb);
        return property(file, &in, request_bytes, value, value_bytes);
    }

    void expect_fixed(FILE_OBJECT* file, const Fixed& row) {
        SCOPED_TRACE(row.name);
        std::vector<UCHAR> value(row.value_bytes + 4);
        const auto sized = [&](ULONG bytes) {
            return ask(file, row.set, row.id, get, row.request_bytes, value.data(), bytes);
        };
        EXPECT_EQ(ask(file, row.set, row.id, get, row.request_bytes, nullptr, 0), STATUS_BUFFER_OVERFLOW);
        EXPECT_EQ(information_, row.value_bytes);
        for (ULONG bytes = 1; bytes < row.value_bytes; ++bytes) {
            EXPECT_EQ(sized(bytes), STATUS_BUFFER_TOO_SMALL) << bytes;
            EXPECT_EQ(information_, 0u);
        }
        for (const ULONG bytes : {row.value_bytes, row.value_bytes + 4}) {
            EXPECT_EQ(sized(bytes), STATUS_SUCCESS);
            EXPECT_EQ(information_, row.value_bytes);
        }
        expect_checks(file, row.set, row.id, row.request_bytes, row.access, row.value_bytes);
    }
    // Returns the answer.
    std::vector<UCHAR> expect_variable(FILE_OBJECT* file, const Variable& row, bool is_list, ULONG target) {
        SCOPED_TRACE(row.name);
        EXPECT_EQ(ask(file, row.set, row.id, get, row.request_bytes, nullptr, 0, target), STATUS_BUFFER_OVERFLOW);
        const auto needed = static_cast<ULONG>(information_);
        std::vector<UCHAR> value(needed + 4);
        const auto sized = [&](ULONG bytes) {
            return ask(file, row.set, row.id, get, row.request_bytes, value.data(), bytes, target);
        };
        for (ULONG bytes = 1; bytes < needed; ++bytes) {
            const bool header_alone = is_list && bytes == sizeof(KSMULTIPLE_ITEM); // R-PROP-33
            EXPECT_EQ(sized(bytes), header_alone ? STATUS_SUCCESS : STATUS_BUFFER_TOO_SMALL) << bytes;
            EXPECT_EQ(information_, header_alone ? sizeof(KSMULTIPLE_ITEM) : 0u);
        }
        EXPECT_EQ(sized(needed + 4), STATUS_SUCCESS);
        EXPECT_EQ(information_, needed);
        if (is_list) {
            EXPECT_EQ(reinterpret_cast<const KSMULTIPLE_ITEM*>(value.data())->Size, needed);
        }
        expect_checks(file, row.set, row.id, row.request_bytes, get, 256);
        value.resize(needed);
        return value;
    }
    // Short descriptors, ids out of range, verbs that the page denies, basic support.
    void expect_checks(FILE_OBJECT* file, const GUID& set, ULONG id, ULONG request_bytes, ULONG access,
                       ULONG value_bytes) {
        std::vector<UCHAR> value(value_bytes);
        const auto sized = [&](ULONG verb, ULONG bytes, ULONG target) {
            return ask(file, set, id, verb, bytes, value.data(), value_bytes, target);
        };
        for (ULONG bytes = 0; bytes < request_bytes; ++bytes) {
            EXPECT_EQ(sized(get, bytes, render_pin), STATUS_INVALID_BUFFER_SIZE) << bytes;
        }
        if (request_bytes > sizeof(KSPROPERTY)) {
            for (const ULONG target : {3u, 0x7FFFFFFFu, 0xFFFFFFFFu}) {
                EXPECT_EQ(sized(get, request_bytes, target), STATUS_INVALID_PARAMETER) << target;
            }
        }
        if ((access & KSPROPERTY_TYPE_SET) == 0) {
            EXPECT_EQ(sized(KSPROPERTY_TYPE_SET, request_bytes, render_pin), STATUS_NOT_FOUND);
        }
        ULONG flags = 0;
        EXPECT_EQ(ask(file, set, id, KSPROPERTY_TYPE_BASICSUPPORT, request_bytes, &flags, sizeof flags),
                  STATUS_SUCCESS);
        EXPECT_EQ(flags, access | KSPROPERTY_TYPE_BASICSUPPORT);
        KSPROPERTY_DESCRIPTION description = {};
        EXPECT_EQ(ask(file, set, id, KSPROPERTY_TYPE_BASICSUPPORT, request_bytes, &description, sizeof description),
                  STATUS_SUCCESS);
        EXPECT_EQ(description.AccessFlags, access | KSPROPERTY_TYPE_BASICSUPPORT);
        EXPECT_EQ(description.DescriptionSize, sizeof description);
    }
};

// Shows no row: these are the sizes, whatever the values.
TEST_F(PortProperty, values_of_one_size_on_the_filter) {
    const Fixed rows[] = {
        OPC_FIXED(KSPROPSETID_Pin, KSPROPERTY_PIN_CINSTANCES, KSP_PIN, KSPIN_CINSTANCES, get),
        OPC_FIXED(KSPROPSETID_Pin, KSPROPERTY_PIN_CTYPES, KSPROPERTY, ULONG, get),
        OPC_FIXED(KSPROPSETID_Pin, KSPROPERTY_PIN_DATAFLOW, KSP_PIN, KSPIN_DATAFLOW, get),
        OPC_FIXED(KSPROPSETID_Pin, KSPROPERTY_PIN_COMMUNICATION, KSP_PIN, KSPIN_COMMUNICATION, get),
        OPC_FIXED(KSPROPSETID_Pin, KSPROPERTY_PIN_GLOBALCINSTANCES, KSP_PIN, KSPIN_CINSTANCES, get),
        OPC_FIXED(KSPROPSETID_Pin, KSPROPERTY_PIN_NECESSARYINSTANCES, KSP_PIN, ULONG, get),
        OPC_FIXED(KSPROPSETID_Pin, KSPROPERTY_PIN_CATEGORY, KSP_PIN, GUID, get),
    };
    start_and_open();
    inside([&] {
        for (const Fixed& row : rows) {
            expect_fixed(wave_, row);
        }
    });
}

// Shows no row: these are the sizes, whatever the values.
TEST_F(PortProperty, lists_on_the_filter) {
    const Variable rows[] = {
        OPC_VARIABLE(KSPROPSETID_Pin, KSPROPERTY_PIN_DATARANGES, KSP_PIN),
        OPC_VARIABLE(KSPROPSETID_Pin, KSPROPERTY_PIN_INTERFACES, KSP_PIN),
        OPC_VARIABLE(KSPROPSETID_Pin, KSPROPERTY_PIN_MEDIUMS, KSP_PIN),
        OPC_VARIABLE(KSPROPSETID_Pin, KSPROPERTY_PIN_CONSTRAINEDDATARANGES, KSP_PIN),
        OPC_VARIABLE(topology_set, KSPROPERTY_TOPOLOGY_CATEGORIES, KSPROPERTY),
        OPC_VARIABLE(topology_set, KSPROPERTY_TOPOLOGY_NODES, KSPROPERTY),
        OPC_VARIABLE(topology_set, KSPROPERTY_TOPOLOGY_CONNECTIONS, KSPROPERTY),
    };
    start_and_open();
    inside([&] {
        for (const Variable& row : rows) {
            expect_variable(wave_, row, true, render_pin);
        }
    });
}

TEST_F(PortProperty, names_and_connections_on_the_filter) {
    start_and_open();
    inside([&] {
        const auto text_of = [](const std::vector<UCHAR>& bytes, std::size_t offset) {
            std::u16string text((bytes.size() - offset) / sizeof(WCHAR), u'\0');
            std::memcpy(text.data(), bytes.data() + offset, text.size() * sizeof(WCHAR));
            EXPECT_EQ(text.back(), u'\0');
            text.pop_back();
            return text;
        };
        const Variable pin_name = OPC_VARIABLE(KSPROPSETID_Pin, KSPROPERTY_PIN_NAME, KSP_PIN);
        EXPECT_EQ(text_of(expect_variable(wave_, pin_name, false, wave_bridge_pin), 0), u"Speakers");
        const Variable node_name = OPC_VARIABLE(topology_set, KSPROPERTY_TOPOLOGY_NAME, KSP_NODE);
        EXPECT_EQ(text_of(expect_variable(topology_, node_name, false, volume_node), 0), u"Master volume");
        const Variable cable = OPC_VARIABLE(KSPROPSETID_Pin, KSPROPERTY_PIN_PHYSICALCONNECTION, KSP_PIN);
        const std::vector<UCHAR> bytes = expect_variable(wave_, cable, false, wave_bridge_pin);
        KSPIN_PHYSICALCONNECTION connection = {};
        std::memcpy(&connection, bytes.data(), offsetof(KSPIN_PHYSICALCONNECTION, SymbolicLinkName));
        EXPECT_EQ(connection.Size, bytes.size());
        EXPECT_EQ(connection.Pin, topology_in_pin);
        EXPECT_EQ(text_of(bytes, offsetof(KSPIN_PHYSICALCONNECTION, SymbolicLinkName)), path_of(u"Topology"));
        UCHAR value[512];
        EXPECT_EQ(
            ask(wave_, KSPROPSETID_Pin, KSPROPERTY_PIN_PHYSICALCONNECTION, get, sizeof(KSP_PIN), value, sizeof value),
            STATUS_NOT_FOUND)
            << "a streaming pin has no cable";
    });
}

// R-DESC-12, R-DESC-21: KSPROPERTY_PIN_NAME of a GUID that no key names, then of one that the driver's INF names.
TEST_F(PortProperty, a_pin_without_a_registered_name_has_none) {
    std::vector<WidePin> pins;
    script_.adjust = [&](PCFILTER_DESCRIPTOR& filter, bool wave) {
        if (wave) {
            const auto* const first = reinterpret_cast<const WidePin*>(filter.Pins);
            pins.assign(first, first + filter.PinCount);
            pins[wave_bridge_pin].pin.KsPinDescriptor.Category = &custom_set;
            filter.Pins = &pins[0].pin;
        }
    };
    start_and_open();
    inside([&] {
        const KSP_PIN in = pin_request(KSPROPSETID_Pin, KSPROPERTY_PIN_NAME, wave_bridge_pin);
        EXPECT_EQ(property(wave_, in), STATUS_OBJECT_NAME_NOT_FOUND);
        EXPECT_EQ(information_, 0u);
        executive::Registry::current()
            .create(node_->driver_key() + u"\\MediaCategories\\" + executive::guid_text(custom_set))
            ->set_string(u"Name", u"Unicorn");
        EXPECT_EQ(property(wave_, in), STATUS_BUFFER_OVERFLOW);
        EXPECT_EQ(information_, sizeof(u"Unicorn"));
    });
}

// A miniport that narrows a pin's ranges says so apart from the full list.
TEST_F(PortProperty, KSPROPERTY_PIN_CONSTRAINEDDATARANGES_are_the_narrower_ones) {
    static KSDATARANGE_AUDIO narrow = {{{sizeof(KSDATARANGE_AUDIO), 0, 0, 0, KSDATAFORMAT_TYPE_AUDIO,
                                         KSDATAFORMAT_SUBTYPE_PCM, KSDATAFORMAT_SPECIFIER_WAVEFORMATEX}},
                                       2,
                                       16,
                                       16,
                                       48000,
                                       48000};
    static PKSDATARANGE narrow_ranges[] = {&narrow.DataRange};
    std::vector<WidePin> pins;
    script_.adjust = [&](PCFILTER_DESCRIPTOR& filter, bool wave) {
        if (wave) {
            const auto* const first = reinterpret_cast<const WidePin*>(filter.Pins);
            pins.assign(first, first + filter.PinCount);
            pins[render_pin].pin.KsPinDescriptor.ConstrainedDataRangesCount = 1;
            pins[render_pin].pin.KsPinDescriptor.ConstrainedDataRanges = narrow_ranges;
            filter.Pins = &pins[0].pin;
        }
    };
    start_and_open();
    inside([&] {
        const auto ranges = list<KSDATARANGE_AUDIO>(
            wave_, pin_request(KSPROPSETID_Pin, KSPROPERTY_PIN_CONSTRAINEDDATARANGES, render_pin));
        ASSERT_EQ(ranges.size(), 1u);
        EXPECT_EQ(ranges[0].MinimumSampleFrequency, 48000u);
        EXPECT_EQ(
            list<KSDATARANGE_AUDIO>(wave_, pin_request(KSPROPSETID_Pin, KSPROPERTY_PIN_DATARANGES, render_pin)).size(),
            2u);
        // Without narrower ones, all of them.
        EXPECT_EQ(whole(wave_, pin_request(KSPROPSETID_Pin, KSPROPERTY_PIN_CONSTRAINEDDATARANGES, capture_pin)),
                  whole(wave_, pin_request(KSPROPSETID_Pin, KSPROPERTY_PIN_DATARANGES, capture_pin)));
    });
}

// Shows no row: these are the sizes, whatever the values.
TEST_F(PortProperty, values_of_one_size_on_the_pin) {
    const Fixed rows[] = {
        OPC_FIXED(connection_set, KSPROPERTY_CONNECTION_STATE, KSPROPERTY, KSSTATE, get_and_set),
        OPC_FIXED(stream_set, KSPROPERTY_STREAM_ALLOCATOR, KSPROPERTY, HANDLE, get_and_set),
        OPC_FIXED(stream_set, KSPROPERTY_STREAM_MASTERCLOCK, KSPROPERTY, HANDLE, get_and_set),
        OPC_FIXED(audio_set, KSPROPERTY_AUDIO_POSITION, KSPROPERTY, KSAUDIO_POSITION, get_and_set),
        OPC_FIXED(audio_set, KSPROPERTY_AUDIO_POSITIONEX, KSPROPERTY, KSAUDIO_POSITIONEX, get),
    };
    start_and_open();
    inside([&] {
        FILE_OBJECT* const pin = open_pin();
        for (const Fixed& row : rows) {
            expect_fixed(pin, row);
            UCHAR value[64] = {};
            EXPECT_FALSE(NT_SUCCESS(ask(wave_, row.set, row.id, get, row.request_bytes, value, sizeof value)))
                << "the filter has no such property";
            if (row.access == get_and_set) {
                EXPECT_EQ(ask(pin, row.set, row.id, KSPROPERTY_TYPE_SET, row.request_bytes, value, row.value_bytes - 1),
                          STATUS_BUFFER_TOO_SMALL);
            }
        }
    });
}

TEST_F(PortProperty, KSPROPERTY_CONNECTION_DATAFORMAT_has_the_size_of_the_format) {
    start_and_open();
    inside([&] {
        FILE_OBJECT* const pin = open_pin();
        const Variable row = OPC_VARIABLE(connection_set, KSPROPERTY_CONNECTION_DATAFORMAT, KSPROPERTY);
        EXPECT_EQ(ask(pin, row.set, row.id, get, row.request_bytes, nullptr, 0), STATUS_BUFFER_OVERFLOW);
        EXPECT_EQ(information_, sizeof(KSDATAFORMAT_WAVEFORMATEX));
        KSDATAFORMAT_WAVEFORMATEX format = {};
        EXPECT_EQ(ask(pin, row.set, row.id, get, row.request_bytes, &format, sizeof format - 1),
                  STATUS_BUFFER_TOO_SMALL);
        EXPECT_EQ(ask(pin, row.set, row.id, get, row.request_bytes, &format, sizeof format), STATUS_SUCCESS);
        EXPECT_EQ(format.WaveFormatEx.nSamplesPerSec, 48000u);
        EXPECT_EQ(ask(pin, row.set, row.id, KSPROPERTY_TYPE_SET, row.request_bytes, nullptr, 0),
                  STATUS_INVALID_BUFFER_SIZE);
    });
}

TEST_F(PortProperty, states_out_of_range_are_refused) {
    start_and_open();
    inside([&] {
        FILE_OBJECT* const pin = open_pin();
        for (const int state : {-1, 4, 0x7FFFFFFF}) {
            EXPECT_EQ(set_state(pin, static_cast<KSSTATE>(state)), STATUS_INVALID_PARAMETER);
        }
    });
}

} // namespace conformance
