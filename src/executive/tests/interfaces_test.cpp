// Device interfaces, their notifications, properties of devices and interfaces.
#include "executive/tests/io_fixture.h"

#include "executive/io/device_properties.h"

namespace openportcls::executive {
namespace {

constexpr GUID rendering_class = {0x65E8773E, 0x8F56, 0x11D0, {0xA3, 0xB9, 0x00, 0xA0, 0xC9, 0x22, 0x31, 0x96}};
constexpr GUID audio_class = {0x6994AD04, 0x93EF, 0x11D0, {0xA3, 0xCC, 0x00, 0xA0, 0xC9, 0x22, 0x31, 0x96}};

std::u16string text(const UNICODE_STRING& string) {
    return {string.Buffer, string.Length / 2U};
}

TEST_F(Io, InterfacesAreNamedEnabledOpenedAndEnumerated) {
    std::vector<std::pair<std::u16string, bool>> changes;
    kernel().interfaces.subscribe(
        [&](const DeviceInterface& entry, bool enabled) { changes.emplace_back(entry.symbolic_link, enabled); });
    inside([&] {
        device_record(object).instance_path = u"ROOT\\MEDIA\\0000";
        device_record(object).start_completed = true;
        UNICODE_STRING reference = unicode(u"Wave");
        UNICODE_STRING link;
        UNICODE_STRING audio_link;
        ASSERT_EQ(IoRegisterDeviceInterface(object, &rendering_class, &reference, &link), STATUS_SUCCESS);
        ASSERT_EQ(IoRegisterDeviceInterface(object, &audio_class, &reference, &audio_link), STATUS_SUCCESS);
        EXPECT_EQ(text(link), u"\\??\\ROOT#MEDIA#0000#{65e8773e-8f56-11d0-a3b9-00a0c9223196}\\Wave");
        FILE_OBJECT* file = nullptr;
        EXPECT_EQ(open_file(text(link), nullptr, &file), STATUS_OBJECT_PATH_NOT_FOUND) << "not enabled yet";
        EXPECT_EQ(IoSetDeviceInterfaceState(&link, TRUE), STATUS_SUCCESS);
        EXPECT_EQ(IoSetDeviceInterfaceState(&link, TRUE), STATUS_OBJECT_NAME_EXISTS);
        ASSERT_EQ(open_file(text(link), nullptr, &file), STATUS_SUCCESS);
        EXPECT_EQ(device.file_name, u"\\Wave");
        close_file(file);
        std::u16string user = text(link);
        user.replace(0, 4, u"\\\\?\\");
        ASSERT_EQ(open_file(user, nullptr, &file), STATUS_SUCCESS);
        close_file(file);

        PZZWSTR list;
        EXPECT_EQ(IoGetDeviceInterfaces(&rendering_class, nullptr, 0, &list), STATUS_SUCCESS);
        EXPECT_EQ(std::u16string(list), text(link));
        EXPECT_EQ(list[text(link).size() + 1], 0);
        ExFreePool(list);
        UNICODE_STRING alias;
        ASSERT_EQ(IoGetDeviceInterfaceAlias(&link, &audio_class, &alias), STATUS_SUCCESS);
        EXPECT_EQ(text(alias), text(audio_link));
        HANDLE key;
        EXPECT_EQ(IoOpenDeviceInterfaceRegistryKey(&link, KEY_ALL_ACCESS, &key), STATUS_SUCCESS);
        ZwClose(key);
        EXPECT_EQ(IoSetDeviceInterfaceState(&link, FALSE), STATUS_SUCCESS);
        EXPECT_EQ(open_file(text(link), nullptr, &file), STATUS_OBJECT_PATH_NOT_FOUND);
        for (UNICODE_STRING* each : {&link, &audio_link, &alias}) {
            RtlFreeUnicodeString(each);
        }
        for (const char16_t* separated : {u"a\\b", u"a/b"}) {
            UNICODE_STRING bad = unicode(separated);
            EXPECT_EQ(IoRegisterDeviceInterface(object, &rendering_class, &bad, &link), STATUS_INVALID_DEVICE_REQUEST);
        }
    });
    ASSERT_EQ(changes.size(), 2U);
    EXPECT_TRUE(changes[0].second);
    EXPECT_FALSE(changes[1].second);
}

// The names that IoGetDeviceInterfaces gives, each with a blank after it.
std::u16string names_with(DEVICE_OBJECT* object, ULONG flags) {
    PZZWSTR list = nullptr;
    EXPECT_EQ(IoGetDeviceInterfaces(&audio_class, object, flags, &list), STATUS_SUCCESS);
    std::u16string names;
    for (const WCHAR* name = list; *name != 0; name += std::u16string_view(name).size() + 1) {
        names += std::u16string(name) + u' ';
    }
    ExFreePool(list);
    return names;
}

TEST_F(Io, DisabledInterfacesAreListedOnRequest) {
    inside([&] {
        device_record(object).instance_path = u"ROOT\\MEDIA\\0003";
        device_record(object).start_completed = true;
        DeviceInterface& enabled = kernel().interfaces.add(object, audio_class, u"Wave");
        const DeviceInterface& disabled = kernel().interfaces.add(object, audio_class, u"Topology");
        kernel().interfaces.set_state(enabled, true);
        for (DEVICE_OBJECT* device : {object, static_cast<DEVICE_OBJECT*>(nullptr)}) {
            EXPECT_EQ(names_with(device, 0), enabled.symbolic_link + u' ');
            const std::u16string all = names_with(device, DEVICE_INTERFACE_INCLUDE_NONACTIVE);
            EXPECT_NE(all.find(enabled.symbolic_link + u' '), std::u16string::npos);
            EXPECT_NE(all.find(disabled.symbolic_link + u' '), std::u16string::npos);
        }
        kernel().interfaces.set_state(enabled, false);
        EXPECT_EQ(names_with(object, 0), u"");
    });
}

struct Arrival {
    int count = 0;
    GUID event{};
};
NTSTATUS NTAPI arrived(PVOID structure, PVOID context) {
    auto* arrival = static_cast<Arrival*>(context);
    ++arrival->count;
    arrival->event = static_cast<DEVICE_INTERFACE_CHANGE_NOTIFICATION*>(structure)->Event;
    return STATUS_SUCCESS;
}

TEST_F(Io, InterfaceNotificationsTellOfOldAndNewOnes) {
    inside([&] {
        device_record(object).instance_path = u"ROOT\\MEDIA\\0001";
        device_record(object).start_completed = true;
        DeviceInterface& first = kernel().interfaces.add(object, audio_class, u"Topology");
        kernel().interfaces.set_state(first, true);
        Arrival arrival;
        PVOID handle;
        ASSERT_EQ(IoRegisterPlugPlayNotification(
                      EventCategoryDeviceInterfaceChange, PNPNOTIFY_DEVICE_INTERFACE_INCLUDE_EXISTING_INTERFACES,
                      const_cast<GUID*>(&audio_class), &driver.object, &arrived, &arrival, &handle),
                  STATUS_SUCCESS);
        EXPECT_EQ(arrival.count, 1);
        DeviceInterface& second = kernel().interfaces.add(object, audio_class, u"Wave");
        kernel().interfaces.set_state(second, true);
        EXPECT_EQ(arrival.count, 2);
        EXPECT_TRUE(IsEqualGUID(arrival.event, GUID_DEVICE_INTERFACE_ARRIVAL));
        kernel().interfaces.set_state(second, false);
        EXPECT_TRUE(IsEqualGUID(arrival.event, GUID_DEVICE_INTERFACE_REMOVAL));
        EXPECT_EQ(IoUnregisterPlugPlayNotificationEx(handle), STATUS_SUCCESS);
        kernel().interfaces.set_state(second, true);
        EXPECT_EQ(arrival.count, 3);
    });
}

// nf-wdm-iosetdeviceinterfacestate: what a driver enables while it starts arrives, and can be opened, when the start is
// complete.
TEST_F(Io, InterfacesArriveWhenTheirDeviceHasStarted) {
    inside([&] {
        device_record(object).instance_path = u"ROOT\\MEDIA\\0003";
        constexpr ULONG with_existing = PNPNOTIFY_DEVICE_INTERFACE_INCLUDE_EXISTING_INTERFACES;
        Arrival early;
        Arrival late;
        PVOID early_handle;
        PVOID late_handle;
        const auto listen = [&](Arrival& arrival, PVOID* handle) {
            return IoRegisterPlugPlayNotification(EventCategoryDeviceInterfaceChange, with_existing,
                                                  const_cast<GUID*>(&audio_class), &driver.object, &arrived, &arrival,
                                                  handle);
        };
        ASSERT_EQ(listen(early, &early_handle), STATUS_SUCCESS);
        DeviceInterface& stays = kernel().interfaces.add(object, audio_class, u"Wave");
        DeviceInterface& goes = kernel().interfaces.add(object, audio_class, u"Topology");
        EXPECT_EQ(kernel().interfaces.set_state(stays, true), STATUS_SUCCESS);
        EXPECT_EQ(kernel().interfaces.set_state(stays, true), STATUS_OBJECT_NAME_EXISTS);
        EXPECT_EQ(kernel().interfaces.set_state(goes, true), STATUS_SUCCESS);
        EXPECT_EQ(kernel().interfaces.set_state(goes, false), STATUS_SUCCESS);
        ASSERT_EQ(listen(late, &late_handle), STATUS_SUCCESS);
        EXPECT_EQ(early.count, 0);
        EXPECT_EQ(late.count, 0);
        FILE_OBJECT* file = nullptr;
        EXPECT_EQ(open_file(stays.symbolic_link, nullptr, &file), STATUS_NO_SUCH_DEVICE);

        kernel().interfaces.device_started(object);
        EXPECT_EQ(early.count, 1);
        EXPECT_EQ(late.count, 1);
        EXPECT_TRUE(IsEqualGUID(late.event, GUID_DEVICE_INTERFACE_ARRIVAL));
        ASSERT_EQ(open_file(stays.symbolic_link, nullptr, &file), STATUS_SUCCESS);
        close_file(file);
        kernel().interfaces.device_started(object); // after a rebalance: nothing is new
        EXPECT_EQ(early.count, 1);
        kernel().interfaces.set_state(stays, false);
        EXPECT_EQ(early.count, 2);
        EXPECT_TRUE(IsEqualGUID(early.event, GUID_DEVICE_INTERFACE_REMOVAL));
        EXPECT_EQ(IoUnregisterPlugPlayNotificationEx(early_handle), STATUS_SUCCESS);
        EXPECT_EQ(IoUnregisterPlugPlayNotificationEx(late_handle), STATUS_SUCCESS);
    });
}

TEST_F(Io, PropertiesOfDevicesAndInterfaces) {
    inside([&] {
        DeviceRecord& record = device_record(object);
        record.instance_path = u"ROOT\\MEDIA\\0002";
        record.friendly_name = u"Cable";
        record.hardware_ids = {u"ROOT\\cable", u"cable"};
        ULONG length = 0;
        WCHAR buffer[64] = {};
        EXPECT_EQ(IoGetDeviceProperty(object, DevicePropertyFriendlyName, 0, nullptr, &length),
                  STATUS_BUFFER_TOO_SMALL);
        EXPECT_EQ(length, 12U);
        EXPECT_EQ(IoGetDeviceProperty(object, DevicePropertyFriendlyName, sizeof buffer, buffer, &length), 0);
        EXPECT_EQ(std::u16string(buffer), u"Cable");
        EXPECT_EQ(IoGetDeviceProperty(object, DevicePropertyHardwareID, sizeof buffer, buffer, &length), 0);
        EXPECT_EQ(length, (11 + 6 + 1) * 2U);
        EXPECT_EQ(IoGetDeviceProperty(object, DevicePropertyContainerID, sizeof buffer, buffer, &length), 0);
        EXPECT_EQ(std::u16string(buffer), u"{00000000-0000-0000-ffff-ffffffffffff}");
        EXPECT_EQ(IoGetDeviceProperty(object, DevicePropertyContainerID, 38 * sizeof(WCHAR), buffer, &length),
                  STATUS_BUFFER_TOO_SMALL);
        EXPECT_EQ(length, 39 * sizeof(WCHAR));

        DEVPROPKEY key{audio_class, 5};
        ULONG value = 77;
        ULONG required = 0;
        DEVPROPTYPE type = 0;
        EXPECT_EQ(IoSetDevicePropertyData(object, &key, 0, 0, DEVPROP_TYPE_UINT32, 4, &value), STATUS_SUCCESS);
        value = 0;
        EXPECT_EQ(IoGetDevicePropertyData(object, &key, 0, 0, 2, &value, &required, &type), STATUS_BUFFER_TOO_SMALL);
        EXPECT_EQ(IoGetDevicePropertyData(object, &key, 0, 0, 4, &value, &required, &type), STATUS_SUCCESS);
        EXPECT_EQ(value, 77U);
        EXPECT_EQ(type, static_cast<ULONG>(DEVPROP_TYPE_UINT32));
        EXPECT_EQ(IoSetDevicePropertyData(object, &key, 0, 0, DEVPROP_TYPE_EMPTY, 0, nullptr), STATUS_SUCCESS);
        EXPECT_EQ(IoGetDevicePropertyData(object, &key, 0, 0, 4, &value, &required, &type),
                  STATUS_OBJECT_NAME_NOT_FOUND);
    });
}

} // namespace
} // namespace openportcls::executive
