// The subcommands. Each adds itself to the application; the one that was asked for leaves what to run in `Run`.
#pragma once

#include <functional>

namespace CLI {
class App;
}

namespace openportcls::cli {

// Returns the exit status.
using Run = std::function<int()>;

enum ExitStatus : int { exit_done = 0, exit_failed = 1, exit_misused = 2 };

void add_drivers_command(CLI::App& application, Run& run);
void add_hardware_command(CLI::App& application, Run& run);
void add_build_command(CLI::App& application, Run& run);
void add_play_command(CLI::App& application, Run& run);
void add_record_command(CLI::App& application, Run& run);
void add_midi_command(CLI::App& application, Run& run);
void add_info_command(CLI::App& application, Run& run);
void add_graph_command(CLI::App& application, Run& run);
void add_mixer_command(CLI::App& application, Run& run);
void add_coverage_command(CLI::App& application, Run& run);

} // namespace openportcls::cli
