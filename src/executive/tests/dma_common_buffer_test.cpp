// Common buffers of version 3 of DMA_OPERATIONS: bounds, vectors, buffers over an MDL; and domains, which there are
// none.
#include "executive/tests/dma_fixture.h"

namespace openportcls::executive {
namespace {

class CommonBuffers : public DmaTest {
protected:
    const DMA_OPERATIONS& operations() const { return *adapter->DmaOperations; }
    DMA_ADAPTER* adapter = nullptr;
};

// nc-wdm-pallocate_common_buffer_ex: "from memory below this address".
TEST_F(CommonBuffers, AllocateCommonBufferExStaysBelowItsLimit) {
    inside([&] {
        adapter = open(master_of_version_3(64));
        PHYSICAL_ADDRESS logical;
        for (const LONGLONG limit : {2LL << 20, 16LL << 20}) {
            PHYSICAL_ADDRESS highest = large(limit);
            void* memory = operations().AllocateCommonBufferEx(adapter, &highest, 8'192, &logical, TRUE, 0);
            ASSERT_NE(memory, nullptr);
            EXPECT_LE(logical.QuadPart + 8'192, limit);
            operations().FreeCommonBuffer(adapter, 8'192, logical, memory, TRUE);
        }
        PHYSICAL_ADDRESS too_low = large(4'096);
        EXPECT_EQ(operations().AllocateCommonBufferEx(adapter, &too_low, 8'192, &logical, TRUE, 0), nullptr);
        operations().PutDmaAdapter(adapter);
        adapter = open(master_of_version_3(22)); // 4 MB
        void* memory = operations().AllocateCommonBufferEx(adapter, nullptr, 4'096, &logical, TRUE, 0);
        EXPECT_LT(logical.QuadPart, 4LL << 20) << "the device's own limit";
        operations().FreeCommonBuffer(adapter, 4'096, logical, memory, TRUE);
        operations().PutDmaAdapter(adapter);
        EXPECT_EQ(kernel().contiguous.count(), 0U);
    });
}

// nc-wdm-pallocate_common_buffer_with_bounds.
TEST_F(CommonBuffers, AllocateCommonBufferWithBoundsKeepsBoth) {
    inside([&] {
        adapter = open(master_of_version_3(64));
        PHYSICAL_ADDRESS lowest = large(5LL << 20);
        PHYSICAL_ADDRESS highest = large(6LL << 20);
        PHYSICAL_ADDRESS logical;
        MEMORY_CACHING_TYPE caching = MmCached;
        const auto& allocate = operations().AllocateCommonBufferWithBounds;
        void* memory = allocate(adapter, &lowest, &highest, 12'288, 0, &caching, 0, &logical);
        ASSERT_NE(memory, nullptr);
        EXPECT_GE(logical.QuadPart, lowest.QuadPart);
        EXPECT_LE(logical.QuadPart + 12'288, highest.QuadPart);
        operations().FreeCommonBuffer(adapter, 12'288, logical, memory, TRUE);
        EXPECT_EQ(allocate(adapter, &lowest, &highest, 2 << 20, 0, nullptr, 0, &logical), nullptr);
        // DOMAIN_COMMON_BUFFER_LARGE_PAGE: a "granularity of PAGE_SIZE * 512".
        memory = allocate(adapter, &lowest, nullptr, 4'096, DOMAIN_COMMON_BUFFER_LARGE_PAGE, nullptr, 0, &logical);
        ASSERT_NE(memory, nullptr);
        EXPECT_EQ(logical.QuadPart % (512 * 4'096), 0);
        operations().FreeCommonBuffer(adapter, 4'096, logical, memory, TRUE);
        // "Only values of MmNonCached and MmCached are supported."
        caching = MmWriteCombined;
        EXPECT_EQ(allocate(adapter, nullptr, nullptr, 4'096, 0, &caching, 0, &logical), nullptr);
        operations().PutDmaAdapter(adapter);
    });
}

TEST_F(CommonBuffers, AllocateCommonBufferVectorMakesSeparateBuffers) {
    inside([&] {
        adapter = open(master_of_version_3(64));
        const auto& allocate = operations().AllocateCommonBufferVector;
        PDMA_COMMON_BUFFER_VECTOR vector = nullptr;
        const PHYSICAL_ADDRESS low = large(5LL << 20);
        const PHYSICAL_ADDRESS high = large(8LL << 20);
        EXPECT_EQ(allocate(adapter, low, high, MmCached, 0, 0, 0, 4'096, &vector), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(allocate(adapter, low, high, MmWriteCombined, 0, 0, 4, 4'096, &vector), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(allocate(adapter, low, high, MmCached, 0, 0, 4, 1 << 20, &vector), STATUS_INSUFFICIENT_RESOURCES)
            << "three fit";
        EXPECT_EQ(kernel().contiguous.count(), 0U) << "all or none";
        ASSERT_EQ(allocate(adapter, low, high, MmCached, 0, 0, 3, 8'192, &vector), STATUS_SUCCESS);
        EXPECT_EQ(kernel().contiguous.count(), 3U);
        LONGLONG places[3];
        for (ULONG index = 0; index < 3; ++index) {
            void* address = nullptr;
            PHYSICAL_ADDRESS logical;
            operations().GetCommonBufferFromVectorByIndex(adapter, vector, index, &address, &logical);
            EXPECT_EQ(address, at(logical, 8'192));
            EXPECT_GE(logical.QuadPart, low.QuadPart);
            EXPECT_LE(logical.QuadPart + 8'192, high.QuadPart);
            places[index] = logical.QuadPart;
        }
        EXPECT_GE(std::abs(places[0] - places[1]), 8'192);
        EXPECT_GE(std::abs(places[1] - places[2]), 8'192);
        operations().FreeCommonBufferFromVector(adapter, vector, 1);
        EXPECT_EQ(kernel().contiguous.count(), 2U);
        operations().FreeCommonBufferVector(adapter, vector);
        EXPECT_EQ(kernel().contiguous.count(), 0U);
        operations().PutDmaAdapter(adapter);
        IoDeleteDevice(device);
        EXPECT_EQ(kernel().pool.usage().blocks, 0U);
    });
}

TEST_F(CommonBuffers, FreeCommonBufferFromVectorFreesOnce) {
    expect_bugcheck(0xE6, "once", [&] {
        adapter = open(master_of_version_3(64));
        PDMA_COMMON_BUFFER_VECTOR vector = nullptr;
        operations().AllocateCommonBufferVector(adapter, large(0), large(LLONG_MAX), MmCached, 0, 0, 2, 4'096, &vector);
        operations().FreeCommonBufferFromVector(adapter, vector, 0);
        operations().FreeCommonBufferFromVector(adapter, vector, 0);
    });
}

// nc-wdm-pcreate-common-buffer-from-mdl.
class BuffersOfMdls : public CommonBuffers {
protected:
    NTSTATUS create(MDL* mdl, std::vector<DMA_COMMON_BUFFER_EXTENDED_CONFIGURATION> configurations,
                    PHYSICAL_ADDRESS* logical) {
        return operations().CreateCommonBufferFromMdl(adapter, mdl, configurations.data(),
                                                      static_cast<ULONG>(configurations.size()), logical);
    }
    static DMA_COMMON_BUFFER_EXTENDED_CONFIGURATION limits(LONGLONG lowest, LONGLONG highest) {
        DMA_COMMON_BUFFER_EXTENDED_CONFIGURATION wish{};
        wish.ConfigType = CommonBufferConfigTypeLogicalAddressLimits;
        wish.LogicalAddressLimits.MinimumAddress.QuadPart = lowest;
        wish.LogicalAddressLimits.MaximumAddress.QuadPart = highest;
        return wish;
    }
    static DMA_COMMON_BUFFER_EXTENDED_CONFIGURATION section(ULONGLONG offset, ULONG length) {
        DMA_COMMON_BUFFER_EXTENDED_CONFIGURATION wish{};
        wish.ConfigType = CommonBufferConfigTypeSubSection;
        wish.SubSection.Offset = offset;
        wish.SubSection.Length = length;
        return wish;
    }
    static DMA_COMMON_BUFFER_EXTENDED_CONFIGURATION access(DMA_COMMON_BUFFER_EXTENDED_CONFIGURATION_ACCESS_TYPE type) {
        DMA_COMMON_BUFFER_EXTENDED_CONFIGURATION wish{};
        wish.ConfigType = CommonBufferConfigTypeHardwareAccessPermissions;
        wish.HardwareAccessType = type;
        return wish;
    }
    // Mapped, as the page wants it.
    static MDL* mapped_pages(ULONG pages) {
        MDL* mdl = far_pages(pages);
        MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority);
        return mdl;
    }
};

TEST_F(BuffersOfMdls, CreateCommonBufferFromMdlSharesTheDriversPages) {
    inside([&] {
        adapter = open(master_of_version_3(32));
        MDL* mdl = mapped_pages(4);
        PHYSICAL_ADDRESS logical;
        ASSERT_EQ(create(mdl, {}, &logical), STATUS_SUCCESS);
        auto* memory = static_cast<char*>(mdl->MappedSystemVa);
        memory[5] = 's';
        EXPECT_EQ(at(logical, 16'384)[5], 's');
        operations().FreeCommonBuffer(adapter, 16'384, logical, memory, TRUE);
        EXPECT_EQ(memory[5], 's') << "the pages are the driver's still";
        ASSERT_EQ(create(mdl, {section(4'096, 8'192), access(CommonBufferHardwareAccessReadWrite)}, &logical),
                  STATUS_SUCCESS);
        memory[4'096] = 't';
        EXPECT_EQ(at(logical, 8'192)[0], 't');
        operations().FreeCommonBuffer(adapter, 8'192, logical, memory + 4'096, TRUE);
        // A chain, of which the section lies in one.
        MDL* chain = mapped_pages(1);
        chain->Next = mdl;
        EXPECT_EQ(create(chain, {}, &logical), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(create(chain, {section(0, 8'192)}, &logical), STATUS_INVALID_PARAMETER);
        ASSERT_EQ(create(chain, {section(4'096 + 4'096, 4'096)}, &logical), STATUS_SUCCESS);
        EXPECT_EQ(at(logical, 1)[0], 't');
        operations().FreeCommonBuffer(adapter, 4'096, logical, memory + 4'096, TRUE);
        operations().PutDmaAdapter(adapter);
    });
}

TEST_F(BuffersOfMdls, CreateCommonBufferFromMdlRefusesWhatTheDeviceCannotUse) {
    inside([&] {
        adapter = open(master_of_version_3(32));
        PHYSICAL_ADDRESS logical;
        MDL* mdl = mapped_pages(4);
        EXPECT_EQ(create(nullptr, {}, &logical), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(create(mdl, {section(0, 4'000)}, &logical), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(create(mdl, {section(100, 4'096)}, &logical), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(create(mdl, {section(0, 20'480)}, &logical), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(create(mdl, {section(0, 4'096), section(0, 4'096)}, &logical), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(create(mdl, {limits(0, (16 << 20) - 1)}, &logical), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(create(mdl, {limits(0, LLONG_MAX)}, &logical), STATUS_SUCCESS);
        operations().FreeCommonBuffer(adapter, 16'384, logical, mdl->MappedSystemVa, TRUE);
        // "ReadOnly and WriteOnly are only permissible if the DMA Adapter is using DMA Remapping."
        EXPECT_EQ(create(mdl, {access(CommonBufferHardwareAccessReadOnly)}, &logical), STATUS_NOT_SUPPORTED);
        EXPECT_EQ(create(mdl, {access(CommonBufferHardwareAccessWriteOnly)}, &logical), STATUS_NOT_SUPPORTED);
        MDL* unmapped = far_pages(1);
        EXPECT_EQ(create(unmapped, {}, &logical), STATUS_INVALID_PARAMETER);
        MDL* torn = scattered(mdl, 2);
        torn->MdlFlags |= MDL_PAGES_LOCKED;
        MmGetSystemAddressForMdlSafe(torn, NormalPagePriority);
        EXPECT_EQ(create(torn, {}, &logical), STATUS_INVALID_PARAMETER) << "not in one piece";
        operations().PutDmaAdapter(adapter);
        adapter = open(master_of_version_3(24));
        EXPECT_EQ(create(mdl, {}, &logical), STATUS_INVALID_PARAMETER) << "beyond the device's reach";
        operations().PutDmaAdapter(adapter);
    });
}

// There is no IOMMU: no adapter is in a domain, and none can be.
TEST_F(CommonBuffers, GetDmaDomainAndItsLikeOnAMachineWithoutDmaRemapping) {
    inside([&] {
        adapter = open(master_of_version_3(64));
        EXPECT_EQ(operations().GetDmaDomain(adapter), nullptr);
        EXPECT_EQ(operations().JoinDmaDomain(adapter, this), STATUS_NOT_SUPPORTED);
        EXPECT_EQ(operations().LeaveDmaDomain(adapter), STATUS_NOT_SUPPORTED);
        PHYSICAL_ADDRESS logical;
        void* address = nullptr;
        EXPECT_EQ(operations().AllocateDomainCommonBuffer(adapter, nullptr, nullptr, 4'096, 0, nullptr, 0, &logical,
                                                          &address),
                  STATUS_NOT_SUPPORTED);
        EXPECT_EQ(address, nullptr);
        operations().PutDmaAdapter(adapter);
    });
}

// Devices see what processors see: FlushDmaBuffer and KeFlushIoBuffers find nothing to do, and change nothing.
TEST_F(CommonBuffers, FlushDmaBufferAndKeFlushIoBuffersLeaveTheMemoryAlone) {
    inside([&] {
        adapter = open(master_of_version_3(64));
        MDL* mdl = far_pages(1);
        byte_at(mdl, 0) = 'k';
        EXPECT_EQ(operations().FlushDmaBuffer(adapter, nullptr, TRUE), STATUS_INVALID_PARAMETER);
        const Raised raised;
        for (const BOOLEAN read : {TRUE, FALSE}) {
            EXPECT_EQ(operations().FlushDmaBuffer(adapter, mdl, read), STATUS_SUCCESS);
            KeFlushIoBuffers(mdl, read, TRUE);
            EXPECT_EQ(byte_at(mdl, 0), 'k');
        }
    });
}

// A buffer of a slave lies within one page of the controller, whatever was allocated before.
TEST_F(CommonBuffers, AllocateCommonBufferForAnIsaChannelDoesNotCrossItsPage) {
    IsaController controller;
    kernel().dma_channels.attach(&controller);
    inside([&] {
        DEVICE_DESCRIPTION description = slave();
        for (const auto& [width, page_bits] : {std::pair{Width8Bits, 16}, std::pair{Width16Bits, 17}}) {
            description.DmaWidth = width;
            adapter = open(description);
            for (int buffer = 0; buffer < 20; ++buffer) {
                PHYSICAL_ADDRESS logical;
                ASSERT_NE(operations().AllocateCommonBuffer(adapter, 0x5000, &logical, TRUE), nullptr);
                EXPECT_EQ(logical.QuadPart >> page_bits, (logical.QuadPart + 0x4FFF) >> page_bits);
            }
            PHYSICAL_ADDRESS logical;
            EXPECT_EQ(operations().AllocateCommonBuffer(adapter, (1U << page_bits) + 1, &logical, TRUE), nullptr);
            operations().PutDmaAdapter(adapter);
        }
    });
}

} // namespace
} // namespace openportcls::executive
