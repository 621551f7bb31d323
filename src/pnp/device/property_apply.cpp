#include "pnp/device/property_apply.h"

#include <algorithm>
#include <cstring>

#include "executive/io/device_properties.h"
#include "pnp/inf/guid_text.h"
#include "pnp/inf/multi_string.h"

namespace openportcls::pnp {
namespace {

using executive::PropertyTable;
using executive::PropertyValue;

void set(PropertyTable& table, const DEVPROPKEY& key, ULONG type, const std::vector<UCHAR>& data) {
    UCHAR nothing = 0; // no memory at all would take the property away
    void* const value = data.empty() ? &nothing : const_cast<UCHAR*>(data.data());
    executive::set_property(table, key, 0, type, static_cast<ULONG>(data.size()), value);
}

// A driver may have set fewer bytes of it.
ULONG number_in(const std::vector<UCHAR>& data) {
    ULONG number = 0;
    std::copy_n(data.begin(), std::min(data.size(), sizeof number), reinterpret_cast<UCHAR*>(&number));
    return number;
}

std::vector<UCHAR> combined_number(const PropertyValue& existing, const InfProperty& property) {
    ULONG number = number_in(existing.data);
    const ULONG other = number_in(property.data);
    number = property.or_with_existing ? number | other : number;
    number = property.and_with_existing ? number & other : number;
    std::vector<UCHAR> data(sizeof number);
    std::memcpy(data.data(), &number, sizeof number);
    return data;
}

// What AddProperty makes of a value that is there.
std::vector<UCHAR> changed(const PropertyValue& existing, const InfProperty& property) {
    const bool same_type = existing.type == property.type;
    if (same_type && property.append_to_list) {
        return with_strings(existing.data, property.data);
    }
    const bool combines = property.or_with_existing || property.and_with_existing;
    return same_type && combines ? combined_number(existing, property) : property.data;
}

void apply(PropertyTable& table, const DEVPROPKEY& key, const InfProperty& property) {
    const auto found = table.find({key.fmtid, key.pid, 0});
    const PropertyValue* existing = found != table.end() ? &found->second : nullptr;
    switch (property.action) {
    case InfPropertyAction::remove:
        executive::set_property(table, key, 0, DEVPROP_TYPE_EMPTY, 0, nullptr);
        break;
    case InfPropertyAction::delete_strings:
        if (existing != nullptr && existing->type == property.type) {
            set(table, key, property.type, without_strings(existing->data, property.data));
        }
        break;
    case InfPropertyAction::set:
        if ((existing != nullptr && property.keep_existing) || (existing == nullptr && property.only_if_existing)) {
            break;
        }
        set(table, key, property.type, existing != nullptr ? changed(*existing, property) : property.data);
        break;
    }
}

} // namespace

void apply_properties(PropertyTable& table, std::span<const InfProperty> properties) {
    for (const InfProperty& property : properties) {
        if (const auto category = parse_guid(property.category)) {
            apply(table, {*category, property.identifier}, property);
        }
    }
}

} // namespace openportcls::pnp
