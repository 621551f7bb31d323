/* Properties, events and requests of whatever is open. Part of openportcls.h, whose head has the rules. */
#ifndef OPENPORTCLS_C_OBJECT_H
#define OPENPORTCLS_C_OBJECT_H

#include <openportcls/c/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Borrowed: they go with the handle. */
OPC_API opc_object* opc_filter_object(opc_filter* filter);
OPC_API opc_object* opc_pin_object(opc_pin* pin);
OPC_API opc_object* opc_stream_object(opc_stream* stream);
OPC_API opc_object* opc_midi_output_object(opc_midi_output* output);
OPC_API opc_object* opc_midi_input_object(opc_midi_input* input);
OPC_API const char* opc_object_name(const opc_object* object); /* "Wave", "Wave pin 0" */

/* ---- values ----------------------------------------------------------------------------------------------------- */

/* Whom a request addresses: the object it is sent to, or one of its pins, nodes, or channels of a node. */
enum { OPC_TARGET_OBJECT = 0, OPC_TARGET_PIN = 1, OPC_TARGET_NODE = 2, OPC_TARGET_CHANNEL = 3 };
typedef struct opc_target {
    int kind;         /* OPC_TARGET_OBJECT ... */
    uint32_t id;      /* of the pin or node */
    uint32_t channel; /* with OPC_TARGET_CHANNEL */
} opc_target;

/* A value of known size, laid out as Windows has it: int32_t for LONG and BOOL, or a structure. The driver gives at
 * least so much, or it is STATUS_INFO_LENGTH_MISMATCH. target: NULL for the object, here and below. */
OPC_API opc_status opc_property_get(opc_object* object, const opc_uuid* set, uint32_t id, const opc_target* target,
                                    void* value, size_t bytes);
OPC_API opc_status opc_property_set(opc_object* object, const opc_uuid* set, uint32_t id, const opc_target* target,
                                    const void* value, size_t bytes);
/* A value whose size only the driver knows, KSMULTIPLE_ITEM lists and the like; text that ends with a zero, in UTF-8.
 * They stay until the next call of the same function for this object. */
OPC_API opc_status opc_property_bytes(opc_object* object, const opc_uuid* set, uint32_t id, const opc_target* target,
                                      const void** value, size_t* bytes);
OPC_API opc_status opc_property_text(opc_object* object, const opc_uuid* set, uint32_t id, const opc_target* target,
                                     const char** text);

/* A range of LONG values; step 0: any. */
typedef struct opc_property_range {
    int32_t minimum, maximum;
    uint32_t step;
} opc_property_range;
/* What the driver says about a property. */
typedef struct opc_support {
    bool can_get, can_set;
    uint32_t value_type;              /* VARTYPE of the value (3 = LONG, 11 = BOOL ...); 0: not stated */
    const opc_property_range* ranges; /* one per channel where the driver says so */
    size_t range_count;
    const void* description; /* KSPROPERTY_DESCRIPTION and what follows it; no bytes when there is none */
    size_t description_bytes;
} opc_support;
/* Lists stay until the next call of the same function for this object. */
OPC_API opc_status opc_property_support(opc_object* object, const opc_uuid* set, uint32_t id, const opc_target* target,
                                        opc_support* support);
OPC_API opc_status opc_property_sets(opc_object* object, const opc_target* target, const opc_uuid** sets,
                                     size_t* count);

