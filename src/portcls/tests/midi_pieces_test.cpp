// The pieces of the MIDI and DirectMusic port: parser, sequencer, ends of streams, allocator, packer.
#include <cstring>
#include <random>
#include <set>
#include <tuple>
#include <vector>

#include <gmock/gmock.h>

#include <ksmedia.h>

#include "portcls/ports/dmus/event_heap.h"
#include "portcls/ports/dmus/packer.h"
#include "portcls/tests/helper_fixture.h"

namespace openportcls::portcls {

using testing::ElementsAre;
using Bytes = std::vector<std::uint8_t>;

namespace {

struct Message {
    Bytes bytes;
    bool goes_on;
    std::int64_t time;
    bool operator==(const Message&) const = default;
};

std::vector<Message> parsed(MidiParser& parser, const Bytes& bytes, std::int64_t time = 0) {
    std::vector<Message> messages;
    for (const std::uint8_t byte : bytes) {
        parser.put(byte, time, [&](const MidiParser::Part& part) {
            messages.push_back({{part.bytes, part.bytes + part.count}, part.goes_on, part.time});
        });
    }
    return messages;
}

std::vector<Bytes> messages_of(const Bytes& bytes) {
    MidiParser parser;
    std::vector<Bytes> result;
    for (Message& message : parsed(parser, bytes)) {
        result.push_back(std::move(message.bytes));
    }
    return result;
}

} // namespace

TEST(MidiParser, MessagesOfEveryLength) {
    EXPECT_THAT(messages_of({0x90, 1, 2, 0xA0, 3, 4, 0xB0, 5, 6, 0xC0, 7, 0xD0, 8, 0xE0, 9, 10}),
                ElementsAre(Bytes{0x90, 1, 2}, Bytes{0xA0, 3, 4}, Bytes{0xB0, 5, 6}, Bytes{0xC0, 7}, Bytes{0xD0, 8},
                            Bytes{0xE0, 9, 10}));
    EXPECT_THAT(messages_of({0xF1, 1, 0xF2, 2, 3, 0xF3, 4, 0xF6, 0xF8, 0xFA, 0xFE, 0xFF}),
                ElementsAre(Bytes{0xF1, 1}, Bytes{0xF2, 2, 3}, Bytes{0xF3, 4}, Bytes{0xF6}, Bytes{0xF8}, Bytes{0xFA},
                            Bytes{0xFE}, Bytes{0xFF}));
}

TEST(MidiParser, RunningStatus) {
    EXPECT_THAT(messages_of({0x90, 1, 2, 3, 4, 0xC5, 6, 7}),
                ElementsAre(Bytes{0x90, 1, 2}, Bytes{0x90, 3, 4}, Bytes{0xC5, 6}, Bytes{0xC5, 7}));
}

TEST(MidiParser, SystemCommonMessagesEndRunningStatus) {
    EXPECT_THAT(messages_of({0x90, 1, 2, 0xF3, 4, 5, 6}), ElementsAre(Bytes{0x90, 1, 2}, Bytes{0xF3, 4}));
    EXPECT_THAT(messages_of({0x90, 1, 2, 0xF6, 5, 6}), ElementsAre(Bytes{0x90, 1, 2}, Bytes{0xF6}));
}

TEST(MidiParser, RealTimeMessagesPassThroughOthers) {
    EXPECT_THAT(messages_of({0x90, 0xF8, 1, 0xFE, 2}), ElementsAre(Bytes{0xF8}, Bytes{0xFE}, Bytes{0x90, 1, 2}));
    EXPECT_THAT(messages_of({0xF0, 1, 0xF8, 2, 0xF7}), ElementsAre(Bytes{0xF8}, Bytes{0xF0, 1, 2, 0xF7}));
}

TEST(MidiParser, WhatIsUndefinedOrHasNoBeginningIsDropped) {
    EXPECT_THAT(messages_of({1, 2, 0xF7, 0xF4, 0xF5, 0xF9, 0xFD, 3, 0xC0, 4}), ElementsAre(Bytes{0xC0, 4}));
    EXPECT_THAT(messages_of({0x90, 1, 0x80, 2, 3}), ElementsAre(Bytes{0x80, 2, 3})) << "a message cut short";
}

TEST(MidiParser, ExclusiveMessagesOfAnyLengthComeInParts) {
    Bytes message(3 * MidiParser::most_part_bytes + 5, 0x22);
    message.front() = 0xF0;
    message.back() = 0xF7;
    MidiParser parser;
    const auto parts = parsed(parser, message);
    ASSERT_EQ(parts.size(), 4U);
    Bytes whole;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        EXPECT_EQ(parts[i].goes_on, i < 3);
        whole.insert(whole.end(), parts[i].bytes.begin(), parts[i].bytes.end());
    }
    EXPECT_EQ(whole, message);
}

