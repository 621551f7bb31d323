// Debugging, tracing, exceptions, types of objects and other services of the kernel, each as its page says.
#include <cstring>
#include <filesystem>
#include <fstream>
#include <unistd.h>

#include <ntifs.h>

#include "base/unicode.h"
#include "executive/etw/debug_log.h"
#include "executive/ex/exceptions.h"
#include "executive/files/files.h"
#include "executive/objects/object_manager.h"
#include "executive/objects/object_types.h"
#include "executive/registry/registry.h"
#include "executive/tests/hardware_fixture.h"
#include "executive/tests/kernel_fixture.h"

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

namespace openportcls::executive {
namespace {

class KernelServices : public ExecutiveTest {
protected:
    static const LogRecord& last_record() { return Etw::current().records().back(); }
};

ULONG WINAPIV print_list(ULONG component, ULONG level, PCSTR format, ...) {
    OPC_VA_LIST arguments;
    OPC_VA_START(arguments, format);
    const ULONG status = vDbgPrintEx(component, level, format, arguments);
    OPC_VA_END(arguments);
    return status;
}

ULONG WINAPIV print_prefixed(PCSTR prefix, ULONG component, ULONG level, PCSTR format, ...) {
    OPC_VA_LIST arguments;
    OPC_VA_START(arguments, format);
    const ULONG status = vDbgPrintExWithPrefix(prefix, component, level, format, arguments);
    OPC_VA_END(arguments);
    return status;
}

// vDbgPrintEx, vDbgPrintExWithPrefix: as DbgPrintEx, filters included; the prefix comes before the text.
TEST_F(KernelServices, ArgumentListsArePrinted) {
    inside([&] {
        EXPECT_EQ(print_list(77, 0, "pin %d of %s", 3, "wave"), static_cast<ULONG>(STATUS_SUCCESS));
        EXPECT_EQ(last_record().text, "pin 3 of wave");
        EXPECT_EQ(last_record().component, 77u);
        EXPECT_EQ(print_prefixed("card: ", 77, 0, "%u%%", 50u), static_cast<ULONG>(STATUS_SUCCESS));
        EXPECT_EQ(last_record().text, "card: 50%");
        print_prefixed("", 77, 0, "%s", std::string(600, 'x').c_str());
        EXPECT_EQ(last_record().text.size(), 512u) << "one message is 512 bytes at most";
        const std::size_t shown = Etw::current().records().size();
        DbgSetDebugFilterState(77, 3, FALSE);
        print_list(77, 3, "hidden");
        print_prefixed("also ", 77, 3, "hidden");
        EXPECT_EQ(Etw::current().records().size(), shown);
    });
}

// DbgPrompt, DbgPrintReturnControlC: the text is shown, and nobody is there to answer it or to press Control-C.
TEST_F(KernelServices, NobodyAnswersAPrompt) {
    inside([&] {
        char response[4] = "abc";
        EXPECT_EQ(DbgPrompt("Go on?", response, sizeof response), 0u) << "no characters received";
        EXPECT_EQ(last_record().text, "Go on?");
        EXPECT_STREQ(response + 1, "bc");
        char untouched = 'u';
        EXPECT_EQ(DbgPrompt("Again?", &untouched, 0), 0u);
        EXPECT_EQ(untouched, 'u') << "the buffer has no room";
        EXPECT_EQ(DbgPrintReturnControlC("%d left", 4), static_cast<ULONG>(STATUS_SUCCESS));
        EXPECT_EQ(last_record().text, "4 left");
    });
}

// DbgBreakPointWithStatus: an exception whose status a debugger would see.
TEST_F(KernelServices, BreakpointsWithAStatusEndTheGuest) {
    expect_bugcheck(0x1E, "DbgBreakPointWithStatus", [] { DbgBreakPointWithStatus(0x1234); });
    EXPECT_EQ(machine.bugcheck_report()->parameters[0], 0x80000003u);
    EXPECT_EQ(machine.bugcheck_report()->parameters[3], 0x1234u);
}

// EtwWriteEx, EtwSetInformation
TEST_F(KernelServices, EventsOfProvidersAndWhatIsSetForThem) {
    inside([&] {
        const GUID id = {9, 8, 7, {}};
        REGHANDLE handle = 0;
        ASSERT_EQ(EtwRegister(&id, nullptr, nullptr, &handle), STATUS_SUCCESS);
        EVENT_DESCRIPTOR event{};
        event.Id = 5;
        event.Level = 4;
        EXPECT_EQ(EtwWriteEx(handle, &event, 0, 0, nullptr, nullptr, 0, nullptr), STATUS_SUCCESS);
        EXPECT_TRUE(Etw::current().records().empty()) << "no session listens";
        Etw::current().enable_provider(id, true, 4, 0);
        EVENT_DATA_DESCRIPTOR data;
        EventDataDescCreate(&data, &event, sizeof event);
        EXPECT_EQ(EtwWriteEx(handle, &event, 0, 0, nullptr, nullptr, 1, &data), STATUS_SUCCESS);
        ASSERT_EQ(Etw::current().records().size(), 1u);
        EXPECT_EQ(last_record().component, 5u);
        EXPECT_EQ(EtwWriteEx(handle, &event, 0, 1, nullptr, nullptr, 1, &data), STATUS_INVALID_PARAMETER)
            << "flags are reserved";
        EXPECT_EQ(EtwWriteEx(handle, &event, 0, 0, nullptr, nullptr, 129, &data), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(EtwWriteEx(handle, &event, 0, 0, nullptr, nullptr, 1, nullptr), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(Etw::current().records().size(), 1u);

        constexpr ULONG traits = 2;
        UCHAR own_traits[6] = {6, 0, 'C', 'a', 'r', 0};
        EXPECT_EQ(EtwSetInformation(handle, traits, own_traits, sizeof own_traits), STATUS_SUCCESS);
        own_traits[0] = 7;
        EXPECT_EQ(EtwSetInformation(handle, traits, own_traits, sizeof own_traits), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(EtwSetInformation(handle, traits, nullptr, 0), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(EtwSetInformation(handle, 99, own_traits, sizeof own_traits), STATUS_INVALID_DEVICE_REQUEST);
        EtwUnregister(handle);
        EXPECT_EQ(EtwSetInformation(handle, traits, own_traits, sizeof own_traits), STATUS_INVALID_HANDLE);
        EXPECT_EQ(EtwWriteEx(handle, &event, 0, 0, nullptr, nullptr, 0, nullptr), STATUS_INVALID_HANDLE);
    });
}

struct Raise {
    void(NTAPI* function)();
    NTSTATUS status;
};
class Raising : public KernelServices, public ::testing::WithParamInterface<Raise> {};

std::vector<NTSTATUS> dispatched;

// ExRaiseAccessViolation, ExRaiseDatatypeMisalignment, ExRaiseStatus: whoever finds handlers is asked with the status;
// without one the exception ends the guest.
TEST_P(Raising, HandlersAreLookedForFirst) {
    dispatched.clear();
    expect_bugcheck(0x1E, "Nobody handles", [&] {
        set_exception_dispatcher([](NTSTATUS which) { dispatched.push_back(which); });
        GetParam().function();
    });
    EXPECT_EQ(dispatched, (std::vector<NTSTATUS>{GetParam().status}));
    EXPECT_EQ(machine.bugcheck_report()->parameters[0], static_cast<std::uint32_t>(GetParam().status));
}

void NTAPI raise_timeout() {
    ExRaiseStatus(STATUS_IO_TIMEOUT);
}

INSTANTIATE_TEST_SUITE_P(Exceptions, Raising,
                         ::testing::Values(Raise{&ExRaiseAccessViolation, STATUS_ACCESS_VIOLATION},
                                           Raise{&ExRaiseDatatypeMisalignment, STATUS_DATATYPE_MISALIGNMENT},
                                           Raise{&raise_timeout, STATUS_IO_TIMEOUT}));

// CmKeyObjectType, IoDeviceObjectType, IoDriverObjectType, PsProcessType, SeTokenObjectType: each is the type of its
// objects and of no others.
TEST_F(KernelServices, ObjectsAreOfTheirType) {
    TestDriver driver(&refuse);
    inside([&] {
        DEVICE_OBJECT* device = make_device(driver);
        ObjectManager::current().add(&driver.object, object_types::driver, {});
        HANDLE key_handle = nullptr;
        ASSERT_EQ(ZwCreateKey(&key_handle, KEY_READ, Name(u"\\Registry\\Machine\\Software\\Types").attributes(), 0,
                              nullptr, 0, nullptr),
                  STATUS_SUCCESS);
        PVOID key = nullptr;
        ASSERT_EQ(ObReferenceObjectByHandle(key_handle, KEY_READ, *CmKeyObjectType, KernelMode, &key, nullptr),
                  STATUS_SUCCESS);
        const std::pair<PVOID, POBJECT_TYPE> objects[] = {{device, *IoDeviceObjectType},
                                                          {&driver.object, *IoDriverObjectType},
                                                          {PsGetCurrentProcess(), *PsProcessType},
                                                          {key, *CmKeyObjectType}};
        for (const auto& [object, own_type] : objects) {
            for (POBJECT_TYPE type : {*IoDeviceObjectType, *IoDriverObjectType, *PsProcessType, *CmKeyObjectType,
                                      *SeTokenObjectType, *PsThreadType}) {
                const NTSTATUS status = ObReferenceObjectByPointer(object, 0, type, KernelMode);
                EXPECT_EQ(status, type == own_type ? STATUS_SUCCESS : STATUS_OBJECT_TYPE_MISMATCH);
                if (NT_SUCCESS(status)) {
                    ObDereferenceObject(object);
                }
            }
        }
        EXPECT_EQ(ObReferenceObjectByHandle(key_handle, KEY_READ, *SeTokenObjectType, KernelMode, &key, nullptr),
                  STATUS_OBJECT_TYPE_MISMATCH)
            << "there are no tokens";
        ObDereferenceObject(objects[3].first);
        ZwClose(key_handle);
        ObDereferenceObject(&driver.object);
        IoDeleteDevice(device);
    });
}

// SeSinglePrivilegeCheck: kernel mode holds every privilege, an application none.
TEST_F(KernelServices, OnlyTheKernelHoldsPrivileges) {
    inside([&] {
        const LUID load_driver{10, 0};
        EXPECT_TRUE(SeSinglePrivilegeCheck(load_driver, KernelMode));
        EXPECT_FALSE(SeSinglePrivilegeCheck(load_driver, UserMode));
    });
}

// There are no processes to tell of: PsSetCreateProcessNotifyRoutine takes the routine and never calls it.
TEST_F(KernelServices, PsSetCreateProcessNotifyRoutineIsNeverToldOfAThread) {
    static int told;
    told = 0;
    const PCREATE_PROCESS_NOTIFY_ROUTINE routine = +[](HANDLE, HANDLE, BOOLEAN) NTAPI { ++told; };
    inside([&] {
        EXPECT_EQ(PsSetCreateProcessNotifyRoutine(routine, FALSE), STATUS_SUCCESS);
        HANDLE thread = nullptr;
        ASSERT_EQ(PsCreateSystemThread(
                      &thread, THREAD_ALL_ACCESS, nullptr, nullptr, nullptr,
                      +[](PVOID) NTAPI { PsTerminateSystemThread(STATUS_SUCCESS); }, nullptr),
                  STATUS_SUCCESS);
        machine.settle();
        ZwClose(thread);
        EXPECT_EQ(told, 0);
        EXPECT_EQ(PsSetCreateProcessNotifyRoutine(routine, TRUE), STATUS_SUCCESS);
    });
}

// RtlWalkFrameChain: the callers from its own on; flags ask for frames of user mode, and there are none.
TEST_F(KernelServices, RtlWalkFrameChainWalksTheSameStack) {
    inside([&] {
        PVOID captured[16] = {};
        PVOID walked[16] = {};
        const ULONG count = RtlCaptureStackBackTrace(0, 16, captured, nullptr);
        EXPECT_EQ(RtlWalkFrameChain(walked, 16, 0), count);
        ASSERT_GE(count, 2u);
        for (ULONG i = 1; i < count; ++i) { // the first are two places in this function
            EXPECT_EQ(walked[i], captured[i]) << i;
        }
        std::memset(walked, 0, sizeof walked);
        EXPECT_EQ(RtlWalkFrameChain(walked, 1, 0), 1u);
        EXPECT_EQ(walked[1], nullptr);
        EXPECT_EQ(RtlWalkFrameChain(walked, 16, 1), 0u);
    });
}

#if defined(__x86_64__)
// KeSaveExtendedProcessorState, KeRestoreExtendedProcessorState: what the mask names comes back, the rest stays.
TEST_F(KernelServices, SavedProcessorStateComesBack) {
    inside([&] {
        constexpr ULONG64 floating_point = 1;
        constexpr ULONG64 sse = 2;
        constexpr unsigned round_to_zero = 0x6000;
        const unsigned before = _mm_getcsr();
        const KIRQL old = KeRaiseIrqlToDpcLevel();
        XSTATE_SAVE save;
        ASSERT_EQ(KeSaveExtendedProcessorState(floating_point | sse, &save), STATUS_SUCCESS);
        _mm_setcsr(before | round_to_zero);
        KeRestoreExtendedProcessorState(&save);
        EXPECT_EQ(_mm_getcsr(), before);
        ASSERT_EQ(KeSaveExtendedProcessorState(floating_point, &save), STATUS_SUCCESS);
        _mm_setcsr(before | round_to_zero);
        KeRestoreExtendedProcessorState(&save);
        EXPECT_EQ(_mm_getcsr(), before | round_to_zero) << "not asked for";
        _mm_setcsr(before);
        KeLowerIrql(old);
    });
}
#endif

// KeInvalidateAllCaches: what was written is in memory afterwards; DISPATCH_LEVEL is the limit.
TEST_F(KernelServices, KeInvalidateAllCachesLosesNothing) {
    expect_bugcheck(0x0A, "KeInvalidateAllCaches", [&] {
        volatile ULONG value = 5;
        const KIRQL old = KeRaiseIrqlToDpcLevel();
        KeInvalidateAllCaches();
        EXPECT_EQ(value, 5u);
        KeLowerIrql(old);
        KIRQL below;
        KeRaiseIrql(HIGH_LEVEL, &below);
        KeInvalidateAllCaches();
    });
}

// PoCreatePowerRequest, PoSetPowerRequest, PoClearPowerRequest, PoDeletePowerRequest
TEST_F(KernelServices, PowerRequestsOfDriversKeepTheSystemAwakeOnly) {
    TestDriver driver(&refuse);
    inside([&] {
        DEVICE_OBJECT* device = make_device(driver);
        PVOID request = &driver;
        EXPECT_EQ(PoCreatePowerRequest(&request, nullptr, nullptr), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(request, nullptr);
        const std::size_t blocks = kernel().pool.usage().blocks;
        ASSERT_EQ(PoCreatePowerRequest(&request, device, nullptr), STATUS_SUCCESS);
        ASSERT_NE(request, nullptr);
        EXPECT_EQ(PoClearPowerRequest(request, PowerRequestSystemRequired), STATUS_INVALID_PARAMETER) << "none is set";
        const KIRQL old = KeRaiseIrqlToDpcLevel();
        EXPECT_EQ(PoSetPowerRequest(request, PowerRequestSystemRequired), STATUS_SUCCESS);
        EXPECT_EQ(PoSetPowerRequest(request, PowerRequestSystemRequired), STATUS_SUCCESS) << "they are counted";
        EXPECT_EQ(PoClearPowerRequest(request, PowerRequestSystemRequired), STATUS_SUCCESS);
        EXPECT_EQ(PoClearPowerRequest(request, PowerRequestSystemRequired), STATUS_SUCCESS);
        EXPECT_EQ(PoClearPowerRequest(request, PowerRequestSystemRequired), STATUS_INVALID_PARAMETER);
        KeLowerIrql(old);
        for (const POWER_REQUEST_TYPE type :
             {PowerRequestDisplayRequired, PowerRequestAwayModeRequired, PowerRequestExecutionRequired}) {
            EXPECT_EQ(PoSetPowerRequest(request, type), STATUS_NOT_SUPPORTED);
            EXPECT_EQ(PoClearPowerRequest(request, type), STATUS_NOT_SUPPORTED);
        }
        PoDeletePowerRequest(request);
        EXPECT_EQ(kernel().pool.usage().blocks, blocks);
        IoDeleteDevice(device);
    });
}

// ZwCreateDirectoryObject: names live in it; it goes with its last handle unless it is permanent.
TEST_F(KernelServices, ObjectDirectoriesAreCreatedAndOpened) {
    inside([&] {
        HANDLE directory = nullptr;
        ASSERT_EQ(ZwCreateDirectoryObject(&directory, DIRECTORY_ALL_ACCESS, Name(u"\\OpcTest").attributes()),
                  STATUS_SUCCESS);
        HANDLE event = nullptr;
        ASSERT_EQ(ZwCreateEvent(&event, EVENT_ALL_ACCESS,
                                Name(u"Ready").attributes(OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, directory),
                                NotificationEvent, FALSE),
                  STATUS_SUCCESS);
        HANDLE same = nullptr;
        EXPECT_EQ(ZwOpenEvent(&same, EVENT_ALL_ACCESS, Name(u"\\OpcTest\\ready").attributes()), STATUS_SUCCESS);
        ZwClose(same);
        HANDLE other = nullptr;
        EXPECT_EQ(ZwCreateDirectoryObject(&other, DIRECTORY_ALL_ACCESS, Name(u"\\OpcTest").attributes()),
                  STATUS_OBJECT_NAME_COLLISION);
        EXPECT_EQ(ZwCreateDirectoryObject(&other, DIRECTORY_ALL_ACCESS,
                                          Name(u"\\OpcTest").attributes(OBJ_KERNEL_HANDLE | OBJ_OPENIF)),
                  STATUS_SUCCESS);
        ZwClose(other);
        EXPECT_EQ(ZwCreateDirectoryObject(&other, DIRECTORY_ALL_ACCESS, Name(u"\\Nowhere\\OpcTest").attributes()),
                  STATUS_OBJECT_PATH_NOT_FOUND);
        ZwClose(event);
        ZwClose(directory);
        EXPECT_NE(ObjectManager::current().lookup(u"\\OpcTest").status, STATUS_SUCCESS) << "temporary";
        ASSERT_EQ(ZwCreateDirectoryObject(&directory, DIRECTORY_ALL_ACCESS,
                                          Name(u"\\OpcKept").attributes(OBJ_KERNEL_HANDLE | OBJ_PERMANENT)),
                  STATUS_SUCCESS);
        ZwClose(directory);
        EXPECT_EQ(ObjectManager::current().lookup(u"\\OpcKept").status, STATUS_SUCCESS);
    });
}

class OnDisk : public KernelServices {
protected:
    OnDisk() : folder_(std::filesystem::temp_directory_path() / ("opc_services_" + std::to_string(getpid()))) {
        std::filesystem::remove_all(folder_);
        std::filesystem::create_directories(folder_);
    }
    ~OnDisk() override { std::filesystem::remove_all(folder_); }
    static std::string content(const std::filesystem::path& path) {
        std::ifstream stream(path);
        return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
    }

    std::filesystem::path folder_;
};

// ZwFlushKey: what was set is on the disk when it returns.
TEST_F(OnDisk, ZwFlushKeyWritesTheRegistry) {
    const auto file = folder_ / "registry.json";
    inside([&] {
        ASSERT_TRUE(Registry::current().persist_in(file));
        HANDLE key = nullptr;
        ASSERT_EQ(ZwCreateKey(&key, KEY_ALL_ACCESS, Name(u"\\Registry\\Machine\\Software\\Flushed").attributes(), 0,
                              nullptr, 0, nullptr),
                  STATUS_SUCCESS);
        ULONG value = 7;
        ZwSetValueKey(key, Name(u"JustNow"), 0, REG_DWORD, &value, sizeof value);
        EXPECT_EQ(content(file).find("JustNow"), std::string::npos);
        EXPECT_EQ(ZwFlushKey(key), STATUS_SUCCESS);
        EXPECT_NE(content(file).find("JustNow"), std::string::npos);
        ZwClose(key);
        EXPECT_EQ(ZwFlushKey(key), STATUS_INVALID_HANDLE);
    });
}

// The link stays one, and what it leads to is written, whether there was something before or not.
TEST_F(OnDisk, ARegistryBehindALinkIsWrittenThroughIt) {
    std::filesystem::create_directories(folder_ / "kept");
    std::filesystem::create_symlink("kept/registry.json", folder_ / "link");
    std::filesystem::create_symlink("link", folder_ / "second");
    inside([&] {
        for (const char* round : {"first", "second"}) {
            ASSERT_TRUE(Registry::current().persist_in(folder_ / "second")) << round;
            Registry::current().create(u"\\Registry\\Machine\\Software\\Linked")->set_dword(utf8_to_utf16(round), 7);
            ASSERT_TRUE(Registry::current().save()) << round;
            EXPECT_NE(content(folder_ / "kept" / "registry.json").find(round), std::string::npos);
            EXPECT_TRUE(std::filesystem::is_symlink(folder_ / "second"));
            EXPECT_TRUE(std::filesystem::is_symlink(folder_ / "link"));
        }
        EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_ / "kept"), {}), 1);
        std::filesystem::create_symlink("circle", folder_ / "circle");
        EXPECT_FALSE(Registry::current().persist_in(folder_ / "circle"));
        std::filesystem::create_symlink("nowhere/registry.json", folder_ / "astray");
        const auto astray = Registry::current().persist_in(folder_ / "astray");
        ASSERT_FALSE(astray);
        EXPECT_NE(astray.error().message.find("nowhere"), std::string::npos) << astray.error().message;
    });
}

// ZwFlushBuffersFile, ZwFsControlFile, ZwQueryFullAttributesFile
TEST_F(OnDisk, FilesAreFlushedAskedByNameAndHaveNoControlCodes) {
    inside([&] {
        ASSERT_TRUE(Files::current().set_sandbox(folder_ / "c"));
        IO_STATUS_BLOCK result{};
        const auto open = [&](const char16_t* path, ACCESS_MASK access, ULONG disposition) {
            HANDLE file = nullptr;
            EXPECT_EQ(ZwCreateFile(&file, access | SYNCHRONIZE, Name(path).attributes(), &result, nullptr, 0,
                                   FILE_SHARE_READ | FILE_SHARE_WRITE, disposition, FILE_SYNCHRONOUS_IO_NONALERT,
                                   nullptr, 0),
                      STATUS_SUCCESS);
            return file;
        };
        const HANDLE file = open(u"\\??\\C:\\log", GENERIC_WRITE, FILE_CREATE);
        char text[] = "12345";
        ASSERT_EQ(ZwWriteFile(file, nullptr, nullptr, nullptr, &result, text, 5, nullptr, nullptr), STATUS_SUCCESS);
        result.Information = 99;
        EXPECT_EQ(ZwFlushBuffersFile(file, &result), STATUS_SUCCESS);
        EXPECT_EQ(result.Status, STATUS_SUCCESS);
        EXPECT_EQ(result.Information, 0u);
        EXPECT_EQ(content(folder_ / "c" / "log"), "12345");
        const HANDLE reader = open(u"\\??\\C:\\log", GENERIC_READ, FILE_OPEN);
        EXPECT_EQ(ZwFlushBuffersFile(reader, &result), STATUS_ACCESS_DENIED) << "nothing of it could be written";
        constexpr ULONG get_reparse_point = 0x000900A8;
        const auto control = [&](HANDLE handle) {
            return ZwFsControlFile(handle, nullptr, nullptr, nullptr, &result, get_reparse_point, nullptr, 0, text,
                                   sizeof text);
        };
        EXPECT_EQ(control(file), STATUS_INVALID_DEVICE_REQUEST);
        ZwClose(reader);
        ZwClose(file);
        EXPECT_EQ(control(file), STATUS_INVALID_HANDLE);
        EXPECT_EQ(ZwFlushBuffersFile(file, &result), STATUS_INVALID_HANDLE);

        FILE_NETWORK_OPEN_INFORMATION information{};
        EXPECT_EQ(ZwQueryFullAttributesFile(Name(u"\\??\\C:\\log").attributes(), &information), STATUS_SUCCESS);
        EXPECT_EQ(information.EndOfFile.QuadPart, 5);
        EXPECT_EQ(information.FileAttributes & FILE_ATTRIBUTE_DIRECTORY, 0u);
        EXPECT_EQ(ZwQueryFullAttributesFile(Name(u"\\??\\C:\\missing").attributes(), &information),
                  STATUS_OBJECT_NAME_NOT_FOUND);
        std::filesystem::create_directory(folder_ / "c" / "sub");
        EXPECT_EQ(ZwQueryFullAttributesFile(Name(u"\\??\\C:\\sub").attributes(), &information), STATUS_SUCCESS);
        EXPECT_NE(information.FileAttributes & FILE_ATTRIBUTE_DIRECTORY, 0u);
    });
}

} // namespace
} // namespace openportcls::executive
