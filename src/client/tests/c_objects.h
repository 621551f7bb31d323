// One of each of what the C header makes, and places that nothing may be written to.
#pragma once

#include <openportcls/openportcls.h>

#include <cstdint>

#include <gtest/gtest.h>

namespace openportcls::client {

class CObjects : public testing::Test {
protected:
    void SetUp() override {
        opc_format_init(&format);
        opc_machine_options_init(&machine_options);
        opc_driver_options_init(&driver_options);
        opc_stream_options_init(&stream_options);
        ASSERT_EQ(opc_machine_create(nullptr, &machine), 0);
        ASSERT_EQ(opc_driver_load(machine, "cable", nullptr, &driver), 0);
        ASSERT_EQ(opc_driver_device(driver, 0, &device), 0);
        ASSERT_EQ(opc_filter_open(machine, "Wave", &filter), 0);
        ASSERT_EQ(opc_filter_open(machine, "Topology", &topology), 0);
        ASSERT_EQ(opc_render_open(filter, &format, nullptr, &render), 0);
        ASSERT_EQ(opc_capture_open(filter, &format, nullptr, &capture), 0);
        ASSERT_EQ(opc_pin_open(filter, 0, &format, OPC_MODE_RAW, &pin), 0);
        ASSERT_EQ(opc_event_enable(opc_filter_object(topology), &control_change, 0, 0, false, &event), 0);
    }
    void TearDown() override {
        EXPECT_TRUE(machine == nullptr || opc_machine_crash_report(machine) == nullptr);
        opc_event_disable(event);
        opc_pin_close(pin);
        opc_stream_close(capture);
        opc_stream_close(render);
        opc_filter_close(topology);
        opc_filter_close(filter);
        opc_device_release(device);
        opc_driver_release(driver);
        opc_machine_destroy(machine);
    }

    const opc_uuid control_change{0xe85e9698, 0xfa2f, 0x11d1, {0x95, 0xbd, 0x00, 0xc0, 0x4f, 0xb9, 0x25, 0xd3}};
    opc_format format{};
    opc_machine_options machine_options{};
    opc_driver_options driver_options{};
    opc_stream_options stream_options{};
    opc_machine* machine = nullptr;
    opc_driver* driver = nullptr;
    opc_device* device = nullptr;
    opc_filter* filter = nullptr;
    opc_filter* topology = nullptr;
    opc_stream* render = nullptr;
    opc_stream* capture = nullptr;
    opc_pin* pin = nullptr;
    opc_event* event = nullptr;
    // Places that nothing may be written to.
    size_t size = 77;
    std::uint32_t number = 77;
    std::uint64_t large = 77;
    double decibels = 77;
    bool flag = true;
    unsigned char bytes[16] = {};
    void* const context = &number;
};

} // namespace openportcls::client
