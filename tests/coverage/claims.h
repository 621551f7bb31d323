// What can be said of a row, and which test shows it.
#pragma once

#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "aliases.h"
#include "tables.h"
#include "test_sources.h"

namespace coverage {

// done      a test shows what it does
// declared  a type, constant, macro or GUID: all there is to it is its declaration, which a test compares with the
// table refused   it answers that it is not there: the test shows the status todo      the reason says whose business
// it is
struct Claim {
    std::string state = "todo";
    std::string test;
    std::string reason; // of refused and todo
};

// The reason of a row that is done, if it is, unseen. No such row is accepted.
inline constexpr const char* shown_by_none = "no test shows it";

class Claims {
public:
    Claims(const TestSources& sources, const Aliases& aliases);

    // Of all rows; interfaces are what their methods are.
    std::map<std::string, Claim> find_all(const std::vector<Row>& rows) const; // by "table name"

    static std::string key(const Row& row) { return row.table + " " + row.name; }

private:
    Claim find(const Row& row) const;
    Claim find_by_mention(const Row& row) const;
    std::vector<const Test*> candidates(const Row& row, const std::set<std::string>& names) const;
    int weight(const Test& test, const Row& row, const std::set<std::string>& names) const;
    Claim of_interface(const Row& row, const std::vector<Row>& rows, const std::map<std::string, Claim>& claims) const;

    const TestSources& sources_;
    const Aliases& aliases_;
    std::unordered_map<std::string, std::vector<const Test*>> mentioning_; // by word, in their order
};

// Declared by include/wdk as an export, but no module that imports it would be loaded.
bool is_missing_export(const Row& row);
// Exported, but it does nothing (executive/not_done.h).
bool is_not_done(const Row& row);

// Whose business a row is that is not done: "WaveCyclic port (issue 3)"; empty when nobody's but ours.
std::string owner_of(const Row& row);

} // namespace coverage
