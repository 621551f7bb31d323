// The DMA channel of a card on ISA. The port makes it in every release of Windows, but the headers declare its
// interface for targets before Vista only (for others PDMACHANNELSLAVE is PVOID).
#pragma once

#include "sb16.h"

#if (NTDDI_VERSION >= NTDDI_VISTA)
#undef INTERFACE
#define INTERFACE IDmaChannelSlave
DECLARE_INTERFACE_(IDmaChannelSlave, IDmaChannel) {
    DEFINE_ABSTRACT_UNKNOWN()
    DEFINE_ABSTRACT_DMACHANNEL()
    STDMETHOD_(NTSTATUS, Start)(THIS_ ULONG MapSize, BOOLEAN WriteToDevice) PURE;
    STDMETHOD_(NTSTATUS, Stop)(THIS) PURE;
    STDMETHOD_(ULONG, ReadCounter)(THIS) PURE;
    STDMETHOD_(NTSTATUS, WaitForTC)(THIS_ ULONG Timeout) PURE;
};
#endif