/* The ones that applications need most: `static const opc_uuid audio = OPC_SET_AUDIO;`. */
#define OPC_SET_AUDIO {0x45ffaaa0, 0x6e1b, 0x11d0, {0xbc, 0xf2, 0x44, 0x45, 0x53, 0x54, 0x00, 0x00}}
#define OPC_SET_PIN {0x8c134960, 0x51ad, 0x11cf, {0x87, 0x8a, 0x94, 0xf8, 0x01, 0xc1, 0x00, 0x00}}
#define OPC_SET_TOPOLOGY {0x720d4ac0, 0x7533, 0x11d0, {0xa5, 0xd6, 0x28, 0xdb, 0x04, 0xc1, 0x00, 0x00}}
#define OPC_SET_CONNECTION {0x1d58c920, 0xac9b, 0x11cf, {0xa5, 0xd6, 0x28, 0xdb, 0x04, 0xc1, 0x00, 0x00}}
#define OPC_SET_JACK {0x4509f757, 0x2d46, 0x4637, {0x8e, 0x62, 0xce, 0x7d, 0xb9, 0x44, 0xf5, 0x7b}}
#define OPC_SET_REALTIME_AUDIO {0xa855a48c, 0x2f78, 0x4729, {0x90, 0x51, 0x19, 0x68, 0x74, 0x6b, 0x9e, 0xef}}
#define OPC_SET_AUDIO_MODULE {0xc034fdb0, 0xff75, 0x47c8, {0xaa, 0x3c, 0xee, 0x46, 0x71, 0x6b, 0x50, 0xc6}}
#define OPC_SET_CONTROL_CHANGE {0xe85e9698, 0xfa2f, 0x11d1, {0x95, 0xbd, 0x00, 0xc0, 0x4f, 0xb9, 0x25, 0xd3}}
enum {
    OPC_AUDIO_LATENCY = 1,         /* KSTIME: time stamp and frequency */
    OPC_AUDIO_CHANNEL_CONFIG = 3,  /* KSAUDIO_CHANNEL_CONFIG: speaker mask */
    OPC_AUDIO_VOLUME_LEVEL = 4,    /* LONG, 1/65536 dB; a channel */
    OPC_AUDIO_POSITION = 5,        /* KSAUDIO_POSITION; on streams */
    OPC_AUDIO_MUX_SOURCE = 12,     /* ULONG; a node */
    OPC_AUDIO_MUTE = 13,           /* BOOL; a channel */
    OPC_AUDIO_BASS = 14,           /* LONG, 1/65536 dB; a channel */
    OPC_AUDIO_MIDDLE = 15,         /* the same */
    OPC_AUDIO_TREBLE = 16,         /* the same */
    OPC_AUDIO_AUTOMATIC_GAIN = 21, /* BOOL; a channel */
    OPC_AUDIO_LOUDNESS = 23,       /* BOOL; a channel */
    OPC_AUDIO_PEAK_METER = 55,     /* LONG since the last question; a channel */
    OPC_CONNECTION_STATE = 0,      /* of OPC_SET_CONNECTION: OPC_STOP ... */
    OPC_CONNECTION_DATA_FORMAT = 2,
    OPC_JACK_DESCRIPTION = 1,                 /* of OPC_SET_JACK: KSMULTIPLE_ITEM of KSJACK_DESCRIPTION; a pin */
    OPC_AUDIO_MODULE_NOTIFICATION_DEVICE = 3, /* of OPC_SET_AUDIO_MODULE: GUID */
    OPC_CONTROL_CHANGE = 0                    /* the event of OPC_SET_CONTROL_CHANGE; a node */
};

/* Streams and pins: gives what is played a content id with these rights (DRMRIGHTS), as the system's DRM does for a
 * protected application. STATUS_NOT_IMPLEMENTED (0xC0000002) from a stream that cannot honour them; then the former
 * ones hold. */
OPC_API opc_status opc_object_set_content_rights(opc_object* object, bool copy_protect, bool digital_output_disable);

/* ---- requests of any kind --------------------------------------------------------------------------------------- */

/* One IOCTL_KS_PROPERTY. flags: KSPROPERTY_TYPE_xxx (1 get, 2 set, 0x200 basic support, 0x10000000 for nodes).
 * descriptor: what follows KSPROPERTY (pin id, node id …). value is read for set, written for get. returned (may be
 * NULL): the bytes that the driver reports; for a get with no value, the size it wants (STATUS_BUFFER_OVERFLOW). */
OPC_API opc_status opc_property(opc_object* object, const opc_uuid* set, uint32_t id, uint32_t flags,
                                const void* descriptor, size_t descriptor_bytes, void* value, size_t value_bytes,
                                size_t* returned);
/* Any IOCTL with any buffers; information may be NULL. */
OPC_API opc_status opc_control(opc_object* object, uint32_t code, const void* in, size_t in_bytes, void* out,
                               size_t out_bytes, uint64_t* information);

/* ---- events ----------------------------------------------------------------------------------------------------- */

#define OPC_NO_NODE UINT32_MAX
/* Enables an event of the object or, with a node, of that node. opc_event_disable ends it. */
OPC_API opc_status opc_event_enable(opc_object* object, const opc_uuid* set, uint32_t id, uint32_t node, bool one_shot,
                                    opc_event** event);
/* The same for any target, with the bytes that follow KSEVENTDATA for the events that have some. */
OPC_API opc_status opc_event_enable_at(opc_object* object, const opc_uuid* set, uint32_t id, const opc_target* target,
                                       const void* parameters, size_t parameter_bytes, bool one_shot,
                                       opc_event** event);
OPC_API bool opc_event_supported(opc_object* object, const opc_uuid* set, uint32_t id, const opc_target* target);
OPC_API void opc_event_disable(opc_event* event);
OPC_API bool opc_event_take(opc_event* event); /* signalled since the last look? */
/* Lets time pass until it is signalled; STATUS_TIMEOUT (0x102) when it is not by then. UINT64_MAX: no end. */
OPC_API opc_status opc_event_wait(opc_event* event, uint64_t timeout_nanoseconds);
/* Calls `signalled` inside the machine, while time passes there. It may not disable the event. NULL, which it may not
 * hand in itself, ends the calls; opc_event_take and opc_event_wait see the signals again. */
OPC_API opc_status opc_event_on_signal(opc_event* event, void (*signalled)(void* context), void* context);
OPC_API uint64_t opc_event_signals(const opc_event* event); /* how often that function has been called */

#ifdef __cplusplus
}
#endif

#endif
