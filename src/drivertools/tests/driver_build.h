// What tests of whole builds share: a folder for a driver's sources, a request, a way to run the module.
#pragma once

#include "drivertools/drivertools.h"
#include "drivertools/elf_file.h"
#include "temporary_folder.h"

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <link.h>
#include <set>
#include <string>

namespace openportcls::drivertools {

// What the test drivers here import; the builds of real drivers use libopenportcls itself.
inline constexpr std::string_view few_exports[] = {"DbgPrint"};

class Build : public testing::Test {
protected:
    BuildRequest request(const std::filesystem::path& path) {
        BuildRequest request;
        request.path = path;
        request.output = folder / "out.so";
        request.cache_directory = cache;
        request.exports = few_exports;
        request.on_diagnostics = [this](std::string_view text) { diagnostics += text; };
        return request;
    }

    Result<BuildReport> build(const BuildRequest& asked) {
        diagnostics.clear();
        return build_driver(asked);
    }

    static std::string message(const Result<BuildReport>& report) {
        return report ? std::string() : report.error().message;
    }

    TemporaryFolder folder;
    std::string diagnostics;
    // Kept between runs, so that the runtime for drivers is compiled once; a test's own files are always new to it.
    const std::filesystem::path cache = OPENPORTCLS_TEST_CACHE;
};

using DriverEntry = std::int32_t __attribute__((ms_abi)) (*)(void*, void*);

class LoadedModule {
public:
    explicit LoadedModule(const std::filesystem::path& file) : handle_(::dlopen(file.c_str(), RTLD_NOW)) {
        EXPECT_NE(handle_, nullptr) << ::dlerror();
        if (handle_)
            make_static_objects(file);
    }
    ~LoadedModule() {
        if (handle_)
            ::dlclose(handle_);
    }
    std::int32_t enter() const {
        auto entry = handle_ ? reinterpret_cast<DriverEntry>(::dlsym(handle_, "DriverEntry")) : nullptr;
        EXPECT_NE(entry, nullptr);
        return entry ? entry(nullptr, nullptr) : -1;
    }

private:
    // As the machine's loader does; priorities aside.
    void make_static_objects(const std::filesystem::path& file) {
        auto elf = ElfFile::open(file);
        const auto* constructors = elf ? elf->section(constructors_section) : nullptr;
        link_map* map = nullptr;
        if (!constructors || ::dlinfo(handle_, RTLD_DI_LINKMAP, &map) != 0)
            return;
        using Constructor = void(__attribute__((ms_abi))*)();
        const auto* functions = reinterpret_cast<const Constructor*>(map->l_addr + constructors->address);
        for (std::uint64_t index = 0; index < constructors->size / sizeof(Constructor); ++index)
            functions[index]();
    }

    void* handle_;
};

inline constexpr const char* entry_returning_three = "extern \"C\" long DriverEntry(void*, void*) { return 3; }\n";

inline std::set<std::string> local_names(const std::filesystem::path& module) {
    std::set<std::string> names;
    auto file = ElfFile::open(module);
    EXPECT_TRUE(file);
    if (file)
        for (const auto& symbol : file->symbols())
            names.emplace(symbol.name);
    return names;
}

} // namespace openportcls::drivertools
