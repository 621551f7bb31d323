// Random numbers, Win32 error codes, version conditions, stacks, empty security descriptors.
#include <algorithm>
#include <utility>
#include <vector>

#include <ntddk.h>

#include "executive/callers.h"
#include "executive/irql_check.h"
#include "executive/rtl/system_version.h"
#include "machine/bugcheck.h"

using namespace openportcls;
using namespace openportcls::executive;

namespace {

// Park and Miller's generator, as the documentation of RtlUniform names it; every run repeats the same numbers.
ULONG next_random(ULONG* seed) {
    constexpr ULONGLONG modulus = 0x7FFFFFFF;
    *seed = static_cast<ULONG>((*seed * 0x7FFFFFEDULL + 0x7FFFFFC3ULL) % modulus);
    return *seed;
}

constexpr std::pair<NTSTATUS, ULONG> win32_errors[] = {
    {STATUS_SUCCESS, 0},
    {STATUS_TIMEOUT, 1460},
    {STATUS_PENDING, 997},
    {STATUS_BUFFER_OVERFLOW, 234},
    {STATUS_NO_MORE_ENTRIES, 259},
    {STATUS_UNSUCCESSFUL, 31},
    {STATUS_NOT_IMPLEMENTED, 1},
    {STATUS_INVALID_HANDLE, 6},
    {STATUS_INVALID_PARAMETER, 87},
    {STATUS_NO_SUCH_DEVICE, 2},
    {STATUS_INVALID_DEVICE_REQUEST, 1},
    {STATUS_END_OF_FILE, 38},
    {STATUS_NO_MEMORY, 8},
    {STATUS_ACCESS_DENIED, 5},
    {STATUS_BUFFER_TOO_SMALL, 122},
    {STATUS_OBJECT_TYPE_MISMATCH, 6},
    {STATUS_OBJECT_NAME_INVALID, 123},
    {STATUS_OBJECT_NAME_NOT_FOUND, 2},
    {STATUS_OBJECT_NAME_COLLISION, 183},
    {STATUS_OBJECT_PATH_NOT_FOUND, 3},
    {STATUS_SHARING_VIOLATION, 32},
    {STATUS_INSUFFICIENT_RESOURCES, 1450},
    {STATUS_DEVICE_NOT_READY, 21},
    {STATUS_NOT_SUPPORTED, 50},
    {STATUS_INVALID_BUFFER_SIZE, 1784},
    {STATUS_CANCELLED, 995},
    {STATUS_DEVICE_BUSY, 170},
    {STATUS_NOT_FOUND, 1168},
    {STATUS_DELETE_PENDING, 5},
    {STATUS_DEVICE_REMOVED, 1617},
};
constexpr ULONG error_mr_mid_not_found = 317;

constexpr ULONG condition_bits = 3;

ULONG condition_shift(ULONG type) {
    ULONG position = 0;
    while (position < 7 && (type >> position & 1) == 0) {
        ++position;
    }
    return position * condition_bits;
}

bool condition_holds(ULONG condition, ULONG present, ULONG wanted) {
    switch (condition) {
    case VER_EQUAL:
        return present == wanted;
    case VER_GREATER:
        return present > wanted;
    case VER_GREATER_EQUAL:
        return present >= wanted;
    case VER_LESS:
        return present < wanted;
    case VER_LESS_EQUAL:
        return present <= wanted;
    default:
        return false;
    }
}

// SECURITY_DESCRIPTOR in its absolute form: revision, control word, four pointers.
struct AbsoluteSecurityDescriptor {
    UCHAR revision;
    UCHAR reserved;
    USHORT control;
    PVOID owner;
    PVOID group;
    PVOID system_acl;
    PVOID discretionary_acl;
};
constexpr ULONG security_descriptor_revision = 1;

// From the function on that `caller`, the return address of an export, lies in.
std::vector<machine::StackFrame> stack_from(const void* caller) {
    std::vector<machine::StackFrame> stack = machine::capture_stack(0);
    const auto wanted = reinterpret_cast<std::uint64_t>(caller);
    const auto first = std::find_if(stack.begin(), stack.end(), [&](const machine::StackFrame& frame) {
        return frame.address == wanted || frame.address + 1 == wanted;
    });
    stack.erase(stack.begin(), first == stack.end() ? stack.begin() : first);
    return stack;
}

} // namespace

OPC_BEGIN_REMEMBERING_CALLERS

