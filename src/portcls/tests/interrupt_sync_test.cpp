// R-INT-01 to R-INT-07.
#include <string>
#include <vector>

#include "helper_fixture.h"

namespace openportcls::portcls {
namespace {

constexpr ULONG vector = 0x51;
constexpr KIRQL level = 7;

class InterruptSyncTest : public HelperTest {
protected:
    struct Routine {
        InterruptSyncTest* test;
        char name;
        std::vector<NTSTATUS> answers; // the last one repeats
        std::size_t calls = 0;
    };

    ComPointer<IInterruptSync> make(INTERRUPTSYNCMODE mode, bool latched = true) {
        ResourceListStorage storage;
        storage.add_interrupt(level, vector, latched);
        IResourceList* list = nullptr;
        EXPECT_EQ(PcNewResourceList(&list, nullptr, PagedPool, storage.list(), storage.list()), STATUS_SUCCESS);
        IInterruptSync* sync = nullptr;
        EXPECT_EQ(PcNewInterruptSync(&sync, nullptr, list, 0, mode), STATUS_SUCCESS);
        list->Release();
        return ComPointer<IInterruptSync>::adopt(sync);
    }
    Routine& routine(char name, std::vector<NTSTATUS> answers) {
        routines_.push_back(std::make_unique<Routine>(Routine{this, name, std::move(answers)}));
        return *routines_.back();
    }
    static NTSTATUS NTAPI service(IInterruptSync*, PVOID context) {
        auto& routine = *static_cast<Routine*>(context);
        routine.test->order_ += routine.name;
        routine.test->irql_ = KeGetCurrentIrql();
        const std::size_t call = std::min(routine.calls++, routine.answers.size() - 1);
        return routine.answers[call];
    }
    void interrupt() {
        machine_.interrupt_line(vector, level, machine::TriggerMode::latched).pulse();
        machine_.settle();
    }

