// What else the I/O manager does for a device: remove locks, work items, StartIo, the one-second timer.
#include "executive/tests/io_fixture.h"

#include "executive/objects/object_manager.h"

namespace openportcls::executive {
namespace {

TEST_F(Io, RemoveLockHoldsRemovalBack) {
    inside([&] {
        IO_REMOVE_LOCK lock;
        IoInitializeRemoveLock(&lock, 'kcoL', 0, 0);
        EXPECT_EQ(IoAcquireRemoveLock(&lock, nullptr), STATUS_SUCCESS);
        EXPECT_EQ(IoAcquireRemoveLock(&lock, &lock), STATUS_SUCCESS);
        IoReleaseRemoveLock(&lock, &lock);
        IoReleaseRemoveLockAndWait(&lock, nullptr);
        EXPECT_EQ(IoAcquireRemoveLock(&lock, nullptr), STATUS_DELETE_PENDING);
    });
}

void NTAPI work(PDEVICE_OBJECT, PVOID context) {
    KeSetEvent(static_cast<PKEVENT>(context), 0, FALSE);
}

TEST_F(Io, WorkItemsRunAndKeepTheirDevice) {
    inside([&] {
        KEVENT done;
        KeInitializeEvent(&done, NotificationEvent, FALSE);
        PIO_WORKITEM item = IoAllocateWorkItem(object);
        const auto references = ObjectManager::current().find(object)->references;
        const KIRQL old = KeRaiseIrqlToDpcLevel();
        IoQueueWorkItem(item, &work, DelayedWorkQueue, &done);
        EXPECT_EQ(ObjectManager::current().find(object)->references, references + 1);
        KeLowerIrql(old);
        KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, nullptr);
        machine.settle();
        EXPECT_EQ(ObjectManager::current().find(object)->references, references);
        IoFreeWorkItem(item);
    });
}

std::vector<int>* started_in_order = nullptr;
void NTAPI start_io(PDEVICE_OBJECT, PIRP irp) {
    started_in_order->push_back(static_cast<int>(irp->IoStatus.Information));
}

TEST_F(Io, FreeingAWorkItemTwiceIsReportedAsThat) {
    if (asan_present()) {
        GTEST_SKIP() << "AddressSanitizer reports the access";
    }
    expect_bugcheck(0xC2, "", [&] {
        PIO_WORKITEM item = IoAllocateWorkItem(object);
        IoFreeWorkItem(item);
        IoFreeWorkItem(item);
    });
}

TEST_F(Io, StartPacketSerialises) {
    std::vector<int> order;
    started_in_order = &order;
    driver.object.DriverStartIo = &start_io;
    inside([&] {
        IRP* irps[3];
        for (int i = 0; i < 3; ++i) {
            irps[i] = IoAllocateIrp(1, FALSE);
            irps[i]->IoStatus.Information = static_cast<ULONG_PTR>(i);
            IoStartPacket(object, irps[i], nullptr, nullptr);
        }
        EXPECT_EQ(order, (std::vector<int>{0}));
        EXPECT_EQ(object->CurrentIrp, irps[0]);
        const KIRQL old = KeRaiseIrqlToDpcLevel();
        IoStartNextPacket(object, FALSE);
        IoStartNextPacket(object, TRUE);
        IoStartNextPacket(object, FALSE);
        KeLowerIrql(old);
        EXPECT_EQ(order, (std::vector<int>{0, 1, 2}));
        EXPECT_EQ(object->CurrentIrp, nullptr);
        for (IRP* irp : irps) {
            IoFreeIrp(irp);
        }
    });
}

int timer_ticks = 0;
void NTAPI device_timer(PDEVICE_OBJECT, PVOID) {
    ++timer_ticks;
}

TEST_F(Io, DeviceTimerTicksEverySecond) {
    timer_ticks = 0;
    inside([&] {
        IoInitializeTimer(object, &device_timer, nullptr);
        IoStartTimer(object);
        machine.run_for(5'100'000'000);
        EXPECT_EQ(timer_ticks, 5);
        IoStopTimer(object);
        machine.run_for(2'000'000'000);
        EXPECT_EQ(timer_ticks, 5);
    });
}

} // namespace
} // namespace openportcls::executive
