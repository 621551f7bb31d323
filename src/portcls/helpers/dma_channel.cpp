#include "portcls/helpers/dma_channel.h"

#include <algorithm>
#include <cstring>

#include "executive/irql_check.h"
#include "machine/machine.h"
#include "portcls/device_context.h"
#include "portcls/portcls_system.h"

namespace openportcls::portcls {

namespace {

constexpr ULONG wait_step_in_microseconds = 10; // R-DMA-06

// R-DMA-02: address bits outside the mask are the same from the buffer's first byte to its last.
bool satisfies(PHYSICAL_ADDRESS address, ULONG size, const PHYSICAL_ADDRESS* constraint) {
    if (constraint == nullptr) {
        return true;
    }
    const ULONGLONG first = static_cast<ULONGLONG>(address.QuadPart);
    const ULONGLONG last = first + size - 1;
    return ((first ^ last) & ~static_cast<ULONGLONG>(constraint->QuadPart)) == 0;
}

} // namespace

DmaChannel::DmaChannel(DMA_ADAPTER* adapter, PDEVICE_OBJECT device, ULONG maximum_size, bool master)
    : adapter_(adapter), device_(device), maximum_size_(maximum_size), master_(master) {
    KeInitializeEvent(&granted_, SynchronizationEvent, FALSE);
}

NTSTATUS DmaChannel::create(const DEVICE_DESCRIPTION& description, PDEVICE_OBJECT physical_device,
                            IDmaChannelSlave** result) {
    if (result == nullptr || physical_device == nullptr) {
        return STATUS_INVALID_PARAMETER;
    }
    DEVICE_DESCRIPTION copy = description;
    ULONG map_registers = 0;
    DMA_ADAPTER* adapter = IoGetDmaAdapter(physical_device, &copy, &map_registers);
    if (adapter == nullptr) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    // A slave transfer goes through map registers, one page each.
    ULONG maximum = copy.MaximumLength;
    if (!copy.Master && map_registers != 0) {
        maximum = static_cast<ULONG>(std::min<ULONGLONG>(maximum, ULONGLONG{map_registers} * PAGE_SIZE));
    }
    auto* channel = new DmaChannel(adapter, physical_device, maximum, copy.Master);
    if (channel == nullptr) {
        adapter->DmaOperations->PutDmaAdapter(adapter);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    *result = channel;
    return STATUS_SUCCESS;
}

DmaChannel::~DmaChannel() {
    Stop();
    FreeBuffer();
    operations().PutDmaAdapter(adapter_);
}

void* DmaChannel::find_interface(const GUID& id) {
    if (id == IID_IDmaChannel || (id == IID_IDmaChannelSlave && !master_)) {
        return static_cast<IDmaChannelSlave*>(this);
    }
    return nullptr;
}

NTSTATUS NTAPI DmaChannel::AllocateBuffer(ULONG buffer_size, PPHYSICAL_ADDRESS constraint) {
    OPC_REQUIRE_PASSIVE();
    if (system_address_ != nullptr) {
        return STATUS_UNSUCCESSFUL; // R-DMA-01
    }
    if (buffer_size == 0) {
        return STATUS_INVALID_PARAMETER;
    }
    if (buffer_size > maximum_size_) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    // Buffers that violate the constraint are held until one fits, so that the next attempt lies elsewhere.
    constexpr int attempts = 64;
    struct Rejected {
        PVOID address;
        PHYSICAL_ADDRESS physical;
    } rejected[attempts];
    int rejected_count = 0;
    NTSTATUS status = STATUS_INSUFFICIENT_RESOURCES;
    while (rejected_count < attempts) {
        PHYSICAL_ADDRESS physical = {};
        PVOID address = operations().AllocateCommonBuffer(adapter_, buffer_size, &physical, FALSE);
        if (address == nullptr) {
            break;
        }
        if (satisfies(physical, buffer_size, constraint)) {
            system_address_ = address;
            physical_address_ = physical;
            allocated_size_ = buffer_size_ = buffer_size; // R-DMA-03
            std::memset(address, 0, buffer_size);
            status = STATUS_SUCCESS;
            break;
        }
        rejected[rejected_count++] = {address, physical};
    }
    for (int i = 0; i < rejected_count; ++i) {
        operations().FreeCommonBuffer(adapter_, buffer_size, rejected[i].physical, rejected[i].address, FALSE);
    }
    return status;
}

void NTAPI DmaChannel::FreeBuffer() {
    OPC_REQUIRE_PASSIVE();
    if (system_address_ == nullptr) {
        return;
    }
    operations().FreeCommonBuffer(adapter_, allocated_size_, physical_address_, system_address_, FALSE);
    system_address_ = nullptr;
    physical_address_ = {};
    allocated_size_ = buffer_size_ = 0;
}

void NTAPI DmaChannel::SetBufferSize(ULONG buffer_size) {
    buffer_size_ = std::min(buffer_size, allocated_size_);
}

void NTAPI DmaChannel::CopyTo(PVOID destination, PVOID source, ULONG byte_count) {
    std::memcpy(destination, source, byte_count);
}

void NTAPI DmaChannel::CopyFrom(PVOID destination, PVOID source, ULONG byte_count) {
    std::memcpy(destination, source, byte_count);
}

IO_ALLOCATION_ACTION NTAPI DmaChannel::channel_granted(PDEVICE_OBJECT, PIRP, PVOID map_register_base, PVOID context) {
    auto* channel = static_cast<DmaChannel*>(context);
    channel->map_register_base_ = map_register_base;
    KeSetEvent(&channel->granted_, IO_NO_INCREMENT, FALSE);
    return KeepObject; // the channel is ours until Stop
}

NTSTATUS NTAPI DmaChannel::Start(ULONG map_size, BOOLEAN write_to_device) {
    OPC_REQUIRE_PASSIVE();
    if (master_) {
        return STATUS_INVALID_DEVICE_REQUEST;
    }
    if (started_) {
        return STATUS_UNSUCCESSFUL; // R-DMA-04
    }
    if (map_size == 0 || map_size > allocated_size_) {
        return STATUS_INVALID_PARAMETER;
    }
    mdl_ = IoAllocateMdl(system_address_, map_size, FALSE, FALSE, nullptr);
    if (mdl_ == nullptr) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    MmBuildMdlForNonPagedPool(mdl_);

    KIRQL old_irql;
    KeRaiseIrql(DISPATCH_LEVEL, &old_irql);
    const ULONG pages = ADDRESS_AND_SIZE_TO_SPAN_PAGES(system_address_, map_size);
    const NTSTATUS status = operations().AllocateAdapterChannel(adapter_, device_, pages, channel_granted, this);
    KeLowerIrql(old_irql);
    if (!NT_SUCCESS(status)) {
        IoFreeMdl(mdl_);
        mdl_ = nullptr;
        return status;
    }
    KeWaitForSingleObject(&granted_, Executive, KernelMode, FALSE, nullptr);

    transfer_count_ = map_size;
    write_to_device_ = write_to_device;
    started_ = true;
    ULONG length = map_size;
    KeRaiseIrql(DISPATCH_LEVEL, &old_irql);
    operations().MapTransfer(adapter_, mdl_, map_register_base_, MmGetMdlVirtualAddress(mdl_), &length,
                             write_to_device);
    KeLowerIrql(old_irql);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI DmaChannel::Stop() {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    if (!started_) {
        return STATUS_SUCCESS;
    }
    started_ = false;
    KIRQL old_irql;
    KeRaiseIrql(DISPATCH_LEVEL, &old_irql);
    operations().FlushAdapterBuffers(adapter_, mdl_, map_register_base_, MmGetMdlVirtualAddress(mdl_), transfer_count_,
                                     write_to_device_);
    operations().FreeAdapterChannel(adapter_);
    KeLowerIrql(old_irql);
    IoFreeMdl(mdl_);
    mdl_ = nullptr;
    return STATUS_SUCCESS;
}

ULONG NTAPI DmaChannel::ReadCounter() {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    if (!started_) {
        return 0;
    }
    return operations().ReadDmaCounter(adapter_);
}

NTSTATUS NTAPI DmaChannel::WaitForTC(ULONG timeout_in_microseconds) {
    OPC_REQUIRE_PASSIVE();
    if (!started_) {
        return STATUS_UNSUCCESSFUL;
    }
    ULONG last = ReadCounter();
    for (ULONG steps = timeout_in_microseconds / wait_step_in_microseconds; last != 0; --steps) {
        if (steps == 0) {
            return STATUS_TIMEOUT;
        }
        KeStallExecutionProcessor(wait_step_in_microseconds);
        const ULONG now = ReadCounter();
        if (now == 0 || now > last) { // an auto-initialised channel reloads at its terminal count (R-DMA-05)
            break;
        }
        last = now;
    }
    return STATUS_SUCCESS;
}

ULONGLONG dma_reach(const DEVICE_DESCRIPTION& description) {
    constexpr ULONGLONG isa_limit = (1ULL << 24) - 1; // 24 address lines
    constexpr ULONGLONG limit_32_bits = (1ULL << 32) - 1;
    if (description.Version >= DEVICE_DESCRIPTION_VERSION3 && description.DmaAddressWidth != 0) {
        return description.DmaAddressWidth >= 64 ? UINT64_MAX : (1ULL << description.DmaAddressWidth) - 1;
    }
    if (description.Dma64BitAddresses) {
        return UINT64_MAX;
    }
    return description.Dma32BitAddresses ? limit_32_bits : isa_limit;
}

NTSTATUS new_slave_dma_channel(PDEVICE_OBJECT device, IResourceList* resources, ULONG dma_index, ULONG maximum_length,
                               BOOLEAN demand_mode, DMA_SPEED speed, IDmaChannelSlave** result) {
    if (resources == nullptr || result == nullptr) {
        return STATUS_INVALID_PARAMETER;
    }
    const auto* dma = resources->FindTranslatedEntry(CmResourceTypeDma, dma_index); // R-DMA-09
    if (dma == nullptr) {
        return STATUS_INVALID_PARAMETER;
    }
    const DeviceContext* context = DeviceContext::from(device);
    if (context == nullptr) {
        return STATUS_INVALID_PARAMETER;
    }
    DEVICE_DESCRIPTION description = {};
    description.Version = DEVICE_DESCRIPTION_VERSION2; // the one that looks at DemandMode
    description.DemandMode = demand_mode;
    description.AutoInitialize = TRUE;
    description.Dma32BitAddresses = TRUE;
    description.DmaChannel = dma->u.Dma.Channel;
    description.InterfaceType = Isa;
    description.DmaWidth = dma->u.Dma.Channel >= 5 ? Width16Bits : Width8Bits; // channels 5 to 7 move words
    description.DmaSpeed = speed;
    description.MaximumLength = maximum_length;
    description.DmaPort = dma->u.Dma.Port;
    return DmaChannel::create(description, &context->physical_device(), result);
}

NTSTATUS new_master_dma_channel(PDEVICE_OBJECT device, ULONG maximum_length, BOOLEAN dma_32_bit_addresses,
                                BOOLEAN dma_64_bit_addresses, IDmaChannel** result) {
    if (result == nullptr) {
        return STATUS_INVALID_PARAMETER;
    }
    const DeviceContext* context = DeviceContext::from(device);
    if (context == nullptr) {
        return STATUS_INVALID_PARAMETER;
    }
    DEVICE_DESCRIPTION description = {};
    description.Version = DEVICE_DESCRIPTION_VERSION;
    description.Master = TRUE;
    description.ScatterGather = TRUE;
    description.Dma32BitAddresses = dma_32_bit_addresses;
    description.Dma64BitAddresses = dma_64_bit_addresses;
    description.InterfaceType = PCIBus;
    description.DmaWidth = Width32Bits;
    description.DmaSpeed = Compatible;
    description.MaximumLength = maximum_length;
    IDmaChannelSlave* channel = nullptr;
    const NTSTATUS created = DmaChannel::create(description, &context->physical_device(), &channel);
    *result = channel;
    return created;
}

} // namespace openportcls::portcls

// `DeviceObject` may be the functional or the physical device: existing drivers pass either.
extern "C" [[gnu::noinline]] NTSTATUS NTAPI PcNewDmaChannel(PDMACHANNEL* OutDmaChannel, PUNKNOWN, POOL_TYPE,
                                                            PDEVICE_DESCRIPTION DeviceDescription,
                                                            PDEVICE_OBJECT DeviceObject) {
    OPC_REQUIRE_PASSIVE();
    if (OutDmaChannel == nullptr || DeviceDescription == nullptr || DeviceObject == nullptr) {
        return STATUS_INVALID_PARAMETER;
    }
    const auto* context = openportcls::portcls::DeviceContext::from(DeviceObject);
    PDEVICE_OBJECT physical_device = context != nullptr ? &context->physical_device() : DeviceObject;
    IDmaChannelSlave* channel = nullptr;
    const NTSTATUS status = openportcls::portcls::DmaChannel::create(*DeviceDescription, physical_device, &channel);
    *OutDmaChannel = channel;
    return openportcls::portcls::made_for(status, channel, "DMA channel", __func__, __builtin_return_address(0));
}
