// Requests that other threads hand to the machine's thread.
#pragma once

#include <functional>
#include <mutex>
#include <utility>
#include <vector>

#include "machine/doorbell.h"

namespace openportcls::client {

class RequestQueue {
public:
    explicit RequestQueue(machine::Doorbell& doorbell) : doorbell_(doorbell) {}

    // Any thread.
    void post(std::function<void()> request) {
        {
            const std::lock_guard lock(mutex_);
            waiting_.push_back(std::move(request));
        }
        doorbell_.ring();
    }
    // Any other thread: returns when the request has run.
    void call(const std::function<void()>& request) {
        machine::Doorbell done;
        post([&] {
            request();
            done.ring();
        });
        done.wait_until(machine::Doorbell::never);
    }
    // The machine's thread: runs what is there, in order, and what that posts.
    void serve() {
        for (;;) {
            {
                const std::lock_guard lock(mutex_);
                std::swap(waiting_, running_);
            }
            if (running_.empty()) {
                return;
            }
            for (const std::function<void()>& request : running_) {
                request();
            }
            running_.clear();
        }
    }

private:
    machine::Doorbell& doorbell_;
    std::mutex mutex_;
    std::vector<std::function<void()>> waiting_;
    std::vector<std::function<void()>> running_;
};

} // namespace openportcls::client