TEST(MidiParser, AStatusEndsAnExclusiveMessage) {
    EXPECT_THAT(messages_of({0xF0, 1, 2, 0x90, 3, 4}), ElementsAre(Bytes{0xF0, 1, 2}, Bytes{0x90, 3, 4}));
    Bytes full(MidiParser::most_part_bytes, 0x11); // the first part is full when it is cut short
    full.front() = 0xF0;
    full.push_back(0xC0);
    full.push_back(5);
    MidiParser parser;
    const auto parts = parsed(parser, full);
    ASSERT_EQ(parts.size(), 3U);
    EXPECT_TRUE(parts[0].goes_on);
    EXPECT_EQ(parts[1].bytes, Bytes{0xF7});
    EXPECT_FALSE(parts[1].goes_on);
    EXPECT_EQ(parts[2].bytes, (Bytes{0xC0, 5}));
}

TEST(MidiParser, AnExclusiveMessageCanBeTakenInParts) {
    MidiParser parser;
    std::vector<Message> parts = parsed(parser, {0xF0, 1, 2});
    const auto flush = [&] {
        parser.flush_exclusive([&](const MidiParser::Part& part) {
            parts.push_back({{part.bytes, part.bytes + part.count}, part.goes_on, part.time});
        });
    };
    EXPECT_TRUE(parts.empty());
    flush();
    flush();
    EXPECT_THAT(parts, ElementsAre(Message{{0xF0, 1, 2}, true, 0}));
    EXPECT_THAT(parsed(parser, {3, 0xF7, 0x90, 1}), ElementsAre(Message{{3, 0xF7}, false, 0}));
    flush();
    EXPECT_THAT(parsed(parser, {2}), ElementsAre(Message{{0x90, 1, 2}, false, 0})) << "it has no parts";
    EXPECT_EQ(parts.size(), 1U);
}

TEST(MidiParser, AMessageHasTheTimeOfItsFirstByte) {
    MidiParser parser;
    EXPECT_TRUE(parsed(parser, {0x90, 1}, 5).empty());
    const auto messages = parsed(parser, {2, 3, 4}, 9);
    ASSERT_EQ(messages.size(), 2U);
    EXPECT_EQ(messages[0].time, 5);
    EXPECT_EQ(messages[1].time, 9);
}

// ---- the sequencer --------------------------------------------------------------------------------------------------

