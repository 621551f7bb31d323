// Playing and recording through a pin.
//
// A WaveRT stream shares its cyclic buffer with the application: write() and read() copy into and out of it in step
// with the driver's notification events; buffer() shows it directly; on_period() hands it out period by period. Other
// ports move the same bytes through stream requests, and the same calls work.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include <openportcls/filter.hpp>
#include <openportcls/format.hpp>
#include <openportcls/result.hpp>

namespace openportcls {

namespace client {
class StreamBase;
} // namespace client

// Packet mode of WaveRT: the driver hears of every period that was written (SetWritePacket), or says which ones it has
// captured (GetReadPacket). Windows uses it where the driver's stream has it.
enum class PacketMode : std::uint8_t {
    where_available,
    required, // an error where the driver has none
    never,
};

struct StreamOptions {
    std::chrono::microseconds period{10'000}; // time between two notifications; a WaveRT buffer has two periods
    std::uint32_t pin = UINT32_MAX;           // UINT32_MAX: the first one that takes the format
    using Mode = ProcessingMode;
    Mode mode = Mode::none;
    PacketMode packets = PacketMode::where_available;
    // Sound that is always with a port that takes stream requests, in requests of a period each; four of them at least.
    std::chrono::microseconds queued{40'000};
};

struct StreamPosition {
    std::uint64_t play_offset = 0; // bytes, inside the buffer for WaveRT
    std::uint64_t write_offset = 0;
    std::chrono::nanoseconds time{};
};

// What both directions have in common. A stream is opened in STOP; STATUS_NO_MATCH when no pin takes the format,
// STATUS_INVALID_PARAMETER for a pin of the other direction, a bridge pin or options that are none,
// STATUS_NOT_SUPPORTED for a mode that the pin does not have (a driver without modes has the default one).
class Stream : public KsObject {
public:
    Stream(Stream&&) noexcept;
    Stream& operator=(Stream&&) noexcept;
    ~Stream(); // stops and closes

    const WaveFormat& format() const;
    std::uint32_t pin() const;
    std::uint32_t period_frames() const;
    std::uint32_t buffer_frames() const;
    bool uses_events() const; // false: the driver has none and positions are polled

    Result<void> start(); // to RUN
    Result<void> pause(); // position stands still
    Result<void> stop();  // position back to 0
    Result<StreamPosition> position() const;
    std::uint64_t glitches() const; // periods that came too late
    std::uint64_t frames() const;   // written or read since stop

    // The whole cyclic buffer, shared with the driver; empty for ports that have none.
    std::span<std::byte> buffer();

protected:
    explicit Stream(std::unique_ptr<client::StreamBase> stream);
    std::unique_ptr<client::StreamBase> stream_;
};

class RenderStream : public Stream {
public:
    static Result<RenderStream> open(Filter& filter, const WaveFormat& format, const StreamOptions& options = {});

    // Copies whole frames into the buffer, starting the stream once it is full and waiting for room after that.
    Result<void> write(std::span<const std::byte> frames);
    // Lets everything written be heard, then stops; frames() is what that was until more is written.
    Result<void> drain();

    // Called with each period of the buffer that is free to be filled, while simulated time passes in
    // Machine::run_for or in another stream's calls. Return false to end the stream. One thread inside the machine
    // calls back for all streams (while interleavings are explored each stream has its own): who waits there delays the
    // others. An empty function, which the callback may not hand in itself, ends the calls: the stream goes on, with
    // write() or read(). STATUS_NOT_SUPPORTED where uses_events() is false, STATUS_DEVICE_BUSY while there is one. An
    // exception that leaves a callback ends it as false does; the next call that starts, ends or moves the stream
    // answers STATUS_UNHANDLED_EXCEPTION with what it said.
    using FillPeriod = std::function<bool(std::span<std::byte> period)>;
    Result<void> on_period(FillPeriod fill);

private:
    using Stream::Stream;
};

class CaptureStream : public Stream {
public:
    static Result<CaptureStream> open(Filter& filter, const WaveFormat& format, const StreamOptions& options = {});

    // Fills `frames` completely, waiting for the driver; starts the stream at the first call.
    Result<void> read(std::span<std::byte> frames);
    // Takes what is there without waiting, whole frames; returns bytes. Starts the stream at the first call, too.
    Result<std::size_t> read_available(std::span<std::byte> frames);

    // The same with each period of the buffer that is full.
    using TakePeriod = std::function<bool(std::span<const std::byte> period)>;
    Result<void> on_period(TakePeriod take);

private:
    using Stream::Stream;
};

} // namespace openportcls
