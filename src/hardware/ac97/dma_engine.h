// One bus master of the controller: follows a list of buffers in memory, sample by sample. Register names and
// behaviour: Intel 82801AA (ICH) datasheet, "AC '97 Audio Controller Registers", native audio bus master control
// registers.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "hardware/ac97/codec.h"
#include "hardware/register_table.h"
#include "hardware/sample_clock.h"
#include "machine/machine.h"

namespace openportcls::hardware::ac97 {

class DmaEngine {
public:
    enum class Kind : std::uint8_t { pcm_in, pcm_out, microphone_in };
    enum Status : std::uint32_t {
        halted = 0x01,           // DCH
        current_is_last = 0x02,  // CELV
        last_completed = 0x04,   // LVBCI
        buffer_completed = 0x08, // BCIS
        fifo_error = 0x10,       // FIFOE
    };

    class Owner {
    public:
        virtual ~Owner() = default;
        virtual void NTAPI engine_interrupt_changed() = 0;
        // It has begun to move frames, or ended.
        virtual void engine_clock_changed() = 0;
        // What plays is recorded: it has to have played by now.
        virtual void before_mix_is_recorded() = 0;
    };

    DmaEngine(Kind kind, machine::Machine& machine, Codec& codec, Owner& owner);

    void set_drift(std::int32_t parts_per_million) { clock_.set_drift(parts_per_million); }
    // Moves what is due by now. Asked before every access to the card, which seldom finds that a frame has passed.
    void catch_up() {
        if (machine_.now() >= next_frame_at_) [[unlikely]] {
            move_before_access();
        }
    }
    // Whether there is a link to the codec, and leave to use the bus; what it needs is told whenever it may have
    // changed. Caught up before.
    void connect(bool has_link, bool is_bus_master);
    // The converter's rate may have changed. Caught up before.
    void rate_changed();
    void reset();

    bool has_interrupt() const { return has_interrupt_; }
    bool is_running() const { return (value(cr) & 1) != 0 && has_link_; }

    // ---- registers: offsets 00h to 0Bh of the engine; any width ----
    std::uint32_t NTAPI read(std::uint32_t offset, unsigned bytes);
    void NTAPI write(std::uint32_t offset, unsigned bytes, std::uint32_t value);
    const RegisterFile<DmaEngine, 0xC>& registers() const { return registers_; }

private:
    enum Register : std::uint32_t { bdbar = 0x0, civ = 0x4, lvi = 0x5, sr = 0x6, picb = 0x8, piv = 0xA, cr = 0xB };
    struct Descriptor {
        std::uint32_t address = 0;
        std::uint32_t control = 0;
    };

    std::uint32_t value(std::uint32_t offset) const { return registers_.value(offset); }
    // What does not begin or end with a register.
    [[gnu::noinline]] std::uint32_t NTAPI read_parts(std::uint32_t offset, unsigned bytes) const;
    [[gnu::noinline]] void NTAPI write_parts(std::uint32_t offset, unsigned bytes, std::uint32_t written);
    void NTAPI set_status(std::uint32_t bits, bool on);
    std::uint32_t enabled_status() const;
    void status_changed() {
        const bool before = has_interrupt_;
        has_interrupt_ = (value(sr) & enabled_status()) != 0;
        if (has_interrupt_ != before) {
            owner_.engine_interrupt_changed();
        }
    }
    void NTAPI last_index_written(std::uint32_t value);
    [[gnu::noinline]] void NTAPI go_on_behind_last();
    void NTAPI control_written(std::uint32_t value);
    void NTAPI status_written(std::uint32_t value);

    bool has_data() const { return is_loaded_ && value(picb) != 0; }
    unsigned channels() const { return 1U << channel_shift_; }
    Codec::Converter converter() const;
    bool is_clock_running() const { return next_frame_at_ != machine::never; }
    void start_clock();
    void stop_clock();
    void schedule();
    void move_due();
    [[gnu::cold, gnu::noinline]] OPC_KEEPS_REGISTERS void move_before_access() { move_due(); }
    [[gnu::noinline]] void move(std::uint64_t frames, bool is_converting);
    void load_next();
    void fetch_descriptor();
    void finish_buffer();
    std::span<std::byte> next_words(std::uint32_t wanted);
    void consume(std::uint32_t words);
    void note_starvation();
    [[gnu::noinline]] void convert(std::uint32_t frames);
    bool is_worth_converting() const { return kind_ != Kind::pcm_out || codec_.is_heard() || codec_.records_mix(); }
    bool records_mix() const { return kind_ == Kind::pcm_in && codec_.records_mix(); }
    template<class Use>
    std::size_t follow_list(std::size_t words, Use&& use);
    void keep_last(std::size_t first, std::span<const std::byte> bytes, std::uint32_t part);
    void pass_over(std::size_t words);
    void play(const SampleTime& when, std::span<Frame> frames);
    void record(const SampleTime& when, std::span<Frame> frames);
    static void buffer_due(machine::ClockEvent& event);

    static const std::array<RegisterEntry<DmaEngine>, 7> table;

    Kind kind_;
    unsigned channel_shift_;
    machine::Machine& machine_;
    Codec& codec_;
    Owner& owner_;
    RegisterFile<DmaEngine, 0xC> registers_;
    SampleClock clock_;
    machine::ClockEvent event_;
    bool has_link_ = false;
    bool is_bus_master_ = false;
    bool has_interrupt_ = false;
    bool is_loaded_ = false; // a descriptor has been fetched and not been finished
    Descriptor current_;
    std::uint32_t length_ = 0;                   // words of the current buffer
    std::uint64_t moved_ = 0;                    // frames since the clock was started
    Nanoseconds next_frame_at_ = machine::never; // not before
    std::uint32_t buffers_begun_ = 0;
    std::int16_t last_[2] = {0, 0};
    alignas(16) std::array<Frame, Codec::chunk_frames> frames_{};
};

} // namespace openportcls::hardware::ac97
