#include "portcls/port_factory.h"

#include <dmusicks.h>

#include "portcls/miniports/dmusuart/miniport.h"
#include "portcls/miniports/fmsynth/miniport.h"
#include "portcls/miniports/uart/miniport.h"
#include "portcls/portcls_system.h"
#include "portcls/ports/dmus/port.h"
#include "portcls/ports/topology/port.h"
#include "portcls/ports/wavecyclic/port.h"
#include "portcls/ports/wavepci/port.h"
#include "portcls/ports/wavert/port.h"

namespace openportcls::portcls {

namespace {

// R-SUB-13.
NTSTATUS new_midi_port(REFCLSID class_id, IPort** port) {
    if (PortClsSystem::current().windows_version() >= WindowsVersion::xp) {
        return DmusPort::create(DmusPort::Kind::both, port);
    }
    return DmusPort::create(IsEqualGUID(class_id, CLSID_PortMidi) ? DmusPort::Kind::midi : DmusPort::Kind::dmus, port);
}

NTSTATUS made(IMiniport* object, IMiniport** miniport) {
    *miniport = object;
    return object != nullptr ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

} // namespace

NTSTATUS new_port(REFCLSID class_id, IPort** port) {
    *port = nullptr;
    if (IsEqualGUID(class_id, CLSID_PortTopology)) {
        return TopologyPort::create(port);
    }
    if (IsEqualGUID(class_id, CLSID_PortWaveRT) && has_feature(Feature::wave_rt)) { // before: a class nobody knows
        return WaveRtPort::create(port);
    }
    if (IsEqualGUID(class_id, CLSID_PortWaveCyclic)) {
        return WaveCyclicPort::create(port);
    }
    if (IsEqualGUID(class_id, CLSID_PortWavePci)) {
        return WavePciPort::create(port);
    }
    if (IsEqualGUID(class_id, CLSID_PortMidi) || IsEqualGUID(class_id, CLSID_PortDMus)) {
        return new_midi_port(class_id, port);
    }
    return STATUS_INVALID_PARAMETER;
}

NTSTATUS new_miniport(REFCLSID class_id, IMiniport** miniport) {
    *miniport = nullptr;
    const bool has_volume_node = IsEqualGUID(class_id, CLSID_MiniportDriverFmSynthWithVol);
    const bool is_fm_synth = has_volume_node || IsEqualGUID(class_id, CLSID_MiniportDriverFmSynth);
    if (is_fm_synth && has_feature(Feature::fm_synth_miniports)) { // later: a class nobody knows
        return fmsynth::FmSynthMiniport::create(has_volume_node, miniport);
    }
    if (IsEqualGUID(class_id, CLSID_MiniportDriverUart)) {
        return made(static_cast<IMiniportMidi*>(new UartMiniport), miniport);
    }
    if (IsEqualGUID(class_id, CLSID_MiniportDriverDMusUART)) {
        return made(static_cast<IMiniportDMus*>(new DmusUartMiniport(false)), miniport);
    }
    if (IsEqualGUID(class_id, CLSID_MiniportDriverDMusUARTCapture)) {
        return made(static_cast<IMiniportDMus*>(new DmusUartMiniport(true)), miniport);
    }
    return STATUS_INVALID_PARAMETER;
}

} // namespace openportcls::portcls
