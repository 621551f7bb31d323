#include "epoch.h"

#include <fmt/format.h>

namespace openportcls::soak {

namespace {

MachineOptions options_of(std::uint64_t seed, Random& random) {
    constexpr const char* releases[] = {"xp", "vista", "7", "8", "10", "11"};
    constexpr Scheduling policies[] = {Scheduling::first_come, Scheduling::random, Scheduling::pct};
    MachineOptions options;
    options.seed = seed;
    options.windows = releases[random() % std::size(releases)];
    options.scheduling = policies[random() % std::size(policies)];
    options.processors = 1 + static_cast<unsigned>(random() % 4);
    options.hardware = {"sb16", random() % 2 == 0 ? "ac97" : "ac97:drift=400"};
    return options;
}

} // namespace

std::optional<Epoch> begin_epoch(std::uint64_t seed, std::string& fault) {
    Random random(seed);
    auto machine = Machine::create(options_of(seed, random));
    if (!machine) {
        fault = machine.error().message;
        return std::nullopt;
    }
    Epoch epoch{seed, random, std::move(*machine), {}, 0, {}, {}};
    for (const char* name : {"cable", "sb16", "ac97"}) {
        DriverOptions options;
        if (epoch.below(2) == 0) {
            options.parameters = {"UseWaveRT=1"};
        }
        auto driver = epoch.machine.load_driver(name, options);
        if (driver) {
            epoch.cards.push_back({name, std::move(*driver), {}, {}, {}, {}});
        } else if (epoch.machine.crash_report()) {
            fault = driver.error().message;
            return std::nullopt;
        } // otherwise a driver that this release cannot load: cable is WaveRT, which XP lacks
    }
    if (epoch.cards.empty()) {
        fault = "no driver loads";
        return std::nullopt;
    }
    return epoch;
}

void end_epoch(Epoch& epoch) {
    for (Card& card : epoch.cards) {
        card.playing.clear();
        card.recording.clear();
        card.sending.clear();
        card.receiving.clear();
    }
    for (Card& card : epoch.cards) {
        auto left = card.driver.unload();
        if (!left) {
            epoch.fault += fmt::format("{} does not unload: {}\n", card.name, left.error().message);
            continue;
        }
        for (const LeakLine& line : *left) {
            epoch.fault +=
                fmt::format("{} left {} {}: {}, {} bytes\n", card.name, line.kind, line.what, line.count, line.bytes);
        }
    }
    if (auto report = epoch.machine.crash_report()) {
        epoch.fault += *report;
    }
}

} // namespace openportcls::soak
