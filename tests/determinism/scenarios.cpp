#include "scenarios.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <fmt/format.h>
#include <openportcls/openportcls.hpp>

#include "client/state.h"
#include "machine/machine.h"

namespace openportcls::determinism {

using machine::PolicyKind;
using std::chrono::milliseconds;

namespace {

class Recorder final : public machine::Observer {
public:
    void on_event(const machine::TraceEvent& event) override {
        fmt::format_to(std::back_inserter(text), "{} {} {} {} {} {} {}\n", event.time, event_kind_name(event.kind),
                       event.processor, event.irql, event.subject, event.value, event.detail);
    }
    std::string text;
};

// The tracer has no other way to say that a run went wrong: a trace that tells is compared like any other.
template<class T>
T required(Result<T> result) {
    if (!result) {
        std::fprintf(stderr, "the scenario failed: %s\n", result.error().message.c_str());
        std::abort();
    }
    return std::move(*result);
}
void require(const Result<void>& result) {
    if (!result) {
        std::fprintf(stderr, "the scenario failed: %s\n", result.error().message.c_str());
        std::abort();
    }
}

// ---- the bare machine ----------------------------------------------------------------------------------------------

constexpr int rounds = 40;
constexpr unsigned thread_count = 3;

struct Parts {
    machine::Machine* machine = nullptr;
    KSPIN_LOCK lock = 0;
    KEVENT period{};
    KTIMER timer{};
    KDPC timer_dpc{};
    KDPC interrupt_dpc{};
    machine::InterruptHandler handler{};
    machine::InterruptLine* line = nullptr;
    std::uint64_t counter = 0;
};
Parts* parts;

void initialise(DISPATCHER_HEADER& header, UCHAR type) {
    header.Type = type;
    header.WaitListHead = {&header.WaitListHead, &header.WaitListHead};
}

void NTAPI timer_expired(PKDPC, PVOID, PVOID, PVOID) {
    parts->line->raise();
}

bool NTAPI on_interrupt(machine::InterruptHandler&) {
    parts->line->lower();
    parts->machine->queue_dpc(parts->interrupt_dpc, nullptr, nullptr);
    return true;
}

void NTAPI after_interrupt(PKDPC, PVOID, PVOID, PVOID) {
    parts->machine->acquire_lock(parts->lock);
    ++parts->counter;
    parts->machine->release_lock(parts->lock);
    parts->machine->set_event(parts->period);
}

// Counts under the lock, and again without it, as a driver with a bug would.
void count(void*) {
    machine::Machine& machine = *parts->machine;
    for (int round = 0; round < rounds; ++round) {
        const KIRQL before = machine.raise_irql(machine::irql::dispatch);
        machine.acquire_lock(parts->lock);
        const std::uint64_t seen = parts->counter;
        machine.spend(1'000);
        parts->counter = seen + 1;
        machine.release_lock(parts->lock);
        machine.lower_irql(before);
        if (round % 8 == 0) {
            machine.wait_one(&parts->period, machine.now() + 20 * machine::nanoseconds_per_millisecond);
        }
        const std::uint64_t unlocked = parts->counter;
        machine.preemption_point();
        parts->counter = unlocked + 1;
    }
}

std::string trace_machine(PolicyKind policy, std::uint64_t seed) {
    Recorder recorder;
    machine::Machine machine({.processors = 3, .policy = policy, .seed = seed});
    machine.add_observer(recorder);
    Parts here;
    parts = &here;
    here.machine = &machine;
    initialise(here.period.Header, machine::EventSynchronizationObject);
    initialise(here.timer.Header, machine::TimerNotificationObject);
    here.timer_dpc.DeferredRoutine = &timer_expired;
    here.interrupt_dpc.DeferredRoutine = &after_interrupt;
    here.handler.service = &on_interrupt;
    const bool alive = machine.enter([&] {
        here.line = &machine.interrupt_line(5);
        here.line->connect(here.handler);
        machine.set_timer(here.timer, machine.now() + 1'000'000, 5 * machine::nanoseconds_per_millisecond,
                          &here.timer_dpc);
        machine::Thread* threads[thread_count];
        for (unsigned number = 0; number < thread_count; ++number) {
            threads[number] =
                machine.create_thread("counter", &count, nullptr, static_cast<std::uint8_t>(8 + number % 2));
        }
        for (machine::Thread* thread : threads) {
            machine.wait_one(thread);
            machine.release_thread(*thread);
        }
        machine.cancel_timer(here.timer);
        here.line->disconnect(here.handler);
    });
    machine.remove_observer(recorder);
    return recorder.text + fmt::format("{} {}\n", alive ? "counted" : "crashed", here.counter);
}

// ---- the cable -----------------------------------------------------------------------------------------------------

std::vector<std::byte> sound(const WaveFormat& format, unsigned milliseconds_long) {
    std::vector<std::byte> bytes(format.rate * milliseconds_long / 1000 * format.bytes_per_frame());
    machine::Random random(3);
    for (std::byte& each : bytes) {
        each = static_cast<std::byte>(random.below(256));
    }
    return bytes;
}

void stream(Machine& machine, std::string& heard) {
    Filter wave = required(machine.open_first("Wave"));
    Filter topology = required(machine.open_first("Topology"));
    require(topology.set_volume(0, 0, -6));
    const WaveFormat format;
    CaptureStream capture = required(CaptureStream::open(wave, format));
    require(capture.on_period([&](std::span<const std::byte> period) {
        heard.append(reinterpret_cast<const char*>(period.data()), period.size());
        return true;
    }));
    RenderStream render = required(RenderStream::open(wave, format));
    require(render.write(sound(format, 60)));
    require(machine.sleep(3));
    require(machine.wake());
    require(render.drain());
    require(machine.run_for(milliseconds(30)));
}

std::string trace_cable(PolicyKind policy, std::uint64_t seed) {
    Recorder recorder;
    MachineOptions options;
    options.scheduling = policy == PolicyKind::random ? Scheduling::random
                         : policy == PolicyKind::pct  ? Scheduling::pct
                                                      : Scheduling::first_come;
    options.seed = seed;
    Machine machine = required(Machine::create(options));
    machine.state()->machine->add_observer(recorder);
    Driver driver = required(machine.load_driver("cable"));
    std::string heard;
    stream(machine, heard);
    require(driver.devices().front().set_power(3));
    require(driver.devices().front().set_power(0));
    const auto leaks = required(driver.unload());
    machine.state()->machine->remove_observer(recorder);
    // FNV-1a: what was heard belongs to the run, too.
    std::uint64_t hash = 0xCBF29CE484222325ULL;
    for (const char byte : heard) {
        hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001B3ULL;
    }
    return recorder.text + fmt::format("heard {} bytes, {:016x}, left behind {}\n", heard.size(), hash, leaks.size());
}

} // namespace

std::string trace_of(Scenario scenario, PolicyKind policy, std::uint64_t seed) {
    return scenario == Scenario::machine ? trace_machine(policy, seed) : trace_cable(policy, seed);
}

std::string_view name_of(Scenario scenario) {
    return scenario == Scenario::machine ? "machine" : "cable";
}

std::string_view name_of(PolicyKind policy) {
    return policy == PolicyKind::random ? "random" : policy == PolicyKind::pct ? "pct" : "first_come";
}

} // namespace openportcls::determinism
