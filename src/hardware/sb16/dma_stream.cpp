#include "hardware/sb16/dma_stream.h"

#include <algorithm>

#include "hardware/sb16/sample_code.h"

namespace openportcls::hardware::sb16 {

DmaStream::DmaStream(machine::Machine& machine, DmaController& dma, Owner& owner)
    : machine_(machine), dma_(dma), owner_(owner), event_(&DmaStream::block_due, this) {}

void DmaStream::block_due(machine::ClockEvent& event) {
    static_cast<DmaStream*>(event.context())->move_due();
}

// Blocks are counted in units of the channel; an odd one of stereo ends within a frame, and is rounded up.
std::uint32_t DmaStream::block_frames() const {
    const std::uint32_t shift = plan_.format.is_stereo ? 1 : 0;
    return (plan_.block_units + shift) >> shift;
}

void DmaStream::start(const Plan& plan) {
    catch_up();
    const bool is_in_block = state_ == State::running || state_ == State::starved;
    if (is_in_block && plan_.repeats && !plan.repeats && !plan.is_silence) {
        next_ = plan;
        has_next_ = true;
        plan_.repeats = false;
        return;
    }
    begin(plan, machine_.now());
}

void DmaStream::begin(const Plan& plan, Nanoseconds since) {
    plan_ = plan;
    has_next_ = false;
    is_ending_ = false;
    left_ = block_frames();
    run_clock(since);
}

// The converter stands still.
void DmaStream::leave_running(State state) {
    state_ = state;
    next_frame_at_ = machine::never;
    machine_.clock().cancel(event_);
}

void DmaStream::stop() {
    has_next_ = false;
    leave_running(State::idle);
}

void DmaStream::pause() {
    catch_up();
    if (state_ == State::running || state_ == State::starved) {
        leave_running(State::paused);
    }
}

void DmaStream::resume() {
    if (state_ == State::paused) {
        run_clock(machine_.now());
    }
}

void DmaStream::end_after_block() {
    catch_up();
    is_ending_ = is_ending_ || plan_.repeats;
    plan_.repeats = false;
}

void DmaStream::repeat_after_block() {
    catch_up();
    if (is_ending_ && is_active()) {
        plan_.repeats = true;
        is_ending_ = false;
    }
}

void DmaStream::dma_changed() {
    if (state_ == State::starved && channel_ != no_channel && dma_.answers(channel_)) {
        run_clock(machine_.now());
    }
}

void DmaStream::run_clock(Nanoseconds since) {
    state_ = State::running;
    clock_.start(since, plan_.rate);
    moved_ = 0;
    next_frame_at_ = clock_.time_of(1);
    schedule();
}

void DmaStream::schedule() {
    machine_.clock().schedule(event_, clock_.mark(moved_ + left_));
}

[[gnu::hot]] void DmaStream::move_due() {
    std::uint64_t due = clock_.elapsed(machine_.now()) - moved_;
    const bool is_converting = is_worth_converting();
    bool is_new_block = false;
    while (due > 0 && state_ == State::running) {
        auto wanted = static_cast<std::uint32_t>(std::min<std::uint64_t>(due, left_));
        if (is_converting) {
            wanted = std::min(wanted, std::uint32_t{chunk_frames});
        }
        const std::uint32_t done = is_converting ? move(wanted) : pass_over(wanted);
        moved_ += done;
        due -= done;
        left_ -= done;
        if (done < wanted) {
            leave_running(State::starved); // requests go unanswered, until they are answered again
            return;
        }
        if (left_ == 0) {
            if (!finish_block()) {
                catch_up(); // what follows may have begun some time ago
                return;
            }
            is_new_block = true;
        }
    }
    if (state_ != State::running) {
        return;
    }
    next_frame_at_ = clock_.earliest_after(moved_);
    if (is_new_block) {
        schedule();
    }
}

bool DmaStream::finish_block() {
    if (plan_.repeats) {
        left_ = block_frames();
        owner_.block_is_over(plan_.format.is_16_bit);
        return true;
    }
    if (has_next_) {
        begin(next_, clock_.time_of(moved_));
    } else {
        stop();
    }
    owner_.block_is_over(plan_.format.is_16_bit); // of the same stream, and so of the same width
    return false;
}

std::uint32_t DmaStream::move(std::uint32_t count) {
    const SampleTime when{clock_.origin(), clock_.rate(), moved_};
    return plan_.is_input ? record(count, when) : play(count, when);
}

// What nobody hears leaves memory all the same.
std::uint32_t DmaStream::pass_over(std::uint32_t frames) {
    if (plan_.is_silence) {
        return frames;
    }
    const std::size_t bytes = std::size_t{frames} << plan_.format.frame_shift();
    const std::size_t got = channel_ != no_channel ? dma_.skip_to_device(channel_, bytes) : 0;
    return static_cast<std::uint32_t>(got >> plan_.format.frame_shift());
}

std::uint32_t DmaStream::play(std::uint32_t count, const SampleTime& when) {
    std::uint32_t done = count;
    if (plan_.is_silence) {
        std::ranges::fill(std::span(frames_).first(count), Frame{});
    } else {
        const auto bytes = std::span(bytes_).first(count * plan_.format.frame_bytes());
        const std::byte* const in_place = channel_ != no_channel ? dma_.one_piece(channel_, bytes.size()) : nullptr;
        std::size_t got = 0;
        if (in_place != nullptr) {
            got = dma_.skip_to_device(channel_, bytes.size());
        } else if (channel_ != no_channel) {
            got = dma_.to_device(channel_, bytes);
        }
        done = static_cast<std::uint32_t>(got >> plan_.format.frame_shift());
        decode(in_place != nullptr ? in_place : bytes.data(), plan_.format, owner_.voice_gain(),
               std::span(frames_).first(done));
    }
    if (done != 0) {
        owner_.play(when, std::span(frames_).first(done));
    }
    return done;
}

std::uint32_t DmaStream::record(std::uint32_t count, const SampleTime& when) {
    if (channel_ == no_channel || !dma_.answers(channel_)) {
        return 0;
    }
    const auto frames = std::span(frames_).first(count);
    const auto bytes = std::span(bytes_).first(count * plan_.format.frame_bytes());
    owner_.record(when, frames);
    encode(frames, plan_.format, bytes);
    return static_cast<std::uint32_t>(dma_.to_memory(channel_, bytes) >> plan_.format.frame_shift());
}

} // namespace openportcls::hardware::sb16
