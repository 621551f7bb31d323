// Who calls the period callbacks: one thread inside the machine for all streams, so that a period costs no switch to a
// stack of its own. While interleavings are explored each stream has one, so that they interleave with each other.
#pragma once

#include <memory>

#include "client/state.h"
#include "machine/thread.h"

namespace openportcls::client {

class StreamBase;

class StreamService {
public:
    // A stream's place: hears its notification event, and queues for the thread.
    struct Place : machine::SignalListener {
        explicit Place(StreamBase& owner) : stream(owner) {}
        StreamBase& stream;
        StreamService* service = nullptr; // while the stream is served
        Place* next = nullptr;
        bool is_queued = false;
    };

    // Inside the machine. Null: no room for the thread.
    static std::shared_ptr<StreamService> of(MachineState& machine);

    explicit StreamService(machine::Machine& machine);
    ~StreamService();
    StreamService(const StreamService&) = delete;
    StreamService& operator=(const StreamService&) = delete;

    // From now on every signal of the event has the stream's serve_period() called, until that returns false.
    void attach(Place& place, KEVENT& event);
    // As the event does. Whoever knows that it stands for a stream's place need not signal it; false: the place is not
    // served, and the event has to be. At any level.
    static bool NTAPI hear(Place& place) {
        if (place.service == nullptr) {
            return false;
        }
        heard(place);
        return true;
    }
    // When this returns no call is in progress, unless it is made by one.
    void detach(Place& place);
    // Whether the caller is inside of that place's callback.
    bool is_serving(const Place& place) const { return serving_ == &place && &machine_.current_thread() == thread_; }

private:
    static void run(void* context);
    static void NTAPI heard(machine::SignalListener& listener);
    void serve();
    void forget(Place& place);
    Place* pop();
    void remove(Place& place);

    machine::Machine& machine_;
    machine::Thread* thread_ = nullptr;
    bool is_parked_ = false;
    bool ends_ = false;
    Place* first_ = nullptr;
    Place* last_ = nullptr;
    Place* serving_ = nullptr;
    unsigned waiters_ = 0; // for the call in progress to end
    KEVENT served_{};
};

} // namespace openportcls::client
