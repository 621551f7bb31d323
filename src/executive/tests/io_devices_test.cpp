// Device objects by name and in their stacks; symbolic links; registry keys of drivers and devices.
#include "executive/tests/io_fixture.h"

#include "executive/objects/object_manager.h"
#include "executive/registry/registry.h"

namespace openportcls::executive {
namespace {

class IoDevices : public Io {
protected:
    std::int64_t references(void* body) { return ObjectManager::current().find(body)->references; }

    DEVICE_OBJECT* attach_filter() {
        DEVICE_OBJECT* filter = nullptr;
        EXPECT_EQ(IoCreateDevice(&driver.object, sizeof(IoDevice*), nullptr, FILE_DEVICE_KS, 0, FALSE, &filter), 0);
        *static_cast<IoDevice**>(filter->DeviceExtension) = &device;
        filter->Flags &= ~static_cast<ULONG>(DO_DEVICE_INITIALIZING);
        EXPECT_EQ(IoAttachDeviceToDeviceStack(filter, object), object);
        return filter;
    }
};

// A buffer that suits the whole stack suits the one who sends it to the top.
TEST_F(IoDevices, AnAttachedDeviceTakesTheAlignmentOfTheOneBelow) {
    inside([&] {
        object->AlignmentRequirement = FILE_64_BYTE_ALIGNMENT;
        DEVICE_OBJECT* filter = attach_filter();
        EXPECT_EQ(filter->AlignmentRequirement, static_cast<ULONG>(FILE_64_BYTE_ALIGNMENT));
        IoDetachDevice(object);
        IoDeleteDevice(filter);
    });
}

TEST_F(IoDevices, SymbolicLinksLeadToTheDevice) {
    inside([&] {
        UNICODE_STRING link = unicode(u"\\DosDevices\\OpcLink");
        UNICODE_STRING target = unicode(u"\\Device\\OpcTest");
        ASSERT_EQ(IoCreateSymbolicLink(&link, &target), STATUS_SUCCESS);
        EXPECT_EQ(IoCreateSymbolicLink(&link, &target), STATUS_OBJECT_NAME_COLLISION);
        FILE_OBJECT* file = nullptr;
        EXPECT_EQ(open_file(u"\\??\\OpcLink\\part", nullptr, &file), STATUS_SUCCESS);
        EXPECT_EQ(device.file_name, u"\\part");
        close_file(file);
        EXPECT_EQ(open_file(u"\\\\.\\OPCLINK", nullptr, &file), STATUS_SUCCESS) << "as applications name it";
        close_file(file);
        EXPECT_EQ(IoDeleteSymbolicLink(&link), STATUS_SUCCESS);
        EXPECT_EQ(IoDeleteSymbolicLink(&link), STATUS_OBJECT_NAME_NOT_FOUND);
        EXPECT_EQ(open_file(u"\\??\\OpcLink", nullptr, &file), STATUS_OBJECT_NAME_NOT_FOUND);
        UNICODE_STRING nowhere = unicode(u"\\Nowhere\\Link");
        EXPECT_EQ(IoCreateSymbolicLink(&nowhere, &target), STATUS_OBJECT_PATH_NOT_FOUND);
        EXPECT_EQ(IoDeleteSymbolicLink(&target), STATUS_OBJECT_TYPE_MISMATCH) << "a device is no link";
    });
    expect_bugcheck(0x0A, "IoCreateSymbolicLink may be called at PASSIVE_LEVEL", [&] {
        UNICODE_STRING link = unicode(u"\\DosDevices\\OpcLink");
        KeRaiseIrqlToDpcLevel();
        IoCreateSymbolicLink(&link, &link);
    });
}

TEST_F(IoDevices, PointersComeWithAFileThatHoldsTheDevice) {
    inside([&] {
        DEVICE_OBJECT* filter = attach_filter();
        UNICODE_STRING name = unicode(u"\\Device\\OpcTest");
        FILE_OBJECT* file = nullptr;
        DEVICE_OBJECT* top = nullptr;
        ASSERT_EQ(IoGetDeviceObjectPointer(&name, FILE_READ_DATA, &file, &top), STATUS_SUCCESS);
        EXPECT_EQ(top, filter) << "the top of the named device's stack";
        EXPECT_EQ(file->DeviceObject, object);
        EXPECT_EQ(IoGetRelatedDeviceObject(file), filter);
        EXPECT_EQ(device.majors.front(), IRP_MJ_CREATE);
        ObDereferenceObject(file);
        EXPECT_EQ(device.majors.back(), IRP_MJ_CLOSE);
        name = unicode(u"\\Device\\Missing");
        EXPECT_EQ(IoGetDeviceObjectPointer(&name, FILE_READ_DATA, &file, &top), STATUS_OBJECT_NAME_NOT_FOUND);
        name = unicode(u"\\Device");
        EXPECT_EQ(IoGetDeviceObjectPointer(&name, FILE_READ_DATA, &file, &top), STATUS_OBJECT_TYPE_MISMATCH);
        name = unicode(u"\\Device\\OpcTest\\refused");
        EXPECT_EQ(IoGetDeviceObjectPointer(&name, FILE_READ_DATA, &file, &top), STATUS_ACCESS_DENIED)
            << "the driver's own answer";
        IoDetachDevice(object);
        IoDeleteDevice(filter);
    });
}

TEST_F(IoDevices, StackNeighboursAreReferenced) {
    inside([&] {
        DEVICE_OBJECT* filter = attach_filter();
        const auto before = references(filter);
        EXPECT_EQ(IoGetAttachedDeviceReference(object), filter);
        EXPECT_EQ(references(filter), before + 1);
        ObDereferenceObject(filter);
        EXPECT_EQ(IoGetAttachedDevice(object), filter);
        EXPECT_EQ(references(filter), before) << "without a reference";
        const auto base_before = references(object);
        EXPECT_EQ(IoGetDeviceAttachmentBaseRef(filter), object);
        EXPECT_EQ(IoGetDeviceAttachmentBaseRef(object), object);
        EXPECT_EQ(IoGetLowerDeviceObject(filter), object);
        EXPECT_EQ(references(object), base_before + 3);
        EXPECT_EQ(IoGetLowerDeviceObject(object), nullptr) << "nothing is below";
        for (int i = 0; i < 3; ++i) {
            ObDereferenceObject(object);
        }
        IoDetachDevice(object);
        EXPECT_EQ(IoGetAttachedDeviceReference(object), object);
        ObDereferenceObject(object);
        IoDeleteDevice(filter);
    });
    expect_bugcheck(0xC9, "still attached", [&] { IoDeleteDevice(attach_filter()); });
}

// The object goes when the last reference does, not when it is deleted.
TEST_F(IoDevices, DeletedDeviceLivesWhileItIsReferenced) {
    inside([&] {
        DEVICE_OBJECT* filter = attach_filter();
        IoGetAttachedDeviceReference(object);
        IoDetachDevice(object);
        IoDeleteDevice(filter);
        EXPECT_EQ(kernel().devices().size(), 2U);
        ObDereferenceObject(filter);
        EXPECT_EQ(kernel().devices().size(), 1U);
    });
}

TEST_F(IoDevices, SecureDevicesHaveANameAndAnSddlString) {
    inside([&] {
        DEVICE_OBJECT* secure = nullptr;
        UNICODE_STRING name = unicode(u"\\Device\\OpcSecure");
        UNICODE_STRING sddl = unicode(u"D:P(A;;GA;;;SY)(A;;GRGWGX;;;BA)");
        constexpr GUID id{1, 2, 3, {4}};
        ASSERT_EQ(IoCreateDeviceSecure(&driver.object, 8, &name, FILE_DEVICE_UNKNOWN, FILE_DEVICE_SECURE_OPEN, FALSE,
                                       &sddl, &id, &secure),
                  STATUS_SUCCESS);
        EXPECT_TRUE(secure->Flags & DO_DEVICE_HAS_NAME);
        EXPECT_TRUE(secure->Characteristics & FILE_DEVICE_SECURE_OPEN);
        DEVICE_OBJECT* other = nullptr;
        EXPECT_EQ(IoCreateDeviceSecure(&driver.object, 8, &name, FILE_DEVICE_UNKNOWN, 0, FALSE, &sddl, &id, &other),
                  STATUS_OBJECT_NAME_COLLISION);
        EXPECT_EQ(other, nullptr);
        EXPECT_EQ(IoCreateDeviceSecure(&driver.object, 8, nullptr, FILE_DEVICE_UNKNOWN, 0, FALSE, &sddl, &id, &other),
                  STATUS_INVALID_PARAMETER)
            << "neither a name nor FILE_AUTOGENERATED_DEVICE_NAME";
        ASSERT_EQ(IoCreateDeviceSecure(&driver.object, 8, nullptr, FILE_DEVICE_UNKNOWN, FILE_AUTOGENERATED_DEVICE_NAME,
                                       FALSE, &sddl, &id, &other),
                  STATUS_SUCCESS);
        IoDeleteDevice(other);
        for (const char16_t* wrong : {u"", u"O:SY", u"D:P(A;;GA;;SY)", u"D:P(A;;GA;;;SY"}) {
            sddl = unicode(wrong);
            EXPECT_EQ(IoCreateDeviceSecure(&driver.object, 8, nullptr, FILE_DEVICE_UNKNOWN,
                                           FILE_AUTOGENERATED_DEVICE_NAME, FALSE, &sddl, &id, &other),
                      STATUS_INVALID_PARAMETER);
        }
        IoDeleteDevice(secure);
    });
}

TEST_F(IoDevices, WdmVersionsFollowTheRelease) {
    inside([&] {
        EXPECT_TRUE(IoIsWdmVersionAvailable(6, 0));
        EXPECT_TRUE(IoIsWdmVersionAvailable(1, 0x30));
        EXPECT_FALSE(IoIsWdmVersionAvailable(6, 1));
        kernel().os_major = 5;
        kernel().os_minor = 1; // Windows XP
        EXPECT_TRUE(IoIsWdmVersionAvailable(1, 0x20));
        EXPECT_FALSE(IoIsWdmVersionAvailable(1, 0x30));
        EXPECT_FALSE(IoIsWdmVersionAvailable(6, 0));
    });
}

TEST_F(IoDevices, DriverKeysAreThreeAndNothingElse) {
    inside([&] {
        std::u16string service = u"opctest";
        driver.extension.ServiceKeyName = unicode(service.c_str());
        const std::pair<DRIVER_REGKEY_TYPE, const char16_t*> keys[] = {
            {DriverRegKeyParameters, u"Parameters"},
            {DriverRegKeyPersistentState, u"State"},
            {DriverRegKeySharedPersistentState, u"SharedState"},
        };
        for (const auto& [type, name] : keys) {
            HANDLE handle = nullptr;
            ASSERT_EQ(IoOpenDriverRegistryKey(&driver.object, type, KEY_READ, 0, &handle), STATUS_SUCCESS);
            const std::u16string path = u"\\Registry\\Machine\\System\\CurrentControlSet\\Services\\opctest\\";
            EXPECT_NE(Registry::current().find(path + name), nullptr);
            UNICODE_STRING value = unicode(u"x");
            ULONG number = 1;
            EXPECT_EQ(ZwSetValueKey(handle, &value, 0, REG_DWORD, &number, sizeof number), STATUS_ACCESS_DENIED)
                << "opened for reading";
            ZwClose(handle);
        }
        HANDLE handle = nullptr;
        EXPECT_EQ(IoOpenDriverRegistryKey(&driver.object, DriverRegKeyParameters, KEY_READ, 1, &handle),
                  STATUS_INVALID_PARAMETER)
            << "flags are zero";
        EXPECT_EQ(IoOpenDriverRegistryKey(&driver.object, static_cast<DRIVER_REGKEY_TYPE>(99), KEY_READ, 0, &handle),
                  STATUS_INVALID_PARAMETER);
    });
}

TEST_F(IoDevices, DeviceKeysAreItsHardwareAndItsSoftwareKey) {
    inside([&] {
        HANDLE handle = nullptr;
        EXPECT_EQ(IoOpenDeviceRegistryKey(object, PLUGPLAY_REGKEY_DEVICE, KEY_READ, &handle),
                  STATUS_INVALID_DEVICE_REQUEST)
            << "not a physical device object";
        DeviceRecord& record = device_record(object);
        EXPECT_EQ(IoOpenDeviceRegistryKey(object, PLUGPLAY_REGKEY_DRIVER, KEY_READ, &handle),
                  STATUS_OBJECT_NAME_NOT_FOUND);
        record.hardware_key = u"\\Registry\\Machine\\System\\CurrentControlSet\\Enum\\ROOT\\X\\0";
        record.software_key = u"\\Registry\\Machine\\System\\CurrentControlSet\\Control\\Class\\{x}\\0000";
        for (const ULONG kind : {PLUGPLAY_REGKEY_DEVICE, PLUGPLAY_REGKEY_DRIVER}) {
            ASSERT_EQ(IoOpenDeviceRegistryKey(object, kind, KEY_ALL_ACCESS, &handle), STATUS_SUCCESS);
            UNICODE_STRING value = unicode(u"Kind");
            ULONG number = kind;
            EXPECT_EQ(ZwSetValueKey(handle, &value, 0, REG_DWORD, &number, sizeof number), STATUS_SUCCESS);
            ZwClose(handle);
        }
        EXPECT_NE(Registry::current().find(record.hardware_key + u"\\Device Parameters"), nullptr);
        EXPECT_NE(Registry::current().find(record.software_key), nullptr);
        EXPECT_EQ(IoOpenDeviceRegistryKey(object, 0, KEY_READ, &handle), STATUS_INVALID_PARAMETER);
    });
}

struct Asked {
    DEVICE_OBJECT* device = nullptr;
    Kernel::DeviceRequest request{};
    ULONG value = 99;
    int count = 0;
} asked;

TEST_F(IoDevices, RelationsAreInvalidatedWithTheBusManager) {
    asked = {};
    kernel().device_request_hook = [](machine::Machine&, DEVICE_OBJECT* device, Kernel::DeviceRequest request,
                                      ULONG value) { asked = {device, request, value, asked.count + 1}; };
    inside([&] {
        IoInvalidateDeviceRelations(object, BusRelations);
        machine.settle();
    });
    EXPECT_EQ(asked.count, 1);
    EXPECT_EQ(asked.device, object);
    EXPECT_EQ(asked.request, Kernel::DeviceRequest::invalidate_relations);
    EXPECT_EQ(asked.value, static_cast<ULONG>(BusRelations));
    kernel().device_request_hook = nullptr;
}

} // namespace
} // namespace openportcls::executive
