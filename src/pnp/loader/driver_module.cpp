#include "pnp/loader/driver_module.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <mutex>
#include <string>
#include <sys/mman.h>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

#include "pnp/exports.h"
#include "pnp/loader/import_check.h"
#include "pnp/loader/module_image.h"

namespace openportcls::pnp {

// A mapped image. Lives until its file has changed, or the process ends.
struct ModuleInstance {
    ~ModuleInstance() {
        if (handle != nullptr) {
            dlclose(handle);
        }
        if (copy_descriptor >= 0) {
            ::close(copy_descriptor);
        }
    }

    std::filesystem::path path;
    ModuleImage image;
    drivertools::ModuleNote note;
    bool in_use = false;
    bool used_before = false;
    void* handle = nullptr;
    int copy_descriptor = -1; // kept open: debuggers and symbolizers read the copy through it
    char* base = nullptr;
    PDRIVER_INITIALIZE driver_entry = nullptr;
    std::vector<char> pristine; // the writable ranges one after the other, as they were when the image was loaded
};

namespace {

// The modules of this process. Machines on different threads share it.
struct ModuleCache {
    std::mutex mutex;
    std::vector<std::unique_ptr<ModuleInstance>> instances;
};

ModuleCache& cache() {
    // Never destroyed: sanitizers report leaks, and profiles are written, after static destructors have run.
    static ModuleCache& the_cache = *new ModuleCache;
    return the_cache;
}

// Modules bind to libopenportcls by name, which needs it in the global scope; it is not there when the library itself
// was loaded by dlopen.
void promote_this_library() {
    static const bool done = [] {
        Dl_info information{};
        if (dladdr(reinterpret_cast<void*>(&find_export), &information) != 0 && information.dli_fname != nullptr) {
            dlopen(information.dli_fname, RTLD_NOW | RTLD_GLOBAL | RTLD_NOLOAD);
        }
        return true;
    }();
    (void)done;
}

Result<drivertools::ModuleNote> check(const std::filesystem::path& path, const ModuleImage& image) {
    auto note = drivertools::parse_note_text(image.note);
    if (!note) {
        return Error{STATUS_INVALID_IMAGE_FORMAT, fmt::format("{}: {}", path.string(), note.error().message)};
    }
    if (note->abi_version != drivertools::module_abi_version) {
        return Error{STATUS_REVISION_MISMATCH,
                     fmt::format("{}: built for version {} of the module interface, this is version {}; build it again "
                                 "with `portcls build {}`",
                                 path.string(), note->abi_version, drivertools::module_abi_version,
                                 note->source_folder.string())};
    }
    promote_this_library();
    if (auto imports = check_imports(path, image, *note); !imports) {
        return imports.error();
    }
    return note;
}

Result<int> private_copy(const std::filesystem::path& path) {
    const int from = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    const int to = from < 0 ? -1 : ::memfd_create(path.filename().c_str(), MFD_CLOEXEC);
    bool failed = to < 0;
    std::array<char, 1 << 16> buffer;
    while (!failed) {
        const auto count = ::read(from, buffer.data(), buffer.size());
        if (count <= 0) {
            failed = count < 0;
            break;
        }
        failed = ::write(to, buffer.data(), static_cast<std::size_t>(count)) != count;
    }
    const int error_number = errno;
    if (from >= 0) {
        ::close(from);
    }
    if (!failed) {
        return to;
    }
    if (to >= 0) {
        ::close(to);
    }
    return Error{STATUS_INSUFFICIENT_RESOURCES,
                 fmt::format("{}: no copy for a second instance: {}", path.string(), std::strerror(error_number))};
}

template<class Function>
void for_each_writable(const ModuleInstance& instance, Function&& function) {
    std::size_t offset = 0;
    for (const ModuleRange& range : instance.image.writable) {
        const std::size_t size = range.end - range.begin;
        function(range, offset, size);
        offset += size;
    }
}

// In assembler, so that sanitizers do not see it: redzones between globals are data here.
void copy_bytes(char* to, const char* from, std::size_t size) {
    asm volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(size) : : "memory");
}

void take_pristine(ModuleInstance& instance) {
    for_each_writable(instance, [&](const ModuleRange& range, std::size_t, std::size_t size) {
        const std::size_t offset = instance.pristine.size();
        instance.pristine.resize(offset + size);
        copy_bytes(instance.pristine.data() + offset, instance.base + range.begin, size);
    });
}

// LeakSanitizer looks for pointers in all that a module has for variables.
void put_up_fence(const ModuleInstance& instance) {
    const bool is_read = dlsym(RTLD_DEFAULT, "__lsan_do_leak_check") != nullptr;
    const ModuleRange& fence = instance.image.fence;
    mprotect(instance.base + fence.begin, fence.end - fence.begin, is_read ? PROT_READ : PROT_NONE);
}

void make_fresh(ModuleInstance& instance) {
    for_each_writable(instance, [&](const ModuleRange& range, std::size_t offset, std::size_t) {
        std::uint64_t at = range.begin;
        const auto restore_until = [&](std::uint64_t end) {
            if (end > at) {
                copy_bytes(instance.base + at, instance.pristine.data() + offset + (at - range.begin), end - at);
            }
        };
        for (const ModuleRange& kept : instance.image.keep) {
            if (kept.end > at && kept.begin < range.end) {
                restore_until(kept.begin);
                at = kept.end;
            }
        }
        restore_until(range.end);
    });
}

Result<std::unique_ptr<ModuleInstance>> map_module(const std::filesystem::path& path, bool as_copy) {
    auto image = ModuleImage::read(path);
    if (!image) {
        return image.error();
    }
    auto note = check(path, *image);
    if (!note) {
        return note.error();
    }
    auto instance = std::make_unique<ModuleInstance>();
    instance->path = path;
    instance->image = std::move(*image);
    instance->note = std::move(*note);
    std::string file = std::filesystem::absolute(path).string();
    if (as_copy) {
        auto copy = private_copy(path);
        if (!copy) {
            return copy.error();
        }
        instance->copy_descriptor = *copy;
        file = fmt::format("/proc/{}/fd/{}", ::getpid(), *copy);
    }
    instance->handle = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (instance->handle == nullptr) {
        const char* message = dlerror();
        return Error{STATUS_INVALID_IMAGE_FORMAT, fmt::format("{}: the dynamic linker refuses it: {}", path.string(),
                                                              message != nullptr ? message : "without a reason")};
    }
    link_map* map = nullptr;
    dlinfo(instance->handle, RTLD_DI_LINKMAP, &map);
    instance->base = reinterpret_cast<char*>(map->l_addr);
    instance->driver_entry = reinterpret_cast<PDRIVER_INITIALIZE>(dlsym(instance->handle, "DriverEntry"));
    put_up_fence(*instance);
    take_pristine(*instance);
    return instance;
}

} // namespace

