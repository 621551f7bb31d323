// Helper objects that need a device: registry keys (R-REG) and DMA channels (R-DMA).
#include "executive/hal/dma_channels.h"
#include "portcls/helpers/dma_channel.h"
#include "wavert_fixture.h"

namespace wavert_test {

using portcls::ComPointer;

class HelperObjects : public WaveRtTest {
protected:
    ComPointer<IRegistryKey> open_key(ULONG type, ACCESS_MASK access = KEY_ALL_ACCESS) {
        IRegistryKey* key = nullptr;
        EXPECT_EQ(
            PcNewRegistryKey(&key, nullptr, type, access, script_.functional_device, nullptr, nullptr, 0, nullptr),
            STATUS_SUCCESS);
        return ComPointer<IRegistryKey>::adopt(key);
    }
    static UNICODE_STRING text(const char16_t* characters) {
        UNICODE_STRING result;
        RtlInitUnicodeString(&result, characters);
        return result;
    }
    static ULONG query_dword(IRegistryKey& key, const char16_t* name) {
        UNICODE_STRING value_name = text(name);
        struct {
            KEY_VALUE_PARTIAL_INFORMATION information;
            ULONG room[4];
        } storage = {};
        ULONG needed = 0;
        EXPECT_EQ(key.QueryValueKey(&value_name, KeyValuePartialInformation, &storage, sizeof(storage), &needed),
                  STATUS_SUCCESS);
        ULONG value = 0;
        std::memcpy(&value, storage.information.Data, sizeof(value));
        return value;
    }
};

TEST_F(HelperObjects, DeviceAndDriverKeys_R_REG_01_R_REG_02) {
    start();
    inside([&] {
        for (ULONG type : {DeviceRegistryKey, DriverRegistryKey, HwProfileRegistryKey}) {
            auto key = open_key(type);
            ASSERT_TRUE(key) << type;
            UNICODE_STRING name = text(u"Answer");
            ULONG value = 42 + type;
            EXPECT_EQ(key->SetValueKey(&name, REG_DWORD, &value, sizeof(value)), STATUS_SUCCESS);
            EXPECT_EQ(query_dword(*key.get(), u"Answer"), 42 + type);
        }
        EXPECT_EQ(query_dword(*open_key(DeviceRegistryKey).get(), u"Answer"), 42 + DeviceRegistryKey)
            << "they are different keys, and stay";
        IRegistryKey* key = nullptr;
        EXPECT_EQ(PcNewRegistryKey(&key, nullptr, DriverRegistryKey, KEY_READ, nullptr, nullptr, nullptr, 0, nullptr),
                  STATUS_INVALID_PARAMETER);
        EXPECT_EQ(PcNewRegistryKey(&key, nullptr, DriverRegistryKey, KEY_READ, script_.functional_device,
                                   script_.functional_device, nullptr, 0, nullptr),
                  STATUS_INVALID_PARAMETER)
            << "SubDevice must be null";
        EXPECT_EQ(
            PcNewRegistryKey(&key, nullptr, 99, KEY_READ, script_.functional_device, nullptr, nullptr, 0, nullptr),
            STATUS_INVALID_PARAMETER);
    });
}

TEST_F(HelperObjects, GeneralKeysAreCreatedByName_R_REG_01) {
    start();
    inside([&] {
        UNICODE_STRING name = text(u"\\Registry\\Machine\\Software\\HelperTest");
        OBJECT_ATTRIBUTES attributes;
        InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, nullptr, nullptr);
        IRegistryKey* key = nullptr;
        ULONG disposition = 0;
        ASSERT_EQ(PcNewRegistryKey(&key, nullptr, GeneralRegistryKey, KEY_ALL_ACCESS, nullptr, nullptr, &attributes,
                                   REG_OPTION_NON_VOLATILE, &disposition),
                  STATUS_SUCCESS);
        EXPECT_EQ(disposition, static_cast<ULONG>(REG_CREATED_NEW_KEY));
        key->Release();
        ASSERT_EQ(PcNewRegistryKey(&key, nullptr, GeneralRegistryKey, KEY_ALL_ACCESS, nullptr, nullptr, &attributes,
                                   REG_OPTION_NON_VOLATILE, &disposition),
                  STATUS_SUCCESS);
        EXPECT_EQ(disposition, static_cast<ULONG>(REG_OPENED_EXISTING_KEY));
        key->Release();
        EXPECT_EQ(
            PcNewRegistryKey(&key, nullptr, GeneralRegistryKey, KEY_ALL_ACCESS, nullptr, nullptr, nullptr, 0, nullptr),
            STATUS_INVALID_PARAMETER);
    });
}

