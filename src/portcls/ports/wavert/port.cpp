#include "portcls/ports/wavert/port.h"

#include <algorithm>
#include <new>

#include "portcls/helpers/dma_channel.h"
#include "portcls/portcls_system.h"
#include "portcls/ports/wavert/engine_properties.h"
#include "portcls/ports/wavert/pin.h"
#include "portcls/ports/wavert/pin_properties.h"

namespace openportcls::portcls {

NTSTATUS WaveRtPort::create(IPort** result) {
    if (result == nullptr) {
        return STATUS_INVALID_PARAMETER;
    }
    auto* port = new (std::nothrow) WaveRtPort;
    *result = port;
    return port != nullptr ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

NTSTATUS WaveRtPort::initialise_miniport(IMiniport* miniport, IUnknown* adapter, IResourceList* resources) {
    return static_cast<IMiniportWaveRT*>(miniport)->Init(adapter, resources, this);
}

NTSTATUS WaveRtPort::initialised() {
    DEVICE_DESCRIPTION description = {};
    description.Version = DEVICE_DESCRIPTION_VERSION;
    // A driver without a device of its own may have nothing to describe: then any memory will do.
    if (NT_SUCCESS(wave_miniport().GetDeviceDescription(&description))) {
        highest_address_ = dma_reach(description);
    }
    if (has_feature(Feature::audio_engine_node)) {
        engine_ = ComPointer<IMiniportAudioEngineNode>::query(miniport(), IID_IMiniportAudioEngineNode);
    }
    return STATUS_SUCCESS;
}

void WaveRtPort::device_removed() {
    engine_.reset();
}

BuiltInProperties WaveRtPort::pin_properties() const {
    return wavert_pin_properties();
}

BuiltInProperties WaveRtPort::node_properties() const {
    return wavert_node_properties();
}

NTSTATUS WaveRtPort::create_pin(Filter& filter, const PinRequest& request, std::unique_ptr<Pin>& pin) {
    return WaveRtPin::create(*this, filter, request, pin);
}

std::span<const GUID> WaveRtPort::default_categories() const {
    static const GUID categories[] = {KSCATEGORY_AUDIO, KSCATEGORY_RENDER, KSCATEGORY_CAPTURE, KSCATEGORY_REALTIME};
    return categories;
}

// R-PNP-02: a client that reads a mapped register would go on reading it after the device has gone; with packets it
// does not need one.
bool WaveRtPort::supports_rebalance(bool active_streams) const {
    return !active_streams || std::all_of(pins().begin(), pins().end(), [](const Pin* pin) {
        return static_cast<const WaveRtPin*>(pin)->survives_rebalance();
    });
}

} // namespace openportcls::portcls
