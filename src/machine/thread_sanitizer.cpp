#include "machine/thread_sanitizer.h"

#include <cstdio>
#include <cstdlib>

#include "machine/fiber.h"

namespace openportcls::machine::tsan {

namespace {

constexpr std::size_t stack_bytes = 512 * 1024;
// Runs that follow each other get different contexts, because nothing orders them either; after so many, a context
// is used again, and a race between those two runs is not seen.
constexpr std::size_t contexts_of_a_kind = 8;

} // namespace

void acquire_now(const volatile void* key) noexcept {
    __tsan_acquire(const_cast<void*>(key));
}

void release_now(const volatile void* key) noexcept {
    __tsan_release(const_cast<void*>(key));
}

void join(void* fiber) {
    static char ended;
    void* const here = current_fiber();
    if (here == nullptr || fiber == nullptr || fiber == here) {
        return;
    }
    switch_to(fiber);
    release(&ended);
    switch_to(here);
    acquire(&ended);
}

struct Contexts::Context {
    Fiber fiber;
    Fiber* caller = nullptr; // null: free
    void(NTAPI* function)(void*) = nullptr;
    void* argument = nullptr;

    static void loop(void* self) {
        auto& context = *static_cast<Context*>(self);
        for (;;) {
            context.function(context.argument);
            Fiber::switch_to(context.fiber, *context.caller);
        }
    }
};

Contexts::Contexts() : clock_(__tsan_create_fiber(0)) {
    __tsan_set_fiber_name(clock_, "clock interrupt");
    interrupts_.name = "interrupt service routine";
    dpcs_.name = "DPC";
    for (std::size_t i = 0; i < contexts_of_a_kind; ++i) {
        add(interrupts_);
        add(dpcs_);
    }
}

Contexts::~Contexts() {
    for (const Pool* pool : {&interrupts_, &dpcs_}) {
        for (const auto& context : pool->contexts) {
            join(context->fiber.tsan_fiber());
        }
    }
    __tsan_destroy_fiber(clock_);
}

Contexts::Context& Contexts::add(Pool& pool) {
    // The creator is ordered before its creature; the clock has done nothing that could matter.
    const ClockScope scope(this);
    pool.contexts.push_back(std::make_unique<Context>());
    Context& context = *pool.contexts.back();
    FiberStack stack(stack_bytes);
    if (!stack) {
        std::fprintf(stderr, "%.*s\n", static_cast<int>(no_room_for_a_stack.size()), no_room_for_a_stack.data());
        std::abort();
    }
    context.fiber.prepare(std::move(stack), &Context::loop, &context, pool.name);
    return context;
}

Contexts::Context& Contexts::take(Pool& pool) {
    for (std::size_t tried = 0; tried < pool.contexts.size(); ++tried) {
        Context& context = *pool.contexts[pool.next];
        pool.next = (pool.next + 1) % pool.contexts.size();
        if (context.caller == nullptr) {
            return context;
        }
    }
    return add(pool); // that many are suspended one inside of the other
}

void NTAPI Contexts::run(Kind kind, void(NTAPI* function)(void* argument), void* argument) {
    Context& context = take(kind == Kind::interrupt ? interrupts_ : dpcs_);
    Fiber here;
    context.caller = &here;
    context.function = function;
    context.argument = argument;
    Fiber::switch_to(here, context.fiber);
    context.caller = nullptr;
}

} // namespace openportcls::machine::tsan
