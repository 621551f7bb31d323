// Zw…File: opening, reading, writing. Names that lead to a device are opened by the I/O manager.
#include <algorithm>
#include <cerrno>
#include <optional>
#include <sys/stat.h>
#include <unistd.h>

#include <ntddk.h>

#include "executive/files/completion_notice.h"
#include "executive/files/files.h"
#include "executive/io/io_manager.h"
#include "executive/io/transfer.h"
#include "executive/irql_check.h"
#include "executive/objects/object_manager.h"
#include "executive/rtl/counted_text.h"

using namespace openportcls;
using namespace openportcls::executive;

namespace {

// Special values of ByteOffset.
constexpr LONGLONG write_to_end_of_file = -1;      // FILE_WRITE_TO_END_OF_FILE
constexpr LONGLONG use_file_pointer_position = -2; // FILE_USE_FILE_POINTER_POSITION

constexpr ULONG synchronous_options = FILE_SYNCHRONOUS_IO_ALERT | FILE_SYNCHRONOUS_IO_NONALERT;

// The page asks for SYNCHRONIZE with synchronous access, but shipped drivers do without (Microsoft's simpleaudiosample
// opens its folder with no access at all): kernel-mode callers are not held to it.
NTSTATUS check_options(ACCESS_MASK access, ULONG disposition, ULONG options) {
    const bool both_synchronous = (options & synchronous_options) == synchronous_options;
    const bool both_kinds = (options & FILE_DIRECTORY_FILE) != 0 && (options & FILE_NON_DIRECTORY_FILE) != 0;
    const bool bad_directory = (options & FILE_DIRECTORY_FILE) != 0 && disposition != FILE_OPEN &&
                               disposition != FILE_CREATE && disposition != FILE_OPEN_IF;
    const bool cannot_delete = (options & FILE_DELETE_ON_CLOSE) != 0 && (access & DELETE) == 0;
    if (disposition > FILE_OVERWRITE_IF || both_synchronous || both_kinds || bad_directory || cannot_delete) {
        return STATUS_INVALID_PARAMETER;
    }
    return STATUS_SUCCESS;
}

// What an object name leads to.
struct Target {
    bool is_file = false; // of the sandbox
    std::u16string path;  // from the volume's root, or the device's whole name
    FILE_OBJECT* related = nullptr;
};

NTSTATUS find_target(const OBJECT_ATTRIBUTES* attributes, Target* target) {
    if (attributes == nullptr || attributes->Length != sizeof(OBJECT_ATTRIBUTES)) {
        return STATUS_INVALID_PARAMETER;
    }
    ObjectManager& objects = ObjectManager::current();
    Files& files = Files::current();
    target->path = text_of(attributes->ObjectName);
    if (attributes->RootDirectory != nullptr) {
        void* body = nullptr;
        const NTSTATUS status =
            objects.find_by_handle(attributes->RootDirectory, &object_types::file, 0, KernelMode, &body);
        if (!NT_SUCCESS(status)) {
            return status;
        }
        if (target->path.starts_with(u'\\')) {
            return STATUS_OBJECT_NAME_INVALID;
        }
        if (const OpenFile* folder = files.find(static_cast<FILE_OBJECT*>(body))) {
            target->is_file = true;
            target->path = folder->path + (target->path.empty() ? u"" : u"\\" + target->path);
        } else {
            target->related = static_cast<FILE_OBJECT*>(body);
        }
        return STATUS_SUCCESS;
    }
    const NamespaceLookup found = objects.lookup(target->path);
    if (NT_SUCCESS(found.status) && files.is_volume(found.body)) {
        target->is_file = true;
        target->path = found.remaining;
    }
    // Whatever is no file may still be a device interface, which the I/O manager knows.
    return target->path.empty() && !target->is_file ? STATUS_OBJECT_PATH_SYNTAX_BAD : STATUS_SUCCESS;
}

NTSTATUS open_device_target(const Target& target, ACCESS_MASK access, ULONG options, ULONG attributes, PHANDLE handle) {
    FILE_OBJECT* file = nullptr;
    OpenOptions open_options;
    open_options.desired_access = access;
    open_options.mode = KernelMode;
    open_options.create_options = options;
    const NTSTATUS status = open_file(target.path, target.related, &file, open_options);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    // From here on the handle is what keeps the file open.
    ObjectManager& objects = ObjectManager::current();
    *handle = objects.open_handle(file, access, attributes);
    objects.dereference(file);
    return STATUS_SUCCESS;
}

NTSTATUS create_file(PHANDLE handle, ACCESS_MASK desired_access, const OBJECT_ATTRIBUTES* attributes,
                     PIO_STATUS_BLOCK status_block, ULONG share_access, ULONG disposition, ULONG options) {
    const ACCESS_MASK access = object_types::file.map(desired_access);
    NTSTATUS status = check_options(access, disposition, options);
    Target target;
    if (NT_SUCCESS(status)) {
        status = find_target(attributes, &target);
    }
    ULONG_PTR information = 0;
    if (NT_SUCCESS(status) && target.is_file) {
        OpenFile* file = nullptr;
        status = Files::current().open({.path = target.path,
                                        .access = access,
                                        .share_access = share_access,
                                        .disposition = static_cast<FileDisposition>(disposition),
                                        .create_options = options},
                                       &file, &information);
        if (NT_SUCCESS(status)) {
            ObjectManager& objects = ObjectManager::current();
            *handle = objects.open_handle(&file->object, access, attributes->Attributes);
            objects.dereference(&file->object);
        }
    } else if (NT_SUCCESS(status)) {
        status = open_device_target(target, access, options, attributes->Attributes, handle);
        information = FILE_OPENED;
    }
    if (status_block != nullptr) {
        status_block->Status = status;
        status_block->Information = information;
    }
    return status;
}

// A file handle with the right the operation needs.
struct FileHandle {
    FILE_OBJECT* object = nullptr;
    OpenFile* file = nullptr; // null: it belongs to a device
    ACCESS_MASK granted = 0;
};

NTSTATUS file_of(HANDLE handle, ACCESS_MASK any_of, FileHandle* result) {
    void* body = nullptr;
    const NTSTATUS status =
        ObjectManager::current().find_by_handle(handle, &object_types::file, 0, KernelMode, &body, &result->granted);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    if (any_of != 0 && (result->granted & any_of) == 0) {
        return STATUS_ACCESS_DENIED;
    }
    result->object = static_cast<FILE_OBJECT*>(body);
    result->file = Files::current().find(result->object);
    return STATUS_SUCCESS;
}

// A transfer that is done when the call returns.
NTSTATUS finish(CompletionNotice& notice, NTSTATUS status, ULONG_PTR information) {
    CompletionNotice::give(&notice, status, information);
    deliver_apcs(machine::Machine::current());
    return status;
}

NTSTATUS send_transfer(const Transfer& request, CompletionNotice& notice) {
    if (is_synchronous(*request.file)) {
        ULONG_PTR done = 0;
        const NTSTATUS status = transfer(request, &done);
        return finish(notice, status, done);
    }
    const NTSTATUS status = start_transfer(request, &CompletionNotice::give, &notice);
    deliver_apcs(machine::Machine::current());
    return status;
}

// The position a transfer starts at; empty when the arguments make none.
std::optional<LONGLONG> transfer_position(const FileHandle& file, const LARGE_INTEGER* offset, bool writing) {
    struct stat information{};
    const bool appends_only = writing && (file.granted & (FILE_WRITE_DATA | FILE_APPEND_DATA)) == FILE_APPEND_DATA;
    if (appends_only || (offset != nullptr && writing && offset->QuadPart == write_to_end_of_file)) {
        fstat(file.file->file.descriptor(), &information);
        return information.st_size;
    }
    if (offset == nullptr || offset->QuadPart == use_file_pointer_position) {
        return file.file->synchronous ? std::optional(file.object->CurrentByteOffset.QuadPart) : std::nullopt;
    }
    return offset->QuadPart >= 0 ? std::optional(offset->QuadPart) : std::nullopt;
}

template<class Transfer>
NTSTATUS transfer_all(ULONG length, ULONG_PTR* done, Transfer transfer) {
    while (*done < length) {
        const ssize_t count = transfer(*done);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0) {
            return errno == EBADF ? STATUS_ACCESS_DENIED : status_of_errno(errno);
        }
        if (count == 0) {
            break;
        }
        *done += static_cast<ULONG_PTR>(count);
    }
    return STATUS_SUCCESS;
}

