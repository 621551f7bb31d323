#include "machine/host_code.h"

namespace openportcls::machine {

namespace {

constinit thread_local const Machine* volatile calling = nullptr; // the watchdog's signal reads it

const Machine* exchange(const Machine* machine) {
    const Machine* const before = calling;
    calling = machine;
    return before;
}

} // namespace

[[gnu::hot]] HostCode::HostCode(const Machine& machine) : outer_(exchange(&machine)) {}
[[gnu::hot]] HostCode::~HostCode() {
    calling = outer_;
}

bool HostCode::runs_in(const Machine& machine) {
    return calling == &machine;
}

void HostCode::forget() {
    calling = nullptr;
}

HostCode::Pause::Pause() : paused_(exchange(nullptr)) {}
HostCode::Pause::~Pause() {
    calling = paused_;
}

} // namespace openportcls::machine
