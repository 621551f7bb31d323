#include "endpoints/wav_file.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <unistd.h>
#include <vector>

#include <fmt/format.h>
#include <sndfile.h>

#include "endpoints/errors.h"
#include "endpoints/interruption.h"
#include "endpoints/pending_file.h"
#include "endpoints/sample_code.h"
#include "endpoints/speakers.h"
#include "endpoints/wav_header.h"

namespace openportcls::endpoints {

namespace {

struct CloseSound {
    void operator()(SNDFILE* file) const { sf_close(file); }
};
using SoundFile = std::unique_ptr<SNDFILE, CloseSound>;

WaveFormat format_of(const SF_INFO& info) {
    WaveFormat format;
    format.rate = static_cast<std::uint32_t>(info.samplerate);
    format.channels = static_cast<std::uint16_t>(info.channels);
    switch (info.format & SF_FORMAT_SUBMASK) {
    case SF_FORMAT_PCM_S8:
    case SF_FORMAT_PCM_U8:
        format.bits = 8;
        break;
    case SF_FORMAT_PCM_16:
    case SF_FORMAT_ULAW:
    case SF_FORMAT_ALAW:
    case SF_FORMAT_ALAC_16:
        format.bits = 16;
        break;
    case SF_FORMAT_PCM_24:
    case SF_FORMAT_ALAC_24:
        format.bits = 24;
        break;
    case SF_FORMAT_PCM_32:
    case SF_FORMAT_ALAC_32:
        format.bits = 32;
        break;
    default:
        format.bits = 32;
        format.is_float = true;
    }
    return format;
}

class SoundFileSource final : public Source {
public:
    // Without `frames` nobody knows how many there are: it ends where it ends.
    // A pipe ends, too, when the program is interrupted.
    SoundFileSource(std::string name, const WaveFormat& format, SoundFile file, const SF_INFO& info,
                    std::optional<std::uint64_t> frames, std::optional<int> pipe)
        : Source(std::move(name), format), file_(std::move(file)), frames_(frames),
          is_double_((info.format & SF_FORMAT_SUBMASK) == SF_FORMAT_DOUBLE) {
        if (pipe) {
            pipe_.emplace(*pipe);
        }
    }

    std::string_view reduction() const override {
        return is_double_ ? "drivers take 32-bit float: converting from 64-bit float" : std::string_view();
    }

    std::optional<std::uint64_t> frames() const override { return frames_; }

    Result<std::size_t> read(std::span<std::byte> bytes) override {
        const std::size_t frame_bytes = format().bytes_per_frame();
        const auto wanted = static_cast<sf_count_t>(bytes.size() / frame_bytes);
        const sf_count_t got = read_frames(bytes.data(), wanted);
        done_ += static_cast<std::uint64_t>(got);
        if (got < wanted && frames_ && done_ < *frames_ && !(pipe_ && is_interrupted())) {
            return failure(Failure::data_error, fmt::format("{}: cut off or damaged: {} of {} frames could be read",
                                                            name(), done_, *frames_));
        }
        return static_cast<std::size_t>(got) * frame_bytes;
    }

private:
    sf_count_t read_frames(std::byte* to, sf_count_t frames) {
        if (format().is_float) {
            return sf_readf_float(file_.get(), reinterpret_cast<float*>(to), frames);
        }
        const std::size_t samples = static_cast<std::size_t>(frames) * format().channels;
        switch (format().bits) {
        case 16:
            return sf_readf_short(file_.get(), reinterpret_cast<short*>(to), frames);
        case 32:
            return sf_readf_int(file_.get(), reinterpret_cast<int*>(to), frames);
        default:
            break;
        }
        // libsndfile hands out 8 and 24 bits in the upper part of 32.
        scratch_.resize(samples);
        const sf_count_t got = sf_readf_int(file_.get(), scratch_.data(), frames);
        const std::size_t count = static_cast<std::size_t>(got) * format().channels;
        for (std::size_t index = 0; index < count; ++index) {
            if (format().bits == 8) {
                to[index] = static_cast<std::byte>((scratch_[index] >> 24) + 128);
            } else {
                put_24_bits(to + index * 3, scratch_[index] >> 8);
            }
        }
        return got;
    }

    SoundFile file_;
    std::optional<EndsWhenInterrupted> pipe_; // gone before the descriptor is
    std::optional<std::uint64_t> frames_;
    bool is_double_;
    std::uint64_t done_ = 0;
    std::vector<int> scratch_;
};

// The sizes in the header have 32 bits, and are of more than the samples.
constexpr std::uint64_t most_wav_bytes = 0xFFFFF000;

class WavSink final : public Sink {
public:
    WavSink(std::string name, const WaveFormat& format, PendingFile pending, SoundFile file, bool is_large)
        : Sink(std::move(name), format), is_large_(is_large), pending_(std::move(pending)), file_(std::move(file)) {}

