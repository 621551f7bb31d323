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

[[gnu::noinline, gnu::no_sanitize_address]] std::uint16_t calling_driver(machine::Machine& machine) {
    const Kernel* const kernel = machine.find_subsystem<Kernel>();
    if (kernel == nullptr || !machine.is_entered()) {
        return 0;
    }
    const machine::FiberStack& stack = machine.current_thread().fiber.stack();
    const auto* const end = reinterpret_cast<const Frame*>(stack.top());
    const auto* frame = static_cast<const Frame*>(__builtin_frame_address(0));
    if (frame < reinterpret_cast<const Frame*>(stack.bottom())) {
        return 0; // an interrupt's stack
    }
    while (frame + 1 <= end) {
        if (const std::uint16_t owner = kernel->pool.owner_at(frame->return_address); owner != 0) {
            return owner;
        }
        if (frame->caller <= frame) {
            break;
        }
        frame = frame->caller;
    }
    return 0;
}

} // namespace openportcls::executive
