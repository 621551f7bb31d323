#include "drivertools/include_overlay.h"

#include "drivertools/project.h"
#include "drivertools/source_survey.h"
#include "drivertools/text.h"

#include <fmt/format.h>
#include <vector>

namespace openportcls::drivertools {

namespace fs = std::filesystem;

namespace {

std::string quoted(const std::string& text) {
    std::string result = "\"";
    for (char character : text) {
        if (character == '"' || character == '\\')
            result += '\\';
        result += character;
    }
    return result + "\"";
}

std::string file_entry(const std::string& name, const fs::path& contents, bool keep_name) {
    return fmt::format("{{\"type\":\"file\",\"name\":{},\"external-contents\":{}{}}}", quoted(name),
                       quoted(contents.string()), keep_name ? ",\"use-external-name\":false" : "");
}

} // namespace

std::string overlay_text(const OverlayRequest& request) {
    std::string roots;
    auto add_root = [&](const fs::path& folder, const std::vector<std::string>& entries) {
        if (!entries.empty())
            roots += fmt::format("{}\n{{\"type\":\"directory\",\"name\":{},\"contents\":[\n{}]}}",
                                 roots.empty() ? "" : ",", quoted(folder.string()), fmt::join(entries, ",\n"));
    };
    auto add_folder = [&](const fs::path& folder, bool whole) {
        std::set<fs::path> files;
        std::error_code ignored;
        for (const auto& entry : fs::directory_iterator(folder, ignored)) {
            // What a build leaves behind must not change the overlay, and with it every cache key.
            bool wanted = whole || is_header(entry.path()) || is_c_or_cpp_source(entry.path()) ||
                          request.included_names.contains(lower(entry.path().filename().string()));
            if (wanted && entry.is_regular_file(ignored))
                files.insert(entry.path());
        }
        std::vector<std::string> entries;
        for (const auto& file : files) {
            auto replacement = request.replacements.find(file);
            bool trace = ends_with_ignoring_case(file.filename().string(), ".tmh") && !request.trace_header.empty();
            entries.push_back(trace ? file_entry(file.filename(), request.trace_header, false)
                              : replacement != request.replacements.end()
                                  ? file_entry(file.filename(), replacement->second, true)
                                  : file_entry(file.filename(), file, false));
        }
        add_root(folder, entries);
    };
    for (const auto& folder : request.folders)
        add_folder(folder, false);
    for (const auto& folder : request.whole_folders)
        add_folder(folder, true);
    std::vector<std::string> trace_entries;
    trace_entries.reserve(request.trace_names.size());
    for (const auto& name : request.trace_names)
        trace_entries.push_back(file_entry(name, request.trace_header, false));
    add_root(request.trace_folder, trace_entries);
    return fmt::format("{{\"version\":0,\"case-sensitive\":\"false\",\"roots\":[{}\n]}}\n", roots);
}

} // namespace openportcls::drivertools
