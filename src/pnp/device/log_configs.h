// What an INF says that a device without a bus may be set to (LogConfig, FactDef): in which order it is tried, and what
// of it is free.
#pragma once

#include <functional>
#include <vector>

#include "pnp/inf/install.h"
#include "pnp/resource.h"

namespace openportcls::pnp {

struct ManagerState;
class DeviceNode;

// The factory's setting, then the INF's own by their ConfigPriority, those of one priority as they are listed.
std::vector<InfLogConfig> ordered_log_configs(const InfDeviceInstall& install);

// One choice of each line of the section: the first that is free and does not overlap with another line's, else the
// first of all.
std::vector<Resource> resources_of(const InfLogConfig& config, const std::function<bool(const Resource&)>& is_free);

// Of the first configuration that other devices leave to `node`; where there is none, of the first of all, which says
// what is in the way.
std::vector<Resource> free_configuration(const ManagerState& manager, const DeviceNode& node,
                                         const std::vector<InfLogConfig>& configs);

} // namespace openportcls::pnp
