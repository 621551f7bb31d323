// What others do while a device is stopped, or pulled out: after the adapter's PnpStop nothing of the driver is called,
// and subdevices may come and go meanwhile.
#include "core_fixture.h"

namespace conformance {
namespace {

void wait_milliseconds(LONG count) {
    LARGE_INTEGER interval;
    interval.QuadPart = -10'000LL * count;
    KeDelayExecutionThread(KernelMode, FALSE, &interval);
}

enum class Ending { stop, removal };

class Stopping : public CoreTest {
protected:
    explicit Stopping(Ending ending, const machine::MachineConfig& machine = config())
        : CoreTest(machine), ending_(ending) {
        script_.pnp_notify = true;
        script_.register_pnp = true;
        script_.pnp_stopped = [this] { calls_before_stop_ = script_.calls.size(); };
    }
    ~Stopping() override { script_.pnp_stopped = nullptr; }

    void end_device() {
        EXPECT_TRUE(ending_ == Ending::stop ? manager_->stop(*node_) : manager_->surprise_remove(*node_));
    }
    bool is_refusal(NTSTATUS status) const {
        return status == (ending_ == Ending::stop ? STATUS_DEVICE_NOT_READY : STATUS_DEVICE_REMOVED);
    }

    // In a thread of its own, so many milliseconds from now; join() is to follow.
    void do_in(LONG milliseconds, std::function<void()> action) {
        delay_ = milliseconds;
        action_ = std::move(action);
        inside([&] {
            HANDLE thread = nullptr;
            EXPECT_EQ(PsCreateSystemThread(&thread, THREAD_ALL_ACCESS, nullptr, nullptr, nullptr, &act, this),
                      STATUS_SUCCESS);
            ZwClose(thread);
        });
    }
    void join() {
        inside([&] { machine_.run_for(1000 * machine::nanoseconds_per_millisecond); });
        EXPECT_FALSE(action_) << "it has not come back";
    }
    // Each miniport takes its time to stop, and holds the device lock.
    void stop_slowly() {
        script_.pnp_stopped = [] { wait_milliseconds(100); };
    }
    void start_idle() {
        parameters_.push_back(*pnp::RegistryParameter::parse("PowerSettings\\PerformanceIdleTime:binary=01000000"));
        script_.register_power = true;
        script_.power_asked = [](const std::string& what) {
            if (what.find("D0") != std::string::npos) {
                wait_milliseconds(100);
            }
        };
        start_and_open();
    }
    void go_idle() {
        inside([&] { machine_.run_for(5000 * machine::nanoseconds_per_millisecond); });
        ASSERT_EQ(script_.journal.back(), "adapter1:D3");
    }

    NTSTATUS unregister(IPort* port) {
        const auto unregistering =
            portcls::ComPointer<IUnregisterSubdevice>::query(script_.wave_port, IID_IUnregisterSubdevice);
        return unregistering->UnregisterSubdevice(script_.functional_device, port);
    }
    NTSTATUS register_another() {
        static WCHAR name[] = u"Dock";
        IPort* port = nullptr;
        PcNewPort(&port, CLSID_PortTopology);
        IMiniport* const miniport = new_topology_miniport();
        NTSTATUS status = port->Init(script_.functional_device, nullptr, miniport, nullptr, nullptr);
        miniport->Release();
        if (NT_SUCCESS(status)) {
            status = PcRegisterSubdevice(script_.functional_device, name, port);
        }
        port->Release();
        return status;
    }
    static std::size_t interfaces_of(std::u16string_view reference) {
        std::size_t count = 0;
        for (const auto* entry : executive::Kernel::current().interfaces.enumerate()) {
            count += entry->reference == reference ? 1 : 0;
        }
        return count;
    }

