// Files of the sandbox.
#include "executive/tests/files_fixture.h"

namespace openportcls::executive {
namespace {

class LazyFilesTest : public KernelTest {
protected:
    static constexpr ACCESS_MASK read_write = FilesTest::read_write;
    static constexpr ULONG synchronous = FilesTest::synchronous;

    NTSTATUS create(const char16_t* path) {
        HANDLE file = nullptr;
        IO_STATUS_BLOCK result{};
        const NTSTATUS status = ZwCreateFile(&file, read_write, Name(path).attributes(), &result, nullptr, 0, 0,
                                             FILE_CREATE, synchronous, nullptr, 0);
        return NT_SUCCESS(status) ? ZwClose(file) : status;
    }
};

TEST_F(LazyFilesTest, SandboxIsMadeForTheFirstFile) {
    std::string pattern = (std::filesystem::temp_directory_path() / "opc_files_XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    const std::filesystem::path folder = pattern;
    int made = 0;
    run([&] {
        Files::current().sandbox().set_root_later([&]() -> Result<std::filesystem::path> {
            ++made;
            return folder / "c";
        });
    });
    run([&] { EXPECT_EQ(create(u"\\Device\\NoSuchDevice"), STATUS_OBJECT_NAME_NOT_FOUND); });
    EXPECT_EQ(made, 0);
    run([&] {
        EXPECT_EQ(create(u"\\??\\C:\\one"), STATUS_SUCCESS);
        EXPECT_EQ(create(u"\\??\\C:\\two"), STATUS_SUCCESS);
    });
    EXPECT_EQ(made, 1);
    EXPECT_TRUE(std::filesystem::exists(folder / "c" / "two"));
    std::filesystem::remove_all(folder);
}

TEST_F(LazyFilesTest, SandboxThatCannotBeMadeIsNotTriedAgain) {
    int asked = 0;
    run([&] {
        Files::current().sandbox().set_root_later([&]() -> Result<std::filesystem::path> {
            ++asked;
            return Error{STATUS_DISK_FULL, "full"};
        });
        EXPECT_EQ(create(u"\\??\\C:\\one"), STATUS_OBJECT_PATH_NOT_FOUND);
        EXPECT_EQ(create(u"\\??\\C:\\two"), STATUS_OBJECT_PATH_NOT_FOUND);
    });
    EXPECT_EQ(asked, 1);
}

TEST_F(FilesTest, WritesGoToTheSandbox) {
    run([&] {
        HANDLE file = nullptr;
        ASSERT_EQ(open(&file, u"\\DosDevices\\C:\\out.wav", read_write, FILE_CREATE), STATUS_SUCCESS);
        EXPECT_EQ(status_.Information, static_cast<ULONG_PTR>(FILE_CREATED));
        EXPECT_EQ(write(file, "hello "), STATUS_SUCCESS);
        EXPECT_EQ(status_.Information, 6u);
        EXPECT_EQ(write(file, "world"), STATUS_SUCCESS) << "a synchronous file keeps its position";
        LARGE_INTEGER start{.QuadPart = 0};
        EXPECT_EQ(write(file, "J", &start), STATUS_SUCCESS);
        NTSTATUS status;
        EXPECT_EQ(read(file, 4, &status), "ello");
        LARGE_INTEGER at{.QuadPart = 6};
        EXPECT_EQ(read(file, 100, &status, &at), "world");
        EXPECT_EQ(status, STATUS_SUCCESS);
        EXPECT_EQ(read(file, 1, &status), "");
        EXPECT_EQ(status, STATUS_END_OF_FILE);
        EXPECT_EQ(ZwClose(file), STATUS_SUCCESS);
        EXPECT_EQ(Files::current().open_count(), 0u);
    });
    EXPECT_EQ(host_content("out.wav"), "Jello world");
}

// ZwReadFile: what is left of the file, STATUS_END_OF_FILE behind it; an offset moves the file's position.
TEST_F(FilesTest, ReadsEndWhereTheFileEnds) {
    run([&] {
        HANDLE file = nullptr;
        ASSERT_EQ(open(&file, u"\\??\\C:\\in.dat", read_write, FILE_CREATE), STATUS_SUCCESS);
        ASSERT_EQ(write(file, "0123456789"), STATUS_SUCCESS);
        char buffer[16] = {};
        const auto read_at = [&](LARGE_INTEGER* offset, ULONG length) {
            return ZwReadFile(file, nullptr, nullptr, nullptr, &status_, buffer, length, offset, nullptr);
        };
        LARGE_INTEGER offset{.QuadPart = 7};
        EXPECT_EQ(read_at(&offset, sizeof buffer), STATUS_SUCCESS);
        EXPECT_EQ(status_.Information, 3u);
        EXPECT_EQ(std::string_view(buffer, 4), std::string_view("789\0", 4)) << "nothing is written behind";
        EXPECT_EQ(read_at(nullptr, 1), STATUS_END_OF_FILE) << "the position follows the read";
        EXPECT_EQ(status_.Information, 0u);
        offset.QuadPart = 100;
        EXPECT_EQ(read_at(&offset, 1), STATUS_END_OF_FILE);
        offset = {.QuadPart = 2};
        EXPECT_EQ(read_at(&offset, 2), STATUS_SUCCESS);
        offset.HighPart = -1;
        offset.LowPart = FILE_USE_FILE_POINTER_POSITION;
        EXPECT_EQ(read_at(&offset, 2), STATUS_SUCCESS);
        EXPECT_EQ(std::string_view(buffer, 2), "45");
        offset = {.QuadPart = -5};
        EXPECT_EQ(read_at(&offset, 1), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(read_at(nullptr, 0), STATUS_SUCCESS);
        ZwClose(file);
        EXPECT_EQ(read_at(nullptr, 1), STATUS_INVALID_HANDLE);
        ASSERT_EQ(open(&file, u"\\??\\C:\\in.dat", GENERIC_WRITE | SYNCHRONIZE, FILE_OPEN), STATUS_SUCCESS);
        EXPECT_EQ(read_at(nullptr, 1), STATUS_ACCESS_DENIED) << "opened for writing only";
        ZwClose(file);
    });
}

TEST_F(FilesTest, DispositionsAndTheirStatuses) {
    run([&] {
        HANDLE file = nullptr;
        const char16_t* path = u"\\??\\C:\\a.txt";
        EXPECT_EQ(open(&file, path, read_write, FILE_OPEN), STATUS_OBJECT_NAME_NOT_FOUND);
        EXPECT_EQ(open(&file, path, read_write, FILE_OVERWRITE), STATUS_OBJECT_NAME_NOT_FOUND);
        ASSERT_EQ(open(&file, path, read_write, FILE_OPEN_IF), STATUS_SUCCESS);
        EXPECT_EQ(status_.Information, static_cast<ULONG_PTR>(FILE_CREATED));
        write(file, "content");
        ZwClose(file);
        EXPECT_EQ(open(&file, path, read_write, FILE_CREATE), STATUS_OBJECT_NAME_COLLISION);
        ASSERT_EQ(open(&file, u"\\??\\c:\\A.TXT", read_write, FILE_OPEN_IF), STATUS_SUCCESS);
        EXPECT_EQ(status_.Information, static_cast<ULONG_PTR>(FILE_OPENED));
        ZwClose(file);
        ASSERT_EQ(open(&file, path, read_write, FILE_OVERWRITE_IF), STATUS_SUCCESS);
        EXPECT_EQ(status_.Information, static_cast<ULONG_PTR>(FILE_OVERWRITTEN));
        ZwClose(file);
        EXPECT_EQ(host_content("a.txt"), "");
        ASSERT_EQ(open(&file, path, read_write, FILE_SUPERSEDE), STATUS_SUCCESS);
        EXPECT_EQ(status_.Information, static_cast<ULONG_PTR>(FILE_SUPERSEDED));
        ZwClose(file);
        EXPECT_EQ(open(&file, u"\\??\\C:\\no\\a.txt", read_write, FILE_CREATE), STATUS_OBJECT_PATH_NOT_FOUND);
    });
}

TEST_F(FilesTest, NothingOutsideIsReached) {
    std::ofstream(folder_ / "secret.txt") << "secret";
    std::filesystem::create_symlink(folder_ / "secret.txt", folder_ / "c" / "link.txt");
    std::filesystem::create_directory_symlink(folder_, folder_ / "c" / "up");
    run([&] {
        HANDLE file = nullptr;
        EXPECT_EQ(open(&file, u"\\??\\C:\\..\\secret.txt", GENERIC_READ | SYNCHRONIZE, FILE_OPEN),
                  STATUS_OBJECT_NAME_INVALID);
        EXPECT_EQ(open(&file, u"\\??\\C:\\up\\secret.txt", GENERIC_READ | SYNCHRONIZE, FILE_OPEN),
                  STATUS_OBJECT_PATH_NOT_FOUND);
        EXPECT_EQ(open(&file, u"\\??\\C:\\link.txt", GENERIC_READ | SYNCHRONIZE, FILE_OPEN), STATUS_ACCESS_DENIED);
        EXPECT_EQ(open(&file, u"\\??\\C:\\link.txt", read_write, FILE_OVERWRITE_IF), STATUS_ACCESS_DENIED);
        EXPECT_EQ(open(&file, u"\\??\\C:\\a/../../secret.txt", GENERIC_READ | SYNCHRONIZE, FILE_OPEN),
                  STATUS_OBJECT_NAME_INVALID);
        EXPECT_EQ(open(&file, u"\\??\\C:\\a\\..\\b", read_write, FILE_CREATE), STATUS_OBJECT_PATH_NOT_FOUND);
    });
    std::ifstream stream(folder_ / "secret.txt");
    std::string text;
    stream >> text;
    EXPECT_EQ(text, "secret");
}

TEST_F(FilesTest, DirectoriesAndKinds) {
    run([&] {
        HANDLE directory = nullptr;
        HANDLE file = nullptr;
        ASSERT_EQ(open(&directory, u"\\??\\C:\\Logs", GENERIC_READ | SYNCHRONIZE, FILE_OPEN_IF,
                       FILE_DIRECTORY_FILE | FILE_SYNCHRONOUS_IO_NONALERT),
                  STATUS_SUCCESS);
        EXPECT_EQ(open(&file, u"\\??\\C:\\logs", read_write, FILE_OPEN), STATUS_FILE_IS_A_DIRECTORY);
        // Relative to the directory's handle.
        ASSERT_EQ(ZwCreateFile(&file, read_write, Name(u"one.log").attributes(OBJ_KERNEL_HANDLE, directory), &status_,
                               nullptr, 0, 0, FILE_CREATE, synchronous, nullptr, 0),
                  STATUS_SUCCESS);
        ZwClose(file);
        EXPECT_EQ(open(&file, u"\\??\\C:\\Logs\\one.log", GENERIC_READ | SYNCHRONIZE, FILE_OPEN,
                       FILE_DIRECTORY_FILE | FILE_SYNCHRONOUS_IO_NONALERT),
                  STATUS_NOT_A_DIRECTORY);
        EXPECT_EQ(open(&file, u"\\SystemRoot\\Temp\\x.tmp", read_write, FILE_CREATE), STATUS_SUCCESS)
            << "the folders of Windows exist";
        ZwClose(file);
        ZwClose(directory);
    });
}

TEST_F(FilesTest, OptionsThatContradictAreRefused) {
    run([&] {
        HANDLE file = nullptr;
        const char16_t* path = u"\\??\\C:\\x";
        EXPECT_EQ(open(&file, path, GENERIC_WRITE, 99, 0), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(open(&file, u"\\??\\C:\\unsynchronised", FILE_WRITE_DATA, FILE_CREATE, FILE_SYNCHRONOUS_IO_NONALERT),
                  STATUS_SUCCESS)
            << "kernel-mode callers may leave SYNCHRONIZE out";
        EXPECT_EQ(ZwClose(file), STATUS_SUCCESS);
        EXPECT_EQ(open(&file, path, read_write, FILE_CREATE, FILE_DIRECTORY_FILE | FILE_NON_DIRECTORY_FILE),
                  STATUS_INVALID_PARAMETER);
        EXPECT_EQ(open(&file, path, read_write, FILE_OVERWRITE, FILE_DIRECTORY_FILE), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(open(&file, path, read_write, FILE_CREATE, FILE_DELETE_ON_CLOSE), STATUS_INVALID_PARAMETER);
    });
}

TEST_F(FilesTest, SharingIsRespected) {
    run([&] {
        HANDLE first = nullptr;
        HANDLE second = nullptr;
        const char16_t* path = u"\\??\\C:\\shared";
        ASSERT_EQ(open(&first, path, read_write, FILE_CREATE, synchronous, FILE_SHARE_READ), STATUS_SUCCESS);
        EXPECT_EQ(open(&second, path, read_write, FILE_OPEN, synchronous, FILE_SHARE_READ | FILE_SHARE_WRITE),
                  STATUS_SHARING_VIOLATION);
        EXPECT_EQ(open(&second, path, GENERIC_READ | SYNCHRONIZE, FILE_OPEN, synchronous, FILE_SHARE_READ),
                  STATUS_SHARING_VIOLATION)
            << "the second must allow the first to write";
        write(first, "kept");
        EXPECT_EQ(open(&second, path, read_write, FILE_OVERWRITE, synchronous, 0), STATUS_SHARING_VIOLATION);
        EXPECT_EQ(
            open(&second, path, GENERIC_READ | SYNCHRONIZE, FILE_OPEN, synchronous, FILE_SHARE_READ | FILE_SHARE_WRITE),
            STATUS_SUCCESS);
        ZwClose(second);
        ZwClose(first);
        EXPECT_EQ(host_content("shared"), "kept") << "a refused open truncates nothing";
    });
}

TEST_F(FilesTest, AppendingWritesAtTheEnd) {
    run([&] {
        HANDLE file = nullptr;
        ASSERT_EQ(open(&file, u"\\??\\C:\\log", FILE_APPEND_DATA | SYNCHRONIZE, FILE_OPEN_IF), STATUS_SUCCESS);
        LARGE_INTEGER start{.QuadPart = 0};
        write(file, "one ", &start);
        write(file, "two", &start);
        NTSTATUS status;
        read(file, 1, &status);
        EXPECT_EQ(status, STATUS_ACCESS_DENIED);
        ZwClose(file);
        ASSERT_EQ(open(&file, u"\\??\\C:\\log", read_write, FILE_OPEN), STATUS_SUCCESS);
        LARGE_INTEGER end{.QuadPart = -1};
        write(file, "!", &end);
        ZwClose(file);
    });
    EXPECT_EQ(host_content("log"), "one two!");
}

void NTAPI count_call(PVOID calls, PIO_STATUS_BLOCK, ULONG) {
    ++*static_cast<ULONG*>(calls);
}

TEST_F(FilesTest, AsynchronousHandlesNeedAnOffsetAndSetTheirEvent) {
    run([&] {
        HANDLE file = nullptr;
        HANDLE event = nullptr;
        ASSERT_EQ(open(&file, u"\\??\\C:\\async", read_write, FILE_CREATE, 0), STATUS_SUCCESS);
        ASSERT_EQ(ZwCreateEvent(&event, EVENT_ALL_ACCESS, nullptr, NotificationEvent, FALSE), STATUS_SUCCESS);
        EXPECT_EQ(write(file, "x"), STATUS_INVALID_PARAMETER);
        LARGE_INTEGER start{.QuadPart = 0};
        EXPECT_EQ(ZwWriteFile(file, event, nullptr, nullptr, &status_, const_cast<char*>("x"), 1, &start, nullptr),
                  STATUS_SUCCESS);
        LARGE_INTEGER now{};
        EXPECT_EQ(ZwWaitForSingleObject(event, FALSE, &now), STATUS_SUCCESS);
        EXPECT_EQ(ZwWaitForSingleObject(file, FALSE, &now), STATUS_TIMEOUT) << "there is an event";
        ULONG calls = 0;
        char byte = 0;
        EXPECT_EQ(ZwReadFile(file, nullptr, &count_call, &calls, &status_, &byte, 1, &start, nullptr), STATUS_SUCCESS);
        EXPECT_EQ(ZwWaitForSingleObject(file, FALSE, &now), STATUS_SUCCESS);
        EXPECT_EQ(calls, 1U);
        ZwClose(event);
        ZwClose(file);
    });
}

TEST_F(FilesTest, InformationClasses) {
    run([&] {
        HANDLE file = nullptr;
        ASSERT_EQ(open(&file, u"\\??\\C:\\info", read_write | DELETE, FILE_CREATE), STATUS_SUCCESS);
        write(file, "0123456789");
        FILE_STANDARD_INFORMATION standard{};
        EXPECT_EQ(ZwQueryInformationFile(file, &status_, &standard, sizeof standard, FileStandardInformation),
                  STATUS_SUCCESS);
        EXPECT_EQ(standard.EndOfFile.QuadPart, 10);
        EXPECT_EQ(standard.AllocationSize.QuadPart, 4096);
        EXPECT_FALSE(standard.Directory);
        EXPECT_EQ(ZwQueryInformationFile(file, &status_, &standard, 4, FileStandardInformation),
                  STATUS_INFO_LENGTH_MISMATCH);
        FILE_POSITION_INFORMATION position{};
        ZwQueryInformationFile(file, &status_, &position, sizeof position, FilePositionInformation);
        EXPECT_EQ(position.CurrentByteOffset.QuadPart, 10);
        position.CurrentByteOffset.QuadPart = 3;
        EXPECT_EQ(ZwSetInformationFile(file, &status_, &position, sizeof position, FilePositionInformation),
                  STATUS_SUCCESS);
        NTSTATUS status;
        EXPECT_EQ(read(file, 2, &status), "34");
        FILE_END_OF_FILE_INFORMATION end{.EndOfFile = {.QuadPart = 4}};
        EXPECT_EQ(ZwSetInformationFile(file, &status_, &end, sizeof end, FileEndOfFileInformation), STATUS_SUCCESS);
        FILE_BASIC_INFORMATION basic{};
        EXPECT_EQ(ZwQueryInformationFile(file, &status_, &basic, sizeof basic, FileBasicInformation), STATUS_SUCCESS);
        EXPECT_EQ(basic.LastWriteTime.QuadPart, Files::current().file_time().QuadPart) << "never the host's clock";
        UCHAR name_buffer[64];
        EXPECT_EQ(ZwQueryInformationFile(file, &status_, name_buffer, sizeof name_buffer, FileNameInformation),
                  STATUS_SUCCESS);
        const auto* name = reinterpret_cast<FILE_NAME_INFORMATION*>(name_buffer);
        EXPECT_EQ(std::u16string(name->FileName, name->FileNameLength / 2), u"\\info");
        EXPECT_EQ(ZwQueryInformationFile(file, &status_, name_buffer, sizeof name_buffer, FileMaximumInformation),
                  STATUS_INVALID_INFO_CLASS);
        EXPECT_EQ(host_content("info"), "0123");
        FILE_DISPOSITION_INFORMATION disposition{.DeleteFile = TRUE};
        EXPECT_EQ(ZwSetInformationFile(file, &status_, &disposition, sizeof disposition, FileDispositionInformation),
                  STATUS_SUCCESS);
        ZwClose(file);
        EXPECT_FALSE(std::filesystem::exists(folder_ / "c" / "info"));
    });
}

TEST_F(FilesTest, MoreInformationClasses) {
    run([&] {
        HANDLE file = nullptr;
        ASSERT_EQ(open(&file, u"\\??\\C:\\more", read_write | DELETE, FILE_CREATE), STATUS_SUCCESS);
        write(file, "0123456789");
        const auto query = [&](auto& value, FILE_INFORMATION_CLASS which) {
            return ZwQueryInformationFile(file, &status_, &value, sizeof value, which);
        };
        alignas(8) UCHAR buffer[sizeof(FILE_ALL_INFORMATION) + 32];
        ASSERT_EQ(query(buffer, FileAllInformation), STATUS_SUCCESS);
        const auto& all = *reinterpret_cast<const FILE_ALL_INFORMATION*>(buffer);
        EXPECT_EQ(all.StandardInformation.EndOfFile.QuadPart, 10);
        EXPECT_EQ(all.PositionInformation.CurrentByteOffset.QuadPart, 10);
        EXPECT_EQ(std::u16string(all.NameInformation.FileName, all.NameInformation.FileNameLength / 2), u"\\more");
        EXPECT_EQ(ZwQueryInformationFile(file, &status_, buffer, sizeof(FILE_ALL_INFORMATION), FileAllInformation),
                  STATUS_BUFFER_OVERFLOW)
            << "the name does not fit";
        FILE_INTERNAL_INFORMATION internal{};
        EXPECT_EQ(query(internal, FileInternalInformation), STATUS_SUCCESS);
        EXPECT_EQ(internal.IndexNumber.QuadPart, all.InternalInformation.IndexNumber.QuadPart);
        FILE_ATTRIBUTE_TAG_INFORMATION tag{};
        EXPECT_EQ(query(tag, FileAttributeTagInformation), STATUS_SUCCESS);
        EXPECT_EQ(tag.FileAttributes, ULONG{FILE_ATTRIBUTE_ARCHIVE});
        EXPECT_EQ(tag.ReparseTag, 0u);
        FILE_EA_INFORMATION attributes{9};
        EXPECT_EQ(query(attributes, FileEaInformation), STATUS_SUCCESS);
        EXPECT_EQ(attributes.EaSize, 0u);
        alignas(8) UCHAR stream_buffer[64];
        ASSERT_EQ(query(stream_buffer, FileStreamInformation), STATUS_SUCCESS);
        const auto& stream = *reinterpret_cast<const FILE_STREAM_INFORMATION*>(stream_buffer);
        EXPECT_EQ(std::u16string(stream.StreamName, stream.StreamNameLength / 2), u"::$DATA");
        EXPECT_EQ(stream.StreamSize.QuadPart, 10);
        FILE_STANDARD_LINK_INFORMATION links{};
        EXPECT_EQ(query(links, FileStandardLinkInformation), STATUS_SUCCESS);
        EXPECT_EQ(links.TotalNumberOfLinks, 1u);
        FILE_IS_REMOTE_DEVICE_INFORMATION remote{TRUE};
        EXPECT_EQ(query(remote, FileIsRemoteDeviceInformation), STATUS_SUCCESS);
        EXPECT_FALSE(remote.IsRemote);
        FILE_ALIGNMENT_INFORMATION alignment{7};
        EXPECT_EQ(query(alignment, FileAlignmentInformation), STATUS_SUCCESS);
        EXPECT_EQ(alignment.AlignmentRequirement, 0u);

        const auto set = [&](auto value, FILE_INFORMATION_CLASS which) {
            return ZwSetInformationFile(file, &status_, &value, sizeof value, which);
        };
        FILE_MODE_INFORMATION mode{};
        EXPECT_EQ(query(mode, FileModeInformation), STATUS_SUCCESS);
        EXPECT_EQ(set(FILE_MODE_INFORMATION{mode.Mode | FILE_SEQUENTIAL_ONLY}, FileModeInformation), STATUS_SUCCESS);
        EXPECT_EQ(set(FILE_MODE_INFORMATION{FILE_SEQUENTIAL_ONLY}, FileModeInformation), STATUS_INVALID_PARAMETER)
            << "a synchronous file stays one";
        EXPECT_EQ(set(FILE_ALLOCATION_INFORMATION{.AllocationSize = {.QuadPart = 6}}, FileAllocationInformation),
                  STATUS_SUCCESS);
        EXPECT_EQ(host_content("more"), "012345");
        EXPECT_EQ(set(FILE_VALID_DATA_LENGTH_INFORMATION{.ValidDataLength = {.QuadPart = 60}},
                      FileValidDataLengthInformation),
                  STATUS_INVALID_PARAMETER)
            << "beyond the end";
        EXPECT_EQ(set(FILE_IO_PRIORITY_HINT_INFORMATION{IoPriorityLow}, FileIoPriorityHintInformation), STATUS_SUCCESS);
        EXPECT_EQ(set(ULONG{0}, FileInternalInformation), STATUS_NOT_IMPLEMENTED);
        EXPECT_EQ(set(FILE_DISPOSITION_INFORMATION_EX{FILE_DISPOSITION_DELETE}, FileDispositionInformationEx),
                  STATUS_SUCCESS);
        ZwClose(file);
        EXPECT_FALSE(std::filesystem::exists(folder_ / "c" / "more"));
    });
}

TEST(FilesWithoutSandbox, EveryPathIsNotFound) {
    machine::Machine machine;
    install(machine);
    machine.enter([&] {
        HANDLE file = nullptr;
        IO_STATUS_BLOCK status{};
        EXPECT_EQ(ZwOpenFile(&file, GENERIC_READ, Name(u"\\??\\C:\\x").attributes(), &status, 0, 0),
                  STATUS_OBJECT_PATH_NOT_FOUND);
    });
}

} // namespace
} // namespace openportcls::executive
