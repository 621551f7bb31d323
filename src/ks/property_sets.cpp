#include "ks/property_sets.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "ks/answers.h"
#include "ks/ks_system.h"

namespace openportcls::ks {

namespace {

constexpr ULONG verbs = ~(KSPROPERTY_TYPE_TOPOLOGY | KSPROPERTY_TYPE_HIGHPRIORITY | KSPROPERTY_TYPE_FSFILTERSCOPE |
                          KSPROPERTY_TYPE_COPYPAYLOAD);

template<class Set>
const Set* find_set(std::span<const Set> sets, const GUID& wanted) {
    for (const Set& set : sets) {
        if (IsEqualGUID(*set.Set, wanted)) {
            return &set;
        }
    }
    return nullptr;
}

const KSPROPERTY_ITEM& item_at(const KSPROPERTY_SET& set, ULONG index, ULONG item_bytes) {
    return *reinterpret_cast<const KSPROPERTY_ITEM*>(reinterpret_cast<const char*>(set.PropertyItem) +
                                                     std::size_t{index} * item_bytes);
}

const KSPROPERTY_ITEM* find_item(const KSPROPERTY_SET& set, ULONG id, ULONG item_bytes) {
    for (ULONG i = 0; i < set.PropertiesCount; ++i) {
        const KSPROPERTY_ITEM& item = item_at(set, i, item_bytes);
        if (item.PropertyId == id) {
            return &item;
        }
    }
    return nullptr;
}

// One set-specific request. Works on a captured frame; the handlers report through IoStatus.Information.
class PropertyRequest {
public:
    PropertyRequest(RequestFrame& frame, const KSPROPERTY_SET& set, ULONG item_bytes)
        : frame_(frame), irp_(*frame.irp), set_(set), item_bytes_(item_bytes) {}

    NTSTATUS run(ULONG verb) {
        KSPROPERTY_SET_IRP_STORAGE(&irp_) = &set_;
        if (verb == KSPROPERTY_TYPE_SETSUPPORT) {
            return STATUS_SUCCESS;
        }
        if (verb == KSPROPERTY_TYPE_SERIALIZESET) {
            return serialize();
        }
        if (verb == KSPROPERTY_TYPE_UNSERIALIZESET) {
            return unserialize();
        }
        const KSPROPERTY_ITEM* const item = find_item(set_, frame_.request->Id, item_bytes_);
        if (item == nullptr) {
            return STATUS_NOT_FOUND;
        }
        KSPROPERTY_ITEM_IRP_STORAGE(&irp_) = item;
        switch (verb) {
        case KSPROPERTY_TYPE_GET:
            return call(item->GetPropertyHandler, *item, true);
        case KSPROPERTY_TYPE_SET:
            return call(item->SetPropertyHandler, *item, false);
        case KSPROPERTY_TYPE_BASICSUPPORT:
            return basic_support(*item);
        case KSPROPERTY_TYPE_RELATIONS:
            return relations(*item);
        case KSPROPERTY_TYPE_SERIALIZESIZE:
            return serialize_size(*item);
        case KSPROPERTY_TYPE_SERIALIZERAW:
        case KSPROPERTY_TYPE_UNSERIALIZERAW:
        case KSPROPERTY_TYPE_DEFAULTVALUES:
            return item->SupportHandler != nullptr ? item->SupportHandler(&irp_, frame_.request, frame_.value)
                                                   : STATUS_INVALID_PARAMETER;
        default:
            return STATUS_INVALID_PARAMETER;
        }
    }

private:
    NTSTATUS call(PFNKSHANDLER handler, const KSPROPERTY_ITEM& item, bool get) {
        if (handler == nullptr) {
            return STATUS_NOT_FOUND;
        }
        if (frame_.request_size < item.MinProperty) {
            return STATUS_INVALID_BUFFER_SIZE;
        }
        if (frame_.value_size < item.MinData) {
            if (get && frame_.value_size == 0) {
                irp_.IoStatus.Information = item.MinData;
                return STATUS_BUFFER_OVERFLOW;
            }
            return STATUS_BUFFER_TOO_SMALL;
        }
        irp_.IoStatus.Information = get ? item.MinData : 0;
        return handler(&irp_, frame_.request, frame_.value);
    }

