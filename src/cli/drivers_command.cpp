#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <openportcls/machine.hpp>

#include "cli/commands.h"
#include "cli/console.h"

namespace openportcls::cli {

namespace {

int print_drivers(bool as_json) {
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (const BuiltinDriver& driver : builtin_drivers()) {
        const bool is_there = std::filesystem::exists(driver.module);
        if (as_json) {
            list.push_back({{"name", driver.name},
                            {"description", driver.description},
                            {"binds_to", driver.binds_to},
                            {"module", driver.module.string()},
                            {"inf", driver.inf.string()},
                            {"present", is_there}});
        } else {
            fmt::print("{:<12} {}\n{:<12} binds to: {}\n", driver.name, driver.description, "", driver.binds_to);
            fmt::print("{:<12} {}{}\n", "", driver.module.string(), is_there ? "" : " (missing)");
        }
    }
    if (as_json) {
        answer("drivers", std::move(list));
    }
    return exit_done;
}

} // namespace

void add_drivers_command(CLI::App& application, Run& run) {
    CLI::App* command = application.add_subcommand("drivers", "list the drivers that came with OpenPortCls");
    auto as_json = std::make_shared<bool>(false);
    command->add_flag("--json", *as_json, "as JSON");
    command->callback([&run, as_json] { run = [as_json] { return print_drivers(*as_json); }; });
}

namespace {

std::vector<std::string> drivers_of(std::string_view model) {
    std::vector<std::string> names;
    for (const BuiltinDriver& driver : builtin_drivers()) {
        if (driver.binds_to == model) {
            names.push_back(driver.name);
        }
    }
    return names;
}

nlohmann::ordered_json to_json(const HardwareModel& model) {
    nlohmann::ordered_json options = nlohmann::ordered_json::array();
    for (const HardwareModel::Option& option : model.options) {
        options.push_back(
            {{"name", option.name}, {"default", option.default_value}, {"description", option.description}});
    }
    return {{"name", model.name},
            {"description", model.description},
            {"binds_to", model.binds_to},
            {"drivers", drivers_of(model.name)},
            {"options", std::move(options)}};
}

void print(const HardwareModel& model) {
    fmt::print("{:<12} {}\n", model.name, model.description);
    fmt::print("{:<12} binds to: {} (here: {})\n", "", model.binds_to, fmt::join(drivers_of(model.name), ", "));
    for (const HardwareModel::Option& option : model.options) {
        fmt::print("{:<12}   {:<10} {}\n", "", option.name + "=" + option.default_value, option.description);
    }
}

int print_hardware(bool as_json) {
    std::vector<HardwareModel> models = {{"software",
                                          "no hardware: a device that exists only as its driver (ROOT\\...)",
                                          "any driver without hardware",
                                          {}}};
    for (HardwareModel& model : hardware_models()) {
        models.push_back(std::move(model));
    }
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (const HardwareModel& model : models) {
        if (as_json) {
            list.push_back(to_json(model));
        } else {
            print(model);
        }
    }
    if (as_json) {
        answer("hardware", std::move(list));
    }
    return exit_done;
}

} // namespace

void add_hardware_command(CLI::App& application, Run& run) {
    CLI::App* command = application.add_subcommand("hardware", "list the device models that drivers can bind to");
    auto as_json = std::make_shared<bool>(false);
    command->add_flag("--json", *as_json, "as JSON");
    command->callback([&run, as_json] { run = [as_json] { return print_hardware(*as_json); }; });
}

} // namespace openportcls::cli
