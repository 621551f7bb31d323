// What a stopped KMDF I/O target is sent: "While stopped, an I/O target continues to accept new requests but does not
// deliver" them (nf-wdfiotarget-wdfiotargetstop).
#include "kmdf_fixture.h"

namespace openportcls::pnp::kmdf {
namespace {

class KmdfStopped : public Kmdf {
protected:
    struct Sent {
        WDFREQUEST request = nullptr;
        WDFMEMORY memory = nullptr;
        ULONG* number = nullptr;
        std::vector<NTSTATUS> completions;
        unsigned place = 0; // among all that have completed
    };
    static VOID NTAPI on_done(WDFREQUEST, WDFIOTARGET, PWDF_REQUEST_COMPLETION_PARAMS parameters, PVOID context) {
        static_cast<Sent*>(context)->completions.push_back(parameters->IoStatus.Status);
        static_cast<Sent*>(context)->place = ++completed;
    }
    void stop(WDF_IO_TARGET_SENT_IO_ACTION action = WdfIoTargetLeaveSentIoPending) {
        target_ = target_ != nullptr ? target_ : open_target();
        WdfIoTargetStop(target_, action);
        ASSERT_EQ(WdfIoTargetGetState(target_), WdfIoTargetStopped);
        completed = 0;
    }
    bool send(Sent& sent, ULONG code = buffered_code, ULONG flags = 0, LONGLONG timeout = 0) {
        EXPECT_EQ(WdfRequestCreate(nullptr, target_, &sent.request), STATUS_SUCCESS);
        PVOID buffer = nullptr;
        EXPECT_EQ(WdfMemoryCreate(nullptr, NonPagedPoolNx, 0, sizeof(ULONG), &sent.memory, &buffer), STATUS_SUCCESS);
        sent.number = static_cast<ULONG*>(buffer);
        *sent.number = 5;
        EXPECT_EQ(
            WdfIoTargetFormatRequestForIoctl(target_, sent.request, code, sent.memory, nullptr, sent.memory, nullptr),
            STATUS_SUCCESS);
        WdfRequestSetCompletionRoutine(sent.request, on_done, &sent);
        WDF_REQUEST_SEND_OPTIONS options;
        WDF_REQUEST_SEND_OPTIONS_INIT(&options, flags);
        if (timeout != 0) {
            WDF_REQUEST_SEND_OPTIONS_SET_TIMEOUT(&options, timeout);
        }
        return WdfRequestSend(sent.request, target_, &options) != FALSE;
    }
    static void expect_waiting(const Sent& sent) {
        EXPECT_TRUE(sent.completions.empty());
        EXPECT_EQ(WdfRequestGetStatus(sent.request), STATUS_PENDING);
        EXPECT_EQ(*sent.number, 5U);
    }
    static void expect_cancelled(const Sent& sent) {
        EXPECT_EQ(sent.completions, std::vector<NTSTATUS>{STATUS_CANCELLED});
        EXPECT_EQ(*sent.number, 5U) << "the device has never seen it";
    }

