#include "tables.h"

#include <cstdio>
#include <fstream>
#include <set>
#include <sstream>

#include "pnp/exports.h"

namespace coverage {

namespace {

struct Table {
    const char* name;
    int name_column;
    int kind_column; // -1: `kind` says it
    const char* kind;
    int parent_column;   // of methods; -1: none
    int handling_column; // -1: none
};

constexpr Table tables[] = {
    {"portcls_api", 2, 1, "", 3, -1},    {"kernel_api", 0, -1, "function", -1, -1}, {"ks_properties", 3, 0, "", -1, 10},
    {"ioctls", 1, 0, "", -1, -1},        {"guids", 0, -1, "guid", -1, -1},          {"rules", 0, -1, "rule", -1, -1},
    {"dma_operations", 0, 1, "", 2, -1},
};

// "PDMACHANNELSLAVE (Vista+)" is PDMACHANNELSLAVE.
std::string bare(const std::string& name) {
    const std::size_t parenthesis = name.find(" (");
    return parenthesis == std::string::npos ? name : name.substr(0, parenthesis);
}

} // namespace

std::vector<std::string> split_tabs(const std::string& line) {
    std::vector<std::string> columns;
    std::size_t from = 0;
    for (std::size_t tab = 0; tab != std::string::npos; from = tab + 1) {
        tab = line.find('\t', from);
        columns.push_back(line.substr(from, tab == std::string::npos ? tab : tab - from));
    }
    return columns;
}

bool Row::is(const char* kinds) const {
    std::istringstream words(kinds);
    for (std::string word; words >> word;) {
        if (word == kind) {
            return true;
        }
    }
    return false;
}

std::vector<Row> read_rows(const std::filesystem::path& facts) {
    std::vector<Row> rows;
    std::set<std::string> names;
    for (const Table& table : tables) {
        const std::filesystem::path path = facts / (std::string(table.name) + ".tsv");
        std::ifstream file(path);
        std::string line;
        if (!std::getline(file, line)) {
            std::fprintf(stderr, "%s: cannot be read\n", path.c_str());
            return {};
        }
        std::set<std::string> seen;
        while (std::getline(file, line)) {
            std::vector<std::string> columns = split_tabs(line);
            columns.resize(16);
            Row row{table.name, bare(columns[static_cast<std::size_t>(table.name_column)]),
                    table.kind_column < 0 ? table.kind : columns[static_cast<std::size_t>(table.kind_column)], ""};
            if (table.handling_column >= 0) {
                row.handling = columns[static_cast<std::size_t>(table.handling_column)];
            }
            if (row.kind == "method" && table.parent_column >= 0) {
                row.name = columns[static_cast<std::size_t>(table.parent_column)] + "::" + row.name;
            }
            // A name that two property sets have: the second one is told by its set, as its test is.
            if (row.table == "ks_properties" && seen.contains(row.name)) {
                row.name += "_of_" + columns[1];
            }
            if (!row.name.empty() && seen.insert(row.name).second) {
                names.insert(row.name);
                rows.push_back(std::move(row));
            }
        }
    }
    for (const openportcls::pnp::Export& entry : openportcls::pnp::exports()) {
        if (entry.is_implemented() && !names.contains(std::string(entry.name))) {
            rows.push_back({"exports", std::string(entry.name), "function", ""});
        }
    }
    return rows;
}

} // namespace coverage
