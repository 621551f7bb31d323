// The drivers' C runtime, the safe functions and __try, run inside a module built as a driver is.
#include <dlfcn.h>

#include <gtest/gtest.h>
#include <ntddk.h>

#include "executive/kernel.h"
#include "machine/machine.h"

namespace {

using Entry = NTSTATUS(NTAPI*)(PDRIVER_OBJECT, PUNICODE_STRING);

class Crt : public testing::TestWithParam<int> {
protected:
    static Entry entry() {
        static void* const module = dlopen(CRT_MODULE, RTLD_NOW | RTLD_LOCAL);
        if (module == nullptr) {
            ADD_FAILURE() << dlerror();
            return nullptr;
        }
        return reinterpret_cast<Entry>(dlsym(module, "DriverEntry"));
    }
};

TEST_P(Crt, ChecksPass) {
    const Entry run = entry();
    ASSERT_NE(run, nullptr);
    openportcls::machine::Machine machine;
    openportcls::executive::install(machine);
    UNICODE_STRING part{static_cast<USHORT>(GetParam()), 0, nullptr};
    NTSTATUS failed_line = -1;
    const bool alive = machine.enter([&] { failed_line = run(nullptr, &part); });
    ASSERT_TRUE(alive) << "the machine crashed: " << machine.bugcheck_report()->rule;
    EXPECT_EQ(failed_line % 1000, 0) << "part " << failed_line / 1000 << ", line " << failed_line % 1000;
    EXPECT_EQ(machine.current_thread().seh_chain, nullptr);
}

constexpr const char* parts[] = {"memory",       "strings",        "numbers",      "format",
                                 "math",         "frames",         "safe_strings", "safe_integers",
                                 "exceptions_c", "exceptions_cxx", "array_forms"};

INSTANTIATE_TEST_SUITE_P(Parts, Crt, testing::Range(0, 11),
                         [](const auto& info) { return std::string(parts[info.param]); });

} // namespace
