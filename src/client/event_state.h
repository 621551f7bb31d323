// Events that a client owns and a driver signals.
#pragma once

#include <memory>

#include <ks.h>

#include "client/state.h"

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
    static Result<std::unique_ptr<EventState>> create(std::shared_ptr<FilterState> filter, const GUID& set, ULONG id,
                                                      ULONG node);
    explicit EventState(std::shared_ptr<FilterState> owner) : filter(std::move(owner)), event(filter->machine) {}
    ~EventState();

    std::shared_ptr<FilterState> filter;
    ClientEvent event;
    KSEVENTDATA data{}; // its address is the event's identity (R-EVENT-07)
    bool enabled = false;
};

} // namespace openportcls::client
