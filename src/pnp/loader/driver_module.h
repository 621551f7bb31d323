// A driver's code in this process. Each instance has globals of its own, as fresh as the file has them.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include <wdm.h>

#include "base/result.h"
#include "drivertools/module_note.h"

namespace openportcls::pnp {

struct ModuleImport;
struct ModuleInstance;

// What is known of a module file without running any of it: the checks of loader/module_image.h and import_check.h.
Result<drivertools::ModuleNote> examine_module(const std::filesystem::path& path);

// One use of a module. Giving it back keeps the code mapped, at the same address: the next use of an unchanged file
// only makes its data fresh again, breakpoints stay, and leak reports of sanitizers still find the names. A second use
// at the same time gets a copy of its own.
class DriverModule {
public:
    static Result<std::unique_ptr<DriverModule>> load(const std::filesystem::path& path);
    ~DriverModule();
    DriverModule(const DriverModule&) = delete;
    DriverModule& operator=(const DriverModule&) = delete;

    PDRIVER_INITIALIZE driver_entry() const;
    // Driver code: to be called inside the machine, before DriverEntry and after DriverUnload.
    void make_static_objects() const;
    void destroy_static_objects() const;
    void* begin() const; // of the image
    std::size_t size() const;
    const drivertools::ModuleNote& note() const;
    std::span<const ModuleImport> imports() const;

private:
    explicit DriverModule(ModuleInstance& instance) : instance_(instance) {}
    ModuleInstance& instance_;
};

} // namespace openportcls::pnp
