// R-PNP: IAdapterPnpManagement and IPortClsPnp: GetSupportedRebalanceType, PnpQueryStop, PnpCancelStop, PnpStop.
#include "core_fixture.h"
#include "portcls/device_context.h"

namespace conformance {

using portcls::DeviceContext;

class PnpCallbacks : public CoreTest {
protected:
    void start_with_pnp() {
        script_.register_pnp = true;
        script_.pnp_notify = true;
        start_and_open();
        script_.clear();
    }
    DeviceContext& context() { return *DeviceContext::from(script_.functional_device); }
};

// GetSupportedRebalanceType, PnpQueryStop and PnpCancelStop under the global lock, PnpStop without it; PASSIVE_LEVEL.
TEST_F(PnpCallbacks, R_PNP_03_and_05_lock_and_irql_of_the_adapters_methods) {
    start_with_pnp();
    std::vector<std::string> asked;
    script_.pnp_asked = [&](const std::string& what) {
        asked.push_back(what);
        EXPECT_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL) << what;
        EXPECT_EQ(context().lock().is_held_by_current_thread(), what != "stop") << what;
    };
    ASSERT_TRUE(manager_->query_stop(*node_));
    ASSERT_TRUE(manager_->cancel_stop(*node_));
    inside([&] {
        FILE_OBJECT* const pin = open_pin();
        EXPECT_EQ(set_state(pin, KSSTATE_RUN), STATUS_SUCCESS);
        script_.clear();
    });
    ASSERT_TRUE(manager_->stop(*node_));
    EXPECT_EQ(asked, (std::vector<std::string>{"type", "query_stop", "cancel_stop", "type", "query_stop", "stop"}));
    // R-PNP-05: by the time of the adapter's PnpStop everything else has happened.
    EXPECT_EQ(script_.text(), "query_stop pause acquire stop miniport:pnp_stop miniport:pnp_stop adapter:pnp_stop");
    script_.pnp_asked = nullptr;
}

// R-PNP-05: when PnpStop runs the interfaces are off and no stream is above STOP.
TEST_F(PnpCallbacks, R_PNP_05_interfaces_are_off_when_the_adapter_stops) {
    start_with_pnp();
    inside([&] { EXPECT_EQ(set_state(open_pin(), KSSTATE_PAUSE), STATUS_SUCCESS); });
    bool stopped = false;
    script_.pnp_asked = [&](const std::string& what) {
        if (what == "stop") {
            stopped = true;
            EXPECT_EQ(executive::Kernel::current().interfaces.enumerate().size(), 0u);
            EXPECT_EQ(script_.count_of("stop"), 1u);
            // The adapter may unregister in here.
            EXPECT_EQ(PcUnregisterAdapterPnpManagement(script_.functional_device), STATUS_SUCCESS);
        }
    };
    ASSERT_TRUE(manager_->stop(*node_));
    EXPECT_TRUE(stopped);
    script_.pnp_asked = nullptr;
}

// R-PNP-07: a stream that was stopped for a rebalance stays so, also when the device has been started again.
TEST_F(PnpCallbacks, R_PNP_07_streams_are_not_restarted) {
    start_with_pnp();
    FILE_OBJECT* pin = nullptr;
    inside([&] {
        pin = open_pin();
        EXPECT_EQ(set_state(pin, KSSTATE_RUN), STATUS_SUCCESS);
        release_ports();
        script_.clear();
    });
    ASSERT_TRUE(manager_->stop(*node_));
    EXPECT_TRUE(script_.text().starts_with("query_stop pause acquire stop ")) << script_.text();
    script_.clear();
    ASSERT_TRUE(manager_->start(*node_));
    EXPECT_EQ(script_.count_of("acquire") + script_.count_of("pause") + script_.count_of("run"), 0u);
    script_.clear();
    inside([&] {
        EXPECT_FALSE(NT_SUCCESS(set_state(pin, KSSTATE_RUN)));
        machine_.run_for(100'000'000);
        EXPECT_EQ(script_.count_of("run"), 0u);
        FILE_OBJECT* const old_filter = wave_;
        ASSERT_EQ(open_filter(u"Wave", wave_), STATUS_SUCCESS);
        FILE_OBJECT* const fresh = open_pin();
        EXPECT_EQ(set_state(fresh, KSSTATE_RUN), STATUS_SUCCESS) << "the new subdevice's streams run";
        close(pin);
        close(old_filter);
    });
}

// The query is refused where a port cannot take part: R-PNP-01.
TEST_F(PnpCallbacks, R_PNP_01_a_cancelled_query_leaves_everything_running) {
    start_with_pnp();
    inside([&] {
        FILE_OBJECT* const pin = open_pin();
        EXPECT_EQ(set_state(pin, KSSTATE_RUN), STATUS_SUCCESS);
        script_.clear();
    });
    ASSERT_TRUE(manager_->query_stop(*node_));
    ASSERT_TRUE(manager_->cancel_stop(*node_));
    EXPECT_EQ(script_.text(), "query_stop cancel_stop");
}

// IPortClsPnp: RegisterAdapterPnpManagement and UnregisterAdapterPnpManagement are PcRegisterAdapterPnpManagement and
// PcUnregisterAdapterPnpManagement; new in Windows 10 1511.
TEST_F(PnpCallbacks, IPortClsPnp_registers_like_the_functions) {
    start();
    ASSERT_FALSE(manager_->query_stop(*node_));
    inside([&] {
        DEVICE_OBJECT* const device = script_.functional_device;
        auto pnp = portcls::ComPointer<IPortClsPnp>::query(script_.wave_port, IID_IPortClsPnp);
        ASSERT_TRUE(pnp);
        EXPECT_EQ(pnp->UnregisterAdapterPnpManagement(device), STATUS_INVALID_DEVICE_REQUEST);
        EXPECT_EQ(pnp->RegisterAdapterPnpManagement(script_.wave_port, device), STATUS_INVALID_PARAMETER)
            << "no IAdapterPnpManagement";
        EXPECT_EQ(pnp->RegisterAdapterPnpManagement(nullptr, device), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(pnp->RegisterAdapterPnpManagement(script_.adapter, nullptr), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(pnp->RegisterAdapterPnpManagement(script_.adapter, device), STATUS_SUCCESS);
        EXPECT_EQ(PcRegisterAdapterPnpManagement(script_.adapter, device), STATUS_SUCCESS) << "in its place";
    });
    ASSERT_TRUE(manager_->query_stop(*node_));
    ASSERT_TRUE(manager_->cancel_stop(*node_));
    inside([&] {
        DEVICE_OBJECT* const device = script_.functional_device;
        auto pnp = portcls::ComPointer<IPortClsPnp>::query(script_.topology_port, IID_IPortClsPnp);
        EXPECT_EQ(pnp->UnregisterAdapterPnpManagement(device), STATUS_SUCCESS);
        EXPECT_EQ(PcUnregisterAdapterPnpManagement(device), STATUS_INVALID_DEVICE_REQUEST);
        PortClsSystem::current().set_windows_version(WindowsVersion::windows_10);
        EXPECT_EQ(PcRegisterAdapterPnpManagement(script_.adapter, device), STATUS_NOT_IMPLEMENTED);
        EXPECT_EQ(PcUnregisterAdapterPnpManagement(device), STATUS_NOT_IMPLEMENTED);
        EXPECT_FALSE(portcls::ComPointer<IPortClsPnp>::query(script_.wave_port, IID_IPortClsPnp));
        PortClsSystem::current().set_windows_version(WindowsVersion::windows_11);
    });
    ASSERT_FALSE(manager_->query_stop(*node_));
}

} // namespace conformance
