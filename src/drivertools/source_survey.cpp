#include "drivertools/source_survey.h"

#include "drivertools/exception_blocks.h"
#include "drivertools/source_text.h"
#include "drivertools/text.h"
#include "drivertools/windows_path.h"

#include <algorithm>
#include <cctype>

namespace openportcls::drivertools {

namespace fs = std::filesystem;

namespace {

constexpr int deepest_surveyed = 8;
constexpr std::size_t most_folders = 2000;

std::string_view identifier_at(std::string_view text) {
    std::size_t length = 0;
    while (length < text.size() && (std::isalnum(static_cast<unsigned char>(text[length])) || text[length] == '_'))
        ++length;
    return text.substr(0, length);
}

class Survey {
public:
    explicit Survey(const DriverProject& project) : project_(project) {}

    SourceSurvey run() {
        for (const auto& unit : project_.units) {
            result_.packs_structures = result_.packs_structures || unit.most_alignment != 0;
            add_folder(unit.file.parent_path());
            for (const auto& folder : unit.include_directories)
                add_folder(folder);
        }
        add_tree(project_.folder);
        while (!pending_.empty()) {
            auto folder = pending_.back();
            pending_.pop_back();
            read_folder(folder);
        }
        std::sort(result_.files.begin(), result_.files.end());
        return std::move(result_);
    }

private:
    void add_folder(const fs::path& folder) {
        std::error_code ignored;
        if (result_.folders.size() < most_folders && fs::is_directory(folder, ignored) &&
            result_.folders.insert(folder.lexically_normal()).second)
            pending_.push_back(folder.lexically_normal());
    }

    void add_tree(const fs::path& root) {
        std::error_code ignored;
        fs::recursive_directory_iterator walk(root, fs::directory_options::skip_permission_denied, ignored);
        for (; walk != fs::recursive_directory_iterator(); walk.increment(ignored)) {
            if (!walk->is_directory(ignored))
                continue;
            if (walk->path().filename().string().starts_with(".") || walk.depth() >= deepest_surveyed)
                walk.disable_recursion_pending();
            else
                add_folder(walk->path());
        }
    }

    void read_folder(const fs::path& folder) {
        std::error_code ignored;
        for (const auto& entry : fs::directory_iterator(folder, ignored)) {
            if (!entry.is_regular_file(ignored) || (!is_header(entry.path()) && !is_c_or_cpp_source(entry.path())))
                continue;
            result_.files.push_back(entry.path());
            if (auto content = read_file(entry.path())) {
                auto text = readable_source(*content);
                if (with_braced_exception_blocks(text) != *content)
                    result_.changed_files.insert(entry.path());
                read_text(entry.path(), text);
            }
        }
    }

    void read_text(const fs::path& file, const std::string& text) {
        for (auto& name : wpp_functions(text))
            result_.trace_functions.insert(std::move(name));
        for (const auto& directive : include_directives(text)) {
            auto last = fs::path(with_forward_slashes(directive)).filename().string();
            result_.included_names.insert(lower(last));
            if (ends_with_ignoring_case(last, ".tmh"))
                result_.trace_headers.insert(last);
            // A path with folders in it may leave the folders known so far.
            if (directive.find_first_of("/\\") == std::string::npos)
                continue;
            if (auto target = find_ignoring_case(file.parent_path(), directive))
                add_folder(target->parent_path());
            for (const auto& folder : include_folders())
                if (auto target = find_ignoring_case(folder, directive))
                    add_folder(target->parent_path());
        }
    }

    const std::set<fs::path>& include_folders() {
        if (include_folders_.empty())
            for (const auto& unit : project_.units)
                include_folders_.insert(unit.include_directories.begin(), unit.include_directories.end());
        return include_folders_;
    }

