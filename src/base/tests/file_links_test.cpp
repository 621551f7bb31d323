// Symbolic links are followed to the end, wherever that is.
#include "base/file_links.h"

#include <unistd.h>

#include <gtest/gtest.h>

#include "base/status.h"

namespace openportcls {
namespace {

class FileLinks : public testing::Test {
protected:
    FileLinks() : folder_(std::filesystem::temp_directory_path() / ("file-links-" + std::to_string(::getpid()))) {
        std::filesystem::create_directories(folder_ / "sub");
    }
    ~FileLinks() override {
        std::error_code ignored;
        std::filesystem::remove_all(folder_, ignored);
    }
    void link(const char* name, const std::filesystem::path& to) const {
        std::filesystem::create_symlink(to, folder_ / name);
    }

    std::filesystem::path folder_;
};

TEST_F(FileLinks, WhatIsNoLinkIsItself) {
    EXPECT_EQ(*follow_links(folder_), folder_);
    EXPECT_EQ(*follow_links(folder_ / "nothing"), folder_ / "nothing");
    EXPECT_EQ(*follow_links("relative"), "relative");
}

TEST_F(FileLinks, LinksLeadOnFromWhereTheyLie) {
    link("absolute", folder_ / "sub" / "there");
    link("relative", "sub/there");
    link("twice", "relative");
    link("sub/up", "../relative");
    for (const char* name : {"absolute", "relative", "twice", "sub/up"}) {
        const auto target = follow_links(folder_ / name);
        ASSERT_TRUE(target) << target.error().message;
        EXPECT_EQ(std::filesystem::weakly_canonical(*target), std::filesystem::canonical(folder_) / "sub" / "there");
    }
}

TEST_F(FileLinks, LinksInACircleAreAnError) {
    link("one", "other");
    link("other", "one");
    const auto target = follow_links(folder_ / "one");
    EXPECT_EQ(target.status(), status_object_path_not_found);
    EXPECT_NE(target.error().message.find("one: the symbolic link leads nowhere"), std::string::npos);
}

} // namespace
} // namespace openportcls
