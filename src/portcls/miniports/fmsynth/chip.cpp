#include "portcls/miniports/fmsynth/chip.h"

namespace openportcls::portcls::fmsynth {

namespace {

// Data sheets: the YM3812 wants 12 clocks of 3.58 MHz after an address and 84 after data, the YMF262 32 of 14.3 MHz
// after either.
struct WriteDelay {
    ULONG address_microseconds;
    ULONG data_microseconds;
};
constexpr WriteDelay opl2_delay = {4, 24};
constexpr WriteDelay opl3_delay = {3, 3};

constexpr ULONG two_arrays_length = 4;
constexpr unsigned new_register = 0x105;
constexpr unsigned timer_1_register = 0x02;
constexpr unsigned timer_control_register = 0x04;
constexpr std::uint8_t flags = 0xE0;     // of the status
constexpr std::uint8_t opl2_bits = 0x06; // of the status: set on an OPL2
constexpr std::uint8_t mask_timers = 0x60;
constexpr std::uint8_t reset_flags = 0x80;

constexpr unsigned registers_at_a_time = 16; // 0.1 ms of an OPL3, half of one of an OPL2

// The timers need not be set: they are masked.
constexpr bool exists(unsigned index) {
    const unsigned offset = index & 0xFF;
    return offset == 0x01 || (offset >= 0x04 && offset <= 0x08) || (offset >= 0x20 && offset <= 0xF5);
}
constexpr bool is_key_register(unsigned index) {
    return (index & 0xFF) >= 0xB0 && (index & 0xFF) <= 0xB8;
}

} // namespace

std::uint8_t Chip::status() {
    return READ_PORT_UCHAR(base_);
}

void Chip::write_hardware(unsigned index, std::uint8_t value) {
    const WriteDelay& delay = kind_ == ChipKind::opl3 ? opl3_delay : opl2_delay;
    PUCHAR const address = base_ + (index >= second_array ? 2 : 0);
    WRITE_PORT_UCHAR(address, static_cast<UCHAR>(index));
    KeStallExecutionProcessor(delay.address_microseconds);
    WRITE_PORT_UCHAR(address + 1, value);
    KeStallExecutionProcessor(delay.data_microseconds);
}

// The way the data sheets give: timer 1, from its last step, overflows after 80 us and shows in the status.
bool Chip::responds() {
    write_hardware(timer_control_register, mask_timers);
    write_hardware(timer_control_register, reset_flags);
    const std::uint8_t before = status() & flags;
    write_hardware(timer_1_register, 0xFF);
    write_hardware(timer_control_register, 0x21);
    KeStallExecutionProcessor(100);
    const std::uint8_t after = status() & flags;
    write_hardware(timer_control_register, mask_timers);
    write_hardware(timer_control_register, reset_flags);
    return before == 0 && after == 0xC0;
}

bool Chip::open(PUCHAR base, ULONG length) {
    base_ = base;
    kind_ = ChipKind::opl2; // its longer delays suit both
    if (length < 2 || !responds()) {
        kind_ = ChipKind::none;
        return false;
    }
    if (length >= two_arrays_length && (status() & opl2_bits) == 0) {
        kind_ = ChipKind::opl3;
        shadow_[new_register] = 0x01;
    }
    shadow_[0x01] = 0x20; // waveforms, which an OPL2 has to be told
    shadow_[timer_control_register] = mask_timers;
    shadow_[0xBD] = 0x40; // vibrato of 14 cents
    begin_restore();
    for (unsigned cursor = 0; restore_some(cursor);) {
    }
    return true;
}

void Chip::write(unsigned index, std::uint8_t value) {
    if (shadow_[index] == value) {
        return;
    }
    shadow_[index] = value;
    if (is_powered_) {
        write_hardware(index, value);
    }
}

void Chip::begin_restore() {
    is_powered_ = true;
    if (kind_ == ChipKind::opl3) {
        write_hardware(new_register, shadow_[new_register]); // opens the second array
    }
}

// Twice through the registers, the keys the second time: a held note starts with the sound it should have.
bool Chip::restore_some(unsigned& cursor) {
    const unsigned count = kind_ == ChipKind::opl3 ? register_count : second_array;
    for (unsigned written = 0; written < registers_at_a_time && cursor < 2 * count; ++cursor) {
        const unsigned index = cursor % count;
        if (exists(index) && is_key_register(index) == (cursor >= count)) {
            write_hardware(index, shadow_[index]);
            ++written;
        }
    }
    return cursor < 2 * count;
}

void Chip::save() {
    if (!is_powered_) {
        return;
    }
    for (unsigned voice = 0; voice < voice_count(); ++voice) {
        const unsigned index = voice / voices_per_array * second_array + 0xB0 + voice % voices_per_array;
        if ((shadow_[index] & 0x20) != 0) {
            write_hardware(index, shadow_[index] & 0x1F);
        }
    }
    is_powered_ = false;
}

} // namespace openportcls::portcls::fmsynth
