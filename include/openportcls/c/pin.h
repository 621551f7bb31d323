/* Pins opened with a connect structure of one's own, and stream requests. Part of openportcls.h, whose head has the
 * rules. */
#ifndef OPENPORTCLS_C_PIN_H
#define OPENPORTCLS_C_PIN_H

#include <openportcls/c/filter.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { OPC_STOP = 0, OPC_ACQUIRE = 1, OPC_PAUSE = 2, OPC_RUN = 3 };
OPC_API opc_status opc_pin_open(opc_filter* filter, uint32_t pin, const opc_format* format, int mode, opc_pin** opened);
/* KSPIN_CONNECT. The usual interface is standard streaming, the usual medium device I/O. */
typedef struct opc_pin_connect {
    size_t size;
    uint32_t pin;
    uint32_t interface_id;
    opc_uuid interface_set;
    opc_uuid medium_set;
    uint32_t medium_id;
    uint32_t priority_class; /* 0x40000000: KSPRIORITY_NORMAL */
    uint32_t priority_sub_class;
    const void* format; /* KSDATAFORMAT with its specifier's part and attributes; opc_data_format makes one */
    size_t format_bytes;
} opc_pin_connect;
OPC_API void opc_pin_connect_init(opc_pin_connect* connect);
OPC_API opc_status opc_pin_open_connect(opc_filter* filter, const opc_pin_connect* connect, opc_pin** opened);
/* KSDATAFORMAT_WAVEFORMATEX or _WAVEFORMATEXTENSIBLE, and the attribute list behind it where there is a mode. `size` is
 * told in any case; with less room it is STATUS_BUFFER_TOO_SMALL (0xC0000023). */
OPC_API opc_status opc_data_format(const opc_format* format, int mode, void* bytes, size_t room, size_t* size);
/* connect: KSPIN_CONNECT and what follows it, right or wrong. */
OPC_API opc_status opc_pin_open_raw(opc_filter* filter, const void* connect, size_t bytes, opc_pin** opened);
OPC_API void opc_pin_close(opc_pin* pin);
OPC_API opc_status opc_pin_set_state(opc_pin* pin, int state);
OPC_API opc_status opc_pin_get_state(opc_pin* pin, int* state);
/* IOCTL_KS_RESET_STATE: gives queued requests back. Begin, then end. */
OPC_API opc_status opc_pin_reset(opc_pin* pin, bool begin);
/* One stream request, waited for. */
OPC_API opc_status opc_pin_write(opc_pin* pin, const void* frames, size_t bytes);
OPC_API opc_status opc_pin_read(opc_pin* pin, void* frames, size_t bytes, size_t* filled);

/* One KSSTREAM_HEADER of a request. */
typedef struct opc_block {
    void* data; /* to be played, or to be filled; must be there until the request is done */
    size_t bytes;
    uint32_t options;          /* KSSTREAM_HEADER_OPTIONSF_xxx */
    uint32_t numerator;        /* 0: 1 */
    uint32_t denominator;      /* 0: 1 */
    uint32_t used;             /* of opc_request_blocks: DataUsed, what the driver filled */
    int64_t presentation_time; /* in units of numerator/denominator x 100 ns; only with OPTIONSF_TIMEVALID */
    int64_t duration;          /* 100 ns; only with OPTIONSF_DURATIONVALID */
} opc_block;
/* Queues stream headers; the driver completes them as it plays or fills them. opc_request_release cancels what is not
 * done and waits for it. */
OPC_API opc_status opc_pin_submit_write(opc_pin* pin, const opc_block* blocks, size_t count, opc_request** request);
OPC_API opc_status opc_pin_submit_read(opc_pin* pin, const opc_block* blocks, size_t count, opc_request** request);
OPC_API void opc_request_release(opc_request* request);
OPC_API bool opc_request_is_done(const opc_request* request);
/* Lets time pass until the driver has completed it; STATUS_TIMEOUT (0x102) when it has not by then, the request's own
 * failure otherwise. UINT64_MAX: no end. */
OPC_API opc_status opc_request_wait(opc_request* request, uint64_t timeout_nanoseconds);
/* Asks the driver to give it back; then it ends with STATUS_CANCELLED. */
OPC_API void opc_request_cancel(opc_request* request);
/* The blocks as the driver returned them, once it is done. They stay until the next call for this request. */
OPC_API opc_status opc_request_blocks(opc_request* request, const opc_block** blocks, size_t* count);

#ifdef __cplusplus
}
#endif

#endif
