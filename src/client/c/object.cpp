// Properties, requests, events, and pins with stream requests.
#include "client/c/handles.h"

#include <algorithm>

#include <ks.h>

using namespace openportcls;

namespace {

std::span<const std::byte> bytes_of(const void* data, size_t count) {
    return {static_cast<const std::byte*>(data), count};
}

std::span<std::byte> bytes_of(void* data, size_t count) {
    return {static_cast<std::byte*>(data), count};
}

// Of a request's input, which a driver gets a copy of.
constexpr std::size_t most_descriptor_bytes = std::size_t{1} << 28;

} // namespace

opc_object* opc_filter_object(opc_filter* filter) {
    if (c::lacks({{"filter", filter}})) {
        return nullptr;
    }
    return &filter->object;
}

opc_object* opc_pin_object(opc_pin* pin) {
    if (c::lacks({{"pin", pin}})) {
        return nullptr;
    }
    return &pin->object;
}

opc_object* opc_stream_object(opc_stream* stream) {
    if (c::lacks({{"stream", stream}})) {
        return nullptr;
    }
    return &stream->object;
}

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
    const ControlResult result = object->object->control(IOCTL_KS_PROPERTY, request, bytes_of(value, value_bytes));
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
    const ControlResult result = object->object->control(code, bytes_of(in, in_bytes), bytes_of(out, out_bytes));
    if (information != nullptr) {
        *information = result.information;
    }
    return result.status == 0
               ? 0
               : c::fail(result.status, (object->object->name() + ": " + opc_status_text(result.status)).c_str());
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
    constexpr auto longest = static_cast<uint64_t>(std::chrono::nanoseconds::max().count()); // which waits for ever
    return c::status_of(event->event.wait(std::chrono::nanoseconds(std::min(timeout_nanoseconds, longest))));
}

opc_status opc_event_on_signal(opc_event* event, void (*signalled)(void* context), void* context) {
    if (c::lacks({{"event", event}})) {
        return STATUS_INVALID_PARAMETER;
    }
    return c::status_of(signalled != nullptr ? event->event.on_signal([signalled, context] { signalled(context); })
                                             : event->event.on_signal({}));
}

// ---- pins ----------------------------------------------------------------------------------------------------------

opc_status opc_pin_open(opc_filter* filter, uint32_t pin, const opc_format* format, int mode, opc_pin** opened) {
    c::clear(opened);
    if (c::lacks({{"filter", filter}, {"format", format}, {"opened", opened}})) {
        return STATUS_INVALID_PARAMETER;
    }
    return c::give_handle(Pin::open(filter->filter, pin, c::format_of(*format), c::mode_of(mode)), opened);
}

opc_status opc_pin_open_raw(opc_filter* filter, const void* connect, size_t bytes, opc_pin** opened) {
    c::clear(opened);
    if (c::lacks({{"filter", filter}, {"connect", connect, bytes}, {"opened", opened}})) {
        return STATUS_INVALID_PARAMETER;
    }
    return c::give_handle(Pin::open_raw(filter->filter, bytes_of(connect, bytes)), opened);
}

void opc_pin_close(opc_pin* pin) {
    delete pin;
}

opc_status opc_pin_set_state(opc_pin* pin, int state) {
    if (c::lacks({{"pin", pin}})) {
        return STATUS_INVALID_PARAMETER;
    }
    return c::status_of(pin->pin.set_state(static_cast<PinState>(state)));
}

opc_status opc_pin_get_state(opc_pin* pin, int* state) {
    if (c::lacks({{"pin", pin}, {"state", state}})) {
        return STATUS_INVALID_PARAMETER;
    }
    return c::give(pin->pin.state(), state);
}

opc_status opc_pin_write(opc_pin* pin, const void* frames, size_t bytes) {
    if (c::lacks({{"pin", pin}, {"frames", frames, bytes}})) {
        return STATUS_INVALID_PARAMETER;
    }
    return c::status_of(pin->pin.write(bytes_of(frames, bytes)));
}

opc_status opc_pin_read(opc_pin* pin, void* frames, size_t bytes, size_t* filled) {
    if (c::lacks({{"pin", pin}, {"frames", frames, bytes}, {"filled", filled}})) {
        return STATUS_INVALID_PARAMETER;
    }
    return c::give(pin->pin.read(bytes_of(frames, bytes)), filled);
}
