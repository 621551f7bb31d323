/* ksmedia.h, part 3: jacks, audio engine nodes, modules, sound detectors, 3D, telephony, system audio, legacy wave. */
#ifndef OPC_KSMEDIA_DEVICES_H
#define OPC_KSMEDIA_DEVICES_H

#include "ksmedia_types.h"

/* Jacks. */
typedef enum {
    eConnTypeUnknown,
    eConnType3Point5mm,
    eConnTypeQuarter,
    eConnTypeAtapiInternal,
    eConnTypeRCA,
    eConnTypeOptical,
    eConnTypeOtherDigital,
    eConnTypeOtherAnalog,
    eConnTypeMultichannelAnalogDIN,
    eConnTypeXlrProfessional,
    eConnTypeRJ11Modem,
    eConnTypeCombination
} EPcxConnectionType;

typedef enum {
    eGeoLocRear = 0x1,
    eGeoLocFront,
    eGeoLocLeft,
    eGeoLocRight,
    eGeoLocTop,
    eGeoLocBottom,
    eGeoLocRearPanel,
    eGeoLocRiser,
    eGeoLocInsideMobileLid,
    eGeoLocDrivebay,
    eGeoLocHDMI,
    eGeoLocOutsideMobileLid,
    eGeoLocATAPI,
    eGeoLocNotApplicable,
    eGeoLocReserved6,
    EPcxGeoLocation_enum_count
} EPcxGeoLocation;

typedef enum {
    eGenLocPrimaryBox = 0,
    eGenLocInternal,
    eGenLocSeparate,
    eGenLocOther,
    EPcxGenLocation_enum_count
} EPcxGenLocation;

typedef enum {
    ePortConnJack = 0,
    ePortConnIntegratedDevice,
    ePortConnBothIntegratedAndJack,
    ePortConnUnknown
} EPxcPortConnection;

typedef struct {
    DWORD ChannelMapping;
    DWORD Color;
    EPcxConnectionType ConnectionType;
    EPcxGeoLocation GeoLocation;
    EPcxGenLocation GenLocation;
    EPxcPortConnection PortConnection;
    BOOL IsConnected;
} KSJACK_DESCRIPTION, *PKSJACK_DESCRIPTION;

#define JACKDESC2_PRESENCE_DETECT_CAPABILITY 0x00000001
#define JACKDESC2_DYNAMIC_FORMAT_CHANGE_CAPABILITY 0x00000002
typedef struct _tagKSJACK_DESCRIPTION2 {
    DWORD DeviceStateInfo;
    DWORD JackCapabilities;
} KSJACK_DESCRIPTION2, *PKSJACK_DESCRIPTION2;

typedef struct {
    ULONG ConfigId;
} KSJACK_DESCRIPTION3, *PKSJACK_DESCRIPTION3;

typedef enum { KSJACK_SINK_CONNECTIONTYPE_HDMI = 0, KSJACK_SINK_CONNECTIONTYPE_DISPLAYPORT } KSJACK_SINK_CONNECTIONTYPE;
#define MAX_SINK_DESCRIPTION_NAME_LENGTH 32
typedef struct _tagKSJACK_SINK_INFORMATION {
    KSJACK_SINK_CONNECTIONTYPE ConnType;
    WORD ManufacturerId;
    WORD ProductId;
    WORD AudioLatency;
    BOOL HDCPCapable;
    BOOL AICapable;
    UCHAR SinkDescriptionLength;
    WCHAR SinkDescription[MAX_SINK_DESCRIPTION_NAME_LENGTH];
    LUID PortId;
} KSJACK_SINK_INFORMATION, *PKSJACK_SINK_INFORMATION;

/* Audio engine nodes. */
typedef enum { AUDIO_CURVE_TYPE_NONE = 0, AUDIO_CURVE_TYPE_WINDOWS_FADE = 1 } AUDIO_CURVE_TYPE;
typedef enum { CONSTRICTOR_OPTION_DISABLE = 0, CONSTRICTOR_OPTION_MUTE = 1 } CONSTRICTOR_OPTION;
typedef enum {
    eDeviceControlUseMissing = 0,
    eDeviceControlUsePrimary = 1,
    eDeviceControlUseSecondary = 2
} EDeviceControlUseType;

