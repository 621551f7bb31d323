// Lists, those that are inline and those under a lock.
#include "driver_test.h"

DRIVER_TEST(DriverLists, DoublyLinked) {
    LIST_ENTRY head;
    LIST_ENTRY entries[3];
    InitializeListHead(&head);
    CHECK(IsListEmpty(&head));
    InsertTailList(&head, &entries[1]);
    InsertTailList(&head, &entries[2]);
    InsertHeadList(&head, &entries[0]);
    CHECK(head.Flink == &entries[0] && head.Blink == &entries[2]);
    CHECK(!RemoveEntryList(&entries[1])); // TRUE says that the list has become empty
    CHECK(RemoveTailList(&head) == &entries[2]);
    CHECK(RemoveEntryList(&entries[0]) && IsListEmpty(&head));
    CHECK(RemoveHeadList(&head) == &head);
    LIST_ENTRY more;
    InitializeListHead(&more);
    InsertTailList(&more, &entries[0]);
    InsertTailList(&more, &entries[1]);
    InsertTailList(&head, &entries[2]);
    // The page: the list to append has no head of its own.
    RemoveEntryList(&more);
    AppendTailList(&head, &entries[0]);
    CHECK(head.Flink == &entries[2] && entries[2].Flink == &entries[0] && head.Blink == &entries[1]);
}

DRIVER_TEST(DriverLists, SinglyLinked) {
    SINGLE_LIST_ENTRY head = {NULL};
    SINGLE_LIST_ENTRY entries[2];
    CHECK(PopEntryList(&head) == NULL);
    PushEntryList(&head, &entries[0]);
    PushEntryList(&head, &entries[1]);
    CHECK(PopEntryList(&head) == &entries[1] && PopEntryList(&head) == &entries[0] && head.Next == NULL);
}

// ExInterlockedInsertTailList, ExInterlockedInsertHeadList: NULL when the list was empty, else the former end.
DRIVER_TEST(DriverLists, InterlockedReturnTheFormerNeighbour) {
    KSPIN_LOCK lock;
    LIST_ENTRY head;
    LIST_ENTRY entries[3];
    KeInitializeSpinLock(&lock);
    InitializeListHead(&head);
    CHECK(ExInterlockedRemoveHeadList(&head, &lock) == NULL);
    CHECK(ExInterlockedInsertTailList(&head, &entries[0], &lock) == NULL);
    CHECK(ExInterlockedInsertTailList(&head, &entries[1], &lock) == &entries[0]);
    CHECK(ExInterlockedInsertHeadList(&head, &entries[2], &lock) == &entries[0]);
    CHECK(ExInterlockedRemoveHeadList(&head, &lock) == &entries[2]);
    CHECK(ExInterlockedRemoveHeadList(&head, &lock) == &entries[0]);
    CHECK(ExInterlockedRemoveHeadList(&head, &lock) == &entries[1]);
    CHECK(IsListEmpty(&head) && lock == 0);
}

// They may be called at any IRQL, also where a spin lock may not be taken.
DRIVER_TEST(DriverLists, InterlockedAtDeviceLevel) {
    KSPIN_LOCK lock;
    LIST_ENTRY head;
    LIST_ENTRY entry;
    KIRQL old;
    KeInitializeSpinLock(&lock);
    InitializeListHead(&head);
    KeRaiseIrql(10, &old);
    ExInterlockedInsertTailList(&head, &entry, &lock);
    CHECK(KeGetCurrentIrql() == 10);
    CHECK(ExInterlockedRemoveHeadList(&head, &lock) == &entry);
    KeLowerIrql(old);
    LARGE_INTEGER sum;
    LARGE_INTEGER increment;
    sum.QuadPart = 1ll << 40;
    increment.QuadPart = -1;
    CHECK(ExInterlockedAddLargeInteger(&sum, increment, &lock).QuadPart == 1ll << 40);
    CHECK(sum.QuadPart == (1ll << 40) - 1);
}
