/* What drivers tell of their devices to whoever listens. Part of openportcls.h, whose head has the rules. */
#ifndef OPENPORTCLS_C_NOTIFICATION_H
#define OPENPORTCLS_C_NOTIFICATION_H

#include <openportcls/c/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* KSNOTIFICATIONID_AudioModule, whose data begins with KSAUDIOMODULE_NOTIFICATION; KSNOTIFICATIONID_SoundDetector. */
#define OPC_NOTIFICATION_AUDIO_MODULE {0x9c2220f0, 0xd9a6, 0x4d5c, {0xa0, 0x36, 0x57, 0x38, 0x57, 0xfd, 0x50, 0xd2}}
#define OPC_NOTIFICATION_SOUND_DETECTOR {0x6389d844, 0xbb32, 0x4c4c, {0xa8, 0x02, 0xf4, 0xb4, 0xb7, 0x7a, 0xfe, 0xad}}

typedef struct opc_notification {
    opc_uuid id;
    const void* data; /* what the driver has sent along */
    size_t bytes;
} opc_notification;

/* Notifications with this id from now on. The listener keeps the object open. */
OPC_API opc_status opc_listener_open(opc_object* object, const opc_uuid* id, opc_listener** listener);
OPC_API void opc_listener_close(opc_listener* listener);
/* The oldest that nobody has taken, if there is one. A thousand wait; then the oldest go. Its data stays until the next
 * call for this listener. */
OPC_API bool opc_listener_take(opc_listener* listener, opc_notification* notification);
/* The same, letting time pass until there is one; STATUS_TIMEOUT (0x102) when there is none by then. */
OPC_API opc_status opc_listener_wait(opc_listener* listener, uint64_t timeout_nanoseconds,
                                     opc_notification* notification);
/* Calls `told` with each inside the machine, while time passes there; the data stays for the call. What applies to
 * opc_event_on_signal applies to it. */
OPC_API opc_status opc_listener_on_notification(opc_listener* listener,
                                                void (*told)(void* context, const opc_notification* notification),
                                                void* context);

#ifdef __cplusplus
}
#endif

#endif
