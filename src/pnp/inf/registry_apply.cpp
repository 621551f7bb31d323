#include "pnp/inf/registry_apply.h"

#include <algorithm>
#include <memory>

#include <fmt/format.h>

#include "base/unicode.h"
#include "executive/registry/paths.h"
#include "pnp/inf/multi_string.h"
#include "pnp/inf/needed_keys.h"

namespace openportcls::pnp {
namespace {

namespace paths = executive::registry_paths;
using executive::RegistryKey;
using executive::RegistryValue;

constexpr std::uint32_t binary_type = 3;              // REG_BINARY
constexpr std::uint32_t multi_string_type = 7;        // REG_MULTI_SZ
constexpr std::ptrdiff_t most_levels_of_a_tree = 512; // as on Windows
constexpr std::u16string_view root_name = u"\\Registry";
constexpr std::u16string_view software = u"\\Registry\\Machine\\Software";
constexpr std::u16string_view software_classes = u"\\Registry\\Machine\\Software\\Classes";

std::u16string root_path(const InfRegistryOperation& operation, std::u16string_view relative_root) {
    if (operation.root == "HKR") {
        return std::u16string(relative_root);
    }
    if (operation.root == "HKLM") {
        return std::u16string(paths::machine);
    }
    if (operation.root == "HKCR") {
        return std::u16string(software_classes);
    }
    return operation.root == "HKCU" ? u"\\Registry\\User\\.Default" : u"\\Registry\\User";
}

bool is_at_or_below(std::u16string_view path, std::u16string_view above) {
    return path.size() >= above.size() && equal_ignoring_case(path.substr(0, above.size()), above) &&
           (path.size() == above.size() || path[above.size()] == u'\\');
}

// Where 64-bit Windows keeps what 32-bit programs see. Of Software\Classes most is shared, and so is all outside of
// Software.
std::u16string in_32_bit_registry(const std::u16string& path) {
    constexpr std::u16string_view node = u"\\Wow6432Node";
    constexpr std::u16string_view own_classes[] = {u"CLSID", u"DirectShow", u"Interface", u"Media Type",
                                                   u"MediaFoundation"};
    if (!is_at_or_below(path, software) || is_at_or_below(path, std::u16string(software) + std::u16string(node))) {
        return path;
    }
    if (!is_at_or_below(path, software_classes)) {
        return std::u16string(software) + std::u16string(node) + path.substr(software.size());
    }
    const bool own = std::ranges::any_of(own_classes, [&](std::u16string_view name) {
        return is_at_or_below(path, std::u16string(software_classes) + u"\\" + std::u16string(name));
    });
    return own ? std::u16string(software_classes) + std::u16string(node) + path.substr(software_classes.size()) : path;
}

class Application {
public:
    explicit Application(const RegistryPlace& place) : place_(place) {
        kept_.assign(place.kept.begin(), place.kept.end());
        kept_.emplace_back(place.relative_root);
    }

    void apply(const InfRegistryOperation& operation) {
        std::u16string path = root_path(operation, place_.relative_root);
        if (!operation.subkey.empty()) {
            path += u'\\' + utf8_to_utf16(operation.subkey);
        }
        path = below_root(operation.in_32_bit_registry ? in_32_bit_registry(path) : path);
        switch (operation.action) {
        case InfRegistryAction::set_value:
            set_value(operation, path);
            break;
        case InfRegistryAction::create_key:
            create(operation, path);
            break;
        case InfRegistryAction::delete_value:
            if (const auto key = place_.root.find(path)) {
                key->delete_value(utf8_to_utf16(operation.name));
                key->touch(place_.now);
            }
            break;
        case InfRegistryAction::delete_key:
            delete_key(operation, path);
            break;
        case InfRegistryAction::delete_strings:
            delete_strings(operation, path);
            break;
        case InfRegistryAction::set_bits:
        case InfRegistryAction::clear_bits:
            change_bits(operation, path);
            break;
        }
    }

    std::vector<InfWarning> take_warnings() { return std::move(warnings_); }

private:
    void refuse(const InfRegistryOperation& operation, std::string message) {
        warnings_.push_back({operation.line, std::move(message)});
    }

    static std::u16string below_root(std::u16string_view path) {
        return std::u16string(path.substr(std::min(root_name.size(), path.size())));
    }

