// Files and requests of clients: open, close, control, read; devices that go.
#include "executive/tests/io_fixture.h"

namespace openportcls::executive {
namespace {

TEST_F(Io, OpenAndCloseSendCreateCleanupAndClose) {
    inside([&] {
        FILE_OBJECT* file = open(u"\\Device\\OpcTest\\Wave\\x");
        EXPECT_EQ(device.file_name, u"\\Wave\\x");
        EXPECT_EQ(object->ReferenceCount, 1);
        ObReferenceObject(file);
        close_file(file);
        EXPECT_EQ(device.majors, (std::vector<int>{IRP_MJ_CREATE, IRP_MJ_CLEANUP}));
        ObDereferenceObject(file);
        EXPECT_EQ(device.majors.back(), IRP_MJ_CLOSE);
        EXPECT_EQ(object->ReferenceCount, 0);
        FILE_OBJECT* refused = nullptr;
        EXPECT_EQ(open_file(u"\\Device\\OpcTest\\refused", nullptr, &refused), STATUS_ACCESS_DENIED);
        EXPECT_EQ(refused, nullptr);
        EXPECT_EQ(device.majors.back(), IRP_MJ_CREATE) << "a file that was never open is not closed";
        EXPECT_EQ(object->ReferenceCount, 0);
        EXPECT_EQ(open_file(u"\\Device\\Nothing", nullptr, &refused), STATUS_OBJECT_NAME_NOT_FOUND);
        EXPECT_EQ(kernel().irps.living(), 0U);
    });
}

// A client's buffer that is not there fails its request and nothing else; at the end of the address space, too.
TEST_F(Io, WildBuffersAreAccessViolations) {
    inside([&] {
        FILE_OBJECT* file = open();
        ULONG number = 41;
        ULONG_PTR information = 0;
        for (const std::uintptr_t address : {std::uintptr_t{0}, std::uintptr_t{0x10}, ~std::uintptr_t{0} - 4095}) {
            auto* wild = reinterpret_cast<void*>(address);
            EXPECT_EQ(device_control(file, buffered_code, wild, 4, &number, 4, &information), STATUS_ACCESS_VIOLATION);
            EXPECT_EQ(device_control(file, buffered_code, &number, 4, wild, 4, &information), STATUS_ACCESS_VIOLATION);
            EXPECT_EQ(device_control(file, direct_code, nullptr, 0, wild, 9'000, &information),
                      STATUS_ACCESS_VIOLATION);
        }
        close_file(file);
        EXPECT_EQ(kernel().irps.living(), 0U);
        EXPECT_EQ(kernel().mdls.living(), 0U);
        EXPECT_EQ(kernel().locked_mdls, 0U);
    });
}

TEST_F(Io, ControlMethods) {
    inside([&] {
        FILE_OBJECT* file = open();
        ULONG in = 41;
        ULONG out = 0;
        ULONG_PTR information = 0;
        EXPECT_EQ(device_control(file, buffered_code, &in, 4, &out, 4, &information), STATUS_SUCCESS);
        EXPECT_EQ(out, 42U);
        EXPECT_EQ(information, 4U);
        EXPECT_EQ(in, 41U) << "the driver works on a copy";
        EXPECT_EQ(device.previous_mode, UserMode);
        EXPECT_EQ(ExGetPreviousMode(), KernelMode);
        EXPECT_EQ(device_control(file, neither_code, &in, 4, &out, 4, &information), STATUS_SUCCESS);
        EXPECT_EQ(out, 82U);
        std::vector<char> buffer(10'000, ' ');
        EXPECT_EQ(device_control(file, direct_code, nullptr, 0, buffer.data() + 3, 9'000, &information),
                  STATUS_SUCCESS);
        EXPECT_EQ(information, 9'000U);
        EXPECT_EQ(buffer[2], ' ');
        EXPECT_EQ(buffer[3], 'x');
        EXPECT_EQ(buffer[9'002], 'x');
        EXPECT_EQ(buffer[9'003], ' ');
        out = 7;
        EXPECT_EQ(device_control(file, buffered_code, &in, 1, &out, 4, &information), STATUS_BUFFER_TOO_SMALL);
        EXPECT_EQ(out, 7U) << "an error carries no data";
        EXPECT_EQ(device_control(file, 0x12345678 & ~0xC000U, nullptr, 0, nullptr, 0, &information),
                  STATUS_INVALID_DEVICE_REQUEST);
        close_file(file);
        EXPECT_EQ(kernel().irps.living(), 0U);
        EXPECT_EQ(kernel().mdls.living(), 0U);
        EXPECT_EQ(kernel().locked_mdls, 0U);
    });
}

TEST_F(Io, ControlCodeAccessBitsAreChecked) {
    inside([&] {
        FILE_OBJECT* file = nullptr;
        OpenOptions options;
        options.desired_access = GENERIC_READ;
        ASSERT_EQ(open_file(u"\\Device\\OpcTest", nullptr, &file, options), STATUS_SUCCESS);
        ULONG number = 1;
        EXPECT_EQ(device_control(file, write_code, &number, 4, &number, 4, nullptr), STATUS_ACCESS_DENIED);
        EXPECT_EQ(device_control(file, write_code, &number, 4, &number, 4, nullptr, KernelMode), STATUS_SUCCESS);
        close_file(file);
    });
}

TEST_F(Io, PendingControlIsWaitedFor) {
    inside([&] {
        FILE_OBJECT* file = open();
        ULONG number = 0;
        ULONG_PTR information = 0;
        const auto before = machine.now();
        EXPECT_EQ(device_control(file, pend_code, &number, 4, &number, 4, &information), STATUS_SUCCESS);
        EXPECT_EQ(information, 4U);
        EXPECT_GE(machine.now() - before, 20'000'000);
        close_file(file);
    });
}

TEST_F(Io, DispatchThatForgetsToCompleteIsReported) {
    expect_bugcheck(0xC9, "has completed the request", [&] {
        ULONG number = 0;
        device_control(open(), broken_code, &number, 4, &number, 4, nullptr);
    });
}

TEST_F(Io, BufferedReadCopiesWhatInformationSays) {
    inside([&] {
        FILE_OBJECT* file = open();
        char buffer[8] = "-------";
        ULONG_PTR information = 0;
        EXPECT_EQ(read_file(file, buffer, 8, 0, &information), STATUS_SUCCESS);
        EXPECT_EQ(information, 4U);
        EXPECT_EQ(std::string(buffer, 7), "rrrr---");
        close_file(file);
    });
}

// IoDeleteDevice
TEST_F(Io, DeletedDeviceLivesUntilItsLastFileIsClosed) {
    inside([&] {
        FILE_OBJECT* file = open();
        IoDeleteDevice(object);
        EXPECT_EQ(kernel().devices().size(), 1U);
        FILE_OBJECT* other = nullptr;
        EXPECT_EQ(open_file(u"\\Device\\OpcTest", nullptr, &other), STATUS_OBJECT_NAME_NOT_FOUND);
        close_file(file);
        EXPECT_EQ(kernel().devices().size(), 0U);
        EXPECT_EQ(driver.object.DeviceObject, nullptr);
    });
}

} // namespace
} // namespace openportcls::executive
