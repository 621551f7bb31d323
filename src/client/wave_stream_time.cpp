// Which periods of a stream the hardware has finished, and what was lost because its client came too late.
#include <algorithm>

#include <fmt/format.h>

#include "client/wave_stream.h"

namespace openportcls::client {

namespace {

constexpr int polls_per_period = 4;

} // namespace

// By the clock alone, the bytes that the hardware has moved since STOP.
std::uint64_t WaveStream::estimated_bytes() const {
    const auto elapsed = static_cast<std::uint64_t>(hardware_now() - last_wake_);
    return completed_ * period_bytes_ +
           elapsed * format_.rate / static_cast<std::uint64_t>(machine::nanoseconds_per_second) * frame_bytes_;
}

// The same, exactly. The position says where in the buffer that is, the time since the last period in which of its
// laps.
std::uint64_t WaveStream::hardware_bytes() {
    const std::uint64_t estimate = estimated_bytes();
    const Result<StreamPosition> now = position();
    if (!now) {
        return estimate;
    }
    const std::uint64_t lap = estimate - estimate % buffer_bytes_;
    const std::uint64_t there = lap + now->play_offset % buffer_bytes_;
    const auto distance = [&](std::uint64_t bytes) { return bytes > estimate ? bytes - estimate : estimate - bytes; };
    std::uint64_t nearest = there;
    if (distance(there + buffer_bytes_) < distance(nearest)) {
        nearest = there + buffer_bytes_;
    }
    if (there >= buffer_bytes_ && distance(there - buffer_bytes_) < distance(nearest)) {
        nearest = there - buffer_bytes_;
    }
    return nearest;
}

// After a wake-up. One at the usual time stands for one period; at another one the position says how many went by.
// `reached`, if wanted: how many bytes the hardware has moved.
[[gnu::hot]] NTSTATUS WaveStream::advance(std::uint64_t* reached) {
    note_pace();
    if (packets_ != PacketMode::never && flow_ == PinFlow::out) {
        const NTSTATUS status = take_packets();
        if (!goes_on_without_packets(status)) {
            trace_progress();
            if (reached != nullptr) {
                *reached = completed_ * period_bytes_;
            }
            return status;
        }
    }
    const machine::Nanoseconds now = hardware_now();
    const machine::Nanoseconds elapsed = now - last_wake_;
    const machine::Nanoseconds tolerance = period_time_ / 8;
    if (elapsed >= period_time_ - tolerance && elapsed <= period_time_ + tolerance) {
        ++completed_;
        last_wake_ = std::min(now, last_wake_ + period_time_); // the caller may be a little late, the hardware is not
        if (reached != nullptr) {
            *reached = estimated_bytes();
        }
    } else {
        const std::uint64_t bytes =
            catch_up(period_bytes_ / 8); // drivers may notify a little before the period is over
        if (reached != nullptr) {
            *reached = bytes;
        }
    }
    trace_progress();
    return STATUS_SUCCESS;
}

[[gnu::hot]] void WaveStream::trace_progress() {
    if (machine_.is_observed()) [[unlikely]] {
        machine_.trace(machine::EventKind::stream_notification, serial());
        machine_.trace(machine::EventKind::stream_position, serial(),
                       static_cast<std::int64_t>(completed_ * period_bytes_));
    }
}

// Goes by the position; a period counts as finished when no more than `tolerance` bytes are missing.
std::uint64_t WaveStream::catch_up(std::uint64_t tolerance) {
    const std::uint64_t reached = hardware_bytes();
    completed_ = std::max(completed_, (reached + tolerance) / period_bytes_);
    const std::uint64_t finished = completed_ * period_bytes_;
    const std::uint64_t frames_beyond = (reached > finished ? reached - finished : 0) / frame_bytes_;
    last_wake_ = hardware_now() -
                 static_cast<machine::Nanoseconds>(frames_beyond) * machine::nanoseconds_per_second / format_.rate;
    return std::max(reached, finished);
}

void WaveStream::account(std::uint64_t reached) {
    if (flow_ == PinFlow::in && reached > transferred_) {
        note_glitch();
        // What should have been there is lost; go on with the next period that has not begun.
        transferred_ = (reached + period_bytes_ - 1) / period_bytes_ * period_bytes_;
        packets_told_ = transferred_ / period_bytes_;
    } else if (flow_ == PinFlow::out && reached > transferred_ + buffer_bytes_) {
        note_glitch();
        transferred_ = (completed_ - (periods_in_buffer - 1)) * period_bytes_;
    }
}

// A client that was away may have missed notifications (the event says only that there were some), or have left sound
// in the buffer until it was overwritten.
void WaveStream::notice_lateness() {
    if (state_ != KSSTATE_RUN || has_callback()) {
        return;
    }
    const std::uint64_t limit = transferred_ + (flow_ == PinFlow::out ? buffer_bytes_ : 0);
    if (hardware_now() - last_wake_ < period_time_ && estimated_bytes() <= limit) {
        return;
    }
    if (event_ != nullptr) {
        event_->take();
    }
    if (packets_ != PacketMode::never && flow_ == PinFlow::out) {
        take_packets(); // what is wrong with them the next wait says
    }
    account(catch_up(0));
}

// Packet mode: the driver says which packets are complete. One that it does not give any more may be in the buffer yet.
NTSTATUS WaveStream::take_packets() {
    KSPROPERTY property{};
    property.Set = KSPROPSETID_RtAudio;
    property.Id = KSPROPERTY_RTAUDIO_GETREADPACKET;
    property.Flags = KSPROPERTY_TYPE_GET;
    KSRTAUDIO_GETREADPACKET_INFO packet{};
    packet.MoreData = TRUE;
    while (packet.MoreData) {
        ULONG_PTR information = 0;
        const NTSTATUS status =
            request(IOCTL_KS_PROPERTY, &property, sizeof property, &packet, sizeof packet, &information);
        if (status == STATUS_DEVICE_NOT_READY) { // nothing new (R-WRT-25)
            return hardware_now() - last_wake_ > patience() ? STATUS_IO_TIMEOUT : STATUS_SUCCESS;
        }
        if (!NT_SUCCESS(status)) {
            return status;
        }
        const auto more = static_cast<LONG>(packet.PacketNumber + 1 - static_cast<ULONG>(completed_)); // modulo 2^32
        const bool was_given_before = more <= 0;
        if (was_given_before) {
            return hardware_now() - last_wake_ > patience() ? gives_old_packets(packet.PacketNumber) : STATUS_SUCCESS;
        }
        completed_ += static_cast<ULONG>(more);
        last_wake_ = hardware_now();
    }
    return STATUS_SUCCESS;
}

NTSTATUS WaveStream::gives_old_packets(ULONG number) {
    machine_.explain(machine::Explanations::Kind::refusal, serial(), number,
                     fmt::format("GetReadPacket gives packet {} again and again; the one that follows is {}", number,
                                 static_cast<ULONG>(completed_)));
    return STATUS_IO_TIMEOUT;
}

// For drivers without notifications.
NTSTATUS WaveStream::poll_period() {
    const std::uint64_t before = completed_;
    const machine::Nanoseconds deadline = machine_.now() + 100 * period_time_;
    while (completed_ == before) {
        machine_.run_for(period_time_ / polls_per_period);
        const Result<StreamPosition> now = position();
        if (!now) {
            return now.error().status;
        }
        if (now->play_offset / period_bytes_ != completed_ % periods_in_buffer) {
            ++completed_;
            last_wake_ = hardware_now();
            note_pace();
        } else if (machine_.now() > deadline) {
            return reason_of(STATUS_IO_TIMEOUT);
        }
    }
    return STATUS_SUCCESS;
}

NTSTATUS WaveStream::wait_period() {
    if (state_ != KSSTATE_RUN) {
        return STATUS_INVALID_DEVICE_STATE;
    }
    if (event_ == nullptr) {
        return poll_period();
    }
    const NTSTATUS status = machine_.wait_one(&event_->object(), machine_.now() + patience());
    if (status != STATUS_SUCCESS) {
        return reason_of(status == STATUS_TIMEOUT ? STATUS_IO_TIMEOUT : status);
    }
    std::uint64_t reached = 0;
    const NTSTATUS advanced = advance(&reached);
    if (NT_SUCCESS(advanced)) {
        account(reached);
    }
    return advanced;
}

} // namespace openportcls::client
