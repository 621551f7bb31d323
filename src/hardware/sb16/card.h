// Sound Blaster 16: the board around the DSP, the mixer, the MPU-401 and the FM synthesizer.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "hardware/card.h"
#include "hardware/catalog.h"
#include "hardware/isa/dma_controller.h"
#include "hardware/midi/mpu401.h"
#include "hardware/motherboard.h"
#include "hardware/output_clock.h"
#include "hardware/sb16/dsp.h"
#include "hardware/sb16/fm_sound.h"
#include "hardware/sb16/mixer.h"

namespace openportcls::hardware::sb16 {

struct Settings {
    std::uint32_t io = 0x220;
    std::uint32_t mpu = 0x330;
    std::uint32_t irq = 5;
    std::uint32_t dma = 1;
    std::uint32_t dma16 = 5;
    std::int32_t drift = 0; // parts per million
};

class Sb16 final : public machine::Device, // first, since its functions are called most
                   public Card,
                   private DmaRequester,
                   private Dsp::Board,
                   private Mixer::Board,
                   private Mpu401::Board,
                   private FmSound::Board,
                   private OutputClock::Board {
public:
    static Result<std::unique_ptr<Sb16>> create(Motherboard& board, const Settings& settings);
    ~Sb16() override;

    // What every card with these settings has.
    static std::vector<CardResource> set_to(const Settings& settings);

    std::string_view model() const override { return "sb16"; }
    std::string_view name() const override { return "sb16"; }
    std::vector<CardResource> resources() const override;
    std::span<OutputSocket> outputs() override { return outputs_; }
    std::span<InputSocket> inputs() override { return inputs_; }
    MidiPort* midi() override { return &mpu_; }
    void sockets_changed() override { inputs_changed(); }
    void set_power(bool is_on) override;

    std::uint64_t NTAPI read_port(unsigned range, std::uint32_t offset, machine::AccessWidth width) override;
    void NTAPI write_port(unsigned range, std::uint32_t offset, machine::AccessWidth width,
                          std::uint64_t value) override;

    Mixer& mixer() { return mixer_; }
    Dsp& dsp() { return dsp_; }
    Mpu401& mpu() { return mpu_; }

    // What is at the base port, and at 388h. What is not read by a handler is all ones.
    static const std::array<RegisterEntry<Sb16>, 13> card_table;
    static const std::array<RegisterEntry<Sb16>, 4> fm_table;

private:
    enum Range : unsigned { dsp_range, mpu_range, fm_range, range_count };
    enum Input : unsigned { line_input, cd_input, microphone_input, input_count };
    enum Pending : std::uint32_t { bytes_pending = 1, words_pending = 2, midi_pending = 4 };

    Sb16(Motherboard& board, DmaController& dma, const Settings& settings);
    Mixer::Setup setup() const; // as the card is set to
    Result<void> claim_ports();
    void release_ports();

    void NTAPI before_dma_access() override { dsp_.catch_up(); }
    void NTAPI dma_changed() override;

    Gain voice_gain() const override { return mixer_.voice_out(); }
    void play(const SampleTime& when, std::span<Frame> frames) override { finish_mix(when, frames); }
    void record(const SampleTime& when, std::span<Frame> frames) override;
    void interrupt(bool is_16_bit) override;
    // One byte may wait while another one is on the cable.
    Nanoseconds send_midi(std::uint8_t byte) override { return mpu_.send(byte) - midi_byte_time; }
    void log(std::string_view text) override { board_.log(text); }

    void before_mixer_change() override;
    std::uint32_t NTAPI interrupt_status() override { return pending_; }
    void resources_written() override;

    void NTAPI midi_interrupt(bool is_asserted) override { set_pending(midi_pending, is_asserted); }
    void midi_received(std::uint8_t byte) override { dsp_.receive_midi(byte); }

    bool is_heard() const override { return outputs_[0].plugged != nullptr; }
    void fm_has_sounded() override { output_clock_.update(); }
    bool needs_output_clock() const override {
        return (fm_.has_sounded() || passes_input_) && is_heard() && !dsp_.is_playing() && is_powered_;
    }
    void play_without_voice(const SampleTime& when, std::span<Frame> frames) override { finish_mix(when, frames); }

    // Handlers of the ports.
    template<unsigned port>
    std::uint32_t NTAPI read_fm(std::uint32_t) {
        return fm_.read(port);
    }
    template<unsigned port>
    void NTAPI fm_written(std::uint32_t value) {
        fm_.write(port, static_cast<std::uint8_t>(value));
    }
    std::uint32_t NTAPI read_mixer_address(std::uint32_t) { return mixer_.selected(); }
    std::uint32_t NTAPI read_mixer_data(std::uint32_t) { return mixer_.read(); }
    std::uint32_t NTAPI read_dsp_data(std::uint32_t) { return dsp_.read_data(); }
    std::uint32_t NTAPI read_dsp_busy(std::uint32_t);
    std::uint32_t NTAPI acknowledge_bytes(std::uint32_t);
    std::uint32_t NTAPI acknowledge_words(std::uint32_t);
    void NTAPI mixer_address_written(std::uint32_t value) { mixer_.select(static_cast<std::uint8_t>(value)); }
    void NTAPI mixer_data_written(std::uint32_t value) {
        mixer_.write(static_cast<std::uint8_t>(value));
        inputs_changed();
    }
    void NTAPI dsp_reset_written(std::uint32_t value) { dsp_.write_reset(static_cast<std::uint8_t>(value)); }
    void NTAPI dsp_command_written(std::uint32_t value) { dsp_.write_command(static_cast<std::uint8_t>(value)); }

    // Adds everything but the voice, and sends it out.
    void finish_mix(const SampleTime& when, std::span<Frame> mixed);
    // A voice of the DSP has begun or ended.
    void voices_changed() {
        if (fm_.has_sounded() || passes_input_ || output_clock_.is_running()) {
            output_clock_.update();
        }
    }
    // So has something that is plugged in, or what the mixer makes of it.
    void inputs_changed();
    void NTAPI set_pending(std::uint32_t bits, bool on);
    void connect_resources();
    void add_input(Input which, Gain gain, const SampleTime& when, std::span<Frame> sum);

    Motherboard& board_;
    DmaController& dma_;
    Settings settings_;
    Mixer mixer_;
    Dsp dsp_;
    Mpu401 mpu_;
    FmSound fm_;
    RegisterFile<Sb16, 0x10> card_ports_;
    RegisterFile<Sb16, 0x4> fm_ports_;
    OutputClock output_clock_;
    bool passes_input_ = false; // to the output, all the time
    std::array<OutputSocket, 1> outputs_{{{"line out"}}};
    std::array<InputSocket, input_count> inputs_{{{"line in"}, {"cd"}, {"microphone", 1}}};
    machine::InterruptLine* line_ = nullptr;
    std::uint32_t pending_ = 0;
    bool has_fm_ports_ = false;
    bool is_powered_ = true;
    std::array<Frame, DmaStream::chunk_frames> source_{};
};

Model model();

} // namespace openportcls::hardware::sb16
