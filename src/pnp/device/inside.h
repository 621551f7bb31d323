// How the PnP manager's calls get into the machine.
#pragma once

#include <optional>

#include "base/result.h"
#include "pnp/device/manager_state.h"

namespace openportcls::pnp {

// What a call says when the guest has crashed, now or before.
Error crashed(const machine::Machine& machine);

// Runs `function` (which returns a Result) inside the machine, wherever the caller is, while nobody else changes the
// device tree.
template<class Function>
auto inside(ManagerState& manager, Function&& function) -> decltype(function()) {
    using Answer = decltype(function());
    machine::Machine& machine = manager.machine;
    if (machine.is_halted()) {
        return crashed(machine);
    }
    const bool on_another_thread =
        machine::Machine::current_or_null() == &machine && !machine.current_thread().is_client;
    if (on_another_thread) {
        const ManagerState::Tree tree(manager);
        return function();
    }
    std::optional<Answer> answer;
    const bool survived = machine.enter([&] {
        const ManagerState::Tree tree(manager);
        answer.emplace(function());
    });
    if (!survived || !answer) {
        return crashed(machine);
    }
    return std::move(*answer);
}

} // namespace openportcls::pnp
