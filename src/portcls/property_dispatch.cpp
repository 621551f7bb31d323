#include "portcls/property_dispatch.h"

#include <algorithm>
#include <new>
#include <utility>
#include <vector>

#include "executive/ex/asan.h"
#include "ks/answers.h"
#include "ks/ks_system.h"
#include "ks/open_object.h"
#include "portcls/begin_request.h"
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

enum class Ownership : ULONG { with_handler, pending, completed_early, gone };

// A request as a driver's handler gets it; lies in the frame.
struct DriverRequest {
    PCPROPERTY_REQUEST request;
    RequestFrame* frame;
    Ownership ownership;
    NTSTATUS status;
    bool asks_size; // KSPROPERTY_TYPE_GETPAYLOADSIZE

    static DriverRequest& of(PCPROPERTY_REQUEST& request) {
        return *CONTAINING_RECORD(&request, DriverRequest, request);
    }
};
static_assert(sizeof(DriverRequest) <= RequestFrame::inline_private_bytes);

// Of a request that may be over: its frame is nobody's then (KsSystem::rest_frame).
OPC_NO_ASAN Ownership ownership_of(const DriverRequest& request) {
    return request.ownership;
}

// R-PROP-17. Whose property it is, and why nobody may complete it any more.
[[noreturn, gnu::cold, gnu::noinline]] OPC_NO_ASAN void NTAPI completed_wrongly(const DriverRequest& request,
                                                                                std::string_view why) {
    const PCPROPERTY_ITEM* const item = request.request.PropertyItem;
    machine::Machine::current().bugcheck(0x44 /* MULTIPLE_IRP_COMPLETE_REQUESTS */,
                                         reinterpret_cast<std::uint64_t>(request.request.Irp),
                                         reinterpret_cast<std::uint64_t>(item), 0, 0, why);
}

bool reports_information(NTSTATUS status) {
    return NT_SUCCESS(status) || status == STATUS_BUFFER_OVERFLOW;
}

// The length that a get with no room reports, as a ULONG.
NTSTATUS answer_size(NTSTATUS status, ULONG wanted, void* value, ULONG room, ULONG& bytes) {
    if (!reports_information(status)) {
        return status;
    }
    const ULONG size = status == STATUS_BUFFER_OVERFLOW ? wanted : 0;
    return ks::answer(&size, sizeof size, value, room, bytes);
}

// Copies the answer back and says in the IRP how long it is. A handler that claims more than the client has room for
// does not get the client's memory overrun.
[[gnu::always_inline]] inline NTSTATUS answer(RequestFrame& frame, NTSTATUS status, ULONG bytes) {
    IO_STATUS_BLOCK& result = frame.irp->IoStatus;
    result.Information = 0;
    if (!frame.is_answered) {
        return status;
    }
    const ULONG count = std::min(bytes, frame.value_size);
    if (!frame.deliver(count)) [[unlikely]] {
        return STATUS_ACCESS_VIOLATION;
    }
    result.Information = status == STATUS_BUFFER_OVERFLOW ? bytes : count; // that one says how much is wanted
    return status;
}

[[gnu::noinline]] NTSTATUS finish_unsuccessful(RequestFrame& frame, NTSTATUS status, ULONG bytes) {
    if (!reports_information(status)) {
        frame.irp->IoStatus.Information = 0;
        return status;
    }
    return answer(frame, status, bytes);
}

[[gnu::always_inline]] inline NTSTATUS finish(RequestFrame& frame, NTSTATUS status, ULONG bytes) {
    if (!NT_SUCCESS(status)) [[unlikely]] {
        return finish_unsuccessful(frame, status, bytes);
    }
    return answer(frame, status, bytes);
}

// Finds the handler and calls it. Whatever comes of it, the answer is bytes() long.
class Dispatch {
public:
    Dispatch(Filter& filter, Pin* pin, RequestFrame& frame)
        : frame_(frame), call_{filter.port(),
                               filter,
                               pin,
                               KSFILTER_NODE,
                               frame.request->Flags & ~modifiers,
                               frame.request,
                               frame.request_size,
                               frame.value,
                               0,
                               *frame.irp,
                               frame.value_size} {}

