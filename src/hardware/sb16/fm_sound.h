// The FM synthesizer of the card: an OPL3, and its place in the mixer.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "hardware/opl3/device.h"
#include "hardware/sb16/mixer.h"
#include "hardware/sound_socket.h"
#include "machine/machine.h"

namespace openportcls::hardware::sb16 {

class FmSound {
public:
    class Board {
    public:
        virtual ~Board() = default;
        virtual bool is_heard() const = 0; // something is plugged into the output
        // The first note that somebody can hear: from then on there is always something.
        virtual void fm_has_sounded() = 0;
    };

    FmSound(machine::Machine& machine, Board& board);
    FmSound(const FmSound&) = delete;
    FmSound& operator=(const FmSound&) = delete;

    [[gnu::noinline]] std::uint8_t NTAPI read(std::uint32_t port); // 0 to 3
    [[gnu::noinline]] void NTAPI write(std::uint32_t port, std::uint8_t value);

    void forget(); // the power is gone

    // Adds its sound at these moments. `sides`: what of its left and right goes to each side.
    void add(const std::array<std::array<float, 2>, 2>& sides, const SampleTime& when, std::span<Frame> sum);

    bool has_sounded() const { return has_sounded_; }

private:
    static constexpr std::size_t chunk_frames = longest_block;

    const machine::Clock& clock_;
    Board& board_;
    opl3::Opl3Device chip_;
    bool has_sounded_ = false;
    std::array<opl3::FloatFrame, chunk_frames> sound_{};
};

} // namespace openportcls::hardware::sb16
