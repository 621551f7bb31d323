// Resources on their way to the driver.
#include "pnp/device/arbiter.h"
#include "pnp/device/resource_lists.h"
#include "pnp_fixture.h"

#include "executive/io/device_record.h"
#include "executive/kernel.h"

namespace openportcls::pnp::test {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const std::vector<Resource> sound_blaster = {Resource::port(0x220, 16),
                                             Resource::interrupt(5, machine::TriggerMode::latched), Resource::dma(1),
                                             Resource::memory(0xFE000000, 0x1000)};

using Resources = PnpTest;

TEST_F(Resources, ReachStartDeviceRawAndTranslated) {
    add(load(), {.resources = sound_blaster});
    ASSERT_THAT(driver_log.raw, SizeIs(4));
    ASSERT_THAT(driver_log.translated, SizeIs(4)); // the same entries in the same order (R-RES-05)
    EXPECT_EQ(driver_log.raw[0].Type, CmResourceTypePort);
    EXPECT_EQ(driver_log.raw[0].u.Port.Start.QuadPart, 0x220);
    EXPECT_EQ(driver_log.raw[0].u.Port.Length, 16U);
    EXPECT_EQ(driver_log.raw[1].Type, CmResourceTypeInterrupt);
    EXPECT_EQ(driver_log.raw[1].u.Interrupt.Level, 5U);
    EXPECT_EQ(driver_log.raw[1].Flags, CM_RESOURCE_INTERRUPT_LATCHED);
    const TranslatedInterrupt interrupt = translate_interrupt(5);
    EXPECT_EQ(driver_log.translated[1].u.Interrupt.Level, interrupt.irql);
    EXPECT_EQ(driver_log.translated[1].u.Interrupt.Vector, interrupt.vector);
    EXPECT_EQ(driver_log.raw[2].u.Dma.Channel, 1U);
    EXPECT_EQ(driver_log.raw[3].u.Memory.Start.QuadPart, 0xFE000000LL);
}

TEST_F(Resources, SoftwareDevicesGetNone) {
    add(load());
    EXPECT_THAT(driver_log.raw, IsEmpty());
    EXPECT_THAT(driver_log.translated, IsEmpty());
}

TEST_F(Resources, FilterMayDropRequirements) {
    driver_log.filters_resources = true;
    add(load(), {.resources = sound_blaster});
    EXPECT_THAT(driver_log.raw, SizeIs(3));
}

TEST_F(Resources, RebalanceRestartsWithOthers) {
    DeviceNode& node = add(load(), {.resources = {Resource::port(0x220, 16)}});
    EXPECT_OK(manager.rebalance(node, {Resource::port(0x240, 16)}));
    EXPECT_EQ(driver_log.raw.front().u.Port.Start.QuadPart, 0x240);
    EXPECT_EQ(driver_log.count("STOP"), 1);
}

// ---- what another device has
// ------------------------------------------------------------------------------------------

class Arbitration : public PnpTest {
protected:
    LoadedDriver& driver = load({.service_name = "cards"});
    Result<DeviceNode*> second(std::vector<Resource> resources) {
        return manager.add_device(driver, {.resources = std::move(resources)});
    }
};

TEST_F(Arbitration, RefusesWhatAnotherDeviceHas) {
    add(driver, {.resources = sound_blaster});
    const int starts = driver_log.count("START");
    const struct {
        Resource wanted;
        const char* message;
    } cases[] = {
        {Resource::port(0x22F, 16), "ports 0x22F-0x23E cannot be had: ROOT\\CARDS\\0000 (cards) has ports 0x220-0x22F"},
        {Resource::port(0x211, 16), "ports 0x220-0x22F"},
        {Resource::memory(0xFE000FFF, 1), "memory 0xFE000000-0xFE000FFF"},
        {Resource::interrupt(5, machine::TriggerMode::latched), "interrupt 5"},
        {Resource::interrupt(5, machine::TriggerMode::level), "interrupt 5"},
        {Resource::dma(1), "DMA channel 1"},
    };
    for (const auto& each : cases) {
        auto refused = second({Resource::port(0x300, 2), each.wanted});
        ASSERT_FALSE(refused) << each.message;
        EXPECT_EQ(refused.error().status, STATUS_CONFLICTING_ADDRESSES);
        EXPECT_THAT(refused.error().message, ::testing::AllOf(HasSubstr(each.message), HasSubstr("(cards) has ")));
    }
    EXPECT_EQ(driver_log.count("START"), starts) << "no driver sees resources that it cannot have";
    EXPECT_THAT(manager.devices(), SizeIs(1));
}

TEST_F(Arbitration, GrantsWhatIsBesideOrShared) {
    auto shared_port = Resource::port(0x400, 16);
    shared_port.shared = true;
    add(driver, {.resources = {Resource::port(0x220, 16), Resource::interrupt(9), Resource::dma(1), shared_port}});
    EXPECT_OK(second({Resource::port(0x230, 16), Resource::port(0x210, 16)}));
    EXPECT_OK(second({Resource::interrupt(9), shared_port}));
    EXPECT_OK(second({Resource::memory(0x220, 16), Resource::dma(3), Resource::interrupt(1)}));
    EXPECT_ERROR(second({Resource::interrupt(9, machine::TriggerMode::latched)}), STATUS_CONFLICTING_ADDRESSES,
                 HasSubstr("interrupt 9"));
}

TEST_F(Arbitration, RangesMayEndWithTheAddressSpace) {
    add(driver, {.resources = {Resource::memory(UINT64_MAX - 0xFFF, 0x1000)}});
    EXPECT_OK(second({Resource::memory(0, 0x1000)}));
    EXPECT_ERROR(second({Resource::memory(UINT64_MAX, 1)}), STATUS_CONFLICTING_ADDRESSES, HasSubstr("memory"));
}

TEST_F(Arbitration, GivesBackWhenADeviceStopsOrGoes) {
    DeviceNode& first = add(driver, {.resources = sound_blaster});
    EXPECT_OK(manager.stop(first));
    DeviceNode& other = add(driver, {.resources = sound_blaster});
    EXPECT_OK(manager.remove(other));
    EXPECT_OK(manager.start(first));
    EXPECT_OK(manager.surprise_remove(first));
    EXPECT_OK(second(sound_blaster));
}

TEST_F(Arbitration, GivesBackWhenAStartFails) {
    driver_log.refusals[{IRP_MJ_PNP, IRP_MN_START_DEVICE}] = STATUS_UNSUCCESSFUL;
    DeviceNode& failed = add(driver, {.resources = sound_blaster, .start = false});
    EXPECT_ERROR(manager.start(failed), STATUS_UNSUCCESSFUL, HasSubstr("START_DEVICE"));
    driver_log.refusals.clear();
    EXPECT_OK(second(sound_blaster));
}

TEST_F(Arbitration, RebalanceMovesADeviceOutOfTheWay) {
    DeviceNode& first = add(driver, {.resources = {Resource::port(0x220, 16)}});
    EXPECT_OK(manager.rebalance(first, {Resource::port(0x240, 16)}));
    EXPECT_OK(second({Resource::port(0x220, 16)}));
    EXPECT_ERROR(second({Resource::port(0x240, 16)}), STATUS_CONFLICTING_ADDRESSES, HasSubstr("0x240-0x24F"));
}

TEST_F(Arbitration, RebalanceIntoAConflictLeavesTheDeviceAsItIs) {
    DeviceNode& first = add(driver, {.resources = {Resource::port(0x220, 16)}});
    add(driver, {.resources = {Resource::port(0x240, 16)}});
    EXPECT_ERROR(manager.rebalance(first, {Resource::port(0x248, 16)}), STATUS_CONFLICTING_ADDRESSES,
                 HasSubstr("0x240-0x24F"));
    EXPECT_EQ(first.state(), DeviceState::started);
    EXPECT_EQ(first.resources().front().start, 0x220U);
    EXPECT_EQ(driver_log.count("STOP"), 0);
    EXPECT_EQ(driver_log.count("CANCEL_STOP"), 1);
    EXPECT_ERROR(second({Resource::port(0x220, 16)}), STATUS_CONFLICTING_ADDRESSES, HasSubstr("0x220-0x22F"));
}

// An INF's configurations are tried by their priority, and of each line whatever is free; a start tries again.
TEST_F(Arbitration, AnInfsConfigurationsAreTriedInTheOrderOfTheirPriority) {
    const std::filesystem::path inf = write("card.inf", R"([Version]
Signature = "$WINDOWS NT$"
Class = MEDIA
ClassGuid = {4d36e96c-e325-11ce-bfc1-08002be10318}
[Manufacturer]
Maker = Models, NTamd64
[Models.NTamd64]
Card = Card, ROOT\CARD
[Card.NT]
LogConfig = Jumpers, Good, Off, Poor, Best
[Card.NT.Services]
AddService = card, 2, Card.Service
[Card.Service]
ServiceBinary = %12%\card.sys
[Jumpers]
ConfigPriority = HARDRECONFIG
IOConfig = 400-40f
IRQConfig = 11
[Good]
ConfigPriority = NORMAL
IOConfig = 220-22f, 240-24f
IOConfig = 4@300-30f%fffc
IRQConfig = 5, 7
[Off]
ConfigPriority = DISABLED
IOConfig = 500-50f
[Poor]
ConfigPriority = SUBOPTIMAL
IOConfig = 280-28f
IRQConfig = 10
[Best]
ConfigPriority = DESIRED
IOConfig = 220-22f
IRQConfig = 5
)");
    const auto next = [&] { return manager.add_device(driver, {.inf = inf}); };
    const auto place = [](const DeviceNode& node) {
        std::string text;
        for (const Resource& resource : node.held_resources()) {
            text += (text.empty() ? "" : ", ") + resource_name(resource);
        }
        return text;
    };
    DeviceNode& first = **next();
    EXPECT_EQ(place(first), "ports 0x220-0x22F, interrupt 5");
    DeviceNode& second = **next();
    EXPECT_EQ(place(second), "ports 0x240-0x24F, ports 0x300-0x303, interrupt 7");
    DeviceNode& third = **next();
    EXPECT_EQ(place(third), "ports 0x280-0x28F, interrupt 10") << "of the second, one line had nothing left";
    EXPECT_EQ(place(**next()), "ports 0x400-0x40F, interrupt 11");
    EXPECT_ERROR(next(), STATUS_CONFLICTING_ADDRESSES, HasSubstr("ports 0x220-0x22F cannot be had"));

    EXPECT_OK(manager.stop(first));
    EXPECT_OK(manager.stop(second));
    EXPECT_OK(manager.start(second));
    EXPECT_EQ(place(second), "ports 0x220-0x22F, interrupt 5") << "the best is free now";
    EXPECT_OK(manager.start(first));
    EXPECT_EQ(place(first), "ports 0x240-0x24F, ports 0x300-0x303, interrupt 7");

    EXPECT_OK(manager.rebalance(first, {Resource::port(0x600, 16)}));
    EXPECT_OK(manager.stop(first));
    EXPECT_OK(manager.start(first));
    EXPECT_EQ(place(first), "ports 0x600-0x60F") << "where it was put it stays";
}

// A device whose driver does without a resource does not hold it.
TEST_F(Arbitration, WhatAFilterDroppedIsFree) {
    driver_log.filters_resources = true;
    add(driver, {.resources = sound_blaster});
    EXPECT_OK(second({sound_blaster.back(), Resource::dma(0)}));
}

TEST(InterruptTranslation, EveryLineHasItsVectorAtADeviceLevel) {
    std::set<std::uint32_t> vectors;
    for (std::uint32_t line = 0; line < 256; ++line) {
        const TranslatedInterrupt to = translate_interrupt(line);
        EXPECT_GE(to.irql, machine::irql::device_lowest);
        EXPECT_LE(to.irql, machine::irql::device_highest);
        EXPECT_TRUE(vectors.insert(to.vector).second) << line;
    }
}

TEST(Requirements, AreSatisfiedByWhatTheDeviceHas) {
    const auto wishes = make_requirements(sound_blaster, {});
    auto assignment = satisfy(*reinterpret_cast<const IO_RESOURCE_REQUIREMENTS_LIST*>(wishes.data()), sound_blaster);
    ASSERT_TRUE(assignment);
    EXPECT_THAT(assignment->resources, SizeIs(4));
}

TEST(Requirements, ThatNothingSatisfiesAreAConflict) {
    const auto wishes = make_requirements(sound_blaster, {});
    auto assignment = satisfy(*reinterpret_cast<const IO_RESOURCE_REQUIREMENTS_LIST*>(wishes.data()), {});
    ASSERT_FALSE(assignment);
    EXPECT_EQ(assignment.status(), STATUS_CONFLICTING_ADDRESSES);
}

TEST(Requirements, AlternativesAreTriedInOrder) {
    auto wishes = make_requirements(std::vector{Resource::port(0x220, 16), Resource::port(0x240, 16)}, {});
    auto& list = *reinterpret_cast<IO_RESOURCE_REQUIREMENTS_LIST*>(wishes.data());
    list.List[0].Descriptors[1].Option = IO_RESOURCE_ALTERNATIVE;
    auto first = satisfy(list, std::vector{Resource::port(0x220, 16), Resource::port(0x240, 16)});
    ASSERT_TRUE(first);
    ASSERT_THAT(first->resources, SizeIs(1));
    EXPECT_EQ(first->resources[0].start, 0x220U);
    auto second = satisfy(list, std::vector{Resource::port(0x240, 16)});
    ASSERT_TRUE(second);
    EXPECT_EQ(second->resources[0].start, 0x240U);
}

TEST(Requirements, LongerThanTheirSizeAreRefused) {
    auto wishes = make_requirements(sound_blaster, {});
    auto& list = *reinterpret_cast<IO_RESOURCE_REQUIREMENTS_LIST*>(wishes.data());
    list.List[0].Count = 1000;
    auto assignment = satisfy(list, sound_blaster);
    ASSERT_FALSE(assignment);
    EXPECT_THAT(assignment.error().message, HasSubstr("ListSize"));
}

} // namespace openportcls::pnp::test
