// R-WCYC-12, R-WPCI-13: positions of a stream in the looped buffers that it goes through.
#include <gtest/gtest.h>

#include "portcls/ports/loop_positions.h"

namespace openportcls::portcls {
namespace {

ULONGLONG place(const LoopPositions& loops, ULONGLONG position) {
    loops.to_loop(position);
    return position;
}

TEST(LoopPositions, R_WCYC_12_the_buffer_before_is_heard_while_the_next_is_moved) {
    LoopPositions loops;
    EXPECT_EQ(place(loops, 1234), 1234U) << "not looped";
    loops.begin(0, 0, 100);
    EXPECT_EQ(place(loops, 250), 50U);
    loops.begin(300, 0, 70); // another buffer, after three laps
    EXPECT_EQ(loops.bytes(), 70U);
    EXPECT_EQ(place(loops, 299), 99U);
    EXPECT_EQ(place(loops, 300), 0U);
    EXPECT_EQ(place(loops, 375), 5U);
    loops.begin(400, 60, 70); // set by the client
    EXPECT_EQ(place(loops, 399), 29U);
    EXPECT_EQ(place(loops, 415), 5U);
    ULONGLONG position = 415;
    EXPECT_EQ(loops.to_loop(position), 70U);
    loops.clear();
    EXPECT_EQ(loops.to_loop(position), 0U);
}

// What was set before anything of it was moved leaves no trace.
TEST(LoopPositions, R_WCYC_12_the_last_one_that_is_set_counts) {
    LoopPositions loops;
    loops.begin(0, 0, 100);
    loops.begin(250, 10, 100);
    loops.begin(250, 90, 100);
    EXPECT_EQ(place(loops, 249), 49U);
    EXPECT_EQ(place(loops, 250), 90U);
    EXPECT_EQ(place(loops, 265), 5U);
}

} // namespace
} // namespace openportcls::portcls
