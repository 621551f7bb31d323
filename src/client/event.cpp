#include <openportcls/event.hpp>

#include <cstring>

#include <fmt/format.h>

#include "client/event_state.h"
#include "client/guid_bytes.h"
#include "executive/objects/object_manager.h"
#include "machine/host_code.h"

namespace openportcls {

namespace client {

ClientEvent::ClientEvent(std::shared_ptr<MachineState> machine) : machine_(std::move(machine)) {
    machine_->call_even_when_off([&] {
        auto& objects = executive::ObjectManager::of(*machine_->machine);
        event_ = objects.create_event(SynchronizationEvent, false);
        handle_ = objects.open_client_handle(event_, EVENT_ALL_ACCESS);
        return STATUS_SUCCESS;
    });
}

ClientEvent::~ClientEvent() {
    machine_->call_even_when_off([&] {
        auto& objects = executive::ObjectManager::of(*machine_->machine);
        objects.close_handle(handle_, UserMode);
        objects.dereference(event_);
        return STATUS_SUCCESS;
    });
}

bool ClientEvent::take() {
    return wait(0) == STATUS_SUCCESS;
}

NTSTATUS ClientEvent::wait(machine::Nanoseconds timeout) {
    return machine_->call_even_when_off([&] {
        machine::Machine& here = *machine_->machine;
        const machine::Nanoseconds now = here.now();
        return here.wait_one(event_, timeout >= machine::never - now ? machine::never : now + timeout);
    });
}

EventState::EventState(std::shared_ptr<ObjectState> owner, std::span<const std::byte> parameters)
    : object(std::move(owner)), event(object->machine), data(sizeof(KSEVENTDATA) + parameters.size()) {
    KSEVENTDATA head{};
    head.NotificationType = KSEVENTF_EVENT_HANDLE;
    head.EventHandle.Event = event.handle();
    std::memcpy(data.data(), &head, sizeof head);
    std::copy(parameters.begin(), parameters.end(), data.begin() + sizeof head);
}

Result<std::unique_ptr<EventState>> EventState::create(std::shared_ptr<ObjectState> object, const Key& key,
                                                       const EventOptions& options) {
    auto state = std::make_unique<EventState>(std::move(object), options.parameters);
    KSEVENT head{};
    head.Set = to_windows(key.set);
    head.Id = key.id;
    head.Flags = (options.one_shot ? KSEVENT_TYPE_ONESHOT : KSEVENT_TYPE_ENABLE) | options.target.flags();
    const auto descriptor = options.target.descriptor();
    std::vector<std::byte> request(sizeof head + descriptor.size());
    std::memcpy(request.data(), &head, sizeof head);
    std::copy(descriptor.begin(), descriptor.end(), request.begin() + sizeof head);
    ULONG_PTR information = 0;
    const NTSTATUS status =
        state->object->control(IOCTL_KS_ENABLE_EVENT, request.data(), static_cast<ULONG>(request.size()),
                               state->data.data(), static_cast<ULONG>(state->data.size()), &information);
    if (!NT_SUCCESS(status)) {
        return state->object->error(status, fmt::format("enabling event {} of set {}", key.id, to_string(key.set)));
    }
    state->enabled = true;
    return state;
}

// A one-shot event that has come is gone already: disabling it then changes nothing.
EventState::~EventState() {
    if (enabled) {
        ULONG_PTR information = 0;
        object->control(IOCTL_KS_DISABLE_EVENT, data.data(), static_cast<ULONG>(data.size()), nullptr, 0, &information);
    }
    end_service();
}

Result<void> EventState::check_thrown() {
    const auto thrown = thrown_.take();
    return thrown ? object->error(STATUS_UNHANDLED_EXCEPTION, "the event's callback has thrown an exception" + *thrown)
                  : Result<void>();
}

Result<void> EventState::call_back(std::function<void()> function) {
    auto before = check_thrown();
    if (!function) {
        auto ended = end_callback();
        return before ? std::move(ended) : std::move(before);
    }
    if (!before) {
        return before;
    }
    if (thread_ != nullptr) {
        return object->error(STATUS_DEVICE_BUSY, "this event has a callback already");
    }
    signalled = std::move(function);
    const NTSTATUS status = object->machine->call([&] {
        thread_ = object->machine->machine->create_thread("event", &EventState::serve, this);
        return thread_ != nullptr ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
    });
    return NT_SUCCESS(status) ? Result<void>() : Result<void>(object->error(status, "starting an event's callback"));
}

// Whoever calls back cannot be waited for by itself.
Result<void> EventState::end_callback() {
    const NTSTATUS status = object->machine->call_even_when_off([this] {
        const bool is_inside = thread_ != nullptr && &object->machine->machine->current_thread() == thread_;
        return is_inside ? STATUS_DEVICE_BUSY : STATUS_SUCCESS;
    });
    if (!NT_SUCCESS(status)) {
        return object->error(status, "ending an event's callback from inside of it");
    }
    end_service();
    ends_ = false;
    has_thrown_ = false;
    signalled = nullptr;
    return {};
}

void EventState::serve(void* context) {
    auto& self = *static_cast<EventState*>(context);
    while (self.object->machine->machine->wait_one(&self.event.object()) == STATUS_SUCCESS && !self.ends_) {
        ++self.signals;
        try {
            const machine::HostCode application(*self.object->machine->machine);
            self.signalled();
        } catch (...) {
            self.thrown_.keep();
            self.has_thrown_ = true;
            return;
        }
    }
}

void EventState::end_service() {
    if (thread_ == nullptr) {
        return;
    }
    object->machine->call_even_when_off([&] {
        machine::Machine& here = *object->machine->machine;
        ends_ = true;
        if (!has_thrown_) { // else there is nobody to be woken, and the next wait() would be
            here.set_event(event.object());
        }
        here.wait_one(thread_);
        here.release_thread(*thread_);
        return STATUS_SUCCESS;
    });
    thread_ = nullptr;
}

} // namespace client

Event::Event(std::unique_ptr<client::EventState> state) : state_(std::move(state)) {}
Event::Event(Event&&) noexcept = default;
Event& Event::operator=(Event&&) noexcept = default;
Event::~Event() = default;

bool Event::take() {
    return state_->event.take();
}

Result<void> Event::wait(std::chrono::nanoseconds timeout) {
    if (timeout < std::chrono::nanoseconds(0)) {
        return Error{STATUS_INVALID_PARAMETER, "nobody waits for less than no time"};
    }
    if (auto on = state_->object->machine->check_is_on("waiting for an event"); !on) {
        return on;
    }
    if (auto before = state_->check_thrown(); !before) {
        return before;
    }
    const NTSTATUS status = state_->event.wait(timeout.count());
    return status == STATUS_SUCCESS ? Result<void>()
                                    : Result<void>(state_->object->machine->error(status, "waiting for an event"));
}

Result<void> Event::on_signal(std::function<void()> signalled) {
    return state_->call_back(std::move(signalled));
}

std::uint64_t Event::signals() const {
    return state_->signals;
}

} // namespace openportcls
