// R-PROP-11: what BASICSUPPORT answers to each size of its value, for every property that a filter, one of its pins or
// nodes, or an open pin has; the drivers' own handlers and the ports' alike.
#include <array>
#include <cstring>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <ks.h>

#include <openportcls/openportcls.hpp>

namespace openportcls::cards {
namespace {

struct Card {
    const char* driver;
    const char* hardware; // null: the driver is software
};

void PrintTo(const Card& card, std::ostream* out) {
    *out << card.driver;
}

// KSPROPERTY and what follows it.
std::vector<std::byte> support_request(const Key& key, const Target& target) {
    KSPROPERTY head{};
    std::memcpy(&head.Set, &key.set, sizeof head.Set);
    head.Id = key.id;
    head.Flags = property_basic_support | target.flags();
    const auto descriptor = target.descriptor();
    std::vector<std::byte> request(sizeof head + descriptor.size());
    std::memcpy(request.data(), &head, sizeof head);
    std::copy(descriptor.begin(), descriptor.end(), request.begin() + sizeof head);
    return request;
}

class BasicSupport : public testing::TestWithParam<Card> {
protected:
    static constexpr std::byte canary{0xC5};

    // The answer to a value of so many bytes; nothing beyond what it reports is written.
    ControlResult ask(const KsObject& object, const std::vector<std::byte>& request, std::size_t room) {
        std::vector<std::byte> value(room + 64, canary);
        const ControlResult result = object.control(IOCTL_KS_PROPERTY, request, std::span(value).first(room));
        const std::size_t written = result.status == STATUS_SUCCESS ? result.information : 0;
        EXPECT_LE(written, room);
        for (std::size_t i = std::min(written, room); i < value.size(); ++i) {
            EXPECT_EQ(value[i], canary) << "byte " << i << " of room " << room;
            if (value[i] != canary) {
                break;
            }
        }
        if (result.status == STATUS_SUCCESS && room >= sizeof flags_) {
            std::memcpy(&flags_, value.data(), sizeof flags_);
        }
        if (result.status == STATUS_SUCCESS && written >= sizeof description_) {
            std::memcpy(&description_, value.data(), sizeof description_);
        }
        return result;
    }

    void check(const KsObject& object, const Key& key, const Target& target) {
        const auto request = support_request(key, target);
        if (ask(object, request, sizeof(ULONG)).status != STATUS_SUCCESS) {
            return; // it is none of that target's
        }
        ++properties_;
        SCOPED_TRACE(fmt::format("{}: property {} of set {}, target of {} bytes, flags {:#x}", object.name(), key.id,
                                 to_string(key.set), target.descriptor().size(), target.flags()));
        const ULONG access = flags_;
        const ControlResult whole = ask(object, request, 0);
        EXPECT_EQ(whole.status, STATUS_BUFFER_OVERFLOW);
        ASSERT_GE(whole.information, sizeof(KSPROPERTY_DESCRIPTION));
        for (const std::size_t room : {3U, 4U, 8U, 39U, 40U, 41U, 100U, 4096U}) {
            const ControlResult result = ask(object, request, room);
            const std::size_t expected = room >= whole.information                ? whole.information
                                         : room == sizeof(KSPROPERTY_DESCRIPTION) ? room
                                         : room == sizeof(ULONG)                  ? room
                                                                                  : 0;
            EXPECT_EQ(result.status, expected != 0 ? STATUS_SUCCESS : STATUS_BUFFER_TOO_SMALL) << "room " << room;
            if (expected != 0) {
                EXPECT_EQ(result.information, expected) << "room " << room;
                EXPECT_EQ(flags_, access) << "room " << room;
            }
            if (expected >= sizeof description_) {
                EXPECT_EQ(description_.DescriptionSize, whole.information) << "room " << room;
            }
        }
    }

    void check_target(const KsObject& object, const Target& target) {
        const auto sets = object.property_sets(target);
        if (!sets) {
            return;
        }
        constexpr std::uint32_t most_ids = 64; // of the largest set, KSPROPSETID_Audio
        for (const Guid& set : *sets) {
            for (std::uint32_t id = 0; id < most_ids; ++id) {
                check(object, {set, id}, target);
            }
        }
    }

    void check_pin(Filter& filter, const PinInfo& info, std::uint32_t nodes) {
        check_target(filter, Target::pin(info.id));
        if (info.is_bridge() || info.ranges.empty()) {
            return;
        }
        WaveFormat format;
        const auto of_stereo = [](const WaveRange& range) { return range.maximum_channels >= 2; };
        const auto range = std::find_if(info.ranges.begin(), info.ranges.end(), of_stereo);
        if (range != info.ranges.end()) {
            format.rate = std::clamp(48000U, range->minimum_rate, range->maximum_rate);
        }
        auto pin = Pin::open(filter, info.id, format);
        ASSERT_TRUE(pin) << pin.error().message;
        ++streams_;
        check_target(*pin, {});
        for (std::uint32_t node = 0; node < nodes; ++node) {
            check_target(*pin, Target::channel(node, 0));
        }
    }

    ULONG flags_ = 0;
    KSPROPERTY_DESCRIPTION description_{};
    int properties_ = 0;
    int streams_ = 0;
};

TEST_P(BasicSupport, EverySizeOfEveryPropertyGetsItsAnswer_R_PROP_11) {
    MachineOptions options;
    if (GetParam().hardware != nullptr) {
        options.hardware = {GetParam().hardware};
    }
    Machine machine = Machine::create(options).value();
    const auto driver = machine.load_driver(GetParam().driver);
    ASSERT_TRUE(driver) << driver.error().message;
    const std::vector<FilterInfo> filters = machine.filters();
    for (const FilterInfo& info : filters) {
        Filter filter = machine.open(info).value();
        check_target(filter, {});
        const auto nodes = static_cast<std::uint32_t>(filter.nodes().value().size());
        for (std::uint32_t node = 0; node < nodes; ++node) {
            check_target(filter, Target::node(node));
            check_target(filter, Target::channel(node, 0));
        }
        const std::vector<PinInfo> pins = filter.pins().value();
        for (const PinInfo& pin : pins) {
            check_pin(filter, pin, nodes);
        }
    }
    EXPECT_GT(properties_, 100);
    EXPECT_GE(streams_, 2);
    EXPECT_FALSE(machine.crash_report());
}

INSTANTIATE_TEST_SUITE_P(Drivers, BasicSupport,
                         testing::Values(Card{"cable", nullptr}, Card{"sb16", "sb16"}, Card{"ac97", "ac97"}),
                         [](const auto& info) { return std::string(info.param.driver); });

} // namespace
} // namespace openportcls::cards
