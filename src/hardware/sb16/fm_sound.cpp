#include "hardware/sb16/fm_sound.h"

#include <algorithm>

namespace openportcls::hardware::sb16 {

FmSound::FmSound(machine::Machine& machine, Board& board)
    : machine_(machine), board_(board), chip_(machine.clock(), opl3::Model::ymf262), event_(&FmSound::block_due, this) {
}

std::uint8_t NTAPI FmSound::read(std::uint32_t port) {
    return static_cast<std::uint8_t>(chip_.read_port(0, port, static_cast<machine::AccessWidth>(1)));
}

void NTAPI FmSound::write(std::uint32_t port, std::uint8_t value) {
    chip_.write_port(0, port, static_cast<machine::AccessWidth>(1), value);
    if (!has_sounded_ && board_.is_heard() && !chip_.synthesizer().is_silent()) {
        has_sounded_ = true;
        chip_.start_listening();
        voices_changed();
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

void NTAPI FmSound::choose_clock() {
    const bool runs = has_sounded_ && board_.is_heard() && !board_.has_voice();
    if (runs == is_running_) {
        return;
    }
    catch_up();
    is_running_ = runs;
    if (runs) {
        clock_.start(machine_.now(), own_rate);
        moved_ = 0;
        schedule();
    } else {
        machine_.clock().cancel(event_);
    }
}

void FmSound::catch_up() {
    if (!is_running_) {
        return;
    }
    for (std::uint64_t due = clock_.elapsed(machine_.now()) - moved_; due != 0;) {
        const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(due, chunk_frames));
        const auto frames = std::span(frames_).first(count);
        std::ranges::fill(frames, Frame{});
        board_.play_without_voice({clock_.origin(), own_rate, moved_}, frames);
        moved_ += count;
        due -= count;
    }
}

void FmSound::schedule() {
    machine_.clock().schedule(event_, clock_.time_of((moved_ / block_frames + 1) * block_frames));
}

void FmSound::block_due(machine::ClockEvent& event) {
    auto& self = *static_cast<FmSound*>(event.context());
    self.catch_up();
    self.voices_changed();
    if (self.is_running_ && !event.is_scheduled()) {
        self.schedule();
    }
}

} // namespace openportcls::hardware::sb16
