// A sandbox for files, and the calls with which tests use it.
#pragma once

#include "executive/files/files.h"
#include "executive/objects/object_manager.h"
#include "executive/tests/kernel_fixture.h"

#include <cstring>
#include <filesystem>
#include <fstream>
#include <unistd.h>
#include <vector>

#include <ntifs.h>

namespace openportcls::executive {

class FilesTest : public KernelTest {
public:
    static constexpr ULONG synchronous = FILE_SYNCHRONOUS_IO_NONALERT | FILE_NON_DIRECTORY_FILE;
    static constexpr ACCESS_MASK read_write = GENERIC_READ | GENERIC_WRITE | SYNCHRONIZE;

protected:
    FilesTest() : folder_(std::filesystem::temp_directory_path() / ("opc_files_" + std::to_string(getpid()))) {
        std::filesystem::remove_all(folder_);
    }
    ~FilesTest() override { std::filesystem::remove_all(folder_); }
    void SetUp() override {
        run([&] { ASSERT_TRUE(Files::current().set_sandbox(folder_ / "c")); });
    }

    NTSTATUS open(HANDLE* handle, const char16_t* path, ACCESS_MASK access, ULONG disposition,
                  ULONG options = synchronous, ULONG share = 0) {
        return ZwCreateFile(handle, access, Name(path).attributes(), &status_, nullptr, 0, share, disposition, options,
                            nullptr, 0);
    }
    NTSTATUS write(HANDLE handle, std::string_view text, LARGE_INTEGER* offset = nullptr) {
        return ZwWriteFile(handle, nullptr, nullptr, nullptr, &status_, const_cast<char*>(text.data()),
                           static_cast<ULONG>(text.size()), offset, nullptr);
    }
    std::string read(HANDLE handle, ULONG length, NTSTATUS* status, LARGE_INTEGER* offset = nullptr) {
        std::string buffer(length, '#');
        *status = ZwReadFile(handle, nullptr, nullptr, nullptr, &status_, buffer.data(), length, offset, nullptr);
        return buffer.substr(0, status_.Information);
    }
    std::string host_content(const char* name) {
        std::ifstream stream(folder_ / "c" / name);
        return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
    }

    std::filesystem::path folder_;
    IO_STATUS_BLOCK status_{};
};

} // namespace openportcls::executive
