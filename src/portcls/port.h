// The part of a port that is not COM: a subdevice's description, its tables, its open filters and pins.
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include <portcls.h>

#include "ks/events.h"
#include "portcls/filter_description.h"
#include "portcls/property_table.h"

namespace openportcls::portcls {

class DeviceContext;
class DispatchTables;
class Filter;
class Pin;
struct PinRequest;

// QueryInterface on any port of ours answers with a Port* (no reference): how PcRegisterSubdevice and the connection
// functions find their way from the IUnknown that an adapter hands in.
extern const GUID port_identity;

class Port {
public:
    Port();
    virtual ~Port();
    Port(const Port&) = delete;
    Port& operator=(const Port&) = delete;

    // From an adapter's pointer; nullptr when it is no port of ours.
    static Port* from(IUnknown* unknown);

    virtual IUnknown* unknown() = 0; // the object's IUnknown, not referenced
    // Where PcNewPort was called from.
    const void* made_for() const { return made_for_; }
    void set_made_for(const void* caller) { made_for_ = caller; }
    void keep() { unknown()->AddRef(); }
    void drop() { unknown()->Release(); }

    bool is_initialised() const { return description_ != nullptr; }
    // Also true while the miniport's Init runs, which may already use the port's device.
    bool is_initialised_or_initialising() const { return device_ != nullptr; }
    DEVICE_OBJECT& device_object() const;
    DeviceContext& device() const { return *device_; } // valid once initialised
    FilterDescription& description() const { return *description_; }
    // The miniport's main interface, IID_IMiniportXxx (R-PROP-02: MajorTarget).
    IMiniport* miniport() const { return miniport_; }
    const DispatchTables& tables() const { return *tables_; }
    ks::EventList& events() { return events_; }

    const std::vector<Filter*>& filters() const { return filters_; }
    const std::vector<Pin*>& pins() const { return pins_; } // in order of opening
    ULONG global_pin_instances(ULONG pin) const { return global_instances_[pin]; }

    // Every request on an open filter or pin passes here: restarts the idle timer, wakes an idle device (R-PWR-14).
    // STATUS_DEVICE_NOT_READY or STATUS_DEVICE_REMOVED when the device cannot serve it.
    inline NTSTATUS begin_request(); // begin_request.h
    inline NTSTATUS availability() const;
    // The subdevice is no longer registered; what is open answers STATUS_DEVICE_REMOVED from now on.
    void detach();
    void attach() { detached_ = false; }
    // The device itself is being removed: the miniport, which may hold references to this port, is let go as soon as no
    // filter is open. (A subdevice that was only unregistered keeps it: adapters register such ports again.)
    void device_gone();
    // The device's context ends; whoever still has this port gets STATUS_DEVICE_NOT_READY.
    void forget_device() {
        detached_ = true;
        device_ = nullptr;
    }
    bool is_detached() const { return detached_; }

    // IPort::Init by R-INIT-01..04. On failure nothing is kept.
    NTSTATUS initialise(DEVICE_OBJECT* device, IRP* irp, IUnknown* miniport, IUnknown* adapter,
                        IResourceList* resources);

    // IPortEvents::GenerateEventList, at any IRQL (R-EVENT-04).
    void generate_events(const GUID* set, ULONG id, bool by_pin, ULONG pin, bool by_node, ULONG node);

    // Optional interfaces of the miniport, nullptr when it has none (R-INIT-09).
    IPinCount* pin_count() const { return pin_count_; }
    IPinName* pin_name() const { return pin_name_; }
    IPowerNotify* power_notify() const { return power_notify_; }
    IMiniportPnpNotify* pnp_notify() const { return pnp_notify_; }
    IMiniportAudioSignalProcessing* signal_processing() const { return signal_processing_; }

    // Counts for one pin factory, asked of IPinCount when there is one (R-PIN-02).
    struct PinCounts {
        ULONG necessary;
        ULONG filter_current;
        ULONG filter_possible;
        ULONG global_current;
        ULONG global_possible;
    };
    PinCounts count_pins(const Filter& filter, ULONG pin) const;

    // ---- hooks for the port -----------------------------------------------------------------------------------
    virtual const IID& miniport_interface() const = 0;
    // The miniport's main interface, with a reference. Ports that take more than one kind override it.
    virtual NTSTATUS find_miniport(IUnknown* unknown, IMiniport*& miniport);
    // Calls IMiniportXxx::Init with the port's own interface. `miniport` was got by find_miniport().
    virtual NTSTATUS initialise_miniport(IMiniport* miniport, IUnknown* adapter, IResourceList* resources) = 0;
    // After the description is known; last chance to refuse.
    virtual NTSTATUS initialised() { return STATUS_SUCCESS; }
    // Called with the device lock held, by IRP_MN_REMOVE_DEVICE and unregistering: drop what depends on the device.
    virtual void device_removed() {}

    virtual BuiltInProperties filter_properties() const { return {}; }
    virtual BuiltInProperties pin_properties() const { return {}; }
    // For requests with KSPROPERTY_TYPE_TOPOLOGY, on filter and pin handles; BuiltInProperty::node_type selects.
    virtual BuiltInProperties node_properties() const { return {}; }

    // A checked request, counts in order; device lock held, device in D0 (R-PWR-07).
    virtual NTSTATUS create_pin(Filter& filter, const PinRequest& request, std::unique_ptr<Pin>& pin);
    // The pin interfaces of the port, whatever the descriptor lists (R-DESC-08). Default: streaming and looped.
    virtual std::span<const KSPIN_INTERFACE> pin_interfaces() const;
    // WaveRT and Topology: R-PNP-01. `active_streams`: R-PNP-02.
    virtual bool supports_rebalance(bool /*active_streams*/) const { return false; }
    // Whether UsePositionLock is for its filters: WaveRT and Topology (R-PROP-19).
    virtual bool allows_position_lock() const { return false; }
    // KSEVENT_LOOPEDSTREAMING_POSITION on its streaming pins, in the releases that have it (R-EVENT-10).
    virtual bool sends_loop_events() const { return false; }
    // Names in traces.
    virtual std::string_view kind() const = 0;
    // Interface categories of a filter whose descriptor lists none.
    virtual std::span<const GUID> default_categories() const;

private:
    friend class Filter;
    friend class Pin;

    static void NTAPI events_dpc(KDPC* dpc, void* context, void*, void*);
    void find_optional_interfaces();
    void forget_miniport();
    void filter_closed(Filter& filter);

    const void* made_for_ = nullptr;
    DeviceContext* device_ = nullptr;
    bool detached_ = false;
    bool device_gone_ = false;
    std::unique_ptr<FilterDescription> description_;
    std::unique_ptr<DispatchTables> tables_;
    IMiniport* miniport_ = nullptr;
    IPinCount* pin_count_ = nullptr;
    IPinName* pin_name_ = nullptr;
    IPowerNotify* power_notify_ = nullptr;
    IMiniportPnpNotify* pnp_notify_ = nullptr;
    IMiniportAudioSignalProcessing* signal_processing_ = nullptr;
    std::vector<Filter*> filters_;
    std::vector<Pin*> pins_;
    std::vector<ULONG> global_instances_;
    ks::EventList events_;

    // The one context that a burst above DISPATCH_LEVEL overwrites (R-EVENT-04).
    struct PendingGeneration {
        GUID set;
        bool any_set;
        ks::EventList::Filter filter;
    };
    PendingGeneration pending_generation_{};
    KDPC generation_dpc_;
};

} // namespace openportcls::portcls
