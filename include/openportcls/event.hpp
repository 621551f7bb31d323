// Events that drivers signal: IOCTL_KS_ENABLE_EVENT and IOCTL_KS_DISABLE_EVENT.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include <openportcls/properties.hpp>
#include <openportcls/result.hpp>

namespace openportcls {

namespace client {
struct EventState;
} // namespace client

struct EventOptions {
    Target target;         // the object itself, a node, or (on a filter) one of its pins
    bool one_shot = false; // the driver forgets the event once it has signalled it
    // Bytes that follow KSEVENTDATA for the events that have some, such as a position or a time.
    std::vector<std::byte> parameters;
};

// An enabled event. It is disabled, and its callback ended, when this object goes; until then it keeps the filter, pin
// or stream open that it was enabled on.
class Event {
public:
    Event(Event&&) noexcept;
    Event& operator=(Event&&) noexcept;
    ~Event();

    // True once per signalling; signals that come before anybody looks count as one.
    bool take();
    // Lets time pass until the event is signalled; STATUS_TIMEOUT after `timeout`.
    Result<void> wait(std::chrono::nanoseconds timeout);
    Result<void> wait(std::uint32_t timeout_milliseconds) {
        return wait(std::chrono::milliseconds(timeout_milliseconds));
    }
    // Calls `signalled` on a thread inside the machine each time, while time passes there: in Machine::run_for, a
    // stream's write() and so on. It may make any call of this library but destroy this event. take() and wait() see
    // no more signals. An empty function, which the callback may not hand in itself, ends the calls. An exception
    // that leaves it ends them, too; the next wait() or on_signal() answers STATUS_UNHANDLED_EXCEPTION.
    Result<void> on_signal(std::function<void()> signalled);
    // How often on_signal's function has been called.
    std::uint64_t signals() const;

private:
    friend class KsObject;
    explicit Event(std::unique_ptr<client::EventState> state);
    std::unique_ptr<client::EventState> state_;
};

using EventSubscription = Event;

} // namespace openportcls
