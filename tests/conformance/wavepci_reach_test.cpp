// WavePci devices that do not reach the client's memory.
#include <algorithm>
#include <cstring>

#include "wavepci_fixture.h"

namespace conformance {
namespace {

class WavePciReach : public WavePciRules {
protected:
    static NTSTATUS NTAPI keep(DEVICE_OBJECT*, IRP*, void* is_done) {
        *static_cast<bool*>(is_done) = true;
        return STATUS_MORE_PROCESSING_REQUIRED;
    }
};

// A driver above has described the client's memory already, and done no more with it (KSPROBE_ALLOCATEMDL).
TEST_F(WavePciReach, R_KS_06_MemoryThatIsDescribedOnlyIsLockedAndMapped) {
    now([&] {
        FILE_OBJECT* const pin = open_paused(render_pin);
        KSSTREAM_HEADER header = {};
        header.Size = sizeof header;
        header.Data = memory_;
        header.FrameExtent = header.DataUsed = 200;
        DEVICE_OBJECT* const device = IoGetRelatedDeviceObject(pin);
        IRP* const irp = IoAllocateIrp(static_cast<CCHAR>(device->StackSize + 1), FALSE);
        ASSERT_NE(irp, nullptr);
        IoSetNextIrpStackLocation(irp); // of the driver above
        IO_STACK_LOCATION* const stack = IoGetCurrentIrpStackLocation(irp);
        stack->MajorFunction = IRP_MJ_DEVICE_CONTROL;
        stack->FileObject = pin;
        stack->Parameters.DeviceIoControl.IoControlCode = IOCTL_KS_WRITE_STREAM;
        stack->Parameters.DeviceIoControl.OutputBufferLength = sizeof header;
        irp->UserBuffer = &header;
        irp->RequestorMode = KernelMode;
        ASSERT_EQ(KsProbeStreamIrp(irp, KSPROBE_STREAMWRITE | KSPROBE_ALLOCATEMDL, 0), STATUS_SUCCESS);
        ASSERT_NE(irp->MdlAddress, nullptr);
        EXPECT_EQ(irp->MdlAddress->MdlFlags & (MDL_PAGES_LOCKED | MDL_MAPPED_TO_SYSTEM_VA), 0);
        bool is_done = false;
        IoCopyCurrentIrpStackLocationToNext(irp);
        IoSetCompletionRoutine(irp, &keep, &is_done, TRUE, TRUE, TRUE);
        EXPECT_EQ(IoCallDriver(device, irp), STATUS_PENDING);
        EXPECT_EQ(irp->MdlAddress->MdlFlags & (MDL_PAGES_LOCKED | MDL_MAPPED_TO_SYSTEM_VA),
                  MDL_PAGES_LOCKED | MDL_MAPPED_TO_SYSTEM_VA);
        EXPECT_EQ(stream().get(1).memory, memory_);
        EXPECT_EQ(stream().release(1), STATUS_SUCCESS);
        EXPECT_TRUE(is_done);
        MmUnlockPages(irp->MdlAddress);
        IoFreeMdl(irp->MdlAddress);
        irp->MdlAddress = nullptr;
        IoFreeIrp(irp);
    });
}

TEST_F(WavePciReach, MemoryOutOfReachIsCopiedThroughMemoryWithin) {
    pci_.channel = true;
    pci_.dma_64_bit = FALSE;
    now([&] {
        FILE_OBJECT* const render = open_paused(render_pin);
        std::memset(memory_, 7, sizeof memory_);
        write(render, memory_ + 100, PAGE_SIZE);
        for (ULONG tag = 1; tag <= 2; ++tag) {
            const PciMapping mapping = stream().get(tag);
            ASSERT_EQ(mapping.status, STATUS_SUCCESS);
            EXPECT_LE(mapping.physical + mapping.bytes, 1ULL << 32);
            const auto* seen =
                static_cast<unsigned char*>(machine_.memory().to_virtual(mapping.physical, mapping.bytes));
            EXPECT_TRUE(std::all_of(seen, seen + mapping.bytes, [](unsigned char byte) { return byte == 7; }));
            EXPECT_EQ(mapping.memory, seen);
        }
        FILE_OBJECT* const capture = open_paused(capture_pin);
        const PciRequest& request = read(capture, memory_ + 100, PAGE_SIZE);
        for (ULONG tag = 1; tag <= 2; ++tag) {
            const PciMapping mapping = stream().get(tag);
            std::memset(machine_.memory().to_virtual(mapping.physical, mapping.bytes), static_cast<int>(10 + tag),
                        mapping.bytes);
        }
        EXPECT_EQ(memory_[100], 7);
        EXPECT_EQ(stream().release(1), STATUS_SUCCESS);
        EXPECT_EQ(memory_[100], 11);
        EXPECT_EQ(stream().release(2), STATUS_SUCCESS);
        EXPECT_EQ(memory_[99], 7);
        EXPECT_EQ(memory_[PAGE_SIZE + 99], 12);
        EXPECT_EQ(memory_[PAGE_SIZE + 100], 7);
        EXPECT_TRUE(request.is_done);
    });
}

// The room within reach is given back in order, whatever is revoked in between.
TEST_F(WavePciReach, RoomWithinReachIsNotLost) {
    pci_.channel = true;
    pci_.dma_64_bit = FALSE;
    now([&] {
        FILE_OBJECT* const pin = open_paused(render_pin);
        ULONG released = 0;
        ULONG got = 0;
        ULONG round = 0;
        for (; round < 300; ++round) {
            PciRequest* const request = &write(pin, memory_ + round * 37 % PAGE_SIZE, 1 + round * 911 % 6000);
            while (NT_SUCCESS(stream().get(got).status)) {
                ++got;
            }
            if (round % 7 == 0 && !request->is_done) {
                executive::cancel_request(request->irp);
            }
            while (stream().held.size() > round % 9) {
                EXPECT_EQ(stream().release(stream().held.front()), STATUS_SUCCESS) << round;
                stream().held.erase(stream().held.begin());
                ++released;
            }
        }
        EXPECT_GT(released, 300u);
        while (!stream().held.empty()) {
            EXPECT_EQ(stream().release(stream().held.front()), STATUS_SUCCESS);
            stream().held.erase(stream().held.begin());
        }
        for (const auto& request : requests_) {
            EXPECT_TRUE(request->is_done);
        }
    });
}

} // namespace
} // namespace conformance
