// Registers as data: a table says what each is called, where it is, what it is after reset and which bits can be
// written; handlers exist only for registers that do something. Tests and traces read the same table.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include <wdm.h>

namespace openportcls::hardware {

// A method as a plain function, which costs less to call: `handler<&Chip::command_written>`.
template<auto method>
struct Handler;
template<class Owner, std::uint32_t (NTAPI Owner::*method)(std::uint32_t)>
struct Handler<method> {
    static std::uint32_t NTAPI call(Owner& owner, std::uint32_t stored) { return (owner.*method)(stored); }
};
template<class Owner, void (NTAPI Owner::*method)(std::uint32_t)>
struct Handler<method> {
    static void NTAPI call(Owner& owner, std::uint32_t value) { (owner.*method)(value); }
};
template<auto method>
inline constexpr auto handler = &Handler<method>::call;

template<class Owner>
struct RegisterEntry {
    std::string_view name;
    std::uint32_t offset = 0;
    std::uint32_t width_bytes = 1;
    std::uint32_t reset = 0;
    std::uint32_t write_mask = 0;         // bits that keep what is written
    std::uint32_t write_one_to_clear = 0; // bits that a written one clears
    std::string_view section;             // of the data sheet
    // What is read instead of the stored value.
    std::uint32_t(NTAPI* read)(Owner& owner, std::uint32_t stored) = nullptr;
    // Told after the masks were applied: what was written, as written.
    void(NTAPI* written)(Owner& owner, std::uint32_t value) = nullptr;
};

// All offsets are below `room`, of at most 254 registers. The values lie within the device: what it looks at with every
// block of sound is no pointer away.
template<class Owner, std::size_t room>
class RegisterFile {
public:
    using Entry = RegisterEntry<Owner>;

    explicit RegisterFile(std::span<const Entry> table) : table_(table) {
        places_.fill(nothing);
        for (std::size_t index = 0; index < table.size(); ++index) {
            places_[table[index].offset] = static_cast<std::uint8_t>(index);
        }
        reset();
    }

    std::span<const Entry> table() const { return table_; }

    void reset() {
        for (const Entry& entry : table_) {
            values_[entry.offset] = entry.reset;
        }
    }

    // Where there is no register: all ones, as from a bus that floats.
    [[gnu::always_inline]] std::uint32_t read(Owner& owner, std::uint32_t offset) const {
        const std::size_t index = find(offset);
        if (index == nothing) {
            return UINT32_MAX;
        }
        const Entry& entry = table_[index];
        return entry.read != nullptr ? entry.read(owner, values_[offset]) : values_[offset];
    }

    [[gnu::always_inline]] void write(Owner& owner, std::uint32_t offset, std::uint32_t value) {
        const std::size_t index = find(offset);
        if (index == nothing) {
            return;
        }
        const Entry& entry = table_[index];
        const std::uint32_t kept = (values_[offset] & ~entry.write_mask) | (value & entry.write_mask);
        values_[offset] = kept & ~(value & entry.write_one_to_clear);
        if (entry.written != nullptr) {
            entry.written(owner, value);
        }
    }

    bool has(std::uint32_t offset) const { return find(offset) != nothing; }
    std::uint32_t width(std::uint32_t offset) const { return table_[find(offset)].width_bytes; }
    // What is stored, without side effects. The register must exist.
    std::uint32_t value(std::uint32_t offset) const { return values_[offset]; }
    void set(std::uint32_t offset, std::uint32_t value) { values_[offset] = value; }

private:
    static constexpr std::uint8_t nothing = 0xFF;
    std::size_t find(std::uint32_t offset) const { return offset < room ? places_[offset] : nothing; }

    std::span<const Entry> table_;
    std::array<std::uint32_t, room> values_{}; // by offset
    std::array<std::uint8_t, room> places_{};  // in the table, by offset
};

} // namespace openportcls::hardware