void advance(const FileHandle& file, LONGLONG position, ULONG_PTR done) {
    if (file.file->synchronous) {
        file.object->CurrentByteOffset.QuadPart = position + static_cast<LONGLONG>(done);
    }
}

// A read or write of a file in the sandbox. Nothing is told to anybody when the arguments make none.
NTSTATUS transfer_in_sandbox(const FileHandle& file, const Transfer& request, const LARGE_INTEGER* offset,
                             CompletionNotice& notice) {
    const bool reads = request.major == IRP_MJ_READ;
    const auto position = file.file->is_directory ? std::nullopt : transfer_position(file, offset, !reads);
    if (!position) {
        notice.withdraw();
        return file.file->is_directory ? STATUS_INVALID_DEVICE_REQUEST : STATUS_INVALID_PARAMETER;
    }
    const int descriptor = file.file->file.descriptor();
    ULONG_PTR done = 0;
    NTSTATUS status = transfer_all(request.bytes, &done, [&](ULONG_PTR at) {
        char* const from = static_cast<char*>(request.buffer) + at;
        const LONGLONG here = *position + static_cast<LONGLONG>(at);
        return reads ? pread(descriptor, from, request.bytes - at, here)
                     : pwrite(descriptor, from, request.bytes - at, here);
    });
    if (reads && NT_SUCCESS(status) && done == 0 && request.bytes != 0) {
        status = STATUS_END_OF_FILE;
    }
    advance(file, *position, done);
    return finish(notice, status, done);
}

