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
    // R-ENTRY-18. The routine neither runs nor will run with this context afterwards. PASSIVE_LEVEL.
    NTSTATUS remove(PIO_TIMER_ROUTINE routine, PVOID context);
    void start();
    void stop(); // no routine runs any more afterwards; PASSIVE_LEVEL

private:
    struct Entry {
        PIO_TIMER_ROUTINE routine;
        PVOID context;
        bool is_due = false; // in the pass in progress
        bool is_of(PIO_TIMER_ROUTINE other, PVOID other_context) const {
            return routine == other && context == other_context;
        }
    };

    void arm();
    bool begin_pass();
    bool next_due(Entry& entry);
    static void NTAPI expired(KDPC* dpc, void* context, void* argument1, void* argument2);

    DEVICE_OBJECT& device_;
    std::vector<Entry> entries_;
    bool running_ = false;
    ULONG passes_ = 0; // in progress
    KSPIN_LOCK lock_ = 0;
    KTIMER timer_;
    KDPC dpc_;
};

} // namespace openportcls::portcls
