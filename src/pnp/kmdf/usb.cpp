// USB targets: declared for drivers that mention them, refused.
#include <wdfusb.h>

#include "executive/irql_check.h"
#include "executive/not_done.h"

extern "C" {

NTSTATUS NTAPI WdfUsbTargetDeviceCreateWithParameters(WDFDEVICE, PWDF_USB_DEVICE_CREATE_CONFIG, PWDF_OBJECT_ATTRIBUTES,
                                                      WDFUSBDEVICE* UsbDevice) {
    OPC_REQUIRE_PASSIVE();
    *UsbDevice = nullptr;
    OPC_RETURN_NOT_IMPLEMENTED();
}

NTSTATUS NTAPI WdfUsbTargetDeviceRetrieveConfigDescriptor(WDFUSBDEVICE, PVOID, PUSHORT ConfigDescriptorLength) {
    OPC_REQUIRE_PASSIVE();
    *ConfigDescriptorLength = 0;
    OPC_RETURN_NOT_IMPLEMENTED();
}

NTSTATUS NTAPI WdfUsbTargetDeviceSelectConfig(WDFUSBDEVICE, PWDF_OBJECT_ATTRIBUTES,
                                              PWDF_USB_DEVICE_SELECT_CONFIG_PARAMS) {
    OPC_REQUIRE_PASSIVE();
    OPC_RETURN_NOT_IMPLEMENTED();
}

NTSTATUS NTAPI WdfUsbTargetDeviceCyclePortSynchronously(WDFUSBDEVICE) {
    OPC_REQUIRE_PASSIVE();
    OPC_RETURN_NOT_IMPLEMENTED();
}

WDFUSBINTERFACE NTAPI WdfUsbTargetDeviceGetInterface(WDFUSBDEVICE, UCHAR) {
    OPC_NOT_DONE();
    return nullptr;
}

WDFUSBPIPE NTAPI WdfUsbInterfaceGetConfiguredPipe(WDFUSBINTERFACE, UCHAR, PWDF_USB_PIPE_INFORMATION) {
    OPC_NOT_DONE();
    return nullptr;
}

NTSTATUS NTAPI WdfUsbTargetPipeConfigContinuousReader(WDFUSBPIPE, PWDF_USB_CONTINUOUS_READER_CONFIG) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    OPC_RETURN_NOT_IMPLEMENTED();
}

NTSTATUS NTAPI WdfUsbTargetPipeFormatRequestForWrite(WDFUSBPIPE, WDFREQUEST, WDFMEMORY, PWDFMEMORY_OFFSET) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    OPC_RETURN_NOT_IMPLEMENTED();
}

WDFIOTARGET NTAPI WdfUsbTargetPipeGetIoTarget(WDFUSBPIPE) {
    OPC_NOT_DONE();
    return nullptr;
}

VOID NTAPI WdfUsbTargetPipeSetNoMaximumPacketSizeCheck(WDFUSBPIPE) {
    OPC_NOT_DONE();
}

} // extern "C"
