#include "portcls/ports/wavecyclic/port.h"

#include <new>

#include "executive/irql_check.h"
#include "portcls/helpers/dma_channel.h"
#include "portcls/portcls_system.h"
#include "portcls/ports/wavecyclic/pin.h"

namespace openportcls::portcls {

NTSTATUS WaveCyclicPort::create(IPort** result) {
    if (result == nullptr) {
        return STATUS_INVALID_PARAMETER;
    }
    auto* port = new (std::nothrow) WaveCyclicPort;
    *result = port;
    return port != nullptr ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

NTSTATUS WaveCyclicPort::initialise_miniport(IMiniport* miniport, IUnknown* adapter, IResourceList* resources) {
    return static_cast<IMiniportWaveCyclic*>(miniport)->Init(adapter, resources, this);
}

void NTAPI WaveCyclicPort::Notify(PSERVICEGROUP service_group) {
    if (service_group != nullptr) {
        service_group->RequestService();
    }
}

[[gnu::noinline]] NTSTATUS NTAPI WaveCyclicPort::NewSlaveDmaChannel(PDMACHANNELSLAVE* channel, PUNKNOWN,
                                                                    PRESOURCELIST resources, ULONG dma_index,
                                                                    ULONG maximum_length, BOOLEAN demand_mode,
                                                                    DMA_SPEED speed) {
    OPC_REQUIRE_PASSIVE();
    if (channel == nullptr || resources == nullptr) {
        return STATUS_INVALID_PARAMETER;
    }
    const NTSTATUS status =
        new_slave_dma_channel(&device_object(), resources, dma_index, maximum_length, demand_mode, speed, channel);
    return portcls::made_for(status, NT_SUCCESS(status) ? *channel : nullptr, "DMA channel",
                             "IPortWaveCyclic::NewSlaveDmaChannel", __builtin_return_address(0));
}

[[gnu::noinline]] NTSTATUS NTAPI WaveCyclicPort::NewMasterDmaChannel(PDMACHANNEL* channel, PUNKNOWN, PRESOURCELIST,
                                                                     ULONG maximum_length, BOOLEAN dma_32_bit_addresses,
                                                                     BOOLEAN dma_64_bit_addresses, DMA_WIDTH,
                                                                     DMA_SPEED) {
    OPC_REQUIRE_PASSIVE();
    if (channel == nullptr) {
        return STATUS_INVALID_PARAMETER;
    }
    const NTSTATUS status =
        new_master_dma_channel(&device_object(), maximum_length, dma_32_bit_addresses, dma_64_bit_addresses, channel);
    return portcls::made_for(status, NT_SUCCESS(status) ? *channel : nullptr, "DMA channel",
                             "IPortWaveCyclic::NewMasterDmaChannel", __builtin_return_address(0));
}

NTSTATUS WaveCyclicPort::create_pin(Filter& filter, const PinRequest& request, std::unique_ptr<Pin>& pin) {
    return WaveCyclicPin::create(*this, filter, request, pin);
}

std::span<const GUID> WaveCyclicPort::default_categories() const {
    static const GUID categories[] = {KSCATEGORY_AUDIO, KSCATEGORY_RENDER, KSCATEGORY_CAPTURE};
    return categories;
}

} // namespace openportcls::portcls
