// ZwQueryInformationFile, ZwSetInformationFile, ZwQueryFullAttributesFile.
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>

#include <ntifs.h>

#include "executive/files/files.h"
#include "executive/irql_check.h"
#include "executive/objects/object_manager.h"
#include "executive/rtl/guest_enum.h"

using namespace openportcls;
using namespace openportcls::executive;

namespace {

constexpr LONGLONG allocation_unit = 4096;

struct stat host_information(const OpenFile& file) {
    struct stat information{};
    fstat(file.file.descriptor(), &information);
    return information;
}

LONGLONG size_of(const OpenFile& file) {
    return file.is_directory ? 0 : host_information(file).st_size;
}

LONGLONG rounded_up(LONGLONG size) {
    return (size + allocation_unit - 1) / allocation_unit * allocation_unit;
}

ULONG attributes_of(const OpenFile& file) {
    return file.is_directory ? FILE_ATTRIBUTE_DIRECTORY : FILE_ATTRIBUTE_ARCHIVE;
}

template<class T>
NTSTATUS store(PVOID buffer, ULONG length, const T& value, ULONG_PTR* written) {
    if (length < sizeof(T)) {
        return STATUS_INFO_LENGTH_MISMATCH;
    }
    std::memcpy(buffer, &value, sizeof value);
    *written = sizeof value;
    return STATUS_SUCCESS;
}

FILE_BASIC_INFORMATION basic_information(const OpenFile& file) {
    const LARGE_INTEGER time = Files::current().file_time();
    return {time, time, time, time, attributes_of(file)};
}

FILE_STANDARD_INFORMATION standard_information(const OpenFile& file) {
    FILE_STANDARD_INFORMATION information{};
    information.EndOfFile.QuadPart = size_of(file);
    information.AllocationSize.QuadPart = rounded_up(information.EndOfFile.QuadPart);
    information.NumberOfLinks = 1;
    information.DeletePending = file.delete_on_close;
    information.Directory = file.is_directory;
    return information;
}

FILE_NETWORK_OPEN_INFORMATION network_open_information(const OpenFile& file) {
    const LARGE_INTEGER time = Files::current().file_time();
    FILE_NETWORK_OPEN_INFORMATION information{};
    information.CreationTime = information.LastAccessTime = information.LastWriteTime = information.ChangeTime = time;
    information.EndOfFile.QuadPart = size_of(file);
    information.AllocationSize.QuadPart = rounded_up(information.EndOfFile.QuadPart);
    information.FileAttributes = attributes_of(file);
    return information;
}

FILE_STANDARD_LINK_INFORMATION link_information(const OpenFile& file) {
    FILE_STANDARD_LINK_INFORMATION information{};
    information.NumberOfAccessibleLinks = information.TotalNumberOfLinks = 1;
    information.DeletePending = file.delete_on_close;
    information.Directory = file.is_directory;
    return information;
}

FILE_ID_INFORMATION id_information(const OpenFile& file) {
    FILE_ID_INFORMATION information{};
    std::memcpy(information.FileId.Identifier, &file.identity, sizeof file.identity);
    return information;
}

// The bits that FILE_MODE_INFORMATION shows: FILE_WRITE_THROUGH to FILE_SYNCHRONOUS_IO_NONALERT, FILE_DELETE_ON_CLOSE.
ULONG mode_of(const OpenFile& file) {
    return file.create_options & 0x103Eu;
}

// A file has one stream, without a name; a folder has none.
NTSTATUS store_streams(PVOID buffer, ULONG length, const OpenFile& file, ULONG_PTR* written) {
    if (file.is_directory) {
        return STATUS_SUCCESS;
    }
    static constexpr std::u16string_view name = u"::$DATA";
    constexpr ULONG fixed = FIELD_OFFSET(FILE_STREAM_INFORMATION, StreamName);
    constexpr ULONG name_bytes = name.size() * sizeof(WCHAR);
    if (length < sizeof(FILE_STREAM_INFORMATION)) {
        return STATUS_INFO_LENGTH_MISMATCH;
    }
    if (length < fixed + name_bytes) {
        return STATUS_BUFFER_OVERFLOW;
    }
    FILE_STREAM_INFORMATION information{};
    information.StreamNameLength = name_bytes;
    information.StreamSize.QuadPart = size_of(file);
    information.StreamAllocationSize.QuadPart = rounded_up(information.StreamSize.QuadPart);
    std::memcpy(buffer, &information, fixed);
    std::memcpy(static_cast<char*>(buffer) + fixed, name.data(), name_bytes);
    *written = fixed + name_bytes;
    return STATUS_SUCCESS;
}

FILE_COMPRESSION_INFORMATION compression_information(const OpenFile& file) {
    FILE_COMPRESSION_INFORMATION information{};
    information.CompressedFileSize.QuadPart = size_of(file);
    return information;
}

NTSTATUS store_name(PVOID buffer, ULONG length, const OpenFile& file, ULONG_PTR* written) {
    constexpr ULONG fixed = FIELD_OFFSET(FILE_NAME_INFORMATION, FileName);
    if (length < sizeof(FILE_NAME_INFORMATION)) {
        return STATUS_INFO_LENGTH_MISMATCH;
    }
    const auto bytes = static_cast<ULONG>(file.path.size() * sizeof(WCHAR));
    const ULONG copied = std::min(bytes, length - fixed);
    std::memcpy(buffer, &bytes, sizeof bytes);
    std::memcpy(static_cast<char*>(buffer) + fixed, file.path.data(), copied);
    *written = fixed + copied;
    return copied < bytes ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
}

NTSTATUS store_whole(PVOID buffer, ULONG length, const OpenFile& file, ULONG_PTR* written) {
    constexpr ULONG name_offset = FIELD_OFFSET(FILE_ALL_INFORMATION, NameInformation);
    if (length < sizeof(FILE_ALL_INFORMATION)) {
        return STATUS_INFO_LENGTH_MISMATCH;
    }
    FILE_ALL_INFORMATION all{};
    all.BasicInformation = basic_information(file);
    all.StandardInformation = standard_information(file);
    all.InternalInformation.IndexNumber.QuadPart = static_cast<LONGLONG>(file.identity);
    all.AccessInformation.AccessFlags = file.access;
    all.PositionInformation.CurrentByteOffset = file.object.CurrentByteOffset;
    all.ModeInformation.Mode = mode_of(file);
    std::memcpy(buffer, &all, name_offset);
    ULONG_PTR name_bytes = 0;
    const NTSTATUS status =
        store_name(static_cast<char*>(buffer) + name_offset, length - name_offset, file, &name_bytes);
    *written = name_offset + name_bytes;
    return status;
}

NTSTATUS file_of(HANDLE handle, ACCESS_MASK needed, OpenFile** file) {
    void* body = nullptr;
    ACCESS_MASK granted = 0;
    const NTSTATUS status =
        ObjectManager::current().find_by_handle(handle, &object_types::file, 0, KernelMode, &body, &granted);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    if ((granted & needed) != needed) {
        return STATUS_ACCESS_DENIED;
    }
    *file = Files::current().find(static_cast<FILE_OBJECT*>(body));
    return *file != nullptr ? STATUS_SUCCESS : STATUS_INVALID_DEVICE_REQUEST; // a device's file
}

// Rights that each class needs.
ACCESS_MASK query_access(int information_class) {
    switch (information_class) {
    case FileBasicInformation:
    case FileNetworkOpenInformation:
    case FileAllInformation:
    case FileAttributeTagInformation:
        return FILE_READ_ATTRIBUTES;
    default:
        return 0;
    }
}

ACCESS_MASK set_access(int information_class) {
    switch (information_class) {
    case FileBasicInformation:
        return FILE_WRITE_ATTRIBUTES;
    case FileDispositionInformation:
    case FileDispositionInformationEx:
    case FileRenameInformation:
    case FileRenameInformationEx:
        return DELETE;
    case FileEndOfFileInformation:
    case FileAllocationInformation:
    case FileValidDataLengthInformation:
        return FILE_WRITE_DATA;
    default:
        return 0;
    }
}

bool is_empty_folder(int descriptor) {
    const int again = openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC); // reading moves its position
    const std::unique_ptr<DIR, int (*)(DIR*)> folder(again >= 0 ? fdopendir(again) : nullptr, &closedir);
    while (const dirent* entry = folder != nullptr ? readdir(folder.get()) : nullptr) {
        const std::string_view name = entry->d_name;
        if (name != "." && name != "..") {
            return false;
        }
    }
    return true;
}

