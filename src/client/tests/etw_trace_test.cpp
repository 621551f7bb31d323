// Events that drivers write reach the trace and the debug output of whoever looks.
#include <openportcls/openportcls.hpp>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <ntddk.h>
#include <unistd.h>

#include "client/state.h"

namespace openportcls {
namespace {

VOID NTAPI count_enabled(LPCGUID, ULONG control, UCHAR, ULONGLONG, ULONGLONG, PEVENT_FILTER_DESCRIPTOR, PVOID context) {
    *static_cast<int*>(context) += control == 1 ? 1 : 100;
}

TEST(EtwTrace, shows_what_providers_write) {
    const auto file = std::filesystem::temp_directory_path() / fmt::format("openportcls-etw-{}.json", getpid());
    Machine machine = Machine::create().value();
    int enabled = 0;
    REGHANDLE provider = 0;
    const auto write = [&](PCWSTR text) {
        machine.state()->machine->enter([&] { EtwWriteString(provider, 4, 0, nullptr, text); });
    };
    machine.state()->machine->enter([&] {
        const GUID id = {1, 2, 3, {}};
        ASSERT_EQ(EtwRegister(&id, count_enabled, &enabled, &provider), STATUS_SUCCESS);
    });
    write(u"nobody sees this");
    std::string printed;
    machine.on_debug_print([&](std::string_view text) { printed += text; });
    EXPECT_EQ(enabled, 1);
    ASSERT_TRUE(machine.start_trace(file));
    write(u"an event was written");
    ASSERT_TRUE(machine.stop_trace());
    EXPECT_EQ(enabled, 1) << "somebody still listens";
    machine.on_debug_print({});
    EXPECT_EQ(enabled, 101) << "disabled when the last observer has left";
    write(u"nor this");
    machine.state()->machine->enter([&] { EtwUnregister(provider); });
    EXPECT_EQ(printed, "an event was written");
    std::ifstream stream(file);
    const std::string trace(std::istreambuf_iterator<char>(stream), {});
    EXPECT_NE(trace.find("an event was written"), std::string::npos);
    std::filesystem::remove(file);
}

} // namespace
} // namespace openportcls
