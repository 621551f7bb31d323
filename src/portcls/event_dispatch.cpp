#include "portcls/event_dispatch.h"

#include <vector>

#include "ks/answers.h"
#include "ks/event_requests.h"
#include "portcls/begin_request.h"
#include "portcls/device_context.h"
#include "portcls/dispatch_tables.h"
#include "portcls/filter.h"
#include "portcls/pin.h"
#include "portcls/port.h"
#include "portcls/ports/loop_events.h"

namespace openportcls::portcls {

namespace {

using ks::EventList;
using ks::EventRecord;

constexpr ULONG enabling = KSEVENT_TYPE_ENABLE | KSEVENT_TYPE_ONESHOT | KSEVENT_TYPE_ENABLEBUFFERED;

// Where a record came from, for the REMOVE call. The port outlives its records.
PCEVENT_REQUEST driver_request(Port& port, IUnknown* stream, ULONG node, const PCEVENT_ITEM& item, ULONG verb,
                               KSEVENT_ENTRY* entry, IRP* irp) {
    PCEVENT_REQUEST request{};
    request.MajorTarget = port.miniport();
    request.MinorTarget = stream;
    request.Node = node;
    request.EventItem = &item;
    request.EventEntry = entry;
    request.Verb = verb;
    request.Irp = irp;
    return request;
}

// The driver hears of every removal: by the client, by one-shot, by closing (R-EVENT-01).
void tell_driver_of_removal(EventRecord& record) {
    auto& port = *static_cast<Port*>(record.context);
    const auto& item = *static_cast<const PCEVENT_ITEM*>(record.item);
    auto* const pin = dynamic_cast<Pin*>(ks::OpenObject::from(record.entry.FileObject));
    PCEVENT_REQUEST request = driver_request(port, pin != nullptr ? pin->stream() : nullptr, record.node, item,
                                             PCEVENT_VERB_REMOVE, &record.entry, nullptr);
    item.Handler(&request);
}

class Enable {
public:
    Enable(Filter& filter, Pin* pin, IRP& irp) : filter_(filter), pin_(pin), port_(filter.port()), irp_(irp) {}

    NTSTATUS run() {
        NTSTATUS status = ks::check_event_request(irp_, event_);
        if (!NT_SUCCESS(status)) {
            return status;
        }
        const ULONG verb = event_.Flags & ~KSEVENT_TYPE_TOPOLOGY;
        if (verb == KSEVENT_TYPE_QUERYBUFFER) {
            return port_.events().query_buffer(irp_);
        }
        const EventTable* table = nullptr;
        if ((event_.Flags & KSEVENT_TYPE_TOPOLOGY) != 0) {
            const auto& request = *static_cast<const KSE_NODE*>(
                IoGetCurrentIrpStackLocation(&irp_)->Parameters.DeviceIoControl.Type3InputBuffer);
            node_ = request.NodeId;
            if (node_ >= port_.description().node_count()) {
                return STATUS_INVALID_PARAMETER;
            }
            table = &port_.tables().node_events(node_);
        } else {
            table = pin_ != nullptr ? &port_.tables().pin_events(pin_->pin_id()) : &port_.tables().filter_events();
        }
        const EventTable* const of_filter =
            pin_ != nullptr && node_ == KSFILTER_NODE ? &port_.tables().filter_events() : nullptr;
        if (verb == KSEVENT_TYPE_SETSUPPORT && IsEqualGUID(event_.Set, GUID_NULL)) {
            return list_sets(*table);
        }
        if (!table->has_set(event_.Set) && (of_filter == nullptr || !of_filter->has_set(event_.Set))) {
            return STATUS_PROPSET_NOT_FOUND;
        }
        if (verb == KSEVENT_TYPE_SETSUPPORT) {
            return STATUS_SUCCESS;
        }
        const EventEntry* entry = table->find(event_.Set, event_.Id);
        if (entry == nullptr && of_filter != nullptr) {
            entry = of_filter->find(event_.Set, event_.Id);
        }
        if (entry == nullptr) {
            return STATUS_NOT_FOUND;
        }
        if (verb == KSEVENT_TYPE_BASICSUPPORT) {
            return support(*entry);
        }
        return enable(*entry, verb);
    }

private:
    IUnknown* stream() const { return pin_ != nullptr ? pin_->stream() : nullptr; }

