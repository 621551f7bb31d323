// The mappings of WavePci streams: R-WPCI-01 to 11, 20.
#include <algorithm>
#include <cstring>

#include "wavepci_fixture.h"

namespace conformance {
namespace {

class WavePciMappings : public WavePciRules {};

// ---- what a mapping is ----------------------------------------------------------------------------------------------

// Of memory that is no neighbour of the next page's on a PC. R-WPCI-20: at any byte.
TEST_F(WavePciMappings, R_WPCI_01_mappings_end_with_pages_and_frames) {
    now([&] {
        FILE_OBJECT* const pin = open_paused(render_pin);
        send(pin, true, {{memory_ + 101, 2 * PAGE_SIZE}, {memory_ + 5 * PAGE_SIZE + 7, 3}});
        const ULONG expected[] = {PAGE_SIZE - 101, PAGE_SIZE, 101, 3};
        unsigned char* place = memory_ + 101;
        for (ULONG i = 0; i < 4; ++i) {
            if (i == 3) {
                place = memory_ + 5 * PAGE_SIZE + 7;
            }
            const PciMapping mapping = stream().get(i);
            ASSERT_EQ(mapping.status, STATUS_SUCCESS);
            EXPECT_EQ(mapping.bytes, expected[i]);
            EXPECT_EQ(mapping.physical, machine_.memory().to_physical(place)) << "the client's own memory";
            EXPECT_EQ(machine_.memory().to_virtual(mapping.physical, 1), place);
            *mapping.memory = static_cast<unsigned char>(i + 1);
            EXPECT_EQ(*place, i + 1);
            place += mapping.bytes;
        }
        EXPECT_EQ(stream().get(9).status, STATUS_NOT_FOUND);
    });
}

// Neighbours in the machine's memory are one piece; of at most 16 pages before Vista.
TEST_F(WavePciMappings, R_WPCI_01_adjacent_pages_may_be_joined) {
    for (const WindowsVersion version :
         {WindowsVersion::windows_2000, WindowsVersion::xp_sp2, WindowsVersion::vista, WindowsVersion::windows_11}) {
        if (node_ == nullptr) {
            be(version);
            start();
        }
        inside([&] {
            PortClsSystem::current().set_windows_version(version);
            ASSERT_EQ(open_filter(u"Wave", wave_), STATUS_SUCCESS);
            PHYSICAL_ADDRESS highest;
            highest.QuadPart = 0xFFFFFFFF;
            constexpr ULONG bytes = 20 * PAGE_SIZE;
            void* const memory = MmAllocateContiguousMemory(bytes, highest);
            ASSERT_NE(memory, nullptr);
            FILE_OBJECT* const pin = open_paused(render_pin);
            write(pin, static_cast<char*>(memory) + 8, bytes - 8);
            const bool is_limited = version < WindowsVersion::vista;
            EXPECT_EQ(stream().get(1).bytes, (is_limited ? 16 * PAGE_SIZE : bytes) - 8);
            if (is_limited) {
                EXPECT_EQ(stream().get(2).bytes, 4u * PAGE_SIZE);
            }
            close(pin);
            close(wave_);
            MmFreeContiguousMemory(memory);
        });
    }
}

TEST_F(WavePciMappings, R_WPCI_01_a_looped_buffer_is_divided_into_frames) {
    pci_.frame_size = 1000;
    now([&] {
        FILE_OBJECT* const pin = open_paused(render_pin, true);
        write(pin, memory_, 2500);
        for (const ULONG expected : {1000u, 1000u, 500u, 1000u}) {
            EXPECT_EQ(stream().get(expected).bytes, expected);
        }
        (void)pin;
    });
}

TEST_F(WavePciMappings, R_WPCI_04_tags_mean_nothing_to_the_port) {
    now([&] {
        FILE_OBJECT* const pin = open_paused(render_pin);
        const PciRequest& sent = write(pin, memory_, 3 * PAGE_SIZE);
        const ULONG_PTR tags[] = {0, ~ULONG_PTR{0}, 0x1};
        for (const ULONG_PTR tag : tags) {
            EXPECT_EQ(stream().get(tag).status, STATUS_SUCCESS);
        }
        for (const ULONG_PTR tag : tags) {
            EXPECT_EQ(stream().release(tag), STATUS_SUCCESS);
        }
        EXPECT_TRUE(sent.is_done);
        write(pin, memory_, 2 * PAGE_SIZE);
        EXPECT_EQ(stream().get(5).status, STATUS_SUCCESS);
        EXPECT_EQ(stream().get(5).status, STATUS_SUCCESS) << "nor need they differ";
        EXPECT_EQ(stream().release(5), STATUS_SUCCESS);
        EXPECT_EQ(stream().release(5), STATUS_SUCCESS);
    });
}

TEST_F(WavePciMappings, R_WPCI_05_the_last_mapping_of_a_packet_is_marked) {
    now([&] {
        FILE_OBJECT* const pin = open_paused(render_pin);
        unsigned char* const two_pages = memory_ + PAGE_SIZE - 10;
        send(pin, true, {{memory_, 20}, {two_pages, 20}, {memory_, 0}});
        write(pin, memory_, 20);
        EXPECT_EQ(stream().get(1).flags, 0u);
        EXPECT_EQ(stream().get(2).flags, 0u);
        EXPECT_NE(stream().get(3).flags, 0u) << "though a header without data follows";
        EXPECT_NE(stream().get(4).flags, 0u);
    });
}

TEST_F(WavePciMappings, R_WPCI_06_a_looped_buffer_starts_over) {
    now([&] {
        FILE_OBJECT* const pin = open_paused(render_pin, true);
        PciRequest& first = write(pin, memory_, PAGE_SIZE + 100);
        for (ULONG lap = 0; lap < 5; ++lap) {
            const PciMapping head = stream().get(2 * lap);
            const PciMapping tail = stream().get(2 * lap + 1);
            EXPECT_EQ(head.memory, memory_);
            EXPECT_EQ(head.flags, 0u);
            EXPECT_EQ(tail.bytes, 100u);
            EXPECT_NE(tail.flags, 0u);
        }
        PciRequest& second = write(pin, memory_ + 2 * PAGE_SIZE, 200);
        EXPECT_EQ(stream().get(10).memory, memory_ + 2 * PAGE_SIZE) << "until another one follows";
        for (ULONG tag = 0; tag < 10; ++tag) {
            EXPECT_FALSE(first.is_done);
            EXPECT_EQ(stream().release(tag), STATUS_SUCCESS);
        }
        EXPECT_TRUE(first.is_done);
        EXPECT_EQ(first.status, STATUS_SUCCESS);
        EXPECT_FALSE(second.is_done);
        EXPECT_EQ(stream().get(11).bytes, 200u);
    });
}

// ---- getting --------------------------------------------------------------------------------------------------------

// IMiniportWavePciStream::MappingAvailable. R-WPCI-03: here at PASSIVE_LEVEL.
TEST_F(WavePciMappings, R_WPCI_02_who_was_refused_is_told) {
    now([&] {
        FILE_OBJECT* const pin = open_paused(render_pin);
        write(pin, memory_, 100);
        EXPECT_EQ(pci_.count_of("MappingAvailable"), 0u) << "nobody has asked";
        EXPECT_EQ(stream().get(1).status, STATUS_SUCCESS);
        write(pin, memory_, 100);
        EXPECT_EQ(pci_.count_of("MappingAvailable"), 0u) << "nobody was refused";
        EXPECT_EQ(stream().get(2).status, STATUS_SUCCESS);
        EXPECT_EQ(stream().get(3).status, STATUS_NOT_FOUND);
        EXPECT_EQ(stream().get(3).status, STATUS_NOT_FOUND);
        write(pin, memory_, 0);
        EXPECT_EQ(pci_.count_of("MappingAvailable"), 0u) << "a request without data is no mapping";
        PciMapping got;
        stream().on_available = [&] { got = stream().get(4); };
        write(pin, memory_ + 50, 60);
        EXPECT_EQ(pci_.count_of("MappingAvailable"), 1u);
        EXPECT_EQ(got.bytes, 60u);
        EXPECT_LE(stream().available_irql, DISPATCH_LEVEL);
        write(pin, memory_, 100);
        EXPECT_EQ(pci_.count_of("MappingAvailable"), 1u) << "once for each refusal";
    });
}

TEST_F(WavePciMappings, R_WPCI_03_at_dispatch_level_as_well) {
    now([&] {
        FILE_OBJECT* const pin = open_paused(render_pin, true);
        write(pin, memory_, 4);
        ULONG got = 0;
        while (NT_SUCCESS(stream().get(got).status)) {
            ASSERT_LT(++got, 100'000u) << "a looped buffer is not mapped without end";
        }
        EXPECT_EQ(pci_.count_of("MappingAvailable"), 0u);
        KIRQL irql;
        KeRaiseIrql(DISPATCH_LEVEL, &irql);
        EXPECT_EQ(stream().release(0), STATUS_SUCCESS);
        KeLowerIrql(irql);
        EXPECT_EQ(pci_.count_of("MappingAvailable"), 1u) << "there is room for one more";
        EXPECT_EQ(stream().available_irql, DISPATCH_LEVEL);
        EXPECT_EQ(stream().get(got).status, STATUS_SUCCESS);
        (void)pin;
    });
}

// ---- releasing ------------------------------------------------------------------------------------------------------

TEST_F(WavePciMappings, R_WPCI_07_mappings_come_back_in_order) {
    now([&] {
        FILE_OBJECT* const pin = open_paused(render_pin);
        const PciRequest& first = write(pin, memory_, 2 * PAGE_SIZE);
        const PciRequest& second = write(pin, memory_, 100);
        for (ULONG tag = 1; tag <= 3; ++tag) {
            EXPECT_EQ(stream().get(tag).status, STATUS_SUCCESS);
        }
        EXPECT_EQ(stream().release(2), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(stream().release(7), STATUS_NOT_FOUND);
        EXPECT_EQ(stream().release(1), STATUS_SUCCESS);
        EXPECT_FALSE(first.is_done);
        EXPECT_EQ(stream().release(2), STATUS_SUCCESS);
        EXPECT_TRUE(first.is_done);
        EXPECT_EQ(first.status, STATUS_SUCCESS);
        EXPECT_EQ(first.information, 2u * PAGE_SIZE);
        EXPECT_FALSE(second.is_done);
        EXPECT_EQ(stream().release(3), STATUS_SUCCESS);
        EXPECT_TRUE(second.is_done);
        EXPECT_EQ(stream().release(3), STATUS_NOT_FOUND);
    });
}

// However many of them are out, and wherever in its records the port had come before.
TEST_F(WavePciMappings, R_WPCI_07_many_mappings_come_back_as_they_went) {
    now([&] {
        FILE_OBJECT* const pin = open_paused(render_pin);
        constexpr ULONG before = 10;
        constexpr ULONG many = 100;
        std::vector<const PciRequest*> sent;
        for (ULONG tag = 0; tag < before + many; ++tag) {
            sent.push_back(&write(pin, memory_ + 8 * tag, 4));
        }
        for (ULONG tag = 0; tag < before; ++tag) {
            ASSERT_EQ(stream().get(tag).status, STATUS_SUCCESS);
            ASSERT_EQ(stream().release(tag), STATUS_SUCCESS);
        }
        for (ULONG tag = before; tag < before + many; ++tag) {
            const PciMapping mapping = stream().get(tag);
            ASSERT_EQ(mapping.status, STATUS_SUCCESS);
            ASSERT_EQ(mapping.memory, memory_ + 8 * tag);
        }
        for (ULONG tag = before; tag < before + many; ++tag) {
            ASSERT_FALSE(sent[tag]->is_done) << tag;
            ASSERT_EQ(stream().release(tag), STATUS_SUCCESS) << tag;
            ASSERT_TRUE(sent[tag]->is_done) << tag;
        }
    });
}

// A looped packet is recorded again and again: it never holds more than there is room for.
TEST_F(WavePciMappings, R_WPCI_06_a_looped_capture_packet_is_full_after_a_lap) {
    now([&] {
        FILE_OBJECT* const pin = open_paused(capture_pin, true);
        const PciRequest& looped = read(pin, memory_, PAGE_SIZE + 100);
        const auto record = [&](ULONG tag) {
            ASSERT_EQ(stream().get(tag).status, STATUS_SUCCESS);
            ASSERT_EQ(stream().release(tag), STATUS_SUCCESS);
        };
        for (ULONG tag = 0; tag < 5; ++tag) {
            record(tag);
        }
        const PciRequest& next = read(pin, memory_ + 2 * PAGE_SIZE, 100);
        record(5);
        record(6);
        EXPECT_TRUE(looped.is_done);
        EXPECT_EQ(looped.used(), PAGE_SIZE + 100u);
        EXPECT_FALSE(next.is_done);
    });
}

TEST_F(WavePciMappings, R_WPCI_07_a_capture_packet_is_the_clients_with_its_last_mapping) {
    now([&] {
        FILE_OBJECT* const pin = open_paused(capture_pin);
        const PciRequest& request = send(pin, false, {{memory_, PAGE_SIZE + 10}, {memory_ + 3 * PAGE_SIZE, 20}});
        ULONG end = 0;
        for (ULONG tag = 1; tag <= 3; ++tag) {
            const PciMapping mapping = stream().get(tag);
            std::memset(mapping.memory, static_cast<int>(tag), mapping.bytes);
        }
        for (ULONG tag = 1; tag <= 3; ++tag) {
            EXPECT_FALSE(request.is_done);
            EXPECT_EQ(position(pin).WriteOffset, end) << "each release advances the read position";
            EXPECT_EQ(stream().release(tag), STATUS_SUCCESS);
            end += tag == 1 ? PAGE_SIZE : tag == 2 ? 10 : 20;
        }
        EXPECT_EQ(position(pin).WriteOffset, end);
        EXPECT_TRUE(request.is_done);
        EXPECT_EQ(request.used(0), PAGE_SIZE + 10u);
        EXPECT_EQ(request.used(1), 20u);
        EXPECT_EQ(memory_[PAGE_SIZE + 9], 2);
        EXPECT_EQ(memory_[3 * PAGE_SIZE + 19], 3);
    });
}

// As Driver Verifier has it.
TEST_F(WavePciMappings, R_WPCI_08_no_spin_lock_is_held_over_the_port) {
    be(WindowsVersion::windows_11);
    start();
    const std::string rule = crash([&] {
        open_filter(u"Wave", wave_);
        FILE_OBJECT* const pin = open_paused(render_pin);
        write(pin, memory_, 100);
        KSPIN_LOCK lock = 0;
        KIRQL irql;
        KeAcquireSpinLock(&lock, &irql);
        stream().get(1);
    });
    EXPECT_NE(rule.find("GetMapping"), std::string::npos) << rule;
    EXPECT_EQ(machine_.bugcheck_report()->code, 0xC4u);
}

TEST_F(WavePciMappings, R_WPCI_08_nor_over_releasing) {
    be(WindowsVersion::windows_11);
    start();
    const std::string rule = crash([&] {
        open_filter(u"Wave", wave_);
        FILE_OBJECT* const pin = open_paused(render_pin);
        write(pin, memory_, 100);
        stream().get(1);
        KSPIN_LOCK lock = 0;
        KIRQL irql;
        KeRaiseIrql(DISPATCH_LEVEL, &irql);
        KeAcquireSpinLockAtDpcLevel(&lock);
        KeReleaseSpinLockFromDpcLevel(&lock);
        KLOCK_QUEUE_HANDLE queued;
        KeAcquireInStackQueuedSpinLockAtDpcLevel(&lock, &queued);
        stream().release(1);
    });
    EXPECT_NE(rule.find("ReleaseMapping"), std::string::npos) << rule;
    EXPECT_EQ(machine_.bugcheck_report()->code, 0xC4u);
}

// ---- revoking -------------------------------------------------------------------------------------------------------

// IMiniportWavePciStream::RevokeMappings.
TEST_F(WavePciMappings, R_WPCI_09_a_cancelled_request_takes_its_mappings_along) {
    now([&] {
        FILE_OBJECT* const pin = open_paused(render_pin);
        PciRequest* sent[3];
        for (PciRequest*& each : sent) {
            each = &write(pin, memory_, 2 * PAGE_SIZE);
        }
        for (ULONG tag = 10; tag < 15; ++tag) {
            EXPECT_EQ(stream().get(tag).status, STATUS_SUCCESS);
        }
        bool was_done = true;
        stream().on_revoke = [&] { was_done = sent[1]->is_done; };
        executive::cancel_request(sent[1]->irp);
        EXPECT_EQ(pci_.count_of("RevokeMappings 12 13"), 1u);
        EXPECT_EQ(stream().revoke_irql, DISPATCH_LEVEL);
        EXPECT_FALSE(was_done) << "its memory is not the client's before";
        EXPECT_EQ(sent[1]->status, STATUS_CANCELLED);
        EXPECT_EQ(stream().release(12), STATUS_NOT_FOUND);
        EXPECT_EQ(stream().release(10), STATUS_SUCCESS);
        EXPECT_EQ(stream().release(11), STATUS_SUCCESS);
        EXPECT_TRUE(sent[0]->is_done);
        EXPECT_EQ(stream().release(14), STATUS_SUCCESS);
        EXPECT_EQ(stream().get(15).status, STATUS_SUCCESS);
        EXPECT_EQ(stream().release(15), STATUS_SUCCESS);
        EXPECT_TRUE(sent[2]->is_done);
    });
}

TEST_F(WavePciMappings, R_WPCI_09_nothing_is_revoked_that_nobody_has) {
    now([&] {
        FILE_OBJECT* const pin = open_paused(render_pin);
        PciRequest& mapped = write(pin, memory_, 100);
        PciRequest& queued = write(pin, memory_, 100);
        EXPECT_EQ(stream().get(1).status, STATUS_SUCCESS);
        executive::cancel_request(queued.irp);
        EXPECT_EQ(queued.status, STATUS_CANCELLED);
        EXPECT_TRUE(std::none_of(pci_.journal.begin(), pci_.journal.end(),
                                 [](const std::string& line) { return line.starts_with("Revoke"); }));
        EXPECT_EQ(stream().release(1), STATUS_SUCCESS);
        EXPECT_TRUE(mapped.is_done);
    });
}

TEST_F(WavePciMappings, R_WPCI_09_stop_revokes_all) {
    now([&] {
        FILE_OBJECT* const pin = open_paused(render_pin);
        const PciRequest& first = write(pin, memory_, PAGE_SIZE);
        const PciRequest& second = write(pin, memory_, PAGE_SIZE);
        for (ULONG tag = 1; tag <= 2; ++tag) {
            EXPECT_EQ(stream().get(tag).status, STATUS_SUCCESS);
        }
        EXPECT_EQ(set_state(pin, KSSTATE_ACQUIRE), STATUS_SUCCESS);
        EXPECT_EQ(pci_.count_of("RevokeMappings 1 2"), 0u);
        EXPECT_EQ(set_state(pin, KSSTATE_STOP), STATUS_SUCCESS);
        EXPECT_EQ(pci_.count_of("RevokeMappings 1 2"), 1u);
        EXPECT_EQ(first.status, STATUS_CANCELLED);
        EXPECT_EQ(second.status, STATUS_CANCELLED);
        EXPECT_EQ(stream().release(1), STATUS_NOT_FOUND);
    });
}

// Shows R-WPCI-10: the miniport has taken the oldest off its list, to release it, when the port revokes them.
TEST_F(WavePciMappings, R_WPCI_10_revoking_and_releasing_may_cross) {
    now([&] {
        FILE_OBJECT* const pin = open_paused(render_pin);
        PciRequest& cancelled = write(pin, memory_, 3 * PAGE_SIZE);
        PciRequest& next = write(pin, memory_, 100);
        for (ULONG tag = 1; tag <= 4; ++tag) {
            EXPECT_EQ(stream().get(tag).status, STATUS_SUCCESS);
        }
        stream().held.erase(stream().held.begin(), stream().held.begin() + 2);
        stream().on_revoke = [&] { EXPECT_EQ(stream().release(1), STATUS_SUCCESS) << "before the list is looked at"; };
        executive::cancel_request(cancelled.irp);
        EXPECT_EQ(pci_.count_of("RevokeMappings 1 3"), 1u);
        EXPECT_TRUE(cancelled.is_done);
        EXPECT_EQ(stream().release(2), STATUS_SUCCESS) << "behind it";
        EXPECT_EQ(stream().release(3), STATUS_NOT_FOUND) << "this one was revoked";
        EXPECT_EQ(stream().release(4), STATUS_SUCCESS);
        EXPECT_TRUE(next.is_done);
        EXPECT_EQ(next.status, STATUS_SUCCESS);
    });
}

// What follows is the oldest as soon as the miniport has let go of the others, which may be before it has said so.
TEST_F(WavePciMappings, R_WPCI_10_what_follows_may_be_released_before_the_port_knows) {
    now([&] {
        FILE_OBJECT* const pin = open_paused(render_pin);
        PciRequest& cancelled = write(pin, memory_, 2 * PAGE_SIZE);
        PciRequest& next = write(pin, memory_, 100);
        PciRequest& last = write(pin, memory_, 100);
        for (ULONG tag = 1; tag <= 4; ++tag) {
            EXPECT_EQ(stream().get(tag).status, STATUS_SUCCESS);
        }
        stream().on_revoked = [&] {
            EXPECT_EQ(stream().release(4), STATUS_INVALID_PARAMETER) << "not before that one";
            EXPECT_EQ(stream().release(3), STATUS_SUCCESS);
        };
        executive::cancel_request(cancelled.irp);
        EXPECT_EQ(cancelled.status, STATUS_CANCELLED);
        EXPECT_TRUE(next.is_done);
        EXPECT_EQ(next.status, STATUS_SUCCESS);
        EXPECT_EQ(stream().release(1), STATUS_NOT_FOUND);
        EXPECT_EQ(stream().release(4), STATUS_SUCCESS);
        EXPECT_TRUE(last.is_done);
    });
}

// It says that it has none of them, and never releases them either.
TEST_F(WavePciMappings, R_WPCI_10_a_miniport_that_forgets_is_not_waited_for) {
    now([&] {
        FILE_OBJECT* const pin = open_paused(render_pin);
        PciRequest& cancelled = write(pin, memory_, 2 * PAGE_SIZE);
        PciRequest& next = write(pin, memory_, 100);
        for (ULONG tag = 1; tag <= 3; ++tag) {
            EXPECT_EQ(stream().get(tag).status, STATUS_SUCCESS);
        }
        stream().held.clear();
        executive::cancel_request(cancelled.irp);
        EXPECT_TRUE(cancelled.is_done);
        EXPECT_EQ(stream().release(3), STATUS_SUCCESS);
        EXPECT_TRUE(next.is_done);
        EXPECT_EQ(stream().release(1), STATUS_NOT_FOUND);
    });
}

// R-KS-03: what comes back after a reset is no progress of what has been queued since.
TEST_F(WavePciMappings, R_WPCI_10_what_crosses_a_reset_does_not_count) {
    now([&] {
        FILE_OBJECT* const pin = open_paused(capture_pin);
        const PciRequest& cancelled = read(pin, memory_, 2 * PAGE_SIZE);
        EXPECT_EQ(stream().get(1).status, STATUS_SUCCESS);
        EXPECT_EQ(stream().get(2).status, STATUS_SUCCESS);
        stream().position = 100;
        stream().held.clear(); // it is about to release both
        for (KSRESET reset : {KSRESET_BEGIN, KSRESET_END}) {
            EXPECT_EQ(control(pin, IOCTL_KS_RESET_STATE, &reset, sizeof reset, nullptr, 0), STATUS_SUCCESS);
        }
        EXPECT_EQ(cancelled.status, STATUS_CANCELLED);
        EXPECT_EQ(stream().release(1), STATUS_SUCCESS);
        EXPECT_EQ(stream().release(2), STATUS_SUCCESS);
        EXPECT_EQ(position(pin).PlayOffset, 0u);
        EXPECT_EQ(position(pin).WriteOffset, 0u);
        read(pin, memory_, 200);
        EXPECT_EQ(stream().get(3).status, STATUS_SUCCESS);
        stream().position = 300;
        EXPECT_EQ(stream().release(3), STATUS_SUCCESS);
        EXPECT_EQ(position(pin).PlayOffset, 200u);
        EXPECT_EQ(position(pin).WriteOffset, 200u);
    });
}

// What ends in one go ends in the order in which it was queued.
TEST_F(WavePciMappings, R_WPCI_07_requests_that_end_together_end_in_order) {
    now([&] {
        FILE_OBJECT* const pin = open_paused(render_pin);
        const PciRequest& mapped = write(pin, memory_, 100);
        const PciRequest& empty = write(pin, memory_, 0);
        const PciRequest& last = write(pin, memory_, 0);
        EXPECT_EQ(stream().get(1).status, STATUS_SUCCESS);
        EXPECT_FALSE(empty.is_done);
        EXPECT_EQ(stream().release(1), STATUS_SUCCESS);
        ASSERT_TRUE(mapped.is_done && empty.is_done && last.is_done);
        EXPECT_LT(mapped.place, empty.place);
        EXPECT_LT(empty.place, last.place);
        const PciRequest& cancelled = write(pin, memory_, 100);
        const PciRequest& cancelled_next = write(pin, memory_, 100);
        EXPECT_EQ(set_state(pin, KSSTATE_STOP), STATUS_SUCCESS);
        ASSERT_TRUE(cancelled.is_done && cancelled_next.is_done);
        EXPECT_LT(cancelled.place, cancelled_next.place);
    });
}

// ---- packets that end early -----------------------------------------------------------------------------------------

// IPortWavePciStream::TerminatePacket.
TEST_F(WavePciMappings, R_WPCI_11_a_terminated_packet_is_the_clients_at_once) {
    now([&] {
        FILE_OBJECT* const pin = open_paused(capture_pin);
        EXPECT_EQ(stream().port_stream->TerminatePacket(), STATUS_NOT_FOUND);
        const PciRequest& request = read(pin, memory_, 4 * PAGE_SIZE);
        const PciRequest& next = read(pin, memory_ + 4 * PAGE_SIZE, 100);
        EXPECT_EQ(stream().port_stream->TerminatePacket(), STATUS_NOT_FOUND) << "nothing of it is mapped";
        for (ULONG tag = 1; tag <= 3; ++tag) {
            EXPECT_EQ(stream().get(tag).status, STATUS_SUCCESS);
        }
        EXPECT_EQ(stream().release(1), STATUS_SUCCESS);
        stream().position = PAGE_SIZE + 300;
        EXPECT_EQ(stream().port_stream->TerminatePacket(), STATUS_SUCCESS);
        EXPECT_EQ(pci_.count_of("RevokeMappings 2 3"), 1u);
        EXPECT_TRUE(request.is_done);
        EXPECT_EQ(request.status, STATUS_SUCCESS);
        EXPECT_EQ(request.used(), PAGE_SIZE + 300u);
        const PciMapping mapping = stream().get(4);
        EXPECT_EQ(mapping.memory, memory_ + 4 * PAGE_SIZE) << "the next one follows";
        EXPECT_EQ(stream().release(4), STATUS_SUCCESS);
        EXPECT_TRUE(next.is_done);
    });
}

TEST_F(WavePciMappings, R_WPCI_11_run_to_stop_terminates_by_itself) {
    now([&] {
        FILE_OBJECT* const pin = open_paused(capture_pin);
        const PciRequest& begun = read(pin, memory_, 4 * PAGE_SIZE);
        const PciRequest& queued = read(pin, memory_, PAGE_SIZE);
        EXPECT_EQ(set_state(pin, KSSTATE_RUN), STATUS_SUCCESS);
        EXPECT_EQ(stream().get(1).status, STATUS_SUCCESS);
        stream().position = 44;
        EXPECT_EQ(set_state(pin, KSSTATE_STOP), STATUS_SUCCESS);
        EXPECT_EQ(begun.status, STATUS_SUCCESS);
        EXPECT_EQ(begun.used(), 44u);
        EXPECT_EQ(queued.status, STATUS_CANCELLED);
    });
}

// A packet that is played ends with what is handed out already.
TEST_F(WavePciMappings, R_WPCI_11_a_render_packet_ends_with_what_is_mapped) {
    now([&] {
        FILE_OBJECT* const pin = open_paused(render_pin);
        const PciRequest& first = write(pin, memory_, 4 * PAGE_SIZE);
        write(pin, memory_ + 5 * PAGE_SIZE, 100);
        EXPECT_EQ(stream().get(1).status, STATUS_SUCCESS);
        EXPECT_EQ(stream().port_stream->TerminatePacket(), STATUS_SUCCESS);
        EXPECT_FALSE(first.is_done);
        EXPECT_EQ(stream().get(2).memory, memory_ + 5 * PAGE_SIZE);
        EXPECT_EQ(stream().release(1), STATUS_SUCCESS);
        EXPECT_TRUE(first.is_done);
    });
}

} // namespace
} // namespace conformance
