// When a device that nobody uses is powered down, and that it is powered up again (R-PWR-13 to R-PWR-16).
#include "portcls/power_state.h"

#include <algorithm>
#include <utility>

#include "executive/kernel.h"
#include "machine/machine.h"
#include "portcls/device_context.h"
#include "portcls/device_settings.h"
#include "portcls/helpers/spin_lock.h"
#include "portcls/pin.h"
#include "portcls/port.h"
#include "portcls/portcls_system.h"

namespace openportcls::portcls {

namespace {

constexpr LONGLONG ticks_per_second = 10'000'000;

LONGLONG now_ticks() {
    return static_cast<LONGLONG>(KeQueryInterruptTime());
}

} // namespace

void PowerState::start() {
    ExReInitializeRundownProtection(&idle_work_rundown_);
    idle_settings_ = {};
    idle_settings_.conservation_seconds =
        driver_setting(device_, u"PowerSettings", u"ConservationIdleTime").value_or(0);
    idle_settings_.performance_seconds = driver_setting(device_, u"PowerSettings", u"PerformanceIdleTime").value_or(0);
    // 0 to 3; 0 would idle in D0, which is no change.
    const ULONG state = driver_setting(device_, u"PowerSettings", u"IdlePowerState").value_or(3);
    idle_settings_.state = static_cast<DEVICE_POWER_STATE>(PowerDeviceD0 + std::min(state, 3u));
    idle_settings_.immediate = has_feature(Feature::immediate_idle) &&
                               driver_setting(device_, u"PowerSettings", u"ImmediateIdle").value_or(0) != 0;
    follow_power_source(true);
}

void PowerState::stop() {
    follow_power_source(false);
    {
        Locked locked(idle_timer_lock_);
        idle_settings_ = {}; // whoever still configures, as the adapter by SetIdlePowerManagement, gets no timer
        idle_ticks_ = 0;
        KeCancelTimer(&idle_timer_);
    }
    KeFlushQueuedDpcs(); // idle_timer_expired may be running on another processor
    ExWaitForRundownProtectionRelease(&idle_work_rundown_);
}

void PowerState::set_idle_management(bool enabled) {
    idle_management_enabled_ = enabled;
    configure_idling();
}

// Who follows it is told at once, too.
void PowerState::follow_power_source(bool follow) {
    executive::PowerFramework& power = executive::Kernel::current().power;
    power.unfollow_setting(std::exchange(power_source_follower_, nullptr));
    if (follow) {
        power_source_follower_ =
            power.follow_setting(executive::PowerFramework::power_source, power_source_changed, this);
    }
}

NTSTATUS NTAPI PowerState::power_source_changed(LPCGUID, PVOID, ULONG, PVOID context) {
    static_cast<PowerState*>(context)->configure_idling();
    return STATUS_SUCCESS;
}

// R-PWR-13: on battery the time for conservation counts, else that for performance.
void PowerState::configure_idling() {
    const bool is_on_battery = executive::Kernel::current().power.is_on_battery();
    Locked locked(idle_timer_lock_);
    KeCancelTimer(&idle_timer_);
    if (idle_settings_.immediate) { // R-PWR-15
        idle_ticks_ = 1;
    } else if (idle_management_enabled_) {
        const ULONG seconds = is_on_battery ? idle_settings_.conservation_seconds : idle_settings_.performance_seconds;
        idle_ticks_ = seconds * ticks_per_second;
    } else {
        idle_ticks_ = 0;
    }
    last_access_ = now_ticks();
    set_idle_timer(idle_ticks_);
}

void PowerState::begin_idle_time() {
    idle_ = false;
    last_access_ = now_ticks();
    arm_idle_timer(idle_ticks_);
}

// Not after stop(), whatever the caller saw before.
void PowerState::arm_idle_timer(LONGLONG ticks) {
    Locked locked(idle_timer_lock_);
    set_idle_timer(ticks);
}

void PowerState::set_idle_timer(LONGLONG ticks) {
    if (idle_ticks_ != 0) {
        LARGE_INTEGER due;
        due.QuadPart = -ticks;
        KeSetTimer(&idle_timer_, due, &idle_dpc_);
    }
}

bool PowerState::is_busy() const {
    for (const auto& subdevice : device_.subdevices()) {
        for (const Pin* pin : subdevice->port->pins()) {
            if (pin->state() != KSSTATE_STOP || idle_settings_.immediate) {
                return true;
            }
        }
    }
    return false;
}

void PowerState::idle_timer_expired(KDPC*, void* context, void*, void*) {
    auto& power = *static_cast<PowerState*>(context);
    if (power.idle_ticks_ == 0 || power.idle_ || power.device_state_ != PowerDeviceD0) {
        return; // the next access arms it again
    }
    const LONGLONG quiet = now_ticks() - power.last_access_;
    if (quiet < power.idle_ticks_) {
        power.arm_idle_timer(power.idle_ticks_ - quiet);
        return;
    }
    if (power.is_busy()) {
        power.arm_idle_timer(std::max(power.idle_ticks_, ticks_per_second));
        return;
    }
    if (!power.idle_work_queued_ && ExAcquireRundownProtection(&power.idle_work_rundown_)) {
        if (power.idle_work_item_ == nullptr) {
            power.idle_work_item_ = IoAllocateWorkItem(&power.device_.functional_device());
        }
        power.idle_work_queued_ = true;
        IoQueueWorkItem(power.idle_work_item_, idle_work, DelayedWorkQueue, &power);
    }
}

void PowerState::idle_work(DEVICE_OBJECT*, void* context) {
    auto& power = *static_cast<PowerState*>(context);
    power.idle_work_queued_ = false;
    if (power.idle_ticks_ != 0 && !power.is_busy() && now_ticks() - power.last_access_ >= power.idle_ticks_ &&
        power.device_state_ == PowerDeviceD0 && power.idle_settings_.state != PowerDeviceD0) {
        power.idle_ = true;
        power.request(power.idle_settings_.state, false);
    } else {
        power.arm_idle_timer(power.idle_ticks_);
    }
    ExReleaseRundownProtection(&power.idle_work_rundown_);
}

// A device on its way down is on its way up again when this returns, or has been there (R-PWR-14).
NTSTATUS PowerState::touch_slowly() {
    last_access_ = now_ticks();
    if (!idle_) {
        return STATUS_SUCCESS;
    }
    const NTSTATUS status = request(PowerDeviceD0);
    return NT_SUCCESS(status) ? device_.availability() : status; // it may have been stopped meanwhile
}

} // namespace openportcls::portcls
