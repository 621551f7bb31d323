// The Topology port driver: bridge pins, nodes and their properties, no streams (R-DESC-14).
#pragma once

#include "portcls/port_base.h"

namespace openportcls::portcls {

class TopologyPort final : public PortBase<IPortTopology> {
public:
    // One reference, the caller's.
    static NTSTATUS create(IPort** result);

    const IID& miniport_interface() const override { return IID_IMiniportTopology; }
    NTSTATUS initialise_miniport(IMiniport* miniport, IUnknown* adapter, IResourceList* resources) override;
    bool supports_rebalance(bool /*active_streams*/) const override { return true; } // R-PNP-01
    bool allows_position_lock() const override { return true; }
    std::string_view kind() const override { return "topology"; }

protected:
    const IID& port_interface() const override { return IID_IPortTopology; }

private:
    TopologyPort() = default;
    ~TopologyPort() override = default;
};

} // namespace openportcls::portcls
