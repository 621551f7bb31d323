// R-EVENT-12: the ends of streams within what lies ahead of a WaveCyclic device.
#include <gtest/gtest.h>

#include "portcls/ports/wavecyclic/stream_ends.h"

namespace openportcls::portcls {
namespace {

ULONG passed(StreamEnds& ends, ULONGLONG device) {
    ULONG count = 0;
    while (ends.pass(device)) {
        ++count;
    }
    return count;
}

TEST(StreamEnds, R_EVENT_12_each_passes_with_its_last_byte) {
    StreamEnds ends;
    EXPECT_EQ(passed(ends, 1000), 0U);
    for (ULONGLONG lap = 0; lap < 3 * StreamEnds::capacity; ++lap) {
        const ULONGLONG base = 1000 * lap;
        ends.add(base + 100);
        ends.add(base + 200);
        ends.add(base + 200); // a mark without data behind it
        EXPECT_EQ(passed(ends, base + 99), 0U);
        EXPECT_EQ(passed(ends, base + 100), 1U);
        EXPECT_EQ(passed(ends, base + 199), 0U);
        EXPECT_EQ(passed(ends, base + 250), 2U);
    }
    ends.add(0);
    ends.clear();
    EXPECT_EQ(passed(ends, 100'000), 0U);
}

TEST(StreamEnds, R_EVENT_12_more_than_can_be_told_apart_pass_with_the_last) {
    StreamEnds ends;
    constexpr ULONG more = StreamEnds::capacity + 5;
    for (ULONG i = 1; i <= more; ++i) {
        ends.add(10 * i);
    }
    for (ULONG i = 1; i < StreamEnds::capacity; ++i) {
        EXPECT_EQ(passed(ends, 10 * i), 1U) << i;
    }
    EXPECT_EQ(passed(ends, 10 * more - 1), 0U);
    EXPECT_EQ(passed(ends, 10 * more), 1U);
}

TEST(StreamEnds, WhatIsTakenBackDoesNotEnd) {
    StreamEnds ends;
    ends.add(100);
    ends.add(200);
    ends.add(300);
    ends.discard_beyond(200);
    EXPECT_EQ(passed(ends, 1000), 2U);
}

} // namespace
} // namespace openportcls::portcls
