// Rows of the table that `./dev bench` prints: ours, its anchor measured in the same run, and the bound on the ratio.
#pragma once

#include <functional>
#include <string>

#include <benchmark/benchmark.h>

#include <openportcls/result.hpp>

namespace openportcls::bench {

// Measures one round and gives its figure; an error means that this side cannot be measured here.
using Side = std::function<Result<double>()>;

enum class Unit : std::uint8_t { seconds, count, bytes };

constexpr int usual_rounds = 21;
constexpr int real_time_rounds = 5;

struct Row {
    std::string name;
    std::string anchor_name; // empty: no anchor, the figure itself is held
    double must_hold;
    double goal;
    Side ours;
    Side anchor;
    Unit unit = Unit::seconds;
    int rounds = usual_rounds;
};

void add_row(Row row);

// Google Benchmark's loop around `function`: CPU seconds of this thread per work item, of which an iteration has
// `items`. The number of iterations that takes `seconds` is found once.
Side cpu_time(void (*function)(benchmark::State&), double items = 1, double seconds = 0.02);
// The same for functions that tell Google Benchmark the time themselves (SetIterationTime).
Side told_time(void (*function)(benchmark::State&), double items = 1, double seconds = 0.02);
// One iteration a round: for what runs in step with the host's clock.
Side cpu_time_of_one(void (*function)(benchmark::State&), double items = 1);

void add_machine_rows();
void add_wavert_rows();
void add_request_rows();
void add_wave_request_rows();
void add_card_rows();
void add_command_rows();
void add_sequencer_rows();
void add_lifetime_rows();
void add_paced_rows();
void add_server_rows();
void add_sanitizer_rows();
void add_memory_rows();

} // namespace openportcls::bench
