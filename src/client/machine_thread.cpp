#include <openportcls/machine_thread.hpp>

#include <pthread.h>
#include <sched.h>

#include <fmt/format.h>

#include "client/machine_thread_state.h"
#include "client/state.h"
#include "machine/doorbell_service.h"

namespace openportcls {

namespace client {

MachineThreadState::~MachineThreadState() {
    if (thread_.joinable()) {
        ends_ = true;
        doorbell_.ring();
        thread_.join();
    }
}

Result<void> MachineThreadState::start(const MachineThreadOptions& options) {
    std::promise<Result<void>> started;
    auto result = started.get_future();
    thread_ = std::thread(&MachineThreadState::main, this, options, std::move(started));
    return result.get();
}

void MachineThreadState::post(std::function<void(Machine&)> function) {
    queue_.post([this, function = std::move(function)] { function(*machine_); });
}

void MachineThreadState::call(const std::function<void(Machine&)>& function) {
    if (std::this_thread::get_id() == thread_.get_id()) {
        function(*machine_); // from a callback: it is the machine's thread already
        return;
    }
    queue_.call([&] { function(*machine_); });
}

void MachineThreadState::main(MachineThreadOptions options, std::promise<Result<void>> started) {
    pthread_setname_np(pthread_self(), "portcls");
    options.machine.paced = true;
    auto machine = Machine::create(options.machine);
    if (!machine) {
        started.set_value(machine.error());
        return;
    }
    machine_ = &*machine;
    if (options.realtime_priority > 0) {
        const sched_param parameters{options.realtime_priority};
        is_realtime_ = pthread_setschedparam(pthread_self(), SCHED_FIFO, &parameters) == 0;
    }
    started.set_value({});
    serve(*machine);
}

// Time passes while nobody asks for anything; a request interrupts the machine's sleep.
void MachineThreadState::serve(Machine& machine) {
    machine::Machine& inside = *machine.state()->machine;
    auto& service = inside.add_subsystem<machine::DoorbellService>(doorbell_);
    while (!ends_) {
        if (inside.is_halted() || machine.state()->is_off()) {
            doorbell_.wait_until(machine::Doorbell::never);
            doorbell_.take();
        } else {
            machine.state()->call([&] { return inside.wait_one(&service.event()); });
        }
        queue_.serve();
    }
    queue_.serve();
    service.end();
}

} // namespace client

MachineThread::MachineThread(std::shared_ptr<client::MachineThreadState> state) : state_(std::move(state)) {}
MachineThread::MachineThread(MachineThread&&) noexcept = default;
MachineThread& MachineThread::operator=(MachineThread&&) noexcept = default;
MachineThread::~MachineThread() = default;

Result<MachineThread> MachineThread::start(const MachineThreadOptions& options) {
    constexpr int highest_priority = 99; // of SCHED_FIFO
    if (options.realtime_priority < 0 || options.realtime_priority > highest_priority) {
        return Error{STATUS_INVALID_PARAMETER, fmt::format("a real-time priority is 1 to {}, or 0 for none, not {}",
                                                           highest_priority, options.realtime_priority)};
    }
    auto state = std::make_shared<client::MachineThreadState>();
    auto started = state->start(options);
    if (!started) {
        return started.error();
    }
    return MachineThread(std::move(state));
}

void MachineThread::call(const std::function<void(Machine&)>& function) const {
    state_->call(function);
}

void MachineThread::post(std::function<void(Machine&)> function) const {
    if (!function) {
        return;
    }
    state_->post(std::move(function));
}

bool MachineThread::is_realtime() const {
    return state_->is_realtime();
}

} // namespace openportcls