    std::vector<std::unique_ptr<Routine>> routines_;
    std::string order_;
    KIRQL irql_ = 0;
};

constexpr NTSTATUS mine = STATUS_SUCCESS;
constexpr NTSTATUS not_mine = STATUS_UNSUCCESSFUL;

TEST_F(InterruptSyncTest, NormalStopsAtTheFirstSuccess_R_INT_02) {
    inside([&] {
        auto sync = make(InterruptSyncModeNormal);
        sync->RegisterServiceRoutine(service, &routine('a', {not_mine}), FALSE);
        sync->RegisterServiceRoutine(service, &routine('b', {mine, not_mine}), FALSE);
        sync->RegisterServiceRoutine(service, &routine('c', {mine, not_mine}), FALSE);
        EXPECT_EQ(sync->GetKInterrupt(), nullptr);
        ASSERT_EQ(sync->Connect(), STATUS_SUCCESS);
        EXPECT_NE(sync->GetKInterrupt(), nullptr);
        interrupt();
        EXPECT_EQ(order_, "ab");
        EXPECT_EQ(irql_, level);
        interrupt();
        EXPECT_EQ(order_, "ababc") << "none before c: like All";
    });
}

TEST_F(InterruptSyncTest, FirstGoesToTheHead_R_INT_01) {
    inside([&] {
        auto sync = make(InterruptSyncModeAll);
        sync->RegisterServiceRoutine(service, &routine('a', {mine}), FALSE);
        sync->RegisterServiceRoutine(service, &routine('b', {mine}), TRUE);
        sync->RegisterServiceRoutine(service, &routine('c', {mine}), FALSE);
        sync->Connect();
        interrupt();
        EXPECT_EQ(order_, "bac");
    });
}

TEST_F(InterruptSyncTest, AllCallsEachOnce_R_INT_03) {
    inside([&] {
        auto sync = make(InterruptSyncModeAll);
        sync->RegisterServiceRoutine(service, &routine('a', {mine}), FALSE);
        sync->RegisterServiceRoutine(service, &routine('b', {not_mine}), FALSE);
        sync->RegisterServiceRoutine(service, &routine('c', {mine}), FALSE);
        sync->Connect();
        interrupt();
        EXPECT_EQ(order_, "abc");
    });
}

TEST_F(InterruptSyncTest, RepeatEndsAfterAPassWithoutSuccess_R_INT_04) {
    inside([&] {
        auto sync = make(InterruptSyncModeRepeat);
        sync->RegisterServiceRoutine(service, &routine('a', {mine, not_mine}), FALSE);
        sync->RegisterServiceRoutine(service, &routine('b', {not_mine, mine, not_mine}), FALSE);
        sync->Connect();
        interrupt();
        EXPECT_EQ(order_, "ababab");
    });
}

TEST_F(InterruptSyncTest, HandledIfAnyRoutineSucceeded_R_INT_05) {
    inside([&] {
        // A second driver on the shared line is asked only about interrupts that were not claimed.
        struct Probe {
            static BOOLEAN NTAPI ask(PKINTERRUPT, PVOID context) {
                ++*static_cast<int*>(context);
                return TRUE;
            }
        };
        int asked = 0;
        ResourceListStorage storage;
        storage.add_interrupt(level, vector, false, true);
        IResourceList* list = nullptr;
        PcNewResourceList(&list, nullptr, PagedPool, storage.list(), storage.list());
        IInterruptSync* sync = nullptr;
        PcNewInterruptSync(&sync, nullptr, list, 0, InterruptSyncModeAll);
        list->Release();
        struct Device {
            machine::InterruptLine* line;
            bool claim;
        } device = {&machine_.interrupt_line(vector, level, machine::TriggerMode::level), true};
        struct Answer {
            static NTSTATUS NTAPI service(IInterruptSync*, PVOID context) {
                auto& device = *static_cast<Device*>(context);
                device.line->lower();
                return device.claim ? STATUS_SUCCESS : STATUS_UNSUCCESSFUL;
            }
        };
        sync->RegisterServiceRoutine(Answer::service, &device, FALSE);
        ASSERT_EQ(sync->Connect(), STATUS_SUCCESS);
        PKINTERRUPT other = nullptr;
        ASSERT_EQ(IoConnectInterrupt(&other, Probe::ask, &asked, nullptr, vector, level, level, LevelSensitive, TRUE, 1,
                                     FALSE),
                  STATUS_SUCCESS);
        device.line->raise();
        machine_.settle();
        EXPECT_EQ(asked, 0);
        device.claim = false;
        device.line->raise();
        machine_.settle();
        EXPECT_EQ(asked, 1);
        IoDisconnectInterrupt(other);
        sync->Release();
    });
}

struct SynchronisedCall {
    KIRQL irql = 0;
    int calls = 0;
    static NTSTATUS NTAPI run(IInterruptSync* sync, PVOID context) {
        auto& call = *static_cast<SynchronisedCall*>(context);
        call.irql = KeGetCurrentIrql();
        ++call.calls;
        return sync != nullptr ? STATUS_MORE_ENTRIES : STATUS_UNSUCCESSFUL;
    }
};

TEST_F(InterruptSyncTest, SynchronisedRoutineBeforeAndAfterConnect_R_INT_06) {
    inside([&] {
        auto sync = make(InterruptSyncModeNormal);
        SynchronisedCall call;
        EXPECT_EQ(sync->CallSynchronizedRoutine(SynchronisedCall::run, &call), STATUS_MORE_ENTRIES)
            << "the routine's own status";
        EXPECT_EQ(call.irql, level);
        sync->Connect();
        EXPECT_EQ(sync->CallSynchronizedRoutine(SynchronisedCall::run, &call), STATUS_MORE_ENTRIES);
        EXPECT_EQ(call.irql, level);
        KIRQL old;
        KeRaiseIrql(level, &old);
        EXPECT_EQ(sync->CallSynchronizedRoutine(SynchronisedCall::run, &call), STATUS_MORE_ENTRIES)
            << "from the interrupt's own level";
        KeLowerIrql(old);
        EXPECT_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
        EXPECT_EQ(call.calls, 3);
        sync->Disconnect();
        EXPECT_EQ(sync->CallSynchronizedRoutine(SynchronisedCall::run, &call), STATUS_MORE_ENTRIES);
    });
}

TEST_F(InterruptSyncTest, NoServiceRoutineRunsDuringASynchronisedOne_R_INT_06) {
    inside([&] {
        auto sync = make(InterruptSyncModeNormal);
        sync->RegisterServiceRoutine(service, &routine('i', {mine}), FALSE);
        sync->Connect();
        struct Call {
            std::string& order;
            machine::InterruptLine& line;
            static NTSTATUS NTAPI run(IInterruptSync*, PVOID context) {
                auto& call = *static_cast<Call*>(context);
                call.order += '<';
                call.line.pulse();
                KeStallExecutionProcessor(50);
                call.order += '>';
                return STATUS_SUCCESS;
            }
        } call = {order_, machine_.interrupt_line(vector)};
        sync->CallSynchronizedRoutine(Call::run, &call);
        machine_.settle();
        EXPECT_EQ(order_, "<>i");
    });
}

TEST_F(InterruptSyncTest, DisconnectedRoutinesDoNotRun) {
    inside([&] {
        auto sync = make(InterruptSyncModeNormal);
        sync->RegisterServiceRoutine(service, &routine('a', {mine}), FALSE);
        interrupt();
        EXPECT_EQ(order_, "") << "not connected yet";
        ASSERT_EQ(sync->Connect(), STATUS_SUCCESS);
        EXPECT_EQ(sync->Connect(), STATUS_UNSUCCESSFUL) << "connected already";
        order_.clear();
        sync->Disconnect();
        EXPECT_EQ(sync->GetKInterrupt(), nullptr);
        interrupt();
        EXPECT_EQ(order_, "");
        sync->Disconnect();
        EXPECT_EQ(sync->Connect(), STATUS_SUCCESS);
        sync.reset(); // disconnects
        order_.clear();
        interrupt();
        EXPECT_EQ(order_, "");
    });
}

TEST_F(InterruptSyncTest, WrongArguments) {
    inside([&] {
        ResourceListStorage storage;
        storage.add_port(0x220, 16);
        IResourceList* list = nullptr;
        PcNewResourceList(&list, nullptr, PagedPool, storage.list(), storage.list());
        IInterruptSync* sync = nullptr;
        EXPECT_FALSE(NT_SUCCESS(PcNewInterruptSync(&sync, nullptr, list, 0, InterruptSyncModeNormal)))
            << "no interrupt in the list";
        EXPECT_EQ(PcNewInterruptSync(&sync, nullptr, nullptr, 0, InterruptSyncModeNormal), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(PcNewInterruptSync(&sync, nullptr, list, 0, static_cast<INTERRUPTSYNCMODE>(0)),
                  STATUS_INVALID_PARAMETER);
        list->Release();
    });
}

TEST_F(InterruptSyncTest, ConnectIsForPassiveLevel_R_INT_07) {
    EXPECT_EQ(crash_of([&] {
                  auto sync = make(InterruptSyncModeNormal);
                  KIRQL old;
                  KeRaiseIrql(DISPATCH_LEVEL, &old);
                  sync->Connect();
              }),
              irql_not_less_or_equal);
}

TEST_F(InterruptSyncTest, DisconnectIsForPassiveLevel_R_INT_07) {
    EXPECT_EQ(crash_of([&] {
                  auto sync = make(InterruptSyncModeNormal);
                  sync->Connect();
                  KIRQL old;
                  KeRaiseIrql(DISPATCH_LEVEL, &old);
                  sync->Disconnect();
              }),
              irql_not_less_or_equal);
}

TEST_F(InterruptSyncTest, RegisteringIsForPassiveLevel_R_INT_07) {
    EXPECT_EQ(crash_of([&] {
                  auto sync = make(InterruptSyncModeNormal);
                  KIRQL old;
                  KeRaiseIrql(DISPATCH_LEVEL, &old);
                  sync->RegisterServiceRoutine(service, &routine('a', {mine}), FALSE);
              }),
              irql_not_less_or_equal);
}

} // namespace
} // namespace openportcls::portcls
