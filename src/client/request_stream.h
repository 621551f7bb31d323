// One open pin whose port moves sound through stream requests (WaveCyclic, WavePci): a ring of periods, each with a
// request of its own on its way.
#pragma once

#include <vector>

#include "client/event_state.h"
#include "client/stream_base.h"

namespace openportcls::client {

class RequestStream final : public StreamBase {
public:
    static Result<std::unique_ptr<StreamBase>> make(Opened opened, const StreamOptions& options);
    ~RequestStream() override;

    std::uint32_t buffer_frames() const override {
        return period_frames() * static_cast<std::uint32_t>(periods_.size());
    }
    bool uses_events() const override { return true; } // the completion of requests
    std::span<std::byte> buffer() override { return {}; }

    bool serve_period() override;

private:
    // A period's memory and the request that carries it. The driver has the addresses: it does not move.
    struct Period {
        RequestStream* stream = nullptr;
        std::vector<std::byte> bytes;
        KSSTREAM_HEADER header{};
        IRP* irp = nullptr;
        bool is_queued = false; // the driver has it
        NTSTATUS status = STATUS_SUCCESS;
    };

    explicit RequestStream(Opened opened);
    Result<void> prepare(const StreamOptions& options);

    // Inside the machine.
    static void completed(void* context, NTSTATUS status, ULONG_PTR information);
    Period& current() { return periods_[next_]; }
    NTSTATUS submit(std::size_t bytes, ULONG options);
    NTSTATUS wait_for(Period& period);
    NTSTATUS start_inside() override;
    void forget_inside() override { cancel_all(); }
    NTSTATUS write_inside(const std::byte* bytes, std::size_t count) override;
    NTSTATUS drain_inside() override;
    NTSTATUS read_inside(std::byte* bytes, std::size_t count, bool wait, std::size_t* done) override;
    bool fill_ahead(NTSTATUS* status) override;
    KEVENT& period_event() override { return done_.object(); }
    void cancel_all();
    void notice_starvation();

    ClientEvent done_; // one of the requests
    std::vector<Period> periods_;
    std::size_t next_ = 0;   // the oldest; what is written or read next
    std::size_t filled_ = 0; // bytes of it that are written or read already
    std::size_t on_their_way_ = 0;
};

} // namespace openportcls::client
