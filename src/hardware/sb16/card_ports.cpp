// The ports of the card (Sound Blaster Series Hardware Programming Guide, appendix "I/O Port Map", and the chapters
// named in the tables).
#include "hardware/sb16/card.h"

namespace openportcls::hardware::sb16 {

namespace {

constexpr std::uint32_t all_ones = 0xFF;
constexpr std::uint32_t flag = 0x80;

std::uint32_t with_flag(bool is_set) {
    return is_set ? all_ones : all_ones & ~flag;
}

} // namespace

const std::array<RegisterEntry<Sb16>, 13> Sb16::card_table = {{
    {"left FM address", 0x0, 1, 0, 0, 0, "FM Music Synthesizer", handler<&Sb16::read_fm<0>>,
     handler<&Sb16::fm_written<0>>},
    {"left FM data", 0x1, 1, all_ones, 0, 0, "FM Music Synthesizer", nullptr, handler<&Sb16::fm_written<1>>},
    {"right FM address", 0x2, 1, 0, 0, 0, "FM Music Synthesizer", handler<&Sb16::read_fm<2>>,
     handler<&Sb16::fm_written<2>>},
    {"right FM data", 0x3, 1, all_ones, 0, 0, "FM Music Synthesizer", nullptr, handler<&Sb16::fm_written<3>>},
    {"mixer address", 0x4, 1, 0, 0, 0, "Mixer", handler<&Sb16::read_mixer_address>,
     handler<&Sb16::mixer_address_written>},
    {"mixer data", 0x5, 1, 0, 0, 0, "Mixer", handler<&Sb16::read_mixer_data>, handler<&Sb16::mixer_data_written>},
    {"DSP reset", 0x6, 1, all_ones, 0, 0, "Resetting the DSP", nullptr, handler<&Sb16::dsp_reset_written>},
    {"FM address", 0x8, 1, 0, 0, 0, "FM Music Synthesizer", handler<&Sb16::read_fm<0>>, handler<&Sb16::fm_written<0>>},
    {"FM data", 0x9, 1, all_ones, 0, 0, "FM Music Synthesizer", nullptr, handler<&Sb16::fm_written<1>>},
    {"DSP read data", 0xA, 1, 0, 0, 0, "Reading from the DSP", handler<&Sb16::read_dsp_data>},
    {"DSP write", 0xC, 1, 0, 0, 0, "Writing to the DSP", handler<&Sb16::read_dsp_busy>,
     handler<&Sb16::dsp_command_written>},
    {"DSP read status", 0xE, 1, 0, 0, 0, "Servicing Interrupts", handler<&Sb16::acknowledge_bytes>},
    {"16-bit acknowledge", 0xF, 1, 0, 0, 0, "Servicing Interrupts", handler<&Sb16::acknowledge_words>},
}};

const std::array<RegisterEntry<Sb16>, 4> Sb16::fm_table = {{
    {"left FM address", 0, 1, 0, 0, 0, "FM Music Synthesizer", handler<&Sb16::read_fm<0>>,
     handler<&Sb16::fm_written<0>>},
    {"left FM data", 1, 1, 0, 0, 0, "FM Music Synthesizer", handler<&Sb16::read_fm<1>>, handler<&Sb16::fm_written<1>>},
    {"right FM address", 2, 1, 0, 0, 0, "FM Music Synthesizer", handler<&Sb16::read_fm<2>>,
     handler<&Sb16::fm_written<2>>},
    {"right FM data", 3, 1, 0, 0, 0, "FM Music Synthesizer", handler<&Sb16::read_fm<3>>, handler<&Sb16::fm_written<3>>},
}};

std::uint32_t NTAPI Sb16::read_dsp_busy(std::uint32_t) {
    return with_flag(dsp_.is_busy());
}

std::uint32_t NTAPI Sb16::acknowledge_bytes(std::uint32_t) {
    const bool has_data = dsp_.has_data();
    set_pending(bytes_pending, false);
    return with_flag(has_data);
}

std::uint32_t NTAPI Sb16::acknowledge_words(std::uint32_t) {
    set_pending(words_pending, false);
    return all_ones;
}

std::uint64_t NTAPI Sb16::read_port(unsigned range, std::uint32_t offset, machine::AccessWidth) {
    if (range == mpu_range) {
        return mpu_.read(offset);
    }
    if (range == fm_range) {
        return fm_ports_.read(*this, offset) & all_ones;
    }
    dsp_.catch_up();
    return card_ports_.read(*this, offset) & all_ones;
}

void NTAPI Sb16::write_port(unsigned range, std::uint32_t offset, machine::AccessWidth, std::uint64_t value) {
    const auto byte = static_cast<std::uint32_t>(value & all_ones);
    if (range == mpu_range) {
        mpu_.write(offset, byte);
    } else if (range == fm_range) {
        fm_ports_.write(*this, offset, byte);
    } else {
        dsp_.catch_up();
        card_ports_.write(*this, offset, byte);
        voices_changed();
    }
}

} // namespace openportcls::hardware::sb16
