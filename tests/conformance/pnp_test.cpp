// R-PNP: stop, rebalance, removal.
#include "core_fixture.h"
#include "portcls/device_context.h"

namespace conformance {

class R_PNP : public CoreTest {
protected:
    void start_with_pnp() {
        script_.register_pnp = true;
        script_.pnp_notify = true;
        start_and_open();
        script_.clear();
    }
};

TEST_F(R_PNP, R_PNP_01_without_the_interface_a_stop_is_refused) {
    start_and_open();
    EXPECT_FALSE(manager_->query_stop(*node_));
    inside([&] { EXPECT_NE(open_pin(), nullptr) << "still running"; });
}

TEST_F(R_PNP, R_PNP_01_not_supported_is_refused) {
    script_.rebalance = PcRebalanceNotSupported;
    start_with_pnp();
    EXPECT_FALSE(manager_->query_stop(*node_));
    EXPECT_EQ(script_.count_of("query_stop"), 0u);
}

// Shows R-PNP-03: both halves of it.
TEST_F(R_PNP, R_PNP_03_creates_are_held_while_a_stop_is_pending) {
    start_with_pnp();
    auto& lock = portcls::DeviceContext::from(script_.functional_device)->lock();
    unsigned asked = 0;
    script_.pnp_asked = [&](const std::string& what) {
        EXPECT_TRUE(lock.is_held_by_current_thread()) << what;
        ++asked;
    };
    ASSERT_TRUE(manager_->query_stop(*node_));
    EXPECT_EQ(script_.text(), "query_stop");
    struct Opener {
        std::u16string path;
        FILE_OBJECT* file = nullptr;
        NTSTATUS status = STATUS_PENDING;
        static void run(void* context) {
            auto& self = *static_cast<Opener*>(context);
            self.status = executive::open_file(self.path, nullptr, &self.file);
        }
    } opener;
    inside([&] {
        opener.path = path_of(u"Wave");
        machine_.release_thread(*machine_.create_thread("opener", Opener::run, &opener));
        machine_.run_for(100'000'000);
        EXPECT_EQ(opener.status, STATUS_PENDING) << "held";
    });
    ASSERT_TRUE(manager_->cancel_stop(*node_));
    inside([&] {
        machine_.run_for(100'000'000);
        EXPECT_EQ(opener.status, STATUS_SUCCESS) << "restarted on cancel";
        files_.push_back(opener.file);
        EXPECT_EQ(script_.count_of("cancel_stop"), 1u);
        EXPECT_EQ(asked, 3u) << "the type, query and cancel";
    });
}

TEST_F(R_PNP, R_PNP_04_cancel_without_query) {
    start_with_pnp();
    ASSERT_TRUE(manager_->cancel_stop(*node_));
    EXPECT_EQ(script_.text(), "cancel_stop");
    inside([&] { EXPECT_NE(open_pin(), nullptr); });
}

// Shows R-PNP-05, R-PNP-06.
TEST_F(R_PNP, R_PNP_05_order_of_a_surprise_removal) {
    start_with_pnp();
    FILE_OBJECT* pin = nullptr;
    inside([&] {
        pin = open_pin();
        EXPECT_EQ(set_state(pin, KSSTATE_RUN), STATUS_SUCCESS);
        script_.clear();
    });
    ASSERT_TRUE(manager_->surprise_remove(*node_));
    EXPECT_EQ(script_.text(), "pause acquire stop miniport:pnp_stop miniport:pnp_stop adapter:pnp_stop");
    inside([&] {
        EXPECT_EQ(executive::Kernel::current().interfaces.enumerate().size(), 0u) << "interfaces off";
        EXPECT_EQ(script_.streams_alive, 1u) << "R-PNP-06, R-PNP-08: objects live until their handles are closed";
        EXPECT_FALSE(NT_SUCCESS(set_state(pin, KSSTATE_RUN))) << "R-PNP-07";
        FILE_OBJECT* file = nullptr;
        EXPECT_FALSE(NT_SUCCESS(open_pin(connection(render_pin), file)));
        release_ports();
        close_all();
        EXPECT_EQ(script_.streams_alive, 0u);
    });
}

TEST_F(R_PNP, R_PNP_07_stop_and_start_make_new_subdevices) {
    start_with_pnp();
    inside([&] {
        close_all();
        release_ports();
    });
    ASSERT_TRUE(manager_->stop(*node_));
    EXPECT_EQ(script_.count_of("adapter:pnp_stop"), 1u);
    EXPECT_EQ(script_.miniports_alive, 0u);
    ASSERT_TRUE(manager_->start(*node_));
    EXPECT_EQ(script_.miniports_alive, 2u);
    inside([&] {
        ASSERT_EQ(open_filter(u"Wave", wave_), STATUS_SUCCESS);
        EXPECT_NE(open_pin(), nullptr);
    });
}

TEST_F(R_PNP, removal_leaves_nothing_behind) {
    start_and_open();
    inside([&] {
        close_all();
        release_ports();
        script_.adapter->Release();
        script_.adapter = nullptr;
    });
    auto report = manager_->unload(*driver_);
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_EQ(script_.miniports_alive, 0u);
    EXPECT_TRUE(report->empty()) << report->to_text();
}

} // namespace conformance
