/* Bus driver interfaces of HD Audio: what a codec's function driver asks the bus driver for with QUERY_INTERFACE. */
#ifndef _HDAUDIO_H_
#define _HDAUDIO_H_

#include "ntddk.h"

DEFINE_GUID(GUID_HDAUDIO_BUS_INTERFACE, 0xD2EAF88B, 0xAB18, 0x41A8, 0xB6, 0x64, 0x8D, 0x59, 0x21, 0x67, 0x67, 0x1B);
DEFINE_GUID(GUID_HDAUDIO_BUS_INTERFACE_BDL, 0xB4D65397, 0x5634, 0x40B0, 0xB0, 0x68, 0xF5, 0xB9, 0xF8, 0xB9, 0x67, 0xA5);
DEFINE_GUID(GUID_HDAUDIO_BUS_INTERFACE_V2, 0xB52AF5FB, 0x424B, 0x4BB9, 0xA1, 0x60, 0x5B, 0x38, 0xBE, 0x94, 0xE5, 0x68);
DEFINE_GUID(GUID_HDAUDIO_BUS_INTERFACE_V3, 0xDC25DA12, 0xBCD1, 0x4C7F, 0x84, 0xE1, 0x02, 0xAD, 0xB6, 0xDC, 0xDC, 0xBF);
DEFINE_GUID(GUID_HDAUDIO_BUS_CLASS, 0xBBD1A745, 0xADD6, 0x4575, 0x9C, 0x2E, 0x9B, 0x42, 0x8D, 0x1C, 0x32, 0x66);
typedef enum _HDAUDIO_STREAM_STATE {
    ResetState = 0,
    StopState = 1,
    PauseState = 1,
    RunState = 2
} HDAUDIO_STREAM_STATE,
    *PHDAUDIO_STREAM_STATE;

typedef struct _HDAUDIO_STREAM_FORMAT {
    ULONG SampleRate;
    USHORT ValidBitsPerSample;
    USHORT ContainerSize;
    USHORT NumberOfChannels;
} HDAUDIO_STREAM_FORMAT, *PHDAUDIO_STREAM_FORMAT;

typedef struct _HDAUDIO_CONVERTER_FORMAT {
    union {
        struct {
            USHORT NumberOfChannels : 4;
            USHORT BitsPerSample : 3;
            USHORT : 1;
            USHORT SampleRate : 7;
            USHORT StreamType : 1;
        };
        USHORT ConverterFormat;
    };
} HDAUDIO_CONVERTER_FORMAT, *PHDAUDIO_CONVERTER_FORMAT;

typedef struct _HDAUDIO_CODEC_COMMAND {
    union {
        struct {
            ULONG Data : 8;
            ULONG VerbId : 12;
            ULONG Node : 8;
            ULONG CodecAddress : 4;
        } Verb8;
        struct {
            ULONG Data : 16;
            ULONG VerbId : 4;
            ULONG Node : 8;
            ULONG CodecAddress : 4;
        } Verb16;
        ULONG Command;
    };
} HDAUDIO_CODEC_COMMAND, *PHDAUDIO_CODEC_COMMAND;

typedef struct _HDAUDIO_CODEC_RESPONSE {
    union {
        struct {
            union {
                struct {
                    ULONG Response : 21;
                    ULONG SubTag : 5;
                    ULONG Tag : 6;
                } Unsolicited;
                ULONG Response;
            };
            ULONG SDataIn : 4;
            ULONG IsUnsolicitedResponse : 1;
            ULONG : 25;
            ULONG HasFifoOverrun : 1;
            ULONG IsValid : 1;
        };
        ULONGLONG CompleteResponse;
    };
} HDAUDIO_CODEC_RESPONSE, *PHDAUDIO_CODEC_RESPONSE;

typedef struct _HDAUDIO_CODEC_TRANSFER {
    HDAUDIO_CODEC_COMMAND Output;
    HDAUDIO_CODEC_RESPONSE Input;
} HDAUDIO_CODEC_TRANSFER, *PHDAUDIO_CODEC_TRANSFER;

