// A WavePci adapter driver in the test program, as one subdevice of the core test driver: its streams do what the test
// tells them, and keep a journal.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core_fixture.h"

namespace conformance {

class PciStream;

struct PciScript {
    // What the miniport answers.
    bool filter_group = true;
    bool stream_group = true; // the filter's, or one of its own
    bool channel = false;     // NewStream makes one
    BOOLEAN dma_64_bit = TRUE;
    ULONG frame_size = 0; // of the preferred framing; 0: it has none

    // What happened.
    std::vector<std::string> journal;
    std::vector<PciStream*> streams; // living, not referenced
    IPortWavePci* port = nullptr;
    portcls::ComPointer<IServiceGroup> group; // the one of Init
    IUnknown* adapter_seen = nullptr;
    IDmaChannel* last_channel = nullptr; // of NewStream, not referenced here
    KIRQL service_irql = 0xFF;
    std::function<void()> in_new_stream;

    void note(std::string line) { journal.push_back(std::move(line)); }
    ULONG count_of(const std::string& line) const {
        return static_cast<ULONG>(std::count(journal.begin(), journal.end(), line));
    }
};

// Of the running test.
PciScript*& pci_script();
IMiniport* new_pci_miniport();

// One mapping as the miniport gets it.
struct PciMapping {
    NTSTATUS status = STATUS_NOT_FOUND;
    ULONGLONG physical = 0;
    unsigned char* memory = nullptr;
    ULONG bytes = 0;
    ULONG flags = 0;
};

class PciStream final : public portcls::ComObject<PciStream, IMiniportWavePciStream> {
public:
    PciStream(IPortWavePciStream* port_stream, portcls::ComPointer<IDmaChannel> channel);
    ~PciStream();
    void* find_interface(const GUID& id);

    NTSTATUS NTAPI SetFormat(PKSDATAFORMAT format) override;
    NTSTATUS NTAPI SetState(KSSTATE state) override;
    NTSTATUS NTAPI GetPosition(PULONGLONG result) override;
    NTSTATUS NTAPI NormalizePhysicalPosition(PLONGLONG physical_position) override;
    NTSTATUS NTAPI GetAllocatorFraming(PKSALLOCATOR_FRAMING framing) override;
    NTSTATUS NTAPI RevokeMappings(PVOID first, PVOID last, PULONG revoked) override;
    void NTAPI MappingAvailable() override;
    void NTAPI Service() override;

    PciMapping get(ULONG_PTR tag);
    NTSTATUS release(ULONG_PTR tag) { return port_stream->ReleaseMapping(reinterpret_cast<PVOID>(tag)); }

    portcls::ComPointer<IPortWavePciStream> port_stream;
    portcls::ComPointer<IDmaChannel> channel;
    ULONGLONG position = 0;
    std::vector<ULONG_PTR> held; // tags, as the miniport's list has them
    KIRQL available_irql = 0xFF;
    KIRQL revoke_irql = 0xFF;
    std::function<void()> on_available;
    std::function<void()> on_revoke;  // before the list is looked at
    std::function<void()> on_revoked; // and after
    std::function<void()> on_service;
    std::function<void()> on_position; // when it has been read
};

} // namespace conformance
