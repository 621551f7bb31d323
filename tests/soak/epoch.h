// One machine with every card and driver of ours, from power on to the last driver's unload.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include <openportcls/openportcls.hpp>

namespace openportcls::soak {

using Random = std::mt19937_64;

// A driver, and what is open on it.
struct Card {
    std::string name;
    Driver driver;
    std::vector<RenderStream> playing;
    std::vector<CaptureStream> recording;
    std::vector<MidiOutput> sending;
    std::vector<MidiInput> receiving;
};

struct Epoch {
    std::uint64_t seed;
    Random random;
    Machine machine;
    std::vector<Card> cards;
    std::uint64_t actions = 0;
    std::map<std::int32_t, std::uint64_t> statuses; // how often each was answered
    std::string fault;                              // what went wrong; empty: nothing

    std::uint64_t below(std::uint64_t limit) { return random() % limit; }
    Card& any_card() { return cards[below(cards.size())]; }
    // Counts the answer. Whatever status it is: it is one, and the machine lives.
    template<class T>
    bool answered(const Result<T>& result) {
        ++statuses[result ? 0 : result.error().status];
        return static_cast<bool>(result);
    }
};

std::optional<Epoch> begin_epoch(std::uint64_t seed, std::string& fault);
// Something at random.
void act(Epoch& epoch);
// Closes everything and unloads the drivers; what they left behind is a fault.
void end_epoch(Epoch& epoch);

} // namespace openportcls::soak
