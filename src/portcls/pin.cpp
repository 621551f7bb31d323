#include "portcls/pin.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "base/unicode.h"
#include "ks/allocator.h"
#include "ks/event_requests.h"
#include "machine/machine.h"
#include "portcls/begin_request.h"
#include "portcls/device_context.h"
#include "portcls/event_dispatch.h"
#include "portcls/filter.h"
#include "portcls/port.h"
#include "portcls/property_dispatch.h"

namespace openportcls::portcls {

namespace {

const GUID clock_name = KSNAME_Clock;
const GUID allocator_name = KSNAME_Allocator;
const GUID stream_event_set = KSEVENTSETID_Connection;

FILE_OBJECT* file_of(IRP& irp) {
    return IoGetCurrentIrpStackLocation(&irp)->FileObject;
}

KSSTATE neighbour(KSSTATE from, KSSTATE target) {
    return static_cast<KSSTATE>(from < target ? from + 1 : from - 1);
}

std::string_view state_name(KSSTATE state) {
    static constexpr std::string_view names[] = {"STOP", "ACQUIRE", "PAUSE", "RUN"};
    return names[state];
}

} // namespace

Pin::Pin(Filter& filter, const PinRequest& request)
    : port_(filter.port()), filter_(filter), device_(filter.port().device()), file_(file_of(request.irp)),
      pin_id_(request.pin_id), serial_(machine::Machine::current().next_serial()), capture_(request.capture) {
    store_format(*request.format, request.format_bytes);
    filter_.reference();
}

Pin::~Pin() {
    if (opened_) {
        --filter_.pin_instances_[pin_id_];
        --port_.global_instances_[pin_id_];
        std::erase(port_.pins_, this);
    }
    filter_.release();
}

void Pin::opened() {
    opened_ = true;
    ++filter_.pin_instances_[pin_id_];
    ++port_.global_instances_[pin_id_];
    port_.pins_.push_back(this);
    auto& machine = machine::Machine::current();
    if (machine.is_observed()) {
        const Subdevice* const subdevice = device_.subdevice_of(port_);
        machine.trace(machine::EventKind::stream_opened, serial_, pin_id_,
                      subdevice == nullptr ? std::string() : utf16_to_utf8(subdevice->name));
    }
}

void Pin::store_format(const KSDATAFORMAT& format, ULONG format_bytes) {
    format_.assign((format_bytes + sizeof(ULONGLONG) - 1) / sizeof(ULONGLONG), 0);
    std::memcpy(format_.data(), &format, format_bytes);
}

// ---- state ------------------------------------------------------------------------------------------------------

NTSTATUS Pin::step_to(KSSTATE next) {
    const bool down = next < device_state_;
    NTSTATUS status = step_state(next);
    auto& machine = machine::Machine::current();
    if (down && !NT_SUCCESS(status)) {
        // R-STATE-05: there is no way to stay up.
        machine.explain(machine::Explanations::Kind::warning, serial_, status,
                        fmt::format("the miniport's SetState to {} failed (NTSTATUS {:#x}): a downward change cannot "
                                    "fail, and it was ignored",
                                    state_name(next), static_cast<std::uint32_t>(status)));
        status = STATUS_SUCCESS;
    }
    if (NT_SUCCESS(status)) {
        device_state_ = next;
        clock_time_.set_state(next);
        machine.trace(machine::EventKind::stream_state, serial_, next, state_name(next));
    }
    return status;
}

NTSTATUS Pin::walk_to(KSSTATE target) {
    const KSSTATE origin = device_state_;
    while (device_state_ != target) {
        const NTSTATUS status = step_to(neighbour(device_state_, target));
        if (!NT_SUCCESS(status)) {
            while (device_state_ != origin) { // only upward steps fail, so this goes down
                step_to(neighbour(device_state_, origin));
            }
            return status;
        }
    }
    return STATUS_SUCCESS;
}

NTSTATUS Pin::set_state(KSSTATE target) {
    if (target < KSSTATE_STOP || target > KSSTATE_RUN) {
        return STATUS_INVALID_PARAMETER;
    }
    if (stopped_for_removal_ && target != KSSTATE_STOP) {
        return STATUS_DEVICE_NOT_READY; // R-PNP-07
    }
    // While the hardware is off, the way up is put off until it is on again (R-PWR-09, R-STATE-06).
    const KSSTATE reachable = paused_for_power_ ? std::min(target, device_state_) : target;
    const NTSTATUS status = walk_to(reachable);
    if (NT_SUCCESS(status)) {
        become(target);
    }
    tell_clocks();
    return status;
}

// In STOP nothing is queued, whether or not the miniport has been told of what came before.
void Pin::become(KSSTATE state) {
    state_ = state;
    if (state == KSSTATE_STOP) {
        cancel_stream_io();
    }
}

// Their marks are timed by whether the stream runs (R-KS-07).
void Pin::tell_clocks() {
    for (ks::Clock* clock : clocks_) {
        clock->state_changed();
    }
}

void Pin::pause_for_power() {
    paused_for_power_ = true;
    if (device_state_ == KSSTATE_RUN) {
        walk_to(KSSTATE_PAUSE);
        tell_clocks();
    }
    without_power_since_ = machine::Machine::current().now();
}

void Pin::resume_after_power() {
    paused_for_power_ = false;
    if (!stopped_for_removal_ && device_state_ != state_) {
        const KSSTATE wanted = state_;
        if (const NTSTATUS status = walk_to(wanted); !NT_SUCCESS(status)) {
            // What cannot be hidden (R-STATE-06) is told as of any state that is refused (R-STATE-01).
            machine::Machine::current().explain(
                machine::Explanations::Kind::warning, serial_, status,
                fmt::format("the miniport did not take the stream up to {} again after the power change (NTSTATUS "
                            "{:#x}): it is in {}",
                            state_name(wanted), static_cast<std::uint32_t>(status), state_name(device_state_)));
            become(device_state_);
        }
        tell_clocks();
    }
    time_without_power_ = time_without_power();
    without_power_since_.reset();
}

machine::Nanoseconds Pin::time_without_power() const {
    return time_without_power_ + (without_power_since_ ? machine::Machine::current().now() - *without_power_since_ : 0);
}

void Pin::stop_for_removal() {
    if (!stopped_for_removal_) {
        stopped_for_removal_ = true;
        walk_to(KSSTATE_STOP);
        state_ = KSSTATE_STOP;
        tell_clocks();
        cancel_stream_io();
    }
}

void Pin::notify_power(POWER_STATE state) {
    IPowerNotify* notify = nullptr;
    if (stream_ != nullptr &&
        NT_SUCCESS(stream_->QueryInterface(IID_IPowerNotify, reinterpret_cast<void**>(&notify)))) {
        notify->PowerChangeNotify(state);
        notify->Release();
    }
}

// ---- format -----------------------------------------------------------------------------------------------------

NTSTATUS Pin::change_format(const KSDATAFORMAT& format, ULONG format_bytes) {
    const NTSTATUS status = apply_format(format);
    if (NT_SUCCESS(status)) {
        store_format(format, format_bytes);
    }
    return status;
}

// ---- events and clocks ------------------------------------------------------------------------------------------

void NTAPI Pin::generate_connection_event(KSEVENT_CONNECTION event) noexcept {
    ks::EventList::Filter filter;
    filter.set = &stream_event_set;
    filter.id = event;
    filter.file = file_;
    port_.events().generate(filter);
}

// The hardware's position is all there is: presentation and physical time are the same, but who counts them differs.
LONGLONG Pin::stream_time(bool physical) {
    if (stopped_for_removal_) {
        return 0; // and the driver is not asked any more
    }
    ULONGLONG bytes = 0;
    LONGLONG time = 0;
    if (linear_position(bytes) && NT_SUCCESS(physical ? physical_time(bytes, time) : Pin::physical_time(bytes, time))) {
        return time;
    }
    return clock_time_.now();
}

NTSTATUS Pin::physical_time(ULONGLONG bytes, LONGLONG& time) {
    const WAVEFORMATEX* const wave = ks::wave_format(format());
    if (wave == nullptr || wave->nAvgBytesPerSec == 0) {
        return STATUS_NOT_SUPPORTED;
    }
    time = static_cast<LONGLONG>(static_cast<unsigned __int128>(bytes) * 10'000'000 / wave->nAvgBytesPerSec);
    return STATUS_SUCCESS;
}

NTSTATUS Pin::begin_clock_request() {
    return filter_.begin_request();
}

void Pin::clock_closed(ks::Clock& clock) {
    DeviceLockGuard guard(device_.lock()); // they may be about to be told something
    if (std::erase(clocks_, &clock) != 0) {
        clock.release();
    }
}

// Without the device lock, since what asks for the time may need it.
void Pin::let_clocks_go() {
    std::vector<ks::Clock*> clocks;
    {
        DeviceLockGuard guard(device_.lock());
        clocks.swap(clocks_);
    }
    for (ks::Clock* clock : clocks) {
        clock->source_gone();
    }
}

// ---- requests ---------------------------------------------------------------------------------------------------

NTSTATUS Pin::create_child(IRP& irp, const GUID& kind, const void* parameters, ULONG parameters_bytes) {
    const NTSTATUS status = filter_.begin_request();
    if (!NT_SUCCESS(status)) {
        return status;
    }
    if (IsEqualGUID(kind, clock_name)) {
        ks::Clock* clock = nullptr;
        const NTSTATUS created = ks::Clock::create(*this, irp, parameters, parameters_bytes, clock);
        if (NT_SUCCESS(created)) {
            DeviceLockGuard guard(device_.lock());
            clock->reference();
            clocks_.push_back(clock);
        }
        return created;
    }
    return IsEqualGUID(kind, allocator_name) ? ks::Allocator::create(irp, parameters, parameters_bytes)
                                             : STATUS_OBJECT_NAME_NOT_FOUND;
}

NTSTATUS Pin::property(IRP& irp) {
    return dispatch_property(filter_, this, irp);
}
NTSTATUS Pin::enable_event(IRP& irp) {
    return dispatch_enable_event(filter_, this, irp);
}
NTSTATUS Pin::disable_event(IRP& irp) {
    return ks::disable_requested_event(irp, port_.events());
}

NTSTATUS NTAPI Pin::stream_request(IRP& irp, bool write) {
    const NTSTATUS status = filter_.begin_request();
    if (!NT_SUCCESS(status)) {
        return status;
    }
    if (in_reset_ || stopped_for_removal_) {
        return STATUS_DEVICE_NOT_READY; // R-KS-03
    }
    return write == capture_ ? STATUS_INVALID_DEVICE_REQUEST : queue_stream(irp, write);
}

NTSTATUS NTAPI Pin::write_stream(IRP& irp) {
    return stream_request(irp, true);
}
NTSTATUS NTAPI Pin::read_stream(IRP& irp) {
    return stream_request(irp, false);
}

// ni-ks-ioctl_ks_reset_state: the pin is what it was when it was acquired, until the reset has ended and from then on.
// The state is another matter.
NTSTATUS Pin::reset_state(KSRESET reset) {
    const bool reaches_device = NT_SUCCESS(filter_.begin_request()); // requests are given back if it does not, too
    DeviceLockGuard guard(device_.lock());
    const bool was_in_reset = std::exchange(in_reset_, reset == KSRESET_BEGIN);
    if (in_reset_ || was_in_reset) {
        forget_stream(reaches_device);
    }
    return STATUS_SUCCESS;
}

void Pin::forget_stream(bool reaches_device) {
    cancel_stream_io();
    if (reaches_device && device_state_ != KSSTATE_STOP) {
        discard_stream();
        tell_clocks();
    }
}

void Pin::cleanup(FILE_OBJECT& file) {
    port_.events().remove_file(&file);
    DeviceLockGuard guard(device_.lock());
    cancel_stream_io();
}

void Pin::close(FILE_OBJECT&) {
    let_clocks_go();
    DeviceContext& device = device_;
    DeviceLockGuard guard(device.lock());
    walk_to(KSSTATE_STOP); // R-STATE-05
    state_ = KSSTATE_STOP;
    release_stream();
    stream_ = nullptr;
    delete this;
}

// ---- what a port need not have ----------------------------------------------------------------------------------

NTSTATUS Pin::set_position(const KSAUDIO_POSITION&) {
    return STATUS_NOT_SUPPORTED;
}
bool Pin::linear_position(ULONGLONG&) {
    return false;
}
NTSTATUS NTAPI Pin::queue_stream(IRP&, bool) {
    return STATUS_INVALID_DEVICE_REQUEST;
}
void Pin::cancel_stream_io() {}
void Pin::discard_stream() {}
NTSTATUS Pin::allocator_framing(KSALLOCATOR_FRAMING&) {
    return STATUS_NOT_SUPPORTED;
}

} // namespace openportcls::portcls
