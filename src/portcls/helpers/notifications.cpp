#include "portcls/helpers/notifications.h"

#include <cstddef>
#include <cstring>

#include "executive/irql_check.h"
#include "portcls/helpers/com_object.h"

namespace openportcls::portcls {

namespace {

constexpr ULONG notification_signature = 0x624E6350; // 'PcNb'

// What stands before the payload that a driver sees.
struct alignas(16) NotificationBuffer {
    ULONG signature;
    USHORT bytes;
};

NotificationBuffer* header_of(PPCNOTIFICATION_BUFFER buffer) {
    return buffer == nullptr ? nullptr : reinterpret_cast<NotificationBuffer*>(buffer) - 1;
}

bool is_paged(POOL_TYPE pool) {
    return (static_cast<ULONG>(pool) & 1) != 0; // PagedPool and its variants are odd
}

} // namespace

NTSTATUS allocate_notification_buffer(POOL_TYPE pool, USHORT bytes, PPCNOTIFICATION_BUFFER* buffer) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    if (buffer == nullptr || bytes == 0 || (is_paged(pool) && KeGetCurrentIrql() > APC_LEVEL)) {
        return STATUS_INVALID_PARAMETER;
    }
    *buffer = nullptr;
    auto* header =
        static_cast<NotificationBuffer*>(ExAllocatePoolWithTag(pool, sizeof(NotificationBuffer) + bytes, object_tag));
    if (header == nullptr) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    std::memset(header, 0, sizeof(NotificationBuffer) + bytes);
    header->signature = notification_signature;
    header->bytes = bytes;
    *buffer = reinterpret_cast<PPCNOTIFICATION_BUFFER>(header + 1);
    return STATUS_SUCCESS;
}

void free_notification_buffer(PPCNOTIFICATION_BUFFER buffer) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    NotificationBuffer* header = header_of(buffer);
    if (header != nullptr && header->signature == notification_signature) {
        header->signature = 0;
        ExFreePoolWithTag(header, object_tag);
    }
}

NTSTATUS send_notification(PDEVICE_OBJECT physical_device, const GUID& notification_id, PPCNOTIFICATION_BUFFER buffer) {
    OPC_REQUIRE_PASSIVE();
    NotificationBuffer* header = header_of(buffer);
    if (header == nullptr || header->signature != notification_signature) {
        return STATUS_INVALID_PARAMETER;
    }
    constexpr std::size_t fixed_bytes = offsetof(TARGET_DEVICE_CUSTOM_NOTIFICATION, CustomDataBuffer);
    const std::size_t bytes = fixed_bytes + header->bytes;
    NTSTATUS status = STATUS_INSUFFICIENT_RESOURCES;
    auto* change =
        bytes <= MAXUSHORT
            ? static_cast<TARGET_DEVICE_CUSTOM_NOTIFICATION*>(ExAllocatePoolWithTag(PagedPool, bytes, object_tag))
            : nullptr;
    if (change != nullptr) {
        std::memset(change, 0, fixed_bytes);
        change->Version = 1;
        change->Size = static_cast<USHORT>(bytes);
        change->Event = notification_id;
        change->NameBufferOffset = -1;
        std::memcpy(change->CustomDataBuffer, buffer, header->bytes);
        status = IoReportTargetDeviceChangeAsynchronous(physical_device, change, nullptr, nullptr);
        ExFreePoolWithTag(change, object_tag);
    }
    free_notification_buffer(buffer);
    return status;
}

} // namespace openportcls::portcls
