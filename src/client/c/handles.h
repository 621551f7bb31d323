// What stands behind the opaque handles of openportcls.h, and how results become statuses.
#pragma once

#include <cstring>
#include <initializer_list>
#include <optional>
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
    openportcls::KsObject* object;
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

struct opc_event {
    openportcls::Event event;
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
MachineOptions machine_options_of(const opc_machine_options* given);
ProcessingMode mode_of(int mode);

} // namespace openportcls::c
