// What crosses between host threads, under ThreadSanitizer: the sample ring, the doorbell, the request queue.
// Everything else of the library lives on one thread. A program of its own, since it is the only one that is built this
// way.
#include <openportcls/sample_ring.hpp>

#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

#include "client/request_queue.h"

namespace {

using openportcls::SampleRing;
using openportcls::client::RequestQueue;
using openportcls::machine::Doorbell;
using openportcls::machine::host_monotonic;

void check(bool condition, const char* what) {
    if (!condition) {
        std::fprintf(stderr, "failed: %s\n", what);
        std::exit(1);
    }
}

// Two bytes a frame, three frames less than a power of two, pieces of all sizes: every wrap-around happens.
void a_ring_keeps_order_and_whole_frames() {
    SampleRing ring(250, 2);
    constexpr std::uint32_t frames = 60'000;
    std::thread writer([&] {
        std::vector<std::uint16_t> piece(100);
        for (std::uint32_t next = 0, size = 1; next < frames; size = size % 97 + 1) {
            const std::uint32_t count = std::min(size, frames - next);
            for (std::uint32_t i = 0; i < count; ++i) {
                piece[i] = static_cast<std::uint16_t>(next + i);
            }
            const std::size_t bytes = ring.write(std::as_bytes(std::span(piece).first(count)));
            check(bytes % 2 == 0, "whole frames are written");
            next += static_cast<std::uint32_t>(bytes / 2);
            if (bytes == 0) {
                std::this_thread::yield();
            }
        }
    });
    std::vector<std::uint16_t> piece(100);
    for (std::uint32_t next = 0, size = 1; next < frames; size = size % 89 + 1) {
        const std::size_t bytes = ring.read(std::as_writable_bytes(std::span(piece).first(size)));
        check(bytes % 2 == 0, "whole frames are read");
        for (std::size_t i = 0; i < bytes / 2; ++i) {
            check(piece[i] == static_cast<std::uint16_t>(next + i), "frames come in order");
        }
        next += static_cast<std::uint32_t>(bytes / 2);
        if (bytes == 0) {
            std::this_thread::yield();
        }
    }
    writer.join();
    check(ring.available() == 0, "the ring is empty at the end");
}

void a_ring_says_how_much_there_is() {
    SampleRing ring(8, 4);
    const std::byte bytes[16] = {};
    check(ring.write(bytes) == 8 && ring.room() == 0 && ring.available() == 8, "it fills to its size and no further");
    std::byte out[6];
    check(ring.read(out) == 4 && ring.room() == 4, "half a frame stays");
}

void a_ring_of_the_bell_is_never_lost() {
    Doorbell there;
    Doorbell back;
    int value = 0; // handed to and fro by the bells alone
    constexpr int rounds = 3'000;
    std::thread other([&] {
        for (int i = 0; i < rounds; ++i) {
            check(there.wait_until(Doorbell::never), "rung");
            there.take();
            ++value;
            back.ring();
        }
    });
    for (int i = 0; i < rounds; ++i) {
        there.ring();
        check(back.wait_until(Doorbell::never), "rung");
        back.take();
        check(value == i + 1, "what happened before the ring is seen after it");
    }
    other.join();
    const std::int64_t deadline = host_monotonic() + 2'000'000;
    check(!there.wait_until(deadline) && host_monotonic() >= deadline, "a bell that nobody rings times out");
}

void requests_run_once_and_in_order() {
    Doorbell bell;
    RequestQueue queue(bell);
    bool ends = false;
    std::vector<int> ran; // the serving thread's
    std::thread machine([&] {
        while (!ends) {
            bell.wait_until(Doorbell::never);
            bell.take();
            queue.serve();
        }
    });
    constexpr int callers = 4;
    constexpr int each = 500;
    std::vector<std::thread> threads;
    for (int caller = 0; caller < callers; ++caller) {
        threads.emplace_back([&, caller] {
            for (int i = 0; i < each; ++i) {
                int seen = -1;
                queue.call([&] {
                    ran.push_back(caller * each + i);
                    seen = i;
                });
                check(seen == i, "a call has happened when it returns");
            }
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    queue.call([&] { ends = true; });
    machine.join();
    check(ran.size() == callers * each, "every request ran once");
    std::vector<int> last(callers, -1);
    for (const int request : ran) {
        check(request % each == last[request / each] + 1, "the requests of one thread keep their order");
        last[request / each] = request % each;
    }
}

} // namespace

int main() {
    a_ring_keeps_order_and_whole_frames();
    a_ring_says_how_much_there_is();
    a_ring_of_the_bell_is_never_lost();
    requests_run_once_and_in_order();
    std::puts("ok");
    return 0;
}
