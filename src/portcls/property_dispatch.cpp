#include "portcls/property_dispatch.h"

#include <new>
#include <vector>

#include "ks/answers.h"
#include "ks/ks_system.h"
#include "ks/open_object.h"
#include "portcls/device_context.h"
#include "portcls/dispatch_tables.h"
#include "portcls/filter.h"
#include "portcls/pin.h"
#include "portcls/port.h"

namespace openportcls::portcls {

namespace {

// Of the six of R-PROP-19 the one that a driver's own table may serve.
bool is_position_property(const PCPROPERTY_ITEM& item) {
    static const GUID audio = KSPROPSETID_Audio;
    return item.Id == KSPROPERTY_AUDIO_POSITIONEX && IsEqualGUID(*item.Set, audio);
}

using ks::KsSystem;
using ks::RequestFrame;

// Flags beside the verb.
constexpr ULONG modifiers = KSPROPERTY_TYPE_TOPOLOGY | KSPROPERTY_TYPE_HIGHPRIORITY | KSPROPERTY_TYPE_FSFILTERSCOPE |
                            KSPROPERTY_TYPE_COPYPAYLOAD;

enum class Ownership : ULONG { with_handler, pending, completed_early };

// A request as a driver's handler gets it; lies in the frame.
struct DriverRequest {
    PCPROPERTY_REQUEST request;
    RequestFrame* frame;
    Ownership ownership;
    NTSTATUS status;

    static DriverRequest& of(PCPROPERTY_REQUEST& request) {
        return *CONTAINING_RECORD(&request, DriverRequest, request);
    }
};
static_assert(sizeof(DriverRequest) <= RequestFrame::inline_private_bytes);

bool reports_information(NTSTATUS status) {
    return NT_SUCCESS(status) || status == STATUS_BUFFER_OVERFLOW;
}

// Copies the answer back and says in the IRP how long it is. A handler that claims more than the client has room for
// does not get the client's memory overrun.
NTSTATUS finish(RequestFrame& frame, NTSTATUS status, ULONG bytes) {
    IRP& irp = *frame.irp;
    if (!reports_information(status)) {
        irp.IoStatus.Information = 0;
        return status;
    }
    if (status != STATUS_BUFFER_OVERFLOW && bytes > frame.value_size) { // that one says how much is wanted
        bytes = frame.value_size;
    }
    const bool is_answer = ks::property_value_direction(frame.request->Flags).to_client;
    irp.IoStatus.Information = is_answer ? bytes : 0;
    if (is_answer && !frame.deliver(bytes)) {
        irp.IoStatus.Information = 0;
        return STATUS_ACCESS_VIOLATION;
    }
    return status;
}

class Dispatch {
public:
    Dispatch(Filter& filter, Pin* pin, RequestFrame& frame)
        : filter_(filter), pin_(pin), port_(filter.port()), frame_(frame), verb_(frame.request->Flags & ~modifiers) {}

    NTSTATUS run() {
        const KSPROPERTY& property = *frame_.request;
        const PropertyTable* table = nullptr;
        if ((property.Flags & KSPROPERTY_TYPE_TOPOLOGY) != 0) {
            // R-PROP-03
            if (frame_.request_size < sizeof(KSP_NODE)) {
                return STATUS_INVALID_BUFFER_SIZE;
            }
            node_ = reinterpret_cast<const KSP_NODE&>(property).NodeId;
            if (node_ >= port_.description().node_count()) {
                return STATUS_INVALID_PARAMETER;
            }
            header_bytes_ = sizeof(KSP_NODE);
            table = &port_.tables().node(node_);
        } else {
            table = pin_ != nullptr ? &port_.tables().pin(pin_->pin_id()) : &port_.tables().filter();
        }
        if (verb_ == KSPROPERTY_TYPE_SETSUPPORT) {
            return set_support(*table);
        }
        const PropertyEntry* entry = table->find(property.Set, property.Id);
        if (entry == nullptr && pin_ != nullptr && node_ == KSFILTER_NODE) {
            // R-PROP-16: more addressing than needed; taken as a filter's request.
            const PropertyTable& of_filter = port_.tables().filter();
            entry = of_filter.find(property.Set, property.Id);
            if (entry != nullptr) {
                pin_ = nullptr;
            } else if (!table->has_set(property.Set)) {
                table = &of_filter;
            }
        }
        if (verb_ == KSPROPERTY_TYPE_SERIALIZESET || verb_ == KSPROPERTY_TYPE_UNSERIALIZESET) {
            // No automation table says which of its items belong into a serialised set.
            return table->has_set(property.Set) ? STATUS_NOT_IMPLEMENTED : STATUS_PROPSET_NOT_FOUND;
        }
        if (entry == nullptr) {
            return table->has_set(property.Set) ? STATUS_NOT_FOUND : STATUS_PROPSET_NOT_FOUND;
        }
        if (entry->node != KSFILTER_NODE) {
            node_ = entry->node;
        }
        return call(*entry);
    }

private:
    NTSTATUS call(const PropertyEntry& entry) {
        switch (verb_) {
        case KSPROPERTY_TYPE_GET:
        case KSPROPERTY_TYPE_SET:
            return (entry.verbs() & verb_) == 0 ? STATUS_NOT_FOUND : call_handler(entry, verb_);
        case KSPROPERTY_TYPE_BASICSUPPORT:
            return (entry.verbs() & verb_) != 0 ? call_handler(entry, verb_) : basic_support(entry);
        case KSPROPERTY_TYPE_RELATIONS: {
            ULONG bytes = 0; // automation tables state no relations
            const NTSTATUS status = ks::answer_list(0, nullptr, 0, frame_.value, frame_.value_size, bytes);
            return finish(frame_, status, bytes);
        }
        case KSPROPERTY_TYPE_GETPAYLOADSIZE:
            return payload_size(entry);
        case KSPROPERTY_TYPE_SERIALIZESIZE:
        case KSPROPERTY_TYPE_SERIALIZERAW:
        case KSPROPERTY_TYPE_UNSERIALIZERAW:
        case KSPROPERTY_TYPE_DEFAULTVALUES:
            return entry.item != nullptr && (entry.verbs() & verb_) != 0 ? call_handler(entry, verb_)
                                                                         : STATUS_INVALID_PARAMETER;
        default:
            return STATUS_INVALID_PARAMETER; // no verb, or several
        }
    }

