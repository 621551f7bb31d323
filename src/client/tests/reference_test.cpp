// docs/reference.md names every type and function that the installed headers declare, and no header that is not there.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>

#include <gtest/gtest.h>

namespace {

const std::filesystem::path headers(OPENPORTCLS_HEADERS);

std::string content(const std::filesystem::path& path) {
    std::ifstream file(path);
    EXPECT_TRUE(file) << path;
    return {std::istreambuf_iterator<char>(file), {}};
}

std::string reference() {
    return content(headers / "../../docs/reference.md");
}

std::set<std::string> found(const std::string& text, const char* pattern) {
    const std::regex expression(pattern);
    std::set<std::string> names;
    for (std::sregex_iterator each(text.begin(), text.end(), expression), end; each != end; ++each) {
        names.insert((*each)[1]);
    }
    return names;
}

TEST(Reference, NamesEveryHeaderAndNoOther) {
    std::set<std::string> there;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(headers)) {
        if (entry.is_regular_file()) {
            there.insert(std::filesystem::relative(entry.path(), headers).string());
        }
    }
    std::set<std::string> named = found(reference(), R"(\n\| `([a-z_/]+\.hp*)`)");
    named.insert({"openportcls.h", "openportcls.hpp"}); // which are the text's subject
    EXPECT_EQ(named, there);
}

TEST(Reference, NamesEveryTypeAndFunctionOfCPlusPlus) {
    const std::string text = reference();
    for (const auto& entry : std::filesystem::directory_iterator(headers)) {
        if (entry.path().extension() != ".hpp") {
            continue;
        }
        const std::string header = content(entry.path());
        for (const std::string& type :
             found(header, R"(\n(?:class|struct|enum|enum class) (?:\[\[nodiscard\]\] )?([A-Z]\w+)[^;\n]*\{)")) {
            EXPECT_TRUE(text.find("`" + type + "`") != std::string::npos ||
                        text.find("`" + type + "<T>`") != std::string::npos)
                << entry.path().filename() << ": " << type;
        }
        for (const std::string& function : found(header, R"(\n[A-Za-z][\w:<> ]* ([a-z_]+)\()")) {
            EXPECT_NE(text.find("`" + function + "()`"), std::string::npos)
                << entry.path().filename() << ": " << function;
        }
    }
}

// By its name, or as one of a family ("opc_pin_…").
TEST(Reference, NamesEveryFunctionOfC) {
    const std::string text = reference();
    for (const auto& entry : std::filesystem::directory_iterator(headers / "c")) {
        const std::string part = "| `c/" + entry.path().filename().string() + "`";
        const std::size_t begin = text.find(part);
        ASSERT_NE(begin, std::string::npos) << part;
        const std::string row = text.substr(begin, text.find('\n', begin + 1) - begin);
        const bool is_base = entry.path().filename() == "base.h"; // has examples only
        const std::set<std::string> families = found(row, "`(opc_[a-z_]+_)…`");
        for (const std::string& function : found(content(entry.path()), R"(OPC_API [^;(]*\b(opc_[a-z_]+)\()")) {
            bool is_named = is_base || row.find("`" + function + "`") != std::string::npos ||
                            std::regex_match(function, std::regex("opc_[a-z_]+_object"));
            for (const std::string& family : families) {
                is_named = is_named || function.starts_with(family);
            }
            EXPECT_TRUE(is_named) << part << ": " << function;
        }
    }
}

} // namespace
