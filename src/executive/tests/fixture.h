// What the executive's tests share: a machine with the executive on it, and a driver object of plain functions.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include <wdm.h>

#include "executive/io/devices.h"
#include "executive/io/io_manager.h"
#include "executive/kernel.h"
#include "machine/machine.h"

namespace openportcls::executive {

class ExecutiveTest : public testing::Test {
protected:
    explicit ExecutiveTest(const machine::MachineConfig& config = {}) : machine(config) { install(machine); }

    Kernel& kernel() { return machine.subsystem<Kernel>(); }

    // Runs `function` inside the machine and expects it to survive.
    template<class Function>
    void inside(Function&& function) {
        const bool survived = machine.enter(std::forward<Function>(function));
        ASSERT_TRUE(survived) << machine.bugcheck_report()->to_text();
    }

    // Runs `function` inside the machine and expects the bugcheck `code`, whose rule mentions `part`.
    template<class Function>
    void expect_bugcheck(std::uint32_t code, const std::string& part, Function&& function) {
        const bool survived = machine.enter(std::forward<Function>(function));
        ASSERT_FALSE(survived) << "no bugcheck";
        EXPECT_EQ(machine.bugcheck_report()->code, code) << machine.bugcheck_report()->rule;
        EXPECT_NE(machine.bugcheck_report()->rule.find(part), std::string::npos) << machine.bugcheck_report()->rule;
    }

    machine::Machine machine;
};

inline LARGE_INTEGER milliseconds(LONGLONG count) {
    LARGE_INTEGER due;
    due.QuadPart = -10'000 * count;
    return due;
}

inline UNICODE_STRING unicode(const char16_t* text) {
    const auto bytes = static_cast<USHORT>(std::char_traits<char16_t>::length(text) * sizeof(char16_t));
    return {bytes, static_cast<USHORT>(bytes + sizeof(char16_t)), const_cast<char16_t*>(text)};
}

// A driver object whose every request goes to one function.
struct TestDriver {
    DRIVER_OBJECT object{};
    DRIVER_EXTENSION extension{};

    explicit TestDriver(PDRIVER_DISPATCH dispatch) {
        object.Type = 4;
        object.Size = sizeof object;
        object.DriverExtension = &extension;
        extension.DriverObject = &object;
        for (auto& function : object.MajorFunction) {
            function = dispatch;
        }
    }
};

inline NTSTATUS complete(IRP* irp, NTSTATUS status, ULONG_PTR information = 0) {
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = information;
    IofCompleteRequest(irp, 0);
    return status;
}

} // namespace openportcls::executive
