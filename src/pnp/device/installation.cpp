// What installing a driver and a device puts into the registry, as SetupAPI and the PnP manager do on Windows.
#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>

#include <fmt/format.h>

#include "executive/io/device_properties.h"
#include "executive/io/device_record.h"
#include "executive/rtl/system_version.h"
#include "pnp/bus.h"
#include "pnp/device/manager_state.h"

namespace openportcls::pnp {

namespace {

namespace paths = executive::registry_paths;
using executive::Registry;
using executive::RegistryKey;

// "System devices, driver key without an INF": the class of audio devices.
constexpr std::string_view media_class_name = "MEDIA";
constexpr std::string_view media_class_guid = "{4d36e96c-e325-11ce-bfc1-08002be10318}";

std::u16string wide(std::string_view text) {
    return utf8_to_utf16(text);
}

std::vector<std::uint8_t> multi_string_bytes(const std::vector<std::string>& strings) {
    std::u16string text;
    for (const std::string& string : strings) {
        text += wide(string);
        text.push_back(u'\0');
    }
    text.push_back(u'\0');
    const auto* begin = reinterpret_cast<const std::uint8_t*>(text.data());
    return {begin, begin + text.size() * sizeof(char16_t)};
}

// These names of a hardware key's AddReg are properties of the device itself, kept one level higher.
bool is_device_property(std::string_view name) {
    constexpr std::string_view names[] = {"DeviceType", "DeviceCharacteristics", "Security",
                                          "Exclusive",  "UpperFilters",          "LowerFilters"};
    return std::ranges::any_of(names, [&](auto known) { return equal_ignoring_ascii_case(known, name); });
}

// The absolute path of an operation's key; `relative_root` is what HKR means here.
std::optional<std::u16string> key_path(const InfRegistryOperation& operation, std::u16string_view relative_root) {
    std::u16string path;
    if (operation.root == "HKR") {
        path = relative_root;
    } else if (operation.root == "HKLM") {
        path = paths::machine;
    } else if (operation.root == "HKCR") {
        path = std::u16string(paths::machine) + u"\\Software\\Classes";
    } else if (operation.root == "HKU") {
        path = u"\\Registry\\User";
    } else if (operation.root == "HKCU") {
        path = u"\\Registry\\User\\.Default";
    } else {
        return std::nullopt;
    }
    if (!operation.subkey.empty()) {
        path += u'\\' + wide(operation.subkey);
    }
    return path;
}

void append_to_multi_string(RegistryKey& key, std::u16string_view name, const std::vector<std::uint8_t>& addition) {
    const executive::RegistryValue* existing = key.value(name);
    std::vector<std::uint8_t> data;
    if (existing != nullptr && existing->type == REG_MULTI_SZ && existing->data.size() >= 2) {
        data.assign(existing->data.begin(), existing->data.end() - 2); // without the closing zero
    }
    data.insert(data.end(), addition.begin(), addition.end());
    if (addition.size() < 4 || !std::all_of(addition.end() - 4, addition.end(), [](auto byte) { return byte == 0; })) {
        data.insert(data.end(), 2, 0);
    }
    key.set_value(name, REG_MULTI_SZ, data);
}

void apply(Registry& registry, const std::vector<InfRegistryOperation>& operations, std::u16string_view relative_root) {
    for (const InfRegistryOperation& operation : operations) {
        const auto path = key_path(operation, relative_root);
        if (!path) {
            continue;
        }
        const std::u16string name = wide(operation.name);
        if (operation.action == InfRegistryAction::delete_key || operation.action == InfRegistryAction::delete_value) {
            if (auto key = registry.find(*path)) {
                if (operation.action == InfRegistryAction::delete_key) {
                    key->remove();
                } else {
                    key->delete_value(name);
                }
            }
            continue;
        }
        auto key = registry.create(*path);
        if (key == nullptr || operation.action == InfRegistryAction::create_key) {
            continue;
        }
        const bool exists = key->value(name) != nullptr;
        if ((operation.keep_existing && exists) || (operation.only_if_existing && !exists)) {
            continue;
        }
        if (operation.append_to_multi_string) {
            append_to_multi_string(*key, name, operation.data);
        } else {
            key->set_value(name, operation.type, operation.data);
        }
        registry.changed(*key);
    }
}

void apply_parameters(Registry& registry, const std::vector<RegistryParameter>& parameters, std::u16string_view root) {
    for (const RegistryParameter& parameter : parameters) {
        const auto last = parameter.name.rfind('\\');
        std::u16string path(root);
        if (last != std::string::npos) {
            path += u'\\' + wide(parameter.name.substr(0, last));
        }
        const std::string name = parameter.name.substr(last == std::string::npos ? 0 : last + 1);
        if (auto key = registry.create(path)) {
            key->set_value(wide(name), parameter.type, parameter.data);
            registry.changed(*key);
        }
    }
}

template<class T>
bool parse_hexadecimal(std::string_view text, T& value) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
    return error == std::errc{} && end == text.data() + text.size();
}

std::optional<GUID> parse_guid(std::string_view text) {
    GUID guid{};
    const bool shaped = text.size() == 38 && text[0] == '{' && text[9] == '-' && text[14] == '-' && text[19] == '-' &&
                        text[24] == '-' && text[37] == '}';
    std::uint32_t first = 0;
    if (!shaped || !parse_hexadecimal(text.substr(1, 8), first) || !parse_hexadecimal(text.substr(10, 4), guid.Data2) ||
        !parse_hexadecimal(text.substr(15, 4), guid.Data3)) {
        return std::nullopt;
    }
    guid.Data1 = first;
    for (unsigned index = 0; index < 8; ++index) {
        const std::size_t at = index < 2 ? 20 + index * 2 : 25 + (index - 2) * 2;
        if (!parse_hexadecimal(text.substr(at, 2), guid.Data4[index])) {
            return std::nullopt;
        }
    }
    return guid;
}

void apply_properties(executive::PropertyTable& table, const std::vector<InfProperty>& properties) {
    for (const InfProperty& property : properties) {
        if (const auto set = parse_guid(property.category)) {
            const DEVPROPKEY key{*set, property.identifier};
            executive::set_property(table, key, 0, property.type, static_cast<ULONG>(property.data.size()),
                                    property.data.data());
        }
    }
}

void set_optional(RegistryKey& key, std::u16string_view name, const std::string& text) {
    if (!text.empty()) {
        key.set_string(name, wide(text));
    }
}

std::vector<std::u16string> wide_list(const std::vector<std::string>& strings) {
    std::vector<std::u16string> result;
    result.reserve(strings.size());
    for (const std::string& string : strings) {
        result.push_back(wide(string));
    }
    return result;
}

} // namespace

