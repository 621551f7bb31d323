// Two clients that ask one allocator for frames at once, under schedules chosen at random.
#include "core_fixture.h"

namespace conformance {
namespace {

class AllocatorRace : public CoreTest {
public:
    explicit AllocatorRace(std::uint64_t seed) : CoreTest(exploring(seed)) {}

    void ask_twice_for_the_only_frame() {
        start_and_open();
        inside([&] {
            open_allocator();
            ExInitializeWorkItem(&item_, ask_elsewhere, this);
            KeInitializeEvent(&is_over_, NotificationEvent, FALSE);
            ExQueueWorkItem(&item_, DelayedWorkQueue);
            ask(frames_[0]);
            KeWaitForSingleObject(&is_over_, Executive, KernelMode, FALSE, nullptr);
            EXPECT_TRUE((frames_[0] == nullptr) != (frames_[1] == nullptr));
            KSSTREAMALLOCATOR_STATUS status = {};
            EXPECT_EQ(
                property(allocator_, request(KSPROPSETID_StreamAllocator, KSPROPERTY_STREAMALLOCATOR_STATUS), status),
                STATUS_SUCCESS);
            EXPECT_EQ(status.AllocatedFrames, 1u);
        });
        TearDown();
    }

private:
    void TestBody() override {}

    void open_allocator() {
        KSALLOCATOR_FRAMING framing = {};
        framing.PoolType = NonPagedPool;
        framing.Frames = 1;
        framing.FrameSize = 256;
        const GUID kind = KSNAME_Allocator;
        ASSERT_EQ(open_child(open_pin(), kind, &framing, sizeof framing, allocator_), STATUS_SUCCESS);
    }
    void ask(void*& frame) {
        KSMETHOD method = {};
        method.Set = KSMETHODSETID_StreamAllocator;
        method.Id = KSMETHOD_STREAMALLOCATOR_ALLOC;
        method.Flags = KSMETHOD_TYPE_WRITE;
        const NTSTATUS status = control(allocator_, IOCTL_KS_METHOD, &method, sizeof method, &frame, sizeof frame);
        EXPECT_EQ(status, frame == nullptr ? STATUS_INSUFFICIENT_RESOURCES : STATUS_SUCCESS);
    }
    static void NTAPI ask_elsewhere(PVOID context) {
        auto& self = *static_cast<AllocatorRace*>(context);
        self.ask(self.frames_[1]);
        KeSetEvent(&self.is_over_, IO_NO_INCREMENT, FALSE);
    }

    FILE_OBJECT* allocator_ = nullptr;
    void* frames_[2] = {};
    WORK_QUEUE_ITEM item_ = {};
    KEVENT is_over_ = {};
};

TEST(AllocatorRace, NoMoreFramesAreOutThanItHas) {
    for_each_schedule(100, [](std::uint64_t seed) { AllocatorRace(seed).ask_twice_for_the_only_frame(); });
}

} // namespace
} // namespace conformance
