// Custom events of target devices, queued for a client.
#include <openportcls/notification.hpp>
#include <openportcls/object.hpp>

#include <algorithm>
#include <deque>

#include "client/event_state.h"
#include "client/guid_bytes.h"
#include "executive/io/io_manager.h"
#include "executive/io/notifications.h"
#include "executive/kernel.h"

namespace openportcls {

namespace client {

namespace {

constexpr std::size_t most_notifications = 1000; // that nobody takes
constexpr std::size_t head_bytes = offsetof(TARGET_DEVICE_CUSTOM_NOTIFICATION, CustomDataBuffer);

} // namespace

struct ListenerState {
    ListenerState(const std::shared_ptr<ObjectState>& object, const Guid& wanted)
        : id(to_windows(wanted)), event(object, {}) {}
    ~ListenerState();
    ListenerState(const ListenerState&) = delete;
    ListenerState& operator=(const ListenerState&) = delete;

    NTSTATUS start();
    std::optional<Notification> take(); // inside the machine
    std::optional<Notification> take_from_outside();
    GUID id;
    std::deque<Notification> heard;
    executive::NotificationTable::Entry* entry = nullptr;
    EventState event; // signalled with each; its thread, which uses what is heard, ends first

private:
    static NTSTATUS NTAPI hear(PVOID structure, PVOID context);
};

NTSTATUS ListenerState::start() {
    return event.object->machine->call([this] {
        FILE_OBJECT* const file = event.object->file;
        executive::NotificationTable::Entry wanted{};
        wanted.category = EventCategoryTargetDeviceChange;
        wanted.file = file;
        wanted.target = executive::NotificationTable::target_of(executive::bottom_of_stack(file->DeviceObject));
        wanted.callback = &ListenerState::hear;
        wanted.context = this;
        entry = executive::Kernel::current().notifications.add(wanted);
        return STATUS_SUCCESS;
    });
}

ListenerState::~ListenerState() {
    if (entry != nullptr) {
        event.object->machine->call_even_when_off([this] {
            executive::Kernel::current().notifications.remove(entry);
            return STATUS_SUCCESS;
        });
    }
}

// Who answers a query-remove with anything but success would forbid it.
NTSTATUS NTAPI ListenerState::hear(PVOID structure, PVOID context) {
    const auto& change = *static_cast<const TARGET_DEVICE_CUSTOM_NOTIFICATION*>(structure);
    auto& self = *static_cast<ListenerState*>(context);
    if (!IsEqualGUID(change.Event, self.id)) {
        return STATUS_SUCCESS;
    }
    const auto* const data = reinterpret_cast<const std::byte*>(change.CustomDataBuffer);
    const std::size_t bytes = change.Size > head_bytes ? change.Size - head_bytes : 0;
    if (self.heard.size() == most_notifications) {
        self.heard.pop_front();
    }
    self.heard.push_back({from_windows(change.Event), {data, data + bytes}});
    self.event.object->machine->machine->set_event(self.event.event.object());
    return STATUS_SUCCESS;
}

std::optional<Notification> ListenerState::take() {
    if (heard.empty()) {
        return std::nullopt;
    }
    std::optional<Notification> oldest(std::move(heard.front()));
    heard.pop_front();
    return oldest;
}

// A live machine has a thread of its own, on which drivers tell.
std::optional<Notification> ListenerState::take_from_outside() {
    std::optional<Notification> oldest;
    event.object->machine->call_even_when_off([&] {
        oldest = take();
        return STATUS_SUCCESS;
    });
    return oldest;
}

} // namespace client

NotificationListener::NotificationListener(std::unique_ptr<client::ListenerState> state) : state_(std::move(state)) {}
NotificationListener::NotificationListener(NotificationListener&&) noexcept = default;
NotificationListener& NotificationListener::operator=(NotificationListener&&) noexcept = default;
NotificationListener::~NotificationListener() = default;

std::optional<Notification> NotificationListener::take() {
    return state_->take_from_outside();
}

Result<Notification> NotificationListener::wait(std::chrono::nanoseconds timeout) {
    const client::MachineState& machine = *state_->event.object->machine;
    if (timeout < std::chrono::nanoseconds(0)) {
        return Error{STATUS_INVALID_PARAMETER, "nobody waits for less than no time"};
    }
    if (auto on = machine.check_is_on("waiting for a notification"); !on) {
        return on.error();
    }
    if (auto before = state_->event.check_thrown(); !before) {
        return before.error();
    }
    const machine::Nanoseconds now = machine.machine->now();
    const machine::Nanoseconds end = timeout.count() >= machine::never - now ? machine::never : now + timeout.count();
    // The event may be signalled for one that has been taken since.
    for (;;) {
        if (auto oldest = state_->take_from_outside()) {
            return std::move(*oldest);
        }
        const machine::Nanoseconds left = end == machine::never ? end : end - machine.machine->now();
        const NTSTATUS status = state_->event.event.wait(std::max<machine::Nanoseconds>(left, 0));
        if (status != STATUS_SUCCESS) {
            return state_->event.object->error(status, "waiting for a notification");
        }
    }
}

Result<void> NotificationListener::on_notification(std::function<void(const Notification&)> told) {
    client::ListenerState& state = *state_;
    if (!told) {
        return state.event.call_back({});
    }
    // Several may have come since the event was signalled.
    auto begun = state.event.call_back([&state, told = std::move(told)] {
        while (auto each = state.take()) {
            told(*each);
        }
    });
    if (!begun) {
        return begun;
    }
    state.event.object->machine->call_even_when_off([&state] { // for those that have come already
        state.event.object->machine->machine->set_event(state.event.event.object());
        return STATUS_SUCCESS;
    });
    return begun;
}

Result<NotificationListener> KsObject::listen_for(const Guid& id) const {
    auto state = std::make_unique<client::ListenerState>(object_, id);
    const NTSTATUS status = state->start();
    return NT_SUCCESS(status) ? Result<NotificationListener>(NotificationListener(std::move(state)))
                              : Result<NotificationListener>(object_->error(status, "listening for notifications"));
}

} // namespace openportcls
