// IDmaChannel and IDmaChannelSlave: one common buffer, and for ISA-style devices the system DMA controller.
#pragma once

#include "portcls/helpers/com_object.h"

namespace openportcls::portcls {

class DmaChannel final : public ComObject<DmaChannel, IDmaChannelSlave> {
public:
    // `physical_device` is the PDO. A description with Master set gives a channel without IDmaChannelSlave.
    static NTSTATUS create(const DEVICE_DESCRIPTION& description, PDEVICE_OBJECT physical_device,
                           IDmaChannelSlave** result);
    ~DmaChannel();

    void* find_interface(const GUID& id);

    NTSTATUS NTAPI AllocateBuffer(ULONG buffer_size, PPHYSICAL_ADDRESS constraint) override;
    void NTAPI FreeBuffer() override;
    ULONG NTAPI TransferCount() override { return transfer_count_; }
    ULONG NTAPI MaximumBufferSize() override { return maximum_size_; }
    ULONG NTAPI AllocatedBufferSize() override { return allocated_size_; }
    ULONG NTAPI BufferSize() override { return buffer_size_; }
    void NTAPI SetBufferSize(ULONG buffer_size) override;
    PVOID NTAPI SystemAddress() override { return system_address_; }
    PHYSICAL_ADDRESS* NTAPI PhysicalAddress(PHYSICAL_ADDRESS* result) override {
        *result = physical_address_;
        return result;
    }
    PADAPTER_OBJECT NTAPI GetAdapterObject() override { return reinterpret_cast<PADAPTER_OBJECT>(adapter_); }
    [[gnu::noinline]] void NTAPI CopyTo(PVOID destination, PVOID source, ULONG byte_count) override;
    [[gnu::noinline]] void NTAPI CopyFrom(PVOID destination, PVOID source, ULONG byte_count) override;

    NTSTATUS NTAPI Start(ULONG map_size, BOOLEAN write_to_device) override;
    NTSTATUS NTAPI Stop() override;
    ULONG NTAPI ReadCounter() override;
    NTSTATUS NTAPI WaitForTC(ULONG timeout_in_microseconds) override;

private:
    DmaChannel(DMA_ADAPTER* adapter, PDEVICE_OBJECT device, ULONG maximum_size, bool master);
    static IO_ALLOCATION_ACTION NTAPI channel_granted(PDEVICE_OBJECT device, PIRP irp, PVOID map_register_base,
                                                      PVOID context);
    const DMA_OPERATIONS& operations() const { return *adapter_->DmaOperations; }

    DMA_ADAPTER* adapter_;
    PDEVICE_OBJECT device_;
    ULONG maximum_size_;
    ULONG allocated_size_ = 0;
    ULONG buffer_size_ = 0;
    ULONG transfer_count_ = 0;
    PVOID system_address_ = nullptr;
    PHYSICAL_ADDRESS physical_address_ = {};
    PMDL mdl_ = nullptr;
    PVOID map_register_base_ = nullptr;
    KEVENT granted_;
    bool master_;
    bool started_ = false;
    BOOLEAN write_to_device_ = FALSE;
};

// The highest address that a device so described reaches.
ULONGLONG dma_reach(const DEVICE_DESCRIPTION& description);

// What IPortWaveCyclic::NewSlaveDmaChannel and NewMasterDmaChannel make of their arguments (R-WCYC-18, R-WCYC-19).
NTSTATUS new_slave_dma_channel(PDEVICE_OBJECT device, IResourceList* resources, ULONG dma_index, ULONG maximum_length,
                               BOOLEAN demand_mode, DMA_SPEED speed, IDmaChannelSlave** result);
NTSTATUS new_master_dma_channel(PDEVICE_OBJECT device, ULONG maximum_length, BOOLEAN dma_32_bit_addresses,
                                BOOLEAN dma_64_bit_addresses, IDmaChannel** result);

} // namespace openportcls::portcls
