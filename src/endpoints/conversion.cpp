#include "endpoints/conversion.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <soxr.h>

#include "endpoints/errors.h"
#include "endpoints/sample_code.h"

namespace openportcls::endpoints {

struct Converter::Resampler {
    soxr_t state = nullptr;
    ~Resampler() { soxr_delete(state); }
};

Converter::Converter(const WaveFormat& from, const WaveFormat& to) : from_(from), to_(to) {}
Converter::Converter(Converter&&) noexcept = default;
Converter& Converter::operator=(Converter&&) noexcept = default;
Converter::~Converter() = default;

Result<Converter> Converter::create(const WaveFormat& from, const WaveFormat& to) {
    Converter converter(from, to);
    if (from.rate != to.rate) {
        const soxr_io_spec_t samples = soxr_io_spec(SOXR_FLOAT64_I, SOXR_FLOAT64_I);
        const soxr_quality_spec_t quality = soxr_quality_spec(SOXR_VHQ, 0);
        soxr_error_t problem = nullptr;
        converter.resampler_ = std::make_unique<Resampler>();
        converter.resampler_->state =
            soxr_create(from.rate, to.rate, to.channels, &problem, &samples, &quality, nullptr);
        if (problem != nullptr) {
            return failure(Failure::not_supported,
                           fmt::format("cannot convert {} to {} Hz: {}", from.rate, to.rate, problem));
        }
    }
    return converter;
}

namespace {

// One channel goes everywhere; to one channel all are averaged; otherwise channels keep their places.
void mix_frame(const double* in, unsigned in_channels, double* out, unsigned out_channels) {
    if (in_channels == 1) {
        std::fill_n(out, out_channels, in[0]);
    } else if (out_channels == 1) {
        double sum = 0;
        for (unsigned channel = 0; channel < in_channels; ++channel) {
            sum += in[channel];
        }
        out[0] = sum / in_channels;
    } else {
        for (unsigned channel = 0; channel < out_channels; ++channel) {
            out[channel] = channel < in_channels ? in[channel] : 0.0;
        }
    }
}

} // namespace

void Converter::encode(std::span<const double> samples, std::vector<std::byte>& out) const {
    const std::size_t width = to_.bits / 8U;
    std::size_t at = out.size();
    out.resize(at + samples.size() * width);
    for (const double sample : samples) {
        encode_sample(out.data() + at, sample, to_);
        at += width;
    }
}

Result<void> Converter::resample(const double* samples, std::size_t frames, std::vector<std::byte>& out) {
    std::size_t consumed = 0;
    do {
        resampled_.resize(std::size_t{4096} * to_.channels);
        std::size_t used = 0;
        std::size_t made = 0;
        const double* from = samples == nullptr ? nullptr : samples + consumed * to_.channels;
        if (const soxr_error_t problem =
                soxr_process(resampler_->state, from, frames - consumed, &used, resampled_.data(), 4096, &made)) {
            return failure(Failure::data_error, fmt::format("rate conversion: {}", problem));
        }
        consumed += used;
        encode(std::span(resampled_).first(made * to_.channels), out);
        if (made == 0 && used == 0) {
            break;
        }
    } while (consumed < frames || samples == nullptr);
    return {};
}

Result<void> Converter::convert(std::span<const std::byte> bytes, std::vector<std::byte>& out) {
    const std::size_t width = from_.bits / 8U;
    const std::size_t frames = bytes.size() / from_.bytes_per_frame();
    mixed_.resize(frames * to_.channels);
    std::vector<double> frame(from_.channels);
    const std::byte* sample = bytes.data();
    for (std::size_t index = 0; index < frames; ++index) {
        for (double& value : frame) {
            value = decode_sample(sample, from_);
            sample += width;
        }
        mix_frame(frame.data(), from_.channels, mixed_.data() + index * to_.channels, to_.channels);
    }
    if (resampler_ == nullptr) {
        encode(mixed_, out);
        return {};
    }
    return frames == 0 ? Result<void>() : resample(mixed_.data(), frames, out);
}

Result<void> Converter::finish(std::vector<std::byte>& out) {
    return resampler_ == nullptr ? Result<void>() : resample(nullptr, 0, out);
}

namespace {

class ConvertingSource final : public Source {
public:
    ConvertingSource(std::unique_ptr<Source> source, const WaveFormat& to, Converter converter)
        : Source(source->name(), to), source_(std::move(source)), converter_(std::move(converter)) {}

    std::optional<std::uint64_t> frames() const override {
        const auto original = source_->frames();
        if (!original) {
            return original;
        }
        return static_cast<std::uint64_t>(
            std::llround(static_cast<double>(*original) * format().rate / source_->format().rate));
    }

    Result<std::size_t> read(std::span<std::byte> bytes) override {
        while (ready_.size() < bytes.size() && !ended_) {
            input_.resize(std::size_t{4096} * source_->format().bytes_per_frame());
            const auto got = source_->read(input_);
            if (!got) {
                return got.error();
            }
            ended_ = *got < input_.size();
            if (auto done = converter_.convert(std::span(input_).first(*got), ready_); !done) {
                return done.error();
            }
            if (ended_) {
                if (auto done = converter_.finish(ready_); !done) {
                    return done.error();
                }
            }
        }
        const std::size_t count = std::min(bytes.size(), ready_.size());
        std::copy_n(ready_.begin(), count, bytes.begin());
        ready_.erase(ready_.begin(), ready_.begin() + static_cast<std::ptrdiff_t>(count));
        return count;
    }

private:
    std::unique_ptr<Source> source_;
    Converter converter_;
    std::vector<std::byte> input_;
    std::vector<std::byte> ready_;
    bool ended_ = false;
};

} // namespace

Result<std::unique_ptr<Source>> convert_source(std::unique_ptr<Source> source, const WaveFormat& to) {
    auto converter = Converter::create(source->format(), to);
    if (!converter) {
        return converter.error();
    }
    return std::unique_ptr<Source>(std::make_unique<ConvertingSource>(std::move(source), to, std::move(*converter)));
}

} // namespace openportcls::endpoints
