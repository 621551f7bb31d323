// One open pin with a WaveRT buffer, as the public streams use it.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>

#include <openportcls/stream.hpp>

#include <ks.h>
#include <ksmedia.h>

#include "client/event_state.h"
#include "client/state.h"
#include "client/stream_service.h"

namespace openportcls::client {

class WaveStream {
public:
    static Result<std::unique_ptr<WaveStream>> open(std::shared_ptr<ObjectState> filter, PinFlow flow,
                                                    const WaveFormat& format, const StreamOptions& options,
                                                    std::uint32_t pin);
    ~WaveStream();
    WaveStream(const WaveStream&) = delete;
    WaveStream& operator=(const WaveStream&) = delete;

    const std::shared_ptr<ObjectState>& object() const { return object_; }
    const WaveFormat& format() const { return format_; }
    std::uint32_t pin() const { return pin_; }
    std::uint32_t period_frames() const { return period_bytes_ / frame_bytes_; }
    std::uint32_t buffer_frames() const { return buffer_bytes_ / frame_bytes_; }
    bool uses_events() const { return event_ != nullptr; }
    std::span<std::byte> buffer() { return {buffer_, buffer_bytes_}; }
    std::uint64_t glitches() const { return glitches_; }
    std::uint64_t frames() const { return transferred_ / frame_bytes_; }

    Result<void> start();
    Result<void> pause();
    Result<void> stop();
    Result<StreamPosition> position();

    Result<void> write(std::span<const std::byte> bytes);
    Result<void> drain();
    Result<void> read(std::span<std::byte> bytes);
    Result<std::size_t> read_available(std::span<std::byte> bytes);
    // `exchange` gets one period to fill or take; false ends the stream.
    Result<void> on_period(std::function<bool(std::span<std::byte>)> exchange);
    // After a notification: false when no more are wanted.
    bool serve_period();

private:
    WaveStream(std::shared_ptr<ObjectState> filter, PinFlow flow, const WaveFormat& format, std::uint32_t pin);

    Result<void> open_pin(const StreamOptions& options);
    Result<void> map_buffer(const StreamOptions& options);
    NTSTATUS set_state(KSSTATE state);
    NTSTATUS request(ULONG code, const void* in, ULONG in_bytes, void* out, ULONG out_bytes, ULONG_PTR* information);
    Error error(NTSTATUS status, std::string_view attempted) const;

    // Inside the machine.
    static constexpr ULONG periods_in_buffer = 2; // NotificationCount: R-WRT-11 knows one and two

    NTSTATUS wait_period();
    NTSTATUS poll_period();
    NTSTATUS write_inside(const std::byte* bytes, std::size_t count);
    NTSTATUS read_inside(std::byte* bytes, std::size_t count, bool wait, std::size_t* done);
    NTSTATUS start_inside();
    NTSTATUS tell_packet(ULONG number);
    NTSTATUS tell_packets();
    bool lacks_packets(NTSTATUS status);
    std::optional<ULONG> packet_count();
    NTSTATUS advance(std::uint64_t* reached);
    std::uint64_t catch_up(std::uint64_t tolerance);
    machine::Nanoseconds patience() const;
    std::uint64_t estimated_bytes() const;
    std::uint64_t hardware_bytes();
    void account(std::uint64_t reached);
    void notice_lateness();
    void note_glitch();
    void note_pace() const;
    void count_running(bool runs);
    NTSTATUS take_packets();
    void end_service();

    std::shared_ptr<ObjectState> object_;
    machine::Machine& machine_;
    PinFlow flow_;
    WaveFormat format_;
    std::uint32_t pin_;
    std::uint32_t frame_bytes_;
    std::unique_ptr<ClientEvent> event_;
    bool event_registered_ = false;
    PacketMode packets_ = PacketMode::never;

    std::byte* buffer_ = nullptr;
    std::uint32_t buffer_bytes_ = 0;
    std::uint32_t period_bytes_ = 0;
    machine::Nanoseconds period_time_ = 0;

    KSSTATE state_ = KSSTATE_STOP;
    std::uint64_t transferred_ = 0;      // bytes written or read since STOP
    std::uint64_t completed_ = 0;        // periods that the hardware has finished
    std::uint64_t packets_told_ = 0;     // render: those that SetWritePacket has been called for
    machine::Nanoseconds last_wake_ = 0; // when the last of them was finished
    std::uint64_t glitches_ = 0;

    std::function<bool(std::span<std::byte>)> exchange_;
    StreamService::Place place_{*this};
    std::shared_ptr<StreamService> service_; // of the callback
};

} // namespace openportcls::client
