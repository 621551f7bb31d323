#include "drivertools/msbuild_evaluator.h"

#include "drivertools/compiler_switches.h"
#include "drivertools/msbuild_expression.h"
#include "drivertools/msbuild_functions.h"
#include "drivertools/msbuild_text.h"
#include "drivertools/text.h"
#include "drivertools/windows_path.h"

#include <algorithm>
#include <iterator>
#include <pugixml.hpp>
#include <utility>

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

// All the text in an element; a comment may stand in its midst.
std::string text_in(const pugi::xml_node& node) {
    std::string text;
    for (const auto& child : node.children())
        if (child.type() == pugi::node_pcdata || child.type() == pugi::node_cdata)
            text += child.value();
    return text;
}

std::string backslashed_folder(const fs::path& folder) {
    auto text = folder.string();
    return text.ends_with('/') ? text : text + "/";
}

bool holds(const std::vector<MsBuildItem>& items, const fs::path& file) {
    return std::any_of(items.begin(), items.end(), [&](const MsBuildItem& item) { return item.file == file; });
}

// Attributes of an item that are MSBuild's; all others are metadata.
bool is_attribute_of_msbuild(std::string_view name) {
    constexpr std::string_view known[] = {"Include",
                                          "Exclude",
                                          "Remove",
                                          "Update",
                                          "Condition",
                                          "Label",
                                          "KeepMetadata",
                                          "RemoveMetadata",
                                          "KeepDuplicates",
                                          "MatchOnMetadata",
                                          "MatchOnMetadataOptions"};
    return name.starts_with("xmlns") || std::any_of(std::begin(known), std::end(known), [&](std::string_view one) {
               return equals_ignoring_case(one, name);
           });
}

// The entries of a list; `;` within `@(…)` is a part of that.
std::vector<std::string> list_entries(std::string_view list) {
    std::vector<std::string> entries;
    while (!list.empty()) {
        std::size_t end = 0;
        for (int depth = 0; end < list.size() && (list[end] != ';' || depth > 0); ++end)
            depth += list[end] == '(' ? 1 : list[end] == ')' ? -1 : 0;
        if (const auto entry = trim(list.substr(0, end)); !entry.empty())
            entries.emplace_back(entry);
        list.remove_prefix(std::min(end + 1, list.size()));
    }
    return entries;
}

bool imports(const pugi::xml_node& parent, std::string_view kit_file) {
    return std::any_of(parent.children().begin(), parent.children().end(), [&](const pugi::xml_node& node) {
        return is_named(node, "ImportGroup")
                   ? imports(node, kit_file)
                   : is_named(node, "Import") && ends_with_ignoring_case(node.attribute("Project").value(), kit_file);
    });
}

constexpr std::string_view first_kit_file = "Microsoft.Cpp.Default.props";
constexpr std::string_view last_kit_file = "Microsoft.Cpp.targets";

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
    for (auto pass : {Pass::properties, Pass::definitions, Pass::items}) {
        directory_builds_taken_.clear();
        if (auto walked = walk_file(project_file_, pass); !walked)
            return walked;
    }
    // Not sooner: an `Update` may exclude what an earlier item included.
    std::erase_if(items_[std::string(compiled_items)], [](MsBuildItem& source) {
        return equals_ignoring_case(trim(source.metadata["ExcludedFromBuild"]), "true");
    });
    return {};
}

std::string MsBuildEvaluator::property(const std::string& name) const {
    return without_escapes(escaped_property(name));
}

std::string MsBuildEvaluator::escaped_property(const std::string& name) const {
    auto found = properties_.find(name);
    return found == properties_.end() ? std::string() : found->second;
}

void MsBuildEvaluator::note(std::string text) {
    if (std::find(notes_.begin(), notes_.end(), text) == notes_.end())
        notes_.push_back(std::move(text));
}

void MsBuildEvaluator::note_here(const std::string& text) {
    note(property("MSBuildThisFile") + ":" + std::to_string(line_) + ": " + text);
}

void MsBuildEvaluator::stand_at(const pugi::xml_node& node) {
    const auto offset = std::clamp<std::ptrdiff_t>(node.offset_debug(), 0, static_cast<std::ptrdiff_t>(text_.size()));
    line_ = 1 + static_cast<std::size_t>(std::count(text_.begin(), text_.begin() + offset, '\n'));
}

void MsBuildEvaluator::set_file_properties(const fs::path& file) {
    properties_["MSBuildThisFile"] = file.filename().string();
    properties_["MSBuildThisFileName"] = file.stem().string();
    properties_["MSBuildThisFileFullPath"] = file.string();
    properties_["MSBuildThisFileDirectory"] = backslashed_folder(file.parent_path());
}

std::string MsBuildEvaluator::expand(std::string_view text) {
    const PropertyScope scope{[this](const std::string& name) { return escaped_property(name); },
                              [this](std::string_view inner) { return expand(inner); }, project_folder_};
    std::string result;
    while (!text.empty()) {
        auto start = text.find("$(");
        result += text.substr(0, start);
        if (start == std::string_view::npos)
            break;
        text.remove_prefix(start + 2);
        auto expression = bracketed(text);
        text.remove_prefix(std::min(expression.size() + 1, text.size()));
        auto value = evaluate_property_expression(expression, scope);
        if (!value)
            note_here("$(" + std::string(expression) + ") is not understood: taken as empty");
        result += value.value_or("");
    }
    return result;
}

