// A driver asks a device by handle (ZwDeviceIoControlFile, ZwReadFile, ZwWriteFile): what says that it is complete.
#include "executive/tests/io_fixture.h"

#include <ntifs.h>

namespace openportcls::executive {

namespace {

constexpr ULONG asynchronous = 0;
constexpr ULONG synchronous = FILE_SYNCHRONOUS_IO_NONALERT;
constexpr machine::Nanoseconds pending_time = 20'000'000; // pend_code, and a clock interrupt at most

// An APC routine's calls.
struct Apc {
    ULONG calls = 0;
    KIRQL irql = HIGH_LEVEL;
    PIO_STATUS_BLOCK result = nullptr;
    PKTHREAD thread = nullptr;
    machine::Nanoseconds time = 0;
    PKEVENT sets = nullptr;
    PKEVENT waits_for = nullptr;

    static void NTAPI run(PVOID context, PIO_STATUS_BLOCK result, ULONG) {
        auto& self = *static_cast<Apc*>(context);
        ++self.calls;
        self.irql = KeGetCurrentIrql();
        self.result = result;
        self.thread = KeGetCurrentThread();
        self.time = machine::Machine::current().now();
        if (self.waits_for != nullptr) {
            LARGE_INTEGER soon = milliseconds(5);
            KeWaitForSingleObject(self.waits_for, Executive, KernelMode, FALSE, &soon);
        }
        if (self.sets != nullptr) {
            KeSetEvent(self.sets, 0, FALSE);
        }
    }
    static void NTAPI raise(PVOID, PIO_STATUS_BLOCK, ULONG) {
        KIRQL old;
        KeRaiseIrql(DISPATCH_LEVEL, &old);
    }
};

class ZwRequests : public Io {
public:
    template<class Function>
    void with_file(ULONG options, Function&& function) {
        inside([&] {
            UNICODE_STRING name = unicode(u"\\Device\\OpcTest");
            OBJECT_ATTRIBUTES attributes;
            InitializeObjectAttributes(&attributes, &name, OBJ_KERNEL_HANDLE, nullptr, nullptr);
            ASSERT_EQ(ZwCreateFile(&file_, GENERIC_READ | GENERIC_WRITE | SYNCHRONIZE, &attributes, &status_, nullptr,
                                   0, 0, FILE_OPEN, options, nullptr, 0),
                      STATUS_SUCCESS);
            ASSERT_EQ(ZwCreateEvent(&event_, EVENT_ALL_ACCESS, nullptr, NotificationEvent, TRUE), STATUS_SUCCESS);
            status_ = {};
            function();
            ZwClose(event_);
            ZwClose(file_);
        });
    }
    NTSTATUS ask(ULONG code, HANDLE event = nullptr, Apc* apc = nullptr) {
        return ZwDeviceIoControlFile(file_, event, apc != nullptr ? &Apc::run : nullptr, apc, &status_, code, &value_,
                                     sizeof value_, &value_, sizeof value_);
    }
    bool is_signalled(HANDLE handle) {
        LARGE_INTEGER now{};
        return ZwWaitForSingleObject(handle, FALSE, &now) == STATUS_SUCCESS;
    }
    void expect_result() {
        EXPECT_EQ(status_.Status, STATUS_SUCCESS);
        EXPECT_EQ(status_.Information, sizeof value_);
    }

