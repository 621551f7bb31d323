// A driver without PortCls that handles its requests by KS functions; a test says how.
#pragma once

#include <functional>

#include "core_fixture.h"

namespace conformance {

// What IRP_MJ_DEVICE_CONTROL does; the driver completes the IRP with the result, but for STATUS_PENDING.
inline std::function<NTSTATUS(IRP*)>& on_control() {
    static std::function<NTSTATUS(IRP*)> function;
    return function;
}

class KsDriverTest : public CoreTest {
protected:
    KsDriverTest() = default;
    using CoreTest::CoreTest;

    void open() {
        auto driver = manager_->load_static_driver(driver_entry, {});
        ASSERT_TRUE(driver) << driver.error().message;
        driver_ = *driver;
        device_ = driver_->object()->DeviceObject;
        inside([&] { ASSERT_EQ(executive::open_device(device_, u"", nullptr, &file_), STATUS_SUCCESS); });
    }
    void TearDown() override {
        machine_.enter([&] {
            executive::close_file(file_);
            IoDeleteDevice(device_);
        });
        on_control() = nullptr;
    }

    DEVICE_OBJECT* device_ = nullptr;
    FILE_OBJECT* file_ = nullptr;

private:
    static NTSTATUS NTAPI succeed(DEVICE_OBJECT*, IRP* irp) {
        irp->IoStatus.Status = STATUS_SUCCESS;
        IoCompleteRequest(irp, IO_NO_INCREMENT);
        return STATUS_SUCCESS;
    }
    static NTSTATUS NTAPI control_dispatch(DEVICE_OBJECT*, IRP* irp) {
        irp->IoStatus.Information = 0;
        const NTSTATUS status = on_control()(irp);
        if (status != STATUS_PENDING) {
            irp->IoStatus.Status = status;
            IoCompleteRequest(irp, IO_NO_INCREMENT);
        }
        return status;
    }
    static NTSTATUS NTAPI driver_entry(DRIVER_OBJECT* driver, UNICODE_STRING*) {
        driver->MajorFunction[IRP_MJ_CREATE] = succeed;
        driver->MajorFunction[IRP_MJ_CLEANUP] = succeed;
        driver->MajorFunction[IRP_MJ_CLOSE] = succeed;
        driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = control_dispatch;
        DEVICE_OBJECT* device = nullptr;
        const NTSTATUS status = IoCreateDevice(driver, 0, nullptr, FILE_DEVICE_KS, 0, FALSE, &device);
        if (NT_SUCCESS(status)) {
            device->Flags &= ~static_cast<ULONG>(DO_DEVICE_INITIALIZING);
        }
        return status;
    }
};

} // namespace conformance
