// What KS keeps per machine.
#pragma once

#include <array>
#include <unordered_set>
#include <vector>

#include "executive/ex/host_parts.h"
#include "ks/ks_workers.h"
#include "ks/request_frame.h"
#include "machine/machine.h"

namespace openportcls::ks {

struct EventRecord;

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
        return make(machine);
    }

    machine::Machine& machine() const { return machine_; }

    executive::HostParts<Worker> workers;
    // Those that have not been discarded; looked up, never iterated.
    std::unordered_set<const EventRecord*> event_records;

    RequestFrame& take_frame() {
        RequestFrame* const frame = free_frames_;
        if (frame == nullptr) [[unlikely]] {
            return new_frame();
        }
        free_frames_ = frame->next_free;
        return *frame;
    }
    void give_frame(RequestFrame& frame) {
        frame.reset();
        frame.next_free = free_frames_;
        free_frames_ = &frame;
    }
    // The same, of a request that was pending: whoever completes it once more, late, still finds one that is over, not
    // somebody else's. It is used again after as many others.
    [[gnu::noinline]] void rest_frame(RequestFrame& frame);

private:
    static constexpr std::size_t resting_frames = 32;

    [[gnu::cold, gnu::noinline]] static KsSystem& make(machine::Machine& machine);
    [[gnu::cold, gnu::noinline]] RequestFrame& new_frame();

    machine::Machine& machine_;
    RequestFrame* free_frames_ = nullptr;
    std::array<RequestFrame*, resting_frames> resting_{}; // a ring; AddressSanitizer reports who writes there
    std::size_t oldest_resting_ = 0;
    std::vector<RequestFrame*> frames_; // in the guest's heap: values are what drivers write to
};

} // namespace openportcls::ks
