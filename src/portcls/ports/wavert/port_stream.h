// IPortWaveRTStream: the only source of memory for a WaveRT buffer (R-WRT-02).
#pragma once

#include <vector>

#include "portcls/helpers/com_object.h"

namespace openportcls::portcls {

class PortStream final : public ComObject<PortStream, IPortWaveRTStream> {
public:
    // `highest_address`: what the device can reach (R-WRT-19).
    explicit PortStream(ULONGLONG highest_address, ULONG pin_serial)
        : highest_address_(highest_address), pin_serial_(pin_serial) {}
    ~PortStream();

    void* find_interface(const GUID& id);
    bool owns(const MDL* mdl) const;

    PMDL NTAPI AllocatePagesForMdl(PHYSICAL_ADDRESS high_address, SIZE_T total_bytes) override;
    PMDL NTAPI AllocateContiguousPagesForMdl(PHYSICAL_ADDRESS low_address, PHYSICAL_ADDRESS high_address,
                                             SIZE_T total_bytes) override;
    PVOID NTAPI MapAllocatedPages(PMDL mdl, MEMORY_CACHING_TYPE cache_type) override;
    void NTAPI UnmapAllocatedPages(PVOID base_address, PMDL mdl) override;
    void NTAPI FreePagesFromMdl(PMDL mdl) override;
    ULONG NTAPI GetPhysicalPagesCount(PMDL mdl) override;
    PHYSICAL_ADDRESS* NTAPI GetPhysicalPageAddress(PHYSICAL_ADDRESS* result, PMDL mdl, ULONG index) override;

private:
    struct Allocation {
        PMDL mdl;
        PVOID mapped; // by MapAllocatedPages
    };

    PMDL remember(PMDL mdl);
    // Ends the guest when the driver names memory that did not come from here.
    Allocation& find(const MDL* mdl, const char* method);

    ULONGLONG highest_address_;
    ULONG pin_serial_;
    std::vector<Allocation> allocations_;
};

} // namespace openportcls::portcls
