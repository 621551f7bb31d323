#include "portcls/helpers/interrupt_sync.h"

#include "executive/irql_check.h"
#include "portcls/portcls_system.h"

namespace openportcls::portcls {

// At the interrupt's level and under its lock: no service routine and no other synchronised routine runs (R-INT-06).
class InterruptSync::Excluded {
public:
    explicit Excluded(InterruptSync& sync) : sync_(sync) {
        const KIRQL level = static_cast<KIRQL>(sync.resource_.u.Interrupt.Level);
        KeRaiseIrql(level, &old_irql_);
        KeAcquireSpinLockAtDpcLevel(&sync.lock_);
    }
    ~Excluded() {
        KeReleaseSpinLockFromDpcLevel(&sync_.lock_);
        KeLowerIrql(old_irql_);
    }
    Excluded(const Excluded&) = delete;
    Excluded& operator=(const Excluded&) = delete;

private:
    InterruptSync& sync_;
    KIRQL old_irql_ = 0;
};

InterruptSync::InterruptSync(const CM_PARTIAL_RESOURCE_DESCRIPTOR& resource, INTERRUPTSYNCMODE mode)
    : resource_(resource), mode_(mode) {
    InitializeListHead(&routines_);
}

NTSTATUS InterruptSync::create(IResourceList* resources, ULONG index, INTERRUPTSYNCMODE mode, IInterruptSync** result) {
    if (resources == nullptr || result == nullptr || mode < InterruptSyncModeNormal || mode > InterruptSyncModeRepeat) {
        return STATUS_INVALID_PARAMETER;
    }
    const auto* resource = resources->FindTranslatedEntry(CmResourceTypeInterrupt, index);
    if (resource == nullptr) {
        return STATUS_INVALID_PARAMETER;
    }
    auto* sync = new InterruptSync(*resource, mode);
    *result = sync;
    return sync != nullptr ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

InterruptSync::~InterruptSync() {
    if (interrupt_ != nullptr) {
        IoDisconnectInterrupt(interrupt_);
    }
    while (!IsListEmpty(&routines_)) {
        ExFreePoolWithTag(CONTAINING_RECORD(RemoveHeadList(&routines_), ServiceRoutine, link), object_tag);
    }
}

void* InterruptSync::find_interface(const GUID& id) {
    return id == IID_IInterruptSync ? static_cast<IInterruptSync*>(this) : nullptr;
}

NTSTATUS NTAPI InterruptSync::CallSynchronizedRoutine(PINTERRUPTSYNCROUTINE routine, PVOID context) {
    OPC_REQUIRE_IRQL_AT_MOST(static_cast<KIRQL>(resource_.u.Interrupt.Level));
    if (routine == nullptr) {
        return STATUS_INVALID_PARAMETER;
    }
    Excluded excluded(*this);
    return routine(this, context);
}

NTSTATUS NTAPI InterruptSync::Connect() {
    OPC_REQUIRE_PASSIVE();
    if (interrupt_ != nullptr) {
        return STATUS_UNSUCCESSFUL; // connected already; connecting twice would run every routine twice
    }
    const auto& data = resource_.u.Interrupt;
    const bool latched = (resource_.Flags & CM_RESOURCE_INTERRUPT_LATCHED) != 0;
    const KIRQL level = static_cast<KIRQL>(data.Level);
    return IoConnectInterrupt(&interrupt_, interrupt_service, this, &lock_, data.Vector, level, level,
                              latched ? Latched : LevelSensitive, resource_.ShareDisposition == CmResourceShareShared,
                              data.Affinity, FALSE);
}

void NTAPI InterruptSync::Disconnect() {
    OPC_REQUIRE_PASSIVE();
    if (interrupt_ != nullptr) {
        PKINTERRUPT interrupt = interrupt_;
        interrupt_ = nullptr;
        IoDisconnectInterrupt(interrupt);
    }
}

NTSTATUS NTAPI InterruptSync::RegisterServiceRoutine(PINTERRUPTSYNCROUTINE routine, PVOID context, BOOLEAN first) {
    OPC_REQUIRE_PASSIVE();
    if (routine == nullptr) {
        return STATUS_INVALID_PARAMETER;
    }
    auto* entry =
        static_cast<ServiceRoutine*>(ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(ServiceRoutine), object_tag));
    if (entry == nullptr) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    entry->routine = routine;
    entry->context = context;
    Excluded excluded(*this); // the interrupt may be connected already
    if (first) {
        InsertHeadList(&routines_, &entry->link); // R-INT-01
    } else {
        InsertTailList(&routines_, &entry->link);
    }
    return STATUS_SUCCESS;
}

// One pass head to tail: did any routine succeed?
bool InterruptSync::traverse(bool stop_at_success) {
    bool any = false;
    for (LIST_ENTRY* link = routines_.Flink; link != &routines_; link = link->Flink) {
        const auto* entry = CONTAINING_RECORD(link, ServiceRoutine, link);
        if (entry->routine(this, entry->context) == STATUS_SUCCESS) {
            any = true;
            if (stop_at_success) {
                break;
            }
        }
    }
    return any;
}

BOOLEAN NTAPI InterruptSync::interrupt_service(PKINTERRUPT, PVOID context) {
    auto& sync = *static_cast<InterruptSync*>(context);
    bool handled = sync.traverse(sync.mode_ == InterruptSyncModeNormal); // R-INT-02, R-INT-03
    if (sync.mode_ == InterruptSyncModeRepeat && handled) {
        while (
            sync.traverse(false)) { // R-INT-04: until a whole pass finds nothing; the watchdog ends a routine that lies
        }
    }
    return handled; // R-INT-05
}

} // namespace openportcls::portcls

extern "C" [[gnu::noinline]] NTSTATUS NTAPI PcNewInterruptSync(PINTERRUPTSYNC* OutInterruptSync, PUNKNOWN,
                                                               PRESOURCELIST ResourceList, ULONG ResourceIndex,
                                                               INTERRUPTSYNCMODE Mode) {
    OPC_REQUIRE_PASSIVE();
    using namespace openportcls::portcls;
    const NTSTATUS status = InterruptSync::create(ResourceList, ResourceIndex, Mode, OutInterruptSync);
    return made_for(status, NT_SUCCESS(status) ? *OutInterruptSync : nullptr, "interrupt sync object", __func__,
                    __builtin_return_address(0));
}
