// One open pin whose port moves sound through stream requests (WaveCyclic, WavePci): a ring of periods, each with a
// request of its own on its way.
#pragma once

#include <vector>

#include "client/event_state.h"
#include "client/stream_base.h"
#include "executive/io/repeated_request.h"

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
    struct alignas(64) Period { // two cache lines
        RequestStream* stream = nullptr;
        std::span<std::byte> bytes;
        executive::RepeatedRequest request;
        bool is_queued = false; // the driver has it
        NTSTATUS status = STATUS_SUCCESS;

        KSSTREAM_HEADER& header() const { return *static_cast<KSSTREAM_HEADER*>(request.system_buffer()); }
    };
    struct alignas(machine::page_size) Page {
        std::byte bytes[machine::page_size];
    };

    explicit RequestStream(Opened opened);
    Result<void> prepare(const StreamOptions& options);
    void take_pages(std::size_t count);
    void lay_out(std::size_t count);
    NTSTATUS prepare_requests();

    // Inside the machine.
    static void NTAPI completed(void* context, NTSTATUS status, ULONG_PTR information);
    [[gnu::noinline]] void NTAPI signal() noexcept; // to those who wait for any of the requests
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

    // What every period needs is first.
    std::vector<Period> periods_;
    std::size_t next_ = 0;   // the oldest; what is written or read next
    std::size_t filled_ = 0; // bytes of it that are written or read already
    std::size_t on_their_way_ = 0;
    ClientEvent done_; // one of the requests
    std::span<Page> pages_;
    machine::PhysicalAddress ram_ = machine::no_address; // where they lie; else they are the host's
    std::vector<Page> host_pages_;
};

} // namespace openportcls::client