NTSTATUS query(const OpenFile& file, PVOID buffer, ULONG length, int information_class, ULONG_PTR* written) {
    switch (information_class) {
    case FileBasicInformation:
        return store(buffer, length, basic_information(file), written);
    case FileStandardInformation:
        return store(buffer, length, standard_information(file), written);
    case FilePositionInformation:
        return store(buffer, length, FILE_POSITION_INFORMATION{file.object.CurrentByteOffset}, written);
    case FileAlignmentInformation:
        return store(buffer, length, FILE_ALIGNMENT_INFORMATION{0}, written);
    case FileAccessInformation:
        return store(buffer, length, file.access, written);
    case FileModeInformation:
        return store(buffer, length, FILE_MODE_INFORMATION{mode_of(file)}, written);
    case FileEaInformation:
        return store(buffer, length, FILE_EA_INFORMATION{0}, written); // the volume keeps none
    case FileAllInformation:
        return store_whole(buffer, length, file, written);
    case FileAttributeTagInformation:
        return store(buffer, length, FILE_ATTRIBUTE_TAG_INFORMATION{attributes_of(file), 0}, written);
    case FileStreamInformation:
        return store_streams(buffer, length, file, written);
    case FileCompressionInformation:
        return store(buffer, length, compression_information(file), written);
    case FileIoPriorityHintInformation:
        return store(buffer, length, FILE_IO_PRIORITY_HINT_INFORMATION{IoPriorityNormal}, written);
    case FileIsRemoteDeviceInformation:
        return store(buffer, length, FILE_IS_REMOTE_DEVICE_INFORMATION{FALSE}, written);
    case FileStandardLinkInformation:
        return store(buffer, length, link_information(file), written);
    case FileIdInformation:
        return store(buffer, length, id_information(file), written);
    case FileNetworkOpenInformation:
        return store(buffer, length, network_open_information(file), written);
    case FileNameInformation:
    case FileNormalizedNameInformation: // short names there are none
        return store_name(buffer, length, file, written);
    case FileInternalInformation:
        return store(buffer, length, LARGE_INTEGER{.QuadPart = static_cast<LONGLONG>(file.identity)}, written);
    default:
        return information_class <= 0 || information_class >= FileMaximumInformation ? STATUS_INVALID_INFO_CLASS
                                                                                     : STATUS_NOT_IMPLEMENTED;
    }
}

