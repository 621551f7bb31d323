/* ksmedia.h, part 2: formats, node properties, positions, WaveRT, jacks, audio engine, modules, detectors. */
#ifndef OPC_KSMEDIA_TYPES_H
#define OPC_KSMEDIA_TYPES_H

#include "../mmreg.h"
#include "ksmedia_properties.h"

/* Conversions between wave format tags, manufacturer ids, USB terminals and GUIDs. */
#define DEFINE_WAVEFORMATEX_GUID(x) (USHORT)(x), 0x0000, 0x0010, 0x80, 0x00, 0x00, 0xAA, 0x00, 0x38, 0x9B, 0x71
#define INIT_WAVEFORMATEX_GUID(Guid, x)                                                                                \
    {                                                                                                                  \
        *(Guid) = KSDATAFORMAT_SUBTYPE_WAVEFORMATEX;                                                                   \
        (Guid)->Data1 = (USHORT)(x);                                                                                   \
    }
#define EXTRACT_WAVEFORMATEX_ID(Guid) ((USHORT)((Guid)->Data1))
#define IS_VALID_WAVEFORMATEX_GUID(Guid)                                                                               \
    (!memcmp(((PUSHORT) & KSDATAFORMAT_SUBTYPE_WAVEFORMATEX) + 1, ((PUSHORT)(Guid)) + 1, sizeof(GUID) - sizeof(USHORT)))

#define STATIC_KSMMREG_MID_BASE 0xD5A47FA7, 0x6D98, 0x11D1, 0xA2, 0x1A, 0x00, 0xA0, 0xC9, 0x22, 0x31, 0x96
#define DEFINE_MMREG_MID_GUID(id)                                                                                      \
    0xD5A47FA7 + (USHORT)(id), 0x6D98, 0x11D1, 0xA2, 0x1A, 0x00, 0xA0, 0xC9, 0x22, 0x31, 0x96
#define DEFINE_MMREG_PID_GUID(id)                                                                                      \
    0xE36DC2AC + (USHORT)(id), 0x6D9A, 0x11D1, 0xA2, 0x1A, 0x00, 0xA0, 0xC9, 0x22, 0x31, 0x96
#define INIT_MMREG_MID(guid, id)                                                                                       \
    {                                                                                                                  \
        (guid)->Data1 = 0xD5A47FA7 + (USHORT)(id);                                                                     \
        (guid)->Data2 = 0x6D98;                                                                                        \
        (guid)->Data3 = 0x11D1;                                                                                        \
        (guid)->Data4[0] = 0xA2, (guid)->Data4[1] = 0x1A, (guid)->Data4[2] = 0x00, (guid)->Data4[3] = 0xA0;            \
        (guid)->Data4[4] = 0xC9, (guid)->Data4[5] = 0x22, (guid)->Data4[6] = 0x31, (guid)->Data4[7] = 0x96;            \
    }
#define INIT_MMREG_PID(guid, id)                                                                                       \
    {                                                                                                                  \
        (guid)->Data1 = 0xE36DC2AC + (USHORT)(id);                                                                     \
        (guid)->Data2 = 0x6D9A;                                                                                        \
        (guid)->Data3 = 0x11D1;                                                                                        \
        (guid)->Data4[0] = 0xA2, (guid)->Data4[1] = 0x1A, (guid)->Data4[2] = 0x00, (guid)->Data4[3] = 0xA0;            \
        (guid)->Data4[4] = 0xC9, (guid)->Data4[5] = 0x22, (guid)->Data4[6] = 0x31, (guid)->Data4[7] = 0x96;            \
    }
#define EXTRACT_MMREG_MID(guid) ((USHORT)((guid)->Data1 - 0xD5A47FA7))
#define EXTRACT_MMREG_PID(guid) ((USHORT)((guid)->Data1 - 0xE36DC2AC))
#define IS_COMPATIBLE_MMREG_MID(guid)                                                                                  \
    (((guid)->Data1 >= 0xD5A47FA7) && ((guid)->Data1 < 0xD5A47FA7 + 0xFFFF) && ((guid)->Data2 == 0x6D98) &&            \
     ((guid)->Data3 == 0x11D1))
