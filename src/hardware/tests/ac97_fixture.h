// A board with an AC'97 card whose ports are switched on, and a service routine that counts its interrupts.
#pragma once

#include "hardware/ac97/card.h"
#include "hardware/tests/board_fixture.h"

namespace openportcls::hardware::ac97 {

class Ac97Test : public BoardTest {
protected:
    using Width = machine::AccessWidth;
    enum Engine : std::uint32_t { pcm_in = 0x00, pcm_out = 0x10, microphone_in = 0x20 };

    Ac97Test() { insert("ac97"); }
    ~Ac97Test() override {
        machine.enter([&] { line().disconnect(handler); });
    }

    void insert(std::string_view order) {
        auto plugged = plug(order);
        ASSERT_TRUE(plugged);
        card = static_cast<Ac97*>(*plugged);
        card->outputs()[0].plugged = &listener;
        card->pci()->write_config(pci::command, Width::word, pci::io_space | pci::bus_master);
        mixer_base = card->pci()->config().io_base(0);
        master_base = card->pci()->config().io_base(1);
        list = allocate(0x1000);
        handler.service = &Handler::called;
        handler.test = this;
        ASSERT_TRUE(machine.enter([&] { line().connect(handler); }));
    }
    machine::InterruptLine& line() {
        return machine.interrupt_line(0x40 + card->pci()->config().value(pci::interrupt_line));
    }

    std::uint16_t mixer(std::uint32_t offset) {
        return static_cast<std::uint16_t>(in(mixer_base + offset, Width::word));
    }
    void set_mixer(std::uint32_t offset, std::uint32_t value) { out(mixer_base + offset, value, Width::word); }
    std::uint32_t master(std::uint32_t offset, Width width = Width::byte) { return in(master_base + offset, width); }
    void set_master(std::uint32_t offset, std::uint32_t value, Width width = Width::byte) {
        out(master_base + offset, value, width);
    }
    // Out of reset, everything at 0 dB.
    void wake() {
        set_master(0x2C, 2, Width::dword);
        wait(millisecond);
        ASSERT_EQ(master(0x30, Width::dword) & 0x100, 0x100U);
        set_mixer(0x02, 0);
        set_mixer(0x18, 0x0808);
        set_mixer(0x1C, 0);
    }
    void describe(unsigned index, machine::PhysicalAddress address, std::uint32_t words, std::uint32_t flags) {
        at<std::uint32_t>(list)[2 * index] = static_cast<std::uint32_t>(address);
        at<std::uint32_t>(list)[2 * index + 1] = words | flags;
    }
    void start(Engine engine, unsigned last, std::uint32_t control = 0x1D) {
        set_master(engine + 0x0, static_cast<std::uint32_t>(list), Width::dword);
        set_master(engine + 0x5, last);
        set_master(engine + 0xB, control);
    }
    // Words that count up from `first`.
    machine::PhysicalAddress samples(std::uint32_t words, int first) {
        const auto memory = allocate(0x1000);
        for (std::uint32_t index = 0; index < words; ++index) {
            at<std::int16_t>(memory)[index] = static_cast<std::int16_t>(first + static_cast<int>(index));
        }
        return memory;
    }
    std::vector<int> heard_words() const {
        std::vector<int> words;
        for (const Frame& frame : listener.frames) {
            words.push_back(static_cast<int>(frame.left * 32768));
            words.push_back(static_cast<int>(frame.right * 32768));
        }
        return words;
    }

    struct Handler : machine::InterruptHandler {
        Ac97Test* test = nullptr;
        int interrupts = 0;
        std::uint32_t seen = 0; // status bits of the engine that asked last
        static bool NTAPI called(machine::InterruptHandler& handler) { return static_cast<Handler&>(handler).serve(); }
        bool serve() {
            const std::uint32_t global = test->master(0x30, Width::dword);
            for (const auto& [bit, engine] : {std::pair{0x20U, pcm_in}, {0x40U, pcm_out}, {0x80U, microphone_in}}) {
                if ((global & bit) != 0) {
                    ++interrupts;
                    seen = test->master(engine + 0x6, Width::word);
                    test->set_master(engine + 0x6, seen & 0x1C, Width::word);
                }
            }
            return (global & 0xE0) != 0;
        }
    };

    static constexpr std::uint32_t interrupt = 0x8000'0000;
    static constexpr std::uint32_t repeat = 0x4000'0000;

    Ac97* card = nullptr;
    Listener listener;
    Handler handler;
    std::uint32_t mixer_base = 0;
    std::uint32_t master_base = 0;
    machine::PhysicalAddress list = 0;
};

} // namespace openportcls::hardware::ac97
