#include "pnp/device/pnp_watchdog.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "executive/kernel.h"

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

// The worker that does not come back; null when the item is still queued, or a program's own driver has it.
const machine::Thread* PnpWatchdog::working_thread() const {
    const auto& pool = machine_.subsystem<executive::Kernel>().pool;
    for (const machine::Thread* thread : machine_.threads()) {
        if (thread->name == "worker" && thread->guest_routine != nullptr &&
            pool.owner_at(thread->guest_routine) == working_) {
            return thread;
        }
    }
    return nullptr;
}

void PnpWatchdog::report() {
    machine::BugcheckReport report;
    report.code = driver_pnp_watchdog;
    report.parameters[0] = std::bit_cast<std::uint64_t>(service_);
    report.parameters[2] = reinterpret_cast<std::uint64_t>(thread_);
    report.parameters[3] = limit_milliseconds;
    const machine::Thread* const working = working_ != 0 ? working_thread() : nullptr;
    const machine::Thread& culprit = working != nullptr ? *working : *thread_;
    report.rule = "A driver has kept the Plug and Play manager waiting for five minutes of the machine's time: in "
                  "DriverEntry, AddDevice, a PnP or power request, or DriverUnload.";
    if (working_ != 0) {
        report.rule = "A driver cannot be unloaded: a work item refers to one of its objects until its routine has "
                      "returned (IoQueueWorkItem), and it has not for five minutes of the machine's time.";
    }
    report.thread = culprit.name;
    report.stack = machine_.stack_of(culprit);
    machine_.bugcheck_with_stack(std::move(report));
}

} // namespace openportcls::pnp
