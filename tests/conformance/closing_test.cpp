// What is under way when a client's handle goes: IRP_MJ_CLOSE comes after the last request of the file (irp-mj-close).
#include "property_fixture.h"
#include "wavepci_fixture.h"

namespace conformance {

namespace {

struct Ended {
    bool is_done = false;
    NTSTATUS status = STATUS_PENDING;
    static void NTAPI on(void* context, NTSTATUS status, ULONG_PTR) { *static_cast<Ended*>(context) = {true, status}; }
};

} // namespace

class Closing : public R_PROP {
protected:
    // A property of a pin, whose handler answers later.
    void ask(FILE_OBJECT* pin, Ended& ended) {
        EXPECT_EQ(executive::start_device_control(pin, IOCTL_KS_PROPERTY, &in_, sizeof in_, &value_, sizeof value_,
                                                  Ended::on, &ended),
                  STATUS_PENDING);
        ASSERT_NE(script_.pending_request, nullptr);
    }
    const KSPROPERTY in_ = custom(custom_pending);
    ULONG value_ = 0;
};

// Its MinorTarget is the stream.
TEST_F(Closing, R_PROP_17_a_stream_outlives_the_request_that_its_handler_answers_later) {
    start_and_open();
    inside([&] {
        FILE_OBJECT* const pin = open_pin();
        Ended ended;
        ask(pin, ended);
        close(pin);
        machine_.run_for(10'000'000);
        EXPECT_EQ(script_.streams_alive, 1u);
        EXPECT_FALSE(ended.is_done);
        KIRQL old;
        KeRaiseIrql(DISPATCH_LEVEL, &old);
        EXPECT_EQ(PcCompletePendingPropertyRequest(script_.pending_request, STATUS_SUCCESS), STATUS_SUCCESS);
        EXPECT_EQ(script_.streams_alive, 1u) << "IRP_MJ_CLOSE is for PASSIVE_LEVEL";
        KeLowerIrql(old);
        EXPECT_TRUE(ended.is_done);
        machine_.run_for(10'000'000);
        EXPECT_EQ(script_.streams_alive, 0u);
    });
}

// A request that the handle's owner would have waited for in another thread.
TEST_F(Closing, a_thread_that_waits_for_its_request_is_waited_for) {
    start_and_open();
    inside([&] {
        struct Asks {
            FILE_OBJECT* pin;
            const KSPROPERTY& in;
            ULONG& value;
            NTSTATUS status = STATUS_PENDING;
        } asks{open_pin(), in_, value_};
        machine::Thread* const thread = machine_.create_thread(
            "asks",
            [](void* context) {
                auto& self = *static_cast<Asks*>(context);
                self.status = executive::device_control(self.pin, IOCTL_KS_PROPERTY, &self.in, sizeof self.in,
                                                        &self.value, sizeof self.value, nullptr);
            },
            &asks);
        machine_.run_for(1'000'000);
        ASSERT_NE(script_.pending_request, nullptr);
        close(asks.pin);
        EXPECT_EQ(script_.streams_alive, 1u);
        EXPECT_EQ(asks.status, STATUS_PENDING);
        PcCompletePendingPropertyRequest(script_.pending_request, STATUS_SUCCESS);
        machine_.wait_one(thread);
        machine_.release_thread(*thread);
        EXPECT_EQ(asks.status, STATUS_SUCCESS);
        machine_.run_for(10'000'000);
        EXPECT_EQ(script_.streams_alive, 0u);
    });
}

namespace {

// One machine of an exploration: a client's thread cancels a request while another closes its pin.
class CancelAndClose : public WavePciRules {
public:
    explicit CancelAndClose(std::uint64_t seed) : WavePciRules(exploring(seed)), seed_(seed) {}

    void run() {
        now([&] {
            FILE_OBJECT* const pin = open_paused(render_pin);
            PciRequest& cancelled = write(pin, memory_, sizeof memory_);
            PciRequest& other = write(pin, memory_, sizeof memory_);
            for (ULONG tag = 1; tag <= 3; ++tag) {
                stream().get(tag);
            }
            cancelled_ = &cancelled;
            machine_.release_thread(*machine_.create_thread("canceller", &CancelAndClose::cancel, this));
            let_others_run(seed_ % 5);
            close(pin);
            machine_.run_for(100'000'000);
            EXPECT_TRUE(cancelled.is_done);
            EXPECT_TRUE(other.is_done);
            EXPECT_TRUE(has_cancelled_);
        });
        TearDown();
    }

private:
    static void cancel(void* context) {
        auto& self = *static_cast<CancelAndClose*>(context);
        self.let_others_run(self.seed_ % 11);
        if (self.cancelled_->irp != nullptr) {
            executive::cancel_request(self.cancelled_->irp);
        }
        self.has_cancelled_ = true;
    }
    void TestBody() override {}

    std::uint64_t seed_;
    PciRequest* cancelled_ = nullptr;
    bool has_cancelled_ = false;
    unsigned char memory_[8192] = {};
};

} // namespace

TEST(ClosingRace, R_WPCI_10_a_cancel_routine_is_waited_for_when_the_pin_is_closed) {
    for_each_schedule(100, [](std::uint64_t seed) { CancelAndClose(seed).run(); });
}

} // namespace conformance
