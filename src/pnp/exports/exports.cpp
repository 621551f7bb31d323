#include "pnp/exports.h"

#include <algorithm>
#include <tuple>

#include "pnp/exports/table.h"

namespace openportcls::pnp {

bool Export::is_in(const executive::SystemVersion& windows) const {
    const auto order = [](const executive::SystemVersion& version) {
        return std::tuple(version.major, version.minor, version.build);
    };
    return release == nullptr || order(windows) >= order(release->version);
}

std::span<const Export> exports() {
    return export_table();
}

const Export* find_export(std::string_view name) {
    const auto table = export_table();
    const auto found = std::ranges::lower_bound(table, name, {}, &Export::name);
    return found != table.end() && found->name == name ? &*found : nullptr;
}

} // namespace openportcls::pnp
