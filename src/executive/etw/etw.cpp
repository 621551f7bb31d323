// Etw…: providers register, events are counted and recorded. Callable at any IRQL unless said otherwise.
#include <cstring>
#include <string>

#include <fmt/format.h>

#include <ntddk.h>

#include "base/unicode.h"
#include "executive/etw/debug_log.h"
#include "executive/irql_check.h"

using namespace openportcls;
using namespace openportcls::executive;

namespace {

bool is_wanted(const EtwProvider& provider, UCHAR level, ULONGLONG keyword) {
    if (!Etw::current().is_enabled(provider) || (provider.level != 0 && level > provider.level)) {
        return false;
    }
    // A keyword of zero passes always; otherwise one of "any" (when set) and all of "all".
    return keyword == 0 || ((provider.match_any_keyword == 0 || (keyword & provider.match_any_keyword) != 0) &&
                            (keyword & provider.match_all_keyword) == provider.match_all_keyword);
}

std::string guid_digits(const GUID& id) {
    return fmt::format("{:08x}-{:04x}-{:04x}", id.Data1, id.Data2, id.Data3);
}

NTSTATUS write(REGHANDLE handle, PCEVENT_DESCRIPTOR descriptor, ULONG data_count, PEVENT_DATA_DESCRIPTOR data) {
    constexpr ULONG most_descriptors = 128; // MAX_EVENT_DATA_DESCRIPTORS
    Etw& etw = Etw::current();
    EtwProvider* provider = etw.find_provider(handle);
    if (provider == nullptr) {
        return STATUS_INVALID_HANDLE;
    }
    if (descriptor == nullptr || data_count > most_descriptors || (data_count != 0 && data == nullptr)) {
        return STATUS_INVALID_PARAMETER;
    }
    if (!is_wanted(*provider, descriptor->Level, descriptor->Keyword)) {
        return STATUS_SUCCESS;
    }
    ++provider->events;
    ULONGLONG bytes = 0;
    for (ULONG i = 0; i < data_count; ++i) {
        bytes += data[i].Size;
    }
    etw.log(LogSource::etw, descriptor->Id, descriptor->Level,
            fmt::format("{} event {} opcode {} keyword {:#x}, {} bytes", guid_digits(provider->id), descriptor->Id,
                        descriptor->Opcode, descriptor->Keyword, bytes));
    return STATUS_SUCCESS;
}

} // namespace

