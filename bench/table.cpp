#include "table.h"

#include <algorithm>
#include <cstdio>
#include <optional>
#include <regex>
#include <vector>

#include <fmt/format.h>

#include "host_load.h"
#include "row.h"

namespace openportcls::bench {

namespace {

// A round during which processes of others used more of a core than this says little.
constexpr double tolerable_others = 0.5;
// So many rounds are tried for each that is wanted; then the quietest have to do.
constexpr int attempts_per_round = 2;

std::vector<Row>& rows() {
    static std::vector<Row> all;
    return all;
}

struct Round {
    double ours = 0;
    double anchor = 0;
    double others = 0; // cores
    double ratio = 0;
};

struct Outcome {
    double ours = 0;
    double anchor = 0;
    double ratio = 0; // the figure itself where there is no anchor
    bool is_noisy = false;
    std::string skipped; // why
};

template<class Field>
double median(std::vector<Round> rounds, Field field) {
    const auto middle = rounds.begin() + static_cast<std::ptrdiff_t>(rounds.size() / 2);
    std::nth_element(rounds.begin(), middle, rounds.end(),
                     [field](const Round& a, const Round& b) { return a.*field < b.*field; });
    return (*middle).*field;
}

Result<Round> measure(const Row& row, bool ours_first) {
    Round round;
    const OthersMeter others;
    for (const bool ours : {ours_first, !ours_first}) {
        const Side& side = ours ? row.ours : row.anchor;
        if (!side) {
            continue;
        }
        const Result<double> figure = side();
        if (!figure) {
            return Error{0, (ours ? "ours: " : "anchor: ") + figure.error().message};
        }
        (ours ? round.ours : round.anchor) = *figure;
    }
    round.others = others.cores();
    round.ratio = row.anchor ? round.ours / round.anchor : round.ours;
    return round;
}

Outcome run(const Row& row) {
    Outcome outcome;
    std::vector<Round> rounds;
    int quiet = 0;
    // The round before the first warms both sides up.
    for (int attempt = -1; quiet < row.rounds && attempt < row.rounds * attempts_per_round; ++attempt) {
        const Result<Round> round = measure(row, attempt % 2 == 0);
        if (!round) {
            outcome.skipped = round.error().message;
            return outcome;
        }
        if (attempt >= 0) {
            rounds.push_back(*round);
            quiet += round->others <= tolerable_others ? 1 : 0;
        }
    }
    std::sort(rounds.begin(), rounds.end(), [](const Round& a, const Round& b) { return a.others < b.others; });
    rounds.resize(static_cast<std::size_t>(row.rounds));
    outcome.is_noisy = quiet < row.rounds;
    outcome.ours = median(rounds, &Round::ours);
    outcome.anchor = median(rounds, &Round::anchor);
    outcome.ratio = median(rounds, &Round::ratio);
    return outcome;
}

std::string figure_text(double figure, Unit unit) {
    switch (unit) {
    case Unit::count:
        return fmt::format("{:.4g}", figure);
    case Unit::bytes:
        return figure < (1 << 20) ? fmt::format("{:.1f} KiB", figure / 1024)
                                  : fmt::format("{:.2f} MiB", figure / (1 << 20));
    case Unit::seconds:
        break;
    }
    if (figure < 1e-6) {
        return fmt::format("{:.1f} ns", figure * 1e9);
    }
    return figure < 1e-3 ? fmt::format("{:.2f} us", figure * 1e6) : fmt::format("{:.2f} ms", figure * 1e3);
}

// A bound has the unit of what it bounds: a plain number for ratios.
std::string bound_text(double bound, const Row& row) {
    return row.anchor ? fmt::format("{:.3g}", bound) : figure_text(bound, row.unit);
}

const char* verdict(const Row& row, const Outcome& outcome) {
    if (!outcome.skipped.empty()) {
        return "skipped";
    }
    if (outcome.ratio > row.must_hold) {
        return "EXCEEDED";
    }
    return outcome.ratio <= row.goal ? "goal" : "holds";
}

void print_heading() {
    fmt::print("{:<50} {:>11} {:>11} {:>9} {:>9} {:>9}  {:<9} {}\n", "row", "ours", "anchor", "ratio", "must", "goal",
               "verdict", "anchor: what it is");
}

void print_row(const Row& row, const Outcome& outcome) {
    if (!outcome.skipped.empty()) {
        fmt::print("{:<50} skipped: {}\n", row.name, outcome.skipped);
    } else {
        fmt::print("{:<50} {:>11} {:>11} {:>9} {:>9} {:>9}  {:<9} {}{}\n", row.name,
                   figure_text(outcome.ours, row.unit), row.anchor ? figure_text(outcome.anchor, row.unit) : "-",
                   row.anchor ? fmt::format("{:.3f}", outcome.ratio) : "-", bound_text(row.must_hold, row),
                   bound_text(row.goal, row), verdict(row, outcome), row.anchor ? row.anchor_name : "none, the figure",
                   outcome.is_noisy ? " (noisy)" : "");
    }
    std::fflush(stdout);
}

// Names are plain ASCII without quotes; only reasons may hold anything.
std::string quoted(const std::string& text) {
    std::string result = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            result += '\\';
        }
        result += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
    return result + '"';
}

std::string json_of(const Row& row, const Outcome& outcome) {
    std::string text = fmt::format(R"({{"name": {}, "must_hold": {}, "goal": {}, "verdict": "{}")", quoted(row.name),
                                   row.must_hold, row.goal, verdict(row, outcome));
    if (row.anchor) {
        text += fmt::format(R"(, "anchor_name": {})", quoted(row.anchor_name));
    }
    if (!outcome.skipped.empty()) {
        return text + fmt::format(R"(, "skipped": {}}})", quoted(outcome.skipped));
    }
    constexpr const char* units[] = {"seconds", "count", "bytes"};
    text += fmt::format(R"(, "unit": "{}", "ours": {}, "noisy": {})", units[static_cast<int>(row.unit)], outcome.ours,
                        outcome.is_noisy);
    if (row.anchor) {
        text += fmt::format(R"(, "anchor": {}, "ratio": {})", outcome.anchor, outcome.ratio);
    }
    return text + "}";
}

} // namespace

void add_row(Row row) {
    rows().push_back(std::move(row));
}

int run_rows(const std::string& filter, bool as_json) {
    const std::regex wanted(filter.empty() ? ".*" : filter);
    const auto is_wanted = [&](const Row& row) { return std::regex_search(row.name, wanted); };
    if (std::none_of(rows().begin(), rows().end(), is_wanted)) {
        fmt::print(stderr, "openportcls_bench: no row matches '{}'\n", filter);
        return none_matches;
    }
    int exceeded = 0;
    std::string json;
    if (!as_json) {
        print_heading();
    }
    for (Row& row : rows()) {
        if (!is_wanted(row)) {
            continue;
        }
        const Outcome outcome = run(row);
        exceeded += outcome.skipped.empty() && outcome.ratio > row.must_hold ? 1 : 0;
        if (as_json) {
            json += (json.empty() ? "" : ",\n ") + json_of(row, outcome);
        } else {
            print_row(row, outcome);
        }
        // Servers and children end here, so that they do not disturb the next row.
        row.ours = nullptr;
        row.anchor = nullptr;
    }
    if (as_json) {
        fmt::print("{{\"bench\": [{}]}}\n", json);
    }
    return exceeded;
}

} // namespace openportcls::bench
