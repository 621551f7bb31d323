#include "drivertools/toolchain.h"

#include "drivertools/process.h"
#include "drivertools/text.h"

#include <cstdlib>
#include <fmt/format.h>
#include <optional>
#include <unistd.h>
#include <vector>

namespace openportcls::drivertools {

namespace fs = std::filesystem;

namespace {

// The target triple is little used: only versions whose output was checked are taken.
constexpr std::string_view versions[] = {"-19", "-20", "-18"};

std::optional<fs::path> executable_named(const std::string& name) {
    std::vector<std::string> folders;
    if (const char* chosen = std::getenv("OPENPORTCLS_LLVM"))
        folders.emplace_back(chosen);
    else if (const char* path = std::getenv("PATH"))
        folders = split(path, ":");
    for (const auto& folder : folders) {
        auto candidate = fs::path(folder) / name;
        if (::access(candidate.c_str(), X_OK) == 0)
            return candidate;
    }
    return std::nullopt;
}

std::optional<fs::path> tool(std::string_view name, std::string_view version) {
    if (auto found = executable_named(fmt::format("{}{}", name, version)))
        return found;
    // Debian also keeps each set, without the suffix, in a folder of its own.
    if (!version.empty() && !std::getenv("OPENPORTCLS_LLVM")) {
        auto candidate = fs::path(fmt::format("/usr/lib/llvm{}/bin", version)) / name;
        if (::access(candidate.c_str(), X_OK) == 0)
            return candidate;
    }
    return std::nullopt;
}

// Contents of tools do not change without their size or time changing.
std::string fingerprint(const fs::path& file) {
    std::error_code ignored;
    auto real = fs::canonical(file, ignored);
    return fmt::format("{}:{}:{};", real.string(), fs::file_size(real, ignored),
                       fs::last_write_time(real, ignored).time_since_epoch().count());
}

struct Needed {
    std::string_view name;
    fs::path Toolchain::* member;
    std::string_view package;
};

constexpr Needed needed[] = {{"clang", &Toolchain::clang, "clang-19"},
                             {"clang++", &Toolchain::clang_cpp, "clang-19"},
                             {"ld.lld", &Toolchain::linker, "lld-19"},
                             {"llvm-objcopy", &Toolchain::objcopy, "llvm-19"},
                             {"llvm-undname", &Toolchain::undname, "llvm-19"}};

} // namespace

fs::path Toolchain::resource_folder() const {
    auto asked = run_process(std::vector<std::string>{clang.string(), "--print-resource-dir"});
    return asked ? fs::path(std::string(trim(asked->output))) : fs::path();
}

fs::path Toolchain::runtime_library(std::string_view name) const {
    const auto folder = resource_folder();
    return folder.empty() ? folder : folder / "lib" / "linux" / fmt::format("libclang_rt.{}", name);
}

Result<Toolchain> find_toolchain() {
    std::string missing;
    auto candidates = std::getenv("OPENPORTCLS_LLVM")
                          ? std::vector<std::string_view>{"", "-19", "-20", "-18"}
                          : std::vector<std::string_view>(std::begin(versions), std::end(versions));
    for (auto version : candidates) {
        Toolchain found;
        std::string absent;
        for (const auto& entry : needed) {
            auto path = tool(entry.name, version);
            if (!path) {
                absent += fmt::format(" {}{} (package {})", entry.name, version, entry.package);
                continue;
            }
            found.*entry.member = *path;
            found.identity += fingerprint(*path);
        }
        if (absent.empty())
            return found;
        if (missing.empty())
            missing = absent;
    }
    return Error{status_object_name_not_found, "building a driver needs clang, lld and llvm 19; not found:" + missing +
                                                   ". On Debian: apt install clang-19 lld-19 llvm-19"};
}

Result<fs::path> find_llvm_tool(std::string_view name) {
    for (auto version : versions)
        if (auto found = tool(name, version))
            return *found;
    if (auto found = tool(name, ""))
        return *found;
    return Error{status_object_name_not_found, fmt::format("{} not found. On Debian: apt install llvm-19", name)};
}

} // namespace openportcls::drivertools
