// IPortClsEtwHelper::MiniportWriteEtwEvent: what a driver reports about its audio engine.
#pragma once

#include <string_view>

#include <portcls.h>

namespace openportcls::portcls {

// "glitch_report" …; empty for a kind that does not exist.
std::string_view engine_event_name(EPcMiniportEngineEvent kind);

// One trace event; glitch reports appear as glitches (R-OFF-05, R-OFF-06). Any IRQL.
NTSTATUS write_engine_event(EPcMiniportEngineEvent kind, ULONGLONG data1, ULONGLONG data2, ULONGLONG data3,
                            ULONGLONG data4);

} // namespace openportcls::portcls
