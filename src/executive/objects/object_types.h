// The types of kernel objects: what POBJECT_TYPE points at. Drivers see the pointer only.
#pragma once

#include <wdm.h>

#include <cstdint>

struct _OBJECT_TYPE {
    const char* name;
    const char* what; // in reports: "event object"
    ACCESS_MASK generic_read;
    ACCESS_MASK generic_write;
    ACCESS_MASK generic_execute;
    ACCESS_MASK all_access;

    // Of its bodies in pool: 'Even'.
    std::uint32_t tag() const;
    // Generic rights replaced by the type's own; MAXIMUM_ALLOWED by all of them.
    ACCESS_MASK map(ACCESS_MASK desired) const;
};

namespace openportcls::executive::object_types {

extern _OBJECT_TYPE directory;
extern _OBJECT_TYPE symbolic_link;
extern _OBJECT_TYPE key;
extern _OBJECT_TYPE event;
extern _OBJECT_TYPE semaphore;
extern _OBJECT_TYPE mutant;
extern _OBJECT_TYPE timer;
extern _OBJECT_TYPE thread;
extern _OBJECT_TYPE process;
extern _OBJECT_TYPE file;
extern _OBJECT_TYPE device;
extern _OBJECT_TYPE driver;
extern _OBJECT_TYPE section;
extern _OBJECT_TYPE callback;
extern _OBJECT_TYPE wmi_guid;

} // namespace openportcls::executive::object_types
