/* Audio modules: processing that applications send commands to. Part of openportcls.h, whose head has the rules. */
#ifndef OPENPORTCLS_C_AUDIO_MODULE_H
#define OPENPORTCLS_C_AUDIO_MODULE_H

#include <openportcls/c/base.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct opc_audio_module {
    opc_uuid class_id;
    uint32_t instance;
    uint32_t major_version, minor_version;
    const char* name;
} opc_audio_module;

/* All of a filter, or those of a pin or stream; the list stays until the next call for this object. */
OPC_API opc_status opc_audio_modules(opc_object* object, const opc_audio_module** modules, size_t* count);
/* What the arguments are, and what the answer is, is a matter between the application and the module. The answer has at
 * most 64,000 bytes and stays until the next call for this object. */
OPC_API opc_status opc_audio_module_command(opc_object* object, const opc_uuid* class_id, uint32_t instance,
                                            const void* arguments, size_t argument_bytes, const void** answer,
                                            size_t* answer_bytes);

#ifdef __cplusplus
}
#endif

#endif