    NTSTATUS basic_support(const KSPROPERTY_ITEM& item) {
        if (item.SupportHandler != nullptr) {
            return item.SupportHandler(&irp_, frame_.request, frame_.value);
        }
        ULONG access = KSPROPERTY_TYPE_BASICSUPPORT;
        access |= item.GetPropertyHandler != nullptr ? KSPROPERTY_TYPE_GET : 0;
        access |= item.SetPropertyHandler != nullptr ? KSPROPERTY_TYPE_SET : 0;
        ULONG bytes = 0;
        const NTSTATUS status = answer_basic_support(access, item.Values, frame_.value, frame_.value_size, bytes);
        irp_.IoStatus.Information = bytes;
        return status;
    }

    NTSTATUS relations(const KSPROPERTY_ITEM& item) {
        ULONG bytes = 0;
        const NTSTATUS status = answer_list(item.RelationsCount, item.Relations,
                                            item.RelationsCount * static_cast<ULONG>(sizeof(KSPROPERTY)), frame_.value,
                                            frame_.value_size, bytes);
        irp_.IoStatus.Information = bytes;
        return status;
    }

    // The size of one property's data. ULONG -1: unknown, the property says itself.
    NTSTATUS data_bytes(const KSPROPERTY_ITEM& item, ULONG& bytes) {
        bytes = item.SerializedSize;
        if (bytes != ULONG(-1)) {
            return STATUS_SUCCESS;
        }
        irp_.IoStatus.Information = 0;
        const NTSTATUS status = with_buffer(item, item.GetPropertyHandler, KSPROPERTY_TYPE_GET, nullptr, 0);
        bytes = static_cast<ULONG>(irp_.IoStatus.Information);
        return status == STATUS_BUFFER_OVERFLOW ? STATUS_SUCCESS : status;
    }

    // Calls a handler as if the client had sent a request of its own with this buffer.
    NTSTATUS with_buffer(const KSPROPERTY_ITEM& item, PFNKSHANDLER handler, ULONG verb, void* buffer, ULONG room) {
        IO_STACK_LOCATION& location = *IoGetCurrentIrpStackLocation(&irp_);
        const ULONG saved_room = location.Parameters.DeviceIoControl.OutputBufferLength;
        const ULONG saved_id = frame_.request->Id;
        const ULONG saved_flags = frame_.request->Flags;
        location.Parameters.DeviceIoControl.OutputBufferLength = room;
        frame_.request->Id = item.PropertyId;
        frame_.request->Flags = verb;
        const NTSTATUS status = handler == nullptr ? STATUS_NOT_FOUND : handler(&irp_, frame_.request, buffer);
        location.Parameters.DeviceIoControl.OutputBufferLength = saved_room;
        frame_.request->Id = saved_id;
        frame_.request->Flags = saved_flags;
        return status;
    }

    NTSTATUS serialize_size(const KSPROPERTY_ITEM& item) {
        ULONG size = 0;
        NTSTATUS status = data_bytes(item, size);
        if (NT_SUCCESS(status)) {
            ULONG bytes = 0;
            status = answer(&size, sizeof size, frame_.value, frame_.value_size, bytes);
            irp_.IoStatus.Information = bytes;
        }
        return status;
    }

