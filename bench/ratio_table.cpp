#include "ratio_table.h"

#include <algorithm>
#include <cstdio>
#include <map>
#include <regex>

#include <fmt/format.h>

namespace openportcls::bench {

namespace {

constexpr int rounds = 7;

std::vector<Row>& rows() {
    static std::vector<Row> all;
    return all;
}

std::string side_name(const Row& row, bool ours) {
    return row.name + (ours ? "|ours" : "|anchor");
}

// Keeps the CPU time per iteration of every repetition, by benchmark.
class Collector : public benchmark::BenchmarkReporter {
public:
    bool ReportContext(const Context&) override { return true; }
    void ReportRuns(const std::vector<Run>& report) override {
        for (const Run& run : report) {
            if (run.run_type != Run::RT_Iteration) {
                continue;
            }
            const std::string name = run.run_name.function_name;
            if (run.error_occurred) {
                errors[name] = run.error_message;
                continue;
            }
            const bool manual = run.run_name.time_type == "manual_time";
            times[name].push_back((manual ? run.real_accumulated_time : run.cpu_accumulated_time) /
                                  static_cast<double>(run.iterations));
        }
    }
    std::map<std::string, std::vector<double>> times;
    std::map<std::string, std::string> errors;
};

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

std::string time_text(double seconds) {
    if (seconds < 1e-6) {
        return fmt::format("{:.1f} ns", seconds * 1e9);
    }
    return seconds < 1e-3 ? fmt::format("{:.2f} us", seconds * 1e6) : fmt::format("{:.2f} ms", seconds * 1e3);
}

} // namespace

void add_row(const Row& row) {
    rows().push_back(row);
}

int run_rows(const std::string& filter, bool as_json) {
    const std::regex wanted(filter.empty() ? ".*" : filter);
    std::vector<const Row*> selected;
    for (const Row& row : rows()) {
        if (std::regex_search(row.name, wanted)) {
            selected.push_back(&row);
            for (const bool ours : {true, false}) {
                auto* registered =
                    benchmark::RegisterBenchmark(side_name(row, ours).c_str(), ours ? row.ours : row.anchor)
                        ->MinTime(row.minimum_seconds)
                        ->Repetitions(rounds);
                if (row.sets_its_time) {
                    registered->UseManualTime();
                }
            }
        }
    }
    // Repetitions of all benchmarks in random order: drift of the machine's speed hits both sides alike.
    char program[] = "openportcls_bench";
    char interleave[] = "--benchmark_enable_random_interleaving=true";
    char* arguments[] = {program, interleave, nullptr};
    int count = 2;
    benchmark::Initialize(&count, arguments);
    Collector collector;
    benchmark::RunSpecifiedBenchmarks(&collector);

    int failures = 0;
    std::string json;
    if (!as_json) {
        fmt::print("{:<58} {:>11} {:>11} {:>7} {:>7} {:>7}  anchor\n", "row", "ours", "anchor", "ratio", "must",
                   "goal");
    }
    for (const Row* row : selected) {
        const std::string ours = side_name(*row, true);
        const std::string anchor = side_name(*row, false);
        for (const std::string& side : {ours, anchor}) {
            if (collector.errors.count(side) != 0) {
                fmt::print(stderr, "{}: {}\n", side, collector.errors[side]);
                ++failures;
            }
        }
        const auto& a = collector.times[ours];
        const auto& b = collector.times[anchor];
        if (a.empty() || b.empty()) {
            continue;
        }
        std::vector<double> ratios;
        for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
            ratios.push_back(a[i] / b[i]);
        }
        const double ratio = median(ratios);
        const bool holds = ratio <= row->must_hold;
        failures += holds ? 0 : 1;
        if (as_json) {
            json += fmt::format(
                R"({}{{"name": "{}", "ours_seconds": {}, "anchor_seconds": {}, "ratio": {}, "must_hold": {}, "goal": {}, "holds": {}}})",
                json.empty() ? "" : ", ", row->name, median(a) / row->items, median(b) / row->items, ratio,
                row->must_hold, row->goal, holds);
        } else {
            fmt::print("{:<58} {:>11} {:>11} {:>7.3f} {:>7} {:>7}  {}{}\n", row->name,
                       time_text(median(a) / row->items), time_text(median(b) / row->items), ratio, row->must_hold,
                       row->goal, row->anchor_name,
                       holds ? (ratio <= row->goal ? "" : "  (goal not reached)") : "  EXCEEDED");
        }
    }
    if (as_json) {
        fmt::print("{{\"bench\": [{}]}}\n", json);
    }
    return failures;
}

} // namespace openportcls::bench