typedef struct _HDAUDIO_DEVICE_INFORMATION {
    USHORT Size;
    USHORT DeviceVersion;
    USHORT DriverVersion;
    USHORT CodecsDetected;
    BOOLEAN IsStripingSupported;
} HDAUDIO_DEVICE_INFORMATION, *PHDAUDIO_DEVICE_INFORMATION;

typedef struct _HDAUDIO_DEVICE_INFORMATION_V2 {
    USHORT Size;
    USHORT DeviceVersion;
    USHORT DriverVersion;
    USHORT CodecsDetected;
    BOOLEAN IsStripingSupported;
    UCHAR CtrlRevision;
    USHORT CtrlVendorId;
    USHORT CtrlDeviceId;
} HDAUDIO_DEVICE_INFORMATION_V2, *PHDAUDIO_DEVICE_INFORMATION_V2;

typedef struct _HDAUDIO_BUFFER_DESCRIPTOR {
    PHYSICAL_ADDRESS Address;
    ULONG Length;
    ULONG InterruptOnCompletion : 1;
} HDAUDIO_BUFFER_DESCRIPTOR, *PHDAUDIO_BUFFER_DESCRIPTOR;

typedef VOID(NTAPI* PHDAUDIO_TRANSFER_COMPLETE_CALLBACK)(PHDAUDIO_CODEC_TRANSFER Transfer, PVOID Context);
typedef VOID(NTAPI* PHDAUDIO_UNSOLICITED_RESPONSE_CALLBACK)(HDAUDIO_CODEC_RESPONSE Response, PVOID Context);
typedef VOID(NTAPI* PHDAUDIO_BDL_ISR)(PVOID Context, ULONG InterruptBitMask);
typedef VOID(NTAPI* PHDAUDIO_DMA_NOTIFICATION_CALLBACK)(PVOID Context, LARGE_INTEGER QPCDMANotificationTimestamp);

typedef NTSTATUS(NTAPI* PTRANSFER_CODEC_VERBS)(_In_ PVOID _context, _In_ ULONG Count,
                                               _Inout_ PHDAUDIO_CODEC_TRANSFER CodecTransfer,
                                               _In_opt_ PHDAUDIO_TRANSFER_COMPLETE_CALLBACK Callback,
                                               _In_opt_ PVOID Context);
typedef NTSTATUS(NTAPI* PALLOCATE_CAPTURE_DMA_ENGINE)(_In_ PVOID _context, _In_ UCHAR CodecAddress,
                                                      _In_ PHDAUDIO_STREAM_FORMAT StreamFormat, _Out_ PHANDLE Handle,
                                                      _Out_ PHDAUDIO_CONVERTER_FORMAT ConverterFormat);
typedef NTSTATUS(NTAPI* PALLOCATE_RENDER_DMA_ENGINE)(_In_ PVOID _context, _In_ PHDAUDIO_STREAM_FORMAT StreamFormat,
                                                     _In_ BOOLEAN Stripe, _Out_ PHANDLE Handle,
                                                     _Out_ PHDAUDIO_CONVERTER_FORMAT ConverterFormat);
typedef NTSTATUS(NTAPI* PCHANGE_BANDWIDTH_ALLOCATION)(_In_ PVOID _context, _In_ HANDLE Handle,
                                                      _In_ PHDAUDIO_STREAM_FORMAT StreamFormat,
                                                      _Out_ PHDAUDIO_CONVERTER_FORMAT ConverterFormat);
typedef NTSTATUS(NTAPI* PALLOCATE_DMA_BUFFER)(_In_ PVOID _context, _In_ HANDLE Handle, _In_ SIZE_T RequestedBufferSize,
                                              _Out_ PMDL* BufferMdl, _Out_ PSIZE_T AllocatedBufferSize,
                                              _Out_ PUCHAR StreamId, _Out_ PULONG FifoSize);
