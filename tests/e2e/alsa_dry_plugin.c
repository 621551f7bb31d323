// An ALSA playback device without hardware that runs dry once after every `every_frames` frames, as a sound card does
// whose application is late.
#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <alsa/asoundlib.h>
#include <alsa/pcm_external.h>

enum { every_frames = 10000 };

struct dry {
    snd_pcm_ioplug_t io;
    snd_pcm_uframes_t taken;
    snd_pcm_uframes_t since_dry;
};

static int dry_start(snd_pcm_ioplug_t* io) {
    (void)io;
    return 0;
}

static int dry_stop(snd_pcm_ioplug_t* io) {
    (void)io;
    return 0;
}

static int dry_prepare(snd_pcm_ioplug_t* io) {
    struct dry* dry = io->private_data;
    dry->taken = 0;
    return 0;
}

static int dry_drain(snd_pcm_ioplug_t* io) {
    (void)io;
    return 0;
}

static snd_pcm_sframes_t dry_pointer(snd_pcm_ioplug_t* io) {
    struct dry* dry = io->private_data;
    if (dry->since_dry >= every_frames) {
        dry->since_dry = 0;
        return -EPIPE;
    }
    return (snd_pcm_sframes_t)(dry->taken % io->buffer_size);
}

static snd_pcm_sframes_t dry_transfer(snd_pcm_ioplug_t* io, const snd_pcm_channel_area_t* areas,
                                      snd_pcm_uframes_t offset, snd_pcm_uframes_t size) {
    struct dry* dry = io->private_data;
    (void)areas;
    (void)offset;
    dry->taken += size;
    dry->since_dry += size;
    return (snd_pcm_sframes_t)size;
}

static int dry_close(snd_pcm_ioplug_t* io) {
    close(io->poll_fd);
    free(io->private_data);
    return 0;
}

static const snd_pcm_ioplug_callback_t callbacks = {
    .start = dry_start,
    .stop = dry_stop,
    .pointer = dry_pointer,
    .transfer = dry_transfer,
    .close = dry_close,
    .prepare = dry_prepare,
    .drain = dry_drain,
};

SND_PCM_PLUGIN_DEFINE_FUNC(opc_dry) {
    (void)root;
    (void)conf;
    struct dry* dry = calloc(1, sizeof *dry);
    if (dry == NULL) {
        return -ENOMEM;
    }
    dry->io.version = SND_PCM_IOPLUG_VERSION;
    dry->io.name = "runs dry";
    dry->io.callback = &callbacks;
    dry->io.private_data = dry;
    dry->io.poll_fd = eventfd(0, EFD_CLOEXEC);
    dry->io.poll_events = POLLOUT; // there is always room
    int problem = snd_pcm_ioplug_create(&dry->io, name, stream, mode);
    if (problem < 0) {
        free(dry);
        return problem;
    }
    const unsigned accesses[] = {SND_PCM_ACCESS_RW_INTERLEAVED};
    const unsigned formats[] = {SND_PCM_FORMAT_S16_LE};
    snd_pcm_ioplug_set_param_list(&dry->io, SND_PCM_IOPLUG_HW_ACCESS, 1, accesses);
    snd_pcm_ioplug_set_param_list(&dry->io, SND_PCM_IOPLUG_HW_FORMAT, 1, formats);
    snd_pcm_ioplug_set_param_minmax(&dry->io, SND_PCM_IOPLUG_HW_CHANNELS, 1, 8);
    snd_pcm_ioplug_set_param_minmax(&dry->io, SND_PCM_IOPLUG_HW_RATE, 8000, 192000);
    snd_pcm_ioplug_set_param_minmax(&dry->io, SND_PCM_IOPLUG_HW_PERIOD_BYTES, 512, 65536);
    snd_pcm_ioplug_set_param_minmax(&dry->io, SND_PCM_IOPLUG_HW_PERIODS, 2, 16);
    *pcmp = dry->io.pcm;
    return 0;
}

SND_PCM_PLUGIN_SYMBOL(opc_dry);
