#include "executive/registry/hive_file.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <array>
#include <charconv>

#include "base/status.h"

namespace openportcls::executive {
namespace {

using Json = nlohmann::ordered_json;

constexpr int deepest_nesting = 128;

constexpr std::array<std::string_view, 12> type_names = {"REG_NONE",
                                                         "REG_SZ",
                                                         "REG_EXPAND_SZ",
                                                         "REG_BINARY",
                                                         "REG_DWORD",
                                                         "REG_DWORD_BIG_ENDIAN",
                                                         "REG_LINK",
                                                         "REG_MULTI_SZ",
                                                         "REG_RESOURCE_LIST",
                                                         "REG_FULL_RESOURCE_DESCRIPTOR",
                                                         "REG_RESOURCE_REQUIREMENTS_LIST",
                                                         "REG_QWORD"};

std::string type_name(std::uint32_t type) {
    return type < type_names.size() ? std::string(type_names[type]) : fmt::format("{:#x}", type);
}

std::string hexadecimal(std::span<const std::uint8_t> data) {
    std::string text;
    for (const std::uint8_t byte : data) {
        text += fmt::format("{:02x}", byte);
    }
    return text;
}

std::vector<std::uint8_t> string_data(std::u16string_view text) {
    const std::u16string terminated = std::u16string(text) + u'\0';
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(terminated.data());
    return {bytes, bytes + terminated.size() * sizeof(char16_t)};
}

// Text and numbers only where reading them back gives the very same bytes.
Json value_data(const RegistryKey& key, const RegistryValue& value) {
    if (const auto text = key.string(value.name)) {
        if (string_data(utf8_to_utf16(utf16_to_utf8(*text))) == value.data) {
            return utf16_to_utf8(*text);
        }
    }
    if (const auto number = key.dword(value.name)) {
        return *number;
    }
    return Json{{"hex", hexadecimal(value.data)}};
}

// Names are any 16-bit units, JSON is Unicode: one that is none is written unit by unit.
constexpr std::string_view units_mark = "\x01utf16:";

std::string written_name(std::u16string_view name) {
    std::string text = utf16_to_utf8(name);
    if (utf8_to_utf16(text) == name && !text.starts_with(units_mark)) {
        return text;
    }
    text = units_mark;
    for (const char16_t unit : name) {
        text += fmt::format("{:04x}", static_cast<unsigned>(unit));
    }
    return text;
}

std::u16string read_name(std::string_view text) {
    if (!text.starts_with(units_mark)) {
        return utf8_to_utf16(text);
    }
    std::u16string name;
    constexpr std::size_t digits = 4;
    for (text.remove_prefix(units_mark.size()); text.size() >= digits; text.remove_prefix(digits)) {
        std::uint16_t unit = 0;
        const std::string_view number = text.substr(0, digits);
        std::from_chars(number.begin(), number.end(), unit, 16);
        name.push_back(static_cast<char16_t>(unit));
    }
    return name;
}

Json write_key(const RegistryKey& key) {
    Json json = Json::object();
    if (!key.values().empty()) {
        Json& values = json["values"] = Json::array();
        for (const RegistryValue& value : key.values()) {
            values.push_back({{"name", written_name(value.name)},
                              {"type", type_name(value.type)},
                              {"data", value_data(key, value)}});
        }
    }
    Json keys = Json::object();
    for (const auto& [name, subkey] : key.subkeys()) {
        if (!subkey->is_volatile()) {
            keys[written_name(name)] = write_key(*subkey);
        }
    }
    if (!keys.empty()) {
        json["keys"] = std::move(keys);
    }
    return json;
}

std::optional<std::uint32_t> type_of(const std::string& name) {
    for (std::size_t i = 0; i < type_names.size(); ++i) {
        if (type_names[i] == name) {
            return static_cast<std::uint32_t>(i);
        }
    }
    std::uint32_t type = 0;
    const std::string_view digits = name.starts_with("0x") ? std::string_view(name).substr(2) : std::string_view{};
    const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), type, 16);
    const bool complete = problem == std::errc{} && end == digits.data() + digits.size() && !digits.empty();
    return complete ? std::optional(type) : std::nullopt;
}

std::optional<std::vector<std::uint8_t>> data_of(const Json& json, std::uint32_t type) {
    if (json.is_string() && (type == reg_sz || type == reg_expand_sz)) {
        return string_data(utf8_to_utf16(json.get<std::string>()));
    }
    if (json.is_number_unsigned() && type == reg_dword) {
        const auto number = json.get<std::uint64_t>();
        std::vector<std::uint8_t> data(4);
        for (std::size_t i = 0; i < 4; ++i) {
            data[i] = static_cast<std::uint8_t>(number >> (8 * i));
        }
        return number <= UINT32_MAX ? std::optional(data) : std::nullopt;
    }
    if (!json.is_object() || !json.contains("hex") || !json["hex"].is_string()) {
        return std::nullopt;
    }
    const std::string text = json["hex"].get<std::string>();
    std::vector<std::uint8_t> data(text.size() / 2);
    for (std::size_t i = 0; i < data.size(); ++i) {
        const char* digits = text.data() + 2 * i;
        const auto [end, problem] = std::from_chars(digits, digits + 2, data[i], 16);
        if (problem != std::errc{} || end != digits + 2) {
            return std::nullopt;
        }
    }
    return text.size() % 2 == 0 ? std::optional(data) : std::nullopt;
}