InfTarget ManagerState::inf_target(const std::string& architecture) const {
    const executive::SystemVersion version = executive::system_version(machine);
    return {.architecture = architecture,
            .major_version = version.major,
            .minor_version = version.minor,
            .build_number = version.build};
}

void ManagerState::install_service(LoadedDriver& driver, const InfService* service, const DriverOptions& options) {
    driver.registry_path_ = std::u16string(paths::services) + u'\\' + wide(driver.service_name_);
    auto key = registry.create(driver.registry_path_);
    key->set_dword(u"Type", service != nullptr ? service->service_type : 1U);
    key->set_dword(u"Start", service != nullptr ? service->start_type : 3U);
    key->set_dword(u"ErrorControl", service != nullptr ? service->error_control : 1U);
    const std::string file =
        service != nullptr && !service->binary_name.empty() ? service->binary_name : driver.service_name_ + ".sys";
    key->set_value(u"ImagePath", REG_EXPAND_SZ, multi_string_bytes({"\\SystemRoot\\System32\\drivers\\" + file}));
    if (service != nullptr) {
        set_optional(*key, u"DisplayName", service->display_name);
        set_optional(*key, u"Group", service->load_order_group);
        apply(registry, service->registry, driver.registry_path_);
    }
    apply_parameters(registry, options.parameters, driver.registry_path_ + u"\\Parameters");
    registry.changed(*key);
}

