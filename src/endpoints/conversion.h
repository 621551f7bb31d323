// Sound in one format as a source in another, for drivers that refuse the first.
#pragma once

#include <vector>

#include "endpoints/endpoint.h"

namespace openportcls::endpoints {

// Rate through soxr (very high quality), channels and widths here. Widening is exact; narrowing rounds and saturates.
class Converter {
public:
    static Result<Converter> create(const WaveFormat& from, const WaveFormat& to);
    Converter(Converter&&) noexcept;
    Converter& operator=(Converter&&) noexcept;
    ~Converter();

    // Appends to `out` what can be made of `frames` so far.
    Result<void> convert(std::span<const std::byte> frames, std::vector<std::byte>& out);
    // Appends what the rate conversion still holds.
    Result<void> finish(std::vector<std::byte>& out);

private:
    Converter(const WaveFormat& from, const WaveFormat& to);
    void encode(std::span<const double> samples, std::vector<std::byte>& out) const;
    Result<void> resample(const double* samples, std::size_t frames, std::vector<std::byte>& out);

    struct Resampler;
    WaveFormat from_;
    WaveFormat to_;
    std::unique_ptr<Resampler> resampler_;
    std::vector<double> mixed_;
    std::vector<double> resampled_;
};

Result<std::unique_ptr<Source>> convert_source(std::unique_ptr<Source> source, const WaveFormat& to);

} // namespace openportcls::endpoints
