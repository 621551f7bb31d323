#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
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

// Device models register here as src/hardware gains them; a driver for a software device needs none.
void add_hardware_command(CLI::App& application, Run& run) {
    CLI::App* command = application.add_subcommand("hardware", "list the device models that drivers can bind to");
    auto as_json = std::make_shared<bool>(false);
    command->add_flag("--json", *as_json, "as JSON");
    command->callback([&run, as_json] {
        run = [as_json] {
            const char* name = "software";
            const char* description = "no hardware: a device that exists only as its driver (ROOT\\...)";
            if (*as_json) {
                const nlohmann::ordered_json model = {
                    {"name", name}, {"description", description}, {"drivers", {"cable"}}};
                answer("hardware", nlohmann::ordered_json::array({model}));
            } else {
                fmt::print("{:<12} {}\n", name, description);
            }
            return static_cast<int>(exit_done);
        };
    });
}

} // namespace openportcls::cli
