#include <openportcls/midi_file.hpp>

#include <string>

#include <gmock/gmock.h>

namespace openportcls {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using Bytes = std::vector<std::byte>;

namespace {

Bytes bytes(std::initializer_list<int> values) {
    Bytes result;
    for (const int value : values) {
        result.push_back(static_cast<std::byte>(value));
    }
    return result;
}

Bytes chunk(std::string_view type, const Bytes& content) {
    Bytes result;
    for (const char letter : type) {
        result.push_back(static_cast<std::byte>(letter));
    }
    for (int shift = 24; shift >= 0; shift -= 8) {
        result.push_back(static_cast<std::byte>(content.size() >> shift));
    }
    result.insert(result.end(), content.begin(), content.end());
    return result;
}

Bytes file(int format, int division, const std::vector<Bytes>& tracks) {
    Bytes result =
        chunk("MThd", bytes({0, format, 0, static_cast<int>(tracks.size()), division >> 8, division & 0xFF}));
    for (const Bytes& track : tracks) {
        const Bytes part = chunk("MTrk", track);
        result.insert(result.end(), part.begin(), part.end());
    }
    return result;
}

const Bytes end_of_track = bytes({0, 0xFF, 0x2F, 0});

Bytes operator+(Bytes a, const Bytes& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

std::string failure(const Bytes& content) {
    const auto parsed = parse_midi_file(content, "song.mid");
    return parsed ? "none" : parsed.error().message;
}

// Folders and what cannot be read, as well: an error with the path, and no exception.
TEST(MidiFile, WhatCannotBeReadIsAnError) {
    const auto folder = read_midi_file("/");
    ASSERT_FALSE(folder);
    EXPECT_THAT(folder.error().message, testing::HasSubstr("/: Is a directory"));
    const auto unmapped = read_midi_file("/proc/self/mem"); // address 0
    ASSERT_FALSE(unmapped);
    EXPECT_THAT(unmapped.error().message, testing::HasSubstr("/proc/self/mem: "));
    const auto missing = read_midi_file("/nowhere.mid");
    ASSERT_FALSE(missing);
    EXPECT_THAT(missing.error().message, testing::HasSubstr("/nowhere.mid: No such file"));
}

} // namespace

TEST(MidiFile, NotesOfOneTrack) {
    // 96 ticks a quarter, 120 quarters a minute.
    const Bytes track = bytes({0, 0x90, 60, 100, 96, 60, 0, 48, 0xC0, 5}) + end_of_track;
    const auto parsed = parse_midi_file(file(0, 96, {track}), "song.mid");
    ASSERT_TRUE(parsed) << parsed.error().message;
    ASSERT_EQ(parsed->messages.size(), 3U);
    EXPECT_EQ(parsed->messages[0].bytes, bytes({0x90, 60, 100}));
    EXPECT_EQ(parsed->messages[0].time, nanoseconds(0));
    EXPECT_EQ(parsed->messages[1].bytes, bytes({0x90, 60, 0})) << "running status";
    EXPECT_EQ(parsed->messages[1].time, milliseconds(500));
    EXPECT_EQ(parsed->messages[2].time, milliseconds(750));
    EXPECT_EQ(parsed->length, milliseconds(750));
}

TEST(MidiFile, TracksPlayTogetherAndShareTheTempo) {
    const Bytes tempos = bytes({0, 0xFF, 0x51, 3, 0x07, 0xA1, 0x20,     // 500 ms a quarter
                                96, 0xFF, 0x51, 3, 0x03, 0xD0, 0x90}) + // 250 ms
                         end_of_track;
    const Bytes notes = bytes({96, 0xC0, 1, 96, 0xC0, 2}) + end_of_track;
    const Bytes others = bytes({48, 0xC1, 3}) + end_of_track;
    const auto parsed = parse_midi_file(file(1, 96, {tempos, notes, others}), "song.mid");
    ASSERT_TRUE(parsed) << parsed.error().message;
    ASSERT_EQ(parsed->messages.size(), 3U);
    EXPECT_EQ(parsed->messages[0].bytes, bytes({0xC1, 3}));
    EXPECT_EQ(parsed->messages[0].time, milliseconds(250));
    EXPECT_EQ(parsed->messages[1].time, milliseconds(500));
    EXPECT_EQ(parsed->messages[2].time, milliseconds(750));
}

TEST(MidiFile, ExclusiveMessagesAndWhatEndsRunningStatus) {
    const Bytes track = bytes({0, 0xF0, 3, 1, 2, 0xF7, 0, 0xF0, 2, 3, 4, 0, 0xF7, 2, 5, 0xF7}) + end_of_track;
    const auto parsed = parse_midi_file(file(0, 96, {track}), "song.mid");
    ASSERT_TRUE(parsed) << parsed.error().message;
    ASSERT_EQ(parsed->messages.size(), 3U);
    EXPECT_EQ(parsed->messages[0].bytes, bytes({0xF0, 1, 2, 0xF7}));
    EXPECT_EQ(parsed->messages[1].bytes, bytes({0xF0, 3, 4}));
    EXPECT_EQ(parsed->messages[2].bytes, bytes({5, 0xF7})) << "its second part";
    EXPECT_EQ(failure(file(0, 96, {bytes({0, 0xC0, 1, 0, 0xFF, 1, 0, 0, 2})})),
              "song.mid: offset 30: data byte 0x02 without a status");
}

TEST(MidiFile, TimeByFrames) {
    const Bytes track = bytes({0x87, 0x68, 0xC0, 1}) + end_of_track;                   // 1000 ticks
    const auto parsed = parse_midi_file(file(0, 0xE7 << 8 | 40, {track}), "song.mid"); // 25 frames in 40 parts
    ASSERT_TRUE(parsed) << parsed.error().message;
    EXPECT_EQ(parsed->messages[0].time, std::chrono::seconds(1));
}

TEST(MidiFile, UnknownChunksArePassedOver) {
    const Bytes track = bytes({0, 0xC0, 1}) + end_of_track;
    Bytes content = chunk("MThd", bytes({0, 0, 0, 1, 0, 96})) + chunk("XYZ ", bytes({1, 2, 3})) + chunk("MTrk", track);
    const auto parsed = parse_midi_file(content, "song.mid");
    ASSERT_TRUE(parsed) << parsed.error().message;
    EXPECT_EQ(parsed->messages.size(), 1U);
}

TEST(MidiFile, ErrorsNameTheOffset) {
    EXPECT_EQ(failure({}), "song.mid: offset 0: this is no standard MIDI file");
    EXPECT_EQ(failure(bytes({'R', 'I', 'F', 'F', 0, 0, 0, 0})), "song.mid: offset 0: this is no standard MIDI file");
    EXPECT_EQ(failure(bytes({'R', 'I', 'F', 'F', 0x24, 0, 0, 0, 'W', 'A', 'V', 'E'})),
              "song.mid: offset 0: this is no standard MIDI file");
    EXPECT_EQ(failure(file(2, 96, {end_of_track})), "song.mid: offset 8: format 2; 0 and 1 can be played");
    EXPECT_EQ(failure(file(0, 0, {end_of_track})), "song.mid: offset 12: a quarter note of no ticks");
    EXPECT_EQ(failure(file(0, 96, {bytes({0, 0x90, 60})})),
              "song.mid: offset 25: the data ends in the middle of something");
    EXPECT_EQ(failure(file(0, 96, {bytes({0, 0x90, 60, 0x90})})),
              "song.mid: offset 25: status 0x90 where a data byte is due");
    EXPECT_EQ(failure(file(0, 96, {bytes({0, 0xF4})})), "song.mid: offset 23: status 0xf4 has no place in a file");
    EXPECT_EQ(failure(file(0, 96, {bytes({0xFF, 0xFF, 0xFF, 0xFF, 1})})),
              "song.mid: offset 22: a number is longer than four bytes");
    EXPECT_EQ(failure(file(0, 96, {bytes({0, 0xF0, 9, 1})})),
              "song.mid: offset 25: a system exclusive message is 9 bytes long, but 1 are left");
    Bytes cut = file(0, 96, {end_of_track});
    cut.pop_back();
    EXPECT_EQ(failure(cut), "song.mid: offset 18: the chunk is 4 bytes long, but 3 are left");
    Bytes missing = file(1, 96, {end_of_track});
    missing[11] = std::byte{2};
    EXPECT_EQ(failure(missing), "song.mid: offset 26: 1 of 2 tracks are there");
    const auto absent = read_midi_file("/nonexistent/song.mid");
    ASSERT_FALSE(absent);
    EXPECT_NE(absent.error().message.find("/nonexistent/song.mid"), std::string::npos);
}

} // namespace openportcls
