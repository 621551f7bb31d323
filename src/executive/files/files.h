// The open files of a machine.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <wdm.h>

#include "executive/files/sandbox.h"
#include "machine/machine.h"

namespace openportcls::executive {

// A file of the sandbox that is open. The FILE_OBJECT is what ObReferenceObjectByHandle gives a driver.
struct OpenFile {
    FILE_OBJECT object{};
    HostFile file;
    HostFile folder;
    std::string host_name;
    std::u16string path; // from the volume's root
    std::uint64_t identity = 0;
    bool is_directory = false;
    bool synchronous = false;
    bool delete_on_close = false;
    ACCESS_MASK access = 0;
    ULONG share_access = 0;
    ULONG create_options = 0;

    void set_path(std::u16string_view new_path); // and the name in the FILE_OBJECT
};

class Files : public machine::Subsystem {
public:
    static constexpr machine::SubsystemId subsystem_id = machine::SubsystemId::files;

    explicit Files(machine::Machine& machine);
    ~Files() override;

    // The current machine's, made on first use.
    static Files& current();
    static Files& of(machine::Machine& machine);

    // The host folder that is drive C:. Without one every file is "path not found".
    Result<void> set_sandbox(const std::filesystem::path& folder) { return sandbox_.set_root(folder); }
    Sandbox& sandbox() { return sandbox_; }

    struct OpenRequest {
        std::u16string path;
        ACCESS_MASK access = 0; // generic rights mapped already
        ULONG share_access = 0;
        FileDisposition disposition = FileDisposition::open;
        ULONG create_options = 0;
    };
    // `information`: IO_STATUS_BLOCK.Information. The caller owns the reference of the object that comes back.
    NTSTATUS open(const OpenRequest& request, OpenFile** file, ULONG_PTR* information);
    // Moves an open file to another path of the volume. An open file is not replaced, a folder in use not moved.
    NTSTATUS rename(OpenFile& file, std::u16string_view path, bool replace);
    // Null for a FILE_OBJECT that belongs to a device.
    OpenFile* find(const FILE_OBJECT* object);
    // The body of \Device\HarddiskVolume1 in the object namespace.
    bool is_volume(const void* body) const { return body == &volume_; }
    std::size_t open_count() const { return open_.size(); }
    // What every file's times are: system time at the machine's start.
    LARGE_INTEGER file_time() const { return file_time_; }

private:
    bool is_shared(std::uint64_t identity, ACCESS_MASK access, ULONG share_access) const;
    void close(OpenFile& file);
    bool is_open(std::uint64_t identity) const;
    bool is_open_below(std::u16string_view folder) const;
    NTSTATUS check_replacement(const SandboxPlace& place, bool replace) const;

    machine::Machine& machine_;
    Sandbox sandbox_;
    char volume_ = 0;
    LARGE_INTEGER file_time_{};
    std::vector<std::unique_ptr<OpenFile>> open_; // in order of opening
};

} // namespace openportcls::executive