#define IS_COMPATIBLE_MMREG_PID(guid)                                                                                  \
    (((guid)->Data1 >= 0xE36DC2AC) && ((guid)->Data1 < 0xE36DC2AC + 0xFFFF) && ((guid)->Data2 == 0x6D9A) &&            \
     ((guid)->Data3 == 0x11D1))
#define DEFINE_USB_TERMINAL_GUID(id)                                                                                   \
    0xDFF219E0 + (USHORT)(id), 0xF70F, 0x11D0, 0xB9, 0x17, 0x00, 0xA0, 0xC9, 0x22, 0x31, 0x96

typedef enum {
    KSINTERFACE_MEDIA_MUSIC,
    KSINTERFACE_MEDIA_WAVE_BUFFERED,
    KSINTERFACE_MEDIA_WAVE_QUEUED
} KSINTERFACE_MEDIA;

/* Wave formats and ranges. */
typedef struct {
    KSDATARANGE DataRange;
    ULONG MaximumChannels;
    ULONG MinimumBitsPerSample;
    ULONG MaximumBitsPerSample;
    ULONG MinimumSampleFrequency;
    ULONG MaximumSampleFrequency;
} KSDATARANGE_AUDIO, *PKSDATARANGE_AUDIO;

typedef struct {
    KSDATAFORMAT DataFormat;
    WAVEFORMATEX WaveFormatEx;
} KSDATAFORMAT_WAVEFORMATEX, *PKSDATAFORMAT_WAVEFORMATEX;

typedef struct {
    KSDATAFORMAT DataFormat;
    WAVEFORMATEXTENSIBLE WaveFormatExt;
} KSDATAFORMAT_WAVEFORMATEXTENSIBLE, *PKSDATAFORMAT_WAVEFORMATEXTENSIBLE;

typedef struct {
    WAVEFORMATEXTENSIBLE FormatExt;
    DWORD dwEncodedSamplesPerSec;
    DWORD dwEncodedChannelCount;
    DWORD dwAverageBytesPerSec;
} WAVEFORMATEXTENSIBLE_IEC61937, *PWAVEFORMATEXTENSIBLE_IEC61937;

#define KSDSOUND_BUFFER_PRIMARY 0x00000001
#define KSDSOUND_BUFFER_STATIC 0x00000002
#define KSDSOUND_BUFFER_LOCHARDWARE 0x00000004
#define KSDSOUND_BUFFER_LOCSOFTWARE 0x00000008
#define KSDSOUND_BUFFER_CTRL_3D 0x00000001
#define KSDSOUND_BUFFER_CTRL_FREQUENCY 0x00000002
#define KSDSOUND_BUFFER_CTRL_PAN 0x00000004
#define KSDSOUND_BUFFER_CTRL_VOLUME 0x00000008
#define KSDSOUND_BUFFER_CTRL_POSITIONNOTIFY 0x00000010
#define KSDSOUND_BUFFER_CTRL_HRTF_3D 0x40000000
typedef struct {
    ULONG Flags;
    ULONG Control;
    WAVEFORMATEX WaveFormatEx;
} KSDSOUND_BUFFERDESC, *PKSDSOUND_BUFFERDESC;

typedef struct {
    KSDATAFORMAT DataFormat;
    KSDSOUND_BUFFERDESC BufferDesc;
} KSDATAFORMAT_DSOUND, *PKSDATAFORMAT_DSOUND;

/* MIDI. */
typedef struct {
    KSDATARANGE DataRange;
    GUID Technology;
    ULONG Channels;
    ULONG Notes;
    ULONG ChannelMask;
} KSDATARANGE_MUSIC, *PKSDATARANGE_MUSIC;

typedef struct {
    ULONG TimeDeltaMs;
    ULONG ByteCount;
} KSMUSICFORMAT, *PKSMUSICFORMAT;

/* Processing mode and loopback attributes. */
typedef struct _tagKSATTRIBUTE_AUDIOSIGNALPROCESSING_MODE {
    KSATTRIBUTE AttributeHeader;
    GUID SignalProcessingMode;
} KSATTRIBUTE_AUDIOSIGNALPROCESSING_MODE, *PKSATTRIBUTE_AUDIOSIGNALPROCESSING_MODE;

