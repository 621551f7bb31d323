// What stands behind the opaque handles of openportcls.h, and how results become statuses.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstring>
#include <deque>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <openportcls/openportcls.h>
#include <openportcls/openportcls.hpp>

#include <ntstatus.h>

struct opc_machine {
    openportcls::Machine* machine = nullptr;
    std::optional<openportcls::Machine> owned; // absent when it is a MachineThread's
    std::string crash_report;
    std::vector<openportcls::FilterInfo> filters;
    std::vector<std::string> categories;
    std::vector<opc_filter_info> filter_list;
    std::vector<std::string> warnings;
    std::vector<const char*> warning_list;
    std::vector<openportcls::SocketInfo> sockets;
    std::vector<opc_socket> socket_list;
    std::vector<openportcls::InterfaceValue> values;
    std::deque<std::string> value_texts;
    std::vector<opc_interface_value> value_list;
    std::vector<openportcls::Mixer> mixers;
    std::deque<std::vector<opc_mixer_control>> mixer_controls;
    std::deque<std::vector<opc_mixer_line>> mixer_lines;
    std::vector<opc_mixer> mixer_list;
};

struct opc_driver {
    openportcls::Driver driver;
    std::vector<openportcls::LeakLine> leaks;
    std::vector<opc_leak> leak_list;
    std::vector<std::string> warnings;
    std::vector<const char*> warning_list;
};

struct opc_device {
    openportcls::Device device;
    std::string state;
};

struct opc_object {
    explicit opc_object(openportcls::KsObject* what) : object(what) {}
    openportcls::KsObject* object;
    std::vector<std::byte> value;
    std::string text;
    openportcls::PropertySupport support;
    std::vector<opc_property_range> ranges;
    std::vector<opc_uuid> sets;
    std::vector<openportcls::AudioModule> modules;
    std::vector<opc_audio_module> module_list;
    std::vector<std::byte> answer;
};

struct opc_filter {
    explicit opc_filter(openportcls::Filter opened) : filter(std::move(opened)), object{&filter} {}
    openportcls::Filter filter;
    opc_object object;
    std::vector<openportcls::PinInfo> pins;
    std::vector<std::vector<opc_range>> ranges;
    std::vector<opc_pin_info> pin_list;
    std::vector<openportcls::NodeInfo> nodes;
    std::vector<std::string> node_types;
    std::vector<opc_node_info> node_list;
    std::vector<opc_connection> connections;
    std::vector<opc_uuid> modes;
    std::vector<opc_midi_pin_info> midi_pins;
};

struct opc_pin {
    explicit opc_pin(openportcls::Pin opened) : pin(std::move(opened)), object{&pin} {}
    openportcls::Pin pin;
    opc_object object;
};

struct opc_stream {
    explicit opc_stream(openportcls::RenderStream opened) : render(std::move(opened)), object{&*render} {}
    explicit opc_stream(openportcls::CaptureStream opened) : capture(std::move(opened)), object{&*capture} {}
    openportcls::Stream& stream() {
        return render ? static_cast<openportcls::Stream&>(*render) : static_cast<openportcls::Stream&>(*capture);
    }
    const openportcls::Stream& stream() const { return const_cast<opc_stream*>(this)->stream(); }
    std::optional<openportcls::RenderStream> render;
    std::optional<openportcls::CaptureStream> capture;
    opc_object object;
};

struct opc_request {
    openportcls::StreamRequest request;
    std::vector<opc_block> blocks;
};

struct opc_midi_output {
    explicit opc_midi_output(openportcls::MidiOutput opened) : output(std::move(opened)), object{&output} {}
    openportcls::MidiOutput output;
    opc_object object;
};

struct opc_midi_input {
    explicit opc_midi_input(openportcls::MidiInput opened) : input(std::move(opened)), object{&input} {}
    openportcls::MidiInput input;
    opc_object object;
    openportcls::MidiMessage received;
    opc_midi_message message{};
};

struct opc_midi_file {
    openportcls::MidiFile file;
    std::vector<opc_midi_message> messages;
};

struct opc_ring {
    opc_ring(std::size_t bytes, std::size_t unit) : ring(bytes, unit) {}
    openportcls::SampleRing ring;
};

struct opc_event {
    openportcls::Event event;
};

struct opc_listener {
    openportcls::NotificationListener listener;
    openportcls::Notification last;
};

