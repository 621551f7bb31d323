// R-PROP-19, usepositionlock: a lock of the stream's own for its positions is for WaveRT and Topology filters. On every
// other port they are serialised with all the driver does.
#include "every_port.h"

namespace openportcls::ports {
namespace {

// A thread that has the device's lock for 20 ms.
struct Holder {
    portcls::DeviceContext* device;
    bool holds = false;
    static void run(void* context) {
        auto& self = *static_cast<Holder*>(context);
        const portcls::DeviceLockGuard guard(self.device->lock());
        self.holds = true;
        LARGE_INTEGER delay;
        delay.QuadPart = -200'000;
        KeDelayExecutionThread(KernelMode, FALSE, &delay);
        self.holds = false;
    }
};

class PositionLock : public testing::TestWithParam<PortKind> {
protected:
    void SetUp() override { loop.start(GetParam(), {"DispatchSettings\\UsePositionLock:binary=01000000"}); }
    void TearDown() override { loop.finish(); }

    PortLoop loop;
};

} // namespace

// Shows R-PROP-19.
TEST_P(PositionLock, R_PROP_19_is_for_wavert_alone) {
    auto pin = loop.open(false);
    ASSERT_TRUE(pin) << pin.error().message;
    ASSERT_TRUE(pin->set_state(PinState::pause));
    Holder holder{&loop.context()};
    loop.inside([&] {
        machine::Machine& machine = machine::Machine::current();
        machine.release_thread(*machine.create_thread("holder", Holder::run, &holder));
    });
    ASSERT_TRUE(loop.machine->run_for(milliseconds(1)));
    ASSERT_TRUE(holder.holds);
    ASSERT_TRUE(pin->get<Position>(property::audio_position));
    const bool waited = !holder.holds;
    EXPECT_EQ(waited, std::string(loop.kind->name) != "WaveRT");
    EXPECT_EQ(pin->state().value(), PinState::pause);
    EXPECT_FALSE(holder.holds) << "all else waits";
}

INSTANTIATE_TEST_SUITE_P(EveryPort, PositionLock, testing::ValuesIn(port_kinds),
                         [](const auto& info) { return info.param.name; });

} // namespace openportcls::ports