#define AUDIOLOOPBACK_TAPPOINT_CAPS_PREVOLUMEMUTE (0x1)
#define AUDIOLOOPBACK_TAPPOINT_CAPS_POSTVOLUMEMUTE (0x2)
typedef enum {
    AUDIOLOOPBACK_TAPPOINT_PREVOLUMEMUTE = 1,
    AUDIOLOOPBACK_TAPPOINT_POSTVOLUMEMUTE = 2
} AUDIOLOOPBACK_TAPPOINT_TYPE;

typedef struct {
    KSATTRIBUTE AttributeHeader;
    AUDIOLOOPBACK_TAPPOINT_TYPE TapPoint;
} KSATTRIBUTE_AUDIOLOOPBACK_TAPPOINT, *PKSATTRIBUTE_AUDIOLOOPBACK_TAPPOINT;

typedef struct {
    KSPROPERTY Property;
    KSMULTIPLE_ITEM MultipleItem;
} KSMULTIPLE_DATA_PROP, *PKSMULTIPLE_DATA_PROP;

/* Node properties. */
typedef struct {
    KSPROPERTY Property;
    ULONG NodeId;
    ULONG Reserved;
} KSNODEPROPERTY, *PKSNODEPROPERTY;

typedef struct {
    KSNODEPROPERTY NodeProperty;
    LONG Channel;
    ULONG Reserved;
} KSNODEPROPERTY_AUDIO_CHANNEL, *PKSNODEPROPERTY_AUDIO_CHANNEL;

typedef struct {
    KSNODEPROPERTY NodeProperty;
    ULONG DevSpecificId;
    ULONG DeviceInfo;
    ULONG Length;
} KSNODEPROPERTY_AUDIO_DEV_SPECIFIC, *PKSNODEPROPERTY_AUDIO_DEV_SPECIFIC;

typedef struct {
    KSNODEPROPERTY NodeProperty;
    PVOID ListenerId;
} KSNODEPROPERTY_AUDIO_3D_LISTENER, *PKSNODEPROPERTY_AUDIO_3D_LISTENER;

typedef struct {
    KSNODEPROPERTY NodeProperty;
    PVOID AppContext;
    ULONG Length;
} KSNODEPROPERTY_AUDIO_PROPERTY, *PKSNODEPROPERTY_AUDIO_PROPERTY;

typedef struct {
    BOOL fCopyrighted;
    BOOL fOriginal;
} KSAUDIO_COPY_PROTECTION, *PKSAUDIO_COPY_PROTECTION;

typedef struct {
    LONG ActiveSpeakerPositions;
} KSAUDIO_CHANNEL_CONFIG, *PKSAUDIO_CHANNEL_CONFIG;

typedef struct {
    ULONG QuietCompression;
    ULONG LoudCompression;
} KSAUDIO_DYNAMIC_RANGE, *PKSAUDIO_DYNAMIC_RANGE;

typedef struct {
    BOOL Mute;
    LONG Level;
} KSAUDIO_MIXLEVEL, *PKSAUDIO_MIXLEVEL;

typedef struct {
    BOOL Mute;
    LONG Minimum;
    LONG Maximum;
    union {
        LONG Reset;
        LONG Resolution;
    };
} KSAUDIO_MIX_CAPS, *PKSAUDIO_MIX_CAPS;

typedef struct {
    ULONG InputChannels;
    ULONG OutputChannels;
    KSAUDIO_MIX_CAPS Capabilities[1];
} KSAUDIO_MIXCAP_TABLE, *PKSAUDIO_MIXCAP_TABLE;

