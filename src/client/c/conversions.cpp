// Errors and the structures that are handed in.
#include "client/c/handles.h"

#include "client/status_text.h"

namespace openportcls::c {

namespace {

thread_local std::string last_error;
thread_local std::string last_status_text;
thread_local std::string last_uuid_text;
thread_local std::string last_uuid_name;
thread_local std::string last_format_text;
thread_local std::string last_range_text;

} // namespace

opc_status fail(const Error& error) {
    last_error = error.message;
    return error.status;
}

opc_status fail(opc_status status, const char* message) {
    return fail(Error{status, message});
}

bool lacks(std::initializer_list<Given> parameters, const char* function) {
    for (const Given& parameter : parameters) {
        if (!parameter.is_there) {
            fail(STATUS_INVALID_PARAMETER, (std::string(function) + ": " + parameter.name + " is NULL").c_str());
            return true;
        }
    }
    return false;
}

WaveFormat format_of(const opc_format& format) {
    WaveFormat result;
    result.rate = format.rate;
    result.channels = format.channels;
    result.bits = format.bits;
    result.valid_bits = format.valid_bits;
    result.is_float = format.is_float;
    result.channel_mask = format.channel_mask;
    result.extensible = format.extensible;
    return result;
}

opc_format format_of(const WaveFormat& format) {
    opc_format result{};
    result.rate = format.rate;
    result.channels = format.channels;
    result.bits = format.bits;
    result.valid_bits = format.valid_bits;
    result.is_float = format.is_float;
    result.channel_mask = format.channel_mask;
    result.extensible = format.extensible;
    return result;
}

opc_status wrong_size() {
    return fail(STATUS_INFO_LENGTH_MISMATCH, "a structure's size is not one that its _init function sets");
}

ProcessingMode mode_of(int mode) {
    switch (mode) {
    case OPC_MODE_NONE:
        return ProcessingMode::none;
    case OPC_MODE_DEFAULT:
        return ProcessingMode::default_mode;
    case OPC_MODE_RAW:
        return ProcessingMode::raw;
    default:
        return static_cast<ProcessingMode>(0xFF); // refused where it is used
    }
}

PacketMode packet_mode_of(int mode) {
    switch (mode) {
    case OPC_PACKETS_WHERE_AVAILABLE:
        return PacketMode::where_available;
    case OPC_PACKETS_REQUIRED:
        return PacketMode::required;
    case OPC_PACKETS_NEVER:
        return PacketMode::never;
    default:
        return static_cast<PacketMode>(0xFF); // refused where it is used
    }
}

StreamOptions stream_options_of(const opc_stream_options* given) {
    const auto options = options_of(given, &opc_stream_options_init);
    StreamOptions result;
    result.period = std::chrono::microseconds(options.period_microseconds);
    result.pin = options.pin;
    result.mode = mode_of(options.mode);
    result.packets = packet_mode_of(options.packets);
    result.queued = std::chrono::microseconds(options.queued_microseconds);
    return result;
}

Scheduling scheduling_of(int scheduling) {
    switch (scheduling) {
    case OPC_FIRST_COME:
        return Scheduling::first_come;
    case OPC_RANDOM:
        return Scheduling::random;
    case OPC_PCT:
        return Scheduling::pct;
    default:
        return static_cast<Scheduling>(0xFF); // refused where it is used
    }
}

Result<std::vector<std::string>> texts_of(const char* const* texts, std::size_t count, const char* name) {
    std::vector<std::string> result;
    for (std::size_t i = 0; i < count; ++i) {
        if (texts == nullptr || texts[i] == nullptr) {
            return Error{STATUS_INVALID_PARAMETER, std::string(name) + "[" + std::to_string(i) + "] is NULL"};
        }
        result.emplace_back(texts[i]);
    }
    return result;
}

std::chrono::nanoseconds timeout_of(std::uint64_t nanoseconds) {
    constexpr auto longest = static_cast<std::uint64_t>(std::chrono::nanoseconds::max().count()); // waits for ever
    return std::chrono::nanoseconds(std::min(nanoseconds, longest));
}

opc_status wrong_direction() {
    return fail(STATUS_INVALID_DEVICE_REQUEST, "the stream goes in the other direction");
}

WaveRange range_of(const opc_range& range) {
    WaveRange result;
    result.minimum_rate = range.minimum_rate;
    result.maximum_rate = range.maximum_rate;
    result.maximum_channels = range.maximum_channels;
    result.minimum_bits = range.minimum_bits;
    result.maximum_bits = range.maximum_bits;
    result.is_pcm = range.is_pcm;
    result.is_float = range.is_float;
    return result;
}

Result<MachineOptions> machine_options_of(const opc_machine_options* given, const char* function) {
    const auto options = options_of(given, &opc_machine_options_init);
    MachineOptions result;
    result.scheduling = scheduling_of(options.scheduling);
    result.seed = options.seed;
    result.pct_depth = options.pct_depth;
    result.processors = options.processors;
    result.paced = options.paced;
    result.watchdog_seconds = options.watchdog_seconds;
    result.windows = text_or_empty(options.windows);
    result.sandbox = text_or_empty(options.sandbox);
    result.registry = text_or_empty(options.registry);
    auto hardware = texts_of(options.hardware, options.hardware_count, (std::string(function) + ": hardware").c_str());
    if (!hardware) {
        return hardware.error();
    }
    result.hardware = std::move(*hardware);
    return result;
}

} // namespace openportcls::c

