#include "executive/registry/key.h"

#include <algorithm>
#include <iterator>

#include "executive/registry/key_path.h"

namespace openportcls::executive {
namespace {

template<class Values>
auto find_value(Values& values, std::u16string_view name) {
    return std::find_if(values.begin(), values.end(),
                        [&](const RegistryValue& value) { return equal_ignoring_case(value.name, name); });
}

} // namespace

std::shared_ptr<RegistryKey> RegistryKey::make_root(std::u16string name) {
    std::shared_ptr<RegistryKey> root(new RegistryKey);
    root->name_ = std::move(name);
    return root;
}

std::u16string RegistryKey::full_path() const {
    std::u16string path;
    for (const RegistryKey* key = this; key != nullptr; key = key->parent_) {
        path.insert(0, key->name_);
        path.insert(0, 1, u'\\');
    }
    return path;
}

std::shared_ptr<RegistryKey> RegistryKey::subkey(std::u16string_view name) const {
    const auto found = filled().find(name);
    return found == subkeys_.end() ? nullptr : found->second;
}

std::shared_ptr<RegistryKey> RegistryKey::subkey_at(std::size_t index) const {
    return index < filled().size() ? std::next(subkeys_.begin(), static_cast<std::ptrdiff_t>(index))->second : nullptr;
}

std::shared_ptr<RegistryKey> RegistryKey::add_subkey(std::u16string_view name, bool is_volatile) {
    if (auto existing = subkey(name)) {
        return existing;
    }
    std::shared_ptr<RegistryKey> key(new RegistryKey);
    key->name_ = name;
    key->parent_ = this;
    key->volatile_ = is_volatile;
    key->last_write_time_ = last_write_time_;
    subkeys_.emplace(std::u16string(name), key);
    return key;
}

std::shared_ptr<RegistryKey> RegistryKey::find(std::u16string_view path) {
    auto key = shared_from_this();
    for (auto name = take_key_name(path); !name.empty() && key != nullptr; name = take_key_name(path)) {
        key = key->subkey(name);
    }
    return key;
}

std::shared_ptr<RegistryKey> RegistryKey::create(std::u16string_view path) {
    auto key = shared_from_this();
    for (auto name = take_key_name(path); !name.empty(); name = take_key_name(path)) {
        if (name.size() > longest_name) {
            return nullptr;
        }
        key = key->add_subkey(name, false);
    }
    return key;
}

void RegistryKey::remove() {
    const auto alive = shared_from_this();
    if (parent_ != nullptr) {
        parent_->subkeys_.erase(name_);
    }
    mark_deleted();
}

void RegistryKey::mark_deleted() {
    deleted_ = true;
    fill_ = nullptr;
    parent_ = nullptr;
    values_.clear();
    for (const auto& [name, key] : subkeys_) {
        key->mark_deleted();
    }
    subkeys_.clear();
}

const RegistryValue* RegistryKey::value(std::u16string_view name) const {
    const auto found = find_value(values_, name);
    return found == values_.end() ? nullptr : &*found;
}

void RegistryKey::set_value(std::u16string_view name, std::uint32_t type, std::span<const std::uint8_t> data) {
    auto found = find_value(values_, name);
    if (found == values_.end()) {
        found = values_.insert(values_.end(), {std::u16string(name), 0, {}});
    }
    found->type = type;
    found->data.assign(data.begin(), data.end());
}

bool RegistryKey::delete_value(std::u16string_view name) {
    const auto found = find_value(values_, name);
    if (found == values_.end()) {
        return false;
    }
    values_.erase(found);
    return true;
}

void RegistryKey::set_string(std::u16string_view name, std::u16string_view text) {
    const std::u16string terminated = std::u16string(text) + u'\0';
    set_value(name, reg_sz,
              {reinterpret_cast<const std::uint8_t*>(terminated.data()), terminated.size() * sizeof(char16_t)});
}

void RegistryKey::set_dword(std::u16string_view name, std::uint32_t number) {
    set_value(name, reg_dword, {reinterpret_cast<const std::uint8_t*>(&number), sizeof number});
}

std::optional<std::u16string> RegistryKey::string(std::u16string_view name) const {
    const RegistryValue* found = value(name);
    if (found == nullptr || (found->type != reg_sz && found->type != reg_expand_sz)) {
        return std::nullopt;
    }
    std::u16string text;
    for (std::size_t i = 0; i + 1 < found->data.size(); i += 2) {
        const auto unit = static_cast<char16_t>(found->data[i] | found->data[i + 1] << 8);
        if (unit == 0) {
            break;
        }
        text.push_back(unit);
    }
    return text;
}

std::optional<std::uint32_t> RegistryKey::dword(std::u16string_view name) const {
    const RegistryValue* found = value(name);
    if (found == nullptr || found->type != reg_dword || found->data.size() != 4) {
        return std::nullopt;
    }
    std::uint32_t number = 0;
    std::copy(found->data.begin(), found->data.end(), reinterpret_cast<std::uint8_t*>(&number));
    return number;
}

} // namespace openportcls::executive
