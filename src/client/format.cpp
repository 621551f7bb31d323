#include <openportcls/format.hpp>

#include <fmt/format.h>

namespace openportcls {

std::string to_string(const WaveFormat& format) {
    return fmt::format("{} Hz, {} ch, {}", format.rate, format.channels,
                       format.is_float ? std::string("float")
                       : format.valid_bits != 0 && format.valid_bits != format.bits
                           ? fmt::format("{} of {} bit", format.valid_bits, format.bits)
                           : fmt::format("{} bit", format.bits));
}

bool WaveRange::accepts(const WaveFormat& format) const {
    return (format.is_float ? is_float : is_pcm) && format.rate >= minimum_rate && format.rate <= maximum_rate &&
           format.bits >= minimum_bits && format.bits <= maximum_bits && format.channels >= 1 &&
           format.channels <= maximum_channels;
}

std::string to_string(const WaveRange& range) {
    const auto span = [](std::uint32_t low, std::uint32_t high) {
        return low == high ? fmt::format("{}", low) : fmt::format("{} to {}", low, high);
    };
    return fmt::format("{} Hz, up to {} ch, {} {}", span(range.minimum_rate, range.maximum_rate),
                       range.maximum_channels, span(range.minimum_bits, range.maximum_bits),
                       range.is_float && range.is_pcm ? "bit or float"
                       : range.is_float               ? "bit float"
                                                      : "bit");
}

} // namespace openportcls
