// System exclusive messages that come in several records, each with a time of its own.
#include "uart_fixture.h"

namespace conformance {

using testing::ElementsAre;
using MidiDivided = MidiTest;

namespace {

const MidiBytes beginning = {0xF0, 0x7D, 1, 2};
const MidiBytes middle = {3, 4};
const MidiBytes end = {5, 6, 0xF7};
constexpr DWORD raw = 0; // no DMUS_EVENT_STRUCTURED

} // namespace

// R-DMUS-06: all but the last are marked as incomplete.
TEST_F(MidiDivided, R_DMUS_06_EveryPartLeavesAtItsOwnTime) {
    start(true);
    FILE_OBJECT* const pin = running_pin(dmus_render);
    write(pin, std::vector<DmusRecord>{{10 * millisecond, beginning, 1, raw},
                                       {110 * millisecond, middle, 1, raw},
                                       {210 * millisecond, end, 1, raw},
                                       {310 * millisecond, note_on}});
    run_for(350);
    ASSERT_THAT(bytes_of(script_.played), ElementsAre(beginning, middle, end, note_on));
    const double expected[] = {10, 110, 210, 310};
    for (int i = 0; i < 4; ++i) {
        EXPECT_NEAR(static_cast<double>(since(script_.played[i].at)), expected[i] * millisecond, millisecond) << i;
        EXPECT_EQ((script_.played[i].flags & DMUS_KEF_EVENT_INCOMPLETE) != 0, i < 2) << i;
    }
}

TEST_F(MidiDivided, R_DMUS_06_RealTimeMessagesPassBetweenTheParts) {
    start(true);
    FILE_OBJECT* const pin = running_pin(dmus_render);
    const MidiBytes clock = {0xF8};
    write(pin, std::vector<DmusRecord>{{10 * millisecond, beginning, 1, raw},
                                       {20 * millisecond, clock, 1, raw},
                                       {30 * millisecond, middle, 1, raw},
                                       {40 * millisecond, clock},
                                       {50 * millisecond, end, 1, raw}});
    run_for(60);
    EXPECT_THAT(bytes_of(script_.played), ElementsAre(beginning, clock, middle, clock, end));
}

// A message of a few bytes whose records come in requests of their own.
TEST_F(MidiDivided, R_DMUS_06_PartsOfSeveralRequests) {
    start(true);
    FILE_OBJECT* const pin = running_pin(dmus_render);
    write(pin, std::vector<DmusRecord>{{0, beginning, 1, raw}}, 10 * millisecond);
    run_for(15);
    EXPECT_THAT(bytes_of(script_.played), ElementsAre(beginning)) << "it does not wait for its end";
    write(pin, std::vector<DmusRecord>{{0, end, 1, raw}, {0, note_on}}, 20 * millisecond);
    run_for(10);
    EXPECT_THAT(bytes_of(script_.played), ElementsAre(beginning, end, note_on));
}

// The end that a part wants is what comes next, whatever it is: one that never comes is made up.
TEST_F(MidiDivided, AStatusEndsADividedMessage) {
    start(true);
    FILE_OBJECT* const pin = running_pin(dmus_render);
    write(pin, std::vector<DmusRecord>{{0, beginning, 1, raw}, {10 * millisecond, {0xC0, 5}, 1, raw}});
    run_for(20);
    EXPECT_THAT(bytes_of(script_.played), ElementsAre(beginning, MidiBytes{0xF7}, MidiBytes{0xC0, 5}));
}

// Another message may be cut as well: there is no part of it to be had, so that it leaves with its last byte.
TEST_F(MidiDivided, AChannelMessageIsHeldUntilItIsWhole) {
    start(true);
    FILE_OBJECT* const pin = running_pin(dmus_render);
    write(pin, std::vector<DmusRecord>{{0, {0x90, 60}, 1, raw}, {10 * millisecond, {100, 62, 101}, 1, raw}});
    run_for(5);
    EXPECT_TRUE(script_.played.empty());
    run_for(10);
    EXPECT_THAT(bytes_of(script_.played), ElementsAre(note_on, MidiBytes{0x90, 62, 101}));
}

// Thousands of parts, each longer than an event: more than the pool has at a time.
TEST_F(MidiDivided, NoPartIsLostToAPoolThatIsExhausted) {
    start(true);
    FILE_OBJECT* const pin = running_pin(dmus_render);
    MidiBytes whole = beginning;
    std::vector<DmusRecord> records = {{0, beginning, 1, raw}};
    for (int i = 0; i < 2000; ++i) {
        const MidiBytes part(20, static_cast<BYTE>(i % 128));
        records.push_back({0, part, 1, raw});
        whole.insert(whole.end(), part.begin(), part.end());
    }
    whole.insert(whole.end(), end.begin(), end.end());
    records.push_back({0, end, 1, raw});
    write(pin, records);
    run_for(50);
    EXPECT_EQ(joined(script_.played), whole);
}

TEST_F(MidiDivided, ALegacyPinOfADirectMusicMiniportDoesNotHoldPartsEither) {
    start(true);
    FILE_OBJECT* const pin = running_pin(midi_render);
    write(pin, std::vector<MidiRecord>{{10, beginning}, {100, end}, {100, note_on}});
    run_for(50);
    EXPECT_THAT(bytes_of(script_.played), ElementsAre(beginning));
    run_for(200);
    ASSERT_THAT(bytes_of(script_.played), ElementsAre(beginning, end, note_on));
    EXPECT_NEAR(static_cast<double>(since(script_.played[1].at)), 110.0 * millisecond, millisecond);
}

TEST_F(Uart, ADividedMessageLeavesThePlugInItsParts) {
    start_uart(CLSID_MiniportDriverDMusUART, true);
    FILE_OBJECT* const pin = running(uart_dmus_out, dmus_);
    write(pin, std::vector<DmusRecord>{{10 * millisecond, beginning, 1, raw},
                                       {110 * millisecond, end, 1, raw},
                                       {210 * millisecond, note_on}});
    run_for(250);
    EXPECT_THAT(heard_, ElementsAre(0xF0, 0x7D, 1, 2, 5, 6, 0xF7, 0x90, 60, 100));
    ASSERT_EQ(times_.size(), 10U);
    EXPECT_NEAR(static_cast<double>(since(times_[0])), 10.3 * millisecond, millisecond);
    EXPECT_NEAR(static_cast<double>(since(times_[4])), 110.3 * millisecond, millisecond);
    EXPECT_NEAR(static_cast<double>(since(times_[7])), 210.3 * millisecond, millisecond);
}

} // namespace conformance