Error corrupt(const RegistryKey& key, std::string_view what) {
    return {status_registry_corrupt, fmt::format("registry file: {} {}", utf16_to_utf8(key.full_path()), what)};
}

Result<void> read_key(const Json& json, RegistryKey& key, int depth) {
    if (!json.is_object() || depth > deepest_nesting) {
        return corrupt(key, "is no key");
    }
    for (const auto& [name, member] : json.items()) {
        if (name != "values" && name != "keys") { // somebody else's file, which would be written over in the end
            return corrupt(key, fmt::format("has \"{}\", which no registry file has", name));
        }
    }
    if (const auto values = json.find("values"); values != json.end()) {
        for (const Json& value : *values) {
            const bool complete = value.is_object() && value.contains("name") && value["name"].is_string() &&
                                  value.contains("type") && value["type"].is_string() && value.contains("data");
            const auto type = complete ? type_of(value["type"].get<std::string>()) : std::nullopt;
            const auto data = type ? data_of(value["data"], *type) : std::nullopt;
            if (!data) {
                return corrupt(key, "has a value that is not understood");
            }
            key.set_value(read_name(value["name"].get<std::string>()), *type, *data);
        }
    }
    if (const auto keys = json.find("keys"); keys != json.end()) {
        if (!keys->is_object()) {
            return corrupt(key, "has subkeys that are not understood");
        }
        for (const auto& [name, subkey] : keys->items()) {
            const std::u16string wide = read_name(name);
            if (wide.empty() || wide.size() > RegistryKey::longest_name || wide.find(u'\\') != std::u16string::npos) {
                return corrupt(key, "has a subkey without a valid name");
            }
            if (auto read = read_key(subkey, *key.add_subkey(wide, false), depth + 1); !read) {
                return read;
            }
        }
    }
    return {};
}

// ---- merging --------------------------------------------------------------------------------------------------------

const Json* member(const Json* json, std::string_view name) {
    const auto found = json != nullptr && json->is_object() ? json->find(name) : Json::const_iterator{};
    return json != nullptr && json->is_object() && found != json->end() ? &*found : nullptr;
}

// Values by their names, as subkeys are: in their order.
Json by_name(const Json* values) {
    Json named = Json::object();
    for (const Json& value : values != nullptr ? *values : Json::array()) {
        named[value["name"].get<std::string>()] = value;
    }
    return named;
}

bool same(const Json* a, const Json* b) {
    return a == nullptr || b == nullptr ? a == b : *a == *b;
}

Json merge_keys(const Json* before, const Json& mine, const Json& theirs);

// What `merge` makes of each member of either that neither side has removed.
template<class Merge>
Json merge_members(const Json& before, const Json& mine, const Json& theirs, Merge&& merge) {
    Json result = Json::object();
    for (const auto& [name, their] : theirs.items()) {
        const Json* const old = member(&before, name);
        const Json* const my = member(&mine, name);
        if (same(my, old)) {
            result[name] = their;
        } else if (my != nullptr) {
            result[name] = merge(old, *my, their);
        }
    }
    for (const auto& [name, my] : mine.items()) {
        if (!theirs.contains(name) && !same(&my, member(&before, name))) {
            result[name] = my;
        }
    }
    return result;
}

Json merge_keys(const Json* before, const Json& mine, const Json& theirs) { // NOLINT(misc-no-recursion)
    const auto mine_wins = [](const Json*, const Json& my, const Json&) { return my; };
    const Json values = merge_members(by_name(member(before, "values")), by_name(member(&mine, "values")),
                                      by_name(member(&theirs, "values")), mine_wins);
    const auto keys_of = [](const Json* key) {
        const Json* const keys = member(key, "keys");
        return keys != nullptr ? *keys : Json::object();
    };
    Json keys = merge_members(keys_of(before), keys_of(&mine), keys_of(&theirs), merge_keys);
    Json result = Json::object();
    for (const auto& [name, value] : values.items()) {
        result["values"].push_back(value);
    }
    if (!keys.empty()) {
        result["keys"] = std::move(keys);
    }
    return result;
}

} // namespace

Result<std::string> merge_hives(std::string_view before, std::string_view mine, std::string_view theirs) {
    // Whatever a person has written there is first read as at the beginning: it may be no registry file any more.
    const std::shared_ptr<RegistryKey> read = RegistryKey::make_root(u"REGISTRY");
    if (auto understood = read_hive(theirs, *read); !understood) {
        return understood.error();
    }
    const Json old = Json::parse(before);
    return merge_keys(&old, Json::parse(mine), Json::parse(write_hive(*read))).dump(2) + "\n";
}

std::string write_hive(const RegistryKey& root) {
    return write_key(root).dump(2) + "\n";
}

Result<void> read_hive(std::string_view text, RegistryKey& root) {
    const Json json = Json::parse(text, nullptr, false);
    if (json.is_discarded()) {
        return Error{status_registry_corrupt, "registry file: this is not JSON"};
    }
    return read_key(json, root, 0);
}

} // namespace openportcls::executive
