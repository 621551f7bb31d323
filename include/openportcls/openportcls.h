/* OpenPortCls for C and for every language that can call C: run Windows audio drivers in this process.
 *
 * Status. Functions that can fail return an NTSTATUS, the one that a Windows caller would have seen: 0 is success, and
 * after anything else opc_last_error() has a sentence that says what happened to what.
 *
 * Lifetime. What a function hands out through a `**` parameter belongs to the caller and goes back through the function
 * named beside it; those accept NULL. A handle keeps alive what it was made from, so the order does not matter. Strings
 * and arrays that are returned belong to the handle they came from and stay until it goes, unless stated otherwise.
 *
 * Threads. A machine and everything made from it belongs to the thread that created it. An application that lives in
 * real time lets the machine have a thread of its own (opc_thread_start), hands it functions with opc_thread_run, and
 * moves samples with opc_live_write and opc_live_read, which never wait.
 *
 * Structures that are handed in begin with their size; their _init function sets it, and the usual values. Another size
 * is STATUS_INFO_LENGTH_MISMATCH, a value that is none of the header's STATUS_INVALID_PARAMETER.
 *
 * NULL. A parameter may be NULL where its description says so; so may every `context`, which is the caller's, and the
 * address of no bytes. Anywhere else NULL is STATUS_INVALID_PARAMETER, or, from a function without a status, 0, false
 * or NULL, and opc_last_error() names the parameter. Nothing is changed then but the place of a new handle: that is
 * NULL after every failure. */
#ifndef OPENPORTCLS_H
#define OPENPORTCLS_H

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
typedef struct opc_stream opc_stream;
typedef struct opc_event opc_event;
typedef struct opc_object opc_object; /* what filters, pins and streams have in common */
typedef struct opc_thread opc_thread;
typedef struct opc_live opc_live;

/* The message of the last failed call on this thread, until the next one; "" before the first. Never NULL. */
OPC_API const char* opc_last_error(void);
/* "STATUS_NO_MATCH (0xc0000272)"; on this thread until the next call. */
OPC_API const char* opc_status_text(opc_status status);
OPC_API const char* opc_version(void); /* "0.1.0" */

/* ---- machines -------------------------------------------------------------------------------------------------- */

enum { OPC_FIRST_COME = 0, OPC_RANDOM = 1, OPC_PCT = 2 };

typedef struct opc_machine_options {
    size_t size;
    int scheduling; /* OPC_FIRST_COME … */
    uint64_t seed;
    unsigned pct_depth;
    unsigned processors;
    bool paced; /* in step with the host's clock; false: as fast as possible */
    unsigned watchdog_seconds;
    const char* windows;  /* "xp", "vista", "7", "8", "8.1", "10", "11" */
    const char* sandbox;  /* folder that stands for C:; NULL: a private one that goes with the machine */
    const char* registry; /* file that keeps the registry; NULL: in memory */
} opc_machine_options;
OPC_API void opc_machine_options_init(opc_machine_options* options);

/* options: NULL for the usual values. */
OPC_API opc_status opc_machine_create(const opc_machine_options* options, opc_machine** machine);
OPC_API void opc_machine_destroy(opc_machine* machine);
OPC_API uint64_t opc_machine_now(const opc_machine* machine); /* nanoseconds of simulated time */
OPC_API opc_status opc_machine_run_for(opc_machine* machine, uint64_t nanoseconds);
/* s_state: 1 to 4, from which opc_machine_wake leads back, or 5: off. Then time stands still, and what would ask a
 * driver is STATUS_SYSTEM_SHUTDOWN (0xC00002FE); handles can be closed. */
OPC_API opc_status opc_machine_sleep(opc_machine* machine, unsigned s_state);
OPC_API opc_status opc_machine_wake(opc_machine* machine);
/* The bugcheck report when a driver has crashed, NULL otherwise. */
OPC_API const char* opc_machine_crash_report(opc_machine* machine);
/* What drivers print; NULL ends it. `text` is zero-terminated and only there during the call. */
typedef void (*opc_print_function)(void* context, const char* text);
OPC_API void opc_machine_on_debug_print(opc_machine* machine, opc_print_function print, void* context);
/* A timeline for https://ui.perfetto.dev; opc_machine_stop_trace completes the file. */
OPC_API opc_status opc_machine_start_trace(opc_machine* machine, const char* file);
OPC_API opc_status opc_machine_stop_trace(opc_machine* machine);

