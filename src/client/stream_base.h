// What the streams of all ports have in common: an open pin with a format, its state and position.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include <openportcls/stream.hpp>

#include <ks.h>
#include <ksmedia.h>

#include "client/state.h"
#include "client/stream_service.h"
#include "client/thrown.h"

namespace openportcls::portcls {
class Pin;
}

namespace openportcls::client {

class StreamBase {
public:
    // Opens the pin; what it is then depends on its port.
    static Result<std::unique_ptr<StreamBase>> open(std::shared_ptr<ObjectState> filter, PinFlow flow,
                                                    const WaveFormat& format, const StreamOptions& options,
                                                    std::uint32_t pin);
    virtual ~StreamBase() = default;
    StreamBase(const StreamBase&) = delete;
    StreamBase& operator=(const StreamBase&) = delete;

    const std::shared_ptr<ObjectState>& object() const { return object_; }
    const WaveFormat& format() const { return format_; }
    std::uint32_t pin() const { return pin_; }
    std::uint64_t glitches() const { return glitches_; }
    std::uint64_t frames() const { return (transferred_ != 0 ? transferred_ : drained_) / frame_bytes_; }
    std::uint32_t period_frames() const { return period_bytes_ / frame_bytes_; }

    virtual std::uint32_t buffer_frames() const = 0;
    virtual bool uses_events() const = 0;
    virtual std::span<std::byte> buffer() = 0;

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
    virtual bool serve_period() = 0;

protected:
    // An open pin.
    struct Opened {
        std::shared_ptr<ObjectState> object;
        PinFlow flow;
        WaveFormat format;
        std::uint32_t pin;
    };
    explicit StreamBase(Opened opened);

    // What ports do in ways of their own, inside the machine.
    virtual NTSTATUS start_inside() = 0; // to RUN
    virtual void forget_inside() = 0;    // after STOP: what is left in the buffers is nobody's any more
    virtual NTSTATUS write_inside(const std::byte* bytes, std::size_t count) = 0;
    virtual NTSTATUS drain_inside() = 0;
    virtual NTSTATUS read_inside(std::byte* bytes, std::size_t count, bool wait, std::size_t* done) = 0;
    // What the callback has to give before the stream starts; false when it has ended the stream already.
    virtual bool fill_ahead(NTSTATUS* status) = 0;
    virtual KEVENT& period_event() = 0; // where uses_events()

    // The first part of every destructor; false when there is no pin left to be tidied up.
    bool end_stream();

    NTSTATUS set_state(KSSTATE state);
    NTSTATUS request(ULONG code, const void* in, ULONG in_bytes, void* out, ULONG out_bytes, ULONG_PTR* information);
    Error error(NTSTATUS status, std::string_view attempted) const;
    void count_running(bool runs);
    // A device that was pulled out notifies nobody and cancels what it had: what it says when asked is the better
    // answer. Else `status`; of a device without power that is explained.
    NTSTATUS reason_of(NTSTATUS status);
    void note_pace() const;
    void note_glitch();
    std::uint32_t serial() const;
    // The clock by which the hardware moves sound: it stands still while the stream is paused for a power change, of
    // which a client sees nothing else (R-STATE-06).
    machine::Nanoseconds hardware_now() const;
    // A driver that stops notifying must not hang its client: seconds are far beyond any period.
    machine::Nanoseconds patience() const;
    std::byte silence() const { return format_.bits == 8 ? std::byte{0x80} : std::byte{0}; }
    bool has_callback() const { return service_ != nullptr; }
    // Has the callback fill or take a period; false: it wants no more, or has thrown.
    bool exchange(std::span<std::byte> period);
    // In place of a signal of period_event(); false: it has to be signalled.
    bool NTAPI hear_period() { return StreamService::hear(place_); }

    std::shared_ptr<ObjectState> object_;
    machine::Machine& machine_;
    PinFlow flow_;
    WaveFormat format_;
    std::uint32_t pin_;
    std::uint32_t frame_bytes_;
    std::uint32_t period_bytes_ = 0;
    machine::Nanoseconds period_time_ = 0;
    KSSTATE state_ = KSSTATE_STOP;
    std::uint64_t transferred_ = 0; // bytes written or read since STOP
    std::uint64_t drained_ = 0;     // of them before the STOP, when drain() has made it
    std::uint64_t glitches_ = 0;

private:
    const portcls::Pin* port_pin() const; // while it is open
    Result<void> result_of(NTSTATUS status, std::string_view attempted) const;
    // Whole frames of this stream, or an error.
    Result<void> check_frames(std::size_t bytes) const;
    NTSTATUS attach_service();
    // What the callback has thrown, which is said once, instead of what `done` says.
    Result<void> unless_thrown(Result<void> done);
    // Why nothing moves while the device has no power; empty while it has.
    std::string power_reason() const;
    Result<void> end_callback();
    void end_service();

    std::function<bool(std::span<std::byte>)> exchange_;
    Thrown thrown_;                      // by exchange_
    const portcls::Pin* const port_pin_; // null where the driver opened the pin itself
    StreamService::Place place_{*this};
    std::shared_ptr<StreamService> service_; // of the callback
};

} // namespace openportcls::client
