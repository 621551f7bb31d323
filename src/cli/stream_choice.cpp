#include "cli/stream_choice.h"

#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/status.h"
#include "base/unicode.h"

namespace openportcls::cli {

namespace {

// The less, the better: sound that is lost weighs more than bits that are wasted.
double distance(const WaveFormat& wanted, const WaveFormat& offered) {
    const auto octaves = std::log2(static_cast<double>(offered.rate) / wanted.rate);
    double sum = octaves < 0 ? -40 * octaves : 10 * octaves;
    sum += offered.rate == wanted.rate ? 0 : 10;
    const int channels = offered.channels - wanted.channels;
    sum += channels < 0 ? -20 * channels : 2 * channels;
    const int bits = (offered.bits - wanted.bits) / 8;
    sum += bits < 0 ? -8 * bits : bits;
    sum += offered.is_float == wanted.is_float ? 0 : wanted.is_float ? 4 : 1;
    return sum;
}

std::set<std::uint16_t> widths_of(const WaveRange& range) {
    std::set<std::uint16_t> widths;
    for (std::uint16_t bits = 8; bits <= 32; bits = static_cast<std::uint16_t>(bits + 8)) {
        if (bits >= range.minimum_bits && bits <= range.maximum_bits) {
            widths.insert(bits);
        }
    }
    return widths;
}

// The corners of a range and what is nearest to `wanted` inside it.
std::vector<WaveFormat> formats_of(const WaveRange& range, const WaveFormat& wanted) {
    const std::set<std::uint32_t> rates = {std::clamp(wanted.rate, range.minimum_rate, range.maximum_rate),
                                           range.minimum_rate, range.maximum_rate};
    std::set<std::uint16_t> channel_counts = {std::min(wanted.channels, range.maximum_channels),
                                              range.maximum_channels};
    if (range.maximum_channels >= 2) {
        channel_counts.insert(2); // ranges name the most channels only; stereo is what every driver takes
    }
    const std::set<std::uint16_t> widths = widths_of(range);
    std::vector<WaveFormat> formats;
    const auto add = [&](std::uint32_t rate, std::uint16_t channels, std::uint16_t bits, bool is_float) {
        WaveFormat format;
        format.rate = rate;
        format.channels = std::min<std::uint16_t>(channels, 64);
        format.bits = bits;
        format.is_float = is_float;
        format.channel_mask = format.channels == wanted.channels ? wanted.channel_mask : 0;
        formats.push_back(format);
    };
    for (const std::uint32_t rate : rates) {
        for (const std::uint16_t channels : channel_counts) {
            if (rate == 0 || channels == 0) {
                continue;
            }
            for (const std::uint16_t bits : widths) {
                if (range.is_pcm) {
                    add(rate, channels, bits, false);
                }
                if (range.is_float && bits == 32) {
                    add(rate, channels, bits, true);
                }
            }
        }
    }
    return formats;
}

// Formats to try on a pin with these ranges, the nearest to `wanted` first.
std::vector<WaveFormat> candidates(const WaveFormat& wanted, const std::vector<WaveRange>& ranges) {
    std::vector<WaveFormat> formats;
    for (const WaveRange& range : ranges) {
        for (const WaveFormat& format : formats_of(range, wanted)) {
            if (std::find(formats.begin(), formats.end(), format) == formats.end()) {
                formats.push_back(format);
            }
        }
    }
    std::vector<std::pair<double, std::size_t>> order;
    order.reserve(formats.size());
    for (std::size_t index = 0; index < formats.size(); ++index) {
        order.emplace_back(distance(wanted, formats[index]), index);
    }
    std::sort(order.begin(), order.end());
    // Old drivers want plain WAVEFORMATEX: for each format both ways of writing it down.
    std::vector<WaveFormat> both;
    for (const auto& [ignored, index] : order) {
        const WaveFormat& format = formats[index];
        both.push_back(format);
        if (format.channels <= 2 && format.bits <= 16) {
            both.push_back(format);
            both.back().extensible = false;
        }
    }
    return both;
}

struct FoundPin {
    FilterInfo filter;
    PinInfo pin;
};

std::string wrong_pin(const FilterInfo& filter, const PinInfo& pin, bool is_playing) {
    return pin.is_bridge() ? fmt::format("pin {} of {} is a bridge", pin.id, filter.name)
                           : fmt::format("pin {} of {} does not {}, it {}", pin.id, filter.name,
                                         is_playing ? "play" : "record", is_playing ? "records" : "plays");
}

Result<std::vector<FoundPin>> places(Machine& machine, const StreamWish& wish, PinFlow flow) {
    std::vector<FoundPin> found;
    const bool is_playing = flow == PinFlow::in;
    bool has_filter = wish.filter.empty();
    std::vector<std::string> problems; // one for each filter that has the wished pin
    for (const FilterInfo& info : machine.filters()) {
        if (!wish.filter.empty() && !equal_ignoring_ascii_case(info.name, wish.filter)) {
            continue;
        }
        has_filter = true;
        auto filter = machine.open(info);
        if (!filter) {
            return filter.error();
        }
        const auto pins = filter->pins();
        if (!pins) {
            return pins.error();
        }
        for (const PinInfo& pin : *pins) {
            if (wish.pin != UINT32_MAX ? pin.id == wish.pin
                                       : pin.flow == flow && !pin.is_bridge() && !pin.ranges.empty()) {
                if (pin.flow != flow || pin.is_bridge()) {
                    problems.push_back(wrong_pin(info, pin, is_playing));
                    continue;
                }
                found.push_back({info, pin});
            }
        }
    }
    if (!has_filter) {
        std::string names;
        for (const FilterInfo& info : machine.filters()) {
            names += (names.empty() ? "" : ", ") + info.name;
        }
        return Error{status_no_match,
                     fmt::format("no filter \"{}\"; there is: {}", wish.filter, names.empty() ? "none" : names)};
    }
    if (found.empty()) {
        return Error{status_no_match, !problems.empty()        ? fmt::format("{}", fmt::join(problems, "; "))
                                      : wish.pin != UINT32_MAX ? fmt::format("no filter has a pin {}", wish.pin)
                                                               : fmt::format("the driver has no pin that {}",
                                                                             is_playing ? "plays" : "records")};
    }
    return found;
}

template<class AnyStream>
Result<ChosenStream<AnyStream>> open_stream(Machine& machine, const StreamWish& wish, PinFlow flow) {
    auto possible = places(machine, wish, flow);
    if (!possible) {
        return possible.error();
    }
    const auto attempt = [&](const FoundPin& place, const WaveFormat& format) -> Result<ChosenStream<AnyStream>> {
        auto filter = machine.open(place.filter);
        if (!filter) {
            return filter.error();
        }
        StreamOptions options = wish.options;
        options.pin = place.pin.id;
        auto stream = AnyStream::open(*filter, format, options);
        if (!stream) {
            return stream.error();
        }
        return ChosenStream<AnyStream>{std::move(*filter), std::move(*stream), place.pin.ranges};
    };
    std::optional<Error> first_error;
    std::vector<WaveFormat> as_wished = {wish.format};
    if (wish.format.channels <= 2 && wish.format.bits <= 16) {
        as_wished.push_back(wish.format);
        as_wished.back().extensible = false;
    }
    for (const FoundPin& place : *possible) {
        for (const WaveFormat& format : as_wished) {
            auto opened = attempt(place, format);
            if (opened || machine.crash_report()) {
                return opened;
            }
            if (!first_error) {
                first_error = opened.error();
            }
        }
    }
    for (const FoundPin& place : *possible) {
        for (const WaveFormat& format : candidates(wish.format, place.pin.ranges)) {
            auto opened = attempt(place, format);
            if (opened || machine.crash_report()) {
                return opened;
            }
        }
    }
    return *first_error;
}

} // namespace

Result<ChosenStream<RenderStream>> open_render(Machine& machine, const StreamWish& wish) {
    return open_stream<RenderStream>(machine, wish, PinFlow::in);
}

Result<ChosenStream<CaptureStream>> open_capture(Machine& machine, const StreamWish& wish) {
    return open_stream<CaptureStream>(machine, wish, PinFlow::out);
}

std::string conversion_notice(const WaveFormat& wanted, const WaveFormat& given, const std::vector<WaveRange>& ranges,
                              bool is_playing) {
    const auto only = [&](auto minimum, auto maximum) {
        return std::all_of(ranges.begin(), ranges.end(), [&](const WaveRange& range) {
            return range.*minimum == range.*maximum && range.*minimum == ranges.front().*minimum;
        });
    };
    const auto sample = [](const WaveFormat& format) {
        return format.is_float ? std::string("float") : fmt::format("{} bit", format.bits);
    };
    std::vector<std::pair<std::string, std::string>> changes;
    if (wanted.rate != given.rate) {
        changes.emplace_back(
            fmt::format("{} Hz{}", given.rate, only(&WaveRange::minimum_rate, &WaveRange::maximum_rate) ? " only" : ""),
            fmt::format("{} Hz", wanted.rate));
    }
    if (wanted.channels != given.channels) {
        changes.emplace_back(fmt::format("{} ch", given.channels), fmt::format("{} ch", wanted.channels));
    }
    if (wanted.bits != given.bits || wanted.is_float != given.is_float) {
        changes.emplace_back(sample(given), sample(wanted));
    }
    std::string takes;
    std::string converts;
    for (const auto& [there, here] : changes) {
        takes += (takes.empty() ? "" : ", ") + there;
        converts += (converts.empty() ? "" : ", ") + here;
    }
    return changes.empty() ? std::string()
                           : fmt::format("the driver {} {}: converting {} {}", is_playing ? "takes" : "gives", takes,
                                         is_playing ? "from" : "to", converts);
}

StreamOptions::Mode mode_of(const std::string& name) {
    return name == "raw"       ? StreamOptions::Mode::raw
           : name == "default" ? StreamOptions::Mode::default_mode
                               : StreamOptions::Mode::none;
}

void add_packet_options(CLI::App& command, PacketMode& packets) {
    auto* required = command.add_flag_callback(
        "--packets", [&packets] { packets = PacketMode::required; },
        "fail where the driver has no packet mode (SetWritePacket, GetReadPacket); used where it has one");
    command
        .add_flag_callback(
            "--no-packets", [&packets] { packets = PacketMode::never; }, "go by notifications and positions alone")
        ->excludes(required);
}

} // namespace openportcls::cli
