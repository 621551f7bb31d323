// Kernel code that opens a data block and asks the drivers that have it.
#include "executive/io/io_manager.h"
#include "executive/tests/fixture.h"

#include <cstring>
#include <string>
#include <vector>

#include <ntddk.h>
#include <wmilib.h>

#include "executive/etw/debug_log.h"

namespace openportcls::executive::wmi_consumers {
namespace {

constexpr GUID levels_id{0x51111111, 0, 0, {}};
constexpr GUID event_id{0x52222222, 0, 0, {}};
constexpr GUID other_id{0x53333333, 0, 0, {}};

WMI_QUERY_REGINFO_CALLBACK query_registration;
WMI_QUERY_DATABLOCK_CALLBACK query_block;
WMI_SET_DATABLOCK_CALLBACK set_block;
WMI_SET_DATAITEM_CALLBACK set_item;
WMI_EXECUTE_METHOD_CALLBACK execute;
WMI_FUNCTION_CONTROL_CALLBACK control;

struct Provider {
    WMIGUIDREGINFO blocks[2] = {{&levels_id, 2, WMIREG_FLAG_EXPENSIVE}, {&event_id, 1, WMIREG_FLAG_EVENT_ONLY_GUID}};
    WMILIB_CONTEXT context{2, blocks, &query_registration, &query_block, &set_block, &set_item, &execute, &control};
    DEVICE_OBJECT* device = nullptr;
    bool knows_the_newer_request = true;
    std::string journal;
    std::string values[2] = {"left", "right side"};
};
Provider* provider;
UNICODE_STRING registry_path = unicode(u"\\Registry\\Machine\\X");

NTSTATUS NTAPI query_registration(PDEVICE_OBJECT device, ULONG* flags, PUNICODE_STRING, PUNICODE_STRING* path,
                                  PUNICODE_STRING, PDEVICE_OBJECT* pdo) {
    *flags = WMIREG_FLAG_INSTANCE_PDO;
    *pdo = device;
    *path = &registry_path;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI query_block(PDEVICE_OBJECT device, PIRP irp, ULONG, ULONG first, ULONG count, PULONG lengths, ULONG room,
                           PUCHAR buffer) {
    ULONG used = 0;
    for (ULONG index = first; index < first + count; ++index) {
        const std::string& value = provider->values[index];
        used = (used + 7) / 8 * 8;
        if (lengths != nullptr && used + value.size() <= room) {
            lengths[index - first] = static_cast<ULONG>(value.size());
            std::memcpy(buffer + used, value.data(), value.size());
        }
        used += static_cast<ULONG>(value.size());
    }
    return WmiCompleteRequest(device, irp, used <= room ? STATUS_SUCCESS : STATUS_BUFFER_TOO_SMALL, used, 0);
}

NTSTATUS NTAPI set_block(PDEVICE_OBJECT device, PIRP irp, ULONG, ULONG index, ULONG bytes, PUCHAR buffer) {
    provider->values[index] = std::string(reinterpret_cast<char*>(buffer), bytes);
    return WmiCompleteRequest(device, irp, STATUS_SUCCESS, 0, 0);
}

NTSTATUS NTAPI set_item(PDEVICE_OBJECT device, PIRP irp, ULONG, ULONG index, ULONG item, ULONG bytes, PUCHAR buffer) {
    provider->journal += "item " + std::to_string(index) + "." + std::to_string(item) + "=" +
                         std::string(reinterpret_cast<char*>(buffer), bytes) + ";";
    return WmiCompleteRequest(device, irp, item == 3 ? STATUS_SUCCESS : STATUS_WMI_ITEMID_NOT_FOUND, 0, 0);
}

NTSTATUS NTAPI execute(PDEVICE_OBJECT device, PIRP irp, ULONG, ULONG index, ULONG method, ULONG in_bytes,
                       ULONG out_bytes, PUCHAR buffer) {
    const std::string answer = std::to_string(method) + ":" + std::to_string(index) + ":" +
                               std::string(reinterpret_cast<char*>(buffer), in_bytes);
    const bool fits = answer.size() <= out_bytes;
    if (fits) {
        std::memcpy(buffer, answer.data(), answer.size());
    }
    return WmiCompleteRequest(device, irp, fits ? STATUS_SUCCESS : STATUS_BUFFER_TOO_SMALL,
                              static_cast<ULONG>(answer.size()), 0);
}

NTSTATUS NTAPI control(PDEVICE_OBJECT device, PIRP irp, ULONG, WMIENABLEDISABLECONTROL what, BOOLEAN enable) {
    provider->journal += std::string(what == WmiEventControl ? "event" : "collection") + (enable ? " on;" : " off;");
    return WmiCompleteRequest(device, irp, STATUS_SUCCESS, 0, 0);
}

NTSTATUS NTAPI system_control(PDEVICE_OBJECT device, PIRP irp) {
    const IO_STACK_LOCATION& stack = *IoGetCurrentIrpStackLocation(irp);
    if (stack.MajorFunction != IRP_MJ_SYSTEM_CONTROL) {
        return complete(irp, STATUS_SUCCESS);
    }
    const bool asks = stack.MinorFunction == IRP_MN_REGINFO_EX || stack.MinorFunction == IRP_MN_REGINFO;
    if (asks) {
        EXPECT_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
        provider->journal += stack.MinorFunction == IRP_MN_REGINFO_EX ? "reginfo_ex" : "reginfo";
        provider->journal += reinterpret_cast<ULONG_PTR>(stack.Parameters.WMI.DataPath) == WMIUPDATE ? " update;" : ";";
        if (stack.MinorFunction == IRP_MN_REGINFO_EX && !provider->knows_the_newer_request) {
            return complete(irp, STATUS_NOT_SUPPORTED);
        }
    }
    SYSCTL_IRP_DISPOSITION disposition = IrpForward;
    const NTSTATUS status = WmiSystemControl(&provider->context, device, irp, &disposition);
    if (disposition != IrpProcessed) {
        return complete(irp, disposition == IrpNotCompleted ? irp->IoStatus.Status : STATUS_NOT_SUPPORTED,
                        irp->IoStatus.Information);
    }
    return status;
}

class WmiConsumers : public ExecutiveTest {
protected:
    WmiConsumers() { provider = &driver_; }

    template<class Function>
    void with_device(Function&& function) {
        inside([&] {
            ASSERT_EQ(IoCreateDevice(&object_.object, 0, nullptr, FILE_DEVICE_UNKNOWN, 0, FALSE, &driver_.device),
                      STATUS_SUCCESS);
            driver_.device->Flags &= ~static_cast<ULONG>(DO_DEVICE_INITIALIZING);
            device_record(driver_.device).instance_path = u"ROOT\\CARD\\0000";
            device_record(driver_.device).start_completed = true;
            ASSERT_EQ(IoWMIRegistrationControl(driver_.device, WMIREG_ACTION_REGISTER), STATUS_SUCCESS);
            function();
            IoWMIRegistrationControl(driver_.device, WMIREG_ACTION_DEREGISTER);
            IoDeleteDevice(driver_.device);
            EXPECT_EQ(kernel().pool.usage().blocks, 0U);
        });
    }
    static void wait() {
        LARGE_INTEGER delay = milliseconds(1);
        KeDelayExecutionThread(KernelMode, FALSE, &delay);
    }
    std::string take_journal() { return std::exchange(driver_.journal, {}); }
    static PVOID open(const GUID& id, ULONG access) {
        PVOID block = nullptr;
        EXPECT_EQ(IoWMIOpenBlock(&id, access, &block), STATUS_SUCCESS);
        return block;
    }
    std::string data(ULONG offset, ULONG bytes) const {
        return std::string(reinterpret_cast<const char*>(buffer_) + offset, bytes);
    }
    std::u16string name_at(ULONG offset) const {
        USHORT bytes;
        std::memcpy(&bytes, buffer_ + offset, sizeof bytes);
        std::u16string name(bytes / sizeof(char16_t), u'\0');
        std::memcpy(name.data(), buffer_ + offset + sizeof bytes, bytes);
        return name;
    }

    Provider driver_;
    TestDriver object_{&system_control};
    alignas(8) UCHAR buffer_[1024] = {};
    UNICODE_STRING first_ = unicode(u"ROOT\\CARD\\0000_0");
    UNICODE_STRING second_ = unicode(u"ROOT\\CARD\\0000_1");
    UNICODE_STRING nobody_ = unicode(u"ROOT\\CARD\\0000_2");
};

// "This will result in WMI sending an IRP_MN_REGINFO or IRP_MN_REGINFO_EX request to the driver", in a system thread.
TEST_F(WmiConsumers, RegistrationAsksTheDriver) {
    with_device([&] {
        EXPECT_EQ(take_journal(), "") << "not in the driver's call";
        wait();
        EXPECT_EQ(take_journal(), "reginfo_ex;");
        EXPECT_EQ(IoWMIRegistrationControl(driver_.device, WMIREG_ACTION_REREGISTER), STATUS_SUCCESS);
        wait();
        EXPECT_EQ(take_journal(), "reginfo_ex;");
        driver_.blocks[0].Flags |= WMIREG_FLAG_REMOVE_GUID;
        driver_.blocks[1].Guid = &other_id;
        EXPECT_EQ(IoWMIRegistrationControl(driver_.device, WMIREG_ACTION_UPDATE_GUIDS), STATUS_SUCCESS);
        wait();
        EXPECT_EQ(take_journal(), "reginfo_ex update;");
        const WmiProvider* known = Etw::current().wmi.find(driver_.device);
        ASSERT_NE(known, nullptr);
        EXPECT_EQ(known->find(levels_id), nullptr) << "removed";
        EXPECT_NE(known->find(event_id), nullptr) << "an update leaves the others";
        EXPECT_NE(known->find(other_id), nullptr) << "added";
    });
}

TEST_F(WmiConsumers, DriversOfWindows2000AreAskedTheirWay) {
    driver_.knows_the_newer_request = false;
    with_device([&] {
        wait();
        EXPECT_EQ(take_journal(), "reginfo_ex;reginfo;");
        EXPECT_NE(Etw::current().wmi.find(driver_.device)->find(levels_id), nullptr);
    });
}

TEST_F(WmiConsumers, AllDataWithTheNamesOfTheInstances) {
    with_device([&] {
        PVOID block = open(levels_id, WMIGUID_QUERY);
        EXPECT_EQ(take_journal(), "reginfo_ex;collection on;") << "asked before the system thread came to it";
        ULONG bytes = 0;
        EXPECT_EQ(IoWMIQueryAllData(block, &bytes, nullptr), STATUS_BUFFER_TOO_SMALL);
        const ULONG needed = bytes;
        ASSERT_LE(needed, sizeof buffer_);
        bytes = sizeof buffer_;
        ASSERT_EQ(IoWMIQueryAllData(block, &bytes, buffer_), STATUS_SUCCESS);
        EXPECT_EQ(bytes, needed);
        const auto& all = *reinterpret_cast<const WNODE_ALL_DATA*>(buffer_);
        EXPECT_EQ(all.WnodeHeader.Linkage, 0u);
        EXPECT_EQ(all.WnodeHeader.BufferSize, needed);
        ASSERT_EQ(all.InstanceCount, 2u);
        const OFFSETINSTANCEDATAANDLENGTH* const pairs = &all.OffsetInstanceDataAndLength[0];
        EXPECT_EQ(data(pairs[0].OffsetInstanceData, pairs[0].LengthInstanceData), "left");
        EXPECT_EQ(data(pairs[1].OffsetInstanceData, pairs[1].LengthInstanceData), "right side");
        ULONG names[2];
        std::memcpy(names, buffer_ + all.OffsetInstanceNameOffsets, sizeof names);
        EXPECT_EQ(name_at(names[0]), u"ROOT\\CARD\\0000_0");
        EXPECT_EQ(name_at(names[1]), u"ROOT\\CARD\\0000_1");
        PVOID unknown = open(other_id, WMIGUID_QUERY);
        PVOID list[] = {unknown, block, block};
        EXPECT_EQ(IoWMIQueryAllData(unknown, &bytes, buffer_), STATUS_WMI_GUID_NOT_FOUND);
        bytes = sizeof buffer_;
        ASSERT_EQ(IoWMIQueryAllDataMultiple(list, 3, &bytes, buffer_), STATUS_SUCCESS);
        EXPECT_EQ(all.WnodeHeader.Linkage, (needed + 7) / 8 * 8);
        bytes = sizeof buffer_;
        EXPECT_EQ(IoWMIQueryAllDataMultiple(list, 1, &bytes, buffer_), STATUS_SUCCESS);
        EXPECT_EQ(bytes, 0u);
        ObDereferenceObject(unknown);
        ObDereferenceObject(block);
        EXPECT_EQ(take_journal(), "collection off;");
    });
}

TEST_F(WmiConsumers, OneInstanceIsQueriedSetAndCalled) {
    with_device([&] {
        PVOID block = open(levels_id, WMIGUID_QUERY | WMIGUID_SET | WMIGUID_EXECUTE);
        ULONG bytes = sizeof buffer_;
        ASSERT_EQ(IoWMIQuerySingleInstance(block, &second_, &bytes, buffer_), STATUS_SUCCESS);
        const auto& one = *reinterpret_cast<const WNODE_SINGLE_INSTANCE*>(buffer_);
        EXPECT_EQ(one.InstanceIndex, 1u);
        EXPECT_EQ(data(one.DataBlockOffset, one.SizeDataBlock), "right side");
        EXPECT_EQ(name_at(one.OffsetInstanceName), u"ROOT\\CARD\\0000_1");
        driver_.values[0] = std::string(3000, 'x'); // more than is offered at first
        bytes = sizeof buffer_;
        EXPECT_EQ(IoWMIQuerySingleInstance(block, &first_, &bytes, buffer_), STATUS_BUFFER_TOO_SMALL);
        EXPECT_GT(bytes, 3000u);
        bytes = sizeof buffer_;
        EXPECT_EQ(IoWMIQuerySingleInstance(block, &nobody_, &bytes, buffer_), STATUS_WMI_INSTANCE_NOT_FOUND);
        char value[] = "new";
        EXPECT_EQ(IoWMISetSingleInstance(block, &first_, 0, 3, value), STATUS_SUCCESS);
        EXPECT_EQ(driver_.values[0], "new");
        (void)take_journal();
        EXPECT_EQ(IoWMISetSingleItem(block, &second_, 3, 0, 3, value), STATUS_SUCCESS);
        EXPECT_EQ(IoWMISetSingleItem(block, &second_, 4, 0, 3, value), STATUS_WMI_ITEMID_NOT_FOUND);
        EXPECT_EQ(take_journal(), "item 1.3=new;item 1.4=new;");
        UCHAR parameters[16] = "in";
        ULONG out_bytes = sizeof parameters;
        EXPECT_EQ(IoWMIExecuteMethod(block, &second_, 9, 2, &out_bytes, parameters), STATUS_SUCCESS);
        EXPECT_EQ(std::string(reinterpret_cast<char*>(parameters), out_bytes), "9:1:in");
        out_bytes = 2;
        EXPECT_EQ(IoWMIExecuteMethod(block, &second_, 9, 2, &out_bytes, parameters), STATUS_BUFFER_TOO_SMALL);
        EXPECT_EQ(out_bytes, 6u);
        PVOID blocks[] = {block, block, block};
        UNICODE_STRING names[] = {first_, nobody_, second_};
        bytes = sizeof buffer_;
        ASSERT_EQ(IoWMIQuerySingleInstanceMultiple(blocks, names, 3, &bytes, buffer_), STATUS_SUCCESS);
        EXPECT_EQ(data(one.DataBlockOffset, one.SizeDataBlock), "new");
        const auto& next = *reinterpret_cast<const WNODE_SINGLE_INSTANCE*>(buffer_ + one.WnodeHeader.Linkage);
        EXPECT_EQ(next.InstanceIndex, 1u);
        EXPECT_EQ(next.WnodeHeader.Linkage, 0u);
        UNICODE_STRING name{};
        ASSERT_EQ(IoWMIDeviceObjectToInstanceName(block, driver_.device, &name), STATUS_SUCCESS);
        EXPECT_EQ(std::u16string_view(name.Buffer, name.Length / 2), u"ROOT\\CARD\\0000_0");
        ExFreePool(name.Buffer);
        ObDereferenceObject(block);
    });
}

TEST_F(WmiConsumers, RightsAreThoseTheBlockWasOpenedWith) {
    with_device([&] {
        PVOID block = open(levels_id, WMIGUID_SET);
        ULONG bytes = sizeof buffer_;
        EXPECT_EQ(IoWMIQueryAllData(block, &bytes, buffer_), STATUS_ACCESS_DENIED);
        EXPECT_EQ(IoWMIExecuteMethod(block, &first_, 1, 0, &bytes, buffer_), STATUS_ACCESS_DENIED);
        EXPECT_EQ(IoWMISetNotificationCallback(block, nullptr, nullptr), STATUS_ACCESS_DENIED);
        EXPECT_EQ(IoWMIQueryAllData(driver_.device, &bytes, buffer_), STATUS_OBJECT_TYPE_MISMATCH);
        ObDereferenceObject(block);
    });
}

struct Notified {
    int calls = 0;
    KIRQL irql = 99;
    std::string data;
};

VOID NTAPI notified(PVOID node, PVOID context) {
    auto& self = *static_cast<Notified*>(context);
    ++self.calls;
    self.irql = KeGetCurrentIrql();
    const auto& event = *static_cast<const WNODE_SINGLE_INSTANCE*>(node);
    EXPECT_TRUE(IsEqualGUID(event.WnodeHeader.Guid, event_id));
    self.data = std::string(static_cast<const char*>(node) + event.DataBlockOffset, event.SizeDataBlock);
}

TEST_F(WmiConsumers, AHandleOfADriversFileNamesItsInstance) {
    with_device([&] {
        PVOID block = open(levels_id, WMIGUID_QUERY);
        FILE_OBJECT* file = nullptr;
        ASSERT_EQ(open_device(driver_.device, u"", nullptr, &file), STATUS_SUCCESS);
        HANDLE handle = nullptr;
        ASSERT_EQ(ObOpenObjectByPointer(file, OBJ_KERNEL_HANDLE, nullptr, 0, *IoFileObjectType, KernelMode, &handle),
                  STATUS_SUCCESS);
        UNICODE_STRING name = {};
        EXPECT_EQ(IoWMIHandleToInstanceName(block, handle, &name), STATUS_SUCCESS);
        EXPECT_TRUE(RtlEqualUnicodeString(&name, &first_, FALSE));
        RtlFreeUnicodeString(&name);
        EXPECT_EQ(IoWMIHandleToInstanceName(block, nullptr, &name), STATUS_INVALID_HANDLE);
        PVOID unknown = open(other_id, WMIGUID_QUERY);
        EXPECT_EQ(IoWMIHandleToInstanceName(unknown, handle, &name), STATUS_WMI_INSTANCE_NOT_FOUND);
        ObDereferenceObject(unknown);
        ZwClose(handle);
        close_file(file);
        ObDereferenceObject(block);
    });
}

TEST_F(WmiConsumers, EventsReachWhoWaitsForThem) {
    with_device([&] {
        Notified waiter;
        PVOID block = open(event_id, WMIGUID_NOTIFICATION | SYNCHRONIZE);
        EXPECT_EQ(take_journal(), "reginfo_ex;event on;");
        PVOID again = open(event_id, WMIGUID_NOTIFICATION | SYNCHRONIZE);
        EXPECT_EQ(take_journal(), "") << "enabled already";
        EXPECT_EQ(IoWMISetNotificationCallback(block, &notified, &waiter), STATUS_SUCCESS);
        const auto fire = [&](const GUID& id) {
            void* memory = ExAllocatePoolWithTag(NonPagedPoolNx, 5, 'tseT');
            std::memcpy(memory, "alarm", 5);
            KIRQL old;
            KeRaiseIrql(DISPATCH_LEVEL, &old);
            EXPECT_EQ(WmiFireEvent(driver_.device, &id, 0, 5, memory), STATUS_SUCCESS);
            KeLowerIrql(old);
            wait();
        };
        fire(event_id);
        EXPECT_EQ(waiter.calls, 1);
        EXPECT_EQ(waiter.irql, PASSIVE_LEVEL);
        EXPECT_EQ(waiter.data, "alarm");
        fire(other_id);
        EXPECT_EQ(waiter.calls, 1);
        ObDereferenceObject(block);
        EXPECT_EQ(take_journal(), "");
        ObDereferenceObject(again);
        EXPECT_EQ(take_journal(), "event off;");
        fire(event_id);
        EXPECT_EQ(waiter.calls, 1);
    });
}

TEST_F(WmiConsumers, ADeletedDeviceProvidesNothing) {
    with_device([&] {
        PVOID block = open(levels_id, WMIGUID_QUERY);
        DEVICE_OBJECT* other = nullptr;
        ASSERT_EQ(IoCreateDevice(&object_.object, 0, nullptr, FILE_DEVICE_UNKNOWN, 0, FALSE, &other), STATUS_SUCCESS);
        IoWMIRegistrationControl(other, WMIREG_ACTION_REGISTER);
        IoDeleteDevice(other);
        ULONG bytes = sizeof buffer_;
        ASSERT_EQ(IoWMIQueryAllData(block, &bytes, buffer_), STATUS_SUCCESS);
        EXPECT_EQ(reinterpret_cast<const WNODE_HEADER*>(buffer_)->Linkage, 0u);
        ObDereferenceObject(block);
    });
}

} // namespace
} // namespace openportcls::executive::wmi_consumers