    // KSPROPERTY_SERIALHDR, then for each property KSPROPERTY_SERIAL and its data, each at a ULONG boundary.
    NTSTATUS serialize() {
        std::vector<char> result(sizeof(KSPROPERTY_SERIALHDR));
        KSPROPERTY_SERIALHDR header{*set_.Set, 0};
        for (ULONG i = 0; i < set_.PropertiesCount; ++i) {
            const KSPROPERTY_ITEM& item = item_at(set_, i, item_bytes_);
            if (item.SerializedSize == 0 || item.GetPropertyHandler == nullptr) {
                continue;
            }
            KSPROPERTY_SERIAL serial{};
            serial.Id = item.PropertyId;
            if (item.Values != nullptr) {
                serial.PropTypeSet = item.Values->PropTypeSet;
            }
            NTSTATUS status = data_bytes(item, serial.PropertyLength);
            if (!NT_SUCCESS(status)) {
                return status;
            }
            const std::size_t place = result.size();
            result.resize(place + sizeof serial + ((serial.PropertyLength + 3) & ~3u));
            std::memcpy(result.data() + place, &serial, sizeof serial);
            status = with_buffer(item, item.GetPropertyHandler, KSPROPERTY_TYPE_GET,
                                 result.data() + place + sizeof serial, serial.PropertyLength);
            if (!NT_SUCCESS(status)) {
                return status;
            }
            ++header.Count;
        }
        std::memcpy(result.data(), &header, sizeof header);
        ULONG bytes = 0;
        const NTSTATUS status =
            answer(result.data(), static_cast<ULONG>(result.size()), frame_.value, frame_.value_size, bytes);
        irp_.IoStatus.Information = bytes;
        return status;
    }

    NTSTATUS unserialize() {
        const auto* const base = static_cast<const char*>(frame_.value);
        if (frame_.value_size < sizeof(KSPROPERTY_SERIALHDR)) {
            return STATUS_INVALID_BUFFER_SIZE;
        }
        KSPROPERTY_SERIALHDR header;
        std::memcpy(&header, base, sizeof header);
        if (!IsEqualGUID(header.PropertySet, *set_.Set)) {
            return STATUS_INVALID_PARAMETER;
        }
        ULONG place = sizeof header;
        for (ULONG i = 0; i < header.Count; ++i) {
            KSPROPERTY_SERIAL serial;
            if (place > frame_.value_size || frame_.value_size - place < sizeof serial) {
                return STATUS_INVALID_BUFFER_SIZE;
            }
            std::memcpy(&serial, base + place, sizeof serial);
            place += sizeof serial;
            if (serial.PropertyLength > frame_.value_size - place) {
                return STATUS_INVALID_BUFFER_SIZE;
            }
            const KSPROPERTY_ITEM* const item = find_item(set_, serial.Id, item_bytes_);
            if (item == nullptr) {
                return STATUS_INVALID_PARAMETER;
            }
            const NTSTATUS status = with_buffer(*item, item->SetPropertyHandler, KSPROPERTY_TYPE_SET,
                                                const_cast<char*>(base) + place, serial.PropertyLength);
            if (!NT_SUCCESS(status)) {
                return status;
            }
            place += (serial.PropertyLength + 3) & ~3u;
        }
        irp_.IoStatus.Information = 0;
        return STATUS_SUCCESS;
    }