#define KSAUDIO_QUALITY_WORST 0x0
#define KSAUDIO_QUALITY_PC 0x1
#define KSAUDIO_QUALITY_BASIC 0x2
#define KSAUDIO_QUALITY_ADVANCED 0x3
#define KSAUDIO_CPU_RESOURCES_NOT_HOST_CPU 0x00000000
#define KSAUDIO_CPU_RESOURCES_HOST_CPU 0x7FFFFFFF
#define KSAUDIO_STEREO_SPEAKER_GEOMETRY_HEADPHONE (-1)
#define KSAUDIO_STEREO_SPEAKER_GEOMETRY_MIN 5
#define KSAUDIO_STEREO_SPEAKER_GEOMETRY_NARROW 10
#define KSAUDIO_STEREO_SPEAKER_GEOMETRY_WIDE 20
#define KSAUDIO_STEREO_SPEAKER_GEOMETRY_MAX 180
#define SE_TECH_NONE 0
#define SE_TECH_ANALOG_DEVICES_PHAT 1
#define SE_TECH_CREATIVE 2
#define SE_TECH_NATIONAL_SEMI 3
#define SE_TECH_YAMAHA_YMERSION 4
#define SE_TECH_BBE 5
#define SE_TECH_CRYSTAL_SEMI 6
#define SE_TECH_QSOUND_QXPANDER 7
#define SE_TECH_SPATIALIZER 8
#define SE_TECH_SRS 9
#define SE_TECH_PLATFORM_TECH 10
#define SE_TECH_AKM 11
#define SE_TECH_AUREAL 12
#define SE_TECH_AZTECH 13
#define SE_TECH_BINAURA 14
#define SE_TECH_ESS_TECH 15
#define SE_TECH_HARMAN_VMAX 16
#define SE_TECH_NVIDEA 17
#define SE_TECH_PHILIPS_INCREDIBLE 18
#define SE_TECH_TEXAS_INST 19
#define SE_TECH_VLSI_TECH 20

#define AEC_STATUS_FD_HISTORY_UNINITIALIZED 0x0
#define AEC_STATUS_FD_HISTORY_CONTINUOUSLY_CONVERGED 0x1
#define AEC_STATUS_FD_HISTORY_PREVIOUSLY_DIVERGED 0x2
#define AEC_STATUS_FD_CURRENTLY_CONVERGED 0x8
#define AEC_MODE_PASS_THROUGH 0x0
#define AEC_MODE_HALF_DUPLEX 0x1
#define AEC_MODE_FULL_DUPLEX 0x2

/* Speaker positions. */
#define SPEAKER_FRONT_LEFT 0x1
#define SPEAKER_FRONT_RIGHT 0x2
#define SPEAKER_FRONT_CENTER 0x4
#define SPEAKER_LOW_FREQUENCY 0x8
#define SPEAKER_BACK_LEFT 0x10
#define SPEAKER_BACK_RIGHT 0x20
#define SPEAKER_FRONT_LEFT_OF_CENTER 0x40
#define SPEAKER_FRONT_RIGHT_OF_CENTER 0x80
#define SPEAKER_BACK_CENTER 0x100
#define SPEAKER_SIDE_LEFT 0x200
#define SPEAKER_SIDE_RIGHT 0x400
#define SPEAKER_TOP_CENTER 0x800
#define SPEAKER_TOP_FRONT_LEFT 0x1000
#define SPEAKER_TOP_FRONT_CENTER 0x2000
#define SPEAKER_TOP_FRONT_RIGHT 0x4000
#define SPEAKER_TOP_BACK_LEFT 0x8000
#define SPEAKER_TOP_BACK_CENTER 0x10000
#define SPEAKER_TOP_BACK_RIGHT 0x20000
#define SPEAKER_RESERVED 0x7FFC0000
#define SPEAKER_ALL 0x80000000

#define KSAUDIO_SPEAKER_DIRECTOUT 0
#define KSAUDIO_SPEAKER_MONO (SPEAKER_FRONT_CENTER)
#define KSAUDIO_SPEAKER_1POINT1 (SPEAKER_FRONT_CENTER | SPEAKER_LOW_FREQUENCY)
#define KSAUDIO_SPEAKER_STEREO (SPEAKER_FRONT_LEFT | SPEAKER_FRONT_RIGHT)
#define KSAUDIO_SPEAKER_2POINT1 (SPEAKER_FRONT_LEFT | SPEAKER_FRONT_RIGHT | SPEAKER_LOW_FREQUENCY)
#define KSAUDIO_SPEAKER_3POINT0 (SPEAKER_FRONT_LEFT | SPEAKER_FRONT_RIGHT | SPEAKER_FRONT_CENTER)
#define KSAUDIO_SPEAKER_3POINT1                                                                                        \
    (SPEAKER_FRONT_LEFT | SPEAKER_FRONT_RIGHT | SPEAKER_FRONT_CENTER | SPEAKER_LOW_FREQUENCY)
