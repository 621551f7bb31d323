// A file object with what belongs to it, and the requests that are under way on it.
#pragma once

#include <cstdint>

#include <wdm.h>

namespace openportcls::executive {

struct FileRecord {
    FILE_OBJECT body{};
    bool opened = false; // IRP_MJ_CREATE succeeded: CLEANUP and CLOSE are due
    bool cleaned_up = false;
    bool awaits_requests = false; // nobody references it any more
    std::uint32_t requests = 0;   // of applications, not yet completed
    WORK_QUEUE_ITEM close_item{};

    static FileRecord& of(FILE_OBJECT* file) { return *reinterpret_cast<FileRecord*>(file); }
};

// IRP_MJ_CLOSE comes after the last of them has ended (irp-mj-close). On Windows each has a reference of its file; here
// they are counted beside those. A RepeatedRequest is not counted: its file outlives it.
inline void begin_request(FILE_OBJECT* file) {
    ++FileRecord::of(file).requests;
}
[[gnu::cold, gnu::noinline]] void NTAPI last_request_ended(FILE_OBJECT* file) noexcept;
// <= DISPATCH_LEVEL.
inline void end_request(FILE_OBJECT* file) {
    FileRecord& record = FileRecord::of(file);
    if (--record.requests == 0 && record.awaits_requests) [[unlikely]] {
        last_request_ended(file);
    }
}

} // namespace openportcls::executive
