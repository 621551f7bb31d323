#include "ks/range_items.h"

#include <cstring>

namespace openportcls::ks {

namespace {

void append(std::vector<char>& bytes, const void* item, ULONG item_bytes) {
    bytes.insert(bytes.end(), static_cast<const char*>(item), static_cast<const char*>(item) + item_bytes);
    bytes.resize((bytes.size() + 7) & ~std::size_t{7});
}

void append_attributes(std::vector<char>& bytes, const KSATTRIBUTE_LIST& attributes) {
    const std::size_t start = bytes.size();
    KSMULTIPLE_ITEM header{sizeof header, attributes.Count};
    append(bytes, &header, sizeof header);
    for (ULONG i = 0; i < attributes.Count; ++i) {
        append(bytes, attributes.Attributes[i], attributes.Attributes[i]->Size);
    }
    header.Size = static_cast<ULONG>(bytes.size() - start);
    std::memcpy(bytes.data() + start, &header, sizeof header);
}

} // namespace

std::vector<char> range_items(const PKSDATARANGE* ranges, ULONG count) {
    std::vector<char> bytes;
    for (ULONG i = 0; i < count; ++i) {
        append(bytes, ranges[i], ranges[i]->FormatSize);
        if (has_attribute_list(ranges, count, i)) {
            append_attributes(bytes, *reinterpret_cast<const KSATTRIBUTE_LIST*>(ranges[++i]));
        }
    }
    return bytes;
}

} // namespace openportcls::ks
