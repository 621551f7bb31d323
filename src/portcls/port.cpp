#include "portcls/port.h"

#include "machine/machine.h"
#include "portcls/device_context.h"
#include "portcls/dispatch_tables.h"
#include "portcls/filter.h"
#include "portcls/helpers/dpcs.h"
#include "portcls/pin.h"
#include "portcls/portcls_system.h"

namespace openportcls::portcls {

const GUID port_identity = {0x5a5e3a0c, 0x91c7, 0x4d0b, {0x9d, 0x5f, 0x31, 0x6a, 0x0e, 0x7c, 0x22, 0x48}};

namespace {

const KSPIN_INTERFACE standard_interfaces[] = {
    {{{KSINTERFACESETID_Standard, KSINTERFACE_STANDARD_STREAMING, 0}}},
    {{{KSINTERFACESETID_Standard, KSINTERFACE_STANDARD_LOOPED_STREAMING, 0}}},
};

template<class Interface>
void release(Interface*& interface) {
    if (interface != nullptr) {
        interface->Release();
        interface = nullptr;
    }
}

template<class Interface>
void query(IUnknown* unknown, REFIID id, Interface*& interface) {
    if (!NT_SUCCESS(unknown->QueryInterface(id, reinterpret_cast<void**>(&interface)))) {
        interface = nullptr;
    }
}

} // namespace

Port::Port() {
    KeInitializeDpc(&generation_dpc_, events_dpc, this);
    PortClsSystem::current().add_port(*this);
}

Port::~Port() {
    PortClsSystem::current().remove_port(*this);
    end_dpc(generation_dpc_);
    events_.remove_all();
    forget_miniport();
}

Port* Port::from(IUnknown* unknown) {
    Port* port = nullptr;
    if (unknown == nullptr || !NT_SUCCESS(unknown->QueryInterface(port_identity, reinterpret_cast<void**>(&port)))) {
        return nullptr;
    }
    return port;
}

DEVICE_OBJECT& Port::device_object() const {
    return device_->functional_device();
}

void Port::forget_miniport() {
    release(pin_count_);
    release(pin_name_);
    release(power_notify_);
    release(pnp_notify_);
    release(signal_processing_);
    tables_.reset();
    description_.reset();
    release(miniport_);
    if (device_ != nullptr) {
        device_->remove_port(*this);
        device_ = nullptr;
    }
}

NTSTATUS Port::initialise(DEVICE_OBJECT* device, IRP*, IUnknown* miniport, IUnknown* adapter,
                          IResourceList* resources) {
    DeviceContext* const context = device == nullptr ? nullptr : DeviceContext::from(device);
    // Virtual devices have no resources and hand in no list; Microsoft's own samples do.
    if (context == nullptr || miniport == nullptr) {
        return STATUS_INVALID_PARAMETER;
    }
    if (is_initialised_or_initialising()) {
        return STATUS_INVALID_DEVICE_REQUEST;
    }
    // R-INIT-01
    NTSTATUS status = find_miniport(miniport, miniport_);
    if (!NT_SUCCESS(status)) {
        miniport_ = nullptr;
        return status;
    }
    device_ = context;
    device_->add_port(*this);
    status = initialise_miniport(miniport_, adapter, resources); // R-INIT-02
    PCFILTER_DESCRIPTOR* descriptor = nullptr;
    if (NT_SUCCESS(status)) {
        status = miniport_->GetDescription(&descriptor); // R-INIT-04
    }
    if (NT_SUCCESS(status)) {
        auto description = FilterDescription::create(descriptor);
        if (description) {
            description_ = std::make_unique<FilterDescription>(std::move(*description));
        } else {
            machine::Machine::current().explain(machine::Explanations::Kind::refusal, 0, description.status(),
                                                description.error().message);
            status = description.status();
        }
    }
    if (NT_SUCCESS(status)) {
        find_optional_interfaces();
        tables_ = std::make_unique<DispatchTables>(*this, *description_);
        global_instances_.assign(description_->pin_count(), 0);
        status = initialised();
    }
    if (!NT_SUCCESS(status)) {
        forget_miniport();
    }
    return status;
}

NTSTATUS Port::find_miniport(IUnknown* unknown, IMiniport*& miniport) {
    return unknown->QueryInterface(miniport_interface(), reinterpret_cast<void**>(&miniport));
}

// R-INIT-09, as far as the release knows them.
void Port::find_optional_interfaces() {
    const PortClsSystem& system = PortClsSystem::current();
    query(miniport_, IID_IPowerNotify, power_notify_);
    if (system.has(Feature::pin_count)) {
        query(miniport_, IID_IPinCount, pin_count_);
    }
    if (system.has(Feature::pin_name)) {
        query(miniport_, IID_IPinName, pin_name_);
    }
    if (system.has(Feature::pnp_management)) {
        query(miniport_, IID_IMiniportPnpNotify, pnp_notify_);
    }
    if (system.has(Feature::signal_processing_modes)) {
        query(miniport_, IID_IMiniportAudioSignalProcessing, signal_processing_);
    }
}

void Port::detach() {
    detached_ = true;
    for (Filter* filter : filters_) {
        filter->subdevice_gone();
    }
    for (Pin* pin : pins_) {
        pin->stop_for_removal();
    }
    events_.remove_all();
    device_removed();
}

void Port::device_gone() {
    device_gone_ = true;
    if (filters_.empty()) {
        keep(); // the miniport may hold the last reference
        forget_miniport();
        drop();
    }
}

void Port::filter_closed(Filter& filter) {
    std::erase(filters_, &filter);
    if (device_gone_) {
        device_gone();
    }
}

Port::PinCounts Port::count_pins(const Filter& filter, ULONG pin) const {
    const PCPIN_DESCRIPTOR& descriptor = description_->pin(pin);
    PinCounts counts{descriptor.MinFilterInstanceCount, filter.pin_instances(pin), descriptor.MaxFilterInstanceCount,
                     global_instances_[pin], descriptor.MaxGlobalInstanceCount};
    if (pin_count_ != nullptr) {
        pin_count_->PinCount(pin, &counts.necessary, &counts.filter_current, &counts.filter_possible,
                             &counts.global_current, &counts.global_possible);
    }
    return counts;
}

std::span<const GUID> Port::default_categories() const {
    static const GUID categories[] = {KSCATEGORY_AUDIO, KSCATEGORY_TOPOLOGY};
    return categories;
}

NTSTATUS Port::create_pin(Filter&, const PinRequest&, std::unique_ptr<Pin>&) {
    return STATUS_INVALID_DEVICE_REQUEST; // a port without streams (R-DESC-14)
}

std::span<const KSPIN_INTERFACE> Port::pin_interfaces() const {
    return standard_interfaces;
}

// ---- events -----------------------------------------------------------------------------------------------------

void Port::generate_events(const GUID* set, ULONG id, bool by_pin, ULONG pin, bool by_node, ULONG node) {
    ks::EventList::Filter filter;
    filter.set = set;
    filter.id = id;
    filter.by_pin = by_pin;
    filter.pin = pin;
    filter.by_node = by_node;
    filter.node = node;
    if (KeGetCurrentIrql() <= DISPATCH_LEVEL) {
        events_.generate(filter);
        return;
    }
    // R-EVENT-04: one context; a second call before the DPC has run replaces the first.
    pending_generation_.any_set = set == nullptr;
    if (set != nullptr) {
        pending_generation_.set = *set;
    }
    pending_generation_.filter = filter;
    KeInsertQueueDpc(&generation_dpc_, nullptr, nullptr);
}

void Port::events_dpc(KDPC*, void* context, void*, void*) {
    auto& port = *static_cast<Port*>(context);
    const PendingGeneration pending = port.pending_generation_;
    ks::EventList::Filter filter = pending.filter;
    filter.set = pending.any_set ? nullptr : &pending.set;
    port.events_.generate(filter);
}

} // namespace openportcls::portcls
