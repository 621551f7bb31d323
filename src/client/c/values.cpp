// Properties of known and of unknown size.
#include "client/c/handles.h"

using namespace openportcls;

namespace {

constexpr int no_target = -1;

int kind_of(const opc_target* target) {
    if (target == nullptr) {
        return OPC_TARGET_OBJECT;
    }
    return target->kind >= OPC_TARGET_OBJECT && target->kind <= OPC_TARGET_CHANNEL ? target->kind : no_target;
}

Key key_of(const opc_uuid& set, uint32_t id) {
    return {c::guid_of(set), id};
}

template<class List, class Item>
opc_status give_list(const List& list, const Item** items, size_t* count) {
    *items = list.data();
    *count = list.size();
    return 0;
}

// Whether there is everything that all these functions need; the message says what is missing.
bool is_wrong(const opc_target* target, const char* function = __builtin_FUNCTION()) {
    if (kind_of(target) != no_target) {
        return false;
    }
    c::fail(STATUS_INVALID_PARAMETER, (std::string(function) + ": the target's kind is none").c_str());
    return true;
}

} // namespace

namespace openportcls::c {

std::optional<Target> target_of(const opc_target* target) {
    switch (kind_of(target)) {
    case OPC_TARGET_OBJECT:
        return Target();
    case OPC_TARGET_PIN:
        return Target::pin(target->id);
    case OPC_TARGET_NODE:
        return Target::node(target->id);
    case OPC_TARGET_CHANNEL:
        return Target::channel(target->id, target->channel);
    default:
        return std::nullopt;
    }
}

} // namespace openportcls::c

opc_object* opc_filter_object(opc_filter* filter) {
    return c::lacks({{"filter", filter}}) ? nullptr : &filter->object;
}

opc_object* opc_pin_object(opc_pin* pin) {
    return c::lacks({{"pin", pin}}) ? nullptr : &pin->object;
}

opc_object* opc_stream_object(opc_stream* stream) {
    return c::lacks({{"stream", stream}}) ? nullptr : &stream->object;
}

opc_object* opc_midi_output_object(opc_midi_output* output) {
    return c::lacks({{"output", output}}) ? nullptr : &output->object;
}

opc_object* opc_midi_input_object(opc_midi_input* input) {
    return c::lacks({{"input", input}}) ? nullptr : &input->object;
}

const char* opc_object_name(const opc_object* object) {
    return c::lacks({{"object", object}}) ? nullptr : object->object->name().c_str();
}

opc_status opc_property_get(opc_object* object, const opc_uuid* set, uint32_t id, const opc_target* target, void* value,
                            size_t bytes) {
    if (c::lacks({{"object", object}, {"set", set}, {"value", value, bytes}}) || is_wrong(target)) {
        return STATUS_INVALID_PARAMETER;
    }
    const Target whom = *c::target_of(target);
    // What fails half-way has changed nothing.
    std::vector<std::byte> got(std::min(bytes, c::most_bytes));
    const auto size =
        object->object->property(c::guid_of(*set), id, property_get | whom.flags(), whom.descriptor(), got);
    if (!size) {
        return c::fail(size.error());
    }
    if (*size < bytes) {
        return c::fail(STATUS_INFO_LENGTH_MISMATCH, "opc_property_get: the driver gave fewer bytes");
    }
    std::copy(got.begin(), got.end(), static_cast<std::byte*>(value));
    return 0;
}

opc_status opc_property_set(opc_object* object, const opc_uuid* set, uint32_t id, const opc_target* target,
                            const void* value, size_t bytes) {
    if (c::lacks({{"object", object}, {"set", set}, {"value", value, bytes}}) || is_wrong(target)) {
        return STATUS_INVALID_PARAMETER;
    }
    if (bytes > c::most_bytes) {
        return c::fail(STATUS_INVALID_PARAMETER, "opc_property_set: no value has so many bytes");
    }
    const Target whom = *c::target_of(target);
    const auto* const first = static_cast<const std::byte*>(value);
    std::vector<std::byte> copy(first, first + bytes); // drivers may write to it
    return c::status_of(
        object->object->property(c::guid_of(*set), id, property_set | whom.flags(), whom.descriptor(), copy));
}

opc_status opc_property_bytes(opc_object* object, const opc_uuid* set, uint32_t id, const opc_target* target,
                              const void** value, size_t* bytes) {
    if (c::lacks({{"object", object}, {"set", set}, {"value", value}, {"bytes", bytes}}) || is_wrong(target)) {
        return STATUS_INVALID_PARAMETER;
    }
    auto got = object->object->get_bytes(key_of(*set, id), *c::target_of(target));
    if (!got) {
        return c::fail(got.error());
    }
    object->value = std::move(*got);
    *value = object->value.data();
    *bytes = object->value.size();
    return 0;
}

opc_status opc_property_text(opc_object* object, const opc_uuid* set, uint32_t id, const opc_target* target,
                             const char** text) {
    if (c::lacks({{"object", object}, {"set", set}, {"text", text}}) || is_wrong(target)) {
        return STATUS_INVALID_PARAMETER;
    }
    auto got = object->object->get_text(key_of(*set, id), *c::target_of(target));
    if (!got) {
        return c::fail(got.error());
    }
    object->text = std::move(*got);
    *text = object->text.c_str();
    return 0;
}

opc_status opc_property_support(opc_object* object, const opc_uuid* set, uint32_t id, const opc_target* target,
                                opc_support* support) {
    if (c::lacks({{"object", object}, {"set", set}, {"support", support}}) || is_wrong(target)) {
        return STATUS_INVALID_PARAMETER;
    }
    auto got = object->object->support(key_of(*set, id), *c::target_of(target));
    if (!got) {
        return c::fail(got.error());
    }
    object->support = std::move(*got);
    object->ranges.clear();
    for (const PropertyRange& range : object->support.ranges) {
        object->ranges.push_back({range.minimum, range.maximum, range.step});
    }
    *support = {object->support.can_get,
                object->support.can_set,
                object->support.value_type,
                object->ranges.data(),
                object->ranges.size(),
                object->support.description.data(),
                object->support.description.size()};
    return 0;
}

opc_status opc_property_sets(opc_object* object, const opc_target* target, const opc_uuid** sets, size_t* count) {
    if (c::lacks({{"object", object}, {"sets", sets}, {"count", count}}) || is_wrong(target)) {
        return STATUS_INVALID_PARAMETER;
    }
    auto got = object->object->property_sets(*c::target_of(target));
    if (!got) {
        return c::fail(got.error());
    }
    object->sets.clear();
    for (const Guid& set : *got) {
        object->sets.push_back(c::guid_of(set));
    }
    return give_list(object->sets, sets, count);
}