struct opc_thread {
    openportcls::MachineThread thread;
};

struct opc_live {
    std::optional<openportcls::LiveRender> render;
    std::optional<openportcls::LiveCapture> capture;
    openportcls::LiveStreamBase& stream() {
        return render ? static_cast<openportcls::LiveStreamBase&>(*render)
                      : static_cast<openportcls::LiveStreamBase&>(*capture);
    }
    const openportcls::LiveStreamBase& stream() const { return const_cast<opc_live*>(this)->stream(); }
};

namespace openportcls::c {

// Keeps the message for opc_last_error.
opc_status fail(const Error& error);
opc_status fail(opc_status status, const char* message);

// A parameter, and whether the caller gave it.
struct Given {
    template<class T>
    Given(const char* parameter, T* pointer) : name(parameter), is_there(pointer != nullptr) {}
    // No bytes need no address.
    Given(const char* parameter, const void* pointer, std::size_t bytes)
        : name(parameter), is_there(pointer != nullptr || bytes == 0) {}
    const char* name;
    bool is_there;
};
// Whether one of them is missing, which is then the message.
bool lacks(std::initializer_list<Given> parameters, const char* function = __builtin_FUNCTION());

// The place of a handle, before anything can fail.
template<class Handle>
void clear(Handle** place) {
    if (place != nullptr) {
        *place = nullptr;
    }
}

template<class T>
opc_status status_of(const Result<T>& result) {
    return result ? 0 : fail(result.error());
}

// Hands the value out.
template<class T, class Out>
opc_status give(Result<T> result, Out* out) {
    if (!result) {
        return fail(result.error());
    }
    *out = static_cast<Out>(std::move(*result));
    return 0;
}

// Hands a new handle out; `*out` is NULL when there is none.
template<class Handle, class T>
opc_status give_handle(Result<T> result, Handle** out) {
    *out = nullptr;
    if (!result) {
        return fail(result.error());
    }
    *out = new Handle{std::move(*result)};
    return 0;
}

inline std::string text_or_empty(const char* text) {
    return text != nullptr ? text : "";
}

inline Guid guid_of(const opc_uuid& guid) {
    Guid result;
    static_assert(sizeof result == sizeof guid);
    std::memcpy(&result, &guid, sizeof guid);
    return result;
}

inline opc_uuid guid_of(const Guid& guid) {
    opc_uuid result;
    std::memcpy(&result, &guid, sizeof guid);
    return result;
}

// What version 0.1.0 had.
template<class Options>
inline constexpr std::size_t oldest_size_of = sizeof(Options);

// A structure from a client that was compiled against an older header is shorter.
template<class Options>
Options options_of(const Options* given, void (*init)(Options*)) {
    Options options;
    init(&options);
    if (given != nullptr) {
        std::memcpy(&options, given, std::min(given->size, sizeof options));
    }
    return options;
}

// Shorter than the oldest header's: its size was never set. Longer than this header's: its fields are unknown here.
template<class Options>
bool has_known_size(const Options* given) {
    return given == nullptr || (given->size >= oldest_size_of<Options> && given->size <= sizeof(Options));
}

opc_status wrong_size();

WaveFormat format_of(const opc_format& format);
opc_format format_of(const WaveFormat& format);
StreamOptions stream_options_of(const opc_stream_options* given);
WaveRange range_of(const opc_range& range);
// Errors begin with the function's name, as where a parameter is NULL.
Result<MachineOptions> machine_options_of(const opc_machine_options* given, const char* function);
Result<std::vector<std::string>> texts_of(const char* const* texts, std::size_t count, const char* name);
// UINT64_MAX: for ever.
std::chrono::nanoseconds timeout_of(std::uint64_t nanoseconds);
// Nothing for a kind that is none.
std::optional<Target> target_of(const opc_target* target);
// The two directions of streams share their functions; the wrong one says so.
opc_status wrong_direction();

// More than any value, message or sound that is handed in has.
inline constexpr std::size_t most_bytes = std::size_t{1} << 28;

inline std::span<const std::byte> bytes_of(const void* data, std::size_t count) {
    return {static_cast<const std::byte*>(data), count};
}

inline std::span<std::byte> bytes_of(void* data, std::size_t count) {
    return {static_cast<std::byte*>(data), count};
}

ProcessingMode mode_of(int mode);

} // namespace openportcls::c
