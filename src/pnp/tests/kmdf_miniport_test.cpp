// The miniport mode itself: devices of a port driver, the framework's end, what is refused.
#include "kmdf_fixture.h"

#include <usbdlib.h>
#include <wdfusb.h>

namespace openportcls::pnp::kmdf {
namespace {

int unloads = 0;
VOID NTAPI count_unload(WDFDRIVER) {
    ++unloads;
}
int cleanups = 0;
VOID NTAPI count_cleanup(WDFOBJECT) {
    ++cleanups;
}

// WdfDeviceMiniportCreate and WdfDriverMiniportUnload: the port driver owns the device object, the framework only its
// own objects; all of them go when the driver says so, after its EvtDriverUnload.
TEST_F(Kmdf, MiniportDevicesEndWithTheirDriver) {
    unloads = 0;
    cleanups = 0;
    executive::TestDriver other{dispatch};
    inside([&] {
        const std::size_t before = Framework::current().object_count();
        WDF_DRIVER_CONFIG config;
        WDF_DRIVER_CONFIG_INIT(&config, WDF_NO_EVENT_CALLBACK);
        config.DriverInitFlags = WdfDriverInitNoDispatchOverride;
        config.EvtDriverUnload = &count_unload;
        UNICODE_STRING path = executive::unicode(u"\\Registry\\Machine\\System\\y");
        WDFDRIVER driver = nullptr;
        ASSERT_EQ(WdfDriverCreate(&other.object, &path, nullptr, &config, &driver), STATUS_SUCCESS);
        EXPECT_EQ(other.object.DriverUnload, nullptr) << "the dispatch table stays the port driver's";
        DEVICE_OBJECT* functional = nullptr;
        ASSERT_EQ(IoCreateDevice(&other.object, 0, nullptr, FILE_DEVICE_SOUND, 0, FALSE, &functional), STATUS_SUCCESS);
        WDF_OBJECT_ATTRIBUTES attributes;
        WDF_OBJECT_ATTRIBUTES_INIT(&attributes);
        attributes.EvtCleanupCallback = &count_cleanup;
        WDFDEVICE device = nullptr;
        EXPECT_EQ(WdfWdmDeviceGetWdfDeviceHandle(functional), nullptr) << "the framework does not know it yet";
        ASSERT_EQ(WdfDeviceMiniportCreate(driver, &attributes, functional, device_object_, device_object_, &device),
                  STATUS_SUCCESS);
        EXPECT_EQ(WdfDeviceWdmGetDeviceObject(device), functional);
        EXPECT_EQ(WdfWdmDeviceGetWdfDeviceHandle(functional), device);
        EXPECT_EQ(WdfDeviceWdmGetAttachedDevice(device), device_object_);
        EXPECT_EQ(WdfDeviceWdmGetPhysicalDevice(device), device_object_);
        ASSERT_NE(WdfDeviceGetIoTarget(device), nullptr) << "a device that is attached has a local target";
        EXPECT_EQ(WdfIoTargetWdmGetTargetDeviceObject(WdfDeviceGetIoTarget(device)), device_object_);
        WDFDEVICE none = nullptr;
        EXPECT_EQ(WdfDeviceMiniportCreate(driver, nullptr, nullptr, nullptr, nullptr, &none), STATUS_INVALID_PARAMETER);
        attributes.ParentObject = device;
        EXPECT_EQ(WdfDeviceMiniportCreate(driver, &attributes, functional, nullptr, nullptr, &none),
                  STATUS_WDF_PARENT_ASSIGNMENT_NOT_ALLOWED);
        WdfDriverMiniportUnload(driver);
        EXPECT_EQ(unloads, 1);
        EXPECT_EQ(cleanups, 1);
        EXPECT_EQ(Framework::current().object_count(), before);
        EXPECT_EQ(kernel().devices().size(), 2u) << "device objects are the port driver's to delete";
        IoDeleteDevice(functional);
    });
    expect_bugcheck(0x0A, "WdfDriverMiniportUnload may be called at DISPATCH_LEVEL or below", [&] {
        KIRQL old;
        KeRaiseIrql(DISPATCH_LEVEL + 1, &old);
        WdfDriverMiniportUnload(wdf_driver_);
    });
}

// There is no USB bus: what would reach it says so, and drivers see the documented failure.
TEST_F(Kmdf, UsbTargetsAreRefused) {
    inside([&] {
        WDF_USB_DEVICE_CREATE_CONFIG config{};
        auto usb = reinterpret_cast<WDFUSBDEVICE>(1);
        EXPECT_EQ(WdfUsbTargetDeviceCreateWithParameters(device_, &config, nullptr, &usb), STATUS_NOT_IMPLEMENTED);
        EXPECT_EQ(usb, nullptr);
        USHORT length = 9;
        EXPECT_EQ(WdfUsbTargetDeviceRetrieveConfigDescriptor(usb, nullptr, &length), STATUS_NOT_IMPLEMENTED);
        EXPECT_EQ(length, 0);
        EXPECT_EQ(WdfUsbTargetDeviceSelectConfig(usb, nullptr, nullptr), STATUS_NOT_IMPLEMENTED);
        EXPECT_EQ(WdfUsbTargetDeviceCyclePortSynchronously(usb), STATUS_NOT_IMPLEMENTED);
        EXPECT_EQ(WdfUsbTargetDeviceGetInterface(usb, 0), nullptr);
        EXPECT_EQ(WdfUsbInterfaceGetConfiguredPipe(nullptr, 0, nullptr), nullptr);
        EXPECT_EQ(WdfUsbTargetPipeConfigContinuousReader(nullptr, nullptr), STATUS_NOT_IMPLEMENTED);
        EXPECT_EQ(WdfUsbTargetPipeFormatRequestForWrite(nullptr, nullptr, nullptr, nullptr), STATUS_NOT_IMPLEMENTED);
        EXPECT_EQ(WdfUsbTargetPipeGetIoTarget(nullptr), nullptr);
        WdfUsbTargetPipeSetNoMaximumPacketSizeCheck(nullptr);
        EXPECT_EQ(USBD_CreateConfigurationRequestEx(nullptr, nullptr), nullptr) << "as when memory is short";
    });
}

struct Configuration {
    UCHAR bytes[9 + 9 + 7 + 9 + 9] = {
        9, 2, 43, 0, 2, 1, 0, 0x80, 50, // configuration, 43 bytes
        9, 4, 0,  0, 0, 1, 1, 0,    0,  // interface 0: audio control
        7, 5, 1,  9, 0, 4, 1,           // endpoint
        9, 4, 1,  0, 0, 1, 2, 0,    0,  // interface 1: audio streaming, setting 0
        9, 4, 1,  1, 0, 1, 2, 0,    0,  // setting 1
    };
    PUSB_CONFIGURATION_DESCRIPTOR descriptor() { return reinterpret_cast<PUSB_CONFIGURATION_DESCRIPTOR>(bytes); }
    PUSB_INTERFACE_DESCRIPTOR find(LONG number, LONG setting, LONG interface_class = -1, LONG subclass = -1) {
        return USBD_ParseConfigurationDescriptorEx(descriptor(), bytes, number, setting, interface_class, subclass, -1);
    }
    USBD_STATUS validate(ULONG length, PUCHAR* where) {
        return USBD_ValidateConfigurationDescriptor(descriptor(), length, 3, where, 'tseT');
    }
};

TEST(UsbDescriptors, InterfacesAreFoundByWhatIsGiven) {
    Configuration configuration;
    EXPECT_EQ(reinterpret_cast<UCHAR*>(configuration.find(0, 0)), configuration.bytes + 9);
    EXPECT_EQ(reinterpret_cast<UCHAR*>(configuration.find(1, 1)), configuration.bytes + 34);
    EXPECT_EQ(reinterpret_cast<UCHAR*>(configuration.find(-1, -1, 1, 2)), configuration.bytes + 25) << "the first";
    EXPECT_EQ(configuration.find(2, -1), nullptr);
    EXPECT_EQ(
        USBD_ParseConfigurationDescriptorEx(configuration.descriptor(), configuration.bytes + 34, 1, -1, -1, -1, -1),
        reinterpret_cast<PUSB_INTERFACE_DESCRIPTOR>(configuration.bytes + 34))
        << "from the start position on";
    configuration.bytes[2] = 20; // wTotalLength ends before interface 1
    EXPECT_EQ(configuration.find(1, -1), nullptr);
}

// USBD_ParseDescriptors: the next of its type from the start position on, never beyond the length.
TEST(UsbDescriptors, DescriptorsAreFoundByTheirType) {
    Configuration configuration;
    const auto find = [&](LONG type, int start, ULONG length = sizeof(Configuration::bytes)) -> std::ptrdiff_t {
        auto* found = reinterpret_cast<UCHAR*>(
            USBD_ParseDescriptors(configuration.bytes, length, configuration.bytes + start, type));
        return found != nullptr ? found - configuration.bytes : -1;
    };
    constexpr LONG interface_type = USB_INTERFACE_DESCRIPTOR_TYPE;
    EXPECT_EQ(find(interface_type, 0), 9);
    EXPECT_EQ(find(interface_type, 9), 9) << "the start counts";
    EXPECT_EQ(find(interface_type, 18), 25);
    EXPECT_EQ(find(USB_ENDPOINT_DESCRIPTOR_TYPE, 0), 18);
    EXPECT_EQ(find(USB_STRING_DESCRIPTOR_TYPE, 0), -1);
    EXPECT_EQ(find(interface_type, 26, 33), -1);
    EXPECT_EQ(find(interface_type, 18, 33), -1) << "it reaches beyond the length";
    EXPECT_EQ(find(interface_type, 18, 34), 25);
    configuration.bytes[18] = 0; // a length that leads nowhere
    EXPECT_EQ(find(interface_type, 18), -1);
}

// USBD_ValidateConfigurationDescriptor
TEST(UsbDescriptors, DamagedOnesAreRefusedWhereTheyAre) {
    Configuration configuration;
    PUCHAR where = configuration.bytes;
    EXPECT_EQ(configuration.validate(sizeof configuration.bytes, &where), USBD_STATUS_SUCCESS);
    EXPECT_EQ(where, nullptr);
    EXPECT_NE(configuration.validate(8, &where), USBD_STATUS_SUCCESS) << "shorter than the header";
    EXPECT_EQ(where, configuration.bytes);
    configuration.bytes[18] = 1; // an endpoint descriptor of one byte
    EXPECT_NE(configuration.validate(sizeof configuration.bytes, &where), USBD_STATUS_SUCCESS);
    EXPECT_EQ(where, configuration.bytes + 18);
    configuration.bytes[18] = 7;
    configuration.bytes[34] = 10; // the last one reaches beyond the end
    EXPECT_NE(configuration.validate(sizeof configuration.bytes, &where), USBD_STATUS_SUCCESS);
    EXPECT_EQ(where, configuration.bytes + 34);
    configuration.bytes[1] = 4;
    EXPECT_NE(configuration.validate(sizeof configuration.bytes, nullptr), USBD_STATUS_SUCCESS);
}

} // namespace
} // namespace openportcls::pnp::kmdf
