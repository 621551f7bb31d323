// Streams, and machines on their own thread.
#include "client/c/handles.h"

using namespace openportcls;

namespace {

// The two directions share their functions; the wrong one says so.
opc_status wrong_direction() {
    return c::fail(STATUS_INVALID_DEVICE_REQUEST, "the stream goes in the other direction");
}

} // namespace

opc_status opc_render_open(opc_filter* filter, const opc_format* format, const opc_stream_options* options,
                           opc_stream** stream) {
    c::clear(stream);
    if (c::lacks({{"filter", filter}, {"format", format}, {"stream", stream}})) {
        return STATUS_INVALID_PARAMETER;
    }
    if (!c::has_known_size(options)) {
        return c::wrong_size();
    }
    return c::give_handle(RenderStream::open(filter->filter, c::format_of(*format), c::stream_options_of(options)),
                          stream);
}

opc_status opc_capture_open(opc_filter* filter, const opc_format* format, const opc_stream_options* options,
                            opc_stream** stream) {
    c::clear(stream);
    if (c::lacks({{"filter", filter}, {"format", format}, {"stream", stream}})) {
        return STATUS_INVALID_PARAMETER;
    }
    if (!c::has_known_size(options)) {
        return c::wrong_size();
    }
    return c::give_handle(CaptureStream::open(filter->filter, c::format_of(*format), c::stream_options_of(options)),
                          stream);
}

void opc_stream_close(opc_stream* stream) {
    delete stream;
}

uint32_t opc_stream_pin(const opc_stream* stream) {
    if (c::lacks({{"stream", stream}})) {
        return 0;
    }
    return stream->stream().pin();
}

uint32_t opc_stream_period_frames(const opc_stream* stream) {
    if (c::lacks({{"stream", stream}})) {
        return 0;
    }
    return stream->stream().period_frames();
}

uint32_t opc_stream_buffer_frames(const opc_stream* stream) {
    if (c::lacks({{"stream", stream}})) {
        return 0;
    }
    return stream->stream().buffer_frames();
}

uint64_t opc_stream_glitches(const opc_stream* stream) {
    if (c::lacks({{"stream", stream}})) {
        return 0;
    }
    return stream->stream().glitches();
}

uint64_t opc_stream_frames(const opc_stream* stream) {
    if (c::lacks({{"stream", stream}})) {
        return 0;
    }
    return stream->stream().frames();
}

opc_status opc_stream_start(opc_stream* stream) {
    if (c::lacks({{"stream", stream}})) {
        return STATUS_INVALID_PARAMETER;
    }
    return c::status_of(stream->stream().start());
}

opc_status opc_stream_pause(opc_stream* stream) {
    if (c::lacks({{"stream", stream}})) {
        return STATUS_INVALID_PARAMETER;
    }
    return c::status_of(stream->stream().pause());
}

opc_status opc_stream_stop(opc_stream* stream) {
    if (c::lacks({{"stream", stream}})) {
        return STATUS_INVALID_PARAMETER;
    }
    return c::status_of(stream->stream().stop());
}

opc_status opc_stream_position(opc_stream* stream, opc_position* position) {
    if (c::lacks({{"stream", stream}, {"position", position}})) {
        return STATUS_INVALID_PARAMETER;
    }
    auto now = stream->stream().position();
    if (!now) {
        return c::fail(now.error());
    }
    *position = {now->play_offset, now->write_offset, static_cast<uint64_t>(now->time.count())};
    return 0;
}

opc_status opc_stream_write(opc_stream* stream, const void* frames, size_t bytes) {
    if (c::lacks({{"stream", stream}, {"frames", frames, bytes}})) {
        return STATUS_INVALID_PARAMETER;
    }
    return stream->render ? c::status_of(stream->render->write({static_cast<const std::byte*>(frames), bytes}))
                          : wrong_direction();
}

opc_status opc_stream_drain(opc_stream* stream) {
    if (c::lacks({{"stream", stream}})) {
        return STATUS_INVALID_PARAMETER;
    }
    return stream->render ? c::status_of(stream->render->drain()) : wrong_direction();
}

