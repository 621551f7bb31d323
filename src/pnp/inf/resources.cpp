#include "pnp/inf/resources.h"

#include "base/unicode.h"
#include "pnp/inf/inf_line_splitter.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace openportcls::pnp {
namespace {

std::optional<std::uint64_t> hexadecimal(std::string_view text) {
    text = trim_inf_space(text);
    if (text.size() > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
        text.remove_prefix(2);
    }
    std::uint64_t value = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
    return problem == std::errc{} && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

std::string upper(std::string_view text) {
    std::string result(text);
    std::transform(result.begin(), result.end(), result.begin(),
                   [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 0x20) : c; });
    return result;
}

// "(decode:alias:attr)" of ports, "(attr)" of memory.
bool read_suffix(std::string_view suffix, bool memory, InfAddressRange& range) {
    if (memory) {
        range.attributes = upper(suffix);
        return true;
    }
    const std::size_t first = suffix.find(':');
    const std::string_view mask = trim_inf_space(suffix.substr(0, first));
    if (!mask.empty()) {
        const auto value = hexadecimal(mask);
        if (!value) {
            return false;
        }
        range.decode_mask = static_cast<std::uint32_t>(*value);
    }
    if (first != std::string_view::npos) {
        const std::size_t second = suffix.find(':', first + 1);
        if (second != std::string_view::npos) {
            range.attributes = upper(trim_inf_space(suffix.substr(second + 1)));
        }
    }
    return true;
}

// start-end[(…)] or size@min-max[%align-mask][(…)], all hexadecimal.
std::optional<InfAddressRange> read_range(std::string_view text, bool memory) {
    InfAddressRange range;
    if (const std::size_t open = text.find('('); open != std::string_view::npos) {
        const std::size_t close = text.find(')', open);
        if (close == std::string_view::npos || !read_suffix(text.substr(open + 1, close - open - 1), memory, range)) {
            return std::nullopt;
        }
        text = text.substr(0, open);
    }
    if (const std::size_t percent = text.find('%'); percent != std::string_view::npos) {
        const auto mask = hexadecimal(text.substr(percent + 1));
        if (!mask) {
            return std::nullopt;
        }
        // The mask's lowest set bit is the step between permitted start addresses.
        range.alignment = *mask == 0 ? 1 : *mask & (~*mask + 1);
        text = text.substr(0, percent);
    } else if (memory) {
        range.alignment = 0x1000;
    }
    std::optional<std::uint64_t> size;
    if (const std::size_t at = text.find('@'); at != std::string_view::npos) {
        size = hexadecimal(text.substr(0, at));
        text = text.substr(at + 1);
        if (!size) {
            return std::nullopt;
        }
    }
    const std::size_t dash = text.find('-');
    const auto first = hexadecimal(text.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : hexadecimal(text.substr(dash + 1));
    if (!first || !last || *last < *first) {
        return std::nullopt;
    }
    range.minimum = *first;
    range.maximum = *last;
    range.length = size.value_or(*last - *first + 1);
    if (range.length == 0 || range.length - 1 > range.maximum - range.minimum) {
        return std::nullopt;
    }
    return range;
}

std::optional<InfLineChoice> read_choice(const InfLine& line) {
    InfLineChoice choice;
    for (std::size_t i = 0; i < line.fields.size(); ++i) {
        std::string_view text = line.fields[i];
        if (i == 0) {
            if (const std::size_t colon = text.find(':'); colon != std::string_view::npos) {
                choice.attributes = upper(trim_inf_space(text.substr(0, colon)));
                text = trim_inf_space(text.substr(colon + 1));
            }
        }
        if (text.empty()) {
            continue;
        }
        const auto number = parse_inf_number(text);
        if (!number || *number > 0xFF) {
            return std::nullopt;
        }
        choice.numbers.push_back(static_cast<std::uint32_t>(*number));
    }
    return choice.numbers.empty() ? std::nullopt : std::optional(choice);
}

std::optional<std::vector<InfAddressRange>> read_ranges(const InfLine& line, bool memory) {
    std::vector<InfAddressRange> ranges;
    for (const std::string& field : line.fields) {
        if (field.empty()) {
            continue;
        }
        const auto range = read_range(field, memory);
        if (!range) {
            return std::nullopt;
        }
        ranges.push_back(*range);
    }
    return ranges.empty() ? std::nullopt : std::optional(ranges);
}

template<class T>
bool append_if_valid(std::vector<T>& list, std::optional<T> entry) {
    if (entry) {
        list.push_back(std::move(*entry));
    }
    return entry.has_value();
}

} // namespace

InfLogConfig read_log_config(const InfSection& section, std::vector<InfWarning>& warnings) {
    InfLogConfig config;
    config.name = section.name;
    config.line = section.line;
    for (const InfLine& line : section.lines) {
        const std::string key = ascii_lower(line.key.value_or(""));
        bool valid = true;
        if (key == "configpriority") {
            config.priority = upper(line.field(0));
        } else if (key == "ioconfig") {
            valid = append_if_valid(config.ports, read_ranges(line, false));
        } else if (key == "memconfig") {
            valid = append_if_valid(config.memory, read_ranges(line, true));
        } else if (key == "irqconfig") {
            valid = append_if_valid(config.interrupts, read_choice(line));
        } else if (key == "dmaconfig") {
            valid = append_if_valid(config.dma_channels, read_choice(line));
        } else {
            warnings.push_back({line.number, fmt::format("'{}' in a resource section is ignored", key)});
        }
        if (!valid) {
            warnings.push_back({line.number, fmt::format("the resources of this {} are not understood", *line.key)});
        }
    }
    return config;
}

} // namespace openportcls::pnp
