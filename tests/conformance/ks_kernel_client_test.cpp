// Functions of ks.sys for kernel clients of KS objects, and for drivers that make such objects themselves.
#include <cstring>
#include <utility>

#include "executive/objects/object_manager.h"
#include "probe_driver.h"

namespace conformance {

namespace {

std::function<NTSTATUS(IRP*)>& on_create() {
    static std::function<NTSTATUS(IRP*)> function;
    return function;
}

NTSTATUS finish(IRP* irp, NTSTATUS status, ULONG_PTR information = 0) {
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = information;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

NTSTATUS NTAPI create_dispatch(DEVICE_OBJECT*, IRP* irp) {
    return finish(irp, on_create()(irp));
}

} // namespace

// Child objects by handle: the driver's IRP_MJ_CREATE says what it makes of the request.
class KsChildren : public KsDriverTest {
protected:
    void SetUp() override {
        open();
        driver_->object()->MajorFunction[IRP_MJ_CREATE] = create_dispatch;
        inside([&] {
            ASSERT_EQ(ObOpenObjectByPointer(file_, OBJ_KERNEL_HANDLE, nullptr, GENERIC_READ, *IoFileObjectType,
                                            KernelMode, &parent_),
                      STATUS_SUCCESS);
        });
    }
    void TearDown() override {
        inside([&] { ZwClose(parent_); });
        on_create() = nullptr;
        KsDriverTest::TearDown();
    }