TEST_F(HelperObjects, QueryReportsWhatIsMissing_R_REG_03) {
    start();
    inside([&] {
        auto key = open_key(DriverRegistryKey);
        UNICODE_STRING name = text(u"Blob");
        UCHAR blob[16] = {1, 2, 3};
        ASSERT_EQ(key->SetValueKey(&name, REG_BINARY, blob, sizeof(blob)), STATUS_SUCCESS);
        UCHAR storage[64];
        ULONG needed = 0;
        EXPECT_EQ(key->QueryValueKey(&name, KeyValuePartialInformation, storage, 4, &needed), STATUS_BUFFER_TOO_SMALL);
        const ULONG full = needed;
        EXPECT_EQ(full, FIELD_OFFSET(KEY_VALUE_PARTIAL_INFORMATION, Data) + sizeof(blob));
        EXPECT_EQ(key->QueryValueKey(&name, KeyValuePartialInformation, storage, full - 8, &needed),
                  STATUS_BUFFER_OVERFLOW);
        EXPECT_EQ(needed, full);
        name = text(u"Nothing");
        EXPECT_EQ(key->QueryValueKey(&name, KeyValuePartialInformation, storage, sizeof(storage), &needed),
                  STATUS_OBJECT_NAME_NOT_FOUND);
    });
}

TEST_F(HelperObjects, EnumerationEnds_R_REG_04) {
    start();
    inside([&] {
        auto key = open_key(DriverRegistryKey);
        UNICODE_STRING name = text(u"Empty");
        IRegistryKey* sub_key = nullptr;
        ULONG disposition = 0;
        ASSERT_EQ(key->NewSubKey(&sub_key, nullptr, KEY_ALL_ACCESS, &name, REG_OPTION_NON_VOLATILE, &disposition),
                  STATUS_SUCCESS);
        alignas(8) UCHAR storage[256];
        ULONG needed = 0;
        EXPECT_EQ(sub_key->EnumerateKey(0, KeyBasicInformation, storage, sizeof(storage), &needed),
                  STATUS_NO_MORE_ENTRIES);
        EXPECT_EQ(sub_key->EnumerateValueKey(0, KeyValueBasicInformation, storage, sizeof(storage), &needed),
                  STATUS_NO_MORE_ENTRIES);
        EXPECT_EQ(key->EnumerateKey(0, KeyBasicInformation, storage, sizeof(storage), &needed), STATUS_SUCCESS);
        EXPECT_EQ(key->QueryKey(KeyFullInformation, storage, sizeof(storage), &needed), STATUS_SUCCESS);
        sub_key->Release();
    });
}

TEST_F(HelperObjects, DeletedKeysHaveNoHandle_R_REG_05) {
    start();
    inside([&] {
        auto key = open_key(DriverRegistryKey);
        UNICODE_STRING name = text(u"Temporary");
        IRegistryKey* sub_key = nullptr;
        for (const ACCESS_MASK too_little : {ACCESS_MASK{KEY_READ}, ACCESS_MASK{KEY_READ | DELETE}}) {
            ASSERT_EQ(key->NewSubKey(&sub_key, nullptr, too_little, &name, 0, nullptr), STATUS_SUCCESS);
            EXPECT_EQ(sub_key->DeleteKey(), STATUS_ACCESS_DENIED) << "needs KEY_ALL_ACCESS";
            sub_key->Release();
        }
        ASSERT_EQ(key->NewSubKey(&sub_key, nullptr, KEY_ALL_ACCESS, &name, 0, nullptr), STATUS_SUCCESS);
        EXPECT_EQ(sub_key->DeleteKey(), STATUS_SUCCESS);
        ULONG value = 1;
        EXPECT_EQ(sub_key->SetValueKey(&name, REG_DWORD, &value, sizeof(value)), STATUS_INVALID_HANDLE);
        EXPECT_EQ(sub_key->DeleteKey(), STATUS_INVALID_HANDLE);
        sub_key->Release();
    });
}

