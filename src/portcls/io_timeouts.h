// PcRegisterIoTimeout: routines called about once a second at DISPATCH_LEVEL while the device is started (R-ENTRY-17).
#pragma once

#include <vector>

#include <portcls.h>

namespace openportcls::portcls {

class IoTimeouts {
public:
    explicit IoTimeouts(DEVICE_OBJECT& device);
    ~IoTimeouts();
    IoTimeouts(const IoTimeouts&) = delete;
    IoTimeouts& operator=(const IoTimeouts&) = delete;

    NTSTATUS add(PIO_TIMER_ROUTINE routine, PVOID context);
    NTSTATUS remove(PIO_TIMER_ROUTINE routine, PVOID context); // R-ENTRY-18
    void start();
    void stop(); // no routine runs any more afterwards; PASSIVE_LEVEL

private:
    struct Entry {
        PIO_TIMER_ROUTINE routine;
        PVOID context;
        bool operator==(const Entry&) const = default;
    };

    void arm();
    static void NTAPI expired(KDPC* dpc, void* context, void* argument1, void* argument2);

    DEVICE_OBJECT& device_;
    std::vector<Entry> entries_;
    bool running_ = false;
    KSPIN_LOCK lock_ = 0;
    KTIMER timer_;
    KDPC dpc_;
};

} // namespace openportcls::portcls
