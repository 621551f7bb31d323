// A ring of bytes between two threads: one writes, one reads, neither ever waits for the other. A position that the
// other thread has moved on is seen late, never early, so there is at least as much room or sound as is said.
#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>

namespace openportcls {

class SampleRing {
public:
    // Holds at least `bytes`, and moves them in multiples of `unit` (a frame), which divides `bytes`.
    SampleRing(std::size_t bytes, std::size_t unit)
        : unit_(unit), limit_(bytes / unit * unit), mask_(std::bit_ceil(std::max<std::size_t>(bytes, 64)) - 1),
          bytes_(std::make_unique<std::byte[]>(mask_ + 1)) {}

    std::size_t capacity() const { return limit_; }

    // The writing thread. Copies what fits, whole units; returns bytes.
    std::size_t write(std::span<const std::byte> source) noexcept {
        const std::uint64_t written = written_.load(std::memory_order_relaxed);
        if (limit_ - (written - read_seen_) < source.size()) {
            read_seen_ = read_.load(std::memory_order_acquire);
        }
        const std::size_t count = whole(std::min<std::size_t>(source.size(), limit_ - (written - read_seen_)));
        const std::size_t offset = written & mask_;
        const std::size_t first = std::min(count, mask_ + 1 - offset);
        if (count != 0) {
            std::memcpy(&bytes_[offset], source.data(), first);
            std::memcpy(&bytes_[0], source.data() + first, count - first);
        }
        written_.store(written + count, std::memory_order_release);
        return count;
    }
    std::size_t room() const noexcept {
        return limit_ - static_cast<std::size_t>(written_.load(std::memory_order_relaxed) -
                                                 read_.load(std::memory_order_acquire));
    }

    // The reading thread. Copies what is there, whole units; returns bytes.
    std::size_t read(std::span<std::byte> destination) noexcept {
        const std::uint64_t done = read_.load(std::memory_order_relaxed);
        if (written_seen_ - done < destination.size()) {
            written_seen_ = written_.load(std::memory_order_acquire);
        }
        const std::size_t count = whole(std::min<std::size_t>(destination.size(), written_seen_ - done));
        const std::size_t offset = done & mask_;
        const std::size_t first = std::min(count, mask_ + 1 - offset);
        if (count != 0) {
            std::memcpy(destination.data(), &bytes_[offset], first);
            std::memcpy(destination.data() + first, &bytes_[0], count - first);
        }
        read_.store(done + count, std::memory_order_release);
        return count;
    }
    std::size_t available() const noexcept {
        return static_cast<std::size_t>(written_.load(std::memory_order_acquire) -
                                        read_.load(std::memory_order_relaxed));
    }

private:
    std::size_t whole(std::size_t bytes) const { return bytes - bytes % unit_; }

    static constexpr std::size_t cache_line = 64;
    const std::size_t unit_;
    const std::size_t limit_;
    const std::size_t mask_;
    const std::unique_ptr<std::byte[]> bytes_;
    alignas(cache_line) std::atomic<std::uint64_t> written_{0};
    std::uint64_t read_seen_ = 0; // the writer's copy of read_
    alignas(cache_line) std::atomic<std::uint64_t> read_{0};
    std::uint64_t written_seen_ = 0; // the reader's copy of written_
};

} // namespace openportcls
