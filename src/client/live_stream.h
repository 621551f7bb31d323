// A stream on a MachineThread and the ring that an application's thread shares with it.
#pragma once

#include <algorithm>
#include <atomic>
#include <optional>

#include <openportcls/machine_thread.hpp>
#include <openportcls/sample_ring.hpp>

#include "client/machine_thread_state.h"
#include "client/status_text.h"
#include "machine/doorbell.h"

namespace openportcls::client {

class LiveStream {
public:
    LiveStream(std::shared_ptr<MachineThreadState> thread, PinFlow flow, const WaveFormat& format,
               const LiveOptions& options);
    ~LiveStream();
    LiveStream(const LiveStream&) = delete;
    LiveStream& operator=(const LiveStream&) = delete;

    Result<void> open(std::string_view filter, const StreamOptions& options);
    Result<void> start();
    Result<void> stop();
    Result<void> drain(std::chrono::milliseconds timeout);
    // Sleeps until `enough()`, looking again after every period.
    template<class Condition>
    Result<void> wait(Condition&& enough, std::chrono::milliseconds timeout);

    SampleRing ring;
    WaveFormat format;
    std::uint32_t period_frames = 0;
    std::uint32_t buffer_frames = 0;
    std::atomic<std::uint64_t> glitches{0};
    std::atomic<std::uint64_t> frames{0};
    std::optional<Error> failure() const;

private:
    static Error timed_out();
    bool fill(std::span<std::byte> period);
    bool take(std::span<const std::byte> period);
    void end_period(std::size_t bytes);

    std::shared_ptr<MachineThreadState> thread_;
    PinFlow flow_;
    bool runs_ = false;                        // on the machine's thread
    std::atomic<bool> counts_glitches_{false}; // render: since the first full period
    std::atomic<bool> drains_{false};
    machine::Doorbell period_ended_;
    // The machine's thread only.
    std::optional<RenderStream> render_;
    std::optional<CaptureStream> capture_;
};

template<class Condition>
Result<void> LiveStream::wait(Condition&& enough, std::chrono::milliseconds timeout) {
    constexpr auto longest = std::chrono::hours(24 * 365); // beyond it nanoseconds run over
    const std::int64_t deadline =
        machine::host_monotonic() +
        std::chrono::nanoseconds(std::clamp<std::chrono::milliseconds>(timeout, std::chrono::milliseconds(0), longest))
            .count();
    for (;;) {
        period_ended_.take();
        if (enough()) {
            return {};
        }
        if (!period_ended_.wait_until(deadline)) {
            const auto why = failure();
            return why ? *why : timed_out();
        }
    }
}

} // namespace openportcls::client
