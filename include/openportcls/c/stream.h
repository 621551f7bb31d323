/* Playing and recording. Part of openportcls.h, whose head has the rules. */
#ifndef OPENPORTCLS_C_STREAM_H
#define OPENPORTCLS_C_STREAM_H

#include <openportcls/c/filter.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Packet mode of WaveRT (SetWritePacket, GetReadPacket). */
enum {
    OPC_PACKETS_WHERE_AVAILABLE, /* as Windows does */
    OPC_PACKETS_REQUIRED,        /* an error where the driver has none */
    OPC_PACKETS_NEVER
};

typedef struct opc_stream_options {
    size_t size;
    uint32_t period_microseconds; /* between two notifications; a WaveRT buffer has two periods */
    uint32_t pin;                 /* UINT32_MAX: the first one that takes the format */
    int mode;                     /* OPC_MODE_NONE … */
    int packets;                  /* OPC_PACKETS_WHERE_AVAILABLE … */
    uint32_t queued_microseconds; /* sound that is always with a port that takes stream requests; 4 periods at least */
} opc_stream_options;
OPC_API void opc_stream_options_init(opc_stream_options* options);

/* options: NULL for the usual values. opc_stream_close stops and closes. */
OPC_API opc_status opc_render_open(opc_filter* filter, const opc_format* format, const opc_stream_options* options,
                                   opc_stream** stream);
OPC_API opc_status opc_capture_open(opc_filter* filter, const opc_format* format, const opc_stream_options* options,
                                    opc_stream** stream);
OPC_API void opc_stream_close(opc_stream* stream);

OPC_API uint32_t opc_stream_pin(const opc_stream* stream);
OPC_API opc_status opc_stream_format(const opc_stream* stream, opc_format* format);
OPC_API bool opc_stream_uses_events(const opc_stream* stream); /* false: the driver has none, positions are polled */
OPC_API uint32_t opc_stream_period_frames(const opc_stream* stream);
OPC_API uint32_t opc_stream_buffer_frames(const opc_stream* stream);
OPC_API uint64_t opc_stream_glitches(const opc_stream* stream); /* periods that came too late */
OPC_API uint64_t opc_stream_frames(const opc_stream* stream);   /* written or read since stop */
OPC_API opc_status opc_stream_start(opc_stream* stream);        /* to RUN */
OPC_API opc_status opc_stream_pause(opc_stream* stream);        /* the position stands still */
OPC_API opc_status opc_stream_stop(opc_stream* stream);         /* the position goes back to 0 */
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

#ifdef __cplusplus
}
#endif

#endif
