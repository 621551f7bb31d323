// CLSID_MiniportDriverFmSynth and CLSID_MiniportDriverFmSynthWithVol: General MIDI on an OPL2 or OPL3.
#pragma once

#include <array>

#include "portcls/helpers/com_object.h"
#include "portcls/miniports/fmsynth/chip.h"
#include "portcls/miniports/fmsynth/description.h"
#include "portcls/miniports/fmsynth/player.h"

namespace openportcls::portcls::fmsynth {

class FmSynthMiniport final : public ComObject<FmSynthMiniport, IMiniportMidi, IPowerNotify> {
public:
    static NTSTATUS create(bool has_volume_node, IMiniport** result);

    void* find_interface(const GUID& id);

    // IMiniport
    STDMETHOD_(NTSTATUS, GetDescription)(PPCFILTER_DESCRIPTOR* description) override;
    STDMETHOD_(NTSTATUS, DataRangeIntersection)(ULONG pin, PKSDATARANGE client, PKSDATARANGE own, ULONG room,
                                                PVOID format, PULONG format_bytes) override;
    // IMiniportMidi
    STDMETHOD_(NTSTATUS, Init)(PUNKNOWN adapter, PRESOURCELIST resources, PPORTMIDI port,
                               PSERVICEGROUP* service_group) override;
    STDMETHOD_(VOID, Service)() override {} // the chip never interrupts
    STDMETHOD_(NTSTATUS, NewStream)(PMINIPORTMIDISTREAM* stream, PUNKNOWN outer, POOL_TYPE pool, ULONG pin,
                                    BOOLEAN capture, PKSDATAFORMAT format, PSERVICEGROUP* service_group) override;
    // IPowerNotify
    STDMETHOD_(VOID, PowerChangeNotify)(POWER_STATE state) override;

    // Calls function(player) with nobody else at the chip.
    template<class Function>
    void with_player(Function&& function) {
        KIRQL before;
        KeAcquireSpinLock(&lock_, &before);
        function(player_);
        KeReleaseSpinLock(&lock_, before);
    }
    void stream_closed() { has_stream_ = false; }

private:
    explicit FmSynthMiniport(bool has_volume_node) : has_volume_node_(has_volume_node) {}

    // The volume node's property: levels in 1/65536 dB of the left and right output.
    static NTSTATUS NTAPI volume_handler(PPCPROPERTY_REQUEST request);
    void set_level(ULONG output, LONG level);

    bool has_volume_node_;
    bool has_stream_ = false;
    KSPIN_LOCK lock_ = 0;
    Chip chip_;
    Player player_{chip_};
    Description description_;
    ComPointer<IServiceGroup> group_;
    std::array<LONG, 2> levels_{};
};

} // namespace openportcls::portcls::fmsynth
