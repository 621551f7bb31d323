// Machines on their own thread, and rings.
#include "client/c/handles.h"

using namespace openportcls;

opc_status opc_thread_start(const opc_machine_options* options, int realtime_priority, opc_thread** thread) {
    c::clear(thread);
    if (c::lacks({{"thread", thread}})) {
        return STATUS_INVALID_PARAMETER;
    }
    if (!c::has_known_size(options)) {
        return c::wrong_size();
    }
    MachineThreadOptions result;
    auto wanted = c::machine_options_of(options, "opc_thread_start");
    if (!wanted) {
        return c::fail(wanted.error());
    }
    result.machine = std::move(*wanted);
    result.realtime_priority = realtime_priority;
    return c::give_handle(MachineThread::start(result), thread);
}

void opc_thread_end(opc_thread* thread) {
    delete thread;
}

void opc_thread_run(opc_thread* thread, void (*function)(opc_machine* machine, void* context), void* context) {
    if (c::lacks({{"thread", thread}, {"function", function}})) {
        return;
    }
    thread->thread.run([&](Machine& machine) {
        opc_machine handle;
        handle.machine = &machine;
        function(&handle, context);
    });
}

void opc_thread_post(opc_thread* thread, void (*function)(opc_machine* machine, void* context), void* context) {
    if (c::lacks({{"thread", thread}, {"function", function}})) {
        return;
    }
    thread->thread.post([function, context](Machine& machine) {
        opc_machine handle;
        handle.machine = &machine;
        function(&handle, context);
    });
}

bool opc_thread_is_realtime(const opc_thread* thread) {
    return !c::lacks({{"thread", thread}}) && thread->thread.is_realtime();
}

namespace {

LiveOptions live_options(const opc_stream_options* options, uint32_t ring_microseconds) {
    LiveOptions result;
    result.stream = c::stream_options_of(options);
    if (ring_microseconds != 0) {
        result.ring = std::chrono::microseconds(ring_microseconds);
    }
    return result;
}

// LiveRender and LiveCapture open alike.
template<class Live>
opc_status open_live(opc_thread* thread, const char* filter, const opc_format* format,
                     const opc_stream_options* options, uint32_t ring_microseconds, opc_live** live,
                     std::optional<Live> opc_live::* direction, const char* function) {
    c::clear(live);
    if (c::lacks({{"thread", thread}, {"filter", filter}, {"format", format}, {"live", live}}, function)) {
        return STATUS_INVALID_PARAMETER;
    }
    if (!c::has_known_size(options)) {
        return c::wrong_size();
    }
    auto opened = Live::open(thread->thread, filter, c::format_of(*format), live_options(options, ring_microseconds));
    if (!opened) {
        return c::fail(opened.error());
    }
    *live = new opc_live;
    (*live)->*direction = std::move(*opened);
    return 0;
}

} // namespace

opc_status opc_live_render(opc_thread* thread, const char* filter, const opc_format* format,
                           const opc_stream_options* options, uint32_t ring_microseconds, opc_live** live) {
    return open_live(thread, filter, format, options, ring_microseconds, live, &opc_live::render, __func__);
}

opc_status opc_live_capture(opc_thread* thread, const char* filter, const opc_format* format,
                            const opc_stream_options* options, uint32_t ring_microseconds, opc_live** live) {
    return open_live(thread, filter, format, options, ring_microseconds, live, &opc_live::capture, __func__);
}

void opc_live_close(opc_live* live) {
    delete live;
}

opc_status opc_live_format(const opc_live* live, opc_format* format) {
    if (c::lacks({{"live", live}, {"format", format}})) {
        return STATUS_INVALID_PARAMETER;
    }
    *format = c::format_of(live->stream().format());
    return 0;
}

uint32_t opc_live_period_frames(const opc_live* live) {
    return c::lacks({{"live", live}}) ? 0 : live->stream().period_frames();
}

uint64_t opc_live_frames(const opc_live* live) {
    return c::lacks({{"live", live}}) ? 0 : live->stream().frames();
}

