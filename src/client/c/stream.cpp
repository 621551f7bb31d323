// Streams.
#include "client/c/handles.h"

using namespace openportcls;

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

opc_status opc_stream_format(const opc_stream* stream, opc_format* format) {
    if (c::lacks({{"stream", stream}, {"format", format}})) {
        return STATUS_INVALID_PARAMETER;
    }
    *format = c::format_of(stream->stream().format());
    return 0;
}

bool opc_stream_uses_events(const opc_stream* stream) {
    return !c::lacks({{"stream", stream}}) && stream->stream().uses_events();
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
                          : c::wrong_direction();
}

opc_status opc_stream_drain(opc_stream* stream) {
    if (c::lacks({{"stream", stream}})) {
        return STATUS_INVALID_PARAMETER;
    }
    return stream->render ? c::status_of(stream->render->drain()) : c::wrong_direction();
}

opc_status opc_stream_read(opc_stream* stream, void* frames, size_t bytes) {
    if (c::lacks({{"stream", stream}, {"frames", frames, bytes}})) {
        return STATUS_INVALID_PARAMETER;
    }
    return stream->capture ? c::status_of(stream->capture->read({static_cast<std::byte*>(frames), bytes}))
                           : c::wrong_direction();
}

opc_status opc_stream_read_available(opc_stream* stream, void* frames, size_t bytes, size_t* taken) {
    if (c::lacks({{"stream", stream}, {"frames", frames, bytes}, {"taken", taken}})) {
        return STATUS_INVALID_PARAMETER;
    }
    return stream->capture ? c::give(stream->capture->read_available({static_cast<std::byte*>(frames), bytes}), taken)
                           : c::wrong_direction();
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
