// Macros of an nmake-style file, as `sources` and `dirs` of the old driver kits use them.
#pragma once

#include "base/result.h"

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace openportcls::drivertools {

using NmakeMacros = std::map<std::string, std::string, std::less<>>;

class NmakeFile {
public:
    NmakeFile(std::filesystem::path file, NmakeMacros initial);

    Result<void> read();

    std::string macro(std::string_view name) const;
    // "sources:12", where the macro got the value it has; only the file's name when no file sets it.
    std::string place_of(std::string_view name) const;
    const std::vector<std::filesystem::path>& files_read() const { return files_read_; }
    const std::vector<std::string>& notes() const { return notes_; }

private:
    // One `!if` … `!endif`: whether its lines count now, and whether a branch of it has counted before.
    struct Branch {
        bool counts;
        bool taken;
        bool outer_counts;
        std::string place; // "folder/sources:12"
    };

    Result<void> read_one(const std::filesystem::path& file, int depth);
    Result<void> read_lines(std::string_view text, const std::filesystem::path& file, int depth);
    Result<void> take_statement(std::string_view written, const std::filesystem::path& file, int depth);
    Result<void> take_directive(std::string_view directive, const std::filesystem::path& file, int depth);
    Result<void> take_other_directive(std::string_view word, std::string_view rest, const std::filesystem::path& file,
                                      int depth);
    Result<void> take_include(std::string_view written, const std::filesystem::path& file, int depth);
    void take_macro_or_rule(std::string_view line);
    void set_macro(std::string_view name, std::string_view written);
    std::string expand(std::string_view text, int depth = 0) const;
    std::string value_of(std::string_view reference, int depth) const;
    bool condition_holds(std::string_view condition);
    std::string here() const;
    void note_here(const std::string& text);

    std::filesystem::path file_;
    NmakeMacros macros_;
    NmakeMacros places_;  // of macros
    std::string reading_; // the file's name, and the line a statement begins at
    int line_ = 0;
    bool in_rule_ = false; // its commands follow
    std::vector<Branch> branches_;
    std::vector<std::filesystem::path> files_read_;
    std::vector<std::string> notes_;
};

} // namespace openportcls::drivertools
