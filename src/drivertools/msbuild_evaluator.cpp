#include "drivertools/msbuild_evaluator.h"

#include "drivertools/msbuild_expression.h"
#include "drivertools/text.h"
#include "drivertools/windows_path.h"

#include <algorithm>
#include <pugixml.hpp>

namespace openportcls::drivertools {

namespace fs = std::filesystem;

namespace {

std::string local_name(const pugi::xml_node& node) {
    std::string_view name = node.name();
    auto colon = name.rfind(':');
    return std::string(colon == std::string_view::npos ? name : name.substr(colon + 1));
}

bool is_named(const pugi::xml_node& node, std::string_view name) {
    return equals_ignoring_case(local_name(node), name);
}

std::string backslashed_folder(const fs::path& folder) {
    auto text = folder.string();
    return text.ends_with('/') ? text : text + "/";
}

// The text that follows `$(` up to the bracket that closes it.
std::string_view bracketed(std::string_view text) {
    int depth = 1;
    for (std::size_t index = 0; index < text.size(); ++index) {
        if (text[index] == '(')
            ++depth;
        if (text[index] == ')' && --depth == 0)
            return text.substr(0, index);
    }
    return text;
}

} // namespace

bool CaseInsensitiveLess::operator()(const std::string& left, const std::string& right) const {
    return lower(left) < lower(right);
}

MsBuildEvaluator::MsBuildEvaluator(const fs::path& project_file, Properties globals)
    : project_file_(fs::absolute(project_file).lexically_normal()), project_folder_(project_file_.parent_path()),
      globals_(std::move(globals)) {}

Result<void> MsBuildEvaluator::evaluate() {
    properties_["MSBuildProjectDirectory"] = project_folder_.string();
    properties_["MSBuildProjectFullPath"] = project_file_.string();
    properties_["MSBuildProjectFile"] = project_file_.filename().string();
    properties_["MSBuildProjectName"] = project_file_.stem().string();
    properties_["MSBuildProjectExtension"] = project_file_.extension().string();
    properties_["ProjectDir"] = backslashed_folder(project_folder_);
    properties_["ProjectPath"] = project_file_.string();
    properties_["ProjectName"] = project_file_.stem().string();
    properties_["ProjectFileName"] = project_file_.filename().string();
    properties_["TargetName"] = project_file_.stem().string();
    properties_["SolutionDir"] = backslashed_folder(project_folder_);
    properties_["OS"] = "Windows_NT";
    properties_["PlatformTarget"] = "x64";
    properties_["PlatformShortName"] = "x64";
    properties_["VisualStudioVersion"] = "17.0";
    properties_["MSBuildToolsVersion"] = "Current";
    for (const auto& [name, value] : globals_)
        properties_[name] = value;
    properties_["IntDir"] = property("Platform") + "\\" + property("Configuration") + "\\";
    properties_["OutDir"] = property("IntDir");
    // MSBuild reads the files once for each kind of thing, so that a definition sees every property.
    for (auto pass : {Pass::properties, Pass::definitions, Pass::items})
        if (auto walked = walk_file(project_file_, pass); !walked)
            return walked;
    return {};
}

std::string MsBuildEvaluator::property(const std::string& name) const {
    auto found = properties_.find(name);
    return found == properties_.end() ? std::string() : found->second;
}

void MsBuildEvaluator::note(std::string text) {
    if (std::find(notes_.begin(), notes_.end(), text) == notes_.end())
        notes_.push_back(std::move(text));
}

void MsBuildEvaluator::set_file_properties(const fs::path& file) {
    properties_["MSBuildThisFile"] = file.filename().string();
    properties_["MSBuildThisFileName"] = file.stem().string();
    properties_["MSBuildThisFileFullPath"] = file.string();
    properties_["MSBuildThisFileDirectory"] = backslashed_folder(file.parent_path());
}

std::string MsBuildEvaluator::expand(std::string_view text) const {
    std::string result;
    while (!text.empty()) {
        auto start = text.find("$(");
        result += text.substr(0, start);
        if (start == std::string_view::npos)
            break;
        text.remove_prefix(start + 2);
        auto name = bracketed(text);
        text.remove_prefix(std::min(name.size() + 1, text.size()));
        result += property(std::string(trim(name)));
    }
    return result;
}

bool MsBuildEvaluator::condition_holds(std::string_view condition) const {
    if (trim(condition).empty())
        return true;
    return evaluate_condition(expand(condition), project_folder_).value_or(false);
}

bool MsBuildEvaluator::enabled(const pugi::xml_node& node) const {
    return condition_holds(node.attribute("Condition").value());
}

Result<void> MsBuildEvaluator::walk_file(const fs::path& file, Pass pass) {
    auto content = read_file(file);
    if (!content)
        return content.error();
    auto text = to_utf8(*content);
    pugi::xml_document document;
    auto parsed = document.load_buffer(text.data(), text.size(), pugi::parse_default, pugi::encoding_utf8);
    if (!parsed) {
        auto line =
            1 + std::count(text.begin(), text.begin() + std::min<std::ptrdiff_t>(parsed.offset, text.size()), '\n');
        return Error{status_invalid_parameter,
                     file.string() + ":" + std::to_string(line) + ": not a project file: " + parsed.description()};
    }
    auto root = document.document_element();
    if (!is_named(root, "Project"))
        return Error{status_invalid_parameter, file.string() + ": not a project file: its root is not <Project>"};
    if (pass == Pass::properties)
        files_read_.push_back(file);
    open_files_.insert(file);
    set_file_properties(file);
    walk_children(root, file, pass);
    open_files_.erase(file);
    return {};
}

void MsBuildEvaluator::walk_children(const pugi::xml_node& parent, const fs::path& file, Pass pass) {
    for (const auto& node : parent.children()) {
        if (!enabled(node))
            continue;
        if (is_named(node, "Import"))
            take_import(node, file, pass);
        else if (is_named(node, "ImportGroup"))
            walk_children(node, file, pass);
        else if (is_named(node, "Choose"))
            take_choose(node, file, pass);
        else if (is_named(node, "PropertyGroup") && pass == Pass::properties)
            take_properties(node);
        else if (is_named(node, "ItemDefinitionGroup") && pass == Pass::definitions)
            take_definitions(node);
        else if (is_named(node, "ItemGroup") && pass == Pass::items)
            take_items(node);
    }
}

void MsBuildEvaluator::take_choose(const pugi::xml_node& choose, const fs::path& file, Pass pass) {
    for (const auto& branch : choose.children()) {
        bool chosen = is_named(branch, "Otherwise") || (is_named(branch, "When") && enabled(branch));
        if (chosen)
            return walk_children(branch, file, pass);
    }
}

void MsBuildEvaluator::take_import(const pugi::xml_node& import, const fs::path& file, Pass pass) {
    std::string written = import.attribute("Project").value();
    // What the kits and Visual Studio bring is not on this machine; its effect is in kit_defines().
    bool of_the_kit = written.find("$(VCTargetsPath)") != std::string::npos ||
                      written.find("$(MSBuildExtensionsPath") != std::string::npos ||
                      written.find("$(UserRootDir)") != std::string::npos;
    if (of_the_kit)
        return;
    auto target = find_ignoring_case(file.parent_path(), expand(written));
    if (!target) {
        note(file.filename().string() + ": import of " + written + " passed over: no such file");
        return;
    }
    if (open_files_.contains(*target))
        return;
    if (auto walked = walk_file(*target, pass); !walked)
        note(walked.error().message);
    set_file_properties(file);
}

void MsBuildEvaluator::take_properties(const pugi::xml_node& group) {
    for (const auto& node : group.children())
        if (node.type() == pugi::node_element && enabled(node) && !globals_.contains(local_name(node)))
            properties_[local_name(node)] = expand(node.text().get());
}

void MsBuildEvaluator::merge_metadata(const pugi::xml_node& parent, Metadata& into) const {
    for (const auto& node : parent.children()) {
        if (node.type() != pugi::node_element || !enabled(node))
            continue;
        auto name = local_name(node);
        auto reference = "%(" + name + ")";
        auto value = expand(node.text().get());
        // `%(Name)` stands for what earlier definitions gave.
        auto at = lower(value).find(lower(reference));
        if (at != std::string::npos)
            value.replace(at, reference.size(), into.contains(name) ? into.at(name) : std::string());
        into[name] = value;
    }
}

void MsBuildEvaluator::take_definitions(const pugi::xml_node& group) {
    for (const auto& node : group.children()) {
        if (!enabled(node))
            continue;
        if (is_named(node, "ClCompile"))
            merge_metadata(node, compile_defaults_);
        if (is_named(node, "Link") || is_named(node, "Lib")) {
            Metadata link;
            merge_metadata(node, link);
            for (auto& library : split(link["AdditionalDependencies"], ";"))
                libraries_.push_back(std::move(library));
        }
    }
}

void MsBuildEvaluator::take_items(const pugi::xml_node& group) {
    for (const auto& node : group.children()) {
        if (!enabled(node))
            continue;
        if (is_named(node, "ClCompile"))
            take_source(node);
        if (is_named(node, "ProjectReference")) {
            auto written = expand(node.attribute("Include").value());
            if (auto target = find_ignoring_case(project_folder_, written))
                references_.push_back(*target);
            else
                note(project_file_.filename().string() + ": referenced project " + written + " does not exist");
        }
    }
}

void MsBuildEvaluator::take_source(const pugi::xml_node& item) {
    auto listed = [&](const char* attribute) {
        std::vector<fs::path> files;
        for (const auto& entry : split(expand(item.attribute(attribute).value()), ";")) {
            if (entry.starts_with("@("))
                continue;
            if (entry.find_first_of("*?") != std::string::npos) {
                for (auto& file : files_matching(project_folder_, entry))
                    files.push_back(std::move(file));
            } else if (auto file = find_ignoring_case(project_folder_, entry)) {
                files.push_back(*file);
            } else {
                // Kept, so that the build can name what is missing.
                files.push_back((project_folder_ / with_forward_slashes(entry)).lexically_normal());
            }
        }
        return files;
    };
    auto removed = listed("Remove");
    std::erase_if(sources_, [&](const MsBuildItem& source) {
        return std::find(removed.begin(), removed.end(), source.file) != removed.end();
    });
    auto updated = listed("Update");
    for (auto& source : sources_)
        if (std::find(updated.begin(), updated.end(), source.file) != updated.end())
            merge_metadata(item, source.metadata);
    auto excluded = listed("Exclude");
    for (auto& file : listed("Include")) {
        if (std::find(excluded.begin(), excluded.end(), file) != excluded.end())
            continue;
        MsBuildItem source{file, project_folder_, compile_defaults_};
        merge_metadata(item, source.metadata);
        if (!equals_ignoring_case(trim(source.metadata["ExcludedFromBuild"]), "true"))
            sources_.push_back(std::move(source));
    }
}

} // namespace openportcls::drivertools
