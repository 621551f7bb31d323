// The machine's registry.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include <wdm.h>

#include "base/result.h"
#include "executive/registry/key.h"
#include "executive/registry/paths.h"
#include "machine/machine.h"

namespace openportcls::executive {

// State of a key object: what a handle to a key stands for.
struct KeyObject {
    std::shared_ptr<RegistryKey> key;
};

class Registry : public machine::Subsystem {
public:
    static constexpr machine::SubsystemId subsystem_id = machine::SubsystemId::registry;

    explicit Registry(machine::Machine& machine);
    ~Registry() override;

    // The current machine's, made on first use.
    static Registry& current();
    static Registry& of(machine::Machine& machine);

    const std::shared_ptr<RegistryKey>& root() const { return root_; } // \Registry

    // Relative to `base` when it is given (the path then has no leading backslash), absolute otherwise. Null when the
    // key does not exist or the path is no registry path.
    std::shared_ptr<RegistryKey> find(std::u16string_view path, const RegistryKey* base = nullptr) const;
    // Makes every missing key on the way, as the layers above need it; ZwCreateKey makes only the last one.
    std::shared_ptr<RegistryKey> create(std::u16string_view path, const RegistryKey* base = nullptr);
    // With the status codes of ZwOpenKey and ZwCreateKey.
    NTSTATUS open_key(std::u16string_view path, const RegistryKey* base, std::shared_ptr<RegistryKey>* key) const;
    NTSTATUS create_key(std::u16string_view path, const RegistryKey* base, bool is_volatile,
                        std::shared_ptr<RegistryKey>* key, bool* created);

    // A handle as ZwOpenKey gives it. `attributes`: OBJ_KERNEL_HANDLE.
    HANDLE open_handle(const std::shared_ptr<RegistryKey>& key, ACCESS_MASK desired_access,
                       ULONG attributes = OBJ_KERNEL_HANDLE);
    // STATUS_SUCCESS and a handle, or the status of the failed open; what Io…RegistryKey exports need.
    NTSTATUS open_handle(std::u16string_view path, ACCESS_MASK desired_access, bool create_missing, HANDLE* handle);
    // STATUS_INVALID_HANDLE, STATUS_OBJECT_TYPE_MISMATCH, STATUS_ACCESS_DENIED, STATUS_KEY_DELETED.
    NTSTATUS key_of(HANDLE handle, ACCESS_MASK needed_access, std::shared_ptr<RegistryKey>* key) const;

    // System time in 100 ns units, for last-write times.
    std::int64_t now() const;
    void changed(RegistryKey& key) { key.touch(now()); }

    // A file that ZwFlushKey and the machine's end write to; read at once when it exists. A symbolic link
    // leads to it, and stays one. Several machines may have the same file: each writes what has changed in it.
    Result<void> persist_in(const std::filesystem::path& file);
    Result<void> save() const;

private:
    void create_layout();
    NTSTATUS walk(std::u16string_view path, const RegistryKey* base, std::shared_ptr<RegistryKey>* parent,
                  std::u16string_view* last) const;

    machine::Machine& machine_;
    std::shared_ptr<RegistryKey> root_;
    std::filesystem::path file_;
    mutable std::string last_saved_; // what this machine has read from its file, or written there
};

} // namespace openportcls::executive
