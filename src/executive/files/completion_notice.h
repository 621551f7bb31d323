// Whom a driver's request by handle tells that it is complete: its status block, its event or the file, its APC
// routine.
#pragma once

#include <wdm.h>

#include "executive/ke/apcs.h"

namespace openportcls::executive {

class CompletionNotice {
public:
    // As a driver gives them to ZwReadFile and its like. Event and APC routine may be null.
    struct Arguments {
        HANDLE event;
        PIO_APC_ROUTINE apc_routine;
        void* apc_context;
        IO_STATUS_BLOCK* result;
    };

    // For a request that is about to be made of the file: its event is cleared, and so is the file.
    static NTSTATUS create(FILE_OBJECT& file, const Arguments& arguments, CompletionNotice** notice);
    // The request is complete (RequestCompleted). The notice is gone afterwards.
    static void NTAPI give(void* notice, NTSTATUS status, ULONG_PTR information);
    // The request was not made after all. The notice is gone afterwards.
    void withdraw();

private:
    void free();

    FILE_OBJECT* file_;
    KEVENT* event_;
    IO_STATUS_BLOCK* result_;
    ThreadApc* apc_;
};

// Whether the I/O manager waits for every request of the file on its caller's behalf.
inline bool is_synchronous(const FILE_OBJECT& file) {
    return (file.Flags & FO_SYNCHRONOUS_IO) != 0;
}

} // namespace openportcls::executive
