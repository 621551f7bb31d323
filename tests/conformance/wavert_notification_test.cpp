// Event-driven streams: R-WRT-10 to R-WRT-14.
#include "wavert_fixture.h"

namespace wavert_test {

class WaveRtNotification : public WaveRtTest {
protected:
    // Waits for the event with a time limit; true when it was signalled.
    static bool wait_for(HANDLE event, machine::Nanoseconds limit) {
        LARGE_INTEGER timeout;
        timeout.QuadPart = -limit / machine::nanoseconds_per_tick;
        return ZwWaitForSingleObject(event, FALSE, &timeout) == STATUS_SUCCESS;
    }
};

TEST_F(WaveRtNotification, SupportIsWhetherTheStreamHasTheInterface_R_WRT_14) {
    start();
    inside([&] {
        for (bool supported : {true, false}) {
            script_.notification = supported;
            FILE_OBJECT* pin = open_pin();
            BOOL answer = 42;
            EXPECT_EQ(get(pin, KSPROPSETID_RtAudio, KSPROPERTY_RTAUDIO_QUERY_NOTIFICATION_SUPPORT, answer),
                      STATUS_SUCCESS);
            EXPECT_EQ(answer, supported ? TRUE : FALSE);
            KSRTAUDIO_BUFFER buffer = {};
            EXPECT_EQ(get_buffer_with_notification(pin, 4096, 2, buffer),
                      supported ? STATUS_SUCCESS : STATUS_NOT_SUPPORTED);
            close_pin(pin);
        }
    });
}

// Shows KSPROPERTY_RTAUDIO_BUFFER_WITH_NOTIFICATION.
TEST_F(WaveRtNotification, OneOrTwoNotifications_R_WRT_11) {
    start();
    inside([&] {
        KSRTAUDIO_BUFFER buffer = {};
        for (ULONG count : {1u, 2u}) {
            FILE_OBJECT* pin = open_pin();
            EXPECT_EQ(get_buffer_with_notification(pin, 4096, count, buffer), STATUS_SUCCESS);
            EXPECT_TRUE(script_.noted("AllocateBufferWithNotification " + std::to_string(count) + " 4096"));
            close_pin(pin);
            EXPECT_TRUE(script_.noted("FreeBufferWithNotification 4096"));
        }
        FILE_OBJECT* pin = open_pin();
        for (ULONG count : {0u, 3u, ~0u}) {
            EXPECT_EQ(get_buffer_with_notification(pin, 4096, count, buffer), STATUS_INVALID_PARAMETER);
        }
    });
}

// Shows KSPROPERTY_RTAUDIO_REGISTER_NOTIFICATION_EVENT, KSPROPERTY_RTAUDIO_UNREGISTER_NOTIFICATION_EVENT.
TEST_F(WaveRtNotification, EveryRegisteredEventIsSignalled_R_WRT_12) {
    start();
    inside([&] {
        FILE_OBJECT* pin = open_pin();
        KSRTAUDIO_BUFFER buffer = {};
        ASSERT_EQ(get_buffer_with_notification(pin, twenty_milliseconds, 2, buffer), STATUS_SUCCESS);
        HANDLE first = create_event();
        HANDLE second = create_event();
        EXPECT_EQ(register_event(pin, first), STATUS_SUCCESS);
        EXPECT_EQ(register_event(pin, second), STATUS_SUCCESS);
        EXPECT_EQ(script_.stream().events().size(), 2u);
        const auto begin = machine_.now();
        run(pin);
        EXPECT_TRUE(wait_for(first, 100 * millisecond));
        EXPECT_TRUE(wait_for(second, 0));
        EXPECT_GE(machine_.now() - begin, 10 * millisecond) << "half a buffer";
        EXPECT_FALSE(wait_for(first, 0)) << "auto-reset, signalled once per point";
        EXPECT_TRUE(wait_for(first, 100 * millisecond));
        EXPECT_EQ(set_state(pin, KSSTATE_STOP), STATUS_SUCCESS);
        EXPECT_EQ(unregister_event(pin, first), STATUS_SUCCESS);
        EXPECT_EQ(unregister_event(pin, second), STATUS_SUCCESS);
        EXPECT_EQ(script_.stream().events().size(), 0u);
        ZwClose(first);
        ZwClose(second);
    });
}

TEST_F(WaveRtNotification, NeedsABufferWithNotification_R_WRT_12) {
    start();
    inside([&] {
        FILE_OBJECT* pin = open_pin();
        HANDLE event = create_event();
        EXPECT_EQ(register_event(pin, event), STATUS_DEVICE_NOT_READY) << "no buffer";
        KSRTAUDIO_BUFFER buffer = {};
        ASSERT_EQ(get_buffer(pin, 4096, buffer), STATUS_SUCCESS);
        EXPECT_EQ(register_event(pin, event), STATUS_DEVICE_NOT_READY) << "a buffer without notification";
        script_.notification = false;
        FILE_OBJECT* silent = open_pin();
        EXPECT_EQ(register_event(silent, event), STATUS_NOT_SUPPORTED);
        EXPECT_EQ(unregister_event(silent, event), STATUS_NOT_SUPPORTED);
        EXPECT_FALSE(script_.noted("RegisterNotificationEvent"));
        ZwClose(event);
    });
}

TEST_F(WaveRtNotification, EitherVerb_X_11) {
    start();
    inside([&] {
        FILE_OBJECT* pin = open_pin();
        KSRTAUDIO_BUFFER buffer = {};
        ASSERT_EQ(get_buffer_with_notification(pin, 4096, 1, buffer), STATUS_SUCCESS);
        HANDLE event = create_event();
        for (ULONG verb : {KSPROPERTY_TYPE_GET, KSPROPERTY_TYPE_SET}) {
            EXPECT_EQ(register_event(pin, event, verb), STATUS_SUCCESS) << verb;
            EXPECT_EQ(unregister_event(pin, event, verb), STATUS_SUCCESS) << verb;
        }
        ZwClose(event);
    });
}

TEST_F(WaveRtNotification, BadHandlesDoNotReachTheDriver) {
    start();
    inside([&] {
        FILE_OBJECT* pin = open_pin();
        KSRTAUDIO_BUFFER buffer = {};
        ASSERT_EQ(get_buffer_with_notification(pin, 4096, 1, buffer), STATUS_SUCCESS);
        EXPECT_EQ(register_event(pin, nullptr), STATUS_INVALID_HANDLE);
        EXPECT_EQ(register_event(pin, reinterpret_cast<HANDLE>(0x7FF0)), STATUS_INVALID_HANDLE);
        HANDLE event = create_event();
        EXPECT_EQ(unregister_event(pin, event), STATUS_NOT_FOUND) << "never registered";
        EXPECT_FALSE(script_.noted("RegisterNotificationEvent"));
        EXPECT_FALSE(script_.noted("UnregisterNotificationEvent"));
        ZwClose(event);
    });
}

TEST_F(WaveRtNotification, TheEventOutlivesItsHandle) {
    start();
    inside([&] {
        FILE_OBJECT* pin = open_pin();
        KSRTAUDIO_BUFFER buffer = {};
        ASSERT_EQ(get_buffer_with_notification(pin, twenty_milliseconds, 2, buffer), STATUS_SUCCESS);
        HANDLE event = create_event();
        ASSERT_EQ(register_event(pin, event), STATUS_SUCCESS);
        PKEVENT object = script_.stream().events().front();
        ZwClose(event);
        run(pin);
        machine_.run_for(40 * millisecond);
        EXPECT_NE(KeReadStateEvent(object), 0) << "still an event";
    });
}

TEST_F(WaveRtNotification, ForgottenEventsAreUnregisteredBetweenStopAndFree_R_WRT_13) {
    start();
    inside([&] {
        FILE_OBJECT* pin = open_pin();
        KSRTAUDIO_BUFFER buffer = {};
        ASSERT_EQ(get_buffer_with_notification(pin, 4096, 2, buffer), STATUS_SUCCESS);
        HANDLE event = create_event();
        ASSERT_EQ(register_event(pin, event), STATUS_SUCCESS);
        run(pin);
        script_.journal.clear();
        close_pin(pin);
        EXPECT_EQ(script_.text(), "SetState PAUSE\nSetState ACQUIRE\nSetState STOP\n"
                                  "UnregisterNotificationEvent\nFreeBufferWithNotification 4096\n~Stream\n");
        ZwClose(event);
    });
}

TEST_F(WaveRtNotification, ARefusedRegistrationLeavesNothing) {
    script_.register_event_status = STATUS_INSUFFICIENT_RESOURCES;
    start();
    inside([&] {
        FILE_OBJECT* pin = open_pin();
        KSRTAUDIO_BUFFER buffer = {};
        ASSERT_EQ(get_buffer_with_notification(pin, 4096, 2, buffer), STATUS_SUCCESS);
        HANDLE event = create_event();
        EXPECT_EQ(register_event(pin, event), STATUS_INSUFFICIENT_RESOURCES);
        EXPECT_EQ(unregister_event(pin, event), STATUS_NOT_FOUND);
        ZwClose(event);
    });
}

} // namespace wavert_test
