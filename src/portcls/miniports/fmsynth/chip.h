// The synthesizer chip behind its ports: which one it is, and its registers with a copy of what is in them.
#pragma once

#include <array>
#include <cstdint>

#include <portcls.h>

namespace openportcls::portcls::fmsynth {

enum class ChipKind : std::uint8_t { none, opl2, opl3 };

// All of it may run at DISPATCH_LEVEL.
class Chip {
public:
    static constexpr unsigned voices_per_array = 9;
    static constexpr unsigned second_array = 0x100;

    // Looks for a chip at `base`, which decodes `length` ports, and makes it silent. False when there is none.
    bool open(PUCHAR base, ULONG length);

    ChipKind kind() const { return kind_; }
    unsigned voice_count() const { return kind_ == ChipKind::opl3 ? 2 * voices_per_array : voices_per_array; }

    // Writes what differs from what the register holds; without power, at the next restore().
    void write(unsigned index, std::uint8_t value);
    std::uint8_t value(unsigned index) const { return shadow_[index]; }

    // R-PWR-09: from save() to begin_restore() the hardware is left alone. restore_some() then writes a few registers
    // at a time, `cursor` counting from 0, until it says false; what is written between its calls is not lost.
    void save();
    void begin_restore();
    bool restore_some(unsigned& cursor);
    bool is_powered() const { return is_powered_; }

private:
    static constexpr unsigned register_count = 0x200;

    bool responds();
    std::uint8_t status();
    void write_hardware(unsigned index, std::uint8_t value);

    PUCHAR base_ = nullptr;
    ChipKind kind_ = ChipKind::none;
    bool is_powered_ = true;
    std::array<std::uint8_t, register_count> shadow_{};
};

} // namespace openportcls::portcls::fmsynth
