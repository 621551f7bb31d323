// alsa-lib's `copy` over `null` as an anchor: the least a user-space audio library does for a period.
#pragma once

#include <alsa/asoundlib.h>

namespace openportcls::bench {

// Ten periods, 50 ms at most. Whatever of ours has buffers of a length to be chosen has as much.
constexpr unsigned buffer_frames(unsigned period_frames) {
    constexpr unsigned longest = 2'400;
    return period_frames * 10 < longest ? period_frames * 10 : longest;
}
// 48 kHz, 16 bit, stereo.
snd_pcm_t* open_alsa_copy(unsigned period_frames);
// `null` alone.
snd_pcm_t* open_alsa_null(unsigned period_frames);

} // namespace openportcls::bench
