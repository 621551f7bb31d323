#include "pnp/inf/install.h"

#include "pnp/inf/directives.h"
#include "pnp/inf/guid_text.h"
#include "pnp/inf/inf_line_splitter.h"
#include "pnp/inf/property_lines.h"
#include "pnp/inf/registry_lines.h"
#include "pnp/inf/version_values.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace openportcls::pnp {
namespace {

// Gathers one device's installation from the DDInstall section and those it leads to.
class Installer {
public:
    Installer(const InfFile& file, const InfModel& model, const InfTarget& target, const InfIncludeResolver& includes)
        : main_file_(file), model_(model), target_(target), includes_(includes) {}

    Result<InfDeviceInstall> run() {
        const InfSection* section = decorated(main_file_, model_.install_section);
        if (section == nullptr) {
            return main_file_.error_at(model_.line,
                                       fmt::format("the install section [{}] does not exist in a form for NT{}{}",
                                                   model_.install_section, target_.architecture, other_forms()));
        }
        install_.section = section->name;
        install_.description = model_.description;
        install_.manufacturer = model_.manufacturer;
        install_.provider = main_file_.version_value("Provider").value_or("");
        install_.class_name = main_file_.version_value("Class").value_or("");
        install_.class_guid = main_file_.version_value("ClassGUID").value_or("");
        read_driver_version(*section);
        read_install_section(main_file_, *section);
        read_hardware(main_file_, *section);
        read_interfaces(main_file_, *section);
        read_services(main_file_, *section);
        read_resources(*section);
        supply_missing_service();
        return std::move(install_);
    }

private:
    void note(int line, std::string message, InfSeverity severity = InfSeverity::warning) {
        install_.notes.push_back({line, std::move(message), severity});
    }

    // ", only for NTx86"; empty where there is none at all.
    std::string other_forms() const {
        std::string found;
        for (const char* architecture : {"x86", "ia64", "arm", "arm64", "amd64"}) {
            if (main_file_.section(model_.install_section + ".NT" + architecture) != nullptr) {
                found += fmt::format("{}NT{}", found.empty() ? ", only for " : ", ", architecture);
            }
        }
        return found;
    }

    // DDInstall.NTarchitecture, .NT, undecorated.
    const InfSection* decorated(const InfFile& file, std::string_view name) const {
        const auto form = [&](std::string_view suffix) {
            return file.section(std::string(name) + std::string(suffix));
        };
        for (const std::string& suffix : {".NT" + target_.architecture, std::string(".NT")}) {
            if (const InfSection* found = form(suffix)) {
                return found;
            }
        }
        return file.section(name);
    }

    // [section.part], or what INFs of the field have instead: [model's section.part].
    const InfSection* part_of(const InfFile& file, const InfSection& section, std::string_view part) {
        if (const InfSection* found = file.section(std::string(trim_inf_space(section.name)) + std::string(part))) {
            return found;
        }
        const InfSection* found = decorated(file, model_.install_section + std::string(part));
        if (found != nullptr && &file == &main_file_) {
            note(found->line, fmt::format("[{}] is used for [{}]", found->name, section.name), InfSeverity::remark);
        }
        return found;
    }

    template<class Function>
    static void for_each_directive(const InfSection& section, std::string_view directive, Function function) {
        for (const InfLine& line : section.lines) {
            if (line.key && equal_ignoring_ascii_case(*line.key, directive)) {
                function(line);
            }
        }
    }

    // Calls function(file, section) for each section that the directive's lines name.
    template<class Function>
    void for_each_named_section(const InfFile& file, const InfSection& section, std::string_view directive,
                                Function function) {
        for_each_directive(section, directive, [&](const InfLine& line) {
            for (const std::string& name : line.fields) {
                if (name.empty()) {
                    continue;
                }
                const InfSection* named = file.section(name);
                if (named == nullptr) {
                    note(line.number, fmt::format("{} names [{}], which does not exist", directive, name));
                } else {
                    function(*named);
                }
            }
        });
    }

