// Data ranges of pin descriptors as clients get them: items of a KSMULTIPLE_ITEM, each on 8 bytes (R-PROP-29).
#pragma once

#include <vector>

#include <ks.h>

namespace openportcls::ks {

// KSDATARANGE_ATTRIBUTES: the pointer behind the range is its attribute list, which counts as an item.
inline bool has_attribute_list(const PKSDATARANGE* ranges, ULONG count, ULONG i) {
    return (ranges[i]->Flags & KSDATARANGE_ATTRIBUTES) != 0 && i + 1 < count;
}

std::vector<char> range_items(const PKSDATARANGE* ranges, ULONG count);

} // namespace openportcls::ks
