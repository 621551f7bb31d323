// Winsock Kernel: registration is accepted; the machine has no network, so its subsystem is never ready.
#include <ntddk.h>
#include <wsk.h>

#include "executive/irql_check.h"

extern "C" {

NTSTATUS NTAPI WskRegister(PWSK_CLIENT_NPI WskClientNpi, PWSK_REGISTRATION WskRegistration) {
    OPC_REQUIRE_PASSIVE();
    if (WskClientNpi == nullptr || WskClientNpi->Dispatch == nullptr || WskRegistration == nullptr) {
        return STATUS_INVALID_PARAMETER;
    }
    *WskRegistration = {};
    WskRegistration->ReservedRegistrationContext = WskClientNpi;
    return STATUS_SUCCESS;
}

VOID NTAPI WskDeregister(PWSK_REGISTRATION WskRegistration) {
    OPC_REQUIRE_PASSIVE();
    *WskRegistration = {};
}

// Also with WSK_INFINITE_WAIT: nothing will ever make the subsystem ready.
NTSTATUS NTAPI WskCaptureProviderNPI(PWSK_REGISTRATION WskRegistration, ULONG, PWSK_PROVIDER_NPI WskProviderNpi) {
    OPC_REQUIRE_PASSIVE();
    if (WskRegistration == nullptr || WskRegistration->ReservedRegistrationContext == nullptr) {
        return STATUS_INVALID_PARAMETER;
    }
    *WskProviderNpi = {};
    return STATUS_DEVICE_NOT_READY;
}

VOID NTAPI WskReleaseProviderNPI(PWSK_REGISTRATION) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
}

} // extern "C"
