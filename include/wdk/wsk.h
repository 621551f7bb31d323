/* Winsock Kernel: registration, declared for drivers that mention it. */
#ifndef _WSK_
#define _WSK_

#include "wdm.h"

#define MAKE_WSK_VERSION(major, minor) ((USHORT)((major) << 8) | (USHORT)((minor) & 0xff))
#define WSK_INFINITE_WAIT 0xffffffff
#define WSK_NO_WAIT 0

typedef PVOID PWSK_CLIENT;
typedef NTSTATUS(NTAPI* PFN_WSK_CLIENT_EVENT)(PVOID ClientContext, ULONG EventType, PVOID Information,
                                              SIZE_T InformationLength);
typedef struct _WSK_CLIENT_DISPATCH {
    USHORT Version;
    USHORT Reserved;
    PFN_WSK_CLIENT_EVENT WskClientEvent;
} WSK_CLIENT_DISPATCH, *PWSK_CLIENT_DISPATCH;
typedef struct _WSK_CLIENT_NPI {
    PVOID ClientContext;
    const WSK_CLIENT_DISPATCH* Dispatch;
} WSK_CLIENT_NPI, *PWSK_CLIENT_NPI;
struct _WSK_PROVIDER_DISPATCH;
typedef struct _WSK_PROVIDER_NPI {
    PWSK_CLIENT Client;
    const struct _WSK_PROVIDER_DISPATCH* Dispatch;
} WSK_PROVIDER_NPI, *PWSK_PROVIDER_NPI;
typedef struct _WSK_REGISTRATION {
    ULONGLONG ReservedRegistrationState;
    PVOID ReservedRegistrationContext;
    KSPIN_LOCK ReservedRegistrationLock;
} WSK_REGISTRATION, *PWSK_REGISTRATION;

#ifdef __cplusplus
extern "C" {
#endif
NTKERNELAPI NTSTATUS NTAPI WskRegister(PWSK_CLIENT_NPI WskClientNpi, PWSK_REGISTRATION WskRegistration);
NTKERNELAPI VOID NTAPI WskDeregister(PWSK_REGISTRATION WskRegistration);
NTKERNELAPI NTSTATUS NTAPI WskCaptureProviderNPI(PWSK_REGISTRATION WskRegistration, ULONG WaitTimeout,
                                                 PWSK_PROVIDER_NPI WskProviderNpi);
NTKERNELAPI VOID NTAPI WskReleaseProviderNPI(PWSK_REGISTRATION WskRegistration);
#ifdef __cplusplus
}
#endif

#endif
