// What a vendor's driver does besides sound (tests/drivers/pnp): rebalance, a subdevice that comes and goes, a jack,
// power, content rights.
#include <ks.h>
#include <ksmedia.h>

#include "card_fixture.h"
#include "client/guid_bytes.h"
#include "client/state.h"
#include "drivers/pnp/pnp.h"
#include "portcls/portcls_system.h"

namespace openportcls::ports {
namespace {

using Journal = std::vector<std::pair<ULONG, ULONG>>;

class PnpCard : public CardTest {
protected:
    static constexpr ULONG here = 0x300; // pnp.inx
    static constexpr ULONG there = 0x310;

    PnpCard() : CardTest(PNP_MODULE, PNP_INF) {}

    void start_card() {
        start();
        topology.emplace(machine->open_first("Topology").value());
    }
    void TearDown() override {
        topology.reset();
        CardTest::TearDown();
    }
    static Key card(std::uint32_t id) {
        return {{0x0b6c0f5e, 0x6c0a, 0x4a7e, {0x9e, 0x5b, 0x7a, 0x1d, 0x3c, 0x9e, 0x60, 0x01}}, id};
    }
    ULONG ports() { return topology->get<ULONG>(card(PROPERTY_PNPCARD_PORTS)).value(); }
    Journal journal() {
        const auto bytes = topology->get_bytes(card(PROPERTY_PNPCARD_JOURNAL));
        EXPECT_TRUE(bytes) << bytes.error().message;
        Journal result;
        for (std::size_t at = 0; at < bytes->size(); at += sizeof(PnpEntry)) {
            PnpEntry entry;
            std::memcpy(&entry, &(*bytes)[at], sizeof entry);
            result.emplace_back(entry.Call, entry.Value);
        }
        return result;
    }
    void set(std::uint32_t what, bool on) { ASSERT_TRUE(topology->set<BOOL>(card(what), on)); }
    std::size_t count_of(const char* filter) const {
        const auto filters = machine->filters();
        return static_cast<std::size_t>(
            std::count_if(filters.begin(), filters.end(), [&](const FilterInfo& each) { return each.name == filter; }));
    }
    template<class Function>
    void inside(Function&& function) {
        ASSERT_TRUE(machine->state()->machine->enter(std::forward<Function>(function)));
    }
    static ULONG content_of(const KsObject& stream) { return stream.object()->content; }
    DRMRIGHTS rights_of(ULONG content) {
        DRMRIGHTS rights{};
        inside([&] { EXPECT_EQ(PcGetContentRights(content, &rights), STATUS_SUCCESS); });
        return rights;
    }
    bool exists(ULONG content) {
        bool does = false;
        inside([&] { does = portcls::PortClsSystem::current().drm().exists(content); });
        return does;
    }
    void play_something() {
        auto stream = RenderStream::open(*wave, WaveFormat{});
        ASSERT_TRUE(stream) << stream.error().message;
        const auto begin = machine->now();
        ASSERT_TRUE(stream->write(noise(20 * interval)));
        ASSERT_TRUE(stream->drain());
        EXPECT_GE(machine->now() - begin, milliseconds(200));
        EXPECT_EQ(stream->glitches(), 0U);
    }

