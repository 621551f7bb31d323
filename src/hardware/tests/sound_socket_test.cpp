// What a jack gives of what is plugged into it.
#include <array>

#include <gtest/gtest.h>

#include "hardware/sound_socket.h"

namespace openportcls::hardware {
namespace {

class Stereo final : public SoundSource {
public:
    void give(const SampleTime&, std::span<Frame> frames) override {
        for (Frame& frame : frames) {
            frame = {0.25F, -0.5F};
        }
    }
};

std::array<Frame, 3> heard_of(unsigned channels, SoundSource* source) {
    std::array<Frame, 3> frames{Frame{1, 1}, Frame{1, 1}, Frame{1, 1}};
    InputSocket{"input", channels, source}.read({}, frames);
    return frames;
}

TEST(SoundSocket, OneOfOneChannelHasTheLeftOneForBoth) {
    Stereo stereo;
    for (const Frame& frame : heard_of(1, &stereo)) {
        EXPECT_EQ(frame.left, 0.25F);
        EXPECT_EQ(frame.right, 0.25F);
    }
    for (const Frame& frame : heard_of(2, &stereo)) {
        EXPECT_EQ(frame.left, 0.25F);
        EXPECT_EQ(frame.right, -0.5F);
    }
    for (const Frame& frame : heard_of(1, nullptr)) {
        EXPECT_EQ(frame.left, 0);
        EXPECT_EQ(frame.right, 0);
    }
}

} // namespace
} // namespace openportcls::hardware