    NTSTATUS set_support(const PropertyTable& table) {
        const GUID& set = frame_.request->Set;
        const bool both = pin_ != nullptr && node_ == KSFILTER_NODE;
        if (!IsEqualGUID(set, GUID_NULL)) {
            return table.has_set(set) || (both && port_.tables().filter().has_set(set)) ? STATUS_SUCCESS
                                                                                        : STATUS_PROPSET_NOT_FOUND;
        }
        const std::vector<GUID> sets = table.sets();
        ULONG bytes = 0;
        const NTSTATUS status = ks::answer(sets.data(), static_cast<ULONG>(sets.size() * sizeof(GUID)), frame_.value,
                                           frame_.value_size, bytes);
        return finish(frame_, status, bytes);
    }

    NTSTATUS basic_support(const PropertyEntry& entry) {
        const ULONG access =
            KSPROPERTY_TYPE_BASICSUPPORT | (entry.verbs() & (KSPROPERTY_TYPE_GET | KSPROPERTY_TYPE_SET));
        ULONG bytes = 0;
        const NTSTATUS status = ks::answer_basic_support(access, nullptr, frame_.value, frame_.value_size, bytes);
        return finish(frame_, status, bytes);
    }

    // The length that a get with no room reports, as a ULONG.
    NTSTATUS payload_size(const PropertyEntry& entry) {
        if ((entry.verbs() & KSPROPERTY_TYPE_GET) == 0) {
            return STATUS_NOT_FOUND;
        }
        void* const value = frame_.value;
        const ULONG room = frame_.value_size;
        frame_.value = nullptr;
        frame_.value_size = 0;
        NTSTATUS status = call_handler(entry, KSPROPERTY_TYPE_GET);
        frame_.value = value;
        frame_.value_size = room;
        if (status != STATUS_BUFFER_OVERFLOW && !NT_SUCCESS(status)) {
            return status;
        }
        const auto size = static_cast<ULONG>(frame_.irp->IoStatus.Information);
        ULONG bytes = 0;
        status = ks::answer(&size, sizeof size, frame_.value, frame_.value_size, bytes);
        return finish(frame_, status, bytes);
    }

    NTSTATUS call_handler(const PropertyEntry& entry, ULONG verb) {
        return entry.built_in != nullptr ? call_built_in(*entry.built_in, verb) : call_driver(*entry.item, verb);
    }

    NTSTATUS call_built_in(const BuiltInProperty& property, ULONG verb) {
        if (frame_.request_size < property.request_size) {
            return STATUS_INVALID_BUFFER_SIZE;
        }
        if (verb != KSPROPERTY_TYPE_BASICSUPPORT && frame_.value_size < property.value_size) {
            // R-PROP-08, R-PROP-09
            return verb == KSPROPERTY_TYPE_GET && frame_.value_size == 0
                       ? finish(frame_, STATUS_BUFFER_OVERFLOW, property.value_size)
                       : STATUS_BUFFER_TOO_SMALL;
        }
        PropertyCall call{port_,
                          filter_,
                          pin_,
                          node_,
                          verb,
                          frame_.request,
                          frame_.request_size,
                          frame_.value,
                          property.value_size != 0 && verb == KSPROPERTY_TYPE_GET ? property.value_size
                                                                                  : frame_.value_size,
                          *frame_.irp,
                          frame_.value_size};
        NTSTATUS status;
        switch (property.serialisation) {
        case Serialisation::device:
            status = locked(port_.device().lock(), property, call);
            break;
        case Serialisation::position:
            status = locked(position_lock(), property, call);
            break;
        default:
            status = property.handler(call);
            break;
        }
        return finish(frame_, status, call.value_size);
    }

