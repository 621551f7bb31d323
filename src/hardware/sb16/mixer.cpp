#include "hardware/sb16/mixer.h"

#include <cmath>

namespace openportcls::hardware::sb16 {

// Sound Blaster Series Hardware Programming Guide, chapter 4: "CT1745 Mixer Chip" (section names as there).
const std::array<RegisterEntry<Mixer>, 35> Mixer::table = {{
    {"reset", 0x00, 1, 0, 0, 0, "Reset Mixer", nullptr, handler<&Mixer::reset_written>},
    {"voice (compatible)", 0x04, 1, 0, 0, 0, "Voice Volume", handler<&Mixer::read_nibbles<0x32>>,
     handler<&Mixer::nibbles_written<0x32>>},
    {"microphone (compatible)", 0x0A, 1, 0, 0, 0, "Mic Volume", handler<&Mixer::read_microphone>,
     handler<&Mixer::microphone_written>},
    {"master (compatible)", 0x22, 1, 0, 0, 0, "Master Volume", handler<&Mixer::read_nibbles<0x30>>,
     handler<&Mixer::nibbles_written<0x30>>},
    {"MIDI (compatible)", 0x26, 1, 0, 0, 0, "MIDI Volume", handler<&Mixer::read_nibbles<0x34>>,
     handler<&Mixer::nibbles_written<0x34>>},
    {"CD (compatible)", 0x28, 1, 0, 0, 0, "CD Volume", handler<&Mixer::read_nibbles<0x36>>,
     handler<&Mixer::nibbles_written<0x36>>},
    {"line (compatible)", 0x2E, 1, 0, 0, 0, "Line Volume", handler<&Mixer::read_nibbles<0x38>>,
     handler<&Mixer::nibbles_written<0x38>>},
    {"master left", 0x30, 1, 0xC0, 0xF8, 0, "Master Volume"},
    {"master right", 0x31, 1, 0xC0, 0xF8, 0, "Master Volume"},
    {"voice left", 0x32, 1, 0xC0, 0xF8, 0, "Voice Volume"},
    {"voice right", 0x33, 1, 0xC0, 0xF8, 0, "Voice Volume"},
    {"MIDI left", 0x34, 1, 0xC0, 0xF8, 0, "MIDI Volume"},
    {"MIDI right", 0x35, 1, 0xC0, 0xF8, 0, "MIDI Volume"},
    {"CD left", 0x36, 1, 0x00, 0xF8, 0, "CD Volume"},
    {"CD right", 0x37, 1, 0x00, 0xF8, 0, "CD Volume"},
    {"line left", 0x38, 1, 0x00, 0xF8, 0, "Line Volume"},
    {"line right", 0x39, 1, 0x00, 0xF8, 0, "Line Volume"},
    {"microphone", 0x3A, 1, 0x00, 0xF8, 0, "Mic Volume"},
    {"PC speaker", 0x3B, 1, 0x00, 0xC0, 0, "PC Speaker Volume"},
    {"output switches", 0x3C, 1, 0x1F, 0x1F, 0, "Output Mixer Switches"},
    {"input switches left", 0x3D, 1, 0x15, 0x7F, 0, "Input Mixer Switches"},
    {"input switches right", 0x3E, 1, 0x0B, 0x7F, 0, "Input Mixer Switches"},
    {"input gain left", 0x3F, 1, 0x00, 0xC0, 0, "Input Gain Control"},
    {"input gain right", 0x40, 1, 0x00, 0xC0, 0, "Input Gain Control"},
    {"output gain left", 0x41, 1, 0x00, 0xC0, 0, "Output Gain Control"},
    {"output gain right", 0x42, 1, 0x00, 0xC0, 0, "Output Gain Control"},
    {"automatic gain", 0x43, 1, 0x00, 0x01, 0, "AGC"},
    {"treble left", 0x44, 1, 0x80, 0xF0, 0, "Treble"}, // kept; the sound stays as it is
    {"treble right", 0x45, 1, 0x80, 0xF0, 0, "Treble"},
    {"bass left", 0x46, 1, 0x80, 0xF0, 0, "Bass"},
    {"bass right", 0x47, 1, 0x80, 0xF0, 0, "Bass"},
    {"interrupt setup", 0x80, 1, 0x00, 0x0F, 0, "Interrupt Setup", nullptr, handler<&Mixer::resources_written>},
    {"DMA setup", 0x81, 1, 0x00, 0xEB, 0, "DMA Setup", nullptr, handler<&Mixer::resources_written>},
    {"interrupt status", 0x82, 1, 0x00, 0x00, 0, "Interrupt Status", handler<&Mixer::read_interrupt_status>},
    // Undocumented; drivers of the maker's look here for the kind of amplifier. Kept, nothing more.
    {"reserved", 0xFF, 1, 0x00, 0xFF, 0, "-"},
}};

namespace {

enum OutputSwitch : std::uint32_t {
    out_microphone = 0x01,
    out_cd_right = 0x02,
    out_cd_left = 0x04,
    out_line_right = 0x08,
    out_line_left = 0x10
};
enum InputSwitch : std::uint32_t {
    in_microphone = 0x01,
    in_cd_right = 0x02,
    in_cd_left = 0x04,
    in_line_right = 0x08,
    in_line_left = 0x10,
    in_midi_right = 0x20,
    in_midi_left = 0x40
};

float factor(double decibels) {
    constexpr double per_ten_times = 20.0;
    return static_cast<float>(std::pow(10.0, decibels / per_ten_times));
}

// Bits 7 to 3: -62 dB to 0 dB in steps of 2.
float volume(std::uint32_t value) {
    constexpr double step = 2.0;
    constexpr double steps = 31.0;
    return factor((static_cast<double>(value >> 3) - steps) * step);
}

// Bits 7 and 6: 0 to 18 dB in steps of 6.
float gain(std::uint32_t value) {
    constexpr double step = 6.0;
    return factor(static_cast<double>(value >> 6) * step);
}

Gain product(const Gain& a, const Gain& b) {
    return {a.left * b.left, a.right * b.right};
}

} // namespace

Mixer::Mixer(Board& board, const Setup& setup) : board_(board), registers_(table) {
    forget(setup);
}

void Mixer::forget(const Setup& setup) {
    registers_.reset();
    registers_.set(0x80, setup.interrupt);
    registers_.set(0x81, setup.dma);
    index_ = 0;
    compute_gains();
}

void NTAPI Mixer::write(std::uint8_t value) {
    board_.before_mixer_change();
    registers_.write(*this, index_, value);
    compute_gains();
}

// "Interrupt Setup" and "DMA Setup" are of the board, not of the mixer: a reset leaves them.
void NTAPI Mixer::reset_written(std::uint32_t) {
    const Setup setup{interrupt_setup(), dma_setup()};
    registers_.reset();
    registers_.set(0x80, setup.interrupt);
    registers_.set(0x81, setup.dma);
}

Gain Mixer::volumes(std::uint32_t left) const {
    return {volume(stored(left)), volume(stored(left + 1))};
}

void Mixer::compute_gains() {
    const Gain master = product(volumes(0x30), {gain(stored(0x41)), gain(stored(0x42))});
    const Gain line = volumes(0x38);
    const Gain cd = volumes(0x36);
    const Gain midi = volumes(0x34);
    const float microphone = volume(stored(0x3A));
    const std::uint32_t out = stored(0x3C);
    const auto through_output = [&](const Gain& level, std::uint32_t left, std::uint32_t right) {
        const Gain passed{(out & left) != 0 ? level.left : 0.0F, (out & right) != 0 ? level.right : 0.0F};
        return product(passed, master);
    };
    voice_out_ = product(volumes(0x32), master);
    midi_out_ = product(midi, master);
    line_out_ = through_output(line, out_line_left, out_line_right);
    cd_out_ = through_output(cd, out_cd_left, out_cd_right);
    microphone_out_ = through_output({microphone, microphone}, out_microphone, out_microphone);
    for (unsigned side = 0; side < 2; ++side) {
        const std::uint32_t in = stored(0x3D + side);
        const float amplified = gain(stored(0x3F + side));
        const auto through = [&](std::uint32_t which, float level) {
            return (in & which) != 0 ? level * amplified : 0.0F;
        };
        input_.line[side] = {through(in_line_left, line.left), through(in_line_right, line.right)};
        input_.cd[side] = {through(in_cd_left, cd.left), through(in_cd_right, cd.right)};
        input_.midi[side] = {through(in_midi_left, midi.left), through(in_midi_right, midi.right)};
        input_.microphone[side] = through(in_microphone, microphone);
    }
}

} // namespace openportcls::hardware::sb16
