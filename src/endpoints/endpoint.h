// Where sound comes from and where it goes to. Frames are interleaved, little endian, as the endpoint's format says.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <openportcls/format.hpp>
#include <openportcls/result.hpp>

namespace openportcls::endpoints {

class Source {
public:
    virtual ~Source() = default;
    const WaveFormat& format() const { return format_; }
    const std::string& name() const { return name_; }
    // Frames in all, where that is known beforehand.
    virtual std::optional<std::uint64_t> frames() const { return std::nullopt; }
    // Fills whole frames, blocking; the number of bytes, less than asked for only at the end of the sound.
    virtual Result<std::size_t> read(std::span<std::byte> frames) = 0;
    // How often frames were lost because nobody fetched them in time.
    virtual std::uint64_t overruns() const { return 0; }
    // What the frames have lost already of what the file holds; empty: nothing.
    virtual std::string_view reduction() const { return {}; }

protected:
    Source(std::string name, const WaveFormat& format) : format_(format), name_(std::move(name)) {}

private:
    WaveFormat format_;
    std::string name_;
};

class Sink {
public:
    virtual ~Sink() = default;
    const WaveFormat& format() const { return format_; }
    const std::string& name() const { return name_; }
    // Takes whole frames, blocking until there is room.
    virtual Result<void> write(std::span<const std::byte> frames) = 0;
    // Everything written is heard or on disk when this returns.
    virtual Result<void> finish() = 0;
    // Instead of finish() when the run has failed: what was there before this sink stays as it was.
    virtual void give_up() {}
    // How often there was nothing to be heard because frames came too late.
    virtual std::uint64_t underruns() const { return 0; }

protected:
    Sink(std::string name, const WaveFormat& format) : format_(format), name_(std::move(name)) {}

private:
    WaveFormat format_;
    std::string name_;
};

// Names of sources and sinks.
inline constexpr std::string_view standard_input = "-";
inline constexpr std::string_view standard_output = "wav:-";

// Opens what `specification` names: "wav:FILE" ("wav:-": standard output, as it is at the call), "alsa", "alsa:DEVICE",
// "null", or "default" (ALSA where there is a device, otherwise nothing is heard). `say` gets what a person should
// know, one line each.
using Say = std::function<void(std::string_view)>;
// `expected_frames`: see create_wav_file.
Result<std::unique_ptr<Sink>> open_sink(std::string_view specification, const WaveFormat& format,
                                        std::optional<std::uint64_t> expected_frames, const Say& say);
// Only looks at the words: an error when open_sink could never open this.
Result<void> check_sink(std::string_view specification);

// The file they read or write; empty where it is none.
std::filesystem::path file_of_sink(std::string_view specification);
std::filesystem::path file_of_source(std::string_view specification);

// A path opens as a sound file, "-" standard input (once: what was read is gone); "alsa" and "alsa:DEVICE" record from
// a sound card in `wanted`.
Result<std::unique_ptr<Source>> open_source(std::string_view specification, const WaveFormat& wanted);

} // namespace openportcls::endpoints
