// Where the compiler and its companions are.
#pragma once

#include "base/result.h"

#include <filesystem>
#include <string>
#include <string_view>

namespace openportcls::drivertools {

struct Toolchain {
    std::filesystem::path clang; // for C
    std::filesystem::path clang_cpp;
    std::filesystem::path linker;  // ld.lld
    std::filesystem::path objcopy; // llvm-objcopy
    std::filesystem::path undname; // llvm-undname
    std::string identity;          // changes when a tool is replaced; part of every cache key

    // The compiler's own folder; its `include` has the headers of vector types.
    std::filesystem::path resource_folder() const;
    std::filesystem::path runtime_library(std::string_view name) const; // "asan-x86_64.so"
};

// The versions this was measured with come first; OPENPORTCLS_LLVM names the folder of another set of tools.
Result<Toolchain> find_toolchain();

// One tool of the same set that is needed only now and then, such as "llvm-cov".
Result<std::filesystem::path> find_llvm_tool(std::string_view name);

} // namespace openportcls::drivertools