    std::optional<Filter> topology;
};

// R-PNP-01: stopped while it plays, another card gets its ports, started with others, and it plays on.
TEST_F(PnpCard, R_PNP_01_a_rebalance_moves_the_card) {
    start_card();
    EXPECT_EQ(ports(), here);
    Device device = driver->devices().front();
    {
        RenderStream stream = std::move(RenderStream::open(*wave, WaveFormat{}).value());
        ASSERT_TRUE(stream.write(noise(10 * interval)));
        ASSERT_TRUE(device.stop());
        EXPECT_EQ(device.state(), "stopped");
        const auto refused = stream.write(noise(10 * interval));
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().status, status_device_removed);
    }
    EXPECT_TRUE(machine->filters().empty());
    auto other = driver->add_device();
    ASSERT_TRUE(other) << other.error().message;
    topology.reset();
    wave.reset();
    topology.emplace(machine->open_first("Topology").value());
    EXPECT_EQ(ports(), here) << "the other one's";
    topology.reset();
    ASSERT_TRUE(other->remove());
    ASSERT_TRUE(machine->run_for(milliseconds(10)));
    ASSERT_TRUE(device.start());
    topology.emplace(machine->open_first("Topology").value());
    wave.emplace(machine->open_first("Wave").value());
    play_something();
}

// The same with the other card staying where it is.
TEST_F(PnpCard, R_PNP_01_a_moved_card_has_other_ports) {
    start_card();
    Device device = driver->devices().front();
    topology.reset();
    wave.reset();
    ASSERT_TRUE(device.stop());
    auto other = driver->add_device();
    ASSERT_TRUE(other) << other.error().message;
    ASSERT_TRUE(device.start());
    EXPECT_EQ(device.state(), "started");
    for (const FilterInfo& each : machine->filters()) {
        if (each.name == "Topology" && each.device == device.instance_path()) {
            topology.emplace(machine->open(each).value());
        } else if (each.name == "Wave" && each.device == device.instance_path()) {
            wave.emplace(machine->open(each).value());
        }
    }
    ASSERT_TRUE(topology && wave);
    EXPECT_EQ(ports(), there);
    play_something();
}

// R-PNP-03, R-PNP-05. IAdapterPnpManagement::PnpQueryStop, IMiniportPnpNotify::PnpStop, IAdapterPnpManagement::PnpStop.
TEST_F(PnpCard, R_PNP_05_who_hears_of_a_stop) {
    start_card();
    auto& pnp = *machine->state()->pnp;
    ASSERT_TRUE(pnp.query_stop(*pnp.devices().front()));
    ASSERT_TRUE(pnp.cancel_stop(*pnp.devices().front()));
    EXPECT_EQ(journal(), (Journal{{CallQueryStop, 0}, {CallCancelStop, 0}}));
    play_something();
}

// IUnregisterSubdevice while the device works: the filter goes with its interface, what is open says so, and it comes
// back.
TEST_F(PnpCard, R_SUB_05_a_subdevice_comes_and_goes) {
    start_card();
    EXPECT_EQ(count_of("Dock"), 0U);
    for (int round = 0; round < 2; ++round) {
        set(PROPERTY_PNPCARD_DOCKED, true);
        ASSERT_TRUE(machine->run_for(milliseconds(10)));
        ASSERT_EQ(count_of("Dock"), 1U);
        Filter dock = machine->open_first("Dock").value();
        EXPECT_EQ(dock.pins().value().size(), 2U);
        set(PROPERTY_PNPCARD_DOCKED, false);
        ASSERT_TRUE(machine->run_for(milliseconds(10)));
        EXPECT_EQ(count_of("Dock"), 0U);
        EXPECT_FALSE(machine->open_first("Dock"));
        EXPECT_FALSE(dock.pins());
        play_something();
    }
    set(PROPERTY_PNPCARD_DOCKED, true);
    ASSERT_TRUE(machine->run_for(milliseconds(10)));
    wave.reset();
    topology.reset();
    ASSERT_TRUE(driver->devices().front().stop()) << "docked";
    EXPECT_EQ(count_of("Dock"), 0U);
    ASSERT_TRUE(driver->devices().front().start());
    topology.emplace(machine->open_first("Topology").value());
    EXPECT_EQ(count_of("Dock"), 0U) << "a new start is undocked";
    set(PROPERTY_PNPCARD_DOCKED, true);
    topology.reset();
    ASSERT_TRUE(driver->devices().front().stop()) << "before the work item has run, or after";
    ASSERT_TRUE(machine->run_for(milliseconds(10)));
    EXPECT_EQ(count_of("Dock"), 0U);
}

// KSEVENT_PINCAPS_JACKINFOCHANGE through IPortEvents::AddEventToEventList and IPortEvents::GenerateEventList.
TEST_F(PnpCard, R_EVENT_the_jack_says_that_it_changed) {
    start_card();
    const Key changed{client::from_windows(KSEVENTSETID_PinCapsChange), KSEVENT_PINCAPS_JACKINFOCHANGE};
    const auto is_connected = [&] {
        return topology->get_items<KSJACK_DESCRIPTION>(property::jack_description, Target::pin(TopologyPinSpeaker))
            .value()
            .front()
            .IsConnected;
    };
    auto event = topology->subscribe(changed, {.target = Target::pin(TopologyPinSpeaker)});
    ASSERT_TRUE(event) << event.error().message;
    auto other = topology->subscribe(changed, {.target = Target::pin(TopologyPinWave)});
    ASSERT_TRUE(other) << other.error().message;
    EXPECT_FALSE(event->take());
    EXPECT_FALSE(is_connected());
    set(PROPERTY_PNPCARD_PLUGGED, true);
    ASSERT_TRUE(event->wait(milliseconds(10)));
    EXPECT_TRUE(is_connected());
    EXPECT_FALSE(event->take()) << "once";
    EXPECT_FALSE(other->take()) << "another pin's";
    set(PROPERTY_PNPCARD_PLUGGED, false);
    EXPECT_TRUE(event->take());
    EXPECT_FALSE(is_connected());
}

// R-PWR-04: down, the miniport and its streams hear of it before the adapter, up it is the adapter first.
// IAdapterPowerManagement3::PowerChangeState3, IAdapterPowerManagement3::D3ExitLatencyChanged.
TEST_F(PnpCard, R_PWR_04_power_states_are_seen_in_order) {
    start_card();
    RenderStream stream = std::move(RenderStream::open(*wave, WaveFormat{}).value());
    ASSERT_TRUE(stream.start());
    ASSERT_TRUE(machine->run_for(milliseconds(25)));
    ASSERT_TRUE(driver->devices().front().set_power(3));
    const auto asleep = stream.position().value().play_offset;
    ASSERT_TRUE(machine->run_for(milliseconds(15)));
    EXPECT_EQ(stream.position().value().play_offset, asleep) << "paused";
    ASSERT_TRUE(driver->devices().front().set_power(0));
    Journal seen = journal();
    std::erase_if(seen, [](const auto& entry) { return entry.first == CallPowerQuery; });
    EXPECT_EQ(seen, (Journal{{CallMiniportPower, PowerDeviceD3},
                             {CallStreamPower, PowerDeviceD3},
                             {CallPower, PowerDeviceD3},
                             {CallPower, PowerDeviceD0},
                             {CallMiniportPower, PowerDeviceD0},
                             {CallStreamPower, PowerDeviceD0}}));
    ASSERT_TRUE(machine->run_for(milliseconds(15)));
    EXPECT_NE(stream.position().value().play_offset, asleep) << "and run again";
    ASSERT_TRUE(stream.stop());
    ASSERT_TRUE(machine->sleep(3));
    ASSERT_TRUE(machine->wake());
    seen = journal();
    EXPECT_THAT(seen, testing::Contains(std::pair<ULONG, ULONG>(CallExitLatency, PcExitLatencyResponsive)))
        << "R-PWR-20: the whole platform sleeps";
}

// R-DRM-06: IDrmPort::GetContentRights, IDrmPort::ForwardContentToInterface.
TEST_F(PnpCard, R_DRM_06_content_ids_are_forwarded_to_the_converter) {
    start_card();
    RenderStream stream = std::move(RenderStream::open(*wave, WaveFormat{}).value());
    const auto protected_ = stream.set_content_rights({.copy_protect = true});
    ASSERT_TRUE(protected_) << protected_.error().message;
    const ULONG first = content_of(stream);
    EXPECT_TRUE(rights_of(first).CopyProtect);
    EXPECT_FALSE(rights_of(first).DigitalOutputDisable);
    EXPECT_EQ(journal(), (Journal{{CallStreamContent, first}, {CallConverterContent, first}}));
}

// R-DRM-03, R-DRM-04, R-DRM-01: the former rights hold until there are others, and no content outlives its stream.
TEST_F(PnpCard, R_DRM_04_rights_that_a_stream_cannot_honour) {
    start_card();
    std::optional<RenderStream> stream(std::move(RenderStream::open(*wave, WaveFormat{}).value()));
    ASSERT_TRUE(stream->set_content_rights({.copy_protect = true}));
    const ULONG first = content_of(*stream);
    EXPECT_EQ(stream->set_content_rights({.digital_output_disable = true}).error().status, STATUS_NOT_IMPLEMENTED);
    EXPECT_EQ(content_of(*stream), first);
    EXPECT_TRUE(rights_of(first).CopyProtect);
    EXPECT_FALSE(exists(first + 1)) << "the one that was refused";
    ASSERT_TRUE(stream->set_content_rights({.copy_protect = true}));
    const ULONG second = content_of(*stream);
    EXPECT_NE(second, first);
    EXPECT_FALSE(exists(first));
    stream.reset();
    EXPECT_FALSE(exists(second));
    stream.emplace(std::move(RenderStream::open(*wave, WaveFormat{}).value()));
    ASSERT_TRUE(stream->set_content_rights({.copy_protect = true}));
    ASSERT_TRUE(stream->set_content_rights({}));
    EXPECT_EQ(content_of(*stream), 0U);
    EXPECT_EQ(journal().back(), (std::pair<ULONG, ULONG>(CallConverterContent, 0)));
}

// R-DRM-05: only the system sets content ids; and only streams have them.
TEST_F(PnpCard, R_DRM_05_an_application_sets_no_content_id) {
    start_card();
    RenderStream stream = std::move(RenderStream::open(*wave, WaveFormat{}).value());
    const Key content_id{client::from_windows(KSPROPSETID_DrmAudioStream), KSPROPERTY_DRMAUDIOSTREAM_CONTENTID};
    EXPECT_EQ(stream.set(content_id, KSDRMAUDIOSTREAM_CONTENTID{}).error().status, STATUS_INVALID_DEVICE_REQUEST);
    EXPECT_EQ(wave->set_content_rights({.copy_protect = true}).error().status, STATUS_PROPSET_NOT_FOUND) << "a filter";
    EXPECT_TRUE(journal().empty());
}

} // namespace
} // namespace openportcls::ports
