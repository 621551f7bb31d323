// A driver and a device in miniport mode; the device doubles numbers, adds to them, and holds requests.
#pragma once

#include "pnp/kmdf/object.h"

#include "executive/tests/fixture.h"

namespace openportcls::pnp::kmdf {

inline constexpr ULONG neither_code = CTL_CODE(0x2F, 0x10, METHOD_NEITHER, FILE_ANY_ACCESS);
inline constexpr ULONG buffered_code = CTL_CODE(0x2F, 0x11, METHOD_BUFFERED, FILE_ANY_ACCESS);
inline constexpr ULONG pending_code = CTL_CODE(0x2F, 0x12, METHOD_BUFFERED, FILE_ANY_ACCESS);

inline IRP* held_request = nullptr;

inline VOID NTAPI cancel_held(PDEVICE_OBJECT, PIRP irp) {
    IoReleaseCancelSpinLock(irp->CancelIrql);
    held_request = nullptr;
    executive::complete(irp, STATUS_CANCELLED);
}

inline NTSTATUS NTAPI dispatch(PDEVICE_OBJECT, PIRP irp) {
    IO_STACK_LOCATION* stack = IoGetCurrentIrpStackLocation(irp);
    if (stack->MajorFunction != IRP_MJ_DEVICE_CONTROL) {
        return executive::complete(irp, STATUS_SUCCESS);
    }
    switch (stack->Parameters.DeviceIoControl.IoControlCode) {
    case neither_code:
        *static_cast<ULONG*>(irp->UserBuffer) =
            *static_cast<ULONG*>(stack->Parameters.DeviceIoControl.Type3InputBuffer) * 2;
        return executive::complete(irp, STATUS_SUCCESS, 4);
    case buffered_code:
        *static_cast<ULONG*>(irp->AssociatedIrp.SystemBuffer) += 1;
        return executive::complete(irp, STATUS_SUCCESS, 4);
    case pending_code:
        IoMarkIrpPending(irp);
        held_request = irp;
        IoSetCancelRoutine(irp, cancel_held);
        return STATUS_PENDING;
    default:
        return executive::complete(irp, STATUS_INVALID_DEVICE_REQUEST);
    }
}

class Kmdf : public executive::ExecutiveTest {
protected:
    void SetUp() override {
        inside([&] {
            WDF_DRIVER_CONFIG config;
            WDF_DRIVER_CONFIG_INIT(&config, WDF_NO_EVENT_CALLBACK);
            config.DriverInitFlags = WdfDriverInitNoDispatchOverride;
            UNICODE_STRING path = executive::unicode(u"\\Registry\\Machine\\System\\x");
            ASSERT_EQ(WdfDriverCreate(&driver_.object, &path, WDF_NO_OBJECT_ATTRIBUTES, &config, &wdf_driver_),
                      STATUS_SUCCESS);
            UNICODE_STRING name = executive::unicode(u"\\Device\\KmdfTest");
            ASSERT_EQ(IoCreateDevice(&driver_.object, 0, &name, FILE_DEVICE_SOUND, 0, FALSE, &device_object_),
                      STATUS_SUCCESS);
            device_object_->Flags &= ~DO_DEVICE_INITIALIZING;
            ASSERT_EQ(WdfDeviceMiniportCreate(wdf_driver_, WDF_NO_OBJECT_ATTRIBUTES, device_object_, nullptr, nullptr,
                                              &device_),
                      STATUS_SUCCESS);
        });
    }
    void TearDown() override {
        if (!machine.is_halted()) {
            inside([&] {
                WdfDriverMiniportUnload(wdf_driver_);
                EXPECT_EQ(Framework::current().object_count(), 0u) << "everything goes with the driver";
                IoDeleteDevice(device_object_);
            });
        }
    }

    template<class Context>
    WDF_OBJECT_ATTRIBUTES attributes(PCWDF_OBJECT_CONTEXT_TYPE_INFO type, WDFOBJECT parent = nullptr) {
        WDF_OBJECT_ATTRIBUTES result;
        WDF_OBJECT_ATTRIBUTES_INIT(&result);
        result.ContextTypeInfo = type;
        result.ParentObject = parent;
        return result;
    }
    WDF_OBJECT_ATTRIBUTES below(WDFOBJECT parent) {
        WDF_OBJECT_ATTRIBUTES result;
        WDF_OBJECT_ATTRIBUTES_INIT(&result);
        result.ParentObject = parent;
        return result;
    }
    WDFIOTARGET open_target() {
        WDFIOTARGET target = nullptr;
        EXPECT_EQ(WdfIoTargetCreate(device_, WDF_NO_OBJECT_ATTRIBUTES, &target), STATUS_SUCCESS);
        UNICODE_STRING name = executive::unicode(u"\\Device\\KmdfTest");
        WDF_IO_TARGET_OPEN_PARAMS parameters;
        WDF_IO_TARGET_OPEN_PARAMS_INIT_OPEN_BY_NAME(&parameters, &name, GENERIC_READ | GENERIC_WRITE);
        EXPECT_EQ(WdfIoTargetOpen(target, &parameters), STATUS_SUCCESS);
        return target;
    }

    executive::TestDriver driver_{dispatch};
    WDFDRIVER wdf_driver_ = nullptr;
    WDFDEVICE device_ = nullptr;
    DEVICE_OBJECT* device_object_ = nullptr;
};

} // namespace openportcls::pnp::kmdf
