// Lookup of property and event handlers, built once per filter, pin factory and node (R-PROP-01).
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <portcls.h>

#include "portcls/filter_description.h"
#include "portcls/property_table.h"

namespace openportcls::portcls {

class Port;

struct PropertyEntry {
    GUID set;
    ULONG id;
    ULONG node;                      // KSFILTER_NODE, or the node whose table it comes from (R-PROP-22)
    const BuiltInProperty* built_in; // one of the two
    const PCPROPERTY_ITEM* item;
    ULONG verbs() const { return built_in != nullptr ? built_in->verbs : item->Flags; }
};

struct EventEntry {
    GUID set;
    ULONG id;
    const PCEVENT_ITEM* item; // nullptr: the port's own
};

// A hash table of (set, id) that never changes once it is sealed.
template<class Entry>
class IdentifierTable {
public:
    // Does nothing when the identifier is there already, unless `replace`.
    void add(const Entry& entry, bool replace = false);
    void seal();

    const Entry* find(const GUID& set, ULONG id) const {
        for (std::uint32_t slot = hash(set, id) & mask_;; slot = (slot + 1) & mask_) {
            const std::uint16_t index = slots_[slot];
            if (index == empty) {
                return nullptr;
            }
            const Entry& entry = entries_[index];
            if (entry.id == id && IsEqualGUID(entry.set, set)) {
                return &entry;
            }
        }
    }
    bool has_set(const GUID& set) const;
    const std::vector<Entry>& entries() const { return entries_; }
    // Each set once, in order of appearance.
    std::vector<GUID> sets() const;

private:
    static constexpr std::uint16_t empty = 0xFFFF;
    static std::uint32_t hash(const GUID& set, ULONG id) { return (set.Data1 ^ id * 0x9E3779B1u) * 0x85EBCA6Bu >> 12; }

    std::vector<Entry> entries_;
    std::vector<std::uint16_t> slots_;
    std::uint32_t mask_ = 0;
};

using PropertyTable = IdentifierTable<PropertyEntry>;
using EventTable = IdentifierTable<EventEntry>;

class DispatchTables {
public:
    DispatchTables(const Port& port, const FilterDescription& description);

    const PropertyTable& filter() const { return filter_; }
    const PropertyTable& pin(ULONG id) const { return pins_[id]; }
    const PropertyTable& node(ULONG id) const { return nodes_[id]; }
    const EventTable& filter_events() const { return filter_events_; }
    const EventTable& pin_events(ULONG id) const { return pin_events_[id]; }
    const EventTable& node_events(ULONG id) const { return node_events_[id]; }

private:
    PropertyTable filter_;
    std::vector<PropertyTable> pins_;
    std::vector<PropertyTable> nodes_;
    EventTable filter_events_;
    std::vector<EventTable> pin_events_;
    std::vector<EventTable> node_events_;
};

// The properties that PortCls itself answers on every filter, every pin and every node.
BuiltInProperties core_filter_properties();
BuiltInProperties core_pin_properties();
BuiltInProperties core_node_properties();

} // namespace openportcls::portcls
