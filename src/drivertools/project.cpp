#include "drivertools/project.h"

#include "drivertools/text.h"
#include "drivertools/windows_path.h"

#include <algorithm>
#include <fmt/format.h>
#include <optional>

namespace openportcls::drivertools {

namespace fs = std::filesystem;

bool is_c_or_cpp_source(const fs::path& file) {
    auto extension = lower(file.extension().string());
    return extension == ".c" || extension == ".cpp" || extension == ".cxx" || extension == ".cc";
}

Language language_of(const fs::path& file) {
    return equals_ignoring_case(file.extension().string(), ".c") ? Language::c : Language::cpp;
}

std::vector<std::string> kit_defines(const KitDefines& kit, Configuration configuration) {
    // As the kit's kernel-mode toolset passes them for x64; _WIN32, _M_X64 and _MSC_VER come from the compiler's
    // target.
    std::vector<std::string> defines{
        "_WIN64=1",   "_AMD64_=1",           "AMD64=1", "WINNT=1", "DEPRECATE_DDK_FUNCTIONS=1", "_KERNEL_MODE=1",
        "_NT1X_=100", "CONDITION_HANDLING=1"};
    defines.push_back(fmt::format("_WIN32_WINNT={:#06x}", kit.windows_version));
    defines.push_back(fmt::format("WINVER={:#06x}", kit.windows_version));
    // Windows 10 and later are told apart by the last byte of NTDDI_VERSION only.
    unsigned release = kit.windows_version >= 0x0A00 ? 0x0C : 0;
    defines.push_back(fmt::format("NTDDI_VERSION={:#010x}", (kit.windows_version << 16) | release));
    if (kit.kmdf_major != 0) {
        defines.push_back(fmt::format("KMDF_VERSION_MAJOR={}", kit.kmdf_major));
        defines.push_back(fmt::format("KMDF_VERSION_MINOR={}", kit.kmdf_minor));
    }
    if (configuration == Configuration::debug) {
        defines.push_back("DBG=1");
        defines.push_back("MSC_NOOPT=1");
    } else {
        defines.push_back("NDEBUG=1");
    }
    return defines;
}

std::string layout_note(const SourceUnit& unit) {
    std::string note;
    if (unit.most_alignment != 0 && unit.most_alignment < 16)
        note = fmt::format("the driver's structures are packed to {0} {1} (-fpack-struct={0}), the kit's are not",
                           unit.most_alignment, unit.most_alignment == 1 ? "byte" : "bytes");
    if (unit.unsigned_char)
        note += fmt::format("{}char has no sign (-funsigned-char)", note.empty() ? "" : "; ");
    return note;
}

namespace {

std::optional<fs::path> precompiled_header_of(const SourceUnit& unit) {
    if (auto beside = find_ignoring_case(unit.file.parent_path(), unit.precompiled_header))
        return beside;
    for (const auto& folder : unit.include_directories)
        if (auto found = find_ignoring_case(folder, unit.precompiled_header))
            return found;
    return std::nullopt;
}

// The header that this unit means: the one that is made under its name, otherwise one beside other sources.
std::optional<fs::path> precompiled_header_elsewhere(const DriverProject& project, const SourceUnit& user) {
    for (const bool makes : {true, false})
        for (const auto& unit : project.units)
            if (unit.makes_precompiled_header == makes &&
                (!makes || equals_ignoring_case(unit.precompiled_header, user.precompiled_header))) {
                auto asked = unit;
                asked.precompiled_header = user.precompiled_header;
                if (auto header = precompiled_header_of(asked))
                    return header;
            }
    return find_ignoring_case(project.folder, user.precompiled_header);
}

// The folder that leads to `header` under the name that is included.
fs::path folder_for(fs::path header, const std::string& name) {
    for (const auto& component : fs::path(with_forward_slashes(name)))
        if (component != ".")
            header = header.parent_path();
    return header;
}

} // namespace

void find_precompiled_headers(DriverProject& project) {
    for (auto& unit : project.units) {
        if (unit.precompiled_header.empty() || precompiled_header_of(unit))
            continue;
        if (auto header = precompiled_header_elsewhere(project, unit))
            unit.include_directories.push_back(folder_for(*header, unit.precompiled_header));
    }
}

namespace {

constexpr int deepest_folder = 12;
constexpr std::size_t most_entries = 200'000; // a home folder given by mistake ends in an error, not in an hour's walk

bool is_project_file(const fs::path& file) {
    auto extension = file.extension().string();
    return equals_ignoring_case(extension, ".vcxproj") || equals_ignoring_case(extension, ".sln");
}

bool is_named(const fs::path& file, std::string_view name) {
    return equals_ignoring_case(file.filename().string(), name);
}

struct FolderContent {
    std::vector<fs::path> solutions, projects, sources_files, dirs_files, loose;
};

Result<FolderContent> list_folder(const fs::path& folder, bool recursive) {
    FolderContent content;
    std::error_code problem;
    std::size_t entries = 0;
    fs::recursive_directory_iterator walk(folder, fs::directory_options::skip_permission_denied, problem);
    for (; walk != fs::recursive_directory_iterator(); walk.increment(problem)) {
        if (++entries > most_entries)
            return Error{status_invalid_parameter, folder.string() + ": too many files for one driver"};
        const auto& file = walk->path();
        bool hidden = file.filename().string().starts_with(".");
        if (walk->is_directory(problem)) {
            if (hidden || !recursive || walk.depth() > deepest_folder)
                walk.disable_recursion_pending();
        } else if (equals_ignoring_case(file.extension().string(), ".sln")) {
            content.solutions.push_back(file);
        } else if (equals_ignoring_case(file.extension().string(), ".vcxproj")) {
            content.projects.push_back(file);
        } else if (is_named(file, "sources")) {
            content.sources_files.push_back(file);
        } else if (is_named(file, "dirs")) {
            content.dirs_files.push_back(file);
        } else if (is_c_or_cpp_source(file) && !hidden) {
            content.loose.push_back(file);
        }
    }
    for (auto* list :
         {&content.solutions, &content.projects, &content.sources_files, &content.dirs_files, &content.loose})
        std::sort(list->begin(), list->end());
    return content;
}

std::string listed(const std::vector<fs::path>& files) {
    std::string text;
    for (const auto& file : files)
        text += "\n  " + file.string();
    return text;
}

using Reader = Result<DriverProject> (*)(const fs::path&, const ProjectContext&);

// A project that cannot be read is not passed over for the sources beside it: what it says about them is missing then.
// Whoever knows better can name them.
std::string way_around(const FolderContent& content) {
    return content.loose.empty() ? std::string()
                                 : fmt::format("; to build without it, name the sources: --name NAME {}{}",
                                               content.loose.front().string(), content.loose.size() > 1 ? " ..." : "");
}

// The one file of `candidates` that is a driver; an error that names the choices when there are several.
Result<DriverProject> only_driver_among(const std::vector<fs::path>& candidates, Reader read,
                                        const ProjectContext& context, const fs::path& folder,
                                        const FolderContent& content) {
    if (candidates.size() == 1) {
        auto project = read(candidates.front(), context);
        return project ? std::move(project)
                       : Error{project.error().status, project.error().message + way_around(content)};
    }
    std::optional<DriverProject> chosen;
    std::vector<fs::path> drivers;
    std::string first_problem;
    for (const auto& candidate : candidates) {
        auto project = read(candidate, context);
        if (!project) {
            if (first_problem.empty())
                first_problem = project.error().message;
            continue;
        }
        drivers.push_back(candidate);
        chosen = std::move(*project);
    }
    if (drivers.empty())
        return Error{status_object_name_not_found, folder.string() + ": no project here builds a kernel driver (" +
                                                       first_problem + ")" + way_around(content)};
    if (drivers.size() > 1)
        return Error{status_invalid_parameter,
                     folder.string() + ": several drivers here, name the one to build:" + listed(drivers)};
    return std::move(*chosen);
}

std::optional<Result<DriverProject>> project_in(const fs::path& folder, const FolderContent& content,
                                                const ProjectContext& context) {
    if (!content.solutions.empty())
        return only_driver_among(content.solutions, read_solution, context, folder, content);
    if (!content.projects.empty())
        return only_driver_among(content.projects, read_vcxproj, context, folder, content);
    if (!content.sources_files.empty())
        return only_driver_among(content.sources_files, read_sources_file, context, folder, content);
    if (!content.dirs_files.empty())
        return only_driver_among(content.dirs_files, read_sources_file, context, folder, content);
    return std::nullopt;
}

} // namespace

namespace {

// A driver's folder may hold its tests, programs of the host's: they include what no driver can.
bool is_host_program(const fs::path& file) {
    auto text = read_file(file);
    if (!text)
        return false; // whoever compiles it says why
    for (std::string_view header : {"<openportcls/", "<gtest/", "<gmock/"}) {
        const auto at = text->find(header);
        if (at == std::string::npos)
            continue;
        const auto line = text->rfind('\n', at) + 1; // 0 in the first line
        const std::string_view before(text->data() + line, at - line);
        if (before.find("include") != std::string_view::npos && before.find("//") == std::string_view::npos)
            return true;
    }
    return false;
}

} // namespace

Result<DriverProject> read_plain_folder(const fs::path& folder, const ProjectContext& context) {
    auto content = list_folder(folder, true);
    if (!content)
        return content.error();
    if (content->loose.empty())
        return Error{status_object_name_not_found, folder.string() + ": no C or C++ source here"};
    DriverProject project;
    project.folder = folder;
    project.name = folder.filename().string();
    std::erase_if(content->loose, [&](const fs::path& file) {
        const bool is_host = is_host_program(file);
        if (is_host)
            project.notes.push_back(file.filename().string() + ": a program of the host's, not part of the driver");
        return is_host;
    });
    if (content->loose.empty())
        return Error{status_object_name_not_found,
                     folder.string() + ": no driver's source here, only programs of the host's"};
    std::vector<fs::path> include_directories{folder};
    for (const auto& file : content->loose)
        if (std::find(include_directories.begin(), include_directories.end(), file.parent_path()) ==
            include_directories.end())
            include_directories.push_back(file.parent_path());
    // Headers commonly stand in folders of their own.
    for (std::string_view usual : {"inc", "include", "common"})
        if (auto headers = find_ignoring_case(folder, usual))
            include_directories.push_back(*headers);
    for (const auto& file : content->loose) {
        SourceUnit unit;
        unit.file = file;
        unit.language = language_of(file);
        unit.include_directories = include_directories;
        unit.defines = kit_defines({}, context.configuration);
        project.units.push_back(std::move(unit));
    }
    return project;
}

Result<DriverProject> find_project(const fs::path& path, const ProjectContext& context) {
    std::error_code problem;
    auto full = fs::absolute(path, problem).lexically_normal();
    if (!full.has_filename())
        full = full.parent_path();
    if (!fs::exists(full, problem))
        return Error{status_object_name_not_found, path.string() + ": no such file or folder"};
    if (!fs::is_directory(full, problem)) {
        if (equals_ignoring_case(full.extension().string(), ".sln"))
            return read_solution(full, context);
        if (is_project_file(full))
            return read_vcxproj(full, context);
        if (is_named(full, "sources") || is_named(full, "dirs"))
            return read_sources_file(full, context);
        return Error{status_invalid_parameter, path.string() + ": not a folder, a .vcxproj, a .sln or a sources file"};
    }
    auto here = list_folder(full, false);
    if (!here)
        return here.error();
    if (auto project = project_in(full, *here, context))
        return std::move(*project);
    auto below = list_folder(full, true);
    if (!below)
        return below.error();
    // Loose files at the top and no project beside them: an unstructured driver.
    if (here->loose.empty())
        if (auto project = project_in(full, *below, context))
            return std::move(*project);
    return read_plain_folder(full, context);
}

} // namespace openportcls::drivertools
