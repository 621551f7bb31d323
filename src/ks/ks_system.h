// What KS keeps per machine.
#pragma once

#include <vector>

#include "ks/request_frame.h"
#include "machine/machine.h"

namespace openportcls::ks {

class KsSystem : public machine::Subsystem {
public:
    static constexpr machine::SubsystemId subsystem_id = machine::SubsystemId::ks;

    explicit KsSystem(machine::Machine& machine) : machine_(machine) {}
    ~KsSystem() override;

    // The current machine's, made on first use.
    static KsSystem& current() {
        auto& machine = machine::Machine::current();
        if (auto* system = machine.find_subsystem<KsSystem>()) [[likely]] {
            return *system;
        }
        return machine.add_subsystem<KsSystem>();
    }

    machine::Machine& machine() const { return machine_; }

    RequestFrame& take_frame();
    void give_frame(RequestFrame& frame);

private:
    machine::Machine& machine_;
    RequestFrame* free_frames_ = nullptr;
    std::vector<RequestFrame*> frames_; // in the guest's heap: values are what drivers write to
};

} // namespace openportcls::ks
