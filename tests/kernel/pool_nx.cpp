// "Single Binary Opt-In": a driver compiled with POOL_NX_OPTIN gets pool that is not executable, once it asks.
#define POOL_NX_OPTIN 1
#include "driver_test.h"

DRIVER_TEST(DriverPool, RuntimeInitializationOptsInToNxPool) {
    CHECK(NonPagedPool == NonPagedPoolExecute);
    ExInitializeDriverRuntime(0);
    CHECK(NonPagedPool == NonPagedPoolExecute);
    ExInitializeDriverRuntime(DrvRtPoolNxOptIn);
    CHECK(NonPagedPool == NonPagedPoolNx);
    CHECK(NonPagedPoolCacheAligned == NonPagedPoolNxCacheAligned);
    void* block = ExAllocatePoolZero(NonPagedPool, 16, 'tseT');
    CHECK(block != NULL);
    ExFreePoolWithTag(block, 'tseT');
}