#define KSAUDIO_SPEAKER_QUAD (SPEAKER_FRONT_LEFT | SPEAKER_FRONT_RIGHT | SPEAKER_BACK_LEFT | SPEAKER_BACK_RIGHT)
#define KSAUDIO_SPEAKER_SURROUND (SPEAKER_FRONT_LEFT | SPEAKER_FRONT_RIGHT | SPEAKER_FRONT_CENTER | SPEAKER_BACK_CENTER)
#define KSAUDIO_SPEAKER_5POINT0                                                                                        \
    (SPEAKER_FRONT_LEFT | SPEAKER_FRONT_RIGHT | SPEAKER_FRONT_CENTER | SPEAKER_SIDE_LEFT | SPEAKER_SIDE_RIGHT)
#define KSAUDIO_SPEAKER_5POINT1                                                                                        \
    (SPEAKER_FRONT_LEFT | SPEAKER_FRONT_RIGHT | SPEAKER_FRONT_CENTER | SPEAKER_LOW_FREQUENCY | SPEAKER_BACK_LEFT |     \
     SPEAKER_BACK_RIGHT)
#define KSAUDIO_SPEAKER_7POINT0                                                                                        \
    (SPEAKER_FRONT_LEFT | SPEAKER_FRONT_RIGHT | SPEAKER_FRONT_CENTER | SPEAKER_BACK_LEFT | SPEAKER_BACK_RIGHT |        \
     SPEAKER_SIDE_LEFT | SPEAKER_SIDE_RIGHT)
#define KSAUDIO_SPEAKER_7POINT1                                                                                        \
    (SPEAKER_FRONT_LEFT | SPEAKER_FRONT_RIGHT | SPEAKER_FRONT_CENTER | SPEAKER_LOW_FREQUENCY | SPEAKER_BACK_LEFT |     \
     SPEAKER_BACK_RIGHT | SPEAKER_FRONT_LEFT_OF_CENTER | SPEAKER_FRONT_RIGHT_OF_CENTER)
#define KSAUDIO_SPEAKER_5POINT1_SURROUND                                                                               \
    (SPEAKER_FRONT_LEFT | SPEAKER_FRONT_RIGHT | SPEAKER_FRONT_CENTER | SPEAKER_LOW_FREQUENCY | SPEAKER_SIDE_LEFT |     \
     SPEAKER_SIDE_RIGHT)
#define KSAUDIO_SPEAKER_7POINT1_SURROUND                                                                               \
    (SPEAKER_FRONT_LEFT | SPEAKER_FRONT_RIGHT | SPEAKER_FRONT_CENTER | SPEAKER_LOW_FREQUENCY | SPEAKER_BACK_LEFT |     \
     SPEAKER_BACK_RIGHT | SPEAKER_SIDE_LEFT | SPEAKER_SIDE_RIGHT)
#define KSAUDIO_SPEAKER_5POINT1_BACK KSAUDIO_SPEAKER_5POINT1
#define KSAUDIO_SPEAKER_7POINT1_WIDE KSAUDIO_SPEAKER_7POINT1
#define KSAUDIO_SPEAKER_GROUND_FRONT_LEFT SPEAKER_FRONT_LEFT
#define KSAUDIO_SPEAKER_GROUND_FRONT_CENTER SPEAKER_FRONT_CENTER
#define KSAUDIO_SPEAKER_GROUND_FRONT_RIGHT SPEAKER_FRONT_RIGHT
#define KSAUDIO_SPEAKER_GROUND_REAR_LEFT SPEAKER_BACK_LEFT
#define KSAUDIO_SPEAKER_GROUND_REAR_RIGHT SPEAKER_BACK_RIGHT
#define KSAUDIO_SPEAKER_TOP_MIDDLE SPEAKER_TOP_CENTER
#define KSAUDIO_SPEAKER_SUPER_WOOFER SPEAKER_LOW_FREQUENCY

/* Positions. */
typedef struct {
    DWORDLONG PlayOffset;
    DWORDLONG WriteOffset;
} KSAUDIO_POSITION, *PKSAUDIO_POSITION;

typedef struct {
    LARGE_INTEGER TimerFrequency;
    LARGE_INTEGER TimeStamp1;
    KSAUDIO_POSITION Position;
    LARGE_INTEGER TimeStamp2;
} KSAUDIO_POSITIONEX, *PKSAUDIO_POSITIONEX;

