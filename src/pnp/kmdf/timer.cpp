// WDFTIMER and WDFDPC.
#include <ntddk.h>

#include "executive/callers.h"
#include "executive/irql_check.h"
#include "pnp/kmdf/object.h"

using namespace openportcls;
using namespace openportcls::pnp::kmdf;

namespace {

class Timer final : public Object {
public:
    static constexpr ObjectType object_type = ObjectType::timer;
    Timer(Object* parent, machine::Machine& machine, const WDF_TIMER_CONFIG& config, bool passive)
        : Object(object_type, parent, machine), config_(config), passive_(passive) {
        KeInitializeDpc(&dpc_, on_dpc, this);
        KeInitializeTimerEx(&timer_, NotificationTimer);
        KeInitializeEvent(&idle_, NotificationEvent, TRUE);
        ExInitializeWorkItem(&item_, on_work, this);
        if (config_.UseHighResolutionTimer == WdfTrue) {
            precise_ = ExAllocateTimer(on_precise, this, EX_TIMER_HIGH_RESOLUTION);
        }
    }

    bool start(LONGLONG due_time) {
        if (precise_ != nullptr) {
            precise_set_ = true;
            return ExSetTimer(precise_, due_time, config_.Period * 10'000LL, nullptr) != FALSE;
        }
        LARGE_INTEGER due{};
        due.QuadPart = due_time;
        return KeSetCoalescableTimer(&timer_, due, config_.Period, config_.TolerableDelay, &dpc_) != FALSE;
    }

    bool stop(bool wait) {
        precise_set_ = false;
        const bool was_set =
            precise_ != nullptr ? ExCancelTimer(precise_, nullptr) != FALSE : KeCancelTimer(&timer_) != FALSE;
        if (wait) {
            KeFlushQueuedDpcs();
            if (runner_ != &machine().current_thread()) {
                KeWaitForSingleObject(&idle_, Executive, KernelMode, FALSE, nullptr);
            }
        }
        return was_set;
    }

    const char* pending() const override {
        if (precise_set_ || machine().set_timer_in(&timer_, sizeof timer_) != nullptr) {
            return "still set, WdfTimerStop not called";
        }
        return queued_ ? "still queued" : nullptr;
    }

private:
    void silence() override {
        Object::silence();
        stop(false);
        KeRemoveQueueDpc(&dpc_);
    }
    void dispose() override {
        stop(machine().irql() == machine::irql::passive);
        KeRemoveQueueDpc(&dpc_);
        if (precise_ != nullptr) {
            ExDeleteTimer(precise_, TRUE, machine().irql() == machine::irql::passive, nullptr);
            precise_ = nullptr;
        }
    }

    void fire() {
        precise_set_ = precise_ != nullptr && config_.Period != 0;
        if (is_silent()) {
            return;
        }
        if (!passive_) {
            config_.EvtTimerFunc(static_cast<WDFTIMER>(handle()));
        } else if (!queued_) {
            queued_ = true;
            KeClearEvent(&idle_);
            reference();
            ExQueueWorkItem(&item_, DelayedWorkQueue);
        }
    }

    static VOID NTAPI on_dpc(PKDPC, PVOID context, PVOID, PVOID) { static_cast<Timer*>(context)->fire(); }
    static VOID NTAPI on_precise(PEX_TIMER, PVOID context) { static_cast<Timer*>(context)->fire(); }
    static VOID NTAPI on_work(PVOID context) {
        auto* timer = static_cast<Timer*>(context);
        timer->queued_ = false;
        timer->runner_ = &timer->machine().current_thread();
        if (!timer->is_silent()) {
            timer->config_.EvtTimerFunc(static_cast<WDFTIMER>(timer->handle()));
        }
        timer->runner_ = nullptr;
        KeSetEvent(&timer->idle_, IO_NO_INCREMENT, FALSE);
        timer->dereference();
    }

    WDF_TIMER_CONFIG config_;
    bool passive_; // the callback runs in a work item
    KTIMER timer_{};
    KDPC dpc_{};
    PEX_TIMER precise_ = nullptr;
    bool precise_set_ = false;
    WORK_QUEUE_ITEM item_{};
    KEVENT idle_{};
    bool queued_ = false;
    const machine::Thread* runner_ = nullptr;
};

class Dpc final : public Object {
public:
    static constexpr ObjectType object_type = ObjectType::dpc;
    Dpc(Object* parent, machine::Machine& machine, PFN_WDF_DPC routine)
        : Object(object_type, parent, machine), routine_(routine) {
        KeInitializeDpc(&dpc, on_dpc, this);
    }

    KDPC dpc{};

    const char* pending() const override { return dpc.DpcData != nullptr ? "still queued" : nullptr; }

private:
    void silence() override {
        Object::silence();
        KeRemoveQueueDpc(&dpc);
    }
    void dispose() override {
        KeRemoveQueueDpc(&dpc);
        if (machine().irql() == machine::irql::passive) {
            KeFlushQueuedDpcs();
        }
    }
    static VOID NTAPI on_dpc(PKDPC, PVOID context, PVOID, PVOID) {
        auto* self = static_cast<Dpc*>(context);
        self->routine_(static_cast<WDFDPC>(self->handle()));
    }

