// A machine with the executive, for the helper objects that need no device.
#pragma once

#include <gtest/gtest.h>

#include <portcls.h>

#include "executive/kernel.h"
#include "machine/machine.h"
#include "portcls/helpers/com_object.h"

namespace openportcls::portcls {

class HelperTest : public ::testing::Test {
protected:
    HelperTest() { executive::install(machine_); }

    template<class Function>
    void inside(Function&& function) {
        const bool survived = machine_.enter(std::forward<Function>(function));
        ASSERT_TRUE(survived) << machine_.bugcheck_report()->to_text();
    }

    // What a bugcheck test expects: the code of the crash, 0 when there was none.
    template<class Function>
    std::uint32_t crash_of(Function&& function) {
        return machine_.enter(std::forward<Function>(function)) ? 0 : machine_.bugcheck_report()->code;
    }

    machine::Machine machine_;
};

inline constexpr std::uint32_t irql_not_less_or_equal = 0x0A;

// CM_RESOURCE_LIST with room for its entries.
struct ResourceListStorage {
    static constexpr ULONG most_entries = 8;
    alignas(8) UCHAR bytes[sizeof(CM_RESOURCE_LIST) + most_entries * sizeof(CM_PARTIAL_RESOURCE_DESCRIPTOR)] = {};

    ResourceListStorage() {
        list()->Count = 1;
        list()->List[0].InterfaceType = Isa;
        list()->List[0].BusNumber = 3;
    }
    CM_RESOURCE_LIST* list() { return reinterpret_cast<CM_RESOURCE_LIST*>(bytes); }
    CM_PARTIAL_RESOURCE_DESCRIPTOR& add(UCHAR type) {
        auto& partial = list()->List[0].PartialResourceList;
        auto& entry = partial.PartialDescriptors[partial.Count++];
        entry.Type = type;
        return entry;
    }
    void add_port(LONGLONG start, ULONG length) {
        auto& entry = add(CmResourceTypePort);
        entry.u.Port.Start.QuadPart = start;
        entry.u.Port.Length = length;
    }
    void add_interrupt(ULONG level, ULONG vector, bool latched = false, bool shared = false) {
        auto& entry = add(CmResourceTypeInterrupt);
        entry.Flags = latched ? CM_RESOURCE_INTERRUPT_LATCHED : CM_RESOURCE_INTERRUPT_LEVEL_SENSITIVE;
        entry.ShareDisposition = shared ? CmResourceShareShared : CmResourceShareDeviceExclusive;
        entry.u.Interrupt.Level = level;
        entry.u.Interrupt.Vector = vector;
        entry.u.Interrupt.Affinity = 1;
    }
};

} // namespace openportcls::portcls