    // Raw: the stream's bytes are the file's bytes.
    Result<void> write(std::span<const std::byte> frames) override {
        if (!is_large_ && frames.size() > most_wav_bytes - bytes_) {
            return failure(Failure::disk_full, fmt::format("{}: more sound came than was announced, and a WAV file "
                                                           "holds 4 GiB at most",
                                                           name()));
        }
        const auto bytes = static_cast<sf_count_t>(frames.size());
        if (sf_write_raw(file_.get(), frames.data(), bytes) != bytes) {
            return failure(Failure::disk_full, fmt::format("{}: cannot write: {}", name(), sf_strerror(file_.get())));
        }
        bytes_ += frames.size();
        return {};
    }
    Result<void> finish() override {
        if (auto complete = close(); !complete) {
            return complete;
        }
        return pending_.commit();
    }
    void give_up() override {
        if (close()) {
            pending_.commit_if_new();
        }
    }

private:
    Result<void> close() {
        if (file_ != nullptr && sf_close(file_.release()) != 0) {
            return failure(Failure::disk_full, fmt::format("{}: cannot be completed", name()));
        }
        return {};
    }

    bool is_large_; // RF64
    std::uint64_t bytes_ = 0;
    PendingFile pending_;
    SoundFile file_; // closed before the file it writes
};

Result<void> check_readable(const std::filesystem::path& path) {
    std::error_code problem;
    const auto status = std::filesystem::status(path, problem);
    if (!std::filesystem::exists(status)) {
        return failure(Failure::no_such_file, fmt::format("{}: no such file", path.string()));
    }
    if (std::filesystem::is_directory(status)) {
        return failure(Failure::invalid_parameter, fmt::format("{}: is a folder, not a sound file", path.string()));
    }
    if (!std::filesystem::is_regular_file(status)) {
        return failure(
            Failure::invalid_parameter,
            fmt::format("{}: is a pipe or a device; sound files are not read from front to back", path.string()));
    }
    return {};
}

int subtype_of(const WaveFormat& format) {
    if (format.is_float) {
        return format.bits == 32 ? SF_FORMAT_FLOAT : 0;
    }
    switch (format.bits) {
    case 8:
        return SF_FORMAT_PCM_U8;
    case 16:
        return SF_FORMAT_PCM_16;
    case 24:
        return SF_FORMAT_PCM_24;
    case 32:
        return SF_FORMAT_PCM_32;
    default:
        return 0;
    }
}

Error cannot_be_read(const std::string& name) {
    const int problem = sf_error(nullptr);
    if (problem == SF_ERR_SYSTEM) {
        return failure(Failure::access_denied, fmt::format("{}: cannot be read: {}", name, sf_strerror(nullptr)));
    }
    return failure(Failure::data_error,
                   fmt::format("{}: not a sound file that can be read ({})", name,
                               problem == SF_ERR_UNRECOGNISED_FORMAT ? "unknown format" : sf_strerror(nullptr)));
}

Result<std::unique_ptr<Source>> make_source(const std::string& name, SoundFile file, const SF_INFO& info,
                                            std::optional<std::uint64_t> frames, std::optional<int> pipe = {}) {
    if (info.channels < 1 || info.channels > 64 || info.samplerate < 1) {
        return failure(Failure::not_supported,
                       fmt::format("{}: {} Hz and {} channels cannot be played", name, info.samplerate, info.channels));
    }
    WaveFormat format = format_of(info);
    if ((info.format & SF_FORMAT_SUBMASK) == SF_FORMAT_VORBIS ||
        (info.format & SF_FORMAT_SUBMASK) == SF_FORMAT_DOUBLE) {
        // Samples beyond full scale stay what they are in float.
        sf_command(file.get(), SFC_SET_CLIPPING, nullptr, SF_FALSE);
    }
    std::vector<int> map(static_cast<std::size_t>(info.channels));
    if (sf_command(file.get(), SFC_GET_CHANNEL_MAP_INFO, map.data(), static_cast<int>(map.size() * sizeof(int))) ==
        SF_TRUE) {
        format.channel_mask = mask_of_channel_map(map);
    }
    return std::unique_ptr<Source>(
        std::make_unique<SoundFileSource>(name, format, std::move(file), info, frames, pipe));
}

// Who streams does not know the length: -1 in the header, or the highest number of 31 bits.
std::optional<std::uint64_t> frames_of_stream(const SF_INFO& info) {
    constexpr std::uint64_t placeholder_bytes = 0x7FFFF000;
    const std::uint64_t frame_bytes = std::max<std::size_t>(1, format_of(info).bytes_per_frame());
    const auto frames = static_cast<std::uint64_t>(info.frames);
    return info.frames > 0 && frames < placeholder_bytes / frame_bytes ? std::optional(frames) : std::nullopt;
}

} // namespace

Result<std::unique_ptr<Source>> open_sound_file(const std::filesystem::path& path) {
    if (auto readable = check_readable(path); !readable) {
        return readable.error();
    }
    SF_INFO info{};
    SoundFile file(sf_open(path.c_str(), SFM_READ, &info));
    if (file == nullptr) {
        return cannot_be_read(path.string());
    }
    if (const auto missing = missing_sound(path)) {
        if (missing->promised_bytes == 0) {
            return failure(Failure::data_error,
                           fmt::format("{}: was never completed: its header gives no length, and {} "
                                       "bytes follow",
                                       path.string(), missing->present_bytes));
        }
        return failure(Failure::data_error,
                       fmt::format("{}: cut off: its header promises {} bytes of sound, {} are there", path.string(),
                                   missing->promised_bytes, missing->present_bytes));
    }
    if (info.frames >= SF_COUNT_MAX) {
        return failure(Failure::data_error,
                       fmt::format("{}: cut off: its end, which says how long it is, is missing", path.string()));
    }
    return make_source(path.string(), std::move(file), info, static_cast<std::uint64_t>(info.frames));
}

Result<std::unique_ptr<Source>> open_sound_descriptor(int descriptor, const std::string& name) {
    SF_INFO info{};
    const bool is_seekable = ::lseek(descriptor, 0, SEEK_CUR) >= 0;
    SoundFile file(sf_open_fd(descriptor, SFM_READ, &info, SF_TRUE));
    if (file == nullptr) {
        return cannot_be_read(name);
    }
    return make_source(name, std::move(file), info,
                       is_seekable ? static_cast<std::uint64_t>(info.frames) : frames_of_stream(info),
                       is_seekable ? std::optional<int>() : descriptor);
}

Result<std::unique_ptr<Sink>> create_wav_file(const std::filesystem::path& path, const WaveFormat& format,
                                              std::optional<std::uint64_t> expected_frames) {
    SF_INFO info{};
    info.samplerate = static_cast<int>(format.rate);
    info.channels = format.channels;
    const int subtype = subtype_of(format);
    const bool is_large =
        !expected_frames || *expected_frames > most_wav_bytes / std::max<std::size_t>(1, format.bytes_per_frame());
    info.format = (is_large ? SF_FORMAT_RF64 : format.channels > 2 ? SF_FORMAT_WAVEX : SF_FORMAT_WAV) | subtype;
    if (subtype == 0 || sf_format_check(&info) == 0) {
        return failure(Failure::not_supported,
                       fmt::format("{}: a WAV file cannot hold {}", path.string(), to_string(format)));
    }
    auto pending = PendingFile::create(path);
    if (!pending) {
        return pending.error();
    }
    errno = 0;
    SoundFile file(sf_open_fd(pending->descriptor(), SFM_WRITE, &info, SF_FALSE));
    if (file == nullptr) {
        const bool is_full = errno == ENOSPC;
        return failure(is_full ? Failure::disk_full : Failure::access_denied,
                       fmt::format("{}: cannot be written: {}", path.string(), sf_strerror(nullptr)));
    }
    // A PEAK chunk holds the time of day: the same sound would not be the same file.
    sf_command(file.get(), SFC_SET_ADD_PEAK_CHUNK, nullptr, SF_FALSE);
    if (is_large) {
        sf_command(file.get(), SFC_RF64_AUTO_DOWNGRADE, nullptr, SF_TRUE);
    }
    if (format.channels > 2) {
        const std::uint32_t mask = format.channel_mask != 0 ? format.channel_mask : usual_mask(format.channels);
        std::vector<int> map = channel_map_of_mask(mask, format.channels);
        if (!map.empty()) {
            sf_command(file.get(), SFC_SET_CHANNEL_MAP_INFO, map.data(), static_cast<int>(map.size() * sizeof(int)));
        }
    }
    return std::unique_ptr<Sink>(
        std::make_unique<WavSink>(path.string(), format, std::move(*pending), std::move(file), is_large));
}

} // namespace openportcls::endpoints