TEST_F(HelperObjects, PortsHaveTheDeviceImplied_R_REG_07) {
    start();
    inside([&] {
        IRegistryKey* key = nullptr;
        ASSERT_EQ(script_.port->NewRegistryKey(&key, nullptr, DriverRegistryKey, KEY_ALL_ACCESS, nullptr, 0, nullptr),
                  STATUS_SUCCESS);
        UNICODE_STRING name = text(u"ThroughThePort");
        ULONG value = 9;
        EXPECT_EQ(key->SetValueKey(&name, REG_DWORD, &value, sizeof(value)), STATUS_SUCCESS);
        key->Release();
        EXPECT_EQ(query_dword(*open_key(DriverRegistryKey).get(), u"ThroughThePort"), 9u);
    });
}

TEST_F(HelperObjects, QueryTables) {
    start();
    inside([&] {
        auto key = open_key(DriverRegistryKey);
        UNICODE_STRING name = text(u"Direct");
        ULONG value = 0x1234;
        ASSERT_EQ(key->SetValueKey(&name, REG_DWORD, &value, sizeof(value)), STATUS_SUCCESS);
        ULONG found = 0;
        RTL_QUERY_REGISTRY_TABLE table[2] = {};
        table[0].Flags = RTL_QUERY_REGISTRY_DIRECT | RTL_QUERY_REGISTRY_REQUIRED;
        table[0].Name = const_cast<PWSTR>(u"Direct");
        table[0].EntryContext = &found;
        EXPECT_EQ(key->QueryRegistryValues(table, nullptr), STATUS_SUCCESS);
        EXPECT_EQ(found, 0x1234u);
    });
}

// An ISA DMA controller whose device never asks for data.
class IdleController final : public executive::SystemDmaController {
public:
    bool has_channel(unsigned channel) const override { return channel == 1; }
    void program(unsigned, const Transfer& wanted) override {
        transfer = wanted;
        left = wanted.bytes;
        active = true;
    }
    void mask(unsigned) override { active = false; }
    std::uint32_t NTAPI read_counter(unsigned) const override { return left; }

    Transfer transfer;
    std::uint32_t left = 0;
    bool active = false;
};

class DmaObjects : public HelperObjects {
protected:
    ComPointer<IDmaChannel> master(ULONG maximum) {
        IDmaChannel* channel = nullptr;
        EXPECT_EQ(portcls::new_master_dma_channel(script_.functional_device, maximum, TRUE, FALSE, &channel),
                  STATUS_SUCCESS);
        return ComPointer<IDmaChannel>::adopt(channel);
    }
};

TEST_F(DmaObjects, OneBufferPerChannel_R_DMA_01_R_DMA_03) {
    start();
    inside([&] {
        auto channel = master(0x10000);
        EXPECT_GE(channel->MaximumBufferSize(), 0x10000u);
        EXPECT_EQ(channel->SystemAddress(), nullptr);
        ASSERT_EQ(channel->AllocateBuffer(0x8000, nullptr), STATUS_SUCCESS);
        EXPECT_EQ(channel->AllocatedBufferSize(), 0x8000u);
        EXPECT_EQ(channel->BufferSize(), 0x8000u);
        channel->SetBufferSize(0x4000);
        EXPECT_EQ(channel->BufferSize(), 0x4000u);
        EXPECT_EQ(channel->AllocatedBufferSize(), 0x8000u);
        EXPECT_FALSE(NT_SUCCESS(channel->AllocateBuffer(0x1000, nullptr)));
        channel->FreeBuffer();
        EXPECT_EQ(channel->SystemAddress(), nullptr);
        EXPECT_EQ(channel->AllocateBuffer(0x1000, nullptr), STATUS_SUCCESS);
        EXPECT_EQ(channel->BufferSize(), 0x1000u);
        channel->FreeBuffer();
        EXPECT_EQ(channel->AllocateBuffer(0x7FFFFFFF, nullptr), STATUS_INSUFFICIENT_RESOURCES);
    });
}

