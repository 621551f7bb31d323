// A device joins the tree: what it is called, what it is made of, its way to the driver's AddDevice.
#include <algorithm>

#include <fmt/format.h>

#include "pnp/bus.h"
#include "pnp/device/inside.h"
#include "pnp/device/log_configs.h"
#include "pnp/inf/model_choice.h"
#include "pnp/pnp_manager.h"

namespace openportcls::pnp {

namespace {

// The second part of an instance path: the hardware id without its bus, one level deep.
std::string device_part(const std::string& hardware_id) {
    const auto slash = hardware_id.find('\\');
    std::string device = slash == std::string::npos ? hardware_id : hardware_id.substr(slash + 1);
    std::ranges::replace(device, '\\', '#');
    std::ranges::transform(device, device.begin(), [](char character) {
        return character >= 'a' && character <= 'z' ? static_cast<char>(character - 'a' + 'A') : character;
    });
    return device;
}

// A device that says itself where it is, or on a bus that does, has no choice.
std::vector<InfLogConfig> configurations_for(const DeviceSpec& spec, const ChosenModel* chosen) {
    const bool has_choice = spec.resources.empty() && spec.bus == nullptr && chosen != nullptr;
    return has_choice ? ordered_log_configs(chosen->install) : std::vector<InfLogConfig>();
}

std::string hardware_id_for(const LoadedDriver& driver, const DeviceSpec& spec, const ChosenModel* chosen) {
    if (!spec.hardware_id.empty()) {
        return spec.hardware_id;
    }
    if (chosen != nullptr && !chosen->model.hardware_ids.empty()) {
        return chosen->model.hardware_ids.front();
    }
    return "ROOT\\" + driver.service_name();
}

} // namespace

Result<std::string> PnpManager::instance_path_for(const DeviceSpec& spec, const std::string& hardware_id) const {
    const std::string_view enumerator = spec.bus != nullptr ? spec.bus->enumerator() : "ROOT";
    const std::string place = fmt::format("{}\\{}\\", enumerator, device_part(hardware_id));
    if (!spec.instance_id.empty()) {
        std::string path = place + spec.instance_id;
        if (find_device(path) != nullptr) {
            return Error{STATUS_OBJECT_NAME_COLLISION, path + ": there is such a device already"};
        }
        return path;
    }
    for (unsigned number = 0;; ++number) {
        std::string path = fmt::format("{}{:04}", place, number);
        if (find_device(path) == nullptr) {
            return path;
        }
    }
}

Result<DeviceNode*> PnpManager::add_device(LoadedDriver& driver, const DeviceSpec& spec) {
    ManagerState& state = *state_;
    std::unique_ptr<InfFile> own_inf;
    const InfFile* inf = driver.inf();
    if (!spec.inf.empty()) {
        auto read = read_inf(spec.inf);
        if (!read) {
            return read.error();
        }
        own_inf = std::move(*read);
        inf = own_inf.get();
    }
    std::optional<ChosenModel> chosen;
    if (inf != nullptr) {
        auto model =
            choose_model(*inf, spec.hardware_id, spec.compatible_ids, state_->inf_target(driver.inf_architecture_));
        if (!model) {
            driver.take_warnings(*inf, inf->warnings());
            return model.error();
        }
        chosen = std::move(*model);
        driver.take_warnings(*inf, inf->warnings());
        driver.take_warnings(*inf, chosen->install.notes);
    }
    const ChosenModel* model = chosen ? &*chosen : nullptr;
    const std::string hardware_id = hardware_id_for(driver, spec, model);
    auto instance_path = instance_path_for(spec, hardware_id);
    if (!instance_path) {
        return instance_path.error();
    }
    std::unique_ptr<DeviceNode> made(new DeviceNode);
    DeviceNode& node = *made;
    node.manager_ = &state;
    node.driver_ = &driver;
    node.bus_ = spec.bus;
    node.address_ = spec.address;
    node.hardware_ids_.push_back(hardware_id);
    node.compatible_ids_ = spec.compatible_ids;
    node.resources_ = spec.bus != nullptr ? spec.bus->resources(spec.address) : spec.resources;
    node.configurations_ = configurations_for(spec, model);
    state.choose_configuration(node);
    node.instance_path_ = std::move(*instance_path);
    return inside(state, [&]() -> Result<DeviceNode*> {
        node.serial_ = ++state.last_serial;
        if (auto created = state.make_physical_device(node); !created) {
            return created.error();
        }
        state.devices.push_back(std::move(made));
        const auto give_up = [&](const Error& error) -> Result<DeviceNode*> {
            if (state.open_handles(node) == 0) {
                (void)state.finish_removal(node);
            }
            return error;
        };
        if (auto installed = state.install_device(node, chosen ? &chosen->install : nullptr, inf, spec); !installed) {
            return give_up(installed.error());
        }
        if (auto added = state.add_to_stack(node); !added) {
            return give_up(added.error());
        }
        if (spec.start) {
            if (auto started = state.start(node); !started) {
                return give_up(started.error());
            }
        }
        return &node;
    });
}

} // namespace openportcls::pnp
