// Audio modules.
#include "client/c/handles.h"

using namespace openportcls;

opc_status opc_audio_modules(opc_object* object, const opc_audio_module** modules, size_t* count) {
    if (c::lacks({{"object", object}, {"modules", modules}, {"count", count}})) {
        return STATUS_INVALID_PARAMETER;
    }
    auto found = audio_modules(*object->object);
    if (!found) {
        return c::fail(found.error());
    }
    object->modules = std::move(*found);
    object->module_list.clear();
    for (const AudioModule& each : object->modules) {
        object->module_list.push_back(
            {c::guid_of(each.class_id), each.instance, each.major_version, each.minor_version, each.name.c_str()});
    }
    *modules = object->module_list.data();
    *count = object->module_list.size();
    return 0;
}

opc_status opc_audio_module_command(opc_object* object, const opc_uuid* class_id, uint32_t instance,
                                    const void* arguments, size_t argument_bytes, const void** answer,
                                    size_t* answer_bytes) {
    if (c::lacks({{"object", object},
                  {"class_id", class_id},
                  {"arguments", arguments, argument_bytes},
                  {"answer", answer},
                  {"answer_bytes", answer_bytes}})) {
        return STATUS_INVALID_PARAMETER;
    }
    if (argument_bytes > c::most_bytes) {
        return c::fail(STATUS_INVALID_PARAMETER, "opc_audio_module_command: argument_bytes is beyond any command");
    }
    AudioModule module;
    module.class_id = c::guid_of(*class_id);
    module.instance = instance;
    auto answered = command_audio_module(*object->object, module, c::bytes_of(arguments, argument_bytes));
    if (!answered) {
        return c::fail(answered.error());
    }
    object->answer = std::move(*answered);
    *answer = object->answer.data();
    *answer_bytes = object->answer.size();
    return 0;
}
