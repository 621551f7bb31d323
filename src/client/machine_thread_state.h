// The thread that a MachineThread's machine lives on.
#pragma once

#include <atomic>
#include <functional>
#include <future>
#include <optional>
#include <thread>

#include <openportcls/machine_thread.hpp>

#include "client/request_queue.h"
#include "machine/doorbell.h"

namespace openportcls::client {

class MachineThreadState {
public:
    MachineThreadState() : queue_(doorbell_) {}
    MachineThreadState(const MachineThreadState&) = delete;
    MachineThreadState& operator=(const MachineThreadState&) = delete;
    ~MachineThreadState();

    Result<void> start(const MachineThreadOptions& options);
    void post(std::function<void(Machine&)> function);
    void call(const std::function<void(Machine&)>& function);
    bool is_realtime() const { return is_realtime_; }

private:
    void main(MachineThreadOptions options, std::promise<Result<void>> started);
    void serve(Machine& machine);

    machine::Doorbell doorbell_;
    RequestQueue queue_;
    std::atomic<bool> ends_{false};
    bool is_realtime_ = false;
    Machine* machine_ = nullptr; // its own thread only
    std::thread thread_;
};

} // namespace openportcls::client