/* ---- drivers and devices --------------------------------------------------------------------------------------- */

typedef struct opc_driver_options {
    size_t size;
    const char* inf;               /* NULL: the one beside the module */
    const char* const* parameters; /* registry values, "DoNotCreateDataFiles=1" */
    size_t parameter_count;
    const char* hardware_id;      /* NULL: the INF's first model */
    bool add_device;              /* also add and start one device */
    const char* inf_architecture; /* whose models of the INF count; NULL: amd64 */
} opc_driver_options;
OPC_API void opc_driver_options_init(opc_driver_options* options);

/* module: a file that `portcls build` made, or a name ("cable"). opc_driver_release lets go of the handle only. */
OPC_API opc_status opc_driver_load(opc_machine* machine, const char* module, const opc_driver_options* options,
                                   opc_driver** driver);
OPC_API void opc_driver_release(opc_driver* driver);
OPC_API const char* opc_driver_name(const opc_driver* driver);
/* What is wrong with the INF and did not stop the installation: "card.inf:12: warning: ...", each once. The list stays
 * until the next call for the same handle. */
OPC_API opc_status opc_driver_warnings(opc_driver* driver, const char* const** warnings, size_t* count);
/* The same of the INF that opc_driver_load read last, also when that failed. */
OPC_API opc_status opc_machine_load_warnings(opc_machine* machine, const char* const** warnings, size_t* count);

typedef struct opc_leak {
    const char* kind; /* "pool", "device object" … */
    const char* what; /* tag or name */
    uint64_t count;
    uint64_t bytes;
} opc_leak;
/* Removes its devices, calls DriverUnload, takes the module out. The list is what it left behind; both places may
 * be NULL. */
OPC_API opc_status opc_driver_unload(opc_driver* driver, const opc_leak** leaks, size_t* leak_count);

/* hardware_id: NULL for the INF's first model. */
OPC_API opc_status opc_driver_add_device(opc_driver* driver, const char* hardware_id, opc_device** device);
OPC_API size_t opc_driver_device_count(const opc_driver* driver);
OPC_API opc_status opc_driver_device(opc_driver* driver, size_t index, opc_device** device);
OPC_API void opc_device_release(opc_device* device);
OPC_API const char* opc_device_path(const opc_device* device); /* ROOT\CABLE\0000 */
OPC_API const char* opc_device_description(const opc_device* device);
OPC_API const char* opc_device_state(opc_device* device); /* "started" …; until the next call */
OPC_API opc_status opc_device_start(opc_device* device);
/* As for a rebalance; refused by drivers that register no IAdapterPnpManagement. */
OPC_API opc_status opc_device_stop(opc_device* device);
OPC_API opc_status opc_device_remove(opc_device* device);
OPC_API opc_status opc_device_surprise_remove(opc_device* device);
OPC_API opc_status opc_device_set_power(opc_device* device, unsigned d_state); /* 0 to 3 */

typedef struct opc_builtin_driver {
    const char* name;
    const char* description;
    const char* module;
    const char* inf;
    const char* binds_to;
} opc_builtin_driver;
/* Drivers that came with the library. The list stays as long as the library. */
OPC_API size_t opc_builtin_drivers(const opc_builtin_driver** drivers);

/* ---- filters --------------------------------------------------------------------------------------------------- */

typedef struct opc_uuid {
    uint32_t data1;
    uint16_t data2;
    uint16_t data3;
    uint8_t data4[8];
} opc_uuid;

typedef struct opc_filter_info {
    const char* name; /* "Wave" */
    const char* friendly_name;
    const char* path; /* for opc_filter_open */
    const char* device;
    const char* categories; /* "audio render realtime" */
} opc_filter_info;
/* Filters that are there now; the list stays until the next call for this machine. */
OPC_API opc_status opc_machine_filters(opc_machine* machine, const opc_filter_info** filters, size_t* count);

