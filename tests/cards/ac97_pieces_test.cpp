// R-WPCI-20: the client's memory begins and ends where it likes, also in the middle of a sample. The card's bus masters
// know whole samples at even addresses only.
#include "ac97_fixture.h"

#include <numeric>

namespace openportcls::cards {
namespace {

// How long a request is, and how far behind an even address it begins.
struct Part {
    std::size_t bytes;
    std::size_t offset = 0;
};
using Parts = std::vector<Part>;

class Ac97Pieces : public Ac97 {
protected:
    void TearDown() override {
        forget();
        Ac97::TearDown();
    }
    const WaveFormat any = format(48000, 2, 16);

    static std::size_t total(const Parts& parts) {
        return std::accumulate(parts.begin(), parts.end(), std::size_t{0},
                               [](std::size_t sum, const Part& part) { return sum + part.bytes; });
    }
    static Parts random_parts(unsigned seed, std::size_t count, std::size_t longest) {
        std::mt19937 random(seed);
        Parts parts(count);
        for (Part& part : parts) {
            part = {random() % longest + 1, random() % 4};
        }
        const std::size_t rest = total(parts) % 4;
        parts.push_back({4 - rest, 0});
        return parts;
    }

    // ---- requests in parts of one buffer each ----
    void submit(Pin& pin, const Parts& parts, const Bytes& sound = {}) {
        std::size_t at = 0;
        for (const Part& part : parts) {
            Bytes& memory = memory_.emplace_back(part.offset + part.bytes + 1, guard);
            const StreamBlock block{std::span(memory).subspan(part.offset, part.bytes)};
            if (!sound.empty()) {
                std::copy_n(sound.begin() + static_cast<std::ptrdiff_t>(at), part.bytes, block.data.begin());
            }
            auto request = sound.empty() ? pin.submit_read({&block, 1}) : pin.submit_write({&block, 1});
            ASSERT_TRUE(request) << request.error().message;
            requests_.push_back(std::move(*request));
            parts_.push_back(part);
            at += part.bytes;
        }
    }
    static std::uint64_t position_of(Pin& pin) {
        std::array<std::uint64_t, 2> offsets{}; // KSAUDIO_POSITION
        const auto& key = property::audio_position;
        EXPECT_TRUE(pin.property(key.set, key.id, property_get, {}, std::as_writable_bytes(std::span(offsets))));
        return offsets[0];
    }
    void wait_for_all() {
        for (StreamRequest& request : requests_) {
            const auto done = request.wait(std::chrono::seconds(1));
            ASSERT_TRUE(done) << done.error().message;
        }
    }
    void forget() {
        requests_.clear();
        memory_.clear();
        parts_.clear();
        heard.clear();
    }
    // What all of them have, in a row. Nothing around them has been touched.
    Bytes taken() const {
        Bytes bytes;
        for (std::size_t index = 0; index < parts_.size(); ++index) {
            const Bytes& memory = memory_[index];
            const auto begin = memory.begin() + static_cast<std::ptrdiff_t>(parts_[index].offset);
            EXPECT_TRUE(std::all_of(memory.begin(), begin, [](std::byte byte) { return byte == guard; })) << index;
            EXPECT_EQ(memory.back(), guard) << index;
            bytes.insert(bytes.end(), begin, memory.end() - 1);
        }
        return bytes;
    }

