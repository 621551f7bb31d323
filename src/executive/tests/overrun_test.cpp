// Drivers that write past what the kernel gave them: kernel objects, IRPs, MDLs, what callbacks are shown. The guest
// ends with a report that names the object, and nothing that the host needs is touched.
#include "executive/tests/fixture.h"

#include <ntddk.h>

#include <fmt/format.h>

#include "executive/ex/asan.h"
#include "executive/ke/thread_body.h"
#include "executive/registry/registry.h"
#include "machine/guest_heap.h"

namespace openportcls::executive {
namespace {

// ---- kernel objects -----------------------------------------------------------------------------------------------

struct Place {
    void* address = nullptr;
    std::size_t bytes = 0; // that drivers may know of
};

constexpr std::size_t opaque_bytes = 64;

Place behind_handle(HANDLE handle, std::size_t bytes) {
    void* body = nullptr;
    EXPECT_EQ(ObReferenceObjectByHandle(handle, 0, nullptr, KernelMode, &body, nullptr), STATUS_SUCCESS);
    return {body, bytes};
}

Place event_by_handle() {
    HANDLE handle = nullptr;
    EXPECT_EQ(ZwCreateEvent(&handle, EVENT_ALL_ACCESS, nullptr, NotificationEvent, FALSE), STATUS_SUCCESS);
    return behind_handle(handle, sizeof(KEVENT));
}

Place named_event() {
    UNICODE_STRING name = unicode(u"\\BaseNamedObjects\\opc");
    HANDLE handle = nullptr;
    return {IoCreateNotificationEvent(&name, &handle), sizeof(KEVENT)};
}

Place key() {
    HANDLE handle = nullptr;
    EXPECT_EQ(Registry::current().open_handle(registry_paths::machine, KEY_READ, false, &handle), STATUS_SUCCESS);
    return behind_handle(handle, opaque_bytes);
}

CALLBACK_OBJECT* new_callback() {
    UNICODE_STRING name = unicode(u"\\Callback\\opc");
    OBJECT_ATTRIBUTES attributes;
    InitializeObjectAttributes(&attributes, &name, 0, nullptr, nullptr);
    CALLBACK_OBJECT* object = nullptr;
    EXPECT_EQ(ExCreateCallback(&object, &attributes, TRUE, TRUE), STATUS_SUCCESS);
    return object;
}

Place callback() {
    return {new_callback(), opaque_bytes};
}

void NTAPI notified(PVOID, PVOID, PVOID) {}

Place registration() {
    return {ExRegisterCallback(new_callback(), &notified, nullptr), 4 * sizeof(void*)};
}

Place ex_timer() {
    return {ExAllocateTimer(nullptr, nullptr, 0), sizeof(DISPATCHER_HEADER)};
}

// As one that is set, which the machine's clock knows.
Place set_ex_timer() {
    EX_TIMER* timer = ExAllocateTimer(nullptr, nullptr, 0);
    ExSetTimer(timer, -10'000'000, 0, nullptr);
    return {timer, sizeof(DISPATCHER_HEADER)};
}

Place dma_adapter() {
    DEVICE_DESCRIPTION description{};
    description.Version = DEVICE_DESCRIPTION_VERSION;
    description.Master = TRUE;
    description.Dma32BitAddresses = TRUE;
    description.MaximumLength = 65536;
    ULONG registers = 0;
    return {IoGetDmaAdapter(nullptr, &description, &registers), sizeof(DMA_ADAPTER)};
}

Place current_thread() {
    return {PsGetCurrentThread(), sizeof(ThreadBody)};
}

void NTAPI sleep_for_ever(PVOID) {
    KEVENT never;
    KeInitializeEvent(&never, NotificationEvent, FALSE);
    KeWaitForSingleObject(&never, Executive, KernelMode, FALSE, nullptr);
}

Place system_thread() {
    HANDLE handle = nullptr;
    EXPECT_EQ(PsCreateSystemThread(&handle, 0, nullptr, nullptr, nullptr, &sleep_for_ever, nullptr), STATUS_SUCCESS);
    return behind_handle(handle, sizeof(ThreadBody));
}

Place current_process() {
    return {PsGetCurrentProcess(), sizeof(KEVENT)};
}

Place wmi_block() {
    const GUID id{1, 2, 3, {}};
    void* block = nullptr;
    EXPECT_EQ(IoWMIOpenBlock(&id, WMIGUID_QUERY, &block), STATUS_SUCCESS);
    return {block, sizeof(GUID) + 3 * sizeof(void*)};
}

NTSTATUS NTAPI succeed(PDEVICE_OBJECT, PIRP irp) {
    return complete(irp, STATUS_SUCCESS);
}

Place idle_counter() {
    static TestDriver driver(&succeed);
    DEVICE_OBJECT* device = nullptr;
    EXPECT_EQ(IoCreateDevice(&driver.object, 0, nullptr, FILE_DEVICE_KS, 0, FALSE, &device), STATUS_SUCCESS);
    driver.object.DeviceObject = nullptr;
    return {PoRegisterDeviceForIdleDetection(device, 10, 10, PowerDeviceD3), sizeof(ULONG)};
}

Place irp() {
    return {IoAllocateIrp(2, FALSE), IoSizeOfIrp(2)};
}

Place largest_irp() {
    return {IoAllocateIrp(10, FALSE), IoSizeOfIrp(10)};
}

Place mdl() {
    return {IoAllocateMdl(nullptr, 100, FALSE, FALSE, nullptr), MmSizeOfMdl(nullptr, 100)};
}

Place large_mdl() {
    return {IoAllocateMdl(nullptr, 1 << 20, FALSE, FALSE, nullptr), MmSizeOfMdl(nullptr, 1 << 20)};
}

struct Object {
    const char* what;
    Place (*make)();
};

void PrintTo(const Object& object, std::ostream* out) {
    *out << object.what;
}

class Overrun : public ExecutiveTest, public testing::WithParamInterface<Object> {
protected:
    void SetUp() override {
        if (machine::GuestHeap::belongs_to_sanitizer()) {
            GTEST_SKIP() << "the sanitizer keeps the blocks";
        }
    }

