// A file's bytes, mapped for reading.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string_view>

#include "base/result.h"
#include "pnp/loader/module_image.h"

namespace openportcls::pnp {

class MappedFile {
public:
    static Result<MappedFile> open(const std::filesystem::path& path);
    MappedFile(MappedFile&& other) noexcept;
    MappedFile& operator=(MappedFile&&) = delete;
    ~MappedFile();

    const FileIdentity& identity() const { return identity_; }
    std::string_view bytes() const { return {data_, size_}; }

    // nullptr when the file is too short for it.
    template<class T>
    const T* at(std::uint64_t offset, std::uint64_t count = 1) const {
        const bool inside = offset <= size_ && count <= (size_ - offset) / sizeof(T) && offset % alignof(T) == 0;
        return inside ? reinterpret_cast<const T*>(data_ + offset) : nullptr;
    }
    // The zero-terminated text at an offset, cut at `end`.
    std::string_view text_at(std::uint64_t offset, std::uint64_t end) const;

private:
    MappedFile() = default;

    const char* data_ = nullptr;
    std::size_t size_ = 0;
    FileIdentity identity_;
};

} // namespace openportcls::pnp
