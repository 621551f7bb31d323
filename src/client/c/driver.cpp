// Drivers and devices.
#include "client/c/handles.h"

using namespace openportcls;

opc_status opc_driver_load(opc_machine* machine, const char* module, const opc_driver_options* given,
                           opc_driver** driver) {
    c::clear(driver);
    if (c::lacks({{"machine", machine}, {"module", module}, {"driver", driver}})) {
        return STATUS_INVALID_PARAMETER;
    }
    if (!c::has_known_size(given)) {
        return c::wrong_size();
    }
    const auto options = c::options_of(given, &opc_driver_options_init);
    DriverOptions result;
    result.inf = c::text_or_empty(options.inf);
    result.hardware_id = c::text_or_empty(options.hardware_id);
    if (options.inf_architecture != nullptr) {
        result.inf_architecture = options.inf_architecture;
    }
    result.add_device = options.add_device;
    result.service_name = c::text_or_empty(options.service_name);
    auto parameters = c::texts_of(options.parameters, options.parameter_count, "opc_driver_load: parameters");
    if (!parameters) {
        return c::fail(parameters.error());
    }
    result.parameters = std::move(*parameters);
    return c::give_handle(machine->machine->load_driver(module, result), driver);
}

void opc_driver_release(opc_driver* driver) {
    delete driver;
}

const char* opc_driver_name(const opc_driver* driver) {
    if (c::lacks({{"driver", driver}})) {
        return nullptr;
    }
    return driver->driver.name().c_str();
}

namespace {

template<class Handle>
opc_status list_warnings(Handle& handle, std::vector<std::string> texts, const char* const** warnings, size_t* count) {
    handle.warnings = std::move(texts);
    handle.warning_list.clear();
    for (const std::string& text : handle.warnings) {
        handle.warning_list.push_back(text.c_str());
    }
    *warnings = handle.warning_list.data();
    *count = handle.warning_list.size();
    return 0;
}

} // namespace

opc_status opc_driver_warnings(opc_driver* driver, const char* const** warnings, size_t* count) {
    if (c::lacks({{"driver", driver}, {"warnings", warnings}, {"count", count}})) {
        return STATUS_INVALID_PARAMETER;
    }
    return list_warnings(*driver, driver->driver.warnings(), warnings, count);
}

opc_status opc_machine_load_warnings(opc_machine* machine, const char* const** warnings, size_t* count) {
    if (c::lacks({{"machine", machine}, {"warnings", warnings}, {"count", count}})) {
        return STATUS_INVALID_PARAMETER;
    }
    return list_warnings(*machine, machine->machine->load_warnings(), warnings, count);
}

opc_status opc_driver_unload(opc_driver* driver, const opc_leak** leaks, size_t* leak_count) {
    if (c::lacks({{"driver", driver}})) {
        return STATUS_INVALID_PARAMETER;
    }
    auto left = driver->driver.unload();
    if (!left) {
        return c::fail(left.error());
    }
    driver->leaks = std::move(*left);
    driver->leak_list.clear();
    for (const LeakLine& leak : driver->leaks) {
        driver->leak_list.push_back({leak.kind.c_str(), leak.what.c_str(), leak.count, leak.bytes});
    }
    if (leaks != nullptr) {
        *leaks = driver->leak_list.data();
    }
    if (leak_count != nullptr) {
        *leak_count = driver->leak_list.size();
    }
    return 0;
}

opc_status opc_driver_add_device(opc_driver* driver, const char* hardware_id, opc_device** device) {
    c::clear(device);
    if (c::lacks({{"driver", driver}, {"device", device}})) {
        return STATUS_INVALID_PARAMETER;
    }
    return c::give_handle(driver->driver.add_device(c::text_or_empty(hardware_id)), device);
}

opc_status opc_driver_add_device_with_parameters(opc_driver* driver, const char* hardware_id,
                                                 const char* const* parameters, size_t parameter_count,
                                                 opc_device** device) {
    c::clear(device);
    if (c::lacks({{"driver", driver}, {"parameters", parameters, parameter_count}, {"device", device}})) {
        return STATUS_INVALID_PARAMETER;
    }
    auto values = c::texts_of(parameters, parameter_count, "opc_driver_add_device_with_parameters: parameters");
    if (!values) {
        return c::fail(values.error());
    }
    return c::give_handle(driver->driver.add_device(c::text_or_empty(hardware_id), *values), device);
}

size_t opc_driver_device_count(const opc_driver* driver) {
    if (c::lacks({{"driver", driver}})) {
        return 0;
    }
    return driver->driver.devices().size();
}

opc_status opc_driver_device(opc_driver* driver, size_t index, opc_device** device) {
    c::clear(device);
    if (c::lacks({{"driver", driver}, {"device", device}})) {
        return STATUS_INVALID_PARAMETER;
    }
    const std::vector<Device> devices = driver->driver.devices();
    if (index >= devices.size()) {
        return c::fail(STATUS_NO_MORE_ENTRIES, "the driver has no device of that number");
    }
    *device = new opc_device{devices[index], {}};
    return 0;
}

void opc_device_release(opc_device* device) {
    delete device;
}

const char* opc_device_path(const opc_device* device) {
    if (c::lacks({{"device", device}})) {
        return nullptr;
    }
    return device->device.instance_path().c_str();
}

const char* opc_device_description(const opc_device* device) {
    if (c::lacks({{"device", device}})) {
        return nullptr;
    }
    return device->device.description().c_str();
}

const char* opc_device_state(opc_device* device) {
    if (c::lacks({{"device", device}})) {
        return nullptr;
    }
    device->state = device->device.state();
    return device->state.c_str();
}

opc_status opc_device_start(opc_device* device) {
    if (c::lacks({{"device", device}})) {
        return STATUS_INVALID_PARAMETER;
    }
    return c::status_of(device->device.start());
}

opc_status opc_device_stop(opc_device* device) {
    if (c::lacks({{"device", device}})) {
        return STATUS_INVALID_PARAMETER;
    }
    return c::status_of(device->device.stop());
}

opc_status opc_device_remove(opc_device* device) {
    if (c::lacks({{"device", device}})) {
        return STATUS_INVALID_PARAMETER;
    }
    return c::status_of(device->device.remove());
}

opc_status opc_device_surprise_remove(opc_device* device) {
    if (c::lacks({{"device", device}})) {
        return STATUS_INVALID_PARAMETER;
    }
    return c::status_of(device->device.surprise_remove());
}

opc_status opc_device_set_power(opc_device* device, unsigned d_state) {
    if (c::lacks({{"device", device}})) {
        return STATUS_INVALID_PARAMETER;
    }
    return c::status_of(device->device.set_power(d_state));
}

size_t opc_builtin_drivers(const opc_builtin_driver** drivers) {
    if (c::lacks({{"drivers", drivers}})) {
        return 0;
    }
    struct Known {
        Known() : drivers(builtin_drivers()) {
            for (const BuiltinDriver& driver : drivers) {
                list.push_back({driver.name.c_str(), driver.description.c_str(), driver.module.c_str(),
                                driver.inf.c_str(), driver.binds_to.c_str()});
            }
        }
        std::vector<BuiltinDriver> drivers;
        std::vector<opc_builtin_driver> list;
    };
    static const Known known;
    *drivers = known.list.data();
    return known.list.size();
}
