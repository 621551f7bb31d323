// R-EVENT: events that tell of a pin's capabilities, and those that no port offers any more.
#include "core_fixture.h"

namespace conformance {

namespace {

const GUID pin_caps_set = KSEVENTSETID_PinCapsChange;

ULONG jack_value = 1;
NTSTATUS NTAPI pin_caps_handler(PCEVENT_REQUEST* request) {
    Script& s = *script();
    s.note("caps:" + std::to_string(request->Verb));
    EXPECT_EQ(request->MajorTarget, s.topology_miniport);
    if (request->Verb == PCEVENT_VERB_ADD) {
        EXPECT_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
        auto events = portcls::ComPointer<IPortEvents>::query(s.topology_port, IID_IPortEvents);
        events->AddEventToEventList(request->EventEntry);
        events->AddEventToEventList(request->EventEntry); // a second time does nothing
    }
    return STATUS_SUCCESS;
}
NTSTATUS NTAPI jack_value_handler(PCPROPERTY_REQUEST* request) {
    if (request->ValueSize < sizeof(ULONG)) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    *static_cast<ULONG*>(request->Value) = jack_value;
    request->ValueSize = sizeof(ULONG);
    return STATUS_SUCCESS;
}

constexpr ULONG both = PCEVENT_ITEM_FLAG_ENABLE | PCEVENT_ITEM_FLAG_BASICSUPPORT;
const PCEVENT_ITEM caps_events[] = {
    {&pin_caps_set, KSEVENT_PINCAPS_FORMATCHANGE, both, pin_caps_handler},
    {&pin_caps_set, KSEVENT_PINCAPS_JACKINFOCHANGE, both, pin_caps_handler},
};
const PCPROPERTY_ITEM caps_properties[] = {{&custom_set, 0, PCPROPERTY_ITEM_FLAG_GET, jack_value_handler}};
const PCAUTOMATION_TABLE caps_automation = {sizeof(PCPROPERTY_ITEM),
                                            1,
                                            caps_properties,
                                            sizeof(PCMETHOD_ITEM),
                                            0,
                                            nullptr,
                                            sizeof(PCEVENT_ITEM),
                                            RTL_NUMBER_OF(caps_events),
                                            caps_events,
                                            0};

} // namespace

class PinEvents : public CoreTest {
protected:
    void describe() {
        script_.adjust = [](PCFILTER_DESCRIPTOR& filter, bool wave) {
            if (!wave) {
                filter.AutomationTable = &caps_automation;
            }
        };
        start_and_open();
    }
    static KSE_PIN pin_event(ULONG id, ULONG pin, ULONG flags = KSEVENT_TYPE_ENABLE) {
        KSE_PIN result = {};
        result.Event = event(pin_caps_set, id, flags);
        result.PinId = pin;
        return result;
    }
};

// R-EVENT-02: AddEventToEventList, once or twice, arms. ENABLE and BASICSUPPORT in the item's flags: asked for support
// the handler answers, enabled it arms the event.
TEST_F(PinEvents, R_EVENT_08_capability_events_are_enabled_and_supported) {
    describe();
    inside([&] {
        const HANDLE handle = create_event();
        for (const ULONG id : {KSEVENT_PINCAPS_FORMATCHANGE, KSEVENT_PINCAPS_JACKINFOCHANGE}) {
            script_.clear();
            KSEVENTDATA data = event_data(handle);
            EXPECT_EQ(enable(topology_, pin_event(id, topology_out_pin, KSEVENT_TYPE_BASICSUPPORT), data),
                      STATUS_SUCCESS);
            EXPECT_EQ(script_.text(), "caps:4");
            EXPECT_EQ(enable(topology_, pin_event(id, topology_out_pin, KSEVENT_TYPE_ONESHOT), data),
                      STATUS_INVALID_PARAMETER)
                << "not in the flags";
            EXPECT_EQ(enable(topology_, pin_event(id, topology_out_pin), data), STATUS_SUCCESS);
            EXPECT_EQ(script_.text(), "caps:4 caps:1");
            generate(script_.topology_port, &pin_caps_set, id, true, topology_in_pin);
            EXPECT_FALSE(is_set(handle)) << "another pin";
            generate(script_.topology_port, &pin_caps_set, id, true, topology_out_pin);
            EXPECT_TRUE(is_set(handle));
            ZwClearEvent(handle);
            EXPECT_EQ(disable(topology_, &data), STATUS_SUCCESS);
            EXPECT_EQ(script_.text(), "caps:4 caps:1 caps:2");
            generate(script_.topology_port, &pin_caps_set, id, true, topology_out_pin);
            EXPECT_FALSE(is_set(handle)) << "disabled";
        }
        ZwClose(handle);
    });
}

// R-EVENT-01: the handler hears of a removal at the IRQL of whoever causes it, so its code must not be pageable.
TEST_F(PinEvents, R_EVENT_01_removal_at_raised_irql) {
    start_and_open();
    inside([&] {
        const HANDLE handle = create_event();
        KSEVENTDATA data = event_data(handle);
        ASSERT_EQ(enable(topology_, event(custom_event_set, 0, KSEVENT_TYPE_ONESHOT), data), STATUS_SUCCESS);
        script_.event_irql = PASSIVE_LEVEL;
        KIRQL old;
        KeRaiseIrql(DISPATCH_LEVEL, &old);
        generate(script_.topology_port, &custom_event_set, 0);
        KeLowerIrql(old);
        EXPECT_TRUE(is_set(handle));
        EXPECT_EQ(script_.count_of("event:remove"), 1u) << "one shot";
        EXPECT_EQ(script_.event_irql, DISPATCH_LEVEL);
        ZwClose(handle);
    });
}

// Fired after the new data can be read: whoever wakes up reads it.
TEST_F(PinEvents, R_EVENT_09_new_jack_data_is_there_when_the_event_comes) {
    describe();
    inside([&] {
        struct Watcher {
            FILE_OBJECT* filter;
            KEVENT* changed;
            ULONG seen = 0;
            static void run(void* context) {
                auto& self = *static_cast<Watcher*>(context);
                KeWaitForSingleObject(self.changed, Executive, KernelMode, FALSE, nullptr);
                const KSPROPERTY in = request(custom_set, 0);
                ULONG_PTR bytes = 0;
                executive::device_control(self.filter, IOCTL_KS_PROPERTY, &in, sizeof in, &self.seen, sizeof self.seen,
                                          &bytes);
            }
        };
        KEVENT changed;
        KeInitializeEvent(&changed, SynchronizationEvent, FALSE);
        KSEVENTDATA data = {};
        data.NotificationType = KSEVENTF_EVENT_OBJECT;
        data.EventObject.Event = &changed;
        ASSERT_EQ(enable(topology_, pin_event(KSEVENT_PINCAPS_JACKINFOCHANGE, topology_out_pin), data, KernelMode),
                  STATUS_SUCCESS);
        Watcher watcher{topology_, &changed};
        machine_.release_thread(*machine_.create_thread("watcher", Watcher::run, &watcher));
        machine_.run_for(1'000'000);
        EXPECT_EQ(watcher.seen, 0u);
        jack_value = 42;
        generate(script_.topology_port, &pin_caps_set, KSEVENT_PINCAPS_JACKINFOCHANGE, true, topology_out_pin);
        machine_.run_for(1'000'000);
        EXPECT_EQ(watcher.seen, 42u);
        EXPECT_EQ(disable(topology_, &data), STATUS_SUCCESS);
    });
}

// From Vista on no port supports position events of looped streams; neither filter nor pin has the set.
TEST_F(PinEvents, R_EVENT_10_looped_position_events_ended_with_Vista) {
    for (const WindowsVersion version : {WindowsVersion::vista, WindowsVersion::windows_11}) {
        if (node_ == nullptr) {
            be(version);
            start_and_open();
        }
        inside([&] {
            PortClsSystem::current().set_windows_version(version);
            FILE_OBJECT* const pin = open_pin();
            const HANDLE handle = create_event();
            LOOPEDSTREAMING_POSITION_EVENT_DATA data = {};
            data.KsEventData = event_data(handle);
            data.Position = 100;
            for (FILE_OBJECT* file : {pin, wave_}) {
                EXPECT_EQ(enable(file, event(looped_set, KSEVENT_LOOPEDSTREAMING_POSITION), data),
                          STATUS_PROPSET_NOT_FOUND);
            }
            close(pin);
            ZwClose(handle);
        });
    }
}

} // namespace conformance
