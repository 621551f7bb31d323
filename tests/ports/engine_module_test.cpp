// The audio module of tests/drivers/engine: KSPROPSETID_AudioModule on the filter and on a stream, and who is told.
#include <stdexcept>

#include "engine_fixture.h"

namespace openportcls::ports {
namespace {

constexpr auto status_timeout = static_cast<std::int32_t>(0x102);

class EngineModule : public Engine {
protected:
    AudioModule module_of(const KsObject& object) {
        auto modules = audio_modules(object);
        EXPECT_TRUE(modules) << modules.error().message;
        EXPECT_EQ(modules->size(), 1U);
        return modules->front();
    }
    static bool value_in(std::span<const std::byte> data) {
        BOOL value = FALSE;
        EXPECT_GE(data.size(), sizeof value);
        std::memcpy(&value, data.data(), std::min(data.size(), sizeof value));
        return value != FALSE;
    }
    bool is_swapped(const KsObject& object) {
        const auto answer = command_audio_module(object, module_of(object));
        EXPECT_TRUE(answer) << answer.error().message;
        return value_in(*answer);
    }
    void swap(const KsObject& object, bool swapped = true) {
        const BOOL value = swapped;
        const auto answer = command_audio_module(object, module_of(object), std::as_bytes(std::span(&value, 1)));
        ASSERT_TRUE(answer) << answer.error().message;
        EXPECT_TRUE(answer->empty());
    }
};

// R-OFF-10: the miniport answers the three properties, and the module does what it is told.
TEST_F(EngineModule, R_OFF_10_commands_reach_the_module) {
    start_listening();
    RenderStream stream = open_stream(offload_pin);
    AudioModule module = module_of(*wave);
    EXPECT_EQ(module.name, "Swap");
    EXPECT_EQ(module.instance, 0U);
    EXPECT_EQ(module.major_version, 1U);
    EXPECT_EQ(module.class_id, module_of(stream).class_id);
    EXPECT_FALSE(is_swapped(*wave));
    const Bytes sound = noise(20 * interval);
    EXPECT_NE(find(play(stream, sound), sound), std::string::npos);
    swap(stream);
    EXPECT_TRUE(is_swapped(*wave));
    Bytes swapped(sound.size());
    for (std::size_t at = 0; at < sound.size(); at += 4) {
        std::memcpy(&swapped[at], &sound[at + 2], 2);
        std::memcpy(&swapped[at + 2], &sound[at], 2);
    }
    EXPECT_NE(find(play(stream, sound), swapped), std::string::npos);
    module.instance = 1;
    EXPECT_EQ(command_audio_module(*wave, module).error().status, status_invalid_parameter) << "no such module";
}

TEST_F(EngineModule, R_OFF_10_a_command_to_no_module) {
    start();
    const auto [set, command] = property::audio_module_command;
    Bytes answer(64);
    for (const std::size_t bytes : {std::size_t{0}, std::size_t{20}, std::size_t{23}}) {
        const auto got = wave->property(set, command, property_get, Bytes(bytes), answer);
        EXPECT_EQ(got.error().status, status_invalid_parameter) << bytes;
    }
}

// IPortClsNotifications::SendNotification: whoever listens is told, with what the module sends along.
TEST_F(EngineModule, R_OFF_10_changes_are_told) {
    start();
    const auto device = wave->get<Guid>(property::audio_module_notification_device);
    ASSERT_TRUE(device) << device.error().message;
    NotificationListener listener = std::move(wave->listen_for(notification::audio_module).value());
    NotificationListener other = std::move(wave->listen_for(notification::sound_detector).value());
    EXPECT_FALSE(is_swapped(*wave));
    EXPECT_EQ(listener.wait(milliseconds(10)).error().status, status_timeout) << "nothing has changed";
    EXPECT_EQ(listener.wait(milliseconds(-1)).error().status, status_invalid_parameter);
    swap(*wave);
    swap(*wave, false);
    for (const bool swapped : {true, false}) {
        const auto heard = listener.wait(milliseconds(10));
        ASSERT_TRUE(heard) << heard.error().message;
        EXPECT_EQ(heard->id, notification::audio_module);
        const auto change = read_audio_module_notification(*heard);
        ASSERT_TRUE(change);
        EXPECT_EQ(change->device, *device);
        EXPECT_EQ(change->class_id, module_of(*wave).class_id);
        EXPECT_EQ(change->instance, 0U);
        EXPECT_EQ(value_in(change->data), swapped) << "in order";
    }
    EXPECT_FALSE(listener.take());
    EXPECT_FALSE(other.take()) << "of another kind";
}

// On the thread of the machine; also those that came before anybody was called.
TEST_F(EngineModule, R_OFF_10_a_callback_is_told) {
    start();
    std::optional<NotificationListener> listener(std::move(wave->listen_for(notification::audio_module).value()));
    std::vector<bool> told;
    swap(*wave);
    ASSERT_TRUE(machine->run_for(milliseconds(10)));
    const auto keep = [&](const Notification& each) {
        told.push_back(value_in(read_audio_module_notification(each).value().data));
        EXPECT_EQ(is_swapped(*wave), told.back()) << "it may ask";
    };
    ASSERT_TRUE(listener->on_notification(keep));
    EXPECT_FALSE(listener->on_notification(keep)) << "there is one";
    ASSERT_TRUE(machine->run_for(milliseconds(10)));
    swap(*wave, false);
    ASSERT_TRUE(machine->run_for(milliseconds(10)));
    EXPECT_EQ(told, (std::vector{true, false}));
    ASSERT_TRUE(listener->on_notification({}));
    swap(*wave);
    EXPECT_TRUE(listener->wait(milliseconds(10))) << "take() and wait() see them again";
    EXPECT_EQ(told.size(), 2U);
    ASSERT_TRUE(listener->on_notification([](const Notification&) { throw std::runtime_error("no more"); }));
    swap(*wave);
    ASSERT_TRUE(machine->run_for(milliseconds(10)));
    const auto after = listener->wait(milliseconds(10));
    ASSERT_FALSE(after);
    EXPECT_NE(after.error().message.find("no more"), std::string::npos) << after.error().message;
    listener.reset();
    swap(*wave); // nobody is there
    ASSERT_TRUE(machine->run_for(milliseconds(10)));
}

// A listener keeps what it listens on open, and lives on when the device has gone.
TEST_F(EngineModule, X_05_listening_to_a_device_that_goes) {
    start();
    NotificationListener listener = std::move(open_stream(offload_pin).listen_for(notification::audio_module).value());
    swap(*wave);
    ASSERT_TRUE(machine->run_for(milliseconds(10)));
    ASSERT_TRUE(driver->devices().front().surprise_remove());
    EXPECT_TRUE(listener.take()) << "what was told before";
    EXPECT_EQ(listener.wait(milliseconds(10)).error().status, status_timeout);
}

// Whoever takes none keeps the newest thousand.
TEST_F(EngineModule, R_OFF_10_the_oldest_go) {
    start();
    NotificationListener listener = std::move(wave->listen_for(notification::audio_module).value());
    swap(*wave, false);
    for (int times = 0; times < 1000; ++times) {
        swap(*wave);
    }
    ASSERT_TRUE(machine->run_for(milliseconds(10)));
    std::size_t count = 0;
    while (auto each = listener.take()) {
        EXPECT_TRUE(value_in(read_audio_module_notification(*each).value().data));
        ++count;
    }
    EXPECT_EQ(count, 1000U);
}

TEST(AudioModuleNotifications, OnlyWholeOnesOfTheirKindAreRead) {
    Notification given{notification::audio_module, Bytes(40)};
    ASSERT_TRUE(read_audio_module_notification(given));
    EXPECT_TRUE(read_audio_module_notification(given)->data.empty());
    given.data.pop_back();
    EXPECT_FALSE(read_audio_module_notification(given));
    given = {notification::sound_detector, Bytes(40)};
    EXPECT_FALSE(read_audio_module_notification(given));
}

} // namespace
} // namespace openportcls::ports
