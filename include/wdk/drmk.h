/* Digital rights: content identifiers and how they are passed on. */
#ifndef _DRMK_H_
#define _DRMK_H_

#include "ks.h"
#include "ksmedia.h"
#include "punknown.h"

DEFINE_GUID(IID_IDrmAudioStream, 0x1915C967, 0x3299, 0x48CB, 0xA3, 0xE4, 0x69, 0xFD, 0x1D, 0x1B, 0x30, 0x6E);

#define DRMKAPI EXTERN_C OPC_EXPORT

typedef struct tagDRMRIGHTS {
    BOOL CopyProtect;
    ULONG Reserved;
    BOOL DigitalOutputDisable;
} DRMRIGHTS, *PDRMRIGHTS;
typedef const DRMRIGHTS* PCDRMRIGHTS;
#define DEFINE_DRMRIGHTS_DEFAULT(DrmRights) const DRMRIGHTS DrmRights = {FALSE, 0, FALSE}

typedef struct tagDRMFORWARD {
    DWORD Flags;
    PDEVICE_OBJECT DeviceObject;
    PFILE_OBJECT FileObject;
    PVOID Context;
} DRMFORWARD, *PDRMFORWARD;
typedef const DRMFORWARD* PCDRMFORWARD;

typedef NTSTATUS(NTAPI* PFNDRMADDCONTENTHANDLERS)(_In_ ULONG ContentId, _In_ PVOID* paHandlers, _In_ ULONG NumHandlers);
typedef NTSTATUS(NTAPI* PFNDRMCREATECONTENTMIXED)(_In_ PULONG paContentId, _In_ ULONG cContentId,
                                                  _Out_ PULONG pMixedContentId);
typedef NTSTATUS(NTAPI* PFNDRMDESTROYCONTENT)(_In_ ULONG ContentId);
typedef NTSTATUS(NTAPI* PFNDRMFORWARDCONTENTTODEVICEOBJECT)(_In_ ULONG ContentId, _In_ PVOID Reserved,
                                                            _In_ PCDRMFORWARD DrmForward);
typedef NTSTATUS(NTAPI* PFNDRMFORWARDCONTENTTOFILEOBJECT)(_In_ ULONG ContentId, _In_ PFILE_OBJECT FileObject);
typedef NTSTATUS(NTAPI* PFNDRMFORWARDCONTENTTOINTERFACE)(_In_ ULONG ContentId, _In_ PUNKNOWN pUnknown,
                                                         _In_ ULONG NumMethods);
typedef NTSTATUS(NTAPI* PFNDRMGETCONTENTRIGHTS)(_In_ ULONG ContentId, _Out_ PDRMRIGHTS DrmRights);

typedef struct {
    ULONG ContentId;
    DRMRIGHTS DrmRights;
} KSDRMAUDIOSTREAM_CONTENTID, *PKSDRMAUDIOSTREAM_CONTENTID;

typedef struct {
    KSPROPERTY Property;
    PVOID Context;
    PFNDRMADDCONTENTHANDLERS DrmAddContentHandlers;
    PFNDRMCREATECONTENTMIXED DrmCreateContentMixed;
    PFNDRMDESTROYCONTENT DrmDestroyContent;
    PFNDRMFORWARDCONTENTTODEVICEOBJECT DrmForwardContentToDeviceObject;
    PFNDRMFORWARDCONTENTTOFILEOBJECT DrmForwardContentToFileObject;
    PFNDRMFORWARDCONTENTTOINTERFACE DrmForwardContentToInterface;
    PFNDRMGETCONTENTRIGHTS DrmGetContentRights;
} KSP_DRMAUDIOSTREAM_CONTENTID, *PKSP_DRMAUDIOSTREAM_CONTENTID;

/* Miniport stream interface told the content id. */
#define OPC_METHODS_IDrmAudioStream(METHOD_, END)                                                                      \
    METHOD_(NTSTATUS, SetContentId)(THIS_ _In_ ULONG ContentId, _In_ PCDRMRIGHTS DrmRights) END
#undef INTERFACE
#define INTERFACE IDrmAudioStream
DECLARE_INTERFACE_(IDrmAudioStream, IUnknown) {
    DEFINE_ABSTRACT_UNKNOWN()
    OPC_METHODS_IDrmAudioStream(STDMETHOD_, PURE;)
};
typedef IDrmAudioStream* PDRMAUDIOSTREAM;
#define IMP_IDrmAudioStream OPC_METHODS_IDrmAudioStream(OPC_IMPLEMENT_, ;)
#undef INTERFACE

DRMKAPI NTSTATUS NTAPI DrmAddContentHandlers(_In_ ULONG ContentId, _In_ PVOID* paHandlers, _In_ ULONG NumHandlers);
DRMKAPI NTSTATUS NTAPI DrmCreateContentMixed(_In_ PULONG paContentId, _In_ ULONG cContentId,
                                             _Out_ PULONG pMixedContentId);
DRMKAPI NTSTATUS NTAPI DrmDestroyContent(_In_ ULONG ContentId);
DRMKAPI NTSTATUS NTAPI DrmForwardContentToDeviceObject(_In_ ULONG ContentId, _In_ PVOID Reserved,
                                                       _In_ PCDRMFORWARD DrmForward);
DRMKAPI NTSTATUS NTAPI DrmForwardContentToFileObject(_In_ ULONG ContentId, _In_ PFILE_OBJECT FileObject);
DRMKAPI NTSTATUS NTAPI DrmForwardContentToInterface(_In_ ULONG ContentId, _In_ PUNKNOWN pUnknown,
                                                    _In_ ULONG NumMethods);
DRMKAPI NTSTATUS NTAPI DrmGetContentRights(_In_ ULONG ContentId, _Out_ PDRMRIGHTS DrmRights);

#endif
