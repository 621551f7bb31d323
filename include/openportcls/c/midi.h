/* Sending and receiving MIDI, and standard MIDI files. Part of openportcls.h, whose head has the rules. */
#ifndef OPENPORTCLS_C_MIDI_H
#define OPENPORTCLS_C_MIDI_H

#include <openportcls/c/filter.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Times are nanoseconds of the stream: zero when it first runs, standing still while it is paused, zero again after a
 * stop. Legacy pins carry messages to the millisecond and strictly in the order they were sent; DirectMusic ones to
 * 100 ns, put in order by the driver's sequencer. */
typedef struct opc_midi_message {
    uint64_t time;
    const uint8_t* bytes; /* with the status byte, or a system exclusive one of any length, or a part of one */
    size_t count;
    uint32_t channel_group; /* DirectMusic: sixteen channels each; 0 means 1 */
    bool follows_a_loss;    /* received: messages were lost before this one because nobody took them in time */
    bool goes_on;           /* received: a part of a system exclusive message, of which more comes */
} opc_midi_message;

enum {
    OPC_MIDI_ANY = 0,    /* the first there is: the legacy one */
    OPC_MIDI_LEGACY = 1, /* KSDATAFORMAT_SUBTYPE_MIDI */
    OPC_MIDI_DIRECT_MUSIC = 2
};
typedef struct opc_midi_pin_info {
    uint32_t id;
    int flow;            /* OPC_IN or OPC_OUT */
    int kind;            /* OPC_MIDI_LEGACY or OPC_MIDI_DIRECT_MUSIC */
    opc_uuid technology; /* KSMUSIC_TECHNOLOGY_xxx */
} opc_midi_pin_info;
/* The pins of a filter that carry MIDI; the list stays until the next call for this filter. */
OPC_API opc_status opc_filter_midi_pins(opc_filter* filter, const opc_midi_pin_info** pins, size_t* count);

typedef struct opc_midi_options {
    size_t size;
    int kind;              /* OPC_MIDI_ANY ... */
    uint32_t pin;          /* UINT32_MAX: the first of that kind */
    uint32_t buffer_bytes; /* of an input's requests; at least 1 */
    uint32_t buffer_count; /* how many of them wait at the driver; at least 1, 256 MiB in all at most */
} opc_midi_options;
OPC_API void opc_midi_options_init(opc_midi_options* options);

/* options: NULL for the usual values. The _close functions stop and close. */
OPC_API opc_status opc_midi_output_open(opc_filter* filter, const opc_midi_options* options, opc_midi_output** output);
OPC_API void opc_midi_output_close(opc_midi_output* output);
OPC_API unsigned opc_midi_output_kind(const opc_midi_output* output); /* OPC_MIDI_LEGACY or OPC_MIDI_DIRECT_MUSIC */
OPC_API uint32_t opc_midi_output_pin(const opc_midi_output* output);
OPC_API uint64_t opc_midi_output_time(const opc_midi_output* output);
OPC_API opc_status opc_midi_output_start(opc_midi_output* output);
OPC_API opc_status opc_midi_output_pause(opc_midi_output* output);
OPC_API opc_status opc_midi_output_stop(opc_midi_output* output); /* what has not been played is forgotten */
/* Hands messages, which are copied, to the driver, which plays each at its time, or at once when that is past. Starts
 * the stream at the first call. What an earlier message failed with is reported here, too. */
OPC_API opc_status opc_midi_output_send(opc_midi_output* output, const opc_midi_message* messages, size_t count);
OPC_API opc_status opc_midi_output_send_now(opc_midi_output* output, const void* bytes, size_t count); /* one message */
/* Lets time pass until everything has been handed to the device; STATUS_TIMEOUT (0x102) when it has not by then. */
OPC_API opc_status opc_midi_output_drain(opc_midi_output* output, uint64_t timeout_nanoseconds);

OPC_API opc_status opc_midi_input_open(opc_filter* filter, const opc_midi_options* options, opc_midi_input** input);
OPC_API void opc_midi_input_close(opc_midi_input* input);
OPC_API unsigned opc_midi_input_kind(const opc_midi_input* input); /* OPC_MIDI_LEGACY or OPC_MIDI_DIRECT_MUSIC */
OPC_API uint32_t opc_midi_input_pin(const opc_midi_input* input);
OPC_API uint64_t opc_midi_input_time(const opc_midi_input* input);
OPC_API opc_status opc_midi_input_start(opc_midi_input* input);
OPC_API opc_status opc_midi_input_stop(opc_midi_input* input);
/* The next message, which stays until the next call for this input; starts the stream at the first call and lets time
 * pass while there is none. `message` is NULL when none came within the timeout. */
OPC_API opc_status opc_midi_input_receive(opc_midi_input* input, uint64_t timeout_nanoseconds,
                                          const opc_midi_message** message);

/* Standard MIDI files of the formats 0 and 1. Errors name the offset of what is wrong in the file. */
OPC_API opc_status opc_midi_file_read(const char* path, opc_midi_file** file);
/* The same of bytes; `name` is what errors call them. */
OPC_API opc_status opc_midi_file_parse(const void* bytes, size_t count, const char* name, opc_midi_file** file);
OPC_API void opc_midi_file_close(opc_midi_file* file);
OPC_API unsigned opc_midi_file_format(const opc_midi_file* file); /* 0: one track, 1: tracks that play together */
OPC_API unsigned opc_midi_file_tracks(const opc_midi_file* file);
OPC_API uint64_t opc_midi_file_length(const opc_midi_file* file); /* nanoseconds, to the end of the longest track */
/* Of all tracks, by time. */
OPC_API opc_status opc_midi_file_messages(const opc_midi_file* file, const opc_midi_message** messages, size_t* count);

#ifdef __cplusplus
}
#endif

#endif
