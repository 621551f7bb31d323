// opc_coverage_scan --update ROOT writes tests/data/coverage.tsv; --check ROOT says whether its claims hold.
//
// A row is `done` when a test mentions it: the rule, property or event by its name; the function by its name, and the
// library exports it; the method by its name in a test whose file also names the interface; a name of several words in
// the comment above the test. What the headers alone settle (GUIDs, numbers, types, vtable order) is shown by the tests
// of the headers, which run over the tables. What a miniport answers, and what nobody in PortCls answers, is shown row
// by row by the tests over the property table. `refused` elsewhere is written by hand, with the test that shows the
// refusal, and kept. Everything else is `todo`.
#include <cstdio>
#include <cstring>
#include <fstream>
#include <map>

#include <dlfcn.h>

#include "pnp/exports.h"
#include "property_rows.h"
#include "tables.h"
#include "test_sources.h"

namespace coverage {

namespace {

struct Claim {
    std::string state = "todo";
    std::string test;
};

using Key = std::pair<std::string, std::string>; // table, name

const char* test_over_the_table(const Row& row) {
    if (row.kind == "guid") {
        return "Headers.EveryGuidOfTheTableHasItsValue";
    }
    if (row.kind == "ioctl" || row.kind == "flag") {
        return "Headers.EveryIdentifierAndFlagOfTheTablesHasItsValue";
    }
    if (row.kind == "interface" || row.kind == "class") {
        return "Headers.VtablesHaveTheOrderOfTheTable";
    }
    if (row.kind == "struct" || row.kind == "callback" || row.kind == "typedef" || row.kind == "enum" ||
        row.kind == "macro") {
        return "Headers.EveryFunctionAndTypeOfTheTableIsDeclared";
    }
    return nullptr;
}

// property_table_test.cpp has an instance for each such row.
Claim claim_by_handling(const Row& row) {
    const auto instance = [&](const char* state, const char* test) {
        return Claim{state, "Table/" + std::string(test) + "/" + row.name};
    };
    const Handling handling = handling_of(row.kind, row.handling);
    if (row.kind == "property" && (handling == Handling::miniport || handling == Handling::miniport_may)) {
        return instance("done", "MiniportProperty.ReachesItsHandler");
    }
    if (row.kind == "event" && handling == Handling::miniport) {
        return instance("done", "MiniportEvent.ReachesItsHandlerAndFires");
    }
    if (handling == Handling::outside) {
        return instance("refused", row.kind == "property" ? "UnlistedProperty.IsRefused"
                                   : row.kind == "method" ? "UnlistedMethod.IsRefused"
                                                          : "UnlistedEvent.IsRefused");
    }
    return {};
}

bool mentions(const Test& test, const Row& row) {
    if (row.name.find(' ') != std::string::npos) { // "Topology port", "operator new": no identifier would say it
        return test.comment.find(row.name) != std::string::npos;
    }
    const std::size_t colons = row.name.find("::");
    if (row.kind != "method" || colons == std::string::npos) {
        return test.words.contains(row.name);
    }
    return test.words.contains(row.name.substr(colons + 2)) && test.file_words->contains(row.name.substr(0, colons));
}

// Declared by include/wdk as an export but not there: nothing a test says can make it done.
bool is_missing_export(const Row& row) {
    const openportcls::pnp::Export* entry = openportcls::pnp::find_export(row.name);
    if (row.kind == "function" && entry == nullptr && ::dlsym(RTLD_DEFAULT, row.name.c_str()) != nullptr) {
        return true; // in the library, but no module that imports it would be loaded
    }
    return row.kind == "function" && entry != nullptr && !entry->is_implemented();
}

Claim find_claim(const Row& row, const TestSources& sources) {
    if (const char* test = test_over_the_table(row)) {
        return sources.has(test) ? Claim{"done", test} : Claim{};
    }
    if (is_missing_export(row)) {
        return {};
    }
    if (const Claim claim = claim_by_handling(row); row.table == "ks_properties" && sources.has(claim.test)) {
        return claim;
    }
    for (const Test& test : sources.tests()) {
        if (mentions(test, row)) {
            return {"done", test.name};
        }
    }
    return {};
}

std::map<Key, Claim> read_claims(const std::filesystem::path& path) {
    std::map<Key, Claim> claims;
    std::ifstream file(path);
    std::string line;
    std::getline(file, line);
    while (std::getline(file, line)) {
        std::vector<std::string> columns = split_tabs(line);
        columns.resize(4);
        claims[{columns[0], columns[1]}] = {columns[2], columns[3]};
    }
    return claims;
}

int update(const std::filesystem::path& root) {
    const TestSources sources(root);
    const std::filesystem::path path = root / "tests" / "data" / "coverage.tsv";
    const std::map<Key, Claim> before = read_claims(path);
    const std::vector<Row> rows = read_rows(root / "tests" / "data" / "facts");
    if (rows.empty()) {
        return 1;
    }
    std::ofstream file(path);
    file << "table\tname\tstate\ttest\n";
    for (const Row& row : rows) {
        Claim claim = find_claim(row, sources);
        const auto known = before.find({row.table, row.name});
        if (known != before.end() && sources.has(known->second.test) && !is_missing_export(row)) {
            claim = known->second; // it still holds; a hand may have chosen a better test
        }
        file << row.table << '\t' << row.name << '\t' << claim.state << '\t' << claim.test << '\n';
    }
    return file ? 0 : 1;
}

int check(const std::filesystem::path& root) {
    const TestSources sources(root);
    const std::map<Key, Claim> claims = read_claims(root / "tests" / "data" / "coverage.tsv");
    int problems = 0;
    const auto complain = [&](const Key& key, const char* what, const std::string& detail) {
        std::printf("%s %s: %s%s\n", key.first.c_str(), key.second.c_str(), what, detail.c_str());
        ++problems;
    };
    const std::vector<Row> rows = read_rows(root / "tests" / "data" / "facts");
    std::map<Key, const Row*> known;
    for (const Row& row : rows) {
        known[{row.table, row.name}] = &row;
        if (!claims.contains({row.table, row.name})) {
            complain({row.table, row.name}, "missing from coverage.tsv", "");
        }
    }
    for (const auto& [key, claim] : claims) {
        const auto row = known.find(key);
        if (row == known.end()) {
            complain(key, "in coverage.tsv but in no table", "");
        } else if (claim.state == "done" && is_missing_export(*row->second)) {
            complain(key, "claimed but not implemented", "");
        }
        if (claim.state != "done" && claim.state != "refused" && claim.state != "todo") {
            complain(key, "unknown state ", claim.state);
        }
        if (claim.state != "todo" && !sources.has(claim.test)) {
            complain(key, "claims a test that does not exist: ", claim.test);
        }
        if (claim.state == "todo" && !claim.test.empty()) {
            complain(key, "todo, but names a test: ", claim.test);
        }
    }
    if (problems != 0) {
        std::printf("the build target update_coverage writes the file anew\n");
    }
    return rows.empty() || problems != 0 ? 1 : 0;
}

} // namespace

} // namespace coverage

int main(int count, char** arguments) {
    if (count == 3 && std::strcmp(arguments[1], "--update") == 0) {
        return coverage::update(arguments[2]);
    }
    if (count == 3 && std::strcmp(arguments[1], "--check") == 0) {
        return coverage::check(arguments[2]);
    }
    std::fprintf(stderr, "usage: opc_coverage_scan --update|--check ROOT\n");
    return 2;
}
