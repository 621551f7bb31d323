#include "executive/ex/guard_bytes.h"

#include <string>

#include "executive/ex/allocated_by.h"
#include "executive/ex/overrun_search.h"
#include "executive/sentence.h"
#include "machine/machine.h"

namespace openportcls::executive {

void NTAPI Guarded::report(machine::Machine& machine, const char* moment) const {
    const auto address = reinterpret_cast<std::uint64_t>(body);
    machine::BugcheckReport report{.code = bad_pool_header, .parameters = {0x20, address, size, tag}};
    if (!front().holds(pattern())) {
        report.rule = std::string_view(Sentence("{}: something wrote over the bytes in front of the {} of {} bytes at "
                                                "{:#x}.",
                                                moment, name, size, address));
    } else {
        const std::size_t intact = back().first_difference(pattern());
        const auto found = static_cast<unsigned char>(body[size + intact]);
        report.parameters[0] = 0x21;
        report.parameters[3] = found;
        report.rule = std::string_view(Sentence("{}: the {} of {} bytes at {:#x} was written past its end: {:#04x} at "
                                                "offset {}.",
                                                moment, name, size, address, found, size + intact));
    }
    report.stack = machine::capture_stack(1);
    name_allocator(allocated_by, report);
    machine.bugcheck_with_stack(std::move(report));
}

void Guarded::offer_to(OverrunSearch& search) const {
    if (!search.is_near(body, size)) {
        return;
    }
    const bool is_damaged = !(search.is_behind(body, size) ? back() : front()).holds(pattern());
    if (search.is_better(body, size, is_damaged)) {
        search.take(body, size, is_damaged, Sentence("{} of {} bytes", name, size));
        name_allocator(allocated_by, search.report());
    }
}

} // namespace openportcls::executive
