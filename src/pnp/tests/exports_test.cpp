// The table of kernel exports against what the library really exports.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <dlfcn.h>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "executive/etw/debug_log.h"
#include "executive/not_done.h"
#include "executive/rtl/system_version.h"
#include "pnp/exports.h"
#include "pnp_fixture.h"

namespace openportcls::pnp {

TEST(Exports, AreSortedAndUnique) {
    const auto table = exports();
    ASSERT_GT(table.size(), 300U);
    EXPECT_EQ(std::ranges::adjacent_find(table, std::ranges::greater_equal{}, &Export::name), table.end());
}

TEST(Exports, AddressesAreTheOnesTheDynamicLinkerFinds) {
    std::size_t implemented = 0;
    for (const Export& entry : exports()) {
        if (entry.is_implemented()) {
            ++implemented;
            EXPECT_EQ(dlsym(RTLD_DEFAULT, std::string(entry.name).c_str()), entry.address) << entry.name;
        }
    }
    EXPECT_GT(implemented, 200U);
}

TEST(Exports, KnowTheirHeaders) {
    const Export* wait = find_export("KeWaitForSingleObject");
    ASSERT_NE(wait, nullptr);
    EXPECT_TRUE(wait->is_implemented());
    EXPECT_EQ(wait->header, "wdm.h");
    const Export* initialize = find_export("PcInitializeAdapterDriver");
    ASSERT_NE(initialize, nullptr);
    EXPECT_EQ(initialize->header, "portcls.h");
}

// What a driver can do without it asks for by name; the answer is the release's.
TEST(Exports, MmGetSystemRoutineAddressKnowsTheRelease) {
    for (const auto& [release, has_timers] : {std::pair{"xp", false}, {"8", false}, {"8.1", true}, {"11", true}}) {
        machine::Machine machine;
        machine.add_subsystem<PnpManager>();
        executive::set_system_version(machine, *executive::system_version_named(release));
        ASSERT_TRUE(machine.enter([has_timers = has_timers] {
            UNICODE_STRING name;
            RtlInitUnicodeString(&name, u"ExAllocateTimer");
            EXPECT_EQ(MmGetSystemRoutineAddress(&name),
                      has_timers ? reinterpret_cast<void*>(&ExAllocateTimer) : nullptr);
            RtlInitUnicodeString(&name, u"KeSetTimer");
            EXPECT_EQ(MmGetSystemRoutineAddress(&name), reinterpret_cast<void*>(&KeSetTimer));
        }));
    }
}

// exports/releases.tsv against the table of PortCls' functions, both ways.
TEST(Exports, KnowTheReleasesOfPortClsAndDrmk) {
    const std::map<std::string, std::string, std::less<>> releases = {
        {"Windows Me, XP", "XP"}, {"Windows XP", "XP"},           {"Windows 7", "7"},
        {"Windows 8", "8"},       {"Windows 10 1511", "10 1511"}, {"Windows 10", "10"}};
    std::size_t newer = 0;
    std::ifstream table(PNP_TEST_FACTS "/portcls_api.tsv");
    for (std::string line; std::getline(table, line);) {
        std::istringstream cells(line);
        std::string header, kind, name, parent, signature, irql, min_os;
        for (std::string* cell : {&header, &kind, &name, &parent, &signature, &irql, &min_os}) {
            std::getline(cells, *cell, '\t');
        }
        if (kind != "function" || name.ends_with("_INIT") || name.starts_with("operator")) {
            continue; // in the header
        }
        const Export* const entry = find_export(name);
        ASSERT_NE(entry, nullptr) << name;
        if (min_os.starts_with("Windows 98") || min_os == "Windows 2000") {
            EXPECT_EQ(entry->release, nullptr) << name;
            continue;
        }
        ++newer;
        ASSERT_TRUE(releases.contains(min_os)) << min_os;
        ASSERT_NE(entry->release, nullptr) << name;
        EXPECT_EQ(entry->release->windows, releases.at(min_os)) << name;
        EXPECT_EQ(entry->release->module, header == "drmk.h" ? "drmk.sys" : "portcls.sys") << name;
    }
    EXPECT_EQ(newer, std::ranges::count_if(exports(), [](const Export& entry) {
                  return entry.release != nullptr && entry.release->module != "ntoskrnl.exe";
              }));
}

TEST(Exports, HostFunctionsAndTypesAreNone) {
    for (const char* name : {"malloc", "_ZdlPv", "DriverEntry", "DRIVER_DISPATCH", "", "KeWaitForSingleObjec"}) {
        EXPECT_EQ(find_export(name), nullptr) << name;
    }
}

namespace {

using executive::LogRecord;
using executive::LogSource;
using executive::NotDone;
using AnyFunction = NTSTATUS(NTAPI*)(void*, void*, void*, void*, void*, void*, void*, void*, void*, void*, void*,
                                     void*);

// These look at what they are given first; PowerFramework.* and NotDone.DefaultDispatchCompletesTheIrp call them.
bool wants_real_arguments(std::string_view name) {
    return name.starts_with("KsDefault") || name == "PoFxSetComponentWake";
}

// With room behind every pointer.
[[clang::no_sanitize("function")]] NTSTATUS call(const Export& entry) {
    alignas(16) static std::byte room[4096];
    return reinterpret_cast<AnyFunction>(entry.address)(room, room, room, room, room, room, room, room, room, room,
                                                        room, room);
}

class NotDoneExports : public test::PnpTest {
protected:
    std::vector<std::string> reports() {
        std::vector<std::string> texts;
        for (const LogRecord& record : executive::Etw::of(machine).records()) {
            if (record.source == LogSource::not_done) {
                texts.push_back(record.text);
            }
        }
        return texts;
    }
    template<class Function>
    void inside(Function&& function) {
        ASSERT_TRUE(machine.enter(std::forward<Function>(function))) << machine.bugcheck_report()->to_text();
    }
};

} // namespace

// What is exported but not done returns STATUS_NOT_IMPLEMENTED; who cannot return it is at least reported.
TEST_F(NotDoneExports, AnswerSoAndAreReportedOnce) {
    ASSERT_GT(executive::exports_not_done().size(), 70U);
    for (const NotDone& entry : executive::exports_not_done()) {
        const Export* exported = find_export(entry.function);
        ASSERT_NE(exported, nullptr) << entry.function;
        if (wants_real_arguments(entry.function)) {
            continue;
        }
        const std::size_t before = reports().size();
        inside([&] {
            const NTSTATUS status = call(*exported);
            EXPECT_TRUE(!entry.answers_status || status == STATUS_NOT_IMPLEMENTED) << entry.function << ' ' << status;
            call(*exported);
        });
        ASSERT_EQ(reports().size(), before + 1) << entry.function;
        EXPECT_EQ(reports().back(), std::string("the kernel called ") + entry.function + ", which is not implemented");
    }
}

TEST_F(NotDoneExports, NameTheDriver) {
    LoadedDriver& driver = load({.service_name = "Unwise"});
    Dl_info here{};
    ASSERT_NE(::dladdr(reinterpret_cast<void*>(&call), &here), 0);
    driver.object()->DriverStart = here.dli_fbase;
    driver.object()->DriverSize = 0x7FFFFFFF;
    inside([] { MmFreeMappingAddress(nullptr, 0); });
    EXPECT_THAT(reports(), testing::ElementsAre("driver Unwise called MmFreeMappingAddress, which is not implemented"));
}

} // namespace openportcls::pnp
