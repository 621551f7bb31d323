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
    const std::vector<std::filesystem::path>& files_read() const { return files_read_; }
    const std::vector<std::string>& notes() const { return notes_; }

private:
    // One `!if` … `!endif`: whether its lines count now, and whether a branch of it has counted before.
    struct Branch {
        bool counts;
        bool taken;
        bool outer_counts;
    };

    Result<void> read_one(const std::filesystem::path& file, int depth);
    Result<void> take_directive(std::string_view directive, const std::filesystem::path& file, int line, int depth);
    void take_macro(std::string_view line);
    std::string expand(std::string_view text, int depth = 0) const;
    bool condition_holds(std::string_view condition) const;

    std::filesystem::path file_;
    NmakeMacros macros_;
    std::vector<Branch> branches_;
    std::vector<std::filesystem::path> files_read_;
    std::vector<std::string> notes_;
};

} // namespace openportcls::drivertools
