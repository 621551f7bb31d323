// RtlRunOnce…: one initialization, whoever comes first.
#include "executive/tests/fixture.h"

namespace openportcls::executive {
namespace {

using RunOnce = ExecutiveTest;

ULONG NTAPI initialize(PRTL_RUN_ONCE, PVOID parameter, PVOID* context) {
    auto* calls = static_cast<int*>(parameter);
    EXPECT_TRUE(KeAreApcsDisabled());
    *context = calls;
    return ++*calls != 1; // the first attempt fails
}

TEST_F(RunOnce, ExecutesUntilItSucceedsAndThenNeverAgain) {
    inside([&] {
        RTL_RUN_ONCE once = RTL_RUN_ONCE_INIT;
        alignas(8) int calls = 0;
        PVOID context = nullptr;
        EXPECT_EQ(RtlRunOnceExecuteOnce(&once, &initialize, &calls, &context), STATUS_UNSUCCESSFUL);
        EXPECT_EQ(RtlRunOnceExecuteOnce(&once, &initialize, &calls, &context), STATUS_SUCCESS);
        EXPECT_EQ(context, &calls);
        context = nullptr;
        EXPECT_EQ(RtlRunOnceExecuteOnce(&once, &initialize, &calls, &context), STATUS_SUCCESS);
        EXPECT_EQ(context, &calls);
        EXPECT_EQ(calls, 2);
    });
}

struct Initialization {
    RTL_RUN_ONCE once;
    PVOID seen = nullptr;
    NTSTATUS result = -1;
};
void NTAPI begin(PVOID parameter) {
    auto* shared = static_cast<Initialization*>(parameter);
    shared->result = RtlRunOnceBeginInitialize(&shared->once, 0, &shared->seen);
}

TEST_F(RunOnce, OthersWaitForTheOneThatBegan) {
    inside([&] {
        alignas(8) static int data;
        Initialization shared;
        RtlRunOnceInitialize(&shared.once);
        PVOID context = nullptr;
        EXPECT_EQ(RtlRunOnceBeginInitialize(&shared.once, RTL_RUN_ONCE_CHECK_ONLY, &context), STATUS_UNSUCCESSFUL);
        EXPECT_EQ(RtlRunOnceBeginInitialize(&shared.once, 0, &context), STATUS_PENDING);
        HANDLE handle;
        PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, nullptr, nullptr, nullptr, &begin, &shared);
        machine.run_for(1'000'000);
        EXPECT_EQ(shared.result, -1) << "it waits";
        EXPECT_EQ(RtlRunOnceComplete(&shared.once, 0, reinterpret_cast<PVOID>(1)), STATUS_INVALID_PARAMETER)
            << "two bits of the context are reserved";
        EXPECT_EQ(RtlRunOnceComplete(&shared.once, 0, &data), STATUS_SUCCESS);
        ZwWaitForSingleObject(handle, FALSE, nullptr);
        ZwClose(handle);
        EXPECT_EQ(shared.result, STATUS_SUCCESS);
        EXPECT_EQ(shared.seen, &data);
        EXPECT_EQ(RtlRunOnceComplete(&shared.once, 0, &data), STATUS_UNSUCCESSFUL) << "done already";
    });
}

TEST_F(RunOnce, AttemptsSideBySideAndTheFirstCounts) {
    inside([&] {
        alignas(8) static int first;
        alignas(8) static int second;
        RTL_RUN_ONCE once = RTL_RUN_ONCE_INIT;
        PVOID context = nullptr;
        EXPECT_EQ(RtlRunOnceBeginInitialize(&once, RTL_RUN_ONCE_ASYNC, &context), STATUS_PENDING);
        EXPECT_EQ(RtlRunOnceBeginInitialize(&once, RTL_RUN_ONCE_ASYNC, &context), STATUS_PENDING);
        EXPECT_EQ(RtlRunOnceBeginInitialize(&once, 0, &context), STATUS_INVALID_PARAMETER)
            << "once asynchronous, always";
        EXPECT_EQ(RtlRunOnceComplete(&once, RTL_RUN_ONCE_ASYNC, &first), STATUS_SUCCESS);
        EXPECT_EQ(RtlRunOnceComplete(&once, RTL_RUN_ONCE_ASYNC, &second), STATUS_UNSUCCESSFUL);
        EXPECT_EQ(RtlRunOnceBeginInitialize(&once, RTL_RUN_ONCE_CHECK_ONLY, &context), STATUS_SUCCESS);
        EXPECT_EQ(context, &first);
    });
}

} // namespace
} // namespace openportcls::executive