typedef NTSTATUS(NTAPI* PFREE_DMA_BUFFER)(_In_ PVOID _context, _In_ HANDLE Handle);
typedef NTSTATUS(NTAPI* PALLOCATE_CONTIGUOUS_DMA_BUFFER)(_In_ PVOID _context, _In_ HANDLE Handle,
                                                         _In_ ULONG RequestedBufferSize, _Out_ PVOID* DataBuffer,
                                                         _Out_ PHDAUDIO_BUFFER_DESCRIPTOR* BdlBuffer);
typedef NTSTATUS(NTAPI* PSETUP_DMA_ENGINE_WITH_BDL)(_In_ PVOID _context, _In_ HANDLE Handle, _In_ ULONG BufferLength,
                                                    _In_ ULONG Lvi, _In_ PHDAUDIO_BDL_ISR Isr, _In_ PVOID Context,
                                                    _Out_ PUCHAR StreamId, _Out_ PULONG FifoSize);
typedef NTSTATUS(NTAPI* PFREE_CONTIGUOUS_DMA_BUFFER)(_In_ PVOID _context, _In_ HANDLE Handle);
typedef NTSTATUS(NTAPI* PALLOCATE_DMA_BUFFER_WITH_NOTIFICATION)(_In_ PVOID _context, _In_ HANDLE Handle,
                                                                _In_ ULONG NotificationCount,
                                                                _In_ SIZE_T RequestedBufferSize, _Out_ PMDL* BufferMdl,
                                                                _Out_ PSIZE_T AllocatedBufferSize,
                                                                _Out_ PSIZE_T OffsetFromFirstPage,
                                                                _Out_ PUCHAR StreamId, _Out_ PULONG FifoSize);
typedef NTSTATUS(NTAPI* PFREE_DMA_BUFFER_WITH_NOTIFICATION)(_In_ PVOID _context, _In_ HANDLE Handle,
                                                            _In_ PMDL BufferMdl, _In_ SIZE_T BufferSize);
typedef NTSTATUS(NTAPI* PREGISTER_NOTIFICATION_EVENT)(_In_ PVOID _context, _In_ HANDLE Handle,
                                                      _In_ PKEVENT NotificationEvent);
typedef NTSTATUS(NTAPI* PUNREGISTER_NOTIFICATION_EVENT)(_In_ PVOID _context, _In_ HANDLE Handle,
                                                        _In_ PKEVENT NotificationEvent);
typedef NTSTATUS(NTAPI* PREGISTER_NOTIFICATION_CALLBACK)(_In_ PVOID _context, _In_ HANDLE Handle,
                                                         _In_ PDEVICE_OBJECT Fdo,
                                                         _In_ PHDAUDIO_DMA_NOTIFICATION_CALLBACK NotificationCallback,
                                                         _In_opt_ PVOID CallbackContext);
typedef NTSTATUS(NTAPI* PUNREGISTER_NOTIFICATION_CALLBACK)(_In_ PVOID _context, _In_ HANDLE Handle,
                                                           _In_ PHDAUDIO_DMA_NOTIFICATION_CALLBACK NotificationCallback,
                                                           _In_opt_ PVOID CallbackContext);
typedef NTSTATUS(NTAPI* PFREE_DMA_ENGINE)(_In_ PVOID _context, _In_ HANDLE Handle);
typedef NTSTATUS(NTAPI* PSET_DMA_ENGINE_STATE)(_In_ PVOID _context, _In_ HDAUDIO_STREAM_STATE StreamState,
                                               _In_ ULONG NumberOfHandles, _In_ PHANDLE Handles);
typedef VOID(NTAPI* PGET_WALL_CLOCK_REGISTER)(_In_ PVOID _context, _Out_ PULONG* Wallclock);
typedef NTSTATUS(NTAPI* PGET_LINK_POSITION_REGISTER)(_In_ PVOID _context, _In_ HANDLE Handle, _Out_ PULONG* Position);
typedef NTSTATUS(NTAPI* PREGISTER_EVENT_CALLBACK)(_In_ PVOID _context,
                                                  _In_ PHDAUDIO_UNSOLICITED_RESPONSE_CALLBACK Routine,
                                                  _In_opt_ PVOID Context, _Out_ PUCHAR Tag);
