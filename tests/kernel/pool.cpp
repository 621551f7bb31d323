// The pool wrappers that are inline in wdm.h.
#include "driver_test.h"

static const ULONG tag = 'tseT';

static bool is_filled_with(const void* memory, SIZE_T bytes, UCHAR value) {
    for (SIZE_T index = 0; index < bytes; ++index) {
        if (static_cast<const UCHAR*>(memory)[index] != value) {
            return false;
        }
    }
    return true;
}

DRIVER_TEST(DriverPool, ZeroFormsZeroAndTheOthersDoNot) {
    void* block = ExAllocatePoolZero(NonPagedPoolNx, 100, tag);
    CHECK(block != NULL && is_filled_with(block, 100, 0));
    RtlFillMemory(block, 100, 0x55);
    ExFreePoolWithTag(block, tag);
    block = ExAllocatePoolZero(PagedPool, 100, tag);
    CHECK(is_filled_with(block, 100, 0));
    ExFreePoolWithTag(block, tag);
    block = ExAllocatePoolUninitialized(NonPagedPoolNx, 100, tag);
    CHECK(block != NULL && !is_filled_with(block, 100, 0)); // as after Driver Verifier: nothing to rely on
    ExFreePoolWithTag(block, tag);
    block = ExAllocatePoolQuotaZero(NonPagedPoolNx, 32, tag);
    CHECK(is_filled_with(block, 32, 0));
    ExFreePoolWithTag(block, tag);
    block = ExAllocatePoolPriorityZero(NonPagedPoolNx, 32, tag, NormalPoolPriority);
    CHECK(is_filled_with(block, 32, 0));
    ExFreePoolWithTag(block, tag);
}

// No tag is given: the pool says 'None'.
DRIVER_TEST(DriverPool, WithoutATag) {
#pragma push_macro("ExAllocatePool")
#undef ExAllocatePool
    void* block = ExAllocatePool(NonPagedPool, 24);
#pragma pop_macro("ExAllocatePool")
    CHECK(block != NULL && ((ULONG_PTR)block & 15) == 0);
    ExFreePool(block);
}

// Without POOL_NX_OPTIN the call is accepted and changes nothing.
DRIVER_TEST(DriverPool, RuntimeInitializationWithoutOptIn) {
    ExInitializeDriverRuntime(DrvRtPoolNxOptIn);
    CHECK(NonPagedPool == 0 && NonPagedPoolNx == 512);
}