    HANDLE file_ = nullptr;
    HANDLE event_ = nullptr; // signalled
    IO_STATUS_BLOCK status_{};
    ULONG value_ = 1;
};

TEST_F(ZwRequests, TheEventSaysWhenAnAsynchronousOneIsComplete) {
    with_file(asynchronous, [&] {
        EXPECT_EQ(ask(pend_code, event_), STATUS_PENDING);
        EXPECT_FALSE(is_signalled(event_)) << "cleared first";
        EXPECT_EQ(ZwWaitForSingleObject(event_, FALSE, nullptr), STATUS_SUCCESS);
        expect_result();
        EXPECT_GE(machine.now(), pending_time);
        EXPECT_FALSE(is_signalled(file_)) << "the event does it";
    });
}

TEST_F(ZwRequests, WithoutAnEventTheFileDoes) {
    with_file(asynchronous, [&] {
        for (int round = 0; round < 2; ++round) { // cleared each time
            EXPECT_EQ(ask(pend_code), STATUS_PENDING);
            EXPECT_FALSE(is_signalled(file_));
            EXPECT_EQ(ZwWaitForSingleObject(file_, FALSE, nullptr), STATUS_SUCCESS);
            expect_result();
        }
    });
}

TEST_F(ZwRequests, ASynchronousFileIsWaitedFor) {
    with_file(synchronous, [&] {
        EXPECT_EQ(ask(pend_code, event_), STATUS_SUCCESS);
        EXPECT_GE(machine.now(), pending_time);
        expect_result();
        EXPECT_TRUE(is_signalled(event_));
        EXPECT_TRUE(is_signalled(file_));
    });
}

TEST_F(ZwRequests, TheFileMayBeClosedMeanwhile) {
    with_file(asynchronous, [&] {
        EXPECT_EQ(ask(pend_code, event_), STATUS_PENDING);
        ZwClose(file_);
        EXPECT_EQ(device.majors.back(), IRP_MJ_CLEANUP);
        EXPECT_EQ(ZwWaitForSingleObject(event_, FALSE, nullptr), STATUS_SUCCESS);
        machine.run_for(1'000'000);
        EXPECT_EQ(device.majors.back(), IRP_MJ_CLOSE) << "after the request";
        file_ = nullptr;
    });
}

TEST_F(ZwRequests, ReadsAndWritesAreTheKernels) {
    for (const ULONG options : {asynchronous, synchronous}) {
        with_file(options, [&] {
            char bytes[4]{};
            EXPECT_EQ(ZwReadFile(file_, event_, nullptr, nullptr, &status_, bytes, sizeof bytes, nullptr, nullptr),
                      STATUS_SUCCESS);
            EXPECT_EQ(device.requestor_mode, KernelMode);
            EXPECT_EQ(status_.Information, 2U);
            EXPECT_EQ(std::string(bytes, 2), "rr");
            EXPECT_TRUE(is_signalled(event_));
            device.requestor_mode = UserMode;
            EXPECT_EQ(ZwWriteFile(file_, nullptr, nullptr, nullptr, &status_, bytes, sizeof bytes, nullptr, nullptr),
                      STATUS_SUCCESS);
            EXPECT_EQ(device.requestor_mode, KernelMode);
            EXPECT_TRUE(is_signalled(file_));
        });
    }
}

// ---- APC routines: "Types of APCs", normal kernel APCs ------------------------------------------------------------

TEST_F(ZwRequests, AnApcRoutineIsCalledBeforeTheRequestReturnsThatIsCompleteAtOnce) {
    for (const ULONG options : {asynchronous, synchronous}) {
        with_file(options, [&] {
            Apc apc;
            EXPECT_EQ(ask(buffered_code, nullptr, &apc), STATUS_SUCCESS);
            EXPECT_EQ(apc.calls, 1U);
            EXPECT_EQ(apc.irql, PASSIVE_LEVEL);
            EXPECT_EQ(apc.result, &status_);
            EXPECT_EQ(apc.thread, KeGetCurrentThread());
            char byte = 0;
            EXPECT_EQ(ZwReadFile(file_, nullptr, &Apc::run, &apc, &status_, &byte, 1, nullptr, nullptr),
                      STATUS_SUCCESS);
            EXPECT_EQ(apc.calls, 2U);
            EXPECT_EQ(ZwWriteFile(file_, nullptr, &Apc::run, &apc, &status_, &byte, 1, nullptr, nullptr),
                      STATUS_SUCCESS);
            EXPECT_EQ(apc.calls, 3U);
        });
    }
}

// "Waits and APCs": the system interrupts and resumes the wait internally.
TEST_F(ZwRequests, AnApcRoutineInterruptsAWaitWhichGoesOn) {
    with_file(asynchronous, [&] {
        Apc apc;
        KEVENT never;
        KeInitializeEvent(&never, NotificationEvent, FALSE);
        EXPECT_EQ(ask(pend_code, nullptr, &apc), STATUS_PENDING);
        EXPECT_EQ(apc.calls, 0U);
        LARGE_INTEGER long_time = milliseconds(100);
        EXPECT_EQ(KeWaitForSingleObject(&never, Executive, KernelMode, FALSE, &long_time), STATUS_TIMEOUT);
        EXPECT_EQ(apc.calls, 1U);
        expect_result();
        EXPECT_LT(apc.time, 2 * pending_time);
        EXPECT_GE(machine.now(), 100'000'000);
    });
}

TEST_F(ZwRequests, AnApcRoutineMayEndTheWaitThatItInterrupts) {
    with_file(asynchronous, [&] {
        Apc apc;
        KEVENT never;
        KEVENT done;
        KeInitializeEvent(&never, NotificationEvent, FALSE);
        KeInitializeEvent(&done, SynchronizationEvent, FALSE);
        apc.sets = &done;
        apc.waits_for = &never; // waits itself
        PVOID objects[] = {&never, &done};
        EXPECT_EQ(ask(pend_code, nullptr, &apc), STATUS_PENDING);
        EXPECT_EQ(KeWaitForMultipleObjects(2, objects, WaitAny, Executive, KernelMode, FALSE, nullptr, nullptr),
                  STATUS_WAIT_1);
        EXPECT_EQ(apc.calls, 1U);
    });
}

TEST_F(ZwRequests, AnApcRoutineInterruptsADelayOnceAndNoLaterOne) {
    with_file(asynchronous, [&] {
        Apc apc;
        EXPECT_EQ(ask(pend_code, nullptr, &apc), STATUS_PENDING);
        for (int round = 0; round < 3; ++round) {
            LARGE_INTEGER time = milliseconds(100);
            KeDelayExecutionThread(KernelMode, FALSE, &time);
            EXPECT_EQ(apc.calls, 1U);
        }
        EXPECT_LT(apc.time, 100'000'000);
    });
}

// "Disabling APCs"
TEST_F(ZwRequests, AnApcRoutineWaitsForTheEndOfACriticalRegion) {
    with_file(asynchronous, [&] {
        Apc apc;
        KeEnterCriticalRegion();
        EXPECT_EQ(ask(buffered_code, nullptr, &apc), STATUS_SUCCESS);
        LARGE_INTEGER time = milliseconds(30);
        KeDelayExecutionThread(KernelMode, FALSE, &time);
        EXPECT_EQ(apc.calls, 0U);
        KeLeaveCriticalRegion();
        EXPECT_EQ(apc.calls, 1U);
    });
}

TEST_F(ZwRequests, AnApcRoutineThatRaisesTheIrqlIsReported) {
    expect_bugcheck(0xC8, "An APC routine", [&] {
        UNICODE_STRING name = unicode(u"\\Device\\OpcTest");
        OBJECT_ATTRIBUTES attributes;
        InitializeObjectAttributes(&attributes, &name, OBJ_KERNEL_HANDLE, nullptr, nullptr);
        ZwCreateFile(&file_, GENERIC_READ, &attributes, &status_, nullptr, 0, 0, FILE_OPEN, 0, nullptr, 0);
        ZwDeviceIoControlFile(file_, nullptr, &Apc::raise, nullptr, &status_, buffered_code, &value_, sizeof value_,
                              &value_, sizeof value_);
    });
}

// The thread that asked has ended when the answer comes: nobody is left to call.
TEST_F(ZwRequests, AnApcOfAThreadThatHasEndedIsNotCalled) {
    with_file(asynchronous, [&] {
        struct Asker {
            ZwRequests* test;
            Apc apc;
            static void NTAPI run(PVOID context) {
                auto& self = *static_cast<Asker*>(context);
                EXPECT_EQ(self.test->ask(pend_code, nullptr, &self.apc), STATUS_PENDING);
            }
        } asker{this, {}};
        HANDLE thread = nullptr;
        ASSERT_EQ(PsCreateSystemThread(&thread, THREAD_ALL_ACCESS, nullptr, nullptr, nullptr, &Asker::run, &asker),
                  STATUS_SUCCESS);
        EXPECT_EQ(ZwWaitForSingleObject(thread, FALSE, nullptr), STATUS_SUCCESS);
        ZwClose(thread);
        EXPECT_EQ(ZwWaitForSingleObject(file_, FALSE, nullptr), STATUS_SUCCESS);
        expect_result();
        LARGE_INTEGER time = milliseconds(30);
        KeDelayExecutionThread(KernelMode, FALSE, &time);
        EXPECT_EQ(asker.apc.calls, 0U);
    });
}

} // namespace

} // namespace openportcls::executive