    void expect_heard(const Parts& parts) {
        forget();
        const Bytes sound = noise(any, total(parts) / 4);
        Pin render = Pin::open(*wave, 0, any).value();
        ASSERT_TRUE(render.set_state(PinState::pause));
        submit(render, parts, sound);
        ASSERT_TRUE(render.set_state(PinState::run));
        wait_for_all();
        ASSERT_TRUE(machine->run_for(milliseconds(5)));
        EXPECT_EQ(find(any, sound), 0U) << parts.size() << " parts, the first " << parts[0].bytes << " bytes at "
                                        << parts[0].offset;
    }
    // With a card of its own, so that it hears the sound from the beginning.
    void expect_recorded(const Parts& parts) {
        start();
        const auto sound = random_sound(total(parts) / 4 + 48);
        ASSERT_TRUE(machine->feed("line in", any.rate, sound));
        {
            Pin capture = Pin::open(*wave, 2, any).value();
            ASSERT_TRUE(capture.set_state(PinState::pause));
            submit(capture, parts);
            ASSERT_TRUE(capture.set_state(PinState::run));
            wait_for_all();
        }
        EXPECT_TRUE(is_part_of(sound, taken()))
            << parts.size() << " parts, the first " << parts[0].bytes << " bytes at " << parts[0].offset;
        TearDown();
        driver.reset();
    }

    static std::vector<SoundFrame> random_sound(std::size_t frames) {
        std::mt19937 random(9);
        std::vector<SoundFrame> sound(frames);
        for (SoundFrame& frame : sound) {
            frame = {static_cast<float>(random() % 32767 + 1) / 32768,
                     -static_cast<float>(random() % 32767 + 1) / 32768};
        }
        return sound;
    }
    // From one of the first frames on: the recording begins after the sound.
    bool is_part_of(const std::vector<SoundFrame>& sound, const Bytes& bytes) const {
        const Bytes whole = to_bytes(sound, any);
        const auto at = std::search(whole.begin(), whole.end(), bytes.begin(), bytes.end());
        return at != whole.end() && (at - whole.begin()) % 4 == 0;
    }
    void cancel_some(Pin& pin, bool is_capture, unsigned seed) {
        std::mt19937 random(seed);
        const Parts parts = random_parts(seed, 50, seed % 4 < 2 ? 900 : 4);
        ASSERT_TRUE(pin.set_state(PinState::pause));
        submit(pin, parts, is_capture ? Bytes() : noise(any, total(parts) / 4));
        ASSERT_TRUE(pin.set_state(PinState::run));
        std::vector<bool> is_cancelled(requests_.size());
        for (int times = 0; times < 25; ++times) {
            ASSERT_TRUE(machine->run_for(std::chrono::microseconds(random() % 1000)));
            const std::size_t index = random() % requests_.size();
            if (requests_[index].is_done()) {
                continue;
            }
            requests_[index].cancel();
            is_cancelled[index] = !requests_[index].wait(milliseconds(100));
            std::fill(memory_[index].begin(), memory_[index].end(), guard);
        }
        for (std::size_t index = 0; index < requests_.size(); ++index) {
            const auto done = requests_[index].wait(std::chrono::seconds(1));
            ASSERT_EQ(static_cast<bool>(done), !is_cancelled[index]) << "seed " << seed << ", request " << index;
        }
        ASSERT_TRUE(machine->run_for(milliseconds(50)));
        for (std::size_t index = 0; index < requests_.size(); ++index) {
            if (is_cancelled[index]) {
                EXPECT_EQ(memory_[index], Bytes(memory_[index].size(), guard)) << seed << ", " << index;
            }
        }
        ASSERT_TRUE(pin.set_state(PinState::stop));
    }
    // Words that are not silence.
    std::vector<std::int16_t> heard_words() const {
        const Bytes bytes = to_bytes(heard, any);
        std::vector<std::int16_t> words(bytes.size() / 2);
        std::memcpy(words.data(), bytes.data(), bytes.size());
        std::erase(words, std::int16_t{0});
        return words;
    }

