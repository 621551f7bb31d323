// Bytes around what a driver may write, by which is seen that it wrote too far.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include <wdm.h>

namespace openportcls::machine {
class Machine;
}

namespace openportcls::executive {

class OverrunSearch;

constexpr std::uint32_t bad_pool_header = 0x19; // the bugcheck of whoever wrote there, or into what was freed

// What freed memory is filled with.
constexpr unsigned char freed_byte = 0xDD;

inline std::uint64_t as_number(const void* pointer) {
    return reinterpret_cast<std::uint64_t>(pointer);
}

// Repeated over the guards. No byte is one that a driver often writes: zero, a character, a small number.
inline std::uint64_t pattern_of(std::uint32_t tag, std::uint64_t size) {
    return ((size + 1) * 0x9E3779B97F4A7C15ULL ^ tag * 0xC2B2AE3D27D4EB4FULL) | 0x8080808080808080ULL;
}

inline void fill_with(char* at, std::size_t bytes, std::uint64_t pattern) {
    for (std::size_t offset = 0; offset < bytes; offset += sizeof pattern) {
        std::memcpy(at + offset, &pattern, sizeof pattern);
    }
}

// The first byte of `at` that is not the pattern's; `bytes` when all are. What equals itself a word on repeats the
// word.
inline std::size_t first_difference(const char* at, std::size_t bytes, std::uint64_t pattern) {
    constexpr std::size_t word = sizeof pattern;
    if (bytes >= word && std::memcmp(at, &pattern, word) == 0 && std::memcmp(at, at + word, bytes - word) == 0) {
        return bytes;
    }
    std::size_t offset = 0;
    while (offset < bytes && at[offset] == static_cast<char>(pattern >> (8 * (offset % word)))) {
        ++offset;
    }
    return offset;
}

// The guard of what is used again and again: few words, looked at in a few instructions.
struct GuardWords {
    std::uint64_t words[4];

    void set(std::uint64_t pattern) {
        for (std::uint64_t& word : words) {
            word = pattern;
        }
    }
    bool holds(std::uint64_t pattern) const {
        std::uint64_t differences = 0;
        for (const std::uint64_t word : words) {
            differences |= word ^ pattern;
        }
        return differences == 0;
    }
    std::size_t first_difference(std::uint64_t pattern) const {
        return executive::first_difference(reinterpret_cast<const char*>(words), sizeof words, pattern);
    }
};

// Something of `size` bytes with GuardWords on both sides.
struct Guarded {
    const char* name; // "IRP"
    char* body;
    std::uint64_t size;
    std::uint32_t tag;
    const void* allocated_by; // null: the kernel itself

    std::uint64_t pattern() const { return pattern_of(tag, size); }
    GuardWords& front() const { return reinterpret_cast<GuardWords*>(body)[-1]; }
    GuardWords& back() const { return *reinterpret_cast<GuardWords*>(body + size); }
    void set_guards() const {
        front().set(pattern());
        back().set(pattern());
    }
    // What goes beyond goes there first: for what is looked at again and again, until it is looked at as a whole.
    bool is_intact_at_edges() const { return front().words[3] == pattern() && back().words[0] == pattern(); }
    bool is_intact() const { return front().holds(pattern()) && back().holds(pattern()); }
    // A bugcheck 0x19 when it is not; `moment` says when it was noticed.
    void check(machine::Machine& machine, const char* moment) const {
        if (!is_intact()) [[unlikely]] {
            report(machine, moment);
        }
    }
    void check_edges(machine::Machine& machine, const char* moment) const {
        if (!is_intact_at_edges()) [[unlikely]] {
            report(machine, moment);
        }
    }
    [[noreturn, gnu::cold, gnu::noinline]] void NTAPI report(machine::Machine& machine, const char* moment) const;
    void offer_to(OverrunSearch& search) const;
};

} // namespace openportcls::executive
