// R-PROP: requests that are completed later, and who waits for whom.
#include <set>

#include "executive/ex/asan.h"
#include "property_fixture.h"

namespace conformance {

namespace {

struct Completed {
    ULONG count = 0;
    NTSTATUS status = 0;
    ULONG_PTR information = 0;
    static void NTAPI on(void* context, NTSTATUS status, ULONG_PTR information) {
        auto& self = *static_cast<Completed*>(context);
        ++self.count;
        self.status = status;
        self.information = information;
    }
};

} // namespace

// Shows R-PROP-17.
TEST_F(R_PROP, R_PROP_17_pending_request_is_completed_later_at_DISPATCH_LEVEL) {
    start_and_open();
    inside([&] {
        Completed completed;
        const KSPROPERTY in = custom(custom_pending);
        ULONG value = 0;
        EXPECT_EQ(executive::start_device_control(wave_, IOCTL_KS_PROPERTY, &in, sizeof in, &value, sizeof value,
                                                  Completed::on, &completed),
                  STATUS_PENDING);
        ASSERT_NE(script_.pending_request, nullptr);
        EXPECT_EQ(completed.count, 0u);
        EXPECT_EQ(PcCompletePendingPropertyRequest(script_.pending_request, STATUS_PENDING), STATUS_INVALID_PARAMETER)
            << "R-PROP-18";
        // Others are served meanwhile: the device lock is free.
        ULONG other = 0;
        EXPECT_EQ(property(wave_, custom(custom_value), other), STATUS_SUCCESS);
        const ULONG answer = 0xCAFE;
        std::memcpy(script_.pending_request->Value, &answer, sizeof answer);
        script_.pending_request->ValueSize = sizeof answer;
        KIRQL old;
        KeRaiseIrql(DISPATCH_LEVEL, &old);
        EXPECT_EQ(PcCompletePendingPropertyRequest(script_.pending_request, STATUS_SUCCESS), STATUS_SUCCESS);
        KeLowerIrql(old);
        EXPECT_EQ(completed.count, 1u);
        EXPECT_EQ(completed.status, STATUS_SUCCESS);
        EXPECT_EQ(completed.information, sizeof(ULONG));
        EXPECT_EQ(value, 0xCAFEu);
    });
}

// KSPROPERTY_TYPE_GETPAYLOADSIZE: what the handler says later is the answer, as a ULONG.
TEST_F(R_PROP, R_PROP_17_the_size_of_a_value_may_be_told_later) {
    start_and_open();
    inside([&] {
        Completed completed;
        const KSPROPERTY in = custom(custom_pending, KSPROPERTY_TYPE_GETPAYLOADSIZE);
        ULONG size = 0;
        EXPECT_EQ(executive::start_device_control(wave_, IOCTL_KS_PROPERTY, &in, sizeof in, &size, sizeof size,
                                                  Completed::on, &completed),
                  STATUS_PENDING);
        ASSERT_NE(script_.pending_request, nullptr);
        EXPECT_EQ(completed.count, 0u);
        EXPECT_EQ(script_.pending_request->Verb, KSPROPERTY_TYPE_GET);
        EXPECT_EQ(script_.pending_request->ValueSize, 0u);
        script_.pending_request->ValueSize = 12;
        EXPECT_EQ(PcCompletePendingPropertyRequest(script_.pending_request, STATUS_BUFFER_OVERFLOW), STATUS_SUCCESS);
        EXPECT_EQ(completed.count, 1u);
        EXPECT_EQ(completed.status, STATUS_SUCCESS);
        EXPECT_EQ(completed.information, sizeof(ULONG));
        EXPECT_EQ(size, 12u);
    });
}

TEST_F(R_PROP, R_PROP_17_a_pending_request_is_completed_once) {
    start_and_open();
    const std::string rule = crash([&] {
        Completed completed;
        const KSPROPERTY in = custom(custom_pending);
        ULONG value = 0;
        executive::start_device_control(wave_, IOCTL_KS_PROPERTY, &in, sizeof in, &value, sizeof value, Completed::on,
                                        &completed);
        PcCompletePendingPropertyRequest(script_.pending_request, STATUS_UNSUCCESSFUL);
        PcCompletePendingPropertyRequest(script_.pending_request, STATUS_UNSUCCESSFUL);
    });
    EXPECT_NE(rule.find("R-PROP-17"), std::string::npos) << rule;
    EXPECT_EQ(machine_.bugcheck_report()->code, 0x44U);
}

// A newer request is pending. It is not charged to that one, whatever memory it has.
TEST_F(R_PROP, R_PROP_17_a_request_that_is_over_is_not_mistaken_for_the_next) {
    start_and_open();
    Completed first;
    Completed second;
    const std::string rule = crash([&] {
        const KSPROPERTY in = custom(custom_pending);
        ULONG value = 0;
        executive::start_device_control(wave_, IOCTL_KS_PROPERTY, &in, sizeof in, &value, sizeof value, Completed::on,
                                        &first);
        PCPROPERTY_REQUEST* const stale = script_.pending_request;
        PcCompletePendingPropertyRequest(stale, STATUS_UNSUCCESSFUL);
        executive::start_device_control(wave_, IOCTL_KS_PROPERTY, &in, sizeof in, &value, sizeof value, Completed::on,
                                        &second);
        PcCompletePendingPropertyRequest(stale, STATUS_UNSUCCESSFUL);
    });
    EXPECT_NE(rule.find("R-PROP-17"), std::string::npos) << rule;
    EXPECT_EQ(first.count, 1U);
    EXPECT_EQ(second.count, 0U);
}

// AddressSanitizer stops who writes there.
TEST_F(R_PROP, R_PROP_17_a_request_that_is_over_is_poisoned) {
    if (!executive::asan_present()) {
        GTEST_SKIP() << "runs with AddressSanitizer only";
    }
    start_and_open();
    inside([&] {
        Completed completed;
        const KSPROPERTY in = custom(custom_pending);
        ULONG value = 0;
        executive::start_device_control(wave_, IOCTL_KS_PROPERTY, &in, sizeof in, &value, sizeof value, Completed::on,
                                        &completed);
        PCPROPERTY_REQUEST* const request = script_.pending_request;
        void* const room = request->Value;
        EXPECT_EQ(__asan_region_is_poisoned(request, sizeof *request), nullptr);
        PcCompletePendingPropertyRequest(request, STATUS_UNSUCCESSFUL);
        EXPECT_EQ(__asan_region_is_poisoned(request, sizeof *request), request);
        EXPECT_EQ(__asan_region_is_poisoned(room, sizeof value), room);
    });
}

// Nor does a request that was pending keep its memory for ever.
TEST_F(R_PROP, R_PROP_17_memory_of_pending_requests_is_used_again) {
    start_and_open();
    inside([&] {
        std::set<PCPROPERTY_REQUEST*> requests;
        constexpr ULONG rounds = 1000;
        for (ULONG round = 0; round < rounds; ++round) {
            Completed completed;
            const KSPROPERTY in = custom(custom_pending);
            ULONG value = 0;
            executive::start_device_control(wave_, IOCTL_KS_PROPERTY, &in, sizeof in, &value, sizeof value,
                                            Completed::on, &completed);
            requests.insert(script_.pending_request);
            PcCompletePendingPropertyRequest(script_.pending_request, STATUS_UNSUCCESSFUL);
        }
        EXPECT_GT(requests.size(), 16U);
        EXPECT_LT(requests.size(), 64U);
    });
}

TEST_F(R_PROP, R_PROP_17_who_completes_before_returning_returns_STATUS_PENDING) {
    start_and_open();
    script_.early_status = STATUS_SUCCESS;
    const std::string rule = crash([&] {
        ULONG value = 0;
        property(wave_, custom(custom_early), value);
    });
    EXPECT_NE(rule.find("returns STATUS_PENDING"), std::string::npos) << rule;
    EXPECT_EQ(machine_.bugcheck_report()->code, 0x44U);
}

TEST_F(R_PROP, R_PROP_17_a_request_that_is_over_is_not_completed) {
    start_and_open();
    const std::string rule = crash([&] {
        ULONG value = 0;
        EXPECT_EQ(property(wave_, custom(custom_value), value), STATUS_SUCCESS);
        PcCompletePendingPropertyRequest(script_.last_request, STATUS_SUCCESS);
    });
    EXPECT_NE(rule.find("R-PROP-17"), std::string::npos) << rule;
    EXPECT_EQ(machine_.bugcheck_report()->code, 0x44U);
}

TEST_F(R_PROP, R_PROP_17_completion_may_come_before_the_handler_returns) {
    start_and_open();
    inside([&] {
        ULONG value = 0;
        EXPECT_EQ(property(wave_, custom(custom_early), value), STATUS_SUCCESS);
        EXPECT_EQ(value, 0x42424242u);
        EXPECT_EQ(information_, sizeof value);
    });
}

// Shows R-PROP-19.
TEST_F(R_PROP, R_PROP_19_handlers_of_a_device_exclude_each_other) {
    start_and_open();
    inside([&] {
        struct Asker {
            FILE_OBJECT* file;
            NTSTATUS status = STATUS_PENDING;
            static void run(void* context) {
                auto& self = *static_cast<Asker*>(context);
                const KSPROPERTY in = custom(custom_locked);
                ULONG value = 0;
                ULONG_PTR information = 0;
                self.status = executive::device_control(self.file, IOCTL_KS_PROPERTY, &in, sizeof in, &value,
                                                        sizeof value, &information, KernelMode);
            }
        };
        Asker askers[] = {{wave_}, {topology_}, {wave_}};
        for (Asker& asker : askers) {
            machine_.release_thread(*machine_.create_thread("asker", Asker::run, &asker));
        }
        machine_.run_for(500'000'000);
        for (const Asker& asker : askers) {
            EXPECT_EQ(asker.status, STATUS_SUCCESS);
        }
        EXPECT_EQ(script_.calls.size(), 3u);
        EXPECT_EQ(script_.most_handlers_inside, 1u);
    });
}

TEST_F(R_PROP, R_PROP_19_UsePositionLock_takes_positions_out_of_the_device_lock) {
    {
        pnp::RegistryParameter parameter;
        parameter.name = "DispatchSettings\\UsePositionLock";
        parameter.data = {1, 0, 0, 0};
        parameters_.push_back(parameter);
        start_and_open();
        inside([&] {
            FILE_OBJECT* const pin = open_pin();
            Blocker blocker{wave_};
            machine_.release_thread(*machine_.create_thread("blocker", Blocker::run, &blocker));
            machine_.run_for(1'000'000);
            ASSERT_EQ(script_.handlers_inside, 1u);
            KSAUDIO_POSITION position = {};
            EXPECT_EQ(property(pin, request(KSPROPSETID_Audio, KSPROPERTY_AUDIO_POSITION), position), STATUS_SUCCESS);
            EXPECT_FALSE(blocker.done) << "the position did not wait for the device lock";
            ULONG value = 0;
            EXPECT_EQ(property(wave_, custom(custom_value), value), STATUS_SUCCESS);
            EXPECT_TRUE(blocker.done) << "other properties do";
        });
    }
}

TEST_F(R_PROP, R_PROP_19_without_the_setting_positions_wait_too) {
    start_and_open();
    inside([&] {
        FILE_OBJECT* const pin = open_pin();
        Blocker blocker{wave_};
        machine_.release_thread(*machine_.create_thread("blocker", Blocker::run, &blocker));
        machine_.run_for(1'000'000);
        KSAUDIO_POSITION position = {};
        EXPECT_EQ(property(pin, request(KSPROPSETID_Audio, KSPROPERTY_AUDIO_POSITION), position), STATUS_SUCCESS);
        EXPECT_TRUE(blocker.done);
    });
}

} // namespace conformance
