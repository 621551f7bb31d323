// Cancellation and the queues that survive it.
#include "executive/tests/io_fixture.h"

namespace openportcls::executive {
namespace {

struct Completion {
    int calls = 0;
    NTSTATUS status = 0;
};
void NTAPI on_completed(void* context, NTSTATUS status, ULONG_PTR) {
    auto* completion = static_cast<Completion*>(context);
    ++completion->calls;
    completion->status = status;
}

TEST_F(Io, AsynchronousControlCanBeCancelled) {
    inside([&] {
        FILE_OBJECT* file = open();
        Completion completion;
        IRP* request = nullptr;
        ULONG number = 0;
        EXPECT_EQ(start_device_control(file, queue_code, &number, 4, &number, 4, &on_completed, &completion, &request),
                  STATUS_PENDING);
        ASSERT_NE(request, nullptr);
        EXPECT_EQ(completion.calls, 0);
        EXPECT_EQ(kernel().irps.living(), 1U);
        EXPECT_TRUE(cancel_request(request));
        EXPECT_EQ(completion.calls, 1);
        EXPECT_EQ(completion.status, STATUS_CANCELLED);
        EXPECT_EQ(kernel().irps.living(), 0U);
        EXPECT_EQ(
            start_device_control(file, buffered_code, &number, 4, &number, 4, &on_completed, &completion, &request),
            STATUS_SUCCESS);
        EXPECT_EQ(request, nullptr);
        EXPECT_EQ(completion.calls, 2);
        EXPECT_EQ(number, 1U);
        close_file(file);
    });
}

// Shows IoCsqInitialize.
TEST_F(Io, CancelSafeQueueHandsOutIrpsInOrder) {
    inside([&] {
        FILE_OBJECT* file = open();
        Completion completions[2];
        ULONG number = 0;
        IRP* requests[2];
        for (int i = 0; i < 2; ++i) {
            start_device_control(file, queue_code, &number, 4, &number, 4, &on_completed, &completions[i],
                                 &requests[i]);
        }
        IRP* first = IoCsqRemoveNextIrp(&device.csq, nullptr);
        EXPECT_EQ(first, requests[0]);
        EXPECT_FALSE(IoCancelIrp(first)) << "no longer cancellable";
        EXPECT_TRUE(first->Cancel);
        complete(first, STATUS_SUCCESS);
        EXPECT_EQ(completions[0].calls, 1);
        EXPECT_EQ(completions[1].calls, 0);
        complete(IoCsqRemoveNextIrp(&device.csq, nullptr), STATUS_SUCCESS);
        EXPECT_EQ(IoCsqRemoveNextIrp(&device.csq, nullptr), nullptr);
        close_file(file);
    });
}

} // namespace
} // namespace openportcls::executive
