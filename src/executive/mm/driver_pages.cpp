#include "executive/mm/driver_pages.h"

#include <algorithm>
#include <cstring>
#include <string_view>
#include <sys/mman.h>
#include <unistd.h>
#include <utility>

#include "executive/calling_driver.h"
#include "executive/ex/allocated_by.h"
#include "executive/ex/asan.h"
#include "executive/ex/guard_bytes.h"
#include "executive/hal/dma_adapter.h"
#include "executive/kernel.h"
#include "executive/sentence.h"

namespace openportcls::executive {

namespace {

using machine::page_size;
using machine::PhysicalAddress;

constexpr std::uint64_t guard_pattern = 0xC3A5'96E1'F08B'D2B7;
constexpr std::uint64_t freed_pattern = 0x0101'0101'0101'0101ULL * freed_byte;

// The rest of a run's last page is a guard; where that is short, so are the first bytes of a page of its own. The
// page costs its 4 KiB: most buffers for sound are asked for in whole pages.
constexpr std::uint64_t enough_guard = 64;
constexpr std::uint64_t guard_in_page_behind = 256;
// The last bytes of that page guard the run that comes next.
constexpr std::uint64_t guard_in_front = 64;

// A run up to this size is filled when it is freed, and zeroed for its next owner: that takes less than giving its
// pages back to the host and getting others. Of larger ones the host takes the pages; one that is there again when the
// run's time is over was written to.
constexpr std::uint64_t largest_filled = 64 * 1024;

// Freed runs that lie unused before the first of them is used again, and how much is kept at most.
constexpr std::size_t fewest_kept = 8;
constexpr std::size_t most_kept = 32;
constexpr std::uint64_t most_filled_bytes = 256 * 1024;
constexpr std::uint64_t most_kept_bytes = 16 << 20;

constexpr std::uint32_t page_fault_beyond_end = 0xCD;
constexpr std::uint64_t outside_of_dma_buffer = 0x0F; // of DRIVER_VERIFIER_DMA_VIOLATION

constexpr std::uint64_t whole_pages(std::uint64_t bytes) {
    return (bytes + page_size - 1) & ~(page_size - 1);
}

// As repeated from the first byte on, whatever the length.
void fill_exactly(char* begin, std::uint64_t bytes, std::uint64_t pattern) {
    const std::uint64_t words = bytes & ~(sizeof pattern - 1);
    fill_with(begin, words, pattern);
    std::memcpy(begin + words, &pattern, bytes - words);
}

bool meets(PhysicalAddress begin, std::uint64_t size, const machine::PageConstraints& wanted) {
    const PhysicalAddress last = begin + size - 1;
    return begin >= wanted.lowest && last <= wanted.highest && begin % wanted.alignment == 0 &&
           (wanted.boundary == 0 || begin / wanted.boundary == last / wanted.boundary);
}

// Memory of nobody's that is looked at, or written, all the same.
class Uncovered {
public:
    Uncovered(char* begin, std::uint64_t bytes) : begin_(begin), bytes_(bytes) { asan_unpoison(begin, bytes); }
    ~Uncovered() { asan_poison(begin_, bytes_); }
    Uncovered(const Uncovered&) = delete;
    Uncovered& operator=(const Uncovered&) = delete;

private:
    char* begin_;
    std::uint64_t bytes_;
};

} // namespace

std::uint64_t DriverPages::Run::guard_bytes() const {
    const std::uint64_t rest = size - guard_begin();
    return rest >= enough_guard || !has_page_behind ? rest : rest + guard_in_page_behind;
}

// What the sanitizer was told goes with the addresses.
DriverPages::~DriverPages() {
    for (const auto& [begin, run] : living_) {
        asan_unpoison(at(begin), run.size_with_guard());
    }
    for (const Run& run : kept_) {
        asan_unpoison(at(run.begin), run.size_with_guard());
    }
}

char* DriverPages::at(PhysicalAddress address) const {
    return static_cast<char*>(machine_.memory().to_virtual(address, page_size));
}

// ---- allocation -----------------------------------------------------------------------------------------------------

PhysicalAddress DriverPages::allocate(std::uint64_t bytes, const machine::PageConstraints& constraints,
                                      const PagesOrigin& origin, PageBehind behind) {
    Run run{.size = whole_pages(bytes), .bytes = bytes, .origin = origin};
    if (!take_kept(run, constraints) && !take_new(run, constraints, behind)) {
        return machine::no_address;
    }
    if (const void* place = place_in_driver(machine_)) {
        run.origin.caller = place;
    }
    machine::tsan::acquire(this);
    set_guard(run);
    living_.emplace(run.begin, run);
    living_bytes_ += run.size;
    return run.begin;
}

bool DriverPages::take_new(Run& run, const machine::PageConstraints& constraints, PageBehind behind) {
    machine::PhysicalMemory& memory = machine_.memory();
    run.begin = memory.allocate(run.size, constraints);
    while (run.begin == machine::no_address && !kept_.empty()) {
        let_oldest_go();
        run.begin = memory.allocate(run.size, constraints);
    }
    if (run.begin == machine::no_address) {
        return false;
    }
    // A page more than a device reaches, or than lies before a boundary, is no harm: nobody gets its address.
    const machine::PageConstraints right_behind{.lowest = run.end(), .highest = run.end() + page_size - 1};
    run.has_page_behind =
        behind == PageBehind::if_free && memory.allocate(page_size, right_behind) != machine::no_address;
    if (run.has_page_behind) {
        fill_exactly(at(run.end()) + page_size - guard_in_front, guard_in_front, guard_pattern);
    }
    return true;
}

bool DriverPages::take_kept(Run& run, const machine::PageConstraints& constraints) {
    if (kept_.size() < fewest_kept || run.size > largest_filled) {
        return false;
    }
    const auto end = kept_.end() - (fewest_kept - 1);
    const auto found = std::find_if(kept_.begin(), end, [&](const Run& kept) {
        return kept.size == run.size && kept.has_page_behind && meets(kept.begin, kept.size, constraints);
    });
    if (found == end) {
        return false;
    }
    check_kept(*found, "Noticed when its memory was wanted again");
    run.begin = found->begin;
    run.has_page_behind = true;
    kept_filled_bytes_ -= run.size;
    kept_bytes_ -= run.size;
    kept_.erase(found);
    asan_unpoison(at(run.begin), run.size);
    std::memset(at(run.begin), 0, run.size);
    return true;
}

void DriverPages::set_guard(const Run& run) const {
    char* const memory = at(run.begin);
    const Uncovered guard(memory + run.guard_begin(), run.size_with_guard() - run.guard_begin());
    fill_exactly(memory + run.guard_begin(), run.guard_bytes(), guard_pattern);
}

// An application's addresses end with the page: what it writes there is not the driver's fault. The page behind is
// not mapped for anybody.
void DriverPages::share_with_client(std::span<const std::uint64_t> frame_numbers) {
    const Run* last = nullptr;
    for (const std::uint64_t frame : frame_numbers) {
        const PhysicalAddress page = frame * page_size;
        if (last != nullptr && page >= last->begin && page < last->end()) {
            continue;
        }
        Run* const run = find(page);
        last = run;
        if (run == nullptr || run->is_clients) {
            continue;
        }
        check(*run, "Noticed when it was mapped for the application");
        asan_unpoison(at(run->begin) + run->bytes, run->size - run->bytes);
        std::memset(at(run->begin) + run->bytes, 0, run->size - run->bytes);
        run->is_clients = true;
        set_guard(*run);
    }
}

// ---- freeing --------------------------------------------------------------------------------------------------------

DriverPages::Run* DriverPages::find(PhysicalAddress address) {
    const auto after = living_.upper_bound(address);
    if (after == living_.begin()) {
        return nullptr;
    }
    Run& run = std::prev(after)->second;
    return address < run.end() ? &run : nullptr;
}

bool DriverPages::free(PhysicalAddress begin, std::uint64_t bytes, const char* moment) {
    const PhysicalAddress end = begin + whole_pages(bytes);
    while (begin < end) {
        const Run* const found = find(begin);
        if (found == nullptr) {
            return false;
        }
        check(*found, moment);
        const Run whole = *found;
        Run part = whole;
        part.begin = begin;
        part.size = std::min(end, whole.end()) - begin;
        part.bytes = std::min(part.size, whole.bytes - (begin - whole.begin));
        part.has_page_behind = whole.has_page_behind && part.end() == whole.end();
        living_.erase(whole.begin);
        if (begin > whole.begin) {
            Run front = whole;
            front.size = front.bytes = begin - whole.begin;
            front.has_page_behind = false;
            living_.emplace(front.begin, front);
        }
        if (part.end() < whole.end()) {
            Run back = whole;
            back.begin = part.end();
            back.size = whole.end() - back.begin;
            back.bytes = whole.bytes - (back.begin - whole.begin);
            living_.emplace(back.begin, back);
        }
        retire(part);
        begin = part.end();
    }
    return true;
}

void DriverPages::retire(const Run& run) {
    machine::tsan::release(this);
    living_bytes_ -= run.size;
    char* const memory = at(run.begin);
    asan_unpoison(memory, run.size);
    if (run.size <= largest_filled) {
        std::memset(memory, freed_byte, run.size);
        kept_filled_bytes_ += run.size;
    } else {
        madvise(memory, run.size, MADV_REMOVE);
    }
    asan_poison(memory, run.size_with_guard());
    kept_bytes_ += run.size;
    kept_.push_back(run);
    while (kept_.size() > most_kept || kept_filled_bytes_ > most_filled_bytes || kept_bytes_ > most_kept_bytes) {
        let_oldest_go();
    }
}

void DriverPages::let_oldest_go() {
    const Run run = kept_.front();
    check_kept(run, "Noticed when its memory was given back");
    kept_.pop_front();
    kept_bytes_ -= run.size;
    kept_filled_bytes_ -= run.size <= largest_filled ? run.size : 0;
    asan_unpoison(at(run.begin), run.size_with_guard());
    machine_.memory().free(run.begin, run.size_with_guard());
}

// ---- what was written to --------------------------------------------------------------------------------------------

void DriverPages::check_all(const char* moment) const {
    for (const auto& [begin, run] : living_) {
        check(run, moment);
    }
    for (const Run& run : kept_) {
        check_kept(run, moment);
    }
}

// Is this the page behind a run, living or freed?
bool DriverPages::is_nobodys(PhysicalAddress page) const {
    const auto next = living_.lower_bound(page);
    const auto lies_before = [page](const Run& run) { return run.has_page_behind && run.end() == page; };
    return (next != living_.begin() && lies_before(std::prev(next)->second)) || std::ranges::any_of(kept_, lies_before);
}

void DriverPages::check(const Run& run, const char* moment) const {
    if (is_nobodys(run.begin - page_size)) {
        char* const front = at(run.begin) - guard_in_front;
        const Uncovered guard(front, guard_in_front);
        const std::size_t intact = first_difference(front, guard_in_front, guard_pattern);
        if (intact != guard_in_front) [[unlikely]] {
            report_underrun(run, guard_in_front - intact, moment);
        }
    }
    char* const begin = at(run.begin) + run.guard_begin();
    const Uncovered guard(begin, run.size_with_guard() - run.guard_begin());
    const std::size_t intact = first_difference(begin, run.guard_bytes(), guard_pattern);
    if (intact != run.guard_bytes()) [[unlikely]] {
        report_overrun(run, run.guard_begin() + intact, moment);
    }
}

void DriverPages::check_kept(const Run& run, const char* moment) const {
    const Uncovered pages(at(run.begin), run.size);
    const std::uint64_t intact = run.size <= largest_filled ? untouched_bytes(run) : zero_bytes(run);
    if (intact != run.size) [[unlikely]] {
        report_use_after_free(run, intact, moment);
    }
}

std::uint64_t DriverPages::untouched_bytes(const Run& run) const {
    return first_difference(at(run.begin), run.size, freed_pattern);
}

// Pages that the host has not made anew are not looked at: they would be made by that.
std::uint64_t DriverPages::zero_bytes(const Run& run) const {
    machine::PhysicalMemory& memory = machine_.memory();
    PhysicalAddress page = run.begin;
    while (page < run.end()) {
        const off_t found = lseek(memory.file_descriptor(), static_cast<off_t>(page), SEEK_DATA);
        if (found < 0 || static_cast<PhysicalAddress>(found) >= run.end()) {
            break;
        }
        page = static_cast<PhysicalAddress>(found);
        if (const std::size_t zeros = first_difference(at(page), page_size, 0); zeros != page_size) {
            return page + zeros - run.begin;
        }
        page += page_size;
    }
    return run.size;
}

// ---- reports --------------------------------------------------------------------------------------------------------

namespace {

// Whose system DMA channel has been told to go there, if any.
const DmaAdapter* programmed_for(machine::Machine& machine, PhysicalAddress begin, PhysicalAddress end) {
    const auto* const kernel = machine.find_subsystem<Kernel>();
    for (const DmaAdapter* adapter : kernel->dma_ledger.adapters) {
        if (adapter->programmed.begin < end && adapter->programmed.end > begin) {
            return adapter;
        }
    }
    return nullptr;
}

// Drivers have the address of a buffer, devices that of any page they were ever told.
const char* writers_past(const PagesOrigin& origin, bool is_clients) {
    if (origin.kind == PagesOrigin::Kind::map_registers) {
        return "by the device";
    }
    return is_clients ? "by the driver, its device, or the application that has the pages mapped"
                      : "by the driver or its device";
}

const char* writers_after(const PagesOrigin& origin, bool is_clients) {
    if (origin.kind == PagesOrigin::Kind::map_registers) {
        return "by the device, whose DMA went on";
    }
    return is_clients ? "by the driver, its device (DMA that went on), or the application that had the pages mapped"
                      : "by the driver or its device (DMA that went on)";
}

} // namespace

void DriverPages::report(const Run& run, machine::BugcheckReport report) const {
    report.stack = machine::capture_stack(2);
    name_allocator(run.origin.caller, report);
    machine_.bugcheck_with_stack(std::move(report));
}

// Of memory for DMA what Driver Verifier says (0xE6), of other what is said of pool.
void DriverPages::report_overrun(const Run& run, std::uint64_t offset, const char* moment) const {
    const char* const memory = at(run.begin);
    const std::uint64_t address = as_number(memory);
    const auto found = static_cast<unsigned char>(memory[offset]);
    machine::BugcheckReport overrun{.code = bad_pool_header, .parameters = {0x21, address, run.bytes, found}};
    if (run.origin.kind != PagesOrigin::Kind::memory) {
        overrun = {.code = dma_violation, .parameters = {outside_of_dma_buffer, 0x05, address, address + offset}};
    }
    overrun.rule = std::string_view(
        Sentence("{}: the {} bytes at {:#x} of {} were written past their end, {}: {:#04x} at offset {}.", moment,
                 run.bytes, address, run.origin.function, writers_past(run.origin, run.is_clients), found, offset));
    report(run, std::move(overrun));
}

void DriverPages::report_underrun(const Run& run, std::uint64_t distance, const char* moment) const {
    const char* const memory = at(run.begin);
    const std::uint64_t address = as_number(memory);
    const auto found = static_cast<unsigned char>(*(memory - distance));
    machine::BugcheckReport underrun{.code = bad_pool_header, .parameters = {0x20, address, run.bytes, found}};
    if (run.origin.kind != PagesOrigin::Kind::memory) {
        underrun = {.code = dma_violation, .parameters = {outside_of_dma_buffer, 0x04, address, address - distance}};
    }
    underrun.rule = std::string_view(Sentence(
        "{}: the bytes in front of the {} bytes at {:#x} of {} were written over, {}: {:#04x} {} bytes before.", moment,
        run.bytes, address, run.origin.function, writers_past(run.origin, run.is_clients), found, distance));
    report(run, std::move(underrun));
}

void DriverPages::report_use_after_free(const Run& run, std::uint64_t offset, const char* moment) const {
    const char* const memory = at(run.begin);
    const std::uint64_t address = as_number(memory);
    const auto found = static_cast<unsigned char>(memory[offset]);
    machine::BugcheckReport used{.code = bad_pool_header, .parameters = {0x0D, address, run.bytes, found}};
    if (run.origin.kind == PagesOrigin::Kind::map_registers) {
        used = {.code = dma_violation, .parameters = {outside_of_dma_buffer, 0x03, address + offset}};
    }
    Sentence writers("{}", writers_after(run.origin, run.is_clients));
    if (const DmaAdapter* adapter = programmed_for(machine_, run.begin, run.end())) {
        writers = Sentence("by system DMA channel {}, which still transfers there (FlushAdapterBuffers)",
                           adapter->description.DmaChannel);
    }
    used.rule = std::string_view(
        Sentence("{}: the {} bytes at {:#x} of {} were written to after they were freed, {}: {:#04x} at offset {}.",
                 moment, run.bytes, address, run.origin.function, std::string_view(writers), found, offset));
    report(run, std::move(used));
}

void DriverPages::explain(const void* address, machine::BugcheckReport& report) const {
    const PhysicalAddress place = machine_.memory().to_physical(address);
    const auto say = [&](const Run& run, std::string_view where) {
        report.rule += std::string_view(Sentence(" It lies {} the {} bytes at {:#x} of {}.", where, run.bytes,
                                                 as_number(at(run.begin)), run.origin.function));
        name_allocator(run.origin.caller, report);
    };
    for (const Run& run : kept_) {
        if (place >= run.begin && place < run.end()) {
            say(run, Sentence("at offset {} of, now freed,", place - run.begin));
            return;
        }
    }
    const auto next = living_.upper_bound(place);
    const std::uint64_t in_front = next != living_.end() ? next->first - place : UINT64_MAX;
    const Run* const last = next != living_.begin() ? &std::prev(next)->second : nullptr;
    const std::uint64_t behind = last != nullptr ? place - last->begin - last->bytes : UINT64_MAX;
    // A guard is never longer than that.
    constexpr std::uint64_t farthest = 2 * page_size;
    if (std::min(behind, in_front) >= farthest) {
        return;
    }
    report.code = page_fault_beyond_end;
    if (behind <= in_front) {
        say(*last, Sentence("{} bytes behind", behind));
    } else {
        say(next->second, Sentence("{} bytes in front of", in_front));
    }
}

} // namespace openportcls::executive