    static constexpr std::byte guard{0xA7};
    std::vector<Bytes> memory_;
    std::vector<StreamRequest> requests_;
    Parts parts_;
};

const std::vector<Parts> shapes = {
    {{4800}, {4800}, {9600}},
    {{4800, 1}, {4800, 1}, {9600, 1}},
    {{4800, 2}, {4800, 2}, {9600, 2}},
    {{4802}, {4798}, {9600}},
    {{4801}, {4799}, {9600}},
    {{4801}, {4799, 1}, {9600}},
    {{4801, 1}, {4799}, {9600, 3}},
    {{1}, {1}, {1}, {1}, {9600}},
    {{1, 1}, {2, 1}, {1, 1}, {9600, 1}},
    {{3}, {1}, {1}, {1}, {1}, {1}, {4000}},
    {{1}, {40001, 1}, {2}},
    {{40001}, {1}, {2, 1}},
};

TEST_F(Ac97Pieces, R_WPCI_20_AnyAlignmentIsHeardBitForBit) {
    start();
    for (const Parts& parts : shapes) {
        expect_heard(parts);
    }
    expect_heard(Parts(100, Part{1, 1}));
    for (unsigned seed = 1; seed <= 20; ++seed) {
        expect_heard(random_parts(seed, 100, seed % 2 == 0 ? 5000 : 7));
    }
}

TEST_F(Ac97Pieces, R_WPCI_20_AnyAlignmentIsRecordedBitForBit) {
    for (const Parts& parts : shapes) {
        expect_recorded(parts);
    }
    expect_recorded(Parts(100, Part{1, 1}));
    for (unsigned seed = 1; seed <= 20; ++seed) {
        expect_recorded(random_parts(seed, 100, seed % 2 == 0 ? 5000 : 7));
    }
}

// R-WPCI-07: in order, and none before its last byte has been played, or recorded.
TEST_F(Ac97Pieces, R_WPCI_07_ARequestEndsWithItsLastByte) {
    start();
    for (const bool is_capture : {false, true}) {
        for (unsigned seed = 1; seed <= 4; ++seed) {
            forget();
            const Parts parts = random_parts(seed, 40, 900);
            Pin pin = Pin::open(*wave, is_capture ? 2 : 0, any).value();
            ASSERT_TRUE(pin.set_state(PinState::pause));
            submit(pin, parts, is_capture ? Bytes() : noise(any, total(parts) / 4));
            ASSERT_TRUE(pin.set_state(PinState::run));
            for (int times = 0; times < 400 && !requests_.back().is_done(); ++times) {
                ASSERT_TRUE(machine->run_for(std::chrono::microseconds(333)));
                const std::uint64_t before = position_of(pin);
                if (!is_capture) { // a frame may pass while the ports are read
                    ASSERT_LE(before, heard.size() * 4) << "R-WPCI-13";
                    ASSERT_GE(before + 4, std::min(heard.size() * 4, total(parts)));
                }
                std::vector<bool> is_done;
                for (const StreamRequest& request : requests_) {
                    is_done.push_back(request.is_done());
                }
                const std::uint64_t after = position_of(pin);
                std::size_t end = 0;
                for (std::size_t index = 0; index < requests_.size(); ++index) {
                    end += parts[index].bytes;
                    ASSERT_LE(is_done[index] ? end : 0, after) << "request " << index << " has ended too early";
                    ASSERT_TRUE(is_done[index] || end >= before) << "request " << index << " ends at " << end;
                }
            }
            EXPECT_TRUE(requests_.back().is_done());
            ASSERT_TRUE(pin.set_state(PinState::stop));
        }
    }
}

// A client that waits for each request before it has the next: half a sample waits for its other half, but nobody waits
// for it.
TEST_F(Ac97Pieces, WhoHasOneRequestAtATimeGetsAllOfThemBack) {
    start();
    const Parts parts = random_parts(3, 60, 50);
    for (const bool is_capture : {false, true}) {
        forget();
        const Bytes sound = noise(any, total(parts) / 4);
        if (is_capture) {
            ASSERT_TRUE(machine->feed("line in", any.rate, std::vector<SoundFrame>(4800, SoundFrame{0.25F, 0.25F})));
        }
        Pin pin = Pin::open(*wave, is_capture ? 2 : 0, any).value();
        ASSERT_TRUE(pin.set_state(PinState::pause));
        ASSERT_TRUE(pin.set_state(PinState::run));
        std::size_t at = 0;
        for (const Part& part : parts) {
            const auto begin = sound.begin() + static_cast<std::ptrdiff_t>(at);
            submit(pin, {part}, is_capture ? Bytes() : Bytes(begin, begin + static_cast<std::ptrdiff_t>(part.bytes)));
            const auto done = requests_.back().wait(milliseconds(100));
            ASSERT_TRUE(done) << part.bytes << " bytes at " << at << ": " << done.error().message;
            at += part.bytes;
        }
        ASSERT_TRUE(machine->run_for(milliseconds(5)));
        if (is_capture) { // 0.25: no sample is half one, half another
            const Bytes bytes = taken();
            for (std::size_t index = 0; index < bytes.size(); ++index) {
                ASSERT_EQ(bytes[index], index % 2 == 0 ? std::byte{0} : std::byte{0x20}) << index;
            }
        } else {
            std::vector<std::int16_t> words(sound.size() / 2);
            std::memcpy(words.data(), sound.data(), sound.size());
            EXPECT_EQ(heard_words(), words);
        }
        ASSERT_TRUE(pin.set_state(PinState::stop));
    }
}

TEST_F(Ac97Pieces, PausesAndSleepsAnywhereLoseNothing) {
    start();
    Device device = driver->devices().front();
    for (unsigned seed = 1; seed <= 8; ++seed) {
        forget();
        std::mt19937 random(seed);
        const Parts parts = random_parts(seed, 60, 1500);
        const Bytes sound = noise(any, total(parts) / 4);
        Pin render = Pin::open(*wave, 0, any).value();
        ASSERT_TRUE(render.set_state(PinState::pause));
        submit(render, parts, sound);
        ASSERT_TRUE(render.set_state(PinState::run));
        while (!requests_.back().is_done()) {
            ASSERT_TRUE(machine->run_for(std::chrono::microseconds(random() % 4000)));
            const bool sleeps = random() % 2 == 0;
            ASSERT_TRUE(sleeps ? device.set_power(3) : render.set_state(PinState::pause));
            ASSERT_TRUE(machine->run_for(milliseconds(3)));
            ASSERT_TRUE(sleeps ? device.set_power(0) : render.set_state(PinState::run));
        }
        ASSERT_TRUE(machine->run_for(milliseconds(5)));
        std::vector<std::int16_t> words(sound.size() / 2);
        std::memcpy(words.data(), sound.data(), sound.size());
        EXPECT_EQ(heard_words(), words) << seed;
        ASSERT_TRUE(render.set_state(PinState::stop));
    }
}

// R-WPCI-09, R-WPCI-10: whatever is cancelled and whoever is at work meanwhile, what is left ends, and the memory of
// what is gone is left alone.
TEST_F(Ac97Pieces, R_WPCI_09_CancelledRequestsAreLetGo) {
    constexpr Scheduling policies[] = {Scheduling::first_come, Scheduling::random, Scheduling::pct};
    for (unsigned seed = 1; seed <= 60; ++seed) {
        options.scheduling = policies[seed % 3];
        options.processors = 1 + seed % 3;
        options.seed = seed;
        start();
        ASSERT_TRUE(machine->feed("line in", any.rate, std::vector<SoundFrame>(480000, SoundFrame{0.25F, 0.25F})));
        {
            Pin pin = Pin::open(*wave, seed % 2 == 0 ? 2 : 0, any).value();
            cancel_some(pin, seed % 2 == 0, seed);
        }
        TearDown();
        driver.reset();
    }
}

// R-WPCI-09: the engine has nothing left to interrupt for when all that is left is half a sample.
TEST_F(Ac97Pieces, R_WPCI_09_WhatIsLeftOfASampleEndsByItself) {
    start();
    ASSERT_TRUE(machine->feed("line in", any.rate, random_sound(48000)));
    for (const bool is_capture : {false, true}) {
        forget();
        Pin pin = Pin::open(*wave, is_capture ? 2 : 0, any).value();
        ASSERT_TRUE(pin.set_state(PinState::pause));
        submit(pin, {{9600}, {1}}, is_capture ? Bytes() : Bytes(9601, std::byte{0x11}));
        ASSERT_TRUE(pin.set_state(PinState::run));
        ASSERT_TRUE(machine->run_for(milliseconds(10)));
        requests_[0].cancel();
        EXPECT_FALSE(requests_[0].wait(milliseconds(100)));
        const auto done = requests_[1].wait(milliseconds(100));
        EXPECT_TRUE(done) << is_capture << done.error().message;
    }
}

TEST_F(Ac97Pieces, R_WPCI_09_RecordingGoesOnWhenHalfASampleIsCancelled) {
    start();
    ASSERT_TRUE(machine->feed("line in", any.rate, random_sound(48000)));
    Pin capture = Pin::open(*wave, 2, any).value();
    ASSERT_TRUE(capture.set_state(PinState::pause));
    submit(capture, {{1}});
    ASSERT_TRUE(capture.set_state(PinState::run));
    requests_[0].cancel(); // the sample is not over
    EXPECT_FALSE(requests_[0].wait(milliseconds(10)));
    submit(capture, {{9600}});
    EXPECT_TRUE(requests_[1].wait(milliseconds(100)));
}

// Half a sample that was left is nobody's.
TEST_F(Ac97Pieces, AStopBeginsAnewAtAWholeSample) {
    start();
    Pin render = Pin::open(*wave, 0, any).value();
    for (const std::size_t bytes : {4801U, 1U, 4803U}) {
        for (const int played_milliseconds : {0, 1, 60}) {
            for (const PinState between : {PinState::stop, PinState::acquire}) {
                forget();
                ASSERT_TRUE(render.set_state(PinState::pause));
                submit(render, {{bytes, 1}}, Bytes(bytes, std::byte{0x55}));
                ASSERT_TRUE(render.set_state(PinState::run));
                ASSERT_TRUE(machine->run_for(milliseconds(played_milliseconds)));
                ASSERT_TRUE(render.set_state(PinState::stop));
                ASSERT_TRUE(requests_.back().is_done());
                ASSERT_TRUE(render.set_state(between));
                forget();
                const Bytes sound = noise(any, 480);
                ASSERT_TRUE(render.set_state(PinState::pause));
                submit(render, {{961}, {959}}, sound);
                ASSERT_TRUE(render.set_state(PinState::run));
                wait_for_all();
                ASSERT_TRUE(machine->run_for(milliseconds(5)));
                EXPECT_EQ(find(any, sound), 0U) << bytes << " bytes, " << played_milliseconds << " ms";
                ASSERT_TRUE(render.set_state(PinState::stop));
            }
        }
    }
}

// R-WPCI-11: also of a part that is copied, wherever the pages divide it.
TEST_F(Ac97Pieces, R_WPCI_11_AfterAStopTheClientHasWhatWasRecorded) {
    for (const std::size_t offset : {1U, 401U, 1101U, 2001U, 3001U, 3901U}) {
        start();
        const auto fed = random_sound(9600);
        ASSERT_TRUE(machine->feed("line in", any.rate, fed));
        {
            Pin capture = Pin::open(*wave, 2, any).value();
            ASSERT_TRUE(capture.set_state(PinState::pause));
            submit(capture, {{9601, offset}});
            ASSERT_TRUE(capture.set_state(PinState::run));
            ASSERT_TRUE(machine->run_for(std::chrono::microseconds(7'130)));
            ASSERT_TRUE(capture.set_state(PinState::stop));
        }
        const Bytes got = taken();
        const std::ptrdiff_t recorded = 342 * 4; // 7.13 ms
        EXPECT_TRUE(is_part_of(fed, Bytes(got.begin(), got.begin() + recorded))) << offset;
        EXPECT_TRUE(std::all_of(got.begin() + recorded + 4, got.end(), [](std::byte byte) { return byte == guard; }));
        TearDown();
        driver.reset();
    }
}

} // namespace
} // namespace openportcls::cards