    HANDLE parent_ = nullptr;
    HANDLE child_ = nullptr;
};

// KsCreateTopologyNode, KsValidateTopologyNodeCreateRequest: nodes are numbered by the topology, flags there are none.
TEST_F(KsChildren, NodesAreCreatedByNumber) {
    inside([&] {
        const GUID nodes[] = {KSNODETYPE_VOLUME, KSNODETYPE_MUTE};
        KSTOPOLOGY topology = {};
        topology.TopologyNodesCount = 2;
        topology.TopologyNodes = nodes;
        ULONG seen = 99;
        FILE_OBJECT* related = nullptr;
        on_create() = [&](IRP* irp) {
            KSNODE_CREATE* create = nullptr;
            const NTSTATUS status = KsValidateTopologyNodeCreateRequest(irp, &topology, &create);
            if (NT_SUCCESS(status)) {
                seen = create->Node;
                related = IoGetCurrentIrpStackLocation(irp)->FileObject->RelatedFileObject;
            }
            return status;
        };
        KSNODE_CREATE create = {0, 1};
        ASSERT_EQ(KsCreateTopologyNode(parent_, &create, GENERIC_READ, &child_), STATUS_SUCCESS);
        EXPECT_EQ(seen, 1u);
        EXPECT_EQ(related, file_);
        ZwClose(child_);
        create.Node = 2;
        EXPECT_EQ(KsCreateTopologyNode(parent_, &create, GENERIC_READ, &child_), STATUS_INVALID_PARAMETER);
        create = {1, 0};
        EXPECT_EQ(KsCreateTopologyNode(parent_, &create, GENERIC_READ, &child_), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(seen, 1u);
    });
}

// KsCreateAllocator, KsValidateAllocatorCreateRequest
TEST_F(KsChildren, AllocatorsComeWithTheirFraming) {
    inside([&] {
        KSALLOCATOR_FRAMING seen = {};
        on_create() = [&](IRP* irp) {
            KSALLOCATOR_FRAMING* framing = nullptr;
            const NTSTATUS status = KsValidateAllocatorCreateRequest(irp, &framing);
            if (NT_SUCCESS(status)) {
                seen = *framing;
            }
            return status;
        };
        KSALLOCATOR_FRAMING framing = {};
        framing.OptionsFlags = KSALLOCATOR_OPTIONF_SYSTEM_MEMORY;
        framing.PoolType = NonPagedPool;
        framing.Frames = 3;
        framing.FrameSize = 512;
        framing.FileAlignment = 7;
        ASSERT_EQ(KsCreateAllocator(parent_, &framing, &child_), STATUS_SUCCESS);
        EXPECT_EQ(std::memcmp(&seen, &framing, sizeof seen), 0);
        ZwClose(child_);
        framing.OptionsFlags |= ~static_cast<ULONG>(KSALLOCATOR_OPTIONF_VALID);
        EXPECT_EQ(KsCreateAllocator(parent_, &framing, &child_), STATUS_INVALID_PARAMETER);
    });
}

// KsValidateClockCreateRequest: no flags are defined; what is too short or of no form at all is refused.
TEST_F(KsChildren, ClockRequestsAreValidated) {
    inside([&] {
        NTSTATUS validated = STATUS_PENDING;
        on_create() = [&](IRP* irp) {
            KSCLOCK_CREATE* create = nullptr;
            return validated = KsValidateClockCreateRequest(irp, &create);
        };
        KSCLOCK_CREATE create = {};
        ASSERT_EQ(KsCreateClock(parent_, &create, &child_), STATUS_SUCCESS);
        EXPECT_EQ(validated, STATUS_SUCCESS);
        ZwClose(child_);
        create.CreateFlags = 1;
        EXPECT_EQ(KsCreateClock(parent_, &create, &child_), STATUS_INVALID_PARAMETER);
        const std::u16string too_short = ks::make_create_name(KSNAME_Clock, &create, 2);
        FILE_OBJECT* file = nullptr;
        EXPECT_EQ(executive::open_file(too_short, file_, &file), STATUS_INVALID_BUFFER_SIZE);
        EXPECT_EQ(executive::open_file(u"Speaker", file_, &file), STATUS_INVALID_PARAMETER);
    });
}

// Requests of a kernel client that the driver completes when the test wants it to.
class KsRequests : public KsDriverTest {
protected:
    void SetUp() override {
        open();
        auto* functions = driver_->object()->MajorFunction;
        functions[IRP_MJ_READ] = functions[IRP_MJ_WRITE] = control_now;
        inside([&] {
            event_ = executive::ObjectManager::current().create_event(NotificationEvent, false);
            KeInitializeTimer(&timer_);
            KeInitializeDpc(
                &dpc_,
                +[](PKDPC, PVOID context, PVOID, PVOID) NTAPI {
                    auto& test = *static_cast<KsRequests*>(context);
                    finish(std::exchange(test.pending_, nullptr), test.later_status_, 16);
                },
                this);
        });
        on_control() = [&](IRP* irp) -> NTSTATUS {
            pending_ = irp;
            location_ = *IoGetCurrentIrpStackLocation(irp);
            mode_ = irp->RequestorMode;
            IoMarkIrpPending(irp);
            if (completes_itself_) {
                LARGE_INTEGER due;
                due.QuadPart = -50'000;
                KeSetTimer(&timer_, due, &dpc_);
            }
            return STATUS_PENDING;
        };
    }

    void TearDown() override {
        if (machine_.is_halted()) {
            on_control() = nullptr;
            return;
        }
        inside([&] {
            if (event_ != nullptr) {
                ObDereferenceObject(event_);
            }
        });
        KsDriverTest::TearDown();
    }

    static NTSTATUS NTAPI control_now(DEVICE_OBJECT*, IRP* irp) { return on_control()(irp); }

    struct Completed {
        ULONG calls = 0;
        NTSTATUS status = STATUS_PENDING;
        static NTSTATUS NTAPI on(PDEVICE_OBJECT, PIRP irp, PVOID context) {
            auto& completed = *static_cast<Completed*>(context);
            ++completed.calls;
            completed.status = irp->IoStatus.Status;
            return STATUS_SUCCESS;
        }
    };
    NTSTATUS stream(ULONG flags, KEVENT* event, KSCOMPLETION_INVOCATION invoke = KsInvokeOnSuccess,
                    Completed* completed = nullptr, KPROCESSOR_MODE mode = KernelMode) {
        result_ = {};
        return KsStreamIo(file_, event, nullptr, completed != nullptr ? Completed::on : nullptr, completed, invoke,
                          &result_, &header_, sizeof header_, flags, mode);
    }

    KEVENT* event_ = nullptr; // of the object manager; the test's own reference
    KTIMER timer_ = {};
    KDPC dpc_ = {};
    IRP* pending_ = nullptr;
    IO_STACK_LOCATION location_ = {};
    KPROCESSOR_MODE mode_ = UserMode;
    bool completes_itself_ = true;
    NTSTATUS later_status_ = STATUS_SUCCESS;
    IO_STATUS_BLOCK result_ = {};
    KSSTREAM_HEADER header_ = {};
};

// KsStreamIo: with KSSTREAM_SYNCHRONOUS, or on a synchronous file, it waits for the end.
TEST_F(KsRequests, SynchronousStreamRequestsAreWaitedFor) {
    inside([&] {
        KEVENT of_its_own; // synchronous requests do not take it for the object manager's
        KeInitializeEvent(&of_its_own, NotificationEvent, FALSE);
        EXPECT_EQ(stream(KSSTREAM_WRITE | KSSTREAM_SYNCHRONOUS, &of_its_own), STATUS_SUCCESS);
        EXPECT_EQ(location_.Parameters.DeviceIoControl.IoControlCode, static_cast<ULONG>(IOCTL_KS_WRITE_STREAM));
        EXPECT_EQ(location_.Parameters.DeviceIoControl.OutputBufferLength, sizeof header_);
        EXPECT_EQ(location_.FileObject, file_);
        EXPECT_EQ(mode_, KernelMode);
        EXPECT_EQ(result_.Information, 16u);
        EXPECT_NE(KeReadStateEvent(&of_its_own), 0);
        later_status_ = STATUS_DEVICE_NOT_READY;
        EXPECT_EQ(stream(KSSTREAM_READ | KSSTREAM_SYNCHRONOUS, nullptr, KsInvokeOnSuccess, nullptr, UserMode),
                  STATUS_DEVICE_NOT_READY);
        EXPECT_EQ(location_.Parameters.DeviceIoControl.IoControlCode, static_cast<ULONG>(IOCTL_KS_READ_STREAM));
        EXPECT_EQ(mode_, UserMode);
        later_status_ = STATUS_SUCCESS;
        file_->Flags |= FO_SYNCHRONOUS_IO;
        EXPECT_EQ(stream(KSSTREAM_READ, nullptr), STATUS_SUCCESS);
    });
}

// KsStreamIo: otherwise the event, or the file's, tells the end; the completion routine comes when its flags say.
TEST_F(KsRequests, AsynchronousStreamRequestsTellTheirEnd) {
    completes_itself_ = false;
    inside([&] {
        Completed completed;
        EXPECT_EQ(stream(KSSTREAM_WRITE, event_, KsInvokeOnSuccess, &completed), STATUS_PENDING);
        EXPECT_EQ(KeReadStateEvent(event_), 0);
        EXPECT_EQ(completed.calls, 0u);
        finish(pending_, STATUS_SUCCESS, 24);
        EXPECT_NE(KeReadStateEvent(event_), 0);
        EXPECT_EQ(result_.Status, STATUS_SUCCESS);
        EXPECT_EQ(result_.Information, 24u);
        EXPECT_EQ(completed.calls, 1u);

        EXPECT_EQ(stream(KSSTREAM_WRITE, event_, KsInvokeOnSuccess, &completed), STATUS_PENDING);
        EXPECT_EQ(KeReadStateEvent(event_), 0) << "cleared for the new request";
        finish(pending_, STATUS_DEVICE_NOT_READY);
        EXPECT_EQ(completed.calls, 1u) << "an error";
        EXPECT_EQ(result_.Status, STATUS_DEVICE_NOT_READY);
        EXPECT_EQ(stream(KSSTREAM_WRITE, nullptr, KsInvokeOnError, &completed), STATUS_PENDING);
        EXPECT_EQ(KeReadStateEvent(&file_->Event), 0);
        finish(pending_, STATUS_DEVICE_NOT_READY);
        EXPECT_EQ(completed.calls, 2u);
        EXPECT_EQ(completed.status, STATUS_DEVICE_NOT_READY);
        EXPECT_NE(KeReadStateEvent(&file_->Event), 0);

        on_control() = [](IRP*) -> NTSTATUS { return STATUS_NO_MORE_FILES; };
        EXPECT_EQ(stream(KSSTREAM_WRITE, event_), STATUS_NO_MORE_FILES) << "refused at once";
    });
}

// KsStreamIo, KsReadFile, KsWriteFile: an event that the object manager has made is referenced until the request ends,
// and so is the file. Whoever has asked may give back its own references meanwhile.
TEST_F(KsRequests, EventAndFileAreReferencedUntilTheEnd) {
    completes_itself_ = false;
    inside([&] {
        auto& objects = executive::ObjectManager::current();
        const auto references = [&](void* object) {
            const auto* const header = objects.find(object);
            return header != nullptr ? header->references : 0;
        };
        char buffer[8] = {};
        const std::function<NTSTATUS()> requests[] = {
            [&] { return stream(KSSTREAM_WRITE, event_); },
            [&] { return KsReadFile(file_, event_, nullptr, &result_, buffer, 8, 0, KernelMode); },
            [&] { return KsWriteFile(file_, event_, nullptr, &result_, buffer, 8, 0, KernelMode); }};
        for (const auto& request : requests) {
            const auto before = references(file_);
            ASSERT_EQ(request(), STATUS_PENDING);
            EXPECT_EQ(references(event_), 2);
            EXPECT_EQ(references(file_), before + 1);
            finish(pending_, STATUS_SUCCESS);
            EXPECT_EQ(references(event_), 1);
            EXPECT_EQ(references(file_), before);
        }
        const auto before = references(file_);
        EXPECT_EQ(stream(KSSTREAM_WRITE, nullptr), STATUS_PENDING) << "whose end the file's event tells";
        EXPECT_EQ(references(file_), before + 1);
        finish(pending_, STATUS_SUCCESS);
        EXPECT_EQ(references(file_), before);

        ASSERT_EQ(stream(KSSTREAM_WRITE, event_), STATUS_PENDING);
        KEVENT* const given_back = std::exchange(event_, nullptr);
        ObDereferenceObject(given_back);
        EXPECT_EQ(references(given_back), 1) << "the request's";
        finish(pending_, STATUS_SUCCESS);
        EXPECT_EQ(references(given_back), 0);
    });
}

TEST_F(KsRequests, AnEventOfAnAsynchronousRequestIsTheObjectManagers) {
    const std::string rule = crash([&] {
        KEVENT of_its_own;
        KeInitializeEvent(&of_its_own, NotificationEvent, FALSE);
        stream(KSSTREAM_WRITE, &of_its_own);
    });
    EXPECT_NE(rule.find("no living object"), std::string::npos) << rule;
}

// KsReadFile, KsWriteFile: from the file's position on, which moves with a synchronous file.
TEST_F(KsRequests, FilesAreReadAndWrittenFromTheirPosition) {
    inside([&] {
        char buffer[32] = {};
        file_->CurrentByteOffset.QuadPart = 100;
        file_->Flags |= FO_SYNCHRONOUS_IO;
        EXPECT_EQ(KsReadFile(file_, nullptr, nullptr, &result_, buffer, sizeof buffer, 7, KernelMode), STATUS_SUCCESS);
        EXPECT_EQ(location_.MajorFunction, IRP_MJ_READ);
        EXPECT_EQ(location_.FileObject, file_);
        EXPECT_EQ(location_.Parameters.Read.Length, sizeof buffer);
        EXPECT_EQ(location_.Parameters.Read.Key, 7u);
        EXPECT_EQ(location_.Parameters.Read.ByteOffset.QuadPart, 100);
        EXPECT_EQ(result_.Information, 16u);
        EXPECT_EQ(file_->CurrentByteOffset.QuadPart, 116);
        EXPECT_EQ(KsWriteFile(file_, nullptr, nullptr, &result_, buffer, 8, 9, UserMode), STATUS_SUCCESS);
        EXPECT_EQ(location_.MajorFunction, IRP_MJ_WRITE);
        EXPECT_EQ(location_.Parameters.Write.Length, 8u);
        EXPECT_EQ(location_.Parameters.Write.Key, 9u);
        EXPECT_EQ(location_.Parameters.Write.ByteOffset.QuadPart, 116);
        EXPECT_EQ(mode_, UserMode);
        later_status_ = STATUS_DEVICE_NOT_READY;
        EXPECT_EQ(KsReadFile(file_, nullptr, nullptr, &result_, buffer, 8, 0, KernelMode), STATUS_DEVICE_NOT_READY);
        EXPECT_EQ(file_->CurrentByteOffset.QuadPart, 132) << "nothing was read";

        file_->Flags &= ~static_cast<ULONG>(FO_SYNCHRONOUS_IO);
        completes_itself_ = false;
        EXPECT_EQ(KsWriteFile(file_, event_, nullptr, &result_, buffer, 8, 0, KernelMode), STATUS_PENDING);
        EXPECT_EQ(KeReadStateEvent(event_), 0);
        finish(pending_, STATUS_SUCCESS, 8);
        EXPECT_NE(KeReadStateEvent(event_), 0);
        EXPECT_EQ(result_.Information, 8u);
    });
}

// KsCancelRoutine: takes the IRP off its queue and completes it, whoever sets it as the cancel routine.
TEST_F(KsRequests, KsCancelRoutineEndsARequestOnItsQueue) {
    inside([&] {
        LIST_ENTRY queue;
        KSPIN_LOCK lock = 0;
        InitializeListHead(&queue);
        on_control() = [&](IRP* irp) -> NTSTATUS {
            IoMarkIrpPending(irp);
            KsAddIrpToCancelableQueue(&queue, &lock, irp, KsListEntryTail, KsCancelRoutine);
            return STATUS_PENDING;
        };
        KEVENT* events[2];
        IO_STATUS_BLOCK results[2] = {};
        for (int i = 0; i < 2; ++i) {
            events[i] = executive::ObjectManager::current().create_event(NotificationEvent, false);
            EXPECT_EQ(KsStreamIo(file_, events[i], nullptr, nullptr, nullptr, KsInvokeOnSuccess, &results[i], &header_,
                                 sizeof header_, KSSTREAM_WRITE, KernelMode),
                      STATUS_PENDING);
        }
        IRP* const first = CONTAINING_RECORD(queue.Flink, IRP, Tail.Overlay.ListEntry);
        IRP* const second = CONTAINING_RECORD(queue.Blink, IRP, Tail.Overlay.ListEntry);
        first->IoStatus.Information = 77;
        EXPECT_TRUE(IoCancelIrp(first));
        EXPECT_NE(KeReadStateEvent(events[0]), 0);
        EXPECT_EQ(results[0].Status, STATUS_CANCELLED);
        EXPECT_EQ(results[0].Information, 0u);
        EXPECT_EQ(KeReadStateEvent(events[1]), 0);
        EXPECT_EQ(queue.Flink, &second->Tail.Overlay.ListEntry);
        EXPECT_EQ(queue.Blink, &second->Tail.Overlay.ListEntry);
        KsCancelIo(&queue, &lock);
        EXPECT_EQ(results[1].Status, STATUS_CANCELLED);
        EXPECT_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
        ObDereferenceObject(events[0]);
        ObDereferenceObject(events[1]);
    });
}

namespace {

// Items with something of the driver's behind each.
struct WideEvent {
    KSEVENT_ITEM item;
    ULONG_PTR more;
};

constexpr ULONG plain_event = 4;
constexpr ULONG refused_event = 5;

ULONG removed;
ULONG_PTR more_of_refused;

} // namespace

class KsDriverEvents : public KsDriverTest {
protected:
    void SetUp() override {
        open();
        removed = 0;
        more_of_refused = 0;
        InitializeListHead(&list_);
        items_[0].item.EventId = plain_event;
        items_[0].item.DataInput = sizeof(KSEVENTDATA);
        items_[0].item.RemoveHandler = +[](PFILE_OBJECT, KSEVENT_ENTRY*) NTAPI { ++removed; };
        items_[1].item.EventId = refused_event;
        items_[1].item.DataInput = sizeof(KSEVENTDATA);
        items_[1].item.AddHandler = +[](PIRP irp, PKSEVENTDATA, KSEVENT_ENTRY*) NTAPI -> NTSTATUS {
            more_of_refused = reinterpret_cast<const WideEvent*>(KSEVENT_ITEM_IRP_STORAGE(irp))->more;
            return STATUS_DEVICE_NOT_READY;
        };
        items_[1].more = 0x1234;
        on_control() = [&](IRP* irp) {
            irp->IoStatus.Information = 55;
            const NTSTATUS status = KsEnableEventWithAllocator(irp, 1, &set_, &list_, KSEVENTS_SPINLOCK, &lock_,
                                                               nullptr, sizeof(WideEvent));
            left_ = irp->IoStatus.Information;
            return status;
        };
    }

    KSEVENT_ENTRY* only_entry() { return CONTAINING_RECORD(list_.Flink, KSEVENT_ENTRY, ListEntry); }
    static LONG_PTR references(HANDLE handle) {
        PVOID object = nullptr;
        EXPECT_EQ(ObReferenceObjectByHandle(handle, 0, *ExEventObjectType, KernelMode, &object, nullptr),
                  STATUS_SUCCESS);
        return ObDereferenceObject(object);
    }

    const GUID set_guid_ = custom_event_set;
    WideEvent items_[2] = {};
    const KSEVENT_SET set_ = {&set_guid_, 2, &items_[0].item};
    LIST_ENTRY list_ = {};
    KSPIN_LOCK lock_ = 0;
    ULONG_PTR left_ = 99;
};

// KsEnableEventWithAllocator: entries are stepped by the driver's size, and the storage leads to the driver's item; the
// IRP's information is zero. An AddHandler that fails leaves nothing behind.
TEST_F(KsDriverEvents, WideItemsAreStepped) {
    inside([&] {
        const HANDLE handle = create_event();
        const LONG_PTR before = references(handle);
        KSEVENTDATA data = event_data(handle);
        EXPECT_EQ(enable(file_, event(custom_event_set, refused_event), data), STATUS_DEVICE_NOT_READY);
        EXPECT_EQ(more_of_refused, 0x1234u);
        EXPECT_EQ(left_, 0u);
        EXPECT_TRUE(IsListEmpty(&list_));
        EXPECT_EQ(references(handle), before) << "the entry has let go of the event";
        EXPECT_EQ(enable(file_, event(custom_event_set, plain_event), data), STATUS_SUCCESS);
        EXPECT_EQ(left_, 0u);
        ASSERT_FALSE(IsListEmpty(&list_));
        EXPECT_EQ(only_entry()->EventItem, &items_[0].item);
        KsFreeEventList(file_, &list_, KSEVENTS_SPINLOCK, &lock_);
        EXPECT_EQ(enable(file_, event(custom_event_set, 6), data), STATUS_NOT_FOUND);
        ZwClose(handle);
    });
}

// KsDiscardEvent: for an entry that the driver has taken off its list itself; no RemoveHandler is called.
TEST_F(KsDriverEvents, DiscardedEntriesLetGoOfTheirObject) {
    inside([&] {
        const HANDLE handle = create_event();
        const LONG_PTR before = references(handle);
        KSEVENTDATA data = event_data(handle);
        ASSERT_EQ(enable(file_, event(custom_event_set, plain_event), data), STATUS_SUCCESS);
        EXPECT_EQ(references(handle), before + 1);
        KSEVENT_ENTRY* const entry = only_entry();
        RemoveEntryList(&entry->ListEntry);
        KsDiscardEvent(entry);
        EXPECT_EQ(references(handle), before);
        EXPECT_EQ(removed, 0u);
        ZwClose(handle);
    });
}

// KsGenerateDataEvent: signals, keeps the data for a buffered entry, and ends a one-shot one.
TEST_F(KsDriverEvents, DataEventsAreKeptAndOneShotsEnd) {
    inside([&] {
        const HANDLE handle = create_event();
        const LONG_PTR before = references(handle);
        KSEVENTDATA data = event_data(handle);
        ULONG value = 3;
        ASSERT_EQ(enable(file_, event(custom_event_set, plain_event, KSEVENT_TYPE_ENABLEBUFFERED), data),
                  STATUS_SUCCESS);
        KSEVENT_ENTRY* const buffered = only_entry();
        ASSERT_NE(buffered->Flags & KSEVENT_ENTRY_BUFFERED, 0u);
        EXPECT_TRUE(IsListEmpty(&buffered->BufferItem->BufferList));
        EXPECT_EQ(KsGenerateDataEvent(buffered, sizeof value, &value), STATUS_SUCCESS);
        EXPECT_TRUE(is_set(handle));
        EXPECT_FALSE(IsListEmpty(&buffered->BufferItem->BufferList));
        EXPECT_EQ(removed, 0u) << "it goes on";
        KsFreeEventList(file_, &list_, KSEVENTS_SPINLOCK, &lock_);
        EXPECT_EQ(removed, 1u);
        ZwClearEvent(handle);
        ASSERT_EQ(enable(file_, event(custom_event_set, plain_event, KSEVENT_TYPE_ENABLE | KSEVENT_TYPE_ONESHOT), data),
                  STATUS_SUCCESS);
        EXPECT_EQ(KsGenerateDataEvent(only_entry(), sizeof value, &value), STATUS_SUCCESS);
        EXPECT_TRUE(is_set(handle));
        EXPECT_TRUE(IsListEmpty(&list_)) << "one-shot";
        EXPECT_EQ(removed, 2u);
        EXPECT_EQ(references(handle), before);
        ZwClose(handle);
    });
}

} // namespace conformance
