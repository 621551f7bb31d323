// KSMUSICFORMAT and DMUS_EVENTHEADER buffers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <openportcls/midi.hpp>

namespace openportcls::client {

// 100 ns units, as KSSTREAM_HEADER::PresentationTime has them.
using StreamTime = std::int64_t;

StreamTime to_stream_time(std::chrono::nanoseconds time);

// Appends to `buffer`; `begin` is the buffer's presentation time.
void pack_messages(MidiPinKind kind, std::span<const MidiMessage> messages, StreamTime begin,
                   std::vector<std::byte>& buffer);

// Appends what lies in the buffer; what is not whole at its end is left out. `in_exclusive`: a system exclusive message
// has begun and not ended, before the buffer and behind it.
void unpack_messages(MidiPinKind kind, std::span<const std::byte> buffer, StreamTime begin, bool& in_exclusive,
                     std::vector<MidiMessage>& messages);

} // namespace openportcls::client