/* which: a path, a name ("Wave") or a category ("render"). */
OPC_API opc_status opc_filter_open(opc_machine* machine, const char* which, opc_filter** filter);
OPC_API void opc_filter_close(opc_filter* filter);
OPC_API const char* opc_filter_name(const opc_filter* filter);

typedef struct opc_format {
    uint32_t rate; /* frames per second */
    uint16_t channels;
    uint16_t bits;       /* container of one sample: 8, 16, 24, 32 */
    uint16_t valid_bits; /* 0 = all of them */
    bool is_float;
    bool extensible;       /* false: plain WAVEFORMATEX */
    uint32_t channel_mask; /* 0 = the usual one */
} opc_format;
OPC_API void opc_format_init(opc_format* format); /* 48000 Hz, 2 channels, 16 bit */

typedef struct opc_range {
    uint32_t minimum_rate, maximum_rate;
    uint16_t maximum_channels;
    uint16_t minimum_bits, maximum_bits;
    bool is_pcm, is_float;
} opc_range;

enum { OPC_IN = 0, OPC_OUT = 1 }; /* OPC_IN: towards the filter (render) */
enum { OPC_MODE_NONE = 0, OPC_MODE_DEFAULT = 1, OPC_MODE_RAW = 2 };

typedef struct opc_pin_info {
    uint32_t id;
    int flow;       /* OPC_IN or OPC_OUT */
    bool is_bridge; /* applications cannot open it */
    opc_uuid category;
    const char* name;
    const opc_range* ranges;
    size_t range_count;
    uint32_t possible_instances, current_instances;
    const char* connected_to; /* "Topology:0" or "" */
} opc_pin_info;
typedef struct opc_node_info {
    uint32_t id;
    opc_uuid type;
    const char* type_name; /* "KSNODETYPE_VOLUME" */
    const char* name;
} opc_node_info;
typedef struct opc_connection {
    uint32_t from_node, from_pin, to_node, to_pin; /* a node of UINT32_MAX is the filter itself */
} opc_connection;
/* The lists stay until the next call of the same function for this filter. */
OPC_API opc_status opc_filter_pins(opc_filter* filter, const opc_pin_info** pins, size_t* count);
OPC_API opc_status opc_filter_nodes(opc_filter* filter, const opc_node_info** nodes, size_t* count);
OPC_API opc_status opc_filter_connections(opc_filter* filter, const opc_connection** connections, size_t* count);

/* The first pin that streams in this direction and takes the format (NULL: any). */
OPC_API opc_status opc_filter_find_pin(opc_filter* filter, int flow, const opc_format* format, uint32_t* pin);
OPC_API opc_status opc_filter_intersect(opc_filter* filter, uint32_t pin, const opc_range* range, opc_format* format);
OPC_API opc_status opc_filter_propose(opc_filter* filter, uint32_t pin, const opc_format* format, int mode);

OPC_API opc_status opc_filter_get_volume(opc_filter* filter, uint32_t node, uint32_t channel, double* decibels);
OPC_API opc_status opc_filter_set_volume(opc_filter* filter, uint32_t node, uint32_t channel, double decibels);
OPC_API opc_status opc_filter_volume_range(opc_filter* filter, uint32_t node, uint32_t channel, double* minimum,
                                           double* maximum, double* step);
OPC_API opc_status opc_filter_get_mute(opc_filter* filter, uint32_t node, uint32_t channel, bool* mute);
OPC_API opc_status opc_filter_set_mute(opc_filter* filter, uint32_t node, uint32_t channel, bool mute);
OPC_API opc_status opc_filter_get_mux(opc_filter* filter, uint32_t node, uint32_t* input);
OPC_API opc_status opc_filter_set_mux(opc_filter* filter, uint32_t node, uint32_t input);
OPC_API opc_status opc_filter_get_peak(opc_filter* filter, uint32_t node, uint32_t channel, double* peak); /* 0 to 1 */

/* ---- properties, events, requests of any kind ------------------------------------------------------------------- */

/* Borrowed: they go with the handle. */
OPC_API opc_object* opc_filter_object(opc_filter* filter);
OPC_API opc_object* opc_pin_object(opc_pin* pin);
OPC_API opc_object* opc_stream_object(opc_stream* stream);

