/* What is plugged into the cards of a machine: sound and MIDI. Part of openportcls.h, whose head has the rules. */
#ifndef OPENPORTCLS_C_CARD_H
#define OPENPORTCLS_C_CARD_H

#include <openportcls/c/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What passes through a socket at one moment. Full scale is -1 to 1. */
typedef struct opc_frame {
    float left, right;
} opc_frame;

typedef struct opc_socket {
    const char* name; /* "sb16/line out" */
    bool is_output;
} opc_socket;
/* Where sound leaves or enters cards; the list stays until the next call for this machine. The functions below take a
 * name from here, or its last part ("line out"), which then means the first card that has one. */
OPC_API opc_status opc_machine_sockets(opc_machine* machine, const opc_socket** sockets, size_t* count);

/* `frames` are `rate` per second, and the first of them passes at `begin`, in nanoseconds of the machine's time. */
typedef void (*opc_hearing_function)(void* context, uint64_t begin, double rate, const opc_frame* frames, size_t count);
/* What leaves a card from now on. Called while time passes, from inside the machine: it may call nothing of this
 * library. NULL stops it. */
OPC_API opc_status opc_machine_listen(opc_machine* machine, const char* socket, opc_hearing_function hearing,
                                      void* context);
/* Plays the frames, which are copied, into a card: once, from the moment that the card begins to listen; then silence.
 * What was being fed before is forgotten. A card listens while it records, and while it passes an input on to an output
 * that is listened to, as its mixer is set. */
OPC_API opc_status opc_machine_feed(opc_machine* machine, const char* socket, uint32_t rate, const opc_frame* frames,
                                    size_t count);

/* `time`: when the last bit of the byte has passed, which may be later than now. */
typedef void (*opc_midi_hearing_function)(void* context, uint64_t time, uint8_t byte);
/* What leaves the MIDI OUT of a card ("sb16"; NULL: the first that has one), as with opc_machine_listen. */
OPC_API opc_status opc_machine_listen_midi(opc_machine* machine, const char* card, opc_midi_hearing_function hearing,
                                           void* context);
/* Lays a cable from the card's MIDI OUT to its MIDI IN; it stays. */
OPC_API opc_status opc_machine_loop_midi(opc_machine* machine, const char* card);

#ifdef __cplusplus
}
#endif

#endif
