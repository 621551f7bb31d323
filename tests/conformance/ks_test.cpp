// R-KS: what KS itself does for the ports: clocks, allocators, reset, handshake.
#include "core_fixture.h"

namespace conformance {

class R_KS : public CoreTest {
protected:
    FILE_OBJECT* open_clock(FILE_OBJECT* pin) {
        const KSCLOCK_CREATE create = {};
        const GUID kind = KSNAME_Clock;
        FILE_OBJECT* file = nullptr;
        EXPECT_EQ(open_child(pin, kind, &create, sizeof create, file), STATUS_SUCCESS);
        return file;
    }
    LONGLONG clock_time(FILE_OBJECT* clock) {
        LONGLONG time = -1;
        EXPECT_EQ(property(clock, request(KSPROPSETID_Clock, KSPROPERTY_CLOCK_TIME), time), STATUS_SUCCESS);
        return time;
    }
};

TEST_F(R_KS, R_KS_01_null_handle_means_supported) {
    start_and_open();
    inside([&] {
        FILE_OBJECT* const pin = open_pin();
        for (const ULONG id : {KSPROPERTY_STREAM_MASTERCLOCK, KSPROPERTY_STREAM_ALLOCATOR}) {
            HANDLE handle = reinterpret_cast<HANDLE>(5);
            EXPECT_EQ(property(pin, request(KSPROPSETID_Stream, id), handle), STATUS_SUCCESS);
            EXPECT_EQ(handle, nullptr);
            EXPECT_EQ(property(pin, request(KSPROPSETID_Stream, id, KSPROPERTY_TYPE_SET), handle), STATUS_SUCCESS);
        }
    });
}

TEST_F(R_KS, R_KS_02_state_and_format_reach_the_stream) {
    start_and_open();
    inside([&] {
        FILE_OBJECT* const pin = open_pin();
        script_.clear();
        EXPECT_EQ(set_state(pin, KSSTATE_ACQUIRE), STATUS_SUCCESS);
        KSDATAFORMAT_WAVEFORMATEX format = pcm(44100);
        EXPECT_EQ(property(pin, request(KSPROPSETID_Connection, KSPROPERTY_CONNECTION_DATAFORMAT, KSPROPERTY_TYPE_SET),
                           format),
                  STATUS_SUCCESS);
        EXPECT_EQ(script_.text(), "acquire set_format");
    });
}

TEST_F(R_KS, R_KS_03_reset_refuses_streaming_until_its_end) {
    start_and_open();
    inside([&] {
        FILE_OBJECT* const pin = open_pin();
        KSRESET reset = KSRESET_BEGIN;
        KSSTREAM_HEADER header = {};
        header.Size = sizeof header;
        const auto write = [&] { return control(pin, IOCTL_KS_WRITE_STREAM, nullptr, 0, &header, sizeof header); };
        EXPECT_EQ(control(pin, IOCTL_KS_RESET_STATE, &reset, sizeof reset, nullptr, 0), STATUS_SUCCESS);
        EXPECT_EQ(write(), STATUS_DEVICE_NOT_READY);
        EXPECT_EQ(set_state(pin, KSSTATE_ACQUIRE), STATUS_SUCCESS);
        EXPECT_EQ(write(), STATUS_DEVICE_NOT_READY) << "independent of the state";
        reset = KSRESET_END;
        EXPECT_EQ(control(pin, IOCTL_KS_RESET_STATE, &reset, sizeof reset, nullptr, 0), STATUS_SUCCESS);
        EXPECT_EQ(write(), STATUS_INVALID_DEVICE_REQUEST) << "a WaveRT pin takes no stream IRPs";
        const ULONG nonsense = 2;
        EXPECT_EQ(control(pin, IOCTL_KS_RESET_STATE, &nonsense, sizeof nonsense, nullptr, 0), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(control(pin, IOCTL_KS_RESET_STATE, &nonsense, 2, nullptr, 0), STATUS_INVALID_BUFFER_SIZE);
    });
}

TEST_F(R_KS, R_KS_04_handshake_is_for_kernel_callers_with_exact_lengths) {
    start_and_open();
    inside([&] {
        KSHANDSHAKE in = {};
        KSHANDSHAKE out = {};
        EXPECT_EQ(control(wave_, IOCTL_KS_HANDSHAKE, &in, sizeof in, &out, sizeof out, UserMode),
                  STATUS_INVALID_DEVICE_REQUEST);
        EXPECT_EQ(control(wave_, IOCTL_KS_HANDSHAKE, &in, sizeof in, &out, sizeof out - 1, KernelMode),
                  STATUS_INVALID_BUFFER_SIZE);
        EXPECT_EQ(control(wave_, IOCTL_KS_HANDSHAKE, &in, sizeof in - 1, &out, sizeof out, KernelMode),
                  STATUS_INVALID_BUFFER_SIZE);
    });
}

TEST_F(R_KS, R_KS_07_clock_runs_with_the_stream) {
    start_and_open();
    inside([&] {
        FILE_OBJECT* const pin = open_pin();
        FILE_OBJECT* const clock = open_clock(pin);
        KSSTATE state = KSSTATE_RUN;
        EXPECT_EQ(property(clock, request(KSPROPSETID_Clock, KSPROPERTY_CLOCK_STATE), state), STATUS_SUCCESS);
        EXPECT_EQ(state, KSSTATE_STOP);
        EXPECT_EQ(set_state(pin, KSSTATE_RUN), STATUS_SUCCESS);
        EXPECT_EQ(property(clock, request(KSPROPSETID_Clock, KSPROPERTY_CLOCK_STATE), state), STATUS_SUCCESS);
        EXPECT_EQ(state, KSSTATE_RUN);
        machine_.run_for(100'000'000);
        KSCORRELATED_TIME correlated = {};
        EXPECT_EQ(property(clock, request(KSPROPSETID_Clock, KSPROPERTY_CLOCK_CORRELATEDTIME), correlated),
                  STATUS_SUCCESS);
        EXPECT_GT(correlated.SystemTime, 0);
        KSRESOLUTION resolution = {};
        EXPECT_EQ(property(clock, request(KSPROPSETID_Clock, KSPROPERTY_CLOCK_RESOLUTION), resolution), STATUS_SUCCESS);
        EXPECT_GT(resolution.Granularity, 0);
        KSCLOCK_FUNCTIONTABLE table = {};
        const auto functions = request(KSPROPSETID_Clock, KSPROPERTY_CLOCK_FUNCTIONTABLE);
        EXPECT_EQ(property(clock, functions, table, UserMode), STATUS_INVALID_DEVICE_REQUEST);
        EXPECT_EQ(property(clock, functions, table, KernelMode), STATUS_SUCCESS);
        ASSERT_NE(table.GetTime, nullptr);
        EXPECT_EQ(table.GetTime(clock), clock_time(clock));
    });
}

TEST_F(R_KS, R_KS_07_clock_holds_in_PAUSE_and_starts_over_in_STOP) {
    start_and_open();
    inside([&] {
        FILE_OBJECT* const pin = open_pin();
        FILE_OBJECT* const clock = open_clock(pin);
        EXPECT_EQ(clock_time(clock), 0);
        set_state(pin, KSSTATE_RUN);
        machine_.run_for(200'000'000);
        EXPECT_NEAR(static_cast<double>(clock_time(clock)), 2'000'000, 200'000);
        set_state(pin, KSSTATE_PAUSE);
        const LONGLONG held = clock_time(clock);
        machine_.run_for(200'000'000);
        EXPECT_EQ(clock_time(clock), held);
        set_state(pin, KSSTATE_RUN);
        machine_.run_for(200'000'000);
        EXPECT_NEAR(static_cast<double>(clock_time(clock) - held), 2'000'000, 200'000);
        set_state(pin, KSSTATE_STOP);
        EXPECT_EQ(clock_time(clock), 0);
    });
}

TEST_F(R_KS, R_KS_07_interval_marks_repeat_and_position_marks_do_not) {
    start_and_open();
    inside([&] {
        FILE_OBJECT* const pin = open_pin();
        FILE_OBJECT* const clock = open_clock(pin);
        KSEMAPHORE intervals;
        KSEMAPHORE positions;
        KeInitializeSemaphore(&intervals, 0, 1000);
        KeInitializeSemaphore(&positions, 0, 1000);
        KSEVENT_TIME_INTERVAL interval = {};
        interval.EventData.NotificationType = KSEVENTF_SEMAPHORE_OBJECT;
        interval.EventData.SemaphoreObject.Semaphore = &intervals;
        interval.EventData.SemaphoreObject.Adjustment = 1;
        interval.TimeBase = 1'000'000;
        interval.Interval = 500'000; // 50 ms
        KSEVENT_TIME_MARK mark = {};
        mark.EventData = interval.EventData;
        mark.EventData.SemaphoreObject.Semaphore = &positions;
        mark.MarkTime = 3'000'000;
        EXPECT_EQ(enable(clock, event(KSEVENTSETID_Clock, KSEVENT_CLOCK_INTERVAL_MARK), mark.EventData, KernelMode),
                  STATUS_INVALID_BUFFER_SIZE)
            << "no interval";
        ASSERT_EQ(enable(clock, event(KSEVENTSETID_Clock, KSEVENT_CLOCK_INTERVAL_MARK), interval, KernelMode),
                  STATUS_SUCCESS);
        ASSERT_EQ(enable(clock, event(KSEVENTSETID_Clock, KSEVENT_CLOCK_POSITION_MARK), mark, KernelMode),
                  STATUS_SUCCESS);
        machine_.run_for(500'000'000);
        EXPECT_EQ(KeReadStateSemaphore(&intervals), 0) << "the stream does not run";
        set_state(pin, KSSTATE_RUN);
        machine_.run_for(620'000'000); // 100 ms, 150 ms … 600 ms
        EXPECT_EQ(KeReadStateSemaphore(&intervals), 11);
        EXPECT_EQ(KeReadStateSemaphore(&positions), 1);
        set_state(pin, KSSTATE_PAUSE);
        machine_.run_for(500'000'000);
        EXPECT_EQ(KeReadStateSemaphore(&intervals), 11);
        EXPECT_EQ(disable(clock, &interval.EventData), STATUS_SUCCESS);
        EXPECT_EQ(disable(clock, &interval.EventData), STATUS_UNSUCCESSFUL); // R-KS-05
    });
}

// A clock's time may step back (ksproperty-clock-time): STOP sets it to 0. The time that a position mark was for has
// been; intervals go on.
TEST_F(R_KS, R_KS_07_interval_marks_go_on_when_the_time_begins_anew) {
    start_and_open();
    inside([&] {
        FILE_OBJECT* const pin = open_pin();
        FILE_OBJECT* const clock = open_clock(pin);
        KSEMAPHORE from_the_start;
        KSEMAPHORE from_a_base;
        KSEMAPHORE position;
        const auto count_in = [](KSEMAPHORE& semaphore) {
            KeInitializeSemaphore(&semaphore, 0, 1000);
            KSEVENTDATA data = {};
            data.NotificationType = KSEVENTF_SEMAPHORE_OBJECT;
            data.SemaphoreObject.Semaphore = &semaphore;
            data.SemaphoreObject.Adjustment = 1;
            return data;
        };
        KSEVENT_TIME_INTERVAL first = {count_in(from_the_start), 0, 500'000};         // 50 ms
        KSEVENT_TIME_INTERVAL second = {count_in(from_a_base), 3'000'000, 1'000'000}; // 300 ms, 100 ms
        KSEVENT_TIME_MARK mark = {count_in(position), 2'000'000};
        set_state(pin, KSSTATE_PAUSE);
        const KSEVENT interval = event(KSEVENTSETID_Clock, KSEVENT_CLOCK_INTERVAL_MARK);
        ASSERT_EQ(enable(clock, interval, first, KernelMode), STATUS_SUCCESS);
        ASSERT_EQ(enable(clock, interval, second, KernelMode), STATUS_SUCCESS);
        ASSERT_EQ(enable(clock, event(KSEVENTSETID_Clock, KSEVENT_CLOCK_POSITION_MARK), mark, KernelMode),
                  STATUS_SUCCESS);
        EXPECT_EQ(KeReadStateSemaphore(&from_the_start), 1) << "it is time 0";
        set_state(pin, KSSTATE_RUN);
        machine_.run_for(1'020'000'000);
        EXPECT_EQ(KeReadStateSemaphore(&from_the_start), 21);
        EXPECT_EQ(KeReadStateSemaphore(&from_a_base), 8); // 300 ms, 400 ms … 1 s
        EXPECT_EQ(KeReadStateSemaphore(&position), 1);
        set_state(pin, KSSTATE_STOP);
        EXPECT_EQ(KeReadStateSemaphore(&from_the_start), 21) << "the way back is no interval";
        set_state(pin, KSSTATE_RUN);
        machine_.run_for(520'000'000);
        EXPECT_EQ(KeReadStateSemaphore(&from_the_start), 31);
        EXPECT_EQ(KeReadStateSemaphore(&from_a_base), 11);
        EXPECT_EQ(KeReadStateSemaphore(&position), 1);
    });
}

TEST_F(R_KS, R_KS_07_marks_begin_when_power_returns_to_a_stream_that_was_told_to_run) {
    KSEMAPHORE intervals;
    KSEVENT_TIME_INTERVAL interval = {};
    start_and_open();
    FILE_OBJECT* pin = nullptr;
    FILE_OBJECT* clock = nullptr;
    inside([&] {
        pin = open_pin();
        clock = open_clock(pin);
        KeInitializeSemaphore(&intervals, 0, 1000);
        interval.EventData.NotificationType = KSEVENTF_SEMAPHORE_OBJECT;
        interval.EventData.SemaphoreObject.Semaphore = &intervals;
        interval.EventData.SemaphoreObject.Adjustment = 1;
        interval.TimeBase = 100'000;
        interval.Interval = 500'000; // 50 ms
        set_state(pin, KSSTATE_PAUSE);
        ASSERT_EQ(enable(clock, event(KSEVENTSETID_Clock, KSEVENT_CLOCK_INTERVAL_MARK), interval, KernelMode),
                  STATUS_SUCCESS);
    });
    ASSERT_TRUE(manager_->set_device_power(*node_, PowerDeviceD3));
    inside([&] {
        EXPECT_EQ(set_state(pin, KSSTATE_RUN), STATUS_SUCCESS);
        machine_.run_for(300'000'000);
        EXPECT_EQ(KeReadStateSemaphore(&intervals), 0);
    });
    ASSERT_TRUE(manager_->set_device_power(*node_, PowerDeviceD0));
    inside([&] {
        machine_.run_for(620'000'000);
        const LONG marks = KeReadStateSemaphore(&intervals);
        EXPECT_GE(marks, 11);
        EXPECT_LE(marks, 13);
    });
    ASSERT_TRUE(manager_->set_device_power(*node_, PowerDeviceD3));
    inside([&] {
        const LONG marks = KeReadStateSemaphore(&intervals);
        machine_.run_for(300'000'000);
        EXPECT_EQ(KeReadStateSemaphore(&intervals), marks) << "the stream stands still";
        EXPECT_EQ(disable(clock, &interval.EventData), STATUS_SUCCESS);
    });
    ASSERT_TRUE(manager_->set_device_power(*node_, PowerDeviceD0));
}

TEST_F(R_KS, R_KS_07_a_clock_outlives_its_pin_without_a_time) {
    start_and_open();
    inside([&] {
        FILE_OBJECT* const pin = open_pin();
        FILE_OBJECT* const clock = open_clock(pin);
        close(pin);
        LONGLONG time = 0;
        EXPECT_EQ(property(clock, request(KSPROPSETID_Clock, KSPROPERTY_CLOCK_TIME), time), STATUS_DEVICE_NOT_READY);
        close(clock);
    });
}

// A clock's handle is dead with its pin's filter: nothing asks a driver whose subdevice has gone for a position.
class R_KS_dead_clock : public R_KS {
protected:
    void begin() {
        start_and_open();
        inside([&] {
            pin_ = open_pin();
            clock_ = open_clock(pin_);
            EXPECT_EQ(property(clock_, request(KSPROPSETID_Clock, KSPROPERTY_CLOCK_FUNCTIONTABLE), table_, KernelMode),
                      STATUS_SUCCESS);
            EXPECT_EQ(set_state(pin_, KSSTATE_RUN), STATUS_SUCCESS);
            machine_.run_for(50'000'000);
            EXPECT_GT(table_.GetTime(clock_), 0);
        });
    }
    template<class Value>
    NTSTATUS get(ULONG id) {
        Value value = {};
        return property(clock_, request(KSPROPSETID_Clock, id), value);
    }
    void expect_dead() {
        EXPECT_EQ(get<LONGLONG>(KSPROPERTY_CLOCK_TIME), STATUS_DEVICE_REMOVED);
        EXPECT_EQ(get<LONGLONG>(KSPROPERTY_CLOCK_PHYSICALTIME), STATUS_DEVICE_REMOVED);
        EXPECT_EQ(get<KSCORRELATED_TIME>(KSPROPERTY_CLOCK_CORRELATEDTIME), STATUS_DEVICE_REMOVED);
        EXPECT_EQ(get<KSSTATE>(KSPROPERTY_CLOCK_STATE), STATUS_DEVICE_REMOVED);
        EXPECT_EQ(get<KSRESOLUTION>(KSPROPERTY_CLOCK_RESOLUTION), STATUS_DEVICE_REMOVED);
        const HANDLE handle = create_event();
        KSEVENT_TIME_INTERVAL interval = {event_data(handle), 0, 10'000};
        EXPECT_EQ(enable(clock_, event(KSEVENTSETID_Clock, KSEVENT_CLOCK_INTERVAL_MARK), interval, KernelMode),
                  STATUS_DEVICE_REMOVED);
        ZwClose(handle);
        EXPECT_EQ(table_.GetTime(clock_), 0) << "functions have no status";
        close(clock_);
        close(pin_);
    }

    FILE_OBJECT* pin_ = nullptr;
    FILE_OBJECT* clock_ = nullptr;
    KSCLOCK_FUNCTIONTABLE table_ = {};
};

TEST_F(R_KS_dead_clock, after_IUnregisterSubdevice) {
    begin();
    inside([&] {
        auto subdevices = portcls::ComPointer<IUnregisterSubdevice>::query(script_.wave_port, IID_IUnregisterSubdevice);
        EXPECT_EQ(subdevices->UnregisterSubdevice(script_.functional_device, script_.wave_port), STATUS_SUCCESS);
        expect_dead();
    });
}

TEST_F(R_KS_dead_clock, after_a_surprise_removal) {
    begin();
    ASSERT_TRUE(manager_->surprise_remove(*node_));
    inside([&] { expect_dead(); });
}

// KSPROPERTY_PIN_GLOBALCINSTANCES counts over all instances of the filter. A pin whose subdevice has gone is an
// instance until it is closed: so long its stream, and what the miniport gave it, are there (R-PNP-06, R-PNP-08).
TEST_F(R_KS, R_PIN_04_a_dead_pin_is_an_instance_until_it_is_closed) {
    start_and_open();
    inside([&] {
        FILE_OBJECT* const pin = open_pin();
        script_.clear();
        auto subdevices = portcls::ComPointer<IUnregisterSubdevice>::query(script_.wave_port, IID_IUnregisterSubdevice);
        EXPECT_EQ(subdevices->UnregisterSubdevice(script_.functional_device, script_.wave_port), STATUS_SUCCESS);
        static WCHAR name[] = u"Wave";
        ASSERT_EQ(PcRegisterSubdevice(script_.functional_device, name, script_.wave_port), STATUS_SUCCESS);
        FILE_OBJECT* filter = nullptr;
        ASSERT_EQ(open_filter(u"Wave", filter), STATUS_SUCCESS);
        const auto count = [&](ULONG id) {
            KSPIN_CINSTANCES instances = {};
            EXPECT_EQ(property(filter, pin_request(KSPROPSETID_Pin, id, 0), instances), STATUS_SUCCESS);
            return instances.CurrentCount;
        };
        EXPECT_EQ(count(KSPROPERTY_PIN_GLOBALCINSTANCES), 1U);
        EXPECT_EQ(count(KSPROPERTY_PIN_CINSTANCES), 0U) << "of another filter";
        close(pin);
        EXPECT_EQ(count(KSPROPERTY_PIN_GLOBALCINSTANCES), 0U);
    });
}

TEST_F(R_KS, clock_creation_is_checked) {
    start_and_open();
    inside([&] {
        FILE_OBJECT* const pin = open_pin();
        const GUID kind = KSNAME_Clock;
        FILE_OBJECT* file = nullptr;
        KSCLOCK_CREATE create = {};
        EXPECT_EQ(open_child(pin, kind, &create, 2, file), STATUS_INVALID_BUFFER_SIZE);
        create.CreateFlags = 1;
        EXPECT_EQ(open_child(pin, kind, &create, sizeof create, file), STATUS_INVALID_PARAMETER);
        create.CreateFlags = 0;
        EXPECT_EQ(open_child(wave_, kind, &create, sizeof create, file), STATUS_OBJECT_NAME_NOT_FOUND)
            << "filters have no clock";
    });
}

TEST_F(R_KS, allocator_hands_out_its_frames_and_no_more) {
    start_and_open();
    inside([&] {
        FILE_OBJECT* const pin = open_pin();
        KSALLOCATOR_FRAMING framing = {};
        framing.PoolType = NonPagedPool;
        framing.Frames = 2;
        framing.FrameSize = 256;
        const GUID kind = KSNAME_Allocator;
        FILE_OBJECT* allocator = nullptr;
        ASSERT_EQ(open_child(pin, kind, &framing, sizeof framing, allocator), STATUS_SUCCESS);
        const auto method = [](ULONG id, ULONG flags) {
            KSMETHOD result = {};
            result.Set = KSMETHODSETID_StreamAllocator;
            result.Id = id;
            result.Flags = flags;
            return result;
        };
        const KSMETHOD allocate = method(KSMETHOD_STREAMALLOCATOR_ALLOC, KSMETHOD_TYPE_WRITE);
        const KSMETHOD release = method(KSMETHOD_STREAMALLOCATOR_FREE, KSMETHOD_TYPE_READ);
        void* frames[3] = {};
        for (int i = 0; i < 2; ++i) {
            EXPECT_EQ(control(allocator, IOCTL_KS_METHOD, &allocate, sizeof allocate, &frames[i], sizeof frames[i]),
                      STATUS_SUCCESS);
            EXPECT_NE(frames[i], nullptr);
        }
        EXPECT_EQ(control(allocator, IOCTL_KS_METHOD, &allocate, sizeof allocate, &frames[2], sizeof frames[2]),
                  STATUS_INSUFFICIENT_RESOURCES);
        KSSTREAMALLOCATOR_STATUS status = {};
        EXPECT_EQ(property(allocator, request(KSPROPSETID_StreamAllocator, KSPROPERTY_STREAMALLOCATOR_STATUS), status),
                  STATUS_SUCCESS);
        EXPECT_EQ(status.AllocatedFrames, 2u);
        EXPECT_EQ(status.Framing.FrameSize, 256u);
        EXPECT_EQ(control(allocator, IOCTL_KS_METHOD, &release, sizeof release, &frames[0], sizeof frames[0]),
                  STATUS_SUCCESS);
        EXPECT_EQ(control(allocator, IOCTL_KS_METHOD, &allocate, sizeof allocate, &frames[2], sizeof frames[2]),
                  STATUS_SUCCESS);
        framing.Frames = 0;
        FILE_OBJECT* bad = nullptr;
        EXPECT_EQ(open_child(pin, kind, &framing, sizeof framing, bad), STATUS_INVALID_PARAMETER);
    });
}

TEST_F(R_KS, unknown_requests) {
    start_and_open();
    inside([&] {
        ULONG value = 0;
        EXPECT_EQ(
            control(wave_, CTL_CODE(FILE_DEVICE_KS, 0x77, METHOD_NEITHER, FILE_ANY_ACCESS), nullptr, 0, &value, 4),
            STATUS_INVALID_DEVICE_REQUEST);
        ULONG_PTR information = 0;
        EXPECT_EQ(executive::read_file(wave_, &value, sizeof value, 0, &information), STATUS_INVALID_DEVICE_REQUEST);
        EXPECT_EQ(executive::write_file(wave_, &value, sizeof value, 0, &information), STATUS_INVALID_DEVICE_REQUEST);
    });
}

} // namespace conformance