using namespace openportcls;

const char* opc_last_error() {
    return c::last_error.c_str();
}

const char* opc_status_text(opc_status status) {
    c::last_status_text = client::status_text(status);
    return c::last_status_text.c_str();
}

const char* opc_version() {
    return OPENPORTCLS_VERSION;
}

void opc_machine_options_init(opc_machine_options* options) {
    if (c::lacks({{"options", options}})) {
        return;
    }
    const MachineOptions usual;
    *options = {};
    options->size = sizeof *options;
    options->scheduling = OPC_FIRST_COME;
    options->seed = usual.seed;
    options->pct_depth = usual.pct_depth;
    options->processors = usual.processors;
    options->watchdog_seconds = usual.watchdog_seconds;
    options->windows = "11";
}

void opc_driver_options_init(opc_driver_options* options) {
    if (c::lacks({{"options", options}})) {
        return;
    }
    *options = {};
    options->size = sizeof *options;
    options->add_device = true;
}

void opc_stream_options_init(opc_stream_options* options) {
    if (c::lacks({{"options", options}})) {
        return;
    }
    const StreamOptions usual;
    *options = {};
    options->size = sizeof *options;
    options->period_microseconds = static_cast<std::uint32_t>(usual.period.count());
    options->pin = UINT32_MAX;
    options->queued_microseconds = static_cast<std::uint32_t>(usual.queued.count());
}

void opc_format_init(opc_format* format) {
    if (c::lacks({{"format", format}})) {
        return;
    }
    *format = c::format_of(WaveFormat{});
}

const char* opc_format_text(const opc_format* format) {
    if (c::lacks({{"format", format}})) {
        return nullptr;
    }
    c::last_format_text = to_string(c::format_of(*format));
    return c::last_format_text.c_str();
}

uint32_t opc_format_frame_bytes(const opc_format* format) {
    return c::lacks({{"format", format}}) ? 0 : c::format_of(*format).bytes_per_frame();
}

const char* opc_range_text(const opc_range* range) {
    if (c::lacks({{"range", range}})) {
        return nullptr;
    }
    c::last_range_text = to_string(c::range_of(*range));
    return c::last_range_text.c_str();
}

bool opc_range_accepts(const opc_range* range, const opc_format* format) {
    return !c::lacks({{"range", range}, {"format", format}}) && c::range_of(*range).accepts(c::format_of(*format));
}

const char* opc_uuid_text(const opc_uuid* uuid) {
    if (c::lacks({{"uuid", uuid}})) {
        return nullptr;
    }
    c::last_uuid_text = to_string(c::guid_of(*uuid));
    return c::last_uuid_text.c_str();
}

const char* opc_uuid_name(const opc_uuid* uuid) {
    if (c::lacks({{"uuid", uuid}})) {
        return nullptr;
    }
    c::last_uuid_name = guid_name(c::guid_of(*uuid));
    return c::last_uuid_name.c_str();
}

opc_status opc_uuid_parse(const char* text, opc_uuid* uuid) {
    if (c::lacks({{"text", text}, {"uuid", uuid}})) {
        return STATUS_INVALID_PARAMETER;
    }
    const auto parsed = parse_guid(text);
    if (!parsed) {
        return c::fail(STATUS_INVALID_PARAMETER, ("\"" + std::string(text) + "\" is no GUID").c_str());
    }
    *uuid = c::guid_of(*parsed);
    return 0;
}
