// Stop, rebalance and removal, for every port driver and both directions.
#include "every_port.h"

namespace openportcls::ports {
namespace {

std::string direction(bool capture) {
    return capture ? "Capture" : "Render";
}

// The adapter's side of rebalancing, in the driver's place. It lives as long as its test.
class Adapter final : public IAdapterPnpManagement {
public:
    NTSTATUS NTAPI QueryInterface(REFIID id, PVOID* object) override {
        *object = portcls::is_unknown_id(id) || id == IID_IAdapterPnpManagement ? this : nullptr;
        return *object != nullptr ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
    }
    ULONG NTAPI AddRef() override { return 2; }
    ULONG NTAPI Release() override { return 1; }
    PC_REBALANCE_TYPE NTAPI GetSupportedRebalanceType() override { return PcRebalanceRemoveSubdevices; }
    VOID NTAPI PnpQueryStop() override { heard += "query "; }
    VOID NTAPI PnpCancelStop() override { heard += "cancel "; }
    VOID NTAPI PnpStop() override {
        heard += "stop ";
        if (when_stopped) {
            when_stopped();
        }
    }

    std::string heard;
    std::function<void()> when_stopped;
};

class PortTest : public testing::Test {
protected:
    void TearDown() override { loop.finish(); }
    void manage() {
        loop.inside([&] {
            EXPECT_EQ(PcRegisterAdapterPnpManagement(&adapter, &loop.context().functional_device()), STATUS_SUCCESS);
        });
    }
    Pin open_in(PinState state, bool capture) {
        auto pin = loop.open(capture);
        EXPECT_TRUE(pin) << pin.error().message;
        // In STOP no port takes requests.
        if (state != PinState::stop) {
            EXPECT_TRUE(pin->set_state(state));
            const auto queued = loop.queue(*pin, capture);
            EXPECT_TRUE(queued) << queued.error().message;
        }
        if (state == PinState::run) {
            EXPECT_TRUE(loop.machine->run_for(milliseconds(25)));
        }
        return std::move(*pin);
    }
    void expect_given_back(bool capture) {
        if (!loop.request) {
            return;
        }
        ASSERT_TRUE(loop.request->is_done()) << "what was queued is given back";
        const auto ended = loop.request->wait();
        if (loop.kind->ends_well(capture)) {
            EXPECT_TRUE(ended);
        } else {
            ASSERT_FALSE(ended);
            EXPECT_EQ(ended.error().status, status_cancelled);
        }
    }
    static void expect_dead(Pin& pin, std::int32_t status = status_device_removed) {
        for (const PinState state : {PinState::run, PinState::pause, PinState::acquire}) {
            const auto refused = pin.set_state(state);
            ASSERT_FALSE(refused);
            EXPECT_EQ(refused.error().status, status);
        }
    }

