#include "fluid_sequencer.h"

#include <array>

#include <dlfcn.h>
#include <fluidsynth.h>

#include "event_times.h"

namespace openportcls::bench {

namespace {

struct Api {
    decltype(&new_fluid_sequencer2) make = nullptr;
    decltype(&delete_fluid_sequencer) remove = nullptr;
    decltype(&fluid_sequencer_register_client) register_client = nullptr;
    decltype(&fluid_sequencer_process) process = nullptr;
    decltype(&fluid_sequencer_send_at) send_at = nullptr;
    decltype(&new_fluid_event) new_event = nullptr;
    decltype(&delete_fluid_event) delete_event = nullptr;
    decltype(&fluid_event_set_source) set_source = nullptr;
    decltype(&fluid_event_set_dest) set_destination = nullptr;
    decltype(&fluid_event_noteon) note_on = nullptr;
    decltype(&fluid_event_get_type) type = nullptr;
    decltype(&fluid_event_get_channel) channel = nullptr;
    decltype(&fluid_event_get_key) key = nullptr;
    decltype(&fluid_event_get_velocity) velocity = nullptr;

    bool load() {
        void* const library = dlopen("libfluidsynth.so.3", RTLD_NOW | RTLD_LOCAL); // it stays
        return library != nullptr && find(library, "new_fluid_sequencer2", make) &&
               find(library, "delete_fluid_sequencer", remove) &&
               find(library, "fluid_sequencer_register_client", register_client) &&
               find(library, "fluid_sequencer_process", process) && find(library, "fluid_sequencer_send_at", send_at) &&
               find(library, "new_fluid_event", new_event) && find(library, "delete_fluid_event", delete_event) &&
               find(library, "fluid_event_set_source", set_source) &&
               find(library, "fluid_event_set_dest", set_destination) && find(library, "fluid_event_noteon", note_on) &&
               find(library, "fluid_event_get_type", type) && find(library, "fluid_event_get_channel", channel) &&
               find(library, "fluid_event_get_key", key) && find(library, "fluid_event_get_velocity", velocity);
    }

private:
    template<class Function>
    static bool find(void* library, const char* name, Function& function) {
        function = reinterpret_cast<Function>(dlsym(library, name));
        return function != nullptr;
    }
};

Api& api() {
    static Api loaded;
    return loaded;
}

// What a driver of a MIDI port would have to send.
struct Bytes {
    std::array<unsigned char, 3> last{};
    std::uint64_t count = 0;
};

void take(unsigned, fluid_event_t* event, fluid_sequencer_t*, void* data) {
    auto& bytes = *static_cast<Bytes*>(data);
    if (api().type(event) == FLUID_SEQ_NOTEON) {
        constexpr int note_on = 0x90;
        bytes.last = {static_cast<unsigned char>(note_on | api().channel(event)),
                      static_cast<unsigned char>(api().key(event)), static_cast<unsigned char>(api().velocity(event))};
        bytes.count += bytes.last.size();
        benchmark::DoNotOptimize(bytes);
    }
}

template<unsigned pending>
void sequence(benchmark::State& state) {
    constexpr std::int64_t microseconds = 1000; // of a millisecond
    Bytes bytes;
    fluid_sequencer_t* const sequencer = api().make(0);
    const fluid_seq_id_t client = api().register_client(sequencer, "bytes", &take, &bytes);
    fluid_event_t* const event = api().new_event();
    api().set_source(event, -1);
    api().set_destination(event, client);
    const auto send = [&](std::int64_t time) {
        api().note_on(event, 0, 60, 100);
        api().send_at(sequencer, event, static_cast<unsigned>(time / microseconds), 1);
    };
    EventTimes times(pending);
    for (unsigned i = 0; i < pending; ++i) {
        send(times.initial());
    }
    std::int64_t now = 0;
    for (auto _ : state) {
        for (int i = 0; i < events_per_iteration; ++i) {
            send(times.next(now));
        }
        const std::int64_t end = now + iteration_microseconds;
        for (; now < end; now += microseconds) {
            api().process(sequencer, static_cast<unsigned>(now / microseconds));
        }
    }
    if (bytes.count == 0) {
        state.SkipWithError("no events");
    }
    api().delete_event(event);
    api().remove(sequencer);
}

} // namespace

template<unsigned pending>
Side fluid_sequencer_side() {
    return [side = cpu_time(&sequence<pending>, events_per_iteration)]() -> Result<double> {
        static const bool is_there = api().load();
        if (!is_there) {
            return Error{0, "libfluidsynth is not there"};
        }
        return side();
    };
}

template Side fluid_sequencer_side<1024>();

} // namespace openportcls::bench
