// The files that a command line names.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <openportcls/result.hpp>

namespace openportcls::cli {

struct NamedFile {
    std::string role; // "--out wav:heard.wav"
    std::filesystem::path path;
    bool is_written = true;
};

// As elsewhere, "-" is no file but standard output.
inline constexpr const char* standard_output_file = "-";

// Two names of one regular file, of which one is written to, would lose what the other is there for.
Result<void> check_distinct(const std::vector<NamedFile>& files);

} // namespace openportcls::cli
