/* Statuses, identifiers and the names of all handles. Part of openportcls.h, whose head has the rules. */
#ifndef OPENPORTCLS_C_BASE_H
#define OPENPORTCLS_C_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define OPC_API __attribute__((visibility("default")))

typedef int32_t opc_status;
typedef struct opc_machine opc_machine;
typedef struct opc_driver opc_driver;
typedef struct opc_device opc_device;
typedef struct opc_filter opc_filter;
typedef struct opc_pin opc_pin;
typedef struct opc_request opc_request;
typedef struct opc_stream opc_stream;
typedef struct opc_event opc_event;
typedef struct opc_listener opc_listener;
typedef struct opc_object opc_object; /* what filters, pins, streams and MIDI have in common */
typedef struct opc_midi_output opc_midi_output;
typedef struct opc_midi_input opc_midi_input;
typedef struct opc_midi_file opc_midi_file;
typedef struct opc_thread opc_thread;
typedef struct opc_live opc_live;
typedef struct opc_ring opc_ring;

/* The message of the last failed call on this thread, until the next one; "" before the first. Never NULL. */
OPC_API const char* opc_last_error(void);
/* "STATUS_NO_MATCH (0xc0000272)"; on this thread until the next call. */
OPC_API const char* opc_status_text(opc_status status);
OPC_API const char* opc_version(void); /* "0.1.0" */

typedef struct opc_uuid {
    uint32_t data1;
    uint16_t data2;
    uint16_t data3;
    uint8_t data4[8];
} opc_uuid;

/* "{6994ad04-93ef-11d0-a3cc-00a0c9223196}"; on this thread until the next call. */
OPC_API const char* opc_uuid_text(const opc_uuid* uuid);
/* The symbol where it is a known one ("KSNODETYPE_VOLUME"), the braces otherwise; on this thread until the next call.
 */
OPC_API const char* opc_uuid_name(const opc_uuid* uuid);
/* With or without braces, in letters of either case. */
OPC_API opc_status opc_uuid_parse(const char* text, opc_uuid* uuid);

#ifdef __cplusplus
}
#endif

#endif
