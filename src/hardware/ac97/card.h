// AC '97 audio controller of the Intel 82801AA (ICH), with a codec on its link.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "hardware/ac97/codec.h"
#include "hardware/ac97/dma_engine.h"
#include "hardware/card.h"
#include "hardware/catalog.h"
#include "hardware/motherboard.h"
#include "hardware/output_clock.h"
#include "hardware/pci/function.h"

namespace openportcls::hardware::ac97 {

struct Settings {
    bool has_variable_rate = true;
    std::int32_t drift = 0; // parts per million
};

class Ac97 final : public pci::Responder, // first, since its functions are called most
                   public Card,
                   private DmaEngine::Owner,
                   private OutputClock::Board {
public:
    static Result<std::unique_ptr<Ac97>> create(Motherboard& board, const Settings& settings);
    ~Ac97() override;

    std::string_view model() const override { return "ac97"; }
    std::string_view name() const override { return "ac97"; }
    pci::Function* pci() override { return &function_; }
    std::span<OutputSocket> outputs() override { return codec_.outputs(); }
    std::span<InputSocket> inputs() override { return codec_.inputs(); }
    void sockets_changed() override { output_clock_.update(); }

    std::uint64_t NTAPI read_port(unsigned range, std::uint32_t offset, machine::AccessWidth width) override;
    void NTAPI write_port(unsigned range, std::uint32_t offset, machine::AccessWidth width,
                          std::uint64_t value) override;

    Codec& codec() { return codec_; }

private:
    enum Range : unsigned { mixer_range, bus_master_range };
    enum Engine : unsigned { pcm_in_engine, pcm_out_engine, microphone_engine };

    Ac97(Motherboard& board, const Settings& settings);

    void before_command_change() override { catch_up(); }
    void after_command_change() override { connect_engines(); }
    void bus_reset() override;
    void NTAPI engine_interrupt_changed() override;
    void engine_clock_changed() override;
    void before_mix_is_recorded() override { engines_[pcm_out_engine].catch_up(); }
    bool needs_output_clock() const override { return codec_.passes_input() && !engines_[pcm_out_engine].is_running(); }
    void play_without_voice(const SampleTime& when, std::span<Frame> frames) override { codec_.play(when, frames); }

    void catch_up() {
        for (DmaEngine& engine : engines_) {
            engine.catch_up();
        }
    }
    void connect_engines();
    bool is_link_up() const;
    bool is_codec_ready() const;

    [[gnu::noinline]] std::uint64_t NTAPI read_mixer(std::uint32_t offset, unsigned bytes);
    [[gnu::noinline]] void NTAPI write_mixer(std::uint32_t offset, unsigned bytes, std::uint32_t value);
    std::uint16_t read_mixer_word(std::uint32_t offset);
    void write_mixer_word(std::uint32_t offset, std::uint16_t value);

    // ---- registers of both directions: "Global Control", "Global Status", "Codec Access Semaphore" ----
    void NTAPI global_control_written(std::uint32_t value);
    std::uint32_t NTAPI read_global_status(std::uint32_t stored);
    std::uint32_t NTAPI read_semaphore(std::uint32_t stored);
    [[gnu::noinline]] std::uint32_t NTAPI read_global(std::uint32_t offset, unsigned bytes);
    [[gnu::noinline]] void NTAPI write_global(std::uint32_t offset, unsigned bytes, std::uint32_t value);

    static const std::array<RegisterEntry<Ac97>, 3> table;

    Motherboard& board_;
    pci::Function function_;
    Codec codec_;
    OutputClock output_clock_;
    std::array<DmaEngine, 3> engines_; // at 00h, 10h, 20h
    RegisterFile<Ac97, 0x38> globals_;
    bool is_accessed_ = false; // the semaphore
    Nanoseconds ready_at_ = 0; // when the codec is, after a cold reset
};

Model model();

} // namespace openportcls::hardware::ac97