typedef struct _tagKSAUDIOENGINE_DESCRIPTOR {
    UINT nHostPinId;
    UINT nOffloadPinId;
    UINT nLoopbackPinId;
} KSAUDIOENGINE_DESCRIPTOR, *PKSAUDIOENGINE_DESCRIPTOR;

typedef struct _tagKSAUDIOENGINE_BUFFER_SIZE_RANGE {
    UINT32 MinBufferBytes;
    UINT32 MaxBufferBytes;
} KSAUDIOENGINE_BUFFER_SIZE_RANGE, *PKSAUDIOENGINE_BUFFER_SIZE_RANGE;

typedef struct _tagKSAUDIOENGINE_VOLUMELEVEL {
    LONG TargetVolume;
    AUDIO_CURVE_TYPE CurveType;
    ULONGLONG CurveDuration;
} KSAUDIOENGINE_VOLUMELEVEL, *PKSAUDIOENGINE_VOLUMELEVEL;

typedef struct {
    EDeviceControlUseType Volume;
    EDeviceControlUseType Mute;
    EDeviceControlUseType PeakMeter;
} KSAUDIOENGINE_DEVICECONTROLS, *PKSAUDIOENGINE_DEVICECONTROLS;

/* Audio modules. */
#define AUDIOMODULE_MAX_DATA_SIZE 64000
#define AUDIOMODULE_MAX_NAME_CCH_SIZE 128

typedef struct _KSAUDIOMODULE_DESCRIPTOR {
    GUID ClassId;
    ULONG InstanceId;
    ULONG VersionMajor;
    ULONG VersionMinor;
    WCHAR Name[AUDIOMODULE_MAX_NAME_CCH_SIZE];
} KSAUDIOMODULE_DESCRIPTOR, *PKSAUDIOMODULE_DESCRIPTOR;

typedef struct _KSAUDIOMODULE_PROPERTY {
    KSPROPERTY Property;
    GUID ClassId;
    ULONG InstanceId;
} KSAUDIOMODULE_PROPERTY, *PKSAUDIOMODULE_PROPERTY;

typedef struct _KSAUDIOMODULE_NOTIFICATION {
    union {
        struct {
            GUID DeviceId;
            GUID ClassId;
            ULONG InstanceId;
            ULONG Reserved;
        } ProviderId;
        LONGLONG Alignment;
    };
} KSAUDIOMODULE_NOTIFICATION, *PKSAUDIOMODULE_NOTIFICATION;

/* Sound detectors. */
typedef struct {
    ULONG Size;
    GUID PatternType;
} SOUNDDETECTOR_PATTERNHEADER, *PSOUNDDETECTOR_PATTERNHEADER;

typedef struct {
    KSPROPERTY Property;
    GUID EventId;
} KSSOUNDDETECTORPROPERTY, *PKSSOUNDDETECTORPROPERTY;

/* Posture, resource groups, interleaved audio. */
typedef enum {
    AUDIOPOSTURE_ORIENTATION_NOTROTATED = 0,
    AUDIOPOSTURE_ORIENTATION_ROTATED90DEGREESCOUNTERCLOCKWISE = 1,
    AUDIOPOSTURE_ORIENTATION_ROTATED180DEGREESCOUNTERCLOCKWISE = 2,
    AUDIOPOSTURE_ORIENTATION_ROTATED270DEGREESCOUNTERCLOCKWISE = 3
} AUDIOPOSTURE_ORIENTATION;

#define MAX_RESOURCEGROUP_NAME_LENGTH 256
typedef struct {
    BOOL ResourceGroupAcquired;
    WCHAR ResourceGroupName[MAX_RESOURCEGROUP_NAME_LENGTH];
} AUDIORESOURCEMANAGEMENT_RESOURCEGROUP, *PAUDIORESOURCEMANAGEMENT_RESOURCEGROUP;

typedef struct _INTERLEAVED_AUDIO_FORMAT_INFORMATION {
    ULONG Size;
    ULONG PrimaryChannelCount;
    ULONG PrimaryChannelStartPosition;
    ULONG PrimaryChannelMask;
    ULONG InterleavedChannelCount;
    ULONG InterleavedChannelStartPosition;
    ULONG InterleavedChannelMask;
} INTERLEAVED_AUDIO_FORMAT_INFORMATION, *PINTERLEAVED_AUDIO_FORMAT_INFORMATION;

