// What the compiler expects to exist.
#include "runtime.h"

#include <ntddk.h>

WEAK int _fltused = 0x9875;

// A call of a pure virtual function: there is nothing sensible to return to.
WEAK int _purecall(void)
{
    RtlAssert((PVOID) "a pure virtual function was called", (PVOID) "_purecall", 0, NULL);
    return 0;
}

// Functions with more than a page of locals announce their size in rax; every page is touched in order so that the
// guard page below a stack is never jumped over. All registers are kept.
__asm__(".text\n.weak __chkstk\n.type __chkstk,@function\n__chkstk:\n"
        " pushq %rcx\n pushq %rax\n leaq 24(%rsp), %rcx\n"
        "1: cmpq $4096, %rax\n jb 2f\n subq $4096, %rcx\n orq $0, (%rcx)\n subq $4096, %rax\n jmp 1b\n"
        "2: subq %rax, %rcx\n orq $0, (%rcx)\n popq %rax\n popq %rcx\n ret\n.size __chkstk, . - __chkstk\n");
