// The statuses that layers without Windows' headers use are those of Windows.
#include <algorithm>
#include <cctype>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <string>

#include <gtest/gtest.h>

namespace openportcls {
namespace {

// Names in capitals, and their numbers.
std::map<std::string, std::uint32_t> numbers_in(const char* path, const char* pattern) {
    std::ifstream file(path);
    EXPECT_TRUE(file) << path;
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    const std::regex line(pattern);
    std::map<std::string, std::uint32_t> numbers;
    for (std::sregex_iterator each(text.begin(), text.end(), line), end; each != end; ++each) {
        std::string name = (*each)[1];
        std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::toupper(c); });
        EXPECT_TRUE(numbers.emplace(name, std::stoul((*each)[2], nullptr, 16)).second) << name;
    }
    return numbers;
}

TEST(Status, EveryNameIsTheOneThatWindowsHasForTheNumber) {
    const auto ours =
        numbers_in("status.h", "constexpr auto (status_[a-z_]+) = static_cast<std::int32_t>\\((0x[0-9A-F]+)\\)");
    const auto windows =
        numbers_in("../../include/wdk/ntstatus.h", "#define (STATUS_[A-Z0-9_]+) \\(\\(NTSTATUS\\)(0x[0-9A-Fa-f]+)\\)");
    EXPECT_GE(ours.size(), 10U);
    for (const auto& [name, number] : ours) {
        const auto found = windows.find(name);
        ASSERT_NE(found, windows.end()) << name;
        EXPECT_EQ(number, found->second) << name;
    }
}

} // namespace
} // namespace openportcls
