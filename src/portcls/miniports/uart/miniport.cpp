#include "portcls/miniports/uart/miniport.h"

#include <algorithm>

#include "executive/irql_check.h"
#include "portcls/helpers/music_intersection.h"
#include "portcls/portcls_system.h"

namespace openportcls::portcls {

// One direction of the plug.
class UartMiniport::Stream final : public ComObject<Stream, IMiniportMidiStream> {
public:
    Stream(UartMiniport& miniport, bool capture)
        : miniport_(ComPointer<UartMiniport>::share(&miniport)), is_capture_(capture) {
        miniport.is_open_[capture ? 1 : 0] = true;
    }
    ~Stream() {
        if (is_capture_) {
            miniport_->device_.set_listening(false);
        }
        miniport_->is_open_[is_capture_ ? 1 : 0] = false;
    }

    void* find_interface(const GUID& id) { return id == IID_IMiniportMidiStream ? this : nullptr; }
    NTSTATUS NTAPI SetFormat(PKSDATAFORMAT) override { return STATUS_SUCCESS; } // R-MIDI-07
    NTSTATUS NTAPI SetState(KSSTATE state) override {
        OPC_REQUIRE_PASSIVE();
        if (is_capture_) {
            miniport_->device_.set_listening(state >= KSSTATE_PAUSE);
        }
        return STATUS_SUCCESS;
    }
    NTSTATUS NTAPI Read(PVOID buffer, ULONG length, PULONG read) override {
        OPC_REQUIRE_DISPATCH_OR_BELOW();
        *read = 0;
        if (!is_capture_) {
            return STATUS_INVALID_DEVICE_REQUEST; // R-MIDI-06
        }
        LONGLONG time = 0;
        *read = miniport_->device_.read(static_cast<BYTE*>(buffer), length, &time);
        return STATUS_SUCCESS;
    }
    NTSTATUS NTAPI Write(PVOID buffer, ULONG count, PULONG written) override {
        OPC_REQUIRE_DISPATCH_OR_BELOW();
        *written = 0;
        if (is_capture_) {
            return STATUS_INVALID_DEVICE_REQUEST;
        }
        *written = miniport_->device_.write(static_cast<const BYTE*>(buffer), count);
        return STATUS_SUCCESS;
    }

private:
    ComPointer<UartMiniport> miniport_;
    bool is_capture_;
};

UartMiniport::~UartMiniport() = default;

void* UartMiniport::find_interface(const GUID& id) {
    if (id == IID_IMiniport || id == IID_IMiniportMidi) {
        return static_cast<IMiniportMidi*>(this);
    }
    if (id == IID_IMusicTechnology) {
        return has_feature(Feature::music_technology) ? static_cast<IMusicTechnology*>(this) : nullptr;
    }
    return id == IID_IPowerNotify ? static_cast<IPowerNotify*>(this) : nullptr;
}

NTSTATUS NTAPI UartMiniport::SetTechnology(const GUID* technology) {
    OPC_REQUIRE_PASSIVE();
    if (technology == nullptr) {
        return STATUS_INVALID_PARAMETER;
    }
    description_.set_technology(*technology);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI UartMiniport::Init(PUNKNOWN adapter, PRESOURCELIST resources, PPORTMIDI port, PSERVICEGROUP* group) {
    OPC_REQUIRE_PASSIVE();
    *group = nullptr;
    NTSTATUS status = PcNewServiceGroup(group_.receive(), nullptr);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    port_ = ComPointer<IPortMidi>::share(port);
    port->RegisterServiceGroup(group_.get()); // R-INIT-06: interrupts come before this returns
    status = device_.start(adapter, resources, notify, this);
    if (!NT_SUCCESS(status)) {
        port_.reset();
        return status;
    }
    filter_ = description_.make({true, device_.has_interrupt(), false, nullptr});
    *group = group_.get();
    group_->AddRef();
    return STATUS_SUCCESS;
}

void UartMiniport::notify(void* context) {
    auto& self = *static_cast<UartMiniport*>(context);
    self.port_->Notify(self.group_.get());
}

NTSTATUS NTAPI UartMiniport::GetDescription(PPCFILTER_DESCRIPTOR* description) {
    *description = filter_;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI UartMiniport::DataRangeIntersection(ULONG, PKSDATARANGE client, PKSDATARANGE own, ULONG room,
                                                   PVOID format, PULONG format_bytes) {
    return intersect_music(*client, *own, room, format, format_bytes);
}

NTSTATUS NTAPI UartMiniport::NewStream(PMINIPORTMIDISTREAM* stream, PUNKNOWN, POOL_TYPE, ULONG, BOOLEAN capture,
                                       PKSDATAFORMAT, PSERVICEGROUP* group) {
    OPC_REQUIRE_PASSIVE();
    if (is_open_[capture != FALSE ? 1 : 0]) {
        return STATUS_INVALID_DEVICE_REQUEST; // there is one plug
    }
    *stream = new Stream(*this, capture != FALSE);
    if (*stream == nullptr) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    *group = group_.get();
    group_->AddRef();
    return STATUS_SUCCESS;
}

void NTAPI UartMiniport::PowerChangeNotify(POWER_STATE state) {
    if (state.DeviceState == PowerDeviceD0) {
        device_.reset();
    }
}

} // namespace openportcls::portcls