/* One IOCTL_KS_PROPERTY. flags: KSPROPERTY_TYPE_xxx (1 get, 2 set, 0x200 basic support, 0x10000000 for nodes).
 * descriptor: what follows KSPROPERTY (pin id, node id …). value is read for set, written for get. returned (may be
 * NULL): the bytes that the driver reports; for a get with no value, the size it wants (STATUS_BUFFER_OVERFLOW). */
OPC_API opc_status opc_property(opc_object* object, const opc_uuid* set, uint32_t id, uint32_t flags,
                                const void* descriptor, size_t descriptor_bytes, void* value, size_t value_bytes,
                                size_t* returned);
/* Any IOCTL with any buffers; information may be NULL. */
OPC_API opc_status opc_control(opc_object* object, uint32_t code, const void* in, size_t in_bytes, void* out,
                               size_t out_bytes, uint64_t* information);

#define OPC_NO_NODE UINT32_MAX
/* Enables an event of the object or, with a node, of that node. opc_event_disable ends it. */
OPC_API opc_status opc_event_enable(opc_object* object, const opc_uuid* set, uint32_t id, uint32_t node, bool one_shot,
                                    opc_event** event);
OPC_API void opc_event_disable(opc_event* event);
OPC_API bool opc_event_take(opc_event* event); /* signalled since the last look? */
/* Lets time pass until it is signalled; STATUS_TIMEOUT (0x102) when it is not by then. UINT64_MAX: no end. */
OPC_API opc_status opc_event_wait(opc_event* event, uint64_t timeout_nanoseconds);
/* Calls `signalled` inside the machine, while time passes there. It may not disable the event. NULL, which it may not
 * hand in itself, ends the calls; opc_event_take and opc_event_wait see the signals again. */
OPC_API opc_status opc_event_on_signal(opc_event* event, void (*signalled)(void* context), void* context);

/* ---- streams --------------------------------------------------------------------------------------------------- */

/* Packet mode of WaveRT (SetWritePacket, GetReadPacket). */
enum {
    OPC_PACKETS_WHERE_AVAILABLE, /* as Windows does */
    OPC_PACKETS_REQUIRED,        /* an error where the driver has none */
    OPC_PACKETS_NEVER
};

typedef struct opc_stream_options {
    size_t size;
    uint32_t period_microseconds;
    uint32_t pin; /* UINT32_MAX: the first one that takes the format */
    int mode;     /* OPC_MODE_NONE … */
    int packets;  /* OPC_PACKETS_WHERE_AVAILABLE … */
} opc_stream_options;
OPC_API void opc_stream_options_init(opc_stream_options* options);

/* options: NULL for the usual values. opc_stream_close stops and closes. */
OPC_API opc_status opc_render_open(opc_filter* filter, const opc_format* format, const opc_stream_options* options,
                                   opc_stream** stream);
OPC_API opc_status opc_capture_open(opc_filter* filter, const opc_format* format, const opc_stream_options* options,
                                    opc_stream** stream);
OPC_API void opc_stream_close(opc_stream* stream);

OPC_API uint32_t opc_stream_pin(const opc_stream* stream);
OPC_API uint32_t opc_stream_period_frames(const opc_stream* stream);
OPC_API uint32_t opc_stream_buffer_frames(const opc_stream* stream);
OPC_API uint64_t opc_stream_glitches(const opc_stream* stream); /* periods that came too late */
OPC_API uint64_t opc_stream_frames(const opc_stream* stream);   /* written or read since stop */
OPC_API opc_status opc_stream_start(opc_stream* stream);
OPC_API opc_status opc_stream_pause(opc_stream* stream);
OPC_API opc_status opc_stream_stop(opc_stream* stream);
typedef struct opc_position {
    uint64_t play_offset; /* bytes, inside the buffer for WaveRT */
    uint64_t write_offset;
    uint64_t time; /* nanoseconds */
} opc_position;
OPC_API opc_status opc_stream_position(opc_stream* stream, opc_position* position);

