// The port driver of MIDI and DirectMusic devices. From Windows XP on one driver stands behind both class ids
// (R-SUB-13); before, CLSID_PortMidi knows only IMiniportMidi and CLSID_PortDMus only IMiniportDMus.
#pragma once

#include <dmusicks.h>

#include "portcls/helpers/com_object.h"
#include "portcls/port_base.h"
#include "portcls/ports/dmus/presentation_clock.h"

namespace openportcls::portcls {

struct MidiPortInterfaces : IPortDMus, IPortMidi {};

class DmusPort final : public PortBase<MidiPortInterfaces, IPortDMus> {
public:
    enum class Kind { midi, dmus, both };

    // One reference, the caller's.
    static NTSTATUS create(Kind kind, IPort** result);

    // One of them is null.
    IMiniportMidi* midi_miniport() const { return is_dmus_ ? nullptr : static_cast<IMiniportMidi*>(miniport()); }
    IMiniportDMus* dmus_miniport() const { return is_dmus_ ? static_cast<IMiniportDMus*>(miniport()) : nullptr; }
    IMasterClock* master_clock() const { return clock_.get(); }
    IServiceGroup* miniport_group() const { return group_.get(); }

    // An open stream's service group, for Notify(NULL) (R-DMUS-10).
    struct GroupLink {
        LIST_ENTRY link{&link, &link};
        IServiceGroup* group = nullptr;
    };
    void add_group(GroupLink& group);
    void remove_group(GroupLink& group);

    // IPortDMus and IPortMidi. Any IRQL.
    STDMETHOD_(VOID, Notify)(PSERVICEGROUP service_group) override;
    // PASSIVE_LEVEL.
    STDMETHOD_(VOID, RegisterServiceGroup)(PSERVICEGROUP service_group) override;

    const IID& miniport_interface() const override;
    NTSTATUS find_miniport(IUnknown* unknown, IMiniport*& miniport) override;
    NTSTATUS initialise_miniport(IMiniport* miniport, IUnknown* adapter, IResourceList* resources) override;
    NTSTATUS create_pin(Filter& filter, const PinRequest& request, std::unique_ptr<Pin>& pin) override;
    std::span<const KSPIN_INTERFACE> pin_interfaces() const override;
    BuiltInProperties filter_properties() const override;
    std::string_view kind() const override { return "dmus"; }
    std::span<const GUID> default_categories() const override;

protected:
    const IID& port_interface() const override { return kind_ == Kind::midi ? IID_IPort : IID_IPortDMus; }
    bool find_own_interface(REFIID interface_id, void** object) override;

private:
    class Sink; // calls IMiniportMidi::Service

    explicit DmusPort(Kind kind);
    ~DmusPort() override;
    static void NTAPI notify_all(PKDPC dpc, PVOID context, PVOID, PVOID);
    void use_group(IServiceGroup* group);

    Kind kind_;
    bool is_dmus_ = false;
    ComPointer<MasterClock> clock_;
    ComPointer<IServiceGroup> group_; // the miniport's (R-INIT-06)
    ComPointer<Sink> sink_;
    LIST_ENTRY stream_groups_;
    KSPIN_LOCK groups_lock_ = 0;
    KDPC notify_dpc_;
};

} // namespace openportcls::portcls
