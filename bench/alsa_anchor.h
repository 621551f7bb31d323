// alsa-lib's `copy` over `null` as an anchor: the least a user-space audio library does for a period.
#pragma once

#include <alsa/asoundlib.h>

namespace openportcls::bench {

// 48 kHz, 16 bit, stereo.
snd_pcm_t* open_alsa_copy(unsigned period_frames);
// `null` alone.
snd_pcm_t* open_alsa_null(unsigned period_frames);

} // namespace openportcls::bench
