// Events of a driver's own list that are generated at its device's IRQL: "nf-ks-ksgenerateevent" allows any level, and
// has a DPC signal what is generated above DISPATCH_LEVEL.
#include "probe_driver.h"

namespace conformance {

namespace {

ULONG taken_off;
KIRQL taken_off_at;

void NTAPI take_off(PFILE_OBJECT, KSEVENT_ENTRY* entry) {
    RemoveEntryList(&entry->ListEntry);
    ++taken_off;
    taken_off_at = KeGetCurrentIrql();
}

} // namespace

class KsEventIrql : public KsDriverTest {
protected:
    static constexpr KIRQL device_irql = 5;
    static constexpr ULONG own_event = 4;

    void SetUp() override {
        taken_off = 0;
        item_.EventId = own_event;
        item_.DataInput = sizeof(KSEVENTDATA);
        item_.RemoveHandler = take_off;
        InitializeListHead(&list_);
        open();
        on_control() = [this](IRP* irp) { return KsEnableEvent(irp, 1, &set_, &list_, KSEVENTS_NONE, nullptr); };
        KeInitializeEvent(&event_, NotificationEvent, FALSE);
    }

    void TearDown() override {
        if (!machine_.is_halted()) {
            KsDriverTest::TearDown();
        }
        on_control() = nullptr;
    }

    KSEVENT_ENTRY* enable_entry(KSEVENTDATA& data, ULONG flags = KSEVENT_TYPE_ENABLE) {
        EXPECT_EQ(enable(file_, event(custom_event_set, own_event, flags), data, KernelMode), STATUS_SUCCESS);
        return CONTAINING_RECORD(list_.Blink, KSEVENT_ENTRY, ListEntry);
    }
    KSEVENTDATA event_object() {
        KSEVENTDATA data = {};
        data.NotificationType = KSEVENTF_EVENT_OBJECT;
        data.EventObject.Event = &event_;
        return data;
    }
    // At any IRQL, for which KeReadStateEvent is not.
    static bool is_signalled(const KEVENT& event) { return event.Header.SignalState != 0; }
    bool is_signalled() { return is_signalled(event_); }
    template<class Function>
    void at_device_irql(Function&& function) {
        KIRQL old;
        KeRaiseIrql(device_irql, &old);
        function();
        EXPECT_EQ(KeGetCurrentIrql(), device_irql);
        KeLowerIrql(old);
    }
    void free_list() { KsFreeEventList(file_, &list_, KSEVENTS_NONE, nullptr); }
    std::uint64_t blocks() { return executive::Kernel::current().pool.usage().blocks; }

