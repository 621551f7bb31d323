#include "client/stream_service.h"

#include "client/stream_base.h"

namespace openportcls::client {

std::shared_ptr<StreamService> StreamService::of(MachineState& machine) {
    auto service = machine.machine->explores() ? nullptr : machine.stream_service.lock();
    if (service == nullptr) {
        service = std::make_shared<StreamService>(*machine.machine);
        machine.stream_service = service;
    }
    return service->thread_ != nullptr ? service : nullptr;
}

StreamService::StreamService(machine::Machine& machine) : machine_(machine) {
    KeInitializeEvent(&served_, SynchronizationEvent, FALSE);
    thread_ = machine.create_thread("stream", &StreamService::run, this);
}

StreamService::~StreamService() {
    if (thread_ == nullptr || machine_.is_halted()) {
        return;
    }
    machine_.enter([this] {
        ends_ = true;
        if (is_parked_) {
            is_parked_ = false;
            machine_.unpark(*thread_);
        }
        machine_.wait_one(thread_);
        machine_.release_thread(*thread_);
    });
}

void StreamService::attach(Place& place, KEVENT& event) {
    place.service = this;
    place.heard = &StreamService::heard;
    machine_.listen(event, place);
}

void StreamService::detach(Place& place) {
    forget(place);
    while (serving_ == &place && &machine_.current_thread() != thread_) {
        ++waiters_;
        machine_.wait_one(&served_);
        --waiters_;
    }
}

// At whatever level the driver signals.
[[gnu::hot]] void NTAPI StreamService::heard(machine::SignalListener& listener) {
    auto& place = static_cast<Place&>(listener);
    StreamService& self = *place.service;
    if (place.is_queued) {
        return;
    }
    place.is_queued = true;
    place.next = nullptr;
    (self.first_ == nullptr ? self.first_ : self.last_->next) = &place;
    self.last_ = &place;
    if (self.is_parked_) {
        self.is_parked_ = false;
        self.machine_.unpark(*self.thread_);
    }
}

StreamService::Place* StreamService::pop() {
    Place* const place = first_;
    if (place != nullptr) {
        first_ = place->next;
        place->is_queued = false;
        if (first_ != nullptr) {
            __builtin_prefetch(&first_->stream); // with many streams each one is cold
        }
    }
    return place;
}

void StreamService::forget(Place& place) {
    machine_.stop_listening(place);
    place.service = nullptr;
    remove(place);
}

void StreamService::remove(Place& place) {
    if (!place.is_queued) {
        return;
    }
    place.is_queued = false;
    Place** link = &first_;
    Place* before = nullptr;
    while (*link != &place) {
        before = *link;
        link = &before->next;
    }
    *link = place.next;
    if (last_ == &place) {
        last_ = before;
    }
}

void StreamService::run(void* context) {
    static_cast<StreamService*>(context)->serve();
}

[[gnu::hot]] void StreamService::serve() {
    for (;;) {
        while (Place* const place = pop()) {
            serving_ = place;
            const bool goes_on = place->stream.serve_period();
            serving_ = nullptr;
            if (!goes_on) {
                forget(*place);
            }
            if (waiters_ > 0) {
                machine_.set_event(served_);
            }
        }
        machine_.preemption_point();
        if (first_ != nullptr) {
            continue;
        }
        if (ends_) {
            return;
        }
        is_parked_ = true;
        machine_.park();
    }
}

} // namespace openportcls::client