    ULONG bytes() const { return call_.value_size; }

    NTSTATUS run() {
        const KSPROPERTY& property = *call_.request;
        const DispatchTables& tables = call_.port.tables();
        const PropertyTable* table = nullptr;
        if ((property.Flags & KSPROPERTY_TYPE_TOPOLOGY) != 0) {
            // R-PROP-03
            if (call_.request_size < sizeof(KSP_NODE)) {
                return STATUS_INVALID_BUFFER_SIZE;
            }
            call_.node = reinterpret_cast<const KSP_NODE&>(property).NodeId;
            if (call_.node >= call_.port.description().node_count()) {
                return STATUS_INVALID_PARAMETER;
            }
            table = &tables.node(call_.node);
        } else {
            table = call_.pin != nullptr ? &tables.pin(call_.pin->pin_id()) : &tables.filter();
        }
        const PropertyEntry* const entry = table->find(property.Set, property.Id);
        const bool is_get_or_set = call_.is_get() || call_.is_set();
        if (entry == nullptr || !is_get_or_set) [[unlikely]] {
            return run_other(*table, entry);
        }
        take_node_of(*entry);
        if (entry->built_in != nullptr) {
            return (entry->built_in->verbs & call_.verb) == 0 ? STATUS_NOT_FOUND : call_built_in(*entry->built_in);
        }
        return (entry->item->Flags & call_.verb) == 0 ? STATUS_NOT_FOUND : call_driver(*entry->item);
    }

private:
    void take_node_of(const PropertyEntry& entry) {
        if (entry.node != KSFILTER_NODE) {
            call_.node = entry.node;
        }
    }

    [[gnu::noinline]] NTSTATUS run_other(const PropertyTable& own, const PropertyEntry* entry) {
        const KSPROPERTY& property = *call_.request;
        const PropertyTable* table = &own;
        if (call_.verb == KSPROPERTY_TYPE_SETSUPPORT) {
            return set_support(own);
        }
        if (entry == nullptr && call_.pin != nullptr && call_.node == KSFILTER_NODE) {
            // R-PROP-16: more addressing than needed; taken as a filter's request.
            const PropertyTable& of_filter = call_.port.tables().filter();
            entry = of_filter.find(property.Set, property.Id);
            if (entry != nullptr) {
                call_.pin = nullptr;
            }
            if (entry != nullptr || !table->has_set(property.Set)) {
                table = &of_filter;
            }
        }
        if (call_.verb == KSPROPERTY_TYPE_SERIALIZESET || call_.verb == KSPROPERTY_TYPE_UNSERIALIZESET) {
            // No automation table says which of its items belong into a serialised set.
            return table->has_set(property.Set) ? STATUS_NOT_IMPLEMENTED : STATUS_PROPSET_NOT_FOUND;
        }
        if (entry == nullptr) {
            return table->has_set(property.Set) ? STATUS_NOT_FOUND : STATUS_PROPSET_NOT_FOUND;
        }
        take_node_of(*entry);
        return serve(*entry);
    }

    NTSTATUS serve(const PropertyEntry& entry) {
        const bool is_served = (entry.verbs() & call_.verb) != 0;
        switch (call_.verb) {
        case KSPROPERTY_TYPE_GET:
        case KSPROPERTY_TYPE_SET:
            return is_served ? call_handler(entry) : STATUS_NOT_FOUND;
        case KSPROPERTY_TYPE_BASICSUPPORT:
            return is_served ? call_handler(entry) : basic_support(entry);
        case KSPROPERTY_TYPE_RELATIONS: // automation tables state none
            return ks::answer_list(0, nullptr, 0, call_.value, call_.room, call_.value_size);
        case KSPROPERTY_TYPE_GETPAYLOADSIZE:
            return payload_size(entry);
        case KSPROPERTY_TYPE_SERIALIZESIZE:
        case KSPROPERTY_TYPE_SERIALIZERAW:
        case KSPROPERTY_TYPE_UNSERIALIZERAW:
        case KSPROPERTY_TYPE_DEFAULTVALUES:
            return entry.item != nullptr && is_served ? call_handler(entry) : STATUS_INVALID_PARAMETER;
        default:
            return STATUS_INVALID_PARAMETER; // no verb, or several
        }
    }

