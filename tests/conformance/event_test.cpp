// R-EVENT: enabling, disabling and generating events.
#include "core_fixture.h"

namespace conformance {

class R_EVENT : public CoreTest {
protected:
    static KSE_NODE node_event(const GUID& set, ULONG id, ULONG node, ULONG flags = KSEVENT_TYPE_ENABLE) {
        KSE_NODE result = {};
        result.Event = event(set, id, flags | KSEVENT_TYPE_TOPOLOGY);
        result.NodeId = node;
        return result;
    }
    bool lists_set(FILE_OBJECT* file, const GUID& set) {
        GUID sets[8] = {};
        EXPECT_TRUE(NT_SUCCESS(control(file, IOCTL_KS_ENABLE_EVENT, nullptr, 0, sets, sizeof sets)));
        return std::any_of(sets, sets + information_ / sizeof(GUID),
                           [&](const GUID& each) { return IsEqualGUID(each, set) != FALSE; });
    }
};

// Shows IOCTL_KS_ENABLE_EVENT, KSEVENT_TYPE_ENABLE, R-EVENT-01.
TEST_F(R_EVENT, R_EVENT_01_handler_hears_support_add_and_remove) {
    start_and_open();
    inside([&] {
        const HANDLE handle = create_event();
        KSEVENTDATA data = event_data(handle);
        EXPECT_EQ(enable(topology_, event(custom_event_set, 0, KSEVENT_TYPE_BASICSUPPORT), data), STATUS_SUCCESS);
        script_.clear();
        EXPECT_EQ(enable(topology_, event(custom_event_set, 0), data), STATUS_SUCCESS);
        EXPECT_EQ(information_, 0u);
        EXPECT_EQ(disable(topology_, &data), STATUS_SUCCESS);
        EXPECT_EQ(script_.text(), "event:add event:remove");
        ZwClose(handle);
    });
}

// Shows R-EVENT-02.
TEST_F(R_EVENT, R_EVENT_02_an_event_that_was_not_added_is_not_armed) {
    script_.event_handler_adds = false;
    start_and_open();
    inside([&] {
        const HANDLE handle = create_event();
        KSEVENTDATA data = event_data(handle);
        EXPECT_EQ(enable(topology_, event(custom_event_set, 0), data), STATUS_SUCCESS);
        generate(script_.topology_port, &custom_event_set, 0);
        EXPECT_FALSE(is_set(handle));
        EXPECT_EQ(disable(topology_, &data), STATUS_UNSUCCESSFUL);
        ZwClose(handle);
    });
}

TEST_F(R_EVENT, R_EVENT_02_refused_add_leaves_nothing_behind) {
    script_.event_status = STATUS_DEVICE_NOT_READY;
    start_and_open();
    inside([&] {
        const HANDLE handle = create_event();
        KSEVENTDATA data = event_data(handle);
        EXPECT_EQ(enable(topology_, event(custom_event_set, 0), data), STATUS_DEVICE_NOT_READY);
        generate(script_.topology_port, &custom_event_set, 0);
        EXPECT_FALSE(is_set(handle));
        ZwClose(handle);
    });
}

TEST_F(R_EVENT, R_EVENT_03_generation_matches_set_id_pin_and_node) {
    start_and_open();
    inside([&] {
        const HANDLE plain = create_event();
        const HANDLE on_node = create_event();
        KSEVENTDATA plain_data = event_data(plain);
        KSEVENTDATA node_data = event_data(on_node);
        ASSERT_EQ(enable(topology_, event(custom_event_set, 1), plain_data), STATUS_SUCCESS);
        ASSERT_EQ(enable(topology_, node_event(KSEVENTSETID_AudioControlChange, KSEVENT_CONTROL_CHANGE, volume_node),
                         node_data),
                  STATUS_SUCCESS);
        const GUID control_change = KSEVENTSETID_AudioControlChange;
        generate(script_.topology_port, &custom_event_set, 0);
        EXPECT_FALSE(is_set(plain)) << "another id";
        generate(script_.topology_port, &control_change, KSEVENT_CONTROL_CHANGE, false, 0, true, volume_node + 1);
        EXPECT_FALSE(is_set(on_node)) << "another node";
        generate(script_.topology_port, &control_change, KSEVENT_CONTROL_CHANGE, false, 0, true, volume_node);
        EXPECT_TRUE(is_set(on_node));
        EXPECT_FALSE(is_set(plain)) << "another set";
        generate(script_.topology_port, nullptr, 1);
        EXPECT_TRUE(is_set(plain)) << "NULL stands for any set";
        ZwClose(plain);
        ZwClose(on_node);
    });
}

TEST_F(R_EVENT, R_EVENT_03_pin_events_match_the_pin_named_at_enabling) {
    start_and_open();
    inside([&] {
        const HANDLE handle = create_event();
        KSEVENTDATA data = event_data(handle);
        KSE_PIN in = {};
        in.Event = event(custom_event_set, 1);
        in.PinId = 1;
        ASSERT_EQ(enable(topology_, in, data), STATUS_SUCCESS);
        generate(script_.topology_port, &custom_event_set, 1, true, 0);
        EXPECT_FALSE(is_set(handle));
        generate(script_.topology_port, &custom_event_set, 1, true, 1);
        EXPECT_TRUE(is_set(handle));
        ZwClose(handle);
    });
}

TEST_F(R_EVENT, R_EVENT_04_any_irql_with_one_context_above_DISPATCH_LEVEL) {
    start_and_open();
    inside([&] {
        const HANDLE first = create_event();
        const HANDLE second = create_event();
        KSEVENTDATA first_data = event_data(first);
        KSEVENTDATA second_data = event_data(second);
        ASSERT_EQ(enable(topology_, event(custom_event_set, 0), first_data), STATUS_SUCCESS);
        ASSERT_EQ(enable(topology_, event(custom_event_set, 1), second_data), STATUS_SUCCESS);
        auto events = portcls::ComPointer<IPortEvents>::query(script_.topology_port, IID_IPortEvents);
        GUID set = custom_event_set;
        KIRQL old;
        KeRaiseIrql(8, &old);
        events->GenerateEventList(&set, 0, FALSE, 0, FALSE, 0);
        events->GenerateEventList(&set, 1, FALSE, 0, FALSE, 0); // overwrites the context
        KeLowerIrql(old);
        machine_.settle();
        EXPECT_FALSE(is_set(first));
        EXPECT_TRUE(is_set(second));
        ZwClose(first);
        ZwClose(second);
    });
}

TEST_F(R_EVENT, R_EVENT_05_one_shot_fires_once_and_only_where_offered) {
    start_and_open();
    inside([&] {
        const HANDLE handle = create_event();
        KSEVENTDATA data = event_data(handle);
        EXPECT_EQ(enable(topology_, event(custom_event_set, 1, KSEVENT_TYPE_ONESHOT), data), STATUS_INVALID_PARAMETER);
        ASSERT_EQ(enable(topology_, event(custom_event_set, 0, KSEVENT_TYPE_ONESHOT), data), STATUS_SUCCESS);
        generate(script_.topology_port, &custom_event_set, 0);
        EXPECT_TRUE(is_set(handle));
        ZwClearEvent(handle);
        generate(script_.topology_port, &custom_event_set, 0);
        EXPECT_FALSE(is_set(handle));
        EXPECT_EQ(disable(topology_, &data), STATUS_UNSUCCESSFUL) << "gone by itself";
        EXPECT_EQ(script_.count_of("event:remove"), 1u);
        ZwClose(handle);
    });
}

// A driver may signal at once: the event is there from AddEventToEventList on (R-EVENT-03).
TEST_F(R_EVENT, R_EVENT_05_one_shot_may_fire_while_it_is_enabled) {
    script_.event_handler_fires = true;
    start_and_open();
    inside([&] {
        for (const ULONG verb : {KSEVENT_TYPE_ONESHOT, KSEVENT_TYPE_ENABLE}) {
            const HANDLE handle = create_event();
            KSEVENTDATA data = event_data(handle);
            EXPECT_EQ(enable(topology_, event(custom_event_set, 0, verb), data), STATUS_SUCCESS);
            EXPECT_TRUE(is_set(handle));
            const bool is_gone = verb == KSEVENT_TYPE_ONESHOT;
            EXPECT_EQ(disable(topology_, &data), is_gone ? STATUS_UNSUCCESSFUL : STATUS_SUCCESS);
            ZwClose(handle);
        }
        EXPECT_EQ(script_.count_of("event:add"), 2u);
        EXPECT_EQ(script_.count_of("event:remove"), 2u) << "R-EVENT-01";
    });
}

// The driver closes the handle of what it is told of, in its handler: it cannot wait for itself, and nothing is left to
// tell of a file that is gone.
TEST_F(R_EVENT, R_EVENT_01_a_handler_may_close_the_handle_whose_events_leave) {
    start_and_open();
    inside([&] {
        FILE_OBJECT* file = nullptr;
        ASSERT_EQ(open_filter(u"Topology", file), STATUS_SUCCESS);
        KSEVENTDATA one = event_data(create_event());
        KSEVENTDATA two = one;
        for (KSEVENTDATA* const data : {&one, &two}) {
            ASSERT_EQ(enable(file, event(custom_event_set, 0, KSEVENT_TYPE_ONESHOT), *data), STATUS_SUCCESS);
        }
        script_.clear();
        script_.event_asked = [&](ULONG) {
            if (FILE_OBJECT* const closing = std::exchange(file, nullptr)) {
                close(closing);
                script_.note("closed");
            }
        };
        generate(script_.topology_port, &custom_event_set, 0);
        EXPECT_EQ(script_.text(), "event:remove event:remove closed");
        ZwClose(one.EventHandle.Event);
    });
}

// Shows R-EVENT-06: the driver hears which node it is on, and fires it for that one.
TEST_F(R_EVENT, R_EVENT_06_control_change_on_a_node) {
    start_and_open();
    inside([&] {
        const HANDLE handle = create_event();
        KSEVENTDATA data = event_data(handle);
        EXPECT_EQ(
            enable(topology_, node_event(KSEVENTSETID_AudioControlChange, KSEVENT_CONTROL_CHANGE, volume_node), data),
            STATUS_SUCCESS);
        EXPECT_EQ(script_.event_node, volume_node);
        GUID set = KSEVENTSETID_AudioControlChange;
        auto events = portcls::ComPointer<IPortEvents>::query(script_.topology_port, IID_IPortEvents);
        events->GenerateEventList(&set, KSEVENT_CONTROL_CHANGE, FALSE, 0, TRUE, mute_node);
        KeFlushQueuedDpcs();
        EXPECT_FALSE(is_set(handle)) << "another node's";
        events->GenerateEventList(&set, KSEVENT_CONTROL_CHANGE, FALSE, 0, TRUE, volume_node);
        KeFlushQueuedDpcs();
        EXPECT_TRUE(is_set(handle));
        EXPECT_EQ(
            enable(topology_, node_event(KSEVENTSETID_AudioControlChange, KSEVENT_CONTROL_CHANGE, mute_node), data),
            STATUS_PROPSET_NOT_FOUND);
        EXPECT_EQ(enable(topology_, node_event(KSEVENTSETID_AudioControlChange, KSEVENT_CONTROL_CHANGE, 9), data),
                  STATUS_INVALID_PARAMETER);
        ZwClose(handle);
    });
}

// Shows IOCTL_KS_DISABLE_EVENT.
TEST_F(R_EVENT, R_EVENT_07_disable_by_address_and_file_object) {
    start_and_open();
    inside([&] {
        const HANDLE handle = create_event();
        KSEVENTDATA one = event_data(handle);
        KSEVENTDATA two = event_data(handle);
        ASSERT_EQ(enable(topology_, event(custom_event_set, 0), one), STATUS_SUCCESS);
        ASSERT_EQ(enable(topology_, event(custom_event_set, 0), two), STATUS_SUCCESS);
        EXPECT_EQ(disable(wave_, &one), STATUS_UNSUCCESSFUL) << "another file object";
        KSEVENTDATA copy = one;
        EXPECT_EQ(disable(topology_, &copy), STATUS_UNSUCCESSFUL) << "another address";
        EXPECT_EQ(disable(topology_, &one), STATUS_SUCCESS);
        EXPECT_EQ(disable(topology_, &one), STATUS_UNSUCCESSFUL) << "R-KS-05: no longer on the list";
        EXPECT_EQ(disable(topology_, nullptr), STATUS_SUCCESS) << "all of the file object";
        EXPECT_EQ(script_.count_of("event:remove"), 2u);
        ZwClose(handle);
    });
}

TEST_F(R_EVENT, R_EVENT_07_closing_the_handle_removes_its_events) {
    start_and_open();
    inside([&] {
        const HANDLE handle = create_event();
        KSEVENTDATA data = event_data(handle);
        FILE_OBJECT* second = nullptr;
        ASSERT_EQ(open_filter(u"Topology", second), STATUS_SUCCESS);
        ASSERT_EQ(enable(second, event(custom_event_set, 0), data), STATUS_SUCCESS);
        close(second);
        EXPECT_EQ(script_.count_of("event:remove"), 1u);
        generate(script_.topology_port, &custom_event_set, 0);
        EXPECT_FALSE(is_set(handle));
        ZwClose(handle);
    });
}

// "ksevent-connection-endofstream": it comes when a stream header has been dealt with, and WaveRT's clients write none.
// The others of the set are optional, and no port fires them.
TEST_F(R_EVENT, R_EVENT_12_a_pin_offers_no_event_that_never_comes) {
    start_and_open();
    inside([&] {
        KSEVENTDATA data = event_data(create_event());
        for (FILE_OBJECT* const file : {open_pin(render_pin), open_pin(capture_pin), wave_}) {
            for (const ULONG id :
                 {KSEVENT_CONNECTION_POSITIONUPDATE, KSEVENT_CONNECTION_DATADISCONTINUITY,
                  KSEVENT_CONNECTION_TIMEDISCONTINUITY, KSEVENT_CONNECTION_PRIORITY, KSEVENT_CONNECTION_ENDOFSTREAM}) {
                EXPECT_EQ(enable(file, event(KSEVENTSETID_Connection, id), data), STATUS_PROPSET_NOT_FOUND);
                EXPECT_EQ(enable(file, event(KSEVENTSETID_Connection, id, KSEVENT_TYPE_BASICSUPPORT), data),
                          STATUS_PROPSET_NOT_FOUND);
            }
            EXPECT_FALSE(lists_set(file, KSEVENTSETID_Connection));
            EXPECT_EQ(disable(file, &data), STATUS_UNSUCCESSFUL);
        }
        ZwClose(data.EventHandle.Event);
    });
}

// Shows KSEVENTF_SEMAPHORE_OBJECT.
TEST_F(R_EVENT, semaphores_and_kernel_objects) {
    start_and_open();
    inside([&] {
        KSEMAPHORE semaphore;
        KeInitializeSemaphore(&semaphore, 0, 3);
        KSEVENTDATA data = {};
        data.NotificationType = KSEVENTF_SEMAPHORE_OBJECT;
        data.SemaphoreObject.Semaphore = &semaphore;
        data.SemaphoreObject.Adjustment = 2;
        EXPECT_EQ(enable(topology_, event(custom_event_set, 0), data), STATUS_INVALID_PARAMETER)
            << "objects are for kernel callers";
        ASSERT_EQ(enable(topology_, event(custom_event_set, 0), data, KernelMode), STATUS_SUCCESS);
        generate(script_.topology_port, &custom_event_set, 0);
        EXPECT_EQ(KeReadStateSemaphore(&semaphore), 2);
        generate(script_.topology_port, &custom_event_set, 0);
        EXPECT_EQ(KeReadStateSemaphore(&semaphore), 2) << "full: left alone";
        EXPECT_EQ(disable(topology_, &data), STATUS_SUCCESS);

        KEVENT object;
        KeInitializeEvent(&object, NotificationEvent, FALSE);
        KSEVENTDATA kernel = {};
        kernel.NotificationType = KSEVENTF_EVENT_OBJECT;
        kernel.EventObject.Event = &object;
        ASSERT_EQ(enable(topology_, event(custom_event_set, 0), kernel, KernelMode), STATUS_SUCCESS);
        generate(script_.topology_port, &custom_event_set, 0);
        EXPECT_NE(KeReadStateEvent(&object), 0);
        EXPECT_EQ(disable(topology_, &kernel), STATUS_SUCCESS);
    });
}

TEST_F(R_EVENT, dpcs_get_the_event_data) {
    start_and_open();
    inside([&] {
        struct Seen {
            static void NTAPI run(KDPC*, void* context, void* data, void*) { *static_cast<void**>(context) = data; }
        };
        void* seen = nullptr;
        KDPC dpc;
        KeInitializeDpc(&dpc, Seen::run, &seen);
        KSEVENTDATA data = {};
        data.NotificationType = KSEVENTF_DPC;
        data.Dpc.Dpc = &dpc;
        ASSERT_EQ(enable(topology_, event(custom_event_set, 0), data, KernelMode), STATUS_SUCCESS);
        generate(script_.topology_port, &custom_event_set, 0);
        machine_.settle();
        EXPECT_EQ(seen, &data);
        EXPECT_EQ(disable(topology_, &data), STATUS_SUCCESS);
    });
}

TEST_F(R_EVENT, malformed_requests) {
    start_and_open();
    inside([&] {
        const HANDLE handle = create_event();
        KSEVENTDATA data = event_data(handle);
        const KSEVENT in = event(custom_event_set, 0);
        for (ULONG bytes = 1; bytes < sizeof in; ++bytes) {
            EXPECT_EQ(control(topology_, IOCTL_KS_ENABLE_EVENT, &in, bytes, &data, sizeof data),
                      STATUS_INVALID_BUFFER_SIZE);
        }
        for (ULONG bytes = 0; bytes < sizeof data; ++bytes) {
            EXPECT_EQ(control(topology_, IOCTL_KS_ENABLE_EVENT, &in, sizeof in, &data, bytes),
                      STATUS_INVALID_BUFFER_SIZE);
        }
        EXPECT_EQ(control(topology_, IOCTL_KS_DISABLE_EVENT, &data, 3, nullptr, 0), STATUS_INVALID_BUFFER_SIZE);
        EXPECT_EQ(enable(topology_, event(custom_event_set, 77), data), STATUS_NOT_FOUND);
        EXPECT_EQ(enable(topology_, event(custom_event_set, 0, 0), data), STATUS_INVALID_PARAMETER);
        KSEVENTDATA no_handle = event_data(nullptr);
        EXPECT_FALSE(NT_SUCCESS(enable(topology_, event(custom_event_set, 0), no_handle)));
        KSEVENTDATA nonsense = event_data(handle);
        nonsense.NotificationType = 0x8000;
        EXPECT_EQ(enable(topology_, event(custom_event_set, 0), nonsense), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(script_.count_of("event:add"), 0u);
        ZwClose(handle);
    });
}

// Shows KSEVENT_TYPE_SETSUPPORT.
TEST_F(R_EVENT, without_an_event_the_sets_are_listed) {
    start_and_open();
    inside([&] {
        GUID sets[8] = {};
        EXPECT_EQ(control(topology_, IOCTL_KS_ENABLE_EVENT, nullptr, 0, sets, sizeof sets), STATUS_SUCCESS);
        ASSERT_EQ(information_, 2 * sizeof(GUID));
        EXPECT_TRUE(IsEqualGUID(sets[0], custom_event_set));
        const KSEVENT support = event(custom_event_set, 0, KSEVENT_TYPE_SETSUPPORT);
        EXPECT_EQ(control(topology_, IOCTL_KS_ENABLE_EVENT, &support, sizeof support, nullptr, 0), STATUS_SUCCESS);
    });
}

} // namespace conformance
