// Files and folders that get other names, or go.
#include "executive/tests/files_fixture.h"

namespace openportcls::executive {
namespace {

TEST_F(FilesTest, FilesAreRenamedWithinTheVolume) {
    run([&] {
        HANDLE file = nullptr;
        HANDLE folder = nullptr;
        HANDLE other = nullptr;
        ASSERT_EQ(open(&folder, u"\\??\\C:\\sub", FILE_LIST_DIRECTORY | SYNCHRONIZE, FILE_CREATE, FILE_DIRECTORY_FILE,
                       FILE_SHARE_READ),
                  STATUS_SUCCESS);
        ASSERT_EQ(open(&other, u"\\??\\C:\\taken", read_write, FILE_CREATE), STATUS_SUCCESS);
        ASSERT_EQ(open(&file, u"\\??\\C:\\first", read_write | DELETE, FILE_CREATE), STATUS_SUCCESS);
        write(file, "content");
        const auto rename = [&](HANDLE handle, std::u16string_view name, bool replace = false, HANDLE root = nullptr) {
            constexpr std::size_t fixed = FIELD_OFFSET(FILE_RENAME_INFORMATION, FileName);
            std::vector<char> buffer(sizeof(FILE_RENAME_INFORMATION) + name.size() * sizeof(WCHAR));
            auto& information = *reinterpret_cast<FILE_RENAME_INFORMATION*>(buffer.data());
            information.ReplaceIfExists = replace;
            information.RootDirectory = root;
            information.FileNameLength = static_cast<ULONG>(name.size() * sizeof(WCHAR));
            std::memcpy(buffer.data() + fixed, name.data(), name.size() * sizeof(WCHAR));
            return ZwSetInformationFile(handle, &status_, buffer.data(), static_cast<ULONG>(buffer.size()),
                                        FileRenameInformation);
        };
        EXPECT_EQ(rename(file, u"second"), STATUS_SUCCESS);
        EXPECT_EQ(host_content("second"), "content");
        EXPECT_FALSE(std::filesystem::exists(folder_ / "c" / "first"));
        EXPECT_EQ(rename(file, u"SECOND"), STATUS_SUCCESS) << "another case of the same name";
        EXPECT_TRUE(std::filesystem::exists(folder_ / "c" / "SECOND"));
        EXPECT_EQ(rename(file, u"\\??\\C:\\sub\\third"), STATUS_SUCCESS);
        EXPECT_EQ(rename(file, u"fourth", false, folder), STATUS_SUCCESS);
        EXPECT_EQ(host_content("sub/fourth"), "content");
        UCHAR name[64];
        EXPECT_EQ(ZwQueryInformationFile(file, &status_, name, sizeof name, FileNameInformation), STATUS_SUCCESS);
        const auto* told = reinterpret_cast<FILE_NAME_INFORMATION*>(name);
        EXPECT_EQ(std::u16string(told->FileName, told->FileNameLength / 2), u"\\sub\\fourth");

        EXPECT_EQ(rename(file, u"\\??\\C:\\taken"), STATUS_OBJECT_NAME_COLLISION);
        EXPECT_EQ(rename(file, u"\\??\\C:\\taken", true), STATUS_ACCESS_DENIED) << "it is open";
        ZwClose(other);
        EXPECT_EQ(rename(file, u"\\??\\C:\\sub", true), STATUS_ACCESS_DENIED) << "a folder";
        EXPECT_EQ(rename(file, u"\\??\\C:\\nowhere\\x"), STATUS_OBJECT_PATH_NOT_FOUND);
        EXPECT_EQ(rename(file, u".."), STATUS_OBJECT_NAME_INVALID);
        EXPECT_EQ(rename(file, u"a*b"), STATUS_OBJECT_NAME_INVALID);
        EXPECT_EQ(rename(file, u""), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(rename(folder, u"moved"), STATUS_ACCESS_DENIED) << "opened without DELETE";
        EXPECT_EQ(ZwSetInformationFile(file, &status_, name, 8, FileRenameInformation), STATUS_INFO_LENGTH_MISMATCH);
        EXPECT_EQ(rename(file, u"\\??\\C:\\taken", true), STATUS_SUCCESS);
        EXPECT_EQ(host_content("taken"), "content");
        ZwClose(folder);
        ZwClose(file);
    });
}

TEST_F(FilesTest, FoldersAreRenamedWhenNothingInThemIsOpen) {
    run([&] {
        HANDLE folder = nullptr;
        HANDLE file = nullptr;
        ASSERT_EQ(open(&folder, u"\\??\\C:\\old", DELETE | SYNCHRONIZE, FILE_CREATE, FILE_DIRECTORY_FILE),
                  STATUS_SUCCESS);
        ASSERT_EQ(open(&file, u"\\??\\C:\\old\\inside", read_write, FILE_CREATE), STATUS_SUCCESS);
        FILE_RENAME_INFORMATION to_x{};
        to_x.FileNameLength = sizeof(WCHAR);
        to_x.FileName[0] = u'x';
        const auto rename = [&] {
            return ZwSetInformationFile(folder, &status_, &to_x, sizeof to_x, FileRenameInformation);
        };
        EXPECT_EQ(rename(), STATUS_ACCESS_DENIED);
        ZwClose(file);
        EXPECT_EQ(rename(), STATUS_SUCCESS);
        EXPECT_TRUE(std::filesystem::exists(folder_ / "c" / "x" / "inside"));
        ZwClose(folder);
    });
}

TEST_F(FilesTest, WhatIsAboutToGoIsNotOpenedAndFullFoldersStay) {
    run([&] {
        HANDLE file = nullptr;
        ASSERT_EQ(open(&file, u"\\??\\C:\\going", read_write | DELETE, FILE_CREATE), STATUS_SUCCESS);
        FILE_DISPOSITION_INFORMATION disposition{.DeleteFile = TRUE};
        const auto set = [&](HANDLE handle) {
            return ZwSetInformationFile(handle, &status_, &disposition, sizeof disposition, FileDispositionInformation);
        };
        ASSERT_EQ(set(file), STATUS_SUCCESS);
        HANDLE again = nullptr;
        EXPECT_EQ(open(&again, u"\\??\\C:\\going", FILE_READ_DATA | SYNCHRONIZE, FILE_OPEN), STATUS_DELETE_PENDING);
        ZwClose(file);
        EXPECT_EQ(open(&again, u"\\??\\C:\\going", FILE_READ_DATA | SYNCHRONIZE, FILE_OPEN),
                  STATUS_OBJECT_NAME_NOT_FOUND);
        std::filesystem::create_directories(folder_ / "c" / "full" / "inner");
        HANDLE folder = nullptr;
        ASSERT_EQ(open(&folder, u"\\??\\C:\\full", DELETE | SYNCHRONIZE, FILE_OPEN, FILE_DIRECTORY_FILE),
                  STATUS_SUCCESS);
        EXPECT_EQ(set(folder), STATUS_DIRECTORY_NOT_EMPTY);
        std::filesystem::remove(folder_ / "c" / "full" / "inner");
        EXPECT_EQ(set(folder), STATUS_SUCCESS);
        ZwClose(folder);
        EXPECT_FALSE(std::filesystem::exists(folder_ / "c" / "full"));
    });
}

TEST_F(FilesTest, DeleteAndFileObjects) {
    run([&] {
        HANDLE file = nullptr;
        ASSERT_EQ(open(&file, u"\\??\\C:\\gone", read_write, FILE_CREATE), STATUS_SUCCESS);
        PVOID body = nullptr;
        ASSERT_EQ(ObReferenceObjectByHandle(file, FILE_READ_DATA, *IoFileObjectType, KernelMode, &body, nullptr),
                  STATUS_SUCCESS);
        EXPECT_EQ(static_cast<FILE_OBJECT*>(body)->WriteAccess, TRUE);
        ZwClose(file);
        EXPECT_EQ(Files::current().open_count(), 1u) << "the reference keeps it open";
        ObDereferenceObject(body);
        EXPECT_EQ(Files::current().open_count(), 0u);
        EXPECT_EQ(ZwDeleteFile(Name(u"\\??\\C:\\GONE").attributes()), STATUS_SUCCESS);
        EXPECT_FALSE(std::filesystem::exists(folder_ / "c" / "gone"));
        EXPECT_EQ(ZwDeleteFile(Name(u"\\??\\C:\\gone").attributes()), STATUS_OBJECT_NAME_NOT_FOUND);
    });
}

} // namespace
} // namespace openportcls::executive
