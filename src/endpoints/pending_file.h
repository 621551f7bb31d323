// A file that is there under its name when it is complete: what the name held before is lost to no failed run.
#pragma once

#include <filesystem>
#include <memory>
#include <string_view>

#include <openportcls/result.hpp>

#include "endpoints/interruption.h"

namespace openportcls::endpoints {

class PendingFile {
public:
    // Opens a file beside `path`; devices and pipes, which cannot be replaced, are opened themselves.
    static Result<PendingFile> create(const std::filesystem::path& path);
    PendingFile(PendingFile&& other) noexcept;
    PendingFile& operator=(PendingFile&&) = delete;
    ~PendingFile(); // what was not committed goes

    int descriptor() const { return descriptor_; }
    // Gives it its name. The descriptor is closed, so whatever buffers for it must have written.
    Result<void> commit();
    // After a failure: keeps what there is only where it takes nothing's place.
    void commit_if_new();

private:
    PendingFile(std::filesystem::path path, std::filesystem::path temporary, int descriptor);

    std::filesystem::path path_;
    std::filesystem::path temporary_; // empty: written directly
    std::unique_ptr<RemovedWhenKilled> when_killed_;
    int descriptor_;
};

Result<void> replace_file(const std::filesystem::path& path, std::string_view content);

} // namespace openportcls::endpoints
