// WPP: what a driver's trace macros (include/wdk/opc/wpp.h) call.
#include <string>
#include <string_view>

#include <fmt/format.h>

#include <ntddk.h>
#include <opc/wpp.h>

#include "executive/etw/debug_log.h"
#include "executive/rtl/format.h"

using namespace openportcls;
using namespace openportcls::executive;

namespace {

// What stands for a WPP type in printf's language. The types of "Extended WPP data types" are names of numbers, shown
// as the numbers; a GUID is passed by address.
std::string printf_format(std::string_view type) {
    if (type == "STATUS" || type == "NTSTATUS" || type == "HRESULT" || type == "WINERROR" || type == "x" ||
        type == "XLONG") {
        return "0x%08x";
    }
    if (type == "s" || type == "ARSTR") {
        return "%s";
    }
    if (type == "S" || type == "ws" || type == "WSTR" || type == "ARWSTR") {
        return "%ws";
    }
    if (type == "USTR" || type == "UNICODE_STRING" || type == "wZ") {
        return "%wZ";
    }
    if (type == "bool" || type == "BOOLEAN" || type == "bool8" || type == "irql" || type == "d" || type == "u") {
        return "%d";
    }
    if (type == "GUID" || type == "IID" || type == "CLSID" || type == "LIBID" || type == "p") {
        return "%p";
    }
    return "%I64d"; // arguments are eight bytes wide, whatever they are
}

std::string escaped(std::string_view text) {
    std::string result;
    for (const char character : text) {
        result += character == '%' ? "%%" : std::string(1, character);
    }
    return result;
}

// %!TYPE! becomes a printf format, or the text that it stands for.
std::string expand(std::string_view format, std::string_view caller, std::string_view file, ULONG line) {
    std::string result;
    while (!format.empty()) {
        const std::size_t begin = format.find("%!");
        const std::size_t end = begin == format.npos ? begin : format.find('!', begin + 2);
        if (end == format.npos) {
            break;
        }
        result += format.substr(0, begin);
        const std::string_view type = format.substr(begin + 2, end - begin - 2);
        if (type == "FUNC") {
            result += escaped(caller);
        } else if (type == "FILE") {
            result += escaped(file);
        } else if (type == "LINE") {
            result += std::to_string(line);
        } else if (type != "STDPREFIX" && type != "LEVEL" && type != "FLAGS" && type != "COMPNAME") {
            result += printf_format(type);
        }
        format.remove_prefix(end + 1);
    }
    return result += format;
}

} // namespace

opc_wpp_control& Etw::trace_control() {
    constexpr UCHAR everything = 0xFF;
    const bool enabled = trace_messages_ || machine_.is_observed();
    trace_control_.Level = enabled ? everything : 0;
    trace_control_.AutoLogVerboseEnabled = enabled ? 1 : 0;
    trace_control_.Flags[0] = enabled ? 0xFFFFFFFF : 0;
    return trace_control_;
}

extern "C" {

opc_wpp_control* NTAPI OpcTraceControl() {
    return &Etw::current().trace_control();
}

VOID NTAPI OpcTraceProvider(BOOLEAN Register) {
    std::size_t& providers = Etw::current().trace_providers;
    if (Register) {
        ++providers;
    } else if (providers != 0) {
        --providers;
    }
}

VOID WINAPIV OpcTraceMessage(PCSTR Function, PCSTR Caller, PCSTR File, ULONG Line, PCSTR Format, ...) {
    std::string_view file(File);
    file.remove_prefix(file.find_last_of("/\\") + 1);
    const std::string format = expand(Format, Caller, file, Line);
    OPC_VA_LIST arguments;
    OPC_VA_START(arguments, Format);
    const std::string text = format_message(format.c_str(), arguments);
    OPC_VA_END(arguments);
    Etw::current().log(LogSource::wpp, 0, 0, fmt::format("{} {}: {}", Function, Caller, text));
}

} // extern "C"
