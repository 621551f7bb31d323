#include "pnp/inf/directives.h"

#include <algorithm>
#include <span>
#include <string_view>

#include <fmt/format.h>

#include "base/unicode.h"

namespace openportcls::pnp {
namespace {

// By the pages of the sections. A device is started without FeatureScore (no other driver package competes for it) and
// without Reboot.
constexpr std::string_view of_install[] = {"DriverVer", "CopyFiles",    "AddReg", "AddProperty",
                                           "Include",   "Needs",        "DelReg", "BitReg",
                                           "LogConfig", "FeatureScore", "Reboot", "DelProperty"};
// The properties are not on the page, and done all the same.
constexpr std::string_view of_hardware[] = {"AddReg", "Include",     "Needs",      "DelReg",
                                            "BitReg", "AddProperty", "DelProperty"};
constexpr std::string_view of_interfaces[] = {"AddInterface", "Include", "Needs"};
constexpr std::string_view of_add_interface[] = {"AddReg",      "AddProperty", "DelReg",
                                                 "DelProperty", "BitReg",      "CopyFiles"};
constexpr std::string_view of_services[] = {"AddService", "Include", "Needs"};
constexpr std::string_view of_add_service[] = {"DisplayName",  "Description",   "ServiceType",    "StartType",
                                               "ErrorControl", "ServiceBinary", "LoadOrderGroup", "AddReg",
                                               "DelReg",       "BitReg"};

std::span<const std::string_view> done_in(InfSectionKind kind) {
    switch (kind) {
    case InfSectionKind::install:
        return of_install;
    case InfSectionKind::hardware:
        return of_hardware;
    case InfSectionKind::interfaces:
        return of_interfaces;
    case InfSectionKind::add_interface:
        return of_add_interface;
    case InfSectionKind::services:
        return of_services;
    case InfSectionKind::add_service:
        return of_add_service;
    }
    return {};
}

} // namespace

void note_undone_directives(const InfSection& section, InfSectionKind kind, std::vector<InfWarning>& warnings) {
    for (const InfLine& line : section.lines) {
        const std::string_view directive = line.key ? std::string_view(*line.key) : line.field(0);
        const bool done = std::ranges::any_of(
            done_in(kind), [&](std::string_view known) { return equal_ignoring_ascii_case(known, directive); });
        if (!done) {
            warnings.push_back({line.number, fmt::format("{} in [{}] is not done", directive, section.name)});
        }
    }
}

} // namespace openportcls::pnp