    PFN_WDF_DPC routine_;
};

// Timers and DPCs need a parent below a device.
NTSTATUS check_parent(const WDF_OBJECT_ATTRIBUTES* attributes) {
    if (attributes == nullptr || attributes->ParentObject == nullptr) {
        return STATUS_WDF_PARENT_NOT_SPECIFIED;
    }
    return Framework::current().object(attributes->ParentObject).ancestor(ObjectType::device) != nullptr
               ? STATUS_SUCCESS
               : STATUS_INVALID_DEVICE_REQUEST;
}

} // namespace

OPC_BEGIN_REMEMBERING_CALLERS

extern "C" {

NTSTATUS NTAPI WdfTimerCreate(PWDF_TIMER_CONFIG Config, PWDF_OBJECT_ATTRIBUTES Attributes, WDFTIMER* Timer) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    if (Config == nullptr || Config->EvtTimerFunc == nullptr || Timer == nullptr) {
        return STATUS_INVALID_PARAMETER;
    }
    if (Config->Size != sizeof *Config) {
        return STATUS_INFO_LENGTH_MISMATCH;
    }
    // A high resolution timer cannot be told that a delay is tolerable.
    if (Config->UseHighResolutionTimer == WdfTrue && Config->TolerableDelay != 0) {
        return STATUS_INVALID_PARAMETER;
    }
    NTSTATUS status = check_parent(Attributes);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    const bool passive = Attributes->ExecutionLevel == WdfExecutionLevelPassive;
    if (passive && Config->Period != 0) {
        return STATUS_NOT_SUPPORTED; // "periodic timers cannot run at passive level"
    }
    ::Timer* timer = nullptr;
    status = Framework::current().create(OPC_WDF_CALLER(), Attributes, nullptr, &timer, *Config, passive);
    if (NT_SUCCESS(status)) {
        *Timer = static_cast<WDFTIMER>(timer->handle());
    }
    return status;
}

BOOLEAN NTAPI WdfTimerStart(WDFTIMER Timer, LONGLONG DueTime) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    return Framework::current().get<::Timer>(Timer).start(DueTime);
}

BOOLEAN NTAPI WdfTimerStop(WDFTIMER Timer, BOOLEAN Wait) {
    if (Wait != FALSE) {
        OPC_REQUIRE_PASSIVE();
    } else {
        OPC_REQUIRE_DISPATCH_OR_BELOW();
    }
    return Framework::current().get<::Timer>(Timer).stop(Wait != FALSE);
}

WDFOBJECT NTAPI WdfTimerGetParentObject(WDFTIMER Timer) {
    return Framework::current().get<::Timer>(Timer).parent()->handle();
}

NTSTATUS NTAPI WdfDpcCreate(PWDF_DPC_CONFIG Config, PWDF_OBJECT_ATTRIBUTES Attributes, WDFDPC* Dpc) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    if (Config == nullptr || Config->EvtDpcFunc == nullptr || Dpc == nullptr) {
        return STATUS_INVALID_PARAMETER;
    }
    if (Config->Size != sizeof *Config) {
        return STATUS_INFO_LENGTH_MISMATCH;
    }
    NTSTATUS status = check_parent(Attributes);
    ::Dpc* dpc = nullptr;
    if (NT_SUCCESS(status)) {
        status = Framework::current().create(OPC_WDF_CALLER(), Attributes, nullptr, &dpc, Config->EvtDpcFunc);
    }
    if (NT_SUCCESS(status)) {
        *Dpc = static_cast<WDFDPC>(dpc->handle());
    }
    return status;
}

BOOLEAN NTAPI WdfDpcEnqueue(WDFDPC Dpc) {
    return KeInsertQueueDpc(&Framework::current().get<::Dpc>(Dpc).dpc, nullptr, nullptr);
}

BOOLEAN NTAPI WdfDpcCancel(WDFDPC Dpc, BOOLEAN Wait) {
    if (Wait != FALSE) {
        OPC_REQUIRE_PASSIVE();
    }
    const BOOLEAN was_queued = KeRemoveQueueDpc(&Framework::current().get<::Dpc>(Dpc).dpc);
    if (Wait != FALSE) {
        KeFlushQueuedDpcs();
    }
    return was_queued;
}

WDFOBJECT NTAPI WdfDpcGetParentObject(WDFDPC Dpc) {
    return Framework::current().get<::Dpc>(Dpc).parent()->handle();
}

PKDPC NTAPI WdfDpcWdmGetDpc(WDFDPC Dpc) {
    return &Framework::current().get<::Dpc>(Dpc).dpc;
}

} // extern "C"

OPC_END_REMEMBERING_CALLERS
