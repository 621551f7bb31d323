// One opened pin: what a client's pin handle stands for. Ports derive from it and fill in the hooks.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include <portcls.h>

#include "ks/clock.h"
#include "ks/data_format.h"
#include "ks/open_object.h"
#include "machine/types.h"
#include "portcls/device_lock.h"
#include "portcls/method_count.h"
#include "portcls/property_table.h"

namespace openportcls::portcls {

class DeviceContext;
class Filter;
class Port;

// A checked request for a new pin. `format` lies in memory that lives until create_pin returns; attributes, if any,
// follow it there as KSMULTIPLE_ITEM (KSDATAFORMAT_ATTRIBUTES) and are listed in `attributes`.
struct PinRequest {
    ULONG pin_id;
    bool capture;
    KSPIN_CONNECT connect;
    KSDATAFORMAT* format;
    ULONG format_bytes; // with attributes
    ks::AttributeList attributes;
    IRP& irp;

    bool is_looped() const {
        return IsEqualGUID(connect.Interface.Set, KSINTERFACESETID_Standard) &&
               connect.Interface.Id == KSINTERFACE_STANDARD_LOOPED_STREAMING;
    }
};

class Pin : public ks::OpenObject, private ks::ClockSource {
public:
    Pin(Filter& filter, const PinRequest& request);
    ~Pin() override;

    Port& port() const { return port_; }
    Filter& filter() const { return filter_; }
    DeviceContext& device() const { return device_; }
    FILE_OBJECT& file() const { return *file_; }
    ULONG pin_id() const { return pin_id_; }
    ULONG serial() const { return serial_; } // what traces call it
    bool is_capture() const { return capture_; }
    KSSTATE state() const { return state_; }               // as the client sees it: what it may do depends on it
    KSSTATE device_state() const { return device_state_; } // as the miniport was told last
    const KSDATAFORMAT& format() const { return *reinterpret_cast<const KSDATAFORMAT*>(format_.data()); }
    ULONG format_bytes() const { return static_cast<ULONG>(format_.size() * sizeof(ULONGLONG)); }

    // The stream's interface: MinorTarget of the driver's handlers (R-PROP-02). Set by the port once NewStream is done;
    // the pin only borrows it, the port keeps the reference.
    IUnknown* stream() const { return stream_; }
    ULONG stream_methods() const { return stream_methods_; }

    // The per-stream lock of UsePositionLock (R-PROP-19).
    DeviceLock& position_lock() { return position_lock_; }

    // Creation succeeded: the pin counts from now on.
    void opened();

    // Walks to `target` one step at a time and rolls back on failure (R-STATE-01). Device lock held.
    NTSTATUS set_state(KSSTATE target);
    // Down to PAUSE and up again around a power change, unseen by the client (R-STATE-06); where the miniport refuses
    // to go up again, the client's state is what has been reached. Device lock held.
    void pause_for_power();
    void resume_after_power();
    // The driver stopped its hardware or the device goes away (R-PNP-05, R-PNP-07): to STOP for good.
    void stop_for_removal();
    void notify_power(POWER_STATE state);
    // For how long, since it was opened, the pin has been paused for power changes.
    machine::Nanoseconds time_without_power() const;

    // KSPROPERTY_CONNECTION_DATAFORMAT (R-KS-02, R-FMT-16): the old format stays when the port refuses.
    NTSTATUS change_format(const KSDATAFORMAT& format, ULONG format_bytes);

    // Fires an event of the connection set on this pin (end of stream …).
    void NTAPI generate_connection_event(KSEVENT_CONNECTION event) noexcept;

    // Entry points of the dispatcher.
    NTSTATUS create_child(IRP& irp, const GUID& kind, const void* parameters, ULONG parameters_bytes) override;
    NTSTATUS property(IRP& irp) override;
    NTSTATUS enable_event(IRP& irp) override;
    NTSTATUS disable_event(IRP& irp) override;
    NTSTATUS NTAPI write_stream(IRP& irp) override;
    NTSTATUS NTAPI read_stream(IRP& irp) override;
    NTSTATUS reset_state(KSRESET reset) override;
    void cleanup(FILE_OBJECT& file) override;
    void close(FILE_OBJECT& file) override;