    std::shared_ptr<RegistryKey> create(const InfRegistryOperation& operation, std::u16string_view path) {
        if (std::ranges::count(path, u'\\') > most_levels_of_a_tree) {
            refuse(operation, fmt::format("the key is not made: it is more than {} keys deep", most_levels_of_a_tree));
            return nullptr;
        }
        auto key = place_.root.create(path);
        if (key == nullptr) {
            refuse(operation, fmt::format("the key is not made: one of its names has more than {} characters",
                                          RegistryKey::longest_name));
        }
        return key;
    }

    void set_value(const InfRegistryOperation& operation, std::u16string_view path) {
        const std::u16string name = utf8_to_utf16(operation.name);
        if (name.size() > RegistryKey::longest_value_name) {
            refuse(operation, fmt::format("the value is not written: its name has more than {} characters",
                                          RegistryKey::longest_value_name));
            return;
        }
        const auto present = place_.root.find(path);
        const RegistryValue* existing = present != nullptr ? present->value(name) : nullptr;
        if ((existing != nullptr && operation.keep_existing) || (existing == nullptr && operation.only_if_existing)) {
            return;
        }
        const auto key = create(operation, path);
        if (key == nullptr) {
            return;
        }
        if (existing != nullptr && operation.append_to_multi_string && existing->type == multi_string_type) {
            key->set_value(name, multi_string_type, with_strings(existing->data, operation.data));
        } else {
            key->set_value(name, operation.type, operation.data);
        }
        key->touch(place_.now);
    }

    // The page's ways to delete a key name one below a root; a root alone, and what would take the system's keys or
    // another device's along, is a slip of the author.
    void delete_key(const InfRegistryOperation& operation, std::u16string_view path) {
        if (operation.subkey.empty()) {
            refuse(operation, fmt::format("{} is not deleted: the line names no key below it", operation.root));
            return;
        }
        const auto key = place_.root.find(path);
        if (key == nullptr) {
            return;
        }
        if (key.get() == &place_.root || is_needed_key(place_.root, *key, kept_)) {
            refuse(operation, fmt::format("{}\\{} is not deleted: the system and its devices need what is there",
                                          operation.root, operation.subkey));
            return;
        }
        key->remove();
    }

    void delete_strings(const InfRegistryOperation& operation, std::u16string_view path) {
        const std::u16string name = utf8_to_utf16(operation.name);
        const auto key = place_.root.find(path);
        const RegistryValue* existing = key != nullptr ? key->value(name) : nullptr;
        if (existing == nullptr || existing->type != multi_string_type) {
            return;
        }
        key->set_value(name, multi_string_type, without_strings(existing->data, operation.data));
        key->touch(place_.now);
    }

    // "INF BitReg Directive": of a value that is there, and is a REG_BINARY.
    void change_bits(const InfRegistryOperation& operation, std::u16string_view path) {
        const std::u16string name = utf8_to_utf16(operation.name);
        const auto key = place_.root.find(path);
        const RegistryValue* existing = key != nullptr ? key->value(name) : nullptr;
        if (existing == nullptr) {
            refuse(operation, fmt::format("there is no value '{}' whose bits could be changed", operation.name));
            return;
        }
        if (existing->type != binary_type) {
            refuse(operation, fmt::format("the bits stay: value '{}' is no REG_BINARY", operation.name));
            return;
        }
        std::vector<std::uint8_t> data = existing->data;
        if (operation.byte_index >= data.size()) {
            refuse(operation,
                   fmt::format("the bits stay: value '{}' has no byte {}", operation.name, operation.byte_index));
            return;
        }
        std::uint8_t& byte = data[operation.byte_index];
        const std::uint8_t mask = operation.data.at(0);
        byte = static_cast<std::uint8_t>(operation.action == InfRegistryAction::set_bits ? byte | mask : byte & ~mask);
        key->set_value(name, binary_type, std::move(data));
        key->touch(place_.now);
    }

    const RegistryPlace& place_;
    std::vector<std::u16string> kept_;
    std::vector<InfWarning> warnings_;
};

} // namespace

std::vector<InfWarning> apply_registry_operations(const RegistryPlace& place,
                                                  std::span<const InfRegistryOperation> operations) {
    Application application(place);
    for (const InfRegistryOperation& operation : operations) {
        application.apply(operation);
    }
    return application.take_warnings();
}

} // namespace openportcls::pnp
