// A machine on a thread of its own, in step with the host's clock: for applications that live in real time.
//
// Everything that belongs to the machine is made, used and destroyed on its thread, by functions handed to run() or
// post(). Samples cross through rings without waiting: LiveRender::write and LiveCapture::read take no lock, allocate
// nothing and make no system call, so that an ALSA, JACK or PipeWire callback may use them.
//
//     auto machine = MachineThread::start().value();
//     machine.run([](Machine& m) { return m.load_driver("cable"); }).value();
//     auto render = LiveRender::open(machine, "render", WaveFormat{}).value();
//     render.start().value();
//     … in the application's audio callback: render.write(frames);
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <openportcls/format.hpp>
#include <openportcls/machine.hpp>
#include <openportcls/result.hpp>
#include <openportcls/stream.hpp>

namespace openportcls {

namespace client {
class MachineThreadState;
class LiveStream;
} // namespace client

struct MachineThreadOptions {
    MachineOptions machine;    // `paced` is implied
    int realtime_priority = 0; // 1 to 99: SCHED_FIFO where the host permits it; 0: ordinary scheduling
};

class MachineThread {
public:
    static Result<MachineThread> start(const MachineThreadOptions& options = {});
    MachineThread(MachineThread&&) noexcept;
    MachineThread& operator=(MachineThread&&) noexcept;
    // The machine ends with the last live stream and MachineThread of it, after running what has been posted.
    ~MachineThread();

    // Runs `function(Machine&)` on the machine's thread and returns what it returns. From any thread; requests are
    // served one after the other, and one that lets time pass (a stream's write) holds up those behind it.
    template<class Function>
    auto run(Function&& function) const {
        using Value = std::invoke_result_t<Function&, Machine&>;
        if constexpr (std::is_void_v<Value>) {
            call([&function](Machine& machine) { function(machine); });
        } else {
            std::optional<Value> value;
            call([&](Machine& machine) { value.emplace(function(machine)); });
            return std::move(*value);
        }
    }
    // The same without waiting for it. An empty function does nothing.
    void post(std::function<void(Machine&)> function) const;

    // Whether the host gave the priority that was asked for.
    bool is_realtime() const;

private:
    friend class LiveRender;
    friend class LiveCapture;
    explicit MachineThread(std::shared_ptr<client::MachineThreadState> state);
    void call(const std::function<void(Machine&)>& function) const;
    std::shared_ptr<client::MachineThreadState> state_;
};

struct LiveOptions {
    StreamOptions stream;
    std::chrono::microseconds ring{40'000}; // how much sound the ring holds: 256 MiB at most
};

// What both directions have in common. start, stop and the destructor wait for the machine's thread.
class LiveStreamBase {
public:
    LiveStreamBase(LiveStreamBase&&) noexcept;
    LiveStreamBase& operator=(LiveStreamBase&&) noexcept;
    ~LiveStreamBase(); // stops and closes

    const WaveFormat& format() const;
    std::uint32_t period_frames() const;
    Result<void> start(); // to RUN; one that runs goes on
    Result<void> stop();
    // Periods that the ring could not serve in full (render: silence was played; capture: sound was lost) since it was
    // opened. A render stream counts from its first frame on.
    std::uint64_t glitches() const noexcept;
    // Frames that the driver has taken or given, silence included.
    std::uint64_t frames() const noexcept;
    // What kept the stream from going on, if anything did: the driver crashed, the device was removed.
    std::optional<Error> failure() const;

protected:
    explicit LiveStreamBase(std::shared_ptr<client::LiveStream> stream) : stream_(std::move(stream)) {}
    std::shared_ptr<client::LiveStream> stream_;
};

class LiveRender : public LiveStreamBase {
public:
    // `filter`: its name ("Wave"), a category ("render") or a path of Machine::filters.
    static Result<LiveRender> open(const MachineThread& machine, std::string_view filter, const WaveFormat& format,
                                   const LiveOptions& options = {});

    // One thread at a time. Copies what fits, whole frames, and returns at once with the number of bytes.
    std::size_t write(std::span<const std::byte> frames) noexcept;
    std::size_t room() const noexcept; // bytes
    // For threads that have no clock of their own: sleeps until there is room for so many bytes (at most the ring's
    // size). STATUS_TIMEOUT when there is not by then.
    Result<void> wait_for_room(std::size_t bytes, std::chrono::milliseconds timeout = std::chrono::seconds(5));
    // Sleeps until the driver has taken everything that was written.
    Result<void> drain(std::chrono::milliseconds timeout = std::chrono::seconds(5));

private:
    using LiveStreamBase::LiveStreamBase;
};

class LiveCapture : public LiveStreamBase {
public:
    static Result<LiveCapture> open(const MachineThread& machine, std::string_view filter, const WaveFormat& format,
                                    const LiveOptions& options = {});

    // One thread at a time. Copies what is there, whole frames, and returns at once with the number of bytes.
    std::size_t read(std::span<std::byte> frames) noexcept;
    std::size_t available() const noexcept; // bytes
    // Sleeps until so many bytes (at most the ring's size) are there; STATUS_TIMEOUT when they are not by then.
    Result<void> wait_for_data(std::size_t bytes, std::chrono::milliseconds timeout = std::chrono::seconds(5));

private:
    using LiveStreamBase::LiveStreamBase;
};

} // namespace openportcls
