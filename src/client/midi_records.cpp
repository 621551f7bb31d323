#include "client/midi_records.h"

#include <algorithm>
#include <cstring>

#include <dmusbuff.h>
#include <ks.h>
#include <ksmedia.h>

namespace openportcls::client {

namespace {

constexpr StreamTime millisecond = 10'000;
constexpr std::size_t largest_inline = 3; // a message that is no system exclusive one
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

bool is_one_message(std::span<const std::byte> bytes) {
    return bytes.size() <= largest_inline || (bytes.front() == exclusive_begin && bytes.back() == exclusive_end);
}

// Of a system exclusive message that is cut, every part but the last lacks the end.
bool is_cut(std::span<const std::byte> bytes, bool was_cut) {
    return !bytes.empty() && (bytes.front() == exclusive_begin || was_cut) && bytes.back() != exclusive_end &&
           (was_cut ? (bytes.front() & std::byte{0x80}) == std::byte{} : true);
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

void unpack_messages(MidiPinKind kind, std::span<const std::byte> buffer, StreamTime begin,
                     std::vector<MidiMessage>& messages) {
    constexpr std::int64_t unit = 100;
    StreamTime time = begin;
    bool was_cut = !messages.empty() && messages.back().goes_on;
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
        message.goes_on = is_cut(message.bytes, was_cut);
        was_cut = message.goes_on;
        messages.push_back(std::move(message));
        at = std::min((at + count + alignment - 1) / alignment * alignment, buffer.size());
    }
}

} // namespace openportcls::client
