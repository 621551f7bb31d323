#include "client/interfaces.h"

#include <algorithm>
#include <cstring>

#include <ks.h>
#include <ksmedia.h>

#include "base/unicode.h"
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
    std::u16string text(value->data.size() / 2, u'\0');
    std::memcpy(text.data(), value->data.data(), text.size() * 2);
    while (!text.empty() && text.back() == u'\0') {
        text.pop_back();
    }
    return utf16_to_utf8(text);
}

} // namespace

std::vector<FilterInfo> list_filters(MachineState& state) {
    std::vector<FilterInfo> filters;
    state.call([&] {
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

} // namespace client

} // namespace openportcls