    NTSTATUS ask_driver() {
        ULONG value = 0;
        return property(wave_, request(custom_set, custom_value), value);
    }
    NTSTATUS open_another() {
        FILE_OBJECT* file = nullptr;
        return open_pin(connection(render_pin), file);
    }
    NTSTATUS change_format(FILE_OBJECT* pin) {
        auto format = pcm(44100);
        return property(pin, request(KSPROPSETID_Connection, KSPROPERTY_CONNECTION_DATAFORMAT, KSPROPERTY_TYPE_SET),
                        format);
    }
    // A stop that is asked for, other than a removal, may also wait for what has begun.
    void nothing_was_called_late(NTSTATUS status) {
        EXPECT_TRUE(is_refusal(status) || (ending_ == Ending::stop && NT_SUCCESS(status))) << std::hex << status;
        EXPECT_EQ(script_.journal.back(), "adapter:pnp_stop") << script_.text();
        EXPECT_EQ(script_.calls.size(), calls_before_stop_) << "a property handler";
        if (is_refusal(status)) {
            EXPECT_TRUE(script_.calls.empty());
            EXPECT_EQ(script_.count_of("new_stream:0") + script_.count_of("set_format"), 0u) << script_.text();
        }
    }
    // The device, which idles, is powered up for `ask` when its end comes.
    void refuses(const std::function<NTSTATUS()>& ask) {
        go_idle();
        script_.clear();
        NTSTATUS status = STATUS_SUCCESS;
        do_in(1, [&] { status = ask(); });
        inside([&] { machine_.run_for(50 * machine::nanoseconds_per_millisecond); });
        end_device();
        join();
        nothing_was_called_late(status);
    }

private:
    static void NTAPI act(PVOID context) {
        auto& self = *static_cast<Stopping*>(context);
        if (self.delay_ != 0) {
            wait_milliseconds(self.delay_);
        }
        self.action_();
        self.action_ = nullptr;
    }

    const Ending ending_;
    std::size_t calls_before_stop_ = 0;
    LONG delay_ = 0;
    std::function<void()> action_;
};

class StopRace : public Stopping, public ::testing::WithParamInterface<Ending> {
protected:
    StopRace() : Stopping(GetParam()) {}
};

// One machine of an exploration: a request powers up the device that idles, and meanwhile the device or its subdevice
// leaves.
class Leaving : public Stopping {
public:
    Leaving(Ending ending, std::uint64_t seed) : Stopping(ending, exploring(seed)) {}
    void TestBody() override {}

