#include "executive/objects/object_manager.h"
#include "executive/tests/kernel_fixture.h"

namespace openportcls::executive {
namespace {

struct Probe {
    int closed = 0;
    int destroyed = 0;
    KIRQL destroyed_at = 99;
};

class Objects : public KernelTest {
protected:
    static void note_closed(machine::Machine&, void* body) { ++static_cast<Probe*>(body)->closed; }
    static void note_destroyed(machine::Machine& machine, void* body) {
        ++static_cast<Probe*>(body)->destroyed;
        static_cast<Probe*>(body)->destroyed_at = machine.irql();
    }
    void add_probe() {
        ObjectManager::current().add(&probe_, object_types::file,
                                     {.last_handle_closed = note_closed, .destroy = note_destroyed});
    }

    Probe probe_;
};

// ObDereferenceObject: the object goes with the last reference, which outlives the last handle.
TEST_F(Objects, TheLastHandleAndTheLastReferenceAreToldApart) {
    run([&] {
        add_probe();
        ObjectManager& objects = ObjectManager::current();
        const HANDLE first = objects.open_handle(&probe_, GENERIC_READ);
        const HANDLE second = objects.open_handle(&probe_, GENERIC_READ);
        objects.dereference(&probe_); // the creator's
        PVOID body = nullptr;
        EXPECT_EQ(ObReferenceObjectByHandle(first, 0, *IoFileObjectType, KernelMode, &body, nullptr), STATUS_SUCCESS);
        EXPECT_EQ(body, &probe_);
        EXPECT_EQ(ZwClose(first), STATUS_SUCCESS);
        EXPECT_EQ(probe_.closed, 0);
        EXPECT_EQ(ZwClose(second), STATUS_SUCCESS);
        EXPECT_EQ(probe_.closed, 1);
        EXPECT_EQ(probe_.destroyed, 0);
        EXPECT_EQ(ObDereferenceObject(body), 0);
        EXPECT_EQ(probe_.destroyed, 1);
    });
}

TEST_F(Objects, DestructionWaitsForPassiveLevel) {
    run([&] {
        add_probe();
        KIRQL old;
        KeRaiseIrql(DISPATCH_LEVEL, &old);
        ObDereferenceObject(&probe_);
        EXPECT_EQ(probe_.destroyed, 0);
        KeLowerIrql(old);
        machine_.settle();
        EXPECT_EQ(probe_.destroyed, 1);
        EXPECT_EQ(probe_.destroyed_at, PASSIVE_LEVEL);
    });
}

TEST_F(Objects, TooManyDereferencesAreABugcheck) {
    expect_bugcheck(0x18, [&] {
        add_probe();
        ObDereferenceObject(&probe_);
        ObDereferenceObject(&probe_);
    });
}

TEST_F(Objects, HandlesAreCheckedForTypeAccessAndMode) {
    run([&] {
        ObjectManager& objects = ObjectManager::current();
        KEVENT* event = objects.create_event(NotificationEvent, false);
        const HANDLE user = objects.open_handle(event, EVENT_QUERY_STATE, 0);
        const HANDLE kernel = objects.open_handle(event, EVENT_ALL_ACCESS, OBJ_KERNEL_HANDLE);
        PVOID body = nullptr;
        EXPECT_EQ(ObReferenceObjectByHandle(user, EVENT_MODIFY_STATE, *ExEventObjectType, UserMode, &body, nullptr),
                  STATUS_ACCESS_DENIED);
        EXPECT_EQ(ObReferenceObjectByHandle(user, 0, *IoFileObjectType, KernelMode, &body, nullptr),
                  STATUS_OBJECT_TYPE_MISMATCH);
        EXPECT_EQ(ObReferenceObjectByHandle(kernel, 0, *ExEventObjectType, UserMode, &body, nullptr),
                  STATUS_INVALID_HANDLE);
        EXPECT_EQ(ObReferenceObjectByHandle(reinterpret_cast<HANDLE>(0x7770), 0, nullptr, KernelMode, &body, nullptr),
                  STATUS_INVALID_HANDLE);
        EXPECT_EQ(body, nullptr);
        OBJECT_HANDLE_INFORMATION information{};
        EXPECT_EQ(
            ObReferenceObjectByHandle(kernel, EVENT_MODIFY_STATE, *ExEventObjectType, KernelMode, &body, &information),
            STATUS_SUCCESS);
        EXPECT_EQ(information.GrantedAccess, static_cast<ACCESS_MASK>(EVENT_ALL_ACCESS));
        ObDereferenceObject(body);
        ZwClose(user);
        ZwClose(kernel);
        EXPECT_EQ(objects.dereference(event), 0);
    });
}

TEST_F(Objects, ByPointerChecksTheType) {
    run([&] {
        KEVENT* event = ObjectManager::current().create_event(NotificationEvent, false);
        EXPECT_EQ(ObReferenceObjectByPointer(event, 0, *IoFileObjectType, KernelMode), STATUS_OBJECT_TYPE_MISMATCH);
        EXPECT_EQ(ObReferenceObjectByPointer(event, 0, nullptr, UserMode), STATUS_OBJECT_TYPE_MISMATCH);
        EXPECT_EQ(ObReferenceObjectByPointer(event, 0, nullptr, KernelMode), STATUS_SUCCESS);
        EXPECT_EQ(ObDereferenceObject(event), 1);
        ObDereferenceObject(event);
    });
}

TEST_F(Objects, CurrentThreadHasAPseudoHandle) {
    run([&] {
        PVOID body = nullptr;
        EXPECT_EQ(ObReferenceObjectByHandle(ZwCurrentThread(), 0, *PsThreadType, KernelMode, &body, nullptr),
                  STATUS_SUCCESS);
        EXPECT_EQ(body, static_cast<void*>(PsGetCurrentThread()));
        ObDereferenceObject(body);
        EXPECT_EQ(ZwClose(ZwCurrentProcess()), STATUS_SUCCESS);
    });
}

TEST_F(Objects, NamesAndLinks) {
    run([&] {
        ObjectManager& objects = ObjectManager::current();
        add_probe();
        EXPECT_EQ(objects.insert_name(u"\\Device\\Probe", &probe_, false), STATUS_SUCCESS);
        EXPECT_EQ(objects.insert_name(u"\\DEVICE\\probe", &probe_, false), STATUS_OBJECT_NAME_COLLISION);
        EXPECT_EQ(objects.insert_name(u"\\Nowhere\\Probe", &probe_, false), STATUS_OBJECT_PATH_NOT_FOUND);
        EXPECT_EQ(objects.create_symbolic_link(u"\\DosDevices\\Probe1", u"\\Device\\Probe"), STATUS_SUCCESS);
        EXPECT_EQ(objects.create_symbolic_link(u"\\??\\PROBE1", u"\\Device\\Probe"), STATUS_OBJECT_NAME_COLLISION);
        for (const char16_t* path : {u"\\??\\Probe1", u"\\GLOBAL??\\probe1", u"\\DosDevices\\PROBE1",
                                     u"\\??\\Global\\Probe1", u"\\??\\GLOBALROOT\\Device\\Probe"}) {
            const NamespaceLookup found = objects.lookup(path);
            EXPECT_EQ(found.status, STATUS_SUCCESS);
            EXPECT_EQ(found.body, &probe_);
            EXPECT_EQ(found.remaining, u"");
        }
        const NamespaceLookup deeper = objects.lookup(u"\\??\\Probe1\\Wave\\x");
        EXPECT_EQ(deeper.body, &probe_);
        EXPECT_EQ(deeper.remaining, u"\\Wave\\x");
        EXPECT_EQ(objects.lookup(u"\\??\\Other").status, STATUS_OBJECT_NAME_NOT_FOUND);
        EXPECT_EQ(objects.lookup(u"\\Other\\x").status, STATUS_OBJECT_PATH_NOT_FOUND);
        EXPECT_EQ(objects.lookup(u"relative").status, STATUS_OBJECT_PATH_SYNTAX_BAD);
        EXPECT_EQ(objects.lookup(u"\\\\x").status, STATUS_OBJECT_NAME_INVALID);

        EXPECT_EQ(objects.delete_symbolic_link(u"\\Device\\Probe"), STATUS_OBJECT_TYPE_MISMATCH);
        EXPECT_EQ(objects.delete_symbolic_link(u"\\??\\Probe1"), STATUS_SUCCESS);
        EXPECT_EQ(objects.delete_symbolic_link(u"\\??\\Probe1"), STATUS_OBJECT_NAME_NOT_FOUND);
        objects.dereference(&probe_);
        EXPECT_EQ(objects.lookup(u"\\Device\\Probe").status, STATUS_OBJECT_NAME_NOT_FOUND);
    });
}

TEST_F(Objects, LinksInACircleEnd) {
    run([&] {
        ObjectManager& objects = ObjectManager::current();
        objects.create_symbolic_link(u"\\??\\A", u"\\??\\B");
        objects.create_symbolic_link(u"\\??\\B", u"\\??\\A");
        EXPECT_FALSE(NT_SUCCESS(objects.lookup(u"\\??\\A").status));
    });
}

TEST_F(Objects, NamedEventsLiveAsLongAsTheirHandles) {
    run([&] {
        HANDLE created = nullptr;
        HANDLE opened = nullptr;
        const char16_t* path = u"\\BaseNamedObjects\\Go";
        ASSERT_EQ(ZwCreateEvent(&created, EVENT_ALL_ACCESS, Name(path).attributes(), NotificationEvent, FALSE),
                  STATUS_SUCCESS);
        ASSERT_EQ(ZwOpenEvent(&opened, EVENT_ALL_ACCESS, Name(path).attributes()), STATUS_SUCCESS);
        LONG previous = 5;
        EXPECT_EQ(ZwSetEvent(opened, &previous), STATUS_SUCCESS);
        EXPECT_EQ(previous, 0);
        LARGE_INTEGER now{};
        EXPECT_EQ(ZwWaitForSingleObject(created, FALSE, &now), STATUS_SUCCESS);
        EXPECT_EQ(ZwClearEvent(created), STATUS_SUCCESS);
        EXPECT_EQ(ZwWaitForSingleObject(created, FALSE, &now), STATUS_TIMEOUT);
        HANDLE again = nullptr;
        EXPECT_EQ(ZwCreateEvent(&again, EVENT_ALL_ACCESS, Name(path).attributes(), NotificationEvent, FALSE),
                  STATUS_OBJECT_NAME_COLLISION);
        EXPECT_EQ(ZwCreateEvent(&again, EVENT_ALL_ACCESS, Name(path).attributes(OBJ_OPENIF), NotificationEvent, FALSE),
                  STATUS_OBJECT_NAME_EXISTS);
        for (const HANDLE handle : {created, opened, again}) {
            EXPECT_EQ(ZwClose(handle), STATUS_SUCCESS);
        }
        EXPECT_EQ(ZwOpenEvent(&opened, EVENT_ALL_ACCESS, Name(path).attributes()), STATUS_OBJECT_NAME_NOT_FOUND);
        EXPECT_EQ(ZwCreateEvent(&again, EVENT_ALL_ACCESS, nullptr, static_cast<EVENT_TYPE>(7), FALSE),
                  STATUS_INVALID_PARAMETER);
    });
}

TEST_F(Objects, NameStringsTellTheirLength) {
    run([&] {
        add_probe();
        ObjectManager::current().insert_name(u"\\Device\\Probe", &probe_, false);
        ULONG length = 0;
        EXPECT_EQ(ObQueryNameString(&probe_, nullptr, 0, &length), STATUS_INFO_LENGTH_MISMATCH);
        EXPECT_EQ(length, sizeof(OBJECT_NAME_INFORMATION) + 28);
        UCHAR buffer[64];
        auto* information = reinterpret_cast<OBJECT_NAME_INFORMATION*>(buffer);
        EXPECT_EQ(ObQueryNameString(&probe_, information, sizeof buffer, &length), STATUS_SUCCESS);
        EXPECT_EQ(std::u16string(information->Name.Buffer, information->Name.Length / 2), u"\\Device\\Probe");
        ObDereferenceObject(&probe_);
    });
}

TEST_F(Objects, SymbolicLinkObjectsShowTheirTarget) {
    run([&] {
        ObjectManager::current().create_symbolic_link(u"\\??\\Z", u"\\Device\\Zed");
        HANDLE link = nullptr;
        ASSERT_EQ(ZwOpenSymbolicLinkObject(&link, SYMBOLIC_LINK_QUERY, Name(u"\\??\\Z").attributes()), STATUS_SUCCESS);
        WCHAR buffer[32];
        UNICODE_STRING target = {0, sizeof buffer, buffer};
        EXPECT_EQ(ZwQuerySymbolicLinkObject(link, &target, nullptr), STATUS_SUCCESS);
        EXPECT_EQ(std::u16string(buffer, target.Length / 2), u"\\Device\\Zed");
        target.MaximumLength = 4;
        EXPECT_EQ(ZwQuerySymbolicLinkObject(link, &target, nullptr), STATUS_BUFFER_TOO_SMALL);
        // A permanent object made temporary goes with its last handle.
        EXPECT_EQ(ZwMakeTemporaryObject(link), STATUS_SUCCESS);
        EXPECT_EQ(ZwClose(link), STATUS_SUCCESS);
        EXPECT_EQ(ObjectManager::current().lookup(u"\\??\\Z").status, STATUS_OBJECT_NAME_NOT_FOUND);
    });
}

} // namespace
} // namespace openportcls::executive
