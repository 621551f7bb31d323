#include "cli/midi_comparison.h"

#include <algorithm>

namespace openportcls::cli {

using std::chrono::nanoseconds;

namespace {

constexpr std::byte first_real_time{0xF8};

// What a cable brought, gone through by what was sent.
class HeardBytes {
public:
    explicit HeardBytes(std::span<const CableByte> bytes) : bytes_(bytes) {}

    // The next one of this one's kind, if it is the same.
    const CableByte* take(std::byte sent) {
        const bool is_real_time = sent >= first_real_time;
        std::size_t& at = is_real_time ? at_real_time_ : at_other_;
        skip(at, is_real_time);
        return at < bytes_.size() && bytes_[at].value == sent ? &bytes_[at++] : nullptr;
    }
    bool has_more() {
        skip(at_real_time_, true);
        skip(at_other_, false);
        return at_real_time_ < bytes_.size() || at_other_ < bytes_.size();
    }

private:
    void skip(std::size_t& at, bool is_real_time) const {
        while (at < bytes_.size() && (bytes_[at].value >= first_real_time) != is_real_time) {
            ++at;
        }
    }

    std::span<const CableByte> bytes_;
    std::size_t at_real_time_ = 0;
    std::size_t at_other_ = 0;
};

// The message's first byte; empty when not all of them came.
std::optional<CableByte> take_message(HeardBytes& heard, std::span<const std::byte> bytes) {
    std::optional<CableByte> first;
    for (const std::byte byte : bytes) {
        const CableByte* const came = heard.take(byte);
        if (came == nullptr) {
            return {};
        }
        first = first ? first : *came;
    }
    return first;
}

} // namespace

nanoseconds cable_end(std::span<const MidiMessage> sent) {
    nanoseconds end{};
    for (const MidiMessage& message : sent) {
        end = std::max(message.time, end) + static_cast<std::int64_t>(message.bytes.size()) * cable_byte_time;
    }
    return end;
}

std::size_t least_bytes(std::span<const MidiMessage> sent) {
    constexpr std::byte first_status{0x80};
    constexpr std::byte first_system{0xF0};
    std::size_t bytes = 0;
    std::byte running{}; // none
    for (const MidiMessage& message : sent) {
        bytes += message.bytes.size();
        const std::byte status = message.bytes.empty() ? first_real_time : message.bytes.front();
        if (status >= first_real_time) {
            continue; // wherever it may be
        }
        if (status >= first_status && status < first_system && status == running) {
            --bytes;
        }
        running = status < first_system ? status : std::byte{};
    }
    return bytes;
}

MidiComparison compare_midi(std::span<const MidiMessage> sent, std::span<const CableByte> heard_bytes) {
    MidiComparison result;
    result.sent = sent.size();
    HeardBytes heard(heard_bytes);
    nanoseconds cable_is_free{};
    nanoseconds sum{};
    std::int64_t timed = 0;
    for (const MidiMessage& message : sent) {
        const auto first = take_message(heard, message.bytes);
        if (!first && !message.bytes.empty()) {
            result.first_difference = result.arrived;
            break;
        }
        ++result.arrived;
        const nanoseconds begin = std::max(message.time, cable_is_free);
        cable_is_free = begin + static_cast<std::int64_t>(message.bytes.size()) * cable_byte_time;
        if (first && first->is_timed) {
            const nanoseconds delay = first->time - message.time;
            result.longest_delay = std::max(result.longest_delay, delay);
            result.farthest_off = std::max(result.farthest_off, nanoseconds(std::chrono::abs(first->time - begin)));
            sum += delay;
            ++timed;
        }
    }
    result.has_more = !result.first_difference && heard.has_more();
    result.mean_delay = timed != 0 ? sum / timed : nanoseconds(0);
    return result;
}

void append_cable_bytes(const MidiMessage& message, nanoseconds time, std::vector<CableByte>& bytes) {
    for (std::size_t index = 0; index < message.bytes.size(); ++index) {
        bytes.push_back({time + static_cast<std::int64_t>(index) * cable_byte_time, message.bytes[index], index == 0});
    }
}

} // namespace openportcls::cli
