// What the tests' sources mention.
#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace coverage {

std::string text_of(const std::filesystem::path& path);

struct Test {
    std::string name;                    // "Suite.Name", as GoogleTest knows it
    std::set<std::string> name_rules;    // rules in the name, as "R-WRT-04"
    std::set<std::string> comment_words; // identifiers and rules of the comment above it
    std::set<std::string> claims;        // what that comment begins with: "R-DRM-02, R-DRM-09: mixing takes ..."
    std::set<std::string> shows;         // the same of "Shows KSPROPERTY_PIN_CTYPES, R-DESC-04: ..."
    std::set<std::string> words;         // of all of it
    std::set<std::string> checked_words; // those within an expectation
    std::set<std::string> calls;         // what its own code calls: no comment, no text, no helper beside it
    std::set<std::string> checked_calls; // those within an expectation
    std::string comment;
    bool of_headers = false;                           // tests/wdk: layouts, numbers and declarations only
    bool claims_none = false;                          // its comment says "Shows no row": it passes on wrong answers
    const std::set<std::string>* file_words = nullptr; // of the whole file
};

class TestSources {
public:
    // Reads *_test.cpp and the like below src/*/tests and tests, and the names that CMakeLists.txt files give to ctest.
    explicit TestSources(const std::filesystem::path& root);

    // One instance of a parameterised test, "Instantiation/Suite.Name/parameter", is there when the test is.
    bool has(const std::string& test) const {
        const std::size_t first = test.find('/');
        const std::size_t last = test.rfind('/');
        return names_.contains(first < last ? test.substr(first + 1, last - first - 1) : test);
    }
    const std::vector<Test>& tests() const { return tests_; }

private:
    void read_source(const std::filesystem::path& path, bool of_headers);
    void read_cmake(const std::filesystem::path& path);

    std::vector<Test> tests_;
    std::set<std::string> names_;
    std::map<std::string, std::set<std::string>> file_words_;
};

} // namespace coverage