Result<drivertools::ModuleNote> examine_module(const std::filesystem::path& path) {
    auto image = ModuleImage::read(path);
    if (!image) {
        return image.error();
    }
    return check(path, *image);
}

Result<std::unique_ptr<DriverModule>> DriverModule::load(const std::filesystem::path& path) {
    auto identity = identify_file(path);
    if (!identity) {
        return identity.error();
    }
    ModuleCache& modules = cache();
    const std::lock_guard lock(modules.mutex);
    // What was built anew meanwhile is not wanted any more.
    std::erase_if(modules.instances, [&](const auto& instance) {
        return !instance->in_use && instance->path == path && instance->image.identity != *identity;
    });
    ModuleInstance* chosen = nullptr;
    bool file_is_mapped = false;
    for (const auto& instance : modules.instances) {
        if (!instance->in_use && instance->image.identity == *identity) {
            chosen = instance.get();
            break;
        }
        file_is_mapped |= instance->image.identity.same_file(*identity);
    }
    if (chosen == nullptr) {
        auto mapped = map_module(path, file_is_mapped);
        if (!mapped) {
            return mapped.error();
        }
        modules.instances.push_back(std::move(*mapped));
        chosen = modules.instances.back().get();
    }
    if (chosen->used_before) {
        make_fresh(*chosen);
    }
    chosen->in_use = true;
    chosen->used_before = true;
    return std::unique_ptr<DriverModule>(new DriverModule(*chosen));
}

DriverModule::~DriverModule() {
    const std::lock_guard lock(cache().mutex);
    instance_.in_use = false;
}

PDRIVER_INITIALIZE DriverModule::driver_entry() const {
    return instance_.driver_entry;
}

namespace {

using StaticFunction = void(NTAPI*)();

std::span<const StaticFunction> functions_in(const ModuleInstance& instance, const ModuleRange& range) {
    const auto* first = reinterpret_cast<const StaticFunction*>(instance.base + range.begin);
    return {first, (range.end - range.begin) / sizeof(StaticFunction)};
}

} // namespace

void DriverModule::make_static_objects() const {
    for (const ModuleRange& range : instance_.image.constructors) {
        for (const StaticFunction function : functions_in(instance_, range)) {
            function();
        }
    }
}

void DriverModule::destroy_static_objects() const {
    const auto table = functions_in(instance_, instance_.image.destructors);
    if (table.empty()) {
        return;
    }
    auto count = std::min(reinterpret_cast<std::uintptr_t>(table[0]), table.size() - 1);
    while (count != 0) {
        table[count--]();
    }
}

void* DriverModule::begin() const {
    return instance_.base;
}
std::size_t DriverModule::size() const {
    return instance_.image.image_size;
}
const drivertools::ModuleNote& DriverModule::note() const {
    return instance_.note;
}
std::span<const ModuleImport> DriverModule::imports() const {
    return instance_.image.imports;
}

} // namespace openportcls::pnp
