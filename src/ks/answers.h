// The size rules that every property answer follows.
#pragma once

#include <ks.h>

namespace openportcls::ks {

// `bytes` receives what was written, or what is needed with STATUS_BUFFER_OVERFLOW.
// R-PROP-08, R-PROP-09: no room asks for the size, too little fails without reporting it.
NTSTATUS answer(const void* data, ULONG data_bytes, void* value, ULONG room, ULONG& bytes);

// R-PROP-33: KSMULTIPLE_ITEM and the items; room for the header alone receives the header.
NTSTATUS answer_list(ULONG count, const void* items, ULONG items_bytes, void* value, ULONG room, ULONG& bytes);

// R-PROP-11: the access flags, the description, or everything `values` says.
NTSTATUS answer_basic_support(ULONG access_flags, const KSPROPERTY_VALUES* values, void* value, ULONG room,
                              ULONG& bytes);

} // namespace openportcls::ks
