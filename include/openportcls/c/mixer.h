/* The mixer lines of a machine's devices. Part of openportcls.h, whose head has the rules. */
#ifndef OPENPORTCLS_C_MIXER_H
#define OPENPORTCLS_C_MIXER_H

#include <openportcls/c/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What the WDMAud system driver makes of a topology for the multimedia mixer API. Controls are set through the filter
 * and node they name: opc_filter_set_volume and so on, or opc_property_set. */
enum { /* MIXERCONTROL_CONTROLTYPE_xxx, those that a WDM driver can have */
       OPC_MIXER_VOLUME = 0,
       OPC_MIXER_MUTE = 1,
       OPC_MIXER_ON_OFF = 2, /* automatic gain, bass boost */
       OPC_MIXER_LOUDNESS = 3,
       OPC_MIXER_BASS = 4,
       OPC_MIXER_TREBLE = 5,
       OPC_MIXER_PEAK_METER = 6,
       OPC_MIXER_MUX = 7,
       OPC_MIXER_FADER = 8 /* stereo width, chorus, reverb */
};
/* "VOLUME", "ONOFF"; NULL for a number that is none. */
OPC_API const char* opc_mixer_control_name(int type);

#define OPC_NO_LINE SIZE_MAX
typedef struct opc_mixer_control {
    int type;           /* OPC_MIXER_VOLUME ... */
    const char* filter; /* whose node it is */
    uint32_t node;
    const char* name;     /* of the node; all its controls share it */
    uint32_t channels;    /* none of a mux */
    bool is_master_only;  /* one value, of channel -1 */
    bool is_uniform;      /* one value for all channels */
    bool tells_changes;   /* KSEVENT_CONTROL_CHANGE on its node */
    const size_t* inputs; /* of a mux: the source line of each input from 1 on, or OPC_NO_LINE where nothing leads */
    size_t input_count;
} opc_mixer_control;
typedef struct opc_mixer_line {
    const char* name;
    const char* component; /* MIXERLINE_COMPONENTTYPE_xxx: "DST_SPEAKERS", "SRC_LINE" */
    const char* target;    /* MIXERLINE_TARGETTYPE_xxx: "WAVEOUT", "UNDEFINED" */
    const char* filter;
    uint32_t pin;       /* UINT32_MAX: a virtual line, from a SUM or MUX node to a mux */
    uint32_t channels;  /* MIXERLINE.cChannels */
    size_t destination; /* of a source line: its index among the destinations, or OPC_NO_LINE */
    const opc_mixer_control* controls;
    size_t control_count;
} opc_mixer_line;
typedef struct opc_mixer {
    const char* device; /* instance path */
    const opc_mixer_line* destinations;
    size_t destination_count;
    const opc_mixer_line* sources;
    size_t source_count;
} opc_mixer;
/* One for each device that has a filter with pins; the list stays until the next call for this machine. */
OPC_API opc_status opc_machine_mixers(opc_machine* machine, const opc_mixer** mixers, size_t* count);

#ifdef __cplusplus
}
#endif

#endif