// Shows IDmaChannel::PhysicalAddress.
TEST_F(DmaObjects, BufferIsOneContiguousRun_R_DMA_01_R_DMA_08) {
    start();
    inside([&] {
        auto channel = master(0x10000);
        ASSERT_EQ(channel->AllocateBuffer(0x10000, nullptr), STATUS_SUCCESS);
        PHYSICAL_ADDRESS physical;
        EXPECT_EQ(channel->PhysicalAddress(&physical), &physical) << "hidden result pointer";
        auto* seen = static_cast<char*>(machine_.memory().to_virtual(physical.QuadPart, 0x10000));
        ASSERT_EQ(seen, channel->SystemAddress());
        char source[] = "samples";
        channel->CopyTo(static_cast<char*>(channel->SystemAddress()) + 100, source, sizeof(source));
        EXPECT_STREQ(seen + 100, "samples");
        char back[sizeof(source)] = {};
        channel->CopyFrom(back, static_cast<char*>(channel->SystemAddress()) + 100, sizeof(back));
        EXPECT_STREQ(back, "samples");
    });
}

TEST_F(DmaObjects, ConstraintKeepsTheHighBits_R_DMA_02) {
    start();
    inside([&] {
        PHYSICAL_ADDRESS constraint;
        constraint.QuadPart = 0xFFFF;
        std::vector<ComPointer<IDmaChannel>> channels;
        for (int i = 0; i < 6; ++i) {
            auto channel = master(0x10000);
            ASSERT_EQ(channel->AllocateBuffer(0xA000, &constraint), STATUS_SUCCESS);
            PHYSICAL_ADDRESS physical;
            channel->PhysicalAddress(&physical);
            EXPECT_EQ(physical.QuadPart >> 16, (physical.QuadPart + 0x9FFF) >> 16);
            channels.push_back(std::move(channel));
        }
    });
}

// Under the caller's lock, at DISPATCH_LEVEL, everything but allocation works.
TEST_F(DmaObjects, CallersMayHoldALockOfTheirOwn) {
    start();
    inside([&] {
        auto channel = master(0x2000);
        ASSERT_EQ(channel->AllocateBuffer(0x2000, nullptr), STATUS_SUCCESS);
        KSPIN_LOCK lock = 0;
        KIRQL old;
        KeAcquireSpinLock(&lock, &old);
        channel->SetBufferSize(0x3000);
        EXPECT_EQ(channel->BufferSize(), 0x2000u) << "not more than allocated";
        char byte = 1;
        channel->CopyTo(channel->SystemAddress(), &byte, 1);
        EXPECT_EQ(*static_cast<char*>(channel->SystemAddress()), 1);
        EXPECT_EQ(channel->MaximumBufferSize(), 0x2000u);
        KeReleaseSpinLock(&lock, old);
    });
}

TEST_F(DmaObjects, MastersAreNoSlaves) {
    start();
    inside([&] {
        auto channel = master(0x1000);
        PVOID slave = nullptr;
        EXPECT_EQ(channel->QueryInterface(IID_IDmaChannelSlave, &slave), STATUS_INVALID_PARAMETER);
        PVOID same = nullptr;
        ASSERT_EQ(channel->QueryInterface(IID_IDmaChannel, &same), STATUS_SUCCESS);
        channel->Release();
        EXPECT_NE(channel->GetAdapterObject(), nullptr);
        EXPECT_EQ(channel->TransferCount(), 0u);
    });
}

TEST_F(DmaObjects, ObsoleteFactory) {
    start();
    inside([&] {
        DEVICE_DESCRIPTION description = script_.device_description;
        description.MaximumLength = 0x2000;
        IDmaChannel* channel = nullptr;
        ASSERT_EQ(PcNewDmaChannel(&channel, nullptr, NonPagedPool, &description, script_.functional_device),
                  STATUS_SUCCESS);
        EXPECT_EQ(channel->AllocateBuffer(0x2000, nullptr), STATUS_SUCCESS);
        channel->Release(); // frees the buffer
        EXPECT_EQ(PcNewDmaChannel(&channel, nullptr, NonPagedPool, nullptr, script_.functional_device),
                  STATUS_INVALID_PARAMETER);
    });
}

