#include "alsa_anchor.h"

#include <cstdio>
#include <cstdlib>

namespace openportcls::bench {

namespace {

// A configuration of our own: the machine's may route elsewhere.
snd_config_t* configuration() {
    static snd_config_t* const top = [] {
        constexpr char text[] =
            "pcm.anchor_null { type null }\npcm.anchor_copy { type copy slave.pcm \"anchor_null\" }\n";
        snd_config_t* config = nullptr;
        snd_input_t* input = nullptr;
        if (snd_config_top(&config) < 0 || snd_input_buffer_open(&input, text, sizeof text - 1) < 0 ||
            snd_config_load(config, input) < 0) {
            std::fprintf(stderr, "alsa-lib does not take the anchor's configuration\n");
            std::exit(1);
        }
        snd_input_close(input);
        return config;
    }();
    return top;
}

snd_pcm_t* open(const char* name, unsigned period_frames) {
    snd_pcm_t* pcm = nullptr;
    if (snd_pcm_open_lconf(&pcm, name, SND_PCM_STREAM_PLAYBACK, 0, configuration()) < 0) {
        return nullptr;
    }
    snd_pcm_hw_params_t* parameters = nullptr;
    snd_pcm_hw_params_malloc(&parameters);
    snd_pcm_hw_params_any(pcm, parameters);
    snd_pcm_hw_params_set_access(pcm, parameters, SND_PCM_ACCESS_RW_INTERLEAVED);
    snd_pcm_hw_params_set_format(pcm, parameters, SND_PCM_FORMAT_S16_LE);
    snd_pcm_hw_params_set_channels(pcm, parameters, 2);
    snd_pcm_hw_params_set_rate(pcm, parameters, 48000, 0);
    snd_pcm_uframes_t period = period_frames;
    snd_pcm_uframes_t buffer = buffer_frames(period_frames);
    snd_pcm_hw_params_set_period_size_near(pcm, parameters, &period, nullptr);
    snd_pcm_hw_params_set_buffer_size_near(pcm, parameters, &buffer);
    const int result = snd_pcm_hw_params(pcm, parameters);
    snd_pcm_hw_params_free(parameters);
    if (result < 0 || snd_pcm_prepare(pcm) < 0) {
        snd_pcm_close(pcm);
        return nullptr;
    }
    return pcm;
}

} // namespace

snd_pcm_t* open_alsa_copy(unsigned period_frames) {
    return open("anchor_copy", period_frames);
}

snd_pcm_t* open_alsa_null(unsigned period_frames) {
    return open("anchor_null", period_frames);
}

} // namespace openportcls::bench