typedef NTSTATUS(NTAPI* PUNREGISTER_EVENT_CALLBACK)(_In_ PVOID _context, _In_ UCHAR Tag);
typedef NTSTATUS(NTAPI* PGET_DEVICE_INFORMATION)(_In_ PVOID _context,
                                                 _Inout_ PHDAUDIO_DEVICE_INFORMATION DeviceInformation);
typedef VOID(NTAPI* PGET_RESOURCE_INFORMATION)(_In_ PVOID _context, _Out_ PUCHAR CodecAddress,
                                               _Out_ PUCHAR FunctionGroupStartNode);

typedef struct _HDAUDIO_BUS_INTERFACE {
    USHORT Size;
    USHORT Version;
    PVOID Context;
    PINTERFACE_REFERENCE InterfaceReference;
    PINTERFACE_DEREFERENCE InterfaceDereference;
    PTRANSFER_CODEC_VERBS TransferCodecVerbs;
    PALLOCATE_CAPTURE_DMA_ENGINE AllocateCaptureDmaEngine;
    PALLOCATE_RENDER_DMA_ENGINE AllocateRenderDmaEngine;
    PCHANGE_BANDWIDTH_ALLOCATION ChangeBandwidthAllocation;
    PALLOCATE_DMA_BUFFER AllocateDmaBuffer;
    PFREE_DMA_BUFFER FreeDmaBuffer;
    PFREE_DMA_ENGINE FreeDmaEngine;
    PSET_DMA_ENGINE_STATE SetDmaEngineState;
    PGET_WALL_CLOCK_REGISTER GetWallClockRegister;
    PGET_LINK_POSITION_REGISTER GetLinkPositionRegister;
    PREGISTER_EVENT_CALLBACK RegisterEventCallback;
    PUNREGISTER_EVENT_CALLBACK UnregisterEventCallback;
    PGET_DEVICE_INFORMATION GetDeviceInformation;
    PGET_RESOURCE_INFORMATION GetResourceInformation;
} HDAUDIO_BUS_INTERFACE, *PHDAUDIO_BUS_INTERFACE;

typedef struct _HDAUDIO_BUS_INTERFACE_BDL {
    USHORT Size;
    USHORT Version;
    PVOID Context;
    PINTERFACE_REFERENCE InterfaceReference;
    PINTERFACE_DEREFERENCE InterfaceDereference;
    PTRANSFER_CODEC_VERBS TransferCodecVerbs;
    PALLOCATE_CAPTURE_DMA_ENGINE AllocateCaptureDmaEngine;
    PALLOCATE_RENDER_DMA_ENGINE AllocateRenderDmaEngine;
    PCHANGE_BANDWIDTH_ALLOCATION ChangeBandwidthAllocation;
    PALLOCATE_CONTIGUOUS_DMA_BUFFER AllocateContiguousDmaBuffer;
    PSETUP_DMA_ENGINE_WITH_BDL SetupDmaEngineWithBdl;
    PFREE_CONTIGUOUS_DMA_BUFFER FreeContiguousDmaBuffer;
    PFREE_DMA_ENGINE FreeDmaEngine;
    PSET_DMA_ENGINE_STATE SetDmaEngineState;
    PGET_WALL_CLOCK_REGISTER GetWallClockRegister;
    PGET_LINK_POSITION_REGISTER GetLinkPositionRegister;
    PREGISTER_EVENT_CALLBACK RegisterEventCallback;
    PUNREGISTER_EVENT_CALLBACK UnregisterEventCallback;
    PGET_DEVICE_INFORMATION GetDeviceInformation;
    PGET_RESOURCE_INFORMATION GetResourceInformation;
} HDAUDIO_BUS_INTERFACE_BDL, *PHDAUDIO_BUS_INTERFACE_BDL;

