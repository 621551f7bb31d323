#include "portcls/dispatch_tables.h"

#include <dmusprop.h>

#include "portcls/port.h"
#include "portcls/portcls_system.h"
#include "portcls/ports/loop_events.h"

namespace openportcls::portcls {

namespace {

const GUID connection_event_set = KSEVENTSETID_Connection;
const GUID synth_set = KSPROPSETID_Synth;
const GUID synth_clock_set = KSPROPSETID_SynthClock;

void add_built_in(PropertyTable& table, BuiltInProperties properties, const GUID* node_type = nullptr) {
    for (const BuiltInProperty& property : properties) {
        if (property.node_type != nullptr && (node_type == nullptr || !IsEqualGUID(*property.node_type, *node_type))) {
            continue;
        }
        if (!has_feature(property.feature)) {
            continue;
        }
        // the port's own handler wins, unless it says that the driver may replace it.
        table.add({*property.set, property.id, KSFILTER_NODE, &property, nullptr}, !property.yields_to_driver);
    }
}

// Steps by the stride that the table states (R-DESC-02).
template<class Item, class Visit>
void for_each_item(const Item* first, ULONG count, ULONG item_bytes, Visit&& visit) {
    for (ULONG i = 0; i < count; ++i) {
        visit(*reinterpret_cast<const Item*>(reinterpret_cast<const char*>(first) + std::size_t{i} * item_bytes));
    }
}

void add_driver_items(PropertyTable& properties, EventTable& events, const PCAUTOMATION_TABLE* automation) {
    if (automation == nullptr) {
        return;
    }
    for_each_item(
        automation->Properties, automation->PropertyCount, automation->PropertyItemSize,
        [&](const PCPROPERTY_ITEM& item) { properties.add({*item.Set, item.Id, KSFILTER_NODE, nullptr, &item}); });
    for_each_item(automation->Events, automation->EventCount, automation->EventItemSize,
                  [&](const PCEVENT_ITEM& item) { events.add({*item.Set, item.Id, &item}); });
}

// R-PROP-22: two synthesizer properties live in a node's table but come without a node id.
void add_nodeless_synth_items(PropertyTable& table, const FilterDescription& description) {
    for (ULONG node = 0; node < description.node_count(); ++node) {
        const PCAUTOMATION_TABLE* const automation = description.node(node).AutomationTable;
        if (automation == nullptr) {
            continue;
        }
        for_each_item(automation->Properties, automation->PropertyCount, automation->PropertyItemSize,
                      [&](const PCPROPERTY_ITEM& item) {
                          if ((IsEqualGUID(*item.Set, synth_set) && item.Id == KSPROPERTY_SYNTH_VOLUME) ||
                              IsEqualGUID(*item.Set, synth_clock_set)) {
                              table.add({*item.Set, item.Id, node, nullptr, &item});
                          }
                      });
    }
}

// R-EVENT-12: a rendering pin tells when a stream has ended, which a mark in a stream header says
// ("ksevent-connection-endofstream"). Capture pins have no end, and WaveRT's clients write no headers: what never comes
// is not offered. The others of the set are optional; nothing fires them here.
bool tells_of_the_end(const Port& port, const PCPIN_DESCRIPTOR& pin) {
    return pin.KsPinDescriptor.DataFlow == KSPIN_DATAFLOW_IN &&
           !IsEqualGUID(port.miniport_interface(), IID_IMiniportWaveRT);
}

bool is_streaming(const PCPIN_DESCRIPTOR& pin) {
    return pin.KsPinDescriptor.Communication != KSPIN_COMMUNICATION_NONE &&
           pin.KsPinDescriptor.Communication != KSPIN_COMMUNICATION_BRIDGE;
}

} // namespace

template<class Entry>
void IdentifierTable<Entry>::add(const Entry& entry, bool replace) {
    for (Entry& known : entries_) {
        if (known.id == entry.id && IsEqualGUID(known.set, entry.set)) {
            if (replace) {
                known = entry;
            }
            return;
        }
    }
    if (entries_.size() < empty) { // slots are 16 bits wide
        entries_.push_back(entry);
    }
}

template<class Entry>
void IdentifierTable<Entry>::seal() {
    std::uint32_t size = 4;
    while (size < 2 * entries_.size() + 2) {
        size *= 2;
    }
    mask_ = size - 1;
    slots_.assign(size, empty);
    for (std::size_t i = 0; i < entries_.size(); ++i) {
        std::uint32_t slot = hash(entries_[i].set, entries_[i].id) & mask_;
        while (slots_[slot] != empty) {
            slot = (slot + 1) & mask_;
        }
        slots_[slot] = static_cast<std::uint16_t>(i);
    }
}

template<class Entry>
bool IdentifierTable<Entry>::has_set(const GUID& set) const {
    for (const Entry& entry : entries_) {
        if (IsEqualGUID(entry.set, set)) {
            return true;
        }
    }
    return false;
}

template<class Entry>
std::vector<GUID> IdentifierTable<Entry>::sets() const {
    std::vector<GUID> result;
    for (const Entry& entry : entries_) {
        bool known = false;
        for (const GUID& set : result) {
            known = known || IsEqualGUID(set, entry.set);
        }
        if (!known) {
            result.push_back(entry.set);
        }
    }
    return result;
}

template class IdentifierTable<PropertyEntry>;
template class IdentifierTable<EventEntry>;

DispatchTables::DispatchTables(const Port& port, const FilterDescription& description)
    : pins_(description.pin_count()), nodes_(description.node_count()), pin_events_(description.pin_count()),
      node_events_(description.node_count()) {
    add_driver_items(filter_, filter_events_, description.automation());
    add_built_in(filter_, core_filter_properties());
    add_built_in(filter_, port.filter_properties());
    add_nodeless_synth_items(filter_, description);
    filter_.seal();
    filter_events_.seal();
    for (ULONG i = 0; i < description.pin_count(); ++i) {
        const PCPIN_DESCRIPTOR& pin = description.pin(i);
        add_driver_items(pins_[i], pin_events_[i], pin.AutomationTable);
        if (is_streaming(pin)) {
            add_built_in(pins_[i], core_pin_properties());
            add_built_in(pins_[i], port.pin_properties());
            if (tells_of_the_end(port, pin)) {
                pin_events_[i].add({connection_event_set, KSEVENT_CONNECTION_ENDOFSTREAM, nullptr});
            }
            if (port.sends_loop_events() && has_loop_events()) { // R-EVENT-10
                pin_events_[i].add({looped_streaming_event_set, KSEVENT_LOOPEDSTREAMING_POSITION, nullptr}, true);
            }
        }
        add_nodeless_synth_items(pins_[i], description);
        pins_[i].seal();
        pin_events_[i].seal();
    }
    for (ULONG i = 0; i < description.node_count(); ++i) {
        const PCNODE_DESCRIPTOR& node = description.node(i);
        add_driver_items(nodes_[i], node_events_[i], node.AutomationTable);
        add_built_in(nodes_[i], core_node_properties());
        add_built_in(nodes_[i], port.node_properties(), node.Type);
        nodes_[i].seal();
        node_events_[i].seal();
    }
}

} // namespace openportcls::portcls
