// The USB driver library's parsers. They look at descriptors only; there is no USB bus to configure.
#include <algorithm>
#include <cstring>

#include <ntddk.h>
#include <usbdlib.h>

#include "executive/not_done.h"

namespace {

constexpr LONG any_value = -1;
constexpr USBD_STATUS bad_descriptor = static_cast<USBD_STATUS>(0xC0100000);        // USBD_STATUS_BAD_DESCRIPTOR
constexpr USBD_STATUS bad_descriptor_length = static_cast<USBD_STATUS>(0xC0100001); // …_BAD_DESCRIPTOR_BLEN

// The descriptor at `at`, or null when it does not lie within [at, end).
USB_COMMON_DESCRIPTOR* descriptor_at(UCHAR* at, const UCHAR* end) {
    if (end - at < static_cast<std::ptrdiff_t>(sizeof(USB_COMMON_DESCRIPTOR))) {
        return nullptr;
    }
    auto* descriptor = reinterpret_cast<USB_COMMON_DESCRIPTOR*>(at);
    const bool complete = descriptor->bLength >= sizeof *descriptor && descriptor->bLength <= end - at;
    return complete ? descriptor : nullptr;
}

bool fits(LONG wanted, UCHAR value) {
    return wanted == any_value || wanted == value;
}

} // namespace

extern "C" {

PUSB_COMMON_DESCRIPTOR NTAPI USBD_ParseDescriptors(PVOID DescriptorBuffer, ULONG TotalLength, PVOID StartPosition,
                                                   LONG DescriptorType) {
    const UCHAR* end = static_cast<UCHAR*>(DescriptorBuffer) + TotalLength;
    auto* at = static_cast<UCHAR*>(StartPosition);
    while (auto* descriptor = descriptor_at(at, end)) {
        if (descriptor->bDescriptorType == DescriptorType) {
            return descriptor;
        }
        at += descriptor->bLength;
    }
    return nullptr;
}

PUSB_INTERFACE_DESCRIPTOR NTAPI USBD_ParseConfigurationDescriptorEx(
    PUSB_CONFIGURATION_DESCRIPTOR ConfigurationDescriptor, PVOID StartPosition, LONG InterfaceNumber,
    LONG AlternateSetting, LONG InterfaceClass, LONG InterfaceSubClass, LONG InterfaceProtocol) {
    const ULONG total = ConfigurationDescriptor->wTotalLength;
    PVOID at = StartPosition;
    while (auto* common = USBD_ParseDescriptors(ConfigurationDescriptor, total, at, USB_INTERFACE_DESCRIPTOR_TYPE)) {
        auto* candidate = reinterpret_cast<USB_INTERFACE_DESCRIPTOR*>(common);
        if (common->bLength >= sizeof *candidate && fits(InterfaceNumber, candidate->bInterfaceNumber) &&
            fits(AlternateSetting, candidate->bAlternateSetting) && fits(InterfaceClass, candidate->bInterfaceClass) &&
            fits(InterfaceSubClass, candidate->bInterfaceSubClass) &&
            fits(InterfaceProtocol, candidate->bInterfaceProtocol)) {
            return candidate;
        }
        at = reinterpret_cast<UCHAR*>(common) + common->bLength;
    }
    return nullptr;
}

USBD_STATUS NTAPI USBD_ValidateConfigurationDescriptor(PUSB_CONFIGURATION_DESCRIPTOR ConfigDesc, ULONG BufferLength,
                                                       USHORT, PUCHAR* Offset, ULONG) {
    auto* begin = reinterpret_cast<UCHAR*>(ConfigDesc);
    const auto fail = [&](UCHAR* where, USBD_STATUS status) {
        if (Offset != nullptr) {
            *Offset = where;
        }
        return status;
    };
    if (BufferLength < sizeof *ConfigDesc || ConfigDesc->bLength < sizeof *ConfigDesc) {
        return fail(begin, bad_descriptor_length);
    }
    if (ConfigDesc->bDescriptorType != USB_CONFIGURATION_DESCRIPTOR_TYPE) {
        return fail(begin, bad_descriptor);
    }
    const UCHAR* end = begin + std::min<ULONG>(BufferLength, ConfigDesc->wTotalLength);
    UCHAR* at = begin;
    while (at < end) {
        auto* descriptor = descriptor_at(at, end);
        if (descriptor == nullptr) {
            return fail(at, bad_descriptor_length);
        }
        at += descriptor->bLength;
    }
    return fail(nullptr, USBD_STATUS_SUCCESS);
}

// No URBs without a bus: the caller sees "insufficient resources", as the page says of a null result.
PURB NTAPI USBD_CreateConfigurationRequestEx(PUSB_CONFIGURATION_DESCRIPTOR, PUSBD_INTERFACE_LIST_ENTRY) {
    OPC_NOT_DONE();
    return nullptr;
}

} // extern "C"
