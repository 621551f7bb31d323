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
    const std::vector<MsBuildItem>& sources() const { return sources_; }
    const std::vector<std::filesystem::path>& project_references() const { return references_; }
    // What the project hands to its linker: paths and plain names of libraries.
    const std::vector<std::string>& libraries() const { return libraries_; }
    const std::vector<std::filesystem::path>& files_read() const { return files_read_; }
    const std::vector<std::string>& notes() const { return notes_; }

    std::string expand(std::string_view text) const;
    bool condition_holds(std::string_view condition) const;

private:
    enum class Pass { properties, definitions, items };
    struct LoadedFile;

    Result<void> walk_file(const std::filesystem::path& file, Pass pass);
    void walk_children(const pugi::xml_node& parent, const std::filesystem::path& file, Pass pass);
    void take_import(const pugi::xml_node& import, const std::filesystem::path& file, Pass pass);
    void take_choose(const pugi::xml_node& choose, const std::filesystem::path& file, Pass pass);
    void take_properties(const pugi::xml_node& group);
    void take_definitions(const pugi::xml_node& group);
    void take_items(const pugi::xml_node& group);
    void take_source(const pugi::xml_node& item);
    void merge_metadata(const pugi::xml_node& parent, Metadata& into) const;
    bool enabled(const pugi::xml_node& node) const;
    void set_file_properties(const std::filesystem::path& file);
    void note(std::string text);

    std::filesystem::path project_file_;
    std::filesystem::path project_folder_;
    Properties globals_;
    Properties properties_;
    Metadata compile_defaults_;
    std::vector<MsBuildItem> sources_;
    std::vector<std::filesystem::path> references_;
    std::vector<std::string> libraries_;
    std::vector<std::filesystem::path> files_read_;
    std::vector<std::string> notes_;
    std::set<std::filesystem::path> open_files_;
};

} // namespace openportcls::drivertools
