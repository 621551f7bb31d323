// Cancellation against completion, and deletion of a timer against its expiry, under schedules chosen at random.
#include "executive/tests/fixture.h"

#include <ntifs.h>

namespace openportcls::executive {
namespace {

constexpr ULONG explored_code = CTL_CODE(0x22, 0x801, METHOD_BUFFERED, FILE_ANY_ACCESS);

// With a lock, and a thread that completes what is in it.
struct ServedQueue {
    IO_CSQ csq{};
    LIST_ENTRY list{};
    KSPIN_LOCK spin_lock = 0;
    int completed[16] = {};
    int cancelled = 0;
    int served = 0;
    bool stop = false;

    static ServedQueue& of(IO_CSQ* csq) { return *CONTAINING_RECORD(csq, ServedQueue, csq); }
    static void NTAPI insert(IO_CSQ* csq, IRP* irp) { InsertTailList(&of(csq).list, &irp->Tail.Overlay.ListEntry); }
    static void NTAPI remove(IO_CSQ*, IRP* irp) { RemoveEntryList(&irp->Tail.Overlay.ListEntry); }
    static IRP* NTAPI peek(IO_CSQ* csq, IRP* after, PVOID) {
        LIST_ENTRY* next = after == nullptr ? of(csq).list.Flink : after->Tail.Overlay.ListEntry.Flink;
        return next == &of(csq).list ? nullptr : CONTAINING_RECORD(next, IRP, Tail.Overlay.ListEntry);
    }
    static void NTAPI lock(IO_CSQ* csq, KIRQL* old) { KeAcquireSpinLock(&of(csq).spin_lock, old); }
    static void NTAPI unlock(IO_CSQ* csq, KIRQL old) { KeReleaseSpinLock(&of(csq).spin_lock, old); }
    static void NTAPI cancel(IO_CSQ* csq, IRP* irp) {
        ++of(csq).cancelled;
        complete(irp, STATUS_CANCELLED);
    }
};

ServedQueue* the_queue = nullptr;

NTSTATUS NTAPI dispatch_queue(PDEVICE_OBJECT, PIRP irp) {
    if (IoGetCurrentIrpStackLocation(irp)->MajorFunction != IRP_MJ_DEVICE_CONTROL) {
        return complete(irp, STATUS_SUCCESS);
    }
    IoCsqInsertIrp(&the_queue->csq, irp, nullptr);
    return STATUS_PENDING;
}

void NTAPI serve(PVOID context) {
    auto& queue = *static_cast<ServedQueue*>(context);
    LARGE_INTEGER pause = milliseconds(16);
    while (!queue.stop) {
        if (IRP* irp = IoCsqRemoveNextIrp(&queue.csq, nullptr)) {
            ++queue.served;
            complete(irp, STATUS_SUCCESS);
        } else {
            KeDelayExecutionThread(KernelMode, FALSE, &pause);
        }
    }
}

void NTAPI count_completion(void* context, NTSTATUS, ULONG_PTR) {
    ++*static_cast<int*>(context);
}

void send_and_cancel(machine::Machine& machine, ServedQueue& queue) {
    FILE_OBJECT* file = nullptr;
    ASSERT_EQ(open_file(u"\\Device\\OpcQueue", nullptr, &file), STATUS_SUCCESS);
    ULONG number = 0;
    for (int i = 0; i < 16; ++i) {
        IRP* request = nullptr;
        start_device_control(file, explored_code, &number, 4, &number, 4, &count_completion, &queue.completed[i],
                             &request);
        machine.preemption_point();
        // The request may be gone by the time it is looked at: only the sender knows, from its callback.
        if (request != nullptr && queue.completed[i] == 0) {
            cancel_request(request);
        }
    }
    LARGE_INTEGER pause = milliseconds(100);
    KeDelayExecutionThread(KernelMode, FALSE, &pause);
    queue.stop = true;
    KeDelayExecutionThread(KernelMode, FALSE, &pause);
    close_file(file);
}

TEST(ExploreIrps, EveryRequestCompletesOnceWhoeverWins) {
    int cancelled = 0;
    int served = 0;
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
        machine::MachineConfig config;
        config.policy = machine::PolicyKind::random;
        config.seed = seed;
        machine::Machine machine(config);
        Kernel& kernel = install(machine);
        TestDriver driver(&dispatch_queue);
        ServedQueue queue;
        the_queue = &queue;
        queue.list = {&queue.list, &queue.list};
        const bool survived = machine.enter([&] {
            IoCsqInitialize(&queue.csq, &ServedQueue::insert, &ServedQueue::remove, &ServedQueue::peek,
                            &ServedQueue::lock, &ServedQueue::unlock, &ServedQueue::cancel);
            UNICODE_STRING name = unicode(u"\\Device\\OpcQueue");
            DEVICE_OBJECT* device = nullptr;
            IoCreateDevice(&driver.object, 0, &name, FILE_DEVICE_KS, 0, FALSE, &device);
            device->Flags &= ~static_cast<ULONG>(DO_DEVICE_INITIALIZING);
            HANDLE handle;
            PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, nullptr, nullptr, nullptr, &serve, &queue);
            ZwClose(handle);
            send_and_cancel(machine, queue);
        });
        ASSERT_TRUE(survived) << "seed " << seed << "\n" << machine.bugcheck_report()->to_text();
        for (const int count : queue.completed) {
            ASSERT_EQ(count, 1) << "seed " << seed;
        }
        ASSERT_EQ(kernel.irps.living(), 0U) << "seed " << seed;
        cancelled += queue.cancelled;
        served += queue.served;
    }
    EXPECT_GT(cancelled, 0);
    EXPECT_GT(served, 0) << "both ways were taken";
}

