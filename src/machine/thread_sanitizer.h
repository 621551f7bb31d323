// What ThreadSanitizer has to know of the machine when a driver built with it runs here: who executes, and what
// orders one execution before another. Without its run-time in the process every function here is one untaken branch.
//
// The host's code is not instrumented, so only the driver's own accesses count. Kernel threads are TSan's fibers;
// interrupt service routines and DPCs, plain calls otherwise, get a fiber and a stack of their own. No switch orders
// anything by itself: two accesses race unless the kernel's documented means (locks, events, queueing …) order them,
// in whatever order this run happened to execute them.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "machine/types.h"

extern "C" {
[[gnu::weak]] void* __tsan_get_current_fiber();
[[gnu::weak]] void* __tsan_create_fiber(unsigned flags);
[[gnu::weak]] void __tsan_destroy_fiber(void* fiber);
[[gnu::weak]] void __tsan_switch_to_fiber(void* fiber, unsigned flags);
[[gnu::weak]] void __tsan_set_fiber_name(void* fiber, const char* name);
[[gnu::weak]] void __tsan_acquire(void* key);
[[gnu::weak]] void __tsan_release(void* key);
[[gnu::weak]] void __tsan_write_range_pc(void* address, unsigned long size, void* place);
}

namespace openportcls::machine {

class Fiber;

namespace tsan {

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define OPC_HOST_HAS_TSAN 1
#endif
#endif
#if defined(__SANITIZE_THREAD__)
#define OPC_HOST_HAS_TSAN 1
#endif

// An instrumented host would race with itself all over if its fibers were not ordered: it is one host thread.
#ifdef OPC_HOST_HAS_TSAN
inline constexpr unsigned switch_flags = 0;
inline bool is_watching() {
    return false;
}
#else
inline constexpr unsigned switch_flags = 1; // a switch is no synchronisation
inline bool is_watching() {
    return __tsan_acquire != nullptr;
}
#endif

[[gnu::cold, gnu::noinline]] OPC_KEEPS_REGISTERS void acquire_now(const volatile void* key) noexcept;
[[gnu::cold, gnu::noinline]] OPC_KEEPS_REGISTERS void release_now(const volatile void* key) noexcept;

// What the caller does after acquire(key) comes after everything that was done before any release(key).
inline void acquire(const volatile void* key) {
    if (is_watching()) [[unlikely]] {
        acquire_now(key);
    }
}
inline void release(const volatile void* key) {
    if (is_watching()) [[unlikely]] {
        release_now(key);
    }
}

// Locks with readers: a writer comes after all readers, readers are not ordered among themselves.
inline const volatile void* readers_of(const volatile void* lock) {
    return static_cast<const volatile char*>(lock) + 1;
}
inline void acquire_shared(const volatile void* lock) {
    acquire(lock);
}
inline void release_shared(const volatile void* lock) {
    release(readers_of(lock));
}
inline void acquire_exclusive(const volatile void* lock) {
    acquire(lock);
    acquire(readers_of(lock));
}
inline void release_exclusive(const volatile void* lock) {
    release(lock);
}

// Giving memory back counts as writing to it: whoever still uses it must have been ordered before.
inline void freed(void* block, std::size_t size, const void* caller) {
    if (is_watching()) [[unlikely]] {
        __tsan_write_range_pc(block, size, const_cast<void*>(caller));
    }
}

inline void* current_fiber() {
    return is_watching() ? __tsan_get_current_fiber() : nullptr;
}
inline void switch_to(void* fiber) {
    if (fiber != nullptr) {
        __tsan_switch_to_fiber(fiber, switch_flags);
    }
}

// Everything `fiber` did is ordered before what the caller does from now on. For fibers that will not run again.
void join(void* fiber);

enum class Kind : unsigned char { interrupt, dpc };

// The contexts of one machine that are not threads. Only made while races are watched for.
class Contexts {
public:
    Contexts();
    ~Contexts();
    Contexts(const Contexts&) = delete;
    Contexts& operator=(const Contexts&) = delete;

    // Calls function(argument) on a stack and in a context of its own.
    [[gnu::noinline]] void NTAPI run(Kind kind, void(NTAPI* function)(void* argument), void* argument);

    // The clock interrupt: expiries happen in the middle of anything and order nothing.
    void* clock() const { return clock_; }

private:
    struct Context;
    struct Pool {
        std::vector<std::unique_ptr<Context>> contexts;
        std::size_t next = 0;
        const char* name = nullptr;
    };

    Context& take(Pool& pool);
    Context& add(Pool& pool);

    void* clock_;
    Pool interrupts_;
    Pool dpcs_;
};

// While it lives, what runs belongs to the clock interrupt.
class ClockScope {
public:
    explicit ClockScope(const Contexts* contexts) {
        if (contexts != nullptr) [[unlikely]] {
            interrupted_ = current_fiber();
            switch_to(contexts->clock());
        }
    }
    ~ClockScope() { switch_to(interrupted_); }
    ClockScope(const ClockScope&) = delete;
    ClockScope& operator=(const ClockScope&) = delete;

private:
    void* interrupted_ = nullptr;
};

} // namespace tsan
} // namespace openportcls::machine
