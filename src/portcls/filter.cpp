#include "portcls/filter.h"

#include <algorithm>

#include "ks/event_requests.h"
#include "portcls/event_dispatch.h"
#include "portcls/pin_creation.h"
#include "portcls/port.h"
#include "portcls/property_dispatch.h"

namespace openportcls::portcls {

namespace {

const GUID pin_object_name = KSNAME_Pin;

} // namespace

Filter::Filter(Port& port, FILE_OBJECT& file)
    : port_(port), file_(file), pin_instances_(port.description().pin_count()) {
    port_.keep();
    port_.filters_.push_back(this);
}

Filter::~Filter() {
    port_.filter_closed(*this);
    port_.drop();
}

void Filter::release() {
    if (--references_ == 0) {
        delete this;
    }
}

NTSTATUS Filter::create_child(IRP& irp, const GUID& kind, const void* parameters, ULONG parameters_bytes) {
    // Topology nodes are no objects here (they have no handle), clocks and allocators belong to pins.
    return IsEqualGUID(kind, pin_object_name) ? create_pin(*this, irp, parameters, parameters_bytes)
                                              : STATUS_OBJECT_NAME_NOT_FOUND;
}

NTSTATUS Filter::property(IRP& irp) {
    return dispatch_property(*this, nullptr, irp);
}
NTSTATUS Filter::enable_event(IRP& irp) {
    return dispatch_enable_event(*this, nullptr, irp);
}
NTSTATUS Filter::disable_event(IRP& irp) {
    return ks::disable_requested_event(irp, port_.events());
}
void Filter::cleanup(FILE_OBJECT& file) {
    port_.events().remove_file(&file);
}
void Filter::close(FILE_OBJECT&) {
    release();
}

} // namespace openportcls::portcls
