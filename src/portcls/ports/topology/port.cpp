#include "portcls/ports/topology/port.h"

#include <new>

namespace openportcls::portcls {

NTSTATUS TopologyPort::create(IPort** result) {
    auto* port = new (std::nothrow) TopologyPort;
    *result = static_cast<IPortTopology*>(port);
    return port != nullptr ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

NTSTATUS TopologyPort::initialise_miniport(IMiniport* miniport, IUnknown* adapter, IResourceList* resources) {
    return static_cast<IMiniportTopology*>(miniport)->Init(adapter, resources, this);
}

} // namespace openportcls::portcls
