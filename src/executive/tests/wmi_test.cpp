// The WMI library as a driver uses it: requests come in, DpWmiXxx routines answer.
#include "executive/tests/fixture.h"

#include <cstring>

#include <wmilib.h>

namespace openportcls::executive {
namespace {

constexpr GUID counters_id{0x11111111, 0, 0, {}};
constexpr GUID event_id{0x22222222, 0, 0, {}};
constexpr ULONG instance_bytes[] = {4, 10}; // of the two instances of "counters"

WMI_QUERY_REGINFO_CALLBACK query_registration;
WMI_QUERY_DATABLOCK_CALLBACK query;
WMI_SET_DATABLOCK_CALLBACK set_block;
WMI_SET_DATAITEM_CALLBACK set_item;
WMI_EXECUTE_METHOD_CALLBACK execute;
WMI_FUNCTION_CONTROL_CALLBACK control;

// The driver under the library.
struct Provider {
    WMIGUIDREGINFO blocks[2] = {{&counters_id, 2, 0}, {&event_id, 1, WMIREG_FLAG_EVENT_ONLY_GUID}};
    WMILIB_CONTEXT context{2, blocks, &query_registration, &query, &set_block, &set_item, &execute, &control};
    DEVICE_OBJECT* device = nullptr;
    bool names_by_pdo = true;
    SYSCTL_IRP_DISPOSITION disposition = IrpForward;
    std::string journal;
};
Provider* provider;
UNICODE_STRING registry_path = unicode(u"\\Registry\\Machine\\X");

NTSTATUS NTAPI query_registration(PDEVICE_OBJECT device, ULONG* flags, PUNICODE_STRING name, PUNICODE_STRING* path,
                                  PUNICODE_STRING mof, PDEVICE_OBJECT* pdo) {
    if (provider->names_by_pdo) {
        *flags = WMIREG_FLAG_INSTANCE_PDO;
        *pdo = device;
    } else {
        *flags = WMIREG_FLAG_INSTANCE_BASENAME;
        name->Length = name->MaximumLength = 8;
        name->Buffer = static_cast<WCHAR*>(ExAllocatePoolWithTag(PagedPool, 8, 'tseT'));
        std::memcpy(name->Buffer, u"Base", 8);
    }
    *path = &registry_path;
    *mof = unicode(u"MofResource");
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI query(PDEVICE_OBJECT device, PIRP irp, ULONG block, ULONG first, ULONG count, PULONG lengths, ULONG room,
                     PUCHAR buffer) {
    EXPECT_EQ(block, 0u);
    ULONG used = 0;
    for (ULONG i = first; i < first + count; ++i) {
        used = (used + 7) / 8 * 8;
        if (used + instance_bytes[i] <= room) {
            lengths[i - first] = instance_bytes[i];
            std::memset(buffer + used, static_cast<int>('a' + i), instance_bytes[i]);
        }
        used += instance_bytes[i];
    }
    return WmiCompleteRequest(device, irp, used <= room ? STATUS_SUCCESS : STATUS_BUFFER_TOO_SMALL, used, 0);
}

NTSTATUS NTAPI set_block(PDEVICE_OBJECT device, PIRP irp, ULONG block, ULONG index, ULONG bytes, PUCHAR buffer) {
    provider->journal = "block " + std::to_string(block) + " " + std::to_string(index) + " " +
                        std::string(reinterpret_cast<char*>(buffer), bytes);
    return WmiCompleteRequest(device, irp, STATUS_SUCCESS, 0, 0);
}
NTSTATUS NTAPI set_item(PDEVICE_OBJECT device, PIRP irp, ULONG, ULONG index, ULONG item, ULONG bytes, PUCHAR buffer) {
    provider->journal = "item " + std::to_string(index) + " " + std::to_string(item) + " " +
                        std::string(reinterpret_cast<char*>(buffer), bytes);
    return WmiCompleteRequest(device, irp, STATUS_SUCCESS, 0, 0);
}
NTSTATUS NTAPI execute(PDEVICE_OBJECT device, PIRP irp, ULONG, ULONG, ULONG method, ULONG in_bytes, ULONG out_bytes,
                       PUCHAR buffer) {
    provider->journal =
        "method " + std::to_string(method) + " " + std::string(reinterpret_cast<char*>(buffer), in_bytes);
    EXPECT_EQ(out_bytes, 8u);
    std::memcpy(buffer, "answer", 6);
    return WmiCompleteRequest(device, irp, STATUS_SUCCESS, 6, 0);
}
NTSTATUS NTAPI control(PDEVICE_OBJECT device, PIRP irp, ULONG block, WMIENABLEDISABLECONTROL what, BOOLEAN enable) {
    provider->journal = std::string(what == WmiEventControl ? "event " : "collection ") + std::to_string(block) +
                        (enable ? " on" : " off");
    return WmiCompleteRequest(device, irp, STATUS_SUCCESS, 0, 0);
}

NTSTATUS NTAPI system_control(PDEVICE_OBJECT device, PIRP irp) {
    const NTSTATUS status = WmiSystemControl(&provider->context, device, irp, &provider->disposition);
    switch (provider->disposition) {
    case IrpProcessed:
        return status;
    case IrpNotCompleted:
        IoCompleteRequest(irp, IO_NO_INCREMENT);
        return status;
    default:
        return complete(irp, STATUS_NOT_A_DIRECTORY); // the next driver's
    }
}

class WmiLibrary : public ExecutiveTest {
protected:
    WmiLibrary() { provider = &driver_; }

    template<class Function>
    void with_device(Function&& function) {
        inside([&] {
            ASSERT_EQ(IoCreateDevice(&object_.object, 0, nullptr, FILE_DEVICE_UNKNOWN, 0, FALSE, &driver_.device),
                      STATUS_SUCCESS);
            driver_.device->Flags &= ~static_cast<ULONG>(DO_DEVICE_INITIALIZING);
            function();
            IoDeleteDevice(driver_.device);
        });
    }
    NTSTATUS ask(UCHAR function, const void* path, ULONG bytes, void* provider_id = nullptr) {
        IRP* irp = build_request(driver_.device, IRP_MJ_SYSTEM_CONTROL, function);
        auto& wmi = IoGetNextIrpStackLocation(irp)->Parameters.WMI;
        wmi.ProviderId = reinterpret_cast<ULONG_PTR>(provider_id == nullptr ? driver_.device : provider_id);
        wmi.DataPath = const_cast<void*>(path);
        wmi.BufferSize = bytes;
        wmi.Buffer = buffer_;
        ULONG_PTR information = 0;
        const NTSTATUS status = call_synchronously(driver_.device, irp, &information);
        information_ = information;
        return status;
    }
    template<class Node>
    Node& node(ULONG data_bytes = 0, const char* data = "") {
        std::memset(buffer_, 0, sizeof buffer_);
        auto& result = *reinterpret_cast<Node*>(buffer_);
        result.WnodeHeader.Flags = WNODE_FLAG_STATIC_INSTANCE_NAMES;
        result.DataBlockOffset = data_offset;
        std::memcpy(buffer_ + data_offset, data, data_bytes);
        return result;
    }
    std::u16string text_at(ULONG offset) const {
        USHORT length;
        std::memcpy(&length, buffer_ + offset, sizeof length);
        std::u16string result(length / sizeof(char16_t), u'\0');
        std::memcpy(result.data(), buffer_ + offset + sizeof length, length);
        return result;
    }

    static constexpr ULONG data_offset = 80;
    Provider driver_;
    TestDriver object_{&system_control};
    alignas(8) UCHAR buffer_[512] = {};
    ULONG_PTR information_ = 0;
};

// WmiSystemControl. IRP_MN_REGINFO(_EX): WMIREGINFO from what DpWmiQueryReginfo says; the PDO is referenced for WMI.
TEST_F(WmiLibrary, WmiSystemControlRegistersTheBlocks) {
    with_device([&] {
        for (const UCHAR function : {IRP_MN_REGINFO, IRP_MN_REGINFO_EX}) {
            ASSERT_EQ(ask(function, reinterpret_cast<void*>(WMIREGISTER), sizeof buffer_), STATUS_SUCCESS);
            EXPECT_EQ(driver_.disposition, IrpNotCompleted) << "the driver completes it";
            const auto& info = *reinterpret_cast<const WMIREGINFOW*>(buffer_);
            EXPECT_EQ(info.BufferSize, information_);
            EXPECT_EQ(text_at(info.RegistryPath), u"\\Registry\\Machine\\X");
            EXPECT_EQ(text_at(info.MofResourceName), u"MofResource");
            ASSERT_EQ(info.GuidCount, 2u);
            EXPECT_TRUE(IsEqualGUID(info.WmiRegGuid[0].Guid, counters_id));
            EXPECT_EQ(info.WmiRegGuid[0].InstanceCount, 2u);
            EXPECT_EQ(info.WmiRegGuid[0].Flags, ULONG{WMIREG_FLAG_INSTANCE_PDO});
            EXPECT_EQ(info.WmiRegGuid[1].Flags, ULONG{WMIREG_FLAG_INSTANCE_PDO | WMIREG_FLAG_EVENT_ONLY_GUID});
            for (ULONG i = 0; i < 2; ++i) {
                EXPECT_EQ(info.WmiRegGuid[i].Pdo, reinterpret_cast<ULONG_PTR>(driver_.device));
                if (function == IRP_MN_REGINFO_EX) {
                    ObDereferenceObject(driver_.device);
                }
            }
        }
        ASSERT_EQ(ask(IRP_MN_REGINFO_EX, reinterpret_cast<void*>(WMIREGISTER), 64), STATUS_BUFFER_TOO_SMALL);
        ULONG needed;
        std::memcpy(&needed, buffer_, sizeof needed);
        EXPECT_GT(needed, 64u);
    });
}

TEST_F(WmiLibrary, WmiSystemControlRegistersBaseNamesAndUpdates) {
    driver_.names_by_pdo = false;
    with_device([&] {
        ASSERT_EQ(ask(IRP_MN_REGINFO_EX, reinterpret_cast<void*>(WMIUPDATE), sizeof buffer_), STATUS_SUCCESS);
        const auto& info = *reinterpret_cast<const WMIREGINFOW*>(buffer_);
        EXPECT_EQ(info.RegistryPath, 0u) << "in response to WMIREGISTER only";
        EXPECT_EQ(info.MofResourceName, 0u);
        EXPECT_EQ(text_at(info.WmiRegGuid[0].BaseNameOffset), u"Base");
    });
}

TEST_F(WmiLibrary, WmiSystemControlSortsOutWhatIsNotTheDrivers) {
    with_device([&] {
        EXPECT_EQ(ask(IRP_MN_QUERY_ALL_DATA, &counters_id, sizeof buffer_, this), STATUS_NOT_A_DIRECTORY);
        EXPECT_EQ(driver_.disposition, IrpForward);
        EXPECT_EQ(ask(0x0A, &counters_id, sizeof buffer_), STATUS_NOT_A_DIRECTORY);
        EXPECT_EQ(driver_.disposition, IrpNotWmi);
        const GUID unknown{0x33333333, 0, 0, {}};
        EXPECT_EQ(ask(IRP_MN_QUERY_ALL_DATA, &unknown, sizeof buffer_), STATUS_WMI_GUID_NOT_FOUND);
        EXPECT_EQ(driver_.disposition, IrpNotCompleted);
        driver_.context.SetWmiDataBlock = nullptr;
        driver_.context.SetWmiDataItem = nullptr;
        driver_.context.ExecuteWmiMethod = nullptr;
        driver_.context.WmiFunctionControl = nullptr;
        EXPECT_EQ(ask(IRP_MN_CHANGE_SINGLE_INSTANCE, &counters_id, sizeof buffer_), STATUS_WMI_READ_ONLY);
        EXPECT_EQ(ask(IRP_MN_CHANGE_SINGLE_ITEM, &counters_id, sizeof buffer_), STATUS_WMI_READ_ONLY);
        EXPECT_EQ(ask(IRP_MN_EXECUTE_METHOD, &counters_id, sizeof buffer_), STATUS_INVALID_DEVICE_REQUEST);
        EXPECT_EQ(ask(IRP_MN_ENABLE_EVENTS, &event_id, sizeof buffer_), STATUS_SUCCESS);
    });
}

// WmiCompleteRequest makes the WNODE: all instances, each on 8 bytes, with its offset and length.
TEST_F(WmiLibrary, WmiCompleteRequestDescribesAllInstances) {
    with_device([&] {
        ASSERT_EQ(ask(IRP_MN_QUERY_ALL_DATA, &counters_id, sizeof buffer_), STATUS_SUCCESS);
        const auto& all = *reinterpret_cast<const WNODE_ALL_DATA*>(buffer_);
        ASSERT_EQ(all.InstanceCount, 2u);
        const OFFSETINSTANCEDATAANDLENGTH* const pairs = &all.OffsetInstanceDataAndLength[0];
        EXPECT_EQ(pairs[0].LengthInstanceData, 4u);
        EXPECT_EQ(pairs[1].LengthInstanceData, 10u);
        EXPECT_EQ(pairs[0].OffsetInstanceData % 8, 0u);
        EXPECT_EQ(pairs[1].OffsetInstanceData, pairs[0].OffsetInstanceData + 8);
        EXPECT_EQ(std::string(reinterpret_cast<char*>(buffer_) + pairs[0].OffsetInstanceData, 4), "aaaa");
        EXPECT_EQ(std::string(reinterpret_cast<char*>(buffer_) + pairs[1].OffsetInstanceData, 10), "bbbbbbbbbb");
        EXPECT_EQ(information_, pairs[1].OffsetInstanceData + 10);
        EXPECT_EQ(all.WnodeHeader.BufferSize, information_);
        const auto needed = static_cast<ULONG>(information_);
        ASSERT_EQ(ask(IRP_MN_QUERY_ALL_DATA, &counters_id, needed - 1), STATUS_SUCCESS);
        const auto& small = *reinterpret_cast<const WNODE_TOO_SMALL*>(buffer_);
        EXPECT_NE(small.WnodeHeader.Flags & WNODE_FLAG_TOO_SMALL, 0u);
        EXPECT_EQ(small.SizeNeeded, needed);
        EXPECT_EQ(ask(IRP_MN_QUERY_ALL_DATA, &counters_id, sizeof(WNODE_TOO_SMALL) - 1), STATUS_BUFFER_TOO_SMALL);
    });
}

TEST_F(WmiLibrary, WmiCompleteRequestAnswersForOneInstance) {
    with_device([&] {
        auto& one = node<WNODE_SINGLE_INSTANCE>();
        one.InstanceIndex = 1;
        ASSERT_EQ(ask(IRP_MN_QUERY_SINGLE_INSTANCE, &counters_id, sizeof buffer_), STATUS_SUCCESS);
        EXPECT_EQ(one.SizeDataBlock, 10u);
        EXPECT_EQ(std::string(reinterpret_cast<char*>(buffer_) + data_offset, 10), "bbbbbbbbbb");
        EXPECT_EQ(information_, data_offset + 10);
        one.InstanceIndex = 2;
        EXPECT_EQ(ask(IRP_MN_QUERY_SINGLE_INSTANCE, &counters_id, sizeof buffer_), STATUS_WMI_INSTANCE_NOT_FOUND);
        one.DataBlockOffset = 4096;
        EXPECT_EQ(ask(IRP_MN_QUERY_SINGLE_INSTANCE, &counters_id, sizeof buffer_), STATUS_INVALID_PARAMETER);
    });
}

TEST_F(WmiLibrary, ChangesMethodsAndControlsReachTheirRoutines) {
    with_device([&] {
        auto& instance = node<WNODE_SINGLE_INSTANCE>(3, "new");
        instance.InstanceIndex = 1;
        instance.SizeDataBlock = 3;
        EXPECT_EQ(ask(IRP_MN_CHANGE_SINGLE_INSTANCE, &counters_id, sizeof buffer_), STATUS_SUCCESS);
        EXPECT_EQ(driver_.journal, "block 0 1 new");
        EXPECT_EQ(information_, 0u);
        instance.SizeDataBlock = sizeof buffer_;
        EXPECT_EQ(ask(IRP_MN_CHANGE_SINGLE_INSTANCE, &counters_id, sizeof buffer_), STATUS_INVALID_PARAMETER);
        auto& item = node<WNODE_SINGLE_ITEM>(2, "it");
        item.ItemId = 7;
        item.SizeDataItem = 2;
        EXPECT_EQ(ask(IRP_MN_CHANGE_SINGLE_ITEM, &counters_id, sizeof buffer_), STATUS_SUCCESS);
        EXPECT_EQ(driver_.journal, "item 0 7 it");
        auto& method = node<WNODE_METHOD_ITEM>(2, "in");
        method.MethodId = 9;
        method.SizeDataBlock = 2;
        EXPECT_EQ(ask(IRP_MN_EXECUTE_METHOD, &counters_id, data_offset + 8), STATUS_SUCCESS);
        EXPECT_EQ(driver_.journal, "method 9 in");
        EXPECT_EQ(method.SizeDataBlock, 6u);
        EXPECT_EQ(std::string(reinterpret_cast<char*>(buffer_) + data_offset, 6), "answer");
        const std::pair<UCHAR, const char*> controls[] = {{IRP_MN_ENABLE_EVENTS, "event 1 on"},
                                                          {IRP_MN_DISABLE_EVENTS, "event 1 off"},
                                                          {IRP_MN_ENABLE_COLLECTION, "collection 1 on"},
                                                          {IRP_MN_DISABLE_COLLECTION, "collection 1 off"}};
        for (const auto& [function, expected] : controls) {
            EXPECT_EQ(ask(function, &event_id, sizeof buffer_), STATUS_SUCCESS);
            EXPECT_EQ(driver_.journal, expected);
        }
    });
}

} // namespace
} // namespace openportcls::executive
