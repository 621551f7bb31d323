#include "hardware/ac97/card.h"

namespace openportcls::hardware::ac97 {

namespace {

// Datasheet, "AC '97 Audio Controller Registers": PCI configuration, device 31, function 5.
constexpr unsigned device_number = 31;
constexpr unsigned function_number = 5;
constexpr std::uint32_t mixer_ports = 0x100;
constexpr std::uint32_t bus_master_ports = 0x40;
constexpr std::uint32_t mixer_last = 0x7F; // of the primary codec; there is no second one
constexpr std::uint32_t engine_ports = 0x10;

constexpr std::uint32_t global_control = 0x2C;
constexpr std::uint32_t global_status = 0x30;
constexpr std::uint32_t semaphore = 0x34;

enum GlobalControl : std::uint32_t { no_cold_reset = 0x02, warm_reset = 0x04, link_off = 0x08 };
enum GlobalStatus : std::uint32_t {
    pcm_in_interrupt = 0x20,
    pcm_out_interrupt = 0x40,
    microphone_interrupt = 0x80,
    codec_ready = 0x100,
    read_completion_status = 0x8000
};
constexpr std::uint32_t interrupt_bits[] = {pcm_in_interrupt, pcm_out_interrupt, microphone_interrupt};

// The link's clock starts, and the codec calibrates its converters.
constexpr Nanoseconds codec_start_time = 500'000;

pci::Identity identity() {
    pci::Identity identity;
    identity.vendor = 0x8086;
    identity.device = 0x2415;
    identity.class_code = 0x040100; // multimedia, audio
    identity.revision = 0x02;
    identity.subsystem_vendor = 0x8086;
    identity.subsystem = 0x2415;
    identity.interrupt_pin = 2; // INTB#
    identity.command_mask = pci::io_space | pci::bus_master;
    identity.status = 0x0280; // fast back-to-back, medium DEVSEL#
    identity.io_bar_sizes = {mixer_ports, bus_master_ports};
    return identity;
}

} // namespace

const std::array<RegisterEntry<Ac97>, 3> Ac97::table = {{
    {"GLOB_CNT", global_control, 4, 0, 0x3B, 0, "Global Control Register", nullptr,
     handler<&Ac97::global_control_written>},
    {"GLOB_STA", global_status, 4, 0, 0x0003'0000, 0x8C01, "Global Status Register",
     handler<&Ac97::read_global_status>},
    {"CAS", semaphore, 1, 0, 0, 0, "Codec Access Semaphore Register", handler<&Ac97::read_semaphore>},
}};

Ac97::Ac97(Motherboard& board, const Settings& settings)
    : board_(board), function_(board.machine(), *this, identity()), codec_(settings.has_variable_rate),
      output_clock_(board.machine(), *this),
      engines_{{{DmaEngine::Kind::pcm_in, board.machine(), codec_, *this},
                {DmaEngine::Kind::pcm_out, board.machine(), codec_, *this},
                {DmaEngine::Kind::microphone_in, board.machine(), codec_, *this}}},
      globals_(table) {
    for (DmaEngine& engine : engines_) {
        engine.set_drift(settings.drift);
    }
}

Result<std::unique_ptr<Ac97>> Ac97::create(Motherboard& board, const Settings& settings) {
    std::unique_ptr<Ac97> card(new Ac97(board, settings));
    if (auto attached = board.pci().attach(card->function_, device_number, function_number); !attached) {
        return attached.error();
    }
    return card;
}

Ac97::~Ac97() {
    board_.pci().detach(function_);
}

void Ac97::bus_reset() {
    globals_.reset();
    is_accessed_ = false;
    ready_at_ = 0;
    output_clock_.catch_up();
    codec_.cold_reset();
    for (DmaEngine& engine : engines_) {
        engine.reset();
    }
}

// ---- the link -------------------------------------------------------------------------------------------------------

bool Ac97::is_codec_ready() const {
    const std::uint32_t control = globals_.value(global_control);
    return (control & no_cold_reset) != 0 && (control & link_off) == 0 && codec_.is_link_up() &&
           board_.machine().now() >= ready_at_;
}

bool Ac97::is_link_up() const {
    const std::uint32_t control = globals_.value(global_control);
    return (control & no_cold_reset) != 0 && (control & link_off) == 0 && codec_.is_link_up();
}

void Ac97::connect_engines() {
    for (DmaEngine& engine : engines_) {
        engine.connect(is_link_up(), function_.is_bus_master());
        engine.rate_changed();
    }
}

std::uint16_t Ac97::read_mixer_word(std::uint32_t offset) {
    is_accessed_ = false;
    if (offset > mixer_last || !is_codec_ready()) {
        globals_.set(global_status, globals_.value(global_status) | read_completion_status); // a read that timed out
        return 0xFFFF;
    }
    return codec_.registers().has(offset) ? codec_.read(offset) : 0;
}

void Ac97::write_mixer_word(std::uint32_t offset, std::uint16_t value) {
    is_accessed_ = false;
    if (offset > mixer_last || !is_codec_ready()) {
        return;
    }
    catch_up();
    output_clock_.catch_up();
    codec_.write(offset, value);
    connect_engines();
    output_clock_.update();
}

// "The mixer's registers are accessed as words"; a double word is two of them.
std::uint64_t NTAPI Ac97::read_mixer(std::uint32_t offset, unsigned bytes) {
    if (bytes == 4) {
        return read_mixer_word(offset) | std::uint64_t{read_mixer_word(offset + 2)} << 16;
    }
    return bytes == 2 ? read_mixer_word(offset) : 0xFFU;
}

void NTAPI Ac97::write_mixer(std::uint32_t offset, unsigned bytes, std::uint32_t value) {
    if (bytes >= 2) {
        write_mixer_word(offset, static_cast<std::uint16_t>(value));
    }
    if (bytes == 4) {
        write_mixer_word(offset + 2, static_cast<std::uint16_t>(value >> 16));
    }
}

// ---- registers of both directions -----------------------------------------------------------------------------------

void NTAPI Ac97::global_control_written(std::uint32_t value) {
    if ((value & no_cold_reset) == 0) {
        output_clock_.catch_up();
        codec_.cold_reset();
        for (DmaEngine& engine : engines_) {
            engine.reset();
        }
        ready_at_ = machine::never;
    } else if (ready_at_ == machine::never || ready_at_ == 0) {
        ready_at_ = board_.machine().now() + codec_start_time;
    }
    if ((value & warm_reset) != 0) {
        codec_.warm_reset();
    }
    connect_engines();
}

std::uint32_t NTAPI Ac97::read_global_status(std::uint32_t stored) {
    for (unsigned engine = 0; engine < engines_.size(); ++engine) {
        stored |= engines_[engine].has_interrupt() ? interrupt_bits[engine] : 0;
    }
    return stored | (is_codec_ready() ? std::uint32_t{codec_ready} : 0U);
}

// "The act of reading this register sets this bit"; the end of the access that follows clears it.
std::uint32_t NTAPI Ac97::read_semaphore(std::uint32_t) {
    const std::uint32_t before = is_accessed_ ? 1 : 0;
    is_accessed_ = true;
    return before;
}

std::uint32_t NTAPI Ac97::read_global(std::uint32_t offset, unsigned bytes) {
    if (bytes == 4 && offset % 4 == 0) {
        return globals_.read(*this, offset);
    }
    const std::uint32_t base = offset & ~3U;
    const std::uint32_t value = globals_.read(*this, base) >> 8 * (offset - base);
    return bytes >= 4 ? value : value & ((1U << 8 * bytes) - 1);
}

void NTAPI Ac97::write_global(std::uint32_t offset, unsigned bytes, std::uint32_t value) {
    const std::uint32_t base = offset & ~3U;
    if (!globals_.has(base)) {
        return;
    }
    const unsigned shift = 8 * (offset - base);
    const std::uint32_t lanes = (bytes >= 4 ? UINT32_MAX : (1U << 8 * bytes) - 1) << shift;
    constexpr std::uint32_t scratch = 0x0003'0000; // AD3, MD3: what is not written stays, and ones clear the others
    const std::uint32_t kept = globals_.value(base) & (base == global_status ? scratch : UINT32_MAX) & ~lanes;
    globals_.write(*this, base, kept | (value << shift & lanes));
}

// ---- ports ----------------------------------------------------------------------------------------------------------

std::uint64_t NTAPI Ac97::read_port(unsigned range, std::uint32_t offset, machine::AccessWidth width) {
    const auto bytes = static_cast<unsigned>(width);
    if (range != mixer_range && offset < global_control) {
        return engines_[offset / engine_ports].read(offset % engine_ports, bytes);
    }
    catch_up();
    return range == mixer_range ? read_mixer(offset, bytes) : read_global(offset, bytes);
}

void NTAPI Ac97::write_port(unsigned range, std::uint32_t offset, machine::AccessWidth width, std::uint64_t value) {
    const auto bytes = static_cast<unsigned>(width);
    const auto written = static_cast<std::uint32_t>(value);
    if (range != mixer_range && offset < global_control) {
        if (codec_.records_mix()) {
            catch_up(); // what plays may be about to end
        }
        engines_[offset / engine_ports].write(offset % engine_ports, bytes, written);
        return;
    }
    catch_up();
    if (range == mixer_range) {
        write_mixer(offset, bytes, written);
    } else {
        write_global(offset, bytes, written);
    }
}

void Ac97::engine_clock_changed() {
    output_clock_.update();
    if (!engines_[pcm_out_engine].is_running()) {
        codec_.forget();
    }
}

void NTAPI Ac97::engine_interrupt_changed() {
    bool is_asserted = false;
    for (const DmaEngine& engine : engines_) {
        is_asserted = is_asserted || engine.has_interrupt();
    }
    function_.set_interrupt(is_asserted);
}

// ---- catalog --------------------------------------------------------------------------------------------------------

namespace {

constexpr ModelOption options[] = {
    {"vra", "1", "1: the codec has variable rates, 0: it runs at 48 kHz"},
    {"drift", "0", "how much faster its crystal is, in parts per million"},
};

Result<Settings> read_settings(const OptionValues& values) {
    constexpr int decimal = 10;
    constexpr std::int32_t most_drift = 100'000;
    Settings settings;
    auto variable = values.number("vra", decimal, {0, 1});
    if (!variable) {
        return variable.error();
    }
    settings.has_variable_rate = *variable != 0;
    auto drift = values.signed_number("drift", -most_drift, most_drift);
    if (!drift) {
        return drift.error();
    }
    settings.drift = *drift;
    return settings;
}

// The PCI bus hands out what its cards have.
Result<std::vector<CardResource>> occupied(const OptionValues& values) {
    const auto settings = read_settings(values);
    return settings ? std::vector<CardResource>() : Result<std::vector<CardResource>>(settings.error());
}

Result<std::unique_ptr<Card>> create_card(Motherboard& board, const OptionValues& values) {
    const auto settings = read_settings(values);
    if (!settings) {
        return settings.error();
    }
    auto card = Ac97::create(board, *settings);
    if (!card) {
        return card.error();
    }
    return std::unique_ptr<Card>(std::move(*card));
}

} // namespace

Model model() {
    return {"ac97",       "AC'97 on the PCI bus: Intel 82801AA (ICH) controller, codec with variable rates",
            BusKind::pci, "a driver whose INF has PCI\\VEN_8086&DEV_2415",
            options,      &occupied,
            &create_card};
}

} // namespace openportcls::hardware::ac97