Result<void> ManagerState::install_device(DeviceNode& node, const InfDeviceInstall* install, const DeviceSpec& spec) {
    node.class_name_ = install != nullptr && !install->class_name.empty() ? install->class_name : media_class_name;
    node.class_guid_ = install != nullptr && !install->class_guid.empty() ? install->class_guid : media_class_guid;
    node.description_ = install != nullptr ? install->description : node.driver_->service_name_;
    node.manufacturer_ = install != nullptr ? install->manufacturer : "";

    const std::string number = fmt::format("{:04}", class_instances[node.class_guid_]++);
    const std::string driver_value = node.class_guid_ + "\\" + number;
    node.enum_key_ = std::u16string(paths::enumerated) + u'\\' + wide(node.instance_path_);
    node.hardware_key_ = node.enum_key_ + u"\\Device Parameters";
    node.driver_key_ = std::u16string(paths::classes) + u'\\' + wide(driver_value);

    auto device = registry.create(node.enum_key_);
    device->set_value(u"HardwareID", REG_MULTI_SZ, multi_string_bytes(node.hardware_ids_));
    if (!node.compatible_ids_.empty()) {
        device->set_value(u"CompatibleIDs", REG_MULTI_SZ, multi_string_bytes(node.compatible_ids_));
    }
    device->set_string(u"Service", wide(node.driver_->service_name_));
    device->set_string(u"Class", wide(node.class_name_));
    device->set_string(u"ClassGUID", wide(node.class_guid_));
    device->set_string(u"Driver", wide(driver_value));
    set_optional(*device, u"DeviceDesc", node.description_);
    set_optional(*device, u"Mfg", node.manufacturer_);
    device->set_dword(u"ConfigFlags", 0);
    registry.create(node.hardware_key_);

    auto software = registry.create(node.driver_key_);
    set_optional(*software, u"DriverDesc", node.description_);
    software->set_string(u"MatchingDeviceId", wide(ascii_lower(node.hardware_ids_.front())));
    if (install != nullptr) {
        set_optional(*software, u"ProviderName", install->provider);
        set_optional(*software, u"InfSection", install->section);
        set_optional(*software, u"DriverDate", install->driver_date);
        set_optional(*software, u"DriverVersion", install->driver_version);
        apply(registry, install->driver_key, node.driver_key_);
        std::vector<InfRegistryOperation> properties;
        std::vector<InfRegistryOperation> parameters;
        for (const InfRegistryOperation& operation : install->hardware_key) {
            const bool property =
                operation.root == "HKR" && operation.subkey.empty() && is_device_property(operation.name);
            (property ? properties : parameters).push_back(operation);
        }
        apply(registry, properties, node.enum_key_);
        apply(registry, parameters, node.hardware_key_);
    }
    apply_parameters(registry, spec.parameters, node.driver_key_);

    executive::DeviceRecord& record = executive::device_record(node.pdo_);
    record.instance_path = wide(node.instance_path_);
    record.enumerator = wide(node.bus_ != nullptr ? node.bus_->enumerator() : "ROOT");
    record.hardware_ids = wide_list(node.hardware_ids_);
    record.compatible_ids = wide_list(node.compatible_ids_);
    record.description = wide(node.description_);
    record.manufacturer = wide(node.manufacturer_);
    record.class_name = wide(node.class_name_);
    record.class_guid = wide(node.class_guid_);
    record.software_key = node.driver_key_;
    record.hardware_key = node.enum_key_;
    if (const auto friendly = registry.find(node.hardware_key_)->string(u"FriendlyName")) {
        record.friendly_name = *friendly;
    }
    record.bus_type = node.bus_ != nullptr ? node.bus_->interface_type() : Internal;
    record.bus_type_guid = node.bus_ != nullptr ? node.bus_->bus_type_guid() : GUID_BUS_TYPE_INTERNAL;
    record.bus_number = node.bus_ != nullptr ? node.bus_->bus_number() : 0;
    record.address = node.bus_ != nullptr ? node.address_ : 0xFFFFFFFF;
    if (install != nullptr) {
        apply_properties(record.properties, install->properties);
        install_interfaces(node, *install);
    }
    return {};
}

// AddInterface registers the interface before the driver runs; the driver enables it later. HKR of its AddReg is the
// key that IoOpenDeviceInterfaceRegistryKey opens.
void ManagerState::install_interfaces(DeviceNode& node, const InfDeviceInstall& install) {
    for (const InfInterface& interface : install.interfaces) {
        const auto category = parse_guid(interface.category);
        if (!category) {
            continue;
        }
        executive::DeviceInterface& entry = kernel.interfaces.add(node.pdo_, *category, wide(interface.reference));
        const std::u16string parameters = entry.registry_key + u"\\Device Parameters";
        registry.create(parameters);
        apply(registry, interface.registry, parameters);
        apply_properties(entry.properties, interface.properties);
    }
}

} // namespace openportcls::pnp
