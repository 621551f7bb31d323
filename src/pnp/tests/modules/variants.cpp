// Small driver modules, right and wrong ones, chosen by a definition. Linked without any library, as `portcls build`
// links a driver.
#include <wdm.h>

#define NOTE(text)                                                                                                     \
    asm(".pushsection .note.openportcls,\"a\",@note\n.balign 4\n.long 12\n.long 2f-1f\n.long 1\n"                      \
        ".asciz \"OpenPortCls\"\n.balign 4\n1: .ascii \"" text "\"\n2: .balign 4\n.popsection\n")

#if defined(MODULE_OLD_ABI)
NOTE("abi=999\\nname=old\\nsource=/drivers/old\\n");
#elif defined(MODULE_DAMAGED_NOTE)
NOTE("what is this");
#elif defined(MODULE_SANITIZED)
NOTE("abi=1\\nname=sanitized\\nsanitizer=address\\n");
#elif !defined(MODULE_WITHOUT_NOTE)
NOTE("abi=1\\nname=counting\\n");
#endif

extern "C" {
#if defined(MODULE_FOREIGN)
void* malloc(size_t size);
void NTAPI KeDoesNotExist();
#elif defined(MODULE_NEWER)
NTSTATUS NTAPI PcGetPhysicalDeviceObject(DEVICE_OBJECT*, DEVICE_OBJECT**);
#elif defined(MODULE_SANITIZED)
void __asan_init();
#endif

#if !defined(MODULE_WITHOUT_ENTRY)
// How often this instance's globals have seen DriverEntry: always once, when they are fresh.
static LONG loads;
static LONG preset = 40;

static void NTAPI unload(DRIVER_OBJECT*) {}

[[gnu::visibility("default")]] NTSTATUS NTAPI DriverEntry(DRIVER_OBJECT* driver, UNICODE_STRING*) {
    KIRQL irql = KeGetCurrentIrql();
    driver->DriverSection = reinterpret_cast<void*>(static_cast<ULONG_PTR>(++preset + ++loads + irql));
    driver->DriverUnload = &unload;
#if defined(MODULE_FOREIGN)
    malloc(1);
    KeDoesNotExist();
#elif defined(MODULE_NEWER)
    ExDeleteTimer(ExAllocateTimer(nullptr, nullptr, 0), TRUE, TRUE, nullptr);
    KeQueryActiveProcessorCount(nullptr);
    PcGetPhysicalDeviceObject(nullptr, nullptr);
#elif defined(MODULE_SANITIZED)
    __asan_init();
#endif
    return STATUS_SUCCESS;
}
#else
[[gnu::visibility("default")]] NTSTATUS NTAPI AnotherEntry(DRIVER_OBJECT*, UNICODE_STRING*) {
    return STATUS_SUCCESS;
}
#endif
}
