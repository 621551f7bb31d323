#include "client/midi_records.h"

#include <algorithm>
#include <cstring>

#include <dmusbuff.h>
#include <ks.h>
#include <ksmedia.h>

namespace openportcls::client {

namespace {

constexpr StreamTime millisecond = 10'000;
constexpr std::byte exclusive_begin{0xF0};
constexpr std::byte exclusive_end{0xF7};

template<class Record>
void append(std::vector<std::byte>& buffer, const Record& record, std::span<const std::byte> bytes,
            std::size_t alignment) {
    const auto* const head = reinterpret_cast<const std::byte*>(&record);
    buffer.insert(buffer.end(), head, head + sizeof record);
    buffer.insert(buffer.end(), bytes.begin(), bytes.end());
    buffer.resize((buffer.size() + alignment - 1) / alignment * alignment);
}

bool is_data(std::byte byte) {
    return (byte & std::byte{0x80}) == std::byte{};
}

// How long a message with this first byte is; 0: none begins so, or it is a system exclusive one.
std::size_t message_bytes(std::byte status) {
    const unsigned value = std::to_integer<unsigned>(status);
    if (value < 0x80) {
        return 0;
    }
    constexpr std::uint8_t channel[] = {3, 3, 3, 3, 2, 2, 3};                           // 8x to Ex
    constexpr std::uint8_t system[] = {0, 2, 3, 2, 0, 0, 1, 0, 1, 1, 1, 1, 1, 1, 1, 1}; // F0 to FF
    return value < 0xF0 ? channel[value / 16 - 8] : system[value - 0xF0];
}

// Such a one passes the driver as it is. Of the parts of a divided system exclusive message none does, however short.
bool is_one_message(std::span<const std::byte> bytes) {
    if (bytes.empty()) {
        return false;
    }
    if (bytes.front() == exclusive_begin) {
        return bytes.size() > 1 && bytes.back() == exclusive_end;
    }
    return bytes.size() == message_bytes(bytes.front()) && std::ranges::all_of(bytes.subspan(1), is_data);
}

// Whether the message is a part of a system exclusive one and not its last. Real-time messages come between the parts.
bool goes_on(std::span<const std::byte> bytes, bool& in_exclusive) {
    constexpr std::byte first_real_time{0xF8};
    if (bytes.empty() || bytes.front() >= first_real_time) {
        return false;
    }
    in_exclusive =
        (bytes.front() == exclusive_begin || (in_exclusive && is_data(bytes.front()))) && bytes.back() != exclusive_end;
    return in_exclusive;
}

} // namespace

StreamTime to_stream_time(std::chrono::nanoseconds time) {
    constexpr std::int64_t unit = 100;
    return time.count() / unit;
}

void pack_messages(MidiPinKind kind, std::span<const MidiMessage> messages, StreamTime begin,
                   std::vector<std::byte>& buffer) {
    StreamTime before = begin;
    for (const MidiMessage& message : messages) {
        const StreamTime time = to_stream_time(message.time);
        const auto bytes = static_cast<std::uint32_t>(message.bytes.size());
        if (kind == MidiPinKind::direct_music) {
            const DMUS_EVENTHEADER record = {bytes, message.channel_group, time - begin,
                                             is_one_message(message.bytes) ? DMUS_EVENT_STRUCTURED : DWORD{0}};
            append(buffer, record, message.bytes, sizeof(std::uint64_t));
        } else {
            // To the nearest millisecond of the sum, so that nothing drifts.
            const StreamTime delta =
                std::clamp<StreamTime>((time - before + millisecond / 2) / millisecond, 0, MAXULONG);
            before += delta * millisecond;
            append(buffer, KSMUSICFORMAT{static_cast<ULONG>(delta), bytes}, message.bytes, sizeof(std::uint32_t));
        }
    }
}

void unpack_messages(MidiPinKind kind, std::span<const std::byte> buffer, StreamTime begin, bool& in_exclusive,
                     std::vector<MidiMessage>& messages) {
    constexpr std::int64_t unit = 100;
    StreamTime time = begin;
    std::size_t at = 0;
    for (;;) {
        MidiMessage message;
        std::size_t count = 0;
        std::size_t alignment = sizeof(std::uint32_t);
        if (kind == MidiPinKind::direct_music) {
            DMUS_EVENTHEADER record;
            if (buffer.size() - at < sizeof record) {
                return;
            }
            std::memcpy(&record, buffer.data() + at, sizeof record);
            at += sizeof record;
            count = record.cbEvent;
            message.channel_group = record.dwChannelGroup;
            time = begin + record.rtDelta;
            alignment = sizeof(std::uint64_t);
        } else {
            KSMUSICFORMAT record;
            if (buffer.size() - at < sizeof record) {
                return;
            }
            std::memcpy(&record, buffer.data() + at, sizeof record);
            at += sizeof record;
            count = record.ByteCount;
            time += record.TimeDeltaMs * millisecond;
        }
        if (count > buffer.size() - at) {
            return;
        }
        message.time = std::chrono::nanoseconds(time * unit);
        message.bytes.assign(buffer.begin() + static_cast<std::ptrdiff_t>(at),
                             buffer.begin() + static_cast<std::ptrdiff_t>(at + count));
        message.goes_on = goes_on(message.bytes, in_exclusive);
        messages.push_back(std::move(message));
        at = std::min((at + count + alignment - 1) / alignment * alignment, buffer.size());
    }
}

} // namespace openportcls::client