// Shows IDmaChannel::TransferCount.
TEST_F(DmaObjects, SlaveStartsOnceAndCountsDown_R_DMA_04_R_DMA_05_R_DMA_06) {
    start();
    inside([&] {
        IdleController controller;
        executive::Kernel::current().dma_channels.attach(&controller);
        CM_RESOURCE_LIST resources = {};
        resources.Count = 1;
        resources.List[0].PartialResourceList.Count = 1;
        auto& dma = resources.List[0].PartialResourceList.PartialDescriptors[0];
        dma.Type = CmResourceTypeDma;
        dma.u.Dma.Channel = 1;
        IResourceList* list = nullptr;
        ASSERT_EQ(PcNewResourceList(&list, nullptr, PagedPool, &resources, &resources), STATUS_SUCCESS);
        IDmaChannelSlave* channel = nullptr;
        EXPECT_EQ(
            portcls::new_slave_dma_channel(script_.functional_device, list, 1, 0x4000, FALSE, Compatible, &channel),
            STATUS_INVALID_PARAMETER)
            << "R-DMA-09: no such resource";
        ASSERT_EQ(
            portcls::new_slave_dma_channel(script_.functional_device, list, 0, 0x4000, FALSE, Compatible, &channel),
            STATUS_SUCCESS);
        list->Release();
        PHYSICAL_ADDRESS constraint;
        constraint.QuadPart = 0xFFFF;
        ASSERT_EQ(channel->AllocateBuffer(0x2000, &constraint), STATUS_SUCCESS);
        PHYSICAL_ADDRESS physical;
        channel->PhysicalAddress(&physical);
        EXPECT_LT(physical.QuadPart, 1 << 24) << "24 address lines";
        EXPECT_EQ(channel->WaitForTC(100), STATUS_UNSUCCESSFUL) << "not started";
        EXPECT_EQ(channel->Start(0x4000, TRUE), STATUS_INVALID_PARAMETER) << "more than allocated";
        ASSERT_EQ(channel->Start(0x1000, TRUE), STATUS_SUCCESS);
        EXPECT_EQ(channel->TransferCount(), 0x1000u);
        EXPECT_EQ(channel->Start(0x1000, TRUE), STATUS_UNSUCCESSFUL);
        EXPECT_EQ(channel->ReadCounter(), 0x1000u);
        EXPECT_TRUE(controller.active);
        EXPECT_TRUE(controller.transfer.to_device);
        EXPECT_TRUE(controller.transfer.auto_initialize);
        EXPECT_EQ(controller.transfer.address, static_cast<std::uint64_t>(physical.QuadPart));
        EXPECT_EQ(controller.transfer.bytes, 0x1000u);
        const auto begin = machine_.now();
        EXPECT_EQ(channel->WaitForTC(59), STATUS_TIMEOUT) << "nothing moves the data";
        const auto waited = machine_.now() - begin;
        EXPECT_GE(waited, 50'000);
        EXPECT_LT(waited, 59'000) << "rounded down to ten microseconds";
        controller.left = 0x400;
        EXPECT_EQ(channel->ReadCounter(), 0x400u) << "R-DMA-05: counts down";
        controller.left = 0;
        EXPECT_EQ(channel->WaitForTC(59), STATUS_SUCCESS);
        EXPECT_EQ(channel->Stop(), STATUS_SUCCESS);
        EXPECT_FALSE(controller.active);
        EXPECT_EQ(channel->Stop(), STATUS_SUCCESS);
        EXPECT_EQ(channel->Start(0x2000, FALSE), STATUS_SUCCESS) << "may be started again";
        EXPECT_FALSE(controller.transfer.to_device);
        channel->Release();
        EXPECT_FALSE(controller.active) << "stopped with its last reference";
        executive::Kernel::current().dma_channels.attach(nullptr);
    });
}

} // namespace wavert_test
