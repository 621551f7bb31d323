#include "claims.h"

#include <algorithm>

#include <dlfcn.h>

#include "executive/not_done.h"
#include "pnp/exports.h"
#include "property_rows.h"

namespace coverage {

namespace {

constexpr const char* not_done_test = "NotDoneExports.AnswerSoAndAreReportedOnce";

// The test over the tables that compares the declaration; null for rows that have more to them.
const char* test_of_declaration(const Row& row) {
    if (row.is("guid")) {
        return "Headers.EveryGuidOfTheTableHasItsValue";
    }
    if (row.is("ioctl flag")) {
        return "Headers.EveryIdentifierAndFlagOfTheTablesHasItsValue";
    }
    if (row.is("interface class")) {
        return "Headers.VtablesHaveTheOrderOfTheTable";
    }
    if (row.is("struct callback typedef enum macro")) {
        return "Headers.EveryFunctionAndTypeOfTheTableIsDeclared";
    }
    return nullptr;
}

const openportcls::executive::NotDone* find_not_done(const std::string& name) {
    for (const openportcls::executive::NotDone& entry : openportcls::executive::exports_not_done()) {
        if (entry.function == name) {
            return &entry;
        }
    }
    return nullptr;
}

// property_table_test.cpp has an instance for each such row.
Claim claim_by_handling(const Row& row) {
    const auto instance = [&](const char* state, const char* test, const char* reason) {
        return Claim{state, "Table/" + std::string(test) + "/" + row.name, reason};
    };
    const Handling handling = handling_of(row.kind, row.handling);
    if (row.is("property") && (handling == Handling::miniport || handling == Handling::miniport_may)) {
        return instance("done", "MiniportProperty.ReachesItsHandler", "");
    }
    if (row.is("event") && handling == Handling::miniport) {
        return instance("done", "MiniportEvent.ReachesItsHandlerAndFires", "");
    }
    if (handling == Handling::outside || (row.is("property") && handling == Handling::undecided)) {
        return instance("refused",
                        row.is("property") ? "UnlistedProperty.IsRefused"
                        : row.is("method") ? "UnlistedMethod.IsRefused"
                                           : "UnlistedEvent.IsRefused",
                        handling == Handling::outside ? "not PortCls' to answer: STATUS_NOT_FOUND or "
                                                        "STATUS_PROPSET_NOT_FOUND"
                                                      : "named in headers, described by no page: STATUS_NOT_FOUND");
    }
    return {};
}

// They name functions without showing what they do.
bool shows_no_behaviour(const Test& test) {
    return test.of_headers || test.claims_none || test.name.starts_with("Exports.") ||
           test.name.starts_with("IrqlLimits.");
}

bool has_any(const std::set<std::string>& words, const std::set<std::string>& names) {
    for (const std::string& name : names) {
        if (words.contains(name)) {
            return true;
        }
    }
    return false;
}

bool is_named(const Test& test, const std::set<std::string>& names) {
    return std::any_of(names.begin(), names.end(),
                       [&](const std::string& name) { return test.name.find(name) != std::string::npos; });
}

// "Shows ..." goes before all that is found besides.
constexpr int shown = 16;

// What a test is for its name says first, and better the fewer rules are in it; then what its comment begins with.
int weight_of_rule(const Test& test, const std::string& rule) {
    if (test.name_rules.contains(rule)) {
        std::string prefix = rule;
        std::replace(prefix.begin(), prefix.end(), '-', '_');
        const std::string own_name = test.name.substr(test.name.find('.') + 1);
        return own_name.starts_with(prefix) || test.name.starts_with(prefix) ? 6 : test.name_rules.size() == 1 ? 5 : 4;
    }
    return test.claims.contains(rule) ? 3 : test.comment_words.contains(rule) ? 2 : test.words.contains(rule);
}

// What a test calls itself it may show; most of all what its name or its comment says it is about, and then what it
// expects something of. What it only mentions (in a text, a comment, the name of a helper) comes last.
int weight_of_function(const Test& test, const std::set<std::string>& names) {
    if (!has_any(test.calls, names)) {
        return has_any(test.words, names);
    }
    return 2 + has_any(test.checked_calls, names) + 2 * has_any(test.comment_words, names) + 4 * is_named(test, names);
}

// A property, an event, a request, a flag: what an expectation has to do with goes before what is merely used.
int weight_of_identifier(const Test& test, const std::set<std::string>& names) {
    if (is_named(test, names) || has_any(test.claims, names)) {
        return 4;
    }
    return has_any(test.comment_words, names) ? 3 : has_any(test.checked_words, names) ? 2 : has_any(test.words, names);
}

} // namespace

bool is_missing_export(const Row& row) {
    if (!row.is("function")) {
        return false;
    }
    const openportcls::pnp::Export* entry = openportcls::pnp::find_export(row.name);
    if (entry == nullptr) { // macros and inline functions are in no library
        return ::dlsym(RTLD_DEFAULT, row.name.c_str()) != nullptr;
    }
    return !entry->is_implemented();
}

bool is_not_done(const Row& row) {
    return row.is("function") && find_not_done(row.name) != nullptr;
}

Claims::Claims(const TestSources& sources, const Aliases& aliases) : sources_(sources), aliases_(aliases) {
    for (const Test& test : sources.tests()) {
        if (shows_no_behaviour(test)) {
            continue;
        }
        for (const auto* words : {&test.words, &test.calls, &test.comment_words, &test.name_rules}) {
            for (const std::string& word : *words) {
                if (auto& known = mentioning_[word]; known.empty() || known.back() != &test) {
                    known.push_back(&test);
                }
            }
        }
    }
}

std::map<std::string, Claim> Claims::find_all(const std::vector<Row>& rows) const {
    std::map<std::string, Claim> claims;
    for (const Row& row : rows) {
        claims[key(row)] = find(row);
    }
    for (const Row& row : rows) {
        if (row.is("interface")) {
            claims[key(row)] = of_interface(row, rows, claims);
        }
    }
    return claims;
}

Claim Claims::find(const Row& row) const {
    if (is_missing_export(row)) {
        return {"todo", "", "declared, no module can import it"};
    }
    if (const auto* entry = row.is("function") ? find_not_done(row.name) : nullptr) {
        return {"refused", not_done_test,
                entry->answers_status ? "not implemented: STATUS_NOT_IMPLEMENTED"
                                      : "not implemented: no status to say it with, reported"};
    }
    if (row.table == "ks_properties") {
        if (const Claim claim = claim_by_handling(row); sources_.has(claim.test)) {
            return claim;
        }
    }
    Claim claim;
    if (!row.is("guid struct callback typedef enum macro class")) {
        claim = find_by_mention(row);
    }
    if (claim.state == "todo") {
        claim.reason = owner_of(row);
        if (const char* test = test_of_declaration(row); test != nullptr && sources_.has(test)) {
            return {"declared", test, claim.reason};
        }
        if (claim.reason.empty()) {
            claim.reason = shown_by_none;
        }
    }
    return claim;
}

// Those that may weigh anything, in their order: to look at every test for every row took 17 s.
std::vector<const Test*> Claims::candidates(const Row& row, const std::set<std::string>& names) const {
    std::vector<const Test*> found;
    if (row.name.find(' ') != std::string::npos) { // no word, see weight
        for (const Test& test : sources_.tests()) {
            if (!shows_no_behaviour(test)) {
                found.push_back(&test);
            }
        }
        return found;
    }
    const std::size_t colons = row.name.find("::");
    for (const std::string& name : colons == std::string::npos ? names : std::set{row.name.substr(colons + 2)}) {
        if (const auto known = mentioning_.find(name); known != mentioning_.end()) {
            found.insert(found.end(), known->second.begin(), known->second.end());
        }
    }
    std::sort(found.begin(), found.end());
    found.erase(std::unique(found.begin(), found.end()), found.end());
    return found;
}

// The test that is most about it: of the greatest weight; of functions, the one that calls the least besides; the
// first.
Claim Claims::find_by_mention(const Row& row) const {
    std::set<std::string> names{row.name};
    if (const auto known = aliases_.find(row.name); row.is("function") && known != aliases_.end()) {
        names.insert(known->second.begin(), known->second.end());
    }
    const Test* best = nullptr;
    int best_weight = 0;
    for (const Test* test : candidates(row, names)) {
        const int found = weight(*test, row, names);
        const bool is_closer = best != nullptr && found == best_weight && found > 1 && row.is("function") &&
                               test->calls.size() < best->calls.size();
        if (found > best_weight || is_closer) {
            best = test;
            best_weight = found;
        }
    }
    return best == nullptr ? Claim{} : Claim{"done", best->name, ""};
}

int Claims::weight(const Test& test, const Row& row, const std::set<std::string>& names) const {
    if (row.name.find(' ') != std::string::npos) { // "Topology port", "operator new": no identifier would say it
        return test.comment.starts_with("// Shows " + row.name) ? shown
                                                                : test.comment.find(row.name) != std::string::npos;
    }
    if (has_any(test.shows, names)) {
        return shown;
    }
    if (row.is("rule")) {
        return weight_of_rule(test, row.name);
    }
    const std::size_t colons = row.name.find("::");
    if (row.is("function") && colons == std::string::npos) {
        return weight_of_function(test, names);
    }
    if (colons == std::string::npos) {
        return weight_of_identifier(test, names);
    }
    const std::string interface = row.name.substr(0, colons);
    const std::string method = row.name.substr(colons + 2);
    if (!test.words.contains(method) || !test.file_words->contains(interface)) {
        return 0;
    }
    return 1 + test.words.contains(interface) + 2 * test.name.ends_with(interface) + 4 * test.claims.contains(row.name);
}

Claim Claims::of_interface(const Row& row, const std::vector<Row>& rows,
                           const std::map<std::string, Claim>& claims) const {
    const Claim* shown = nullptr;
    bool has_methods = false;
    for (const Row& method : rows) {
        if (method.table == row.table && method.is("method") && method.name.starts_with(row.name + "::")) {
            has_methods = true;
            const Claim& claim = claims.at(key(method));
            if (claim.state != "done") {
                return {"todo", "", claim.reason.empty() ? "not all of its methods are done" : claim.reason};
            }
            shown = &claim;
        }
    }
    return has_methods ? *shown : find(row);
}

} // namespace coverage
