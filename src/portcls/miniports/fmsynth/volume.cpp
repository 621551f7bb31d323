// The volume node: KSPROPERTY_AUDIO_VOLUMELEVEL of the two outputs, in the steps of the chip's total level.
#include <algorithm>

#include "portcls/miniports/fmsynth/miniport.h"

namespace openportcls::portcls::fmsynth {

namespace {

constexpr LONG units_per_decibel = 65536;
constexpr LONG volume_step = units_per_decibel * 3 / 4;
constexpr LONG lowest_level = -63 * volume_step;
constexpr ULONG output_count = 2;

struct Support {
    KSPROPERTY_DESCRIPTION description;
    KSPROPERTY_MEMBERSHEADER members;
    KSPROPERTY_STEPPING_LONG ranges[output_count];
};

Support support_of(const PCPROPERTY_ITEM& item) {
    Support support{};
    support.description.AccessFlags = item.Flags;
    support.description.DescriptionSize = sizeof(Support);
    support.description.PropTypeSet.Set = KSPROPTYPESETID_General;
    support.description.PropTypeSet.Id = VT_I4;
    support.description.MembersListCount = 1;
    support.members.MembersFlags = KSPROPERTY_MEMBER_STEPPEDRANGES;
    support.members.MembersSize = sizeof(KSPROPERTY_STEPPING_LONG);
    support.members.MembersCount = output_count;
    support.members.Flags = KSPROPERTY_MEMBER_FLAG_BASICSUPPORT_MULTICHANNEL; // R-PROP-13
    for (KSPROPERTY_STEPPING_LONG& range : support.ranges) {
        range.SteppingDelta = volume_step;
        range.Bounds.SignedMinimum = lowest_level;
        range.Bounds.SignedMaximum = 0;
    }
    return support;
}

// R-PROP-11.
NTSTATUS answer_support(PCPROPERTY_REQUEST& request) {
    const Support support = support_of(*request.PropertyItem);
    if (request.ValueSize == 0) {
        request.ValueSize = sizeof(Support);
        return STATUS_BUFFER_OVERFLOW;
    }
    if (request.ValueSize >= sizeof(Support)) {
        request.ValueSize = sizeof(Support);
    } else if (request.ValueSize != sizeof(KSPROPERTY_DESCRIPTION) && request.ValueSize != sizeof(ULONG)) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    RtlCopyMemory(request.Value, &support, request.ValueSize); // the access flags come first
    return STATUS_SUCCESS;
}

// R-PROP-08, R-PROP-09.
NTSTATUS check_value(PCPROPERTY_REQUEST& request) {
    if (request.ValueSize >= sizeof(LONG)) {
        return STATUS_SUCCESS;
    }
    const bool asks_for_size = request.ValueSize == 0 && (request.Verb & KSPROPERTY_TYPE_GET) != 0;
    request.ValueSize = sizeof(LONG);
    return asks_for_size ? STATUS_BUFFER_OVERFLOW : STATUS_BUFFER_TOO_SMALL;
}

} // namespace

// R-PROP-14: beyond the range the nearest level is taken, and a get shows it.
void FmSynthMiniport::set_level(ULONG output, LONG level) {
    const LONG within = std::clamp(level, lowest_level, LONG{0});
    const LONG steps = (volume_step / 2 - within) / volume_step;
    levels_[output] = -steps * volume_step;
    with_player([&](Player& player) {
        player.set_output_attenuation(output, static_cast<std::uint16_t>(steps * 12)); // 0.75 dB in 1/16 dB
    });
}

NTSTATUS NTAPI FmSynthMiniport::volume_handler(PPCPROPERTY_REQUEST request) {
    if ((request->Verb & KSPROPERTY_TYPE_BASICSUPPORT) != 0) {
        return answer_support(*request);
    }
    if (request->InstanceSize < sizeof(ULONG)) {
        return STATUS_INVALID_PARAMETER;
    }
    const ULONG output = *static_cast<const ULONG*>(request->Instance); // R-PROP-04
    if (output >= output_count) {
        return STATUS_INVALID_PARAMETER;
    }
    const NTSTATUS status = check_value(*request);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    auto& miniport = *static_cast<FmSynthMiniport*>(static_cast<IMiniportMidi*>(request->MajorTarget));
    auto* const value = static_cast<LONG*>(request->Value);
    if ((request->Verb & KSPROPERTY_TYPE_GET) != 0) {
        *value = miniport.levels_[output];
        request->ValueSize = sizeof(LONG);
    } else {
        miniport.set_level(output, *value);
    }
    return STATUS_SUCCESS;
}

} // namespace openportcls::portcls::fmsynth