    RequestFrame& frame_;
    IRP& irp_;
    const KSPROPERTY_SET& set_;
    ULONG item_bytes_;
};

// GUID_NULL asks which sets there are.
template<class Set>
NTSTATUS list_sets(std::span<const Set> sets, RequestFrame& frame) {
    std::vector<GUID> guids;
    for (const Set& set : sets) {
        guids.push_back(*set.Set);
    }
    ULONG bytes = 0;
    const NTSTATUS status =
        answer(guids.data(), static_cast<ULONG>(guids.size() * sizeof(GUID)), frame.value, frame.value_size, bytes);
    frame.irp->IoStatus.Information = bytes;
    return status;
}

// What is common to a property and a method: capture, run, deliver.
template<class Run>
NTSTATUS with_frame(IRP& irp, ValueDirection (&direction_of)(ULONG), Run&& run) {
    KsSystem& system = KsSystem::current();
    RequestFrame& frame = system.take_frame();
    irp.IoStatus.Information = 0;
    NTSTATUS status = frame.capture(irp, direction_of);
    if (NT_SUCCESS(status)) {
        status = run(frame);
    }
    if (status == STATUS_PENDING) {
        return status; // the frame stays with the handler's request, for good
    }
    if (NT_ERROR(status)) {
        irp.IoStatus.Information = 0;
    } else if (frame.is_answered &&
               !frame.deliver(static_cast<ULONG>(std::min<ULONG_PTR>(irp.IoStatus.Information, frame.value_size)))) {
        irp.IoStatus.Information = 0;
        status = STATUS_ACCESS_VIOLATION;
    }
    system.give_frame(frame);
    return status;
}

} // namespace

NTSTATUS handle_property(IRP& irp, std::span<const KSPROPERTY_SET> sets, ULONG item_bytes) {
    return with_frame(irp, property_value_direction, [&](RequestFrame& frame) {
        const ULONG verb = frame.request->Flags & verbs;
        if (verb == KSPROPERTY_TYPE_SETSUPPORT && IsEqualGUID(frame.request->Set, GUID_NULL)) {
            return list_sets(sets, frame);
        }
        const KSPROPERTY_SET* const set = find_set(sets, frame.request->Set);
        return set == nullptr ? STATUS_PROPSET_NOT_FOUND : PropertyRequest(frame, *set, item_bytes).run(verb);
    });
}

NTSTATUS handle_method(IRP& irp, std::span<const KSMETHOD_SET> sets, ULONG item_bytes) {
    return with_frame(irp, method_value_direction, [&](RequestFrame& frame) -> NTSTATUS {
        const ULONG verb = frame.request->Flags & ~KSMETHOD_TYPE_TOPOLOGY;
        if (verb == KSMETHOD_TYPE_SETSUPPORT && IsEqualGUID(frame.request->Set, GUID_NULL)) {
            return list_sets(sets, frame);
        }
        const KSMETHOD_SET* const set = find_set(sets, frame.request->Set);
        if (set == nullptr) {
            return STATUS_PROPSET_NOT_FOUND;
        }
        if (verb == KSMETHOD_TYPE_SETSUPPORT) {
            return STATUS_SUCCESS;
        }
        for (ULONG i = 0; i < set->MethodsCount; ++i) {
            const auto& item = *reinterpret_cast<const KSMETHOD_ITEM*>(reinterpret_cast<const char*>(set->MethodItem) +
                                                                       std::size_t{i} * item_bytes);
            if (item.MethodId != frame.request->Id) {
                continue;
            }
            KSMETHOD_SET_IRP_STORAGE(&irp) = set;
            KSMETHOD_ITEM_IRP_STORAGE(&irp) = &item;
            if (verb == KSMETHOD_TYPE_BASICSUPPORT) {
                if (item.SupportHandler != nullptr) {
                    return item.SupportHandler(&irp, frame.request, frame.value);
                }
                ULONG bytes = 0;
                const NTSTATUS status = answer(&item.Flags, sizeof(ULONG), frame.value, frame.value_size, bytes);
                irp.IoStatus.Information = bytes;
                return status;
            }
            if (item.MethodHandler == nullptr) {
                return STATUS_NOT_FOUND;
            }
            if (frame.request_size < item.MinMethod) {
                return STATUS_INVALID_BUFFER_SIZE;
            }
            if (frame.value_size < item.MinData) {
                irp.IoStatus.Information = frame.value_size == 0 ? item.MinData : 0;
                return frame.value_size == 0 ? STATUS_BUFFER_OVERFLOW : STATUS_BUFFER_TOO_SMALL;
            }
            return item.MethodHandler(&irp, frame.request, frame.value);
        }
        return STATUS_NOT_FOUND;
    });
}

} // namespace openportcls::ks
