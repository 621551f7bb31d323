// Rows of the table that `./dev bench` prints: ours, its anchor measured in the same run, and the bound on the ratio.
#pragma once

#include <string>
#include <vector>

#include <benchmark/benchmark.h>

namespace openportcls::bench {

// `ours` and `anchor` do the same work per iteration; the ratio of their CPU times is what is held.
struct Row {
    std::string name;
    std::string anchor_name;
    double must_hold;
    double goal;
    void (*ours)(benchmark::State& state);
    void (*anchor)(benchmark::State& state);
    // Work items per iteration (streams, periods …): times are divided by it for printing.
    double items = 1;
    double minimum_seconds = 0.05; // per repetition
    bool sets_its_time = false;    // both sides report CPU time themselves (children's included)
};

// Registers both sides of a row.
void add_row(const Row& row);

// Runs what `filter` selects (a regular expression on row names; empty = all) and prints the table. Returns the number
// of rows that exceed what must hold.
int run_rows(const std::string& filter, bool as_json);

void register_machine_rows();
void register_wavert_rows();
void register_request_rows();
void register_lifetime_rows();
void register_paced_rows();

} // namespace openportcls::bench
