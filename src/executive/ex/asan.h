// AddressSanitizer, where the process runs with it: the library itself is not necessarily built with it, the driver
// may be.
#pragma once

#include <cstddef>

#include "machine/types.h"

extern "C" {
__attribute__((weak)) void __asan_poison_memory_region(const volatile void* address, std::size_t size);
__attribute__((weak)) void __asan_unpoison_memory_region(const volatile void* address, std::size_t size);
__attribute__((weak)) void* __asan_region_is_poisoned(void* address, std::size_t size);
__attribute__((weak)) void __asan_describe_address(void* address);
}

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define OPC_NO_ASAN __attribute__((no_sanitize("address")))
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define OPC_NO_ASAN __attribute__((no_sanitize_address))
#endif
#ifndef OPC_NO_ASAN
#define OPC_NO_ASAN
#endif

namespace openportcls::executive {

inline bool asan_present() {
    return __asan_poison_memory_region != nullptr;
}
// Buffers that would share memory come from the pool instead, so that redzones surround each.
inline bool small_buffers_from_pool() {
    return asan_present();
}
inline void asan_poison(const volatile void* address, std::size_t size) {
    if (__asan_poison_memory_region != nullptr) {
        __asan_poison_memory_region(address, size);
    }
}
inline void asan_unpoison(const volatile void* address, std::size_t size) {
    if (__asan_unpoison_memory_region != nullptr) {
        __asan_unpoison_memory_region(address, size);
    }
}

// Prints whose memory it is, or was.
inline void asan_describe(const void* address) {
    if (__asan_describe_address != nullptr) {
        __asan_describe_address(const_cast<void*>(address));
    }
}

// Kernel functions are not instrumented where the driver alone is: an object that a driver hands them is looked at
// here. A bugcheck when it is not all memory of the driver's.
[[gnu::cold, gnu::noinline]] void NTAPI look_for_poison(const void* object, std::size_t bytes, const char* function);
inline void require_own_memory(const void* object, std::size_t bytes, const char* function) {
    if (__asan_region_is_poisoned != nullptr) [[unlikely]] {
        look_for_poison(object, bytes, function);
    }
}

} // namespace openportcls::executive
