// A folder of files for one test.
#pragma once

#include "drivertools/text.h"

#include <filesystem>
#include <gtest/gtest.h>
#include <string>
#include <string_view>
#include <unistd.h>

namespace openportcls::drivertools {

class TemporaryFolder {
public:
    TemporaryFolder() {
        auto pattern = (std::filesystem::temp_directory_path() / "drivertools-XXXXXX").string();
        folder_ = ::mkdtemp(pattern.data());
    }
    ~TemporaryFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(folder_, ignored);
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;

    const std::filesystem::path& path() const { return folder_; }
    std::filesystem::path operator/(const std::string& name) const { return folder_ / name; }
    std::filesystem::path add(const std::string& name, std::string_view content = "") const {
        auto file = folder_ / name;
        std::filesystem::create_directories(file.parent_path());
        EXPECT_TRUE(write_file(file, content));
        if (content.empty())
            EXPECT_TRUE(write_file(file, "\n"));
        return file;
    }

private:
    std::filesystem::path folder_;
};

} // namespace openportcls::drivertools
