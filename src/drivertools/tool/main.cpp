// opc_build_driver: builds the drivers of this tree while the `portcls` command is not there yet; CMake calls it.
#include "drivertools/drivertools.h"
#include "drivertools/text.h"

#include <cstdio>
#include <fmt/format.h>
#include <string>
#include <vector>

using namespace openportcls;
using namespace openportcls::drivertools;

namespace {

constexpr int exit_failed = 1;
constexpr int exit_usage = 2;

constexpr const char* usage =
    "usage: opc_build_driver [options] PATH            a folder, .vcxproj, .sln or sources file\n"
    "       opc_build_driver [options] --name N FILE…  these files\n"
    "  -o FILE               the module to write\n"
    "  --debug               DBG=1, no optimisation\n"
    "  --sanitize=LIST       address,undefined or thread\n"
    "  --coverage --fuzz     instrument for llvm-cov, for libFuzzer\n"
    "  -D NAME[=VALUE]       in addition to the project's definitions\n"
    "  -I FOLDER             before the project's include folders\n"
    "  --exports LIBRARY     whose symbols the module may import\n"
    "  --wdk FOLDER --runtime FOLDER --cache FOLDER\n"
    "  --depfile FILE        what the module depends on, for make and ninja\n"
    "  --verbose             show the commands\n";

std::string escaped_for_make(const std::string& path) {
    return replace_all(replace_all(replace_all(path, "$", "$$"), " ", "\\ "), "#", "\\#");
}

Result<void> write_depfile(const std::string& file, const BuildReport& report) {
    auto text = escaped_for_make(report.module.string()) + ":";
    for (const auto& dependency : report.dependencies)
        text += " \\\n  " + escaped_for_make(dependency.string());
    return write_file(file, text + "\n");
}

struct Options {
    BuildRequest request;
    std::string depfile;
    std::string problem;
};

Options parse(int count, char** arguments) {
    Options options;
    auto& request = options.request;
    std::vector<std::filesystem::path> inputs;
    for (int index = 1; index < count; ++index) {
        std::string word = arguments[index];
        auto value = [&]() -> std::string {
            if (index + 1 < count)
                return arguments[++index];
            options.problem = word + " needs a value";
            return {};
        };
        if (word == "-o")
            request.output = value();
        else if (word == "--name")
            request.name = value();
        else if (word == "--debug")
            request.configuration = Configuration::debug;
        else if (word == "--coverage")
            request.coverage = true;
        else if (word == "--fuzz")
            request.fuzz = true;
        else if (word.starts_with("--sanitize=")) {
            auto sanitizers = parse_sanitizers(word.substr(11));
            if (sanitizers)
                request.sanitizers = *sanitizers;
            else
                options.problem = sanitizers.error().message;
        } else if (word == "-D")
            request.defines.push_back(value());
        else if (word == "-I")
            request.include_directories.emplace_back(value());
        else if (word == "--exports")
            request.exporting_library = value();
        else if (word == "--wdk")
            request.wdk_include_directory = value();
        else if (word == "--runtime")
            request.runtime_directory = value();
        else if (word == "--cache")
            request.cache_directory = value();
        else if (word == "--depfile")
            options.depfile = value();
        else if (word == "--verbose")
            request.on_command = [](std::string_view command) { fmt::print("{}\n", command); };
        else if (word.starts_with("-"))
            options.problem = word + ": no such option";
        else
            inputs.emplace_back(word);
    }
    std::error_code ignored;
    bool files = !inputs.empty() && is_c_or_cpp_source(inputs.front());
    if (files && !request.name.empty())
        request.sources = inputs;
    else if (inputs.size() == 1)
        request.path = inputs.front();
    else if (options.problem.empty())
        options.problem = inputs.empty() ? "nothing to build" : "several inputs need --name";
    return options;
}

} // namespace

int main(int count, char** arguments) {
    auto options = parse(count, arguments);
    if (!options.problem.empty()) {
        fmt::print(stderr, "opc_build_driver: {}\n{}", options.problem, usage);
        return exit_usage;
    }
    options.request.on_diagnostics = [](std::string_view text) { fmt::print(stderr, "{}", text); };
    auto report = build_driver(options.request);
    if (!report) {
        fmt::print(stderr, "opc_build_driver: {}\n", report.error().message);
        return exit_failed;
    }
    if (!options.depfile.empty())
        if (auto written = write_depfile(options.depfile, *report); !written) {
            fmt::print(stderr, "opc_build_driver: {}\n", written.error().message);
            return exit_failed;
        }
    fmt::print("{}: {} files compiled, {} from cache, {:.2f} s\n", report->module.string(), report->compiled,
               report->from_cache, static_cast<double>(report->elapsed.count()) / 1000);
    return 0;
}
