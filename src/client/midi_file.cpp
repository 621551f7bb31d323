#include <openportcls/midi_file.hpp>

#include <algorithm>
#include <cstring>
#include <string>

#include <fmt/format.h>

#include <wdm.h>

#include "base/host_file.h"

namespace openportcls {

namespace {

using std::chrono::nanoseconds;

constexpr std::uint32_t default_tempo = 500'000; // microseconds a quarter note
constexpr unsigned header_bytes = 6;

// A file being read; the first thing that is wrong ends it.
class Reader {
public:
    Reader(std::span<const std::byte> bytes, std::string_view name) : bytes_(bytes), name_(name) {}

    std::size_t at() const { return at_; }
    std::size_t left() const { return end_of_chunk_ - at_; }
    bool has_failed() const { return has_failed_; }
    const Error& error() const { return error_; }

    void fail(std::size_t offset, std::string_view what) {
        if (!has_failed_) {
            has_failed_ = true;
            error_ = {STATUS_FILE_CORRUPT_ERROR, fmt::format("{}: offset {}: {}", name_, offset, what)};
        }
        at_ = end_of_chunk_;
    }
    std::uint8_t byte() {
        if (left() == 0) {
            fail(at_, "the data ends in the middle of something");
            return 0;
        }
        return std::to_integer<std::uint8_t>(bytes_[at_++]);
    }
    std::uint32_t number(unsigned count) {
        std::uint32_t value = 0;
        for (; count != 0; --count) {
            value = value << 8 | byte();
        }
        return value;
    }
    // A variable-length quantity: four bytes at most.
    std::uint32_t quantity() {
        const std::size_t begin = at_;
        std::uint32_t value = 0;
        for (int i = 0; i < 4; ++i) {
            const std::uint8_t part = byte();
            value = value << 7 | (part & 0x7FU);
            if ((part & 0x80) == 0) {
                return value;
            }
        }
        fail(begin, "a number is longer than four bytes");
        return 0;
    }
    std::span<const std::byte> take(std::size_t count, std::string_view what) {
        if (count > left()) {
            fail(at_, fmt::format("{} is {} bytes long, but {} are left", what, count, left()));
            return {};
        }
        const auto taken = bytes_.subspan(at_, count);
        at_ += count;
        return taken;
    }
    // The next chunk; what follows is read from inside it. False at the end of the file.
    bool open_chunk(std::string& type) {
        at_ = end_of_chunk_;
        end_of_chunk_ = bytes_.size();
        if (left() == 0 || has_failed_) {
            return false;
        }
        constexpr std::size_t type_bytes = 4;
        const auto letters = take(type_bytes, "a chunk's type");
        type.assign(reinterpret_cast<const char*>(letters.data()), letters.size());
        const std::size_t length_at = at_;
        const std::uint32_t length = number(4);
        if (has_failed_) {
            return false;
        }
        if (length > left()) {
            fail(length_at, fmt::format("the chunk is {} bytes long, but {} are left", length, left()));
            return false;
        }
        end_of_chunk_ = at_ + length;
        return true;
    }

private:
    std::span<const std::byte> bytes_;
    std::string_view name_;
    std::size_t at_ = 0;
    std::size_t end_of_chunk_ = 0;
    bool has_failed_ = false;
    Error error_;
};

struct FileEvent {
    std::uint64_t tick = 0;
    std::uint32_t tempo = 0; // not 0: this and no message
    std::vector<std::byte> bytes;
    std::size_t order = 0; // among those of its tick
};

struct Track {
    std::vector<FileEvent> events;
    std::uint64_t length = 0; // ticks
};

unsigned data_bytes(std::uint8_t status) {
    const unsigned kind = status & 0xF0U;
    return kind == 0xC0 || kind == 0xD0 ? 1 : 2;
}

void read_meta(Reader& reader, std::uint64_t tick, Track& track, bool& ended) {
    constexpr std::uint8_t end_of_track = 0x2F;
    constexpr std::uint8_t set_tempo = 0x51;
    const std::size_t begin = reader.at();
    const std::uint8_t type = reader.byte();
    const std::uint32_t length = reader.quantity();
    const auto data = reader.take(length, "a meta event");
    if (type == end_of_track) {
        ended = true;
    } else if (type == set_tempo && !reader.has_failed()) {
        if (data.size() != 3) {
            reader.fail(begin, fmt::format("a tempo has three bytes, not {}", data.size()));
            return;
        }
        const auto part = [&](int i) { return std::to_integer<std::uint32_t>(data[static_cast<std::size_t>(i)]); };
        const std::uint32_t tempo = part(0) << 16 | part(1) << 8 | part(2);
        if (tempo == 0) {
            reader.fail(begin, "a tempo of zero");
            return;
        }
        track.events.push_back({tick, tempo, {}});
    }
}

// F0: the message's beginning; F7: whatever bytes follow, as they are.
void read_exclusive(Reader& reader, std::uint8_t status, std::uint64_t tick, Track& track) {
    const std::uint32_t length = reader.quantity();
    const auto data = reader.take(length, "a system exclusive message");
    FileEvent event{tick, 0, {}};
    if (status == 0xF0) {
        event.bytes.push_back(std::byte{0xF0});
    }
    event.bytes.insert(event.bytes.end(), data.begin(), data.end());
    if (!event.bytes.empty()) {
        track.events.push_back(std::move(event));
    }
}

void read_channel_message(Reader& reader, std::size_t begin, std::uint8_t first, std::uint8_t& running,
                          std::uint64_t tick, Track& track) {
    FileEvent event{tick, 0, {}};
    unsigned wanted = 0;
    if (first >= 0x80) {
        running = first;
        wanted = data_bytes(running);
        event.bytes = {std::byte{first}};
    } else if (running != 0) {
        wanted = data_bytes(running) - 1;
        event.bytes = {std::byte{running}, std::byte{first}};
    } else {
        reader.fail(begin, fmt::format("data byte {:#04x} without a status", first));
        return;
    }
    for (; wanted != 0; --wanted) {
        const std::size_t at = reader.at();
        const std::uint8_t data = reader.byte();
        if (data >= 0x80) {
            reader.fail(at, fmt::format("status {:#04x} where a data byte is due", data));
            return;
        }
        event.bytes.push_back(std::byte{data});
    }
    if (!reader.has_failed()) {
        track.events.push_back(std::move(event));
    }
}

Track read_track(Reader& reader) {
    Track track;
    std::uint64_t tick = 0;
    std::uint8_t running = 0;
    bool ended = false;
    while (!ended && reader.left() != 0) {
        tick += reader.quantity();
        const std::size_t begin = reader.at();
        const std::uint8_t first = reader.byte();
        if (first == 0xFF) {
            running = 0;
            read_meta(reader, tick, track, ended);
        } else if (first == 0xF0 || first == 0xF7) {
            running = 0;
            read_exclusive(reader, first, tick, track);
        } else if (first > 0xF0) {
            reader.fail(begin, fmt::format("status {:#04x} has no place in a file", first));
        } else {
            read_channel_message(reader, begin, first, running, tick, track);
        }
    }
    track.length = tick;
    return track;
}

// How long ticks are.
struct Division {
    std::uint32_t ticks_per_beat = 0; // of a quarter note; 0: by frames
    std::uint32_t ticks_per_second = 0;
    bool drops_frames = false; // 29.97 a second
};

Division read_division(Reader& reader, std::size_t at, std::uint32_t value) {
    Division division;
    if ((value & 0x8000) == 0) {
        division.ticks_per_beat = value;
        if (value == 0) {
            reader.fail(at, "a quarter note of no ticks");
        }
        return division;
    }
    constexpr std::uint32_t drop_frame = 29;
    const std::uint32_t frames = 0x100 - (value >> 8);
    const std::uint32_t parts = value & 0xFF;
    if ((frames != 24 && frames != 25 && frames != drop_frame && frames != 30) || parts == 0) {
        reader.fail(at, fmt::format("a division of {} frames a second in {} ticks", frames, parts));
        return division;
    }
    division.drops_frames = frames == drop_frame;
    division.ticks_per_second = (division.drops_frames ? 30 : frames) * parts;
    return division;
}

class TempoMap {
public:
    explicit TempoMap(const Division& division) : division_(division) {}

