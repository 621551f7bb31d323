/* Fast I/O entry points: the three of FAST_IO_DISPATCH that KS objects have. */
#ifndef OPC_FAST_IO_H
#define OPC_FAST_IO_H

#include "io_types.h"

typedef BOOLEAN(NTAPI FAST_IO_READ)(_In_ struct _FILE_OBJECT* FileObject, _In_ PLARGE_INTEGER FileOffset,
                                    _In_ ULONG Length, _In_ BOOLEAN Wait, _In_ ULONG LockKey, _Out_ PVOID Buffer,
                                    _Out_ PIO_STATUS_BLOCK IoStatus, _In_ struct _DEVICE_OBJECT* DeviceObject);
typedef FAST_IO_READ* PFAST_IO_READ;

typedef BOOLEAN(NTAPI FAST_IO_WRITE)(_In_ struct _FILE_OBJECT* FileObject, _In_ PLARGE_INTEGER FileOffset,
                                     _In_ ULONG Length, _In_ BOOLEAN Wait, _In_ ULONG LockKey, _In_ PVOID Buffer,
                                     _Out_ PIO_STATUS_BLOCK IoStatus, _In_ struct _DEVICE_OBJECT* DeviceObject);
typedef FAST_IO_WRITE* PFAST_IO_WRITE;

typedef BOOLEAN(NTAPI FAST_IO_DEVICE_CONTROL)(_In_ struct _FILE_OBJECT* FileObject, _In_ BOOLEAN Wait,
                                              _In_opt_ PVOID InputBuffer, _In_ ULONG InputBufferLength,
                                              _Out_opt_ PVOID OutputBuffer, _In_ ULONG OutputBufferLength,
                                              _In_ ULONG IoControlCode, _Out_ PIO_STATUS_BLOCK IoStatus,
                                              _In_ struct _DEVICE_OBJECT* DeviceObject);
typedef FAST_IO_DEVICE_CONTROL* PFAST_IO_DEVICE_CONTROL;

#endif