/* 3D sound. */
#ifndef _DS3DVECTOR_DEFINED_
#define _DS3DVECTOR_DEFINED_
typedef struct _DS3DVECTOR {
    union {
        FLOAT x;
        FLOAT dvX;
    };
    union {
        FLOAT y;
        FLOAT dvY;
    };
    union {
        FLOAT z;
        FLOAT dvZ;
    };
} DS3DVECTOR, *PDS3DVECTOR;
#endif

typedef struct {
    DS3DVECTOR Position;
    DS3DVECTOR Velocity;
    DS3DVECTOR OrientFront;
    DS3DVECTOR OrientTop;
    FLOAT DistanceFactor;
    FLOAT RolloffFactor;
    FLOAT DopplerFactor;
} KSDS3D_LISTENER_ALL, *PKSDS3D_LISTENER_ALL;

typedef struct {
    DS3DVECTOR Front;
    DS3DVECTOR Top;
} KSDS3D_LISTENER_ORIENTATION, *PKSDS3D_LISTENER_ORIENTATION;

typedef struct {
    DS3DVECTOR Position;
    DS3DVECTOR Velocity;
    ULONG InsideConeAngle;
    ULONG OutsideConeAngle;
    DS3DVECTOR ConeOrientation;
    LONG ConeOutsideVolume;
    FLOAT MinDistance;
    FLOAT MaxDistance;
    ULONG Mode;
} KSDS3D_BUFFER_ALL, *PKSDS3D_BUFFER_ALL;

typedef struct {
    ULONG InsideConeAngle;
    ULONG OutsideConeAngle;
} KSDS3D_BUFFER_CONE_ANGLES, *PKSDS3D_BUFFER_CONE_ANGLES;

#define KSDSOUND_3D_MODE_NORMAL 0x00000000
#define KSDSOUND_3D_MODE_HEADRELATIVE 0x00000001
#define KSDSOUND_3D_MODE_DISABLE 0x00000002

typedef enum { FULL_FILTER, LIGHT_FILTER, KSDS3D_FILTER_QUALITY_COUNT } KSDS3D_HRTF_FILTER_QUALITY;
typedef enum { DIRECT_FORM, CASCADE_FORM, KSDS3D_FILTER_METHOD_COUNT } KSDS3D_HRTF_FILTER_METHOD;
typedef enum { FLOAT_COEFF, SHORT_COEFF, KSDS3D_COEFF_COUNT } KSDS3D_HRTF_COEFF_FORMAT;
typedef enum { DS3D_HRTF_VERSION_1 } KSDS3D_HRTF_FILTER_VERSION;

typedef struct {
    ULONG Size;
    ULONG Enabled;
    BOOL SwapChannels;
    BOOL ZeroAzimuth;
    BOOL CrossFadeOutput;
    ULONG FilterSize;
} KSDS3D_HRTF_PARAMS_MSG, *PKSDS3D_HRTF_PARAMS_MSG;

typedef struct {
    ULONG Size;
    KSDS3D_HRTF_FILTER_QUALITY Quality;
    FLOAT SampleRate;
    ULONG MaxFilterSize;
    ULONG FilterTransientMuteLength;
    ULONG FilterOverlapBufferLength;
    ULONG OutputOverlapBufferLength;
    ULONG Reserved;
} KSDS3D_HRTF_INIT_MSG, *PKSDS3D_HRTF_INIT_MSG;

typedef struct {
    KSDS3D_HRTF_FILTER_METHOD FilterMethod;
    KSDS3D_HRTF_COEFF_FORMAT CoeffFormat;
    KSDS3D_HRTF_FILTER_VERSION Version;
    ULONG Reserved;
} KSDS3D_HRTF_FILTER_FORMAT_MSG, *PKSDS3D_HRTF_FILTER_FORMAT_MSG;

typedef struct {
    LONG Channel;
    FLOAT VolSmoothScale;
    FLOAT TotalDryAttenuation;
    FLOAT TotalWetAttenuation;
    LONG SmoothFrequency;
    LONG Delay;
} KSDS3D_ITD_PARAMS, *PKSDS3D_ITD_PARAMS;

typedef struct {
    ULONG Enabled;
    KSDS3D_ITD_PARAMS LeftParams;
    KSDS3D_ITD_PARAMS RightParams;
    ULONG Reserved;
} KSDS3D_ITD_PARAMS_MSG, *PKSDS3D_ITD_PARAMS_MSG;

