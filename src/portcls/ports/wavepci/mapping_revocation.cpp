// How requests of a MappingQueue end before they are through, and their mappings with them.
#include <algorithm>

#include "portcls/ports/wavepci/mapping_queue.h"

namespace openportcls::portcls {

void MappingQueue::cancelled(IRP& irp) {
    Revocation revocation;
    {
        Locked locked(lock_);
        remove(irp);
        leave(irp);
        disown(irp, &irp, revocation);
    }
    revoke(revocation); // R-WPCI-09
    step([&] {
        finish_passed();
        return true;
    });
}

// A request whose cancel routine is under way keeps its mappings for it to revoke; those before and behind it are
// revoked apart, since a revocation takes all tags in between.
void MappingQueue::cancel_all() {
    for (bool again = true; again;) {
        again = false;
        Revocation revocation;
        LIST_ENTRY* finished = nullptr;
        {
            Locked locked(lock_);
            cursor_.irp = nullptr;
            cursor_.left = 0;
            for (IRP* irp = first(); irp != nullptr && !again; irp = first()) {
                again = !take(*irp);
                if (!again) {
                    disown(*irp, this, revocation);
                    finish(*irp, STATUS_CANCELLED);
                }
            }
            finished = take_finished();
        }
        revoke(revocation); // before the memory is the client's again
        complete(finished);
    }
}

// The request goes before it is done.
void MappingQueue::leave(IRP& irp) {
    if (cursor_.irp == &irp) {
        // `irp` is off the list already: what follows it is the first that has not been begun.
        IRP* next = first();
        while (next != nullptr && marks_of(*next) != 0) {
            next = next_of(*next);
        }
        move_on(next);
        settle_further(false);
    }
}

// R-WPCI-11: the packet ends here; what the device has of it is revoked.
NTSTATUS MappingQueue::terminate(ULONGLONG position) {
    Revocation revocation;
    IRP* irp = nullptr;
    {
        Locked locked(lock_);
        irp = first();
        if (irp == nullptr || (marks_of(*irp) & is_begun) == 0) {
            return STATUS_NOT_FOUND;
        }
        if (is_write()) { // what is handed out is played
            if (cursor_.irp == irp) {
                exhaust();
                settle_further(false);
            }
            irp = nullptr;
        } else if (take(*irp)) {
            for (ULONG i = head_; i != tail_; ++i) {
                const Mapping& mapping = at(i);
                if (mapping.irp != irp) {
                    continue;
                }
                const ULONGLONG filled = position > mapping.position ? position - mapping.position : 0;
                take_back(mapping, static_cast<ULONG>(std::min<ULONGLONG>(filled, mapping.bytes)));
            }
            leave(*irp);
            disown(*irp, irp, revocation);
            set_result(*irp, STATUS_SUCCESS);
        } else {
            irp = nullptr; // it is being cancelled
        }
    }
    revoke(revocation);
    if (irp != nullptr) {
        IoCompleteRequest(irp, IO_SOUND_INCREMENT);
    }
    step([&] {
        finish_passed();
        return true;
    });
    return STATUS_SUCCESS;
}

// The mappings of a request join the revocation: from here on they have none.
void MappingQueue::disown(const IRP& irp, const void* token, Revocation& revocation) {
    revocation.token = token;
    revocation.miniport = miniport_;
    for (ULONG i = head_; i != tail_; ++i) {
        Mapping& mapping = at(i);
        if (mapping.irp != &irp) {
            continue;
        }
        mapping.irp = nullptr;
        mapping.token = token;
        if (revocation.count++ == 0) {
            revocation.first = mapping.tag;
        }
        revocation.last = mapping.tag;
    }
}

// R-WPCI-09, R-WPCI-10: meanwhile the miniport may release them. What it says it still had is gone now; what it had
// taken off its list before, it is about to release.
void MappingQueue::revoke(const Revocation& revocation) {
    if (revocation.count == 0) {
        return;
    }
    ULONG revoked = revocation.count;
    if (revocation.miniport != nullptr) {
        KIRQL irql;
        revoked = 0;
        KeRaiseIrql(DISPATCH_LEVEL, &irql);
        const NTSTATUS status = revocation.miniport->RevokeMappings(revocation.first, revocation.last, &revoked);
        KeLowerIrql(irql);
        if (!NT_SUCCESS(status)) {
            revoked = 0;
        }
    }
    Locked locked(lock_);
    forget(revocation, revoked);
}

void MappingQueue::forget(const Revocation& revocation, ULONG revoked) {
    ULONG present = 0;
    for (ULONG i = head_; i != tail_; ++i) {
        present += at(i).token == revocation.token ? 1 : 0;
    }
    ULONG kept = present - std::min(present, revoked); // the oldest
    ULONG end = head_;
    for (ULONG i = head_; i != tail_; ++i) {
        Mapping mapping = at(i);
        if (mapping.token == revocation.token) {
            mapping.token = nullptr;
            if (kept == 0) {
                released_ = std::max(released_, mapping.position + mapping.bytes);
                continue;
            }
            --kept;
        }
        at(end++) = mapping;
    }
    tail_ = end;
    if (count() == 0) {
        bounce_.reset();
    }
}

} // namespace openportcls::portcls
