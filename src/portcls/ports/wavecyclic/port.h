// The WaveCyclic port driver: copies between client requests and a device's cyclic buffer.
#pragma once

#include "portcls/helpers/com_object.h"
#include "portcls/port_base.h"

namespace openportcls::portcls {

class WaveCyclicPort final : public PortBase<IPortWaveCyclic> {
public:
    // Every release. One reference, the caller's.
    static NTSTATUS create(IPort** result);

    IMiniportWaveCyclic& wave_miniport() const { return static_cast<IMiniportWaveCyclic&>(*miniport()); }

    // IPortWaveCyclic (nn-portcls-iportwavecyclic). Any IRQL (R-WCYC-06).
    STDMETHOD_(VOID, Notify)(PSERVICEGROUP service_group) override;
    // PASSIVE_LEVEL (R-WCYC-18, R-WCYC-19).
    STDMETHOD_(NTSTATUS, NewSlaveDmaChannel)(PDMACHANNELSLAVE* channel, PUNKNOWN outer, PRESOURCELIST resources,
                                             ULONG dma_index, ULONG maximum_length, BOOLEAN demand_mode,
                                             DMA_SPEED speed) override;
    STDMETHOD_(NTSTATUS, NewMasterDmaChannel)(PDMACHANNEL* channel, PUNKNOWN outer, PRESOURCELIST resources,
                                              ULONG maximum_length, BOOLEAN dma_32_bit_addresses,
                                              BOOLEAN dma_64_bit_addresses, DMA_WIDTH width, DMA_SPEED speed) override;

    const IID& miniport_interface() const override { return IID_IMiniportWaveCyclic; }
    NTSTATUS initialise_miniport(IMiniport* miniport, IUnknown* adapter, IResourceList* resources) override;
    NTSTATUS create_pin(Filter& filter, const PinRequest& request, std::unique_ptr<Pin>& pin) override;
    bool offers_drm_port() const override { return true; }
    bool sends_loop_events() const override { return true; }
    std::string_view kind() const override { return "wavecyclic"; }
    std::span<const GUID> default_categories() const override;

protected:
    const IID& port_interface() const override { return IID_IPortWaveCyclic; }

private:
    WaveCyclicPort() = default;
    ~WaveCyclicPort() override = default;
};

} // namespace openportcls::portcls
