// An AC '97 codec: mixer, converters' rates, power. Register names are those of "Audio Codec '97", revision 2.3.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

#include "hardware/ac97/played_sound.h"
#include "hardware/register_table.h"
#include "hardware/sample_word.h"

namespace openportcls::hardware::ac97 {

class Codec {
public:
    enum Input : unsigned { line, cd, microphone, video, aux, phone, input_count };
    enum Output : unsigned { line_out, aux_out, mono_out, output_count };
    enum class Converter : std::uint8_t { dac, adc, microphone_adc };
    static constexpr std::size_t chunk_frames = longest_block;

    // `has_variable_rate`: VRA and VRM; without, everything runs at 48 kHz.
    explicit Codec(bool has_variable_rate);

    // Word registers, even offsets.
    std::uint16_t read(std::uint32_t offset) { return static_cast<std::uint16_t>(registers_.read(*this, offset)); }
    void write(std::uint32_t offset, std::uint16_t value);
    // RESET# of the link: all registers.
    void cold_reset();
    // Wakes the link; registers stay as they are.
    void warm_reset();

    // Not after PR4, until a reset.
    bool is_link_up() const { return (value(0x26) & 0x1000) == 0; }
    std::uint32_t rate(Converter converter) const;
    const RegisterFile<Codec, 0x80>& registers() const { return registers_; }

    // What PCM is multiplied with on its way into the output mixer.
    const Gain& pcm_gain() const { return pcm_; }
    // At most chunk_frames frames. `mixed`: PCM, times its gain; the other sources are added there.
    void play(const SampleTime& when, std::span<Frame> mixed);
    void record(const SampleTime& when, std::span<Frame> frames);
    // A mix is the recording source: PCM is recorded, too, up to the moment of the frames.
    bool records_mix() const { return records_mix_; }
    // PCM, times its gain, as play() gets it; only for records_mix().
    void remember(const SampleTime& when, std::span<const Frame> pcm) { played_.add(when, pcm); }
    void forget() { played_.forget(); }
    void record_microphone(const SampleTime& when, std::span<Frame> frames);

    // Something is plugged into an output.
    bool is_heard() const {
        return std::ranges::any_of(outputs_, [](const OutputSocket& output) { return output.plugged != nullptr; });
    }

    // Something that is plugged in is to be heard at an output, whether PCM plays or not.
    bool passes_input() const;

    std::span<OutputSocket> outputs() { return outputs_; }
    std::span<InputSocket> inputs() { return inputs_; }

private:
    std::uint32_t value(std::uint32_t offset) const { return registers_.value(offset); }
    void NTAPI reset_written(std::uint32_t) { registers_.reset(); }
    void NTAPI extended_written(std::uint32_t value);
    template<std::uint32_t offset>
    void NTAPI volume_written(std::uint32_t value);
    template<std::uint32_t offset>
    void NTAPI rate_written(std::uint32_t value);
    std::uint32_t NTAPI read_power(std::uint32_t stored);
    std::uint32_t NTAPI read_extended_id(std::uint32_t stored) { return has_variable_rate_ ? stored : stored & ~0x9U; }

    void compute_gains();
    void compute_recording_gains();
    void add_inputs(const std::array<Gain, input_count>& gains, const SampleTime& when, std::span<Frame> sum);
    void add_mix(const SampleTime& when, std::span<Frame> frames);
    void hear(Output output, const Gain& gain, const SampleTime& when, std::span<const Frame> mix);
    void hear_mono(const SampleTime& when, std::span<const Frame> mix);

    static const std::array<RegisterEntry<Codec>, 28> table;

    bool has_variable_rate_;
    RegisterFile<Codec, 0x80> registers_;
    Gain pcm_;
    std::array<Gain, input_count> playing_{};   // into the output mixer
    std::array<Gain, input_count> recording_{}; // into the converter
    // The stereo mix into the converter's left and right side.
    Gain mix_into_left_;
    Gain mix_into_right_;
    bool records_mix_ = false;
    PlayedSound played_;
    float microphone_recorded_ = 0; // into the converter of its own
    std::array<Gain, output_count> masters_{};
    bool mono_is_microphone_ = false;
    std::array<OutputSocket, output_count> outputs_{{{"line out"}, {"aux out"}, {"mono out"}}};
    std::array<InputSocket, input_count> inputs_{
        {{"line in"}, {"cd"}, {"microphone", 1}, {"video"}, {"aux"}, {"phone", 1}}};
    std::array<Frame, chunk_frames> source_{};
    alignas(16) std::array<Frame, chunk_frames> scaled_{};
    std::array<Frame, chunk_frames> mix_{};
};

} // namespace openportcls::hardware::ac97
