#include <cstdio>
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/status.h"
#include "cli/commands.h"
#include "cli/console.h"
#include "cli/drawing.h"
#include "cli/session.h"
#include "cli/topology.h"
#include "drivertools/process.h"
#include "endpoints/pending_file.h"

namespace openportcls::cli {

namespace {

struct GraphArguments : SessionArguments {
    std::filesystem::path output;
};

Result<std::string> render_svg(const std::string& dot) {
    const std::vector<std::string> command = {"dot", "-Tsvg"};
    auto result = drivertools::run_process(command, dot);
    if (!result || result->exit_status == 127) {
        return Error{status_unsuccessful,
                     "an SVG needs Graphviz' program \"dot\", which is not there (package graphviz); "
                     "-o FILE.dot works without it"};
    }
    if (result->exit_status != 0) {
        return Error{status_unsuccessful, "dot: " + result->diagnostics};
    }
    return std::move(result->output);
}

int graph(const GraphArguments& arguments) {
    const std::string extension = arguments.output.extension();
    if (!arguments.output.empty() && extension != ".svg" && extension != ".dot") {
        return misuse(fmt::format("-o {}: .svg or .dot", arguments.output.string()));
    }
    std::vector<NamedFile> files = named_files(arguments);
    if (!arguments.output.empty()) {
        files.push_back({"-o " + arguments.output.string(), arguments.output});
    }
    if (auto distinct = check_distinct(files); !distinct) {
        return fail(distinct.error());
    }
    auto session = Session::open(arguments);
    if (!session) {
        return fail(session.error());
    }
    auto filters = look((*session)->machine());
    if (!filters) {
        return fail(filters.error());
    }
    const Drawing drawing = draw(*filters);
    std::string picture = to_dot((*session)->driver().name(), drawing);
    nlohmann::ordered_json facts = {{"driver", (*session)->driver().name()}};
    facts.update(to_json(drawing));
    if (auto closed = (*session)->close(); !closed) {
        return fail(closed.error());
    }
    if (extension == ".svg") {
        auto svg = render_svg(picture);
        if (!svg) {
            return fail(svg.error());
        }
        picture = std::move(*svg);
    }
    if (!arguments.output.empty()) {
        if (auto written = endpoints::replace_file(arguments.output, picture); !written) {
            return fail(written.error());
        }
        facts["file"] = arguments.output.string();
    }
    if (arguments.json) {
        answer("graph", std::move(facts));
    } else if (arguments.output.empty()) {
        std::fputs(picture.c_str(), stdout);
    } else {
        fmt::print("wrote {}\n", arguments.output.string());
    }
    return exit_done;
}

} // namespace

void add_graph_command(CLI::App& application, Run& run) {
    CLI::App* command = application.add_subcommand("graph", "draw the topology of a driver's filters");
    auto arguments = std::make_shared<GraphArguments>();
    command->add_option("-o,--output", arguments->output,
                        "FILE.svg (through Graphviz) or FILE.dot; without it DOT on the terminal");
    command->add_flag("--json", arguments->json, "boxes and arrows as JSON");
    add_session_options(*command, *arguments);
    command->callback([&run, arguments] { run = [arguments] { return graph(*arguments); }; });
}

} // namespace openportcls::cli