template<class T>
bool load(const void* buffer, ULONG length, T* value) {
    if (length < sizeof(T)) {
        return false;
    }
    std::memcpy(value, buffer, sizeof *value);
    return true;
}

NTSTATUS set_size(OpenFile& file, LONGLONG size, bool only_shrink) {
    if (size < 0 || file.is_directory) {
        return STATUS_INVALID_PARAMETER;
    }
    if (only_shrink && size >= size_of(file)) {
        return STATUS_SUCCESS; // allocating more changes nothing that can be seen
    }
    return ftruncate(file.file.descriptor(), size) == 0 ? STATUS_SUCCESS : status_of_errno(errno);
}

// From the volume's root: a bare name stays in the file's folder, a name below RootDirectory goes there, any other is
// a whole object name.
NTSTATUS path_of_new_name(const OpenFile& file, HANDLE root, const std::u16string& name, std::u16string* path) {
    if (root != nullptr) {
        OpenFile* folder = nullptr;
        const NTSTATUS status = file_of(root, 0, &folder);
        if (!NT_SUCCESS(status)) {
            return status;
        }
        *path = folder->path + u'\\' + name;
        return name.starts_with(u'\\') || !folder->is_directory ? STATUS_INVALID_PARAMETER : STATUS_SUCCESS;
    }
    if (name.find(u'\\') == std::u16string::npos) {
        *path = file.path.substr(0, file.path.find_last_of(u'\\') + 1) + name;
        return STATUS_SUCCESS;
    }
    const NamespaceLookup found = ObjectManager::current().lookup(name);
    if (!NT_SUCCESS(found.status)) {
        return found.status;
    }
    *path = found.remaining;
    return Files::current().is_volume(found.body) ? STATUS_SUCCESS : STATUS_NOT_SAME_DEVICE;
}