bool MsBuildEvaluator::condition_holds(std::string_view condition) {
    if (trim(condition).empty())
        return true;
    const auto expanded = expand(condition);
    const auto value = evaluate_condition(expanded, project_folder_);
    if (!value && !trim(expanded).empty())
        note_here("the condition " + std::string(condition) + " is not understood: taken as false");
    return value.value_or(false);
}

bool MsBuildEvaluator::enabled(const pugi::xml_node& node) {
    stand_at(node);
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
    const auto outer_text = std::exchange(text_, text);
    const auto outer_line = line_;
    if (file == project_file_)
        walk_project(root, pass);
    else
        walk_children(root, file, pass);
    text_ = outer_text;
    line_ = outer_line;
    open_files_.erase(file);
    return {};
}

void MsBuildEvaluator::walk_project(const pugi::xml_node& root, Pass pass) {
    if (!imports(root, first_kit_file)) // otherwise in its place
        take_directory_build(DirectoryBuild::props, pass);
    walk_children(root, project_file_, pass);
    take_directory_build(DirectoryBuild::targets, pass);
}

void MsBuildEvaluator::take_directory_build(DirectoryBuild which, Pass pass) {
    const bool props = which == DirectoryBuild::props;
    const std::string kind = props ? "Props" : "Targets";
    const auto name = props ? "Directory.Build.props" : "Directory.Build.targets";
    if (!directory_builds_taken_.insert(which).second ||
        equals_ignoring_case(property("ImportDirectoryBuild" + kind), "false"))
        return;
    auto& path = properties_["DirectoryBuild" + kind + "Path"];
    if (path.empty())
        if (auto folder = folder_of_file_above(project_folder_, name))
            path = (*folder / name).string();
    const auto file = path.empty() ? std::nullopt : find_ignoring_case(project_folder_, path);
    if (!file || open_files_.contains(*file))
        return;
    if (auto walked = walk_file(*file, pass); !walked)
        note(walked.error().message);
    set_file_properties(project_file_);
}

void MsBuildEvaluator::walk_children(const pugi::xml_node& parent, const fs::path& file, Pass pass) {
    // The conditions of the others are for their own pass: what they name may not have its value yet.
    auto counts = [&](const pugi::xml_node& node) {
        if (is_named(node, "PropertyGroup"))
            return pass == Pass::properties;
        if (is_named(node, "ItemDefinitionGroup"))
            return pass == Pass::definitions;
        if (is_named(node, "ItemGroup"))
            return pass == Pass::items;
        return is_named(node, "Import") || is_named(node, "ImportGroup") || is_named(node, "Choose");
    };
    for (const auto& node : parent.children()) {
        if (!counts(node) || !enabled(node))
            continue;
        if (is_named(node, "Import"))
            take_import(node, file, pass);
        else if (is_named(node, "ImportGroup"))
            walk_children(node, file, pass);
        else if (is_named(node, "Choose"))
            take_choose(node, file, pass);
        else if (is_named(node, "PropertyGroup"))
            take_properties(node);
        else if (is_named(node, "ItemDefinitionGroup"))
            take_definitions(node);
        else if (is_named(node, "ItemGroup"))
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
    if (of_the_kit) {
        if (file == project_file_ && ends_with_ignoring_case(written, first_kit_file))
            take_directory_build(DirectoryBuild::props, pass);
        if (file == project_file_ && ends_with_ignoring_case(written, last_kit_file))
            take_directory_build(DirectoryBuild::targets, pass);
        return;
    }
    const auto path = expand(written);
    if (path.find_first_of("*?") != std::string::npos) {
        for (const auto& match : files_matching(file.parent_path(), without_escapes(path)))
            walk_import(match, file, pass);
    } else if (auto target = find_ignoring_case(file.parent_path(), without_escapes(path))) {
        walk_import(*target, file, pass);
    } else {
        note_here("import of " + written + " passed over: no such file");
    }
}

void MsBuildEvaluator::walk_import(const fs::path& target, const fs::path& file, Pass pass) {
    if (open_files_.contains(target))
        return;
    if (auto walked = walk_file(target, pass); !walked)
        note(walked.error().message);
    set_file_properties(file);
}

void MsBuildEvaluator::take_properties(const pugi::xml_node& group) {
    for (const auto& node : group.children())
        if (node.type() == pugi::node_element && enabled(node) && !globals_.contains(local_name(node)))
            properties_[local_name(node)] = expand(text_in(node));
}

void MsBuildEvaluator::merge_metadata(const pugi::xml_node& parent, Metadata& into) {
    const auto kind = local_name(parent);
    for (const auto& attribute : parent.attributes())
        if (!is_attribute_of_msbuild(attribute.name()))
            merge_value(kind, attribute.name(), attribute.value(), into);
    for (const auto& node : parent.children())
        if (node.type() == pugi::node_element && enabled(node))
            merge_value(kind, local_name(node), text_in(node), into);
}

// `%(Name)` or `%(ClCompile.Name)` stands for what earlier definitions gave.
void MsBuildEvaluator::merge_value(const std::string& kind, const std::string& name, std::string_view written,
                                   Metadata& into) {
    const bool is_switches =
        equals_ignoring_case(kind, compiled_items) && equals_ignoring_case(name, "AdditionalOptions");
    if (is_switches)
        check_compiler_switches(with_metadata(expand(written), [](std::string_view) { return std::string(); }));
    into[name] = with_metadata(expand(written), [&](std::string_view reference) {
        const auto dot = reference.find('.');
        const bool qualified = dot != std::string_view::npos;
        const auto asked = std::string(trim(qualified ? reference.substr(dot + 1) : reference));
        if (is_metadata_of_files(asked) && !into.contains(asked))
            return "%(" + asked + ")"; // known when the item is
        if (qualified && !equals_ignoring_case(trim(reference.substr(0, dot)), kind)) {
            note_here("%(" + std::string(reference) + ") is of another kind of item: taken as empty");
            return std::string();
        }
        const auto known = into.find(asked);
        return known == into.end() ? std::string() : known->second;
    });
}

// Where they are written, so that the note can say it.
void MsBuildEvaluator::check_compiler_switches(const std::string& line) {
    SourceUnit nothing;
    for (const auto& word : take_compiler_switches(without_escapes(line), project_folder_, nothing))
        note_here("the compiler's option " + word + " has no meaning here: passed over");
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
            for (const auto& library : split(link["AdditionalDependencies"], ";"))
                libraries_.push_back(without_escapes(library));
        }
    }
}

