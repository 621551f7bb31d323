// One IRP, system buffer and MDL for many rounds.
#include "executive/ex/asan.h"
#include "executive/io/repeated_request.h"
#include "executive/tests/io_fixture.h"

#include <cstring>

namespace openportcls::executive {
namespace {

struct Completion {
    int calls = 0;
    NTSTATUS status = STATUS_PENDING;
};
void NTAPI on_completed(void* context, NTSTATUS status, ULONG_PTR) {
    auto* completion = static_cast<Completion*>(context);
    ++completion->calls;
    completion->status = status;
}

class RepeatedRequests : public Io {
protected:
    void prepare(RepeatedRequest& request, FILE_OBJECT& file) {
        RepeatedRequest::Parts parts;
        parts.code = queue_code;
        parts.system_bytes = 16;
        parts.data = data;
        parts.data_bytes = sizeof data;
        parts.operation = IoWriteAccess;
        parts.completed = &on_completed;
        parts.context = &completion;
        ASSERT_EQ(request.prepare(file, parts), STATUS_SUCCESS);
    }

    Completion completion;
    unsigned char data[100] = {};
};

TEST_F(RepeatedRequests, CarryTheSameBuffersEveryTimeAndNothingOfTheRoundBefore) {
    inside([&] {
        FILE_OBJECT* file = open();
        RepeatedRequest request;
        prepare(request, *file);
        EXPECT_EQ(kernel().irps.living(), 1U);
        const MDL* mdl = nullptr;
        for (int round = 1; round <= 3; ++round) {
            const ULONG bytes = static_cast<ULONG>(10 * round);
            EXPECT_EQ(request.send(bytes), STATUS_PENDING);
            EXPECT_TRUE(request.is_under_way());
            IRP* const irp = IoCsqRemoveNextIrp(&device.csq, nullptr);
            ASSERT_NE(irp, nullptr);
            EXPECT_EQ(irp->AssociatedIrp.SystemBuffer, request.system_buffer());
            EXPECT_EQ(MmGetMdlByteCount(irp->MdlAddress), bytes);
            EXPECT_TRUE(mdl == nullptr || irp->MdlAddress == mdl);
            mdl = irp->MdlAddress;
            EXPECT_FALSE(irp->Cancel);
            EXPECT_EQ(irp->IoStatus.Information, 0U);
            EXPECT_EQ(irp->RequestorMode, KernelMode);
            EXPECT_EQ(IoGetCurrentIrpStackLocation(irp)->FileObject, file);
            auto* const mapped = static_cast<unsigned char*>(MmGetSystemAddressForMdlSafe(irp->MdlAddress, 0));
            mapped[0] = static_cast<unsigned char>(round);
            EXPECT_EQ(data[0], round);
            complete(irp, STATUS_SUCCESS);
            EXPECT_EQ(completion.calls, round);
            EXPECT_EQ(completion.status, STATUS_SUCCESS);
            EXPECT_FALSE(request.is_under_way());
        }
        request.reset();
        EXPECT_EQ(kernel().irps.living(), 0U);
        EXPECT_EQ(kernel().mdls.living(), 0U);
        EXPECT_EQ(kernel().locked_mdls, 0U);
        close_file(file);
    });
}

// A filter attaches itself above the device meanwhile.
TEST_F(RepeatedRequests, GrowWithTheDeviceStack) {
    inside([&] {
        FILE_OBJECT* file = open();
        RepeatedRequest request;
        prepare(request, *file);
        std::memcpy(request.system_buffer(), "header of a round", 16);
        DEVICE_OBJECT* const top = top_of_stack(file->DeviceObject);
        const CCHAR before = top->StackSize;
        top->StackSize = 9;
        EXPECT_EQ(request.send(100), STATUS_PENDING);
        IRP* const irp = IoCsqRemoveNextIrp(&device.csq, nullptr);
        ASSERT_NE(irp, nullptr);
        EXPECT_EQ(irp->StackCount, 9);
        EXPECT_EQ(std::memcmp(irp->AssociatedIrp.SystemBuffer, "header of a round", 16), 0);
        EXPECT_EQ(MmGetMdlByteCount(irp->MdlAddress), 100U);
        complete(irp, STATUS_SUCCESS);
        EXPECT_EQ(completion.calls, 1);
        top->StackSize = before;
        request.reset();
        EXPECT_EQ(kernel().irps.living(), 0U);
        EXPECT_EQ(kernel().mdls.living(), 0U);
        close_file(file);
    });
}

// Every round looks at the guards where they begin, the end at the whole of them.
TEST_F(RepeatedRequests, AreFoundOutWhenTheirMemoryWasWrittenPastSomewhereElse) {
    if (small_buffers_from_pool()) {
        GTEST_SKIP() << "skipped: AddressSanitizer would report the write itself";
    }
    EXPECT_FALSE(machine.enter([&] {
        FILE_OBJECT* file = open();
        RepeatedRequest request;
        prepare(request, *file);
        constexpr std::size_t in_second_guard_word = 16 + 12;
        static_cast<char*>(request.system_buffer())[in_second_guard_word] ^= 1;
        request.send(100);
        complete(IoCsqRemoveNextIrp(&device.csq, nullptr), STATUS_SUCCESS);
        EXPECT_EQ(completion.calls, 1);
        request.reset();
    }));
    ASSERT_NE(machine.bugcheck_report(), nullptr);
    EXPECT_EQ(machine.bugcheck_report()->code, 0x19U);
}

TEST_F(RepeatedRequests, CanBeCancelledAndSentAgain) {
    inside([&] {
        FILE_OBJECT* file = open();
        RepeatedRequest request;
        prepare(request, *file);
        request.cancel(); // nothing is under way
        EXPECT_EQ(request.send(100), STATUS_PENDING);
        request.cancel();
        EXPECT_EQ(completion.calls, 1);
        EXPECT_EQ(completion.status, STATUS_CANCELLED);
        EXPECT_EQ(request.send(100), STATUS_PENDING);
        complete(IoCsqRemoveNextIrp(&device.csq, nullptr), STATUS_SUCCESS);
        EXPECT_EQ(completion.calls, 2);
        EXPECT_EQ(completion.status, STATUS_SUCCESS);
        request.reset();
        close_file(file);
    });
}

} // namespace
} // namespace openportcls::executive
