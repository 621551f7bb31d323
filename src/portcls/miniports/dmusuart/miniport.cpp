#include "portcls/miniports/dmusuart/miniport.h"

#include "executive/irql_check.h"
#include "portcls/helpers/music_intersection.h"
#include "portcls/miniports/dmusuart/stream.h"
#include "portcls/miniports/dmusuart/synth_properties.h"
#include "portcls/portcls_system.h"

namespace openportcls::portcls {

DmusUartMiniport::~DmusUartMiniport() = default;

void* DmusUartMiniport::find_interface(const GUID& id) {
    if (id == IID_IMiniport || id == IID_IMiniportDMus) {
        return static_cast<IMiniportDMus*>(this);
    }
    if (id == IID_IMusicTechnology) {
        return has_feature(Feature::music_technology) ? static_cast<IMusicTechnology*>(this) : nullptr;
    }
    if (id == IID_IPinCount) {
        return static_cast<IPinCount*>(this);
    }
    return id == IID_IPowerNotify ? static_cast<IPowerNotify*>(this) : nullptr;
}

NTSTATUS NTAPI DmusUartMiniport::SetTechnology(const GUID* technology) {
    OPC_REQUIRE_PASSIVE();
    if (technology == nullptr) {
        return STATUS_INVALID_PARAMETER;
    }
    description_.set_technology(*technology);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI DmusUartMiniport::Init(PUNKNOWN adapter, PRESOURCELIST resources, PPORTDMUS port, PSERVICEGROUP* group) {
    OPC_REQUIRE_PASSIVE();
    *group = nullptr;
    NTSTATUS status = PcNewServiceGroup(group_.receive(), nullptr);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    port_ = ComPointer<IPortDMus>::share(port);
    port->RegisterServiceGroup(group_.get()); // R-INIT-06: interrupts come before this returns
    status = device_.start(adapter, resources, notify, this);
    if (NT_SUCCESS(status) && captures_only_ && !device_.has_interrupt()) {
        status = STATUS_DEVICE_CONFIGURATION_ERROR; // it would have no pin
    }
    if (!NT_SUCCESS(status)) {
        port_.reset();
        return status;
    }
    filter_ = description_.make({!captures_only_, device_.has_interrupt(), true, &uart_synth_automation()});
    *group = group_.get();
    group_->AddRef();
    return STATUS_SUCCESS;
}

void DmusUartMiniport::notify(void* context) {
    auto& self = *static_cast<DmusUartMiniport*>(context);
    self.port_->Notify(self.group_.get());
}

NTSTATUS NTAPI DmusUartMiniport::GetDescription(PPCFILTER_DESCRIPTOR* description) {
    *description = filter_;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI DmusUartMiniport::DataRangeIntersection(ULONG, PKSDATARANGE client, PKSDATARANGE own, ULONG room,
                                                       PVOID format, PULONG format_bytes) {
    return intersect_music(*client, *own, room, format, format_bytes);
}

NTSTATUS NTAPI DmusUartMiniport::NewStream(PMXF* stream, PUNKNOWN, POOL_TYPE, ULONG, DMUS_STREAM_TYPE type,
                                           PKSDATAFORMAT, PSERVICEGROUP* group, PAllocatorMXF allocator, PMASTERCLOCK,
                                           PULONGLONG prefetch) {
    OPC_REQUIRE_PASSIVE();
    *stream = nullptr;
    *group = nullptr;
    if (type != DMUS_STREAM_MIDI_RENDER && type != DMUS_STREAM_MIDI_CAPTURE) {
        return STATUS_INVALID_DEVICE_REQUEST;
    }
    const bool capture = type == DMUS_STREAM_MIDI_CAPTURE;
    bool& is_open = is_open_[capture ? 1 : 0];
    if (is_open) {
        return STATUS_INVALID_DEVICE_REQUEST; // one plug for the legacy and the DirectMusic pin
    }
    DmusUartStream* made = nullptr;
    const NTSTATUS status = DmusUartStream::create(static_cast<IMiniportDMus*>(this), device_, is_open, capture,
                                                   allocator, group_.get(), &made);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    *stream = made;
    *group = made->group();
    (*group)->AddRef();
    *prefetch = 0; // the port sequences
    return STATUS_SUCCESS;
}

// R-PIN-02, R-PIN-04: the legacy and the DirectMusic pin of a direction share its plug, and so do all filters.
void NTAPI DmusUartMiniport::PinCount(ULONG pin, PULONG, PULONG filter_current, PULONG filter_possible,
                                      PULONG global_current, PULONG global_possible) {
    OPC_REQUIRE_PASSIVE();
    for (const bool capture : {false, true}) {
        if (description_.is_stream(pin, capture)) {
            const ULONG left = is_open_[capture ? 1 : 0] ? 0 : 1;
            *filter_possible = *filter_current + left;
            *global_possible = *global_current + left;
        }
    }
}

void NTAPI DmusUartMiniport::PowerChangeNotify(POWER_STATE state) {
    if (state.DeviceState == PowerDeviceD0) {
        device_.reset();
    }
}

} // namespace openportcls::portcls