extern "C" {

NTSTATUS NTAPI EtwRegister(LPCGUID ProviderId, PETWENABLECALLBACK EnableCallback, PVOID CallbackContext,
                           PREGHANDLE RegHandle) {
    OPC_REQUIRE_PASSIVE();
    if (ProviderId == nullptr || RegHandle == nullptr) {
        return STATUS_INVALID_PARAMETER;
    }
    EtwProvider provider;
    provider.id = *ProviderId;
    provider.callback = reinterpret_cast<void*>(EnableCallback);
    provider.callback_context = CallbackContext;
    *RegHandle = 0;
    *RegHandle = Etw::current().register_provider(provider);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI EtwUnregister(REGHANDLE RegHandle) {
    OPC_REQUIRE_PASSIVE();
    return Etw::current().unregister_provider(RegHandle) ? STATUS_SUCCESS : STATUS_INVALID_HANDLE;
}

BOOLEAN NTAPI EtwEventEnabled(REGHANDLE RegHandle, PCEVENT_DESCRIPTOR EventDescriptor) {
    const EtwProvider* provider = Etw::current().find_provider(RegHandle);
    return provider != nullptr && is_wanted(*provider, EventDescriptor->Level, EventDescriptor->Keyword);
}

BOOLEAN NTAPI EtwProviderEnabled(REGHANDLE RegHandle, UCHAR Level, ULONGLONG Keyword) {
    const EtwProvider* provider = Etw::current().find_provider(RegHandle);
    return provider != nullptr && is_wanted(*provider, Level, Keyword);
}

NTSTATUS NTAPI EtwWrite(REGHANDLE RegHandle, PCEVENT_DESCRIPTOR EventDescriptor, LPCGUID, ULONG UserDataCount,
                        PEVENT_DATA_DESCRIPTOR UserData) {
    return write(RegHandle, EventDescriptor, UserDataCount, UserData);
}

NTSTATUS NTAPI EtwWriteTransfer(REGHANDLE RegHandle, PCEVENT_DESCRIPTOR EventDescriptor, LPCGUID, LPCGUID,
                                ULONG UserDataCount, PEVENT_DATA_DESCRIPTOR UserData) {
    return write(RegHandle, EventDescriptor, UserDataCount, UserData);
}

// There is one session, so the filter has nobody to leave out; the flags are reserved.
NTSTATUS NTAPI EtwWriteEx(REGHANDLE RegHandle, PCEVENT_DESCRIPTOR EventDescriptor, ULONG64, ULONG Flags, LPCGUID,
                          LPCGUID, ULONG UserDataCount, PEVENT_DATA_DESCRIPTOR UserData) {
    if (Flags != 0 && Etw::current().find_provider(RegHandle) != nullptr) {
        return STATUS_INVALID_PARAMETER;
    }
    return write(RegHandle, EventDescriptor, UserDataCount, UserData);
}

NTSTATUS NTAPI EtwWriteString(REGHANDLE RegHandle, UCHAR Level, ULONGLONG Keyword, LPCGUID, PCWSTR String) {
    Etw& etw = Etw::current();
    EtwProvider* provider = etw.find_provider(RegHandle);
    if (provider == nullptr) {
        return STATUS_INVALID_HANDLE;
    }
    if (is_wanted(*provider, Level, Keyword)) {
        ++provider->events;
        etw.log(LogSource::etw, 0, Level, utf16_to_utf8(String == nullptr ? u"" : String));
    }
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI EtwSetInformation(REGHANDLE RegHandle, ULONG InformationClass, PVOID Information,
                                 ULONG InformationLength) {
    OPC_REQUIRE_PASSIVE();
    if (Etw::current().find_provider(RegHandle) == nullptr) {
        return STATUS_INVALID_HANDLE;
    }
    // EVENT_INFO_CLASS. What is accepted changes how a session would decode events, and none here decodes them.
    constexpr ULONG binary_tracking = 0;
    constexpr ULONG traits = 2;
    constexpr ULONG use_descriptor_type = 3;
    switch (InformationClass) {
    case binary_tracking:
        return STATUS_SUCCESS;
    case traits: { // begins with its own size
        USHORT size = 0;
        if (Information == nullptr || InformationLength < sizeof size) {
            return STATUS_INVALID_PARAMETER;
        }
        std::memcpy(&size, Information, sizeof size);
        return size == InformationLength ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
    }
    case use_descriptor_type:
        return Information != nullptr && InformationLength == sizeof(BOOLEAN) ? STATUS_SUCCESS
                                                                              : STATUS_INVALID_PARAMETER;
    default:
        return STATUS_INVALID_DEVICE_REQUEST;
    }
}

NTSTATUS NTAPI EtwActivityIdControl(ULONG ControlCode, GUID* ActivityId) {
    constexpr ULONG get_id = 1;
    constexpr ULONG set_id = 2;
    constexpr ULONG create_id = 3;
    constexpr ULONG get_set_id = 4;
    constexpr ULONG create_set_id = 5;
    if (ActivityId == nullptr) {
        return STATUS_INVALID_PARAMETER;
    }
    GUID& current = Etw::current().activity_id;
    const GUID given = *ActivityId;
    switch (ControlCode) {
    case get_id:
        *ActivityId = current;
        return STATUS_SUCCESS;
    case set_id:
        current = given;
        return STATUS_SUCCESS;
    case create_id:
        *ActivityId = Etw::current().next_activity_id();
        return STATUS_SUCCESS;
    case get_set_id:
        *ActivityId = current;
        current = given;
        return STATUS_SUCCESS;
    case create_set_id:
        *ActivityId = current;
        current = Etw::current().next_activity_id();
        return STATUS_SUCCESS;
    default:
        return STATUS_INVALID_PARAMETER;
    }
}

} // extern "C"
