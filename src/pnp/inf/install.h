// What installing a device from an INF file would put where.
#pragma once

#include "base/result.h"
#include "pnp/inf/inf_file.h"
#include "pnp/inf/resources.h"
#include "pnp/inf/target.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace openportcls::pnp {

// One line of a models section: a device this INF can install.
struct InfModel {
    std::string manufacturer;
    std::string description;
    std::string install_section; // undecorated
    std::vector<std::string> hardware_ids;
    std::vector<std::string> compatible_ids;
    int line = 0;
};

enum class InfRegistryAction : std::uint8_t {
    set_value,
    create_key,     // FLG_ADDREG_KEYONLY
    delete_value,   // DelReg with a value name, or FLG_ADDREG_DELVAL
    delete_key,     // DelReg of a key with what is below it, or FLG_ADDREG_DELVAL without a value name
    delete_strings, // FLG_DELREG_MULTI_SZ_DELSTRING: `data` are strings to take out of a REG_MULTI_SZ
    set_bits,       // BitReg: those of `data`, a mask, in byte `byte_index` of a REG_BINARY
    clear_bits,     // likewise
};

// One line of an AddReg, DelReg or BitReg section.
struct InfRegistryOperation {
    InfRegistryAction action = InfRegistryAction::set_value;
    std::string root;       // HKR, HKLM, HKCR, HKCU, HKU
    std::string subkey;     // relative to the root; empty for the root itself
    std::string name;       // empty for the default value
    std::uint32_t type = 1; // REG_SZ …
    // Strings are UTF-16LE with their terminating zeros, as the registry stores them.
    std::vector<std::uint8_t> data;
    bool keep_existing = false;          // FLG_ADDREG_NOCLOBBER
    bool only_if_existing = false;       // FLG_ADDREG_OVERWRITEONLY
    bool append_to_multi_string = false; // FLG_ADDREG_APPEND
    bool in_32_bit_registry = false;     // FLG_ADDREG_32BITKEY
    std::uint8_t byte_index = 0;         // BitReg's
    int line = 0;
};

enum class InfPropertyAction : std::uint8_t {
    set,            // AddProperty
    remove,         // DelProperty
    delete_strings, // FLG_DELPROPERTY_MULTI_SZ_DELSTRING: `data` are strings to take out of a list
};

// One line of an AddProperty or DelProperty section: a property of a device or an interface.
struct InfProperty {
    InfPropertyAction action = InfPropertyAction::set;
    std::string category; // GUID with braces
    std::uint32_t identifier = 0;
    std::uint32_t type = 0;         // DEVPROP_TYPE_xxx
    bool keep_existing = false;     // FLG_ADDPROPERTY_NOCLOBBER
    bool only_if_existing = false;  // FLG_ADDPROPERTY_OVERWRITEONLY
    bool append_to_list = false;    // FLG_ADDPROPERTY_APPEND, of a list of strings
    bool or_with_existing = false;  // FLG_ADDPROPERTY_OR, of a 32-bit number
    bool and_with_existing = false; // FLG_ADDPROPERTY_AND, likewise
    std::vector<std::uint8_t> data;
    int line = 0;
};

// AddInterface: a device interface to register before the driver starts.
struct InfInterface {
    std::string category; // GUID with braces
    std::string reference;
    std::vector<InfRegistryOperation> registry; // HKR is the interface's own key
    std::vector<InfProperty> properties;
    int line = 0;
};

// AddService: the driver's service key.
struct InfService {
    std::string name;
    std::string display_name;
    std::string description;
    std::string binary;      // as written, e.g. %12%\cable.sys
    std::string binary_name; // the file name alone
    std::uint32_t flags = 0;
    std::uint32_t service_type = 1;
    std::uint32_t start_type = 3;
    std::uint32_t error_control = 1;
    std::string load_order_group;
    std::vector<InfRegistryOperation> registry; // HKR is Services\name
    int line = 0;

    bool is_function_driver() const { return (flags & 2u) != 0; } // SPSVCINST_ASSOCSERVICE
};

struct InfDeviceInstall {
    std::string section; // the decorated DDInstall section in use
    std::string description;
    std::string manufacturer;
    std::string provider;
    std::string class_name;
    std::string class_guid;
    std::string driver_date;
    std::string driver_version;
    // HKR of .HW is the device's hardware key: IoOpenDeviceRegistryKey(PLUGPLAY_REGKEY_DEVICE).
    std::vector<InfRegistryOperation> hardware_key;
    // HKR of DDInstall is the driver's software key: PLUGPLAY_REGKEY_DRIVER, Control\Class\{guid}\nnnn.
    std::vector<InfRegistryOperation> driver_key;
    std::vector<InfProperty> properties;
    std::vector<InfInterface> interfaces;
    std::vector<InfService> services;
    std::vector<std::string> files;                // CopyFiles, by their name on the target
    std::vector<InfLogConfig> log_configs;         // alternatives, in file order
    std::optional<InfLogConfig> factory_default;   // .FactDef
    std::vector<InfLogConfig> log_config_override; // .LogConfigOverride
    std::vector<InfWarning> notes;                 // what was left out or forgiven

    const InfService* function_driver() const;
};

// Finds a file named by Include=; a null result means that it is not at hand.
using InfIncludeResolver = std::function<const InfFile*(std::string_view file_name)>;

// The devices of [Manufacturer] for this target; for each manufacturer from the closest decorated section. Sections for
// another architecture do not count, as Windows would not use them either: an error names the line and what there is.
Result<std::vector<InfModel>> inf_models(const InfFile& file, const InfTarget& target = {});

// The model that names one of the device's ids; hardware ids before compatible ids, earlier ids before later.
const InfModel* inf_best_match(std::span<const InfModel> models, std::span<const std::string> hardware_ids,
                               std::span<const std::string> compatible_ids = {});

Result<InfDeviceInstall> inf_device_install(const InfFile& file, const InfModel& model, const InfTarget& target = {},
                                            const InfIncludeResolver& includes = {});

} // namespace openportcls::pnp