    // Writes over [begin, end) of the object, counted from its first byte; down when `end` is below.
    void write(std::ptrdiff_t begin, std::ptrdiff_t end) {
        place_ = GetParam().make();
        ASSERT_NE(place_.address, nullptr);
        auto* const bytes = static_cast<volatile char*>(place_.address);
        const std::ptrdiff_t step = begin < end ? 1 : -1;
        for (std::ptrdiff_t offset = begin; offset != end; offset += step) {
            bytes[offset] = 0x41;
        }
    }
    std::string named() const { return fmt::format("the {} of {} bytes", GetParam().what, place_.bytes); }
    const std::string& rule() const { return machine.bugcheck_report()->rule; }

    Place place_;
};

TEST_P(Overrun, OfAFewBytesIsReportedInTheEnd) {
    expect_bugcheck(0x19, "was written past its end: 0x41", [&] {
        place_ = GetParam().make();
        memset(static_cast<char*>(place_.address) + place_.bytes, 0x41, 16);
        kernel().check_memory("In the end");
    });
    EXPECT_NE(rule().find(named()), std::string::npos) << rule();
    EXPECT_NE(rule().find(fmt::format("at offset {}", place_.bytes)), std::string::npos) << rule();
    EXPECT_EQ(machine.bugcheck_report()->parameters[0], 0x21U);
    EXPECT_FALSE(machine.bugcheck_report()->stack.empty());
}

TEST_P(Overrun, InFrontIsReportedInTheEnd) {
    expect_bugcheck(0x19, "in front of " + std::string("the ") + GetParam().what, [&] {
        place_ = GetParam().make();
        memset(static_cast<char*>(place_.address) - 8, 0x41, 8);
        kernel().check_memory("In the end");
    });
    EXPECT_EQ(machine.bugcheck_report()->parameters[0], 0x20U);
}

// A structure that is taken for a larger one, an index that runs away: the host's memory stays as it is.
TEST_P(Overrun, FarBehindEndsTheGuestOnly) {
    expect_bugcheck(0xCD, "bytes behind the ", [&] { write(0, 1 << 20); });
    EXPECT_NE(rule().find(named()), std::string::npos) << rule();
}

INSTANTIATE_TEST_SUITE_P(
    Ex, Overrun,
    testing::Values(Object{"event object", &event_by_handle}, Object{"event object", &named_event},
                    Object{"key object", &key}, Object{"callback object", &callback},
                    Object{"callback registration", &registration}, Object{"thread object", &current_thread},
                    Object{"thread object", &system_thread}, Object{"process object", &current_process},
                    Object{"WMI data block object", &wmi_block}, Object{"idle counter", &idle_counter},
                    Object{"IRP", &irp}, Object{"IRP", &largest_irp}, Object{"MDL", &mdl}, Object{"MDL", &large_mdl},
                    Object{"pool block 'ExTm'", &ex_timer}, Object{"pool block 'ExTm'", &set_ex_timer},
                    Object{"pool block 'DmaA'", &dma_adapter}));

// ---- IRPs and MDLs: at the next call that has to do with them ------------------------------------------------------

class OverrunOfRequest : public ExecutiveTest {
protected:
    void SetUp() override {
        if (machine::GuestHeap::belongs_to_sanitizer()) {
            GTEST_SKIP() << "the sanitizer keeps the blocks";
        }
    }
};

[[gnu::noinline]] IRP* allocate_irp_here() {
    IRP* volatile irp = IoAllocateIrp(1, FALSE);
    return irp;
}

TEST_F(OverrunOfRequest, AnIrpIsReportedWhenItIsFreed) {
    expect_bugcheck(0x19, fmt::format("IoFreeIrp: the IRP of {} bytes", IoSizeOfIrp(1)), [] {
        IRP* irp = allocate_irp_here();
        IoSkipCurrentIrpStackLocation(irp); // of one that was never dispatched
        IoGetNextIrpStackLocation(irp)->Context = nullptr;
        memset(irp + 1, 0, 2 * sizeof(IO_STACK_LOCATION)); // of one location
        IoFreeIrp(irp);
    });
    const std::string text = machine.bugcheck_report()->to_text();
    EXPECT_LT(text.find("allocated by"), text.find("allocate_irp_here")) << text;
}

TEST_F(OverrunOfRequest, AnIrpIsReportedWhenItIsUsedAgain) {
    expect_bugcheck(0x19, "IoReuseIrp: the IRP of", [] {
        IRP* irp = IoAllocateIrp(1, FALSE);
        reinterpret_cast<char*>(irp)[IoSizeOfIrp(1) + 20] = 1;
        IoReuseIrp(irp, STATUS_SUCCESS);
    });
}

TEST_F(OverrunOfRequest, AnMdlIsReportedWhenItIsFreed) {
    expect_bugcheck(0x19, "IoFreeMdl: the MDL of 56 bytes", [] {
        MDL* mdl = IoAllocateMdl(nullptr, 64, FALSE, FALSE, nullptr);
        MmGetMdlPfnArray(mdl)[1] = 7; // of one page
        IoFreeMdl(mdl);
    });
    EXPECT_EQ(machine.bugcheck_report()->parameters[0], 0x21U);
}

TEST_F(OverrunOfRequest, WhatComesFromTheFreeListIsGuardedAgain) {
    inside([] {
        for (ULONG pages = 1; pages <= 40; ++pages) {
            MDL* mdl = IoAllocateMdl(nullptr, pages * PAGE_SIZE, FALSE, FALSE, nullptr);
            for (ULONG page = 0; page < pages; ++page) {
                MmGetMdlPfnArray(mdl)[page] = page;
            }
            IoFreeMdl(mdl);
        }
        for (CCHAR size = 1; size <= 20; ++size) {
            IRP* irp = IoAllocateIrp(size, FALSE);
            memset(irp + 1, 0x41, static_cast<std::size_t>(size) * sizeof(IO_STACK_LOCATION));
            IoReuseIrp(irp, STATUS_SUCCESS);
            IoFreeIrp(irp);
        }
    });
}

// A driver that answers with more than the buffer takes.
NTSTATUS NTAPI answer_too_much(PDEVICE_OBJECT, PIRP irp) {
    if (IoGetCurrentIrpStackLocation(irp)->MajorFunction == IRP_MJ_DEVICE_CONTROL) {
        memset(irp->AssociatedIrp.SystemBuffer, 0x41, 24);
    }
    return complete(irp, STATUS_SUCCESS, 20);
}

TEST_F(OverrunOfRequest, TheSystemBufferIsReportedWhenTheRequestIsComplete) {
    static constexpr ULONG code = CTL_CODE(0x22, 0x801, METHOD_BUFFERED, FILE_ANY_ACCESS);
    TestDriver driver(&answer_too_much);
    expect_bugcheck(0x19, "IoCompleteRequest: the system buffer of a request of 20 bytes", [&] {
        DEVICE_OBJECT* device = nullptr;
        UNICODE_STRING name = unicode(u"\\Device\\OpcOverrun");
        ASSERT_EQ(IoCreateDevice(&driver.object, 0, &name, FILE_DEVICE_KS, 0, FALSE, &device), STATUS_SUCCESS);
        device->Flags &= ~static_cast<ULONG>(DO_DEVICE_INITIALIZING);
        FILE_OBJECT* file = nullptr;
        ASSERT_EQ(open_file(u"\\Device\\OpcOverrun", nullptr, &file), STATUS_SUCCESS);
        char bytes[20] = {};
        (void)device_control(file, code, bytes, sizeof bytes, bytes, sizeof bytes, nullptr);
    });
}

// ---- what a callback is shown
// -----------------------------------------------------------------------------------------

NTSTATUS NTAPI terminate_value(PWSTR, ULONG, PVOID data, ULONG length, PVOID, PVOID) {
    static_cast<char*>(data)[length] = 0;
    return STATUS_SUCCESS;
}

TEST_F(OverrunOfRequest, ARegistryValueIsReportedWhenTheRoutineReturns) {
    expect_bugcheck(0x19, "the registry value of 4 bytes", [] {
        const auto key = Registry::current().create(u"\\Registry\\Machine\\Software\\Opc");
        const std::uint8_t value[4] = {1, 2, 3, 4};
        key->set_value(u"Number", REG_DWORD, value);
        RTL_QUERY_REGISTRY_TABLE table[2]{};
        table[0].Name = const_cast<PWSTR>(u"Number");
        table[0].QueryRoutine = &terminate_value;
        RtlQueryRegistryValues(RTL_REGISTRY_ABSOLUTE, u"\\Registry\\Machine\\Software\\Opc", table, nullptr, nullptr);
    });
}

// ---- objects that are none
// ----------------------------------------------------------------------------------------------

TEST_F(OverrunOfRequest, ACallbackObjectThatIsNoneIsABugcheck) {
    expect_bugcheck(0x18, "ExNotifyCallback was given what is no callback object", [] {
        void* block = ExAllocatePoolWithTag(NonPagedPool, 64, 'tseT');
        ExNotifyCallback(block, nullptr, nullptr);
    });
}

TEST_F(OverrunOfRequest, ATimerThatWasDeletedIsABugcheck) {
    expect_bugcheck(0xC4, "ExSetTimer was given what is no timer", [] {
        EX_TIMER* timer = ExAllocateTimer(nullptr, nullptr, 0);
        ExDeleteTimer(timer, TRUE, FALSE, nullptr);
        ExSetTimer(timer, -10, 0, nullptr);
    });
}

TEST_F(OverrunOfRequest, AnAdapterThatWasPutIsABugcheck) {
    expect_bugcheck(0xE6, "no DMA adapter, or has been put", [] {
        auto* adapter = static_cast<DMA_ADAPTER*>(dma_adapter().address);
        const DMA_OPERATIONS* operations = adapter->DmaOperations;
        operations->PutDmaAdapter(adapter);
        operations->PutDmaAdapter(adapter);
    });
}

} // namespace
} // namespace openportcls::executive
