#include "endpoints/wav_stream.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <poll.h>
#include <string_view>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>

#include "endpoints/errors.h"
#include "endpoints/interruption.h"
#include "endpoints/speakers.h"
#include "endpoints/wav_file.h"

namespace openportcls::endpoints {

namespace {

class Descriptor {
public:
    explicit Descriptor(int number) : number_(number) {}
    Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
    Descriptor& operator=(Descriptor&&) = delete;
    ~Descriptor() {
        if (number_ >= 0) {
            ::close(number_);
        }
    }
    int number() const { return number_; }
    int release() { return std::exchange(number_, -1); }

private:
    int number_;
};

bool write_all(int descriptor, std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            return false;
        }
        bytes = bytes.subspan(static_cast<std::size_t>(written));
    }
    return true;
}

// What a pipe has room for is written without blocking, so that an interruption is noticed however it comes. Whoever
// reads on gets all; one that has not read for a while then is not waited for.
enum class Written : std::uint8_t { all, failed, given_up };

Written write_to_pipe(int descriptor, std::span<const std::byte> bytes) {
    constexpr std::size_t always_fits = PIPE_BUF; // where poll says that there is room
    constexpr int patience_in_milliseconds = 250;
    while (!bytes.empty()) {
        pollfd room{descriptor, POLLOUT, 0};
        const int ready = ::poll(&room, 1, patience_in_milliseconds);
        if (ready == 0 && is_interrupted()) {
            return Written::given_up;
        }
        if (ready < 0 && errno != EINTR) {
            return Written::failed;
        }
        if (ready <= 0) {
            continue;
        }
        const std::span<const std::byte> piece = bytes.first(std::min(bytes.size(), always_fits));
        if (!write_all(descriptor, piece)) {
            return Written::failed;
        }
        bytes = bytes.subspan(piece.size());
    }
    return Written::all;
}

// The first bytes of what is in a pipe, which stay in it; fewer where it ends, nothing where it is no pipe.
std::string first_bytes(int descriptor, std::size_t wanted) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
        return {};
    }
    const Descriptor reading(ends[0]);
    Descriptor writing(ends[1]);
    std::string bytes;
    // A writer that sends its first bytes one by one is waited for.
    for (int attempt = 0; attempt < 1000 && bytes.size() < wanted; ++attempt) {
        const ssize_t copied = ::tee(descriptor, writing.number(), wanted, 0);
        if (copied <= 0) {
            return bytes;
        }
        std::string got(static_cast<std::size_t>(copied), '\0');
        if (::read(reading.number(), got.data(), got.size()) != copied) {
            return bytes;
        }
        if (got.size() == bytes.size()) {
            ::usleep(1000);
        }
        bytes = std::move(got);
    }
    return bytes;
}

bool is_read_from_front_to_back(std::string_view head) {
    for (const std::string_view known : {"RIFF", "RIFX", "RF64", "FORM", ".snd"}) {
        if (head.starts_with(known)) {
            return true;
        }
    }
    return false;
}

Result<Descriptor> wait_for_all(int descriptor, const std::string& name) {
    Descriptor memory(::memfd_create("sound", MFD_CLOEXEC));
    std::vector<std::byte> piece(std::size_t{1} << 16);
    for (;;) {
        const ssize_t got = memory.number() < 0 ? -1 : ::read(descriptor, piece.data(), piece.size());
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0 || !write_all(memory.number(), std::span(piece).first(static_cast<std::size_t>(got)))) {
            return failure(Failure::access_denied, fmt::format("{}: cannot be read: {}", name, std::strerror(errno)));
        }
        if (got == 0) {
            ::lseek(memory.number(), 0, SEEK_SET);
            return Result<Descriptor>(std::move(memory));
        }
    }
}

void put(std::vector<std::byte>& to, std::uint64_t value, std::size_t bytes) {
    for (std::size_t index = 0; index < bytes; ++index) {
        to.push_back(static_cast<std::byte>(value >> (8 * index)));
    }
}

void put(std::vector<std::byte>& to, std::string_view text) {
    for (const char character : text) {
        to.push_back(static_cast<std::byte>(character));
    }
}

constexpr std::uint32_t unknown_size = 0xFFFFFFFF;
constexpr std::uint64_t most_data_bytes = 0xFFFFF000;

