#include "portcls/ports/dmus/packet_queue.h"

namespace openportcls::portcls {

NTSTATUS PacketQueue::add(IRP& irp) {
    const NTSTATUS status = prepare(irp);
    if (status == STATUS_PENDING) {
        {
            Locked locked(lock_);
            insert(irp);
        }
        complete_finished();
    }
    return status;
}

bool PacketQueue::find_packet() {
    if (cursor_.irp == nullptr) {
        IRP* const irp = first();
        if (irp == nullptr) {
            return false;
        }
        cursor_.begin(*irp);
        cursor_.next_header(is_write());
        use_header();
    }
    return true;
}

void PacketQueue::use_header() {
    packet_ = Packet{};
    packet_.header = cursor_.header;
    packet_.data = cursor_.base;
    packet_.size = cursor_.left;
}

void PacketQueue::end_packet(NTSTATUS status) {
    if (!is_write()) {
        packet_.header->DataUsed = packet_.used;
    }
    if (NT_SUCCESS(status) && cursor_.next_header(is_write())) {
        use_header();
        return;
    }
    IRP& irp = *cursor_.irp;
    cursor_.irp = nullptr;
    if (take(irp)) {
        finish(irp, status);
    }
}

void PacketQueue::complete_them() {
    complete_finished();
}

void PacketQueue::cancelled(IRP& irp) {
    {
        Locked locked(lock_);
        remove(irp);
        if (cursor_.irp == &irp) {
            cursor_.irp = nullptr;
        }
    }
    owner_.request_withdrawn();
}

void PacketQueue::cancel_all() {
    {
        Locked locked(lock_);
        cursor_.irp = nullptr;
        finish_all();
    }
    complete_finished();
}

} // namespace openportcls::portcls