opc_status opc_live_start(opc_live* live) {
    if (c::lacks({{"live", live}})) {
        return STATUS_INVALID_PARAMETER;
    }
    return c::status_of(live->stream().start());
}

opc_status opc_live_stop(opc_live* live) {
    if (c::lacks({{"live", live}})) {
        return STATUS_INVALID_PARAMETER;
    }
    return c::status_of(live->stream().stop());
}

size_t opc_live_write(opc_live* live, const void* frames, size_t bytes) {
    if (c::lacks({{"live", live}, {"frames", frames, bytes}})) {
        return 0;
    }
    return live->render ? live->render->write({static_cast<const std::byte*>(frames), bytes}) : 0;
}

size_t opc_live_read(opc_live* live, void* frames, size_t bytes) {
    if (c::lacks({{"live", live}, {"frames", frames, bytes}})) {
        return 0;
    }
    return live->capture ? live->capture->read({static_cast<std::byte*>(frames), bytes}) : 0;
}

size_t opc_live_available(const opc_live* live) {
    if (c::lacks({{"live", live}})) {
        return 0;
    }
    return live->render ? live->render->room() : live->capture->available();
}

opc_status opc_live_wait(opc_live* live, size_t bytes, uint32_t timeout_milliseconds) {
    if (c::lacks({{"live", live}})) {
        return STATUS_INVALID_PARAMETER;
    }
    const std::chrono::milliseconds timeout(timeout_milliseconds);
    return c::status_of(live->render ? live->render->wait_for_room(bytes, timeout)
                                     : live->capture->wait_for_data(bytes, timeout));
}

opc_status opc_live_drain(opc_live* live, uint32_t timeout_milliseconds) {
    if (c::lacks({{"live", live}})) {
        return STATUS_INVALID_PARAMETER;
    }
    return live->render ? c::status_of(live->render->drain(std::chrono::milliseconds(timeout_milliseconds)))
                        : c::wrong_direction();
}

uint64_t opc_live_glitches(const opc_live* live) {
    if (c::lacks({{"live", live}})) {
        return 0;
    }
    return live->stream().glitches();
}

opc_status opc_live_failure(const opc_live* live) {
    if (c::lacks({{"live", live}})) {
        return STATUS_INVALID_PARAMETER;
    }
    const auto failure = live->stream().failure();
    return failure ? c::fail(*failure) : 0;
}

// ---- rings ---------------------------------------------------------------------------------------------------------

opc_status opc_ring_create(size_t bytes, size_t unit, opc_ring** ring) {
    c::clear(ring);
    if (c::lacks({{"ring", ring}})) {
        return STATUS_INVALID_PARAMETER;
    }
    if (unit == 0 || bytes == 0 || bytes % unit != 0 || bytes > c::most_bytes) {
        return c::fail(STATUS_INVALID_PARAMETER, "opc_ring_create: a ring has whole units, and 256 MiB at most");
    }
    *ring = new opc_ring(bytes, unit);
    return 0;
}

void opc_ring_destroy(opc_ring* ring) {
    delete ring;
}

size_t opc_ring_capacity(const opc_ring* ring) {
    return c::lacks({{"ring", ring}}) ? 0 : ring->ring.capacity();
}

size_t opc_ring_write(opc_ring* ring, const void* bytes, size_t count) {
    return c::lacks({{"ring", ring}, {"bytes", bytes, count}}) ? 0 : ring->ring.write(c::bytes_of(bytes, count));
}

size_t opc_ring_read(opc_ring* ring, void* bytes, size_t count) {
    return c::lacks({{"ring", ring}, {"bytes", bytes, count}}) ? 0 : ring->ring.read(c::bytes_of(bytes, count));
}

size_t opc_ring_room(const opc_ring* ring) {
    return c::lacks({{"ring", ring}}) ? 0 : ring->ring.room();
}

size_t opc_ring_available(const opc_ring* ring) {
    return c::lacks({{"ring", ring}}) ? 0 : ring->ring.available();
}
