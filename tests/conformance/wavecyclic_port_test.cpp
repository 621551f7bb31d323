// What the WaveCyclic port makes for its miniports. Its streams: tests/ports.
#include <utility>

#include "core_descriptors.h"
#include "core_fixture.h"
#include "executive/hal/dma_adapter.h"
#include "executive/hal/dma_channels.h"

namespace conformance {
namespace {

PCFILTER_DESCRIPTOR description_of_wave = wave_filter();

// A channel that takes its time to copy, and sees who comes meanwhile.
class SlowChannel final : public portcls::ComObject<SlowChannel, IDmaChannel> {
public:
    struct Journal {
        ULONG copies = 0;
        bool is_copying = false;
        ULONG overlaps = 0;
    };
    SlowChannel(portcls::ComPointer<IDmaChannel> channel, Journal& journal)
        : channel_(std::move(channel)), journal_(journal) {}
    void* find_interface(const GUID& id) { return id == IID_IDmaChannel ? static_cast<IDmaChannel*>(this) : nullptr; }
    NTSTATUS NTAPI AllocateBuffer(ULONG bytes, PPHYSICAL_ADDRESS constraint) override {
        return channel_->AllocateBuffer(bytes, constraint);
    }
    void NTAPI FreeBuffer() override { channel_->FreeBuffer(); }
    ULONG NTAPI TransferCount() override { return channel_->TransferCount(); }
    ULONG NTAPI MaximumBufferSize() override { return channel_->MaximumBufferSize(); }
    ULONG NTAPI AllocatedBufferSize() override { return channel_->AllocatedBufferSize(); }
    ULONG NTAPI BufferSize() override { return channel_->BufferSize(); }
    void NTAPI SetBufferSize(ULONG bytes) override { channel_->SetBufferSize(bytes); }
    PVOID NTAPI SystemAddress() override { return channel_->SystemAddress(); }
    PHYSICAL_ADDRESS* NTAPI PhysicalAddress(PHYSICAL_ADDRESS* result) override {
        return channel_->PhysicalAddress(result);
    }
    PADAPTER_OBJECT NTAPI GetAdapterObject() override { return channel_->GetAdapterObject(); }
    void NTAPI CopyTo(PVOID destination, PVOID source, ULONG bytes) override {
        ++journal_.copies;
        journal_.overlaps += std::exchange(journal_.is_copying, true) ? 1 : 0;
        KeStallExecutionProcessor(20);
        channel_->CopyTo(destination, source, bytes);
        journal_.is_copying = false;
    }
    void NTAPI CopyFrom(PVOID destination, PVOID source, ULONG bytes) override {
        channel_->CopyFrom(destination, source, bytes);
    }

private:
    portcls::ComPointer<IDmaChannel> channel_;
    Journal& journal_;
};

// What a stream is to answer, and what it was asked.
struct StreamScript {
    IPortWaveCyclic* port = nullptr;
    ULONG buffer_bytes = 10'000;
    ULONG frame_bytes = 1'920;
    ULONG interval_answered = 10;
    std::vector<ULONG> intervals_asked;
    SlowChannel::Journal* copies = nullptr; // then the channel is slow
    portcls::ComPointer<IServiceGroup> group;
    portcls::ComPointer<IDmaChannel> channel;
    ULONG intended_bytes = 0; // 0: the channel says
    portcls::ComPointer<IDmaChannel> shared_channel;
};

class CyclicStream final : public portcls::ComObject<CyclicStream, IMiniportWaveCyclicStream> {
public:
    explicit CyclicStream(StreamScript& script) : script_(script) {}
    void* find_interface(const GUID& id) {
        return id == IID_IMiniportWaveCyclicStream ? static_cast<IMiniportWaveCyclicStream*>(this) : nullptr;
    }
    NTSTATUS NTAPI SetFormat(PKSDATAFORMAT) override { return STATUS_SUCCESS; }
    ULONG NTAPI SetNotificationFreq(ULONG interval, PULONG frame_size) override {
        script_.intervals_asked.push_back(interval);
        *frame_size = script_.frame_bytes;
        return script_.interval_answered;
    }
    NTSTATUS NTAPI SetState(KSSTATE) override { return STATUS_SUCCESS; }
    NTSTATUS NTAPI GetPosition(PULONG position) override {
        *position = 0;
        return STATUS_SUCCESS;
    }
    NTSTATUS NTAPI NormalizePhysicalPosition(PLONGLONG) override { return STATUS_SUCCESS; }
    void NTAPI Silence(PVOID, ULONG) override {}

private:
    StreamScript& script_;
};

class CyclicMiniport final : public portcls::ComObject<CyclicMiniport, IMiniportWaveCyclic> {
public:
    explicit CyclicMiniport(StreamScript& script) : script_(script) {}
    void* find_interface(const GUID& id) {
        return id == IID_IMiniportWaveCyclic ? static_cast<IMiniportWaveCyclic*>(this) : nullptr;
    }
    NTSTATUS NTAPI GetDescription(PPCFILTER_DESCRIPTOR* description) override {
        *description = &description_of_wave;
        return STATUS_SUCCESS;
    }
    NTSTATUS NTAPI DataRangeIntersection(ULONG, PKSDATARANGE, PKSDATARANGE, ULONG, PVOID, PULONG) override {
        return STATUS_NOT_IMPLEMENTED;
    }
    NTSTATUS NTAPI Init(PUNKNOWN, PRESOURCELIST, PPORTWAVECYCLIC port) override {
        script_.port = port;
        return STATUS_SUCCESS;
    }
    NTSTATUS NTAPI NewStream(PMINIPORTWAVECYCLICSTREAM* stream, PUNKNOWN, POOL_TYPE, ULONG, BOOLEAN, PKSDATAFORMAT,
                             PDMACHANNEL* channel, PSERVICEGROUP* group) override {
        if (script_.shared_channel) { // allocated once, as is recommended
            *channel = script_.shared_channel.get();
            (*channel)->AddRef();
        }
        const ULONG bytes = script_.buffer_bytes;
        NTSTATUS status =
            *channel != nullptr
                ? STATUS_SUCCESS
                : script_.port->NewMasterDmaChannel(channel, nullptr, nullptr, bytes, TRUE, FALSE,
                                                    static_cast<DMA_WIDTH>(-1), static_cast<DMA_SPEED>(-1));
        if (NT_SUCCESS(status)) {
            script_.channel = portcls::ComPointer<IDmaChannel>::query(*channel, IID_IDmaChannel);
            status = script_.shared_channel ? STATUS_SUCCESS : (*channel)->AllocateBuffer(bytes, nullptr);
        }
        if (NT_SUCCESS(status) && script_.intended_bytes != 0) {
            (*channel)->SetBufferSize(script_.intended_bytes);
        }
        if (NT_SUCCESS(status) && script_.copies != nullptr) {
            *channel = new SlowChannel(portcls::ComPointer<IDmaChannel>::adopt(*channel), *script_.copies);
        }
        if (NT_SUCCESS(status)) {
            status = PcNewServiceGroup(group, nullptr);
            script_.group = portcls::ComPointer<IServiceGroup>::share(*group);
        }
        *stream = new CyclicStream(script_);
        return status;
    }

private:
    StreamScript& script_;
};

// Of two channels: the computer's for as long as it is there.
class Controller final : public executive::SystemDmaController {
public:
    Controller() { executive::Kernel::current().dma_channels.attach(this); }
    Controller(const Controller&) = delete;
    Controller& operator=(const Controller&) = delete;
    ~Controller() override { executive::Kernel::current().dma_channels.attach(nullptr); }
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
            auto miniport = portcls::ComPointer<IMiniport>::adopt(new CyclicMiniport(stream_));
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
    // Opens the render pin and closes it again; the channel stays the test's.
    void open_stream() {
        stream_.intervals_asked.clear();
        ASSERT_EQ(open_filter(u"Wave", wave_), STATUS_SUCCESS);
        FILE_OBJECT* const pin = open_pin(render_pin);
        ASSERT_NE(pin, nullptr);
        used_bytes_ = stream_.channel->BufferSize();
        close(pin);
        stream_.channel = {};
        stream_.group = {};
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
        EXPECT_EQ(stream_.port->NewSlaveDmaChannel(result.receive(), nullptr, list, index, maximum, demand, speed),
                  STATUS_SUCCESS);
        return result;
    }

