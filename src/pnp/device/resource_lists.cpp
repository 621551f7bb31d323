#include "pnp/device/resource_lists.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <optional>

#include <fmt/format.h>

namespace openportcls::pnp {

TranslatedInterrupt translate_interrupt(std::uint32_t line) {
    // On x64 the upper half of a vector is its IRQL; sixteen lines of one level keep apart below it.
    constexpr std::uint32_t levels = machine::irql::device_highest - machine::irql::device_lowest;
    const auto level = static_cast<KIRQL>(machine::irql::device_lowest + line % levels);
    const std::uint32_t within = line / levels;
    return {within < 16 ? level * 16U + within : 0x1000U + line, level};
}

namespace {

UCHAR resource_type(Resource::Kind kind) {
    switch (kind) {
    case Resource::Kind::port:
        return CmResourceTypePort;
    case Resource::Kind::memory:
        return CmResourceTypeMemory;
    case Resource::Kind::interrupt:
        return CmResourceTypeInterrupt;
    case Resource::Kind::dma:
        return CmResourceTypeDma;
    }
    return CmResourceTypeNull;
}

USHORT resource_flags(const Resource& resource) {
    switch (resource.kind) {
    case Resource::Kind::port:
        return CM_RESOURCE_PORT_IO | CM_RESOURCE_PORT_16_BIT_DECODE;
    case Resource::Kind::memory:
        return CM_RESOURCE_MEMORY_READ_WRITE;
    case Resource::Kind::interrupt:
        return resource.trigger == machine::TriggerMode::latched ? CM_RESOURCE_INTERRUPT_LATCHED
                                                                 : CM_RESOURCE_INTERRUPT_LEVEL_SENSITIVE;
    case Resource::Kind::dma:
        return resource.line < 4 ? CM_RESOURCE_DMA_8 : CM_RESOURCE_DMA_16;
    }
    return 0;
}

UCHAR share_disposition(const Resource& resource) {
    return resource.shared ? CmResourceShareShared : CmResourceShareDeviceExclusive;
}

CM_PARTIAL_RESOURCE_DESCRIPTOR describe(const Resource& resource, bool translated) {
    CM_PARTIAL_RESOURCE_DESCRIPTOR descriptor{};
    descriptor.Type = resource_type(resource.kind);
    descriptor.ShareDisposition = share_disposition(resource);
    descriptor.Flags = resource_flags(resource);
    if (resource.kind == Resource::Kind::interrupt) {
        const TranslatedInterrupt to = translate_interrupt(resource.line);
        descriptor.u.Interrupt.Level = translated ? to.irql : resource.line;
        descriptor.u.Interrupt.Vector = translated ? to.vector : resource.line;
        descriptor.u.Interrupt.Affinity = ~KAFFINITY{0};
    } else if (resource.kind == Resource::Kind::dma) {
        descriptor.u.Dma.Channel = resource.line;
    } else {
        descriptor.u.Generic.Start.QuadPart = static_cast<LONGLONG>(resource.start);
        descriptor.u.Generic.Length = static_cast<ULONG>(resource.length);
    }
    return descriptor;
}

std::optional<Resource> choose(const IO_RESOURCE_DESCRIPTOR& wanted, std::span<const Resource> available,
                               std::vector<bool>& taken) {
    for (std::size_t index = 0; index < available.size(); ++index) {
        const Resource& offer = available[index];
        if (taken[index] || resource_type(offer.kind) != wanted.Type) {
            continue;
        }
        bool fits;
        switch (wanted.Type) {
        case CmResourceTypeInterrupt:
            fits = offer.line >= wanted.u.Interrupt.MinimumVector && offer.line <= wanted.u.Interrupt.MaximumVector;
            break;
        case CmResourceTypeDma:
            fits = offer.line >= wanted.u.Dma.MinimumChannel && offer.line <= wanted.u.Dma.MaximumChannel;
            break;
        default:
            fits = wanted.u.Generic.Length <= offer.length &&
                   offer.start >= static_cast<std::uint64_t>(wanted.u.Generic.MinimumAddress.QuadPart) &&
                   offer.start + wanted.u.Generic.Length - 1 <=
                       static_cast<std::uint64_t>(wanted.u.Generic.MaximumAddress.QuadPart);
        }
        if (fits) {
            taken[index] = true;
            Resource chosen = offer;
            if (wanted.Type == CmResourceTypePort || wanted.Type == CmResourceTypeMemory) {
                chosen.length = wanted.u.Generic.Length;
            }
            chosen.shared = wanted.ShareDisposition == CmResourceShareShared;
            return chosen;
        }
    }
    return std::nullopt;
}

std::optional<Assignment> satisfy_list(const IO_RESOURCE_LIST& list, std::span<const Resource> available) {
    Assignment assignment;
    std::vector<bool> taken(available.size());
    bool last_satisfied = true;
    for (ULONG index = 0; index < list.Count; ++index) {
        const IO_RESOURCE_DESCRIPTOR& wanted = list.Descriptors[index];
        if (wanted.Type == CmResourceTypeConfigData || wanted.Type == CmResourceTypeNull) {
            continue;
        }
        if (wanted.Type == CmResourceTypeDevicePrivate) {
            CM_PARTIAL_RESOURCE_DESCRIPTOR descriptor{};
            descriptor.Type = CmResourceTypeDevicePrivate;
            descriptor.ShareDisposition = wanted.ShareDisposition;
            descriptor.Flags = wanted.Flags;
            std::memcpy(descriptor.u.DevicePrivate.Data, wanted.u.DevicePrivate.Data,
                        sizeof descriptor.u.DevicePrivate.Data);
            assignment.device_private.push_back(descriptor);
            continue;
        }
        const bool is_alternative = (wanted.Option & IO_RESOURCE_ALTERNATIVE) != 0;
        if (is_alternative && last_satisfied) {
            continue; // the preferred one before it was available
        }
        if (!is_alternative && !last_satisfied) {
            return std::nullopt;
        }
        auto chosen = choose(wanted, available, taken);
        last_satisfied = chosen.has_value();
        if (chosen) {
            assignment.resources.push_back(*chosen);
        }
    }
    if (!last_satisfied) {
        return std::nullopt;
    }
    return assignment;
}

} // namespace

std::vector<UCHAR> make_resource_list(const Assignment& assignment, const BusPlace& place, bool translated) {
    const std::size_t count = assignment.resources.size() + assignment.device_private.size();
    if (count == 0) {
        return {};
    }
    const std::size_t size =
        offsetof(CM_RESOURCE_LIST, List) + offsetof(CM_FULL_RESOURCE_DESCRIPTOR, PartialResourceList) +
        offsetof(CM_PARTIAL_RESOURCE_LIST, PartialDescriptors) + count * sizeof(CM_PARTIAL_RESOURCE_DESCRIPTOR);
    std::vector<UCHAR> bytes(size);
    auto* list = reinterpret_cast<CM_RESOURCE_LIST*>(bytes.data());
    list->Count = 1;
    list->List[0].InterfaceType = place.type;
    list->List[0].BusNumber = place.bus_number;
    CM_PARTIAL_RESOURCE_LIST& partial = list->List[0].PartialResourceList;
    partial.Version = 1;
    partial.Revision = 1;
    partial.Count = static_cast<ULONG>(count);
    CM_PARTIAL_RESOURCE_DESCRIPTOR* next = partial.PartialDescriptors;
    for (const Resource& resource : assignment.resources) {
        *next++ = describe(resource, translated);
    }
    for (const CM_PARTIAL_RESOURCE_DESCRIPTOR& descriptor : assignment.device_private) {
        *next++ = descriptor;
    }
    return bytes;
}

std::vector<UCHAR> make_requirements(std::span<const Resource> resources, const BusPlace& place) {
    if (resources.empty()) {
        return {};
    }
    const std::size_t size = offsetof(IO_RESOURCE_REQUIREMENTS_LIST, List) + offsetof(IO_RESOURCE_LIST, Descriptors) +
                             resources.size() * sizeof(IO_RESOURCE_DESCRIPTOR);
    std::vector<UCHAR> bytes(size);
    auto* list = reinterpret_cast<IO_RESOURCE_REQUIREMENTS_LIST*>(bytes.data());
    list->ListSize = static_cast<ULONG>(size);
    list->InterfaceType = place.type;
    list->BusNumber = place.bus_number;
    list->SlotNumber = place.slot;
    list->AlternativeLists = 1;
    list->List[0].Version = 1;
    list->List[0].Revision = 1;
    list->List[0].Count = static_cast<ULONG>(resources.size());
    IO_RESOURCE_DESCRIPTOR* next = list->List[0].Descriptors;
    for (const Resource& resource : resources) {
        IO_RESOURCE_DESCRIPTOR& descriptor = *next++;
        descriptor.Option = IO_RESOURCE_PREFERRED;
        descriptor.Type = resource_type(resource.kind);
        descriptor.ShareDisposition = share_disposition(resource);
        descriptor.Flags = resource_flags(resource);
        if (resource.kind == Resource::Kind::interrupt) {
            descriptor.u.Interrupt.MinimumVector = descriptor.u.Interrupt.MaximumVector = resource.line;
        } else if (resource.kind == Resource::Kind::dma) {
            descriptor.u.Dma.MinimumChannel = descriptor.u.Dma.MaximumChannel = resource.line;
        } else {
            descriptor.u.Generic.Length = static_cast<ULONG>(resource.length);
            descriptor.u.Generic.Alignment = 1;
            descriptor.u.Generic.MinimumAddress.QuadPart = static_cast<LONGLONG>(resource.start);
            descriptor.u.Generic.MaximumAddress.QuadPart = static_cast<LONGLONG>(resource.start + resource.length - 1);
        }
    }
    return bytes;
}

Result<Assignment> satisfy(const IO_RESOURCE_REQUIREMENTS_LIST& requirements, std::span<const Resource> available) {
    const auto* at = reinterpret_cast<const char*>(requirements.List);
    const auto* end = reinterpret_cast<const char*>(&requirements) + requirements.ListSize;
    for (ULONG index = 0; index < requirements.AlternativeLists; ++index) {
        const auto* list = reinterpret_cast<const IO_RESOURCE_LIST*>(at);
        const auto room = static_cast<std::size_t>(std::max<std::ptrdiff_t>(end - at, 0));
        const std::size_t header = offsetof(IO_RESOURCE_LIST, Descriptors);
        if (room < header || list->Count > (room - header) / sizeof(IO_RESOURCE_DESCRIPTOR)) {
            return Error{STATUS_INVALID_PARAMETER,
                         "the driver's answer to FILTER_RESOURCE_REQUIREMENTS is longer than its ListSize"};
        }
        if (auto assignment = satisfy_list(*list, available)) {
            return std::move(*assignment);
        }
        at += header + list->Count * sizeof(IO_RESOURCE_DESCRIPTOR);
    }
    return Error{STATUS_CONFLICTING_ADDRESSES, "none of the alternatives it asks for fits the resources it was given"};
}

} // namespace openportcls::pnp