    // R-PROP-19
    DeviceLock& position_lock() const {
        return pin_ != nullptr && port_.device().uses_position_lock() ? pin_->position_lock() : port_.device().lock();
    }

    static NTSTATUS locked(DeviceLock& lock, const BuiltInProperty& property, PropertyCall& call) {
        DeviceLockGuard guard(lock);
        return property.handler(call);
    }

    NTSTATUS call_driver(const PCPROPERTY_ITEM& item, ULONG verb) {
        if (item.Handler == nullptr) {
            return STATUS_NOT_FOUND;
        }
        auto& driver_request = *new (frame_.private_area) DriverRequest;
        PCPROPERTY_REQUEST& request = driver_request.request;
        request.MajorTarget = port_.miniport(); // R-PROP-02
        request.MinorTarget = pin_ != nullptr ? pin_->stream() : nullptr;
        request.Node = node_;
        request.PropertyItem = &item;
        request.Verb = verb;
        request.InstanceSize = frame_.request_size - header_bytes_; // R-PROP-04
        request.Instance =
            request.InstanceSize != 0 ? reinterpret_cast<char*>(frame_.request) + header_bytes_ : nullptr;
        request.ValueSize = frame_.value_size;
        request.Value = frame_.value;
        request.Irp = frame_.irp;
        driver_request.frame = &frame_;
        driver_request.ownership = Ownership::with_handler;
        NTSTATUS status;
        {
            DeviceLockGuard guard(is_position_property(item) ? position_lock() : port_.device().lock());
            status = item.Handler(&request);
        }
        if (status == STATUS_PENDING) {
            if (driver_request.ownership == Ownership::completed_early) {
                status = driver_request.status;
            } else {
                driver_request.ownership = Ownership::pending;
                IoMarkIrpPending(frame_.irp);
                return STATUS_PENDING;
            }
        }
        return finish(frame_, status, request.ValueSize);
    }

    Filter& filter_;
    Pin* pin_;
    Port& port_;
    RequestFrame& frame_;
    ULONG verb_;
    ULONG node_ = KSFILTER_NODE;
    ULONG header_bytes_ = sizeof(KSPROPERTY);
};

} // namespace

NTSTATUS PropertyCall::answer(const void* data, ULONG data_bytes) {
    return ks::answer(data, data_bytes, value, room, value_size);
}

NTSTATUS PropertyCall::answer_list(ULONG item_count, const void* items, ULONG items_bytes) {
    return ks::answer_list(item_count, items, items_bytes, value, room, value_size);
}

NTSTATUS dispatch_property(Filter& filter, Pin* pin, IRP& irp) {
    irp.IoStatus.Information = 0;
    NTSTATUS status = filter.begin_request();
    if (!NT_SUCCESS(status)) {
        return status;
    }
    KsSystem& system = KsSystem::current();
    RequestFrame& frame = system.take_frame();
    status = frame.capture(irp, ks::property_value_direction);
    if (NT_SUCCESS(status)) {
        status = Dispatch(filter, pin, frame).run();
        if (status == STATUS_PENDING) {
            return status; // the frame goes with the request
        }
    }
    system.give_frame(frame);
    return status;
}

NTSTATUS complete_pending_property(PCPROPERTY_REQUEST& request, NTSTATUS status) {
    DriverRequest& driver_request = DriverRequest::of(request);
    if (driver_request.ownership == Ownership::with_handler) {
        // The handler has not even returned yet; the dispatcher completes when it does.
        driver_request.ownership = Ownership::completed_early;
        driver_request.status = status;
        return STATUS_SUCCESS;
    }
    RequestFrame& frame = *driver_request.frame;
    if (driver_request.ownership == Ownership::completed_early || frame.irp == nullptr) {
        machine::Machine::current().bugcheck(0x44 /* MULTIPLE_IRP_COMPLETE_REQUESTS */,
                                             reinterpret_cast<std::uint64_t>(frame.irp), 0, 0, 0,
                                             "A pending property request is completed once "
                                             "(PcCompletePendingPropertyRequest, R-PROP-17).");
    }
    IRP& irp = *frame.irp;
    const NTSTATUS delivered = finish(frame, status, request.ValueSize);
    KsSystem::current().give_frame(frame);
    ks::complete(irp, delivered);
    return STATUS_SUCCESS;
}

} // namespace openportcls::portcls
