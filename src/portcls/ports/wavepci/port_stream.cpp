#include "portcls/ports/wavepci/port_stream.h"

#include "executive/irql_check.h"
#include "executive/ke/spin_lock.h"
#include "executive/sentence.h"
#include "portcls/portcls_system.h"

namespace openportcls::portcls {

namespace {

[[noreturn, gnu::cold, gnu::noinline]] void NTAPI spin_lock_held(const char* method) {
    machine::Machine::current().bugcheck(
        0xC4 /* DRIVER_VERIFIER_DETECTED_VIOLATION */, 0, 0, 0, 0,
        executive::Sentence("{} is called without a spin lock held (R-WPCI-08): the port may call the miniport back, "
                            "which waits for the same lock.",
                            method));
}

// R-WPCI-08, as Driver Verifier has it.
void require_no_spin_lock(const char* method) {
    if (executive::holds_spin_lock(machine::Machine::current())) [[unlikely]] {
        spin_lock_held(method);
    }
}

} // namespace

// R-INIT-14: on the stream, from XP on.
void* WavePciPortStream::find_interface(const GUID& id) {
    if (id == IID_IPortWavePciStream) {
        return static_cast<IPortWavePciStream*>(this);
    }
    return id == IID_IPreFetchOffset && has_feature(Feature::prefetch_offset) ? static_cast<IPreFetchOffset*>(this)
                                                                              : nullptr;
}

[[gnu::hot]] NTSTATUS NTAPI WavePciPortStream::GetMapping(PVOID tag, PPHYSICAL_ADDRESS physical_address,
                                                          PVOID* virtual_address, PULONG byte_count, PULONG flags) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    require_no_spin_lock("GetMapping");
    if (physical_address == nullptr || virtual_address == nullptr || byte_count == nullptr || flags == nullptr)
        [[unlikely]] {
        return STATUS_INVALID_PARAMETER;
    }
    if (queue_.refuses()) {
        return STATUS_NOT_FOUND;
    }
    return queue_.get(tag, *physical_address, *virtual_address, *byte_count, *flags);
}

[[gnu::hot]] NTSTATUS NTAPI WavePciPortStream::ReleaseMapping(PVOID tag) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    require_no_spin_lock("ReleaseMapping");
    return queue_.release(tag);
}

NTSTATUS NTAPI WavePciPortStream::TerminatePacket() {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    ULONGLONG position = 0;
    if (miniport_ == nullptr || !NT_SUCCESS(miniport_->GetPosition(&position))) {
        position = 0;
    }
    return queue_.terminate(position);
}

} // namespace openportcls::portcls
