// Answers each line on standard input with the number of allocations, lock operations and system calls that a period of
// a WaveRT stream costs, render and capture together. A program of its own: its malloc counts.
#include <cstdio>
#include <cstring>
#include <iostream>
#include <string>

#include "cable_machine.h"
#include "tests/steady_state/host_costs.h"

namespace {

using namespace openportcls;

constexpr int periods = 100;

double costs_of_a_period() {
    struct Streaming {
        bench::CableMachine cable;
        Filter filter = cable.wave();
        RenderStream render = bench::must(RenderStream::open(filter, WaveFormat{}));
        CaptureStream capture = bench::must(CaptureStream::open(filter, WaveFormat{}));
        std::byte data[1920] = {};
    };
    Streaming* streaming = nullptr;
    const auto prepare = [&] {
        streaming = new Streaming;
        bench::must(streaming->render.on_period([&](std::span<std::byte> period) {
            std::memcpy(period.data(), streaming->data, std::min(period.size(), sizeof streaming->data));
            return true;
        }));
        bench::must(streaming->capture.on_period([&](std::span<const std::byte> period) {
            std::memcpy(streaming->data, period.data(), std::min(period.size(), sizeof streaming->data));
            return true;
        }));
        bench::must(streaming->cable.machine.run_for(std::chrono::milliseconds(100)));
    };
    const auto counted = [&] {
        bench::must(streaming->cable.machine.run_for(std::chrono::milliseconds(10 * periods)));
    };
    const steady_state::HostCosts costs = steady_state::count_host_costs(prepare, counted);
    if (!costs.failure.empty()) {
        std::cout << costs.failure << std::endl;
        std::exit(1);
    }
    return static_cast<double>(costs.allocations + costs.locks + costs.system_calls.size()) / periods;
}

} // namespace

int main() {
    for (std::string line; std::getline(std::cin, line);) {
        std::cout << costs_of_a_period() << std::endl;
    }
    return 0;
}
