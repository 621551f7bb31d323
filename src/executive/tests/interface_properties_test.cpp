// IoSetDeviceInterfacePropertyData and IoGetDeviceInterfacePropertyData.
#include "executive/tests/io_fixture.h"

#include "executive/io/device_properties.h"

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

} // namespace
} // namespace openportcls::executive
