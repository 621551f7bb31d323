// DPCs: importance, targets, flushing; processors.
#include "executive/tests/fixture.h"

namespace openportcls::executive {
namespace {

using KeDpcs = ExecutiveTest;

struct Order {
    std::vector<int> ran;
    std::vector<ULONG> processors;
};

struct NumberedDpc {
    KDPC dpc;
    Order* order;
    int number;
};

void NTAPI note(PKDPC, PVOID context, PVOID, PVOID) {
    auto* numbered = static_cast<NumberedDpc*>(context);
    numbered->order->ran.push_back(numbered->number);
    numbered->order->processors.push_back(KeGetCurrentProcessorNumberEx(nullptr));
}

void initialize(NumberedDpc& dpc, Order& order, int number) {
    KeInitializeDpc(&dpc.dpc, &note, &dpc);
    dpc.order = &order;
    dpc.number = number;
}

// KeSetImportanceDpc: high importance goes to the head of the queue, the others to its end.
TEST_F(KeDpcs, ImportanceDecidesThePlaceInTheQueue) {
    Order order;
    NumberedDpc dpcs[4];
    inside([&] {
        const KDPC_IMPORTANCE importance[] = {MediumImportance, HighImportance, MediumHighImportance, HighImportance};
        for (int i = 0; i < 4; ++i) {
            initialize(dpcs[i], order, i);
            KeSetImportanceDpc(&dpcs[i].dpc, importance[i]);
        }
        const KIRQL old = KeRaiseIrqlToDpcLevel();
        for (NumberedDpc& dpc : dpcs) {
            EXPECT_TRUE(KeInsertQueueDpc(&dpc.dpc, nullptr, nullptr));
        }
        EXPECT_TRUE(KeShouldYieldProcessor());
        KeLowerIrql(old);
        EXPECT_FALSE(KeShouldYieldProcessor());
    });
    EXPECT_EQ(order.ran, (std::vector<int>{3, 1, 0, 2}));
}

TEST_F(KeDpcs, LowImportanceIsNotForgotten) {
    Order order;
    NumberedDpc dpc;
    inside([&] {
        initialize(dpc, order, 1);
        KeSetImportanceDpc(&dpc.dpc, LowImportance);
        KeInsertQueueDpc(&dpc.dpc, nullptr, nullptr);
        machine.settle();
    });
    EXPECT_EQ(order.ran.size(), 1U);
}

TEST_F(KeDpcs, TargetsRunThere) {
    Order order;
    NumberedDpc dpcs[2];
    inside([&] {
        initialize(dpcs[0], order, 0);
        initialize(dpcs[1], order, 1);
        KeSetTargetProcessorDpc(&dpcs[0].dpc, 1);
        PROCESSOR_NUMBER first{0, 0, 0};
        EXPECT_EQ(KeSetTargetProcessorDpcEx(&dpcs[1].dpc, &first), STATUS_SUCCESS);
        PROCESSOR_NUMBER beyond{0, 63, 0};
        EXPECT_EQ(KeSetTargetProcessorDpcEx(&dpcs[1].dpc, &beyond), STATUS_INVALID_PARAMETER);
        beyond = {1, 0, 0};
        EXPECT_EQ(KeSetTargetProcessorDpcEx(&dpcs[1].dpc, &beyond), STATUS_INVALID_PARAMETER);
        KeInsertQueueDpc(&dpcs[0].dpc, nullptr, nullptr);
        KeFlushQueuedDpcs();
        KeInsertQueueDpc(&dpcs[1].dpc, nullptr, nullptr);
        KeFlushQueuedDpcs();
    });
    EXPECT_EQ(order.ran, (std::vector<int>{0, 1}));
    EXPECT_EQ(order.processors, (std::vector<ULONG>{1, 0}));
}

// KeFlushQueuedDpcs returns when everything that was queued before, on any processor, has run to its end.
TEST_F(KeDpcs, FlushWaitsForEveryProcessor) {
    Order order;
    NumberedDpc dpcs[6];
    inside([&] {
        for (int i = 0; i < 6; ++i) {
            initialize(dpcs[i], order, i);
            KeSetTargetProcessorDpc(&dpcs[i].dpc, static_cast<CCHAR>(i % 2));
            KeSetImportanceDpc(&dpcs[i].dpc, LowImportance);
            KeInsertQueueDpc(&dpcs[i].dpc, nullptr, nullptr);
        }
        KeFlushQueuedDpcs();
        EXPECT_EQ(order.ran.size(), 6U);
        KeFlushQueuedDpcs();
    });
    expect_bugcheck(0x0A, "KeFlushQueuedDpcs may be called at PASSIVE_LEVEL", [&] {
        KeRaiseIrqlToDpcLevel();
        KeFlushQueuedDpcs();
    });
}

struct DpcState {
    BOOLEAN executing = FALSE;
    NTSTATUS watchdog = 0;
};
void NTAPI look(PKDPC, PVOID context, PVOID, PVOID) {
    auto* state = static_cast<DpcState*>(context);
    KDPC_WATCHDOG_INFORMATION information;
    state->executing = KeIsExecutingDpc();
    state->watchdog = KeQueryDpcWatchdogInformation(&information);
}

TEST_F(KeDpcs, KnowThatTheyAre) {
    inside([&] {
        DpcState state;
        KDPC dpc;
        KeInitializeDpc(&dpc, &look, &state);
        EXPECT_FALSE(KeIsExecutingDpc());
        KDPC_WATCHDOG_INFORMATION information;
        EXPECT_EQ(KeQueryDpcWatchdogInformation(&information), STATUS_UNSUCCESSFUL);
        KeInsertQueueDpc(&dpc, nullptr, nullptr);
        KeFlushQueuedDpcs();
        EXPECT_TRUE(state.executing);
        EXPECT_EQ(state.watchdog, STATUS_SUCCESS);
    });
    expect_bugcheck(0xC7, "KeInitializeDpc", [&] {
        KDPC dpc{};
        KeInsertQueueDpc(&dpc, nullptr, nullptr);
    });
}

TEST_F(KeDpcs, ProcessorsAreCountedAndNumbered) {
    inside([&] {
        KAFFINITY active = 0;
        EXPECT_EQ(KeQueryActiveProcessorCount(&active), 2U);
        EXPECT_EQ(active, 3U);
        EXPECT_EQ(KeQueryActiveProcessorCountEx(ALL_PROCESSOR_GROUPS), 2U);
        EXPECT_EQ(KeQueryActiveProcessorCountEx(1), 0U);
        EXPECT_EQ(KeQueryGroupAffinity(0), 3U);
        EXPECT_EQ(KeQueryGroupAffinity(1), 0U);
        EXPECT_EQ(KeQueryMaximumGroupCount(), 1);
        PROCESSOR_NUMBER number;
        EXPECT_EQ(KeGetProcessorNumberFromIndex(1, &number), STATUS_SUCCESS);
        EXPECT_EQ(KeGetProcessorIndexFromNumber(&number), 1U);
        EXPECT_EQ(KeGetProcessorNumberFromIndex(2, &number), STATUS_INVALID_PARAMETER);
    });
}

ULONG_PTR NTAPI on_every_processor(ULONG_PTR context) {
    EXPECT_EQ(KeGetCurrentIrql(), IPI_LEVEL);
    return ++*reinterpret_cast<ULONG_PTR*>(context);
}

TEST_F(KeDpcs, InterProcessorCallsRunOnAll) {
    inside([&] {
        ULONG_PTR count = 0;
        KeIpiGenericCall(&on_every_processor, reinterpret_cast<ULONG_PTR>(&count));
        EXPECT_EQ(count, 2U);
        EXPECT_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
    });
}

} // namespace
} // namespace openportcls::executive
