#include "endpoints/fluidsynth.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>
#include <string_view>
#include <system_error>

#include <dlfcn.h>
#include <fluidsynth.h>
#include <fmt/format.h>

#include "endpoints/errors.h"

namespace openportcls::endpoints {

namespace {

constexpr int polyphony = 256; // every note of a full piece with its release
constexpr std::size_t block_frames = 1024;

// What is used of the library. It is loaded when it is wanted: it brings a dozen others with it (SDL, GLib,
// PulseAudio), which would cost every start of every program.
struct Api {
    decltype(&new_fluid_settings) new_settings = nullptr;
    decltype(&delete_fluid_settings) delete_settings = nullptr;
    decltype(&fluid_settings_setnum) set_number = nullptr;
    decltype(&fluid_settings_setint) set_integer = nullptr;
    decltype(&new_fluid_synth) new_synth = nullptr;
    decltype(&delete_fluid_synth) delete_synth = nullptr;
    decltype(&fluid_set_log_function) set_log_function = nullptr;
    decltype(&fluid_synth_sfload) load_sound_font = nullptr;
    decltype(&fluid_synth_write_float) write_float = nullptr;
    decltype(&fluid_synth_get_active_voice_count) active_voice_count = nullptr;
    decltype(&fluid_synth_noteon) note_on = nullptr;
    decltype(&fluid_synth_noteoff) note_off = nullptr;
    decltype(&fluid_synth_key_pressure) key_pressure = nullptr;
    decltype(&fluid_synth_cc) controller = nullptr;
    decltype(&fluid_synth_program_change) program_change = nullptr;
    decltype(&fluid_synth_channel_pressure) channel_pressure = nullptr;
    decltype(&fluid_synth_pitch_bend) pitch_bend = nullptr;
    decltype(&fluid_synth_sysex) exclusive = nullptr;
    decltype(&fluid_synth_system_reset) reset = nullptr;

    bool load() {
        void* const library = dlopen("libfluidsynth.so.3", RTLD_NOW | RTLD_LOCAL); // of 2.2 and later; it stays
        return library != nullptr && find(library, "new_fluid_settings", new_settings) &&
               find(library, "delete_fluid_settings", delete_settings) &&
               find(library, "fluid_settings_setnum", set_number) &&
               find(library, "fluid_settings_setint", set_integer) && find(library, "new_fluid_synth", new_synth) &&
               find(library, "delete_fluid_synth", delete_synth) &&
               find(library, "fluid_set_log_function", set_log_function) &&
               find(library, "fluid_synth_sfload", load_sound_font) &&
               find(library, "fluid_synth_write_float", write_float) &&
               find(library, "fluid_synth_get_active_voice_count", active_voice_count) &&
               find(library, "fluid_synth_noteon", note_on) && find(library, "fluid_synth_noteoff", note_off) &&
               find(library, "fluid_synth_key_pressure", key_pressure) && find(library, "fluid_synth_cc", controller) &&
               find(library, "fluid_synth_program_change", program_change) &&
               find(library, "fluid_synth_channel_pressure", channel_pressure) &&
               find(library, "fluid_synth_pitch_bend", pitch_bend) && find(library, "fluid_synth_sysex", exclusive) &&
               find(library, "fluid_synth_system_reset", reset);
    }

private:
    template<class Function>
    static bool find(void* library, const char* name, Function& function) {
        function = reinterpret_cast<Function>(dlsym(library, name));
        return function != nullptr;
    }
};

// FluidSynth writes complaints to the error stream; ours are results.
void be_quiet(const Api& api) {
    for (const int level : {FLUID_PANIC, FLUID_ERR, FLUID_WARN, FLUID_INFO, FLUID_DBG}) {
        api.set_log_function(level, nullptr, nullptr);
    }
}

// A RIFF file of the form "sfbk". FluidSynth itself finds out by trying, and its libraries complain aloud.
bool is_sound_font(const std::filesystem::path& path) {
    constexpr std::size_t form = 8;
    std::array<char, form + 4> head{};
    std::ifstream(path, std::ios::binary).read(head.data(), head.size());
    const std::string_view text(head.data(), head.size());
    return text.starts_with("RIFF") && text.substr(form) == "sfbk";
}

std::int16_t narrow(float level) {
    constexpr float full = 32768;
    return static_cast<std::int16_t>(std::lrint(std::clamp(level * full, -full, full - 1)));
}

void append(std::int16_t sample, std::vector<std::byte>& frames) {
    const auto bits = static_cast<std::uint16_t>(sample);
    frames.push_back(static_cast<std::byte>(bits & 0xFF));
    frames.push_back(static_cast<std::byte>(bits >> 8));
}

} // namespace

std::filesystem::path default_sound_font() {
    for (const char* path : {"/usr/share/sounds/sf2/TimGM6mb.sf2", "/usr/share/sounds/sf2/default-GM.sf2",
                             "/usr/share/sounds/sf3/default-GM.sf3", "/usr/share/soundfonts/default.sf2"}) {
        std::error_code ignored;
        if (std::filesystem::exists(path, ignored)) {
            return path;
        }
    }
    return {};
}

struct FluidSynth::Engine {
    Api api;
    fluid_settings_t* settings = nullptr;
    fluid_synth_t* synth = nullptr;