TEST(EventHeap, EventsOfOneTimeStayInOrder) {
    EventHeap heap;
    std::vector<DMUS_KERNEL_EVENT> events(100'000);
    heap.reserve(events.data(), events.size());
    std::mt19937 random(3);
    for (DMUS_KERNEL_EVENT& event : events) {
        event.ullPresTime100ns = static_cast<LONGLONG>(random() % 1000);
        ASSERT_TRUE(heap.push(event.ullPresTime100ns, &event));
    }
    EXPECT_TRUE(heap.is_full());
    EXPECT_FALSE(heap.push(0, events.data()));
    const DMUS_KERNEL_EVENT* before = nullptr;
    while (!heap.is_empty()) {
        const LONGLONG time = heap.first_time();
        const DMUS_KERNEL_EVENT* const event = heap.pop();
        ASSERT_EQ(event->ullPresTime100ns, time);
        ASSERT_TRUE(before == nullptr || before->ullPresTime100ns < time ||
                    (before->ullPresTime100ns == time && before < event));
        before = event;
    }
}

// At every size, among them those that end in the middle of a group of siblings.
TEST(EventHeap, TheEarliestIsFirstWhateverComesAndGoes) {
    constexpr std::size_t room = 200;
    std::vector<DMUS_KERNEL_EVENT> events(room);
    std::vector<DMUS_KERNEL_EVENT*> free;
    for (DMUS_KERNEL_EVENT& event : events) {
        free.push_back(&event);
    }
    EventHeap heap;
    heap.reserve(events.data(), room);
    std::set<std::tuple<LONGLONG, int, DMUS_KERNEL_EVENT*>> expected;
    std::mt19937 random(5);
    for (int order = 0; order < 20'000; ++order) {
        // It grows to its room and shrinks to nothing, again and again.
        const bool grows = order / room % 2 == 0 ? random() % 8 != 0 : random() % 8 == 0;
        if (grows && !heap.is_full()) {
            const std::size_t chosen = random() % free.size();
            DMUS_KERNEL_EVENT* const event = free[chosen];
            free.erase(free.begin() + static_cast<std::ptrdiff_t>(chosen));
            const LONGLONG extremes[] = {INT64_MIN, -1, 0, INT64_MAX};
            const LONGLONG time = random() % 10 == 0 ? extremes[random() % 4] : static_cast<LONGLONG>(random() % 100);
            ASSERT_TRUE(heap.push(time, event));
            expected.emplace(time, order, event);
        } else if (!heap.is_empty()) {
            ASSERT_EQ(heap.first_time(), std::get<0>(*expected.begin()));
            DMUS_KERNEL_EVENT* const event = heap.pop();
            ASSERT_EQ(event, std::get<2>(*expected.begin()));
            expected.erase(expected.begin());
            free.push_back(event);
        }
        ASSERT_EQ(heap.is_empty(), expected.empty());
        ASSERT_EQ(heap.is_full(), expected.size() == room);
    }
}

// ---- the ends of streams --------------------------------------------------------------------------------------------

TEST(EndMarks, AnEndIsReachedWithTheLastEventBeforeIt) {
    EndMarks marks;
    const EndMarks::Part first = marks.current();
    EXPECT_EQ(marks.close(2), 0U);
    const EndMarks::Part second = marks.current();
    EXPECT_NE(second, first);
    EXPECT_EQ(marks.close(5), 0U); // three more
    EXPECT_EQ(marks.returned(second), 0U);
    EXPECT_EQ(marks.returned(second), 0U);
    EXPECT_EQ(marks.returned(second), 0U) << "the part before it is out";
    EXPECT_EQ(marks.returned(first), 0U);
    EXPECT_EQ(marks.returned(first), 2U);
}

TEST(EndMarks, NothingOutIsAnEndAtOnce) {
    EndMarks marks;
    for (int i = 0; i < 100; ++i) {
        EXPECT_EQ(marks.close(0), 1U);
    }
}

TEST(EndMarks, OnlySoManyWait) {
    EndMarks marks;
    std::vector<EndMarks::Part> closed;
    while (!marks.is_full()) {
        closed.push_back(marks.current());
        EXPECT_EQ(marks.close(static_cast<ULONG>(closed.size())), 0U);
    }
    EXPECT_EQ(std::set<EndMarks::Part>(closed.begin(), closed.end()).size(), closed.size());
    EXPECT_EQ(marks.returned(closed.front()), 1U);
    EXPECT_FALSE(marks.is_full());
}

TEST(EndMarks, WhatIsForgottenIsNotTold) {
    EndMarks marks;
    const EndMarks::Part before = marks.current();
    marks.close(1);
    marks.forget();
    const EndMarks::Part after = marks.current();
    EXPECT_EQ(marks.close(2), 0U);
    EXPECT_EQ(marks.returned(before), 0U);
    EXPECT_EQ(marks.returned(after), 1U);
}

// ---- the allocator --------------------------------------------------------------------------------------------------

class Allocator : public HelperTest {};

TEST_F(Allocator, HandsOutWhatItHasAndNoMore) {
    inside([] {
        auto pool = EventAllocator::create(3, 2);
        ASSERT_TRUE(pool);
        DMUS_KERNEL_EVENT* events[4] = {};
        for (int i = 0; i < 3; ++i) {
            ASSERT_EQ(pool->GetMessage(&events[i]), STATUS_SUCCESS);
        }
        EXPECT_FALSE(pool->take_exhausted());
        EXPECT_EQ(pool->GetMessage(&events[3]), STATUS_INSUFFICIENT_RESOURCES);
        EXPECT_EQ(events[3], nullptr);
        EXPECT_TRUE(pool->take_exhausted());
        EXPECT_FALSE(pool->take_exhausted());
        events[0]->pNextEvt = events[1];
        events[1]->pNextEvt = events[2];
        EXPECT_EQ(pool->PutMessage(events[0]), STATUS_SUCCESS);
        EXPECT_EQ(pool->events_out(), 0U);
    });
}

TEST_F(Allocator, WhatIsNotOutDoesNotComeBack) {
    inside([] {
        auto pool = EventAllocator::create(3, 2);
        DMUS_KERNEL_EVENT* event = nullptr;
        ASSERT_EQ(pool->GetMessage(&event), STATUS_SUCCESS);
        DMUS_KERNEL_EVENT foreign{};
        EXPECT_EQ(pool->PutMessage(&foreign), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(pool->PutMessage(event), STATUS_SUCCESS);
        EXPECT_EQ(pool->PutMessage(event), STATUS_INVALID_PARAMETER) << "twice";
        EXPECT_EQ(pool->PutMessage(nullptr), STATUS_SUCCESS);
        ASSERT_EQ(pool->GetMessage(&event), STATUS_SUCCESS);
        event->pNextEvt = event; // a ring
        EXPECT_EQ(pool->PutMessage(event), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(pool->events_out(), 0U);
    });
}

TEST_F(Allocator, PackagesGiveBackWhatTheyHold) {
    inside([] {
        auto pool = EventAllocator::create(8, 4);
        const Bytes data(50, 1);
        DMUS_KERNEL_EVENT* const inner = pool->make_event(data.data(), 50, false);
        inner->pNextEvt = pool->make_event(data.data(), 3, false);
        DMUS_KERNEL_EVENT* package = nullptr;
        ASSERT_EQ(pool->GetMessage(&package), STATUS_SUCCESS);
        SET_PACKAGE_EVT(package);
        package->uData.pPackageEvt = inner;
        package->pNextEvt = pool->make_event(data.data(), 40, false);
        EXPECT_EQ(pool->events_out(), 4U);
        EXPECT_EQ(pool->PutMessage(package), STATUS_SUCCESS);
        EXPECT_EQ(pool->events_out(), 0U);
        EXPECT_TRUE(pool->has_room(4)) << "and the buffers";
    });
}

// What waits for its time has buffers besides, 64 times 256 of them; they go back as the others do.
TEST_F(Allocator, RoomIsMadeUpToALimit) {
    inside([] {
        constexpr ULONG most = 4 + 64 * 256;
        auto pool = EventAllocator::create(most + 1, 4);
        const Bytes data(50, 1);
        std::vector<DMUS_KERNEL_EVENT*> out;
        EXPECT_FALSE(pool->has_room(5));
        while (pool->make_room(1)) {
            ASSERT_LT(out.size(), most);
            out.push_back(pool->make_event(data.data(), 50, false));
            ASSERT_NE(out.back(), nullptr);
        }
        EXPECT_EQ(out.size(), most);
        BYTE* const added = out[most - 1]->uData.pbData;
        EXPECT_EQ(pool->PutBuffer(added + 1), STATUS_INVALID_PARAMETER);
        for (DMUS_KERNEL_EVENT* const event : out) {
            EXPECT_EQ(pool->PutMessage(event), STATUS_SUCCESS);
        }
        EXPECT_EQ(pool->PutBuffer(added), STATUS_INVALID_PARAMETER) << "it is not out";
        EXPECT_TRUE(pool->has_room(most));
        EXPECT_FALSE(pool->has_room(most + 1));
    });
}

// ---- the packer -----------------------------------------------------------------------------------------------------

class PackerTest : public HelperTest {
protected:
    struct Buffer {
        explicit Buffer(std::size_t bytes) : data(bytes, 0xEE) {
            packet.header = &header;
            packet.data = data.data();
            packet.size = static_cast<ULONG>(bytes);
        }
        KSSTREAM_HEADER header{};
        Bytes data;
        Packet packet;
    };
};

TEST_F(PackerTest, MillisecondsDoNotDrift) {
    inside([] {
        auto pool = EventAllocator::create(64, 4);
        Packer packer(MusicFormat::midi, *pool.get());
        const Bytes message = {0xF8};
        for (int i = 0; i < 20; ++i) {
            DMUS_KERNEL_EVENT* const event = pool->make_event(message.data(), 1, false);
            event->ullPresTime100ns = 500 + i * 15'900; // 1.59 ms apart
            packer.add(event);
        }
        Buffer buffer(4096);
        NTSTATUS why = STATUS_SUCCESS;
        EXPECT_EQ(packer.pack(buffer.packet, why), PacketQueue::Verdict::next);
        ULONG sum = 0;
        for (ULONG at = 0; at < buffer.packet.used; at += sizeof(KSMUSICFORMAT) + 4) {
            KSMUSICFORMAT record;
            std::memcpy(&record, &buffer.data[at], sizeof record);
            EXPECT_EQ(record.ByteCount, 1U);
            sum += record.TimeDeltaMs;
        }
        EXPECT_EQ(sum, 30U); // 19 × 1.59 = 30.2
        EXPECT_EQ(buffer.header.PresentationTime.Time, 500);
        EXPECT_EQ(pool->events_out(), 0U);
    });
}

TEST_F(PackerTest, AFullBufferEndsBeforeAMessageThatHasNoRoom) {
    inside([] {
        auto pool = EventAllocator::create(64, 4);
        Packer packer(MusicFormat::midi, *pool.get());
        const Bytes message = {0x90, 1, 2};
        for (int i = 0; i < 3; ++i) {
            packer.add(pool->make_event(message.data(), 3, false));
        }
        Buffer first(24 + 10);
        NTSTATUS why = STATUS_SUCCESS;
        EXPECT_EQ(packer.pack(first.packet, why), PacketQueue::Verdict::next);
        EXPECT_EQ(first.packet.used, 24U);
        Buffer second(24);
        EXPECT_EQ(packer.pack(second.packet, why), PacketQueue::Verdict::next);
        EXPECT_EQ(second.packet.used, 12U);
        Buffer third(24);
        EXPECT_EQ(packer.pack(third.packet, why), PacketQueue::Verdict::stay);
    });
}

TEST_F(PackerTest, WhatWasLostIsSaidInTheBufferBehindIt) {
    inside([] {
        auto pool = EventAllocator::create(64, 4);
        Packer packer(MusicFormat::midi, *pool.get());
        const Bytes message = {0x90, 1, 2};
        packer.add(pool->make_event(message.data(), 3, false));
        packer.note_loss();
        packer.add(pool->make_event(message.data(), 3, false));
        packer.add(pool->make_event(message.data(), 3, false));
        Buffer first(240);
        Buffer second(240);
        NTSTATUS why = STATUS_SUCCESS;
        EXPECT_EQ(packer.pack(first.packet, why), PacketQueue::Verdict::next);
        EXPECT_EQ(first.packet.used, 12U);
        EXPECT_EQ(first.header.OptionsFlags, KSSTREAM_HEADER_OPTIONSF_TIMEVALID);
        EXPECT_EQ(packer.pack(second.packet, why), PacketQueue::Verdict::next);
        EXPECT_EQ(second.packet.used, 24U);
        EXPECT_EQ(second.header.OptionsFlags,
                  KSSTREAM_HEADER_OPTIONSF_TIMEVALID | KSSTREAM_HEADER_OPTIONSF_DATADISCONTINUITY);
    });
}

} // namespace openportcls::portcls
