// Messages that were sent beside what a cable brought.
#include <gtest/gtest.h>

#include "cli/midi_comparison.h"

namespace openportcls::cli {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

MidiMessage message(nanoseconds time, std::initializer_list<int> values) {
    MidiMessage made;
    made.time = time;
    for (const int value : values) {
        made.bytes.push_back(static_cast<std::byte>(value));
    }
    return made;
}

class Comparing : public testing::Test {
protected:
    void arrive(const MidiMessage& made, nanoseconds time) { append_cable_bytes(made, time, heard); }
    std::vector<MidiMessage> sent = {message(milliseconds(10), {0x90, 60, 100}), message(milliseconds(10), {0xC1, 5}),
                                     message(milliseconds(50), {0x90, 60, 0})};
    std::vector<CableByte> heard;
};

TEST_F(Comparing, AChordComesOneNoteAfterAnother) {
    arrive(sent[0], milliseconds(10));
    arrive(sent[1], milliseconds(10) + 3 * cable_byte_time);
    arrive(sent[2], microseconds(50'200));
    const MidiComparison result = compare_midi(sent, heard);
    EXPECT_TRUE(result.is_in_order());
    EXPECT_EQ(result.arrived, 3U);
    EXPECT_EQ(result.longest_delay, 3 * cable_byte_time);
    EXPECT_EQ(result.farthest_off, microseconds(200));
    EXPECT_EQ(result.mean_delay, (3 * cable_byte_time + microseconds(200)) / 3);
}

TEST_F(Comparing, TooEarlyIsOffAsWell) {
    arrive(sent[0], milliseconds(8));
    arrive(sent[1], milliseconds(11));
    arrive(sent[2], milliseconds(50));
    EXPECT_EQ(compare_midi(sent, heard).farthest_off, milliseconds(2));
}

TEST_F(Comparing, WhatIsMissingOrWrongIsFound) {
    arrive(sent[0], milliseconds(10));
    arrive(sent[2], milliseconds(50));
    const MidiComparison wrong = compare_midi(sent, heard);
    EXPECT_FALSE(wrong.is_in_order());
    EXPECT_EQ(wrong.first_difference, 1U);
    EXPECT_EQ(wrong.arrived, 1U);
    heard.resize(4);
    EXPECT_EQ(compare_midi(sent, heard).first_difference, 1U);
    EXPECT_FALSE(compare_midi(sent, {}).is_in_order());
}

// The parts of a divided system exclusive message come back in one, whose first byte alone has a time.
TEST_F(Comparing, APartInsideOfAMessageHasNoTimeOfItsOwn) {
    sent = {message(milliseconds(10), {0xF0, 1, 2}), message(milliseconds(500), {3, 0xF7}),
            message(milliseconds(600), {0xC0, 5})};
    arrive(message({}, {0xF0, 1, 2, 3, 0xF7}), microseconds(10'300));
    arrive(sent[2], microseconds(600'100));
    MidiComparison result = compare_midi(sent, heard);
    EXPECT_TRUE(result.is_in_order());
    EXPECT_EQ(result.farthest_off, microseconds(300));
    EXPECT_EQ(result.longest_delay, microseconds(300));
    EXPECT_EQ(result.mean_delay, microseconds(200)) << "of the two that have a time";
    heard[0].time = milliseconds(15);
    result = compare_midi(sent, heard);
    EXPECT_EQ(result.farthest_off, milliseconds(5)) << "its beginning has one";
}

// They come before the message that they were sent in the middle of.
TEST_F(Comparing, RealTimeMessagesPassThroughOthers) {
    sent = {message(milliseconds(10), {0xF0, 1, 2}), message(milliseconds(20), {0xF8}),
            message(milliseconds(30), {3, 0xF7})};
    arrive(sent[1], milliseconds(20));
    arrive(message({}, {0xF0, 1, 2, 3, 0xF7}), milliseconds(10));
    const MidiComparison result = compare_midi(sent, heard);
    EXPECT_TRUE(result.is_in_order());
    EXPECT_EQ(result.arrived, 3U);
    EXPECT_EQ(result.farthest_off, milliseconds(0));
    heard[0].value = std::byte{0xFA};
    EXPECT_EQ(compare_midi(sent, heard).first_difference, 1U);
    heard.erase(heard.begin());
    EXPECT_EQ(compare_midi(sent, heard).first_difference, 1U);
    arrive(sent[1], milliseconds(20));
    arrive(sent[1], milliseconds(21));
    EXPECT_TRUE(compare_midi(sent, heard).has_more);
}

TEST_F(Comparing, WhatNobodySentIsFound) {
    for (const MidiMessage& each : sent) {
        arrive(each, each.time);
    }
    arrive(sent[0], milliseconds(60));
    const MidiComparison result = compare_midi(sent, heard);
    EXPECT_TRUE(result.has_more);
    EXPECT_FALSE(result.is_in_order());
}

TEST_F(Comparing, ACableIsAtItsEndWhenItHasCarriedEverything) {
    EXPECT_EQ(cable_end({}), nanoseconds(0));
    EXPECT_EQ(cable_end(sent), milliseconds(50) + 3 * cable_byte_time);
    sent.push_back(message(milliseconds(50), {0xF0, 1, 2, 3, 0xF7}));
    sent.push_back(message(microseconds(50'500), {0xC0, 1}));
    EXPECT_EQ(cable_end(sent), milliseconds(50) + 10 * cable_byte_time) << "without a break";
    sent.push_back(message(milliseconds(100), {0xC0, 2}));
    EXPECT_EQ(cable_end(sent), milliseconds(100) + 2 * cable_byte_time);
}

TEST_F(Comparing, RunningStatusSavesBytes) {
    EXPECT_EQ(least_bytes(sent), 3U + 2U + 3U);
    sent.push_back(message(milliseconds(60), {0x90, 62, 0}));
    EXPECT_EQ(least_bytes(sent), 8U + 2U);
    sent.push_back(message(milliseconds(60), {0xF8}));
    sent.push_back(message(milliseconds(60), {0x90, 63, 0}));
    EXPECT_EQ(least_bytes(sent), 10U + 1U + 2U) << "real time leaves it";
    sent.push_back(message(milliseconds(60), {0xF6}));
    sent.push_back(message(milliseconds(60), {0x90, 64, 0}));
    EXPECT_EQ(least_bytes(sent), 13U + 1U + 3U) << "another system message ends it";
    sent.push_back(message(milliseconds(60), {0xF0, 1}));
    sent.push_back(message(milliseconds(60), {2, 3}));
    sent.push_back(message(milliseconds(60), {2, 0xF7}));
    EXPECT_EQ(least_bytes(sent), 17U + 6U) << "there is nothing to leave out";
}

} // namespace
} // namespace openportcls::cli
