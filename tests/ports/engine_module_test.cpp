// The audio module of tests/drivers/engine: KSPROPSETID_AudioModule on the filter and on a stream, and who is told.
#include "client/state.h"
#include "engine_fixture.h"

namespace openportcls::ports {
namespace {

struct Command {
    GUID class_id;
    ULONG instance;
    BOOL swapped;
};

struct Listener {
    static NTSTATUS NTAPI heard(PVOID structure, PVOID context) {
        const auto* change = static_cast<const TARGET_DEVICE_CUSTOM_NOTIFICATION*>(structure);
        if (change->Event == KSNOTIFICATIONID_AudioModule) {
            auto& self = *static_cast<Listener*>(context);
            std::memcpy(&self.header, change->CustomDataBuffer, sizeof self.header);
            ++self.changes;
        }
        return STATUS_SUCCESS;
    }
    KSAUDIOMODULE_NOTIFICATION header{};
    int changes = 0;
};

class EngineModule : public Engine {
protected:
    static Guid set() { return client::from_windows(KSPROPSETID_AudioModule); }

    KSAUDIOMODULE_DESCRIPTOR module_of(const KsObject& object) {
        auto modules = object.get_items<KSAUDIOMODULE_DESCRIPTOR>(Key{set(), KSPROPERTY_AUDIOMODULE_DESCRIPTORS});
        EXPECT_TRUE(modules) << modules.error().message;
        EXPECT_EQ(modules->size(), 1U);
        return modules->front();
    }
    // Without `swapped` the command asks.
    Result<BOOL> command(const KsObject& object, const GUID& class_id, std::optional<bool> swapped = {}) {
        const Command in{class_id, 0, swapped.value_or(false)};
        const auto bytes = std::as_bytes(std::span(&in, 1));
        BOOL out = FALSE;
        auto done = object.property(set(), KSPROPERTY_AUDIOMODULE_COMMAND, property_get,
                                    swapped ? bytes : bytes.first(offsetof(Command, swapped)),
                                    std::as_writable_bytes(std::span(&out, swapped ? 0 : 1)));
        return done ? Result<BOOL>(out) : Result<BOOL>(done.error());
    }
};

// R-OFF-10: the miniport answers the three properties, and the module does what it is told.
TEST_F(EngineModule, R_OFF_10_commands_reach_the_module) {
    start_listening();
    RenderStream stream = open_stream(offload_pin);
    const KSAUDIOMODULE_DESCRIPTOR module = module_of(*wave);
    EXPECT_EQ(std::u16string(reinterpret_cast<const char16_t*>(module.Name)), u"Swap");
    EXPECT_TRUE(IsEqualGUID(module.ClassId, module_of(stream).ClassId));
    EXPECT_FALSE(command(*wave, module.ClassId).value());
    const Bytes sound = noise(20 * interval);
    EXPECT_NE(find(play(stream, sound), sound), std::string::npos);
    ASSERT_TRUE(command(stream, module.ClassId, true));
    EXPECT_TRUE(command(*wave, module.ClassId).value());
    Bytes swapped(sound.size());
    for (std::size_t at = 0; at < sound.size(); at += 4) {
        std::memcpy(&swapped[at], &sound[at + 2], 2);
        std::memcpy(&swapped[at + 2], &sound[at], 2);
    }
    EXPECT_NE(find(play(stream, sound), swapped), std::string::npos);
    EXPECT_EQ(command(*wave, KSPROPSETID_AudioModule).error().status, status_invalid_parameter) << "no such module";
}

// IPortClsNotifications::SendNotification: whoever has registered for the module's device is told.
TEST_F(EngineModule, R_OFF_10_changes_are_told) {
    start();
    const auto device = wave->get<GUID>(Key{set(), KSPROPERTY_AUDIOMODULE_NOTIFICATION_DEVICE_ID});
    ASSERT_TRUE(device) << device.error().message;
    Listener listener;
    PVOID registration = nullptr;
    FILE_OBJECT* const file = wave->object()->file;
    ASSERT_TRUE(machine->state()->machine->enter([&] {
        ASSERT_EQ(IoRegisterPlugPlayNotification(EventCategoryTargetDeviceChange, 0, file,
                                                 file->DeviceObject->DriverObject, Listener::heard, &listener,
                                                 &registration),
                  STATUS_SUCCESS);
    }));
    const GUID class_id = module_of(*wave).ClassId;
    ASSERT_TRUE(command(*wave, class_id));
    ASSERT_TRUE(machine->run_for(milliseconds(10)));
    EXPECT_EQ(listener.changes, 0) << "nothing has changed";
    ASSERT_TRUE(command(*wave, class_id, true));
    ASSERT_TRUE(machine->run_for(milliseconds(10)));
    EXPECT_EQ(listener.changes, 1);
    EXPECT_TRUE(IsEqualGUID(listener.header.ProviderId.DeviceId, *device));
    EXPECT_TRUE(IsEqualGUID(listener.header.ProviderId.ClassId, class_id));
    ASSERT_TRUE(machine->state()->machine->enter([&] { IoUnregisterPlugPlayNotification(registration); }));
}

} // namespace
} // namespace openportcls::ports