    NTSTATUS set_support(const PropertyTable& table) {
        const GUID& set = call_.request->Set;
        const bool both = call_.pin != nullptr && call_.node == KSFILTER_NODE;
        if (!IsEqualGUID(set, GUID_NULL)) {
            return table.has_set(set) || (both && call_.port.tables().filter().has_set(set)) ? STATUS_SUCCESS
                                                                                             : STATUS_PROPSET_NOT_FOUND;
        }
        const std::vector<GUID> sets = table.sets();
        return call_.answer(sets.data(), static_cast<ULONG>(sets.size() * sizeof(GUID)));
    }

    NTSTATUS basic_support(const PropertyEntry& entry) {
        const ULONG access =
            KSPROPERTY_TYPE_BASICSUPPORT | (entry.verbs() & (KSPROPERTY_TYPE_GET | KSPROPERTY_TYPE_SET));
        return ks::answer_basic_support(access, nullptr, call_.value, call_.room, call_.value_size);
    }

    NTSTATUS payload_size(const PropertyEntry& entry) {
        if ((entry.verbs() & KSPROPERTY_TYPE_GET) == 0) {
            return STATUS_NOT_FOUND;
        }
        void* const value = std::exchange(call_.value, nullptr);
        const ULONG room = std::exchange(call_.room, 0);
        call_.verb = KSPROPERTY_TYPE_GET;
        asks_size_ = true;
        const NTSTATUS status = call_handler(entry);
        call_.value = value;
        call_.room = room;
        return status == STATUS_PENDING ? status : answer_size(status, call_.value_size, value, room, call_.value_size);
    }

    [[gnu::noinline]] NTSTATUS call_handler(const PropertyEntry& entry) {
        return entry.built_in != nullptr ? call_built_in(*entry.built_in) : call_driver(*entry.item);
    }

    [[gnu::always_inline]] NTSTATUS call_built_in(const BuiltInProperty& property) {
        if (call_.request_size < property.request_size) [[unlikely]] {
            return STATUS_INVALID_BUFFER_SIZE;
        }
        const ULONG verb = call_.verb;
        call_.value_size = call_.room;
        if (verb != KSPROPERTY_TYPE_BASICSUPPORT && call_.room < property.value_size) [[unlikely]] {
            // R-PROP-08, R-PROP-09
            call_.value_size = property.value_size;
            return call_.is_get() && call_.room == 0 ? STATUS_BUFFER_OVERFLOW : STATUS_BUFFER_TOO_SMALL;
        }
        if (property.value_size != 0 && call_.is_get()) {
            call_.value_size = property.value_size;
        }
        if (property.serialisation == Serialisation::device) [[likely]] {
            const DeviceLockGuard guard(call_.port.device().lock());
            const NTSTATUS status = call_.filter.availability();
            return NT_SUCCESS(status) ? property.handler(call_) : status;
        }
        return call_otherwise_serialised(property);
    }

    [[gnu::noinline]] NTSTATUS call_otherwise_serialised(const BuiltInProperty& property) {
        if (property.serialisation == Serialisation::none) {
            return property.handler(call_);
        }
        const DeviceLockGuard guard(position_lock());
        const NTSTATUS status = call_.filter.availability();
        return NT_SUCCESS(status) ? property.handler(call_) : status;
    }

    // R-PROP-19
    DeviceLock& position_lock() const {
        DeviceContext& device = call_.port.device();
        const bool is_streams_own =
            call_.pin != nullptr && device.uses_position_lock() && call_.port.allows_position_lock();
        return is_streams_own ? call_.pin->position_lock() : device.lock();
    }