NTSTATUS rename(OpenFile& file, const void* buffer, ULONG length) {
    constexpr ULONG fixed = FIELD_OFFSET(FILE_RENAME_INFORMATION, FileName);
    FILE_RENAME_INFORMATION information{};
    if (length < sizeof information) {
        return STATUS_INFO_LENGTH_MISMATCH;
    }
    std::memcpy(&information, buffer, sizeof information);
    const ULONG bytes = information.FileNameLength;
    if (bytes == 0 || bytes % sizeof(WCHAR) != 0 || bytes > length - fixed) {
        return STATUS_INVALID_PARAMETER;
    }
    std::u16string name(bytes / sizeof(WCHAR), u'\0');
    std::memcpy(name.data(), static_cast<const char*>(buffer) + fixed, bytes);
    std::u16string path;
    const NTSTATUS status = path_of_new_name(file, information.RootDirectory, name, &path);
    return NT_SUCCESS(status) ? Files::current().rename(file, path, information.ReplaceIfExists != FALSE) : status;
}

// What can change of an open file; whether it is synchronous cannot.
NTSTATUS set_mode(OpenFile& file, ULONG mode) {
    constexpr ULONG changeable = FILE_WRITE_THROUGH | FILE_SEQUENTIAL_ONLY;
    constexpr ULONG synchronous = FILE_SYNCHRONOUS_IO_ALERT | FILE_SYNCHRONOUS_IO_NONALERT;
    const bool same_kind =
        (mode & synchronous) != 0 ? file.synchronous && (mode & synchronous) != synchronous : !file.synchronous;
    if ((mode & ~(changeable | synchronous)) != 0 || !same_kind) {
        return STATUS_INVALID_PARAMETER;
    }
    file.create_options = (file.create_options & ~(changeable | synchronous)) | mode;
    return STATUS_SUCCESS;
}