    nanoseconds time_of(std::uint64_t tick) const {
        const auto ticks = static_cast<unsigned __int128>(tick - base_tick_);
        unsigned __int128 passed = 0;
        if (division_.ticks_per_beat != 0) {
            passed = ticks * tempo_ * 1000 / division_.ticks_per_beat;
        } else {
            constexpr unsigned second = 1'000'000'000;
            passed = ticks * second * (division_.drops_frames ? 1001 : 1000) / 1000 / division_.ticks_per_second;
        }
        const auto room = static_cast<unsigned __int128>((longest - base_).count());
        return base_ + nanoseconds(static_cast<std::int64_t>(std::min(passed, room)));
    }
    void set_tempo(std::uint64_t tick, std::uint32_t tempo) {
        base_ = time_of(tick);
        base_tick_ = tick;
        tempo_ = tempo;
    }

private:
    static constexpr nanoseconds longest = std::chrono::hours(24 * 365); // what is later plays then

    Division division_;
    std::uint64_t base_tick_ = 0;
    nanoseconds base_{};
    std::uint32_t tempo_ = default_tempo;
};

// All tracks in one: by tick, tempos before what is played at their tick, then by track.
std::vector<FileEvent> merged(std::vector<Track>& tracks) {
    std::vector<FileEvent> all;
    for (Track& track : tracks) {
        std::move(track.events.begin(), track.events.end(), std::back_inserter(all));
    }
    for (std::size_t i = 0; i < all.size(); ++i) {
        all[i].order = i;
    }
    std::sort(all.begin(), all.end(), [](const FileEvent& a, const FileEvent& b) {
        if (a.tick != b.tick) {
            return a.tick < b.tick;
        }
        return (a.tempo != 0) != (b.tempo != 0) ? a.tempo != 0 : a.order < b.order;
    });
    return all;
}

MidiFile timed(std::vector<Track> tracks, const Division& division) {
    MidiFile file;
    std::uint64_t length = 0;
    for (const Track& track : tracks) {
        length = std::max(length, track.length);
    }
    TempoMap map(division);
    for (FileEvent& event : merged(tracks)) {
        if (event.tempo != 0) {
            map.set_tempo(event.tick, event.tempo);
            continue;
        }
        MidiMessage& message = file.messages.emplace_back();
        message.time = map.time_of(event.tick);
        message.bytes = std::move(event.bytes);
    }
    file.length = map.time_of(length);
    return file;
}

} // namespace

Result<MidiFile> parse_midi_file(std::span<const std::byte> bytes, std::string_view name) {
    Reader reader(bytes, name);
    std::string type;
    constexpr std::string_view header = "MThd"; // else the length that follows is none
    const bool has_header =
        bytes.size() >= header.size() && std::memcmp(bytes.data(), header.data(), header.size()) == 0;
    if (!has_header || !reader.open_chunk(type) || reader.left() < header_bytes) {
        return reader.has_failed()
                   ? reader.error()
                   : Error{STATUS_FILE_CORRUPT_ERROR, fmt::format("{}: offset 0: this is no standard MIDI file", name)};
    }
    const std::size_t format_at = reader.at();
    const auto format = static_cast<std::uint16_t>(reader.number(2));
    const auto count = static_cast<std::uint16_t>(reader.number(2));
    const std::size_t division_at = reader.at();
    const Division division = read_division(reader, division_at, reader.number(2));
    if (format > 1) {
        return Error{STATUS_NOT_SUPPORTED,
                     fmt::format("{}: offset {}: format {}; 0 and 1 can be played", name, format_at, format)};
    }
    std::vector<Track> tracks;
    while (tracks.size() < count && reader.open_chunk(type)) {
        if (type == "MTrk") { // others are to be passed over
            tracks.push_back(read_track(reader));
        }
    }
    if (!reader.has_failed() && tracks.size() < count) {
        reader.fail(bytes.size(), fmt::format("{} of {} tracks are there", tracks.size(), count));
    }
    if (reader.has_failed()) {
        return reader.error();
    }
    MidiFile file = timed(std::move(tracks), division);
    file.format = format;
    file.tracks = count;
    return file;
}

Result<MidiFile> read_midi_file(const std::filesystem::path& path) {
    const Result<std::string> content = read_host_file(path);
    if (!content) {
        return content.error();
    }
    return parse_midi_file(std::as_bytes(std::span(*content)), path.string());
}

} // namespace openportcls
