// CreateCommonBufferFromMdl: a driver's own pages as a common buffer. Nothing remaps DMA here, so they must lie in one
// piece and within the device's reach.
#include <algorithm>
#include <optional>
#include <span>

#include "executive/hal/dma_adapter.h"
#include "executive/hal/mdl_pieces.h"
#include "executive/irql_check.h"
#include "executive/kernel.h"

namespace openportcls::executive {

namespace {

using Configuration = DMA_COMMON_BUFFER_EXTENDED_CONFIGURATION;

struct Wish {
    machine::PhysicalAddress lowest = 0;
    machine::PhysicalAddress highest = UINT64_MAX;      // of the last byte
    std::optional<std::pair<ULONGLONG, ULONG>> section; // offset in the chain, bytes
};

NTSTATUS read(const Configuration& configuration, Wish& wish) {
    switch (configuration.ConfigType) {
    case CommonBufferConfigTypeLogicalAddressLimits:
        wish.lowest = static_cast<std::uint64_t>(configuration.LogicalAddressLimits.MinimumAddress.QuadPart);
        wish.highest = static_cast<std::uint64_t>(configuration.LogicalAddressLimits.MaximumAddress.QuadPart);
        return STATUS_SUCCESS;
    case CommonBufferConfigTypeSubSection:
        wish.section = {configuration.SubSection.Offset, configuration.SubSection.Length};
        return STATUS_SUCCESS;
    case CommonBufferConfigTypeHardwareAccessPermissions:
        // "ReadOnly and WriteOnly are only permissible if the DMA Adapter is using DMA Remapping."
        return configuration.HardwareAccessType == CommonBufferHardwareAccessReadWrite ? STATUS_SUCCESS
                                                                                       : STATUS_NOT_SUPPORTED;
    default:
        return STATUS_NOT_SUPPORTED;
    }
}

NTSTATUS read_all(std::span<const Configuration> configurations, Wish& wish) {
    unsigned seen = 0;
    for (const Configuration& configuration : configurations) {
        const NTSTATUS status = read(configuration, wish);
        if (!NT_SUCCESS(status)) {
            return status;
        }
        const unsigned bit = 1U << configuration.ConfigType;
        if ((seen & bit) != 0) {
            return STATUS_INVALID_PARAMETER; // two "of the same" type
        }
        seen |= bit;
    }
    return STATUS_SUCCESS;
}

// The section of the chain that is to be the buffer, within one MDL.
struct Section {
    MDL* mdl = nullptr;
    ULONG offset = 0;
    ULONG bytes = 0;
};

std::optional<Section> find_section(MDL* mdl, const Wish& wish) {
    if (!wish.section) {
        return mdl->Next == nullptr ? std::optional(Section{mdl, 0, mdl->ByteCount}) : std::nullopt;
    }
    auto [offset, bytes] = *wish.section;
    for (; mdl != nullptr; mdl = mdl->Next) {
        if (offset < mdl->ByteCount) {
            return bytes <= mdl->ByteCount - offset ? std::optional(Section{mdl, static_cast<ULONG>(offset), bytes})
                                                    : std::nullopt;
        }
        offset -= mdl->ByteCount;
    }
    return std::nullopt;
}

bool is_whole_pages(const Section& section) {
    return section.bytes != 0 && section.bytes % machine::page_size == 0 &&
           (section.mdl->ByteOffset + section.offset) % machine::page_size == 0;
}

bool is_mapped(const MDL* mdl) {
    return (mdl->MdlFlags & (MDL_MAPPED_TO_SYSTEM_VA | MDL_SOURCE_IS_NONPAGED_POOL)) != 0;
}

} // namespace

NTSTATUS NTAPI dma_common_buffer_from_mdl(DMA_ADAPTER* documented, MDL* mdl, Configuration* configurations, ULONG count,
                                          PHYSICAL_ADDRESS* logical) {
    OPC_REQUIRE_PASSIVE("CreateCommonBufferFromMdl");
    DmaAdapter& adapter = adapter_of(documented);
    if (mdl == nullptr || logical == nullptr || (configurations == nullptr && count != 0)) {
        return STATUS_INVALID_PARAMETER;
    }
    Wish wish;
    const NTSTATUS status = read_all({configurations, count}, wish);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    const std::optional<Section> section = find_section(mdl, wish);
    if (!section || !is_whole_pages(*section) || !is_mapped(section->mdl)) {
        return STATUS_INVALID_PARAMETER;
    }
    ULONG pieces = 0;
    MdlPiece piece{0, 0};
    for_each_piece(section->mdl, address_at(section->mdl, section->offset), section->bytes, [&](const MdlPiece& next) {
        ++pieces;
        piece = next;
    });
    if (pieces != 1 || !adapter.can_take(piece.address, piece.bytes) || piece.address < wish.lowest ||
        piece.address + piece.bytes - 1 > wish.highest) {
        return STATUS_INVALID_PARAMETER;
    }
    adapter.mdl_buffers.push_back(
        {static_cast<char*>(section->mdl->MappedSystemVa) + section->offset, section->bytes, piece.address});
    logical->QuadPart = static_cast<LONGLONG>(piece.address);
    return STATUS_SUCCESS;
}

} // namespace openportcls::executive
