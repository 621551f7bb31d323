// The audio module: what it is called, its one parameter, and who is told when that changes.
#include "engine.h"

// {6C1E9A50-3B7D-4C11-8E8C-51F0A2C3D401}
static const GUID SwapModule = {0x6c1e9a50, 0x3b7d, 0x4c11, {0x8e, 0x8c, 0x51, 0xf0, 0xa2, 0xc3, 0xd4, 0x01}};
// {6C1E9A50-3B7D-4C11-8E8C-51F0A2C3D402}
static const GUID NotificationDevice = {0x6c1e9a50, 0x3b7d, 0x4c11, {0x8e, 0x8c, 0x51, 0xf0, 0xa2, 0xc3, 0xd4, 0x02}};

// Behind the KSAUDIOMODULE_PROPERTY of a command: nothing asks for the parameter, a BOOL sets it.
struct ModuleCommand {
    KSAUDIOMODULE_PROPERTY Module;
    BOOL IsSwapped;
};

static NTSTATUS Answer(PPCPROPERTY_REQUEST Request, const void* Value, ULONG Bytes) {
    const ULONG Room = Request->ValueSize;
    Request->ValueSize = Bytes;
    if (Room < Bytes) {
        return Room == 0 ? STATUS_BUFFER_OVERFLOW : STATUS_BUFFER_TOO_SMALL;
    }
    RtlCopyMemory(Request->Value, Value, Bytes);
    return STATUS_SUCCESS;
}

static NTSTATUS DescriptorsHandler(PPCPROPERTY_REQUEST Request) {
    PAGED_CODE();
    struct {
        KSMULTIPLE_ITEM Header;
        KSAUDIOMODULE_DESCRIPTOR Module;
    } List = {{sizeof(List), 1}, {SwapModule, 0, 1, 0, L"Swap"}};
    return Answer(Request, &List, sizeof(List));
}

// R-OFF-10: the notification takes the buffer over.
static void TellListeners(PPORTCLSNOTIFICATIONS Notifications, BOOL IsSwapped) {
    struct Change {
        KSAUDIOMODULE_NOTIFICATION Header;
        BOOL IsSwapped;
    };
    PPCNOTIFICATION_BUFFER Buffer = NULL;
    if (NT_SUCCESS(Notifications->AllocNotificationBuffer(NonPagedPoolNx, sizeof(Change), &Buffer))) {
        Change* Told = (Change*)Buffer->NotificationBuffer;
        RtlZeroMemory(Told, sizeof(*Told));
        Told->Header.ProviderId.DeviceId = NotificationDevice;
        Told->Header.ProviderId.ClassId = SwapModule;
        Told->IsSwapped = IsSwapped;
        Notifications->SendNotification(&KSNOTIFICATIONID_AudioModule, Buffer);
    }
}

static NTSTATUS CommandHandler(PPCPROPERTY_REQUEST Request) {
    PAGED_CODE();
    const ULONG Begun = FIELD_OFFSET(KSAUDIOMODULE_PROPERTY, ClassId); // what comes before the instance
    if (Begun + Request->InstanceSize < sizeof(KSAUDIOMODULE_PROPERTY)) {
        return STATUS_INVALID_PARAMETER;
    }
    const ModuleCommand* Command = (const ModuleCommand*)((PUCHAR)Request->Instance - Begun);
    if (!IsEqualGUID(Command->Module.ClassId, SwapModule) || Command->Module.InstanceId != 0) {
        return STATUS_INVALID_PARAMETER;
    }
    CEngineCard* Card = EngineCardOf(Request->MajorTarget);
    if (Begun + Request->InstanceSize < FIELD_OFFSET(ModuleCommand, IsSwapped) + sizeof(BOOL)) {
        return Answer(Request, &Card->IsSwapped, sizeof(Card->IsSwapped));
    }
    Card->IsSwapped = Command->IsSwapped;
    TellListeners(EngineNotificationsOf(Request->MajorTarget), Command->IsSwapped);
    Request->ValueSize = 0;
    return STATUS_SUCCESS;
}

static NTSTATUS NotificationDeviceHandler(PPCPROPERTY_REQUEST Request) {
    PAGED_CODE();
    return Answer(Request, &NotificationDevice, sizeof(NotificationDevice));
}

static const PCPROPERTY_ITEM ModuleProperties[] = {
    {&KSPROPSETID_AudioModule, KSPROPERTY_AUDIOMODULE_DESCRIPTORS, KSPROPERTY_TYPE_GET, DescriptorsHandler},
    {&KSPROPSETID_AudioModule, KSPROPERTY_AUDIOMODULE_COMMAND, KSPROPERTY_TYPE_GET, CommandHandler},
    {&KSPROPSETID_AudioModule, KSPROPERTY_AUDIOMODULE_NOTIFICATION_DEVICE_ID, KSPROPERTY_TYPE_GET,
     NotificationDeviceHandler},
};

extern const PCAUTOMATION_TABLE EngineModuleAutomation = {sizeof(PCPROPERTY_ITEM),
                                                          ARRAYSIZE(ModuleProperties),
                                                          ModuleProperties,
                                                          sizeof(PCMETHOD_ITEM),
                                                          0,
                                                          NULL,
                                                          sizeof(PCEVENT_ITEM),
                                                          0,
                                                          NULL,
                                                          0};
