// Bytes that a driver is shown for the time of a call, in pool: it may write to them, and not past them.
#pragma once

#include <cstring>
#include <span>
#include <string_view>

#include "executive/ex/pool.h"

namespace openportcls::executive {

class PoolCopy {
public:
    // `what` names it in reports. Nothing is copied of no bytes.
    PoolCopy(Pool& pool, std::string_view what, std::span<const std::uint8_t> bytes)
        : pool_(pool), data_(copy(what, bytes.data(), bytes.size(), 0)) {}
    // With a zero behind the text.
    PoolCopy(Pool& pool, std::string_view what, std::u16string_view text)
        : pool_(pool), data_(copy(what, text.data(), text.size() * sizeof(char16_t), sizeof(char16_t))) {}
    ~PoolCopy() {
        if (data_ != nullptr) {
            pool_.free(data_, 0, "Noticed when the call returned");
        }
    }
    PoolCopy(const PoolCopy&) = delete;
    PoolCopy& operator=(const PoolCopy&) = delete;

    // null: no bytes.
    void* data() const { return data_; }

private:
    void* copy(std::string_view what, const void* from, std::size_t bytes, std::size_t zeros) {
        constexpr std::uint32_t tag = 0x79706F43; // 'Copy'
        if (bytes + zeros == 0) {
            return nullptr;
        }
        void* const to = pool_.allocate_object(what, bytes + zeros, tag, nullptr);
        if (bytes != 0) {
            std::memcpy(to, from, bytes);
        }
        return to;
    }

    Pool& pool_;
    void* data_;
};

} // namespace openportcls::executive
