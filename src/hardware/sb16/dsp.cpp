#include "hardware/sb16/dsp.h"

#include <algorithm>

#include <fmt/format.h>

#include "hardware/sb16/sample_code.h"

namespace openportcls::hardware::sb16 {

namespace {

constexpr Nanoseconds microsecond = 1'000;
constexpr Nanoseconds shortest_reset = 3 * microsecond;      // guide, "Resetting the DSP"
constexpr Nanoseconds time_to_wake_up = 100 * microsecond;   // likewise
constexpr Nanoseconds time_to_take_a_byte = 1 * microsecond; // what "Writing to the DSP" polls for
constexpr std::uint8_t awake = 0xAA;

// "Set Time Constant": 1 MHz divided by 256 less the constant.
constexpr std::uint64_t time_constant_clock = 1'000'000;
constexpr std::uint64_t time_constant_steps = 256;

// The guide names 5000 to 45000 Hz; the chips of the series run at 48000 Hz, too, and go no further.
constexpr std::uint64_t slowest = 5'000;
constexpr std::uint64_t fastest = 48'000;

} // namespace

// Sound Blaster Series Hardware Programming Guide, chapter 6: "DSP Commands", by the titles there.
const std::array<Dsp::Command, 40> Dsp::commands = {{
    {0x10, 0x10, 1, &Dsp::direct_output, "8-bit direct mode single byte digitized sound output"},
    {0x14, 0x14, 2, &Dsp::output_single, "8-bit single-cycle DMA mode digitized sound output"},
    {0x16, 0x17, 2, &Dsp::refuse_compressed, "ADPCM single-cycle output"},
    {0x1C, 0x1C, 0, &Dsp::output_auto, "8-bit auto-init DMA mode digitized sound output"},
    {0x1F, 0x1F, 0, &Dsp::refuse_compressed, "ADPCM auto-init output with reference byte"},
    {0x20, 0x20, 0, &Dsp::direct_input, "8-bit direct mode single byte digitized sound input"},
    {0x24, 0x24, 2, &Dsp::input_single, "8-bit single-cycle DMA mode digitized sound input"},
    {0x2C, 0x2C, 0, &Dsp::input_auto, "8-bit auto-init DMA mode digitized sound input"},
    {0x30, 0x37, 0, &Dsp::start_midi,
     "MIDI input (30h to 33h) and UART mode MIDI I/O (34h to 37h), polled or by interrupt"},
    {0x38, 0x38, 1, &Dsp::send_midi, "MIDI output"},
    {0x40, 0x40, 1, &Dsp::set_time_constant, "Set digitized sound transfer Time Constant"},
    {0x41, 0x41, 2, &Dsp::set_output_rate, "Set digitized sound output sampling rate"},
    {0x42, 0x42, 2, &Dsp::set_input_rate, "Set digitized sound input sampling rate"},
    {0x45, 0x45, 0, &Dsp::continue_auto_bytes, "Continue 8-bit auto-init DMA mode"},
    {0x47, 0x47, 0, &Dsp::continue_auto_words, "Continue 16-bit auto-init DMA mode"},
    {0x48, 0x48, 2, &Dsp::set_block_size, "Set DMA block transfer size"},
    {0x74, 0x77, 2, &Dsp::refuse_compressed, "ADPCM single-cycle output"},
    {0x7D, 0x7F, 0, &Dsp::refuse_compressed, "ADPCM auto-init output with reference byte"},
    {0x80, 0x80, 2, &Dsp::pause_silence, "Pause DAC for a duration"},
    {0x90, 0x90, 0, &Dsp::output_auto, "8-bit high-speed auto-init DMA mode output"},
    {0x91, 0x91, 0, &Dsp::output_single_block, "8-bit high-speed single-cycle DMA mode output"},
    {0x98, 0x98, 0, &Dsp::input_auto, "8-bit high-speed auto-init DMA mode input"},
    {0x99, 0x99, 0, &Dsp::input_single_block, "8-bit high-speed single-cycle DMA mode input"},
    {0xB0, 0xCF, 3, &Dsp::program_transfer, "Program 16-bit (Bxh) and 8-bit (Cxh) DMA mode digitized sound I/O"},
    {0xD0, 0xD0, 0, &Dsp::pause_bytes, "Pause 8-bit DMA mode digitized sound I/O"},
    {0xD1, 0xD1, 0, &Dsp::speaker_on, "Turn on speaker"},
    {0xD3, 0xD3, 0, &Dsp::speaker_off, "Turn off speaker"},
    {0xD4, 0xD4, 0, &Dsp::continue_bytes, "Continue 8-bit DMA mode digitized sound I/O"},
    {0xD5, 0xD5, 0, &Dsp::pause_words, "Pause 16-bit DMA mode digitized sound I/O"},
    {0xD6, 0xD6, 0, &Dsp::continue_words, "Continue 16-bit DMA mode digitized sound I/O"},
    {0xD8, 0xD8, 0, &Dsp::answer_speaker, "Get speaker status"},
    {0xD9, 0xD9, 0, &Dsp::exit_auto_words, "Exit 16-bit auto-init DMA mode digitized sound I/O"},
    {0xDA, 0xDA, 0, &Dsp::exit_auto_bytes, "Exit 8-bit auto-init DMA mode digitized sound I/O"},
    {0xE0, 0xE0, 1, &Dsp::identify, "DSP identification"},
    {0xE1, 0xE1, 0, &Dsp::answer_version, "Get DSP version number"},
    {0xE3, 0xE3, 0, &Dsp::answer_copyright, "DSP copyright"},
    {0xE4, 0xE4, 1, &Dsp::write_test, "Write test register"},
    {0xE8, 0xE8, 0, &Dsp::read_test, "Read test register"},
    {0xF2, 0xF2, 0, &Dsp::force_interrupt_bytes, "Generate 8-bit interrupt"},
    {0xF3, 0xF3, 0, &Dsp::force_interrupt_words, "Generate 16-bit interrupt"},
}};

const Dsp::Command* Dsp::find(std::uint8_t code) {
    const auto found = std::ranges::find_if(
        commands, [code](const Command& command) { return code >= command.first && code <= command.last; });
    return found != commands.end() ? &*found : nullptr;
}

Dsp::Dsp(machine::Machine& machine, DmaController& dma, Board& board)
    : machine_(machine), board_(board), bytes_(machine, dma, *this), words_(machine, dma, *this) {
    reset();
}

void NTAPI Dsp::dma_changed() {
    bytes_.dma_changed();
    words_.dma_changed();
}

// ---- ports ----------------------------------------------------------------------------------------------------------

// "Resetting the DSP": a one, three microseconds, a zero; about a hundred microseconds later AAh is there to read.
void NTAPI Dsp::write_reset(std::uint8_t value) {
    const bool line = (value & 1) != 0;
    if (line && !reset_line_) {
        reset_since_ = machine_.now();
        bytes_.catch_up();
        words_.catch_up();
        if ((midi_ & midi_uart) != 0) { // "terminates the UART mode", and leaves the rest as it was
            midi_ = 0;
            answer_count_ = 0;
        } else {
            reset();
        }
    } else if (!line && reset_line_) {
        if (machine_.now() - reset_since_ < shortest_reset) {
            board_.log("sb16: the DSP's reset was shorter than 3 microseconds; it stays as it was");
        } else {
            ready_at_ = machine_.now() + time_to_wake_up;
            busy_until_ = ready_at_;
            answer(awake);
        }
    }
    reset_line_ = line;
}

void Dsp::reset() {
    bytes_.stop();
    words_.stop();
    command_ = nullptr;
    parameter_count_ = 0;
    answer_count_ = 0;
    output_rate_ = input_rate_ = {time_constant_clock, time_constant_steps - 0x83}; // 8 kHz
    rate_counts_samples_ = true;
    block_units_ = 0x800;
    speaker_ = false;
    midi_ = 0;
}

void Dsp::forget() {
    reset();
    reset_line_ = false;
    ready_at_ = 0;
    busy_until_ = 0;
    last_answer_ = nothing_answered;
    test_ = 0;
}

std::uint8_t NTAPI Dsp::read_data() {
    if (has_data()) {
        last_answer_ = answers_[answer_first_];
        answer_first_ = (answer_first_ + 1) % answers_.size();
        --answer_count_;
    }
    return last_answer_;
}

void Dsp::answer(std::uint8_t value) {
    if (answer_count_ < answers_.size()) {
        answers_[(answer_first_ + answer_count_++) % answers_.size()] = value;
    }
}

void NTAPI Dsp::write_command(std::uint8_t value) {
    if (is_busy() || reset_line_) {
        board_.log(fmt::format("sb16: {:02x} was written to the DSP while it was busy, and is lost", value));
        return;
    }
    busy_until_ = machine_.now() + time_to_take_a_byte;
    if (midi_ != 0) {
        write_midi(value);
        return;
    }
    if (command_ == nullptr) {
        code_ = value;
        command_ = find(value);
        parameter_count_ = 0;
        if (command_ == nullptr) {
            board_.log(fmt::format("sb16: {:02x} is no command of this DSP", value));
            return;
        }
    } else {
        parameters_[parameter_count_++] = value;
    }
    if (parameter_count_ == command_->parameters) {
        const Command* const complete = command_;
        command_ = nullptr;
        (this->*complete->run)();
    }
}

// ---- MIDI -----------------------------------------------------------------------------------------------------------

void Dsp::start_midi() {
    midi_ = code_;
    midi_since_ = machine_.now();
}

// In a UART mode everything is sent, and only a reset ends it. Input ends with the command that began it.
void Dsp::write_midi(std::uint8_t value) {
    if ((midi_ & midi_uart) != 0) {
        busy_until_ = std::max(busy_until_, board_.send_midi(value));
    } else if (value == midi_) {
        midi_ = 0;
    } else {
        board_.log(
            fmt::format("sb16: {:02x} was written to the DSP, which takes MIDI in until {:02x} comes", value, midi_));
    }
}

// A time stamp is the milliseconds since the mode began, 24 bits, lowest byte first.
void Dsp::receive_midi(std::uint8_t byte) {
    if (midi_ == 0) {
        return;
    }
    if ((midi_ & midi_time_stamps) != 0) {
        constexpr Nanoseconds millisecond = 1'000'000;
        constexpr unsigned stamp_bytes = 3;
        const auto stamp = static_cast<std::uint32_t>((machine_.now() - midi_since_) / millisecond);
        for (unsigned index = 0; index < stamp_bytes; ++index) {
            answer(static_cast<std::uint8_t>(stamp >> 8 * index));
        }
    }
    answer(byte);
    if ((midi_ & midi_interrupts) != 0) {
        board_.interrupt(false);
    }
}

// ---- commands -------------------------------------------------------------------------------------------------------

void Dsp::direct_output() {
    const std::byte sample{parameters_[0]};
    Frame frame;
    decode(&sample, SampleFormat{}, board_.voice_gain(), std::span(&frame, 1));
    board_.play({machine_.now(), {0, 1}, 0}, std::span(&frame, 1));
}

void Dsp::direct_input() {
    Frame frame;
    board_.record({machine_.now(), {0, 1}, 0}, std::span(&frame, 1));
    std::byte sample;
    encode(frame.left, SampleFormat{}, &sample);
    answer(std::to_integer<std::uint8_t>(sample));
}

void Dsp::set_time_constant() {
    output_rate_ = input_rate_ = {time_constant_clock, time_constant_steps - parameters_[0]};
    rate_counts_samples_ = true;
}

// The higher byte comes first.
void Dsp::set_output_rate() {
    output_rate_ = {std::clamp<std::uint64_t>(parameters_[0] << 8U | parameters_[1], slowest, fastest), 1};
    rate_counts_samples_ = false;
}

void Dsp::set_input_rate() {
    input_rate_ = {std::clamp<std::uint64_t>(parameters_[0] << 8U | parameters_[1], slowest, fastest), 1};
    rate_counts_samples_ = false;
}

SampleRate Dsp::rate_for(bool is_input, unsigned channels) const {
    SampleRate rate = is_input ? input_rate_ : output_rate_;
    rate.denominator *= rate_counts_samples_ ? channels : 1;
    return rate;
}

void Dsp::start_bytes(bool is_input, bool repeats, std::uint32_t units) {
    begin(bytes_, {.is_input = is_input, .repeats = repeats, .block_units = units});
}

// Bits 7 to 4: B = 16 bits, C = 8 bits; 3: input; 2: auto-init. The mode: bit 5 stereo, 4 signed. Then the number of
// samples of a block less one, lower byte first.
void Dsp::program_transfer() {
    constexpr std::uint8_t input = 0x08;
    constexpr std::uint8_t auto_init = 0x04;
    constexpr std::uint8_t stereo = 0x20;
    constexpr std::uint8_t is_signed = 0x10;
    DmaStream::Plan plan;
    plan.format = {(code_ & 0xF0) == 0xB0, (parameters_[0] & stereo) != 0, (parameters_[0] & is_signed) != 0};
    plan.is_input = (code_ & input) != 0;
    plan.repeats = (code_ & auto_init) != 0;
    plan.block_units = word_parameter(1) + 1;
    begin(plan.format.is_16_bit ? words_ : bytes_, plan);
}

// There is one converter of each direction: full duplex takes both streams, one for each, and a channel for each.
void Dsp::begin(DmaStream& stream, DmaStream::Plan plan) {
    DmaStream& other = &stream == &bytes_ ? words_ : bytes_;
    const bool is_same_way = other.plan().is_input == plan.is_input;
    const bool is_same_channel = other.channel() == stream.channel() && stream.channel() != DmaStream::no_channel;
    if (other.is_active() && (is_same_way || is_same_channel)) {
        board_.log(is_same_way ? "sb16: a second transfer in the same direction takes the converter from the first"
                               : "sb16: a second transfer over the same DMA channel takes it from the first");
        other.catch_up();
        other.stop();
    }
    plan.rate = rate_for(plan.is_input, plan.format.channels());
    stream.start(plan);
}

void Dsp::pause_silence() {
    begin(bytes_, {.is_silence = true, .block_units = word_parameter(0) + 1});
}

void Dsp::answer_version() {
    answer(major_version);
    answer(minor_version);
}

void Dsp::answer_copyright() {
    constexpr std::string_view copyright = "COPYRIGHT (C) CREATIVE TECHNOLOGY LTD, 1992.";
    for (const char character : copyright) {
        answer(static_cast<std::uint8_t>(character));
    }
    answer(0);
}

void Dsp::refuse_compressed() {
    board_.log(fmt::format("sb16: the model has no ADPCM decoder: command {:02x} does nothing", code_));
}

} // namespace openportcls::hardware::sb16
