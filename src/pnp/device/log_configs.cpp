#include "pnp/device/log_configs.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include "pnp/device/arbiter.h"

namespace openportcls::pnp {

namespace {

constexpr int disabled = 0xFFFF;

// ConfigPriority, as LCPRI_… of the configuration manager ranks its values: less is better, and what software can set
// comes before what needs a hand.
int rank_of(std::string_view priority) {
    static constexpr struct {
        std::string_view name;
        int rank;
    } ranks[] = {{"DESIRED", 0x2000},      {"NORMAL", 0x3000},    {"SUBOPTIMAL", 0x5000},
                 {"RESTART", 0x8000},      {"REBOOT", 0x9000},    {"POWEROFF", 0xA000},
                 {"HARDRECONFIG", 0xC000}, {"HARDWIRED", 0xE000}, {"DISABLED", disabled}};
    const auto* const found = std::ranges::find(ranks, priority, [](const auto& each) { return each.name; });
    return found != std::end(ranks) ? found->rank : rank_of("NORMAL");
}

// What has been chosen so far, and how to choose more.
class Choice {
public:
    explicit Choice(const std::function<bool(const Resource&)>& is_free) : is_free_(is_free) {}

    // `make` numbers the line's possibilities from 0 on; nothing is behind the last.
    template<class Make>
    void choose(Make&& make) {
        for (std::uint64_t number = 0;; ++number) {
            const std::optional<Resource> resource = make(number);
            if (!resource) {
                break;
            }
            if (is_free_(*resource) &&
                std::ranges::none_of(chosen_, [&](const Resource& other) { return is_conflict(*resource, other); })) {
                chosen_.push_back(*resource);
                return;
            }
        }
        if (const std::optional<Resource> first = make(0)) {
            chosen_.push_back(*first);
        }
    }
    std::vector<Resource> take() { return std::move(chosen_); }

private:
    const std::function<bool(const Resource&)>& is_free_;
    std::vector<Resource> chosen_;
};

// Every place of every range of the line, each range from its lowest place on.
std::optional<std::uint64_t> place_of(const std::vector<InfAddressRange>& ranges, std::uint64_t number,
                                      std::uint64_t* length) {
    for (const InfAddressRange& range : ranges) {
        const std::uint64_t alignment = std::max<std::uint64_t>(range.alignment, 1);
        const std::uint64_t first = (range.minimum + alignment - 1) / alignment * alignment;
        const std::uint64_t last = range.maximum - (range.length - 1); // not below minimum: read_log_config has checked
        // A fixed range is where it is, whatever its alignment says.
        const std::uint64_t places = first <= last ? (last - first) / alignment + 1 : 1;
        if (number < places) {
            *length = range.length;
            return first <= last ? first + number * alignment : range.minimum;
        }
        number -= places;
    }
    return std::nullopt;
}

} // namespace

std::vector<InfLogConfig> ordered_log_configs(const InfDeviceInstall& install) {
    const auto rank = [](const InfLogConfig& config) { return rank_of(config.priority); };
    std::vector<InfLogConfig> configs;
    for (const InfLogConfig& each : install.log_configs) {
        if (rank(each) != disabled) {
            configs.insert(std::ranges::upper_bound(configs, rank(each), {}, rank), each);
        }
    }
    if (install.factory_default) {
        configs.insert(configs.begin(), *install.factory_default);
    }
    return configs;
}

std::vector<Resource> resources_of(const InfLogConfig& config, const std::function<bool(const Resource&)>& is_free) {
    Choice choice(is_free);
    for (const auto& ranges : config.ports) {
        choice.choose([&](std::uint64_t number) -> std::optional<Resource> {
            std::uint64_t length = 0;
            const auto place = place_of(ranges, number, &length);
            return place ? std::optional(Resource::port(*place, length)) : std::nullopt;
        });
    }
    for (const auto& ranges : config.memory) {
        choice.choose([&](std::uint64_t number) -> std::optional<Resource> {
            std::uint64_t length = 0;
            const auto place = place_of(ranges, number, &length);
            return place ? std::optional(Resource::memory(*place, length)) : std::nullopt;
        });
    }
    for (const InfLineChoice& line : config.interrupts) {
        const bool level = line.attributes.find('L') != std::string::npos;
        choice.choose([&](std::uint64_t number) -> std::optional<Resource> {
            return number < line.numbers.size()
                       ? std::optional(Resource::interrupt(line.numbers[number], level ? machine::TriggerMode::level
                                                                                       : machine::TriggerMode::latched))
                       : std::nullopt;
        });
    }
    for (const InfLineChoice& line : config.dma_channels) {
        choice.choose([&](std::uint64_t number) -> std::optional<Resource> {
            return number < line.numbers.size() ? std::optional(Resource::dma(line.numbers[number])) : std::nullopt;
        });
    }
    return choice.take();
}

std::vector<Resource> free_configuration(const ManagerState& manager, const DeviceNode& node,
                                         const std::vector<InfLogConfig>& configs) {
    const auto is_free = [&](const Resource& resource) {
        return !find_conflict(manager, node, std::span(&resource, 1));
    };
    for (const InfLogConfig& config : configs) {
        std::vector<Resource> resources = resources_of(config, is_free);
        if (!find_conflict(manager, node, resources)) {
            return resources;
        }
    }
    return configs.empty() ? std::vector<Resource>()
                           : resources_of(configs.front(), [](const Resource&) { return true; });
}

} // namespace openportcls::pnp
