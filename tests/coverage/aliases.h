// Exports that drivers call by another name: a macro or inline function of include/wdk.
#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>

namespace coverage {

// "IofCallDriver" -> {"IoCallDriver"}, "opc_sin" -> {"sin", "sinf"}
using Aliases = std::map<std::string, std::set<std::string>>;

Aliases read_aliases(const std::filesystem::path& headers);

} // namespace coverage
