#include "endpoints/alsa.h"

#include <cerrno>

#include <alsa/asoundlib.h>
#include <fmt/format.h>

#include "endpoints/errors.h"

namespace openportcls::endpoints {

namespace {

constexpr unsigned latency_in_microseconds = 100'000;

struct ClosePcm {
    void operator()(snd_pcm_t* pcm) const { snd_pcm_close(pcm); }
};
using Pcm = std::unique_ptr<snd_pcm_t, ClosePcm>;

void stay_silent(const char*, int, const char*, int, const char*, ...) {}

snd_pcm_format_t alsa_format(const WaveFormat& format) {
    if (format.is_float) {
        return SND_PCM_FORMAT_FLOAT_LE;
    }
    switch (format.bits) {
    case 8:
        return SND_PCM_FORMAT_U8;
    case 16:
        return SND_PCM_FORMAT_S16_LE;
    case 24:
        return SND_PCM_FORMAT_S24_3LE;
    default:
        return SND_PCM_FORMAT_S32_LE;
    }
}

Result<Pcm> open_pcm(const std::string& device, snd_pcm_stream_t direction, const WaveFormat& format) {
    // What goes wrong is in the result; alsa-lib's own words on the error stream would be said twice.
    snd_lib_error_set_handler(stay_silent);
    snd_pcm_t* opened = nullptr;
    int problem = snd_pcm_open(&opened, device.c_str(), direction, 0);
    if (problem < 0) {
        return failure(Failure::no_such_device,
                       fmt::format("ALSA device {}: cannot be opened: {}", device, snd_strerror(problem)));
    }
    Pcm pcm(opened);
    problem = snd_pcm_set_params(opened, alsa_format(format), SND_PCM_ACCESS_RW_INTERLEAVED, format.channels,
                                 format.rate, 1, latency_in_microseconds);
    if (problem < 0) {
        return failure(Failure::not_supported, fmt::format("ALSA device {}: does not take {}: {}", device,
                                                           to_string(format), snd_strerror(problem)));
    }
    return pcm;
}

class AlsaSink final : public Sink {
public:
    AlsaSink(std::string name, const WaveFormat& format, Pcm pcm)
        : Sink(std::move(name), format), pcm_(std::move(pcm)) {}

    Result<void> write(std::span<const std::byte> bytes) override {
        const std::size_t frame_bytes = format().bytes_per_frame();
        while (bytes.size() >= frame_bytes) {
            const snd_pcm_sframes_t written = snd_pcm_writei(pcm_.get(), bytes.data(), bytes.size() / frame_bytes);
            if (written >= 0) {
                bytes = bytes.subspan(static_cast<std::size_t>(written) * frame_bytes);
                continue;
            }
            underruns_ += written == -EPIPE ? 1 : 0;
            if (const int problem = snd_pcm_recover(pcm_.get(), static_cast<int>(written), 1); problem < 0) {
                return failure(Failure::device_error, fmt::format("{}: {}", name(), snd_strerror(problem)));
            }
        }
        return {};
    }
    Result<void> finish() override {
        int problem = snd_pcm_drain(pcm_.get());
        while (problem == -EINTR) { // by a signal
            problem = snd_pcm_drain(pcm_.get());
        }
        if (problem == -EPIPE) {
            ++underruns_; // the last frames came too late
        } else if (problem < 0) {
            return failure(Failure::device_error, fmt::format("{}: {}", name(), snd_strerror(problem)));
        }
        return {};
    }
    void give_up() override { snd_pcm_drop(pcm_.get()); }
    std::uint64_t underruns() const override { return underruns_; }

private:
    Pcm pcm_;
    std::uint64_t underruns_ = 0;
};

class AlsaSource final : public Source {
public:
    AlsaSource(std::string name, const WaveFormat& format, Pcm pcm)
        : Source(std::move(name), format), pcm_(std::move(pcm)) {}

    Result<std::size_t> read(std::span<std::byte> bytes) override {
        const std::size_t frame_bytes = format().bytes_per_frame();
        std::size_t done = 0;
        while (bytes.size() - done >= frame_bytes) {
            const snd_pcm_sframes_t got =
                snd_pcm_readi(pcm_.get(), bytes.data() + done, (bytes.size() - done) / frame_bytes);
            if (got >= 0) {
                done += static_cast<std::size_t>(got) * frame_bytes;
                continue;
            }
            overruns_ += got == -EPIPE ? 1 : 0;
            if (const int problem = snd_pcm_recover(pcm_.get(), static_cast<int>(got), 1); problem < 0) {
                return failure(Failure::device_error, fmt::format("{}: {}", name(), snd_strerror(problem)));
            }
        }
        return done;
    }
    std::uint64_t overruns() const override { return overruns_; }

private:
    Pcm pcm_;
    std::uint64_t overruns_ = 0;
};

} // namespace

Result<std::unique_ptr<Sink>> open_alsa_sink(const std::string& device, const WaveFormat& format) {
    auto pcm = open_pcm(device, SND_PCM_STREAM_PLAYBACK, format);
    if (!pcm) {
        return pcm.error();
    }
    return std::unique_ptr<Sink>(std::make_unique<AlsaSink>("ALSA device " + device, format, std::move(*pcm)));
}

Result<std::unique_ptr<Source>> open_alsa_source(const std::string& device, const WaveFormat& format) {
    auto pcm = open_pcm(device, SND_PCM_STREAM_CAPTURE, format);
    if (!pcm) {
        return pcm.error();
    }
    return std::unique_ptr<Source>(std::make_unique<AlsaSource>("ALSA device " + device, format, std::move(*pcm)));
}

} // namespace openportcls::endpoints
