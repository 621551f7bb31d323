// A board with a Sound Blaster 16, and a service routine that counts its interrupts.
#pragma once

#include "hardware/sb16/card.h"
#include "hardware/tests/board_fixture.h"

namespace openportcls::hardware::sb16 {

class Sb16Test : public BoardTest {
protected:
    Sb16Test() {
        auto plugged = plug("sb16");
        EXPECT_TRUE(plugged);
        card = static_cast<Sb16*>(*plugged);
        card->outputs()[0].plugged = &listener;
        handler.service = &Handler::called;
        handler.test = this;
        EXPECT_TRUE(machine.enter([&] {
            machine.interrupt_line(0x45, machine::irql::device_lowest, machine::TriggerMode::latched).connect(handler);
        }));
    }
    ~Sb16Test() override {
        machine.enter([&] { machine.interrupt_line(0x45).disconnect(handler); });
    }

    void command(std::initializer_list<std::uint8_t> bytes) {
        for (const std::uint8_t byte : bytes) {
            while ((in(0x22C) & 0x80) != 0) {
            }
            out(0x22C, byte);
        }
    }
    std::uint8_t answer() {
        for (int tries = 0; (in(0x22E) & 0x80) == 0; ++tries) {
            if (tries > 200) {
                ADD_FAILURE() << "the DSP does not answer";
                return 0;
            }
        }
        return in(0x22A);
    }
    void reset() {
        out(0x226, 1);
        wait(3'000);
        out(0x226, 0);
        ASSERT_EQ(answer(), 0xAA);
    }
    std::uint8_t mixer(std::uint8_t index) {
        out(0x224, index);
        return in(0x225);
    }
    void set_mixer(std::uint8_t index, std::uint8_t value) {
        out(0x224, index);
        out(0x225, value);
    }
    void full_volume() {
        for (const std::uint8_t index : {0x30, 0x31, 0x32, 0x33, 0x38, 0x39}) {
            set_mixer(index, 0xF8);
        }
    }

    // Counts what the mixer's status says, and acknowledges it.
    struct Handler : machine::InterruptHandler {
        Sb16Test* test = nullptr;
        int bytes = 0;
        int words = 0;
        int midi = 0;
        static bool NTAPI called(machine::InterruptHandler& handler) { return static_cast<Handler&>(handler).serve(); }
        bool serve() {
            const std::uint8_t status = test->mixer(0x82);
            if ((status & 1) != 0) {
                ++bytes;
                test->in(0x22E);
            }
            if ((status & 2) != 0) {
                ++words;
                test->in(0x22F);
            }
            if ((status & 4) != 0) {
                ++midi;
                test->in(0x330);
            }
            return status != 0;
        }
    };

    Sb16* card = nullptr;
    Listener listener;
    Handler handler;
};

} // namespace openportcls::hardware::sb16
