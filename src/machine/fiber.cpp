#include "machine/fiber.h"

#include <cstdlib>
#include <sys/mman.h>
#include <utility>

namespace openportcls::machine {

namespace {

// More than a page, so that a frame with a large buffer does not reach over it. Address space is all it costs.
constexpr std::size_t guard_bytes = 64 * 1024;

} // namespace

FiberStack::FiberStack(std::size_t size_in_bytes) {
    const std::size_t whole = size_in_bytes + 2 * guard_bytes;
    void* mapping = mmap(nullptr, whole, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
    if (mapping == MAP_FAILED) {
        return;
    }
    void* const bottom = static_cast<char*>(mapping) + guard_bytes;
    if (mprotect(bottom, size_in_bytes, PROT_READ | PROT_WRITE) != 0) {
        munmap(mapping, whole);
        return;
    }
    bottom_ = bottom;
    size_ = size_in_bytes;
}

FiberStack::FiberStack(FiberStack&& other) noexcept
    : bottom_(std::exchange(other.bottom_, nullptr)), size_(std::exchange(other.size_, 0)) {}

FiberStack& FiberStack::operator=(FiberStack&& other) noexcept {
    std::swap(bottom_, other.bottom_);
    std::swap(size_, other.size_);
    return *this;
}

FiberStack::~FiberStack() {
    if (bottom_ != nullptr) {
        munmap(static_cast<char*>(bottom_) - guard_bytes, size_ + 2 * guard_bytes);
    }
}

bool FiberStack::is_in_guard_below(const void* address) const {
    return bottom_ != nullptr && address < bottom_ && address >= static_cast<char*>(bottom_) - guard_bytes;
}

bool FiberStack::is_in_guard_above(const void* address) const {
    return bottom_ != nullptr && address >= top() && address < static_cast<char*>(top()) + guard_bytes;
}

Fiber::~Fiber() {
    if (fake_stack_ != nullptr) {
        drop_fake_stack();
    }
    if (tsan_own_ != nullptr && stack_) {
        __tsan_destroy_fiber(tsan_own_);
    }
}

void Fiber::prepare(FiberStack stack, Entry entry, void* argument, const char* name, std::uint32_t colour) {
    // Five cache lines apart each, around the 64 lines of a page.
    const std::size_t unused = std::size_t{colour} * 320 % 4096;
    stack_ = std::move(stack);
    entry_ = entry;
    argument_ = argument;
    stack_bottom_ = stack_.bottom();
    stack_size_ = stack_.size();
    context_ = boost::context::detail::make_fcontext(static_cast<char*>(stack_.top()) - unused, stack_.size() - unused,
                                                     &Fiber::start);
    if (__tsan_create_fiber != nullptr) {
        tsan_own_ = tsan_continues_ = __tsan_create_fiber(0);
        __tsan_set_fiber_name(tsan_own_, name);
    }
}

void Fiber::adopt_host_stack() {
    if (__tsan_get_current_fiber != nullptr) {
        tsan_own_ = tsan_continues_ = __tsan_get_current_fiber();
    }
}

// Boost.Context's jump_x86_64_sysv_elf_gas.S: what it saves, from the stack pointer upwards.
Fiber::Place Fiber::suspended_at() const {
    struct Saved {
        std::uint32_t floating_point_control[2];
        std::uint64_t r12, r13, r14, r15, rbx, rbp;
        std::uint64_t return_address;
    };
    static_assert(sizeof(Saved) == 0x40);
    const auto& saved = *static_cast<const Saved*>(context_);
    return {saved.return_address, saved.rbp, reinterpret_cast<std::uint64_t>(&saved + 1)};
}

FiberStack Fiber::release_stack() {
    context_ = nullptr;
    if (tsan_own_ != nullptr) {
        __tsan_destroy_fiber(tsan_own_);
        tsan_own_ = tsan_continues_ = nullptr;
    }
    if (fake_stack_ != nullptr) {
        drop_fake_stack();
    }
    // The redzones of frames that were never left.
    if (__asan_unpoison_memory_region != nullptr) {
        __asan_unpoison_memory_region(stack_.bottom(), stack_.size());
    }
    return std::move(stack_);
}

void Fiber::start(boost::context::detail::transfer_t transfer) {
    Fiber* self = static_cast<Fiber*>(transfer.data)->to_;
    arrived(transfer, *self);
    self->entry_(self->argument_);
    std::abort(); // entries never return
}

// The run-time frees a fake stack only when its fiber leaves for good: it is told so, with no switch in between.
[[gnu::noinline]] __attribute__((no_sanitize("address"))) void Fiber::drop_fake_stack() {
    void* own_fake_stack = nullptr;
    const void* own_bottom = nullptr;
    std::size_t own_size = 0;
    __sanitizer_start_switch_fiber(&own_fake_stack, stack_bottom_, stack_size_);
    __sanitizer_finish_switch_fiber(fake_stack_, &own_bottom, &own_size);
    __sanitizer_start_switch_fiber(nullptr, own_bottom, own_size);
    __sanitizer_finish_switch_fiber(own_fake_stack, nullptr, nullptr);
    fake_stack_ = nullptr;
}

} // namespace openportcls::machine