    StreamScript stream_;
    ULONG used_bytes_ = 0;
};

// R-WCYC-04, IMiniportWaveCyclicStream::SetNotificationFreq: whatever the stream answers, it is not asked again.
TEST_F(WaveCyclicPortRules, R_WCYC_04_ten_milliseconds_are_asked_for_and_the_answer_has_no_effect) {
    start();
    inside([&] {
        for (const ULONG answer : {10u, 0u, 13u, 1'000u}) {
            stream_.interval_answered = answer;
            open_stream();
            EXPECT_EQ(stream_.intervals_asked, std::vector<ULONG>{10}) << answer;
            EXPECT_EQ(used_bytes_, 5 * stream_.frame_bytes) << answer;
        }
    });
}

// R-WCYC-05: of the buffer so much is used as holds whole intervals; of an answer that cannot be meant, whole frames of
// sound.
TEST_F(WaveCyclicPortRules, R_WCYC_05_the_frame_size_divides_the_buffer) {
    start();
    inside([&] {
        const struct {
            ULONG frame_bytes;
            ULONG used_bytes;
        } expected[] = {{1'920, 9'600}, {960, 9'600}, {4'000, 8'000}, {0, 10'000}, {1'922, 10'000}, {5'004, 10'000}};
        for (const auto& [frame_bytes, used_bytes] : expected) {
            stream_.frame_bytes = frame_bytes;
            open_stream();
            EXPECT_EQ(used_bytes_, used_bytes) << frame_bytes;
        }
    });
}

// nf-portcls-idmachannel-setbuffersize: the size is kept for the channel's clients to tell each other what they intend.
TEST_F(WaveCyclicPortRules, R_WCYC_02_a_size_that_the_miniport_has_set_is_kept) {
    start();
    inside([&] {
        const struct {
            ULONG intended_bytes;
            ULONG used_bytes;
        } expected[] = {{6'000, 6'000}, {1'920, 1'920}, {6'001, 6'000}, {10'000, 9'600}, {0, 9'600}, {3, 9'600}};
        for (const auto& [intended_bytes, used_bytes] : expected) {
            stream_.intended_bytes = intended_bytes;
            open_stream();
            EXPECT_EQ(used_bytes_, used_bytes) << intended_bytes;
        }
    });
}

// What the port sets for one stream is no intention of the miniport for the next.
TEST_F(WaveCyclicPortRules, R_WCYC_02_a_channel_is_left_with_the_size_that_it_came_with) {
    start();
    inside([&] {
        open_stream();
        ASSERT_EQ(stream_.port->NewMasterDmaChannel(stream_.shared_channel.receive(), nullptr, nullptr, 10'000, TRUE,
                                                    FALSE, static_cast<DMA_WIDTH>(-1), static_cast<DMA_SPEED>(-1)),
                  STATUS_SUCCESS);
        ASSERT_EQ(stream_.shared_channel->AllocateBuffer(10'000, nullptr), STATUS_SUCCESS);
        const struct {
            ULONG frame_bytes;
            ULONG used_bytes;
        } expected[] = {{1'920, 9'600}, {4'000, 8'000}, {1'920, 9'600}, {0, 10'000}};
        for (const auto& [frame_bytes, used_bytes] : expected) {
            stream_.frame_bytes = frame_bytes;
            open_stream();
            EXPECT_EQ(used_bytes_, used_bytes) << frame_bytes;
            EXPECT_EQ(stream_.shared_channel->BufferSize(), 10'000u) << frame_bytes;
        }
        stream_.shared_channel = {};
    });
}

// IPortWaveCyclic::NewSlaveDmaChannel, IPortWaveCyclic::NewMasterDmaChannel.
TEST_F(WaveCyclicPortRules, R_WCYC_18_slaves_take_one_of_the_lists_channels_masters_none) {
    start();
    inside([&] {
        Controller controller;
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
        EXPECT_EQ(stream_.port->NewSlaveDmaChannel(none.receive(), nullptr, list.get(), 2, 0x1000, FALSE, Compatible),
                  STATUS_INVALID_PARAMETER);
        EXPECT_EQ(stream_.port->NewSlaveDmaChannel(none.receive(), nullptr, nullptr, 0, 0x1000, FALSE, Compatible),
                  STATUS_INVALID_PARAMETER);
        for (IResourceList* const ignored : {list.get(), static_cast<IResourceList*>(nullptr)}) {
            portcls::ComPointer<IDmaChannel> master;
            EXPECT_EQ(stream_.port->NewMasterDmaChannel(master.receive(), nullptr, ignored, 0x1000, TRUE, FALSE,
                                                        static_cast<DMA_WIDTH>(-1), static_cast<DMA_SPEED>(-1)),
                      STATUS_SUCCESS);
            EXPECT_FALSE(portcls::ComPointer<IDmaChannelSlave>::query(master.get(), IID_IDmaChannelSlave));
        }
    });
}

namespace {

// A client that writes again and again.
struct Writer {
    FILE_OBJECT* pin;
    unsigned written = 0;
    static void run(void* context) {
        auto& self = *static_cast<Writer*>(context);
        alignas(8) static unsigned char sound[64];
        for (int i = 0; i < 20; ++i) {
            KSSTREAM_HEADER header = {};
            header.Size = sizeof header;
            header.PresentationTime = {0, 1, 1};
            header.Data = sound;
            header.FrameExtent = header.DataUsed = sizeof sound;
            ULONG_PTR information = 0;
            const NTSTATUS status = executive::device_control(self.pin, IOCTL_KS_WRITE_STREAM, nullptr, 0, &header,
                                                              sizeof header, &information);
            self.written += status == STATUS_SUCCESS ? 1 : 0;
        }
    }
};

} // namespace

// Shows R-DMA-07: a channel has no lock, and needs none. The port is its caller: what two clients send, and what is
// moved when the device has interrupted, on another processor, goes to the channel one after another.
TEST_F(WaveCyclicPortRules, R_DMA_07_the_port_copies_one_after_another) {
    SlowChannel::Journal journal;
    stream_.copies = &journal;
    start();
    inside([&] {
        ASSERT_EQ(open_filter(u"Wave", wave_), STATUS_SUCCESS);
        PinConnect connect = connection(render_pin);
        connect.connect.Interface.Id = KSINTERFACE_STANDARD_STREAMING;
        FILE_OBJECT* pin = nullptr;
        ASSERT_EQ(CoreTest::open_pin(connect, pin), STATUS_SUCCESS);
        EXPECT_EQ(set_state(pin, KSSTATE_RUN), STATUS_SUCCESS);
        Writer writers[] = {{pin}, {pin}};
        for (Writer& writer : writers) {
            machine_.release_thread(*machine_.create_thread("writer", Writer::run, &writer));
        }
        for (int i = 0; i < 400; ++i) {
            stream_.port->Notify(stream_.group.get());
            machine_.run_for(7'000);
        }
        machine_.run_for(1'000'000);
        EXPECT_EQ(writers[0].written, 20u);
        EXPECT_EQ(writers[1].written, 20u);
        EXPECT_EQ(journal.copies, 40u);
        EXPECT_EQ(journal.overlaps, 0u);
        close(pin);
        stream_.channel = {};
        stream_.group = {};
    });
}

// nf-portcls-iportwavecyclic-newslavedmachannel: DemandMode and DmaSpeed are what the device is described with.
TEST_F(WaveCyclicPortRules, R_WCYC_18_a_slave_moves_as_it_was_asked_to) {
    start();
    inside([&] {
        Controller controller;
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
    });
}

// IDmaChannel::MaximumBufferSize: a buffer has to fit into the map registers there are, those of the pages that a
// controller moves without a new page register.
TEST_F(WaveCyclicPortRules, a_slaves_buffer_is_no_larger_than_its_map_registers) {
    start();
    inside([&] {
        Controller controller;
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
    });
}

} // namespace
} // namespace conformance
