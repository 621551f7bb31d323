// A driver inside the test program that writes down what it is asked, and misbehaves on demand.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include <wdm.h>

namespace openportcls::pnp::test {

struct RecordingDriver {
    std::vector<std::string> log;

    // Answers other than passing the request down: by (major, minor).
    std::map<std::pair<int, int>, NTSTATUS> refusals;
    NTSTATUS driver_entry_status = 0;
    NTSTATUS add_device_status = 0;
    bool has_add_device = true;
    bool has_unload = true;
    bool attaches = true;
    bool clears_initializing = true;
    bool detaches = true;
    bool leaks_pool = false;
    bool leaks_symbolic_link = false;
    bool leaks_control_device = false;
    bool pends_start = false; // completes START_DEVICE later, from a work item
    bool swallows_device_power = false;
    bool requests_device_power = false; // on system power IRPs, as a power policy owner does
    bool filters_resources = false;     // drops the last requirement
    std::string raises_irql_in;         // the log entry with which it raises the IRQL, and leaves it so
    ULONG characteristics = 0;          // of its device objects
    ULONG device_state = 0;             // answer to QUERY_PNP_DEVICE_STATE

    std::u16string registry_path;
    DRIVER_OBJECT* driver_object = nullptr;
    DEVICE_OBJECT* device = nullptr; // the last one made
    DEVICE_TYPE physical_type_in_add_device = 0;
    std::vector<CM_PARTIAL_RESOURCE_DESCRIPTOR> raw;
    std::vector<CM_PARTIAL_RESOURCE_DESCRIPTOR> translated;

    int count(const std::string& entry) const;
    // The log from the first entry `from` on.
    std::vector<std::string> since(const std::string& from) const;
};

// What the entry points below work on. Set before a driver is loaded.
RecordingDriver& recording();
void reset_recording();

NTSTATUS NTAPI recording_driver_entry(DRIVER_OBJECT* driver, UNICODE_STRING* registry_path);

} // namespace openportcls::pnp::test
