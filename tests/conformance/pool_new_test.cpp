// R-COM-06: the pool-typed operator new that a driver's unit sees. It stands in a header that is for drivers only, so
// this unit plays one for its length.
#include <cstring>

#include "core_fixture.h"

#undef OPC_DRIVER
#define OPC_DRIVER 1
#undef OPC_POOL_NEW_H
#undef _NEW_DELETE_OPERATORS_
#include <opc/pool_new.h>

namespace conformance {

namespace {

// A constructor that relies on it, as CUnknown's descendants do.
struct Object {
    UCHAR bytes[96];
    ULONG counter;
};

bool is_zero(const void* memory, std::size_t bytes) {
    const auto* const each = static_cast<const UCHAR*>(memory);
    return std::all_of(each, each + bytes, [](UCHAR byte) { return byte == 0; });
}

} // namespace

class PoolNew : public CoreTest {};

// operator new zeroes, with and without a tag, for one object and for arrays, also where the memory was used before.
TEST_F(PoolNew, R_COM_06_operator_new_zeroes) {
    load();
    inside([&] {
        bool reused = false;
        for (int round = 0; round < 8; ++round) {
            void* const dirty = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(Object), 'tseT');
            std::memset(dirty, 0xEE, sizeof(Object));
            ExFreePoolWithTag(dirty, 'tseT');
            void* const untyped = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(Object), 'tseT');
            reused = reused || !is_zero(untyped, sizeof(Object));
            ExFreePoolWithTag(untyped, 'tseT');
            auto* const plain = new (NonPagedPoolNx) Object;
            EXPECT_TRUE(is_zero(plain, sizeof(Object)));
            ExFreePool(plain);
            auto* const tagged = new (PagedPool, 'tseT') Object;
            EXPECT_TRUE(is_zero(tagged, sizeof(Object)));
            ExFreePoolWithTag(tagged, 'tseT');
            auto* const array = new (NonPagedPoolNx, 'tseT') Object[3];
            EXPECT_TRUE(is_zero(array, 3 * sizeof(Object)));
            ExFreePoolWithTag(array, 'tseT');
        }
        EXPECT_TRUE(reused) << "the pool itself does not clear, or this test shows nothing";
    });
}

// And it fails with nullptr, which drivers test for.
TEST_F(PoolNew, R_COM_06_operator_new_fails_without_an_exception) {
    load();
    inside([&] {
        struct Huge {
            UCHAR bytes[1ULL << 40];
        };
        EXPECT_EQ(static_cast<void*>(operator new(sizeof(Huge), NonPagedPoolNx)), nullptr);
    });
}

} // namespace conformance
