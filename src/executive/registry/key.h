// A registry key: a node with values and subkeys.
#pragma once

#include "base/unicode.h"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace openportcls::executive {

// Types of values that mean something here: REG_xxx.
inline constexpr std::uint32_t reg_sz = 1;
inline constexpr std::uint32_t reg_expand_sz = 2;
inline constexpr std::uint32_t reg_dword = 4;

struct RegistryValue {
    std::u16string name;    // empty for the default value
    std::uint32_t type = 0; // REG_SZ …
    std::vector<std::uint8_t> data;
};

class RegistryKey : public std::enable_shared_from_this<RegistryKey> {
public:
    static constexpr std::size_t longest_name = 255;         // characters of a key's name
    static constexpr std::size_t longest_value_name = 16383; // characters of a value's name
    using Subkeys = std::map<std::u16string, std::shared_ptr<RegistryKey>, CaseInsensitiveLess>;

    static std::shared_ptr<RegistryKey> make_root(std::u16string name);

    const std::u16string& name() const { return name_; }
    RegistryKey* parent() const { return parent_; }
    bool is_deleted() const { return deleted_; }
    bool is_volatile() const { return volatile_; }
    // 100 ns units since 1601, as KEY_BASIC_INFORMATION has it.
    std::int64_t last_write_time() const { return last_write_time_; }
    void touch(std::int64_t time) { last_write_time_ = time; }
    // \Registry\Machine\…
    std::u16string full_path() const;

    const Subkeys& subkeys() const { return filled(); }
    std::shared_ptr<RegistryKey> subkey(std::u16string_view name) const;
    // Null past the end. Subkeys are numbered in order of their names.
    std::shared_ptr<RegistryKey> subkey_at(std::size_t index) const;
    std::shared_ptr<RegistryKey> add_subkey(std::u16string_view name, bool is_volatile);
    // A key below this one, or this one for the empty path; backslashes count once. Null when it does not exist, or
    // when no key can have one of its names.
    std::shared_ptr<RegistryKey> find(std::u16string_view path);
    std::shared_ptr<RegistryKey> create(std::u16string_view path); // with those on the way
    // `fill` adds subkeys as soon as anybody asks for one: for the system's own lists, which few machines read.
    using Fill = void (*)(RegistryKey& key);
    void fill_on_demand(Fill fill) { fill_ = fill; }
    // Unlinks this key from its parent, with everything below. Whoever holds it keeps an empty shell.
    void remove();

    const std::vector<RegistryValue>& values() const { return values_; }
    const RegistryValue* value(std::u16string_view name) const;
    void set_value(std::u16string_view name, std::uint32_t type, std::span<const std::uint8_t> data);
    bool delete_value(std::u16string_view name);

    // Typed access for the layers that keep their own state here.
    void set_string(std::u16string_view name, std::u16string_view text);
    void set_dword(std::u16string_view name, std::uint32_t number);
    std::optional<std::u16string> string(std::u16string_view name) const; // REG_SZ, REG_EXPAND_SZ, without its zeros
    std::optional<std::uint32_t> dword(std::u16string_view name) const;

private:
    RegistryKey() = default;
    void mark_deleted();
    const Subkeys& filled() const {
        if (fill_ != nullptr) {
            // Keys are never const objects: what is on demand is there, as far as a reader can tell.
            std::exchange(fill_, nullptr)(const_cast<RegistryKey&>(*this));
        }
        return subkeys_;
    }

    std::u16string name_;
    RegistryKey* parent_ = nullptr;
    bool deleted_ = false;
    bool volatile_ = false;
    std::int64_t last_write_time_ = 0;
    Subkeys subkeys_;
    mutable Fill fill_ = nullptr;
    std::vector<RegistryValue> values_; // in order of creation
};

} // namespace openportcls::executive