typedef struct {
    UINT64 u64PositionInBlocks;
    UINT64 u64QPCPosition;
} KSAUDIO_PRESENTATION_POSITION, *PKSAUDIO_PRESENTATION_POSITION;

typedef struct {
    KSEVENTDATA KsEventData;
    DWORDLONG Position;
} LOOPEDSTREAMING_POSITION_EVENT_DATA, *PLOOPEDSTREAMING_POSITION_EVENT_DATA;

/* WaveRT. The structures named ...32 are what a 32-bit client sends to this 64-bit kernel. */
typedef struct {
    KSPROPERTY Property;
    PVOID BaseAddress;
    ULONG RequestedBufferSize;
} KSRTAUDIO_BUFFER_PROPERTY, *PKSRTAUDIO_BUFFER_PROPERTY;

typedef struct {
    KSPROPERTY Property;
    ULONG BaseAddress;
    ULONG RequestedBufferSize;
} KSRTAUDIO_BUFFER_PROPERTY32, *PKSRTAUDIO_BUFFER_PROPERTY32;

typedef struct {
    KSPROPERTY Property;
    PVOID BaseAddress;
    ULONG RequestedBufferSize;
    ULONG NotificationCount;
} KSRTAUDIO_BUFFER_PROPERTY_WITH_NOTIFICATION, *PKSRTAUDIO_BUFFER_PROPERTY_WITH_NOTIFICATION;

typedef struct {
    KSPROPERTY Property;
    ULONG BaseAddress;
    ULONG RequestedBufferSize;
    ULONG NotificationCount;
} KSRTAUDIO_BUFFER_PROPERTY_WITH_NOTIFICATION32, *PKSRTAUDIO_BUFFER_PROPERTY_WITH_NOTIFICATION32;

typedef struct {
    PVOID BufferAddress;
    ULONG ActualBufferSize;
    BOOL CallMemoryBarrier;
} KSRTAUDIO_BUFFER, *PKSRTAUDIO_BUFFER;

typedef struct {
    ULONG BufferAddress;
    ULONG ActualBufferSize;
    BOOL CallMemoryBarrier;
} KSRTAUDIO_BUFFER32, *PKSRTAUDIO_BUFFER32;

typedef struct {
    ULONG FifoSize;
    ULONG ChipsetDelay;
    ULONG CodecDelay;
} KSRTAUDIO_HWLATENCY, *PKSRTAUDIO_HWLATENCY;

typedef struct {
    KSPROPERTY Property;
    PVOID BaseAddress;
} KSRTAUDIO_HWREGISTER_PROPERTY, *PKSRTAUDIO_HWREGISTER_PROPERTY;

typedef struct {
    KSPROPERTY Property;
    ULONG BaseAddress;
} KSRTAUDIO_HWREGISTER_PROPERTY32, *PKSRTAUDIO_HWREGISTER_PROPERTY32;

typedef struct {
    PVOID Register;
    ULONG Width;
    ULONGLONG Numerator;
    ULONGLONG Denominator;
    ULONG Accuracy;
} KSRTAUDIO_HWREGISTER, *PKSRTAUDIO_HWREGISTER;

typedef struct {
    ULONG Register;
    ULONG Width;
    ULONGLONG Numerator;
    ULONGLONG Denominator;
    ULONG Accuracy;
} KSRTAUDIO_HWREGISTER32, *PKSRTAUDIO_HWREGISTER32;

typedef struct {
    KSPROPERTY Property;
    HANDLE NotificationEvent;
} KSRTAUDIO_NOTIFICATION_EVENT_PROPERTY, *PKSRTAUDIO_NOTIFICATION_EVENT_PROPERTY;

typedef struct {
    KSPROPERTY Property;
    ULONG NotificationEvent;
} KSRTAUDIO_NOTIFICATION_EVENT_PROPERTY32, *PKSRTAUDIO_NOTIFICATION_EVENT_PROPERTY32;

typedef struct {
    ULONG PacketNumber;
    DWORD Flags;
    ULONG64 PerformanceCounterValue;
    BOOL MoreData;
} KSRTAUDIO_GETREADPACKET_INFO, *PKSRTAUDIO_GETREADPACKET_INFO;

