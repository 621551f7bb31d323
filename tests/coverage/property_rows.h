// ks_properties.tsv, read for who answers a row: the tests over that table and the coverage of its rows agree by it.
#pragma once

#include <initializer_list>
#include <string_view>

namespace coverage {

enum class Handling {
    port,         // PortCls or its KS objects answer: a test of its own
    miniport,     // the handler in the miniport's automation table
    miniport_may, // no port handles it, a miniport's pin table may
    outside,      // other components' business: PortCls refuses
    undecided,    // headers name it, no page says what it does: PortCls refuses
};

inline Handling handling_of(std::string_view kind, std::string_view handling) {
    const auto begins = [&](std::initializer_list<std::string_view> texts) {
        for (const std::string_view text : texts) {
            if (handling.starts_with(text)) {
                return true;
            }
        }
        return false;
    };
    if (kind == "method") {
        return begins({"PortCls never dispatches methods"}) ? Handling::outside : Handling::port;
    }
    if (begins({"MINIPORT"})) {
        return Handling::miniport;
    }
    if (begins({"not handled by PortCls ports"})) {
        return Handling::miniport_may;
    }
    if (begins({"not used by PortCls", "not PortCls", "KS proxy only", "KS device drivers", "SYSAUDIO",
                "GFX filter driver", "decoder filters", "AVStream only"})) {
        return Handling::outside;
    }
    return begins({"header only", "PORT (kernel-mode only position callback"}) ? Handling::undecided : Handling::port;
}

} // namespace coverage