constexpr int asked_with_apcs = 16;

void NTAPI count_apc(PVOID count, PIO_STATUS_BLOCK, ULONG) {
    ++*static_cast<int*>(count);
}

// Asks by handle and waits for nothing but time, which the answers interrupt.
void ask_with_apcs(ServedQueue& queue) {
    UNICODE_STRING name = unicode(u"\\Device\\OpcQueue");
    OBJECT_ATTRIBUTES attributes;
    InitializeObjectAttributes(&attributes, &name, OBJ_KERNEL_HANDLE, nullptr, nullptr);
    HANDLE file = nullptr;
    IO_STATUS_BLOCK results[asked_with_apcs]{};
    ASSERT_EQ(ZwCreateFile(&file, GENERIC_READ, &attributes, &results[0], nullptr, 0, 0, FILE_OPEN, 0, nullptr, 0),
              STATUS_SUCCESS);
    ULONG number = 0;
    LARGE_INTEGER pause = milliseconds(16);
    for (int i = 0; i < asked_with_apcs; ++i) {
        ZwDeviceIoControlFile(file, nullptr, &count_apc, &queue.completed[i], &results[i], explored_code, &number, 4,
                              &number, 4);
        if (i % 4 == 3) {
            KeDelayExecutionThread(KernelMode, FALSE, &pause);
        }
    }
    pause = milliseconds(200);
    KeDelayExecutionThread(KernelMode, FALSE, &pause);
    queue.stop = true;
    KeDelayExecutionThread(KernelMode, FALSE, &pause);
    ZwClose(file);
}

// Shows no row: it is about the interleavings.
TEST(ExploreIrps, EveryApcRunsOnceWhereverItsThreadIs) {
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
        machine::MachineConfig config;
        config.policy = machine::PolicyKind::random;
        config.seed = seed;
        machine::Machine machine(config);
        Kernel& kernel = install(machine);
        TestDriver driver(&dispatch_queue);
        ServedQueue queue;
        the_queue = &queue;
        queue.list = {&queue.list, &queue.list};
        const bool survived = machine.enter([&] {
            IoCsqInitialize(&queue.csq, &ServedQueue::insert, &ServedQueue::remove, &ServedQueue::peek,
                            &ServedQueue::lock, &ServedQueue::unlock, &ServedQueue::cancel);
            UNICODE_STRING name = unicode(u"\\Device\\OpcQueue");
            DEVICE_OBJECT* device = nullptr;
            IoCreateDevice(&driver.object, 0, &name, FILE_DEVICE_KS, 0, FALSE, &device);
            device->Flags &= ~static_cast<ULONG>(DO_DEVICE_INITIALIZING);
            for (int server = 0; server < 2; ++server) {
                HANDLE handle;
                PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, nullptr, nullptr, nullptr, &serve, &queue);
                ZwClose(handle);
            }
            ask_with_apcs(queue);
        });
        ASSERT_TRUE(survived) << "seed " << seed << "\n" << machine.bugcheck_report()->to_text();
        for (const int count : queue.completed) {
            ASSERT_EQ(count, 1) << "seed " << seed;
        }
        ASSERT_EQ(kernel.irps.living(), 0U) << "seed " << seed;
    }
}

struct Timed {
    int calls = 0;
    int deleted = 0;
    bool gone = false;
    bool late = false;
};
void NTAPI timed(PEX_TIMER, PVOID context) {
    auto* state = static_cast<Timed*>(context);
    machine::Machine::current().preemption_point();
    state->late |= state->gone;
    ++state->calls;
}
void NTAPI deleted(PVOID context) {
    ++static_cast<Timed*>(context)->deleted;
}

TEST(ExploreTimers, NoCallbackAfterAWaitedDeletion) {
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        machine::MachineConfig config;
        config.policy = machine::PolicyKind::random;
        config.seed = seed;
        machine::Machine machine(config);
        Kernel& kernel = install(machine);
        Timed state;
        const bool survived = machine.enter([&] {
            PEX_TIMER timer = ExAllocateTimer(&timed, &state, EX_TIMER_HIGH_RESOLUTION);
            ExSetTimer(timer, -10, 10, nullptr);
            for (std::uint64_t i = 0; i < 20 + seed; ++i) {
                KeQueryPerformanceCounter(nullptr);
            }
            EXT_DELETE_PARAMETERS parameters;
            ExInitializeDeleteTimerParameters(&parameters);
            parameters.DeleteCallback = &deleted;
            parameters.DeleteContext = &state;
            ExDeleteTimer(timer, TRUE, TRUE, &parameters);
            state.gone = true;
            machine.run_for(1'000'000);
        });
        ASSERT_TRUE(survived) << "seed " << seed << "\n" << machine.bugcheck_report()->to_text();
        EXPECT_FALSE(state.late) << "seed " << seed;
        EXPECT_EQ(state.deleted, 1) << "seed " << seed;
        EXPECT_GT(state.calls, 0) << "seed " << seed;
        EXPECT_EQ(kernel.pool.usage().blocks, 0U) << "seed " << seed;
    }
}

} // namespace
} // namespace openportcls::executive
