#include <CLI/CLI.hpp>

#include "cli/commands.h"

namespace openportcls::cli {

// Only for the list of commands: main() hands the words after `build` to the engine, which has its own --help.
void add_build_command(CLI::App& application, Run&) {
    application.add_subcommand("build", "compile a driver's unmodified Windows source into a module (X.so)");
}

} // namespace openportcls::cli
