// A pin opened with a connect structure of one's own, moving sound through stream requests (IOCTL_KS_WRITE_STREAM and
// IOCTL_KS_READ_STREAM): what ports without a mapped buffer use, and what tests need that look at every step.
// RenderStream and CaptureStream are the comfortable way.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include <openportcls/filter.hpp>
#include <openportcls/format.hpp>
#include <openportcls/object.hpp>
#include <openportcls/result.hpp>

namespace openportcls {

namespace client {
struct StreamRequestState;
} // namespace client

// Numerically KSSTATE.
enum class PinState : std::uint32_t { stop, acquire, pause, run };

// KSPIN_CONNECT, with the usual interface (standard streaming) and medium (device I/O).
struct PinConnect {
    std::uint32_t pin = 0;
    Guid interface_set{0x1a8766a0, 0x62ce, 0x11cf, {0xa5, 0xd6, 0x28, 0xdb, 0x04, 0xc1, 0x00, 0x00}};
    std::uint32_t interface_id = 0;
    Guid medium_set{0x4747b320, 0x62ce, 0x11cf, {0xa5, 0xd6, 0x28, 0xdb, 0x04, 0xc1, 0x00, 0x00}};
    std::uint32_t medium_id = 0;
    std::uint32_t priority_class = 0x40000000; // KSPRIORITY_NORMAL
    std::uint32_t priority_sub_class = 1;
    std::vector<std::byte> format; // KSDATAFORMAT with its specifier's part and attributes; data_format() makes one
};

// KSDATAFORMAT_WAVEFORMATEX or _WAVEFORMATEXTENSIBLE, and the attribute list behind it where there is a mode.
std::vector<std::byte> data_format(const WaveFormat& format, ProcessingMode mode = ProcessingMode::none);

// One KSSTREAM_HEADER of a request.
struct StreamBlock {
    std::span<std::byte> data;          // to be played, or to be filled; must live until the request is done
    std::uint32_t options = 0;          // KSSTREAM_HEADER_OPTIONSF_xxx
    std::int64_t presentation_time = 0; // in units of numerator/denominator × 100 ns; only with OPTIONSF_TIMEVALID
    std::uint32_t numerator = 1;
    std::uint32_t denominator = 1;
    std::int64_t duration = 0; // 100 ns; only with OPTIONSF_DURATIONVALID
};

// A stream request on its way. Cancelled and waited for when this object goes before it is done.
class StreamRequest {
public:
    StreamRequest(StreamRequest&&) noexcept;
    StreamRequest& operator=(StreamRequest&&) noexcept;
    ~StreamRequest();

    bool is_done() const;
    // Lets time pass until the driver has completed the request; STATUS_TIMEOUT when it has not by then. The request's
    // own failure otherwise.
    Result<void> wait(std::chrono::nanoseconds timeout = std::chrono::hours(1));
    // Asks the driver to give it back; then it ends with STATUS_CANCELLED.
    void cancel();
    // KSSTREAM_HEADER::DataUsed of each block: for reads, what the driver filled. After it is done.
    std::vector<std::uint32_t> used() const;
    // The blocks as the driver returned them: time stamps and options of what was captured. After it is done.
    std::vector<StreamBlock> blocks() const;

private:
    friend class Pin;
    explicit StreamRequest(std::unique_ptr<client::StreamRequestState> state);
    std::unique_ptr<client::StreamRequestState> state_;
};

class Pin : public KsObject {
public:
    static Result<Pin> open(Filter& filter, std::uint32_t pin, const WaveFormat& format,
                            ProcessingMode mode = ProcessingMode::none);
    static Result<Pin> open(Filter& filter, const PinConnect& connect);
    // Any bytes in the place of the connect structure, right or wrong.
    static Result<Pin> open_raw(Filter& filter, std::span<const std::byte> connect);

    // Sends KSPROPERTY_CONNECTION_STATE as it is: the steps between are the port's business (or the caller's).
    Result<void> set_state(PinState state);
    Result<PinState> state() const;
    // IOCTL_KS_RESET_STATE: gives queued requests back. Begin, then end.
    Result<void> reset(bool begin);

    // Queues stream headers; the driver completes them as it plays or fills them.
    Result<StreamRequest> submit_write(std::span<const StreamBlock> blocks);
    Result<StreamRequest> submit_read(std::span<const StreamBlock> blocks);
    // One block, waited for.
    Result<void> write(std::span<const std::byte> frames);
    Result<std::size_t> read(std::span<std::byte> frames);

private:
    explicit Pin(std::shared_ptr<client::ObjectState> object) : KsObject(std::move(object)) {}
};

} // namespace openportcls
