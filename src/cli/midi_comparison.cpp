#include "cli/midi_comparison.h"

#include <algorithm>

namespace openportcls::cli {

using std::chrono::nanoseconds;

MidiComparison compare_midi(std::span<const MidiMessage> sent, std::span<const CableByte> heard) {
    MidiComparison result;
    result.sent = sent.size();
    std::size_t at = 0;
    nanoseconds cable_is_free{};
    nanoseconds sum{};
    for (const MidiMessage& message : sent) {
        const std::size_t left = std::min(heard.size() - at, message.bytes.size());
        const auto came = heard.subspan(at, left);
        const bool is_same = std::ranges::equal(came, message.bytes, {}, &CableByte::value);
        if (!is_same) {
            result.first_difference = result.arrived;
            break;
        }
        const nanoseconds begin = std::max(message.time, cable_is_free);
        cable_is_free = begin + static_cast<std::int64_t>(message.bytes.size()) * cable_byte_time;
        if (!came.empty()) {
            const nanoseconds delay = came.front().time - message.time;
            result.longest_delay = std::max(result.longest_delay, delay);
            sum += delay;
            const nanoseconds off = std::chrono::abs(came.front().time - begin);
            result.farthest_off = std::max(result.farthest_off, off);
        }
        at += message.bytes.size();
        ++result.arrived;
    }
    result.has_more = !result.first_difference && at < heard.size();
    if (result.arrived != 0) {
        result.mean_delay = sum / static_cast<std::int64_t>(result.arrived);
    }
    return result;
}

void append_cable_bytes(const MidiMessage& message, nanoseconds time, std::vector<CableByte>& bytes) {
    for (std::size_t index = 0; index < message.bytes.size(); ++index) {
        bytes.push_back({time + static_cast<std::int64_t>(index) * cable_byte_time, message.bytes[index]});
    }
}

} // namespace openportcls::cli
