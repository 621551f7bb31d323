// What installing a driver and a device puts into the registry, as SetupAPI and the PnP manager do on Windows.
#include <algorithm>
#include <charconv>
#include <iterator>
#include <optional>

#include <fmt/format.h>

#include "executive/io/device_record.h"
#include "executive/rtl/system_version.h"
#include "pnp/bus.h"
#include "pnp/device/manager_state.h"
#include "pnp/device/object_values.h"
#include "pnp/device/property_apply.h"
#include "pnp/device/software_key.h"
#include "pnp/inf/guid_text.h"
#include "pnp/inf/registry_apply.h"

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

bool names_filters(std::string_view name) {
    return equal_ignoring_ascii_case("UpperFilters", name) || equal_ignoring_ascii_case("LowerFilters", name);
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
        set_optional(*key, u"Description", service->description);
        set_optional(*key, u"Group", service->load_order_group);
        driver.take_warnings(*driver.inf_, apply_operations(service->registry, driver.registry_path_));
    }
    apply_parameters(registry, options.parameters, driver.registry_path_ + u"\\Parameters");
    registry.changed(*key);
}

std::vector<InfWarning> ManagerState::apply_operations(const std::vector<InfRegistryOperation>& operations,
                                                       std::u16string_view relative_root) {
    std::vector<std::u16string> kept;
    kept.reserve(kept.size() + drivers.size());
    for (const auto& driver : drivers) {
        kept.push_back(driver->registry_path_);
    }
    return apply_registry_operations(
        {.root = *registry.root(), .relative_root = relative_root, .kept = kept, .now = registry.now()}, operations);
}

std::vector<InfWarning> ManagerState::apply_sections(DeviceNode& node, const InfDeviceInstall& install) {
    std::vector<InfWarning> warnings = apply_operations(install.driver_key, node.driver_key_);
    std::vector<InfRegistryOperation> properties;
    std::vector<InfRegistryOperation> parameters;
    for (const InfRegistryOperation& operation : install.hardware_key) {
        const bool property = operation.root == "HKR" && operation.subkey.empty() && is_device_property(operation.name);
        (property ? properties : parameters).push_back(operation);
        if (property && names_filters(operation.name)) {
            warnings.push_back({operation.line, fmt::format("{}: filter drivers are not loaded", operation.name)});
        }
    }
    std::ranges::move(apply_operations(properties, node.enum_key_), std::back_inserter(warnings));
    std::ranges::move(apply_operations(parameters, node.hardware_key_), std::back_inserter(warnings));
    return warnings;
}

// The sections come first: whatever they say, what the PnP manager has to know of the device is there afterwards.
Result<void> ManagerState::install_keys(DeviceNode& node, const InfDeviceInstall* install, const InfFile* inf,
                                        const DeviceSpec& spec) {
    const auto no_key = [&](std::u16string_view path) {
        return Error{STATUS_OBJECT_NAME_INVALID,
                     fmt::format("{}: the device's registry key {} cannot be made: a name in it is too long",
                                 node.instance_path_, utf16_to_utf8(path))};
    };
    node.enum_key_ = std::u16string(paths::enumerated) + u'\\' + wide(node.instance_path_);
    node.hardware_key_ = node.enum_key_ + u"\\Device Parameters";
    const auto device = registry.create(node.enum_key_);
    if (device == nullptr) {
        return no_key(node.enum_key_);
    }
    const auto hardware = registry.create(node.hardware_key_);
    const std::u16string driver_value = choose_software_key(registry, *device, wide(node.class_guid_));
    node.driver_key_ = std::u16string(paths::classes) + u'\\' + driver_value;
    const auto software = registry.create(node.driver_key_);
    if (software == nullptr) {
        return no_key(node.driver_key_);
    }
    if (install != nullptr) {
        node.driver_->take_warnings(*inf, apply_sections(node, *install));
    }
    for (const auto& key : {device, hardware, software}) {
        if (key->is_deleted()) {
            return Error{STATUS_KEY_DELETED,
                         fmt::format("{}: its INF has deleted one of the device's registry keys", node.instance_path_)};
        }
    }
    apply_to_physical_object(*node.pdo_, *device);
    write_device_values(node, *device, driver_value);
    write_software_values(node, *software, install);
    apply_parameters(registry, spec.parameters, node.driver_key_);
    registry.changed(*device);
    registry.changed(*software);
    executive::device_record(node.pdo_).friendly_name = hardware->string(u"FriendlyName").value_or(u"");
    return {};
}

