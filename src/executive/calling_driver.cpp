#include "executive/calling_driver.h"

#include "executive/kernel.h"

namespace openportcls::executive {

namespace {

// As the System V ABI for AMD64 lays it out (section 3.2.2).
struct Frame {
    const Frame* caller;
    const void* return_address;
};

} // namespace

[[gnu::noinline, gnu::no_sanitize_address]] const void* place_in_driver(machine::Machine& machine) {
    const Kernel* const kernel = machine.find_subsystem<Kernel>();
    if (kernel == nullptr || !machine.is_entered()) {
        return nullptr;
    }
    const machine::FiberStack& stack = machine.current_thread().fiber.stack();
    const auto* const end = reinterpret_cast<const Frame*>(stack.top());
    const auto* frame = static_cast<const Frame*>(__builtin_frame_address(0));
    if (frame < reinterpret_cast<const Frame*>(stack.bottom())) {
        return nullptr; // an interrupt's stack
    }
    while (frame + 1 <= end) {
        if (kernel->pool.owner_at(frame->return_address) != 0) {
            return frame->return_address;
        }
        if (frame->caller <= frame) {
            break;
        }
        frame = frame->caller;
    }
    return nullptr;
}

std::uint16_t calling_driver(machine::Machine& machine) {
    const void* const place = place_in_driver(machine);
    return place != nullptr ? machine.subsystem<Kernel>().pool.owner_at(place) : std::uint16_t{0};
}

} // namespace openportcls::executive