/* AC-3 decoders. */
typedef struct {
    BOOL fRepeatPreviousBlock;
    BOOL fErrorInCurrentBlock;
} KSAC3_ERROR_CONCEALMENT, *PKSAC3_ERROR_CONCEALMENT;

typedef struct {
    BOOL fStereo;
    ULONG DualMode;
} KSAC3_ALTERNATE_AUDIO, *PKSAC3_ALTERNATE_AUDIO;
#define KSAC3_ALTERNATE_AUDIO_1 1
#define KSAC3_ALTERNATE_AUDIO_2 2
#define KSAC3_ALTERNATE_AUDIO_BOTH 3

typedef struct {
    BOOL fDownMix;
    BOOL fDolbySurround;
} KSAC3_DOWNMIX, *PKSAC3_DOWNMIX;

typedef struct {
    LONG BitStreamMode;
} KSAC3_BIT_STREAM_MODE, *PKSAC3_BIT_STREAM_MODE;

typedef struct {
    ULONG DialogueLevel;
} KSAC3_DIALOGUE_LEVEL, *PKSAC3_DIALOGUE_LEVEL;

typedef struct {
    BOOL fLargeRoom;
} KSAC3_ROOM_TYPE, *PKSAC3_ROOM_TYPE;

/* Telephony and FM radio. */
typedef enum {
    TELEPHONY_CALLTYPE_CIRCUITSWITCHED,
    TELEPHONY_CALLTYPE_PACKETSWITCHED_LTE,
    TELEPHONY_CALLTYPE_PACKETSWITCHED_WLAN
} TELEPHONY_CALLTYPE;
typedef enum { TELEPHONY_CALLCONTROLOP_DISABLE, TELEPHONY_CALLCONTROLOP_ENABLE } TELEPHONY_CALLCONTROLOP;
typedef enum {
    TELEPHONY_PROVIDERCHANGEOP_END,
    TELEPHONY_PROVIDERCHANGEOP_BEGIN,
    TELEPHONY_PROVIDERCHANGEOP_CANCEL
} TELEPHONY_PROVIDERCHANGEOP;
typedef enum {
    TELEPHONY_CALLSTATE_DISABLED,
    TELEPHONY_CALLSTATE_ENABLED,
    TELEPHONY_CALLSTATE_HOLD,
    TELEPHONY_CALLSTATE_PROVIDERTRANSITION
} TELEPHONY_CALLSTATE;

typedef struct _tagKSTELEPHONY_CALLCONTROL {
    TELEPHONY_CALLTYPE CallType;
    TELEPHONY_CALLCONTROLOP CallControlOp;
} KSTELEPHONY_CALLCONTROL, *PKSTELEPHONY_CALLCONTROL;

typedef struct _tagKSTELEPHONY_PROVIDERCHANGE {
    TELEPHONY_CALLTYPE CallType;
    TELEPHONY_PROVIDERCHANGEOP ProviderChangeOp;
} KSTELEPHONY_PROVIDERCHANGE, *PKSTELEPHONY_PROVIDERCHANGE;

typedef struct _tagKSTELEPHONY_CALLINFO {
    TELEPHONY_CALLTYPE CallType;
    TELEPHONY_CALLSTATE CallState;
} KSTELEPHONY_CALLINFO, *PKSTELEPHONY_CALLINFO;

typedef struct _tagKSTOPOLOGY_ENDPOINTID {
    WCHAR TopologyName[260];
    ULONG PinId;
} KSTOPOLOGY_ENDPOINTID, *PKSTOPOLOGY_ENDPOINTID;

typedef struct _tagKSTOPOLOGY_ENDPOINTIDPAIR {
    KSTOPOLOGY_ENDPOINTID RenderEndpoint;
    KSTOPOLOGY_ENDPOINTID CaptureEndpoint;
} KSTOPOLOGY_ENDPOINTIDPAIR, *PKSTOPOLOGY_ENDPOINTIDPAIR;

/* The system audio device of older releases. */
typedef enum {
    KSPROPERTY_SYSAUDIO_NORMAL_DEFAULT = 0,
    KSPROPERTY_SYSAUDIO_PLAYBACK_DEFAULT,
    KSPROPERTY_SYSAUDIO_RECORD_DEFAULT,
    KSPROPERTY_SYSAUDIO_MIDI_DEFAULT,
    KSPROPERTY_SYSAUDIO_MIXER_DEFAULT
} KSPROPERTY_SYSAUDIO_DEFAULT_TYPE;