/* Render: copies whole frames, waiting for room. drain lets everything be heard, then stops. */
OPC_API opc_status opc_stream_write(opc_stream* stream, const void* frames, size_t bytes);
OPC_API opc_status opc_stream_drain(opc_stream* stream);
/* Capture: fills it all, or takes what is there. */
OPC_API opc_status opc_stream_read(opc_stream* stream, void* frames, size_t bytes);
OPC_API opc_status opc_stream_read_available(opc_stream* stream, void* frames, size_t bytes, size_t* taken);
/* The WaveRT buffer itself, shared with the driver; NULL and 0 where the port has none. */
OPC_API void* opc_stream_buffer(opc_stream* stream, size_t* bytes);
/* Called with each period to fill (render) or take (capture) while time passes; false ends the stream. NULL, which the
 * function may not hand in itself, ends the calls: the stream goes on, with opc_stream_write or opc_stream_read. */
typedef bool (*opc_period_function)(void* context, void* period, size_t bytes);
OPC_API opc_status opc_stream_on_period(opc_stream* stream, opc_period_function function, void* context);

/* ---- pins with stream requests ---------------------------------------------------------------------------------- */

enum { OPC_STOP = 0, OPC_ACQUIRE = 1, OPC_PAUSE = 2, OPC_RUN = 3 };
OPC_API opc_status opc_pin_open(opc_filter* filter, uint32_t pin, const opc_format* format, int mode, opc_pin** opened);
/* connect: KSPIN_CONNECT and what follows it, right or wrong. */
OPC_API opc_status opc_pin_open_raw(opc_filter* filter, const void* connect, size_t bytes, opc_pin** opened);
OPC_API void opc_pin_close(opc_pin* pin);
OPC_API opc_status opc_pin_set_state(opc_pin* pin, int state);
OPC_API opc_status opc_pin_get_state(opc_pin* pin, int* state);
/* One stream request, waited for. */
OPC_API opc_status opc_pin_write(opc_pin* pin, const void* frames, size_t bytes);
OPC_API opc_status opc_pin_read(opc_pin* pin, void* frames, size_t bytes, size_t* filled);

/* ---- a machine on its own thread, in real time ------------------------------------------------------------------- */

/* options: `paced` is implied. realtime_priority: 1 to 99 for SCHED_FIFO where the host permits it, 0 for none.
 * The machine ends with the thread handle and the last live stream. */
OPC_API opc_status opc_thread_start(const opc_machine_options* options, int realtime_priority, opc_thread** thread);
OPC_API void opc_thread_end(opc_thread* thread);
/* Runs `function` on the machine's thread and waits for it. `machine` is only there during the call; what is made from
 * it belongs to that thread. */
OPC_API void opc_thread_run(opc_thread* thread, void (*function)(opc_machine* machine, void* context), void* context);

/* filter: name, category or path. ring_microseconds: how much sound the ring holds; 0: 40 ms. */
OPC_API opc_status opc_live_render(opc_thread* thread, const char* filter, const opc_format* format,
                                   const opc_stream_options* options, uint32_t ring_microseconds, opc_live** live);
OPC_API opc_status opc_live_capture(opc_thread* thread, const char* filter, const opc_format* format,
                                    const opc_stream_options* options, uint32_t ring_microseconds, opc_live** live);
OPC_API void opc_live_close(opc_live* live);
OPC_API opc_status opc_live_start(opc_live* live);
OPC_API opc_status opc_live_stop(opc_live* live);
/* Any one thread. They move what fits or is there, whole frames, return the bytes, and never wait. */
OPC_API size_t opc_live_write(opc_live* live, const void* frames, size_t bytes);
OPC_API size_t opc_live_read(opc_live* live, void* frames, size_t bytes);
OPC_API size_t opc_live_available(const opc_live* live); /* render: room; capture: sound; in bytes */
/* Sleeps until so many bytes can be moved; STATUS_TIMEOUT (0x102) when they cannot by then. */
OPC_API opc_status opc_live_wait(opc_live* live, size_t bytes, uint32_t timeout_milliseconds);
OPC_API opc_status opc_live_drain(opc_live* live, uint32_t timeout_milliseconds);
OPC_API uint64_t opc_live_glitches(const opc_live* live);
/* What keeps the stream from going on: 0 when nothing does. */
OPC_API opc_status opc_live_failure(const opc_live* live);

#ifdef __cplusplus
}
#endif

#endif