typedef struct {
    ULONG PacketNumber;
    DWORD Flags;
    ULONG EosPacketLength;
} KSRTAUDIO_SETWRITEPACKET_INFO, *PKSRTAUDIO_SETWRITEPACKET_INFO;

typedef struct {
    KSPROPERTY Property;
    PVOID BaseAddress;
} KSRTAUDIO_PACKETVREGISTER_PROPERTY, *PKSRTAUDIO_PACKETVREGISTER_PROPERTY;

typedef struct {
    PULONG64 CompletedPacketCount;
    PULONG64 CompletedPacketQPC;
    PULONG64 CompletedPacketHash;
} KSRTAUDIO_PACKETVREGISTER, *PKSRTAUDIO_PACKETVREGISTER;

typedef struct _KSAUDIO_PACKETSIZE_SIGNALPROCESSINGMODE_CONSTRAINT {
    GUID ProcessingMode;
    UINT32 SamplesPerProcessingPacket;
    UINT32 ProcessingPacketDurationInHns;
} KSAUDIO_PACKETSIZE_PROCESSINGMODE_CONSTRAINT, *PKSAUDIO_PACKETSIZE_PROCESSINGMODE_CONSTRAINT;

typedef struct _KSAUDIO_PACKETSIZE_CONSTRAINTS {
    UINT32 MinPacketPeriodInHns;
    UINT32 PacketSizeFileAlignment;
    UINT32 Reserved;
    UINT32 NumProcessingModeConstraints;
    KSAUDIO_PACKETSIZE_PROCESSINGMODE_CONSTRAINT ProcessingModeConstraints[1];
} KSAUDIO_PACKETSIZE_CONSTRAINTS, *PKSAUDIO_PACKETSIZE_CONSTRAINTS;

typedef struct _KSAUDIO_PACKETSIZE_CONSTRAINTS2 {
    UINT32 MinPacketPeriodInHns;
    UINT32 PacketSizeFileAlignment;
    UINT32 MaxPacketSizeInBytes;
    UINT32 NumProcessingModeConstraints;
    KSAUDIO_PACKETSIZE_PROCESSINGMODE_CONSTRAINT ProcessingModeConstraints[1];
} KSAUDIO_PACKETSIZE_CONSTRAINTS2, *PKSAUDIO_PACKETSIZE_CONSTRAINTS2;

/* Microphone arrays. Angles are in 1/10000 radian, coordinates in millimetres. */
typedef enum {
    KSMICARRAY_MICTYPE_OMNIDIRECTIONAL,
    KSMICARRAY_MICTYPE_SUBCARDIOID,
    KSMICARRAY_MICTYPE_CARDIOID,
    KSMICARRAY_MICTYPE_SUPERCARDIOID,
    KSMICARRAY_MICTYPE_HYPERCARDIOID,
    KSMICARRAY_MICTYPE_8SHAPED,
    KSMICARRAY_MICTYPE_VENDORDEFINED = 0x0F
} KSMICARRAY_MICTYPE;

typedef enum {
    KSMICARRAY_MICARRAYTYPE_LINEAR,
    KSMICARRAY_MICARRAYTYPE_PLANAR,
    KSMICARRAY_MICARRAYTYPE_3D
} KSMICARRAY_MICARRAYTYPE;

typedef struct {
    USHORT usType;
    SHORT wXCoord;
    SHORT wYCoord;
    SHORT wZCoord;
    SHORT wVerticalAngle;
    SHORT wHorizontalAngle;
} KSAUDIO_MICROPHONE_COORDINATES, *PKSAUDIO_MICROPHONE_COORDINATES;

typedef struct {
    USHORT usVersion;
    USHORT usMicArrayType;
    SHORT wVerticalAngleBegin;
    SHORT wVerticalAngleEnd;
    SHORT wHorizontalAngleBegin;
    SHORT wHorizontalAngleEnd;
    USHORT usFrequencyBandLo;
    USHORT usFrequencyBandHi;
    USHORT usNumberOfMicrophones;
    KSAUDIO_MICROPHONE_COORDINATES KsMicCoord[1];
} KSAUDIO_MIC_ARRAY_GEOMETRY, *PKSAUDIO_MIC_ARRAY_GEOMETRY;

#endif
