// portcls: runs Windows audio drivers.
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <fcntl.h>
#include <string>
#include <string_view>
#include <unistd.h>
#include <vector>

#include <CLI/CLI.hpp>

#include "base/status.h"
#include "cli/commands.h"
#include "cli/console.h"
#include "drivertools/build_command.h"

namespace openportcls::cli {

namespace {

int run(int count, char** arguments) {
    // `build` has a command line of its own, shared with the tool that builds the drivers of this tree.
    if (count > 1 && std::string_view(arguments[1]) == "build") {
        return drivertools::run_build_command(std::vector<std::string>(arguments + 2, arguments + count),
                                              "portcls build", answer_failure);
    }
    CLI::App application(
        "Runs Windows audio drivers on Linux: builds them, plays and records through them, shows what\n"
        "they offer. Every command has --help.",
        "portcls");
    application.set_version_flag("--version", "portcls " OPENPORTCLS_VERSION);
    application.require_subcommand(1);
    application.fallthrough(false);
    Run chosen;
    add_play_command(application, chosen);
    add_record_command(application, chosen);
    add_midi_command(application, chosen);
    add_info_command(application, chosen);
    add_graph_command(application, chosen);
    add_mixer_command(application, chosen);
    add_build_command(application, chosen);
    add_drivers_command(application, chosen);
    add_hardware_command(application, chosen);
    add_coverage_command(application, chosen);
    std::string help = "--help";
    if (count == 2 && std::string_view(arguments[1]) == "help") {
        arguments[1] = help.data();
    }
    if (count > 1 && arguments[1][0] != '-') {
        const auto is_wanted = [&](const CLI::App* command) { return command->get_name() == arguments[1]; };
        if (static_cast<const CLI::App&>(application).get_subcommands(is_wanted).empty()) {
            return misuse(std::string("no command \"") + arguments[1] + "\"; --help shows what there is");
        }
    }
    try {
        application.parse(count, arguments);
    } catch (const CLI::ParseError& problem) {
        if (problem.get_exit_code() == 0) { // --help, --version
            return application.exit(problem);
        }
        return misuse(std::string(problem.what()) + "; --help shows what there is");
    }
    return chosen ? chosen() : exit_misused;
}

int run_safely(int count, char** arguments) {
    try {
        return run(count, arguments);
    } catch (const std::exception& problem) { // out of memory, or a library's own
        if (std::ferror(stdout) != 0) {
            return exit_failed; // with_output_kept says why
        }
        return fail(Error{status_unsuccessful, problem.what()});
    }
}

// Before anything is parsed, since what cannot be parsed is answered, too.
void look_for_json(int count, char** arguments) {
    if (std::find(arguments, arguments + count, std::string_view("--json")) != arguments + count) {
        answer_with_json();
    }
}

// Were one of the standard streams closed, the next file to be opened would get its number, and be printed into.
// What is written to these reports an error, like any stream that does not take it.
void occupy_standard_streams() {
    int descriptor = 0;
    do {
        descriptor = ::open("/dev/null", O_RDONLY);
    } while (descriptor >= 0 && descriptor <= STDERR_FILENO);
    ::close(descriptor);
}

// What standard output did not take is lost: then the command has failed, however well it went.
int with_output_kept(int status) {
    if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) {
        return status;
    }
    complain(std::string("standard output cannot be written: ") + std::strerror(errno));
    return status == exit_done ? exit_failed : status;
}

} // namespace

} // namespace openportcls::cli

int main(int count, char** arguments) {
    using namespace openportcls::cli;
    try {
        occupy_standard_streams();
        look_for_json(count, arguments);
        const int status = run_safely(count, arguments);
        finish_answer();
        return with_output_kept(status);
    } catch (const std::exception& problem) { // no memory to say more
        complain(problem.what());
        return exit_failed;
    }
}
