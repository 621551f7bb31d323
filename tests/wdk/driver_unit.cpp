// What adapter drivers write, in miniature; compiled for the driver target only. Covers the macros that tables cannot.
#define PC_OLD_NAMES
#define PC_IMPLEMENTATION
#include <dmusicks.h>
#include <portcls.h>
#define STR_MODULENAME "unit: "
#include <ksdebug.h>
#include <stdunk.h>

// "PDMACHANNELSLAVE (Vista+)": opaque, and the name of the interface is the driver's to declare.
static_assert(__is_same(PDMACHANNELSLAVE, PVOID));
struct IDmaChannelSlave;

static NTSTATUS on_volume(PPCPROPERTY_REQUEST request) {
    PKSPROPERTY_DESCRIPTION description = PKSPROPERTY_DESCRIPTION(request->Value);
    description->PropTypeSet.Set = KSPROPTYPESETID_General;
    description->PropTypeSet.Id = VT_I4;
    return request->Verb & KSPROPERTY_TYPE_BASICSUPPORT ? STATUS_SUCCESS : STATUS_NOT_SUPPORTED;
}

static NTSTATUS on_event(PPCEVENT_REQUEST request) {
    return request->Verb == PCEVENT_VERB_SUPPORT ? STATUS_SUCCESS : STATUS_NOT_IMPLEMENTED;
}

static PCPROPERTY_ITEM properties[] = {
    {&KSPROPSETID_Audio, KSPROPERTY_AUDIO_VOLUMELEVEL, KSPROPERTY_TYPE_GET | KSPROPERTY_TYPE_BASICSUPPORT, on_volume}};
static PCEVENT_ITEM events[] = {{&KSEVENTSETID_AudioControlChange, KSEVENT_CONTROL_CHANGE,
                                 KSEVENT_TYPE_ENABLE | KSEVENT_TYPE_BASICSUPPORT, on_event}};
DEFINE_PCAUTOMATION_TABLE_PROP(automation, properties);
DEFINE_PCAUTOMATION_TABLE_PROP_EVENT(automation_with_events, properties, events);
DEFINE_PCAUTOMATION_TABLE_EVENT(automation_of_events, events);

static KSDATARANGE_AUDIO range = {
    {{sizeof(KSDATARANGE_AUDIO), 0, 0, 0, STATICGUIDOF(KSDATAFORMAT_TYPE_AUDIO), STATICGUIDOF(KSDATAFORMAT_SUBTYPE_PCM),
      STATICGUIDOF(KSDATAFORMAT_SPECIFIER_WAVEFORMATEX)}},
    2,
    16,
    16,
    8000,
    48000};
static KSDATARANGE_MUSIC music = {
    {{sizeof(KSDATARANGE_MUSIC), 0, 0, 0, STATICGUIDOF(KSDATAFORMAT_TYPE_MUSIC),
      STATICGUIDOF(KSDATAFORMAT_SUBTYPE_MIDI), STATICGUIDOF(KSDATAFORMAT_SPECIFIER_NONE)}},
    STATICGUIDOF(KSMUSIC_TECHNOLOGY_PORT),
    0,
    0,
    0xFFFF};
static PKSDATARANGE ranges[] = {PKSDATARANGE(&range), PKSDATARANGE(&music)};
static DEFINE_KSPIN_MEDIUM_TABLE(mediums){DEFINE_KSPIN_MEDIUM_ITEM(KSMEDIUMSETID_Standard, KSMEDIUM_TYPE_ANYINSTANCE)};
static PCPIN_DESCRIPTOR pins[] = {{1,
                                   1,
                                   0,
                                   NULL,
                                   {0, NULL, SIZEOF_ARRAY(mediums), mediums, SIZEOF_ARRAY(ranges), ranges,
                                    KSPIN_DATAFLOW_IN, KSPIN_COMMUNICATION_SINK, &KSCATEGORY_AUDIO, NULL, 0}}};
static PCNODE_DESCRIPTOR nodes[] = {{0, &automation, &KSNODETYPE_DAC, NULL},
                                    {0, &automation_of_events, &KSNODETYPE_VOLUME, &KSAUDFNAME_MASTER_VOLUME}};
static PCCONNECTION_DESCRIPTOR connections[] = {{PCFILTER_NODE, 0, 0, 1}};
static PCFILTER_DESCRIPTOR filter = {0,
                                     &automation_with_events,
                                     sizeof(PCPIN_DESCRIPTOR),
                                     SIZEOF_ARRAY(pins),
                                     pins,
                                     sizeof(PCNODE_DESCRIPTOR),
                                     SIZEOF_ARRAY(nodes),
                                     nodes,
                                     SIZEOF_ARRAY(connections),
                                     connections,
                                     0,
                                     NULL};

DEFINE_GUIDSTRUCT("11223344-5566-7788-99AA-BBCCDDEEFF00", UNIT_SET);
#define UNIT_SET DEFINE_GUIDNAMED(UNIT_SET)
extern "C" const GUID* const wdk_unit_guids[] = {&UNIT_SET, &GUID_NULL, &IID_IPort, &AUDIO_SIGNALPROCESSINGMODE_RAW};

class CUnit : public IMiniportTopology, public IMiniportPnpNotify, public CUnknown {
public:
    DECLARE_STD_UNKNOWN();
    DEFINE_STD_CONSTRUCTOR(CUnit);
    ~CUnit() { PcGetTimeInterval(GTI_SECONDS(1)); }
    IMP_IMiniportTopology;
    IMP_IMiniportPnpNotify;
};

STDMETHODIMP_(NTSTATUS) CUnit::NonDelegatingQueryInterface(REFIID id, PVOID* object) {
    if (IsEqualGUIDAligned(id, IID_IUnknown))
        *object = QICASTUNKNOWN(PMINIPORTTOPOLOGY);
    else if (IsEqualGUIDAligned(id, IID_IMiniportTopology))
        *object = QICAST(PMINIPORTTOPOLOGY);
    else
        return CUnknown::NonDelegatingQueryInterface(id, object);
    PUNKNOWN(*object)->AddRef();
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS) CUnit::GetDescription(PPCFILTER_DESCRIPTOR* description) {
    *description = &filter;
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS)
CUnit::DataRangeIntersection(ULONG, PKSDATARANGE, PKSDATARANGE, ULONG, PVOID, PULONG) {
    return STATUS_NOT_IMPLEMENTED;
}

STDMETHODIMP_(NTSTATUS) CUnit::Init(PUNKNOWN, PRESOURCELIST resources, PPORTTOPOLOGY) {
    _DbgPrintF(DEBUGLVL_VERBOSE, ("%d ports", resources->NumberOfPorts()));
    return resources->FindTranslatedInterrupt(0) ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

STDMETHODIMP_(void) CUnit::PnpStop() {}

NTSTATUS CreateUnit(PUNKNOWN* unknown, REFCLSID, PUNKNOWN outer, POOL_TYPE pool) {
    STD_CREATE_BODY_(CUnit, unknown, outer, pool, PMINIPORTTOPOLOGY);
}

// The structure result of these two methods goes through memory, for the caller and for the callee.
ULONGLONG address_of(PDMACHANNEL channel, PPORTWAVERTSTREAM stream, PMDL mdl) {
    return channel->PhysicalAddress().QuadPart + stream->GetPhysicalPageAddress(mdl, 0).QuadPart;
}

NTSTATUS make_port(PPORT* port) {
    return NewPort(port, CLSID_PortWaveCyclic);
}
