// One sample in the widths a stream can have, and packing of 24 bits.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include <openportcls/format.hpp>

namespace openportcls::endpoints {

inline void put_24_bits(std::byte* to, std::int32_t value) {
    to[0] = static_cast<std::byte>(value);
    to[1] = static_cast<std::byte>(value >> 8);
    to[2] = static_cast<std::byte>(value >> 16);
}

inline std::int32_t get_24_bits(const std::byte* from) {
    const auto bits = static_cast<std::uint32_t>(from[0]) << 8 | static_cast<std::uint32_t>(from[1]) << 16 |
                      static_cast<std::uint32_t>(from[2]) << 24;
    return static_cast<std::int32_t>(bits) >> 8;
}

// -1 to 1.
inline double decode_sample(const std::byte* from, const WaveFormat& format) {
    switch (format.bits) {
    case 8:
        return (static_cast<int>(*from) - 128) / 128.0;
    case 16: {
        std::int16_t value;
        std::memcpy(&value, from, sizeof value);
        return value / 32768.0;
    }
    case 24:
        return get_24_bits(from) / 8388608.0;
    default:
        break;
    }
    if (format.is_float) {
        float value;
        std::memcpy(&value, from, sizeof value);
        return value;
    }
    std::int32_t value;
    std::memcpy(&value, from, sizeof value);
    return value / 2147483648.0;
}

inline void encode_sample(std::byte* to, double sample, const WaveFormat& format) {
    if (format.is_float) {
        const auto value = static_cast<float>(sample);
        std::memcpy(to, &value, sizeof value);
        return;
    }
    const double scale = std::ldexp(1.0, format.bits - 1);
    const double scaled = std::clamp(std::nearbyint(sample * scale), -scale, scale - 1.0);
    const auto value = static_cast<std::int32_t>(scaled);
    switch (format.bits) {
    case 8:
        *to = static_cast<std::byte>(value + 128);
        break;
    case 16: {
        const auto narrow = static_cast<std::int16_t>(value);
        std::memcpy(to, &narrow, sizeof narrow);
        break;
    }
    case 24:
        put_24_bits(to, value);
        break;
    default:
        std::memcpy(to, &value, sizeof value);
        break;
    }
}

} // namespace openportcls::endpoints
