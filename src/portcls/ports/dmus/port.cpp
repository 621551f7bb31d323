#include "portcls/ports/dmus/port.h"

#include <new>

#include "executive/irql_check.h"
#include "ks/data_format.h"
#include "portcls/helpers/dpcs.h"
#include "portcls/helpers/spin_lock.h"
#include "portcls/pin.h"
#include "portcls/portcls_system.h"
#include "portcls/ports/dmus/pin.h"
#include "portcls/ports/dmus/wave_sink.h"

namespace openportcls::portcls {

namespace {

const GUID own_clock_set = KSPROPSETID_SynthClock;
const KSPIN_INTERFACE streaming[] = {{{{KSINTERFACESETID_Standard, KSINTERFACE_STANDARD_STREAMING, 0}}}};

NTSTATUS synth_master_clock(PropertyCall& call) {
    call.value_as<ULONGLONG>() = static_cast<ULONGLONG>(master_time());
    return STATUS_SUCCESS;
}

const BuiltInProperty dmus_filter_properties[] = {
    {&own_clock_set, KSPROPERTY_SYNTH_MASTERCLOCK, KSPROPERTY_TYPE_GET, sizeof(KSPROPERTY), sizeof(ULONGLONG),
     synth_master_clock, Serialisation::none},
};

} // namespace

// R-MIDI-02. Outlives its port by whoever still refers to it.
class DmusPort::Sink final : public ComObject<Sink, IServiceSink> {
public:
    void* find_interface(const GUID& id) { return id == IID_IServiceSink ? static_cast<IServiceSink*>(this) : nullptr; }
    void NTAPI RequestService() override {
        if (IMiniportMidi* const miniport = miniport_) {
            miniport->Service();
        }
    }
    void serve(IMiniportMidi* miniport) { miniport_ = miniport; }

private:
    IMiniportMidi* miniport_ = nullptr;
};

DmusPort::DmusPort(Kind kind)
    : kind_(kind), clock_(ComPointer<MasterClock>::adopt(new MasterClock)), sink_(ComPointer<Sink>::adopt(new Sink)) {
    InitializeListHead(&stream_groups_);
    KeInitializeDpc(&notify_dpc_, notify_all, this);
}

DmusPort::~DmusPort() {
    end_dpc(notify_dpc_);
    if (group_ && sink_) {
        sink_->serve(nullptr);
        group_->RemoveMember(sink_.get());
    }
}

NTSTATUS DmusPort::create(Kind kind, IPort** result) {
    auto* port = new (std::nothrow) DmusPort(kind);
    if (port != nullptr && (!port->clock_ || !port->sink_)) {
        port->Release();
        port = nullptr;
    }
    *result = static_cast<IPortDMus*>(port);
    return port != nullptr ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

bool DmusPort::find_own_interface(REFIID interface_id, void** object) {
    if (IsEqualGUID(interface_id, IID_IPortMidi) && kind_ != Kind::dmus) {
        *object = static_cast<IPortMidi*>(this);
        return true;
    }
    return false;
}

const IID& DmusPort::miniport_interface() const {
    return is_dmus_ ? IID_IMiniportDMus : IID_IMiniportMidi;
}

NTSTATUS DmusPort::find_miniport(IUnknown* unknown, IMiniport*& miniport) {
    auto* const result = reinterpret_cast<void**>(&miniport);
    if (kind_ != Kind::midi && NT_SUCCESS(unknown->QueryInterface(IID_IMiniportDMus, result))) {
        is_dmus_ = true;
        return STATUS_SUCCESS;
    }
    is_dmus_ = false;
    return kind_ == Kind::dmus ? STATUS_INVALID_PARAMETER : unknown->QueryInterface(IID_IMiniportMidi, result);
}

NTSTATUS DmusPort::initialise_miniport(IMiniport* miniport, IUnknown* adapter, IResourceList* resources) {
    IServiceGroup* group = nullptr;
    NTSTATUS status = STATUS_SUCCESS;
    if (is_dmus_) {
        status = static_cast<IMiniportDMus*>(miniport)->Init(adapter, resources, this, &group);
    } else {
        auto* const midi = static_cast<IMiniportMidi*>(miniport);
        sink_->serve(midi);
        status = midi->Init(adapter, resources, this, &group);
    }
    if (!NT_SUCCESS(status)) {
        sink_->serve(nullptr);
        return status;
    }
    // R-INIT-06: the same group as RegisterServiceGroup's, or none.
    const auto given = ComPointer<IServiceGroup>::adopt(group);
    if (given) {
        use_group(given.get());
    }
    return STATUS_SUCCESS;
}

void DmusPort::use_group(IServiceGroup* group) {
    if (group_.get() == group) {
        return;
    }
    if (group_) {
        group_->RemoveMember(sink_.get());
    }
    group_ = ComPointer<IServiceGroup>::share(group);
    if (group_) {
        group_->AddMember(sink_.get());
    }
}

// R-MIDI-03. For DirectMusic the group's only use is Notify(NULL): IMiniportDMus::Service is never called (R-DMUS-09).
void NTAPI DmusPort::RegisterServiceGroup(PSERVICEGROUP service_group) {
    OPC_REQUIRE_PASSIVE();
    if (service_group != nullptr) {
        use_group(service_group);
    }
}

void NTAPI DmusPort::Notify(PSERVICEGROUP service_group) {
    if (service_group != nullptr) {
        service_group->RequestService();
        return;
    }
    if (group_) {
        group_->RequestService();
    }
    KeInsertQueueDpc(&notify_dpc_, nullptr, nullptr);
}

void NTAPI DmusPort::notify_all(PKDPC, PVOID context, PVOID, PVOID) {
    auto& port = *static_cast<DmusPort*>(context);
    Locked locked(port.groups_lock_);
    for (LIST_ENTRY* link = port.stream_groups_.Flink; link != &port.stream_groups_; link = link->Flink) {
        CONTAINING_RECORD(link, GroupLink, link)->group->RequestService();
    }
}

void DmusPort::add_group(GroupLink& group) {
    Locked locked(groups_lock_);
    InsertTailList(&stream_groups_, &group.link);
}

void DmusPort::remove_group(GroupLink& group) {
    Locked locked(groups_lock_);
    RemoveEntryList(&group.link);
    InitializeListHead(&group.link);
}

NTSTATUS DmusPort::create_pin(Filter& filter, const PinRequest& request, std::unique_ptr<Pin>& pin) {
    if (IsEqualGUID(request.format->MajorFormat, KSDATAFORMAT_TYPE_MUSIC)) {
        return DmusPin::create(*this, filter, request, pin);
    }
    if (dmus_miniport() == nullptr || !request.capture || ks::wave_format(*request.format) == nullptr) {
        return STATUS_INVALID_PARAMETER;
    }
    // R-DMUS-22, R-SUB-15: no software synthesizers in the kernel any more.
    if (PortClsSystem::current().windows_version() >= WindowsVersion::vista) {
        return STATUS_NOT_SUPPORTED;
    }
    return WaveSinkPin::create(*this, filter, request, pin);
}

std::span<const KSPIN_INTERFACE> DmusPort::pin_interfaces() const {
    return streaming;
}

BuiltInProperties DmusPort::filter_properties() const {
    return dmus_filter_properties;
}

std::span<const GUID> DmusPort::default_categories() const {
    static const GUID categories[] = {KSCATEGORY_AUDIO, KSCATEGORY_RENDER, KSCATEGORY_CAPTURE}; // R-SUB-09
    return categories;
}

} // namespace openportcls::portcls
