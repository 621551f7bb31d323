#include "portcls/ports/topology/port.h"

namespace openportcls::portcls {

NTSTATUS TopologyPort::create(IPort** result) {
    *result = static_cast<IPortTopology*>(new TopologyPort);
    return STATUS_SUCCESS;
}

NTSTATUS TopologyPort::initialise_miniport(IMiniport* miniport, IUnknown* adapter, IResourceList* resources) {
    return static_cast<IMiniportTopology*>(miniport)->Init(adapter, resources, this);
}

} // namespace openportcls::portcls