    PortLoop loop;
    Adapter adapter;
};

// ---- surprise removal -----------------------------------------------------------------------------------------------

using StateCase = std::tuple<PortKind, bool, PinState>;

class SurpriseRemoval : public PortTest, public testing::WithParamInterface<StateCase> {};

std::string state_case_name(const testing::TestParamInfo<StateCase>& info) {
    static constexpr const char* states[] = {"Stop", "Acquire", "Pause", "Run"};
    const auto& [kind, capture, state] = info.param;
    return kind.name + direction(capture) + states[static_cast<int>(state)];
}

// R-PNP-05, R-PNP-06, R-PNP-08: everything queued comes back, the stream is in STOP when the adapter hears of it, the
// handles stay harmless until they are closed, and nothing is left.
TEST_P(SurpriseRemoval, R_PNP_08_in_every_state) {
    const auto& [kind, capture, state] = GetParam();
    loop.start(kind);
    manage();
    KSSTATE when_told = KSSTATE_RUN;
    adapter.when_stopped = [&] {
        const auto& subdevices = loop.context().subdevices();
        for (const auto& subdevice : subdevices) {
            for (const portcls::Pin* pin : subdevice->port->pins()) {
                when_told = pin->device_state();
            }
        }
        EXPECT_FALSE(loop.context().lock().is_held_by_current_thread());
    };
    {
        Pin pin = open_in(state, capture);
        ASSERT_TRUE(loop.device().surprise_remove());
        EXPECT_EQ(adapter.heard, "stop ");
        EXPECT_EQ(when_told, KSSTATE_STOP);
        expect_given_back(capture);
        EXPECT_TRUE(loop.machine->filters().empty());
        EXPECT_FALSE(loop.open(capture));
        expect_dead(pin);
        EXPECT_EQ(pin.state().error().status, status_device_removed);
        const auto late = loop.queue(pin, capture);
        EXPECT_EQ(static_cast<bool>(late), kind.can_rebalance) << "no request is taken any more";
        ASSERT_TRUE(loop.machine->run_for(milliseconds(100)));
        loop.request.reset();
    }
    loop.filter.reset();
    ASSERT_TRUE(loop.machine->run_for(milliseconds(100)));
    EXPECT_TRUE(loop.machine->state()->pnp->devices().empty()) << "removed with the last handle";
}

// With the power off: what was paused for that is not run again.
TEST_P(SurpriseRemoval, R_PNP_08_without_power) {
    const auto& [kind, capture, state] = GetParam();
    loop.start(kind);
    Pin pin = open_in(state, capture);
    ASSERT_TRUE(loop.device().set_power(3));
    ASSERT_TRUE(loop.device().surprise_remove());
    expect_given_back(capture);
    expect_dead(pin);
    ASSERT_TRUE(loop.machine->run_for(milliseconds(100)));
    loop.request.reset();
}

INSTANTIATE_TEST_SUITE_P(EveryPort, SurpriseRemoval,
                         testing::Combine(testing::ValuesIn(port_kinds), testing::Bool(),
                                          testing::Values(PinState::stop, PinState::acquire, PinState::pause,
                                                          PinState::run)),
                         state_case_name);

// ---- stop and rebalance ---------------------------------------------------------------------------------------------

using Case = std::tuple<PortKind, bool>;

std::string case_name(const testing::TestParamInfo<Case>& info) {
    return std::get<0>(info.param).name + direction(std::get<1>(info.param));
}

class PortPnp : public PortTest, public testing::WithParamInterface<Case> {
protected:
    // Counts what a running stream does: its clock, whatever the port.
    std::int64_t progress(Pin& pin) {
        const portcls::Port* port = nullptr;
        for (const auto& subdevice : loop.context().subdevices()) {
            for (const portcls::Pin* each : subdevice->port->pins()) {
                port = each != nullptr ? subdevice->port : port;
            }
        }
        EXPECT_NE(port, nullptr);
        if (loop.kind->sound == Sound::wave) {
            auto position = pin.get<Position>(property::audio_position);
            EXPECT_TRUE(position) << position.error().message;
            return static_cast<std::int64_t>(position->play);
        }
        return port->pins().front()->device_state() == KSSTATE_RUN ? loop.machine->now().count() : 0;
    }
};

// R-PNP-01: a port that is neither WaveRT nor Topology keeps its device from being stopped, and its streams run on.
// R-PNP-07: where it is stopped, they do not.
TEST_P(PortPnp, R_PNP_01_stop_with_a_running_stream) {
    const auto& [kind, capture] = GetParam();
    loop.start(kind);
    manage();
    {
        Pin pin = open_in(PinState::run, capture);
        const auto before = progress(pin);
        const bool stopped = static_cast<bool>(loop.device().stop());
        EXPECT_EQ(stopped, kind.can_rebalance);
        EXPECT_EQ(adapter.heard, kind.can_rebalance ? "query stop " : "cancel ") << "R-PNP-04: nobody had asked";
        if (!stopped) {
            EXPECT_EQ(loop.device().state(), "started");
            ASSERT_TRUE(loop.machine->run_for(milliseconds(30)));
            EXPECT_NE(progress(pin), before) << "still running";
            EXPECT_TRUE(pin.set_state(PinState::pause));
            loop.request.reset();
            return;
        }
        EXPECT_TRUE(loop.machine->filters().empty());
        expect_dead(pin);
        ASSERT_TRUE(loop.device().start()) << "with the old handle open";
        expect_dead(pin);
    }
    adapter.heard.clear();
    loop.filter.emplace(loop.machine->open_first(kind.filter).value());
    Pin fresh = open_in(PinState::run, capture);
    const auto before = progress(fresh);
    ASSERT_TRUE(loop.machine->run_for(milliseconds(25)));
    EXPECT_NE(progress(fresh), before) << "new subdevices, new streams";
}

// R-PNP-03, R-PNP-04: a stop that is not carried out is not noticed by what runs; R-PNP-04: it may come unasked.
TEST_P(PortPnp, R_PNP_04_a_cancelled_stop_leaves_streams_running) {
    const auto& [kind, capture] = GetParam();
    loop.start(kind);
    manage();
    Pin pin = open_in(PinState::run, capture);
    auto& pnp = *loop.machine->state()->pnp;
    pnp::DeviceNode& node = *pnp.devices().front();
    const bool pending = static_cast<bool>(pnp.query_stop(node));
    EXPECT_EQ(pending, kind.can_rebalance);
    ASSERT_TRUE(loop.machine->run_for(milliseconds(25)));
    ASSERT_TRUE(pnp.cancel_stop(node));
    EXPECT_EQ(adapter.heard, pending ? "query cancel " : "cancel cancel ") << "a query that failed is cancelled, too";
    const auto before = progress(pin);
    ASSERT_TRUE(loop.machine->run_for(milliseconds(25)));
    EXPECT_NE(progress(pin), before);
    EXPECT_EQ(pin.state().value(), PinState::run);
    loop.request.reset();
}

// ---- dynamic subdevices ---------------------------------------------------------------------------------------------

// IUnregisterSubdevice, with a stream running: it stops for good, its handles answer STATUS_DEVICE_REMOVED, and the
// subdevice can be registered again, for others.
TEST_P(PortPnp, R_SUB_a_subdevice_goes_and_comes_back) {
    const auto& [kind, capture] = GetParam();
    loop.start(kind);
    {
        Pin pin = open_in(PinState::run, capture);
        portcls::ComPointer<IUnknown> port;
        loop.inside([&] {
            DEVICE_OBJECT* const device = &loop.context().functional_device();
            portcls::Port* const found = loop.context().find_subdevice(kind.filter[0] == 'W' ? u"Wave" : u"Midi");
            ASSERT_NE(found, nullptr);
            port = portcls::ComPointer<IUnknown>::share(found->unknown());
            auto unregister = portcls::ComPointer<IUnregisterSubdevice>::query(port.get(), IID_IUnregisterSubdevice);
            ASSERT_TRUE(unregister);
            EXPECT_EQ(unregister->UnregisterSubdevice(device, port.get()), STATUS_SUCCESS);
            EXPECT_EQ(unregister->UnregisterSubdevice(device, port.get()), STATUS_NOT_FOUND);
        });
        expect_given_back(capture);
        EXPECT_FALSE(loop.machine->open_first(kind.filter));
        expect_dead(pin);
        EXPECT_FALSE(loop.open(capture)) << "nor do open filters make pins";
        ASSERT_TRUE(loop.machine->run_for(milliseconds(50)));
        loop.request.reset();
        loop.inside([&] {
            DEVICE_OBJECT* const device = &loop.context().functional_device();
            PCWSTR const name = kind.filter[0] == 'W' ? u"Wave" : u"Midi";
            EXPECT_EQ(PcRegisterSubdevice(device, const_cast<PWSTR>(name), port.get()), STATUS_SUCCESS);
            port.reset();
        });
        // What was open stays dead, although its port is registered again.
        expect_dead(pin);
        EXPECT_EQ(pin.set_state(PinState::stop).error().status, status_device_removed);
        EXPECT_EQ(pin.state().error().status, status_device_removed);
        const auto stale = loop.open(capture);
        ASSERT_FALSE(stale) << "the old filter makes no pins";
        EXPECT_EQ(stale.error().status, status_device_removed);
        EXPECT_TRUE(loop.machine->open_first(kind.filter)) << "a fresh handle is there";
    }
    loop.filter.emplace(loop.machine->open_first(kind.filter).value());
    Pin fresh = open_in(PinState::run, capture);
    ASSERT_TRUE(loop.machine->run_for(milliseconds(25)));
    EXPECT_TRUE(fresh.set_state(PinState::stop));
    expect_given_back(capture);
    loop.request.reset();
}

// Unregistered with handles open, and the device pulled before they are closed.
TEST_P(PortPnp, R_PNP_08_a_removal_after_the_subdevice_has_gone) {
    const auto& [kind, capture] = GetParam();
    loop.start(kind);
    Pin pin = open_in(PinState::pause, capture);
    loop.inside([&] {
        DEVICE_OBJECT* const device = &loop.context().functional_device();
        portcls::Port* const found = loop.context().find_subdevice(kind.filter[0] == 'W' ? u"Wave" : u"Midi");
        auto unregister = portcls::ComPointer<IUnregisterSubdevice>::query(found->unknown(), IID_IUnregisterSubdevice);
        EXPECT_EQ(unregister->UnregisterSubdevice(device, found->unknown()), STATUS_SUCCESS);
    });
    expect_given_back(capture);
    ASSERT_TRUE(loop.device().surprise_remove());
    expect_dead(pin);
    loop.request.reset();
}

// What the adapter does while somebody writes.
struct Reregistration {
    DEVICE_OBJECT* device;
    IUnknown* port;
    bool done;
};
void NTAPI reregister_soon(PVOID context) {
    auto& work = *static_cast<Reregistration*>(context);
    LARGE_INTEGER soon{.QuadPart = -400'000};
    KeDelayExecutionThread(KernelMode, FALSE, &soon);
    auto unregister = portcls::ComPointer<IUnregisterSubdevice>::query(work.port, IID_IUnregisterSubdevice);
    EXPECT_EQ(unregister->UnregisterSubdevice(work.device, work.port), STATUS_SUCCESS);
    EXPECT_EQ(PcRegisterSubdevice(work.device, const_cast<PWSTR>(u"Wave"), work.port), STATUS_SUCCESS);
    work.done = true;
}

// A write in progress ends with what has happened, not with a time-out: the new subdevice is not the old one.
TEST_P(PortPnp, R_SUB_a_write_ends_when_the_subdevice_goes_and_comes_back) {
    const auto& [kind, capture] = GetParam();
    if (kind.sound != Sound::wave || capture) {
        return; // the rest is pins without a stream of sound
    }
    loop.start(kind);
    {
        auto stream = RenderStream::open(*loop.filter, WaveFormat{});
        ASSERT_TRUE(stream) << stream.error().message;
        portcls::ComPointer<IUnknown> port;
        Reregistration work{};
        loop.inside([&] {
            port = portcls::ComPointer<IUnknown>::share(loop.context().find_subdevice(u"Wave")->unknown());
            work = {&loop.context().functional_device(), port.get(), false};
            HANDLE thread = nullptr;
            EXPECT_EQ(
                PsCreateSystemThread(&thread, THREAD_ALL_ACCESS, nullptr, nullptr, nullptr, &reregister_soon, &work),
                STATUS_SUCCESS);
            ZwClose(thread);
        });
        const auto written = stream->write(Bytes(1'000'000));
        EXPECT_TRUE(work.done);
        ASSERT_FALSE(written);
        EXPECT_THAT(written.error().status, testing::AnyOf(status_device_removed, status_cancelled));
        loop.inside([&] { port.reset(); });
    }
    loop.filter.emplace(loop.machine->open_first(kind.filter).value());
    auto fresh = RenderStream::open(*loop.filter, WaveFormat{});
    ASSERT_TRUE(fresh) << fresh.error().message;
    EXPECT_TRUE(fresh->write(Bytes(50'000)));
}

INSTANTIATE_TEST_SUITE_P(EveryPort, PortPnp, testing::Combine(testing::ValuesIn(port_kinds), testing::Bool()),
                         case_name);

} // namespace
} // namespace openportcls::ports