    Engine() = default;
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;
    ~Engine() {
        if (synth != nullptr) {
            api.delete_synth(synth);
        }
        if (settings != nullptr) {
            api.delete_settings(settings);
        }
    }
};

FluidSynth::FluidSynth(std::unique_ptr<Engine> engine, std::uint32_t rate)
    : engine_(std::move(engine)), rate_(rate), left_(block_frames), right_(block_frames) {}

FluidSynth::~FluidSynth() = default;

Result<std::unique_ptr<FluidSynth>> FluidSynth::create(const std::filesystem::path& sound_font, std::uint32_t rate) {
    constexpr std::uint32_t least_rate = 8000; // what FluidSynth takes
    constexpr std::uint32_t most_rate = 96000;
    if (rate < least_rate || rate > most_rate) {
        return failure(Failure::invalid_parameter,
                       fmt::format("FluidSynth renders {} to {} frames a second, not {}", least_rate, most_rate, rate));
    }
    if (sound_font.empty()) {
        return failure(Failure::no_such_file, "there is no sound font: install timgm6mb-soundfont, or name one");
    }
    if (std::error_code ignored; !std::filesystem::exists(sound_font, ignored)) {
        return failure(Failure::no_such_file, fmt::format("{}: no such sound font", sound_font.string()));
    }
    const auto no_sound_font = [&] {
        return failure(Failure::data_error, fmt::format("{}: this is no sound font", sound_font.string()));
    };
    if (!is_sound_font(sound_font)) {
        return no_sound_font();
    }
    auto engine = std::make_unique<Engine>();
    const Api& api = engine->api;
    if (!engine->api.load()) {
        return failure(Failure::not_supported, "libfluidsynth.so.3 is not there: install libfluidsynth3");
    }
    be_quiet(api);
    engine->settings = api.new_settings();
    if (engine->settings == nullptr) {
        return failure(Failure::device_error, "FluidSynth cannot be started");
    }
    api.set_number(engine->settings, "synth.sample-rate", rate);
    api.set_integer(engine->settings, "synth.polyphony", polyphony);
    api.set_integer(engine->settings, "synth.cpu-cores", 1); // more of them add in an order of their own
    api.set_integer(engine->settings, "synth.lock-memory", 0);
    engine->synth = api.new_synth(engine->settings);
    if (engine->synth == nullptr) {
        return failure(Failure::device_error, "FluidSynth cannot be started");
    }
    if (api.load_sound_font(engine->synth, sound_font.c_str(), 1) == FLUID_FAILED) {
        return no_sound_font();
    }
    return std::unique_ptr<FluidSynth>(new FluidSynth(std::move(engine), rate));
}

WaveFormat FluidSynth::format() const {
    WaveFormat format;
    format.rate = rate_;
    format.channels = 2;
    format.bits = 16;
    return format;
}

unsigned FluidSynth::active_voices() const {
    return static_cast<unsigned>(engine_->api.active_voice_count(engine_->synth));
}

void FluidSynth::render_until(std::chrono::nanoseconds time, std::vector<std::byte>& frames) {
    constexpr unsigned second = 1'000'000'000;
    const auto until = static_cast<std::uint64_t>(
        static_cast<unsigned __int128>(std::max<std::int64_t>(time.count(), 0)) * rate_ / second);
    while (rendered_ < until) {
        const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(until - rendered_, block_frames));
        engine_->api.write_float(engine_->synth, static_cast<int>(count), left_.data(), 0, 1, right_.data(), 0, 1);
        for (std::size_t index = 0; index < count; ++index) {
            append(narrow(left_[index]), frames);
            append(narrow(right_[index]), frames);
        }
        rendered_ += count;
    }
}

void FluidSynth::play(std::chrono::nanoseconds time, std::uint8_t byte, std::vector<std::byte>& frames) {
    if (const auto message = messages_.take(byte); !message.empty()) {
        render_until(time, frames);
        play(message);
    }
}

void FluidSynth::play(std::span<const std::uint8_t> message) {
    const Api& api = engine_->api;
    fluid_synth_t* const synth = engine_->synth;
    const int channel = message[0] & 0x0F;
    const int first = message.size() > 1 ? message[1] : 0;
    const int second = message.size() > 2 ? message[2] : 0;
    constexpr std::uint8_t exclusive = 0xF0;
    constexpr std::uint8_t reset = 0xFF;
    int result = FLUID_OK;
    switch (message[0] & 0xF0) {
    case 0x80:
        api.note_off(synth, channel, first); // fails where the note is over already
        break;
    case 0x90:
        if (second == 0) {
            api.note_off(synth, channel, first);
        } else {
            result = api.note_on(synth, channel, first, second);
        }
        break;
    case 0xA0:
        result = api.key_pressure(synth, channel, first, second);
        break;
    case 0xB0:
        result = api.controller(synth, channel, first, second);
        break;
    case 0xC0:
        result = api.program_change(synth, channel, first);
        break;
    case 0xD0:
        result = api.channel_pressure(synth, channel, first);
        break;
    case 0xE0:
        result = api.pitch_bend(synth, channel, second << 7 | first);
        break;
    default:
        if (message[0] == exclusive && message.size() > 2) { // without its first and its last byte
            result = api.exclusive(synth, reinterpret_cast<const char*>(message.data() + 1),
                                   static_cast<int>(message.size() - 2), nullptr, nullptr, nullptr, 0);
        } else if (message[0] == reset) {
            result = api.reset(synth);
        } else {
            result = FLUID_FAILED;
        }
        break;
    }
    ignored_ += result == FLUID_OK ? 0 : 1;
}

} // namespace openportcls::endpoints
