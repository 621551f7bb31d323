#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <unistd.h>

#include "machine/machine.h"
#include "pnp/pnp_manager.h"
#include "recording_driver.h"

namespace openportcls::pnp::test {

// A machine with a PnP manager, and a folder for files that goes with the test.
class PnpTest : public ::testing::Test {
protected:
    PnpTest() {
        reset_recording();
        std::string pattern = (std::filesystem::temp_directory_path() / "opc-pnp-XXXXXX").string();
        folder = ::mkdtemp(pattern.data());
    }
    ~PnpTest() override { std::filesystem::remove_all(folder); }

    std::filesystem::path write(const std::string& name, std::string_view content) {
        const auto path = folder / name;
        std::ofstream(path, std::ios::binary) << content;
        return path;
    }
    LoadedDriver& load(const DriverOptions& options = {}) {
        auto driver = manager.load_static_driver(&recording_driver_entry, options);
        EXPECT_TRUE(driver) << (driver ? "" : driver.error().message);
        return **driver;
    }
    DeviceNode& add(LoadedDriver& driver, const DeviceSpec& spec = {}) {
        auto device = manager.add_device(driver, spec);
        EXPECT_TRUE(device) << (device ? "" : device.error().message);
        return **device;
    }

    std::filesystem::path folder;
    machine::Machine machine;
    PnpManager& manager = machine.add_subsystem<PnpManager>();
    RecordingDriver& driver_log = recording();
};

#define EXPECT_OK(expression)                                                                                          \
    do {                                                                                                               \
        const auto& result_ = (expression);                                                                            \
        EXPECT_TRUE(result_) << (result_ ? "" : result_.error().message);                                              \
    } while (0)
#define EXPECT_ERROR(expression, expected_status, matcher)                                                             \
    do {                                                                                                               \
        const auto& result_ = (expression);                                                                            \
        ASSERT_FALSE(result_);                                                                                         \
        EXPECT_EQ(result_.error().status, expected_status);                                                            \
        EXPECT_THAT(result_.error().message, matcher);                                                                 \
    } while (0)

} // namespace openportcls::pnp::test
