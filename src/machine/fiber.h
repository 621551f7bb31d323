// A stack that can be left and entered again: the substance of threads and idle loops (Boost.Context underneath).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include <boost/context/detail/fcontext.hpp>

#include "machine/thread_sanitizer.h"

// Present when a sanitizer's run-time is in the process, be it linked or preloaded for an instrumented driver.
extern "C" {
[[gnu::weak]] void __sanitizer_start_switch_fiber(void** fake_stack_save, const void* bottom, std::size_t size);
[[gnu::weak]] void __sanitizer_finish_switch_fiber(void* fake_stack_save, const void** bottom_old,
                                                   std::size_t* size_old);
[[gnu::weak]] void __asan_unpoison_memory_region(const volatile void* address, std::size_t size);
}

namespace openportcls::machine {

inline constexpr std::string_view no_room_for_a_stack =
    "The host has no room for another stack: no memory, or too many mappings (vm.max_map_count).";

// Stacks are mapped between two guards: an overflow, or a local buffer that is overrun, faults instead of corrupting a
// neighbour.
class FiberStack {
public:
    FiberStack() = default;
    // Empty when the host has no room left.
    explicit FiberStack(std::size_t size_in_bytes);
    FiberStack(FiberStack&& other) noexcept;
    FiberStack& operator=(FiberStack&& other) noexcept;
    ~FiberStack();

    void* bottom() const { return bottom_; }
    std::size_t size() const { return size_; }
    void* top() const { return static_cast<char*>(bottom_) + size_; }
    bool is_in_guard_below(const void* address) const;
    bool is_in_guard_above(const void* address) const;
    explicit operator bool() const { return bottom_ != nullptr; }

private:
    void* bottom_ = nullptr; // lowest usable address, above the guard
    std::size_t size_ = 0;
};

class Fiber {
public:
    using Entry = void (*)(void* argument);

    Fiber() = default;
    Fiber(const Fiber&) = delete;
    Fiber& operator=(const Fiber&) = delete;
    ~Fiber();

    // Prepares the fiber to run entry(argument) on `stack`; entry must never return. ThreadSanitizer's reports show
    // the name. Stacks lie at multiples of pages, so the tops of many would meet in the same few sets of the cache:
    // `colour`, a number that differs, spreads them.
    void prepare(FiberStack stack, Entry entry, void* argument, const char* name, std::uint32_t colour = 0);

    // Makes this object stand for the stack that the caller is running on (a host thread's own).
    void adopt_host_stack();

    // Gives the stack back for another fiber. Only for a fiber that is not running.
    FiberStack release_stack();

    const FiberStack& stack() const { return stack_; }
    void* tsan_fiber() const { return tsan_own_; }

    // Where a fiber that is not running goes on.
    struct Place {
        std::uint64_t instruction;
        std::uint64_t frame_pointer;
        std::uint64_t stack_pointer;
    };
    Place suspended_at() const;

    // Nothing will continue this fiber once it has been left: the next switch away is its last.
    void will_end() { ends_ = true; }

    // Leaves the running fiber `from` and continues `to`; returns when something switches back to `from`.
    // Inline: a `ret` on the way would be mispredicted, since it does not return to its call.
    [[gnu::always_inline]] static void switch_to(Fiber& from, Fiber& to) {
        if (__sanitizer_start_switch_fiber != nullptr) [[unlikely]] {
            // Null gives the fake stack back, and with it what an instrumented frame of `from` keeps there: from here
            // on nothing may use such a frame.
            __sanitizer_start_switch_fiber(from.ends_ ? nullptr : &from.fake_stack_, to.stack_bottom_, to.stack_size_);
        }
        if (__tsan_switch_to_fiber != nullptr) [[unlikely]] {
            // A DPC on this stack may have a context of its own: come back to that one.
            from.tsan_continues_ = __tsan_get_current_fiber();
            __tsan_switch_to_fiber(to.tsan_continues_, tsan::switch_flags);
        }
        from.to_ = &to;
        arrived(boost::context::detail::jump_fcontext(to.context_, &from), from);
    }

private:
    static void start(boost::context::detail::transfer_t transfer);
    // The fiber we came from left its registers on its own stack; remember where, and where that stack is: a host
    // thread's is known to the sanitizer only.
    [[gnu::always_inline]] static void arrived(boost::context::detail::transfer_t transfer, Fiber& here) {
        auto* came_from = static_cast<Fiber*>(transfer.data);
        came_from->context_ = transfer.fctx;
        if (__sanitizer_finish_switch_fiber != nullptr) [[unlikely]] {
            __sanitizer_finish_switch_fiber(here.fake_stack_, &came_from->stack_bottom_, &came_from->stack_size_);
            here.fake_stack_ = nullptr;
        }
    }
    void drop_fake_stack();

    boost::context::detail::fcontext_t context_ = nullptr;
    FiberStack stack_;
    Fiber* to_ = nullptr; // while it is being left; not on its stack, see switch_to
    Entry entry_ = nullptr;
    void* argument_ = nullptr;
    // For the sanitizers, which track one stack per thread unless told otherwise.
    void* fake_stack_ = nullptr; // while the fiber is not running
    const void* stack_bottom_ = nullptr;
    std::size_t stack_size_ = 0;
    void* tsan_own_ = nullptr;
    void* tsan_continues_ = nullptr;
    bool ends_ = false;
};

} // namespace openportcls::machine
