// What the WaveCyclic port makes for its miniports. Its streams: tests/ports.
#include "core_fixture.h"
#include "executive/hal/dma_adapter.h"
#include "executive/hal/dma_channels.h"

namespace conformance {
namespace {

PCFILTER_DESCRIPTOR no_pins = {
    0, nullptr, sizeof(PCPIN_DESCRIPTOR), 0, nullptr, sizeof(PCNODE_DESCRIPTOR), 0, nullptr, 0, nullptr, 0, nullptr};

class CyclicMiniport final : public portcls::ComObject<CyclicMiniport, IMiniportWaveCyclic> {
public:
    explicit CyclicMiniport(IPortWaveCyclic*& port) : port_(port) {}
    void* find_interface(const GUID& id) {
        return id == IID_IMiniportWaveCyclic ? static_cast<IMiniportWaveCyclic*>(this) : nullptr;
    }
    NTSTATUS NTAPI GetDescription(PPCFILTER_DESCRIPTOR* description) override {
        *description = &no_pins;
        return STATUS_SUCCESS;
    }
    NTSTATUS NTAPI DataRangeIntersection(ULONG, PKSDATARANGE, PKSDATARANGE, ULONG, PVOID, PULONG) override {
        return STATUS_NOT_IMPLEMENTED;
    }
    NTSTATUS NTAPI Init(PUNKNOWN, PRESOURCELIST, PPORTWAVECYCLIC port) override {
        port_ = port;
        return STATUS_SUCCESS;
    }
    NTSTATUS NTAPI NewStream(PMINIPORTWAVECYCLICSTREAM*, PUNKNOWN, POOL_TYPE, ULONG, BOOLEAN, PKSDATAFORMAT,
                             PDMACHANNEL*, PSERVICEGROUP*) override {
        return STATUS_NOT_SUPPORTED;
    }

private:
    IPortWaveCyclic*& port_;
};

// Of two channels.
class Controller final : public executive::SystemDmaController {
public:
    bool has_channel(unsigned channel) const override { return channel == 1 || channel == 5; }
    void program(unsigned channel, const Transfer& asked) override {
        programmed = channel;
        transfer = asked;
    }
    void mask(unsigned) override {}
    std::uint32_t NTAPI read_counter(unsigned) const override { return 0; }
    unsigned programmed = 0;
    Transfer transfer;
};

class WaveCyclicPortRules : public CoreTest {
protected:
    WaveCyclicPortRules() {
        script_.start = [this](DEVICE_OBJECT* device, IRP* irp, IResourceList* resources) {
            IPort* port = nullptr;
            NTSTATUS status = PcNewPort(&port, CLSID_PortWaveCyclic);
            auto miniport = portcls::ComPointer<IMiniport>::adopt(new CyclicMiniport(port_));
            if (NT_SUCCESS(status)) {
                status = port->Init(device, irp, miniport.get(), nullptr, resources);
            }
            if (NT_SUCCESS(status)) {
                status = PcRegisterSubdevice(device, const_cast<WCHAR*>(u"Wave"), port);
            }
            port->Release();
            return status;
        };
    }
    // Channels 1 and 5.
    static portcls::ComPointer<IResourceList> two_channels() {
        struct {
            CM_RESOURCE_LIST list;
            CM_PARTIAL_RESOURCE_DESCRIPTOR second;
        } resources = {};
        resources.list.Count = 1;
        auto& partial = resources.list.List[0].PartialResourceList;
        partial.Count = 2;
        for (ULONG i = 0; i < 2; ++i) {
            partial.PartialDescriptors[i].Type = CmResourceTypeDma;
            partial.PartialDescriptors[i].u.Dma.Channel = i == 0 ? 1 : 5;
        }
        portcls::ComPointer<IResourceList> list;
        EXPECT_EQ(PcNewResourceList(list.receive(), nullptr, PagedPool, &resources.list, &resources.list),
                  STATUS_SUCCESS);
        return list;
    }
    portcls::ComPointer<IDmaChannelSlave> slave(IResourceList* list, ULONG index, ULONG maximum, BOOLEAN demand,
                                                DMA_SPEED speed) {
        portcls::ComPointer<IDmaChannelSlave> result;
        EXPECT_EQ(port_->NewSlaveDmaChannel(result.receive(), nullptr, list, index, maximum, demand, speed),
                  STATUS_SUCCESS);
        return result;
    }
    IPortWaveCyclic* port_ = nullptr;
};

// IPortWaveCyclic::NewSlaveDmaChannel, ::NewMasterDmaChannel.
TEST_F(WaveCyclicPortRules, R_WCYC_18_slaves_take_one_of_the_lists_channels_masters_none) {
    start();
    inside([&] {
        Controller controller;
        executive::Kernel::current().dma_channels.attach(&controller);
        const auto list = two_channels();
        for (const ULONG index : {0u, 1u}) {
            const auto channel = slave(list.get(), index, 0x1000, FALSE, Compatible);
            EXPECT_TRUE(portcls::ComPointer<IDmaChannelSlave>::query(channel.get(), IID_IDmaChannelSlave));
            EXPECT_EQ(channel->AllocateBuffer(0x1000, nullptr), STATUS_SUCCESS);
            EXPECT_EQ(channel->Start(0x1000, TRUE), STATUS_SUCCESS);
            EXPECT_EQ(controller.programmed, index == 0 ? 1u : 5u);
            EXPECT_EQ(channel->Stop(), STATUS_SUCCESS);
        }
        portcls::ComPointer<IDmaChannelSlave> none;
        EXPECT_EQ(port_->NewSlaveDmaChannel(none.receive(), nullptr, list.get(), 2, 0x1000, FALSE, Compatible),
                  STATUS_INVALID_PARAMETER);
        EXPECT_EQ(port_->NewSlaveDmaChannel(none.receive(), nullptr, nullptr, 0, 0x1000, FALSE, Compatible),
                  STATUS_INVALID_PARAMETER);
        for (IResourceList* const ignored : {list.get(), static_cast<IResourceList*>(nullptr)}) {
            portcls::ComPointer<IDmaChannel> master;
            EXPECT_EQ(port_->NewMasterDmaChannel(master.receive(), nullptr, ignored, 0x1000, TRUE, FALSE,
                                                 static_cast<DMA_WIDTH>(-1), static_cast<DMA_SPEED>(-1)),
                      STATUS_SUCCESS);
            EXPECT_FALSE(portcls::ComPointer<IDmaChannelSlave>::query(master.get(), IID_IDmaChannelSlave));
        }
        executive::Kernel::current().dma_channels.attach(nullptr);
    });
}

// nf-portcls-iportwavecyclic-newslavedmachannel: DemandMode and DmaSpeed are what the device is described with.
TEST_F(WaveCyclicPortRules, R_WCYC_18_a_slave_moves_as_it_was_asked_to) {
    start();
    inside([&] {
        Controller controller;
        executive::Kernel::current().dma_channels.attach(&controller);
        const auto list = two_channels();
        for (const auto& [demand, speed] : {std::pair{TRUE, TypeA}, {FALSE, TypeB}, {TRUE, TypeF}}) {
            const auto channel = slave(list.get(), 0, 0x1000, static_cast<BOOLEAN>(demand), speed);
            auto* const adapter = reinterpret_cast<DMA_ADAPTER*>(channel->GetAdapterObject());
            EXPECT_EQ(executive::adapter_of(adapter).description.DmaSpeed, speed);
            EXPECT_EQ(channel->AllocateBuffer(0x1000, nullptr), STATUS_SUCCESS);
            EXPECT_EQ(channel->Start(0x1000, TRUE), STATUS_SUCCESS);
            EXPECT_EQ(controller.transfer.demand, demand != FALSE);
            EXPECT_EQ(channel->Stop(), STATUS_SUCCESS);
        }
        executive::Kernel::current().dma_channels.attach(nullptr);
    });
}

// IDmaChannel::MaximumBufferSize: a buffer has to fit into the map registers there are, those of the pages that a
// controller moves without a new page register.
TEST_F(WaveCyclicPortRules, a_slaves_buffer_is_no_larger_than_its_map_registers) {
    start();
    inside([&] {
        Controller controller;
        executive::Kernel::current().dma_channels.attach(&controller);
        const auto list = two_channels();
        for (const auto& [index, most] : {std::pair{0u, 0x10000u}, {1u, 0x20000u}}) {
            const auto large = slave(list.get(), index, 0x80000, FALSE, Compatible);
            EXPECT_EQ(large->MaximumBufferSize(), most);
            EXPECT_EQ(large->AllocateBuffer(most + 1, nullptr), STATUS_INSUFFICIENT_RESOURCES);
            EXPECT_EQ(large->AllocateBuffer(most, nullptr), STATUS_SUCCESS);
            EXPECT_EQ(large->Start(most, TRUE), STATUS_SUCCESS);
            EXPECT_EQ(large->Stop(), STATUS_SUCCESS);
            EXPECT_EQ(slave(list.get(), index, 0x2000, FALSE, Compatible)->MaximumBufferSize(), 0x2000u);
        }
        executive::Kernel::current().dma_channels.attach(nullptr);
    });
}

} // namespace
} // namespace conformance
