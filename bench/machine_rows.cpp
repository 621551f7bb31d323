// The machine: fibers, preemption points, timers.
#include <memory>
#include <queue>

#include <boost/context/fiber.hpp>

#include "machine/machine.h"
#include "row.h"

namespace openportcls::bench {

namespace {

using namespace openportcls::machine;

// ---- fiber switch --------------------------------------------------------------------------------------------------

struct PingPong {
    Fiber host;
    Fiber other;
};

void fiber_switch(benchmark::State& state) {
    PingPong fibers;
    fibers.host.adopt_host_stack();
    fibers.other.prepare(
        FiberStack(64 * 1024),
        [](void* raw) {
            auto* pair = static_cast<PingPong*>(raw);
            for (;;) {
                Fiber::switch_to(pair->other, pair->host);
            }
        },
        &fibers, "other");
    for (auto _ : state) {
        Fiber::switch_to(fibers.host, fibers.other);
    }
}

void boost_resume(benchmark::State& state) {
    boost::context::fiber other([](boost::context::fiber&& back) {
        for (;;) {
            back = std::move(back).resume();
        }
        return std::move(back);
    });
    for (auto _ : state) {
        other = std::move(other).resume();
    }
}

// ---- preemption point
// ------------------------------------------------------------------------------------------------

void preemption_point(benchmark::State& state) {
    Machine machine;
    machine.enter([&] {
        for (auto _ : state) {
            machine.preemption_point();
            benchmark::ClobberMemory();
        }
    });
}

struct Callee {
    virtual ~Callee() = default;
    virtual void call() { benchmark::ClobberMemory(); }
};
struct OtherCallee : Callee {
    void call() override { benchmark::ClobberMemory(); }
};

void virtual_call(benchmark::State& state) {
    std::unique_ptr<Callee> callee = std::make_unique<OtherCallee>();
    Callee* pointer = callee.get();
    for (auto _ : state) {
        benchmark::DoNotOptimize(pointer);
        pointer->call();
    }
}

// ---- timer to thread
// -------------------------------------------------------------------------------------------------

constexpr int pending_timers = 256;

struct TimerChain {
    Machine* machine;
    KTIMER timer{};
    KDPC dpc{};
    KEVENT event{};
};

void NTAPI signal_event(KDPC*, void* context, void*, void*) {
    auto* chain = static_cast<TimerChain*>(context);
    chain->machine->set_event(chain->event);
}

void list_head(LIST_ENTRY& head) {
    head.Flink = head.Blink = &head;
}

// A clock event expires, its DPC sets an event, the waiting thread awakes and arms the timer again; 255 others wait.
void timer_to_thread(benchmark::State& state) {
    Machine machine;
    TimerChain chain;
    chain.machine = &machine;
    chain.dpc.Importance = MediumImportance;
    chain.dpc.DeferredRoutine = &signal_event;
    chain.dpc.DeferredContext = &chain;
    chain.event.Header.Type = EventSynchronizationObject;
    list_head(chain.event.Header.WaitListHead);
    list_head(chain.timer.Header.WaitListHead);
    machine.enter([&] {
        machine.set_clock_interval(1'000);
        std::vector<std::unique_ptr<ClockEvent>> others;
        for (int i = 1; i < pending_timers; ++i) {
            others.push_back(std::make_unique<ClockEvent>([](ClockEvent&) {}, nullptr));
            machine.clock().schedule(*others.back(), never - i);
        }
        for (auto _ : state) {
            machine.set_timer(chain.timer, machine.now() + 10'000, 0, &chain.dpc);
            machine.wait_one(&chain.event);
        }
    });
}

struct HeapEntry {
    std::uint64_t due;
    bool operator<(const HeapEntry& other) const { return due > other.due; }
};

void heap_hold(benchmark::State& state) {
    std::priority_queue<HeapEntry> heap;
    std::uint64_t random = 1;
    for (int i = 0; i < pending_timers; ++i) {
        heap.push({random = random * 6364136223846793005ULL + 1442695040888963407ULL});
    }
    for (auto _ : state) {
        HeapEntry entry = heap.top();
        heap.pop();
        random = random * 6364136223846793005ULL + 1442695040888963407ULL;
        entry.due += random >> 20;
        heap.push(entry);
    }
}

} // namespace

void add_machine_rows() {
    add_row({"fiber: there and back", "bare Boost.Context resume", 1.5, 1.2, cpu_time(&fiber_switch),
             cpu_time(&boost_resume)});
    add_row({"preemption point, nothing to do", "virtual call", 4, 3, cpu_time(&preemption_point),
             cpu_time(&virtual_call)});
    add_row({"timer, DPC, event, thread awake", "timer-heap hold, 256 entries", 8, 5, cpu_time(&timer_to_thread),
             cpu_time(&heap_hold)});
}

} // namespace openportcls::bench
