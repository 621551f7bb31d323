#include "portcls/miniports/fmsynth/miniport.h"

#include "portcls/helpers/music_intersection.h"
#include "portcls/miniports/fmsynth/stream.h"

namespace openportcls::portcls::fmsynth {

NTSTATUS FmSynthMiniport::create(bool has_volume_node, IMiniport** result) {
    auto* miniport = new FmSynthMiniport(has_volume_node);
    *result = miniport;
    return miniport == nullptr ? STATUS_INSUFFICIENT_RESOURCES : STATUS_SUCCESS;
}

void* FmSynthMiniport::find_interface(const GUID& id) {
    if (IsEqualGUID(id, IID_IMiniport) || IsEqualGUID(id, IID_IMiniportMidi)) {
        return static_cast<IMiniportMidi*>(this);
    }
    return IsEqualGUID(id, IID_IPowerNotify) ? static_cast<IPowerNotify*>(this) : nullptr;
}

// R-INIT-04.
NTSTATUS NTAPI FmSynthMiniport::GetDescription(PPCFILTER_DESCRIPTOR* description) {
    if (description == nullptr) {
        return STATUS_INVALID_PARAMETER;
    }
    if (chip_.kind() == ChipKind::none) {
        return STATUS_DEVICE_NOT_READY; // how many notes it plays is not known yet
    }
    *description = description_.filter();
    return STATUS_SUCCESS;
}

// R-FMT-04: the port's own intersection knows nothing of MIDI.
NTSTATUS NTAPI FmSynthMiniport::DataRangeIntersection(ULONG, PKSDATARANGE client, PKSDATARANGE own, ULONG room,
                                                      PVOID format, PULONG format_bytes) {
    return intersect_music(*client, *own, room, format, format_bytes);
}

// R-INIT-06. Of the resources only the first port range is used; there is no interrupt, so the group is never asked for
// service.
NTSTATUS NTAPI FmSynthMiniport::Init(PUNKNOWN, PRESOURCELIST resources, PPORTMIDI port, PSERVICEGROUP* service_group) {
    if (resources == nullptr || port == nullptr || service_group == nullptr) {
        return STATUS_INVALID_PARAMETER;
    }
    *service_group = nullptr;
    const auto* range = resources->FindTranslatedPort(0);
    if (range == nullptr) {
        return STATUS_DEVICE_CONFIGURATION_ERROR;
    }
    const NTSTATUS status = PcNewServiceGroup(group_.receive(), nullptr);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    auto* const base = reinterpret_cast<PUCHAR>(static_cast<ULONG_PTR>(range->u.Port.Start.QuadPart));
    if (!chip_.open(base, range->u.Port.Length)) {
        group_.reset();
        return STATUS_NO_SUCH_DEVICE;
    }
    KeInitializeSpinLock(&lock_);
    player_.reset();
    description_.fill(chip_.voice_count(), has_volume_node_ ? volume_handler : nullptr);
    *service_group = ComPointer(group_).detach();
    return STATUS_SUCCESS;
}

// R-MIDI-08. The chip plays for one client at a time, as the pin's instance counts say.
NTSTATUS NTAPI FmSynthMiniport::NewStream(PMINIPORTMIDISTREAM* stream, PUNKNOWN, POOL_TYPE, ULONG pin, BOOLEAN capture,
                                          PKSDATAFORMAT format, PSERVICEGROUP* service_group) {
    if (stream == nullptr || service_group == nullptr || format == nullptr || pin != midi_pin) {
        return STATUS_INVALID_PARAMETER;
    }
    *stream = nullptr;
    *service_group = nullptr;
    if (capture || chip_.kind() == ChipKind::none || has_stream_) {
        return STATUS_INVALID_DEVICE_REQUEST;
    }
    if (!FmSynthStream::plays(*format)) {
        return STATUS_INVALID_PARAMETER;
    }
    const NTSTATUS status = FmSynthStream::create(*this, stream);
    if (NT_SUCCESS(status)) {
        has_stream_ = true;
        *service_group = ComPointer(group_).detach();
    }
    return status;
}

// R-PWR-09: below D0 what is played goes into the copy of the registers, and from there into the chip in D0: a few at a
// time, since every one has to be waited for.
VOID NTAPI FmSynthMiniport::PowerChangeNotify(POWER_STATE state) {
    if (chip_.kind() == ChipKind::none) {
        return;
    }
    if (state.DeviceState != PowerDeviceD0) {
        with_player([&](Player&) { chip_.save(); });
        return;
    }
    if (chip_.is_powered()) {
        return;
    }
    with_player([&](Player&) { chip_.begin_restore(); });
    unsigned cursor = 0;
    for (bool has_more = true; has_more;) {
        with_player([&](Player&) { has_more = chip_.restore_some(cursor); });
    }
}

} // namespace openportcls::portcls::fmsynth
