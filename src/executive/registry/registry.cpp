#include "executive/registry/registry.h"

#include <cerrno>
#include <fcntl.h>
#include <fstream>
#include <sys/file.h>
#include <system_error>
#include <unistd.h>

#include "base/file_links.h"
#include "base/host_file.h"
#include "executive/objects/object_manager.h"
#include "executive/registry/hive_file.h"
#include "executive/registry/key_path.h"
#include "executive/registry/media_categories.h"

namespace openportcls::executive {
namespace {

std::filesystem::path written_before(std::filesystem::path file) {
    return file += ".new";
}

// One process, and one machine of it, at a time writes into the folder. Where the host has no such locks there is none.
class FolderLock {
public:
    explicit FolderLock(const std::filesystem::path& folder)
        : descriptor_(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
        while (descriptor_ >= 0 && ::flock(descriptor_, LOCK_EX) != 0 && errno == EINTR) {
        }
    }
    ~FolderLock() {
        if (descriptor_ >= 0) {
            ::close(descriptor_);
        }
    }
    FolderLock(const FolderLock&) = delete;
    FolderLock& operator=(const FolderLock&) = delete;

private:
    int descriptor_;
};

} // namespace

Registry::Registry(machine::Machine& machine) : machine_(machine), root_(RegistryKey::make_root(u"REGISTRY")) {
    create_layout();
}

Registry::~Registry() {
    (void)save();
}

Registry& Registry::of(machine::Machine& machine) {
    auto* existing = machine.find_subsystem<Registry>();
    return existing != nullptr ? *existing : machine.add_subsystem<Registry>();
}

Registry& Registry::current() {
    return of(machine::Machine::current());
}

void Registry::create_layout() {
    using namespace registry_paths;
    for (const std::u16string_view path : {services, enumerated, classes, device_classes}) {
        create(path);
    }
    create(media_categories)->fill_on_demand(name_media_categories);
    create(u"\\Registry\\User\\.Default");
    create(u"\\Registry\\Machine\\Hardware\\DeviceMap");
    create(u"\\Registry\\Machine\\Software\\Microsoft\\Windows\\CurrentVersion");
    const auto windows_nt = create(u"\\Registry\\Machine\\Software\\Microsoft\\Windows NT\\CurrentVersion");
    windows_nt->set_string(u"SystemRoot", u"C:\\Windows");
}

std::int64_t Registry::now() const {
    LARGE_INTEGER time;
    KeQuerySystemTimePrecise(&time);
    return time.QuadPart;
}

NTSTATUS Registry::walk(std::u16string_view path, const RegistryKey* base, std::shared_ptr<RegistryKey>* parent,
                        std::u16string_view* last) const {
    const RegistryKey* key = base;
    if (base == nullptr) {
        if (!path.starts_with(u'\\')) {
            return STATUS_OBJECT_PATH_SYNTAX_BAD;
        }
        if (!equal_ignoring_case(take_key_name(path), root_->name())) {
            return STATUS_OBJECT_PATH_NOT_FOUND;
        }
        key = root_.get();
    } else if (path.starts_with(u'\\')) {
        return STATUS_OBJECT_PATH_SYNTAX_BAD;
    } else if (base->is_deleted()) {
        return STATUS_KEY_DELETED;
    }
    std::shared_ptr<RegistryKey> held = std::const_pointer_cast<RegistryKey>(key->shared_from_this());
    *last = {};
    while (!path.empty()) {
        const std::u16string_view component = take_key_name(path);
        if (component.size() > RegistryKey::longest_name) {
            return STATUS_OBJECT_NAME_INVALID;
        }
        if (path.empty()) {
            *last = component;
            break;
        }
        held = held->subkey(component);
        if (held == nullptr) {
            return STATUS_OBJECT_NAME_NOT_FOUND;
        }
    }
    *parent = std::move(held);
    return STATUS_SUCCESS;
}

NTSTATUS Registry::open_key(std::u16string_view path, const RegistryKey* base,
                            std::shared_ptr<RegistryKey>* key) const {
    std::shared_ptr<RegistryKey> parent;
    std::u16string_view last;
    const NTSTATUS status = walk(path, base, &parent, &last);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    *key = last.empty() ? parent : parent->subkey(last);
    return *key != nullptr ? STATUS_SUCCESS : STATUS_OBJECT_NAME_NOT_FOUND;
}

NTSTATUS Registry::create_key(std::u16string_view path, const RegistryKey* base, bool is_volatile,
                              std::shared_ptr<RegistryKey>* key, bool* created) {
    std::shared_ptr<RegistryKey> parent;
    std::u16string_view last;
    const NTSTATUS status = walk(path, base, &parent, &last);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    *key = last.empty() ? parent : parent->subkey(last);
    *created = *key == nullptr;
    if (*created) {
        if (parent->is_volatile() && !is_volatile) {
            return STATUS_CHILD_MUST_BE_VOLATILE;
        }
        *key = parent->add_subkey(last, is_volatile);
        changed(*parent);
        changed(**key);
    }
    return STATUS_SUCCESS;
}

std::shared_ptr<RegistryKey> Registry::find(std::u16string_view path, const RegistryKey* base) const {
    std::shared_ptr<RegistryKey> key;
    return NT_SUCCESS(open_key(path, base, &key)) ? key : nullptr;
}

std::shared_ptr<RegistryKey> Registry::create(std::u16string_view path, const RegistryKey* base) {
    const std::shared_ptr<RegistryKey> key =
        base != nullptr ? std::const_pointer_cast<RegistryKey>(base->shared_from_this()) : root_;
    if (base == nullptr && !equal_ignoring_case(take_key_name(path), root_->name())) {
        return nullptr;
    }
    return key->create(path);
}

HANDLE Registry::open_handle(const std::shared_ptr<RegistryKey>& key, ACCESS_MASK desired_access, ULONG attributes) {
    ObjectManager& objects = ObjectManager::of(machine_);
    void* const body = objects.create_opaque(object_types::key, std::make_shared<KeyObject>(KeyObject{key}), nullptr);
    HANDLE handle = objects.open_handle(body, object_types::key.map(desired_access), attributes);
    objects.dereference(body); // the handle keeps it
    return handle;
}

NTSTATUS Registry::open_handle(std::u16string_view path, ACCESS_MASK desired_access, bool create_missing,
                               HANDLE* handle) {
    *handle = nullptr;
    std::shared_ptr<RegistryKey> key = create_missing ? create(path) : nullptr;
    const NTSTATUS status = key != nullptr ? STATUS_SUCCESS : open_key(path, nullptr, &key);
    if (NT_SUCCESS(status)) {
        *handle = open_handle(key, desired_access);
    }
    return status;
}

NTSTATUS Registry::key_of(HANDLE handle, ACCESS_MASK needed_access, std::shared_ptr<RegistryKey>* key) const {
    void* body = nullptr;
    ACCESS_MASK granted = 0;
    const NTSTATUS status =
        ObjectManager::of(machine_).find_by_handle(handle, &object_types::key, 0, KernelMode, &body, &granted);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    // Checked for kernel callers too, as the pages of the Zw functions say (R-REG-05).
    if ((needed_access & ~granted) != 0) {
        return STATUS_ACCESS_DENIED;
    }
    *key = ObjectManager::of(machine_).state_of<KeyObject>(body, object_types::key)->key;
    return (*key)->is_deleted() ? STATUS_KEY_DELETED : STATUS_SUCCESS;
}

Result<void> Registry::persist_in(const std::filesystem::path& file) {
    // Where a link leads is what save() replaces, not the link.
    const auto target = follow_links(file);
    if (!target) {
        return target.error();
    }
    std::error_code problem;
    const auto status = std::filesystem::status(file, problem);
    // Names that are too long, and links that lead to each other, can be no file: there would be nothing to find at the
    // end. save() needs one of its own beside it.
    if (!status_known(status) || !status_known(std::filesystem::status(written_before(*target), problem))) {
        return Error{STATUS_OBJECT_NAME_INVALID,
                     file.string() + ": the registry cannot be kept there: " + problem.message()};
    }
    if (std::filesystem::exists(status)) {
        // Opening a pipe would wait for its other end. What cannot be read must not be taken for a new registry, which
        // would be written over it.
        const Result<std::string> text =
            std::filesystem::is_regular_file(status) ? read_host_file(file) : Result<std::string>(Error{});
        if (!text) {
            return Error{STATUS_REGISTRY_IO_FAILED, file.string() + ": cannot be read as a registry file"};
        }
        if (auto read = read_hive(*text, *root_); !read) {
            return Error{read.error().status, file.string() + ": " + read.error().message};
        }
    } else {
        const auto folder = std::filesystem::absolute(*target).parent_path();
        if (!std::filesystem::is_directory(folder, problem) || ::access(folder.c_str(), W_OK) != 0) {
            return Error{STATUS_OBJECT_PATH_NOT_FOUND,
                         file.string() + ": the registry cannot be kept in the folder " + folder.string()};
        }
    }
    file_ = *target;
    last_saved_ = write_hive(*root_);
    return {};
}

Result<void> Registry::save() const {
    if (file_.empty()) {
        return {};
    }
    const FolderLock only_writer(std::filesystem::absolute(file_).parent_path());
    const std::string mine = write_hive(*root_);
    std::string text = mine;
    std::error_code unknown;
    const auto status = std::filesystem::status(file_, unknown);
    if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
        return Error{STATUS_REGISTRY_IO_FAILED, file_.string() + ": is no registry file any more"};
    }
    // What other machines have written there meanwhile stays, but for what has changed here.
    if (const Result<std::string> theirs = read_host_file(file_); theirs && *theirs != last_saved_) {
        auto merged = merge_hives(last_saved_, mine, *theirs);
        if (!merged) {
            return Error{STATUS_REGISTRY_IO_FAILED, file_.string() + ": " + merged.error().message};
        }
        text = std::move(*merged);
    }
    // Written beside and renamed, so that a crash leaves the old or the new text.
    const std::filesystem::path temporary = written_before(file_);
    {
        std::ofstream stream(temporary, std::ios::binary | std::ios::trunc);
        stream << text;
        if (!stream.flush()) {
            return Error{STATUS_REGISTRY_IO_FAILED, "cannot write the registry to " + temporary.string()};
        }
    }
    std::error_code problem;
    std::filesystem::rename(temporary, file_, problem);
    if (problem) {
        return Error{STATUS_REGISTRY_IO_FAILED, "cannot rename to " + file_.string() + ": " + problem.message()};
    }
    last_saved_ = mine;
    return {};
}

} // namespace openportcls::executive
