// The part of MSBuild that driver projects use: properties, conditions, item definitions and ClCompile items.
#pragma once

#include "base/result.h"

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace pugi {
class xml_node;
}

namespace openportcls::drivertools {

struct CaseInsensitiveLess {
    bool operator()(const std::string& left, const std::string& right) const;
};
using Properties = std::map<std::string, std::string, CaseInsensitiveLess>;
// The metadata of an item, or of an item definition: AdditionalIncludeDirectories, PreprocessorDefinitions …
using Metadata = Properties;

struct MsBuildItem {
    std::filesystem::path file;
    std::filesystem::path folder_of_project; // what its relative paths mean
    Metadata metadata;
};

class MsBuildEvaluator {
public:
    // `globals` are properties no project file can override, as on MSBuild's command line.
    MsBuildEvaluator(const std::filesystem::path& project_file, Properties globals);

    Result<void> evaluate();

    std::string property(const std::string& name) const;
    const std::vector<MsBuildItem>& sources() const { return items_.at(std::string(compiled_items)); }
    const std::vector<std::filesystem::path>& project_references() const { return references_; }
    // What the project hands to its linker: paths and plain names of libraries.
    const std::vector<std::string>& libraries() const { return libraries_; }
    const std::vector<std::filesystem::path>& files_read() const { return files_read_; }
    const std::vector<std::string>& notes() const { return notes_; }

private:
    enum class Pass { properties, definitions, items };
    // What MSBuild's own files import around a project: Directory.Build.props, Directory.Build.targets.
    enum class DirectoryBuild { props, targets };

    static constexpr std::string_view compiled_items = "ClCompile";

    std::string escaped_property(const std::string& name) const; // `%3B` in it is not yet a semicolon
    // What they cannot understand they note, and take for empty and false.
    std::string expand(std::string_view text);
    bool condition_holds(std::string_view condition);

    Result<void> walk_file(const std::filesystem::path& file, Pass pass);
    void walk_project(const pugi::xml_node& root, Pass pass);
    void take_directory_build(DirectoryBuild which, Pass pass);
    void walk_children(const pugi::xml_node& parent, const std::filesystem::path& file, Pass pass);
    void take_import(const pugi::xml_node& import, const std::filesystem::path& file, Pass pass);
    void walk_import(const std::filesystem::path& target, const std::filesystem::path& file, Pass pass);
    void take_choose(const pugi::xml_node& choose, const std::filesystem::path& file, Pass pass);
    void take_properties(const pugi::xml_node& group);
    void take_definitions(const pugi::xml_node& group);
    void take_items(const pugi::xml_node& group);
    void take_item(const pugi::xml_node& item);
    void take_reference(const pugi::xml_node& reference);
    std::vector<MsBuildItem> items_named(const std::string& list, const Metadata& defaults);
    std::vector<MsBuildItem> referred_items(std::string_view reference, const Metadata& defaults);
    void merge_metadata(const pugi::xml_node& parent, Metadata& into);
    void merge_value(const std::string& kind, const std::string& name, std::string_view written, Metadata& into);
    void check_compiler_switches(const std::string& line);
    bool enabled(const pugi::xml_node& node);
    void set_file_properties(const std::filesystem::path& file);
    void note(std::string text);
    void note_here(const std::string& text); // behind the file and line that are being read
    void stand_at(const pugi::xml_node& node);

    std::filesystem::path project_file_;
    std::filesystem::path project_folder_;
    Properties globals_;
    Properties properties_;
    Metadata compile_defaults_;
    std::map<std::string, std::vector<MsBuildItem>, CaseInsensitiveLess> items_; // by kind: ClCompile …
    std::vector<std::filesystem::path> references_;
    std::vector<std::string> libraries_;
    std::vector<std::filesystem::path> files_read_;
    std::vector<std::string> notes_;
    std::set<std::filesystem::path> open_files_;
    std::string_view text_; // of the file that is being read
    std::size_t line_ = 0;
    std::set<DirectoryBuild> directory_builds_taken_; // in this pass
};

} // namespace openportcls::drivertools
