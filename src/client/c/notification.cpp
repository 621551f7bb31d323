// What drivers tell of their devices.
#include "client/c/handles.h"

using namespace openportcls;

namespace {

opc_notification view_of(const Notification& notification) {
    return {c::guid_of(notification.id), notification.data.data(), notification.data.size()};
}

} // namespace

opc_status opc_listener_open(opc_object* object, const opc_uuid* id, opc_listener** listener) {
    c::clear(listener);
    if (c::lacks({{"object", object}, {"id", id}, {"listener", listener}})) {
        return STATUS_INVALID_PARAMETER;
    }
    return c::give_handle(object->object->listen_for(c::guid_of(*id)), listener);
}

void opc_listener_close(opc_listener* listener) {
    delete listener;
}

bool opc_listener_take(opc_listener* listener, opc_notification* notification) {
    if (c::lacks({{"listener", listener}, {"notification", notification}})) {
        return false;
    }
    auto oldest = listener->listener.take();
    if (oldest) {
        listener->last = std::move(*oldest);
        *notification = view_of(listener->last);
    }
    return oldest.has_value();
}

opc_status opc_listener_wait(opc_listener* listener, uint64_t timeout_nanoseconds, opc_notification* notification) {
    if (c::lacks({{"listener", listener}, {"notification", notification}})) {
        return STATUS_INVALID_PARAMETER;
    }
    auto oldest = listener->listener.wait(c::timeout_of(timeout_nanoseconds));
    if (oldest) {
        listener->last = std::move(*oldest);
        *notification = view_of(listener->last);
    }
    return c::status_of(oldest);
}

opc_status opc_listener_on_notification(opc_listener* listener,
                                        void (*told)(void* context, const opc_notification* notification),
                                        void* context) {
    if (c::lacks({{"listener", listener}})) {
        return STATUS_INVALID_PARAMETER;
    }
    if (told == nullptr) {
        return c::status_of(listener->listener.on_notification({}));
    }
    return c::status_of(listener->listener.on_notification([told, context](const Notification& each) {
        const opc_notification view = view_of(each);
        told(context, &view);
    }));
}