    void ask_while_device_leaves() {
        leave([this] { return ask_driver(); });
    }
    void open_while_device_leaves() {
        leave([this] { return open_another(); });
    }
    void change_format_while_device_leaves() {
        FILE_OBJECT* pin = nullptr;
        leave([&] { return change_format(pin); }, [&] { pin = open_pin(); });
    }
    void ask_while_subdevice_leaves() {
        leave_subdevice([this] { return ask_driver(); });
    }
    void open_while_subdevice_leaves() {
        leave_subdevice([this] { return open_another(); });
    }
    void change_format_while_subdevice_leaves() {
        FILE_OBJECT* pin = nullptr;
        leave_subdevice([&] { return change_format(pin); }, [&] { pin = open_pin(); });
    }

private:
    void leave(const std::function<NTSTATUS()>& ask, const std::function<void()>& prepare = [] {}) {
        start_idle();
        inside([&] { prepare(); });
        refuses(ask);
        TearDown();
    }
    ULONG called() const {
        return static_cast<ULONG>(script_.calls.size()) + script_.count_of("new_stream:0") +
               script_.count_of("set_format");
    }
    void leave_subdevice(const std::function<NTSTATUS()>& ask, const std::function<void()>& prepare = [] {}) {
        start_idle();
        inside([&] { prepare(); });
        go_idle();
        script_.clear();
        NTSTATUS status = STATUS_UNSUCCESSFUL;
        ULONG before = 0;
        do_in(1, [&] { status = ask(); });
        inside([&] {
            machine_.run_for(50 * machine::nanoseconds_per_millisecond);
            EXPECT_EQ(unregister(script_.wave_port), STATUS_SUCCESS);
            before = called();
        });
        join();
        EXPECT_EQ(called(), before) << script_.text();
        EXPECT_EQ(status, before == 0 ? STATUS_DEVICE_REMOVED : STATUS_SUCCESS);
        TearDown();
    }
};

// dynamic-subdeviceregistration-and-unregistration: when the jack says so.
TEST_P(StopRace, SubdevicesLeaveMeanwhile) {
    start_and_open();
    stop_slowly();
    script_.clear();
    NTSTATUS first = STATUS_UNSUCCESSFUL;
    NTSTATUS second = STATUS_UNSUCCESSFUL;
    do_in(50, [&] {
        first = unregister(script_.topology_port); // which is being told
        second = unregister(script_.wave_port);    // whose turn has not come
    });
    end_device();
    join();
    EXPECT_EQ(first, STATUS_SUCCESS);
    // They all go with a device that is stopped.
    EXPECT_EQ(second, GetParam() == Ending::stop ? STATUS_NOT_FOUND : STATUS_SUCCESS);
    EXPECT_EQ(script_.count_of("adapter:pnp_stop"), 1u) << script_.text();
}

TEST_P(StopRace, R_PNP_05_SubdevicesDoNotComeMeanwhile) {
    start_and_open();
    stop_slowly();
    NTSTATUS status = STATUS_SUCCESS;
    do_in(50, [&] { status = register_another(); });
    end_device();
    join();
    EXPECT_TRUE(is_refusal(status)) << std::hex << status;
    inside([&] { EXPECT_EQ(interfaces_of(u"Dock"), 0u); });
}

TEST_P(StopRace, R_PNP_05_SubdevicesDoNotComeAfterwards) {
    start_and_open();
    end_device();
    inside([&] {
        EXPECT_TRUE(is_refusal(register_another()));
        EXPECT_EQ(interfaces_of(u"Dock"), 0u);
    });
}

TEST_P(StopRace, R_PNP_05_NoHandlerIsCalledOnceTheDeviceHasBeenPoweredUpForIt) {
    for_each_schedule(30, [](std::uint64_t seed) { Leaving(GetParam(), seed).ask_while_device_leaves(); });
}
TEST_P(StopRace, R_PNP_05_NoStreamIsMadeOnceTheDeviceHasBeenPoweredUpForIt) {
    for_each_schedule(30, [](std::uint64_t seed) { Leaving(GetParam(), seed).open_while_device_leaves(); });
}
TEST_P(StopRace, R_PNP_05_NoFormatIsSetOnceTheDeviceHasBeenPoweredUpForIt) {
    for_each_schedule(30, [](std::uint64_t seed) { Leaving(GetParam(), seed).change_format_while_device_leaves(); });
}

TEST(UnregisterRace, NothingOfASubdeviceIsCalledAfterwards) {
    for_each_schedule(30, [](std::uint64_t seed) {
        Leaving(Ending::removal, seed).ask_while_subdevice_leaves();
        Leaving(Ending::removal, seed).open_while_subdevice_leaves();
        Leaving(Ending::removal, seed).change_format_while_subdevice_leaves();
    });
}

// An adapter object that outlives the stop, as one that is registered by AddDevice: started again, the device is in D0.
TEST_F(CoreTest, R_PWR_04_AnAdapterIsNotStoppedInALowPowerState) {
    parameters_.push_back(*pnp::RegistryParameter::parse("PowerSettings\\PerformanceIdleTime:binary=01000000"));
    script_.register_power = script_.register_pnp = script_.register_in_add_device = true;
    start();
    const auto idle = [&] { inside([&] { machine_.run_for(5000 * machine::nanoseconds_per_millisecond); }); };
    idle();
    ASSERT_EQ(script_.journal.back(), "adapter1:D3");
    script_.clear();
    EXPECT_TRUE(manager_->stop(*node_));
    EXPECT_EQ(script_.text(), "query_stop adapter1:D0 adapter:pnp_stop");
    inside([&] { release_ports(); });
    EXPECT_TRUE(manager_->start(*node_));
    EXPECT_EQ(script_.count_of("adapter1:D0"), 1u) << script_.text();
    script_.clear();
    idle();
    EXPECT_EQ(script_.text(), "adapter1:D3");
}

INSTANTIATE_TEST_SUITE_P(Endings, StopRace, ::testing::Values(Ending::stop, Ending::removal),
                         [](const auto& ending) { return ending.param == Ending::stop ? "stop" : "removal"; });

} // namespace
} // namespace conformance
