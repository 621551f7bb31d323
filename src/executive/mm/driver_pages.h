// The machine's pages as drivers get them: contiguous memory, common buffers, pages of MDLs, map registers. What lies
// behind them is watched until they are freed; what was freed is kept unused for a while, and watched, too.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <span>

#include "machine/bugcheck.h"
#include "machine/physical_memory.h"

namespace openportcls::machine {
class Machine;
}

namespace openportcls::executive {

struct PagesOrigin {
    enum class Kind : std::uint8_t { memory, common_buffer, map_registers };
    const char* function = ""; // that allocated them: "AllocateCommonBuffer"
    const void* caller = nullptr;
    Kind kind = Kind::memory;
};

class DriverPages {
public:
    explicit DriverPages(machine::Machine& machine) : machine_(machine) {}
    ~DriverPages();
    DriverPages(const DriverPages&) = delete;
    DriverPages& operator=(const DriverPages&) = delete;

    // One page more for each run of which there are many would be half of the memory.
    enum class PageBehind : bool { never, if_free };

    // A run of whole pages, zero, or no_address. What is behind the last of `bytes` is not the driver's.
    machine::PhysicalAddress allocate(std::uint64_t bytes, const machine::PageConstraints& constraints,
                                      const PagesOrigin& origin, PageBehind behind = PageBehind::if_free);
    // Pages of one or more runs, all or some. Those that were written past are a bugcheck; `moment` says when it was
    // noticed. False when a page is not allocated.
    bool free(machine::PhysicalAddress begin, std::uint64_t bytes, const char* moment);
    // An application has these pages mapped, and may write to all of each.
    void share_with_client(std::span<const std::uint64_t> frame_numbers);
    // Pages that were written past, or after they were freed, are a bugcheck.
    void check_all(const char* moment) const;
    // Of an address that AddressSanitizer was told is nobody's: the report says what it lies behind, or in.
    void explain(const void* address, machine::BugcheckReport& report) const;

    // Of what is allocated.
    std::uint64_t living_bytes() const { return living_bytes_; }

private:
    struct Run {
        machine::PhysicalAddress begin = 0;
        std::uint64_t size = 0;  // whole pages
        std::uint64_t bytes = 0; // that were asked for
        PagesOrigin origin;
        bool has_page_behind = false; // one more, which nobody gets
        bool is_clients = false;      // an application has, or had, them mapped
        machine::PhysicalAddress end() const { return begin + size; }
        std::uint64_t size_with_guard() const { return size + (has_page_behind ? machine::page_size : 0); }
        // What is watched, counted from the first byte.
        std::uint64_t guard_begin() const { return is_clients ? size : bytes; }
        std::uint64_t guard_bytes() const;
    };
    using Runs = std::map<machine::PhysicalAddress, Run>;

    char* at(machine::PhysicalAddress address) const;
    bool take_new(Run& run, const machine::PageConstraints& constraints, PageBehind behind);
    bool take_kept(Run& run, const machine::PageConstraints& constraints);
    void set_guard(const Run& run) const;
    Run* find(machine::PhysicalAddress address); // null: not allocated
    void retire(const Run& run);
    void let_oldest_go();
    bool is_nobodys(machine::PhysicalAddress page) const;
    void check(const Run& run, const char* moment) const;
    void check_kept(const Run& run, const char* moment) const;
    std::uint64_t untouched_bytes(const Run& run) const;
    std::uint64_t zero_bytes(const Run& run) const;
    [[noreturn]] void report_overrun(const Run& run, std::uint64_t offset, const char* moment) const;
    [[noreturn]] void report_underrun(const Run& run, std::uint64_t distance, const char* moment) const;
    [[noreturn]] void report_use_after_free(const Run& run, std::uint64_t offset, const char* moment) const;
    [[noreturn]] void report(const Run& run, machine::BugcheckReport report) const;

    machine::Machine& machine_;
    Runs living_; // by the first page
    std::uint64_t living_bytes_ = 0;
    std::deque<Run> kept_; // freed, the oldest first
    std::uint64_t kept_filled_bytes_ = 0;
    std::uint64_t kept_bytes_ = 0;
};

} // namespace openportcls::executive
