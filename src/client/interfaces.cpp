#include "client/interfaces.h"

#include <algorithm>
#include <cstring>
#include <span>

#include <fmt/format.h>

#include <ks.h>
#include <ksmedia.h>

#include "base/unicode.h"
#include "client/ranges.h"
#include "client/state.h"
#include "executive/io/device_interfaces.h"
#include "executive/kernel.h"
#include "executive/registry/registry.h"

namespace openportcls {

bool FilterInfo::has_category(std::string_view category) const {
    return std::any_of(categories.begin(), categories.end(),
                       [&](const std::string& each) { return equal_ignoring_ascii_case(each, category); });
}

namespace client {

namespace {

std::string category_name(const GUID& category) {
    const std::pair<GUID, const char*> names[] = {
        {KSCATEGORY_AUDIO, "audio"},       {KSCATEGORY_RENDER, "render"},     {KSCATEGORY_CAPTURE, "capture"},
        {KSCATEGORY_REALTIME, "realtime"}, {KSCATEGORY_TOPOLOGY, "topology"}, {KSCATEGORY_SYNTHESIZER, "synthesizer"},
    };
    for (const auto& [guid, name] : names) {
        if (std::memcmp(&guid, &category, sizeof guid) == 0) {
            return name;
        }
    }
    return utf16_to_utf8(executive::guid_text(category));
}

std::string friendly_name(machine::Machine& machine, const executive::DeviceInterface& entry) {
    const auto key = executive::Registry::of(machine).find(entry.registry_key + u"\\Device Parameters");
    const executive::RegistryValue* value = key != nullptr ? key->value(u"FriendlyName") : nullptr;
    if (value == nullptr || value->data.size() < 2) {
        return {};
    }
    return text_of(std::as_bytes(std::span(value->data)));
}

} // namespace

std::vector<FilterInfo> list_filters(MachineState& state) {
    std::vector<FilterInfo> filters;
    state.call_even_when_off([&] {
        auto& kernel = state.machine->subsystem<executive::Kernel>();
        for (const executive::DeviceInterface* entry : kernel.interfaces.enumerate()) {
            const pnp::DeviceNode* node = state.pnp->node_of(entry->physical_device);
            const std::string device = node != nullptr ? node->instance_path() : std::string();
            const std::string name = utf16_to_utf8(entry->reference);
            auto filter = std::find_if(filters.begin(), filters.end(), [&](const FilterInfo& each) {
                return each.name == name && each.device == device;
            });
            if (filter == filters.end()) {
                filters.push_back(
                    {name, friendly_name(*state.machine, *entry), utf16_to_utf8(entry->symbolic_link), device, {}});
                filter = std::prev(filters.end());
            }
            filter->categories.push_back(category_name(entry->interface_class));
        }
        return STATUS_SUCCESS;
    });
    return filters;
}

namespace {

void collect(const executive::RegistryKey& key, const std::string& path, std::vector<InterfaceValue>& values) {
    for (const executive::RegistryValue& value : key.values()) {
        const auto data = std::as_bytes(std::span(value.data));
        values.push_back({path, utf16_to_utf8(value.name), value.type, {data.begin(), data.end()}});
    }
    for (const auto& [name, below] : key.subkeys()) {
        std::string inner = path;
        if (!inner.empty()) {
            inner += '\\';
        }
        inner += utf16_to_utf8(name);
        collect(*below, inner, values);
    }
}

} // namespace

Result<std::vector<InterfaceValue>> interface_values(MachineState& state, std::string_view path) {
    std::vector<InterfaceValue> values;
    const NTSTATUS status = state.call_even_when_off([&] {
        auto& kernel = state.machine->subsystem<executive::Kernel>();
        const executive::DeviceInterface* entry = kernel.interfaces.find(utf8_to_utf16(path));
        if (entry == nullptr) {
            return STATUS_OBJECT_NAME_NOT_FOUND;
        }
        const auto key = executive::Registry::of(*state.machine).find(entry->registry_key + u"\\Device Parameters");
        if (key != nullptr) {
            collect(*key, {}, values);
        }
        return STATUS_SUCCESS;
    });
    if (!NT_SUCCESS(status)) {
        return state.error(status, fmt::format("the registry of {}", path));
    }
    return values;
}

} // namespace client

std::string InterfaceValue::text() const {
    return type == REG_SZ || type == REG_EXPAND_SZ ? client::text_of(data) : std::string();
}

std::uint32_t InterfaceValue::number() const {
    std::uint32_t number = 0;
    if (type == REG_DWORD && data.size() >= sizeof number) {
        std::memcpy(&number, data.data(), sizeof number);
    }
    return number;
}

} // namespace openportcls
