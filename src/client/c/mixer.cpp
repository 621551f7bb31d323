// Mixer lines.
#include "client/c/handles.h"

using namespace openportcls;

static_assert(OPC_MIXER_VOLUME == static_cast<int>(MixerControlType::volume));
static_assert(OPC_MIXER_MUTE == static_cast<int>(MixerControlType::mute));
static_assert(OPC_MIXER_ON_OFF == static_cast<int>(MixerControlType::on_off));
static_assert(OPC_MIXER_LOUDNESS == static_cast<int>(MixerControlType::loudness));
static_assert(OPC_MIXER_BASS == static_cast<int>(MixerControlType::bass));
static_assert(OPC_MIXER_TREBLE == static_cast<int>(MixerControlType::treble));
static_assert(OPC_MIXER_PEAK_METER == static_cast<int>(MixerControlType::peak_meter));
static_assert(OPC_MIXER_MUX == static_cast<int>(MixerControlType::mux));
static_assert(OPC_MIXER_FADER == static_cast<int>(MixerControlType::fader));
static_assert(OPC_NO_LINE == no_mixer_line);

namespace {

opc_mixer_control control_of(const MixerControl& control) {
    return {static_cast<int>(control.type),
            control.filter.c_str(),
            control.node,
            control.name.c_str(),
            control.channels,
            control.is_master_only,
            control.is_uniform,
            control.tells_changes,
            control.inputs.data(),
            control.inputs.size()};
}

// The controls of a line have a list of their own, which stays where it is when the lists around it grow.
std::vector<opc_mixer_line> lines_of(const std::vector<MixerLine>& lines, opc_machine& machine) {
    std::vector<opc_mixer_line> list;
    for (const MixerLine& line : lines) {
        auto& controls = machine.mixer_controls.emplace_back();
        for (const MixerControl& control : line.controls) {
            controls.push_back(control_of(control));
        }
        list.push_back({line.name.c_str(), line.component.c_str(), line.target.c_str(), line.filter.c_str(), line.pin,
                        line.channels(), line.destination, controls.data(), controls.size()});
    }
    return list;
}

} // namespace

const char* opc_mixer_control_name(int type) {
    if (type < OPC_MIXER_VOLUME || type > OPC_MIXER_FADER) {
        c::fail(STATUS_INVALID_PARAMETER, "opc_mixer_control_name: that is no control's type");
        return nullptr;
    }
    return mixer_control_name(static_cast<MixerControlType>(type)).data(); // of a literal
}

opc_status opc_machine_mixers(opc_machine* machine, const opc_mixer** mixers, size_t* count) {
    if (c::lacks({{"machine", machine}, {"mixers", mixers}, {"count", count}})) {
        return STATUS_INVALID_PARAMETER;
    }
    auto read = read_mixers(*machine->machine);
    if (!read) {
        return c::fail(read.error());
    }
    machine->mixers = std::move(*read);
    machine->mixer_controls.clear();
    machine->mixer_lines.clear();
    machine->mixer_list.clear();
    for (const Mixer& mixer : machine->mixers) {
        const auto& destinations = machine->mixer_lines.emplace_back(lines_of(mixer.destinations, *machine));
        const auto& sources = machine->mixer_lines.emplace_back(lines_of(mixer.sources, *machine));
        machine->mixer_list.push_back(
            {mixer.device.c_str(), destinations.data(), destinations.size(), sources.data(), sources.size()});
    }
    *mixers = machine->mixer_list.data();
    *count = machine->mixer_list.size();
    return 0;
}
