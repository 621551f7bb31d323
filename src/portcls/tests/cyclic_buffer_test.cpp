// R-WCYC-07, R-WCYC-09: how far ahead of the device data and silence lie; R-WCYC-12: what of the data has been heard.
#include <gtest/gtest.h>

#include "portcls/ports/wavecyclic/cyclic_buffer.h"

namespace openportcls::portcls {
namespace {

constexpr ULONG block = 4;
constexpr ULONG ten_milliseconds = 1920; // 48 kHz, stereo, 16 bit

CyclicBuffer buffer_of(ULONG bytes, ULONG interval_bytes) {
    CyclicBuffer buffer;
    buffer.set_size(bytes);
    buffer.set_pace(interval_bytes, ten_milliseconds, block);
    return buffer;
}

TEST(CyclicBuffer, R_WCYC_07_data_goes_forty_milliseconds_ahead_whatever_the_device_moves_at_once) {
    for (const ULONG interval_bytes : {block, ten_milliseconds / 10, ten_milliseconds, 4 * ten_milliseconds}) {
        CyclicBuffer buffer = buffer_of(17 * ten_milliseconds, interval_bytes);
        EXPECT_EQ(buffer.room_for_data(), 4 * ten_milliseconds);
        buffer.data_written(4 * ten_milliseconds);
        EXPECT_EQ(buffer.room_for_data(), 0U);
        buffer.device_at(ten_milliseconds);
        EXPECT_EQ(buffer.room_for_data(), ten_milliseconds);
    }
}

TEST(CyclicBuffer, R_WCYC_09_silence_follows_when_thirty_milliseconds_are_left) {
    CyclicBuffer buffer = buffer_of(17 * ten_milliseconds, ten_milliseconds);
    buffer.data_written(4 * ten_milliseconds);
    buffer.device_at(ten_milliseconds - block);
    EXPECT_EQ(buffer.room_for_silence(), 0U);
    buffer.device_at(ten_milliseconds);
    EXPECT_EQ(buffer.room_for_silence(), ten_milliseconds);
    EXPECT_EQ(buffer.silence_end(), 4 * ten_milliseconds);
    buffer.silence_written(ten_milliseconds);
    EXPECT_EQ(buffer.room_for_silence(), 0U);
}

// What the device has overtaken is not written where it reads.
TEST(CyclicBuffer, DataThatComesLateGoesAheadOfTheDevice) {
    for (const ULONG interval_bytes : {ten_milliseconds, 4 * ten_milliseconds, 8 * ten_milliseconds}) {
        CyclicBuffer buffer = buffer_of(17 * ten_milliseconds, interval_bytes);
        buffer.device_at(2 * ten_milliseconds + 2);
        EXPECT_EQ(buffer.next_data(), 3 * ten_milliseconds + block);
        EXPECT_GT(buffer.room_for_data(), 2 * ten_milliseconds);
    }
}

// R-KS-03: a reset. Position 0 is the block that the device is in, wherever in the buffer that lies.
TEST(CyclicBuffer, R_KS_03_after_a_reset_positions_count_from_where_the_device_is) {
    const ULONG bytes = 17 * ten_milliseconds;
    for (const bool moves : {false, true}) {
        CyclicBuffer buffer = buffer_of(bytes, ten_milliseconds);
        buffer.device_at(16 * ten_milliseconds);
        buffer.device_at(2 * ten_milliseconds + block + 1);
        buffer.data_written(3 * ten_milliseconds);
        EXPECT_EQ(buffer.next_block(), bytes + 2 * ten_milliseconds + 2 * block);
        const ULONGLONG silent = buffer.data_end() - (buffer.device() - 1);
        buffer.begin_anew(moves);
        EXPECT_EQ(buffer.device(), 1U);
        EXPECT_EQ(buffer.heard(), 0U);
        EXPECT_EQ(buffer.moved(), 0U);
        EXPECT_EQ(buffer.silence_end(), silent);
        EXPECT_EQ(buffer.offset_of(0), 2 * ten_milliseconds + block);
        EXPECT_EQ(buffer.offset_of(3 * bytes), 2 * ten_milliseconds + block);
        EXPECT_EQ(buffer.next_data(), block + (moves ? ten_milliseconds : 0));
        buffer.data_written(ten_milliseconds);
        EXPECT_EQ(buffer.heard(), 0U);
        buffer.device_at(5 * ten_milliseconds);
        EXPECT_EQ(buffer.heard(), ten_milliseconds);
        buffer.reset();
        EXPECT_EQ(buffer.offset_of(3 * bytes), 0U);
    }
}

// Nor do its samples lie where those of the format before did.
TEST(CyclicBuffer, AfterAChangeOfFormatDataLieOnTheDevicesBlocks) {
    CyclicBuffer buffer = buffer_of(16 * 1024, 160);
    buffer.set_pace(160, 160, 2); // 8 kHz, mono
    buffer.data_written(640);
    buffer.device_at(1202);
    buffer.set_pace(1764, 1764, 4); // 44.1 kHz, stereo, from here on
    EXPECT_EQ((buffer.next_data() - 1202) % 4, 0U);
    EXPECT_GE(buffer.next_data(), 1202U + 1764U);
    EXPECT_LT(buffer.next_data(), 1202U + 1764U + 4U);
}

// A buffer of two intervals: never over what the device may still read.
TEST(CyclicBuffer, ASmallBufferIsHalfFilled) {
    CyclicBuffer buffer = buffer_of(2 * ten_milliseconds, ten_milliseconds);
    EXPECT_EQ(buffer.room_for_data(), ten_milliseconds);
    buffer.device_at(100);
    EXPECT_GT(buffer.room_for_data(), 0U);
}

// R-WCYC-12, audio-position-property: the play position is that of the client's bytes. The silence in front of data
// that come late is none of theirs.
TEST(CyclicBuffer, R_WCYC_12_silence_before_late_data_is_not_counted) {
    CyclicBuffer buffer = buffer_of(17 * ten_milliseconds, ten_milliseconds);
    buffer.device_at(5 * ten_milliseconds);
    EXPECT_EQ(buffer.heard(), 0U);
    buffer.data_written(ten_milliseconds); // 10 ms ahead of the device
    EXPECT_EQ(buffer.heard(), 0U);
    buffer.device_at(6 * ten_milliseconds);
    EXPECT_EQ(buffer.heard(), 0U) << "what comes next is the first byte";
    buffer.device_at(6 * ten_milliseconds + 400);
    EXPECT_EQ(buffer.heard(), 400U);
    buffer.data_written(ten_milliseconds); // without a gap
    EXPECT_EQ(buffer.heard(), 400U);
    buffer.device_at(9 * ten_milliseconds);
    EXPECT_EQ(buffer.heard(), 2 * ten_milliseconds);
}

TEST(CyclicBuffer, R_WCYC_12_positions_never_step_back_however_often_data_are_late) {
    constexpr ULONG part = 100 * block;
    CyclicBuffer buffer = buffer_of(17 * ten_milliseconds, ten_milliseconds);
    ULONGLONG written = 0;
    ULONGLONG heard = 0;
    ULONG offset = 0;
    for (int round = 0; round < 200; ++round) {
        if (buffer.data_ahead() == 0 && round % 3 == 0) {
            buffer.data_written(part);
            written += part;
        }
        offset = (offset + 37 * block) % buffer.bytes();
        buffer.device_at(offset);
        ASSERT_GE(buffer.heard(), heard) << round;
        ASSERT_LE(buffer.heard(), heard + 37 * block) << round;
        ASSERT_LE(buffer.heard(), written) << round;
        heard = buffer.heard();
    }
    EXPECT_GT(written, 5 * part);
    EXPECT_GE(heard + part, written);
}

// What is taken back of data that have not begun yet is only theirs, and those that replace them come where they were.
TEST(CyclicBuffer, DiscardingLateDataLeavesTheSilenceBeforeThem) {
    CyclicBuffer buffer = buffer_of(17 * ten_milliseconds, ten_milliseconds);
    buffer.data_written(ten_milliseconds);
    buffer.device_at(5 * ten_milliseconds);
    buffer.data_written(2 * ten_milliseconds);
    buffer.discard_ahead(block);
    EXPECT_EQ(buffer.moved(), ten_milliseconds);
    EXPECT_EQ(buffer.heard(), ten_milliseconds);
    EXPECT_EQ(buffer.next_data(), 6 * ten_milliseconds);
    buffer.data_written(ten_milliseconds);
    buffer.device_at(6 * ten_milliseconds + block);
    EXPECT_EQ(buffer.heard(), ten_milliseconds + block);
    buffer.discard_ahead(10 * block);
    EXPECT_EQ(buffer.moved(), ten_milliseconds + 11 * block);
    EXPECT_EQ(buffer.heard(), ten_milliseconds + block);
}

// The device is about to write the interval behind the oldest data that it has left.
TEST(CyclicBuffer, WhatTheDeviceIsAboutToWriteOverIsLost) {
    CyclicBuffer buffer = buffer_of(17 * ten_milliseconds, ten_milliseconds);
    for (ULONG lap = 0; lap < 3; ++lap) {
        buffer.device_at(9 * ten_milliseconds);
        buffer.device_at(400);
    }
    const ULONGLONG lost = buffer.drop_overwritten();
    EXPECT_EQ(lost, buffer.device() - 16 * ten_milliseconds);
    EXPECT_EQ(buffer.captured(), 16 * ten_milliseconds);
    EXPECT_EQ(buffer.drop_overwritten(), 0U);
}

} // namespace
} // namespace openportcls::portcls
