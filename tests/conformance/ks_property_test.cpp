// What KS itself answers: clocks, allocators, and property sets of drivers that call KsPropertyHandler.
#include "core_fixture.h"
#include "ks/open_object.h"

namespace conformance {

class KsProperty : public CoreTest {
protected:
    FILE_OBJECT* open_clock(FILE_OBJECT* pin) {
        const KSCLOCK_CREATE create = {};
        const GUID kind = KSNAME_Clock;
        FILE_OBJECT* file = nullptr;
        EXPECT_EQ(open_child(pin, kind, &create, sizeof create, file), STATUS_SUCCESS);
        return file;
    }
    FILE_OBJECT* open_allocator(FILE_OBJECT* pin, ULONG frames) {
        KSALLOCATOR_FRAMING framing = {};
        framing.PoolType = NonPagedPool;
        framing.Frames = frames;
        framing.FrameSize = 256;
        const GUID kind = KSNAME_Allocator;
        FILE_OBJECT* file = nullptr;
        EXPECT_EQ(open_child(pin, kind, &framing, sizeof framing, file), STATUS_SUCCESS);
        return file;
    }
    void expect_sizes(FILE_OBJECT* file, const GUID& set, ULONG id, ULONG bytes) {
        const KSPROPERTY in = request(set, id);
        std::vector<UCHAR> value(bytes);
        EXPECT_EQ(property(file, &in, sizeof in, nullptr, 0, KernelMode), STATUS_BUFFER_OVERFLOW) << id;
        EXPECT_EQ(information_, bytes) << id;
        EXPECT_EQ(property(file, &in, sizeof in, value.data(), bytes - 1, KernelMode), STATUS_BUFFER_TOO_SMALL) << id;
        EXPECT_EQ(property(file, &in, sizeof in, value.data(), bytes, KernelMode), STATUS_SUCCESS) << id;
        EXPECT_EQ(information_, bytes) << id;
        EXPECT_EQ(property(file, &in, sizeof in - 1, value.data(), bytes, KernelMode), STATUS_INVALID_BUFFER_SIZE);
        EXPECT_EQ(property(file, request(set, id, KSPROPERTY_TYPE_SET), value[0]), STATUS_NOT_FOUND) << "get only";
        ULONG access = 0;
        EXPECT_EQ(property(file, request(set, id, KSPROPERTY_TYPE_BASICSUPPORT), access), STATUS_SUCCESS);
        EXPECT_EQ(access, ULONG{KSPROPERTY_TYPE_BASICSUPPORT | KSPROPERTY_TYPE_GET});
    }
};

// Shows no row: these are the sizes, whatever the values.
TEST_F(KsProperty, every_property_of_a_clock_follows_the_size_rules) {
    start_and_open();
    inside([&] {
        FILE_OBJECT* const clock = open_clock(open_pin());
        const GUID set = KSPROPSETID_Clock;
        expect_sizes(clock, set, KSPROPERTY_CLOCK_TIME, sizeof(LONGLONG));
        expect_sizes(clock, set, KSPROPERTY_CLOCK_PHYSICALTIME, sizeof(LONGLONG));
        expect_sizes(clock, set, KSPROPERTY_CLOCK_CORRELATEDTIME, sizeof(KSCORRELATED_TIME));
        expect_sizes(clock, set, KSPROPERTY_CLOCK_CORRELATEDPHYSICALTIME, sizeof(KSCORRELATED_TIME));
        expect_sizes(clock, set, KSPROPERTY_CLOCK_RESOLUTION, sizeof(KSRESOLUTION));
        expect_sizes(clock, set, KSPROPERTY_CLOCK_STATE, sizeof(KSSTATE));
        expect_sizes(clock, set, KSPROPERTY_CLOCK_FUNCTIONTABLE, sizeof(KSCLOCK_FUNCTIONTABLE));
        LONGLONG time = 0;
        EXPECT_EQ(property(clock, request(set, 7), time), STATUS_NOT_FOUND);
        EXPECT_EQ(property(clock, request(KSPROPSETID_Pin, KSPROPERTY_PIN_CTYPES), time), STATUS_PROPSET_NOT_FOUND);
    });
}

// Shows KSPROPERTY_CLOCK_CORRELATEDTIME. KSPROPERTY_CLOCK_PHYSICALTIME, KSPROPERTY_CLOCK_CORRELATEDPHYSICALTIME: time
// and system time belong together.
TEST_F(KsProperty, physical_and_correlated_times_agree_while_the_stream_runs) {
    start_and_open();
    inside([&] {
        FILE_OBJECT* const pin = open_pin();
        FILE_OBJECT* const clock = open_clock(pin);
        EXPECT_EQ(set_state(pin, KSSTATE_RUN), STATUS_SUCCESS);
        const auto correlated = [&](ULONG id) {
            KSCORRELATED_TIME result = {};
            EXPECT_EQ(property(clock, request(KSPROPSETID_Clock, id), result), STATUS_SUCCESS);
            return result;
        };
        machine_.run_for(100'000'000);
        const KSCORRELATED_TIME first = correlated(KSPROPERTY_CLOCK_CORRELATEDPHYSICALTIME);
        machine_.run_for(250'000'000);
        const KSCORRELATED_TIME second = correlated(KSPROPERTY_CLOCK_CORRELATEDPHYSICALTIME);
        EXPECT_EQ(second.Time - first.Time, second.SystemTime - first.SystemTime);
        EXPECT_GE(second.Time - first.Time, 2'500'000);
        const KSCORRELATED_TIME presented = correlated(KSPROPERTY_CLOCK_CORRELATEDTIME);
        EXPECT_EQ(presented.Time - second.Time, presented.SystemTime - second.SystemTime);
        LONGLONG physical = 0;
        EXPECT_EQ(property(clock, request(KSPROPSETID_Clock, KSPROPERTY_CLOCK_PHYSICALTIME), physical), STATUS_SUCCESS);
        EXPECT_GE(physical, presented.Time);
    });
}

TEST_F(KsProperty, KSPROPERTY_STREAMALLOCATOR_FUNCTIONTABLE_is_for_kernel_callers) {
    start_and_open();
    inside([&] {
        FILE_OBJECT* const allocator = open_allocator(open_pin(), 1);
        const GUID set = KSPROPSETID_StreamAllocator;
        expect_sizes(allocator, set, KSPROPERTY_STREAMALLOCATOR_STATUS, sizeof(KSSTREAMALLOCATOR_STATUS));
        expect_sizes(allocator, set, KSPROPERTY_STREAMALLOCATOR_FUNCTIONTABLE, sizeof(KSSTREAMALLOCATOR_FUNCTIONTABLE));
        KSSTREAMALLOCATOR_FUNCTIONTABLE table = {};
        const KSPROPERTY in = request(set, KSPROPERTY_STREAMALLOCATOR_FUNCTIONTABLE);
        EXPECT_EQ(property(allocator, in, table, UserMode), STATUS_INVALID_DEVICE_REQUEST);
        ASSERT_EQ(property(allocator, in, table, KernelMode), STATUS_SUCCESS);
        KIRQL old;
        KeRaiseIrql(DISPATCH_LEVEL, &old); // what the functions are for
        void* frame = nullptr;
        void* none = nullptr;
        EXPECT_EQ(table.AllocateFrame(allocator, &frame), STATUS_SUCCESS);
        EXPECT_EQ(table.AllocateFrame(allocator, &none), STATUS_INSUFFICIENT_RESOURCES);
        table.FreeFrame(allocator, frame);
        EXPECT_EQ(table.AllocateFrame(allocator, &frame), STATUS_SUCCESS);
        KeLowerIrql(old);
    });
}

// KSEVENT_STREAMALLOCATOR_INTERNAL_FREEFRAME, KSEVENT_STREAMALLOCATOR_FREEFRAME
TEST_F(KsProperty, a_freed_frame_is_signalled) {
    start_and_open();
    inside([&] {
        FILE_OBJECT* const allocator = open_allocator(open_pin(), 2);
        KSSTREAMALLOCATOR_FUNCTIONTABLE table = {};
        ASSERT_EQ(property(allocator, request(KSPROPSETID_StreamAllocator, KSPROPERTY_STREAMALLOCATOR_FUNCTIONTABLE),
                           table, KernelMode),
                  STATUS_SUCCESS);
        for (const ULONG id : {KSEVENT_STREAMALLOCATOR_INTERNAL_FREEFRAME, KSEVENT_STREAMALLOCATOR_FREEFRAME}) {
            const HANDLE handle = create_event();
            KSEVENTDATA data = event_data(handle);
            ASSERT_EQ(enable(allocator, event(KSEVENTSETID_StreamAllocator, id), data), STATUS_SUCCESS);
            void* frame = nullptr;
            ASSERT_EQ(table.AllocateFrame(allocator, &frame), STATUS_SUCCESS);
            EXPECT_FALSE(is_set(handle));
            table.FreeFrame(allocator, frame);
            EXPECT_TRUE(is_set(handle));
            EXPECT_EQ(disable(allocator, &data), STATUS_SUCCESS);
            ZwClose(handle);
        }
        KSEVENTDATA data = {};
        EXPECT_EQ(enable(allocator, event(KSEVENTSETID_StreamAllocator, 7), data), STATUS_NOT_FOUND);
    });
}

namespace {

ULONG completions;

NTSTATUS NTAPI answer_number(PIRP irp, PKSIDENTIFIER, PVOID data) {
    *static_cast<ULONG*>(data) = 42;
    irp->IoStatus.Information = sizeof(ULONG);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI count_completion(PDEVICE_OBJECT, PIRP, PVOID) {
    ++completions;
    return STATUS_MORE_PROCESSING_REQUIRED;
}

} // namespace

// The IRP comes back with Information set, its status untouched and not completed: both are the caller's to do.
TEST_F(KsProperty, R_PROP_34_KsPropertyHandler_leaves_status_and_completion_to_its_caller) {
    start();
    inside([&] {
        const GUID set_guid = custom_set;
        KSPROPERTY_ITEM item = {};
        item.PropertyId = 3;
        item.GetPropertyHandler = answer_number;
        item.MinProperty = sizeof(KSPROPERTY);
        item.MinData = sizeof(ULONG);
        const KSPROPERTY_SET set = {&set_guid, 1, &item, 0, nullptr};
        IRP* const irp = IoAllocateIrp(2, FALSE);
        ASSERT_NE(irp, nullptr);
        IoSetCompletionRoutine(irp, count_completion, nullptr, TRUE, TRUE, TRUE);
        IoSetNextIrpStackLocation(irp);
        IO_STACK_LOCATION& location = *IoGetCurrentIrpStackLocation(irp);
        KSPROPERTY in = request(custom_set, 3);
        ULONG value = 0;
        location.MajorFunction = IRP_MJ_DEVICE_CONTROL;
        location.Parameters.DeviceIoControl.IoControlCode = IOCTL_KS_PROPERTY;
        location.Parameters.DeviceIoControl.Type3InputBuffer = &in;
        location.Parameters.DeviceIoControl.InputBufferLength = sizeof in;
        location.Parameters.DeviceIoControl.OutputBufferLength = sizeof value;
        irp->UserBuffer = &value;
        irp->RequestorMode = KernelMode;
        completions = 0;
        const auto call = [&](ULONG room) {
            location.Parameters.DeviceIoControl.OutputBufferLength = room;
            irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
            irp->IoStatus.Information = 0x1234;
            const NTSTATUS status = KsPropertyHandler(irp, 1, &set);
            EXPECT_EQ(irp->IoStatus.Status, STATUS_NOT_SUPPORTED) << "not its to set";
            return status;
        };
        EXPECT_EQ(call(sizeof value), STATUS_SUCCESS);
        EXPECT_EQ(irp->IoStatus.Information, sizeof value);
        EXPECT_EQ(value, 42u);
        EXPECT_EQ(call(0), STATUS_BUFFER_OVERFLOW);
        EXPECT_EQ(irp->IoStatus.Information, sizeof value);
        EXPECT_EQ(call(2), STATUS_BUFFER_TOO_SMALL);
        EXPECT_EQ(irp->IoStatus.Information, 0u);
        in.Id = 4;
        EXPECT_EQ(call(sizeof value), STATUS_NOT_FOUND);
        EXPECT_EQ(irp->IoStatus.Information, 0u);
        EXPECT_EQ(completions, 0u);
        IoFreeIrp(irp);
    });
}

// A BOOL that is not per channel: its type says all, so its members header has nothing behind it.
TEST_F(KsProperty, R_PROP_12_a_single_BOOL_needs_no_range) {
    start();
    inside([&] {
        const GUID set_guid = custom_set;
        KSPROPERTY_MEMBERSLIST members = {};
        members.MembersHeader.MembersFlags = KSPROPERTY_MEMBER_VALUES;
        members.MembersHeader.MembersSize = 0;
        KSPROPERTY_VALUES values = {};
        values.PropTypeSet.Set = KSPROPTYPESETID_General;
        values.PropTypeSet.Id = 11; // VT_BOOL
        values.MembersListCount = 1;
        values.MembersList = &members;
        KSPROPERTY_ITEM item = {};
        item.GetPropertyHandler = answer_number;
        item.MinProperty = sizeof(KSPROPERTY);
        item.MinData = sizeof(BOOL);
        item.Values = &values;
        const KSPROPERTY_SET set = {&set_guid, 1, &item, 0, nullptr};
        IRP* const irp = IoAllocateIrp(1, FALSE);
        ASSERT_NE(irp, nullptr);
        IoSetNextIrpStackLocation(irp);
        IO_STACK_LOCATION& location = *IoGetCurrentIrpStackLocation(irp);
        KSPROPERTY in = request(custom_set, 0, KSPROPERTY_TYPE_BASICSUPPORT);
        struct {
            KSPROPERTY_DESCRIPTION description;
            KSPROPERTY_MEMBERSHEADER members;
            UCHAR beyond[8];
        } out = {};
        location.Parameters.DeviceIoControl.Type3InputBuffer = &in;
        location.Parameters.DeviceIoControl.InputBufferLength = sizeof in;
        location.Parameters.DeviceIoControl.OutputBufferLength = sizeof out;
        irp->UserBuffer = &out;
        irp->RequestorMode = KernelMode;
        constexpr ULONG all = sizeof out.description + sizeof out.members;
        EXPECT_EQ(KsPropertyHandler(irp, 1, &set), STATUS_SUCCESS);
        EXPECT_EQ(irp->IoStatus.Information, all);
        EXPECT_EQ(out.description.DescriptionSize, all);
        EXPECT_EQ(out.description.PropTypeSet.Id, 11u);
        EXPECT_EQ(out.description.MembersListCount, 1u);
        EXPECT_EQ(out.members.MembersSize, 0u);
        location.Parameters.DeviceIoControl.OutputBufferLength = all - 1;
        EXPECT_EQ(KsPropertyHandler(irp, 1, &set), STATUS_BUFFER_TOO_SMALL);
        IoFreeIrp(irp);
    });
}

} // namespace conformance