typedef struct {
    BOOL Enable;
    KSPROPERTY_SYSAUDIO_DEFAULT_TYPE DeviceType;
    ULONG Flags;
    ULONG Reserved;
} KSAUDIO_PREFERRED_STATUS, *PKSAUDIO_PREFERRED_STATUS;

typedef struct {
    KSPROPERTY Property;
    GUID PinCategory;
    GUID PinName;
} SYSAUDIO_CREATE_VIRTUAL_SOURCE, *PSYSAUDIO_CREATE_VIRTUAL_SOURCE;

typedef struct {
    KSPROPERTY Property;
    ULONG PinId;
    ULONG NodeId;
    ULONG Flags;
    ULONG Reserved;
} SYSAUDIO_SELECT_GRAPH, *PSYSAUDIO_SELECT_GRAPH;

typedef struct {
    KSPROPERTY Property;
    ULONG Flags;
    ULONG DeviceNumber;
} SYSAUDIO_INSTANCE_INFO, *PSYSAUDIO_INSTANCE_INFO;
#define SYSAUDIO_FLAGS_DONT_COMBINE_PINS 0x00000001
#define SYSAUDIO_FLAGS_CLEAR_PREFERRED 0x00000002

typedef struct {
    KSPROPERTY Property;
    ULONG Flags;
    ULONG Index;
} SYSAUDIO_PREFERRED_DEVICE, *PSYSAUDIO_PREFERRED_DEVICE;

typedef struct {
    KSPROPERTY Property;
    ULONG MixerPinId;
    ULONG Reserved;
} SYSAUDIO_ATTACH_VIRTUAL_SOURCE, *PSYSAUDIO_ATTACH_VIRTUAL_SOURCE;

/* Wave and wavetable sets of older releases. */
#define KSWAVE_COMPATCAPS_INPUT 0x00000000
#define KSWAVE_COMPATCAPS_OUTPUT 0x00000001
typedef struct {
    ULONG ulDeviceType;
} KSWAVE_COMPATCAPS, *PKSWAVE_COMPATCAPS;

typedef struct {
    ULONG MaximumChannelsPerConnection;
    ULONG MinimumBitsPerSample;
    ULONG MaximumBitsPerSample;
    ULONG MinimumSampleFrequency;
    ULONG MaximumSampleFrequency;
    ULONG TotalConnections;
    ULONG ActiveConnections;
} KSWAVE_INPUT_CAPABILITIES, *PKSWAVE_INPUT_CAPABILITIES;

typedef struct {
    ULONG MaximumChannelsPerConnection;
    ULONG MinimumBitsPerSample;
    ULONG MaximumBitsPerSample;
    ULONG MinimumSampleFrequency;
    ULONG MaximumSampleFrequency;
    ULONG TotalConnections;
    ULONG StaticConnections;
    ULONG StreamingConnections;
    ULONG ActiveConnections;
    ULONG ActiveStaticConnections;
    ULONG ActiveStreamingConnections;
    ULONG Total3DConnections;
    ULONG Static3DConnections;
    ULONG Streaming3DConnections;
    ULONG Active3DConnections;
    ULONG ActiveStatic3DConnections;
    ULONG ActiveStreaming3DConnections;
    ULONG TotalSampleMemory;
    ULONG FreeSampleMemory;
    ULONG LargestFreeContiguousSampleMemory;
} KSWAVE_OUTPUT_CAPABILITIES, *PKSWAVE_OUTPUT_CAPABILITIES;

typedef struct {
    LONG LeftAttenuation;
    LONG RightAttenuation;
} KSWAVE_VOLUME, *PKSWAVE_VOLUME;

#define KSWAVE_BUFFER_ATTRIBUTEF_LOOPING 0x00000001
#define KSWAVE_BUFFER_ATTRIBUTEF_STATIC 0x00000002
typedef struct {
    ULONG Attributes;
    ULONG BufferSize;
    PVOID BufferAddress;
} KSWAVE_BUFFER, *PKSWAVE_BUFFER;

typedef struct {
    KSIDENTIFIER Identifier;
    ULONG Size;
    BOOL Looped;
    ULONG LoopPoint;
    BOOL InROM;
    KSDATAFORMAT Format;
} KSWAVETABLE_WAVE_DESC, *PKSWAVETABLE_WAVE_DESC;

#endif
