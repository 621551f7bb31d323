#include "executive/not_done.h"

#include <cstdio>

#include <fmt/format.h>

#include "base/unicode.h"
#include "executive/etw/debug_log.h"
#include "executive/objects/object_manager.h"
#include "executive/objects/object_types.h"

namespace openportcls::executive {

namespace {

// The linker's own names for the ends of the section.
extern "C" [[gnu::visibility("hidden")]] const NotDone __start_opc_not_done[]; // lld would export them
extern "C" [[gnu::visibility("hidden")]] const NotDone __stop_opc_not_done[];

std::string driver_at(const void* code) {
    std::string name;
    ObjectManager::current().for_each_object([&](const ObjectHeader& header) {
        if (header.type != &object_types::driver) {
            return;
        }
        const auto& driver = *static_cast<const DRIVER_OBJECT*>(header.body);
        const auto* begin = static_cast<const char*>(driver.DriverStart);
        if (code >= begin && code < begin + driver.DriverSize) {
            name = utf16_to_utf8(header.name.substr(header.name.rfind(u'\\') + 1));
        }
    });
    return name.empty() ? "the kernel" : "driver " + name;
}

} // namespace

std::span<const NotDone> exports_not_done() {
    return {__start_opc_not_done, __stop_opc_not_done};
}

void report_not_done(const char* function, const void* caller) {
    const std::string text = fmt::format("{} called {}, which is not implemented", driver_at(caller), function);
    Etw& log = Etw::current();
    if (log.not_done_reports.insert(text).second) {
        log.log(LogSource::not_done, 0, 0, text);
        std::fprintf(stderr, "%s\n", text.c_str());
    }
}

} // namespace openportcls::executive
