// WavePci streams: positions, service, events, framing, objects. R-WPCI-12 to 16, 21, R-COM-02, R-INIT-07, R-INIT-14,
// R-EVENT-10, R-EVENT-11.
#include <cstring>

#include "wavepci_fixture.h"

namespace conformance {
namespace {

class WavePciStreams : public WavePciRules {
protected:
    // An event at this place of the loop, signalled through the handle.
    NTSTATUS await(FILE_OBJECT* pin, ULONGLONG place, HANDLE handle, ULONG flags = KSEVENT_TYPE_ENABLE) {
        marks_.push_back(std::make_unique<LOOPEDSTREAMING_POSITION_EVENT_DATA>());
        marks_.back()->KsEventData = event_data(handle);
        marks_.back()->Position = place;
        return enable(pin, event(looped_set, KSEVENT_LOOPEDSTREAMING_POSITION, flags), *marks_.back());
    }
    static bool take(HANDLE handle) {
        const bool was_set = is_set(handle);
        ZwClearEvent(handle);
        return was_set;
    }
    ULONG references_of(IUnknown* object) {
        object->AddRef();
        return object->Release();
    }

    std::vector<std::unique_ptr<LOOPEDSTREAMING_POSITION_EVENT_DATA>> marks_;
};

// ---- objects --------------------------------------------------------------------------------------------------------

// IMiniportWavePci::NewStream.
TEST_F(WavePciStreams, R_COM_02_R_WPCI_21_the_channel_is_the_miniports) {
    pci_.channel = true;
    now([&] {
        FILE_OBJECT* const pin = open_stream(render_pin);
        EXPECT_EQ(references_of(pci_.last_channel), 1u) << "the stream's own";
        EXPECT_EQ(references_of(&stream()), 1u) << "the port's, which NewStream has given it";
        const auto channel = portcls::ComPointer<IDmaChannel>::share(pci_.last_channel);
        const ULONG groups = references_of(pci_.group.get());
        close(pin);
        EXPECT_EQ(pci_.count_of("~stream"), 1u);
        EXPECT_EQ(references_of(channel.get()), 1u) << "released once, by the stream";
        EXPECT_EQ(references_of(pci_.group.get()), groups - 1);
    });
}

// IPortWavePci::NewMasterDmaChannel.
TEST_F(WavePciStreams, TheChannelIsAnOrdinaryMaster) {
    pci_.channel = true;
    pci_.dma_64_bit = FALSE;
    now([&] {
        open_stream(render_pin);
        IDmaChannel& channel = *pci_.last_channel;
        EXPECT_EQ(channel.AllocateBuffer(8192, nullptr), STATUS_SUCCESS);
        EXPECT_EQ(channel.BufferSize(), 8192u);
        PHYSICAL_ADDRESS physical;
        channel.PhysicalAddress(&physical);
        EXPECT_LT(physical.QuadPart, 1LL << 32);
        EXPECT_FALSE(portcls::ComPointer<IDmaChannelSlave>::query(&channel, IID_IDmaChannelSlave));
        PDMACHANNEL none = nullptr;
        EXPECT_EQ(pci_.port->NewMasterDmaChannel(nullptr, nullptr, NonPagedPool, nullptr, TRUE, TRUE, FALSE, FALSE,
                                                 Width32Bits, Compatible, 4096, 0),
                  STATUS_INVALID_PARAMETER);
        EXPECT_EQ(none, nullptr);
    });
}

// IPortWavePciStream.
TEST_F(WavePciStreams, R_INIT_14_the_prefetch_offset_is_the_streams) {
    now([&] {
        open_stream(render_pin);
        EXPECT_TRUE(portcls::ComPointer<IPreFetchOffset>::query(stream().port_stream.get(), IID_IPreFetchOffset));
        EXPECT_FALSE(portcls::ComPointer<IPreFetchOffset>::query(pci_.port, IID_IPreFetchOffset));
        EXPECT_TRUE(portcls::ComPointer<IPortWavePci>::query(pci_.port, IID_IPortWavePci));
    });
}

TEST_F(WavePciStreams, R_INIT_14_and_begins_with_XP) {
    as(WindowsVersion::windows_2000, [&] {
        open_stream(render_pin);
        EXPECT_FALSE(portcls::ComPointer<IPreFetchOffset>::query(stream().port_stream.get(), IID_IPreFetchOffset));
    });
}

// A stream's peer outlives the stream by whoever still refers to it.
TEST_F(WavePciStreams, ThePeerOfAClosedStreamHasNoMappings) {
    now([&] {
        FILE_OBJECT* const pin = open_paused(render_pin);
        write(pin, memory_, 100);
        const auto peer = stream().port_stream;
        close(pin);
        PHYSICAL_ADDRESS physical;
        PVOID memory = nullptr;
        ULONG bytes = 0;
        ULONG flags = 0;
        EXPECT_EQ(peer->GetMapping(nullptr, &physical, &memory, &bytes, &flags), STATUS_NOT_FOUND);
        EXPECT_EQ(peer->ReleaseMapping(nullptr), STATUS_NOT_FOUND);
        EXPECT_EQ(peer->TerminatePacket(), STATUS_NOT_FOUND);
        EXPECT_EQ(peer->GetMapping(nullptr, nullptr, &memory, &bytes, &flags), STATUS_INVALID_PARAMETER);
    });
}

// ---- service --------------------------------------------------------------------------------------------------------

// IMiniportWavePci::Init, ::Service.
TEST_F(WavePciStreams, R_INIT_07_without_a_group_the_filter_is_not_serviced) {
    pci_.filter_group = pci_.stream_group = false;
    now([&] {
        EXPECT_EQ(pci_.adapter_seen, script_.adapter);
        portcls::ComPointer<IServiceGroup> group;
        EXPECT_EQ(PcNewServiceGroup(group.receive(), nullptr), STATUS_SUCCESS);
        pci_.port->Notify(group.get());
        pci_.port->Notify(nullptr);
        KeFlushQueuedDpcs();
        EXPECT_EQ(pci_.count_of("filter service"), 0u);
    });
}

// IPortWavePci::Notify, IMiniportWavePciStream::Service: of streams that run.
TEST_F(WavePciStreams, R_WPCI_15_an_interrupt_services_filter_and_streams) {
    now([&] {
        FILE_OBJECT* const pin = open_paused(render_pin);
        interrupt();
        EXPECT_EQ(pci_.count_of("filter service"), 1u);
        EXPECT_EQ(pci_.service_irql, DISPATCH_LEVEL);
        EXPECT_EQ(pci_.count_of("Service"), 0u);
        EXPECT_EQ(set_state(pin, KSSTATE_RUN), STATUS_SUCCESS);
        const PciRequest& request = write(pin, memory_, 100);
        stream().on_service = [&] {
            EXPECT_EQ(stream().get(1).status, STATUS_SUCCESS);
            EXPECT_EQ(stream().release(1), STATUS_SUCCESS);
        };
        KIRQL irql;
        KeRaiseIrql(DISPATCH_LEVEL + 2, &irql); // an interrupt service routine
        pci_.port->Notify(pci_.group.get());
        pci_.port->Notify(pci_.group.get());
        EXPECT_EQ(pci_.count_of("Service"), 0u);
        KeLowerIrql(irql);
        KeFlushQueuedDpcs();
        EXPECT_EQ(pci_.count_of("Service"), 1u);
        EXPECT_EQ(pci_.count_of("filter service"), 2u);
        EXPECT_EQ(pci_.service_irql, DISPATCH_LEVEL);
        EXPECT_TRUE(request.is_done);
        EXPECT_EQ(set_state(pin, KSSTATE_PAUSE), STATUS_SUCCESS);
        interrupt();
        EXPECT_EQ(pci_.count_of("Service"), 1u);
    });
}

TEST_F(WavePciStreams, R_WPCI_15_before_XP_streams_are_serviced_in_any_state) {
    as(WindowsVersion::windows_2000, [&] {
        FILE_OBJECT* const pin = open_paused(render_pin);
        interrupt();
        EXPECT_EQ(pci_.count_of("Service"), 1u);
        close(pin);
        interrupt();
        EXPECT_EQ(pci_.count_of("Service"), 1u);
    });
}

TEST_F(WavePciStreams, R_WPCI_15_due_positions_are_signalled_after_the_service) {
    as(WindowsVersion::xp_sp2, [&] {
        FILE_OBJECT* const pin = open_paused(render_pin, true);
        write(pin, memory_, 1000);
        stream().get(1);
        const HANDLE handle = create_event();
        ASSERT_EQ(await(pin, 300, handle), STATUS_SUCCESS);
        EXPECT_EQ(set_state(pin, KSSTATE_RUN), STATUS_SUCCESS);
        for (const ULONGLONG position : {299, 300, 400}) {
            stream().on_service = [&] { stream().position = position; };
            interrupt();
            EXPECT_EQ(take(handle), position == 300) << "where the stream is after its service";
        }
        ZwClose(handle);
    });
}

TEST_F(WavePciStreams, R_WPCI_14_without_a_group_a_timer_looks_every_20_ms) {
    pci_.stream_group = false;
    as(WindowsVersion::xp_sp2, [&] {
        FILE_OBJECT* const pin = open_paused(render_pin, true);
        write(pin, memory_, 1000);
        stream().get(1);
        const HANDLE handle = create_event();
        ASSERT_EQ(await(pin, 300, handle), STATUS_SUCCESS);
        stream().position = 300;
        machine_.run_for(50 * millisecond);
        EXPECT_FALSE(take(handle)) << "not while it is paused";
        stream().position = 0;
        EXPECT_EQ(set_state(pin, KSSTATE_RUN), STATUS_SUCCESS);
        for (int lap = 1; lap <= 5; ++lap) {
            stream().position = static_cast<ULONGLONG>(lap) * 1000 - 600;
            machine_.run_for(36 * millisecond); // timers expire with the clock interrupt after they are due
            EXPECT_TRUE(take(handle)) << lap;
        }
        EXPECT_EQ(pci_.count_of("Service"), 0u);
        EXPECT_EQ(set_state(pin, KSSTATE_PAUSE), STATUS_SUCCESS);
        stream().position = 9400;
        machine_.run_for(50 * millisecond);
        EXPECT_FALSE(take(handle));
        ZwClose(handle);
    });
}

// ---- position events ------------------------------------------------------------------------------------------------

TEST_F(WavePciStreams, R_EVENT_10_places_of_a_loop_are_events_before_Vista) {
    as(WindowsVersion::windows_2000, [&] {
        FILE_OBJECT* const pin = open_paused(render_pin, true);
        write(pin, memory_, 1000);
        stream().get(1);
        const HANDLE each_lap = create_event();
        const HANDLE once = create_event();
        const HANDLE at_start = create_event();
        KSEVENTDATA too_short = event_data(once);
        EXPECT_EQ(enable(pin, event(looped_set, KSEVENT_LOOPEDSTREAMING_POSITION), too_short),
                  STATUS_INVALID_BUFFER_SIZE);
        ASSERT_EQ(await(pin, 900, each_lap), STATUS_SUCCESS);
        ASSERT_EQ(await(pin, 900, once, KSEVENT_TYPE_ENABLE | KSEVENT_TYPE_ONESHOT), STATUS_SUCCESS);
        ASSERT_EQ(await(pin, 0, at_start), STATUS_SUCCESS);
        EXPECT_EQ(set_state(pin, KSSTATE_RUN), STATUS_SUCCESS);
        const struct {
            ULONGLONG position;
            bool each_lap;
            bool once;
            bool at_start;
        } steps[] = {{850, false, false, false}, {1050, true, true, true},   {1850, false, false, false},
                     {1901, true, false, false}, {2000, false, false, true}, {4900, true, false, true},
                     {4900, false, false, false}};
        for (const auto& step : steps) {
            stream().position = step.position;
            interrupt();
            EXPECT_EQ(take(each_lap), step.each_lap) << step.position;
            EXPECT_EQ(take(once), step.once) << step.position;
            EXPECT_EQ(take(at_start), step.at_start) << step.position;
        }
        EXPECT_EQ(set_state(pin, KSSTATE_STOP), STATUS_SUCCESS);
        for (const HANDLE handle : {each_lap, once, at_start}) {
            ZwClose(handle);
        }
    });
}

TEST_F(WavePciStreams, R_EVENT_10_not_from_Vista_on) {
    as(WindowsVersion::vista, [&] {
        FILE_OBJECT* const pin = open_paused(render_pin, true);
        const HANDLE handle = create_event();
        EXPECT_EQ(await(pin, 300, handle), STATUS_PROPSET_NOT_FOUND);
        ZwClose(handle);
    });
}

TEST_F(WavePciStreams, R_EVENT_11_pausing_signals_what_is_outstanding) {
    as(WindowsVersion::xp, [&] {
        FILE_OBJECT* const pin = open_paused(render_pin, true);
        write(pin, memory_, 1000);
        stream().get(1);
        const HANDLE handle = create_event();
        ASSERT_EQ(await(pin, 300, handle), STATUS_SUCCESS);
        EXPECT_EQ(set_state(pin, KSSTATE_RUN), STATUS_SUCCESS);
        stream().position = 400;
        EXPECT_FALSE(take(handle));
        EXPECT_EQ(set_state(pin, KSSTATE_PAUSE), STATUS_SUCCESS);
        EXPECT_TRUE(take(handle));
        ZwClose(handle);
    });
}

TEST_F(WavePciStreams, R_EVENT_11_before_XP_the_miniport_notifies_once_more) {
    as(WindowsVersion::windows_2000, [&] {
        FILE_OBJECT* const pin = open_paused(render_pin, true);
        write(pin, memory_, 1000);
        stream().get(1);
        const HANDLE handle = create_event();
        ASSERT_EQ(await(pin, 300, handle), STATUS_SUCCESS);
        EXPECT_EQ(set_state(pin, KSSTATE_RUN), STATUS_SUCCESS);
        stream().position = 400;
        EXPECT_EQ(set_state(pin, KSSTATE_PAUSE), STATUS_SUCCESS);
        EXPECT_FALSE(take(handle));
        interrupt();
        EXPECT_TRUE(take(handle));
        ZwClose(handle);
    });
}

// ---- positions ------------------------------------------------------------------------------------------------------

// IPreFetchOffset::SetPreFetchOffset.
TEST_F(WavePciStreams, R_WPCI_12_the_write_position_is_the_last_mappings_end_or_prefetched) {
    now([&] {
        FILE_OBJECT* const pin = open_paused(render_pin);
        write(pin, memory_, 3 * PAGE_SIZE);
        EXPECT_EQ(position(pin).WriteOffset, 0u);
        stream().get(1);
        stream().get(2);
        stream().position = 500;
        EXPECT_EQ(position(pin).PlayOffset, 500u);
        EXPECT_EQ(position(pin).WriteOffset, 2u * PAGE_SIZE);
        stream().release(1);
        EXPECT_EQ(position(pin).WriteOffset, 2u * PAGE_SIZE);
        auto prefetch = portcls::ComPointer<IPreFetchOffset>::query(stream().port_stream.get(), IID_IPreFetchOffset);
        KIRQL irql;
        KeRaiseIrql(DISPATCH_LEVEL + 3, &irql);
        prefetch->SetPreFetchOffset(64);
        KeLowerIrql(irql);
        EXPECT_EQ(position(pin).WriteOffset, 564u);
        prefetch->SetPreFetchOffset(0);
        EXPECT_EQ(position(pin).WriteOffset, 500u);
    });
}

// Shows R-WPCI-13, IMiniportWavePciStream::GetPosition.
TEST_F(WavePciStreams, R_WPCI_12_R_WPCI_13_positions_of_a_loop_lie_in_it) {
    now([&] {
        FILE_OBJECT* const pin = open_paused(render_pin, true);
        PciRequest& first = write(pin, memory_, 1000);
        for (ULONG tag = 0; tag < 3; ++tag) {
            stream().get(tag);
        }
        stream().position = 2'300;
        EXPECT_EQ(position(pin).PlayOffset, 300u);
        EXPECT_EQ(position(pin).WriteOffset, 0u);
        stream().position = 5'000'000'000'007;
        EXPECT_EQ(position(pin).PlayOffset, 7u) << "64 bits";
        stream().position = 2'300;
        write(pin, memory_ + 1000, 400);
        stream().get(3);
        stream().get(4);
        EXPECT_EQ(position(pin).PlayOffset, 300u) << "the first buffer is still played";
        EXPECT_EQ(position(pin).WriteOffset, 0u);
        stream().position = 3'450;
        EXPECT_EQ(position(pin).PlayOffset, 50u) << "of the second one";
        EXPECT_FALSE(first.is_done);
    });
}

TEST_F(WavePciStreams, R_WPCI_12_a_prefetch_offset_wraps_with_the_loop) {
    now([&] {
        FILE_OBJECT* const pin = open_paused(render_pin, true);
        write(pin, memory_, 1000);
        stream().get(0);
        auto prefetch = portcls::ComPointer<IPreFetchOffset>::query(stream().port_stream.get(), IID_IPreFetchOffset);
        prefetch->SetPreFetchOffset(256);
        stream().position = 4'900;
        EXPECT_EQ(position(pin).PlayOffset, 900u);
        EXPECT_EQ(position(pin).WriteOffset, 156u);
    });
}

// R-ENTRY-02, nf-ks-ksdispatchinvaliddevicerequest: what is queued stays so. R-KS-03 has a request of its own for that.
TEST_F(WavePciStreams, FlushingIsNotARequestOfPins) {
    now([&] {
        FILE_OBJECT* const pin = open_paused(render_pin);
        const PciRequest& queued = write(pin, memory_, 100);
        IRP* const irp = executive::build_request(pin->DeviceObject, IRP_MJ_FLUSH_BUFFERS, 0);
        IoGetNextIrpStackLocation(irp)->FileObject = pin;
        EXPECT_EQ(executive::call_synchronously(pin->DeviceObject, irp), STATUS_INVALID_DEVICE_REQUEST);
        EXPECT_FALSE(queued.is_done);
    });
}

// IMiniportWavePciStream::NormalizePhysicalPosition, of the pin's clock.
TEST_F(WavePciStreams, PhysicalTimeIsTheMiniports) {
    now([&] {
        FILE_OBJECT* const pin = open_paused(render_pin);
        FILE_OBJECT* clock = nullptr;
        const GUID kind = KSNAME_Clock;
        KSCLOCK_CREATE create = {};
        ASSERT_EQ(open_child(pin, kind, &create, sizeof create, clock), STATUS_SUCCESS);
        stream().position = 1920;
        LONGLONG time = 0;
        EXPECT_EQ(property(clock, request(KSPROPSETID_Clock, KSPROPERTY_CLOCK_PHYSICALTIME), time), STATUS_SUCCESS);
        EXPECT_EQ(time, 1'920'007);
        EXPECT_EQ(property(clock, request(KSPROPSETID_Clock, KSPROPERTY_CLOCK_TIME), time), STATUS_SUCCESS);
        EXPECT_EQ(time, 100'000);
        close(clock);
    });
}

// R-KS-07: the timer expires while the time is asked for, since a further mark is enabled; that time is old when it is
// there.
TEST_F(WavePciStreams, AMarkFiresOnceWhoeverAsksForTheTime) {
    now([&] {
        FILE_OBJECT* const pin = open_paused(render_pin);
        FILE_OBJECT* clock = nullptr;
        const GUID kind = KSNAME_Clock;
        KSCLOCK_CREATE create = {};
        ASSERT_EQ(open_child(pin, kind, &create, sizeof create, clock), STATUS_SUCCESS);
        EXPECT_EQ(set_state(pin, KSSTATE_RUN), STATUS_SUCCESS);
        constexpr ULONGLONG bytes_in_a_millisecond = 192;
        stream().position = 99 * bytes_in_a_millisecond;
        KSEMAPHORE semaphore;
        KeInitializeSemaphore(&semaphore, 0, 1000);
        KSEVENT_TIME_INTERVAL interval = {};
        interval.EventData.NotificationType = KSEVENTF_SEMAPHORE_OBJECT;
        interval.EventData.SemaphoreObject.Semaphore = &semaphore;
        interval.EventData.SemaphoreObject.Adjustment = 1;
        interval.TimeBase = 1'000'000; // 100 ms
        interval.Interval = 10'000'000;
        const KSEVENT mark = event(KSEVENTSETID_Clock, KSEVENT_CLOCK_INTERVAL_MARK);
        ASSERT_EQ(enable(clock, mark, interval, KernelMode), STATUS_SUCCESS);
        KSEVENT_TIME_INTERVAL far_away = interval;
        far_away.TimeBase = 1'000'000'000;
        stream().on_position = [&] {
            stream().on_position = nullptr;
            stream().position = 105 * bytes_in_a_millisecond;
            machine_.run_for(20 * millisecond);
        };
        ASSERT_EQ(enable(clock, mark, far_away, KernelMode), STATUS_SUCCESS);
        machine_.run_for(20 * millisecond);
        EXPECT_EQ(KeReadStateSemaphore(&semaphore), 1);
        close(clock);
    });
}

// IMiniportWavePciStream::SetFormat, ::SetState.
TEST_F(WavePciStreams, StatesAndFormatsAreTheMiniports) {
    now([&] {
        FILE_OBJECT* const pin = open_stream(render_pin);
        pci_.journal.clear();
        EXPECT_EQ(set_state(pin, KSSTATE_RUN), STATUS_SUCCESS);
        EXPECT_EQ(set_state(pin, KSSTATE_STOP), STATUS_SUCCESS);
        const std::vector<std::string> expected = {"SetState ACQUIRE", "SetState PAUSE",   "SetState RUN",
                                                   "SetState PAUSE",   "SetState ACQUIRE", "SetState STOP"};
        EXPECT_EQ(pci_.journal, expected);
        auto format = pcm(48000);
        const auto set = request(KSPROPSETID_Connection, KSPROPERTY_CONNECTION_DATAFORMAT, KSPROPERTY_TYPE_SET);
        EXPECT_EQ(property(pin, set, format), STATUS_SUCCESS);
        format = pcm(44100);
        EXPECT_EQ(property(pin, set, format), STATUS_NOT_SUPPORTED);
    });
}

// ---- framing --------------------------------------------------------------------------------------------------------

// IMiniportWavePciStream::GetAllocatorFraming, KSPROPERTY_CONNECTION_ALLOCATORFRAMING.
TEST_F(WavePciStreams, R_WPCI_16_the_framing_is_what_the_miniport_prefers) {
    pci_.frame_size = 1764;
    now([&] {
        for (const ULONG pin_id : {render_pin, capture_pin}) {
            FILE_OBJECT* const pin = open_stream(pin_id);
            KSALLOCATOR_FRAMING framing = {};
            EXPECT_EQ(property(pin, request(KSPROPSETID_Connection, KSPROPERTY_CONNECTION_ALLOCATORFRAMING), framing),
                      STATUS_SUCCESS);
            EXPECT_EQ(framing.Frames, 8u);
            EXPECT_EQ(framing.FrameSize, 1764u);
            EXPECT_EQ(set_state(pin, KSSTATE_PAUSE), STATUS_SUCCESS);
            send(pin, pin_id == render_pin, {{memory_, 3000}});
            EXPECT_EQ(stream().get(1).bytes, 3000u) << "a client may do otherwise";
            close(pin);
        }
    });
}

TEST_F(WavePciStreams, R_WPCI_16_before_XP_only_pins_that_give_data_are_asked) {
    pci_.frame_size = 1764;
    as(WindowsVersion::windows_2000, [&] {
        KSALLOCATOR_FRAMING framing = {};
        const auto get = request(KSPROPSETID_Connection, KSPROPERTY_CONNECTION_ALLOCATORFRAMING);
        EXPECT_EQ(property(open_stream(capture_pin), get, framing), STATUS_SUCCESS);
        EXPECT_EQ(property(open_stream(render_pin), get, framing), STATUS_NOT_SUPPORTED);
        EXPECT_EQ(pci_.count_of("GetAllocatorFraming"), 1u);
    });
}

} // namespace
} // namespace conformance
