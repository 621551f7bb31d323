// Requests answered from KSPROPERTY_SET and KSMETHOD_SET tables: KS' own objects, and drivers that call
// KsPropertyHandler and KsMethodHandler.
#pragma once

#include <span>

#include <ks.h>

#include "ks/request_frame.h"

namespace openportcls::ks {

// Sets irp.IoStatus.Information; leaves status and completion to the caller (R-PROP-34).
NTSTATUS handle_property(IRP& irp, std::span<const KSPROPERTY_SET> sets, ULONG item_bytes = sizeof(KSPROPERTY_ITEM));
NTSTATUS handle_method(IRP& irp, std::span<const KSMETHOD_SET> sets, ULONG item_bytes = sizeof(KSMETHOD_ITEM));

} // namespace openportcls::ks
