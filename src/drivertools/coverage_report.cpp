#include "drivertools/drivertools.h"

#include "drivertools/process.h"
#include "drivertools/text.h"
#include "drivertools/toolchain.h"
#include "drivertools/windows_path.h"

#include <fmt/format.h>

namespace openportcls::drivertools {

namespace fs = std::filesystem;

namespace {

Result<std::string> run_for_output(const std::vector<std::string>& command) {
    auto ran = run_process(command);
    if (!ran)
        return ran.error();
    if (ran->exit_status != 0)
        return Error{status_unsuccessful, std::string(trim(ran->diagnostics))};
    return ran->output;
}

} // namespace

Result<std::string> coverage_report(const fs::path& module, const fs::path& html_folder) {
    auto profdata = find_llvm_tool("llvm-profdata");
    auto cov = find_llvm_tool("llvm-cov");
    auto undname = find_llvm_tool("llvm-undname");
    for (const auto* tool : {&profdata, &cov, &undname})
        if (!*tool)
            return tool->error();
    auto full = fs::absolute(module);
    std::vector<fs::path> profiles = files_matching(full.parent_path(), full.filename().string() + ".*.profraw");
    if (profiles.empty())
        return Error{status_object_name_not_found,
                     module.string() + ": no profile beside it; run a module built with --coverage first"};
    auto merged = full.string() + ".profdata";
    std::vector<std::string> merge{profdata->string(), "merge", "--sparse", "-o", merged};
    for (const auto& profile : profiles)
        merge.push_back(profile.string());
    if (auto done = run_for_output(merge); !done)
        return done;
    if (!html_folder.empty()) {
        auto shown = run_for_output({cov->string(), "show", full.string(), "--instr-profile=" + merged, "--format=html",
                                     "--output-dir=" + html_folder.string(), "--Xdemangler=" + undname->string()});
        if (!shown)
            return shown;
    }
    return run_for_output({cov->string(), "report", full.string(), "--instr-profile=" + merged});
}

} // namespace openportcls::drivertools