    const GUID set_guid_ = custom_event_set;
    KSEVENT_ITEM item_ = {};
    const KSEVENT_SET set_ = {&set_guid_, 1, &item_};
    LIST_ENTRY list_ = {};
    KEVENT event_ = {};
};

TEST_F(KsEventIrql, ADpcSignals) {
    inside([&] {
        KSEVENTDATA data = event_object();
        KSEVENT_ENTRY* const entry = enable_entry(data);
        at_device_irql([&] {
            EXPECT_EQ(KsGenerateEvent(entry), STATUS_SUCCESS);
            EXPECT_FALSE(is_signalled()) << "events are not set above DISPATCH_LEVEL";
        });
        EXPECT_TRUE(is_signalled());
        EXPECT_FALSE(IsListEmpty(&list_)) << "it is enabled for more than once";
        KeClearEvent(&event_);
        const KIRQL old = KeRaiseIrqlToDpcLevel();
        EXPECT_EQ(KsGenerateEvent(entry), STATUS_SUCCESS);
        EXPECT_TRUE(is_signalled()) << "at DISPATCH_LEVEL there is no need for a DPC";
        KeLowerIrql(old);
        free_list();
    });
}

TEST_F(KsEventIrql, NoSignalIsLost) {
    inside([&] {
        KSEMAPHORE semaphore;
        KeInitializeSemaphore(&semaphore, 0, 10);
        KSEVENTDATA data = {};
        data.NotificationType = KSEVENTF_SEMAPHORE_OBJECT;
        data.SemaphoreObject.Semaphore = &semaphore;
        data.SemaphoreObject.Adjustment = 2;
        KSEVENT_ENTRY* const entry = enable_entry(data);
        at_device_irql([&] {
            for (int i = 0; i < 3; ++i) {
                KsGenerateEvent(entry);
            }
        });
        EXPECT_EQ(KeReadStateSemaphore(&semaphore), 6);
        free_list();
    });
}

TEST_F(KsEventIrql, DpcsAndWorkItemsAreQueued) {
    inside([&] {
        static ULONG works;
        works = 0;
        void* told = nullptr;
        KDPC dpc;
        KeInitializeDpc(
            &dpc, +[](KDPC*, void* told, void* data, void*) NTAPI { *static_cast<void**>(told) = data; }, &told);
        KSEVENTDATA for_dpc = {};
        for_dpc.NotificationType = KSEVENTF_DPC;
        for_dpc.Dpc.Dpc = &dpc;
        WORK_QUEUE_ITEM work;
        ExInitializeWorkItem(&work, +[](PVOID) NTAPI { ++works; }, nullptr);
        KSEVENTDATA for_work = {};
        for_work.NotificationType = KSEVENTF_WORKITEM;
        for_work.WorkItem.WorkQueueItem = &work;
        for_work.WorkItem.WorkQueueType = DelayedWorkQueue;
        PKSWORKER worker = nullptr;
        ASSERT_EQ(KsRegisterWorker(DelayedWorkQueue, &worker), STATUS_SUCCESS);
        WORK_QUEUE_ITEM ks_work;
        ExInitializeWorkItem(&ks_work, +[](PVOID) NTAPI { ++works; }, nullptr);
        KSEVENTDATA for_worker = {};
        for_worker.NotificationType = KSEVENTF_KSWORKITEM;
        for_worker.KsWorkItem.WorkQueueItem = &ks_work;
        for_worker.KsWorkItem.KsWorkerObject = worker;
        KSEVENT_ENTRY* const entries[] = {enable_entry(for_dpc), enable_entry(for_work), enable_entry(for_worker)};
        at_device_irql([&] {
            for (KSEVENT_ENTRY* entry : entries) {
                EXPECT_EQ(KsGenerateEvent(entry), STATUS_SUCCESS);
            }
            EXPECT_EQ(told, nullptr);
        });
        machine_.settle();
        EXPECT_EQ(told, &for_dpc);
        EXPECT_EQ(works, 2u);
        free_list();
        KsUnregisterWorker(worker);
    });
}

// "In the case of a single, nonrecurring event, this entry will be invalid on returning"; the remove handler is called
// at the caller's level ("nf-ks-ksgeneratedataevent"), what may not be done there is left to the DPC.
TEST_F(KsEventIrql, AOneShotEndsAtOnce) {
    inside([&] {
        const HANDLE handle = create_event();
        KSEVENTDATA data = event_data(handle);
        const std::uint64_t before = blocks();
        KSEVENT_ENTRY* const entry = enable_entry(data, KSEVENT_TYPE_ENABLE | KSEVENT_TYPE_ONESHOT);
        const auto& object = *static_cast<const KEVENT*>(entry->Object);
        at_device_irql([&] {
            EXPECT_EQ(KsGenerateEvent(entry), STATUS_SUCCESS);
            EXPECT_TRUE(IsListEmpty(&list_));
            EXPECT_EQ(taken_off, 1u);
            EXPECT_EQ(taken_off_at, device_irql);
            EXPECT_FALSE(is_signalled(object));
        });
        EXPECT_TRUE(is_set(handle));
        EXPECT_EQ(taken_off, 1u);
        EXPECT_EQ(blocks(), before) << "the entry has gone";
        ZwClose(handle);
    });
}

TEST_F(KsEventIrql, AOneShotThatWasGeneratedIsNoEntryAnyMore) {
    const std::string rule = crash([&] {
        KSEVENTDATA data = event_object();
        KSEVENT_ENTRY* const entry = enable_entry(data, KSEVENT_TYPE_ENABLE | KSEVENT_TYPE_ONESHOT);
        at_device_irql([&] {
            KsGenerateEvent(entry);
            KsGenerateEvent(entry);
        });
    });
    ASSERT_TRUE(machine_.is_halted());
    EXPECT_NE(rule.find("KsGenerateEvent: what is no event entry"), std::string::npos) << rule;
}

// KsGenerateEventList, KSEVENTS_INTERRUPT: at any level that the lock permits; this lock is one of its device's level.
TEST_F(KsEventIrql, AListUnderAnInterruptLock) {
    inside([&] {
        PKINTERRUPT interrupt = nullptr;
        ASSERT_EQ(IoConnectInterrupt(
                      &interrupt, +[](PKINTERRUPT, PVOID) NTAPI -> BOOLEAN { return FALSE; }, nullptr, nullptr, 0x51,
                      device_irql, device_irql, LevelSensitive, TRUE, 1, FALSE),
                  STATUS_SUCCESS);
        KSEVENTDATA lasting = event_object();
        enable_entry(lasting);
        KEVENT once_event;
        KeInitializeEvent(&once_event, NotificationEvent, FALSE);
        KSEVENTDATA once = event_object();
        once.EventObject.Event = &once_event;
        enable_entry(once, KSEVENT_TYPE_ENABLE | KSEVENT_TYPE_ONESHOT);
        GUID set = custom_event_set;
        item_.RemoveHandler = nullptr;
        const KIRQL old = KeRaiseIrqlToDpcLevel();
        KsGenerateEventList(&set, own_event, &list_, KSEVENTS_INTERRUPT, interrupt);
        KeLowerIrql(old);
        EXPECT_TRUE(is_signalled());
        EXPECT_NE(KeReadStateEvent(&once_event), 0) << "its entry went before the DPC ran";
        EXPECT_EQ(list_.Flink, list_.Blink) << "one entry is left";
        KeClearEvent(&event_);
        at_device_irql([&] { KsGenerateEventList(&set, own_event, &list_, KSEVENTS_INTERRUPT, interrupt); });
        EXPECT_TRUE(is_signalled());
        free_list();
        IoDisconnectInterrupt(interrupt);
    });
}

} // namespace conformance
