/* A machine on a thread of its own, in real time. Part of openportcls.h, whose head has the rules. */
#ifndef OPENPORTCLS_C_THREAD_H
#define OPENPORTCLS_C_THREAD_H

#include <openportcls/c/machine.h>
#include <openportcls/c/stream.h>

#ifdef __cplusplus
extern "C" {
#endif

/* options: `paced` is implied. realtime_priority: 1 to 99 for SCHED_FIFO where the host permits it, 0 for none.
 * The machine ends with the thread handle and the last live stream. */
OPC_API opc_status opc_thread_start(const opc_machine_options* options, int realtime_priority, opc_thread** thread);
OPC_API void opc_thread_end(opc_thread* thread);
/* Runs `function` on the machine's thread and waits for it. `machine` is only there during the call; what is made from
 * it belongs to that thread. */
OPC_API void opc_thread_run(opc_thread* thread, void (*function)(opc_machine* machine, void* context), void* context);
/* The same without waiting for it. */
OPC_API void opc_thread_post(opc_thread* thread, void (*function)(opc_machine* machine, void* context), void* context);
/* Whether the host gave the priority that was asked for. */
OPC_API bool opc_thread_is_realtime(const opc_thread* thread);

/* filter: name, category or path. ring_microseconds: how much sound the ring holds; 0: 40 ms. */
OPC_API opc_status opc_live_render(opc_thread* thread, const char* filter, const opc_format* format,
                                   const opc_stream_options* options, uint32_t ring_microseconds, opc_live** live);
OPC_API opc_status opc_live_capture(opc_thread* thread, const char* filter, const opc_format* format,
                                    const opc_stream_options* options, uint32_t ring_microseconds, opc_live** live);
OPC_API void opc_live_close(opc_live* live);
OPC_API opc_status opc_live_format(const opc_live* live, opc_format* format);
OPC_API uint32_t opc_live_period_frames(const opc_live* live);
OPC_API opc_status opc_live_start(opc_live* live);
OPC_API opc_status opc_live_stop(opc_live* live);
/* Any one thread. They move what fits or is there, whole frames, return the bytes, and never wait. */
OPC_API size_t opc_live_write(opc_live* live, const void* frames, size_t bytes);
OPC_API size_t opc_live_read(opc_live* live, void* frames, size_t bytes);
OPC_API size_t opc_live_available(const opc_live* live); /* render: room; capture: sound; in bytes */
/* Sleeps until so many bytes can be moved; STATUS_TIMEOUT (0x102) when they cannot by then. */
OPC_API opc_status opc_live_wait(opc_live* live, size_t bytes, uint32_t timeout_milliseconds);
OPC_API opc_status opc_live_drain(opc_live* live, uint32_t timeout_milliseconds);
/* Periods that the ring could not serve in full, and frames that the driver has taken or given, silence included. */
OPC_API uint64_t opc_live_glitches(const opc_live* live);
OPC_API uint64_t opc_live_frames(const opc_live* live);
/* What keeps the stream from going on: 0 when nothing does. */
OPC_API opc_status opc_live_failure(const opc_live* live);

/* The ring that lies behind live streams, for use on its own: one thread writes, one reads, neither ever waits for the
 * other. It holds `bytes` (256 MiB at most) and moves them in multiples of `unit` (a frame), which divides `bytes`. */
OPC_API opc_status opc_ring_create(size_t bytes, size_t unit, opc_ring** ring);
OPC_API void opc_ring_destroy(opc_ring* ring);
OPC_API size_t opc_ring_capacity(const opc_ring* ring);
/* Copy what fits or is there, whole units, and return the bytes. */
OPC_API size_t opc_ring_write(opc_ring* ring, const void* bytes, size_t count);
OPC_API size_t opc_ring_read(opc_ring* ring, void* bytes, size_t count);
OPC_API size_t opc_ring_room(const opc_ring* ring);
OPC_API size_t opc_ring_available(const opc_ring* ring);

#ifdef __cplusplus
}
#endif

#endif
