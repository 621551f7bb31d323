// usage: opc_soak SECONDS [SEED]. Epoch after epoch, each from a seed of its own, which a fault names: SECONDS of 0
// runs only the epoch of SEED.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

#include <fmt/format.h>
#include <unistd.h>

#include "epoch.h"

namespace openportcls::soak {
namespace {

using Clock = std::chrono::steady_clock;

struct Total {
    std::uint64_t epochs = 0;
    std::uint64_t actions = 0;
    std::map<std::int32_t, std::uint64_t> statuses;
    std::uint64_t settled_bytes = 0; // resident when every kind of epoch has been there
    std::uint64_t most_bytes = 0;
};

std::uint64_t resident_bytes() {
    std::ifstream file("/proc/self/statm");
    std::uint64_t pages = 0;
    file >> pages >> pages;
    return pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

constexpr double megabyte = 1048576.0;

void report(const Total& total, double seconds) {
    std::printf("%.0f s: %llu epochs, %llu actions, %.1f MB resident\n", seconds,
                static_cast<unsigned long long>(total.epochs), static_cast<unsigned long long>(total.actions),
                static_cast<double>(resident_bytes()) / megabyte);
    std::fflush(stdout);
}

// The fault; empty: none.
std::string run_epoch(std::uint64_t seed, Total& total) {
    constexpr std::uint64_t most_actions = 400;
    std::string fault;
    auto epoch = begin_epoch(seed, fault);
    if (!epoch) {
        return fault;
    }
    for (std::uint64_t count = 1 + epoch->below(most_actions); count != 0 && epoch->fault.empty(); --count) {
        act(*epoch);
        ++epoch->actions;
    }
    end_epoch(*epoch);
    ++total.epochs;
    total.actions += epoch->actions;
    for (const auto& [status, count] : epoch->statuses) {
        total.statuses[status] += count;
    }
    return epoch->fault;
}

std::string grown(Total& total) {
    constexpr std::uint64_t epochs_to_settle = 200;
    constexpr std::uint64_t allowed_growth = 96 << 20;
    const std::uint64_t now = resident_bytes();
    total.most_bytes = std::max(total.most_bytes, now);
    if (total.epochs <= epochs_to_settle) {
        total.settled_bytes = total.most_bytes;
        return {};
    }
    return now > total.settled_bytes + allowed_growth
               ? fmt::format("resident memory has grown from {:.1f} to {:.1f} MB",
                             static_cast<double>(total.settled_bytes) / megabyte, static_cast<double>(now) / megabyte)
               : std::string();
}

int run(double seconds, std::uint64_t first_seed) {
    Total total;
    const auto begin = Clock::now();
    const auto passed = [&] { return std::chrono::duration<double>(Clock::now() - begin).count(); };
    double next_report = 60;
    std::uint64_t seed = first_seed;
    do {
        std::string fault = run_epoch(seed, total);
        if (fault.empty()) {
            fault = grown(total);
        }
        if (!fault.empty()) {
            std::printf("%s\nepoch of seed %llu (again: opc_soak 0 %llu)\n", fault.c_str(),
                        static_cast<unsigned long long>(seed), static_cast<unsigned long long>(seed));
            return 1;
        }
        ++seed;
        if (passed() >= next_report) {
            report(total, passed());
            next_report += 60;
        }
    } while (passed() < seconds);
    report(total, passed());
    for (const auto& [status, count] : total.statuses) {
        std::printf("  0x%08X %llu times\n", static_cast<unsigned>(status), static_cast<unsigned long long>(count));
    }
    return 0;
}

} // namespace
} // namespace openportcls::soak

int main(int count, char** words) {
    if (count < 2 || count > 3) {
        std::fprintf(stderr, "usage: opc_soak SECONDS [SEED]\n");
        return 2;
    }
    return openportcls::soak::run(std::atof(words[1]), count == 3 ? std::strtoull(words[2], nullptr, 10) : 1);
}
