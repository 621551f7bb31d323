#include "machine/guarded_access.h"

#include <cstdint>

namespace openportcls::machine {

// In assembler, so that every instruction that may fault is known and no sanitizer looks at the addresses.
extern "C" {
[[gnu::visibility("hidden")]] extern const char opc_guarded_failed[];
}

asm(R"(
    .text
    .globl opc_guarded_touch
    .hidden opc_guarded_touch
    .type opc_guarded_touch, @function
opc_guarded_touch:
    movb (%rdi), %al
    test %esi, %esi
    jz 1f
    movb %al, (%rdi)
1:  mov $1, %eax
    ret
    .size opc_guarded_touch, . - opc_guarded_touch
    .globl opc_guarded_read_both
    .hidden opc_guarded_read_both
    .type opc_guarded_read_both, @function
opc_guarded_read_both:
    movb (%rdi), %al
    movb (%rsi), %al
    mov $1, %eax
    ret
    .size opc_guarded_read_both, . - opc_guarded_read_both
opc_guarded_failed:
    xor %eax, %eax
    ret
)");

namespace {

constexpr std::uintptr_t page_bytes = 4096;

} // namespace

bool is_range_accessible(const void* begin, std::size_t bytes, Access access) {
    const auto first = reinterpret_cast<std::uintptr_t>(begin);
    if (bytes == 0) {
        return true;
    }
    if (first < lowest_valid_address || first + bytes < first) {
        return false;
    }
    for (std::uintptr_t at = first; at < first + bytes; at = (at / page_bytes + 1) * page_bytes) {
        if (opc_guarded_touch(reinterpret_cast<const void*>(at), access == Access::write) == 0) {
            return false;
        }
    }
    return true;
}

const void* guarded_access_failed(const void* instruction) {
    const auto* at = static_cast<const char*>(instruction);
    const auto* begin = reinterpret_cast<const char*>(&opc_guarded_touch);
    return at >= begin && at < opc_guarded_failed ? opc_guarded_failed : nullptr;
}

} // namespace openportcls::machine
