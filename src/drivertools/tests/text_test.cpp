#include "drivertools/content_hash.h"
#include "drivertools/process.h"
#include "drivertools/text.h"
#include "drivertools/windows_path.h"
#include "temporary_folder.h"

#include <atomic>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace openportcls::drivertools;
using namespace std::string_literals;
using testing::ElementsAre;

TEST(Text, ReadsEveryEncodingOfProjectFiles) {
    EXPECT_EQ(to_utf8("plain"), "plain");
    EXPECT_EQ(to_utf8("\xEF\xBB\xBF<a/>"), "<a/>");
    EXPECT_EQ(to_utf8("\xFF\xFE<\0a\0/\0>\0"s), "<a/>");
    EXPECT_EQ(to_utf8("\xFE\xFF\0<\0a\0/\0>"s), "<a/>");
    EXPECT_EQ(to_utf8("\xFF\xFE\xE9\0\x3D\xD8\x00\xDE"s), "\xC3\xA9\xF0\x9F\x98\x80"); // é and a surrogate pair
}

TEST(Text, SplitsAndTrims) {
    EXPECT_THAT(split(" a ; b;;c ", ";"), ElementsAre("a", "b", "c"));
    EXPECT_TRUE(split("", ";").empty());
    EXPECT_THAT(lines_of("a\r\nb\n"), ElementsAre("a", "b"));
    EXPECT_TRUE(equals_ignoring_case("NewDelete.CPP", "newdelete.cpp"));
    EXPECT_FALSE(equals_ignoring_case("a", "ab"));
}

TEST(WindowsPath, FindsNamesInAnyCaseWithBackslashes) {
    TemporaryFolder folder;
    folder.add("Source/Main/NewDelete.cpp");
    auto base = folder / "Source/Main";
    EXPECT_EQ(find_ignoring_case(base, "newdelete.cpp"), base / "NewDelete.cpp");
    EXPECT_EQ(find_ignoring_case(base, "..\\MAIN\\NEWDELETE.CPP"), base / "NewDelete.cpp");
    EXPECT_EQ(find_ignoring_case(base, ".\\..\\main\\"), base);
    EXPECT_EQ(find_ignoring_case(base, "absent.cpp"), std::nullopt);
    EXPECT_EQ(deepest_existing(base, "..\\Main\\x64\\Release\\Main.lib"), base);
}

TEST(WindowsPath, PrefersTheExactNameAmongNamesThatDifferInCase) {
    TemporaryFolder folder;
    folder.add("a.h");
    folder.add("A.h");
    EXPECT_EQ(find_ignoring_case(folder.path(), "a.h"), folder / "a.h");
    EXPECT_EQ(find_ignoring_case(folder.path(), "A.h"), folder / "A.h");
}

TEST(WindowsPath, ExpandsWildcards) {
    TemporaryFolder folder;
    folder.add("a.cpp");
    folder.add("B.CPP");
    folder.add("sub/c.cpp");
    folder.add("a.h");
    EXPECT_THAT(files_matching(folder.path(), "*.cpp"), ElementsAre(folder / "B.CPP", folder / "a.cpp"));
    EXPECT_THAT(files_matching(folder.path(), "sub\\*.cpp"), ElementsAre(folder / "sub/c.cpp"));
    EXPECT_EQ(files_matching(folder.path(), "**\\*.cpp").size(), 3U);
    EXPECT_TRUE(matches_wildcard("abc", "a?c"));
    EXPECT_FALSE(matches_wildcard("abc", "a?"));
}

TEST(ContentHash, DiffersForDifferentPieces) {
    EXPECT_EQ(ContentHash().add("a").add("b").text(), ContentHash().add("a").add("b").text());
    EXPECT_NE(ContentHash().add("ab").add("c").text(), ContentHash().add("a").add("bc").text());
    EXPECT_NE(ContentHash().add("").text(), ContentHash().add("").add("").text());
    EXPECT_EQ(ContentHash().add("x").text().size(), 32U);
}

TEST(Process, ReturnsStatusOutputAndDiagnostics) {
    auto ran = run_process(std::vector<std::string>{"sh", "-c", "cat; echo wrong >&2; exit 3"}, "given");
    ASSERT_TRUE(ran);
    EXPECT_EQ(ran->exit_status, 3);
    EXPECT_EQ(ran->output, "given");
    EXPECT_EQ(ran->diagnostics, "wrong\n");
}

TEST(Process, CarriesMoreThanAPipeHolds) {
    std::string large(1 << 20, 'x');
    auto ran = run_process(std::vector<std::string>{"cat"}, large);
    ASSERT_TRUE(ran);
    EXPECT_EQ(ran->output, large);
}

TEST(Process, SurvivesAChildThatDoesNotRead) {
    auto ran = run_process(std::vector<std::string>{"true"}, std::string(1 << 20, 'x'));
    ASSERT_TRUE(ran);
    EXPECT_EQ(ran->exit_status, 0);
}

TEST(Process, NamesAProgramThatIsNotThere) {
    auto ran = run_process(std::vector<std::string>{"/no/such/compiler"});
    ASSERT_FALSE(ran);
    EXPECT_NE(ran.error().message.find("/no/such/compiler"), std::string::npos);
}

TEST(Process, DoesEveryPieceOfWorkOnce) {
    std::vector<std::atomic<int>> done(100);
    for_each_in_parallel(done.size(), 4, [&](std::size_t index) { ++done[index]; });
    for (auto& count : done)
        EXPECT_EQ(count, 1);
}
