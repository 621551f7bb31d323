// Stream requests of a Pin, answered by a device that plays and fills them the way a packet port does: one every 10 ms.
#include <openportcls/openportcls.hpp>

#include <cstring>
#include <deque>

#include <gtest/gtest.h>

#include <ks.h>
#include <ntddk.h>

#include "client/state.h"
#include "executive/io/devices.h"
#include "executive/kernel.h"

namespace openportcls {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t frame_bytes = 4;

struct Packets {
    std::deque<IRP*> queue;
    std::vector<std::byte> played;
    KTIMER timer{};
    KDPC dpc{};

    void arm() {
        LARGE_INTEGER due;
        due.QuadPart = -100'000; // 10 ms
        KeSetTimer(&timer, due, &dpc);
    }
};

NTSTATUS finish(IRP* irp, NTSTATUS status) {
    irp->IoStatus.Status = status;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

Packets& packets_of(DEVICE_OBJECT* device) {
    return **static_cast<Packets**>(device->DeviceExtension);
}

void NTAPI serve(PKDPC, PVOID context, PVOID, PVOID) {
    auto& packets = *static_cast<Packets*>(context);
    IRP* irp = packets.queue.front();
    packets.queue.pop_front();
    IoSetCancelRoutine(irp, nullptr);
    const auto& parameters = IoGetCurrentIrpStackLocation(irp)->Parameters.DeviceIoControl;
    auto* headers = static_cast<KSSTREAM_HEADER*>(irp->UserBuffer);
    for (ULONG i = 0; i < parameters.OutputBufferLength / sizeof(KSSTREAM_HEADER); ++i) {
        auto* data = static_cast<std::byte*>(headers[i].Data);
        if (parameters.IoControlCode == IOCTL_KS_WRITE_STREAM) {
            packets.played.insert(packets.played.end(), data, data + headers[i].DataUsed);
        } else {
            headers[i].DataUsed = headers[i].FrameExtent / 2;
            std::memset(data, 'r', headers[i].DataUsed);
        }
    }
    if (!packets.queue.empty()) {
        packets.arm();
    }
    finish(irp, STATUS_SUCCESS);
}

void NTAPI cancel(PDEVICE_OBJECT device, PIRP irp) {
    IoReleaseCancelSpinLock(irp->CancelIrql);
    std::erase(packets_of(device).queue, irp);
    finish(irp, STATUS_CANCELLED);
}

NTSTATUS NTAPI dispatch(PDEVICE_OBJECT device, PIRP irp) {
    const IO_STACK_LOCATION* stack = IoGetCurrentIrpStackLocation(irp);
    if (stack->MajorFunction != IRP_MJ_DEVICE_CONTROL) {
        return finish(irp, STATUS_SUCCESS);
    }
    const ULONG code = stack->Parameters.DeviceIoControl.IoControlCode;
    if (code != IOCTL_KS_WRITE_STREAM && code != IOCTL_KS_READ_STREAM) {
        return finish(irp, STATUS_INVALID_DEVICE_REQUEST);
    }
    const auto& header = *static_cast<KSSTREAM_HEADER*>(irp->UserBuffer);
    if (header.FrameExtent % frame_bytes != 0) {
        return finish(irp, STATUS_INVALID_BUFFER_SIZE);
    }
    Packets& packets = packets_of(device);
    IoMarkIrpPending(irp);
    IoSetCancelRoutine(irp, &cancel);
    packets.queue.push_back(irp);
    if (packets.queue.size() == 1) {
        packets.arm();
    }
    return STATUS_PENDING;
}

class StreamRequestTest : public testing::Test {
protected:
    StreamRequestTest() : machine(Machine::create().value()) {
        driver.Type = 4;
        driver.Size = sizeof driver;
        driver.DriverExtension = &extension;
        extension.DriverObject = &driver;
        for (auto& function : driver.MajorFunction) {
            function = &dispatch;
        }
        machine.state()->call([&] {
            UNICODE_STRING name;
            RtlInitUnicodeString(&name, u"\\Device\\OpcPackets");
            KeInitializeTimer(&packets.timer);
            KeInitializeDpc(&packets.dpc, &serve, &packets);
            const NTSTATUS status = IoCreateDevice(&driver, sizeof(Packets*), &name, FILE_DEVICE_KS, 0, FALSE, &device);
            *static_cast<Packets**>(device->DeviceExtension) = &packets;
            device->Flags &= ~static_cast<ULONG>(DO_DEVICE_INITIALIZING);
            return status;
        });
    }
    Pin open() {
        Filter filter = machine.open("\\Device\\OpcPackets").value();
        // Opens relative to the filter, as KsCreatePin does.
        return Pin::open(filter, 0, WaveFormat{}).value();
    }

    DRIVER_OBJECT driver{};
    DRIVER_EXTENSION extension{};
    Packets packets;
    DEVICE_OBJECT* device = nullptr;
    Machine machine;
};

TEST_F(StreamRequestTest, writing_waits_until_the_driver_is_done) {
    Pin pin = open();
    const std::vector<std::byte> sound(400, std::byte{7});
    ASSERT_TRUE(pin.write(sound));
    EXPECT_EQ(packets.played, sound);
    EXPECT_GE(machine.now(), milliseconds(10));
    std::vector<std::byte> frames(400);
    EXPECT_EQ(pin.read(frames).value(), 200U) << "what the driver filled";
    EXPECT_EQ(frames[199], std::byte{'r'});
    EXPECT_EQ(frames[200], std::byte{0});
}

TEST_F(StreamRequestTest, several_requests_are_on_their_way_at_once) {
    Pin pin = open();
    std::vector<std::byte> sound(64);
    for (std::size_t i = 0; i < sound.size(); ++i) {
        sound[i] = static_cast<std::byte>(i);
    }
    const StreamBlock first[] = {{std::span(sound).first(16)}, {std::span(sound).subspan(16, 16)}};
    const StreamBlock second[] = {{std::span(sound).subspan(32)}};
    auto one = pin.submit_write(first);
    auto two = pin.submit_write(second);
    ASSERT_TRUE(one && two);
    EXPECT_FALSE(one->is_done());
    EXPECT_EQ(two->wait(milliseconds(5)).status(), STATUS_TIMEOUT);
    ASSERT_TRUE(two->wait());
    EXPECT_TRUE(one->is_done());
    EXPECT_EQ(packets.played, sound);
    EXPECT_EQ(one->used(), (std::vector<std::uint32_t>{16, 16}));
}

TEST_F(StreamRequestTest, a_request_can_be_cancelled) {
    Pin pin = open();
    std::vector<std::byte> sound(16);
    const StreamBlock block{sound};
    auto kept = pin.submit_write({&block, 1});
    auto cancelled = pin.submit_write({&block, 1});
    ASSERT_TRUE(kept && cancelled);
    cancelled->cancel();
    EXPECT_TRUE(cancelled->is_done());
    EXPECT_EQ(cancelled->wait().status(), STATUS_CANCELLED);
    {
        auto dropped = pin.submit_read({&block, 1}).value();
    } // goes before it is done
    ASSERT_TRUE(kept->wait());
    EXPECT_EQ(packets.played.size(), 16U);
    EXPECT_TRUE(packets.queue.empty());
}

TEST_F(StreamRequestTest, refusal_comes_with_the_drivers_status) {
    Pin pin = open();
    std::vector<std::byte> sound(15);
    const auto written = pin.write(sound);
    ASSERT_FALSE(written);
    EXPECT_EQ(written.status(), STATUS_INVALID_BUFFER_SIZE);
    EXPECT_EQ(written.error().message, "OpcPackets pin 0: writing: STATUS_INVALID_BUFFER_SIZE (0xc0000206)");
    EXPECT_EQ(pin.reset(true).status(), STATUS_INVALID_DEVICE_REQUEST);
}

// A stream header counts in 32 bits: the block would be cut short to its first 16 bytes.
TEST_F(StreamRequestTest, a_block_of_4_GiB_is_refused) {
    Pin pin = open();
    std::byte sixteen[16]{};
    const std::span<std::byte> memory(sixteen, (std::size_t{1} << 32) + sizeof sixteen);
    EXPECT_EQ(pin.write(memory).status(), STATUS_INVALID_PARAMETER);
    EXPECT_EQ(pin.read(memory).status(), STATUS_INVALID_PARAMETER);
    const StreamBlock block{memory};
    EXPECT_EQ(pin.submit_write({&block, 1}).status(), STATUS_INVALID_PARAMETER);
    EXPECT_EQ(pin.submit_read({&block, 1}).status(), STATUS_INVALID_PARAMETER);
    EXPECT_TRUE(packets.queue.empty());
    EXPECT_TRUE(packets.played.empty());
}

} // namespace
} // namespace openportcls
