#include "client/wave_stream.h"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "client/wave_format.h"

namespace openportcls::client {

namespace {

constexpr double most_buffer_bytes = 4294967295.0; // RequestedBufferSize has 32 bits

// Nothing went wrong there: the stream, or its Windows, has no notifications.
bool has_no_such_property(NTSTATUS status) {
    return status == STATUS_NOT_FOUND || status == STATUS_NOT_SUPPORTED || status == STATUS_NOT_IMPLEMENTED ||
           status == STATUS_INVALID_DEVICE_REQUEST;
}

} // namespace

WaveStream::WaveStream(Opened opened) : StreamBase(std::move(opened)) {}

Result<std::unique_ptr<StreamBase>> WaveStream::make(Opened opened, const StreamOptions& options) {
    std::unique_ptr<WaveStream> stream(new WaveStream(std::move(opened)));
    if (auto mapped = stream->map_buffer(options); !mapped) {
        return mapped.error();
    }
    return std::unique_ptr<StreamBase>(std::move(stream));
}

WaveStream::~WaveStream() {
    if (end_stream() && event_registered_) {
        KSRTAUDIO_NOTIFICATION_EVENT_PROPERTY unregister{};
        unregister.Property = {
            {{KSPROPSETID_RtAudio, KSPROPERTY_RTAUDIO_UNREGISTER_NOTIFICATION_EVENT, KSPROPERTY_TYPE_GET}}};
        unregister.NotificationEvent = event_->handle();
        ULONG_PTR information = 0;
        request(IOCTL_KS_PROPERTY, &unregister, sizeof unregister, nullptr, 0, &information);
    }
}

Result<void> WaveStream::map_buffer(const StreamOptions& options) {
    // In floating point, as a period that is much too long must not become a short one.
    const double wanted = static_cast<double>(options.period.count()) * format_.rate / 1e6;
    if (wanted * frame_bytes_ * periods_in_buffer > most_buffer_bytes) {
        return error(STATUS_INVALID_PARAMETER, "a period this long needs a buffer of more than 4 GiB");
    }
    const auto frames = std::max(1U, wanted > 0 ? static_cast<std::uint32_t>(wanted) : 0U);
    KSRTAUDIO_BUFFER mapped{};
    ULONG_PTR information = 0;
    KSRTAUDIO_BUFFER_PROPERTY_WITH_NOTIFICATION with_events{};
    with_events.Property = {{{KSPROPSETID_RtAudio, KSPROPERTY_RTAUDIO_BUFFER_WITH_NOTIFICATION, KSPROPERTY_TYPE_GET}}};
    with_events.RequestedBufferSize = frames * frame_bytes_ * periods_in_buffer;
    with_events.NotificationCount = periods_in_buffer;
    NTSTATUS status =
        request(IOCTL_KS_PROPERTY, &with_events, sizeof with_events, &mapped, sizeof mapped, &information);
    if (NT_SUCCESS(status)) {
        event_ = std::make_unique<ClientEvent>(object_->machine);
        KSRTAUDIO_NOTIFICATION_EVENT_PROPERTY notification{};
        notification.Property = {
            {{KSPROPSETID_RtAudio, KSPROPERTY_RTAUDIO_REGISTER_NOTIFICATION_EVENT, KSPROPERTY_TYPE_GET}}};
        notification.NotificationEvent = event_->handle();
        status = request(IOCTL_KS_PROPERTY, &notification, sizeof notification, nullptr, 0, &information);
        if (!NT_SUCCESS(status)) {
            return error(status, "registering the notification event");
        }
        event_registered_ = true;
        packets_ = options.packets;
    } else {
        const Error refused = error(status, "allocating the stream's buffer");
        KSRTAUDIO_BUFFER_PROPERTY plain{};
        plain.Property = {{{KSPROPSETID_RtAudio, KSPROPERTY_RTAUDIO_BUFFER, KSPROPERTY_TYPE_GET}}};
        plain.RequestedBufferSize = with_events.RequestedBufferSize;
        status = request(IOCTL_KS_PROPERTY, &plain, sizeof plain, &mapped, sizeof mapped, &information);
        if (!NT_SUCCESS(status)) {
            return has_no_such_property(refused.status) ? error(status, "allocating the stream's buffer") : refused;
        }
        packets_ = PacketMode::never;
        if (options.packets == PacketMode::required) {
            return error(STATUS_NOT_SUPPORTED, "packet mode needs notification events");
        }
    }
    buffer_ = static_cast<std::byte*>(mapped.BufferAddress);
    buffer_bytes_ = mapped.ActualBufferSize;
    period_bytes_ = buffer_bytes_ / periods_in_buffer;
    if (buffer_ == nullptr || period_bytes_ == 0 || period_bytes_ % frame_bytes_ != 0) {
        return error(STATUS_DEVICE_DATA_ERROR, fmt::format("the driver's buffer of {} bytes does not divide into {} "
                                                           "periods of whole frames",
                                                           buffer_bytes_, periods_in_buffer));
    }
    period_time_ = static_cast<machine::Nanoseconds>(period_frames()) * machine::nanoseconds_per_second / format_.rate;
    return {};
}

// ---- states --------------------------------------------------------------------------------------------------------

NTSTATUS WaveStream::start_inside() {
    const NTSTATUS status = set_state(KSSTATE_RUN);
    last_wake_ = hardware_now();
    return NT_SUCCESS(status) ? tell_packets() : status;
}

void WaveStream::forget_inside() {
    completed_ = 0;
    packets_told_ = 0;
    if (event_ != nullptr) {
        event_->take();
    }
}

// ---- moving sound --------------------------------------------------------------------------------------------------

NTSTATUS WaveStream::tell_packet(ULONG number) {
    KSPROPERTY property{};
    property.Set = KSPROPSETID_RtAudio;
    property.Id = KSPROPERTY_RTAUDIO_SETWRITEPACKET;
    property.Flags = KSPROPERTY_TYPE_SET;
    KSRTAUDIO_SETWRITEPACKET_INFO packet{};
    packet.PacketNumber = number;
    ULONG_PTR information = 0;
    return request(IOCTL_KS_PROPERTY, &property, sizeof property, &packet, sizeof packet, &information);
}

// A driver may take only the packet that it moves next: what it refuses as too early (R-WRT-22) is told again once the
// stream runs or another packet has been played.
NTSTATUS WaveStream::tell_packets() {
    while (flow_ == PinFlow::in && packets_ != PacketMode::never && packets_told_ < transferred_ / period_bytes_) {
        const NTSTATUS status = tell_packet(static_cast<ULONG>(packets_told_));
        if (status == STATUS_DATA_OVERRUN && packets_told_ >= completed_) {
            return STATUS_SUCCESS;
        }
        if (status == STATUS_DATA_LATE_ERROR) {
            note_glitch();
        } else if (!NT_SUCCESS(status)) {
            return goes_on_without_packets(status) ? STATUS_SUCCESS : status;
        }
        ++packets_told_;
    }
    return STATUS_SUCCESS;
}

// Where that answer means that the driver, or its Windows, has no packet mode, and none is required.
bool WaveStream::goes_on_without_packets(NTSTATUS status) {
    const bool has_none =
        status == STATUS_NOT_SUPPORTED || status == STATUS_NOT_FOUND || status == STATUS_NOT_IMPLEMENTED;
    if (!has_none || packets_ == PacketMode::required) {
        return false;
    }
    packets_ = PacketMode::never;
    return true;
}

NTSTATUS WaveStream::write_inside(const std::byte* bytes, std::size_t count) {
    notice_lateness();
    while (count > 0) {
        const std::uint64_t room = buffer_bytes_ + completed_ * period_bytes_ - transferred_;
        if (room == 0) {
            if (state_ != KSSTATE_RUN) {
                const NTSTATUS started = start_inside();
                if (!NT_SUCCESS(started)) {
                    return started;
                }
            }
            NTSTATUS waited = wait_period();
            if (NT_SUCCESS(waited)) {
                waited = tell_packets();
            }
            if (!NT_SUCCESS(waited)) {
                return waited;
            }
            continue;
        }
        const std::size_t offset = transferred_ % buffer_bytes_;
        const std::size_t chunk = std::min<std::size_t>({count, room, period_bytes_ - offset % period_bytes_});
        std::memcpy(buffer_ + offset, bytes, chunk);
        bytes += chunk;
        count -= chunk;
        transferred_ += chunk;
        const NTSTATUS told = tell_packets();
        if (!NT_SUCCESS(told)) {
            return told;
        }
    }
    return STATUS_SUCCESS;
}

NTSTATUS WaveStream::drain_inside() {
    const std::uint64_t wanted = transferred_;
    if (wanted == 0) {
        return STATUS_SUCCESS;
    }
    // The rest of the period, and the one after it, are silence; the device must not play old sound again.
    const std::vector<std::byte> quiet(period_bytes_ * 2 - wanted % period_bytes_, silence());
    NTSTATUS status = write_inside(quiet.data(), quiet.size());
    if (NT_SUCCESS(status) && state_ != KSSTATE_RUN) {
        status = start_inside();
    }
    while (NT_SUCCESS(status) && completed_ * period_bytes_ < wanted) {
        status = wait_period();
        if (NT_SUCCESS(status)) {
            status = tell_packets();
        }
    }
    transferred_ = wanted;
    return status;
}

NTSTATUS WaveStream::read_inside(std::byte* bytes, std::size_t count, bool wait, std::size_t* done) {
    notice_lateness();
    while (*done < count) {
        if (state_ != KSSTATE_RUN) {
            const NTSTATUS started = start_inside();
            if (!NT_SUCCESS(started)) {
                return started;
            }
        }
        const std::uint64_t available = completed_ * period_bytes_ - transferred_;
        if (available == 0) {
            if (!wait) {
                const bool signalled = event_ != nullptr && event_->object().Header.SignalState > 0;
                if (!signalled) {
                    return STATUS_SUCCESS;
                }
            }
            const NTSTATUS waited = wait_period();
            if (!NT_SUCCESS(waited)) {
                return waited;
            }
            continue;
        }
        const std::size_t offset = transferred_ % buffer_bytes_;
        const std::size_t chunk = std::min<std::size_t>({count - *done, available, buffer_bytes_ - offset});
        std::memcpy(bytes + *done, buffer_ + offset, chunk);
        *done += chunk;
        transferred_ += chunk;
    }
    return STATUS_SUCCESS;
}

// ---- period by period ----------------------------------------------------------------------------------------------

bool WaveStream::fill_ahead(NTSTATUS* status) {
    for (ULONG period = 0; flow_ == PinFlow::in && period < periods_in_buffer; ++period) {
        if (!exchange({buffer_ + period * period_bytes_, period_bytes_})) {
            return false;
        }
        transferred_ += period_bytes_;
    }
    *status = tell_packets();
    return true;
}

[[gnu::hot]] bool WaveStream::serve_period() {
    const std::uint64_t before = completed_;
    if (!NT_SUCCESS(advance(nullptr))) {
        return false;
    }
    if (completed_ == before) {
        return true;
    }
    if (completed_ - before > 1) { // the callback sees the last of them only
        note_glitch();
    }
    // The period that has just been played is free; the one that has just been captured is complete.
    const std::size_t slot = (completed_ - 1) % periods_in_buffer;
    transferred_ = (completed_ + (flow_ == PinFlow::in ? periods_in_buffer - 1 : 0)) * period_bytes_;
    if (!exchange({buffer_ + slot * period_bytes_, period_bytes_})) {
        return false;
    }
    if (flow_ == PinFlow::out) {
        return true;
    }
    packets_told_ = std::max(packets_told_, completed_ + periods_in_buffer - 1); // those missed are not told
    transferred_ += period_bytes_;
    return NT_SUCCESS(tell_packets());
}

} // namespace openportcls::client
