// Interrupt lines and the service routines connected to them.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "machine/types.h"

namespace openportcls::machine {

class Machine;

enum class TriggerMode : std::uint8_t { level, latched };

// One connected service routine (what a KINTERRUPT stands for). The executive derives from it.
class InterruptHandler {
public:
    // True: "the interrupt was mine".
    using Service = bool(NTAPI*)(InterruptHandler& handler);

    Service service = nullptr;
    KIRQL synchronize_irql = irql::device_lowest;
    KSPIN_LOCK* lock = nullptr; // held while `service` runs
    KSPIN_LOCK own_lock = 0;
    std::uint32_t serial = 0;
    // Whom `service` calls, for reports: the driver's routine and what it is given. Null: `service` itself.
    const void* routine = nullptr;
    const void* routine_context = nullptr;
};

class InterruptLine {
public:
    InterruptLine(Machine& machine, std::uint32_t vector, KIRQL irql, TriggerMode mode);

    std::uint32_t vector() const { return vector_; }
    KIRQL irql() const { return irql_; }
    TriggerMode mode() const { return mode_; }
    void set_mode(TriggerMode mode) { mode_ = mode; }
    bool is_asserted() const { return asserted_by_ != 0; }

    // Hardware side. A level line stays asserted until every source that raised it has lowered it; a latched line
    // remembers one edge. `source` (0..31) tells devices that share the line apart.
    void NTAPI raise(unsigned source = 0);
    void NTAPI lower(unsigned source = 0);
    void pulse();

    // While it is masked no routine is called; what comes meanwhile is not lost.
    void mask() { masked_ = true; }
    void unmask();

    // Driver side, PASSIVE_LEVEL.
    void connect(InterruptHandler& handler);
    void disconnect(InterruptHandler& handler);
    std::span<InterruptHandler* const> handlers() const { return handlers_; }

private:
    friend class Machine;
    bool needs_service() const {
        return !handlers_.empty() && !masked_ && (mode_ == TriggerMode::level ? asserted_by_ != 0 : edge_);
    }

    Machine& machine_;
    std::uint32_t vector_;
    KIRQL irql_;
    TriggerMode mode_;
    bool edge_ = false;
    bool queued_ = false; // in the machine's pending list
    bool in_service_ = false;
    std::size_t turn_ = 0; // of the service in progress: whose comes next
    bool masked_ = false;
    std::uint32_t asserted_by_ = 0;
    std::uint32_t unhandled_ = 0; // consecutive deliveries that nobody claimed, or that changed nothing
    std::vector<InterruptHandler*> handlers_;
    InterruptLine* next_pending_ = nullptr;
};

} // namespace openportcls::machine
