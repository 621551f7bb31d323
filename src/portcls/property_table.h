// How a port declares its built-in properties: as data. The driver's automation tables join them in one lookup table.
#pragma once

#include <cstdint>
#include <span>

#include <portcls.h>

#include "portcls/personality.h"

namespace openportcls::portcls {

class Filter;
class Pin;
class Port;

// One request on its way through a built-in handler. `value_size` comes in as the room (get) or the bytes given (set)
// and leaves as the bytes returned, or needed when the handler answers STATUS_BUFFER_OVERFLOW. For a get of a property
// with a fixed BuiltInProperty::value_size it is that size already (the room was checked; `room` says how large it is).
struct PropertyCall {
    Port& port;
    Filter& filter;
    Pin* pin;   // nullptr: the request came through the filter's handle
    ULONG node; // KSFILTER_NODE: none
    ULONG verb; // one of KSPROPERTY_TYPE_GET, _SET, _BASICSUPPORT
    const KSPROPERTY* request;
    ULONG request_size;
    void* value;
    ULONG value_size;
    IRP& irp;
    ULONG room; // size of the client's value buffer

    template<class T>
    const T& request_as() const {
        return *reinterpret_cast<const T*>(request);
    }
    template<class T>
    T& value_as() const {
        return *static_cast<T*>(value);
    }
    bool is_get() const { return verb == KSPROPERTY_TYPE_GET; }
    bool is_set() const { return verb == KSPROPERTY_TYPE_SET; }

    // A value of a fixed size that a miniport's method has written, or not.
    template<class T>
    NTSTATUS answered(NTSTATUS status) {
        if (NT_SUCCESS(status)) {
            value_size = sizeof(T);
        }
        return status;
    }
    // Variable-sized answers by the general rule (R-PROP-08, R-PROP-09): no room asks for the size, too little fails.
    NTSTATUS answer(const void* data, ULONG data_bytes);
    // KSMULTIPLE_ITEM answers (R-PROP-33): besides, room for the header alone receives the header.
    NTSTATUS answer_list(ULONG item_count, const void* items, ULONG items_bytes);
};

using PropertyHandler = NTSTATUS (*)(PropertyCall& call);

// What a handler is serialised with (R-PROP-19).
enum class Serialisation : std::uint8_t {
    device,   // the device's global lock
    position, // the global lock, or the stream's own one when UsePositionLock is set
    none,
};

// The verbs of a property as the columns of its table.
namespace property_verbs {
inline constexpr ULONG get = KSPROPERTY_TYPE_GET;
inline constexpr ULONG set = KSPROPERTY_TYPE_SET;
} // namespace property_verbs

struct BuiltInProperty {
    const GUID* set;
    ULONG id;
    ULONG verbs;        // KSPROPERTY_TYPE_GET | KSPROPERTY_TYPE_SET; BASICSUPPORT only if the handler wants it itself
    ULONG request_size; // smallest input buffer: sizeof(KSPROPERTY), sizeof(KSP_PIN), sizeof(KSNODEPROPERTY) …
    ULONG value_size;   // smallest value; a get with no room is answered with it. 0: the handler decides
    PropertyHandler handler;
    Serialisation serialisation = Serialisation::device;
    // Node properties only: the node type it applies to, nullptr for any.
    const GUID* node_type = nullptr;
    // Only where the driver's table has nothing for it (a driver may replace it, contrary to X-01's general rule).
    bool yields_to_driver = false;
    // What brings it: on a release before that, nobody knows the property.
    Feature feature = Feature::of_every_release;
};

using BuiltInProperties = std::span<const BuiltInProperty>;

} // namespace openportcls::portcls
