#include "machine/fiber.h"

#include <cstdlib>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>
#include <utility>

namespace openportcls::machine {

namespace {

std::size_t page_size() {
    static const std::size_t size = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    return size;
}

} // namespace

FiberStack::FiberStack(std::size_t size_in_bytes) {
    const std::size_t guard = page_size();
    void* mapping = mmap(nullptr, size_in_bytes + guard, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
    if (mapping == MAP_FAILED) {
        std::abort();
    }
    mprotect(mapping, guard, PROT_NONE);
    bottom_ = static_cast<char*>(mapping) + guard;
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
        munmap(static_cast<char*>(bottom_) - page_size(), size_ + page_size());
    }
}

bool FiberStack::contains_guard_address(const void* address) const {
    if (bottom_ == nullptr) {
        return false;
    }
    const char* guard_end = static_cast<const char*>(bottom_);
    const char* guard_begin = guard_end - page_size();
    return address >= guard_begin && address < guard_end;
}

Fiber::~Fiber() {
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
    if (__sanitizer_start_switch_fiber != nullptr) {
        pthread_attr_t attributes;
        void* bottom = nullptr;
        if (pthread_getattr_np(pthread_self(), &attributes) == 0) {
            pthread_attr_getstack(&attributes, &bottom, &stack_size_);
            stack_bottom_ = bottom;
            pthread_attr_destroy(&attributes);
        }
    }
}

FiberStack Fiber::release_stack() {
    context_ = nullptr;
    if (tsan_own_ != nullptr) {
        __tsan_destroy_fiber(tsan_own_);
        tsan_own_ = tsan_continues_ = nullptr;
    }
    return std::move(stack_);
}

void Fiber::start(boost::context::detail::transfer_t transfer) {
    Fiber* self = static_cast<Passage*>(transfer.data)->to;
    arrived(transfer);
    if (__sanitizer_finish_switch_fiber != nullptr) [[unlikely]] {
        __sanitizer_finish_switch_fiber(nullptr, nullptr, nullptr);
    }
    self->entry_(self->argument_);
    std::abort(); // entries never return
}

} // namespace openportcls::machine
