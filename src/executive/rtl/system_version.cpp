#include "executive/rtl/system_version.h"

#include <string>
#include <utility>

#include <ntddk.h>

#include "base/unicode.h"
#include "executive/irql_check.h"
#include "executive/kernel.h"
#include "executive/registry/registry.h"

namespace openportcls::executive {
namespace {

constexpr std::u16string_view current_version_path =
    u"\\Registry\\Machine\\Software\\Microsoft\\Windows NT\\CurrentVersion";

constexpr std::pair<std::string_view, SystemVersion> releases[] = {
    {"2000", {5, 0, 2195, 4}},  {"xp-rtm", {5, 1, 2600, 0}},   {"xp", {5, 1, 2600, 3}},
    {"vista", {6, 0, 6002, 2}}, {"7", {6, 1, 7601, 1}},        {"8", {6, 2, 9200, 0}},
    {"8.1", {6, 3, 9600, 0}},   {"10-rtm", {10, 0, 10240, 0}}, {"10-1511", {10, 0, 10586, 0}},
    {"10", {10, 0, 19045, 0}},  {"11", {10, 0, 22621, 0}},
};

// Builds of release 10.0 and the last byte of NTDDI_VERSION that came with them.
constexpr std::pair<std::uint32_t, std::uint32_t> windows_10_subversions[] = {
    {10586, 1}, {14393, 2}, {15063, 3}, {16299, 4},  {17134, 5},  {17763, 6},
    {18362, 7}, {19041, 8}, {19645, 9}, {20348, 10}, {22000, 11}, {22621, 12},
};

} // namespace

std::uint32_t SystemVersion::ntddi() const {
    const std::uint32_t release = major << 24 | minor << 16;
    if (major < 10) {
        return release | static_cast<std::uint32_t>(service_pack) << 8;
    }
    std::uint32_t subversion = 0;
    for (const auto& [first_build, number] : windows_10_subversions) {
        subversion = build >= first_build ? number : subversion;
    }
    return release | subversion;
}

std::optional<SystemVersion> system_version_named(std::string_view name) {
    for (const auto& [known, version] : releases) {
        if (equal_ignoring_ascii_case(known, name)) {
            return version;
        }
    }
    return std::nullopt;
}

SystemVersion system_version(machine::Machine& machine) {
    const Kernel& kernel = machine.subsystem<Kernel>();
    const auto key = Registry::of(machine).find(current_version_path);
    const std::uint32_t pack = key != nullptr ? key->dword(u"CSDVersion").value_or(0) >> 8 : 0;
    return {kernel.os_major, kernel.os_minor, kernel.os_build, static_cast<std::uint16_t>(pack)};
}

void set_system_version(machine::Machine& machine, const SystemVersion& version) {
    Kernel& kernel = machine.subsystem<Kernel>();
    kernel.os_major = version.major;
    kernel.os_minor = version.minor;
    kernel.os_build = version.build;
    const auto key = Registry::of(machine).create(current_version_path);
    key->set_dword(u"CurrentMajorVersionNumber", version.major);
    key->set_dword(u"CurrentMinorVersionNumber", version.minor);
    key->set_dword(u"CSDVersion", static_cast<std::uint32_t>(version.service_pack) << 8);
    key->set_string(u"CurrentBuildNumber", utf8_to_utf16(std::to_string(version.build)));
    key->set_string(u"CurrentVersion",
                    utf8_to_utf16(std::to_string(version.major) + "." + std::to_string(version.minor)));
}

} // namespace openportcls::executive

using namespace openportcls;
using namespace openportcls::executive;

extern "C" {

NTSTATUS NTAPI RtlGetVersion(PRTL_OSVERSIONINFOW VersionInformation) {
    OPC_REQUIRE_PASSIVE();
    const SystemVersion version = system_version(machine::Machine::current());
    VersionInformation->dwMajorVersion = version.major;
    VersionInformation->dwMinorVersion = version.minor;
    VersionInformation->dwBuildNumber = version.build;
    VersionInformation->dwPlatformId = 2; // VER_PLATFORM_WIN32_NT
    const std::u16string pack =
        version.service_pack == 0 ? u"" : u"Service Pack " + utf8_to_utf16(std::to_string(version.service_pack));
    pack.copy(VersionInformation->szCSDVersion, pack.size());
    VersionInformation->szCSDVersion[pack.size()] = 0;
    if (VersionInformation->dwOSVersionInfoSize >= sizeof(RTL_OSVERSIONINFOEXW)) {
        auto* extended = reinterpret_cast<RTL_OSVERSIONINFOEXW*>(VersionInformation);
        extended->wServicePackMajor = version.service_pack;
        extended->wServicePackMinor = 0;
        extended->wSuiteMask = 0;
        extended->wProductType = 1; // VER_NT_WORKSTATION
        extended->wReserved = 0;
    }
    return STATUS_SUCCESS;
}

BOOLEAN NTAPI RtlIsNtDdiVersionAvailable(ULONG Version) {
    OPC_REQUIRE_PASSIVE();
    constexpr ULONG service_pack_bits = 0x0000FF00;
    const std::uint32_t present = system_version(machine::Machine::current()).ntddi();
    // The version asked for must name a release alone, without its service pack.
    if (Version < 0x0A000000 && (Version & service_pack_bits) != 0) {
        return FALSE;
    }
    return present >= Version;
}

BOOLEAN NTAPI RtlIsServicePackVersionInstalled(ULONG Version) {
    OPC_REQUIRE_PASSIVE();
    const std::uint32_t present = system_version(machine::Machine::current()).ntddi();
    return (present & 0xFFFF0000) == (Version & 0xFFFF0000) && (present & 0xFF00) >= (Version & 0xFF00);
}

} // extern "C"