    // Include= and Needs=: sections of other INFs to be processed as if they were part of this one.
    template<class Function>
    void for_each_needed_section(const InfFile& file, const InfSection& section, std::string_view part,
                                 Function function) {
        std::vector<const InfFile*> files = {&file};
        std::string absent;
        for_each_directive(section, "Include", [&](const InfLine& line) {
            for (const std::string& name : line.fields) {
                const InfFile* included = includes_ && !name.empty() ? includes_(name) : nullptr;
                if (included != nullptr) {
                    files.push_back(included);
                } else if (!name.empty()) {
                    absent += (absent.empty() ? "" : ", ") + name;
                }
            }
        });
        for_each_directive(section, "Needs", [&](const InfLine& line) {
            for (const std::string& name : line.fields) {
                if (name.empty()) {
                    continue;
                }
                const auto found = std::find_if(files.begin(), files.end(),
                                                [&](const InfFile* one) { return one->section(name) != nullptr; });
                // What the system's own INFs register (ks.inf, wdmaudio.inf) is part of this system already.
                if (found == files.end()) {
                    note_missing_needs(line.number, name, absent);
                } else if (needed_.insert({*found, ascii_lower(name + std::string(part))}).second) {
                    function(**found, *(*found)->section(name));
                }
            }
        });
    }

    // A section of an INF that is not at hand may be all right; one that no Include= leads to cannot be.
    void note_missing_needs(int line, const std::string& name, const std::string& absent) {
        const bool built_in = is_built_in(name);
        note(line,
             fmt::format("[{}] of {} is not installed{}", name, absent.empty() ? "an included INF" : absent,
                         built_in ? " because the system provides it" : ""),
             built_in || !absent.empty() ? InfSeverity::remark : InfSeverity::warning);
    }

    static bool is_built_in(std::string_view needed) {
        const std::string name = ascii_lower(needed);
        return name.starts_with("ks.") || name.starts_with("wdmaudio.") || name.starts_with("wdmaudio_") ||
               name.starts_with("mssysfx.") || name.starts_with("wdma_");
    }

    // Appends what `read` makes of each line of the sections that the directive names.
    template<class Entry>
    void read_lines(const InfFile& file, const InfSection& section, std::string_view directive,
                    std::optional<Entry> (*read)(const InfLine&, std::vector<InfWarning>&), std::vector<Entry>& into) {
        for_each_named_section(file, section, directive, [&](const InfSection& named) {
            for (const InfLine& line : named.lines) {
                if (auto entry = read(line, install_.notes)) {
                    into.push_back(std::move(*entry));
                }
            }
        });
    }

    // Setup deletes before it adds; the bits are those of what is there then.
    void read_registry(const InfFile& file, const InfSection& section, std::vector<InfRegistryOperation>& into) {
        read_lines(file, section, "DelReg", read_delete_registry_line, into);
        read_lines(file, section, "AddReg", read_add_registry_line, into);
        read_lines(file, section, "BitReg", read_bit_registry_line, into);
    }

    void read_properties(const InfFile& file, const InfSection& section, std::vector<InfProperty>& into) {
        read_lines(file, section, "DelProperty", read_delete_property_line, into);
        read_lines(file, section, "AddProperty", read_add_property_line, into);
    }

    void note_undone(const InfSection& section, InfSectionKind kind) {
        note_undone_directives(section, kind, install_.notes);
    }

    void read_install_section(const InfFile& file, const InfSection& section) {
        note_undone(section, InfSectionKind::install);
        read_registry(file, section, install_.driver_key);
        read_properties(file, section, install_.properties);
        read_log_configs(file, section, install_.log_configs);
        for_each_directive(section, "CopyFiles", [&](const InfLine& line) { read_files(file, line); });
        for_each_needed_section(file, section, "", [&](const InfFile& other, const InfSection& needed) {
            read_install_section(other, needed);
        });
    }

