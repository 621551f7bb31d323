// R-WCYC-07, R-WCYC-09: how far ahead of the device data and silence lie.
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

// A buffer of two intervals: never over what the device may still read.
TEST(CyclicBuffer, ASmallBufferIsHalfFilled) {
    CyclicBuffer buffer = buffer_of(2 * ten_milliseconds, ten_milliseconds);
    EXPECT_EQ(buffer.room_for_data(), ten_milliseconds);
    buffer.device_at(100);
    EXPECT_GT(buffer.room_for_data(), 0U);
}

} // namespace
} // namespace openportcls::portcls