    static inline unsigned completed = 0;
    WDFIOTARGET target_ = nullptr;
};

TEST_F(KmdfStopped, RequestsWaitForTheStartInOrder) {
    inside([&] {
        stop();
        Sent first;
        Sent second;
        ASSERT_TRUE(send(first));
        ASSERT_TRUE(send(second));
        expect_waiting(first);
        expect_waiting(second);
        EXPECT_EQ(WdfIoTargetStart(target_), STATUS_SUCCESS);
        EXPECT_EQ(first.completions, std::vector<NTSTATUS>{STATUS_SUCCESS});
        EXPECT_EQ(second.completions, std::vector<NTSTATUS>{STATUS_SUCCESS});
        EXPECT_LT(first.place, second.place);
        EXPECT_EQ(*first.number, 6U);
        EXPECT_EQ(*second.number, 6U);
        EXPECT_EQ(WdfIoTargetStart(target_), STATUS_SUCCESS);
        EXPECT_EQ(completed, 2U);
    });
}

TEST_F(KmdfStopped, ASynchronousSenderWaitsToo) {
    inside([&] {
        stop();
        struct Starter {
            WDFIOTARGET target;
            KTIMER timer;
            KDPC dpc;
            static VOID NTAPI start(PKDPC, PVOID context, PVOID, PVOID) {
                EXPECT_EQ(WdfIoTargetStart(static_cast<Starter*>(context)->target), STATUS_SUCCESS);
            }
        } starter{target_, {}, {}};
        KeInitializeTimer(&starter.timer);
        KeInitializeDpc(&starter.dpc, Starter::start, &starter);
        LARGE_INTEGER due;
        due.QuadPart = -30'000;
        KeSetTimer(&starter.timer, due, &starter.dpc);
        Sent sent;
        const LONGLONG before = static_cast<LONGLONG>(KeQueryInterruptTime());
        EXPECT_TRUE(send(sent, buffered_code, WDF_REQUEST_SEND_OPTION_SYNCHRONOUS));
        EXPECT_GE(static_cast<LONGLONG>(KeQueryInterruptTime()) - before, 30'000);
        EXPECT_EQ(WdfRequestGetStatus(sent.request), STATUS_SUCCESS);
        EXPECT_EQ(*sent.number, 6U);
    });
}

TEST_F(KmdfStopped, WhatWaitsIsCancelledByItsSenderOrItsTimeOut) {
    inside([&] {
        stop();
        Sent cancelled;
        Sent late;
        ASSERT_TRUE(send(cancelled));
        ASSERT_TRUE(send(late, buffered_code, 0, WDF_REL_TIMEOUT_IN_MS(5)));
        EXPECT_TRUE(WdfRequestCancelSentRequest(cancelled.request));
        expect_cancelled(cancelled);
        EXPECT_FALSE(WdfRequestCancelSentRequest(cancelled.request));
        LARGE_INTEGER time;
        time.QuadPart = -100'000;
        KeDelayExecutionThread(KernelMode, FALSE, &time);
        EXPECT_EQ(late.completions, std::vector<NTSTATUS>{STATUS_IO_TIMEOUT});
        EXPECT_EQ(WdfIoTargetStart(target_), STATUS_SUCCESS);
        EXPECT_EQ(completed, 2U);
    });
}

TEST_F(KmdfStopped, StoppingAgainPurgingAndClosingCancelWhatWaits) {
    inside([&] {
        for (unsigned way = 0; way < 4; ++way) {
            stop();
            Sent sent;
            ASSERT_TRUE(send(sent));
            stop();
            expect_waiting(sent);
            if (way == 0) {
                WdfIoTargetStop(target_, WdfIoTargetCancelSentIo);
            } else if (way == 1) {
                WdfIoTargetPurge(target_, WdfIoTargetPurgeIo);
            } else if (way == 2) {
                WdfIoTargetClose(target_);
            } else {
                WdfObjectDelete(target_);
            }
            expect_cancelled(sent);
            if (way == 2) {
                target_ = nullptr;
            }
        }
    });
}

// "the framework does not attempt to cancel or wait for" such requests when it stops or purges; a close does.
TEST_F(KmdfStopped, WhoIgnoresTheStateIsNotHeldUp) {
    inside([&] {
        stop();
        Sent sent;
        ASSERT_TRUE(send(sent, buffered_code, WDF_REQUEST_SEND_OPTION_IGNORE_TARGET_STATE));
        EXPECT_EQ(*sent.number, 6U);
        Sent held;
        ASSERT_TRUE(send(held, pending_code, WDF_REQUEST_SEND_OPTION_IGNORE_TARGET_STATE));
        WdfIoTargetStop(target_, WdfIoTargetCancelSentIo);
        WdfIoTargetStop(target_, WdfIoTargetWaitForSentIoToComplete);
        expect_waiting(held);
        WdfIoTargetPurge(target_, WdfIoTargetPurgeIoAndWait);
        expect_waiting(held);
        Sent refused;
        EXPECT_FALSE(send(refused));
        EXPECT_EQ(WdfRequestGetStatus(refused.request), STATUS_INVALID_DEVICE_STATE);
        Sent purged;
        EXPECT_TRUE(send(purged, buffered_code, WDF_REQUEST_SEND_OPTION_IGNORE_TARGET_STATE));
        EXPECT_EQ(*purged.number, 6U);
        WdfIoTargetClose(target_);
        expect_cancelled(held);
        Sent closed;
        EXPECT_FALSE(send(closed, buffered_code, WDF_REQUEST_SEND_OPTION_IGNORE_TARGET_STATE));
    });
}

// nf-wdfrequest-wdfrequestallocatetimer: to be called before a request with a time-out is sent.
TEST_F(KmdfStopped, ATimerIsThereAlready) {
    inside([&] {
        stop();
        Sent sent;
        ASSERT_TRUE(send(sent));
        EXPECT_EQ(WdfRequestAllocateTimer(sent.request), STATUS_SUCCESS);
    });
    expect_bugcheck(0x10D, "no living object", [&] { WdfRequestAllocateTimer(reinterpret_cast<WDFREQUEST>(this)); });
}

// Who deletes a request that waits hears nothing of it, and the rest goes on.
TEST_F(KmdfStopped, ADeletedRequestMayWait) {
    inside([&] {
        stop();
        Sent deleted;
        Sent other;
        ASSERT_TRUE(send(deleted));
        ASSERT_TRUE(send(other));
        WdfObjectDelete(deleted.request);
        EXPECT_EQ(WdfIoTargetStart(target_), STATUS_SUCCESS);
        EXPECT_EQ(other.completions, std::vector<NTSTATUS>{STATUS_SUCCESS});
    });
}

} // namespace
} // namespace openportcls::pnp::kmdf
