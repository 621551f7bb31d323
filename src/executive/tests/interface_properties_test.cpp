// IoSetDeviceInterfacePropertyData and IoGetDeviceInterfacePropertyData.
#include "executive/tests/io_fixture.h"

#include "executive/io/device_properties.h"
#include "executive/objects/object_manager.h"

namespace openportcls::executive {
namespace {

constexpr GUID render_class = {0x65E8773E, 0x8F56, 0x11D0, {0xA3, 0xB9, 0x00, 0xA0, 0xC9, 0x22, 0x31, 0x96}};
constexpr DEVPROPKEY key{{0x12345678, 1, 2, {3, 4}}, 7};

class InterfaceProperties : public Io {
protected:
    // Runs `function` with the symbolic link of an interface.
    template<class Function>
    void with_interface(Function&& function) {
        inside([&] {
            device_record(object).instance_path = u"ROOT\\MEDIA\\0000";
            UNICODE_STRING reference = unicode(u"Wave");
            UNICODE_STRING link{};
            ASSERT_EQ(IoRegisterDeviceInterface(object, &render_class, &reference, &link), STATUS_SUCCESS);
            function(link);
            RtlFreeUnicodeString(&link);
        });
    }
};

TEST_F(InterfaceProperties, KeepTheirTypeAndBytes) {
    with_interface([&](UNICODE_STRING& link) {
        WCHAR text[] = u"Speakers";
        EXPECT_EQ(IoSetDeviceInterfacePropertyData(&link, &key, LOCALE_NEUTRAL, PLUGPLAY_PROPERTY_PERSISTENT,
                                                   DEVPROP_TYPE_STRING, sizeof text, text),
                  STATUS_SUCCESS);
        text[0] = u'X'; // the routine has made a copy
        WCHAR read[16] = {};
        ULONG required = 0;
        DEVPROPTYPE type = 0;
        EXPECT_EQ(IoGetDeviceInterfacePropertyData(&link, &key, LOCALE_NEUTRAL, 0, 4, read, &required, &type),
                  STATUS_BUFFER_TOO_SMALL);
        EXPECT_EQ(required, sizeof text);
        EXPECT_EQ(IoGetDeviceInterfacePropertyData(&link, &key, LOCALE_NEUTRAL, 0, sizeof read, read, &required, &type),
                  STATUS_SUCCESS);
        EXPECT_EQ(std::u16string(read), u"Speakers");
        EXPECT_EQ(type, static_cast<DEVPROPTYPE>(DEVPROP_TYPE_STRING));
    });
}

TEST_F(InterfaceProperties, ReplaceAndDelete) {
    with_interface([&](UNICODE_STRING& link) {
        ULONG value = 5;
        ULONG required = 0;
        DEVPROPTYPE type = 0;
        const auto set = [&](void* data, DEVPROPTYPE kind) {
            return IoSetDeviceInterfacePropertyData(&link, &key, 0, 0, kind, sizeof value, data);
        };
        const auto get = [&] {
            return IoGetDeviceInterfacePropertyData(&link, &key, 0, 0, sizeof value, &value, &required, &type);
        };
        EXPECT_EQ(get(), STATUS_OBJECT_NAME_NOT_FOUND);
        EXPECT_EQ(set(&value, DEVPROP_TYPE_UINT32), STATUS_SUCCESS);
        value = 6;
        EXPECT_EQ(set(&value, DEVPROP_TYPE_INT32), STATUS_SUCCESS);
        value = 0;
        EXPECT_EQ(get(), STATUS_SUCCESS);
        EXPECT_EQ(value, 6U);
        EXPECT_EQ(type, static_cast<DEVPROPTYPE>(DEVPROP_TYPE_INT32));
        // Another language is another property.
        EXPECT_EQ(IoGetDeviceInterfacePropertyData(&link, &key, 0x409, 0, sizeof value, &value, &required, &type),
                  STATUS_OBJECT_NAME_NOT_FOUND);
        EXPECT_EQ(set(nullptr, DEVPROP_TYPE_UINT32), STATUS_SUCCESS) << "no data deletes it";
        EXPECT_EQ(get(), STATUS_OBJECT_NAME_NOT_FOUND);
    });
}

TEST_F(InterfaceProperties, UnknownInterfacesAndReservedKeysAreRefused) {
    with_interface([&](UNICODE_STRING& link) {
        ULONG value = 5;
        DEVPROPKEY reserved = key;
        reserved.pid = 1;
        EXPECT_EQ(IoSetDeviceInterfacePropertyData(&link, &reserved, 0, 0, DEVPROP_TYPE_UINT32, 4, &value),
                  STATUS_INVALID_PARAMETER);
        UNICODE_STRING nothing = unicode(u"\\??\\ROOT#NOTHING");
        EXPECT_EQ(IoSetDeviceInterfacePropertyData(&nothing, &key, 0, 0, DEVPROP_TYPE_UINT32, 4, &value),
                  STATUS_OBJECT_NAME_NOT_FOUND);
    });
    expect_bugcheck(0x0A, "IoSetDeviceInterfacePropertyData may be called at", [&] {
        UNICODE_STRING nothing = unicode(u"\\??\\ROOT#NOTHING");
        ULONG value = 5;
        KeRaiseIrqlToDpcLevel();
        IoSetDeviceInterfacePropertyData(&nothing, &key, 0, 0, DEVPROP_TYPE_UINT32, 4, &value);
    });
}

void set_number(HANDLE handle, const char16_t* name, ULONG number) {
    UNICODE_STRING value = unicode(name);
    EXPECT_EQ(ZwSetValueKey(handle, &value, 0, REG_DWORD, &number, sizeof number), STATUS_SUCCESS);
}

ULONG number_at(HANDLE handle, const char16_t* name) {
    UNICODE_STRING value = unicode(name);
    alignas(8) UCHAR buffer[64];
    ULONG needed = 0;
    if (ZwQueryValueKey(handle, &value, KeyValuePartialInformation, buffer, sizeof buffer, &needed) != STATUS_SUCCESS) {
        return 0xFFFFFFFF;
    }
    return *reinterpret_cast<ULONG*>(reinterpret_cast<KEY_VALUE_PARTIAL_INFORMATION*>(buffer)->Data);
}

HANDLE subkey(HANDLE parent, UNICODE_STRING name) {
    OBJECT_ATTRIBUTES attributes;
    InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, parent, nullptr);
    HANDLE handle = nullptr;
    EXPECT_EQ(ZwCreateKey(&handle, KEY_ALL_ACCESS, &attributes, 0, nullptr, REG_OPTION_NON_VOLATILE, nullptr),
              STATUS_SUCCESS);
    return handle;
}

// As drivers with several endpoints do it: the values and subkeys of the interface that the INF installed go to each
// interface that the driver registers at run time.
void copy_key(HANDLE from, HANDLE to) {
    alignas(8) UCHAR buffer[512];
    ULONG needed = 0;
    for (ULONG index = 0;
         ZwEnumerateValueKey(from, index, KeyValueFullInformation, buffer, sizeof buffer, &needed) == STATUS_SUCCESS;
         ++index) {
        auto* value = reinterpret_cast<KEY_VALUE_FULL_INFORMATION*>(buffer);
        UNICODE_STRING name{static_cast<USHORT>(value->NameLength), static_cast<USHORT>(value->NameLength),
                            value->Name};
        EXPECT_EQ(ZwSetValueKey(to, &name, 0, value->Type, buffer + value->DataOffset, value->DataLength),
                  STATUS_SUCCESS);
    }
    for (ULONG index = 0;
         ZwEnumerateKey(from, index, KeyBasicInformation, buffer, sizeof buffer, &needed) == STATUS_SUCCESS; ++index) {
        auto* key_name = reinterpret_cast<KEY_BASIC_INFORMATION*>(buffer);
        const UNICODE_STRING name{static_cast<USHORT>(key_name->NameLength), static_cast<USHORT>(key_name->NameLength),
                                  key_name->Name};
        HANDLE below = subkey(from, name);
        HANDLE copy = subkey(to, name);
        copy_key(below, copy);
        ZwClose(copy);
        ZwClose(below);
    }
}

TEST_F(InterfaceProperties, TemplatesAreCopiedWithEverythingBelow) {
    with_interface([&](UNICODE_STRING& link) {
        UNICODE_STRING reference = unicode(u"WaveCopy");
        UNICODE_STRING copy_link{};
        ASSERT_EQ(IoRegisterDeviceInterface(object, &render_class, &reference, &copy_link), STATUS_SUCCESS);
        HANDLE original = nullptr;
        HANDLE copy = nullptr;
        ASSERT_EQ(IoOpenDeviceInterfaceRegistryKey(&link, KEY_ALL_ACCESS, &original), STATUS_SUCCESS);
        ASSERT_EQ(IoOpenDeviceInterfaceRegistryKey(&copy_link, KEY_ALL_ACCESS, &copy), STATUS_SUCCESS);
        set_number(original, u"A", 1);
        HANDLE endpoints = subkey(original, unicode(u"EP"));
        HANDLE first = subkey(endpoints, unicode(u"0"));
        set_number(first, u"B", 2);
        ZwClose(first);
        ZwClose(endpoints);
        copy_key(original, copy);
        EXPECT_EQ(number_at(copy, u"A"), 1U);
        endpoints = subkey(copy, unicode(u"EP\\0"));
        EXPECT_EQ(number_at(endpoints, u"B"), 2U);
        set_number(endpoints, u"B", 3);
        ZwClose(endpoints);
        first = subkey(original, unicode(u"EP\\0"));
        EXPECT_EQ(number_at(first, u"B"), 2U) << "two keys, not one";
        ZwClose(first);
        ZwClose(copy);
        ZwClose(original);
        RtlFreeUnicodeString(&copy_link);
        EXPECT_EQ(ObjectManager::current().open_handle_count(), 0U);
    });
}

} // namespace
} // namespace openportcls::executive
