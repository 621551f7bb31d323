// What a MappingQueue keeps in a request, behind the pointer to itself.
#pragma once

#include <wdm.h>

namespace openportcls::portcls {

inline constexpr ULONG_PTR is_exhausted = 1; // all of it has been handed out
inline constexpr ULONG_PTR ends_stream = 2;
inline constexpr ULONG_PTR is_begun = 4;

inline ULONG_PTR marks_of(const IRP& irp) {
    return reinterpret_cast<ULONG_PTR>(irp.Tail.Overlay.DriverContext[1]);
}
inline void mark(IRP& irp, ULONG_PTR marks) {
    irp.Tail.Overlay.DriverContext[1] = reinterpret_cast<PVOID>(marks_of(irp) | marks);
}
// Mappings of it that are handed out.
inline ULONG_PTR mapped_of(const IRP& irp) {
    return reinterpret_cast<ULONG_PTR>(irp.Tail.Overlay.DriverContext[2]);
}
inline void set_mapped(IRP& irp, ULONG_PTR count) {
    irp.Tail.Overlay.DriverContext[2] = reinterpret_cast<PVOID>(count);
}

} // namespace openportcls::portcls
