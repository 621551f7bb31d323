#include "executive/files/files.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ntddk.h>

#include "base/unicode.h"
#include "executive/objects/object_manager.h"

namespace openportcls::executive {
namespace {

constexpr CSHORT file_object_type = 5; // IO_TYPE_FILE

} // namespace

void OpenFile::set_path(std::u16string_view new_path) {
    path = new_path;
    const auto bytes = static_cast<USHORT>(path.size() * sizeof(WCHAR));
    object.FileName = {bytes, bytes, path.data()};
}

Files::Files(machine::Machine& machine) : machine_(machine) {
    KeQuerySystemTimePrecise(&file_time_);
    ObjectManager& objects = ObjectManager::of(machine);
    objects.add(&volume_, object_types::device, {});
    objects.insert_name(u"\\Device\\HarddiskVolume1", &volume_, true);
    objects.create_symbolic_link(u"\\GLOBAL??\\C:", u"\\Device\\HarddiskVolume1");
    objects.create_symbolic_link(u"\\SystemRoot", u"\\Device\\HarddiskVolume1\\Windows");
    // Where drivers are to keep their data from Windows 8.1 on.
    objects.create_symbolic_link(u"\\DriverData", u"\\Device\\HarddiskVolume1\\Windows\\System32\\drivers\\DriverData");
}

Files::~Files() = default;

Files& Files::of(machine::Machine& machine) {
    auto* existing = machine.find_subsystem<Files>();
    return existing != nullptr ? *existing : machine.add_subsystem<Files>();
}

Files& Files::current() {
    return of(machine::Machine::current());
}

OpenFile* Files::find(const FILE_OBJECT* object) {
    const auto found =
        std::find_if(open_.begin(), open_.end(), [&](const auto& file) { return &file->object == object; });
    return found == open_.end() ? nullptr : found->get();
}

bool Files::is_shared(std::uint64_t identity, ACCESS_MASK access, ULONG share_access) const {
    const auto wants = [](ACCESS_MASK mask, ACCESS_MASK rights) { return (mask & rights) != 0; };
    constexpr ACCESS_MASK reading = FILE_READ_DATA | FILE_EXECUTE;
    constexpr ACCESS_MASK writing = FILE_WRITE_DATA | FILE_APPEND_DATA;
    constexpr ACCESS_MASK deleting = DELETE;
    return std::all_of(open_.begin(), open_.end(), [&](const std::unique_ptr<OpenFile>& other) {
        if (other->identity != identity) {
            return true;
        }
        const bool others_allow = (!wants(access, reading) || (other->share_access & FILE_SHARE_READ) != 0) &&
                                  (!wants(access, writing) || (other->share_access & FILE_SHARE_WRITE) != 0) &&
                                  (!wants(access, deleting) || (other->share_access & FILE_SHARE_DELETE) != 0);
        const bool allows_others = (!wants(other->access, reading) || (share_access & FILE_SHARE_READ) != 0) &&
                                   (!wants(other->access, writing) || (share_access & FILE_SHARE_WRITE) != 0) &&
                                   (!wants(other->access, deleting) || (share_access & FILE_SHARE_DELETE) != 0);
        // Only opens that touch data or delete take part in sharing, on either side.
        const bool concerned = wants(access, reading | writing | deleting);
        const bool other_concerned = wants(other->access, reading | writing | deleting);
        return !concerned || !other_concerned || (others_allow && allows_others);
    });
}

NTSTATUS Files::open(const OpenRequest& request, OpenFile** result, ULONG_PTR* information) {
    const Sandbox::Kind kind = (request.create_options & FILE_DIRECTORY_FILE) != 0       ? Sandbox::Kind::directory
                               : (request.create_options & FILE_NON_DIRECTORY_FILE) != 0 ? Sandbox::Kind::file
                                                                                         : Sandbox::Kind::any;
    SandboxOpen opened;
    NTSTATUS status = sandbox_.open(request.path, request.disposition, kind, opened);
    *information = static_cast<ULONG_PTR>(opened.outcome);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    const bool is_going = std::any_of(open_.begin(), open_.end(), [&](const std::unique_ptr<OpenFile>& other) {
        return other->identity == opened.identity && other->object.DeletePending;
    });
    if (is_going) {
        *information = 0;
        return STATUS_DELETE_PENDING;
    }
    if (!is_shared(opened.identity, request.access, request.share_access)) {
        *information = 0;
        return STATUS_SHARING_VIOLATION;
    }
    const bool truncates = opened.outcome == FileOutcome::overwritten || opened.outcome == FileOutcome::superseded;
    if (truncates && ftruncate(opened.file.descriptor(), 0) != 0) {
        return status_of_errno(errno);
    }
    auto file = std::make_unique<OpenFile>();
    file->object.Type = file_object_type;
    file->object.Size = sizeof(FILE_OBJECT);
    file->object.ReadAccess = (request.access & (FILE_READ_DATA | FILE_EXECUTE)) != 0;
    file->object.WriteAccess = (request.access & (FILE_WRITE_DATA | FILE_APPEND_DATA)) != 0;
    file->object.DeleteAccess = (request.access & DELETE) != 0;
    file->object.SharedRead = (request.share_access & FILE_SHARE_READ) != 0;
    file->object.SharedWrite = (request.share_access & FILE_SHARE_WRITE) != 0;
    file->object.SharedDelete = (request.share_access & FILE_SHARE_DELETE) != 0;
    file->set_path(request.path);
    file->file = std::move(opened.file);
    file->folder = std::move(opened.folder);
    file->host_name = std::move(opened.host_name);
    file->identity = opened.identity;
    file->is_directory = opened.is_directory;
    file->synchronous = (request.create_options & (FILE_SYNCHRONOUS_IO_ALERT | FILE_SYNCHRONOUS_IO_NONALERT)) != 0;
    file->object.Flags |= file->synchronous ? FO_SYNCHRONOUS_IO : 0U;
    file->delete_on_close = (request.create_options & FILE_DELETE_ON_CLOSE) != 0;
    file->access = request.access;
    file->share_access = request.share_access;
    file->create_options = request.create_options;
    KeInitializeEvent(&file->object.Event, NotificationEvent, FALSE);

    *result = file.get();
    open_.push_back(std::move(file));
    ObjectManager::of(machine_).add(&(*result)->object, object_types::file,
                                    {.destroy = [](machine::Machine& machine, void* body) {
                                        Files& files = Files::of(machine);
                                        files.close(*files.find(static_cast<FILE_OBJECT*>(body)));
                                    }});
    return STATUS_SUCCESS;
}

bool Files::is_open(std::uint64_t identity) const {
    return std::any_of(open_.begin(), open_.end(), [&](const auto& file) { return file->identity == identity; });
}

bool Files::is_open_below(std::u16string_view folder) const {
    return std::any_of(open_.begin(), open_.end(), [&](const auto& file) {
        const std::u16string_view path = file->path;
        return path.size() > folder.size() && path[folder.size()] == u'\\' &&
               equal_ignoring_case(path.substr(0, folder.size()), folder);
    });
}

NTSTATUS Files::check_replacement(const SandboxPlace& place, bool replace) const {
    if (!replace) {
        return STATUS_OBJECT_NAME_COLLISION;
    }
    return place.is_file && !is_open(place.identity) ? STATUS_SUCCESS : STATUS_ACCESS_DENIED;
}

NTSTATUS Files::rename(OpenFile& file, std::u16string_view path, bool replace) {
    if (file.host_name.empty() || (file.is_directory && is_open_below(file.path))) {
        return STATUS_ACCESS_DENIED; // the root, or a folder in use
    }
    SandboxPlace place;
    NTSTATUS status = sandbox_.locate(path, place);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    const bool is_itself = place.exists && place.identity == file.identity;
    if (place.exists && !is_itself) {
        status = check_replacement(place, replace);
        if (!NT_SUCCESS(status)) {
            return status;
        }
    }
    if (is_itself) { // another case of the same name
        place.host_name = utf16_to_utf8(path.substr(path.find_last_of(u'\\') + 1));
    }
    if (renameat(file.folder.descriptor(), file.host_name.c_str(), place.folder.descriptor(),
                 place.host_name.c_str()) != 0) {
        return status_of_errno(errno);
    }
    const std::uint64_t identity = file.identity;
    for (const auto& other : open_) {
        if (other->identity == identity) {
            other->folder = HostFile(openat(place.folder.descriptor(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
            other->host_name = place.host_name;
            other->set_path(path);
        }
    }
    return STATUS_SUCCESS;
}

void Files::close(OpenFile& file) {
    if (file.delete_on_close && !file.host_name.empty()) {
        unlinkat(file.folder.descriptor(), file.host_name.c_str(), file.is_directory ? AT_REMOVEDIR : 0);
    }
    std::erase_if(open_, [&](const auto& entry) { return entry.get() == &file; });
}

} // namespace openportcls::executive
