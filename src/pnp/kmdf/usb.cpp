// USB targets: declared for drivers that mention them, refused.
#include <wdfusb.h>

#include "executive/irql_check.h"

extern "C" {

NTSTATUS NTAPI WdfUsbTargetDeviceCreateWithParameters(WDFDEVICE, PWDF_USB_DEVICE_CREATE_CONFIG, PWDF_OBJECT_ATTRIBUTES,
                                                      WDFUSBDEVICE* UsbDevice) {
    OPC_REQUIRE_PASSIVE();
    *UsbDevice = nullptr;
    return STATUS_NOT_IMPLEMENTED;
}

NTSTATUS NTAPI WdfUsbTargetDeviceRetrieveConfigDescriptor(WDFUSBDEVICE, PVOID, PUSHORT ConfigDescriptorLength) {
    OPC_REQUIRE_PASSIVE();
    *ConfigDescriptorLength = 0;
    return STATUS_NOT_IMPLEMENTED;
}

NTSTATUS NTAPI WdfUsbTargetDeviceSelectConfig(WDFUSBDEVICE, PWDF_OBJECT_ATTRIBUTES,
                                              PWDF_USB_DEVICE_SELECT_CONFIG_PARAMS) {
    OPC_REQUIRE_PASSIVE();
    return STATUS_NOT_IMPLEMENTED;
}

NTSTATUS NTAPI WdfUsbTargetDeviceCyclePortSynchronously(WDFUSBDEVICE) {
    OPC_REQUIRE_PASSIVE();
    return STATUS_NOT_IMPLEMENTED;
}

WDFUSBINTERFACE NTAPI WdfUsbTargetDeviceGetInterface(WDFUSBDEVICE, UCHAR) {
    return nullptr;
}

WDFUSBPIPE NTAPI WdfUsbInterfaceGetConfiguredPipe(WDFUSBINTERFACE, UCHAR, PWDF_USB_PIPE_INFORMATION) {
    return nullptr;
}

NTSTATUS NTAPI WdfUsbTargetPipeConfigContinuousReader(WDFUSBPIPE, PWDF_USB_CONTINUOUS_READER_CONFIG) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    return STATUS_NOT_IMPLEMENTED;
}

NTSTATUS NTAPI WdfUsbTargetPipeFormatRequestForWrite(WDFUSBPIPE, WDFREQUEST, WDFMEMORY, PWDFMEMORY_OFFSET) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    return STATUS_NOT_IMPLEMENTED;
}

WDFIOTARGET NTAPI WdfUsbTargetPipeGetIoTarget(WDFUSBPIPE) {
    return nullptr;
}

VOID NTAPI WdfUsbTargetPipeSetNoMaximumPacketSizeCheck(WDFUSBPIPE) {}

} // extern "C"