void ManagerState::write_device_values(const DeviceNode& node, RegistryKey& key, std::u16string_view software_key) {
    key.set_value(u"HardwareID", REG_MULTI_SZ, multi_string_bytes(node.hardware_ids_));
    if (!node.compatible_ids_.empty()) {
        key.set_value(u"CompatibleIDs", REG_MULTI_SZ, multi_string_bytes(node.compatible_ids_));
    }
    key.set_string(u"Service", wide(node.driver_->service_name_));
    key.set_string(u"Class", wide(node.class_name_));
    key.set_string(u"ClassGUID", wide(node.class_guid_));
    key.set_string(u"Driver", software_key);
    set_optional(key, u"DeviceDesc", node.description_);
    set_optional(key, u"Mfg", node.manufacturer_);
    key.set_dword(u"ConfigFlags", 0);
}

void ManagerState::write_software_values(const DeviceNode& node, RegistryKey& key, const InfDeviceInstall* install) {
    set_optional(key, u"DriverDesc", node.description_);
    key.set_string(u"MatchingDeviceId", wide(ascii_lower(node.hardware_ids_.front())));
    if (install != nullptr) {
        set_optional(key, u"ProviderName", install->provider);
        set_optional(key, u"InfSection", install->section);
        set_optional(key, u"DriverDate", install->driver_date);
        set_optional(key, u"DriverVersion", install->driver_version);
    }
}

Result<void> ManagerState::install_device(DeviceNode& node, const InfDeviceInstall* install, const InfFile* inf,
                                          const DeviceSpec& spec) {
    node.class_name_ = install != nullptr && !install->class_name.empty() ? install->class_name : media_class_name;
    node.class_guid_ = install != nullptr && !install->class_guid.empty() ? install->class_guid : media_class_guid;
    node.description_ = install != nullptr ? install->description : node.driver_->service_name_;
    node.manufacturer_ = install != nullptr ? install->manufacturer : "";
    if (auto keys = install_keys(node, install, inf, spec); !keys) {
        return keys;
    }

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
    record.bus_type = node.bus_ != nullptr ? node.bus_->interface_type() : Internal;
    record.bus_type_guid = node.bus_ != nullptr ? node.bus_->bus_type_guid() : GUID_BUS_TYPE_INTERNAL;
    record.bus_number = node.bus_ != nullptr ? node.bus_->bus_number() : 0;
    record.address = node.bus_ != nullptr ? node.address_ : 0xFFFFFFFF;
    if (install != nullptr) {
        apply_properties(record.properties, install->properties);
        node.driver_->take_warnings(*inf, install_interfaces(node, *install));
    }
    return {};
}

// AddInterface registers the interface before the driver runs; the driver enables it later. HKR of its AddReg is the
// key that IoOpenDeviceInterfaceRegistryKey opens.
std::vector<InfWarning> ManagerState::install_interfaces(DeviceNode& node, const InfDeviceInstall& install) {
    std::vector<InfWarning> warnings;
    for (const InfInterface& interface : install.interfaces) {
        const auto category = parse_guid(interface.category);
        if (!category) {
            continue;
        }
        executive::DeviceInterface& entry = kernel.interfaces.add(node.pdo_, *category, wide(interface.reference));
        const std::u16string parameters = entry.registry_key + u"\\Device Parameters";
        if (registry.create(parameters) == nullptr) {
            warnings.push_back({interface.line, fmt::format("the interface has no registry key: one of its names has "
                                                            "more than {} characters",
                                                            RegistryKey::longest_name)});
        } else {
            std::ranges::move(apply_operations(interface.registry, parameters), std::back_inserter(warnings));
        }
        apply_properties(entry.properties, interface.properties);
    }
    return warnings;
}

} // namespace openportcls::pnp