    // ---- hooks for the port -----------------------------------------------------------------------------------
    // One step; `next` is a neighbour of device_state(). Down steps must succeed (R-STATE-05). Device lock held.
    virtual NTSTATUS step_state(KSSTATE next) = 0;
    // The stream's SetFormat. Device lock held.
    virtual NTSTATUS apply_format(const KSDATAFORMAT& format) = 0;
    // KSPROPERTY_AUDIO_POSITION and the clock want it; <= DISPATCH_LEVEL. Bytes.
    virtual NTSTATUS position(KSAUDIO_POSITION& position) = 0;
    virtual NTSTATUS set_position(const KSAUDIO_POSITION& position);
    // Bytes played or captured since STOP, for the pin's clock; ports that cannot tell return false and the clock runs
    // by system time while in RUN.
    virtual bool linear_position(ULONGLONG& bytes);
    // The same in 100 ns, for KSPROPERTY_CLOCK_PHYSICALTIME (R-WCYC-14); by the format's rate unless the port asks.
    virtual NTSTATUS physical_time(ULONGLONG bytes, LONGLONG& time);
    // Queued I/O. IOCTL_KS_WRITE_STREAM and _READ_STREAM reach these only on ports that stream through IRPs.
    virtual NTSTATUS NTAPI queue_stream(IRP& irp, bool write);
    virtual void cancel_stream_io();
    // IOCTL_KS_RESET_STATE, above STOP and after cancel_stream_io(): what has been taken of the client's and is not
    // played, or recorded and not fetched, is forgotten, and positions count from 0. Device lock held.
    virtual void discard_stream();
    // KSPROPERTY_CONNECTION_ALLOCATORFRAMING (WavePci asks its miniport).
    virtual NTSTATUS allocator_framing(KSALLOCATOR_FRAMING& framing);
    // Closing: the state is STOP already; release the stream's interfaces and buffers. Device lock held.
    virtual void release_stream() = 0;

protected:
    // The miniport's; of the interface's methods all are authenticated before protected content flows (R-DRM-06).
    template<class Interface>
    void set_stream(Interface* stream) {
        stream_ = stream;
        stream_methods_ = method_count<Interface>;
    }
    void set_stream(std::nullptr_t) { stream_ = nullptr; }

private:
    friend class Filter;
    friend class Port;

    void store_format(const KSDATAFORMAT& format, ULONG format_bytes);
    NTSTATUS NTAPI stream_request(IRP& irp, bool write);
    NTSTATUS step_to(KSSTATE next);
    void tell_clocks();
    void let_clocks_go();
    NTSTATUS walk_to(KSSTATE target);
    void become(KSSTATE state);
    void forget_stream(bool reaches_device);

    // ks::ClockSource
    LONGLONG stream_time(bool physical) override;
    KSSTATE clock_state() override { return state_; }
    NTSTATUS begin_clock_request() override;
    void clock_closed(ks::Clock& clock) override;

    Port& port_;
    Filter& filter_;
    DeviceContext& device_;
    FILE_OBJECT* file_;
    ULONG pin_id_;
    ULONG serial_;
    bool capture_;
    bool opened_ = false;
    bool in_reset_ = false;
    bool paused_for_power_ = false;
    std::optional<machine::Nanoseconds> without_power_since_;
    machine::Nanoseconds time_without_power_ = 0; // of the pauses that are over
    bool stopped_for_removal_ = false;
    KSSTATE state_ = KSSTATE_STOP;
    KSSTATE device_state_ = KSSTATE_STOP;
    IUnknown* stream_ = nullptr;
    ULONG stream_methods_ = 0;
    std::vector<ULONGLONG> format_; // 8-byte aligned copy
    DeviceLock position_lock_;
    ks::ClockTime clock_time_;
    std::vector<ks::Clock*> clocks_;
};

} // namespace openportcls::portcls
