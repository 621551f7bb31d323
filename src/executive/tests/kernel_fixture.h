// A machine with an executive, for tests that call kernel exports.
#pragma once

#include <utility>

#include <gtest/gtest.h>

#include <ntddk.h>

#include "executive/kernel.h"
#include "machine/machine.h"

namespace openportcls::executive {

class KernelTest : public ::testing::Test {
protected:
    KernelTest() { install(machine_); }

    // Runs inside the machine; a bugcheck there fails the test.
    template<class Function>
    void run(Function&& function) {
        const bool alive = machine_.enter(std::forward<Function>(function));
        ASSERT_TRUE(alive) << machine_.bugcheck_report()->to_text();
    }
    // Runs inside the machine and expects the guest to end with this bugcheck.
    template<class Function>
    void expect_bugcheck(std::uint32_t code, Function&& function) {
        ASSERT_FALSE(machine_.enter(std::forward<Function>(function)));
        EXPECT_EQ(machine_.bugcheck_report()->code, code) << machine_.bugcheck_report()->to_text();
    }

    machine::Machine machine_;
};

// A counted string over a literal, and its object attributes.
class Name {
public:
    explicit Name(const char16_t* text) { RtlInitUnicodeString(&string_, text); }
    operator PUNICODE_STRING() { return &string_; }
    POBJECT_ATTRIBUTES attributes(ULONG flags = OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, HANDLE root = nullptr) {
        InitializeObjectAttributes(&attributes_, &string_, flags, root, nullptr);
        return &attributes_;
    }

private:
    UNICODE_STRING string_{};
    OBJECT_ATTRIBUTES attributes_{};
};

} // namespace openportcls::executive
