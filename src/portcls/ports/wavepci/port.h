// The WavePci port driver: hands out the client's own memory to devices that gather it (R-WPCI).
#pragma once

#include "portcls/helpers/com_object.h"
#include "portcls/port_base.h"

namespace openportcls::portcls {

class WavePciPort final : public PortBase<IPortWavePci> {
public:
    // Every release. One reference, the caller's.
    static NTSTATUS create(IPort** result);

    IMiniportWavePci& wave_miniport() const { return static_cast<IMiniportWavePci&>(*miniport()); }
    // Of the device, as the last NewMasterDmaChannel described it; a miniport that has made none reaches everything.
    ULONGLONG highest_address() const { return highest_address_; }

    // IPortWavePci (nn-portcls-iportwavepci). Any IRQL.
    STDMETHOD_(VOID, Notify)(PSERVICEGROUP service_group) override;
    // PASSIVE_LEVEL.
    STDMETHOD_(NTSTATUS, NewMasterDmaChannel)(PDMACHANNEL* channel, PUNKNOWN outer, POOL_TYPE pool,
                                              PRESOURCELIST resources, BOOLEAN scatter_gather,
                                              BOOLEAN dma_32_bit_addresses, BOOLEAN dma_64_bit_addresses,
                                              BOOLEAN ignore_count, DMA_WIDTH width, DMA_SPEED speed,
                                              ULONG maximum_length, ULONG dma_port) override;

    const IID& miniport_interface() const override { return IID_IMiniportWavePci; }
    NTSTATUS initialise_miniport(IMiniport* miniport, IUnknown* adapter, IResourceList* resources) override;
    NTSTATUS create_pin(Filter& filter, const PinRequest& request, std::unique_ptr<Pin>& pin) override;
    bool offers_drm_port() const override { return true; }
    bool sends_loop_events() const override { return true; }
    std::string_view kind() const override { return "wavepci"; }
    std::span<const GUID> default_categories() const override;

protected:
    const IID& port_interface() const override { return IID_IPortWavePci; }

private:
    // The filter's member of the miniport's service group (R-WPCI-15).
    class Sink;

    WavePciPort();
    ~WavePciPort() override;

    ULONGLONG highest_address_ = UINT64_MAX;
    ComPointer<IServiceGroup> group_;
    ComPointer<Sink> sink_;
};

} // namespace openportcls::portcls
