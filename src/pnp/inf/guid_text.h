// GUIDs as INF files write them.
#pragma once

#include <optional>
#include <string_view>

#include <wdm.h>

namespace openportcls::pnp {

// "{4d36e96c-e325-11ce-bfc1-08002be10318}"; nothing for any other shape.
std::optional<GUID> parse_guid(std::string_view text);

} // namespace openportcls::pnp