    void read_files(const InfFile& file, const InfLine& line) {
        for (const std::string& name : line.fields) {
            if (name.empty()) {
                continue;
            }
            if (name.front() == '@') {
                install_.files.push_back(name.substr(1));
                continue;
            }
            const InfSection* list = file.section(name);
            if (list == nullptr) {
                note(line.number, fmt::format("CopyFiles names [{}], which does not exist", name));
                continue;
            }
            for (const InfLine& entry : list->lines) {
                if (!entry.field(0).empty()) {
                    install_.files.emplace_back(entry.field(0));
                }
            }
        }
    }

    void read_hardware(const InfFile& file, const InfSection& section) {
        if (const InfSection* hardware = part_of(file, section, ".HW")) {
            read_hardware_section(file, *hardware);
        }
    }

    void read_hardware_section(const InfFile& file, const InfSection& hardware) {
        note_undone(hardware, InfSectionKind::hardware);
        read_registry(file, hardware, install_.hardware_key);
        read_properties(file, hardware, install_.properties);
        for_each_needed_section(file, hardware, ".HW", [&](const InfFile& other, const InfSection& needed) {
            read_hardware_section(other, needed);
        });
    }

    void read_interfaces(const InfFile& file, const InfSection& section) {
        if (const InfSection* interfaces = part_of(file, section, ".Interfaces")) {
            read_interfaces_section(file, *interfaces);
        }
    }

    void read_interfaces_section(const InfFile& file, const InfSection& section) {
        note_undone(section, InfSectionKind::interfaces);
        for_each_directive(section, "AddInterface", [&](const InfLine& line) {
            InfInterface interface;
            interface.category = line.field(0);
            interface.reference = line.field(1);
            interface.line = line.number;
            if (interface.category.empty()) {
                note(line.number, "AddInterface without an interface class");
                return;
            }
            if (!parse_guid(interface.category)) {
                note(line.number, fmt::format("AddInterface: {} is no interface class", interface.category));
            }
            if (!line.field(2).empty()) {
                if (const InfSection* added = decorated(file, line.field(2))) {
                    read_interface_section(file, *added, interface);
                } else {
                    note(line.number, fmt::format("AddInterface names [{}], which does not exist", line.field(2)));
                }
            }
            install_.interfaces.push_back(std::move(interface));
        });
        for_each_needed_section(file, section, ".Interfaces", [&](const InfFile& other, const InfSection& needed) {
            read_interfaces_section(other, needed);
        });
    }

    void read_interface_section(const InfFile& file, const InfSection& section, InfInterface& interface) {
        note_undone(section, InfSectionKind::add_interface);
        read_registry(file, section, interface.registry);
        read_properties(file, section, interface.properties);
        for_each_directive(section, "CopyFiles", [&](const InfLine& line) { read_files(file, line); });
    }

    void read_services(const InfFile& file, const InfSection& section) {
        if (const InfSection* services = part_of(file, section, ".Services")) {
            read_services_section(file, *services);
        }
    }

    void read_services_section(const InfFile& file, const InfSection& section) {
        note_undone(section, InfSectionKind::services);
        for_each_directive(section, "AddService", [&](const InfLine& line) {
            if (line.field(0).empty()) {
                return; // the device has no function driver
            }
            InfService service;
            service.name = line.field(0);
            service.flags = static_cast<std::uint32_t>(parse_inf_number(line.field(1)).value_or(0));
            service.line = line.number;
            if (const InfSection* details = file.section(line.field(2))) {
                read_service_section(file, *details, service);
            } else {
                note(line.number, fmt::format("AddService names [{}], which does not exist", line.field(2)));
            }
            install_.services.push_back(std::move(service));
        });
        for_each_needed_section(file, section, ".Services", [&](const InfFile& other, const InfSection& needed) {
            read_services_section(other, needed);
        });
    }

