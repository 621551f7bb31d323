#include "ks/allocator.h"

#include <algorithm>
#include <cstring>

#include "ks/event_requests.h"
#include "ks/property_sets.h"

namespace openportcls::ks {

namespace {

constexpr ULONG pool_tag = 0x6C416B53; // 'SkAl'

Allocator& allocator_of(IRP* irp) {
    return static_cast<Allocator&>(*OpenObject::from(IoGetCurrentIrpStackLocation(irp)->FileObject));
}

NTSTATUS NTAPI allocate_frame(FILE_OBJECT* file, void** frame) {
    return static_cast<Allocator&>(*OpenObject::from(file)).allocate(*frame);
}

void NTAPI free_frame(FILE_OBJECT* file, void* frame) {
    static_cast<Allocator&>(*OpenObject::from(file)).free(frame);
}

// Function pointers are for kernel callers only.
NTSTATUS NTAPI get_allocator_functions(IRP* irp, KSIDENTIFIER*, void* data) {
    if (irp->RequestorMode != KernelMode) {
        return STATUS_INVALID_DEVICE_REQUEST;
    }
    *static_cast<KSSTREAMALLOCATOR_FUNCTIONTABLE*>(data) = {allocate_frame, free_frame};
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI get_status(IRP* irp, KSIDENTIFIER*, void* data) {
    *static_cast<KSSTREAMALLOCATOR_STATUS*>(data) = allocator_of(irp).status();
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI method_allocate(IRP* irp, KSIDENTIFIER*, void* data) {
    irp->IoStatus.Information = sizeof(void*);
    return allocator_of(irp).allocate(*static_cast<void**>(data));
}

NTSTATUS NTAPI method_free(IRP* irp, KSIDENTIFIER*, void* data) {
    allocator_of(irp).free(*static_cast<void**>(data));
    return STATUS_SUCCESS;
}

const KSPROPERTY_ITEM property_items[] = {
    {KSPROPERTY_STREAMALLOCATOR_FUNCTIONTABLE,
     {get_allocator_functions},
     sizeof(KSPROPERTY),
     sizeof(KSSTREAMALLOCATOR_FUNCTIONTABLE),
     {nullptr},
     nullptr,
     0,
     nullptr,
     nullptr,
     0},
    {KSPROPERTY_STREAMALLOCATOR_STATUS,
     {get_status},
     sizeof(KSPROPERTY),
     sizeof(KSSTREAMALLOCATOR_STATUS),
     {nullptr},
     nullptr,
     0,
     nullptr,
     nullptr,
     0},
};
const KSMETHOD_ITEM method_items[] = {
    {KSMETHOD_STREAMALLOCATOR_ALLOC, {method_allocate}, sizeof(KSMETHOD), sizeof(void*), nullptr, KSMETHOD_TYPE_WRITE},
    {KSMETHOD_STREAMALLOCATOR_FREE, {method_free}, sizeof(KSMETHOD), sizeof(void*), nullptr, KSMETHOD_TYPE_READ},
};
const GUID property_set = KSPROPSETID_StreamAllocator;
const GUID method_set = KSMETHODSETID_StreamAllocator;
const GUID event_set = KSEVENTSETID_StreamAllocator;
const KSPROPERTY_SET property_sets[] = {{&property_set, RTL_NUMBER_OF(property_items), property_items, 0, nullptr}};
const KSMETHOD_SET method_sets[] = {{&method_set, RTL_NUMBER_OF(method_items), method_items, 0, nullptr}};
constexpr SupportedEvent events_of_allocator[] = {
    {&event_set, KSEVENT_STREAMALLOCATOR_INTERNAL_FREEFRAME, KSEVENT_TYPE_ENABLE, sizeof(KSEVENTDATA)},
    {&event_set, KSEVENT_STREAMALLOCATOR_FREEFRAME, KSEVENT_TYPE_ENABLE, sizeof(KSEVENTDATA)},
};

} // namespace

NTSTATUS Allocator::create(IRP& irp, const void* parameters, ULONG bytes) {
    if (bytes < sizeof(KSALLOCATOR_FRAMING)) {
        return STATUS_INVALID_BUFFER_SIZE;
    }
    KSALLOCATOR_FRAMING framing;
    std::memcpy(&framing, parameters, sizeof framing);
    if ((framing.OptionsFlags & ~KSALLOCATOR_OPTIONF_VALID) != 0 || framing.Frames == 0 || framing.FrameSize == 0 ||
        (framing.FileAlignment & (framing.FileAlignment + 1)) != 0) { // an alignment mask: 0, 1, 3, 7 …
        return STATUS_INVALID_PARAMETER;
    }
    auto* const allocator = new Allocator(framing);
    allocator->attach_to(*IoGetCurrentIrpStackLocation(&irp)->FileObject);
    return STATUS_SUCCESS;
}

Allocator::~Allocator() {
    for (void* frame : free_frames_) {
        ExFreePoolWithTag(frame, pool_tag);
    }
    for (void* frame : used_frames_) {
        ExFreePoolWithTag(frame, pool_tag);
    }
}

NTSTATUS Allocator::allocate(void*& frame) {
    frame = nullptr;
    if (frames_out_ >= framing_.Frames) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    ++frames_out_; // before another thread may ask while this one is at the pool
    if (free_frames_.empty()) {
        frame = ExAllocatePoolWithTag(framing_.PoolType, framing_.FrameSize, pool_tag);
        if (frame == nullptr) {
            --frames_out_;
            return STATUS_INSUFFICIENT_RESOURCES;
        }
    } else {
        frame = free_frames_.back();
        free_frames_.pop_back();
    }
    used_frames_.push_back(frame);
    return STATUS_SUCCESS;
}

void Allocator::free(void* frame) {
    const auto found = std::find(used_frames_.begin(), used_frames_.end(), frame);
    if (found == used_frames_.end()) {
        return;
    }
    used_frames_.erase(found);
    --frames_out_;
    free_frames_.push_back(frame);
    for (const ULONG id : {KSEVENT_STREAMALLOCATOR_INTERNAL_FREEFRAME, KSEVENT_STREAMALLOCATOR_FREEFRAME}) {
        EventList::Filter filter;
        filter.set = &event_set;
        filter.id = id;
        events_.generate(filter);
    }
}

KSSTREAMALLOCATOR_STATUS Allocator::status() const {
    return {framing_, frames_out_, 0};
}

NTSTATUS Allocator::property(IRP& irp) {
    return handle_property(irp, property_sets);
}
NTSTATUS Allocator::method(IRP& irp) {
    return handle_method(irp, method_sets);
}

NTSTATUS Allocator::enable_event(IRP& irp) {
    const SupportedEvent* event = nullptr;
    NTSTATUS status = STATUS_SUCCESS;
    if (answer_event_query(irp, events_of_allocator, event, status)) {
        return status;
    }
    EventRecord* record = nullptr;
    status = EventList::prepare(irp, 0, record);
    if (NT_SUCCESS(status)) {
        events_.add(*record);
    }
    return status;
}

NTSTATUS Allocator::disable_event(IRP& irp) {
    return disable_requested_event(irp, events_);
}
void Allocator::cleanup(FILE_OBJECT& file) {
    events_.remove_file(&file);
}
void Allocator::close(FILE_OBJECT&) {
    delete this;
}

} // namespace openportcls::ks
