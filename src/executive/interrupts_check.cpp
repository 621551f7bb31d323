#include "executive/interrupts_check.h"

#include "executive/sentence.h"

namespace openportcls::executive {

void interrupts_left_disabled(std::string_view what, const void* routine) {
    constexpr std::uint64_t returned_with_interrupts_disabled = 0xC1;
    machine::Machine::current().bugcheck(
        0xC4 /* DRIVER_VERIFIER_DETECTED_VIOLATION */, returned_with_interrupts_disabled,
        reinterpret_cast<std::uint64_t>(routine), 0, 0,
        Sentence("{} returns with interrupts enabled; this one called _disable() without _enable().", what));
}

} // namespace openportcls::executive
