// Code of the host's that a thread of the machine runs: an application's callback. What time it takes is nobody's
// business in here, least of all the driver's that it would be taken for, so that the watchdog does not count it.
#pragma once

namespace openportcls::machine {

class Machine;

// As long as one lives its host thread is in such code. Its functions are not in line: between two of them the machine
// may have moved to another host thread, whose variables have other addresses.
class HostCode {
public:
    [[gnu::noinline]] explicit HostCode(const Machine& machine);
    [[gnu::noinline]] ~HostCode();
    HostCode(const HostCode&) = delete;
    HostCode& operator=(const HostCode&) = delete;

    // Whether what this host thread is at now is such code, called by that machine.
    static bool runs_in(const Machine& machine);
    // No code of the host's comes back to here: the machine has crashed.
    static void forget();

    // While such code calls its machine, and so the guest, again.
    class Pause {
    public:
        [[gnu::noinline]] Pause();
        [[gnu::noinline]] ~Pause();
        Pause(const Pause&) = delete;
        Pause& operator=(const Pause&) = delete;

    private:
        const Machine* paused_;
    };

private:
    const Machine* outer_;
};

} // namespace openportcls::machine
