#include "hardware/sb16/fm_sound.h"

#include <memory>

namespace openportcls::hardware::sb16 {

FmSound::FmSound(machine::Machine& machine, Board& board)
    : clock_(machine.clock()), board_(board), chip_(clock_, opl3::Model::ymf262) {}

void FmSound::forget() {
    has_sounded_ = false;
    std::destroy_at(&chip_);
    std::construct_at(&chip_, clock_, opl3::Model::ymf262);
}

std::uint8_t NTAPI FmSound::read(std::uint32_t port) {
    return static_cast<std::uint8_t>(chip_.read_port(0, port, static_cast<machine::AccessWidth>(1)));
}

void NTAPI FmSound::write(std::uint32_t port, std::uint8_t value) {
    chip_.write_port(0, port, static_cast<machine::AccessWidth>(1), value);
    if (!has_sounded_ && board_.is_heard() && !chip_.synthesizer().is_silent()) {
        has_sounded_ = true;
        chip_.start_listening();
        board_.fm_has_sounded();
    }
}

void FmSound::add(const std::array<std::array<float, 2>, 2>& sides, const SampleTime& when, std::span<Frame> sum) {
    const auto is_nothing = [](const std::array<float, 2>& side) { return side[0] == 0 && side[1] == 0; };
    if (!has_sounded_ || (is_nothing(sides[0]) && is_nothing(sides[1]))) {
        return;
    }
    const auto sound = std::span(sound_).first(sum.size());
    chip_.sound_at({when.origin, when.rate.numerator, when.rate.denominator, when.first}, sound);
    for (std::size_t index = 0; index < sum.size(); ++index) {
        sum[index].left += sound[index].left * sides[0][0] + sound[index].right * sides[0][1];
        sum[index].right += sound[index].left * sides[1][0] + sound[index].right * sides[1][1];
    }
}

} // namespace openportcls::hardware::sb16
