// The flags of properties, methods and events: each does what its name says, or is refused.
#include <cstring>

#include "executive/objects/object_manager.h"
#include "executive/objects/object_types.h"
#include "probe_driver.h"

namespace conformance {

class RequestFlags : public CoreTest {};

// KSPROPERTY_TYPE_HIGHPRIORITY, KSPROPERTY_TYPE_FSFILTERSCOPE, KSPROPERTY_TYPE_COPYPAYLOAD stand beside a verb.
TEST_F(RequestFlags, ModifiersChangeNoVerb) {
    start_and_open();
    inside([&] {
        script_.stored_value = 77;
        for (const ULONG modifier : {ULONG{KSPROPERTY_TYPE_HIGHPRIORITY}, ULONG{KSPROPERTY_TYPE_FSFILTERSCOPE},
                                     ULONG{KSPROPERTY_TYPE_COPYPAYLOAD}}) {
            ULONG value = 0;
            EXPECT_EQ(property(wave_, request(custom_set, custom_value, KSPROPERTY_TYPE_GET | modifier), value),
                      STATUS_SUCCESS);
            EXPECT_EQ(value, 77u);
            EXPECT_EQ(script_.calls.back().request.Verb, ULONG{KSPROPERTY_TYPE_GET});
            EXPECT_EQ(property(wave_, request(custom_set, custom_value, modifier), value), STATUS_INVALID_PARAMETER)
                << "no verb";
        }
    });
}

// KSPROPERTY_TYPE_SERIALIZESET, KSPROPERTY_TYPE_UNSERIALIZESET, KSPROPERTY_TYPE_SERIALIZERAW,
// KSPROPERTY_TYPE_UNSERIALIZERAW, KSPROPERTY_TYPE_SERIALIZESIZE: automation tables say nothing of them.
TEST_F(RequestFlags, PortClsSerialisesNoProperties) {
    start_and_open();
    inside([&] {
        ULONG value = 0;
        for (const ULONG verb : {ULONG{KSPROPERTY_TYPE_SERIALIZESET}, ULONG{KSPROPERTY_TYPE_UNSERIALIZESET}}) {
            EXPECT_EQ(property(wave_, request(custom_set, custom_value, verb), value), STATUS_NOT_IMPLEMENTED);
            EXPECT_EQ(property(wave_, request(custom_event_set, custom_value, verb), value), STATUS_PROPSET_NOT_FOUND);
        }
        for (const ULONG verb : {ULONG{KSPROPERTY_TYPE_SERIALIZERAW}, ULONG{KSPROPERTY_TYPE_UNSERIALIZERAW},
                                 ULONG{KSPROPERTY_TYPE_SERIALIZESIZE}}) {
            EXPECT_EQ(property(wave_, request(custom_set, custom_value, verb), value), STATUS_INVALID_PARAMETER);
        }
        EXPECT_TRUE(script_.calls.empty());
    });
}

// The set counts, not the item: a pin that answers for its filter's set (R-PROP-16) says the same of all of it.
TEST_F(RequestFlags, SerialisingASetAnswersAsSetSupportDoes) {
    start_and_open();
    inside([&] {
        FILE_OBJECT* const pin = open_pin();
        for (FILE_OBJECT* const file : {wave_, pin}) {
            for (const GUID& set : {GUID(KSPROPSETID_Topology), GUID(KSPROPSETID_Pin), GUID(KSPROPSETID_Connection),
                                    custom_set, custom_event_set}) {
                for (const ULONG id : {0U, 1U, 2U, 3U, 4U, 1000U}) {
                    const bool has_set = NT_SUCCESS(property(file, request(set, id, KSPROPERTY_TYPE_SETSUPPORT)));
                    const NTSTATUS wanted = has_set ? STATUS_NOT_IMPLEMENTED : STATUS_PROPSET_NOT_FOUND;
                    ULONG value = 0;
                    for (const ULONG verb :
                         {ULONG{KSPROPERTY_TYPE_SERIALIZESET}, ULONG{KSPROPERTY_TYPE_UNSERIALIZESET}}) {
                        EXPECT_EQ(property(file, request(set, id, verb), value), wanted)
                            << (file == pin ? "pin, " : "filter, ") << set.Data1 << ", item " << id;
                    }
                }
            }
        }
        close(pin);
    });
}

// KSEVENTF_EVENT_HANDLE, KSEVENTF_SEMAPHORE_HANDLE: of the client's, of the right type.
TEST_F(RequestFlags, ClientsGiveHandles) {
    start_and_open();
    inside([&] {
        const HANDLE handle = create_event();
        KSEVENTDATA data = {};
        data.NotificationType = KSEVENTF_EVENT_HANDLE;
        data.EventHandle.Event = handle;
        ASSERT_EQ(enable(topology_, event(custom_event_set, 0), data), STATUS_SUCCESS);
        generate(script_.topology_port, &custom_event_set, 0);
        EXPECT_TRUE(is_set(handle));
        EXPECT_EQ(disable(topology_, &data), STATUS_SUCCESS);
        data.NotificationType = KSEVENTF_SEMAPHORE_HANDLE;
        data.SemaphoreHandle.Semaphore = handle;
        EXPECT_EQ(enable(topology_, event(custom_event_set, 0), data), STATUS_OBJECT_TYPE_MISMATCH);
        KSEMAPHORE semaphore;
        KeInitializeSemaphore(&semaphore, 0, 10);
        auto& objects = executive::ObjectManager::current();
        objects.add(&semaphore, executive::object_types::semaphore, {});
        data.SemaphoreHandle.Semaphore =
            objects.open_handle(&semaphore, SEMAPHORE_MODIFY_STATE | EVENT_MODIFY_STATE, 0);
        data.SemaphoreHandle.Adjustment = 3;
        ASSERT_EQ(enable(topology_, event(custom_event_set, 0), data), STATUS_SUCCESS);
        generate(script_.topology_port, &custom_event_set, 0);
        EXPECT_EQ(KeReadStateSemaphore(&semaphore), 3);
        EXPECT_EQ(disable(topology_, &data), STATUS_SUCCESS);
        ZwClose(data.SemaphoreHandle.Semaphore);
        objects.forget(&semaphore);
        ZwClose(handle);
    });
}

// KSEVENTF_WORKITEM, KSEVENTF_KSWORKITEM: for kernel callers, run by a worker thread.
TEST_F(RequestFlags, KernelCallersGiveWorkItems) {
    start_and_open();
    inside([&] {
        static ULONG runs;
        runs = 0;
        WORK_QUEUE_ITEM item;
        ExInitializeWorkItem(&item, +[](PVOID) NTAPI { ++runs; }, nullptr);
        KSEVENTDATA data = {};
        data.NotificationType = KSEVENTF_WORKITEM;
        data.WorkItem.WorkQueueItem = &item;
        data.WorkItem.WorkQueueType = DelayedWorkQueue;
        EXPECT_EQ(enable(topology_, event(custom_event_set, 0), data, UserMode), STATUS_INVALID_PARAMETER);
        ASSERT_EQ(enable(topology_, event(custom_event_set, 0), data, KernelMode), STATUS_SUCCESS);
        generate(script_.topology_port, &custom_event_set, 0);
        machine_.settle();
        EXPECT_EQ(runs, 1u);
        EXPECT_EQ(disable(topology_, &data), STATUS_SUCCESS);
        PKSWORKER worker = nullptr;
        ASSERT_EQ(KsRegisterWorker(CriticalWorkQueue, &worker), STATUS_SUCCESS);
        data = {};
        data.NotificationType = KSEVENTF_KSWORKITEM;
        data.KsWorkItem.WorkQueueItem = &item;
        data.KsWorkItem.KsWorkerObject = worker;
        ASSERT_EQ(enable(topology_, event(custom_event_set, 0), data, KernelMode), STATUS_SUCCESS);
        generate(script_.topology_port, &custom_event_set, 0);
        machine_.settle();
        EXPECT_EQ(runs, 2u);
        EXPECT_EQ(disable(topology_, &data), STATUS_SUCCESS);
        KsUnregisterWorker(worker);
    });
}

// KSEVENT_TYPE_TOPOLOGY: the request carries a node.
TEST_F(RequestFlags, TopologyEventsNameANode) {
    start_and_open();
    inside([&] {
        const HANDLE handle = create_event();
        KSEVENTDATA data = event_data(handle);
        KSE_NODE in = {};
        in.Event =
            event(KSEVENTSETID_AudioControlChange, KSEVENT_CONTROL_CHANGE, KSEVENT_TYPE_ENABLE | KSEVENT_TYPE_TOPOLOGY);
        in.NodeId = volume_node;
        EXPECT_EQ(control(topology_, IOCTL_KS_ENABLE_EVENT, &in, sizeof in.Event, &data, sizeof data),
                  STATUS_INVALID_BUFFER_SIZE)
            << "no room for the node";
        EXPECT_EQ(enable(topology_, in, data), STATUS_SUCCESS);
        EXPECT_EQ(disable(topology_, &data), STATUS_SUCCESS);
        ZwClose(handle);
    });
}

// KSEVENT_TYPE_ENABLEBUFFERED, KSEVENT_TYPE_QUERYBUFFER: each firing waits to be fetched, by the address that enabled.
TEST_F(RequestFlags, BufferedEventsAreFetchedOneByOne) {
    start_and_open();
    inside([&] {
        const HANDLE handle = create_event();
        KSEVENTDATA data = event_data(handle);
        KSQUERYBUFFER query = {};
        query.Event = event(custom_event_set, 0, KSEVENT_TYPE_QUERYBUFFER);
        query.EventData = &data;
        const auto fetch = [&] { return control(topology_, IOCTL_KS_ENABLE_EVENT, &query, sizeof query, nullptr, 0); };
        EXPECT_EQ(fetch(), STATUS_NOT_FOUND) << "not enabled";
        ASSERT_EQ(
            enable(topology_, event(custom_event_set, 0, KSEVENT_TYPE_ENABLE | KSEVENT_TYPE_ENABLEBUFFERED), data),
            STATUS_SUCCESS);
        EXPECT_EQ(fetch(), STATUS_NO_MORE_ENTRIES);
        generate(script_.topology_port, &custom_event_set, 0);
        generate(script_.topology_port, &custom_event_set, 0);
        EXPECT_EQ(fetch(), STATUS_SUCCESS);
        EXPECT_EQ(fetch(), STATUS_SUCCESS);
        EXPECT_EQ(fetch(), STATUS_NO_MORE_ENTRIES);
        EXPECT_EQ(control(topology_, IOCTL_KS_ENABLE_EVENT, &query, sizeof query.Event, nullptr, 0),
                  STATUS_INVALID_BUFFER_SIZE);
        EXPECT_EQ(disable(topology_, &data), STATUS_SUCCESS);
        ZwClose(handle);
    });
}

namespace {

ULONG seen_by_method;

NTSTATUS NTAPI exchange(IRP* irp, KSIDENTIFIER*, void* data) {
    seen_by_method = data == nullptr ? 0 : *static_cast<ULONG*>(data);
    if (data != nullptr) {
        *static_cast<ULONG*>(data) = 99;
    }
    irp->IoStatus.Information = data == nullptr ? 0 : sizeof(ULONG);
    return STATUS_SUCCESS;
}

} // namespace

class MethodFlags : public KsDriverTest {};

// KSMETHOD_TYPE_NONE, READ, WRITE, MODIFY: which way the method's data goes. SETSUPPORT asks for the set.
TEST_F(MethodFlags, SayWhichWayTheDataGoes) {
    open();
    const GUID set_guid = custom_set;
    KSMETHOD_ITEM items[4] = {};
    const ULONG flags[] = {KSMETHOD_TYPE_NONE, KSMETHOD_TYPE_READ, KSMETHOD_TYPE_WRITE, KSMETHOD_TYPE_MODIFY};
    for (ULONG i = 0; i < 4; ++i) {
        items[i].MethodId = i;
        items[i].MethodHandler = exchange;
        items[i].MinMethod = sizeof(KSMETHOD);
        items[i].MinData = i == 0 ? 0 : sizeof(ULONG);
        items[i].Flags = flags[i];
    }
    const KSMETHOD_SET set = {&set_guid, 4, items, 0, nullptr};
    inside([&] {
        on_control() = [&](IRP* irp) { return KsMethodHandler(irp, 1, &set); };
        const auto call = [&](ULONG id, ULONG verb, ULONG& value, ULONG bytes = sizeof(ULONG)) {
            const KSMETHOD in = request(custom_set, id, verb);
            return control(file_, IOCTL_KS_METHOD, &in, sizeof in, bytes == 0 ? nullptr : &value, bytes);
        };
        ULONG value = 5;
        EXPECT_EQ(call(1, KSMETHOD_TYPE_READ, value), STATUS_SUCCESS);
        EXPECT_EQ(seen_by_method, 5u);
        EXPECT_EQ(value, 5u) << "read only";
        EXPECT_EQ(call(2, KSMETHOD_TYPE_WRITE, value), STATUS_SUCCESS);
        EXPECT_NE(seen_by_method, 5u) << "what the client had is not given in";
        EXPECT_EQ(value, 99u);
        value = 6;
        EXPECT_EQ(call(3, KSMETHOD_TYPE_MODIFY, value), STATUS_SUCCESS);
        EXPECT_EQ(seen_by_method, 6u);
        EXPECT_EQ(value, 99u);
        EXPECT_EQ(call(0, KSMETHOD_TYPE_NONE, value, 0), STATUS_SUCCESS);
        EXPECT_EQ(call(0, KSMETHOD_TYPE_SETSUPPORT, value, 0), STATUS_SUCCESS);
        EXPECT_EQ(call(3, KSMETHOD_TYPE_BASICSUPPORT, value), STATUS_SUCCESS);
        EXPECT_EQ(value, ULONG{KSMETHOD_TYPE_MODIFY}) << "the item's flags";
    });
}

} // namespace conformance
