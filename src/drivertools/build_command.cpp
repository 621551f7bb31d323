#include "drivertools/build_command.h"

#include "base/status.h"
#include "drivertools/drivertools.h"
#include "drivertools/text.h"

#include <algorithm>
#include <cstdio>
#include <fmt/format.h>
#include <unistd.h>
#include <vector>

namespace openportcls::drivertools {

namespace {

constexpr int exit_failed = 1;
constexpr int exit_usage = 2;

constexpr const char* options_help = "  -o FILE               the module to write\n"
                                     "  --debug               DBG=1, no optimisation\n"
                                     "  -g                    debug information, which every module has anyway\n"
                                     "  --sanitize=LIST       address,undefined or thread\n"
                                     "  --coverage --fuzz     instrument for llvm-cov, for libFuzzer\n"
                                     "  --coverage-report X.so [--html FOLDER]\n"
                                     "                        instead of building: what the runs of a --coverage\n"
                                     "                        module executed; its sources, annotated, in FOLDER\n"
                                     "  -D NAME[=VALUE]       in addition to the project's definitions\n"
                                     "  -U NAME               leave out a definition of the project\n"
                                     "  -I FOLDER             before the project's include folders\n"
                                     "  --exports LIBRARY     whose symbols the module may import\n"
                                     "  --wdk FOLDER --runtime FOLDER --cache FOLDER\n"
                                     "  --depfile FILE        what the module depends on, for make and ninja\n"
                                     "  --json                print the result as one object\n"
                                     "  --verbose             show the commands\n";

std::string escaped_for_make(const std::string& path) {
    return replace_all(replace_all(replace_all(path, "$", "$$"), " ", "\\ "), "#", "\\#");
}

Result<void> write_depfile(const std::string& file, const BuildReport& report) {
    auto target = file_to_write(file);
    if (!target)
        return target.error();
    std::error_code ignored;
    const auto is_target = [&](const std::filesystem::path& other) {
        return std::filesystem::equivalent(other, *target, ignored);
    };
    if (is_target(report.module) || std::ranges::any_of(report.dependencies, is_target))
        return Error{status_invalid_parameter,
                     file + ": --depfile would write over the module or a file that it is made of"};
    auto text = escaped_for_make(report.module.string()) + ":";
    for (const auto& dependency : report.dependencies)
        text += " \\\n  " + escaped_for_make(dependency.string());
    return write_file(*target, text + "\n");
}

struct Options {
    BuildRequest request;
    std::string depfile;
    std::string covered_module; // report on it instead of building
    std::string html_folder;
    std::string problem;
    bool help = false;
    bool json = false;
};

Options parse(std::span<const std::string> arguments) {
    Options options;
    auto& request = options.request;
    std::vector<std::filesystem::path> inputs;
    for (std::size_t index = 0; index < arguments.size(); ++index) {
        const auto& word = arguments[index];
        auto value = [&]() -> std::string {
            if (index + 1 < arguments.size())
                return arguments[++index];
            options.problem = word + " needs a value";
            return {};
        };
        if (word == "--help" || word == "-h")
            options.help = true;
        else if (word == "-o")
            request.output = value();
        else if (word == "--name")
            request.name = value();
        else if (word == "--debug")
            request.configuration = Configuration::debug;
        else if (word == "--coverage")
            request.coverage = true;
        else if (word == "--coverage-report")
            options.covered_module = value();
        else if (word == "--html")
            options.html_folder = value();
        else if (word == "--fuzz")
            request.fuzz = true;
        else if (word == "-g") {
            // Debug information is always there; the option is taken because compilers have it.
        } else if (word == "--sanitize" || word.starts_with("--sanitize=")) {
            auto sanitizers = parse_sanitizers(word == "--sanitize" ? value() : word.substr(11));
            if (sanitizers)
                request.sanitizers = *sanitizers;
            else if (options.problem.empty())
                options.problem = sanitizers.error().message;
        } else if (word == "-D")
            request.defines.push_back(value());
        else if (word == "-U")
            request.undefines.push_back(value());
        else if (word == "-I")
            request.include_directories.emplace_back(value());
        else if (word.starts_with("-D") && word.size() > 2)
            request.defines.push_back(word.substr(2));
        else if (word.starts_with("-U") && word.size() > 2)
            request.undefines.push_back(word.substr(2));
        else if (word.starts_with("-I") && word.size() > 2)
            request.include_directories.emplace_back(word.substr(2));
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
        else if (word == "--json")
            options.json = true;
        else if (word == "--verbose")
            request.on_command = [](std::string_view command) { fmt::print(stderr, "{}\n", command); };
        else if (word.starts_with("-"))
            options.problem = word + ": no such option";
        else
            inputs.emplace_back(word);
    }
    if (!options.covered_module.empty())
        return options;
    for (const auto& [option, file] :
         {std::pair("-o", request.output.string()), std::pair("--depfile", options.depfile)})
        if (file == "-" && options.problem.empty())
            options.problem =
                fmt::format("{} -: this goes to a file, not to standard output (a file of that name: ./-)", option);
    bool files = !inputs.empty() && is_c_or_cpp_source(inputs.front());
    if (files && !request.name.empty())
        request.sources = inputs;
    else if (inputs.size() == 1)
        request.path = inputs.front();
    else if (options.problem.empty())
        options.problem = inputs.empty() ? "nothing to build" : "several inputs need --name";
    return options;
}

std::string json_text(const std::string& text) {
    std::string result = "\"";
    for (char character : text) {
        if (character == '"' || character == '\\')
            result += '\\';
        if (static_cast<unsigned char>(character) < 0x20)
            result += fmt::format("\\u{:04x}", static_cast<unsigned>(character));
        else
            result += character;
    }
    return result + "\"";
}

void print_result(const Options& options, const BuildReport& report) {
    auto seconds = static_cast<double>(report.elapsed.count()) / 1000;
    if (!options.json) {
        fmt::print("{}: {} files compiled, {} from cache, {:.2f} s\n", report.module.string(), report.compiled,
                   report.from_cache, seconds);
        return;
    }
    std::string sanitizers;
    for (const auto& name : report.note.sanitizers)
        sanitizers += (sanitizers.empty() ? "" : ", ") + json_text(name);
    fmt::print("{{\"build\": {{\"module\": {}, \"name\": {}, \"configuration\": {}, \"sanitizers\": [{}], "
               "\"coverage\": {}, \"compiled\": {}, \"from_cache\": {}, \"seconds\": {:.3f}}}}}\n",
               json_text(report.module.string()), json_text(report.note.name), json_text(report.note.configuration),
               sanitizers, report.note.coverage, report.compiled, report.from_cache, seconds);
}

// One line that is written over on a terminal; nothing in a pipe.
void show_progress_on_terminal(BuildRequest& request) {
    if (!::isatty(STDERR_FILENO))
        return;
    request.color_diagnostics = true;
    request.on_progress = [](const BuildProgress& progress) {
        auto name = std::filesystem::path(progress.item).filename().string();
        fmt::print(stderr, "\r\x1b[K[{}/{}] {}", progress.done, progress.total, name);
        if (progress.done == progress.total)
            fmt::print(stderr, "\r\x1b[K");
        std::fflush(stderr);
    };
    request.on_diagnostics = [](std::string_view text) { fmt::print(stderr, "\r\x1b[K{}", text); };
}

class Command {
public:
    Command(std::string_view program, const std::function<void(const Error&, int)>& on_failure)
        : program_(program), on_failure_(on_failure) {}

