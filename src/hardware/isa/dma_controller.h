// The DMA of an ISA board: two 8237s, channels 0 to 3 for bytes and 5 to 7 for words, with page registers for the
// address bits that the chips lack (IBM PC/AT Technical Reference, "DMA Controller").
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "base/result.h"
#include "hardware/isa/dma_chip.h"
#include "machine/device.h"
#include "machine/machine.h"

namespace openportcls::hardware {

// A card on a channel. It moves its samples in blocks, late; before anyone looks at the controller or changes it, the
// card moves what is due up to then.
class DmaRequester {
public:
    virtual ~DmaRequester() = default;
    virtual void NTAPI before_dma_access() = 0;
    virtual void NTAPI dma_changed() = 0; // a channel may answer now that did not
};

class DmaController final : public machine::Device {
public:
    static constexpr unsigned channel_count = 8;
    static constexpr unsigned cascade_channel = 4;

    static Result<std::unique_ptr<DmaController>> create(machine::Machine& machine);
    ~DmaController() override;

    std::string_view name() const override { return "ISA DMA controllers"; }
    std::uint64_t NTAPI read_port(unsigned range, std::uint32_t offset, machine::AccessWidth width) override;
    void NTAPI write_port(unsigned range, std::uint32_t offset, machine::AccessWidth width,
                          std::uint64_t value) override;

    // Without power it answers nowhere, and then knows nothing.
    void set_power(bool is_on);

    void attach(unsigned channel, DmaRequester& requester);
    void detach(unsigned channel, const DmaRequester& requester);

    // What the device moves with its requests answered; bytes moved, in whole units. Less than asked for when the
    // channel is masked, reaches its terminal count without starting over, or is programmed for the other direction.
    std::size_t to_device(unsigned channel, std::span<std::byte> bytes);
    // Where that lies, if it lies together in memory and is all there; for a device that looks at it there, and then
    // takes it with skip_to_device().
    const std::byte* one_piece(unsigned channel, std::size_t bytes) const;
    // The same as to_device() for a device that throws away what it gets.
    std::size_t skip_to_device(unsigned channel, std::size_t bytes);
    std::size_t to_memory(unsigned channel, std::span<const std::byte> bytes);
    bool answers(unsigned channel) const { return chip_of(channel).answers(channel % DmaChip::channel_count); }

    static unsigned unit_shift(unsigned channel) { return channel < DmaChip::channel_count ? 0 : 1; }
    static unsigned unit_bytes(unsigned channel) { return 1U << unit_shift(channel); }
    const DmaChip& chip(unsigned number) const { return chips_[number]; }

private:
    enum Range : unsigned { bytes_range, words_range, pages_range };

    explicit DmaController(machine::Machine& machine) : machine_(machine) {}
    Result<void> claim_ports();
    void release_ports();
    DmaChip& chip_of(unsigned channel) { return chips_[channel / DmaChip::channel_count]; }
    const DmaChip& chip_of(unsigned channel) const { return chips_[channel / DmaChip::channel_count]; }
    machine::PhysicalAddress physical(unsigned channel) const;
    // The memory of the next units, at most `units`, that lie in one piece; null where there is no memory.
    std::byte* next_piece(unsigned channel, std::uint32_t& units) const;
    template<class Copy>
    std::size_t move(unsigned channel, std::size_t bytes, Copy&& copy);
    void list_cards();
    std::span<DmaRequester* const> cards() const { return std::span(cards_).first(card_count_); }
    void settle();
    void announce_change();

    machine::Machine& machine_;
    std::array<DmaChip, 2> chips_;
    std::array<std::uint8_t, 16> pages_{}; // as the ports 80h to 8Fh keep them
    std::array<DmaRequester*, channel_count> requesters_{};
    std::array<DmaRequester*, channel_count> cards_{}; // each of them once
    unsigned card_count_ = 0;
};

} // namespace openportcls::hardware
