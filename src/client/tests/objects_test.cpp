// Typed properties, formats, events and raw pins through the public library, on the cable.
#include <openportcls/openportcls.hpp>

#include <algorithm>
#include <cstring>
#include <span>
#include <stdexcept>

#include <gtest/gtest.h>

#include <ks.h>
#include <ksmedia.h>
#include <ntstatus.h>

namespace openportcls {
namespace {

using std::chrono::milliseconds;

class ObjectsTest : public testing::Test {
protected:
    ObjectsTest() : machine(Machine::create().value()), driver(machine.load_driver("cable").value()) {}

    Machine machine;
    Driver driver;
    Filter wave = machine.open_first("Wave").value();
    Filter topology = machine.open_first("Topology").value();
};

TEST_F(ObjectsTest, properties_have_types) {
    const Target left = Target::channel(0, 0);
    ASSERT_TRUE(topology.set(property::audio_volume_level, std::int32_t{-6 * 65536}, left));
    EXPECT_EQ(topology.get<std::int32_t>(property::audio_volume_level, left).value(), -6 * 65536);
    EXPECT_DOUBLE_EQ(topology.volume(0, 0).value(), -6.0);
    ASSERT_TRUE(topology.set_mute(1, 0, true));
    EXPECT_EQ(topology.get<std::int32_t>(property::audio_mute, Target::channel(1, 0)).value(), 1);
}

TEST_F(ObjectsTest, a_value_of_the_wrong_size_is_an_error_that_says_so) {
    struct Eight {
        std::int32_t words[2];
    };
    const auto value = topology.get<Eight>(property::audio_volume_level, Target::channel(0, 0));
    ASSERT_FALSE(value);
    EXPECT_EQ(value.status(), STATUS_INFO_LENGTH_MISMATCH);
    EXPECT_NE(value.error().message.find("4 bytes, not 8"), std::string::npos) << value.error().message;
}

TEST_F(ObjectsTest, support_tells_verbs_type_and_ranges) {
    const auto volume = topology.support(property::audio_volume_level, Target::channel(0, 0));
    ASSERT_TRUE(volume) << volume.error().message;
    EXPECT_TRUE(volume->can_get);
    EXPECT_TRUE(volume->can_set);
    EXPECT_EQ(volume->value_type, VT_I4);
    ASSERT_EQ(volume->ranges.size(), 8U) << "one per channel";
    EXPECT_EQ(volume->ranges[0].maximum, 0);
    EXPECT_LT(volume->ranges[0].minimum, -40 * 65536);
    EXPECT_EQ(topology.volume_ranges(0).value().size(), 8U);
    const auto peak = topology.support(property::audio_peak_meter, Target::channel(2, 0));
    ASSERT_TRUE(peak);
    EXPECT_TRUE(peak->can_get);
    EXPECT_FALSE(peak->can_set);
    const auto jack = topology.support(property::jack_description, Target::pin(1));
    ASSERT_TRUE(jack) << jack.error().message;
    EXPECT_TRUE(jack->can_get);
    EXPECT_TRUE(jack->ranges.empty());
    EXPECT_FALSE(topology.support({property::audio_set, 999}));
}

TEST_F(ObjectsTest, lists_property_sets_and_items) {
    const auto sets = topology.property_sets();
    ASSERT_TRUE(sets) << sets.error().message;
    EXPECT_NE(std::find(sets->begin(), sets->end(), property::pin_set), sets->end());
    EXPECT_NE(std::find(sets->begin(), sets->end(), property::jack_set), sets->end());
    const auto jacks = topology.get_items<KSJACK_DESCRIPTION>(property::jack_description, Target::pin(1));
    ASSERT_TRUE(jacks) << jacks.error().message;
    ASSERT_EQ(jacks->size(), 1U);
    EXPECT_EQ(jacks->front().IsConnected, TRUE);
    EXPECT_TRUE(topology.get_items<KSJACK_DESCRIPTION>(property::jack_description, Target::pin(0)).value().empty());
}

TEST_F(ObjectsTest, formats_are_found_by_intersection_and_proposal) {
    const auto best = wave.intersect(0, {44100, 96000, 2, 16, 24, false, true});
    ASSERT_TRUE(best) << best.error().message;
    EXPECT_EQ(to_string(*best), "96000 Hz, 2 ch, 24 bit");
    const auto floating = wave.intersect(0, {48000, 48000, 6, 32, 32, true, false});
    ASSERT_TRUE(floating) << floating.error().message;
    EXPECT_EQ(to_string(*floating), "48000 Hz, 6 ch, float");
    EXPECT_EQ(wave.intersect(0, {400000, 500000, 2, 16, 16, false, true}).status(), STATUS_NO_MATCH);
    EXPECT_TRUE(wave.propose(0, WaveFormat{}));
    EXPECT_EQ(wave.propose(0, WaveFormat{.rate = 7}).status(), STATUS_NO_MATCH);
    const auto preferred = wave.preferred_format(0);
    ASSERT_TRUE(preferred) << preferred.error().message;
    EXPECT_EQ(to_string(*preferred), "48000 Hz, 2 ch, 16 bit");
    EXPECT_EQ(preferred->channel_mask, 3U);
    const auto modes = wave.processing_modes(0);
    ASSERT_TRUE(modes) << modes.error().message;
    EXPECT_EQ(modes->size(), 2U);
}

// R-PROP-28, by the cable's own handler: the mode stands in an attribute behind the pin, whose sizes are the client's.
TEST_F(ObjectsTest, R_PROP_28_a_preferred_format_is_one_of_a_mode) {
    struct Request {
        std::uint32_t pin = 0;
        std::uint32_t reserved = 0;
        KSMULTIPLE_ITEM list{sizeof(KSMULTIPLE_ITEM) + sizeof(KSATTRIBUTE_AUDIOSIGNALPROCESSING_MODE), 1};
        KSATTRIBUTE_AUDIOSIGNALPROCESSING_MODE attribute{
            {sizeof(KSATTRIBUTE_AUDIOSIGNALPROCESSING_MODE), 0, KSATTRIBUTEID_AUDIOSIGNALPROCESSING_MODE},
            AUDIO_SIGNALPROCESSINGMODE_RAW};
    };
    Guid set;
    std::memcpy(&set, &KSPROPSETID_Pin, sizeof set);
    const auto ask = [&](const Request& request, std::size_t bytes = sizeof(Request)) {
        KSDATAFORMAT_WAVEFORMATEXTENSIBLE format{};
        return wave
            .property(set, KSPROPERTY_PIN_PROPOSEDATAFORMAT2, KSPROPERTY_TYPE_GET,
                      std::as_bytes(std::span(&request, 1)).first(bytes), std::as_writable_bytes(std::span(&format, 1)))
            .status();
    };
    Request request;
    EXPECT_EQ(ask(request), STATUS_SUCCESS);
    request.attribute.SignalProcessingMode = AUDIO_SIGNALPROCESSINGMODE_DEFAULT;
    EXPECT_EQ(ask(request), STATUS_SUCCESS);
    request.attribute.SignalProcessingMode = GUID{7, 7, 7, {}};
    EXPECT_EQ(ask(request), STATUS_NOT_SUPPORTED) << "no preferred format for the mode";
    request = {};
    request.attribute.AttributeHeader.Attribute = GUID{7, 7, 7, {}};
    EXPECT_EQ(ask(request), STATUS_NOT_SUPPORTED) << "only the mode's attribute exists";
    request = {};
    request.list.Count = 2;
    request.attribute.AttributeHeader.Attribute = GUID{7, 7, 7, {}};
    EXPECT_EQ(ask(request), STATUS_INVALID_PARAMETER) << "the second is not there";
    request = {};
    request.list.Size = 4000;
    EXPECT_EQ(ask(request), STATUS_INVALID_PARAMETER);
    request = {};
    request.attribute.AttributeHeader.Size = 4000;
    EXPECT_EQ(ask(request), STATUS_INVALID_PARAMETER);
    request = {};
    request.pin = 0xFFFFFFFF;
    EXPECT_EQ(ask(request), STATUS_INVALID_PARAMETER);
    request = {};
    EXPECT_EQ(ask(request, 8), STATUS_INVALID_PARAMETER) << "no list";
}

TEST_F(ObjectsTest, interface_values_come_from_the_inf) {
    for (const FilterInfo& filter : machine.filters()) {
        const auto values = machine.interface_values(filter);
        ASSERT_TRUE(values) << values.error().message;
        const auto name = std::find_if(values->begin(), values->end(),
                                       [](const InterfaceValue& value) { return value.name == "FriendlyName"; });
        ASSERT_NE(name, values->end());
        EXPECT_EQ(name->text(), filter.friendly_name);
        if (filter.name == "Topology") {
            const auto endpoint = std::find_if(values->begin(), values->end(), [](const InterfaceValue& value) {
                return value.key == "EP\\0" && value.name == "{1DA5D803-D492-4EDD-8C23-E0C0FFEE7F0E},7";
            });
            ASSERT_NE(endpoint, values->end());
            EXPECT_EQ(endpoint->number(), 1U) << "event-driven mode";
        }
    }
    FilterInfo nothing;
    nothing.path = "\\\\?\\nothing";
    EXPECT_EQ(machine.interface_values(nothing).status(), STATUS_OBJECT_NAME_NOT_FOUND);
}

// ---- events ---------------------------------------------------------------------------------------------------------

TEST_F(ObjectsTest, an_event_is_taken_or_waited_for) {
    EXPECT_TRUE(topology.supports_event(event::control_change, Target::node(0)));
    EXPECT_FALSE(topology.supports_event(event::control_change, Target::node(2))) << "the meter has none";
    auto changed = topology.subscribe(event::control_change, {Target::node(0), false, {}});
    ASSERT_TRUE(changed) << changed.error().message;
    EXPECT_FALSE(changed->take());
    const auto before = machine.now();
    EXPECT_EQ(changed->wait(milliseconds(20)).status(), STATUS_TIMEOUT);
    EXPECT_GE(machine.now() - before, milliseconds(20));
    ASSERT_TRUE(topology.set_volume(0, 0, -3));
    EXPECT_TRUE(changed->wait(milliseconds(20)));
    ASSERT_TRUE(topology.set_volume(0, 1, -3));
    EXPECT_TRUE(changed->take());
    EXPECT_FALSE(changed->take());
    ASSERT_TRUE(topology.set_mute(1, 0, true));
    EXPECT_FALSE(changed->take()) << "another node's event";
}

TEST_F(ObjectsTest, an_event_calls_back_while_time_passes) {
    int calls = 0;
    {
        auto changed = topology.subscribe(event::control_change, {Target::node(1), false, {}});
        ASSERT_TRUE(changed) << changed.error().message;
        bool muted = false;
        ASSERT_TRUE(changed->on_signal([&] {
            ++calls;
            muted = topology.mute(1, 0).value(); // calls of the library from inside a callback
        }));
        EXPECT_EQ(changed->on_signal([] {}).status(), STATUS_DEVICE_BUSY);
        ASSERT_TRUE(topology.set_mute(1, 0, true));
        ASSERT_TRUE(machine.run_for(milliseconds(1)));
        EXPECT_EQ(calls, 1);
        EXPECT_TRUE(muted);
        ASSERT_TRUE(topology.set_mute(1, 0, false));
        ASSERT_TRUE(machine.run_for(milliseconds(1)));
        EXPECT_EQ(calls, 2);
        EXPECT_EQ(changed->signals(), 2U);
    }
    ASSERT_TRUE(topology.set_mute(1, 0, true));
    ASSERT_TRUE(machine.run_for(milliseconds(1)));
    EXPECT_EQ(calls, 2) << "the subscription has gone";
}

TEST_F(ObjectsTest, what_the_callback_of_an_event_throws_is_answered_by_the_next_call) {
    auto changed = topology.subscribe(event::control_change, {Target::node(1), false, {}});
    ASSERT_TRUE(changed) << changed.error().message;
    for (const bool by_wait : {true, false}) {
        ASSERT_TRUE(changed->on_signal([] { throw std::runtime_error("no ears"); }));
        ASSERT_TRUE(topology.set_mute(1, 0, by_wait));
        ASSERT_TRUE(machine.run_for(milliseconds(1)));
        const auto answer = by_wait ? changed->wait(milliseconds(1)) : changed->on_signal([] {});
        EXPECT_EQ(answer.status(), STATUS_UNHANDLED_EXCEPTION);
        EXPECT_NE(answer.error().message.find("callback has thrown an exception: no ears"), std::string::npos)
            << answer.error().message;
        EXPECT_TRUE(changed->on_signal({})) << "and has ended";
        EXPECT_FALSE(changed->take());
    }
    ASSERT_TRUE(topology.set_mute(1, 0, true));
    EXPECT_TRUE(changed->wait(milliseconds(1))) << "as before";
}

TEST_F(ObjectsTest, a_one_shot_event_comes_once) {
    auto changed = topology.subscribe(event::control_change, {Target::node(0), true, {}});
    ASSERT_TRUE(changed) << changed.error().message;
    ASSERT_TRUE(topology.set_volume(0, 0, -1));
    EXPECT_TRUE(changed->take());
    ASSERT_TRUE(topology.set_volume(0, 0, -2));
    EXPECT_FALSE(changed->take());
}

// R-EVENT-12: rendering pins that take stream headers know KSEVENT_CONNECTION_ENDOFSTREAM, so a pin's own events can be
// enabled on its handle.
TEST_F(ObjectsTest, a_pin_has_events_of_its_own) {
    Key end_of_stream;
    std::memcpy(&end_of_stream.set, &KSEVENTSETID_Connection, sizeof end_of_stream.set);
    end_of_stream.id = KSEVENT_CONNECTION_ENDOFSTREAM;
    auto without_headers = Pin::open(wave, 0, WaveFormat{});
    ASSERT_TRUE(without_headers) << without_headers.error().message;
    EXPECT_EQ(without_headers->subscribe(end_of_stream).status(), STATUS_PROPSET_NOT_FOUND);
    auto with_card = Machine::create({.hardware = {"sb16"}}).value();
    const auto card = with_card.load_driver("sb16");
    ASSERT_TRUE(card) << card.error().message;
    Filter card_wave = with_card.open_first("Wave").value();
    auto pin = Pin::open(card_wave, 0, WaveFormat{.rate = 44100});
    ASSERT_TRUE(pin) << pin.error().message;
    auto event = pin->subscribe(end_of_stream);
    EXPECT_TRUE(event) << event.error().message;
    EXPECT_EQ(pin->subscribe(Key{end_of_stream.set, 999}).status(), STATUS_NOT_FOUND);
}

TEST_F(ObjectsTest, events_that_do_not_exist_are_refused) {
    EXPECT_EQ(topology.subscribe(event::control_change, {Target::node(77), false, {}}).status(),
              STATUS_INVALID_PARAMETER);
    EXPECT_EQ(topology.subscribe(Key{Guid{1, 2, 3, {}}, 0}).status(), STATUS_PROPSET_NOT_FOUND);
}

// ---- pins -----------------------------------------------------------------------------------------------------------

TEST_F(ObjectsTest, a_pin_opens_with_any_connect_structure) {
    PinConnect connect;
    connect.format = data_format(WaveFormat{}, ProcessingMode::raw);
    auto pin = Pin::open(wave, connect);
    ASSERT_TRUE(pin) << pin.error().message;
    EXPECT_EQ(pin->name(), "Wave pin 0");
    EXPECT_EQ(pin->state().value(), PinState::stop);
    for (const PinState state : {PinState::acquire, PinState::pause, PinState::acquire, PinState::stop}) {
        ASSERT_TRUE(pin->set_state(state));
        EXPECT_EQ(pin->state().value(), state);
    }
    EXPECT_EQ(wave.pins().value()[0].current_instances, 1U);
    connect.medium_set = Guid{1, 2, 3, {}};
    EXPECT_EQ(Pin::open(wave, connect).status(), STATUS_NO_MATCH);
    connect = {};
    EXPECT_FALSE(Pin::open(wave, connect)) << "no format at all";
    const std::byte rubbish[3] = {};
    EXPECT_FALSE(Pin::open_raw(wave, rubbish));
    EXPECT_EQ(wave.pins().value()[0].current_instances, 1U);
}

// The WaveRT port has no stream requests; it says so and nothing is left behind.
TEST_F(ObjectsTest, wavert_pins_refuse_stream_requests) {
    auto pin = Pin::open(wave, 0, WaveFormat{});
    ASSERT_TRUE(pin) << pin.error().message;
    std::vector<std::byte> frames(64);
    EXPECT_EQ(pin->write(frames).status(), STATUS_INVALID_DEVICE_REQUEST);
    EXPECT_EQ(pin->read(frames).status(), STATUS_INVALID_DEVICE_REQUEST);
}

TEST_F(ObjectsTest, handles_outlive_what_they_were_opened_through) {
    auto pin = [&] {
        Filter filter = machine.open_first("Wave").value();
        return Pin::open(filter, 0, WaveFormat{}).value();
    }();
    EXPECT_EQ(pin.state().value(), PinState::stop);
}

} // namespace
} // namespace openportcls