    [[gnu::noinline]] NTSTATUS call_driver(const PCPROPERTY_ITEM& item) {
        if (item.Handler == nullptr) {
            return STATUS_NOT_FOUND;
        }
        auto& driver_request = *new (frame_.private_area) DriverRequest;
        PCPROPERTY_REQUEST& request = driver_request.request;
        const bool is_of_node = (frame_.request->Flags & KSPROPERTY_TYPE_TOPOLOGY) != 0;
        const ULONG header_bytes = is_of_node ? sizeof(KSP_NODE) : sizeof(KSPROPERTY);
        request.MajorTarget = call_.port.miniport(); // R-PROP-02
        request.MinorTarget = call_.pin != nullptr ? call_.pin->stream() : nullptr;
        request.Node = call_.node;
        request.PropertyItem = &item;
        request.Verb = call_.verb;
        request.InstanceSize = call_.request_size - header_bytes; // R-PROP-04
        request.Instance = request.InstanceSize != 0 ? reinterpret_cast<char*>(frame_.request) + header_bytes : nullptr;
        request.ValueSize = call_.room;
        request.Value = call_.value;
        request.Irp = frame_.irp;
        driver_request.frame = &frame_;
        driver_request.ownership = Ownership::with_handler;
        driver_request.asks_size = asks_size_;
        NTSTATUS status;
        {
            const DeviceLockGuard guard(is_position_property(item) ? position_lock() : call_.port.device().lock());
            status = call_.filter.availability();
            if (NT_SUCCESS(status)) {
                status = item.Handler(&request);
            }
        }
        if (status == STATUS_PENDING) {
            if (driver_request.ownership == Ownership::completed_early) {
                status = driver_request.status;
            } else {
                driver_request.ownership = Ownership::pending;
                IoMarkIrpPending(frame_.irp);
                return STATUS_PENDING;
            }
        } else if (driver_request.ownership == Ownership::completed_early) [[unlikely]] {
            completed_wrongly(driver_request, "A handler that completes its property request (PcCompletePending"
                                              "PropertyRequest) returns STATUS_PENDING: otherwise the port completes "
                                              "it as well (R-PROP-17).");
        }
        driver_request.ownership = Ownership::gone;
        call_.value_size = request.ValueSize;
        return status;
    }

    RequestFrame& frame_;
    PropertyCall call_;
    bool asks_size_ = false;
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
    if (NT_SUCCESS(status)) [[likely]] {
        Dispatch dispatch(filter, pin, frame);
        status = dispatch.run();
        if (status == STATUS_PENDING) {
            return status; // the frame goes with the request
        }
        status = finish(frame, status, dispatch.bytes());
    }
    system.give_frame(frame);
    return status;
}

NTSTATUS complete_pending_property(PCPROPERTY_REQUEST& request, NTSTATUS status) {
    DriverRequest& driver_request = DriverRequest::of(request);
    const Ownership ownership = ownership_of(driver_request);
    if (ownership == Ownership::with_handler) {
        // The handler has not even returned yet; the dispatcher completes when it does.
        driver_request.ownership = Ownership::completed_early;
        driver_request.status = status;
        return STATUS_SUCCESS;
    }
    if (ownership != Ownership::pending) [[unlikely]] {
        completed_wrongly(driver_request,
                          "A property request is completed once, and only when its handler has returned STATUS_PENDING "
                          "(PcCompletePendingPropertyRequest, R-PROP-17): otherwise it is the port's again.");
    }
    driver_request.ownership = Ownership::gone;
    RequestFrame& frame = *driver_request.frame;
    IRP& irp = *frame.irp;
    ULONG bytes = request.ValueSize;
    if (driver_request.asks_size) {
        status = answer_size(status, bytes, frame.value, frame.value_size, bytes);
    }
    const NTSTATUS delivered = finish(frame, status, bytes);
    KsSystem::current().rest_frame(frame);
    ks::complete(irp, delivered);
    return STATUS_SUCCESS;
}

} // namespace openportcls::portcls
