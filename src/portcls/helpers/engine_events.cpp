#include "portcls/helpers/engine_events.h"

#include <array>
#include <cstdio>

#include "machine/machine.h"
#include "portcls/portcls_system.h"

namespace openportcls::portcls {

namespace {

constexpr std::array<std::string_view, eMINIPORT_MaxValue> names = {
    "ihv_defined",
    "buffer_complete",
    "pin_state",
    "get_stream_position",
    "set_wavert_buffer_write_position",
    "get_presentation_position",
    "program_dma",
    "glitch_report",
    "last_buffer_rendered",
    "processing_mode",
    "fx_clsid",
};

} // namespace

std::string_view engine_event_name(EPcMiniportEngineEvent kind) {
    const auto index = static_cast<std::size_t>(kind);
    return index < names.size() ? names[index] : std::string_view{};
}

NTSTATUS write_engine_event(EPcMiniportEngineEvent kind, ULONGLONG data1, ULONGLONG data2, ULONGLONG data3,
                            ULONGLONG data4) {
    const std::string_view name = engine_event_name(kind);
    if (name.empty()) {
        return STATUS_INVALID_PARAMETER;
    }
    if (kind == eMINIPORT_GLITCH_REPORT) {
        PortClsSystem::current().count_reported_glitch();
    }
    auto& machine = machine::Machine::current();
    if (!machine.is_observed()) {
        return STATUS_SUCCESS;
    }
    char text[160];
    const int length = std::snprintf(text, sizeof text, "%.*s 0x%llx 0x%llx 0x%llx 0x%llx",
                                     static_cast<int>(name.size()), name.data(), data1, data2, data3, data4);
    const auto event = kind == eMINIPORT_GLITCH_REPORT ? machine::EventKind::glitch : machine::EventKind::log;
    constexpr std::uint32_t no_stream = 0; // the event does not say which one
    machine.trace(event, event == machine::EventKind::glitch ? no_stream : static_cast<std::uint32_t>(kind),
                  static_cast<std::int64_t>(data1), {text, static_cast<std::size_t>(length)});
    return STATUS_SUCCESS;
}

} // namespace openportcls::portcls
