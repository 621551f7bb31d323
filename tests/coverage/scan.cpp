// opc_coverage_scan --update ROOT writes tests/data/coverage.tsv; --check ROOT says whether its claims hold.
//
// A row is `done` when a test that shows behaviour is about it (claims.cpp: the rule, property or event by its name;
// the function by its name or by the macro that calls it; the method by its name in a test whose file also names the
// interface). Where several are, the one is named whose comment begins with "Shows" and the row ("// Shows R-DRM-09,
// IDrmPort::CreateContentMixed: ..."): put that above the test that fails when the row is broken. A test whose comment
// says "Shows no row" (it sees that nothing breaks, not that the answer is right) is never named, and a row without
// another makes --check fail. What a text cannot tell stands in tests/data/coverage_by_hand.tsv: a better test, a
// reason, a refusal.
#include <cstdio>
#include <cstring>
#include <fstream>

#include "claims.h"

namespace coverage {

namespace {

namespace fs = std::filesystem;
using ClaimMap = std::map<std::string, Claim>;

ClaimMap read_claims(const fs::path& path) {
    ClaimMap claims;
    std::ifstream file(path);
    std::string line;
    std::getline(file, line);
    while (std::getline(file, line)) {
        std::vector<std::string> columns = split_tabs(line);
        columns.resize(5);
        claims[columns[0] + " " + columns[1]] = {columns[2], columns[3], columns[4]};
    }
    return claims;
}

ClaimMap find_claims(const fs::path& root, const TestSources& sources, const std::vector<Row>& rows) {
    const Aliases aliases = read_aliases(root / "include" / "wdk");
    ClaimMap claims = Claims(sources, aliases).find_all(rows);
    for (auto& [key, claim] : read_claims(root / "tests" / "data" / "coverage_by_hand.tsv")) {
        claims[key] = claim;
    }
    return claims;
}

int update(const fs::path& root) {
    const TestSources sources(root);
    const std::vector<Row> rows = read_rows(root / "tests" / "data" / "facts");
    if (rows.empty()) {
        return 1;
    }
    const ClaimMap claims = find_claims(root, sources, rows);
    std::ofstream file(root / "tests" / "data" / "coverage.tsv");
    file << "table\tname\tstate\ttest\treason\n";
    for (const Row& row : rows) {
        const Claim& claim = claims.at(Claims::key(row));
        file << row.table << '\t' << row.name << '\t' << claim.state << '\t' << claim.test << '\t' << claim.reason
             << '\n';
    }
    return file ? 0 : 1;
}

class Check {
public:
    explicit Check(const fs::path& root)
        : sources_(root), rows_(read_rows(root / "tests" / "data" / "facts")),
          written_(read_claims(root / "tests" / "data" / "coverage.tsv")),
          by_hand_(read_claims(root / "tests" / "data" / "coverage_by_hand.tsv")),
          found_(find_claims(root, sources_, rows_)) {}

    int run() {
        ClaimMap unknown = written_;
        unknown.insert(by_hand_.begin(), by_hand_.end());
        for (const Row& row : rows_) {
            unknown.erase(Claims::key(row));
            check(row);
        }
        for (const auto& [key, claim] : unknown) {
            complain(key, "in no table", "");
        }
        if (problems_ != 0) {
            std::printf("the build target update_coverage writes tests/data/coverage.tsv anew\n");
        }
        return rows_.empty() || problems_ != 0 ? 1 : 0;
    }

private:
    void check(const Row& row) {
        const std::string key = Claims::key(row);
        const auto written = written_.find(key);
        if (written == written_.end()) {
            complain(key, "missing from coverage.tsv", "");
            return;
        }
        const Claim& claim = written->second;
        const Claim& found = found_.at(key);
        const bool shown = claim.state == "done" || claim.state == "declared" || claim.state == "refused";
        if (!shown && claim.state != "todo") {
            complain(key, "unknown state ", claim.state);
        }
        if (shown != !claim.test.empty() || (shown && !sources_.has(claim.test))) {
            complain(key, "claims a test that does not exist: ", claim.test);
        }
        if (found.reason == shown_by_none) {
            complain(key, found.reason.c_str(), ", or only one that passes on wrong answers (\"Shows no row\")");
        }
        if ((claim.state == "todo" || claim.state == "refused") && claim.reason.empty()) {
            complain(key, "says no reason", "");
        }
        if (claim.state != found.state) {
            complain(key, "out of date: it is ", found.state);
        }
        if ((claim.state == "done" || claim.state == "declared") && (is_missing_export(row) || is_not_done(row))) {
            complain(key, "claimed but not implemented", "");
        }
    }

    void complain(const std::string& key, const char* what, const std::string& detail) {
        std::printf("%s: %s%s\n", key.c_str(), what, detail.c_str());
        ++problems_;
    }

    TestSources sources_;
    std::vector<Row> rows_;
    ClaimMap written_;
    ClaimMap by_hand_;
    ClaimMap found_;
    int problems_ = 0;
};

} // namespace

} // namespace coverage

int main(int count, char** arguments) {
    if (count == 3 && std::strcmp(arguments[1], "--update") == 0) {
        return coverage::update(arguments[2]);
    }
    if (count == 3 && std::strcmp(arguments[1], "--check") == 0) {
        return coverage::Check(arguments[2]).run();
    }
    std::fprintf(stderr, "usage: opc_coverage_scan --update|--check ROOT\n");
    return 2;
}
