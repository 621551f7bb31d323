// Events that a client owns and a driver signals.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include <openportcls/event.hpp>

#include <ks.h>

#include "client/state.h"
#include "client/thrown.h"

namespace openportcls::client {

// A synchronisation event with a user handle.
class ClientEvent {
public:
    explicit ClientEvent(std::shared_ptr<MachineState> machine);
    ~ClientEvent();
    ClientEvent(const ClientEvent&) = delete;
    ClientEvent& operator=(const ClientEvent&) = delete;

    HANDLE handle() const { return handle_; }
    KEVENT& object() { return *event_; }
    bool take();
    NTSTATUS wait(machine::Nanoseconds timeout);

private:
    std::shared_ptr<MachineState> machine_;
    KEVENT* event_ = nullptr;
    HANDLE handle_ = nullptr;
};

// An enabled KS event.
struct EventState {
    static Result<std::unique_ptr<EventState>> create(std::shared_ptr<ObjectState> object, const Key& key,
                                                      const EventOptions& options);
    EventState(std::shared_ptr<ObjectState> owner, std::span<const std::byte> parameters);
    ~EventState();
    EventState(const EventState&) = delete;
    EventState& operator=(const EventState&) = delete;

    Result<void> call_back(std::function<void()> function);
    // What the callback has thrown, once; or nothing.
    Result<void> check_thrown();

    std::shared_ptr<ObjectState> object;
    ClientEvent event;
    std::vector<std::byte> data; // KSEVENTDATA and what follows; its address is the event's identity (R-EVENT-07)
    bool enabled = false;
    std::function<void()> signalled;
    std::uint64_t signals = 0;

private:
    static void serve(void* context);
    void end_service();
    Result<void> end_callback();

    machine::Thread* thread_ = nullptr;
    bool ends_ = false;
    bool has_thrown_ = false; // so that its thread has ended
    Thrown thrown_;           // by `signalled`
};

} // namespace openportcls::client