extern "C" {

ULONG NTAPI RtlUniform(PULONG Seed) {
    return next_random(Seed);
}

ULONG NTAPI RtlRandom(PULONG Seed) {
    OPC_REQUIRE_APC_OR_BELOW();
    return next_random(Seed);
}

ULONG NTAPI RtlRandomEx(PULONG Seed) {
    OPC_REQUIRE_APC_OR_BELOW();
    return next_random(Seed);
}

ULONG NTAPI RtlNtStatusToDosErrorNoTeb(NTSTATUS Status) {
    const auto* found = std::find_if(std::begin(win32_errors), std::end(win32_errors),
                                     [&](const auto& entry) { return entry.first == Status; });
    if (found != std::end(win32_errors)) {
        return found->second;
    }
    // FACILITY_NTWIN32 carries the Win32 code itself.
    constexpr ULONG facility_mask = 0x0FFF0000;
    constexpr ULONG facility_ntwin32 = 0x00070000;
    const auto code = static_cast<ULONG>(Status);
    return (code & facility_mask) == facility_ntwin32 ? code & 0xFFFF : error_mr_mid_not_found;
}

ULONG NTAPI RtlNtStatusToDosError(NTSTATUS Status) {
    return RtlNtStatusToDosErrorNoTeb(Status);
}

ULONGLONG NTAPI VerSetConditionMask(ULONGLONG ConditionMask, ULONG TypeMask, UCHAR Condition) {
    for (ULONG type = 1; type <= VER_PRODUCT_TYPE; type <<= 1) {
        if ((TypeMask & type) != 0) {
            ConditionMask |= static_cast<ULONGLONG>(Condition & 7) << condition_shift(type);
        }
    }
    return ConditionMask;
}

NTSTATUS NTAPI RtlVerifyVersionInfo(PRTL_OSVERSIONINFOEXW VersionInfo, ULONG TypeMask, ULONGLONG ConditionMask) {
    OPC_REQUIRE_PASSIVE();
    if (TypeMask == 0 || ConditionMask == 0) {
        return STATUS_INVALID_PARAMETER;
    }
    const SystemVersion version = system_version(machine::Machine::current());
    const auto condition = [&](ULONG type) { return static_cast<ULONG>(ConditionMask >> condition_shift(type) & 7); };
    // Major, minor and service pack form one number: a larger major decides before the minor is looked at.
    const std::pair<ULONG, std::pair<ULONG, ULONG>> ordered[] = {
        {VER_MAJORVERSION, {version.major, VersionInfo->dwMajorVersion}},
        {VER_MINORVERSION, {version.minor, VersionInfo->dwMinorVersion}},
        {VER_SERVICEPACKMAJOR, {version.service_pack, VersionInfo->wServicePackMajor}},
        {VER_SERVICEPACKMINOR, {0, VersionInfo->wServicePackMinor}},
    };
    for (const auto& [type, numbers] : ordered) {
        if ((TypeMask & type) == 0) {
            continue;
        }
        if (!condition_holds(condition(type), numbers.first, numbers.second)) {
            return STATUS_REVISION_MISMATCH;
        }
        if (numbers.first != numbers.second) {
            break;
        }
    }
    if ((TypeMask & VER_BUILDNUMBER) != 0 &&
        !condition_holds(condition(VER_BUILDNUMBER), version.build, VersionInfo->dwBuildNumber)) {
        return STATUS_REVISION_MISMATCH;
    }
    if ((TypeMask & VER_PRODUCT_TYPE) != 0 &&
        !condition_holds(condition(VER_PRODUCT_TYPE), VER_NT_WORKSTATION, VersionInfo->wProductType)) {
        return STATUS_REVISION_MISMATCH;
    }
    return STATUS_SUCCESS;
}

USHORT NTAPI RtlCaptureStackBackTrace(ULONG FramesToSkip, ULONG FramesToCapture, PVOID* BackTrace,
                                      PULONG BackTraceHash) {
    const std::vector<machine::StackFrame> stack = stack_from(__builtin_return_address(0));
    const std::size_t skipped = std::min<std::size_t>(FramesToSkip, stack.size());
    const auto count = static_cast<USHORT>(std::min<std::size_t>(stack.size() - skipped, FramesToCapture));
    ULONG hash = 0;
    for (USHORT i = 0; i < count; ++i) {
        BackTrace[i] = reinterpret_cast<PVOID>(stack[skipped + i].address);
        hash += static_cast<ULONG>(stack[skipped + i].offset); // offsets, because addresses differ between runs
    }
    if (BackTraceHash != nullptr) {
        *BackTraceHash = hash;
    }
    return count;
}

ULONG NTAPI RtlWalkFrameChain(PVOID* Callers, ULONG Count, ULONG Flags) {
    const std::vector<machine::StackFrame> stack = stack_from(__builtin_return_address(0));
    const std::size_t count = Flags != 0 ? 0 : std::min<std::size_t>(stack.size(), Count);
    for (std::size_t i = 0; i < count; ++i) {
        Callers[i] = reinterpret_cast<PVOID>(stack[i].address);
    }
    return static_cast<ULONG>(count);
}

NTSTATUS NTAPI RtlCreateSecurityDescriptor(PSECURITY_DESCRIPTOR SecurityDescriptor, ULONG Revision) {
    OPC_REQUIRE_APC_OR_BELOW();
    if (Revision != security_descriptor_revision) {
        return STATUS_UNKNOWN_REVISION;
    }
    *static_cast<AbsoluteSecurityDescriptor*>(SecurityDescriptor) = {
        static_cast<UCHAR>(Revision), 0, 0, nullptr, nullptr, nullptr, nullptr};
    return STATUS_SUCCESS;
}

ULONG NTAPI RtlLengthSecurityDescriptor(PSECURITY_DESCRIPTOR) {
    OPC_REQUIRE_APC_OR_BELOW();
    // Descriptors made here hold no owner, group or lists.
    return sizeof(AbsoluteSecurityDescriptor);
}

BOOLEAN NTAPI RtlValidSecurityDescriptor(PSECURITY_DESCRIPTOR SecurityDescriptor) {
    OPC_REQUIRE_APC_OR_BELOW();
    return SecurityDescriptor != nullptr &&
           static_cast<AbsoluteSecurityDescriptor*>(SecurityDescriptor)->revision == security_descriptor_revision;
}

} // extern "C"

OPC_END_REMEMBERING_CALLERS
