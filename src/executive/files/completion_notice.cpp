#include "executive/files/completion_notice.h"

#include "executive/kernel.h"
#include "executive/objects/object_manager.h"

namespace openportcls::executive {

namespace {

constexpr ULONG notice_tag = 0x7152775A; // 'ZwRq'

NTSTATUS find_event(HANDLE handle, KEVENT** event) {
    *event = nullptr;
    if (handle == nullptr) {
        return STATUS_SUCCESS;
    }
    void* body = nullptr;
    const NTSTATUS status =
        ObjectManager::current().find_by_handle(handle, &object_types::event, EVENT_MODIFY_STATE, KernelMode, &body);
    *event = static_cast<KEVENT*>(body);
    return status;
}

} // namespace

NTSTATUS CompletionNotice::create(FILE_OBJECT& file, const Arguments& arguments, CompletionNotice** result) {
    Kernel& kernel = Kernel::current();
    KEVENT* event = nullptr;
    const NTSTATUS status = find_event(arguments.event, &event);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    auto* const notice = static_cast<CompletionNotice*>(
        kernel.pool.allocate(sizeof(CompletionNotice), notice_tag, PoolKind::non_paged, true, nullptr));
    if (notice == nullptr) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    notice->result_ = arguments.result;
    if (arguments.apc_routine != nullptr) {
        notice->apc_ = new_apc(arguments.apc_routine, arguments.apc_context, arguments.result);
        if (notice->apc_ == nullptr) {
            kernel.pool.free(notice, notice_tag, __func__);
            return STATUS_INSUFFICIENT_RESOURCES;
        }
    }
    ObjectManager& objects = ObjectManager::current();
    notice->file_ = &file;
    objects.reference_living(&file);
    KeClearEvent(&file.Event);
    notice->event_ = event;
    if (event != nullptr) {
        objects.reference_living(event);
        KeClearEvent(event);
    }
    *result = notice;
    return STATUS_SUCCESS;
}

void NTAPI CompletionNotice::give(void* context, NTSTATUS status, ULONG_PTR information) {
    auto& notice = *static_cast<CompletionNotice*>(context);
    machine::Machine& machine = machine::Machine::current();
    notice.result_->Status = status;
    notice.result_->Information = information;
    if (notice.event_ != nullptr) {
        machine.set_event(*notice.event_);
    }
    // "ZwDeviceIoControlFile": of a file that was opened for asynchronous I/O the event is signalled, if there is one.
    if (notice.event_ == nullptr || is_synchronous(*notice.file_)) {
        machine.set_event(notice.file_->Event);
    }
    if (notice.apc_ != nullptr) {
        queue_apc(*notice.apc_);
    }
    notice.free();
}

void CompletionNotice::withdraw() {
    if (apc_ != nullptr) {
        forget_apc(*apc_);
    }
    free();
}

void CompletionNotice::free() {
    ObjectManager& objects = ObjectManager::current();
    FILE_OBJECT* const file = file_;
    if (event_ != nullptr) {
        objects.dereference(event_);
    }
    Kernel::current().pool.free(this, notice_tag, __func__);
    objects.dereference(file);
}

} // namespace openportcls::executive
