#include "wavepci_driver.h"

namespace conformance {

namespace {

KSDATARANGE_AUDIO pcm_range = {{{sizeof(KSDATARANGE_AUDIO), 0, 0, 0, KSDATAFORMAT_TYPE_AUDIO, KSDATAFORMAT_SUBTYPE_PCM,
                                 KSDATAFORMAT_SPECIFIER_WAVEFORMATEX}},
                               2,
                               8,
                               16,
                               8000,
                               48000};
PKSDATARANGE stream_ranges[] = {reinterpret_cast<PKSDATARANGE>(&pcm_range)};

constexpr PCPIN_DESCRIPTOR pin_of(KSPIN_DATAFLOW flow) {
    return {4,
            4,
            0,
            nullptr,
            {0, nullptr, 0, nullptr, 1, stream_ranges, flow, KSPIN_COMMUNICATION_SINK, &audio_category, nullptr, {0}}};
}
const PCPIN_DESCRIPTOR wavepci_pins[] = {pin_of(KSPIN_DATAFLOW_IN), pin_of(KSPIN_DATAFLOW_OUT)};
PCFILTER_DESCRIPTOR filter_descriptor = {
    0, nullptr, sizeof(PCPIN_DESCRIPTOR), 2, wavepci_pins, sizeof(PCNODE_DESCRIPTOR), 0, nullptr, 0, nullptr,
    0, nullptr};

PciScript* current = nullptr;

class PciMiniport final : public portcls::ComObject<PciMiniport, IMiniportWavePci> {
public:
    void* find_interface(const GUID& id) {
        return id == IID_IMiniportWavePci || id == IID_IMiniport ? static_cast<IMiniportWavePci*>(this) : nullptr;
    }
    NTSTATUS NTAPI GetDescription(PPCFILTER_DESCRIPTOR* description) override {
        *description = &filter_descriptor;
        return STATUS_SUCCESS;
    }
    NTSTATUS NTAPI DataRangeIntersection(ULONG, PKSDATARANGE, PKSDATARANGE, ULONG, PVOID, PULONG) override {
        return STATUS_NOT_IMPLEMENTED;
    }
    NTSTATUS NTAPI Init(PUNKNOWN adapter, PRESOURCELIST, PPORTWAVEPCI port, PSERVICEGROUP* group) override {
        pci_script()->port = port;
        pci_script()->adapter_seen = adapter;
        if (pci_script()->filter_group) {
            PcNewServiceGroup(group, nullptr);
            pci_script()->group = portcls::ComPointer<IServiceGroup>::share(*group);
        }
        return STATUS_SUCCESS;
    }
    NTSTATUS NTAPI NewStream(PMINIPORTWAVEPCISTREAM* stream, PUNKNOWN, POOL_TYPE, PPORTWAVEPCISTREAM port_stream, ULONG,
                             BOOLEAN, PKSDATAFORMAT, PDMACHANNEL* channel, PSERVICEGROUP* group) override {
        PciScript& script = *pci_script();
        IDmaChannel* made = nullptr;
        if (script.channel) {
            EXPECT_EQ(script.port->NewMasterDmaChannel(&made, nullptr, NonPagedPool, nullptr, TRUE, TRUE,
                                                       script.dma_64_bit, FALSE, static_cast<DMA_WIDTH>(-1),
                                                       static_cast<DMA_SPEED>(-1), 0x10000, 0),
                      STATUS_SUCCESS);
        }
        *channel = script.last_channel = made;
        *stream = new PciStream(port_stream, portcls::ComPointer<IDmaChannel>::adopt(made));
        if (script.stream_group) {
            *group = portcls::ComPointer<IServiceGroup>(script.group).detach();
        }
        return STATUS_SUCCESS;
    }
    void NTAPI Service() override {
        pci_script()->note("filter service");
        pci_script()->service_irql = KeGetCurrentIrql();
    }
};

} // namespace

PciScript*& pci_script() {
    return current;
}

IMiniport* new_pci_miniport() {
    return new PciMiniport;
}

PciStream::PciStream(IPortWavePciStream* stream, portcls::ComPointer<IDmaChannel> dma_channel)
    : port_stream(portcls::ComPointer<IPortWavePciStream>::share(stream)), channel(std::move(dma_channel)) {
    pci_script()->streams.push_back(this);
}

PciStream::~PciStream() {
    if (pci_script() != nullptr) {
        std::erase(pci_script()->streams, this);
        pci_script()->note("~stream");
    }
}

void* PciStream::find_interface(const GUID& id) {
    return id == IID_IMiniportWavePciStream ? static_cast<IMiniportWavePciStream*>(this) : nullptr;
}

NTSTATUS NTAPI PciStream::SetFormat(PKSDATAFORMAT format) {
    pci_script()->note("SetFormat");
    return reinterpret_cast<KSDATAFORMAT_WAVEFORMATEX*>(format)->WaveFormatEx.nSamplesPerSec == 48000
               ? STATUS_SUCCESS
               : STATUS_NOT_SUPPORTED;
}

NTSTATUS NTAPI PciStream::SetState(KSSTATE state) {
    static const char* const names[] = {"STOP", "ACQUIRE", "PAUSE", "RUN"};
    pci_script()->note(std::string("SetState ") + names[state]);
    if (state == KSSTATE_STOP) {
        position = 0;
    }
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI PciStream::GetPosition(PULONGLONG result) {
    *result = position;
    if (on_position) {
        on_position();
    }
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI PciStream::NormalizePhysicalPosition(PLONGLONG physical_position) {
    *physical_position = *physical_position * 1000 + 7;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI PciStream::GetAllocatorFraming(PKSALLOCATOR_FRAMING framing) {
    pci_script()->note("GetAllocatorFraming");
    if (pci_script()->frame_size == 0) {
        return STATUS_NOT_IMPLEMENTED;
    }
    *framing = {};
    framing->Frames = 8;
    framing->FrameSize = pci_script()->frame_size;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI PciStream::RevokeMappings(PVOID first, PVOID last, PULONG revoked) {
    const auto from = reinterpret_cast<ULONG_PTR>(first);
    const auto to = reinterpret_cast<ULONG_PTR>(last);
    pci_script()->note("RevokeMappings " + std::to_string(from) + " " + std::to_string(to));
    revoke_irql = KeGetCurrentIrql();
    if (on_revoke) {
        on_revoke();
    }
    const auto before = held.size();
    std::erase_if(held, [&](ULONG_PTR tag) { return tag >= from && tag <= to; });
    *revoked = static_cast<ULONG>(before - held.size());
    if (on_revoked) {
        on_revoked();
    }
    return STATUS_SUCCESS;
}

void NTAPI PciStream::MappingAvailable() {
    pci_script()->note("MappingAvailable");
    available_irql = KeGetCurrentIrql();
    if (on_available) {
        on_available();
    }
}

void NTAPI PciStream::Service() {
    pci_script()->note("Service");
    pci_script()->service_irql = KeGetCurrentIrql();
    if (on_service) {
        on_service();
    }
}

PciMapping PciStream::get(ULONG_PTR tag) {
    PciMapping mapping;
    PHYSICAL_ADDRESS physical = {};
    PVOID memory = nullptr;
    mapping.status =
        port_stream->GetMapping(reinterpret_cast<PVOID>(tag), &physical, &memory, &mapping.bytes, &mapping.flags);
    mapping.physical = static_cast<ULONGLONG>(physical.QuadPart);
    mapping.memory = static_cast<unsigned char*>(memory);
    if (NT_SUCCESS(mapping.status)) {
        held.push_back(tag);
    }
    return mapping;
}

} // namespace conformance
