// The mediums of a pin factory.
#pragma once

#include <span>

#include <portcls.h>

namespace openportcls::portcls {

// A missing list means the standard DevIO medium (R-DESC-08).
std::span<const KSPIN_MEDIUM> pin_mediums(const PCPIN_DESCRIPTOR& pin);

} // namespace openportcls::portcls
