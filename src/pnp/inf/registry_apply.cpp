#include "pnp/inf/registry_apply.h"

#include <algorithm>
#include <string>
#include <vector>

#include "base/unicode.h"

namespace openportcls::pnp {
namespace {

constexpr std::uint32_t appended_type = 7;

std::u16string root_path(const InfRegistryOperation& operation, std::u16string_view relative_root) {
    if (operation.root == "HKR") {
        return std::u16string(relative_root);
    }
    if (operation.root == "HKLM") {
        return u"\\Registry\\Machine";
    }
    if (operation.root == "HKCR") {
        return u"\\Registry\\Machine\\Software\\Classes";
    }
    return operation.root == "HKCU" ? u"\\Registry\\User\\.Default" : u"\\Registry\\User";
}

std::vector<std::u16string> strings_of(std::span<const std::uint8_t> data) {
    std::vector<std::u16string> strings;
    std::u16string current;
    for (std::size_t i = 0; i + 1 < data.size(); i += 2) {
        const auto unit = static_cast<char16_t>(data[i] | data[i + 1] << 8);
        if (unit != 0) {
            current.push_back(unit);
        } else if (!current.empty()) {
            strings.push_back(std::move(current));
            current.clear();
        }
    }
    if (!current.empty()) {
        strings.push_back(std::move(current));
    }
    return strings;
}

std::vector<std::uint8_t> multi_string_data(const std::vector<std::u16string>& strings) {
    std::u16string text;
    for (const std::u16string& one : strings) {
        text += one + u'\0';
    }
    text += u'\0';
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
    return {bytes, bytes + text.size() * sizeof(char16_t)};
}

// FLG_ADDREG_APPEND adds the strings that are not there yet.
std::vector<std::uint8_t> appended(const executive::RegistryValue& existing, const InfRegistryOperation& operation) {
    std::vector<std::u16string> strings = strings_of(existing.data);
    for (std::u16string& added : strings_of(operation.data)) {
        const bool present = std::any_of(strings.begin(), strings.end(),
                                         [&](const std::u16string& one) { return equal_ignoring_case(one, added); });
        if (!present) {
            strings.push_back(std::move(added));
        }
    }
    return multi_string_data(strings);
}

void set_value(executive::Registry& registry, const InfRegistryOperation& operation, const std::u16string& path) {
    const std::u16string name = utf8_to_utf16(operation.name);
    const auto present = registry.find(path);
    const executive::RegistryValue* existing = present != nullptr ? present->value(name) : nullptr;
    if ((existing != nullptr && operation.keep_existing) || (existing == nullptr && operation.only_if_existing)) {
        return;
    }
    const auto key = registry.create(path);
    if (key == nullptr) {
        return; // the name of a key is too long
    }
    if (existing != nullptr && operation.append_to_multi_string && existing->type == appended_type) {
        key->set_value(name, appended_type, appended(*existing, operation));
    } else {
        key->set_value(name, operation.type, operation.data);
    }
    registry.changed(*key);
}

} // namespace

void apply_registry_operations(executive::Registry& registry, std::span<const InfRegistryOperation> operations,
                               std::u16string_view relative_root) {
    for (const InfRegistryOperation& operation : operations) {
        std::u16string path = root_path(operation, relative_root);
        if (!operation.subkey.empty()) {
            path += u"\\" + utf8_to_utf16(operation.subkey);
        }
        const auto key = registry.find(path);
        switch (operation.action) {
        case InfRegistryAction::set_value:
            set_value(registry, operation, path);
            break;
        case InfRegistryAction::create_key:
            registry.create(path);
            break;
        case InfRegistryAction::delete_value:
            if (key != nullptr) {
                key->delete_value(utf8_to_utf16(operation.name));
            }
            break;
        case InfRegistryAction::delete_key:
            // Never the root itself.
            if (key != nullptr && !operation.subkey.empty()) {
                key->remove();
            }
            break;
        }
    }
}

} // namespace openportcls::pnp
