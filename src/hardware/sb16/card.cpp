#include "hardware/sb16/card.h"

#include <algorithm>

namespace openportcls::hardware::sb16 {

namespace {

constexpr std::uint32_t fm_port = 0x388;
constexpr std::uint64_t range_sizes[] = {0x10, 2, 4};

// "Interrupt Setup" and "DMA Setup": one bit for each line.
struct SetupBit {
    std::uint32_t line;
    std::uint8_t bit;
};
constexpr SetupBit interrupt_bits[] = {{2, 0x01}, {5, 0x02}, {7, 0x04}, {10, 0x08}};
constexpr SetupBit dma_bits[] = {{0, 0x01}, {1, 0x02}, {3, 0x08}, {5, 0x20}, {6, 0x40}, {7, 0x80}};
constexpr std::uint8_t byte_channels = 0x0B;
constexpr std::uint8_t word_channels = 0xE0;

std::uint8_t bit_of(std::span<const SetupBit> bits, std::uint32_t line) {
    const auto found = std::ranges::find(bits, line, &SetupBit::line);
    return found != bits.end() ? found->bit : 0;
}

// The lowest line that is set up; none: not connected.
std::uint32_t line_of(std::span<const SetupBit> bits, std::uint8_t setup) {
    const auto found = std::ranges::find_if(bits, [setup](const SetupBit& each) { return (setup & each.bit) != 0; });
    return found != bits.end() ? found->line : UINT32_MAX;
}

} // namespace

Sb16::Sb16(Motherboard& board, DmaController& dma, const Settings& settings)
    : board_(board), dma_(dma), settings_(settings), mixer_(*this, setup()), dsp_(board.machine(), dma, *this),
      mpu_(board.machine(), *this), fm_(board.machine(), *this), card_ports_(card_table), fm_ports_(fm_table),
      output_clock_(board.machine(), *this) {
    dsp_.bytes().set_drift(settings.drift);
    dsp_.words().set_drift(settings.drift);
    connect_resources();
}

Result<std::unique_ptr<Sb16>> Sb16::create(Motherboard& board, const Settings& settings) {
    auto dma = board.isa_dma();
    if (!dma) {
        return dma.error();
    }
    std::unique_ptr<Sb16> card(new Sb16(board, **dma, settings));
    if (auto claimed = card->claim_ports(); !claimed) {
        return claimed.error();
    }
    return card;
}

Result<void> Sb16::claim_ports() {
    const std::uint32_t begins[] = {settings_.io, settings_.mpu, fm_port};
    for (unsigned range = 0; range < range_count; ++range) {
        // A second card leaves the FM ports to the first: both would answer.
        if (range == fm_range && board_.machine().ports().find(fm_port) != nullptr) {
            continue;
        }
        if (auto claimed = board_.machine().ports().claim(begins[range], range_sizes[range], *this, range); !claimed) {
            return claimed;
        }
        has_fm_ports_ = has_fm_ports_ || range == fm_range;
    }
    return {};
}

void Sb16::release_ports() {
    for (const std::uint32_t begin : {settings_.io, settings_.mpu, fm_port}) {
        const auto* claim = board_.machine().ports().find(begin);
        if (claim != nullptr && claim->device == this) {
            board_.machine().ports().release(begin);
        }
    }
}

Sb16::~Sb16() {
    release_ports();
    for (unsigned channel = 0; channel < DmaController::channel_count; ++channel) {
        dma_.detach(channel, *this);
    }
}

// Without the FM ports, which a second card leaves to the first.
std::vector<CardResource> Sb16::set_to(const Settings& settings) {
    using Kind = CardResource::Kind;
    std::vector<CardResource> resources = {
        {Kind::port, settings.io, static_cast<std::uint32_t>(range_sizes[dsp_range])},
        {Kind::port, settings.mpu, static_cast<std::uint32_t>(range_sizes[mpu_range])},
        {Kind::interrupt, 0, 0, settings.irq},
        {Kind::dma, 0, 0, settings.dma},
    };
    if (settings.dma16 != settings.dma) {
        resources.push_back({Kind::dma, 0, 0, settings.dma16});
    }
    return resources;
}

std::vector<CardResource> Sb16::resources() const {
    std::vector<CardResource> resources = set_to(settings_);
    if (has_fm_ports_) {
        resources.insert(resources.begin() + fm_range,
                         {CardResource::Kind::port, fm_port, static_cast<std::uint32_t>(range_sizes[fm_range])});
    }
    return resources;
}

Mixer::Setup Sb16::setup() const {
    return {bit_of(interrupt_bits, settings_.irq),
            static_cast<std::uint8_t>(bit_of(dma_bits, settings_.dma) | bit_of(dma_bits, settings_.dma16))};
}

// ---- power ----------------------------------------------------------------------------------------------------------

void Sb16::set_power(bool is_on) {
    is_powered_ = is_on;
    if (is_on) {
        (void)claim_ports(); // which were its own
    } else {
        before_mixer_change(); // what sounds ends here
        release_ports();
        dsp_.forget();
        mpu_.forget();
        fm_.forget();
        mixer_.forget(setup());
        set_pending(pending_, false);
        connect_resources();
    }
    inputs_changed();
}

// ---- interrupts and DMA ---------------------------------------------------------------------------------------------

void Sb16::interrupt(bool is_16_bit) {
    set_pending(is_16_bit ? words_pending : bytes_pending, true);
    voices_changed();
}

void NTAPI Sb16::dma_changed() {
    dsp_.dma_changed();
    voices_changed();
}

void NTAPI Sb16::set_pending(std::uint32_t bits, bool on) {
    const std::uint32_t before = pending_;
    pending_ = on ? pending_ | bits : pending_ & ~bits;
    if (line_ == nullptr || (before != 0) == (pending_ != 0)) {
        return;
    }
    if (pending_ != 0) {
        line_->raise();
    } else {
        line_->lower();
    }
}

void Sb16::connect_resources() {
    const std::uint32_t interrupt = line_of(interrupt_bits, mixer_.interrupt_setup());
    machine::InterruptLine* const line = interrupt != UINT32_MAX ? &board_.isa_interrupt(interrupt) : nullptr;
    if (line != line_) {
        if (line_ != nullptr && pending_ != 0) {
            line_->lower();
        }
        line_ = line;
        if (line_ != nullptr && pending_ != 0) {
            line_->raise();
        }
    }
    for (unsigned channel = 0; channel < DmaController::channel_count; ++channel) {
        dma_.detach(channel, *this);
    }
    const auto connect = [this](DmaStream& stream, std::uint8_t setup) {
        const std::uint32_t channel = line_of(dma_bits, setup);
        stream.set_channel(channel == UINT32_MAX ? DmaStream::no_channel : channel);
        if (channel != UINT32_MAX) {
            dma_.attach(channel, *this);
        }
    };
    const std::uint8_t setup = mixer_.dma_setup();
    const bool has_word_channel = (setup & word_channels) != 0; // otherwise words go over the other, in bytes
    connect(dsp_.bytes(), setup & byte_channels);
    connect(dsp_.words(), setup & (has_word_channel ? word_channels : byte_channels));
}

void Sb16::resources_written() {
    connect_resources();
}

// ---- sound ----------------------------------------------------------------------------------------------------------

void Sb16::add_input(Input which, Gain gain, const SampleTime& when, std::span<Frame> sum) {
    if (inputs_[which].plugged == nullptr || gain.is_nothing()) {
        return;
    }
    const auto frames = std::span(source_).first(sum.size());
    inputs_[which].read(when, frames);
    for (std::size_t index = 0; index < sum.size(); ++index) {
        const Frame part = gain.of(frames[index]);
        sum[index].left += part.left;
        sum[index].right += part.right;
    }
}

void Sb16::inputs_changed() {
    const auto passes = [this](Input which, const Gain& gain) {
        return inputs_[which].plugged != nullptr && !gain.is_nothing();
    };
    passes_input_ = passes(line_input, mixer_.line_out()) || passes(cd_input, mixer_.cd_out()) ||
                    passes(microphone_input, mixer_.microphone_out());
    output_clock_.update();
}

void Sb16::before_mixer_change() {
    dsp_.catch_up();
    output_clock_.catch_up();
}

void Sb16::finish_mix(const SampleTime& when, std::span<Frame> mixed) {
    const Gain& fm = mixer_.midi_out();
    add_input(line_input, mixer_.line_out(), when, mixed);
    add_input(cd_input, mixer_.cd_out(), when, mixed);
    add_input(microphone_input, mixer_.microphone_out(), when, mixed);
    fm_.add({{{fm.left, 0}, {0, fm.right}}}, when, mixed);
    if (outputs_[0].plugged != nullptr) {
        outputs_[0].plugged->hear(when, mixed);
    }
}

// Each side of the converter takes from the left and the right channels that its switches let through.
void Sb16::record(const SampleTime& when, std::span<Frame> frames) {
    std::ranges::fill(frames, Frame{});
    const Mixer::InputGains& gains = mixer_.input();
    const auto add = [&](Input which, const std::array<std::array<float, 2>, 2>& sides) {
        if (inputs_[which].plugged == nullptr) {
            return;
        }
        const auto source = std::span(source_).first(frames.size());
        inputs_[which].read(when, source);
        for (std::size_t index = 0; index < frames.size(); ++index) {
            frames[index].left += source[index].left * sides[0][0] + source[index].right * sides[0][1];
            frames[index].right += source[index].left * sides[1][0] + source[index].right * sides[1][1];
        }
    };
    add(line_input, gains.line);
    add(cd_input, gains.cd);
    add(microphone_input, {{{gains.microphone[0], 0}, {gains.microphone[1], 0}}}); // the microphone has one channel
    fm_.add(gains.midi, when, frames);
}

// ---- catalog --------------------------------------------------------------------------------------------------------

namespace {

constexpr ModelOption options[] = {
    {"io", "220", "base port: 220, 240, 260 or 280"},
    {"mpu", "330", "port of the MPU-401: 300 or 330"},
    {"irq", "5", "interrupt: 2, 5, 7 or 10"},
    {"dma", "1", "8-bit DMA channel: 0, 1 or 3"},
    {"dma16", "5", "16-bit DMA channel: 5, 6 or 7; or that of dma, for both"},
    {"drift", "0", "how much faster its crystal is, in parts per million"},
};

Result<Settings> read_settings(const OptionValues& values) {
    constexpr int hexadecimal = 16;
    constexpr int decimal = 10;
    constexpr std::int32_t most_drift = 100'000;
    Settings settings;
    struct Choice {
        const char* name;
        int base;
        std::initializer_list<std::uint32_t> choices;
        std::uint32_t* setting;
    };
    const Choice choices[] = {
        {"io", hexadecimal, {0x220, 0x240, 0x260, 0x280}, &settings.io},
        {"mpu", hexadecimal, {0x300, 0x330}, &settings.mpu},
        {"irq", decimal, {2, 5, 7, 10}, &settings.irq},
        {"dma", decimal, {0, 1, 3}, &settings.dma},
    };
    for (const Choice& choice : choices) {
        auto number = values.number(choice.name, choice.base, choice.choices);
        if (!number) {
            return number.error();
        }
        *choice.setting = *number;
    }
    auto words = values.number("dma16", decimal, {5, 6, 7, settings.dma});
    if (!words) {
        return words.error();
    }
    settings.dma16 = *words;
    auto drift = values.signed_number("drift", -most_drift, most_drift);
    if (!drift) {
        return drift.error();
    }
    settings.drift = *drift;
    return settings;
}

Result<std::vector<CardResource>> occupied(const OptionValues& values) {
    const auto settings = read_settings(values);
    return settings ? Sb16::set_to(*settings) : Result<std::vector<CardResource>>(settings.error());
}

Result<std::unique_ptr<Card>> create_card(Motherboard& board, const OptionValues& values) {
    const auto settings = read_settings(values);
    if (!settings) {
        return settings.error();
    }
    auto card = Sb16::create(board, *settings);
    if (!card) {
        return card.error();
    }
    return std::unique_ptr<Card>(std::move(*card));
}

} // namespace

Model model() {
    return {"sb16",       "Sound Blaster 16 on the ISA bus: DSP 4.13, CT1745 mixer, MPU-401, OPL3",
            BusKind::isa, "a driver whose INF asks for ports, an interrupt and DMA channels (LogConfig)",
            options,      &occupied,
            &create_card};
}

} // namespace openportcls::hardware::sb16
