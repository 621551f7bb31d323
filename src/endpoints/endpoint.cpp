#include "endpoints/endpoint.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "base/unicode.h"
#include "endpoints/alsa.h"
#include "endpoints/errors.h"
#include "endpoints/wav_file.h"
#include "endpoints/wav_stream.h"

namespace openportcls::endpoints {

namespace {

class NullSink final : public Sink {
public:
    NullSink(std::string name, const WaveFormat& format) : Sink(std::move(name), format) {}
    Result<void> write(std::span<const std::byte>) override { return {}; }
    Result<void> finish() override { return {}; }
};

struct Specification {
    std::string_view kind;
    std::string_view argument;
};

Specification split(std::string_view text) {
    const std::size_t colon = text.find(':');
    return colon == std::string_view::npos ? Specification{text, {}}
                                           : Specification{text.substr(0, colon), text.substr(colon + 1)};
}

// Whoever names another format expects it.
Result<void> check_wav_name(const std::filesystem::path& name) {
    if (name.empty()) {
        return failure(Failure::invalid_parameter, "\"wav:\" needs a file name, as in wav:heard.wav");
    }
    const std::string extension = ascii_lower(name.extension().string());
    for (const char* other : {".flac", ".ogg", ".oga", ".opus", ".mp3", ".m4a", ".aac", ".aif", ".aiff", ".aifc", ".au",
                              ".snd", ".caf", ".w64", ".raw", ".pcm", ".wma"}) {
        if (extension == other) {
            return failure(Failure::invalid_parameter,
                           fmt::format("{}: WAV is what is written, not {}", name.string(), other));
        }
    }
    return {};
}

std::string alsa_device(std::string_view argument) {
    return argument.empty() ? "default" : std::string(argument);
}

} // namespace

Result<void> check_sink(std::string_view specification) {
    const Specification wanted = split(specification);
    if (wanted.kind == "wav") {
        return check_wav_name(wanted.argument);
    }
    if (wanted.kind == "alsa" ||
        ((wanted.kind == "default" || wanted.kind == "null") && specification == wanted.kind)) {
        return {};
    }
    const bool is_planned = wanted.kind == "jack" || wanted.kind == "pipewire";
    return failure(Failure::invalid_parameter,
                   fmt::format("\"{}\" is {}: wav:FILE, alsa, alsa:DEVICE, default or null{}", specification,
                               is_planned ? "not available yet; there is" : "no output",
                               is_planned ? " (alsa reaches a sound server through its own plugin)" : ""));
}

Result<std::unique_ptr<Sink>> open_sink(std::string_view specification, const WaveFormat& format,
                                        std::optional<std::uint64_t> expected_frames, const Say& say) {
    if (auto possible = check_sink(specification); !possible) {
        return possible.error();
    }
    const Specification wanted = split(specification);
    if (specification == standard_output) {
        return create_wav_stream(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0), "standard output", format);
    }
    if (wanted.kind == "wav") {
        return create_wav_file(wanted.argument, format, expected_frames);
    }
    if (wanted.kind == "alsa") {
        return open_alsa_sink(alsa_device(wanted.argument), format);
    }
    if (wanted.kind == "default") {
        auto speakers = open_alsa_sink("default", format);
        if (speakers) {
            return speakers;
        }
        const bool is_absent = speakers.error().status == static_cast<std::int32_t>(Failure::no_such_device);
        say(is_absent ? "no sound device or server on this computer: nothing is heard from speakers"
                      : speakers.error().message + ": nothing is heard from speakers");
    }
    return std::unique_ptr<Sink>(std::make_unique<NullSink>(std::string(specification), format));
}

std::filesystem::path file_of_sink(std::string_view specification) {
    const Specification wanted = split(specification);
    return wanted.kind == "wav" && specification != standard_output ? std::filesystem::path(wanted.argument)
                                                                    : std::filesystem::path();
}

std::filesystem::path file_of_source(std::string_view specification) {
    const Specification wanted = split(specification);
    if (specification == standard_input) {
        return {};
    }
    return wanted.kind == "alsa" ? std::filesystem::path() : wanted.kind == "wav" ? wanted.argument : specification;
}

Result<std::unique_ptr<Source>> open_source(std::string_view specification, const WaveFormat& wanted) {
    const Specification split_up = split(specification);
    if (split_up.kind == "alsa") {
        return open_alsa_source(alsa_device(split_up.argument), wanted);
    }
    if (specification == standard_input) {
        return open_sound_stream(STDIN_FILENO, "standard input");
    }
    return open_sound_file(file_of_source(specification));
}

} // namespace openportcls::endpoints