    NTSTATUS list_sets(const EventTable& table) {
        const std::vector<GUID> sets = table.sets();
        ULONG bytes = 0;
        const NTSTATUS status =
            ks::answer(sets.data(), static_cast<ULONG>(sets.size() * sizeof(GUID)), irp_.UserBuffer,
                       IoGetCurrentIrpStackLocation(&irp_)->Parameters.DeviceIoControl.OutputBufferLength, bytes);
        irp_.IoStatus.Information = bytes;
        return status;
    }

    NTSTATUS support(const EventEntry& entry) {
        if (entry.item == nullptr || (entry.item->Flags & PCEVENT_ITEM_FLAG_BASICSUPPORT) == 0 ||
            entry.item->Handler == nullptr) {
            return STATUS_SUCCESS;
        }
        PCEVENT_REQUEST request =
            driver_request(port_, stream(), node_, *entry.item, PCEVENT_VERB_SUPPORT, nullptr, &irp_);
        return call(request);
    }

    NTSTATUS call(PCEVENT_REQUEST& request) {
        DeviceLockGuard guard(port_.device().lock());
        const NTSTATUS status = filter_.availability();
        return NT_SUCCESS(status) ? request.EventItem->Handler(&request) : status;
    }

    NTSTATUS enable(const EventEntry& entry, ULONG verb) {
        if ((verb & enabling) == 0 || (verb & ~enabling) != 0) {
            return STATUS_INVALID_PARAMETER;
        }
        constexpr ULONG declared = KSEVENT_TYPE_ENABLE | KSEVENT_TYPE_ONESHOT;
        if (entry.item != nullptr && (verb & declared & ~entry.item->Flags) != 0) {
            return STATUS_INVALID_PARAMETER; // the item does not offer it (R-EVENT-05)
        }
        if (pin_ != nullptr && entry.item == nullptr && IsEqualGUID(entry.set, looped_streaming_event_set)) {
            return enable_loop_event(*pin_, port_.events(), irp_);
        }
        EventRecord* record = nullptr;
        NTSTATUS status = EventList::prepare(irp_, 0, record);
        if (!NT_SUCCESS(status)) {
            return status;
        }
        record->node = node_;
        if (pin_ != nullptr) {
            record->pin = pin_->pin_id();
        }
        if (entry.item == nullptr || entry.item->Handler == nullptr) {
            port_.events().add(*record);
            return STATUS_SUCCESS;
        }
        return enable_with_driver(*record, *entry.item);
    }

    NTSTATUS enable_with_driver(EventRecord& record, const PCEVENT_ITEM& item) {
        record.context = &port_;
        record.item = &item;
        record.removed = tell_driver_of_removal;
        port_.events().hold(record);
        PCEVENT_REQUEST request = driver_request(port_, stream(), node_, item, PCEVENT_VERB_ADD, &record.entry, &irp_);
        const NTSTATUS status = call(request);
        // Not added by the driver, it is not armed (R-EVENT-02); of what it has refused there is no removal to tell.
        port_.events().release(record, !NT_SUCCESS(status));
        return status;
    }

    Filter& filter_;
    Pin* pin_;
    Port& port_;
    IRP& irp_;
    KSEVENT event_{};
    ULONG node_ = KSFILTER_NODE;
};

} // namespace

NTSTATUS dispatch_enable_event(Filter& filter, Pin* pin, IRP& irp) {
    irp.IoStatus.Information = 0;
    const NTSTATUS status = filter.begin_request();
    return NT_SUCCESS(status) ? Enable(filter, pin, irp).run() : status;
}

} // namespace openportcls::portcls
