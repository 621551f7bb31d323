// Why something went wrong that the guest asked for, in sentences: for whoever has only a status.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace openportcls::machine {

class Explanations {
public:
    enum class Kind : std::uint8_t {
        refusal, // why a request fails
        warning  // what went wrong and was ignored: no request fails because of it
    };

    void add(Kind kind, std::string_view sentence);

    // How many there have been: where "since" begins.
    std::uint64_t count() const { return count_; }
    // The reasons of refusals since then, each once, the oldest first; empty when nothing was said.
    std::string refusals_since(std::uint64_t mark) const;
    // All there were, each once: "SENTENCE (58 times)".
    std::vector<std::string> warnings() const;

private:
    struct Entry {
        Kind kind;
        std::string sentence;
        std::uint64_t times;
        std::uint64_t latest; // its number
    };
    static constexpr std::size_t most_entries = 64; // a guest that always finds other words is not listened to for ever

    std::vector<Entry> entries_;
    std::uint64_t count_ = 0;
};

} // namespace openportcls::machine