// RIFF, fmt and data headers (WAVEFORMATEXTENSIBLE throughout); `data_bytes`: as far as they are known.
std::vector<std::byte> header(const WaveFormat& format, std::optional<std::uint64_t> data_bytes) {
    constexpr std::uint32_t format_bytes = 40;
    constexpr std::uint32_t before_data = 4 + 8 + format_bytes + 8;
    const std::uint32_t data = data_bytes ? static_cast<std::uint32_t>(*data_bytes) : unknown_size;
    const auto frame_bytes = static_cast<std::uint32_t>(format.bytes_per_frame());
    const std::uint32_t mask = format.channel_mask != 0 ? format.channel_mask : usual_mask(format.channels);
    std::vector<std::byte> bytes;
    put(bytes, "RIFF");
    put(bytes, data == unknown_size ? unknown_size : before_data + data + data % 2, 4);
    put(bytes, "WAVEfmt ");
    put(bytes, format_bytes, 4);
    put(bytes, 0xFFFE, 2);
    put(bytes, format.channels, 2);
    put(bytes, format.rate, 4);
    put(bytes, std::uint64_t{format.rate} * frame_bytes, 4);
    put(bytes, frame_bytes, 2);
    put(bytes, format.bits, 2);
    put(bytes, 22, 2);
    put(bytes, format.bits, 2);
    put(bytes, mask, 4);
    // KSDATAFORMAT_SUBTYPE_PCM or _IEEE_FLOAT.
    put(bytes, format.is_float ? 3 : 1, 4);
    put(bytes, 0x00100000, 4);
    put(bytes, 0x719B3800AA000080, 8);
    put(bytes, "data");
    put(bytes, data, 4);
    return bytes;
}

class WavStreamSink final : public Sink {
public:
    WavStreamSink(std::string name, const WaveFormat& format, Descriptor descriptor)
        : Sink(std::move(name), format), descriptor_(std::move(descriptor)),
          start_(::lseek(descriptor_.number(), 0, SEEK_CUR)) {}

    Result<void> begin() { return send(header(format(), std::nullopt)); }

    Result<void> write(std::span<const std::byte> frames) override {
        bytes_ += frames.size();
        return send(frames);
    }

    Result<void> finish() override {
        if (bytes_ % 2 != 0) {
            constexpr std::byte padding{};
            if (auto padded = send(std::span(&padding, 1)); !padded) {
                return padded;
            }
        }
        if (start_ < 0 || bytes_ > most_data_bytes) {
            return {};
        }
        const std::vector<std::byte> complete = header(format(), bytes_);
        const off_t end = ::lseek(descriptor_.number(), 0, SEEK_CUR);
        const bool rewritten = ::pwrite(descriptor_.number(), complete.data(), complete.size(), start_) ==
                               static_cast<ssize_t>(complete.size());
        ::lseek(descriptor_.number(), end, SEEK_SET);
        return rewritten ? Result<void>() : failure(Failure::disk_full, fmt::format("{}: cannot be completed", name()));
    }

private:
    Result<void> send(std::span<const std::byte> bytes) {
        if (is_given_up_) {
            return {};
        }
        const Written written = start_ < 0                               ? write_to_pipe(descriptor_.number(), bytes)
                                : write_all(descriptor_.number(), bytes) ? Written::all
                                                                         : Written::failed;
        if (written != Written::failed) {
            is_given_up_ = written == Written::given_up;
            return {};
        }
        return failure(errno == ENOSPC ? Failure::disk_full : Failure::access_denied,
                       errno == EPIPE ? fmt::format("{}: nobody reads it any more", name())
                                      : fmt::format("{}: cannot write: {}", name(), std::strerror(errno)));
    }

    Descriptor descriptor_;
    off_t start_;              // of the header; negative in a pipe
    bool is_given_up_ = false; // interrupted while nobody read
    std::uint64_t bytes_ = 0;
};

} // namespace

Result<std::unique_ptr<Source>> open_sound_stream(int descriptor, const std::string& name) {
    struct stat status{};
    if (::fstat(descriptor, &status) != 0) {
        return failure(Failure::access_denied, fmt::format("{}: cannot be read: {}", name, std::strerror(errno)));
    }
    if (S_ISDIR(status.st_mode)) {
        return failure(Failure::invalid_parameter, fmt::format("{}: is a folder, not a sound file", name));
    }
    constexpr std::size_t head_bytes = 4;
    if (S_ISREG(status.st_mode) || is_read_from_front_to_back(first_bytes(descriptor, head_bytes))) {
        return open_sound_descriptor(::fcntl(descriptor, F_DUPFD_CLOEXEC, 0), name);
    }
    auto all = wait_for_all(descriptor, name);
    return all ? open_sound_descriptor(all->release(), name) : Result<std::unique_ptr<Source>>(all.error());
}

Result<std::unique_ptr<Sink>> create_wav_stream(int descriptor, const std::string& name, const WaveFormat& format) {
    Descriptor owned(descriptor);
    if (owned.number() < 0 || (format.is_float && format.bits != 32)) {
        return failure(Failure::not_supported, fmt::format("{}: cannot hold {}", name, to_string(format)));
    }
    auto sink = std::make_unique<WavStreamSink>(name, format, std::move(owned));
    if (auto begun = sink->begin(); !begun) {
        return begun.error();
    }
    return std::unique_ptr<Sink>(std::move(sink));
}

} // namespace openportcls::endpoints