void MsBuildEvaluator::take_items(const pugi::xml_node& group) {
    for (const auto& node : group.children()) {
        if (node.type() != pugi::node_element || !enabled(node))
            continue;
        if (is_named(node, "ProjectReference"))
            take_reference(node);
        else
            take_item(node);
    }
}

void MsBuildEvaluator::take_reference(const pugi::xml_node& reference) {
    auto written = without_escapes(expand(reference.attribute("Include").value()));
    if (written.empty())
        return; // an Update or Remove
    if (auto target = find_ignoring_case(project_folder_, written))
        references_.push_back(*target);
    else
        note_here("referenced project " + written + " does not exist");
}

void MsBuildEvaluator::take_item(const pugi::xml_node& item) {
    const auto kind = local_name(item);
    const auto& defaults = is_named(item, compiled_items) ? compile_defaults_ : Metadata();
    auto listed = [&](const char* attribute) {
        return items_named(expand(item.attribute(attribute).value()), defaults);
    };
    const auto removed = listed("Remove");
    const auto updated = listed("Update");
    const auto excluded = listed("Exclude");
    auto included = listed("Include");
    auto& items = items_[kind];
    std::erase_if(items, [&](const MsBuildItem& present) { return holds(removed, present.file); });
    for (auto& present : items)
        if (holds(updated, present.file))
            merge_metadata(item, present.metadata);
    for (auto& added : included) {
        if (holds(excluded, added.file))
            continue;
        merge_metadata(item, added.metadata);
        items.push_back(std::move(added));
    }
}

std::vector<MsBuildItem> MsBuildEvaluator::items_named(const std::string& list, const Metadata& defaults) {
    std::vector<MsBuildItem> items;
    auto add = [&](const fs::path& file) { items.push_back({file, project_folder_, defaults}); };
    for (const auto& entry : list_entries(list)) {
        if (entry.starts_with("@(")) {
            auto referred = referred_items(entry, defaults);
            items.insert(items.end(), std::make_move_iterator(referred.begin()),
                         std::make_move_iterator(referred.end()));
        } else if (entry.find_first_of("*?") != std::string::npos) {
            for (const auto& file : files_matching(project_folder_, entry))
                add(file);
        } else {
            const auto name = without_escapes(entry);
            // What is missing is kept, so that the build can name it.
            add(find_ignoring_case(project_folder_, name)
                    .value_or((project_folder_ / with_forward_slashes(name)).lexically_normal()));
        }
    }
    return items;
}

// `@(Kind)`: items of another kind, which keep their metadata.
std::vector<MsBuildItem> MsBuildEvaluator::referred_items(std::string_view reference, const Metadata& defaults) {
    const auto inside = trim(bracketed(reference.substr(2)));
    const auto kind = std::string(trim(inside.substr(0, std::min(inside.find("->"), inside.find(',')))));
    const auto transform = inside.find("->");
    const auto made = transform == std::string_view::npos ? "" : lower(trim(inside.substr(transform + 2)));
    if (!made.empty() && made != "'%(fullpath)'" && made != "'%(identity)'") {
        note_here(std::string(reference) + " is not understood: taken as empty");
        return {};
    }
    auto items = items_[kind];
    for (auto& item : items) {
        auto metadata = defaults;
        for (const auto& [name, value] : item.metadata)
            metadata[name] = value;
        item.metadata = std::move(metadata);
    }
    return items;
}

} // namespace openportcls::drivertools
