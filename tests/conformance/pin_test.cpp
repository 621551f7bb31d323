// R-PIN: opening pins and counting them. R-STATE: stream states.
#include "core_fixture.h"

namespace conformance {

class R_PIN : public CoreTest {
protected:
    KSPIN_CINSTANCES counts(FILE_OBJECT* filter, ULONG id, ULONG pin = render_pin) {
        KSPIN_CINSTANCES result = {};
        EXPECT_EQ(property(filter, pin_request(KSPROPSETID_Pin, id, pin), result), STATUS_SUCCESS);
        return result;
    }
};

TEST_F(R_PIN, R_PIN_01_limits_of_filter_and_of_all_filters) {
    start_and_open(); // render: 2 a filter, 3 in all
    inside([&] {
        open_pin();
        FILE_OBJECT* const second = open_pin();
        FILE_OBJECT* file = nullptr;
        EXPECT_EQ(open_pin(connection(render_pin), file), STATUS_DEVICE_BUSY);
        FILE_OBJECT* const first_filter = wave_;
        ASSERT_EQ(open_filter(u"Wave", wave_), STATUS_SUCCESS);
        open_pin();
        EXPECT_EQ(open_pin(connection(render_pin), file), STATUS_DEVICE_BUSY) << "three in all";
        close(second);
        EXPECT_EQ(open_pin(connection(render_pin), file), STATUS_SUCCESS);
        EXPECT_EQ(counts(first_filter, KSPROPERTY_PIN_CINSTANCES).CurrentCount, 1u);
        EXPECT_EQ(counts(wave_, KSPROPERTY_PIN_CINSTANCES).CurrentCount, 2u);
        EXPECT_EQ(counts(wave_, KSPROPERTY_PIN_GLOBALCINSTANCES).CurrentCount, 3u);
    });
}

TEST_F(R_PIN, R_PIN_02_IPinCount_is_asked_and_may_change_the_counts) {
    script_.pin_counter = true;
    script_.count = [](ULONG pin, ULONG* necessary, ULONG*, ULONG* filter_possible, ULONG* global_current,
                       ULONG* global_possible) {
        if (pin == render_pin) {
            *necessary = 7;
            *filter_possible = 1;
            *global_current += 40;
            *global_possible = 50;
        }
    };
    start_and_open();
    inside([&] {
        EXPECT_EQ(counts(wave_, KSPROPERTY_PIN_CINSTANCES).PossibleCount, 1u);
        EXPECT_EQ(counts(wave_, KSPROPERTY_PIN_GLOBALCINSTANCES).PossibleCount, 50u);
        EXPECT_EQ(counts(wave_, KSPROPERTY_PIN_GLOBALCINSTANCES).CurrentCount, 40u);
        ULONG necessary = 0;
        EXPECT_EQ(
            property(wave_, pin_request(KSPROPSETID_Pin, KSPROPERTY_PIN_NECESSARYINSTANCES, render_pin), necessary),
            STATUS_SUCCESS);
        EXPECT_EQ(necessary, 7u);
        script_.clear();
        open_pin();
        EXPECT_EQ(script_.journal.at(0), "pin_count") << "before the new instance";
        FILE_OBJECT* file = nullptr;
        EXPECT_EQ(open_pin(connection(render_pin), file), STATUS_DEVICE_BUSY);
    });
}

// Shows KSPROPERTY_PIN_CINSTANCES, KSPROPERTY_PIN_GLOBALCINSTANCES.
TEST_F(R_PIN, R_PIN_04_possible_and_current) {
    script_.adjust = nullptr;
    start_and_open();
    inside([&] {
        EXPECT_EQ(counts(wave_, KSPROPERTY_PIN_CINSTANCES).PossibleCount, 2u);
        EXPECT_EQ(counts(wave_, KSPROPERTY_PIN_CINSTANCES).CurrentCount, 0u);
        EXPECT_EQ(counts(wave_, KSPROPERTY_PIN_GLOBALCINSTANCES).PossibleCount, 3u);
        EXPECT_EQ(counts(wave_, KSPROPERTY_PIN_CINSTANCES, wave_bridge_pin).PossibleCount, 0u);
        KSPIN_CINSTANCES none = {};
        EXPECT_EQ(property(wave_, pin_request(KSPROPSETID_Pin, KSPROPERTY_PIN_CINSTANCES, 3), none),
                  STATUS_INVALID_PARAMETER);
    });
}

TEST_F(R_PIN, R_PIN_04_indeterminate_is_no_limit) {
    static WidePin pin;
    script_.adjust = [](PCFILTER_DESCRIPTOR& filter, bool wave) {
        if (wave) {
            pin = *reinterpret_cast<const WidePin*>(filter.Pins);
            pin.pin.MaxFilterInstanceCount = KSINSTANCE_INDETERMINATE;
            pin.pin.MaxGlobalInstanceCount = KSINSTANCE_INDETERMINATE;
            filter.Pins = &pin.pin;
            filter.PinCount = 1;
            filter.ConnectionCount = 0;
        }
    };
    script_.connect = false;
    start_and_open();
    inside([&] {
        for (int i = 0; i < 20; ++i) {
            EXPECT_NE(open_pin(), nullptr);
        }
        EXPECT_EQ(counts(wave_, KSPROPERTY_PIN_CINSTANCES).PossibleCount, KSINSTANCE_INDETERMINATE);
        EXPECT_EQ(counts(wave_, KSPROPERTY_PIN_CINSTANCES).CurrentCount, 20u);
    });
}

// Shows KSPROPERTY_PIN_NECESSARYINSTANCES.
TEST_F(R_PIN, R_PIN_05_necessary_instances) {
    start_and_open();
    inside([&] {
        ULONG necessary = 0;
        EXPECT_EQ(
            property(wave_, pin_request(KSPROPSETID_Pin, KSPROPERTY_PIN_NECESSARYINSTANCES, render_pin), necessary),
            STATUS_SUCCESS);
        EXPECT_EQ(necessary, 1u);
    });
}

TEST_F(R_PIN, R_PIN_06_a_pin_keeps_its_filter_alive) {
    start_and_open();
    inside([&] {
        FILE_OBJECT* const pin = open_pin(capture_pin);
        FILE_OBJECT* const filter = wave_;
        close(filter);
        EXPECT_EQ(set_state(pin, KSSTATE_RUN), STATUS_SUCCESS);
        ULONG pins = 0;
        EXPECT_EQ(property(pin, request(KSPROPSETID_Pin, KSPROPERTY_PIN_CTYPES), pins), STATUS_SUCCESS);
        EXPECT_EQ(pins, 3u);
        close(pin);
        EXPECT_EQ(script_.streams_alive, 0u);
    });
}

TEST_F(R_PIN, failed_NewStream_leaves_nothing) {
    script_.new_stream_status = STATUS_INSUFFICIENT_RESOURCES;
    start_and_open();
    inside([&] {
        FILE_OBJECT* file = nullptr;
        EXPECT_EQ(open_pin(connection(render_pin), file), STATUS_INSUFFICIENT_RESOURCES);
        EXPECT_EQ(counts(wave_, KSPROPERTY_PIN_CINSTANCES).CurrentCount, 0u);
        script_.new_stream_status = STATUS_SUCCESS;
        EXPECT_EQ(open_pin(connection(render_pin), file), STATUS_SUCCESS);
    });
}

TEST_F(R_PIN, malformed_connections) {
    start_and_open();
    inside([&] {
        FILE_OBJECT* file = nullptr;
        PinConnect connect = connection(wave_bridge_pin);
        EXPECT_EQ(open_pin(connect, file), STATUS_INVALID_PARAMETER) << "R-DESC-07: bridge pins are never opened";
        connect = connection(3);
        EXPECT_EQ(open_pin(connect, file), STATUS_INVALID_PARAMETER);
        connect = connection(render_pin);
        connect.connect.Interface.Id = 99;
        EXPECT_EQ(open_pin(connect, file), STATUS_NO_MATCH);
        connect = connection(render_pin);
        connect.connect.Medium.Set.Data1 ^= 1;
        EXPECT_EQ(open_pin(connect, file), STATUS_NO_MATCH);
        connect = connection(render_pin);
        connect.connect.PinToHandle = reinterpret_cast<HANDLE>(0x44);
        EXPECT_EQ(open_pin(connect, file), STATUS_INVALID_PARAMETER);
        const GUID nonsense = custom_set;
        connect = connection(render_pin);
        EXPECT_EQ(open_child(wave_, nonsense, &connect, sizeof connect, file), STATUS_OBJECT_NAME_NOT_FOUND);
        EXPECT_EQ(open_path(u"{not a guid}\\xx", wave_, file), STATUS_OBJECT_NAME_NOT_FOUND);
        EXPECT_EQ(open_path(u"{146F1A80-4791-11D0-A5D6-28DB04C10000}", wave_, file), STATUS_INVALID_BUFFER_SIZE);
        EXPECT_EQ(script_.streams_alive, 0u);
    });
}

class R_STATE : public CoreTest {};

// Shows KSSTATE_STOP.
TEST_F(R_STATE, R_STATE_01_missing_steps_are_inserted) {
    start_and_open();
    inside([&] {
        FILE_OBJECT* const pin = open_pin();
        script_.clear();
        EXPECT_EQ(set_state(pin, KSSTATE_RUN), STATUS_SUCCESS);
        EXPECT_EQ(script_.text(), "acquire pause run");
        script_.clear();
        EXPECT_EQ(set_state(pin, KSSTATE_RUN), STATUS_SUCCESS);
        EXPECT_EQ(script_.text(), "") << "already there";
        EXPECT_EQ(set_state(pin, KSSTATE_ACQUIRE), STATUS_SUCCESS);
        EXPECT_EQ(script_.text(), "pause acquire");
        script_.clear();
        EXPECT_EQ(set_state(pin, KSSTATE_STOP), STATUS_SUCCESS);
        EXPECT_EQ(script_.text(), "stop");
        EXPECT_EQ(set_state(pin, static_cast<KSSTATE>(4)), STATUS_INVALID_PARAMETER);
    });
}

TEST_F(R_STATE, R_STATE_01_failure_rolls_back) {
    start_and_open();
    inside([&] {
        FILE_OBJECT* const pin = open_pin();
        script_.failing_state = KSSTATE_RUN;
        script_.clear();
        EXPECT_EQ(set_state(pin, KSSTATE_RUN), STATUS_INSUFFICIENT_RESOURCES);
        EXPECT_EQ(script_.text(), "acquire pause fail:run acquire stop");
        KSSTATE state = KSSTATE_RUN;
        EXPECT_EQ(property(pin, request(KSPROPSETID_Connection, KSPROPERTY_CONNECTION_STATE), state), STATUS_SUCCESS);
        EXPECT_EQ(state, KSSTATE_STOP);
    });
}

TEST_F(R_STATE, R_STATE_02_new_stream_is_in_STOP) {
    start_and_open();
    inside([&] {
        FILE_OBJECT* const pin = open_pin();
        KSSTATE state = KSSTATE_RUN;
        EXPECT_EQ(property(pin, request(KSPROPSETID_Connection, KSPROPERTY_CONNECTION_STATE), state), STATUS_SUCCESS);
        EXPECT_EQ(state, KSSTATE_STOP);
    });
}

TEST_F(R_STATE, R_STATE_05_close_stops_first) {
    start_and_open();
    inside([&] {
        FILE_OBJECT* const pin = open_pin();
        EXPECT_EQ(set_state(pin, KSSTATE_RUN), STATUS_SUCCESS);
        script_.clear();
        close(pin);
        EXPECT_EQ(script_.text(), "pause acquire stop stream:released");
    });
}

// The driver's streams were stopped when the device went; closing finds nothing left to do and succeeds.
TEST_F(R_STATE, R_STATE_05_close_after_a_surprise_removal) {
    start_and_open();
    FILE_OBJECT* pin = nullptr;
    inside([&] {
        pin = open_pin();
        EXPECT_EQ(set_state(pin, KSSTATE_RUN), STATUS_SUCCESS);
        script_.clear();
    });
    ASSERT_TRUE(manager_->surprise_remove(*node_));
    EXPECT_EQ(script_.text(), "pause acquire stop");
    inside([&] {
        script_.clear();
        close(pin);
        EXPECT_EQ(script_.text(), "stream:released");
    });
}

TEST_F(R_STATE, R_STATE_05_down_steps_succeed_even_if_the_driver_says_otherwise) {
    start_and_open();
    inside([&] {
        FILE_OBJECT* const pin = open_pin();
        EXPECT_EQ(set_state(pin, KSSTATE_RUN), STATUS_SUCCESS);
        script_.failing_state = KSSTATE_STOP;
        EXPECT_EQ(set_state(pin, KSSTATE_STOP), STATUS_SUCCESS);
        script_.failing_state = -1;
        script_.clear();
        EXPECT_EQ(set_state(pin, KSSTATE_ACQUIRE), STATUS_SUCCESS);
        EXPECT_EQ(script_.text(), "acquire");
    });
}

TEST_F(R_STATE, R_STATE_06_power_down_pauses_and_power_up_continues_unseen) {
    script_.register_power = true;
    start_and_open();
    FILE_OBJECT* pin = nullptr;
    inside([&] {
        pin = open_pin();
        EXPECT_EQ(set_state(pin, KSSTATE_RUN), STATUS_SUCCESS);
        script_.clear();
    });
    ASSERT_TRUE(manager_->set_device_power(*node_, PowerDeviceD3));
    EXPECT_EQ(script_.text(), "pause adapter1:D3");
    inside([&] {
        KSSTATE state = KSSTATE_STOP;
        EXPECT_EQ(property(pin, request(KSPROPSETID_Connection, KSPROPERTY_CONNECTION_STATE), state), STATUS_SUCCESS);
        EXPECT_EQ(state, KSSTATE_RUN) << "the client does not see it";
        script_.clear();
    });
    ASSERT_TRUE(manager_->set_device_power(*node_, PowerDeviceD0));
    EXPECT_EQ(script_.text(), "adapter1:D0 run");
}

} // namespace conformance
