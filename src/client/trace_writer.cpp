#include "client/trace_writer.h"

#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "machine/machine.h"

namespace openportcls::client {

using machine::EventKind;

namespace {

// Perfetto groups events by process and thread; processors and streams are our "threads".
constexpr unsigned processor_process = 1;
constexpr unsigned stream_process = 2;
constexpr unsigned wait_process = 3;

// Bytes that begin a character of UTF-8, this one included; 0: they are none.
std::size_t utf8_length(std::string_view text) {
    const auto byte = [&](std::size_t index) { return static_cast<unsigned char>(text[index]); };
    const std::size_t length = byte(0) < 0x80 ? 1 : byte(0) < 0xC2 ? 0 : byte(0) < 0xE0 ? 2 : byte(0) < 0xF0 ? 3 : 4;
    if (length == 0 || byte(0) > 0xF4 || length > text.size()) {
        return 0;
    }
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xC0) != 0x80) {
            return 0;
        }
    }
    const bool is_overlong = (byte(0) == 0xE0 && byte(1) < 0xA0) || (byte(0) == 0xF0 && byte(1) < 0x90);
    const bool is_none = (byte(0) == 0xED && byte(1) > 0x9F) || (byte(0) == 0xF4 && byte(1) > 0x8F);
    return is_overlong || is_none ? 0 : length;
}

// What drivers print may be in any code page: a byte that is no UTF-8 counts as Latin-1.
std::string escaped(std::string_view text) {
    std::string result;
    while (!text.empty()) {
        const std::size_t length = utf8_length(text);
        const auto first = static_cast<unsigned char>(text[0]);
        if (first == '"' || first == '\\') {
            result += '\\';
            result += text[0];
        } else if (first == '\n') {
            result += "\\n";
        } else if (first == '\t') {
            result += "\\t";
        } else if (first < 0x20 || length == 0) {
            result += fmt::format("\\u{:04x}", static_cast<unsigned>(first));
        } else {
            result += text.substr(0, length);
        }
        text.remove_prefix(length == 0 ? 1 : length);
    }
    return result;
}

// Microseconds with nanosecond digits, made of integers so that every host prints the same.
std::string timestamp(machine::Nanoseconds time) {
    return fmt::format("{}.{:03}", time / 1000, time % 1000);
}

bool is_about_a_stream(EventKind kind) {
    return kind == EventKind::stream_opened || kind == EventKind::stream_state || kind == EventKind::stream_position ||
           kind == EventKind::glitch || kind == EventKind::stream_notification;
}

} // namespace

Result<std::unique_ptr<TraceWriter>> TraceWriter::create(const std::filesystem::path& path, unsigned processors) {
    std::FILE* file = std::fopen(path.c_str(), "w");
    if (file == nullptr) {
        return Error{STATUS_OBJECT_PATH_NOT_FOUND,
                     fmt::format("{}: the trace cannot be written: {}", path.string(), std::strerror(errno))};
    }
    std::unique_ptr<TraceWriter> writer(new TraceWriter(path, file));
    std::fputs("{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n", file);
    writer->name(processor_process, 0, "process_name", "Processors");
    writer->name(stream_process, 0, "process_name", "Streams");
    writer->name(wait_process, 0, "process_name", "Waiting threads");
    for (unsigned number = 0; number < processors; ++number) {
        writer->name(processor_process, number + 1, "thread_name", fmt::format("processor {}", number));
    }
    return writer;
}

TraceWriter::~TraceWriter() {
    (void)finish();
}

void TraceWriter::emit(const std::string& line) {
    if (file_ == nullptr) {
        return;
    }
    if (!first_) {
        failed_ |= std::fputs(",\n", file_) < 0;
    }
    first_ = false;
    failed_ |= std::fputs(line.c_str(), file_) < 0;
}

void TraceWriter::name(unsigned process, unsigned track, std::string_view what, std::string_view text) {
    emit(fmt::format(R"({{"ph":"M","pid":{},"tid":{},"name":"{}","args":{{"name":"{}"}}}})", process, track, what,
                     escaped(text)));
}

void TraceWriter::name_track(unsigned process, std::uint32_t track, const std::string& text) {
    if (named_.emplace(process, track).second) {
        name(process, track, "thread_name", text);
    }
}

Result<void> TraceWriter::finish() {
    if (file_ != nullptr) {
        failed_ |= std::fputs("\n]}\n", file_) < 0;
        failed_ |= std::fclose(file_) != 0;
        file_ = nullptr;
    }
    return failed_ ? Result<void>(Error{STATUS_DISK_FULL, path_.string() + ": the trace could not be written"})
                   : Result<void>();
}

void TraceWriter::on_event(const machine::TraceEvent& event) {
    const unsigned processor = event.processor + 1U;
    const std::string time = timestamp(event.time);
    const auto slice = [&](char phase, std::string_view name) {
        emit(fmt::format(R"({{"ph":"{}","pid":{},"tid":{},"ts":{},"name":"{}"}})", phase, processor_process, processor,
                         time, escaped(name)));
    };
    switch (event.kind) {
    case EventKind::interrupt_enter:
        slice('B', fmt::format("ISR vector {}", event.subject));
        return;
    case EventKind::interrupt_leave:
        slice('E', fmt::format("ISR vector {}", event.subject));
        return;
    case EventKind::dpc_enter:
        slice('B', "DPC");
        return;
    case EventKind::dpc_leave:
        slice('E', "DPC");
        return;
    case EventKind::thread_switch:
        name_track(wait_process, event.subject,
                   fmt::format("thread {}{}{}", event.subject, event.detail.empty() ? "" : ": ", event.detail));
        break;
    case EventKind::stream_opened:
        name_track(stream_process, event.subject,
                   fmt::format("stream {}: {} pin {}", event.subject, event.detail, event.value));
        break;
    case EventKind::wait_begin:
    case EventKind::wait_end:
        name_track(wait_process, event.subject, fmt::format("thread {}", event.subject));
        emit(fmt::format(R"({{"ph":"{}","pid":{},"tid":{},"ts":{},"name":"wait"}})",
                         event.kind == EventKind::wait_begin ? 'B' : 'E', wait_process, event.subject, time));
        return;
    case EventKind::stream_position:
        name_track(stream_process, event.subject, fmt::format("stream {}", event.subject));
        emit(fmt::format(R"({{"ph":"C","pid":{},"tid":{},"ts":{},"name":"position {}","args":{{"bytes":{}}}}})",
                         stream_process, event.subject, time, event.subject, event.value));
        return;
    default:
        break;
    }
    const bool stream = is_about_a_stream(event.kind);
    if (stream) {
        name_track(stream_process, event.subject, fmt::format("stream {}", event.subject));
    }
    emit(fmt::format(
        R"({{"ph":"i","s":"t","pid":{},"tid":{},"ts":{},"name":"{}","args":{{"irql":{},"subject":{},"value":{},"detail":"{}"}}}})",
        stream ? stream_process : processor_process, stream ? event.subject : processor, time,
        event_kind_name(event.kind), event.irql, event.subject, event.value, escaped(event.detail)));
}

} // namespace openportcls::client
