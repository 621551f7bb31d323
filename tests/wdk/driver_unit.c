/* An adapter driver in plain C, with a vtable made by hand; compiled for the driver target only. */
#include <portcls.h>

#include <dontuse.h>
#include <procgrp.h>
#include <suppress.h>
#include <wdf.h>

static ULONG NTAPI unit_add_ref(IMiniportTopology* This) { return This != NULL; }
static ULONG NTAPI unit_release(IMiniportTopology* This) { return This == NULL; }
static NTSTATUS NTAPI unit_query(IMiniportTopology* This, REFIID id, PVOID* object)
{
    *object = IsEqualGUID(id, &IID_IMiniportTopology) ? This : NULL;
    return *object ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}
static NTSTATUS NTAPI unit_init(IMiniportTopology* This, PUNKNOWN adapter, PRESOURCELIST resources, PPORTTOPOLOGY port)
{
    (void)This, (void)adapter;
    return resources->lpVtbl->NumberOfEntriesOfType(resources, CmResourceTypeInterrupt) ? port->lpVtbl->AddRef(port) : 0;
}

static const PCFILTER_DESCRIPTOR unit_filter = {0, NULL, sizeof(PCPIN_DESCRIPTOR), 0, NULL, 0, 0, NULL, 0, NULL, 1,
                                                &KSCATEGORY_AUDIO};
static NTSTATUS NTAPI unit_description(IMiniportTopology* This, PPCFILTER_DESCRIPTOR* description)
{
    (void)This;
    *description = (PPCFILTER_DESCRIPTOR)&unit_filter;
    return STATUS_SUCCESS;
}

static IMiniportTopologyVtbl unit_vtbl = {unit_query, unit_add_ref, unit_release, unit_description, NULL, unit_init};
IMiniportTopology wdk_unit = {&unit_vtbl};

ULONGLONG wdk_unit_address(PDMACHANNEL channel)
{
    PHYSICAL_ADDRESS address;
    return channel->lpVtbl->PhysicalAddress(channel, &address)->QuadPart;
}

ULONG wdk_unit_groups(void)
{
    WdmlibProcgrpInitialize();
    return KeQueryActiveGroupCount();
}

/* "nc-wdfrequest-evt_wdf_request_completion_routine": declared and defined as there. */
EVT_WDF_REQUEST_COMPLETION_ROUTINE wdk_unit_completed;
VOID wdk_unit_completed(WDFREQUEST Request, WDFIOTARGET Target, PWDF_REQUEST_COMPLETION_PARAMS Params,
                        WDFCONTEXT Context)
{
    (void)Request, (void)Target;
    *(NTSTATUS*)Context = Params->IoStatus.Status;
}
