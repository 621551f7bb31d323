// Views of \Device\PhysicalMemory: how old drivers reached their registers before MmMapIoSpace.
#include <wdm.h>

#include "executive/irql_check.h"
#include "executive/kernel.h"
#include "executive/objects/object_manager.h"

using namespace openportcls;
using executive::Kernel;
using executive::ObjectManager;

namespace {

constexpr ULONGLONG view_granularity = 64 * 1024;

// The access to the section that a protection of its view takes; 0 for one that is none.
ACCESS_MASK access_for(ULONG protection) {
    switch (protection & ~static_cast<ULONG>(PAGE_NOCACHE | PAGE_WRITECOMBINE)) {
    case PAGE_READONLY:
        return SECTION_MAP_READ;
    case PAGE_READWRITE:
        return SECTION_MAP_READ | SECTION_MAP_WRITE;
    case PAGE_EXECUTE_READ:
        return SECTION_MAP_READ | SECTION_MAP_EXECUTE;
    case PAGE_EXECUTE_READWRITE:
        return SECTION_MAP_READ | SECTION_MAP_WRITE | SECTION_MAP_EXECUTE;
    default:
        return 0;
    }
}

} // namespace

extern "C" {

NTSTATUS NTAPI ZwMapViewOfSection(HANDLE SectionHandle, HANDLE ProcessHandle, PVOID* BaseAddress, ULONG_PTR, SIZE_T,
                                  PLARGE_INTEGER SectionOffset, PSIZE_T ViewSize, SECTION_INHERIT, ULONG,
                                  ULONG Win32Protect) {
    OPC_REQUIRE_PASSIVE();
    const ACCESS_MASK access = access_for(Win32Protect);
    if (access == 0) {
        return STATUS_INVALID_PAGE_PROTECTION;
    }
    void* section = nullptr;
    const NTSTATUS status = ObjectManager::current().find_by_handle(SectionHandle, &executive::object_types::section,
                                                                    access, KernelMode, &section);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    if (ProcessHandle != ZwCurrentProcess()) {
        return STATUS_INVALID_HANDLE;
    }
    if (*BaseAddress != nullptr) {
        return STATUS_CONFLICTING_ADDRESSES; // where the view comes to lie is not the caller's to say
    }
    if (*ViewSize == 0 || SectionOffset == nullptr) {
        return STATUS_INVALID_PARAMETER; // all of physical memory is too much
    }
    // The offset is rounded down to the granularity, the view reaches to the end of a page.
    const auto offset = static_cast<ULONGLONG>(SectionOffset->QuadPart);
    const ULONGLONG begin = offset / view_granularity * view_granularity;
    const SIZE_T bytes = (offset - begin + *ViewSize + PAGE_SIZE - 1) / PAGE_SIZE * PAGE_SIZE;
    Kernel& kernel = Kernel::current();
    void* view = kernel.io_space.map(begin, bytes);
    if (view == nullptr) {
        return STATUS_NO_MEMORY;
    }
    kernel.section_views.emplace(view, bytes);
    *BaseAddress = view;
    *ViewSize = bytes;
    SectionOffset->QuadPart = static_cast<LONGLONG>(begin);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI ZwUnmapViewOfSection(HANDLE ProcessHandle, PVOID BaseAddress) {
    OPC_REQUIRE_PASSIVE();
    if (ProcessHandle != ZwCurrentProcess()) {
        return STATUS_INVALID_HANDLE;
    }
    Kernel& kernel = Kernel::current();
    const auto view = kernel.section_views.find(BaseAddress);
    if (view == kernel.section_views.end()) {
        return STATUS_NOT_MAPPED_VIEW;
    }
    kernel.io_space.unmap(view->first, view->second);
    kernel.section_views.erase(view);
    return STATUS_SUCCESS;
}

} // extern "C"
