// Machines, and what they can be made of.
#include "client/c/handles.h"

using namespace openportcls;

opc_status opc_machine_create(const opc_machine_options* options, opc_machine** machine) {
    c::clear(machine);
    if (c::lacks({{"machine", machine}})) {
        return STATUS_INVALID_PARAMETER;
    }
    if (!c::has_known_size(options)) {
        return c::wrong_size();
    }
    auto wanted = c::machine_options_of(options, "opc_machine_create");
    if (!wanted) {
        return c::fail(wanted.error());
    }
    auto made = Machine::create(*wanted);
    if (!made) {
        return c::fail(made.error());
    }
    auto handle = std::make_unique<opc_machine>();
    handle->owned.emplace(std::move(*made));
    handle->machine = &*handle->owned;
    *machine = handle.release();
    return 0;
}

void opc_machine_destroy(opc_machine* machine) {
    delete machine;
}

uint64_t opc_machine_now(const opc_machine* machine) {
    if (c::lacks({{"machine", machine}})) {
        return 0;
    }
    return static_cast<uint64_t>(machine->machine->now().count());
}

opc_status opc_machine_run_for(opc_machine* machine, uint64_t nanoseconds) {
    if (c::lacks({{"machine", machine}})) {
        return STATUS_INVALID_PARAMETER;
    }
    return c::status_of(machine->machine->run_for(std::chrono::nanoseconds(nanoseconds)));
}

opc_status opc_machine_sleep(opc_machine* machine, unsigned s_state) {
    if (c::lacks({{"machine", machine}})) {
        return STATUS_INVALID_PARAMETER;
    }
    return c::status_of(machine->machine->sleep(s_state));
}

opc_status opc_machine_set_on_battery(opc_machine* machine, int is_on_battery) {
    if (c::lacks({{"machine", machine}})) {
        return STATUS_INVALID_PARAMETER;
    }
    return c::status_of(machine->machine->set_power_source(is_on_battery != 0 ? Machine::PowerSource::battery
                                                                              : Machine::PowerSource::ac));
}

opc_status opc_machine_wake(opc_machine* machine) {
    if (c::lacks({{"machine", machine}})) {
        return STATUS_INVALID_PARAMETER;
    }
    return c::status_of(machine->machine->wake());
}

const char* opc_machine_crash_report(opc_machine* machine) {
    if (c::lacks({{"machine", machine}})) {
        return nullptr;
    }
    auto report = machine->machine->crash_report();
    if (!report) {
        return nullptr;
    }
    machine->crash_report = std::move(*report);
    return machine->crash_report.c_str();
}

void opc_machine_on_debug_print(opc_machine* machine, opc_print_function print, void* context) {
    if (c::lacks({{"machine", machine}})) {
        return;
    }
    if (print == nullptr) {
        machine->machine->on_debug_print({});
        return;
    }
    machine->machine->on_debug_print(
        [print, context](std::string_view text) { print(context, std::string(text).c_str()); });
}

opc_status opc_machine_save_registry(opc_machine* machine) {
    return c::lacks({{"machine", machine}}) ? STATUS_INVALID_PARAMETER
                                            : c::status_of(machine->machine->save_registry());
}

uint64_t opc_machine_reported_glitches(const opc_machine* machine) {
    return c::lacks({{"machine", machine}}) ? 0 : machine->machine->reported_glitches();
}

opc_status opc_machine_start_trace(opc_machine* machine, const char* file) {
    if (c::lacks({{"machine", machine}, {"file", file}})) {
        return STATUS_INVALID_PARAMETER;
    }
    return c::status_of(machine->machine->start_trace(file));
}

opc_status opc_machine_stop_trace(opc_machine* machine) {
    if (c::lacks({{"machine", machine}})) {
        return STATUS_INVALID_PARAMETER;
    }
    return c::status_of(machine->machine->stop_trace());
}

opc_status opc_machine_filters(opc_machine* machine, const opc_filter_info** filters, size_t* count) {
    if (c::lacks({{"machine", machine}, {"filters", filters}, {"count", count}})) {
        return STATUS_INVALID_PARAMETER;
    }
    machine->filters = machine->machine->filters();
    machine->categories.clear();
    machine->filter_list.clear();
    for (const FilterInfo& filter : machine->filters) {
        std::string all;
        for (const std::string& category : filter.categories) {
            all += all.empty() ? category : " " + category;
        }
        machine->categories.push_back(std::move(all));
    }
    for (std::size_t i = 0; i < machine->filters.size(); ++i) {
        const FilterInfo& filter = machine->filters[i];
        machine->filter_list.push_back({filter.name.c_str(), filter.friendly_name.c_str(), filter.path.c_str(),
                                        filter.device.c_str(), machine->categories[i].c_str()});
    }
    *filters = machine->filter_list.data();
    *count = machine->filter_list.size();
    return 0;
}

opc_status opc_machine_interface_values(opc_machine* machine, const char* path, const opc_interface_value** values,
                                        size_t* count) {
    if (c::lacks({{"machine", machine}, {"path", path}, {"values", values}, {"count", count}})) {
        return STATUS_INVALID_PARAMETER;
    }
    FilterInfo filter;
    filter.path = path;
    auto known = machine->machine->interface_values(filter);
    if (!known) {
        return c::fail(known.error());
    }
    machine->values = std::move(*known);
    machine->value_texts.clear();
    machine->value_list.clear();
    for (const InterfaceValue& value : machine->values) {
        const std::string& text = machine->value_texts.emplace_back(value.text());
        machine->value_list.push_back({value.key.c_str(), value.name.c_str(), value.type, value.data.data(),
                                       value.data.size(), text.c_str(), value.number()});
    }
    *values = machine->value_list.data();
    *count = machine->value_list.size();
    return 0;
}

size_t opc_hardware_models(const opc_hardware_model** models) {
    if (c::lacks({{"models", models}})) {
        return 0;
    }
    struct Known {
        Known() : models(hardware_models()) {
            for (const HardwareModel& model : models) {
                auto& all = options.emplace_back();
                for (const HardwareModel::Option& option : model.options) {
                    all.push_back({option.name.c_str(), option.default_value.c_str(), option.description.c_str()});
                }
                list.push_back(
                    {model.name.c_str(), model.description.c_str(), model.binds_to.c_str(), all.data(), all.size()});
            }
        }
        std::vector<HardwareModel> models;
        std::deque<std::vector<opc_hardware_option>> options;
        std::vector<opc_hardware_model> list;
    };
    static const Known known;
    *models = known.list.data();
    return known.list.size();
}