opc_status opc_stream_read(opc_stream* stream, void* frames, size_t bytes) {
    if (c::lacks({{"stream", stream}, {"frames", frames, bytes}})) {
        return STATUS_INVALID_PARAMETER;
    }
    return stream->capture ? c::status_of(stream->capture->read({static_cast<std::byte*>(frames), bytes}))
                           : wrong_direction();
}

opc_status opc_stream_read_available(opc_stream* stream, void* frames, size_t bytes, size_t* taken) {
    if (c::lacks({{"stream", stream}, {"frames", frames, bytes}, {"taken", taken}})) {
        return STATUS_INVALID_PARAMETER;
    }
    return stream->capture ? c::give(stream->capture->read_available({static_cast<std::byte*>(frames), bytes}), taken)
                           : wrong_direction();
}

void* opc_stream_buffer(opc_stream* stream, size_t* bytes) {
    if (c::lacks({{"stream", stream}, {"bytes", bytes}})) {
        return nullptr;
    }
    const std::span<std::byte> buffer = stream->stream().buffer();
    *bytes = buffer.size();
    return buffer.empty() ? nullptr : buffer.data();
}

opc_status opc_stream_on_period(opc_stream* stream, opc_period_function function, void* context) {
    if (c::lacks({{"stream", stream}})) {
        return STATUS_INVALID_PARAMETER;
    }
    if (function == nullptr) {
        return c::status_of(stream->render ? stream->render->on_period({}) : stream->capture->on_period({}));
    }
    if (stream->render) {
        return c::status_of(stream->render->on_period([function, context](std::span<std::byte> period) {
            return function(context, period.data(), period.size());
        }));
    }
    return c::status_of(stream->capture->on_period([function, context](std::span<const std::byte> period) {
        return function(context, const_cast<std::byte*>(period.data()), period.size());
    }));
}

// ---- on its own thread ---------------------------------------------------------------------------------------------

opc_status opc_thread_start(const opc_machine_options* options, int realtime_priority, opc_thread** thread) {
    c::clear(thread);
    if (c::lacks({{"thread", thread}})) {
        return STATUS_INVALID_PARAMETER;
    }
    if (!c::has_known_size(options)) {
        return c::wrong_size();
    }
    MachineThreadOptions result;
    result.machine = c::machine_options_of(options);
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

namespace {

LiveOptions live_options(const opc_stream_options* options, uint32_t ring_microseconds) {
    LiveOptions result;
    result.stream = c::stream_options_of(options);
    if (ring_microseconds != 0) {
        result.ring = std::chrono::microseconds(ring_microseconds);
    }
    return result;
}

} // namespace

opc_status opc_live_render(opc_thread* thread, const char* filter, const opc_format* format,
                           const opc_stream_options* options, uint32_t ring_microseconds, opc_live** live) {
    c::clear(live);
    if (c::lacks({{"thread", thread}, {"filter", filter}, {"format", format}, {"live", live}})) {
        return STATUS_INVALID_PARAMETER;
    }
    if (!c::has_known_size(options)) {
        return c::wrong_size();
    }
    auto opened =
        LiveRender::open(thread->thread, filter, c::format_of(*format), live_options(options, ring_microseconds));
    if (!opened) {
        return c::fail(opened.error());
    }
    *live = new opc_live{std::move(*opened), {}};
    return 0;
}

opc_status opc_live_capture(opc_thread* thread, const char* filter, const opc_format* format,
                            const opc_stream_options* options, uint32_t ring_microseconds, opc_live** live) {
    c::clear(live);
    if (c::lacks({{"thread", thread}, {"filter", filter}, {"format", format}, {"live", live}})) {
        return STATUS_INVALID_PARAMETER;
    }
    if (!c::has_known_size(options)) {
        return c::wrong_size();
    }
    auto opened =
        LiveCapture::open(thread->thread, filter, c::format_of(*format), live_options(options, ring_microseconds));
    if (!opened) {
        return c::fail(opened.error());
    }
    *live = new opc_live{{}, std::move(*opened)};
    return 0;
}

void opc_live_close(opc_live* live) {
    delete live;
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
                        : wrong_direction();
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
