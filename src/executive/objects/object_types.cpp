#include "executive/objects/object_types.h"

#include <cstring>

#include <ntddk.h>

namespace {

constexpr ACCESS_MASK standard_read = 0x00020000; // READ_CONTROL
constexpr ACCESS_MASK standard_required = 0x000F0000;
constexpr ACCESS_MASK synchronize = 0x00100000;

} // namespace

ACCESS_MASK _OBJECT_TYPE::map(ACCESS_MASK desired) const {
    constexpr ACCESS_MASK maximum_allowed = 0x02000000;
    constexpr ACCESS_MASK bit_read = 0x80000000;
    constexpr ACCESS_MASK bit_write = 0x40000000;
    constexpr ACCESS_MASK bit_execute = 0x20000000;
    constexpr ACCESS_MASK bit_all = 0x10000000;
    ACCESS_MASK result = desired & ~(maximum_allowed | bit_read | bit_write | bit_execute | bit_all);
    result |= (desired & bit_read) != 0 ? generic_read : 0;
    result |= (desired & bit_write) != 0 ? generic_write : 0;
    result |= (desired & bit_execute) != 0 ? generic_execute : 0;
    result |= (desired & (bit_all | maximum_allowed)) != 0 ? all_access : 0;
    return result;
}

std::uint32_t _OBJECT_TYPE::tag() const {
    std::uint32_t result = 0;
    for (unsigned i = 0; i < sizeof result; ++i) {
        const char character = i < std::strlen(name) ? name[i] : ' ';
        result |= static_cast<std::uint32_t>(static_cast<unsigned char>(character)) << (8 * i);
    }
    return result;
}

namespace openportcls::executive::object_types {

_OBJECT_TYPE directory = {"Directory",         "directory object",  standard_read | 0x3,
                          standard_read | 0xC, standard_read | 0x3, standard_required | 0xF};
_OBJECT_TYPE symbolic_link = {"SymbolicLink", "symbolic link object", standard_read | 0x1,
                              standard_read,  standard_read | 0x1,    standard_required | 0x1};
_OBJECT_TYPE key = {"Key", "key object", 0x00020019, 0x00020006, 0x00020019, 0x000F003F};
_OBJECT_TYPE event = {"Event",
                      "event object",
                      standard_read | 0x1,
                      standard_read | 0x2,
                      standard_read | synchronize,
                      standard_required | synchronize | 0x3};
_OBJECT_TYPE semaphore = {"Semaphore",         "semaphore object",          standard_read | 0x1,
                          standard_read | 0x2, standard_read | synchronize, standard_required | synchronize | 0x3};
_OBJECT_TYPE mutant = {"Mutant",
                       "mutex object",
                       standard_read | 0x1,
                       standard_read,
                       standard_read | synchronize,
                       standard_required | synchronize | 0x1};
_OBJECT_TYPE timer = {"Timer",
                      "timer object",
                      standard_read | 0x1,
                      standard_read | 0x2,
                      standard_read | synchronize,
                      standard_required | synchronize | 0x3};
_OBJECT_TYPE thread = {
    "Thread", "thread object", standard_read | 0x48, standard_read | 0x37, standard_read | synchronize, 0x001FFFFF};
_OBJECT_TYPE process = {
    "Process", "process object", standard_read | 0x410, standard_read | 0xBEB, standard_read | synchronize, 0x001FFFFF};
_OBJECT_TYPE file = {"File", "file object", 0x00120089, 0x00120116, 0x001200A0, 0x001F01FF};
_OBJECT_TYPE device = {"Device", "device object", 0x00120089, 0x00120116, 0x001200A0, 0x001F01FF};
_OBJECT_TYPE driver = {"Driver", "driver object", 0x00120089, 0x00120116, 0x001200A0, 0x001F01FF};
_OBJECT_TYPE section = {"Section",           "section object",    standard_read | 0x5,
                        standard_read | 0x2, standard_read | 0x8, standard_required | 0x1F};
_OBJECT_TYPE callback = {"Callback",          "callback object",           standard_read,
                         standard_read | 0x1, standard_read | synchronize, standard_required | synchronize | 0x1};
// The rights are those of wmistr.h.
_OBJECT_TYPE wmi_guid = {"WmiGuid",
                         "WMI data block object",
                         standard_read | 0x9,
                         standard_read | 0x2,
                         standard_read | synchronize | 0x14,
                         standard_read | synchronize | 0xFFF};

} // namespace openportcls::executive::object_types

// What wdm.h declares: each is a pointer to the type, and drivers write *ExEventObjectType.
extern "C" {

#define OPC_OBJECT_TYPE_VARIABLE(name, type)                                                                           \
    static POBJECT_TYPE name##_pointer = &openportcls::executive::object_types::type;                                  \
    OPC_EXPORT POBJECT_TYPE* name = &name##_pointer // NOLINT(bugprone-macro-parentheses): the name declared

OPC_OBJECT_TYPE_VARIABLE(CmKeyObjectType, key);
OPC_OBJECT_TYPE_VARIABLE(ExEventObjectType, event);
OPC_OBJECT_TYPE_VARIABLE(ExSemaphoreObjectType, semaphore);
OPC_OBJECT_TYPE_VARIABLE(IoFileObjectType, file);
OPC_OBJECT_TYPE_VARIABLE(IoDeviceObjectType, device);
OPC_OBJECT_TYPE_VARIABLE(IoDriverObjectType, driver);
OPC_OBJECT_TYPE_VARIABLE(PsThreadType, thread);
OPC_OBJECT_TYPE_VARIABLE(PsProcessType, process);
OPC_OBJECT_TYPE_VARIABLE(MmSectionObjectType, section);
}
