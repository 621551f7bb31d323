// Requests of any kind, and events.
#include "client/c/handles.h"

#include <ks.h>

using namespace openportcls;

namespace {

// Of a request's input, which a driver gets a copy of.
constexpr std::size_t most_descriptor_bytes = c::most_bytes;

} // namespace

opc_status opc_property(opc_object* object, const opc_uuid* set, uint32_t id, uint32_t flags, const void* descriptor,
                        size_t descriptor_bytes, void* value, size_t value_bytes, size_t* returned) {
    if (c::lacks({{"object", object},
                  {"set", set},
                  {"descriptor", descriptor, descriptor_bytes},
                  {"value", value, value_bytes}})) {
        return STATUS_INVALID_PARAMETER;
    }
    if (descriptor_bytes > most_descriptor_bytes) {
        return c::fail(STATUS_INVALID_PARAMETER, "opc_property: descriptor_bytes is beyond any descriptor");
    }
    std::vector<std::byte> request(sizeof(KSPROPERTY) + descriptor_bytes);
    KSPROPERTY head{};
    std::memcpy(&head.Set, set, sizeof head.Set);
    head.Id = id;
    head.Flags = flags;
    std::memcpy(request.data(), &head, sizeof head);
    if (descriptor_bytes != 0) {
        std::memcpy(request.data() + sizeof head, descriptor, descriptor_bytes);
    }
    const ControlResult result = object->object->control(IOCTL_KS_PROPERTY, request, c::bytes_of(value, value_bytes));
    if (returned != nullptr) {
        *returned = result.information;
    }
    // The failed request has told the whole answer but the sentence.
    return NT_SUCCESS(result.status)
               ? 0
               : c::fail(result.status, (object->object->name() + ": property " + std::to_string(id) + " of set " +
                                         to_string(c::guid_of(*set)) + ": " + opc_status_text(result.status))
                                            .c_str());
}

opc_status opc_control(opc_object* object, uint32_t code, const void* in, size_t in_bytes, void* out, size_t out_bytes,
                       uint64_t* information) {
    if (c::lacks({{"object", object}, {"in", in, in_bytes}, {"out", out, out_bytes}})) {
        return STATUS_INVALID_PARAMETER;
    }
    const ControlResult result = object->object->control(code, c::bytes_of(in, in_bytes), c::bytes_of(out, out_bytes));
    if (information != nullptr) {
        *information = result.information;
    }
    return result.status == 0
               ? 0
               : c::fail(result.status, (object->object->name() + ": " + opc_status_text(result.status)).c_str());
}

opc_status opc_object_set_content_rights(opc_object* object, bool copy_protect, bool digital_output_disable) {
    if (c::lacks({{"object", object}})) {
        return STATUS_INVALID_PARAMETER;
    }
    return c::status_of(object->object->set_content_rights({copy_protect, digital_output_disable}));
}

// ---- events --------------------------------------------------------------------------------------------------------

opc_status opc_event_enable(opc_object* object, const opc_uuid* set, uint32_t id, uint32_t node, bool one_shot,
                            opc_event** event) {
    c::clear(event);
    if (c::lacks({{"object", object}, {"set", set}, {"event", event}})) {
        return STATUS_INVALID_PARAMETER;
    }
    EventOptions options;
    options.one_shot = one_shot;
    if (node != OPC_NO_NODE) {
        options.target = Target::node(node);
    }
    return c::give_handle(object->object->subscribe(Key{c::guid_of(*set), id}, options), event);
}

opc_status opc_event_enable_at(opc_object* object, const opc_uuid* set, uint32_t id, const opc_target* target,
                               const void* parameters, size_t parameter_bytes, bool one_shot, opc_event** event) {
    c::clear(event);
    if (c::lacks({{"object", object}, {"set", set}, {"parameters", parameters, parameter_bytes}, {"event", event}})) {
        return STATUS_INVALID_PARAMETER;
    }
    const auto whom = c::target_of(target);
    if (!whom || parameter_bytes > c::most_bytes) {
        return c::fail(STATUS_INVALID_PARAMETER, "opc_event_enable_at: the target's kind or parameter_bytes is none");
    }
    EventOptions options;
    options.one_shot = one_shot;
    options.target = *whom;
    const auto bytes = c::bytes_of(parameters, parameter_bytes);
    options.parameters.assign(bytes.begin(), bytes.end());
    return c::give_handle(object->object->subscribe(Key{c::guid_of(*set), id}, options), event);
}

bool opc_event_supported(opc_object* object, const opc_uuid* set, uint32_t id, const opc_target* target) {
    if (c::lacks({{"object", object}, {"set", set}})) {
        return false;
    }
    const auto whom = c::target_of(target);
    return whom && object->object->supports_event(Key{c::guid_of(*set), id}, *whom);
}

uint64_t opc_event_signals(const opc_event* event) {
    return c::lacks({{"event", event}}) ? 0 : event->event.signals();
}

void opc_event_disable(opc_event* event) {
    delete event;
}

bool opc_event_take(opc_event* event) {
    if (c::lacks({{"event", event}})) {
        return false;
    }
    return event->event.take();
}

opc_status opc_event_wait(opc_event* event, uint64_t timeout_nanoseconds) {
    if (c::lacks({{"event", event}})) {
        return STATUS_INVALID_PARAMETER;
    }
    return c::status_of(event->event.wait(c::timeout_of(timeout_nanoseconds)));
}

opc_status opc_event_on_signal(opc_event* event, void (*signalled)(void* context), void* context) {
    if (c::lacks({{"event", event}})) {
        return STATUS_INVALID_PARAMETER;
    }
    return c::status_of(signalled != nullptr ? event->event.on_signal([signalled, context] { signalled(context); })
                                             : event->event.on_signal({}));
}