typedef struct _HDAUDIO_BUS_INTERFACE_V2 {
    USHORT Size;
    USHORT Version;
    PVOID Context;
    PINTERFACE_REFERENCE InterfaceReference;
    PINTERFACE_DEREFERENCE InterfaceDereference;
    PTRANSFER_CODEC_VERBS TransferCodecVerbs;
    PALLOCATE_CAPTURE_DMA_ENGINE AllocateCaptureDmaEngine;
    PALLOCATE_RENDER_DMA_ENGINE AllocateRenderDmaEngine;
    PCHANGE_BANDWIDTH_ALLOCATION ChangeBandwidthAllocation;
    PALLOCATE_DMA_BUFFER AllocateDmaBuffer;
    PFREE_DMA_BUFFER FreeDmaBuffer;
    PFREE_DMA_ENGINE FreeDmaEngine;
    PSET_DMA_ENGINE_STATE SetDmaEngineState;
    PGET_WALL_CLOCK_REGISTER GetWallClockRegister;
    PGET_LINK_POSITION_REGISTER GetLinkPositionRegister;
    PREGISTER_EVENT_CALLBACK RegisterEventCallback;
    PUNREGISTER_EVENT_CALLBACK UnregisterEventCallback;
    PGET_DEVICE_INFORMATION GetDeviceInformation;
    PGET_RESOURCE_INFORMATION GetResourceInformation;
    PALLOCATE_DMA_BUFFER_WITH_NOTIFICATION AllocateDmaBufferWithNotification;
    PFREE_DMA_BUFFER_WITH_NOTIFICATION FreeDmaBufferWithNotification;
    PREGISTER_NOTIFICATION_EVENT RegisterNotificationEvent;
    PUNREGISTER_NOTIFICATION_EVENT UnregisterNotificationEvent;
} HDAUDIO_BUS_INTERFACE_V2, *PHDAUDIO_BUS_INTERFACE_V2;

typedef struct _HDAUDIO_BUS_INTERFACE_V3 {
    USHORT Size;
    USHORT Version;
    PVOID Context;
    PINTERFACE_REFERENCE InterfaceReference;
    PINTERFACE_DEREFERENCE InterfaceDereference;
    PTRANSFER_CODEC_VERBS TransferCodecVerbs;
    PALLOCATE_CAPTURE_DMA_ENGINE AllocateCaptureDmaEngine;
    PALLOCATE_RENDER_DMA_ENGINE AllocateRenderDmaEngine;
    PCHANGE_BANDWIDTH_ALLOCATION ChangeBandwidthAllocation;
    PALLOCATE_DMA_BUFFER AllocateDmaBuffer;
    PFREE_DMA_BUFFER FreeDmaBuffer;
    PFREE_DMA_ENGINE FreeDmaEngine;
    PSET_DMA_ENGINE_STATE SetDmaEngineState;
    PGET_WALL_CLOCK_REGISTER GetWallClockRegister;
    PGET_LINK_POSITION_REGISTER GetLinkPositionRegister;
    PREGISTER_EVENT_CALLBACK RegisterEventCallback;
    PUNREGISTER_EVENT_CALLBACK UnregisterEventCallback;
    PGET_DEVICE_INFORMATION GetDeviceInformation;
    PGET_RESOURCE_INFORMATION GetResourceInformation;
    PALLOCATE_DMA_BUFFER_WITH_NOTIFICATION AllocateDmaBufferWithNotification;
    PFREE_DMA_BUFFER_WITH_NOTIFICATION FreeDmaBufferWithNotification;
    PREGISTER_NOTIFICATION_EVENT RegisterNotificationEvent;
    PUNREGISTER_NOTIFICATION_EVENT UnregisterNotificationEvent;
    PREGISTER_NOTIFICATION_CALLBACK RegisterNotificationCallback;
    PUNREGISTER_NOTIFICATION_CALLBACK UnregisterNotificationCallback;
} HDAUDIO_BUS_INTERFACE_V3, *PHDAUDIO_BUS_INTERFACE_V3;

#endif
