// IInterruptSync: a list of interrupt service routines, and routines that exclude them.
#pragma once

#include "portcls/helpers/com_object.h"

namespace openportcls::portcls {

class InterruptSync final : public ComObject<InterruptSync, IInterruptSync> {
public:
    // Not connected yet. `index` counts the interrupts of the list.
    static NTSTATUS create(IResourceList* resources, ULONG index, INTERRUPTSYNCMODE mode, IInterruptSync** result);
    ~InterruptSync();

    void* find_interface(const GUID& id);

    NTSTATUS NTAPI CallSynchronizedRoutine(PINTERRUPTSYNCROUTINE routine, PVOID context) override;
    PKINTERRUPT NTAPI GetKInterrupt() override { return interrupt_; }
    NTSTATUS NTAPI Connect() override;
    void NTAPI Disconnect() override;
    NTSTATUS NTAPI RegisterServiceRoutine(PINTERRUPTSYNCROUTINE routine, PVOID context, BOOLEAN first) override;

private:
    struct ServiceRoutine {
        LIST_ENTRY link;
        PINTERRUPTSYNCROUTINE routine;
        PVOID context;
    };
    class Excluded;

    InterruptSync(const CM_PARTIAL_RESOURCE_DESCRIPTOR& resource, INTERRUPTSYNCMODE mode);
    static BOOLEAN NTAPI interrupt_service(PKINTERRUPT interrupt, PVOID context);
    bool traverse(bool stop_at_success);

    CM_PARTIAL_RESOURCE_DESCRIPTOR resource_;
    INTERRUPTSYNCMODE mode_;
    PKINTERRUPT interrupt_ = nullptr;
    // Held by the service routines and by synchronised routines alike, connected or not.
    KSPIN_LOCK lock_ = 0;
    LIST_ENTRY routines_;
};

} // namespace openportcls::portcls
