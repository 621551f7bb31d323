// CLSID_MiniportDriverDMusUART and CLSID_MiniportDriverDMusUARTCapture: an MPU-401 for the DirectMusic port.
#pragma once

#include <dmusicks.h>

#include "portcls/helpers/com_object.h"
#include "portcls/miniports/uart/description.h"
#include "portcls/miniports/uart/device.h"

namespace openportcls::portcls {

class DmusUartMiniport final
    : public ComObject<DmusUartMiniport, IMiniportDMus, IMusicTechnology, IPinCount, IPowerNotify> {
public:
    explicit DmusUartMiniport(bool captures_only) : captures_only_(captures_only) {}
    ~DmusUartMiniport();
    void* find_interface(const GUID& id);

    // IMiniportDMus
    NTSTATUS NTAPI GetDescription(PPCFILTER_DESCRIPTOR* description) override;
    NTSTATUS NTAPI DataRangeIntersection(ULONG pin, PKSDATARANGE client, PKSDATARANGE own, ULONG room, PVOID format,
                                         PULONG format_bytes) override;
    NTSTATUS NTAPI Init(PUNKNOWN adapter, PRESOURCELIST resources, PPORTDMUS port, PSERVICEGROUP* group) override;
    void NTAPI Service() override {} // R-DMUS-09
    NTSTATUS NTAPI NewStream(PMXF* stream, PUNKNOWN outer, POOL_TYPE pool, ULONG pin, DMUS_STREAM_TYPE type,
                             PKSDATAFORMAT format, PSERVICEGROUP* group, PAllocatorMXF allocator, PMASTERCLOCK clock,
                             PULONGLONG prefetch) override;
    // IMusicTechnology
    NTSTATUS NTAPI SetTechnology(const GUID* technology) override;
    // IPinCount
    void NTAPI PinCount(ULONG pin, PULONG filter_necessary, PULONG filter_current, PULONG filter_possible,
                        PULONG global_current, PULONG global_possible) override;
    // IPowerNotify
    void NTAPI PowerChangeNotify(POWER_STATE state) override;

private:
    static void notify(void* context);

    bool captures_only_;
    UartDescription description_;
    UartDevice device_;
    ComPointer<IPortDMus> port_;
    ComPointer<IServiceGroup> group_;
    PCFILTER_DESCRIPTOR* filter_ = nullptr;
    bool is_open_[2] = {}; // render, capture
};

} // namespace openportcls::portcls
