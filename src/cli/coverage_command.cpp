#include <algorithm>
#include <array>
#include <fstream>
#include <map>
#include <memory>
#include <numeric>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/status.h"
#include "cli/commands.h"
#include "cli/console.h"

namespace openportcls::cli {

namespace {

struct CoverageArguments {
    bool json = false;
    std::string table;
    std::string state;
};

struct Row {
    std::string table;
    std::string name;
    std::string state;
    std::string test;
    std::string reason; // of refused and todo
};

constexpr std::array states = {"done", "declared", "refused", "todo"};

// share/openportcls of the installation, else the source tree's.
std::filesystem::path coverage_file() {
    std::error_code ignored;
    const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", ignored);
    const auto installed = program.parent_path().parent_path() / "share" / "openportcls" / "coverage.tsv";
    return std::filesystem::exists(installed, ignored) ? installed
                                                       : std::filesystem::path(OPENPORTCLS_TEST_DATA) / "coverage.tsv";
}

Result<std::vector<Row>> read_rows(const std::filesystem::path& path) {
    std::ifstream file(path);
    std::string line;
    if (!std::getline(file, line)) {
        return Error{status_no_such_file, fmt::format("{}: cannot be read", path.string())};
    }
    std::vector<Row> rows;
    while (std::getline(file, line)) {
        std::array<std::string, 5> columns;
        std::size_t from = 0;
        for (std::string& column : columns) {
            const std::size_t tab = std::min(line.find('\t', from), line.size());
            column = line.substr(from, tab - from);
            from = std::min(tab + 1, line.size());
        }
        rows.push_back({columns[0], columns[1], columns[2], columns[3], columns[4]});
    }
    return rows;
}

int coverage(const CoverageArguments& arguments) {
    auto rows = read_rows(coverage_file());
    if (!rows) {
        return fail(rows.error());
    }
    using Sum = std::array<std::size_t, states.size()>;
    std::vector<std::pair<std::string, Sum>> sums;
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    bool has_table = arguments.table.empty();
    for (const Row& row : *rows) {
        if (!arguments.table.empty() && row.table != arguments.table) {
            continue;
        }
        has_table = true;
        if (sums.empty() || sums.back().first != row.table) {
            sums.emplace_back(row.table, Sum{});
        }
        const auto state = std::find(states.begin(), states.end(), row.state);
        ++sums.back().second.at(static_cast<std::size_t>(state - states.begin()));
        if (!arguments.state.empty() && row.state != arguments.state) {
            continue;
        }
        if (arguments.json) {
            list.push_back({{"table", row.table},
                            {"name", row.name},
                            {"state", row.state},
                            {"test", row.test},
                            {"reason", row.reason}});
        } else {
            fmt::print("{:<14} {:<60} {:<8} {}{}\n", row.table, row.name, row.state, row.test,
                       row.reason.empty() ? "" : fmt::format("{}({})", row.test.empty() ? "" : " ", row.reason));
        }
    }
    if (!has_table) {
        return misuse(fmt::format("no table \"{}\"", arguments.table));
    }
    if (arguments.json) {
        answer("coverage", std::move(list));
        return exit_done;
    }
    for (const auto& [table, sum] : sums) {
        fmt::print("{}:", table);
        for (std::size_t i = 0; i < states.size(); ++i) {
            fmt::print(" {} {},", sum[i], states[i]);
        }
        fmt::print(" of {}\n", std::accumulate(sum.begin(), sum.end(), std::size_t{0}));
    }
    return exit_done;
}

} // namespace

void add_coverage_command(CLI::App& application, Run& run) {
    CLI::App* command = application.add_subcommand(
        "coverage", "what of the documented API, properties and rules is done, and which test shows it");
    auto arguments = std::make_shared<CoverageArguments>();
    command->add_flag("--json", arguments->json, "as JSON");
    command->add_option("--table", arguments->table,
                        "only this table: portcls_api, kernel_api, ks_properties, rules, dma_operations, exports (in "
                        "no other table) …");
    command->add_option("--state", arguments->state, "only rows in this state")
        ->check(CLI::IsMember({"done", "declared", "refused", "todo"}));
    command->callback([&run, arguments] { run = [arguments] { return coverage(*arguments); }; });
}

} // namespace openportcls::cli