    const DriverProject& project_;
    SourceSurvey result_;
    std::vector<fs::path> pending_;
    std::set<fs::path> include_folders_;
};

// What stands between the parentheses of "FUNC Name{LEVEL=L}(FLAGS, MSG, ...);".
std::vector<std::string> wpp_parameters(std::string_view line) {
    std::vector<std::string> parameters;
    auto open = line.rfind('(');
    auto close = open == std::string_view::npos ? open : line.find(')', open);
    if (close == std::string_view::npos)
        return parameters;
    for (auto rest = line.substr(open + 1, close - open - 1); !rest.empty();) {
        auto comma = rest.find(',');
        auto name = trim(rest.substr(0, comma));
        if (!name.empty())
            parameters.emplace_back(name);
        rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);
    }
    return parameters;
}

// What precedes the message (level, flags) need not be C: it is shown as it is written.
std::string trace_macro(const std::string& name, const std::vector<std::string>& parameters) {
    auto message = std::find(parameters.begin(), parameters.end(), "MSG");
    if (message == parameters.end())
        return name + "(...) OPC_TRACE(\"" + name + "\", \"\")";
    std::string list;
    std::string shown = "\"" + name + "(\"";
    for (auto parameter = parameters.begin(); parameter != message; ++parameter) {
        auto own_name = "opc_" + std::to_string(parameter - parameters.begin());
        list += own_name + ", ";
        shown += std::string(parameter == parameters.begin() ? "" : " \", \"") + " #" + own_name;
    }
    return name + "(" + list + "MSG, ...) OPC_TRACE(" + shown + " \")\", MSG, ##__VA_ARGS__)";
}

} // namespace

SourceSurvey survey_sources(const DriverProject& project) {
    return Survey(project).run();
}

bool is_header(const fs::path& file) {
    auto extension = lower(file.extension().string());
    for (std::string_view known : {".h", ".hpp", ".hxx", ".hh", ".inl", ".inc", ".tmh", ".def", ".tab", ".tbl"})
        if (extension == known)
            return true;
    return false;
}

std::vector<std::string> include_directives(std::string_view text) {
    std::vector<std::string> directives;
    for (auto line : lines_of(text)) {
        line = trim(line);
        if (!line.starts_with('#'))
            continue;
        line = trim(line.substr(1));
        if (!line.starts_with("include"))
            continue;
        line = trim(line.substr(7));
        if (line.empty() || (line[0] != '"' && line[0] != '<'))
            continue;
        auto end = line.find(line[0] == '<' ? '>' : '"', 1);
        if (end != std::string_view::npos)
            directives.emplace_back(line.substr(1, end - 1));
    }
    return directives;
}

std::map<std::string, std::vector<std::string>> wpp_functions(std::string_view text) {
    std::map<std::string, std::vector<std::string>> functions;
    if (text.find("begin_wpp") == std::string_view::npos)
        return functions;
    bool configuration = false;
    for (auto line : lines_of(text)) {
        auto start = line.find_first_not_of(" \t/*");
        if (start == std::string_view::npos)
            continue;
        line.remove_prefix(start);
        if (line.starts_with("begin_wpp"))
            configuration = line.find("config") != std::string_view::npos;
        else if (line.starts_with("end_wpp"))
            configuration = false;
        else if (configuration && line.starts_with("FUNC ")) {
            auto name = identifier_at(trim(line.substr(5)));
            if (!name.empty())
                functions.try_emplace(std::string(name), wpp_parameters(line));
        }
    }
    return functions;
}

std::string trace_header(std::map<std::string, std::vector<std::string>> functions) {
    std::string text = "// Generated: stands for the trace message headers of WPP's preprocessor.\n#pragma once\n"
                       "#include <opc/wpp.h>\n";
    functions.try_emplace("DoTraceMessage", std::vector<std::string>{"FLAGS", "MSG", "..."});
    functions.try_emplace("DoTraceLevelMessage", std::vector<std::string>{"LEVEL", "FLAGS", "MSG", "..."});
    for (const auto& [name, parameters] : functions)
        text += "#ifndef " + name + "\n#define " + trace_macro(name, parameters) + "\n#endif\n";
    for (std::string_view name : {"WPP_SYSTEMCONTROL", "WPP_SYSTEMCONTROL2", "WPP_TRACE", "WPP_DEBUG", "DoDebugTrace"})
        text += "#ifndef " + std::string(name) + "\n#define " + std::string(name) + "(...) ((void)0)\n#endif\n";
    return text;
}

} // namespace openportcls::drivertools
