// A driver's static objects: made and destroyed where its faults end the guest only.
#include <fstream>

#include <gmock/gmock.h>

#include "command.h"

namespace e2e {
namespace {

using testing::HasSubstr;
using testing::Not;

// Destructors run once the driver is unloaded, `info` unloads it.
constexpr const char* driver = R"(#include <portcls.h>
extern "C" DRIVER_INITIALIZE DriverEntry;
STATIC_OBJECTS
static NTSTATUS Start(PDEVICE_OBJECT, PIRP, PRESOURCELIST) { return STATUS_SUCCESS; }
static NTSTATUS Add(PDRIVER_OBJECT Driver, PDEVICE_OBJECT Device) {
    return PcAddAdapterDevice(Driver, Device, Start, 4, 0);
}
extern "C" NTSTATUS DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING Path) {
    DbgPrint("entry\n");
    return PcInitializeAdapterDriver(Driver, Path, Add);
}
)";

class StaticObjects : public Command {
protected:
    Ran info_with(const std::string& static_objects, const std::vector<std::string>& options = {}) {
        std::string source = driver;
        source.replace(source.find("STATIC_OBJECTS"), std::string("STATIC_OBJECTS").size(), static_objects);
        std::filesystem::create_directories(path("statics"));
        std::ofstream(path("statics/driver.cpp"), std::ios::trunc) << source;
        const Ran built =
            portcls({"build", path("statics"), "-o", path("statics.so"), "--cache", OPENPORTCLS_DRIVER_CACHE});
        EXPECT_EQ(built.status, 0) << built.error;
        std::vector<std::string> command = {"bash", "-c", "ulimit -t 8; exec timeout -s KILL 100 \"$@\"", "of CPU"};
        command.insert(command.end(), {OPENPORTCLS_COMMAND, "info", "--verbose", "--driver", path("statics.so"),
                                       "--inf", OPENPORTCLS_SOURCE "/drivers/cable/cable.inx"});
        command.insert(command.end(), options.begin(), options.end());
        return run(command);
    }
};

TEST_F(StaticObjects, AreMadeByPriorityBeforeDriverEntryAndDestroyedInReverseAfterUnload) {
    const Ran ran =
        info_with("struct Told { Told(const char* Name) : m_Name(Name) { DbgPrint(\"makes %s\\n\", Name); }\n"
                  "              ~Told() { DbgPrint(\"destroys %s\\n\", m_Name); } const char* m_Name; };\n"
                  "static Told Third(\"third\");\n"
                  "static Told Second __attribute__((init_priority(300)))(\"second\");\n"
                  "static Told First __attribute__((init_priority(200)))(\"first\");\n"
                  "struct Holder { PVOID m_Pool; Holder() { m_Pool = ExAllocatePoolWithTag(NonPagedPoolNx, 8, 1); }\n"
                  "                ~Holder() { ExFreePool(m_Pool); } };\n"
                  "static Holder Fourth;\n");
    EXPECT_EQ(ran.status, 0) << ran.error;
    const std::string all = ran.out + ran.error;
    std::size_t before = 0;
    for (const char* expected : {"makes first", "makes second", "makes third", "entry", "destroys third",
                                 "destroys second", "destroys first"}) {
        const std::size_t at = all.find(expected, before);
        ASSERT_NE(at, std::string::npos) << expected << "\n" << all;
        before = at;
    }
    EXPECT_THAT(all, Not(HasSubstr("leak")));
}

TEST_F(StaticObjects, FaultsOfTheirsAreReported) {
    for (const char* function : {"Faulty()", "~Faulty()"}) {
        const Ran ran = info_with(std::string("struct Faulty { int m_Number = 0; ") + function +
                                  " { *(volatile int*)0 = m_Number; } };\nstatic Faulty Object;\n");
        EXPECT_EQ(ran.status, 1) << function << ran.error;
        EXPECT_THAT(ran.error, HasSubstr("Faulty::"));
        EXPECT_THAT(ran.error, HasSubstr("seed"));
    }
}

TEST_F(StaticObjects, WhatTheyLeaveRaisedIsReported) {
    for (const char* function : {"Raising()", "~Raising()"}) {
        const Ran ran = info_with(std::string("struct Raising { KIRQL m_Old = 0; ") + function +
                                  " { KeRaiseIrql(DISPATCH_LEVEL, &m_Old); } };\nstatic Raising Object;\n");
        EXPECT_EQ(ran.status, 1) << function << ran.error;
        EXPECT_THAT(ran.error, HasSubstr("structor of a static object"));
        EXPECT_THAT(ran.error, Not(HasSubstr("DriverEntry returned")));
    }
}

TEST_F(StaticObjects, AConstructorThatNeverEndsIsReported) {
    const Ran ran = info_with("static volatile int Zero;\n"
                              "struct Endless { Endless() { while (Zero == 0) {} } };\n"
                              "static Endless Object;\n",
                              {"--watchdog", "1"});
    EXPECT_EQ(ran.status, 1) << ran.error;
    EXPECT_THAT(ran.error, HasSubstr("Endless::Endless"));
}

} // namespace
} // namespace e2e
