// CLSID_MiniportDriverUart: an MPU-401 for the MIDI port.
#pragma once

#include <dmusicks.h>

#include "portcls/helpers/com_object.h"
#include "portcls/miniports/uart/description.h"
#include "portcls/miniports/uart/device.h"

namespace openportcls::portcls {

class UartMiniport final : public ComObject<UartMiniport, IMiniportMidi, IMusicTechnology, IPowerNotify> {
public:
    ~UartMiniport();
    void* find_interface(const GUID& id);

    // IMiniportMidi
    NTSTATUS NTAPI GetDescription(PPCFILTER_DESCRIPTOR* description) override;
    NTSTATUS NTAPI DataRangeIntersection(ULONG pin, PKSDATARANGE client, PKSDATARANGE own, ULONG room, PVOID format,
                                         PULONG format_bytes) override;
    NTSTATUS NTAPI Init(PUNKNOWN adapter, PRESOURCELIST resources, PPORTMIDI port, PSERVICEGROUP* group) override;
    void NTAPI Service() override {} // the port reads the stream
    NTSTATUS NTAPI NewStream(PMINIPORTMIDISTREAM* stream, PUNKNOWN outer, POOL_TYPE pool, ULONG pin, BOOLEAN capture,
                             PKSDATAFORMAT format, PSERVICEGROUP* group) override;
    // IMusicTechnology
    NTSTATUS NTAPI SetTechnology(const GUID* technology) override;
    // IPowerNotify
    void NTAPI PowerChangeNotify(POWER_STATE state) override;

private:
    class Stream;

    static void notify(void* context);

    UartDescription description_;
    UartDevice device_;
    ComPointer<IPortMidi> port_;
    ComPointer<IServiceGroup> group_;
    PCFILTER_DESCRIPTOR* filter_ = nullptr;
    bool is_open_[2] = {}; // render, capture
};

} // namespace openportcls::portcls
