/* Filters: their pins, nodes, connections, formats and controls. Part of openportcls.h, whose head has the rules. */
#ifndef OPENPORTCLS_C_FILTER_H
#define OPENPORTCLS_C_FILTER_H

#include <openportcls/c/base.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct opc_filter_info {
    const char* name; /* "Wave" */
    const char* friendly_name;
    const char* path; /* for opc_filter_open */
    const char* device;
    const char* categories; /* "audio render realtime" */
} opc_filter_info;
/* Filters that are there now; the list stays until the next call for this machine. */
OPC_API opc_status opc_machine_filters(opc_machine* machine, const opc_filter_info** filters, size_t* count);

/* One registry value of a device interface, which its INF's AddInterface section fills. */
typedef struct opc_interface_value {
    const char* key;  /* below "Device Parameters": "", "EP\\0" */
    const char* name; /* "FriendlyName" */
    uint32_t type;    /* REG_SZ = 1, REG_BINARY = 3, REG_DWORD = 4 ... */
    const void* data;
    size_t bytes;
    const char* text; /* of REG_SZ and REG_EXPAND_SZ; others: "" */
    uint32_t number;  /* of REG_DWORD; others: 0 */
} opc_interface_value;
/* path: of opc_filter_info. The list stays until the next call for this machine. */
OPC_API opc_status opc_machine_interface_values(opc_machine* machine, const char* path,
                                                const opc_interface_value** values, size_t* count);

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
/* "48000 Hz, 2 ch, 16 bit"; on this thread until the next call. */
OPC_API const char* opc_format_text(const opc_format* format);
OPC_API uint32_t opc_format_frame_bytes(const opc_format* format);

typedef struct opc_range {
    uint32_t minimum_rate, maximum_rate;
    uint16_t maximum_channels;
    uint16_t minimum_bits, maximum_bits;
    bool is_pcm, is_float;
} opc_range;
OPC_API const char* opc_range_text(const opc_range* range); /* on this thread until the next call */
/* Whether the range has the format; the driver may refuse it all the same. */
OPC_API bool opc_range_accepts(const opc_range* range, const opc_format* format);

enum { OPC_IN = 0, OPC_OUT = 1 }; /* OPC_IN: towards the filter (render) */
/* KSPIN_COMMUNICATION. Applications open the middle three. */
enum { OPC_PIN_NONE = 0, OPC_PIN_SINK = 1, OPC_PIN_SOURCE = 2, OPC_PIN_BOTH = 3, OPC_PIN_BRIDGE = 4 };
enum { OPC_MODE_NONE = 0, OPC_MODE_DEFAULT = 1, OPC_MODE_RAW = 2 };

typedef struct opc_pin_info {
    uint32_t id;
    int flow;       /* OPC_IN or OPC_OUT */
    bool is_bridge; /* applications cannot open it */
    opc_uuid category;
    const char* name;
    const opc_range* ranges;
    size_t range_count;
    uint32_t possible_instances, current_instances; /* UINT32_MAX possible ones: any number */
    const char* connected_to;                       /* "Topology:0" or "" */
    int kind;                                       /* OPC_PIN_NONE ... */
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
/* The format the driver picks from a range of the caller's; whether the pin would take a format now. */
OPC_API opc_status opc_filter_intersect(opc_filter* filter, uint32_t pin, const opc_range* range, opc_format* format);
OPC_API opc_status opc_filter_propose(opc_filter* filter, uint32_t pin, const opc_format* format, int mode);
/* What the driver likes best in a mode (KSPROPERTY_PIN_PROPOSEDATAFORMAT2). */
OPC_API opc_status opc_filter_preferred_format(opc_filter* filter, uint32_t pin, int mode, opc_format* format);
/* KSPROPERTY_AUDIOSIGNALPROCESSING_MODES; the list stays until the next call for this filter. */
OPC_API opc_status opc_filter_processing_modes(opc_filter* filter, uint32_t pin, const opc_uuid** modes, size_t* count);

/* Controls. Channels count from 0; a mux's inputs from 1. A node of another kind answers with the driver's status. */
OPC_API opc_status opc_filter_get_volume(opc_filter* filter, uint32_t node, uint32_t channel, double* decibels);
OPC_API opc_status opc_filter_set_volume(opc_filter* filter, uint32_t node, uint32_t channel, double decibels);
OPC_API opc_status opc_filter_volume_range(opc_filter* filter, uint32_t node, uint32_t channel, double* minimum,
                                           double* maximum, double* step);
OPC_API opc_status opc_filter_get_mute(opc_filter* filter, uint32_t node, uint32_t channel, bool* mute);
OPC_API opc_status opc_filter_set_mute(opc_filter* filter, uint32_t node, uint32_t channel, bool mute);
OPC_API opc_status opc_filter_get_mux(opc_filter* filter, uint32_t node, uint32_t* input);
OPC_API opc_status opc_filter_set_mux(opc_filter* filter, uint32_t node, uint32_t input);
OPC_API opc_status opc_filter_get_peak(opc_filter* filter, uint32_t node, uint32_t channel, double* peak); /* 0 to 1 */

#ifdef __cplusplus
}
#endif

#endif