NTSTATUS transfer_by_handle(HANDLE handle, ACCESS_MASK any_of, Transfer request, const LARGE_INTEGER* offset,
                            const CompletionNotice::Arguments& told) {
    FileHandle file;
    CompletionNotice* notice = nullptr;
    NTSTATUS status = file_of(handle, any_of, &file);
    status = NT_SUCCESS(status) ? CompletionNotice::create(*file.object, told, &notice) : status;
    if (!NT_SUCCESS(status)) {
        return status;
    }
    request.file = file.object;
    return file.file != nullptr ? transfer_in_sandbox(file, request, offset, *notice) : send_transfer(request, *notice);
}

} // namespace

extern "C" {

NTSTATUS NTAPI ZwCreateFile(PHANDLE FileHandle, ACCESS_MASK DesiredAccess, POBJECT_ATTRIBUTES ObjectAttributes,
                            PIO_STATUS_BLOCK IoStatusBlock, PLARGE_INTEGER, ULONG, ULONG ShareAccess,
                            ULONG CreateDisposition, ULONG CreateOptions, PVOID, ULONG) {
    OPC_REQUIRE_PASSIVE();
    return create_file(FileHandle, DesiredAccess, ObjectAttributes, IoStatusBlock, ShareAccess, CreateDisposition,
                       CreateOptions);
}

NTSTATUS NTAPI IoCreateFile(PHANDLE FileHandle, ACCESS_MASK DesiredAccess, POBJECT_ATTRIBUTES ObjectAttributes,
                            PIO_STATUS_BLOCK IoStatusBlock, PLARGE_INTEGER, ULONG, ULONG ShareAccess, ULONG Disposition,
                            ULONG CreateOptions, PVOID, ULONG, CREATE_FILE_TYPE CreateFileType, PVOID, ULONG) {
    OPC_REQUIRE_PASSIVE();
    if (CreateFileType != CreateFileTypeNone) {
        return STATUS_NOT_SUPPORTED; // named pipes and mailslots
    }
    return create_file(FileHandle, DesiredAccess, ObjectAttributes, IoStatusBlock, ShareAccess, Disposition,
                       CreateOptions);
}

NTSTATUS NTAPI ZwOpenFile(PHANDLE FileHandle, ACCESS_MASK DesiredAccess, POBJECT_ATTRIBUTES ObjectAttributes,
                          PIO_STATUS_BLOCK IoStatusBlock, ULONG ShareAccess, ULONG OpenOptions) {
    OPC_REQUIRE_PASSIVE();
    return create_file(FileHandle, DesiredAccess, ObjectAttributes, IoStatusBlock, ShareAccess, FILE_OPEN, OpenOptions);
}

NTSTATUS NTAPI ZwReadFile(HANDLE Handle, HANDLE Event, PIO_APC_ROUTINE ApcRoutine, PVOID ApcContext,
                          PIO_STATUS_BLOCK IoStatusBlock, PVOID Buffer, ULONG Length, PLARGE_INTEGER ByteOffset,
                          PULONG) {
    OPC_REQUIRE_PASSIVE();
    const LONGLONG offset = ByteOffset != nullptr ? ByteOffset->QuadPart : 0;
    return transfer_by_handle(Handle, FILE_READ_DATA, {nullptr, IRP_MJ_READ, KernelMode, Length, Buffer, offset},
                              ByteOffset, {Event, ApcRoutine, ApcContext, IoStatusBlock});
}

NTSTATUS NTAPI ZwWriteFile(HANDLE Handle, HANDLE Event, PIO_APC_ROUTINE ApcRoutine, PVOID ApcContext,
                           PIO_STATUS_BLOCK IoStatusBlock, PVOID Buffer, ULONG Length, PLARGE_INTEGER ByteOffset,
                           PULONG) {
    OPC_REQUIRE_PASSIVE();
    const LONGLONG offset = ByteOffset != nullptr ? ByteOffset->QuadPart : 0;
    return transfer_by_handle(Handle, FILE_WRITE_DATA | FILE_APPEND_DATA,
                              {nullptr, IRP_MJ_WRITE, KernelMode, Length, Buffer, offset}, ByteOffset,
                              {Event, ApcRoutine, ApcContext, IoStatusBlock});
}

NTSTATUS NTAPI ZwFlushBuffersFile(HANDLE Handle, PIO_STATUS_BLOCK IoStatusBlock) {
    OPC_REQUIRE_PASSIVE();
    FileHandle file;
    const NTSTATUS status = file_of(Handle, FILE_WRITE_DATA | FILE_APPEND_DATA, &file);
    if (NT_SUCCESS(status)) {
        *IoStatusBlock = {}; // nothing is held back in user space; what the host caches is its own business
    }
    return status;
}

NTSTATUS NTAPI ZwDeleteFile(POBJECT_ATTRIBUTES ObjectAttributes) {
    OPC_REQUIRE_PASSIVE();
    HANDLE handle = nullptr;
    IO_STATUS_BLOCK status_block{};
    const NTSTATUS status =
        create_file(&handle, DELETE, ObjectAttributes, &status_block,
                    FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, FILE_OPEN, FILE_DELETE_ON_CLOSE);
    return NT_SUCCESS(status) ? ZwClose(handle) : status;
}

NTSTATUS NTAPI ZwDeviceIoControlFile(HANDLE Handle, HANDLE Event, PIO_APC_ROUTINE ApcRoutine, PVOID ApcContext,
                                     PIO_STATUS_BLOCK IoStatusBlock, ULONG IoControlCode, PVOID InputBuffer,
                                     ULONG InputBufferLength, PVOID OutputBuffer, ULONG OutputBufferLength) {
    OPC_REQUIRE_PASSIVE();
    FileHandle file;
    NTSTATUS status = file_of(Handle, 0, &file);
    if (NT_SUCCESS(status) && file.file != nullptr) {
        status = STATUS_INVALID_DEVICE_REQUEST;
    }
    CompletionNotice* notice = nullptr;
    if (NT_SUCCESS(status)) {
        status = CompletionNotice::create(*file.object, {Event, ApcRoutine, ApcContext, IoStatusBlock}, &notice);
    }
    if (!NT_SUCCESS(status)) {
        return status;
    }
    if (is_synchronous(*file.object)) {
        ULONG_PTR information = 0;
        status = device_control(file.object, IoControlCode, InputBuffer, InputBufferLength, OutputBuffer,
                                OutputBufferLength, &information, KernelMode);
        return finish(*notice, status, information);
    }
    status = start_device_control(file.object, IoControlCode, InputBuffer, InputBufferLength, OutputBuffer,
                                  OutputBufferLength, &CompletionNotice::give, notice, nullptr, KernelMode);
    deliver_apcs(machine::Machine::current());
    return status;
}

// The sandbox's file system knows no control codes: no links, no oplocks.
NTSTATUS NTAPI ZwFsControlFile(HANDLE Handle, HANDLE, PIO_APC_ROUTINE, PVOID, PIO_STATUS_BLOCK, ULONG, PVOID, ULONG,
                               PVOID, ULONG) {
    OPC_REQUIRE_PASSIVE();
    FileHandle file;
    const NTSTATUS status = file_of(Handle, 0, &file);
    return NT_SUCCESS(status) ? STATUS_INVALID_DEVICE_REQUEST : status;
}

} // extern "C"
