// Memory, DMA, interrupts, ports, registers, configuration space, power.
#include "executive/tests/fixture.h"

#include "executive/hal/dma_channels.h"
#include "executive/objects/object_manager.h"

namespace openportcls::executive {
namespace {

using Mm = ExecutiveTest;
using Hal = ExecutiveTest;

constexpr ULONG tag = 0x74736554; // 'Test'

LARGE_INTEGER large(LONGLONG value) {
    LARGE_INTEGER result;
    result.QuadPart = value;
    return result;
}

// ---- MDLs
// ---------------------------------------------------------------------------------------------------------------

TEST_F(Mm, MdlDescribesABufferPageByPage) {
    inside([&] {
        auto* buffer = static_cast<char*>(ExAllocatePoolWithTag(NonPagedPoolNx, 3 * 4096, tag));
        MDL* mdl = IoAllocateMdl(buffer + 100, 8'000, FALSE, FALSE, nullptr);
        EXPECT_EQ(MmGetMdlByteOffset(mdl), 100U);
        EXPECT_EQ(MmGetMdlByteCount(mdl), 8'000U);
        MmBuildMdlForNonPagedPool(mdl);
        EXPECT_EQ(MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority), buffer + 100);
        for (int page = 0; page < 2; ++page) {
            EXPECT_EQ(static_cast<LONGLONG>(MmGetMdlPfnArray(mdl)[page] << 12),
                      MmGetPhysicalAddress(buffer + page * 4096).QuadPart);
        }
        MDL* part = IoAllocateMdl(buffer + 5'000, 1'000, FALSE, FALSE, nullptr);
        IoBuildPartialMdl(mdl, part, buffer + 5'000, 1'000);
        EXPECT_EQ(MmGetMdlPfnArray(part)[0], MmGetMdlPfnArray(mdl)[1]);
        EXPECT_EQ(MmGetSystemAddressForMdlSafe(part, NormalPagePriority), buffer + 5'000);
        IoFreeMdl(part);
        IoFreeMdl(mdl);
        ExFreePool(buffer);
        EXPECT_EQ(kernel().mdls.living(), 0U);
    });
}

TEST_F(Mm, LockedMdlMustBeUnlockedBeforeItIsFreed) {
    inside([&] {
        char buffer[100];
        MDL* mdl = IoAllocateMdl(buffer, 100, FALSE, FALSE, nullptr);
        MmProbeAndLockPages(mdl, UserMode, IoModifyAccess);
        EXPECT_EQ(kernel().locked_mdls, 1U);
        EXPECT_EQ(MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority), buffer);
        MmUnlockPages(mdl);
        EXPECT_EQ(mdl->MdlFlags & (MDL_PAGES_LOCKED | MDL_MAPPED_TO_SYSTEM_VA), 0);
        IoFreeMdl(mdl);
    });
    expect_bugcheck(0x76, "still locked", [&] {
        char buffer[100];
        MDL* mdl = IoAllocateMdl(buffer, 100, FALSE, FALSE, nullptr);
        MmProbeAndLockPages(mdl, UserMode, IoModifyAccess);
        IoFreeMdl(mdl);
    });
}

TEST_F(Mm, LockingNothingRaises) {
    expect_bugcheck(0x1E, "not accessible", [&] {
        MDL* mdl = IoAllocateMdl(nullptr, 100, FALSE, FALSE, nullptr);
        MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
    });
}

TEST_F(Mm, PagesForMdlHonourTheLimitAndCanBeMappedTwice) {
    inside([&] {
        MDL* mdl = MmAllocatePagesForMdlEx(large(0), large(16 << 20), large(0), 5 * 4096, MmCached, 0);
        ASSERT_NE(mdl, nullptr);
        EXPECT_EQ(MmGetMdlByteCount(mdl), 5U * 4096);
        for (int page = 0; page < 5; ++page) {
            EXPECT_LT(MmGetMdlPfnArray(mdl)[page] << 12, 16U << 20);
        }
        auto* kernel_view = static_cast<char*>(
            MmMapLockedPagesSpecifyCache(mdl, KernelMode, MmCached, nullptr, FALSE, NormalPagePriority));
        auto* user_view = static_cast<char*>(
            MmMapLockedPagesSpecifyCache(mdl, UserMode, MmCached, nullptr, FALSE, NormalPagePriority));
        ASSERT_NE(kernel_view, nullptr);
        kernel_view[4096 * 4] = 'z';
        EXPECT_EQ(user_view[4096 * 4], 'z');
        MmUnmapLockedPages(user_view, mdl);
        MmUnmapLockedPages(kernel_view, mdl);
        MmFreePagesFromMdl(mdl);
        ExFreePool(mdl);
        EXPECT_EQ(machine.memory().allocated_bytes(), 0U);
        EXPECT_EQ(kernel().pages_in_mdls, 0U);
    });
}

TEST_F(Mm, ContiguousMemoryHonoursItsConstraints) {
    inside([&] {
        void* memory =
            MmAllocateContiguousMemorySpecifyCache(20'000, large(0), large(0xFFFFFF), large(0x10000), MmCached);
        ASSERT_NE(memory, nullptr);
        const LONGLONG physical = MmGetPhysicalAddress(memory).QuadPart;
        EXPECT_LT(physical + 20'000, 0x1000000);
        EXPECT_EQ(physical / 0x10000, (physical + 19'999) / 0x10000);
        EXPECT_EQ(MmGetVirtualForPhysical(MmGetPhysicalAddress(memory)), memory);
        MmFreeContiguousMemory(memory);
        EXPECT_EQ(machine.memory().allocated_bytes(), 0U);
    });
    expect_bugcheck(0xC2, "MmFreeContiguousMemory", [&] {
        char nothing = 0;
        MmFreeContiguousMemory(&nothing);
    });
}

TEST_F(Mm, AddressesAreProbed) {
    inside([&] {
        int local = 0;
        EXPECT_TRUE(MmIsAddressValid(&local));
        EXPECT_FALSE(MmIsAddressValid(nullptr));
        EXPECT_FALSE(MmIsAddressValid(reinterpret_cast<void*>(0x123456789000)));
        ProbeForRead(&local, sizeof local, alignof(int));
        ProbeForWrite(nullptr, 0, 1);
    });
    expect_bugcheck(0x1E, "aligned", [&] { ProbeForRead(reinterpret_cast<void*>(0x100001), 4, 4); });
}

// ---- ports and registers --------------------------------------------------------------------------------------------

struct RegisterFile : machine::Device {
    std::uint64_t registers[16] = {};
    std::vector<std::uint64_t> writes;
    UCHAR config[256] = {0x86, 0x80, 0x15, 0x24};

    std::string_view name() const override { return "register file"; }
    std::uint64_t read_port(unsigned, std::uint32_t offset, machine::AccessWidth) override { return registers[offset]; }
    void write_port(unsigned, std::uint32_t offset, machine::AccessWidth, std::uint64_t value) override {
        registers[offset] = value;
        writes.push_back(value);
    }
    std::uint64_t read_register(unsigned, std::uint64_t offset, machine::AccessWidth) override {
        return registers[offset / 4];
    }
    void write_register(unsigned, std::uint64_t offset, machine::AccessWidth, std::uint64_t value) override {
        registers[offset / 4] = value;
    }
    std::uint32_t read_config(std::uint32_t offset, machine::AccessWidth width) override {
        std::uint32_t value = 0;
        memcpy(&value, config + offset, static_cast<std::size_t>(width));
        return value;
    }
    void write_config(std::uint32_t offset, machine::AccessWidth width, std::uint32_t value) override {
        memcpy(config + offset, &value, static_cast<std::size_t>(width));
    }
};

TEST_F(Hal, PortsReachTheirDeviceAndCostTime) {
    RegisterFile device;
    ASSERT_TRUE(machine.ports().claim(0x220, 16, device, 0));
    inside([&] {
        auto* port = reinterpret_cast<PUCHAR>(0x22A);
        const auto before = machine.now();
        WRITE_PORT_UCHAR(port, 0x55);
        EXPECT_EQ(READ_PORT_UCHAR(port), 0x55);
        EXPECT_EQ(machine.now() - before, 1'000);
        EXPECT_EQ(READ_PORT_UCHAR(reinterpret_cast<PUCHAR>(0x330)), 0xFF);
        EXPECT_EQ(READ_PORT_USHORT(reinterpret_cast<PUSHORT>(0x330)), 0xFFFF);
        UCHAR bytes[3] = {1, 2, 3};
        device.writes.clear();
        WRITE_PORT_BUFFER_UCHAR(port, bytes, 3);
        EXPECT_EQ(device.writes, (std::vector<std::uint64_t>{1, 2, 3})) << "all to one port";
    });
}

TEST_F(Hal, RegistersAreReachedThroughTheirMapping) {
    RegisterFile device;
    constexpr LONGLONG base = 0xFEBF'0010;
    ASSERT_TRUE(machine.registers().claim(base, 64, device, 0));
    inside([&] {
        auto* registers = static_cast<volatile ULONG*>(MmMapIoSpace(large(base), 64, MmNonCached));
        ASSERT_NE(registers, nullptr);
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(registers) % 4096, 0x10U);
        WRITE_REGISTER_ULONG(registers + 3, 0xCAFE);
        EXPECT_EQ(device.registers[3], 0xCAFEU);
        EXPECT_EQ(READ_REGISTER_ULONG(registers + 3), 0xCAFEU);
        ULONG values[2] = {7, 8};
        WRITE_REGISTER_BUFFER_ULONG(registers + 4, values, 2);
        EXPECT_EQ(device.registers[5], 8U) << "the register forms walk";
        EXPECT_EQ(READ_REGISTER_ULONG(registers + 20), 0xFFFFFFFFU) << "nobody answers behind the claim";
        EXPECT_EQ(MmGetPhysicalAddress(const_cast<ULONG*>(registers)).QuadPart, base);
        MmUnmapIoSpace(const_cast<ULONG*>(registers), 64);
        EXPECT_EQ(kernel().io_space.mapped_ranges(), 0U);
        void* ram = MmMapIoSpace(large(2 << 20), 4096, MmCached);
        WRITE_REGISTER_ULONG(static_cast<ULONG*>(ram), 5);
        EXPECT_EQ(*static_cast<ULONG*>(ram), 5U);
        MmUnmapIoSpace(ram, 4096);
    });
    expect_bugcheck(0xDA, "MmUnmapIoSpace", [&] { MmUnmapIoSpace(&device, 64); });
}

TEST_F(Hal, ConfigurationSpace) {
    RegisterFile device;
    ASSERT_TRUE(machine.pci_config().attach(0, machine::ConfigSpace::slot(5, 1), device));
    inside([&] {
        PCI_SLOT_NUMBER slot{};
        slot.u.bits.DeviceNumber = 5;
        slot.u.bits.FunctionNumber = 1;
        USHORT vendor = 0;
        EXPECT_EQ(HalGetBusDataByOffset(PCIConfiguration, 0, slot.u.AsULONG, &vendor, 0, 2), 2U);
        EXPECT_EQ(vendor, 0x8086);
        UCHAR line = 11;
        EXPECT_EQ(HalSetBusDataByOffset(PCIConfiguration, 0, slot.u.AsULONG, &line, 0x3C, 1), 1U);
        EXPECT_EQ(device.config[0x3C], 11);
        slot.u.bits.DeviceNumber = 6;
        EXPECT_EQ(HalGetBusData(PCIConfiguration, 0, slot.u.AsULONG, &vendor, 2), 2U);
        EXPECT_EQ(vendor, PCI_INVALID_VENDORID);
    });
}

// ---- interrupts -----------------------------------------------------------------------------------------------------

struct Interrupting {
    machine::InterruptLine* line = nullptr;
    int services = 0;
    KIRQL irql = 0;
    bool mine = true;
    ULONG message = 99;
};

BOOLEAN NTAPI service(PKINTERRUPT, PVOID context) {
    auto* device = static_cast<Interrupting*>(context);
    ++device->services;
    device->irql = KeGetCurrentIrql();
    if (device->mine) {
        device->line->lower();
    }
    return device->mine;
}

BOOLEAN NTAPI message_service(PKINTERRUPT, PVOID context, ULONG message) {
    auto* device = static_cast<Interrupting*>(context);
    ++device->services;
    device->message = message;
    return TRUE;
}

BOOLEAN NTAPI synchronized(PVOID context) {
    *static_cast<KIRQL*>(context) = KeGetCurrentIrql();
    return TRUE;
}

TEST_F(Hal, InterruptsAreServedAtTheirLevel) {
    Interrupting device;
    inside([&] {
        PKINTERRUPT interrupt = nullptr;
        EXPECT_EQ(
            IoConnectInterrupt(&interrupt, &service, &device, nullptr, 0x51, 7, 5, LevelSensitive, TRUE, 1, FALSE),
            STATUS_INVALID_PARAMETER)
            << "the synchronisation level may not be below the interrupt's";
        ASSERT_EQ(
            IoConnectInterrupt(&interrupt, &service, &device, nullptr, 0x51, 7, 8, LevelSensitive, TRUE, 1, FALSE),
            STATUS_SUCCESS);
        device.line = &machine.interrupt_line(0x51);
        device.line->raise();
        machine.settle();
        EXPECT_EQ(device.services, 1);
        EXPECT_EQ(device.irql, 8);
        const KIRQL old = KeAcquireInterruptSpinLock(interrupt);
        device.line->raise();
        machine.preemption_point();
        EXPECT_EQ(device.services, 1) << "masked";
        KeReleaseInterruptSpinLock(interrupt, old);
        EXPECT_EQ(device.services, 2);
        KIRQL seen = 0;
        EXPECT_TRUE(KeSynchronizeExecution(interrupt, &synchronized, &seen));
        EXPECT_EQ(seen, 8);
        IoDisconnectInterrupt(interrupt);
        device.line->raise();
        machine.settle();
        EXPECT_EQ(device.services, 2);
        EXPECT_EQ(kernel().pool.usage().blocks, 0U);
    });
}

NTSTATUS NTAPI refuse(PDEVICE_OBJECT, PIRP irp) {
    return complete(irp, irp->IoStatus.Status);
}

DEVICE_OBJECT* make_device(TestDriver& driver) {
    DEVICE_OBJECT* device = nullptr;
    IoCreateDevice(&driver.object, 0, nullptr, FILE_DEVICE_UNKNOWN, FILE_AUTOGENERATED_DEVICE_NAME, FALSE, &device);
    device->Flags &= ~static_cast<ULONG>(DO_DEVICE_INITIALIZING);
    device_record(device).instance_path = u"PCI\\TEST\\0";
    return device;
}

TEST_F(Hal, LineAndMessageInterruptsComeFromTheResources) {
    TestDriver driver(&refuse);
    Interrupting device;
    inside([&] {
        DEVICE_OBJECT* physical = make_device(driver);
        alignas(8) UCHAR buffer[sizeof(CM_RESOURCE_LIST) + sizeof(CM_PARTIAL_RESOURCE_DESCRIPTOR)] = {};
        auto* list = reinterpret_cast<CM_RESOURCE_LIST*>(buffer);
        list->Count = 1;
        list->List[0].PartialResourceList.Count = 2;
        auto* entries = list->List[0].PartialResourceList.PartialDescriptors;
        for (ULONG i = 0; i < 2; ++i) {
            entries[i].Type = CmResourceTypeInterrupt;
            entries[i].Flags = CM_RESOURCE_INTERRUPT_MESSAGE | CM_RESOURCE_INTERRUPT_LATCHED;
            entries[i].u.Interrupt.Level = 6;
            entries[i].u.Interrupt.Vector = 0x60 + i;
        }
        device_record(physical).translated_resources.assign(buffer, buffer + sizeof buffer);
        IO_CONNECT_INTERRUPT_PARAMETERS parameters{};
        PIO_INTERRUPT_MESSAGE_INFO table = nullptr;
        parameters.Version = CONNECT_MESSAGE_BASED;
        parameters.MessageBased.PhysicalDeviceObject = physical;
        parameters.MessageBased.ConnectionContext.InterruptMessageTable = &table;
        parameters.MessageBased.MessageServiceRoutine = &message_service;
        parameters.MessageBased.ServiceContext = &device;
        ASSERT_EQ(IoConnectInterruptEx(&parameters), STATUS_SUCCESS);
        EXPECT_EQ(table->MessageCount, 2U);
        machine.interrupt_line(0x61).pulse();
        machine.settle();
        EXPECT_EQ(device.message, 1U);
        IO_DISCONNECT_INTERRUPT_PARAMETERS disconnect{};
        disconnect.Version = CONNECT_MESSAGE_BASED;
        disconnect.ConnectionContext.InterruptMessageTable = table;
        IoDisconnectInterruptEx(&disconnect);

        parameters.Version = CONNECT_LINE_BASED;
        PKINTERRUPT interrupt = nullptr;
        parameters.LineBased = {};
        parameters.LineBased.PhysicalDeviceObject = physical;
        parameters.LineBased.InterruptObject = &interrupt;
        parameters.LineBased.ServiceRoutine = &service;
        EXPECT_EQ(IoConnectInterruptEx(&parameters), STATUS_NOT_FOUND) << "the device has messages only";
        parameters.Version = 99;
        EXPECT_EQ(IoConnectInterruptEx(&parameters), STATUS_NOT_SUPPORTED);
        EXPECT_EQ(parameters.Version, static_cast<ULONG>(CONNECT_CURRENT_VERSION));
        IoDeleteDevice(physical);
        EXPECT_EQ(kernel().pool.usage().blocks, 0U);
    });
}

// ---- DMA
// --------------------------------------------------------------------------------------------------------------

DEVICE_DESCRIPTION master(bool all_addresses) {
    DEVICE_DESCRIPTION description{};
    description.Version = DEVICE_DESCRIPTION_VERSION;
    description.Master = TRUE;
    description.ScatterGather = TRUE;
    description.Dma32BitAddresses = TRUE;
    description.Dma64BitAddresses = all_addresses;
    description.InterfaceType = PCIBus;
    description.MaximumLength = 64 * 1024;
    return description;
}

TEST_F(Hal, CommonBuffersAreContiguousAndWithinReach) {
    inside([&] {
        DEVICE_DESCRIPTION description = master(false);
        ULONG registers = 0;
        DMA_ADAPTER* adapter = IoGetDmaAdapter(nullptr, &description, &registers);
        ASSERT_NE(adapter, nullptr);
        EXPECT_EQ(registers, 17U);
        PHYSICAL_ADDRESS logical;
        void* memory = adapter->DmaOperations->AllocateCommonBuffer(adapter, 8'192, &logical, TRUE);
        ASSERT_NE(memory, nullptr);
        EXPECT_LT(logical.QuadPart, 1LL << 32);
        static_cast<char*>(memory)[8'191] = 'q';
        EXPECT_EQ(static_cast<char*>(machine.memory().to_virtual(logical.QuadPart, 8'192))[8'191], 'q');
        adapter->DmaOperations->FreeCommonBuffer(adapter, 8'192, logical, memory, TRUE);
        adapter->DmaOperations->PutDmaAdapter(adapter);
        EXPECT_EQ(kernel().contiguous.count(), 0U);
        EXPECT_EQ(kernel().pool.usage().blocks, 0U);
    });
}

struct Received {
    SCATTER_GATHER_LIST* list = nullptr;
};
void NTAPI list_ready(PDEVICE_OBJECT, PIRP, PSCATTER_GATHER_LIST list, PVOID context) {
    static_cast<Received*>(context)->list = list;
}

TEST_F(Hal, ScatterGatherListsBounceWhatTheDeviceCannotReach) {
    TestDriver driver(&refuse);
    inside([&] {
        DEVICE_OBJECT* physical = make_device(driver);
        auto* buffer = static_cast<char*>(ExAllocatePoolWithTag(NonPagedPoolNx, 3 * 4096, tag));
        memset(buffer, 'a', 3 * 4096);
        MDL* mdl = IoAllocateMdl(buffer + 10, 10'000, FALSE, FALSE, nullptr);
        MmBuildMdlForNonPagedPool(mdl);
        for (const bool far : {true, false}) {
            DEVICE_DESCRIPTION description = master(far);
            ULONG registers;
            DMA_ADAPTER* adapter = IoGetDmaAdapter(physical, &description, &registers);
            const auto& operations = *adapter->DmaOperations;
            Received received;
            const KIRQL old = KeRaiseIrqlToDpcLevel();
            ASSERT_EQ(operations.GetScatterGatherList(adapter, physical, mdl, buffer + 10, 10'000, &list_ready,
                                                      &received, FALSE),
                      STATUS_SUCCESS);
            ASSERT_NE(received.list, nullptr);
            ULONG total = 0;
            for (ULONG i = 0; i < received.list->NumberOfElements; ++i) {
                const auto& element = received.list->Elements[i];
                if (!far) {
                    EXPECT_LT(element.Address.QuadPart, 1LL << 32);
                }
                memset(machine.memory().to_virtual(element.Address.QuadPart, element.Length), 'b', element.Length);
                total += element.Length;
            }
            EXPECT_EQ(total, 10'000U);
            operations.PutScatterGatherList(adapter, received.list, FALSE);
            KeLowerIrql(old);
            EXPECT_EQ(buffer[9], 'a');
            EXPECT_EQ(buffer[10], 'b') << (far ? "direct" : "bounced");
            EXPECT_EQ(buffer[10'009], 'b');
            EXPECT_EQ(buffer[10'010], 'a');
            memset(buffer, 'a', 3 * 4096);
            operations.PutDmaAdapter(adapter);
        }
        IoFreeMdl(mdl);
        ExFreePool(buffer);
        EXPECT_EQ(machine.memory().allocated_bytes(), 0U);
    });
}

struct IsaController : SystemDmaController {
    Transfer transfer;
    bool masked = true;
    std::uint32_t counter = 0;
    bool has_channel(unsigned channel) const override { return channel == 1; }
    void program(unsigned, const Transfer& wanted) override {
        transfer = wanted;
        masked = false;
        counter = wanted.bytes;
    }
    void mask(unsigned) override { masked = true; }
    std::uint32_t read_counter(unsigned) const override { return counter; }
};

struct Channel {
    void* map_registers = nullptr;
    int calls = 0;
};
IO_ALLOCATION_ACTION NTAPI channel_ready(PDEVICE_OBJECT, PIRP, PVOID map_registers, PVOID context) {
    auto* channel = static_cast<Channel*>(context);
    channel->map_registers = map_registers;
    ++channel->calls;
    return KeepObject;
}

TEST_F(Hal, SlaveChannelsProgramTheControllerOneTransferAtATime) {
    TestDriver driver(&refuse);
    IsaController controller;
    kernel().dma_channels.attach(&controller);
    inside([&] {
        DEVICE_OBJECT* physical = make_device(driver);
        DEVICE_DESCRIPTION description{};
        description.DmaChannel = 3;
        description.InterfaceType = Isa;
        description.DmaWidth = Width8Bits;
        description.AutoInitialize = TRUE;
        description.MaximumLength = 0x4000;
        ULONG registers = 0;
        EXPECT_EQ(IoGetDmaAdapter(physical, &description, &registers), nullptr) << "no such channel";
        description.DmaChannel = 1;
        DMA_ADAPTER* adapter = IoGetDmaAdapter(physical, &description, &registers);
        ASSERT_NE(adapter, nullptr);
        const auto& operations = *adapter->DmaOperations;
        PHYSICAL_ADDRESS logical;
        void* memory = operations.AllocateCommonBuffer(adapter, 0x4000, &logical, FALSE);
        EXPECT_LT(logical.QuadPart + 0x4000, 1 << 24);
        EXPECT_EQ(logical.QuadPart >> 16, (logical.QuadPart + 0x3FFF) >> 16) << "R-DMA-02: inside one 64 KB page";
        MDL* mdl = IoAllocateMdl(memory, 0x4000, FALSE, FALSE, nullptr);
        MmBuildMdlForNonPagedPool(mdl);
        Channel first;
        Channel second;
        const KIRQL old = KeRaiseIrqlToDpcLevel();
        EXPECT_EQ(operations.AllocateAdapterChannel(adapter, physical, 4, &channel_ready, &first), STATUS_SUCCESS);
        EXPECT_EQ(operations.AllocateAdapterChannel(adapter, physical, 4, &channel_ready, &second), STATUS_SUCCESS);
        EXPECT_EQ(operations.AllocateAdapterChannel(adapter, physical, 400, &channel_ready, &second),
                  STATUS_INSUFFICIENT_RESOURCES);
        EXPECT_EQ(first.calls, 1);
        EXPECT_EQ(second.calls, 0) << "waits for the channel";
        ULONG length = 0x4000;
        const PHYSICAL_ADDRESS address =
            operations.MapTransfer(adapter, mdl, first.map_registers, MmGetMdlVirtualAddress(mdl), &length, TRUE);
        EXPECT_EQ(length, 0x4000U);
        EXPECT_EQ(address.QuadPart, logical.QuadPart);
        EXPECT_EQ(controller.transfer.address, static_cast<std::uint64_t>(logical.QuadPart));
        EXPECT_TRUE(controller.transfer.auto_initialize);
        EXPECT_TRUE(controller.transfer.to_device);
        controller.counter = 100;
        EXPECT_EQ(operations.ReadDmaCounter(adapter), 100U);
        operations.FlushAdapterBuffers(adapter, mdl, first.map_registers, MmGetMdlVirtualAddress(mdl), length, TRUE);
        EXPECT_TRUE(controller.masked);
        operations.FreeMapRegisters(adapter, first.map_registers, 4);
        operations.FreeAdapterChannel(adapter);
        EXPECT_EQ(second.calls, 1);
        operations.FreeMapRegisters(adapter, second.map_registers, 4);
        operations.FreeAdapterChannel(adapter);
        KeLowerIrql(old);
        IoFreeMdl(mdl);
        operations.FreeCommonBuffer(adapter, 0x4000, logical, memory, FALSE);
        operations.PutDmaAdapter(adapter);
    });
}

// ---- power
// --------------------------------------------------------------------------------------------------------------

using Po = ExecutiveTest;

struct PowerLog {
    std::vector<std::string> events;
    POHANDLE handle = nullptr;
    bool complete_power_irps_later = false;
};
PowerLog* power_log = nullptr;

NTSTATUS NTAPI power_dispatch(PDEVICE_OBJECT, PIRP irp) {
    IO_STACK_LOCATION* stack = IoGetCurrentIrpStackLocation(irp);
    power_log->events.push_back("irp " + std::to_string(stack->MinorFunction) + " D" +
                                std::to_string(stack->Parameters.Power.State.DeviceState - PowerDeviceD0));
    return complete(irp, STATUS_SUCCESS);
}

void NTAPI power_requested(PDEVICE_OBJECT, UCHAR minor, POWER_STATE state, PVOID context, PIO_STATUS_BLOCK result) {
    auto* log = static_cast<PowerLog*>(context);
    log->events.push_back("done " + std::to_string(minor) + " D" + std::to_string(state.DeviceState - PowerDeviceD0) +
                          (result->Status == STATUS_SUCCESS ? " ok" : " failed"));
}

TEST_F(Po, RequestedPowerIrpReachesTheStackAndReportsBack) {
    PowerLog log;
    power_log = &log;
    TestDriver driver(&power_dispatch);
    inside([&] {
        DEVICE_OBJECT* device = make_device(driver);
        POWER_STATE state;
        state.DeviceState = PowerDeviceD3;
        EXPECT_EQ(PoRequestPowerIrp(device, IRP_MN_SET_POWER, state, &power_requested, &log, nullptr), STATUS_PENDING);
        EXPECT_EQ(log.events, (std::vector<std::string>{"irp 2 D3", "done 2 D3 ok"}));
        EXPECT_EQ(PoRequestPowerIrp(device, IRP_MN_POWER_SEQUENCE, state, nullptr, nullptr, nullptr),
                  STATUS_INVALID_PARAMETER_2);
        log.events.clear();
        const KIRQL old = KeRaiseIrqlToDpcLevel();
        PoRequestPowerIrp(device, IRP_MN_SET_POWER, state, &power_requested, &log, nullptr);
        KeLowerIrql(old);
        machine.settle();
        EXPECT_EQ(log.events.size(), 2U) << "sent from a worker at PASSIVE_LEVEL";
        EXPECT_EQ(PoSetPowerState(device, DevicePowerState, state).DeviceState, PowerDeviceD0);
        EXPECT_EQ(PoSetPowerState(device, DevicePowerState, state).DeviceState, PowerDeviceD3);
        IoDeleteDevice(device);
        EXPECT_EQ(kernel().irps.living(), 0U);
        EXPECT_EQ(kernel().pool.usage().blocks, 0U);
    });
}

TEST_F(Po, IdleDetectionRequestsTheStateAfterItsTime) {
    PowerLog log;
    power_log = &log;
    TestDriver driver(&power_dispatch);
    inside([&] {
        DEVICE_OBJECT* device = make_device(driver);
        ULONG* counter = PoRegisterDeviceForIdleDetection(device, 3, 3, PowerDeviceD3);
        ASSERT_NE(counter, nullptr);
        machine.run_for(2'500'000'000);
        PoSetDeviceBusyEx(counter);
        machine.run_for(2'400'000'000);
        EXPECT_TRUE(log.events.empty());
        machine.run_for(1'000'000'000);
        EXPECT_EQ(log.events, (std::vector<std::string>{"irp 2 D3"}));
        EXPECT_EQ(PoRegisterDeviceForIdleDetection(device, 0, 0, PowerDeviceD3), nullptr);
    });
}

void NTAPI component_active(PVOID context, ULONG component) {
    static_cast<PowerLog*>(context)->events.push_back("active " + std::to_string(component));
}
void NTAPI component_idle(PVOID context, ULONG component) {
    auto* log = static_cast<PowerLog*>(context);
    log->events.push_back("idle " + std::to_string(component));
    PoFxCompleteIdleCondition(log->handle, component);
}
void NTAPI component_state(PVOID context, ULONG component, ULONG state) {
    auto* log = static_cast<PowerLog*>(context);
    log->events.push_back("F" + std::to_string(state));
    PoFxCompleteIdleState(log->handle, component);
}
void NTAPI power_required(PVOID context) {
    auto* log = static_cast<PowerLog*>(context);
    log->events.push_back("required");
    PoFxReportDevicePoweredOn(log->handle);
}
void NTAPI power_not_required(PVOID context) {
    auto* log = static_cast<PowerLog*>(context);
    log->events.push_back("not required");
    PoFxCompleteDevicePowerNotRequired(log->handle);
}

TEST_F(Po, PowerFrameworkTakesAnIdleDeviceDownAndBringsItBack) {
    PowerLog log;
    TestDriver driver(&refuse);
    inside([&] {
        DEVICE_OBJECT* device = make_device(driver);
        PO_FX_COMPONENT_IDLE_STATE states[2] = {{0, 0, 0}, {10'000, 20'000, 0}};
        PO_FX_DEVICE description{};
        description.Version = PO_FX_VERSION_V1;
        description.ComponentCount = 1;
        description.ComponentActiveConditionCallback = &component_active;
        description.ComponentIdleConditionCallback = &component_idle;
        description.ComponentIdleStateCallback = &component_state;
        description.DevicePowerRequiredCallback = &power_required;
        description.DevicePowerNotRequiredCallback = &power_not_required;
        description.DeviceContext = &log;
        description.Components[0].IdleStateCount = 2;
        description.Components[0].IdleStates = states;
        ASSERT_EQ(PoFxRegisterDevice(device, &description, &log.handle), STATUS_SUCCESS);
        PoFxSetDeviceIdleTimeout(log.handle, 1'000'000);
        PoFxActivateComponent(log.handle, 0, PO_FX_FLAG_BLOCKING);
        PoFxStartDevicePowerManagement(log.handle);
        machine.run_for(1'000'000'000);
        EXPECT_TRUE(log.events.empty()) << "held active";
        PoFxIdleComponent(log.handle, 0, PO_FX_FLAG_BLOCKING);
        EXPECT_EQ(log.events, (std::vector<std::string>{"idle 0", "F1"}));
        machine.run_for(50'000'000);
        EXPECT_EQ(log.events.size(), 2U) << "within the idle timeout";
        machine.run_for(100'000'000);
        EXPECT_EQ(log.events.back(), "not required");
        log.events.clear();
        PoFxActivateComponent(log.handle, 0, PO_FX_FLAG_BLOCKING);
        EXPECT_EQ(log.events, (std::vector<std::string>{"required", "F0", "active 0"}));
        log.events.clear();
        PoFxSetComponentLatency(log.handle, 0, 5'000);
        PoFxIdleComponent(log.handle, 0, 0);
        EXPECT_EQ(log.events, (std::vector<std::string>{"idle 0"})) << "F1 comes back too slowly";
        PoFxUnregisterDevice(log.handle);
        EXPECT_EQ(kernel().power.count(), 0U);
        machine.run_for(1'000'000'000);
        description.ComponentCount = 0;
        EXPECT_EQ(PoFxRegisterDevice(device, &description, &log.handle), STATUS_INVALID_PARAMETER);
    });
}

TEST_F(Po, PowerSettingsComeWithRegistrationAndOnChange) {
    static std::vector<ULONG> values;
    values.clear();
    inside([&] {
        const GUID display{0x6FE69556, 0x704A, 0x47A0, {0x8F, 0x24, 0xC2, 0x8D, 0x93, 0x6F, 0xDA, 0x47}};
        PVOID handle;
        ASSERT_EQ(PoRegisterPowerSettingCallback(
                      nullptr, &display,
                      [](LPCGUID, PVOID value, ULONG, PVOID) NTAPI -> NTSTATUS {
                          values.push_back(*static_cast<ULONG*>(value));
                          return STATUS_SUCCESS;
                      },
                      nullptr, &handle),
                  STATUS_SUCCESS);
        kernel().power.set_setting(display, {0, 0, 0, 0});
        EXPECT_EQ(PoUnregisterPowerSettingCallback(handle), STATUS_SUCCESS);
        kernel().power.set_setting(display, {1, 0, 0, 0});
        EXPECT_EQ(PoUnregisterPowerSettingCallback(handle), STATUS_INVALID_PARAMETER);
    });
    EXPECT_EQ(values, (std::vector<ULONG>{1, 0}));
}

} // namespace
} // namespace openportcls::executive
