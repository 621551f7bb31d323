// One open pin with a WaveRT buffer, as the public streams use it.
#pragma once

#include <memory>

#include "client/event_state.h"
#include "client/stream_base.h"

namespace openportcls::client {

class WaveStream final : public StreamBase {
public:
    static Result<std::unique_ptr<StreamBase>> make(Opened opened, const StreamOptions& options);
    ~WaveStream() override;

    std::uint32_t buffer_frames() const override { return buffer_bytes_ / frame_bytes_; }
    bool uses_events() const override { return event_ != nullptr; }
    std::span<std::byte> buffer() override { return {buffer_, buffer_bytes_}; }

    bool serve_period() override;

private:
    explicit WaveStream(Opened opened);

    Result<void> map_buffer(const StreamOptions& options);

    // Inside the machine.
    static constexpr ULONG periods_in_buffer = 2; // NotificationCount: R-WRT-11 knows one and two

    NTSTATUS start_inside() override;
    void forget_inside() override;
    NTSTATUS write_inside(const std::byte* bytes, std::size_t count) override;
    NTSTATUS drain_inside() override;
    NTSTATUS read_inside(std::byte* bytes, std::size_t count, bool wait, std::size_t* done) override;
    bool fill_ahead(NTSTATUS* status) override;
    KEVENT& period_event() override { return event_->object(); }

    NTSTATUS wait_period();
    NTSTATUS poll_period();
    NTSTATUS tell_packet(ULONG number);
    NTSTATUS tell_packets();
    bool goes_on_without_packets(NTSTATUS status);
    NTSTATUS advance(std::uint64_t* reached);
    std::uint64_t catch_up(std::uint64_t tolerance);
    std::uint64_t estimated_bytes() const;
    std::uint64_t hardware_bytes();
    void account(std::uint64_t reached);
    void notice_lateness();
    void trace_progress(); // what the client has been notified of
    NTSTATUS take_packets();
    NTSTATUS gives_old_packets(ULONG number);

    std::unique_ptr<ClientEvent> event_;
    bool event_registered_ = false;
    PacketMode packets_ = PacketMode::never;

    std::byte* buffer_ = nullptr;
    std::uint32_t buffer_bytes_ = 0;

    std::uint64_t completed_ = 0;        // periods that the hardware has finished
    std::uint64_t packets_told_ = 0;     // render: those that SetWritePacket has been called for
    machine::Nanoseconds last_wake_ = 0; // when the last period was finished, by hardware_now()
};

} // namespace openportcls::client