    void read_service_section(const InfFile& file, const InfSection& section, InfService& service) {
        note_undone(section, InfSectionKind::add_service);
        const auto number = [&](std::string_view key, std::uint32_t otherwise) {
            const auto value = parse_inf_number(section.first_value(key).value_or(""));
            return value ? static_cast<std::uint32_t>(*value) : otherwise;
        };
        service.display_name = section.first_value("DisplayName").value_or("");
        service.description = section.first_value("Description").value_or("");
        service.binary = section.first_value("ServiceBinary").value_or("");
        service.binary_name = service.binary.substr(service.binary.find_last_of("\\/") + 1);
        service.service_type = number("ServiceType", service.service_type);
        service.start_type = number("StartType", service.start_type);
        service.error_control = number("ErrorControl", service.error_control);
        service.load_order_group = section.first_value("LoadOrderGroup").value_or("");
        read_registry(file, section, service.registry);
    }

    // Windows 98 style: the driver's name is a value of the software key (NTMPDriver, or Driver naming a .sys file).
    void supply_missing_service() {
        const bool has_driver = std::any_of(install_.services.begin(), install_.services.end(),
                                            [](const InfService& service) { return !service.binary.empty(); });
        if (has_driver) {
            return;
        }
        std::string binary;
        for (const InfRegistryOperation& operation : install_.driver_key) {
            const bool names_driver = equal_ignoring_ascii_case(operation.name, "NTMPDriver") ||
                                      equal_ignoring_ascii_case(operation.name, "Driver");
            if (!names_driver || operation.action != InfRegistryAction::set_value || !operation.subkey.empty()) {
                continue;
            }
            std::string value;
            for (std::size_t i = 0; i + 1 < operation.data.size() && operation.data[i] != 0; i += 2) {
                value.push_back(static_cast<char>(operation.data[i]));
            }
            if (ascii_lower(value).ends_with(".sys")) {
                // NTMPDriver may list helpers too, the driver first.
                binary = value.substr(0, value.find(','));
            }
        }
        if (binary.empty()) {
            return;
        }
        InfService service;
        service.name = binary.substr(0, binary.size() - 4);
        service.binary = "%12%\\" + binary;
        service.binary_name = binary;
        service.flags = 2;
        note(0, fmt::format("no AddService; the driver is {} by the software key's value", binary),
             InfSeverity::remark);
        install_.services.push_back(std::move(service));
    }

    void read_log_configs(const InfFile& file, const InfSection& section, std::vector<InfLogConfig>& into) {
        for_each_named_section(file, section, "LogConfig", [&](const InfSection& named) {
            into.push_back(read_log_config(named, install_.notes));
        });
    }

    void read_resources(const InfSection& section) {
        if (const InfSection* factory = part_of(main_file_, section, ".FactDef")) {
            install_.factory_default = read_log_config(*factory, install_.notes);
        }
        if (const InfSection* forced = part_of(main_file_, section, ".LogConfigOverride")) {
            read_log_configs(main_file_, *forced, install_.log_config_override);
        }
    }

    // That of the install section is about this device, and goes before that of the file ("INF DriverVer Directive").
    void read_driver_version(const InfSection& install) {
        const auto take = [&](const InfLine& line) {
            install_.driver_date = line.field(0);
            install_.driver_version = line.field(1);
        };
        for_each_directive(*main_file_.section("Version"), "DriverVer", take); // whose faults the file has told
        for_each_directive(install, "DriverVer", [&](const InfLine& line) {
            take(line);
            for (std::string& fault : driver_version_faults(line)) {
                note(line.number, std::move(fault));
            }
        });
    }

    const InfFile& main_file_;
    const InfModel& model_;
    const InfTarget& target_;
    const InfIncludeResolver& includes_;
    InfDeviceInstall install_;
    std::set<std::pair<const InfFile*, std::string>> needed_; // looked up only, never walked
};

} // namespace

Result<InfDeviceInstall> inf_device_install(const InfFile& file, const InfModel& model, const InfTarget& target,
                                            const InfIncludeResolver& includes) {
    return Installer(file, model, target, includes).run();
}

const InfService* InfDeviceInstall::function_driver() const {
    const auto found = std::find_if(services.begin(), services.end(),
                                    [](const InfService& service) { return service.is_function_driver(); });
    if (found != services.end()) {
        return &*found;
    }
    return services.empty() ? nullptr : &services.front();
}

} // namespace openportcls::pnp
