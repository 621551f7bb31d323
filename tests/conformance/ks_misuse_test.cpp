// Functions of ks.sys given what they did not make, or what is gone: a bugcheck that names the rule, not the host's
// end.
#include "probe_driver.h"

namespace conformance {

class KsMisuse : public KsDriverTest {
protected:
    void SetUp() override { open(); }
    void TearDown() override {
        if (!machine_.is_halted()) {
            KsDriverTest::TearDown();
        }
        on_control() = nullptr;
    }

    template<class Function>
    void expect_rule(const char* part, Function&& function) {
        const std::string rule = crash(std::forward<Function>(function));
        ASSERT_TRUE(machine_.is_halted()) << "no bugcheck";
        EXPECT_EQ(machine_.bugcheck_report()->code, 0xC2u);
        EXPECT_NE(rule.find(part), std::string::npos) << rule;
    }

    // A client's request for one, which goes on the driver's list.
    NTSTATUS request_entry() {
        InitializeListHead(&list_);
        item_.EventId = 4;
        item_.DataInput = sizeof(KSEVENTDATA);
        on_control() = [this](IRP* irp) { return KsEnableEvent(irp, 1, &set_, &list_, KSEVENTS_NONE, nullptr); };
        KeInitializeEvent(&event_, NotificationEvent, FALSE);
        data_.NotificationType = KSEVENTF_EVENT_OBJECT;
        data_.EventObject.Event = &event_;
        return enable(file_, event(custom_event_set, 4), data_, KernelMode);
    }
    KSEVENT_ENTRY* make_entry() {
        EXPECT_EQ(request_entry(), STATUS_SUCCESS);
        return CONTAINING_RECORD(list_.Flink, KSEVENT_ENTRY, ListEntry);
    }

    const GUID set_guid_ = custom_event_set;
    KSEVENT_ITEM item_ = {};
    const KSEVENT_SET set_ = {&set_guid_, 1, &item_};
    LIST_ENTRY list_ = {};
    KEVENT event_ = {};
    KSEVENTDATA data_ = {};
};

// KsUnregisterWorker: "must only be used after successful execution of KsRegisterWorker".
TEST_F(KsMisuse, AWorkerIsUnregisteredOnce) {
    expect_rule("KsUnregisterWorker was given what is no worker", [] {
        PKSWORKER worker = nullptr;
        KsRegisterWorker(DelayedWorkQueue, &worker);
        KsUnregisterWorker(worker);
        KsUnregisterWorker(worker);
    });
}

TEST_F(KsMisuse, OnlyWorkersAreUnregistered) {
    expect_rule("KsUnregisterWorker was given what is no worker", [] {
        ULONG_PTR other[8] = {};
        KsUnregisterWorker(reinterpret_cast<PKSWORKER>(other));
    });
}

TEST_F(KsMisuse, WorkIsNotQueuedOnAWorkerThatIsGone) {
    expect_rule("KsQueueWorkItem was given what is no worker", [] {
        PKSWORKER worker = nullptr;
        KsRegisterWorker(DelayedWorkQueue, &worker);
        KsUnregisterWorker(worker);
        WORK_QUEUE_ITEM item;
        ExInitializeWorkItem(&item, +[](PVOID) NTAPI {}, nullptr);
        KsQueueWorkItem(worker, &item);
    });
}

TEST_F(KsMisuse, CountsAreOfWorkers) {
    expect_rule("KsIncrementCountedWorker was given what is no worker",
                [] { KsIncrementCountedWorker(static_cast<PKSWORKER>(nullptr)); });
}

// KsDiscardEvent: "This pointer is no longer valid after a successful call".
TEST_F(KsMisuse, AnEventEntryIsDiscardedOnce) {
    expect_rule("KsDiscardEvent: what is no event entry", [this] {
        KSEVENT_ENTRY* const entry = make_entry();
        RemoveEntryList(&entry->ListEntry);
        KsDiscardEvent(entry);
        KsDiscardEvent(entry);
    });
}

TEST_F(KsMisuse, OnlyEntriesOfKsAreDiscarded) {
    expect_rule("KsDiscardEvent: what is no event entry", [] {
        KSEVENT_ENTRY entry = {};
        KsDiscardEvent(&entry);
    });
}

TEST_F(KsMisuse, AnEntryThatIsGoneIsNotGenerated) {
    expect_rule("KsGenerateEvent: what is no event entry", [this] {
        KSEVENT_ENTRY* const entry = make_entry();
        RemoveEntryList(&entry->ListEntry);
        KsDiscardEvent(entry);
        KsGenerateEvent(entry);
    });
}

// The entry is KS's to discard after its RemoveHandler.
TEST_F(KsMisuse, ARemoveHandlerDoesNotDiscard) {
    item_.RemoveHandler = +[](PFILE_OBJECT, KSEVENT_ENTRY* entry) NTAPI { KsDiscardEvent(entry); };
    expect_rule("KsDiscardEvent: what is no event entry", [this] {
        make_entry();
        KsFreeEventList(file_, &list_, KSEVENTS_NONE, nullptr);
    });
}

// KsEnableEvent: without memory for the entry it fails, and nothing else happens.
TEST_F(KsMisuse, AnEntryThatThereIsNoMemoryForIsRefused) {
    inside([&] {
        executive::Pool& pool = executive::Kernel::current().pool;
        pool.set_budget(1);
        EXPECT_EQ(request_entry(), STATUS_INSUFFICIENT_RESOURCES);
        EXPECT_TRUE(IsListEmpty(&list_));
        pool.set_budget(0); // none
        KSEVENT_ENTRY* const entry = make_entry();
        RemoveEntryList(&entry->ListEntry);
        KsDiscardEvent(entry);
    });
}

} // namespace conformance
