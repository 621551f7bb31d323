#include "pnp/device/pnp_watchdog.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace openportcls::pnp {

namespace {

constexpr std::uint32_t driver_pnp_watchdog = 0x1D5;
constexpr std::uint64_t limit_milliseconds = 300'000;
constexpr machine::Nanoseconds limit = 300 * machine::nanoseconds_per_second;

} // namespace

void PnpWatchdog::arm(machine::Thread& thread) {
    thread_ = &thread;
    machine_.clock().schedule(expiry_, machine_.now() + limit);
}

void PnpWatchdog::disarm() {
    if (expiry_.is_scheduled()) {
        machine_.clock().cancel(expiry_);
    }
}

void PnpWatchdog::blame(std::string_view service) {
    std::memset(service_, 0, sizeof service_);
    std::memcpy(service_, service.data(), std::min(service.size(), sizeof service_));
}

void PnpWatchdog::expired(machine::ClockEvent& event) {
    static_cast<PnpWatchdog*>(event.context())->report();
}

void PnpWatchdog::report() {
    machine::BugcheckReport report;
    report.code = driver_pnp_watchdog;
    report.parameters[0] = std::bit_cast<std::uint64_t>(service_);
    report.parameters[2] = reinterpret_cast<std::uint64_t>(thread_);
    report.parameters[3] = limit_milliseconds;
    report.rule = "A driver has kept the Plug and Play manager waiting for five minutes of the machine's time: in "
                  "DriverEntry, AddDevice, a PnP or power request, or DriverUnload.";
    report.thread = thread_->name;
    report.stack = machine_.stack_of(*thread_);
    machine_.bugcheck_with_stack(std::move(report));
}

} // namespace openportcls::pnp
