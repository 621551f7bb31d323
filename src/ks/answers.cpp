#include "ks/answers.h"

#include <cstring>

namespace openportcls::ks {

namespace {

ULONG members_bytes(const KSPROPERTY_VALUES& values) {
    ULONG bytes = 0;
    for (ULONG i = 0; i < values.MembersListCount; ++i) {
        bytes += sizeof(KSPROPERTY_MEMBERSHEADER) + values.MembersList[i].MembersHeader.MembersSize;
    }
    return bytes;
}

} // namespace

NTSTATUS answer(const void* data, ULONG data_bytes, void* value, ULONG room, ULONG& bytes) {
    bytes = 0;
    if (room == 0) {
        bytes = data_bytes;
        return STATUS_BUFFER_OVERFLOW;
    }
    if (room < data_bytes) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    if (data_bytes != 0) {
        std::memcpy(value, data, data_bytes);
    }
    bytes = data_bytes;
    return STATUS_SUCCESS;
}

NTSTATUS answer_list(ULONG count, const void* items, ULONG items_bytes, void* value, ULONG room, ULONG& bytes) {
    const KSMULTIPLE_ITEM header{static_cast<ULONG>(sizeof(KSMULTIPLE_ITEM)) + items_bytes, count};
    if (room == sizeof header) {
        std::memcpy(value, &header, sizeof header);
        bytes = sizeof header;
        return STATUS_SUCCESS;
    }
    bytes = 0;
    if (room == 0) {
        bytes = header.Size;
        return STATUS_BUFFER_OVERFLOW;
    }
    if (room < header.Size) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    std::memcpy(value, &header, sizeof header);
    if (items_bytes != 0) {
        std::memcpy(static_cast<char*>(value) + sizeof header, items, items_bytes);
    }
    bytes = header.Size;
    return STATUS_SUCCESS;
}

NTSTATUS answer_basic_support(ULONG access_flags, const KSPROPERTY_VALUES* values, void* value, ULONG room,
                              ULONG& bytes) {
    KSPROPERTY_DESCRIPTION description{};
    description.AccessFlags = access_flags;
    description.DescriptionSize = sizeof description;
    if (values != nullptr) {
        description.DescriptionSize += members_bytes(*values);
        description.PropTypeSet = values->PropTypeSet;
        description.MembersListCount = values->MembersListCount;
    }
    bytes = 0;
    if (room == 0) {
        bytes = description.DescriptionSize;
        return STATUS_BUFFER_OVERFLOW;
    }
    if (room == sizeof(ULONG)) {
        std::memcpy(value, &access_flags, sizeof(ULONG));
        bytes = sizeof(ULONG);
        return STATUS_SUCCESS;
    }
    if (room != sizeof description && room < description.DescriptionSize) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    std::memcpy(value, &description, sizeof description);
    bytes = sizeof description;
    if (values == nullptr || room < description.DescriptionSize) {
        return STATUS_SUCCESS;
    }
    char* place = static_cast<char*>(value) + sizeof description;
    for (ULONG i = 0; i < values->MembersListCount; ++i) {
        const KSPROPERTY_MEMBERSLIST& list = values->MembersList[i];
        std::memcpy(place, &list.MembersHeader, sizeof list.MembersHeader);
        place += sizeof list.MembersHeader;
        if (list.MembersHeader.MembersSize != 0) {
            std::memcpy(place, list.Members, list.MembersHeader.MembersSize);
            place += list.MembersHeader.MembersSize;
        }
    }
    bytes = description.DescriptionSize;
    return STATUS_SUCCESS;
}

} // namespace openportcls::ks
