// R-SVC-01 to R-SVC-06.
#include <functional>

#include "helper_fixture.h"

namespace openportcls::portcls {
namespace {

class Sink final : public ComObject<Sink, IServiceSink> {
public:
    explicit Sink(ULONG& destroyed) : destroyed_(destroyed) {}
    ~Sink() { ++destroyed_; }
    void* find_interface(const GUID&) { return nullptr; }
    void NTAPI RequestService() override {
        ++calls;
        irql = KeGetCurrentIrql();
        if (during) {
            during();
        }
    }
    ULONG references() {
        AddRef();
        return Release();
    }

    ULONG calls = 0;
    KIRQL irql = 0xFF;
    std::function<void()> during;

private:
    ULONG& destroyed_;
};

class ServiceGroupTest : public HelperTest {
protected:
    ComPointer<IServiceGroup> make() {
        IServiceGroup* group = nullptr;
        EXPECT_EQ(PcNewServiceGroup(&group, nullptr), STATUS_SUCCESS);
        return ComPointer<IServiceGroup>::adopt(group);
    }
    ComPointer<Sink> sink() { return ComPointer<Sink>::adopt(new Sink(destroyed_)); }

    ULONG destroyed_ = 0;
};

TEST_F(ServiceGroupTest, OneDpcServicesEveryMember_R_SVC_01_R_SVC_06) {
    inside([&] {
        auto group = make();
        auto first = sink();
        auto second = sink();
        group->AddMember(first.get());
        group->AddMember(second.get());
        KIRQL old;
        KeRaiseIrql(10, &old); // as an interrupt service routine
        group->RequestService();
        group->RequestService();
        EXPECT_EQ(first->calls, 0u);
        KeLowerIrql(old);
        machine_.settle();
        EXPECT_EQ(first->calls, 1u) << "two requests before the DPC ran are one";
        EXPECT_EQ(second->calls, 1u);
        EXPECT_EQ(first->irql, DISPATCH_LEVEL);
        group->RequestService();
        machine_.settle();
        EXPECT_EQ(first->calls, 2u);
    });
}

TEST_F(ServiceGroupTest, InterfacesAndWrongArguments) {
    inside([&] {
        EXPECT_EQ(PcNewServiceGroup(nullptr, nullptr), STATUS_INVALID_PARAMETER);
        auto group = make();
        for (const GUID& id : {IID_IServiceGroup, IID_IServiceSink, IID_IUnknown}) {
            IUnknown* found = nullptr;
            ASSERT_EQ(group->QueryInterface(id, reinterpret_cast<PVOID*>(&found)), STATUS_SUCCESS);
            found->Release();
        }
        EXPECT_EQ(group->AddMember(nullptr), STATUS_INVALID_PARAMETER);
        group->RequestService(); // nobody to call
        machine_.settle();
    });
}

TEST_F(ServiceGroupTest, MembersAreReferenced_R_COM_03) {
    inside([&] {
        auto group = make();
        auto member = sink();
        EXPECT_EQ(group->AddMember(member.get()), STATUS_SUCCESS);
        EXPECT_EQ(member->references(), 2u);
        group->RemoveMember(member.get());
        EXPECT_EQ(member->references(), 1u);
        group->RemoveMember(member.get()); // not a member any more
        group->AddMember(member.get());
        member.reset();
        EXPECT_EQ(destroyed_, 0u) << "the group keeps it alive";
        group.reset();
        EXPECT_EQ(destroyed_, 1u);
    });
}

TEST_F(ServiceGroupTest, ARemovedMemberIsNotServiced) {
    inside([&] {
        auto group = make();
        auto first = sink();
        auto second = sink();
        group->AddMember(first.get());
        group->AddMember(second.get());
        group->RequestService();
        group->RemoveMember(first.get());
        machine_.settle();
        EXPECT_LE(first->calls, 1u);
        const ULONG before = first->calls;
        group->RequestService();
        machine_.settle();
        EXPECT_EQ(first->calls, before);
        EXPECT_GE(second->calls, 1u);
    });
}

TEST_F(ServiceGroupTest, AMemberMayRequestServiceAgain) {
    inside([&] {
        auto group = make();
        auto member = sink();
        member->during = [&] {
            if (member->calls < 3) {
                group->RequestService();
            }
        };
        group->AddMember(member.get());
        group->RequestService();
        machine_.settle();
        EXPECT_EQ(member->calls, 3u);
        member->during = nullptr;
    });
}

TEST_F(ServiceGroupTest, DelayedService_R_SVC_03_R_SVC_04) {
    inside([&] {
        auto group = make();
        auto member = sink();
        group->AddMember(member.get());
        group->RequestDelayedService(static_cast<ULONGLONG>(-10'000LL));
        machine_.run_for(50 * machine::nanoseconds_per_millisecond);
        EXPECT_EQ(member->calls, 0u) << "not before SupportDelayedService";

        group->SupportDelayedService();
        group->RequestDelayedService(static_cast<ULONGLONG>(-400'000LL)); // 40 ms from now
        machine_.run_for(35 * machine::nanoseconds_per_millisecond);
        EXPECT_EQ(member->calls, 0u);
        machine_.run_for(30 * machine::nanoseconds_per_millisecond);
        EXPECT_EQ(member->calls, 1u);

        LARGE_INTEGER now;
        KeQuerySystemTime(&now);
        group->RequestDelayedService(static_cast<ULONGLONG>(now.QuadPart) + 400'000); // absolute
        machine_.run_for(30 * machine::nanoseconds_per_millisecond);
        EXPECT_EQ(member->calls, 1u);
        machine_.run_for(40 * machine::nanoseconds_per_millisecond);
        EXPECT_EQ(member->calls, 2u);
    });
}

TEST_F(ServiceGroupTest, SupportingDelayedServiceAgainLeavesASetTimerAlone_R_SVC_03) {
    inside([&] {
        auto group = make();
        auto member = sink();
        group->AddMember(member.get());
        group->SupportDelayedService();
        group->RequestDelayedService(static_cast<ULONGLONG>(-400'000LL)); // 40 ms from now
        group->SupportDelayedService();
        machine_.run_for(100 * machine::nanoseconds_per_millisecond);
        EXPECT_EQ(member->calls, 1u);
    });
}

TEST_F(ServiceGroupTest, CancelledServiceDoesNotCome_R_SVC_05) {
    inside([&] {
        auto group = make();
        auto member = sink();
        group->AddMember(member.get());
        group->SupportDelayedService();
        group->RequestDelayedService(static_cast<ULONGLONG>(-200'000LL));
        group->CancelDelayedService();
        machine_.run_for(100 * machine::nanoseconds_per_millisecond);
        EXPECT_EQ(member->calls, 0u);
    });
}

TEST_F(ServiceGroupTest, ReleasingTheGroupRevokesWhatIsPending) {
    inside([&] {
        auto group = make();
        auto member = sink();
        group->AddMember(member.get());
        group->SupportDelayedService();
        group->RequestDelayedService(static_cast<ULONGLONG>(-200'000LL));
        group.reset();
        machine_.run_for(100 * machine::nanoseconds_per_millisecond);
        EXPECT_EQ(member->calls, 0u);
    });
}

// The DPC of a request can begin on one processor while it runs on another: members are called by one at a time.
TEST_F(ServiceGroupTest, ARequestDuringAPassOnAnotherProcessorIsServicedAfterIt) {
    struct Shared {
        IServiceGroup* group = nullptr;
        bool is_in_pass = false;
    } shared;
    inside([&] {
        auto group = make();
        auto first = sink();
        auto second = sink();
        group->AddMember(first.get());
        group->AddMember(second.get());
        shared.group = group.get();
        ULONG within = 0;
        first->during = [&] {
            EXPECT_EQ(++within, 1u);
            shared.is_in_pass = true;
            KeStallExecutionProcessor(200);
            --within;
        };
        HANDLE handle = nullptr;
        ASSERT_EQ(PsCreateSystemThread(
                      &handle, THREAD_ALL_ACCESS, nullptr, nullptr, nullptr,
                      [](PVOID context) NTAPI {
                          auto& shared = *static_cast<Shared*>(context);
                          KeSetSystemAffinityThreadEx(2);
                          while (!shared.is_in_pass) {
                              KeStallExecutionProcessor(1);
                          }
                          shared.group->RequestService();
                      },
                      &shared),
                  STATUS_SUCCESS);
        KeSetSystemAffinityThreadEx(1);
        group->RequestService();
        machine_.settle();
        EXPECT_EQ(first->calls, 2u);
        EXPECT_EQ(second->calls, 2u);
        group->RemoveMember(first.get());
        ZwClose(handle);
    });
}

TEST_F(ServiceGroupTest, MembershipIsForPassiveLevel_R_SVC_02) {
    EXPECT_EQ(crash_of([&] {
                  auto group = make();
                  auto member = sink();
                  KIRQL old;
                  KeRaiseIrql(DISPATCH_LEVEL, &old);
                  group->AddMember(member.get());
              }),
              irql_not_less_or_equal);
}

TEST_F(ServiceGroupTest, RemovalIsForPassiveLevel_R_SVC_02) {
    EXPECT_EQ(crash_of([&] {
                  auto group = make();
                  auto member = sink();
                  group->AddMember(member.get());
                  KIRQL old;
                  KeRaiseIrql(DISPATCH_LEVEL, &old);
                  group->RemoveMember(member.get());
              }),
              irql_not_less_or_equal);
}

} // namespace
} // namespace openportcls::portcls
