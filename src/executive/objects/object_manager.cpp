#include "executive/objects/object_manager.h"

#include <ntddk.h>

#include "executive/calling_driver.h"
#include "executive/ke/thread_body.h"
#include "executive/kernel.h"

namespace openportcls::executive {
namespace {

constexpr std::uint32_t reference_by_pointer_code = 0x18;

// Pseudo handles (ZwCurrentProcess, ZwCurrentThread).
const HANDLE current_process_handle = reinterpret_cast<HANDLE>(-1);
const HANDLE current_thread_handle = reinterpret_cast<HANDLE>(-2);

void free_body(machine::Machine& machine, void* body) {
    machine.subsystem<Kernel>().pool.free(body, 0, "ObDereferenceObject");
}

} // namespace

ObjectManager::ObjectManager(machine::Machine& machine)
    : machine_(machine), names_(std::make_unique<ObjectNamespace>(*this)) {
    names_->create_standard_directories();
}

ObjectManager::~ObjectManager() = default;

ObjectManager& ObjectManager::of(machine::Machine& machine) {
    auto* existing = machine.find_subsystem<ObjectManager>();
    return existing != nullptr ? *existing : machine.add_subsystem<ObjectManager>();
}

ObjectManager& ObjectManager::current() {
    return of(machine::Machine::current());
}

// ---- objects ------------------------------------------------------------------------------------------------

ObjectHeader& ObjectManager::add(void* body, const _OBJECT_TYPE& type, const ObjectCallbacks& callbacks) {
    const std::uint64_t serial = ++last_serial_;
    ObjectHeader& header = objects_[serial];
    header.body = body;
    header.type = &type;
    header.callbacks = callbacks;
    header.serial = serial;
    header.driver = calling_driver(machine_);
    by_body_[body] = &header;
    return header;
}

void* ObjectManager::create(const _OBJECT_TYPE& type, std::size_t bytes, const void* caller) {
    void* const body = machine_.subsystem<Kernel>().pool.allocate_object(type.what, bytes, type.tag(), caller);
    add(body, type, {.destroy = &free_body});
    return body;
}

void* ObjectManager::create_opaque(const _OBJECT_TYPE& type, std::shared_ptr<void> state, const void* caller) {
    constexpr std::size_t opaque_bytes = 64;
    void* const body = create(type, opaque_bytes, caller);
    find(body)->state = std::move(state);
    return body;
}

void ObjectManager::forget(void* body) {
    ObjectHeader* header = find(body);
    if (header == nullptr) {
        return;
    }
    remove_name(body);
    by_body_.erase(body);
    objects_.erase(header->serial);
}

ObjectHeader* ObjectManager::find(const void* body) {
    const auto found = by_body_.find(body);
    return found == by_body_.end() ? nullptr : found->second;
}

bool ObjectManager::reference(void* body, std::int64_t count) {
    ObjectHeader* header = find(body);
    if (header != nullptr) {
        header->references += count;
    }
    return header != nullptr;
}

void ObjectManager::reference_living(void* body) {
    if (!reference(body)) {
        machine_.bugcheck(reference_by_pointer_code, 0, reinterpret_cast<std::uint64_t>(body), 0, 0,
                          "ObReferenceObject was given something that is no living object.");
    }
}

std::int64_t ObjectManager::dereference(void* body, std::int64_t count) {
    return drop_references(body, count, machine_.irql() > machine::irql::passive);
}

void ObjectManager::dereference_deferred(void* body) {
    drop_references(body, 1, true);
}

std::int64_t ObjectManager::drop_references(void* body, std::int64_t count, bool deferred) {
    ObjectHeader* header = find(body);
    if (header == nullptr || header->references < count) {
        machine_.bugcheck(reference_by_pointer_code, 0, reinterpret_cast<std::uint64_t>(body), 0,
                          static_cast<std::uint64_t>(header == nullptr ? 0 : header->references),
                          header == nullptr ? "ObDereferenceObject was given something that is no living object."
                                            : "An object was dereferenced more often than it was referenced.");
    }
    header->references -= count;
    const std::int64_t left = header->references;
    if (left == 0) {
        destroy(*header, deferred);
    }
    return left;
}

void ObjectManager::note_reference(void* body, const void* caller) {
    const std::uint16_t owner = Kernel::current().pool.owner_at(caller);
    ObjectHeader* header = owner != 0 ? find(body) : nullptr;
    if (header != nullptr && (header->driver_references == 0 || header->referencing_driver == owner)) {
        header->referencing_driver = owner;
        ++header->driver_references;
    }
}

// Before the reference goes. A driver may give back references that it was given, too: those were never counted.
void ObjectManager::note_dereference(void* body, const void* caller) {
    const std::uint16_t owner = Kernel::current().pool.owner_at(caller);
    ObjectHeader* header = owner != 0 ? find(body) : nullptr;
    if (header != nullptr && header->driver_references > 0 && header->referencing_driver == owner) {
        --header->driver_references;
    }
}

struct ObjectManager::DeferredDestruction {
    WORK_QUEUE_ITEM item;
    machine::Machine* machine;
    void* body;
    void (*destroy)(machine::Machine& machine, void* body);
};

void ObjectManager::destroy(ObjectHeader& header, bool deferred) {
    void* body = header.body;
    const ObjectCallbacks callbacks = header.callbacks;
    forget(body);
    if (callbacks.destroy == nullptr) {
        return;
    }
    if (!deferred) {
        callbacks.destroy(machine_, body);
        return;
    }
    auto* work = new DeferredDestruction{{}, &machine_, body, callbacks.destroy};
    ExInitializeWorkItem(&work->item, destroy_later, work);
    ExQueueWorkItem(&work->item, DelayedWorkQueue);
}

VOID NTAPI ObjectManager::destroy_later(PVOID parameter) {
    auto* work = static_cast<DeferredDestruction*>(parameter);
    work->destroy(*work->machine, work->body);
    delete work;
}

// ---- handles ------------------------------------------------------------------------------------------------

HANDLE ObjectManager::open_handle(void* body, ACCESS_MASK granted_access, ULONG attributes) {
    ObjectHeader* header = find(body);
    ++header->references;
    ++header->handles;
    const bool kernel = (attributes & OBJ_KERNEL_HANDLE) != 0;
    const bool client = !kernel && Kernel::current().previous_mode() == UserMode;
    return handles_.add({body, granted_access, kernel, client, calling_driver(machine_)});
}

HANDLE ObjectManager::open_client_handle(void* body, ACCESS_MASK granted_access) {
    const HANDLE handle = open_handle(body, granted_access, 0);
    handles_.find(handle)->client = true;
    return handle;
}

NTSTATUS ObjectManager::close_handle(HANDLE handle, KPROCESSOR_MODE mode) {
    if (handle == current_process_handle || handle == current_thread_handle) {
        return STATUS_SUCCESS;
    }
    const HandleEntry* entry = handles_.find(handle);
    if (entry == nullptr || (mode == UserMode && entry->kernel)) {
        return STATUS_INVALID_HANDLE;
    }
    void* body = entry->body;
    handles_.remove(handle);
    handle_gone(body);
    return STATUS_SUCCESS;
}

void ObjectManager::handle_gone(void* body) {
    ObjectHeader* header = find(body);
    if (--header->handles == 0) {
        if (!header->permanent) {
            remove_name(body);
        }
        if (header->callbacks.last_handle_closed != nullptr) {
            header->callbacks.last_handle_closed(machine_, body);
        }
    }
    dereference(body);
}

NTSTATUS ObjectManager::find_by_handle(HANDLE handle, const _OBJECT_TYPE* type, ACCESS_MASK access,
                                       KPROCESSOR_MODE mode, void** body, ACCESS_MASK* granted_access) {
    *body = nullptr;
    if (handle == current_thread_handle) {
        if (type != nullptr && type != &object_types::thread) {
            return STATUS_OBJECT_TYPE_MISMATCH;
        }
        ThreadBody& thread = body_of(machine_.current_thread());
        // A thread of the machine that nobody registered lives as long as the machine lets it.
        if (find(&thread) == nullptr) {
            add(&thread, object_types::thread, {});
        }
        *body = &thread;
        return STATUS_SUCCESS;
    }
    const HandleEntry* entry = handles_.find(handle);
    if (entry == nullptr || (mode == UserMode && entry->kernel)) {
        return STATUS_INVALID_HANDLE;
    }
    if (type != nullptr && find(entry->body)->type != type) {
        return STATUS_OBJECT_TYPE_MISMATCH;
    }
    const ACCESS_MASK wanted = type != nullptr ? type->map(access) : access;
    // Kernel mode is granted whatever it asks for; keys and files check their own operations.
    if (mode == UserMode && (wanted & ~entry->granted_access) != 0) {
        return STATUS_ACCESS_DENIED;
    }
    *body = entry->body;
    if (granted_access != nullptr) {
        *granted_access = entry->granted_access;
    }
    return STATUS_SUCCESS;
}

// ---- names --------------------------------------------------------------------------------------------------

NTSTATUS ObjectManager::insert_name(std::u16string_view path, void* body, bool permanent) {
    ObjectHeader* header = find(body);
    std::u16string full_path;
    const NTSTATUS status = names_->insert(path, body, &full_path);
    if (NT_SUCCESS(status)) {
        header->name = std::move(full_path);
        header->permanent = permanent;
    }
    return status;
}

void ObjectManager::remove_name(void* body) {
    ObjectHeader* header = find(body);
    if (header != nullptr && !header->name.empty()) {
        names_->remove(header->name);
        header->name.clear();
        header->permanent = false;
    }
}

NTSTATUS ObjectManager::create_symbolic_link(std::u16string_view name, std::u16string_view target) {
    void* const link =
        create_opaque(object_types::symbolic_link,
                      std::make_shared<ObjectSymbolicLink>(ObjectSymbolicLink{std::u16string(target)}), nullptr);
    // The name of a permanent link keeps the creator's reference.
    const NTSTATUS status = insert_name(name, link, true);
    if (!NT_SUCCESS(status)) {
        dereference(link);
    }
    return status;
}

NTSTATUS ObjectManager::delete_symbolic_link(std::u16string_view name) {
    const NamespaceLookup found = names_->lookup(name, false);
    if (!NT_SUCCESS(found.status)) {
        return found.status;
    }
    if (!found.remaining.empty() || find(found.body)->type != &object_types::symbolic_link) {
        return STATUS_OBJECT_TYPE_MISMATCH;
    }
    remove_name(found.body);
    dereference(found.body);
    return STATUS_SUCCESS;
}

// ---- events -------------------------------------------------------------------------------------------------

KEVENT* ObjectManager::create_event(EVENT_TYPE type, bool signalled, const void* caller) {
    auto* event = static_cast<KEVENT*>(create(object_types::event, sizeof(KEVENT), caller));
    KeInitializeEvent(event, type, signalled ? TRUE : FALSE);
    return event;
}

void ObjectManager::for_each_object(const std::function<void(const ObjectHeader&)>& visit) const {
    for (const auto& [serial, header] : objects_) {
        visit(header);
    }
}

void ObjectManager::for_each_handle(const std::function<void(HANDLE, const HandleEntry&)>& visit) const {
    handles_.for_each(visit);
}

} // namespace openportcls::executive
