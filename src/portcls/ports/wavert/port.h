// The WaveRT port driver: shares a cyclic buffer between the client and the device.
#pragma once

#include "portcls/helpers/com_object.h"
#include "portcls/port_base.h"

namespace openportcls::portcls {

class WaveRtPort final : public PortBase<IPortWaveRT> {
public:
    // Windows Vista and later (R-SUB-15). One reference, the caller's.
    static NTSTATUS create(IPort** result);

    // From IMiniportWaveRT::GetDeviceDescription (R-WRT-19).
    ULONGLONG highest_address() const { return highest_address_; }
    IMiniportWaveRT& wave_miniport() const { return static_cast<IMiniportWaveRT&>(*miniport()); }
    // nullptr when the miniport has no offload engine (R-OFF-01).
    IMiniportAudioEngineNode* engine() const { return engine_.get(); }

    const IID& miniport_interface() const override { return IID_IMiniportWaveRT; }
    NTSTATUS initialise_miniport(IMiniport* miniport, IUnknown* adapter, IResourceList* resources) override;
    NTSTATUS initialised() override;
    void device_removed() override;
    BuiltInProperties pin_properties() const override;
    BuiltInProperties node_properties() const override;
    NTSTATUS create_pin(Filter& filter, const PinRequest& request, std::unique_ptr<Pin>& pin) override;
    bool supports_rebalance(bool active_streams) const override;
    bool allows_position_lock() const override { return true; }
    // The pages of IDrmPort name the older wave ports only, as those of IUnregisterSubdevice do. Microsoft's own
    // WaveRT samples ask for it and do without, so it does no harm to offer it.
    bool offers_drm_port() const override { return true; }
    std::string_view kind() const override { return "wavert"; }
    std::span<const GUID> default_categories() const override;

protected:
    const IID& port_interface() const override { return IID_IPortWaveRT; }

private:
    WaveRtPort() = default;
    ~WaveRtPort() override = default;

    ULONGLONG highest_address_ = UINT64_MAX;
    ComPointer<IMiniportAudioEngineNode> engine_;
};

} // namespace openportcls::portcls
