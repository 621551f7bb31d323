// The functions of portcls.sys and drmk.sys that came after Windows 2000, by the table of their releases: a driver in
// which they are called all the same (linked to this program, it imports nothing) is refused on an older release.
#include <fstream>
#include <map>
#include <sstream>

#include "core_fixture.h"
#include "first_release.h"

namespace conformance {

namespace {

struct TableRow {
    std::string header;
    std::string name;
    WindowsVersion since;
};

std::vector<TableRow> newer_functions() {
    std::vector<TableRow> rows;
    std::ifstream table(CONFORMANCE_FACTS "/portcls_api.tsv");
    for (std::string line; std::getline(table, line);) {
        std::istringstream cells(line);
        std::string header, kind, name, parent, signature, irql, min_os;
        for (std::string* cell : {&header, &kind, &name, &parent, &signature, &irql, &min_os}) {
            std::getline(cells, *cell, '\t');
        }
        const auto since = first_release(min_os);
        if (kind == "function" && since && !name.ends_with("_INIT")) { // those are in the header
            rows.push_back({header, name, *since});
        }
    }
    return rows;
}

using ReleaseCall = std::function<NTSTATUS(DEVICE_OBJECT*)>;

template<class Function, class... Arguments>
ReleaseCall with(Function function, Arguments... arguments) {
    return [=](DEVICE_OBJECT*) { return function(arguments...); };
}

NTSTATUS add_thread(DEVICE_OBJECT* device) {
    PCSTREAMRESOURCE_DESCRIPTOR descriptor;
    PCSTREAMRESOURCE_DESCRIPTOR_INIT(&descriptor);
    descriptor.Type = ePcStreamResourceThread;
    descriptor.Resource.Thread = reinterpret_cast<PETHREAD>(KeGetCurrentThread());
    PCSTREAMRESOURCE handle = nullptr;
    const NTSTATUS status = PcAddStreamResource(device, nullptr, &descriptor, &handle);
    if (NT_SUCCESS(status)) {
        EXPECT_EQ(PcRemoveStreamResource(handle), STATUS_SUCCESS);
    }
    return status;
}

NTSTATUS assign_settings(DEVICE_OBJECT* device) {
    PC_POWER_FRAMEWORK_SETTINGS settings;
    PC_POWER_FRAMEWORK_SETTINGS_INIT(&settings);
    return PcAssignPowerFrameworkSettings(device, &settings);
}

// What is wrong with them, if anything, is never that they are not implemented.
const std::map<std::string, ReleaseCall, std::less<>>& calls() {
    constexpr ULONG no_content = 77;
    static DRMRIGHTS rights;
    static ULONG mixed;
    static DRMFORWARD forward;
    static const std::map<std::string, ReleaseCall, std::less<>> the_calls = {
        {"PcUnregisterAdapterPowerManagement", PcUnregisterAdapterPowerManagement},
        {"PcGetPhysicalDeviceObject",
         [](DEVICE_OBJECT* device) {
             DEVICE_OBJECT* physical = nullptr;
             return PcGetPhysicalDeviceObject(device, &physical);
         }},
        {"PcAddContentHandlers", with(PcAddContentHandlers, no_content, nullptr, 0)},
        {"PcCreateContentMixed", with(PcCreateContentMixed, nullptr, 0, &mixed)},
        {"PcDestroyContent", with(PcDestroyContent, no_content)},
        {"PcForwardContentToDeviceObject", with(PcForwardContentToDeviceObject, no_content, nullptr, &forward)},
        {"PcForwardContentToFileObject", with(PcForwardContentToFileObject, no_content, nullptr)},
        {"PcForwardContentToInterface", with(PcForwardContentToInterface, no_content, nullptr, 4)},
        {"PcGetContentRights", with(PcGetContentRights, 0, &rights)},
        {"DrmAddContentHandlers", with(DrmAddContentHandlers, no_content, nullptr, 0)},
        {"DrmCreateContentMixed", with(DrmCreateContentMixed, nullptr, 0, &mixed)},
        {"DrmDestroyContent", with(DrmDestroyContent, no_content)},
        {"DrmForwardContentToDeviceObject", with(DrmForwardContentToDeviceObject, no_content, nullptr, &forward)},
        {"DrmForwardContentToFileObject", with(DrmForwardContentToFileObject, no_content, nullptr)},
        {"DrmForwardContentToInterface", with(DrmForwardContentToInterface, no_content, nullptr, 4)},
        {"DrmGetContentRights", with(DrmGetContentRights, 0, &rights)},
        {"PcAssignPowerFrameworkSettings", assign_settings},
        {"PcAddStreamResource", add_thread},
        {"PcRemoveStreamResource", with(PcRemoveStreamResource, nullptr)},
        {"PcRegisterAdapterPnpManagement",
         [](DEVICE_OBJECT* device) { return PcRegisterAdapterPnpManagement(nullptr, device); }},
        {"PcUnregisterAdapterPnpManagement", PcUnregisterAdapterPnpManagement},
    };
    return the_calls;
}

} // namespace

class NewerFunctions : public CoreTest {};

TEST_F(NewerFunctions, are_refused_before_the_release_that_brought_them) {
    start();
    const std::vector<TableRow> rows = newer_functions();
    EXPECT_EQ(rows.size(), calls().size());
    inside([&] {
        for (const TableRow& row : rows) {
            const auto call = calls().find(row.name);
            ASSERT_NE(call, calls().end()) << row.name;
            for (auto version = WindowsVersion::windows_2000; version <= WindowsVersion::windows_11;
                 version = static_cast<WindowsVersion>(static_cast<int>(version) + 1)) {
                PortClsSystem::current().set_windows_version(version);
                const NTSTATUS status = call->second(script_.functional_device);
                EXPECT_EQ(status == STATUS_NOT_IMPLEMENTED, version < row.since)
                    << row.name << " on " << portcls::windows_version_name(version) << ": " << std::hex << status;
            }
        }
    });
}

// What was there before still fits: a resource is given back on the release where it was taken.
TEST_F(NewerFunctions, PcRemoveStreamResource_is_refused_with_any_handle) {
    start();
    inside([&] {
        PCSTREAMRESOURCE_DESCRIPTOR descriptor;
        PCSTREAMRESOURCE_DESCRIPTOR_INIT(&descriptor);
        descriptor.Type = ePcStreamResourceThread;
        descriptor.Resource.Thread = reinterpret_cast<PETHREAD>(KeGetCurrentThread());
        PCSTREAMRESOURCE handle = nullptr;
        ASSERT_EQ(PcAddStreamResource(node_->pdo(), nullptr, &descriptor, &handle), STATUS_SUCCESS);
        PortClsSystem::current().set_windows_version(WindowsVersion::windows_8_1);
        EXPECT_EQ(PcRemoveStreamResource(handle), STATUS_NOT_IMPLEMENTED);
        PortClsSystem::current().set_windows_version(WindowsVersion::windows_10);
        EXPECT_EQ(PcRemoveStreamResource(handle), STATUS_SUCCESS);
    });
}

} // namespace conformance