NTSTATUS set(OpenFile& file, const void* buffer, ULONG length, int information_class) {
    LARGE_INTEGER number{};
    UCHAR flag = 0;
    ULONG flags = 0;
    switch (information_class) {
    case FileBasicInformation:
        // Times and attributes are accepted; the volume keeps neither.
        return length < sizeof(FILE_BASIC_INFORMATION) ? STATUS_INFO_LENGTH_MISMATCH : STATUS_SUCCESS;
    case FilePositionInformation:
        if (!load(buffer, length, &number)) {
            return STATUS_INFO_LENGTH_MISMATCH;
        }
        if (number.QuadPart < 0 || !file.synchronous) {
            return STATUS_INVALID_PARAMETER;
        }
        file.object.CurrentByteOffset = number;
        return STATUS_SUCCESS;
    case FileEndOfFileInformation:
    case FileAllocationInformation:
        return load(buffer, length, &number)
                   ? set_size(file, number.QuadPart, information_class == FileAllocationInformation)
                   : STATUS_INFO_LENGTH_MISMATCH;
    case FileRenameInformation:
    case FileRenameInformationEx: // FILE_RENAME_REPLACE_IF_EXISTS is the bit that a TRUE of the older class is
        return rename(file, buffer, length);
    case FileValidDataLengthInformation:
        // Between what is valid now and the end of the file: here everything up to the end always is.
        if (!load(buffer, length, &number)) {
            return STATUS_INFO_LENGTH_MISMATCH;
        }
        return number.QuadPart == size_of(file) && !file.is_directory ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
    case FileIoPriorityHintInformation:
        if (!load(buffer, length, &flags)) {
            return STATUS_INFO_LENGTH_MISMATCH;
        }
        return flags < static_cast<ULONG>(IoPriorityCritical) ? STATUS_SUCCESS
                                                              : STATUS_INVALID_PARAMETER; // a hint: nothing comes of it
    case FileModeInformation:
        return load(buffer, length, &flags) ? set_mode(file, flags) : STATUS_INFO_LENGTH_MISMATCH;
    case FileDispositionInformation:
    case FileDispositionInformationEx:
        if (information_class == FileDispositionInformationEx ? !load(buffer, length, &flags)
                                                              : !load(buffer, length, &flag)) {
            return STATUS_INFO_LENGTH_MISMATCH;
        }
        flag |= static_cast<UCHAR>(flags & FILE_DISPOSITION_DELETE);
        if (flag != 0 && file.is_directory && !is_empty_folder(file.file.descriptor())) {
            return STATUS_DIRECTORY_NOT_EMPTY;
        }
        file.delete_on_close = flag != 0;
        file.object.DeletePending = flag;
        return STATUS_SUCCESS;
    default:
        return information_class <= 0 || information_class >= FileMaximumInformation ? STATUS_INVALID_INFO_CLASS
                                                                                     : STATUS_NOT_IMPLEMENTED;
    }
}

} // namespace

extern "C" {

NTSTATUS NTAPI ZwQueryInformationFile(HANDLE FileHandle, PIO_STATUS_BLOCK IoStatusBlock, PVOID FileInformation,
                                      ULONG Length, FILE_INFORMATION_CLASS FileInformationClass) {
    OPC_REQUIRE_PASSIVE();
    OpenFile* file = nullptr;
    NTSTATUS status = file_of(FileHandle, query_access(guest_value(FileInformationClass)), &file);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    ULONG_PTR written = 0;
    status = query(*file, FileInformation, Length, guest_value(FileInformationClass), &written);
    IoStatusBlock->Status = status;
    IoStatusBlock->Information = written;
    return status;
}

NTSTATUS NTAPI ZwSetInformationFile(HANDLE FileHandle, PIO_STATUS_BLOCK IoStatusBlock, PVOID FileInformation,
                                    ULONG Length, FILE_INFORMATION_CLASS FileInformationClass) {
    OPC_REQUIRE_PASSIVE();
    OpenFile* file = nullptr;
    NTSTATUS status = file_of(FileHandle, set_access(guest_value(FileInformationClass)), &file);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    status = set(*file, FileInformation, Length, guest_value(FileInformationClass));
    IoStatusBlock->Status = status;
    IoStatusBlock->Information = 0;
    return status;
}

NTSTATUS NTAPI ZwQueryFullAttributesFile(POBJECT_ATTRIBUTES ObjectAttributes,
                                         PFILE_NETWORK_OPEN_INFORMATION FileInformation) {
    OPC_REQUIRE_PASSIVE();
    HANDLE handle = nullptr;
    IO_STATUS_BLOCK status_block{};
    NTSTATUS status = ZwOpenFile(&handle, FILE_READ_ATTRIBUTES, ObjectAttributes, &status_block,
                                 FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, 0);
    if (NT_SUCCESS(status)) {
        status = ZwQueryInformationFile(handle, &status_block, FileInformation, sizeof *FileInformation,
                                        FileNetworkOpenInformation);
        ZwClose(handle);
    }
    return status;
}

} // extern "C"