    int run(std::span<const std::string> arguments) {
        auto options = parse(arguments);
        auto help = fmt::format("usage: {0} [options] PATH            a folder, .vcxproj, .sln or sources file\n"
                                "       {0} [options] --name N FILE...  these files\n"
                                "Compiles a Windows audio driver's unmodified source into a module.\n{1}",
                                program_, options_help);
        if (options.help) {
            fmt::print("{}", help);
            return 0;
        }
        if (!options.problem.empty()) {
            const int status = fail(Error{status_invalid_parameter, options.problem}, exit_usage);
            fmt::print(stderr, "{}", help);
            return status;
        }
        return options.covered_module.empty() ? build(options) : report_coverage(options);
    }

private:
    int fail(const Error& error, int exit_status = exit_failed) {
        fmt::print(stderr, "{}: {}\n", program_, error.message);
        if (on_failure_)
            on_failure_(error, exit_status);
        return exit_status;
    }

    int report_coverage(const Options& options) {
        auto table = coverage_report(options.covered_module, options.html_folder);
        if (!table)
            return fail(table.error());
        if (options.json)
            fmt::print("{{\"build\": {{\"module\": {}, \"coverage_report\": {}}}}}\n",
                       json_text(options.covered_module), json_text(*table));
        else
            fmt::print("{}", *table);
        return 0;
    }

    int build(Options& options) {
        const auto folder = options.request.output.parent_path();
        if (std::error_code problem; !folder.empty() && !std::filesystem::is_directory(folder, problem))
            return fail(Error{status_object_path_not_found, folder.string() + ": no such folder"});
        options.request.on_diagnostics = [](std::string_view text) { fmt::print(stderr, "{}", text); };
        show_progress_on_terminal(options.request);
        auto report = build_driver(options.request);
        if (!report) {
            if (options.request.on_progress)
                fmt::print(stderr, "\r\x1b[K");
            return fail(report.error());
        }
        for (const auto& note : report->notes)
            fmt::print(stderr, "note: {}\n", note);
        if (!options.depfile.empty())
            if (auto written = write_depfile(options.depfile, *report); !written)
                return fail(written.error());
        print_result(options, *report);
        return 0;
    }

    std::string_view program_;
    const std::function<void(const Error&, int)>& on_failure_;
};

} // namespace

int run_build_command(std::span<const std::string> arguments, std::string_view program,
                      const std::function<void(const Error&, int)>& on_failure) {
    return Command(program, on_failure).run(arguments);
}

} // namespace openportcls::drivertools
