// The port's own properties, by the table of their releases: what came later is to an older release a property that
// nobody knows, whatever is asked of it.
#include "first_release.h"
#include "property_rows.h"
#include "wavepci_fixture.h"
#include "wavert_fixture.h"

namespace conformance {

namespace {

constexpr ULONG nobodys_property = 0x7E;

// Those that the port answers, if only on the nodes of an audio engine.
std::vector<PropertyRow> newer_properties() {
    std::vector<PropertyRow> rows = property_rows("property", {coverage::Handling::port});
    for (PropertyRow& row : property_rows("property", {coverage::Handling::miniport})) {
        if (row.handling.find("on KSNODETYPE_AUDIO_ENGINE nodes PORT") != std::string::npos) {
            rows.push_back(std::move(row));
        }
    }
    std::erase_if(rows, [](const PropertyRow& row) { return !first_release(row.min_os); });
    return rows;
}

bool is_for_pins(const PropertyRow& row) {
    return row.target.find("Pin") != std::string::npos && row.target.find("actory") == std::string::npos;
}

bool is_for_nodes(const PropertyRow& row) {
    return row.target.starts_with("Node");
}

// A request of any of the sizes there are, to node 0 where it is for a node.
std::vector<UCHAR> wide_request(const GUID& set, ULONG id, ULONG verb, bool is_for_node) {
    std::vector<UCHAR> bytes(256);
    auto& property = *reinterpret_cast<KSPROPERTY*>(bytes.data());
    property.Set = set;
    property.Id = id;
    property.Flags = verb | (is_for_node ? KSPROPERTY_TYPE_TOPOLOGY : 0);
    return bytes;
}

// `send` gives a request and room for its value to the filter or the pin.
template<class Send>
void expect_by_release(const PropertyRow& row, WindowsVersion version, Send&& send) {
    SCOPED_TRACE(row.test_name + " on " + std::string(portcls::windows_version_name(version)));
    for (const ULONG verb : {KSPROPERTY_TYPE_BASICSUPPORT, KSPROPERTY_TYPE_GET, KSPROPERTY_TYPE_SET}) {
        std::vector<UCHAR> value(verb == KSPROPERTY_TYPE_BASICSUPPORT ? sizeof(ULONG) : 256);
        const NTSTATUS status = send(wide_request(row.set, row.id, verb, is_for_nodes(row)), value);
        if (version < *first_release(row.min_os)) {
            const NTSTATUS unknown = send(wide_request(row.set, nobodys_property, verb, is_for_nodes(row)), value);
            EXPECT_TRUE(unknown == STATUS_NOT_FOUND || unknown == STATUS_PROPSET_NOT_FOUND) << std::hex << unknown;
            EXPECT_EQ(status, unknown) << "verb " << verb;
        } else if (verb == KSPROPERTY_TYPE_BASICSUPPORT) {
            EXPECT_EQ(status, STATUS_SUCCESS);
        }
    }
}

std::string name_of_version(const ::testing::TestParamInfo<WindowsVersion>& info) {
    std::string name = "Windows_" + std::string(portcls::windows_version_name(info.param));
    std::replace_if(name.begin(), name.end(), [](char c) { return c == '.' || c == '-'; }, '_');
    return name;
}

} // namespace

// Events and methods of the ports' own have been there ever since; one that came later would need a test like these.
TEST(NewerRows, are_properties) {
    for (const std::string_view kind : {"event", "method"}) {
        for (const PropertyRow& row : property_rows(kind, {coverage::Handling::port})) {
            EXPECT_FALSE(first_release(row.min_os)) << row.name << ": " << row.min_os;
        }
    }
}

// On a port that every release has.
class NewerProperties : public WavePciRules, public ::testing::WithParamInterface<WindowsVersion> {};

TEST_P(NewerProperties, are_unknown_before_the_release_that_brought_them) {
    as(GetParam(), [&] {
        FILE_OBJECT* const pin = open_stream(render_pin);
        int seen = 0;
        for (const PropertyRow& row : newer_properties()) {
            if (is_for_nodes(row) || IsEqualGUID(row.set, KSPROPSETID_RtAudio)) {
                continue; // the WaveRT port's
            }
            ++seen;
            FILE_OBJECT* const file = is_for_pins(row) ? pin : wave_;
            expect_by_release(row, GetParam(), [&](const std::vector<UCHAR>& in, std::vector<UCHAR>& value) {
                return property(file, in.data(), static_cast<ULONG>(in.size()), value.data(),
                                static_cast<ULONG>(value.size()));
            });
        }
        EXPECT_EQ(seen, 4);
    });
}

INSTANTIATE_TEST_SUITE_P(On, NewerProperties,
                         ::testing::Values(WindowsVersion::windows_2000, WindowsVersion::xp, WindowsVersion::xp_sp2,
                                           WindowsVersion::vista, WindowsVersion::windows_7, WindowsVersion::windows_8,
                                           WindowsVersion::windows_8_1, WindowsVersion::windows_10,
                                           WindowsVersion::windows_11),
                         name_of_version);

// A miniport that offers everything, whatever the release.
class NewerWaveRtProperties : public wavert_test::WaveRtTest, public ::testing::WithParamInterface<WindowsVersion> {
protected:
    void start_on(WindowsVersion version) {
        script_.packets = script_.device_engine = script_.engine = script_.engine2 = script_.modes = true;
        executive::install(machine_);
        installed_ = true;
        machine_.enter([&] { PortClsSystem::current().set_windows_version(version); });
        start();
    }
    NTSTATUS send_bytes(FILE_OBJECT* file, const std::vector<UCHAR>& in, std::vector<UCHAR>& value) {
        return send(file, in.data(), static_cast<ULONG>(in.size()), value.data(), static_cast<ULONG>(value.size()));
    }
};

TEST_P(NewerWaveRtProperties, are_unknown_before_the_release_that_brought_them) {
    start_on(GetParam());
    inside([&] {
        FILE_OBJECT* const pin = open_pin();
        const std::vector<PropertyRow> rows = newer_properties();
        EXPECT_GT(rows.size(), 25u);
        for (const PropertyRow& row : rows) {
            FILE_OBJECT* const file = is_for_pins(row) ? pin : filter_;
            expect_by_release(row, GetParam(), [&](const std::vector<UCHAR>& in, std::vector<UCHAR>& value) {
                return send_bytes(file, in, value);
            });
        }
    });
}

// Volume and mute have been there ever since, but what a node of an audio engine is, Windows 7 does not know.
TEST_P(NewerWaveRtProperties, of_an_engine_node_begin_with_Windows_8) {
    start_on(GetParam());
    inside([&] {
        for (const ULONG id : {KSPROPERTY_AUDIO_VOLUMELEVEL, KSPROPERTY_AUDIO_MUTE}) {
            std::vector<UCHAR> value(sizeof(ULONG));
            EXPECT_EQ(send_bytes(filter_, wide_request(KSPROPSETID_Audio, id, KSPROPERTY_TYPE_GET, true), value),
                      GetParam() < WindowsVersion::windows_8 ? STATUS_PROPSET_NOT_FOUND : STATUS_SUCCESS);
        }
    });
}

INSTANTIATE_TEST_SUITE_P(On, NewerWaveRtProperties,
                         ::testing::Values(WindowsVersion::vista, WindowsVersion::windows_7, WindowsVersion::windows_8,
                                           WindowsVersion::windows_8_1, WindowsVersion::windows_10,
                                           WindowsVersion::windows_11),
                         name_of_version);

} // namespace conformance
