// The families of sounds that programs and percussion instruments are variations of.
#pragma once

#include <cstdint>

#include "portcls/miniports/fmsynth/patch.h"

namespace openportcls::portcls::fmsynth {

enum class Timbre : std::uint8_t {
    // struck and plucked
    piano,
    tine_piano,
    reed_piano,
    harpsichord,
    clavinet,
    glass,
    metal_bar,
    wood_bar,
    tubular_bell,
    soft_string,
    steel_string,
    muted_string,
    overdriven_string,
    bass,
    bright_bass,
    slap_bass,
    synth_bass,
    harp,
    drum_pitched,
    // blown and bowed
    drawbars,
    rock_organ,
    pipes,
    free_reed,
    bow,
    string_section,
    choir,
    brass,
    soft_brass,
    single_reed,
    double_reed,
    cylinder_reed,
    flute,
    breath,
    whistle,
    // electronic
    square,
    saw,
    chiff,
    pad,
    sweep,
    bell_pad,
    // without a pitch
    kick,
    snare,
    noise,
    hi_hat,
    cymbal,
    tom,
    click,
    cowbell,
    count,
};

const Patch& timbre(Timbre which);

} // namespace openportcls::portcls::fmsynth
