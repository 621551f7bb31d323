#include "portcls/ports/wavepci/port.h"

#include <algorithm>
#include <new>

#include "executive/irql_check.h"
#include "portcls/device_context.h"
#include "portcls/helpers/dma_channel.h"
#include "portcls/portcls_system.h"
#include "portcls/ports/wavepci/pin.h"

namespace openportcls::portcls {

class WavePciPort::Sink final : public ComObject<Sink, IServiceSink> {
public:
    explicit Sink(WavePciPort& port) : port_(port) {}
    void* find_interface(const GUID& id) { return id == IID_IServiceSink ? static_cast<IServiceSink*>(this) : nullptr; }
    void NTAPI RequestService() override {
        if (port_.miniport() != nullptr) {
            port_.wave_miniport().Service();
        }
    }

private:
    WavePciPort& port_;
};

WavePciPort::WavePciPort() = default;

WavePciPort::~WavePciPort() {
    if (group_) {
        group_->RemoveMember(sink_.get());
    }
}

NTSTATUS WavePciPort::create(IPort** result) {
    if (result == nullptr) {
        return STATUS_INVALID_PARAMETER;
    }
    auto* port = new (std::nothrow) WavePciPort;
    *result = port;
    return port != nullptr ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

// R-INIT-07: without a group there is no service of the filter.
NTSTATUS WavePciPort::initialise_miniport(IMiniport* miniport, IUnknown* adapter, IResourceList* resources) {
    IServiceGroup* group = nullptr;
    const NTSTATUS status = static_cast<IMiniportWavePci*>(miniport)->Init(adapter, resources, this, &group);
    if (!NT_SUCCESS(status) || group == nullptr) {
        return status;
    }
    auto given = ComPointer<IServiceGroup>::adopt(group);
    sink_ = ComPointer<Sink>::adopt(new Sink(*this));
    const NTSTATUS added = sink_ ? given->AddMember(sink_.get()) : STATUS_INSUFFICIENT_RESOURCES;
    if (NT_SUCCESS(added)) {
        group_ = std::move(given);
    }
    return added;
}

void NTAPI WavePciPort::Notify(PSERVICEGROUP service_group) {
    if (service_group != nullptr) {
        service_group->RequestService();
    }
}

[[gnu::noinline]] NTSTATUS NTAPI WavePciPort::NewMasterDmaChannel(PDMACHANNEL* channel, PUNKNOWN, POOL_TYPE,
                                                                  PRESOURCELIST, BOOLEAN scatter_gather,
                                                                  BOOLEAN dma_32_bit_addresses,
                                                                  BOOLEAN dma_64_bit_addresses, BOOLEAN ignore_count,
                                                                  DMA_WIDTH, DMA_SPEED, ULONG maximum_length, ULONG) {
    OPC_REQUIRE_PASSIVE();
    if (channel == nullptr) {
        return STATUS_INVALID_PARAMETER;
    }
    *channel = nullptr;
    if (!is_initialised_or_initialising()) {
        return STATUS_DEVICE_NOT_READY;
    }
    DEVICE_DESCRIPTION description = {};
    description.Version = DEVICE_DESCRIPTION_VERSION;
    description.Master = TRUE;
    description.ScatterGather = scatter_gather;
    description.IgnoreCount = ignore_count;
    description.Dma32BitAddresses = dma_32_bit_addresses;
    description.Dma64BitAddresses = dma_64_bit_addresses;
    description.InterfaceType = PCIBus;
    description.DmaWidth = Width32Bits;
    description.DmaSpeed = Compatible;
    description.MaximumLength = maximum_length;
    IDmaChannelSlave* made = nullptr;
    const NTSTATUS status = DmaChannel::create(description, &device().physical_device(), &made);
    if (NT_SUCCESS(status)) {
        *channel = made;
        highest_address_ = dma_reach(description);
    }
    return portcls::made_for(status, made, "DMA channel", "IPortWavePci::NewMasterDmaChannel",
                             __builtin_return_address(0));
}

NTSTATUS WavePciPort::create_pin(Filter& filter, const PinRequest& request, std::unique_ptr<Pin>& pin) {
    return WavePciPin::create(*this, filter, request, pin);
}

std::span<const GUID> WavePciPort::default_categories() const {
    static const GUID categories[] = {KSCATEGORY_AUDIO, KSCATEGORY_RENDER, KSCATEGORY_CAPTURE};
    return categories;
}

} // namespace openportcls::portcls
