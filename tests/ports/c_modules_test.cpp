// Audio modules, notifications and content rights by the C API, of tests/drivers/engine and tests/drivers/pnp.
#include <cstring>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <openportcls/openportcls.h>

namespace {

constexpr std::uint64_t millisecond = 1'000'000;
constexpr opc_status timeout = 0x102;
constexpr auto not_implemented = static_cast<opc_status>(0xC0000002);
constexpr std::size_t notification_head = 40; // KSAUDIOMODULE_NOTIFICATION

class CModules : public testing::Test {
protected:
    void load(const char* module, const char* inf) {
        opc_driver_options options;
        opc_driver_options_init(&options);
        options.inf = inf;
        ASSERT_EQ(opc_machine_create(nullptr, &machine), 0) << opc_last_error();
        ASSERT_EQ(opc_driver_load(machine, module, &options, &driver), 0) << opc_last_error();
        ASSERT_EQ(opc_filter_open(machine, "Wave", &wave), 0) << opc_last_error();
    }
    void TearDown() override {
        opc_filter_close(wave);
        opc_driver_release(driver);
        opc_machine_destroy(machine);
    }
    opc_audio_module module() {
        const opc_audio_module* modules = nullptr;
        std::size_t count = 0;
        EXPECT_EQ(opc_audio_modules(opc_filter_object(wave), &modules, &count), 0) << opc_last_error();
        EXPECT_EQ(count, 1U);
        return modules[0];
    }
    void swap(std::int32_t value) {
        const opc_audio_module swapper = module();
        const void* answer = nullptr;
        std::size_t bytes = 77;
        ASSERT_EQ(opc_audio_module_command(opc_filter_object(wave), &swapper.class_id, swapper.instance, &value,
                                           sizeof value, &answer, &bytes),
                  0)
            << opc_last_error();
        EXPECT_EQ(bytes, 0U);
    }
    static std::int32_t value_at(const void* data, std::size_t offset) {
        std::int32_t value = 0;
        std::memcpy(&value, static_cast<const char*>(data) + offset, sizeof value);
        return value;
    }

    opc_machine* machine = nullptr;
    opc_driver* driver = nullptr;
    opc_filter* wave = nullptr;
};

TEST_F(CModules, CommandsReachTheModule) {
    load(ENGINE_MODULE, ENGINE_INF);
    const opc_audio_module swapper = module();
    EXPECT_STREQ(swapper.name, "Swap");
    EXPECT_EQ(swapper.major_version, 1U);
    opc_object* const object = opc_filter_object(wave);
    const void* answer = nullptr;
    std::size_t bytes = 0;
    ASSERT_EQ(opc_audio_module_command(object, &swapper.class_id, 0, nullptr, 0, &answer, &bytes), 0);
    ASSERT_EQ(bytes, sizeof(std::int32_t));
    EXPECT_EQ(value_at(answer, 0), 0);
    swap(1);
    ASSERT_EQ(opc_audio_module_command(object, &swapper.class_id, 0, nullptr, 0, &answer, &bytes), 0);
    EXPECT_EQ(value_at(answer, 0), 1);
    EXPECT_NE(opc_audio_module_command(object, &swapper.class_id, 1, nullptr, 0, &answer, &bytes), 0);
    EXPECT_NE(std::string(opc_last_error()).find("Wave"), std::string::npos) << opc_last_error();
}

TEST_F(CModules, ChangesAreTold) {
    load(ENGINE_MODULE, ENGINE_INF);
    const opc_uuid set = OPC_SET_AUDIO_MODULE;
    opc_uuid device;
    ASSERT_EQ(opc_property_get(opc_filter_object(wave), &set, OPC_AUDIO_MODULE_NOTIFICATION_DEVICE, nullptr, &device,
                               sizeof device),
              0)
        << opc_last_error();
    const opc_uuid changes = OPC_NOTIFICATION_AUDIO_MODULE;
    opc_listener* listener = nullptr;
    ASSERT_EQ(opc_listener_open(opc_filter_object(wave), &changes, &listener), 0) << opc_last_error();
    opc_notification heard{};
    EXPECT_FALSE(opc_listener_take(listener, &heard));
    EXPECT_EQ(opc_listener_wait(listener, millisecond, &heard), timeout);
    swap(1);
    ASSERT_EQ(opc_listener_wait(listener, millisecond, &heard), 0) << opc_last_error();
    EXPECT_EQ(std::memcmp(&heard.id, &changes, sizeof changes), 0);
    ASSERT_GE(heard.bytes, notification_head + sizeof(std::int32_t));
    EXPECT_EQ(std::memcmp(heard.data, &device, sizeof device), 0);
    EXPECT_EQ(value_at(heard.data, notification_head), 1);
    swap(0);
    ASSERT_EQ(opc_machine_run_for(machine, millisecond), 0);
    ASSERT_TRUE(opc_listener_take(listener, &heard));
    EXPECT_EQ(value_at(heard.data, notification_head), 0);

    std::vector<std::int32_t> told;
    const auto keep = [](void* context, const opc_notification* each) {
        static_cast<std::vector<std::int32_t>*>(context)->push_back(value_at(each->data, notification_head));
    };
    ASSERT_EQ(opc_listener_on_notification(listener, keep, &told), 0) << opc_last_error();
    swap(1);
    ASSERT_EQ(opc_machine_run_for(machine, millisecond), 0);
    EXPECT_EQ(told, std::vector<std::int32_t>{1});
    ASSERT_EQ(opc_listener_on_notification(listener, nullptr, nullptr), 0);
    opc_listener_close(listener);
}

TEST_F(CModules, ContentRightsAreTheStreams) {
    load(PNP_MODULE, PNP_INF);
    opc_format format;
    opc_format_init(&format);
    opc_stream* stream = nullptr;
    ASSERT_EQ(opc_render_open(wave, &format, nullptr, &stream), 0) << opc_last_error();
    EXPECT_EQ(opc_object_set_content_rights(opc_stream_object(stream), true, false), 0) << opc_last_error();
    EXPECT_EQ(opc_object_set_content_rights(opc_stream_object(stream), false, true), not_implemented);
    EXPECT_NE(opc_object_set_content_rights(opc_filter_object(wave), true, false), 0) << "a filter";
    opc_stream_close(stream);
}

} // namespace
