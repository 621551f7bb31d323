// Reference counts, handles and names of kernel objects.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <wdm.h>

#include "executive/objects/handle_table.h"
#include "executive/objects/namespace.h"
#include "executive/objects/object_types.h"
#include "machine/machine.h"

namespace openportcls::executive {

// What the creator of an object wants to be told. Both may be null.
struct ObjectCallbacks {
    // The last handle was closed; for a file object that means IRP_MJ_CLEANUP.
    void (*last_handle_closed)(machine::Machine& machine, void* body) = nullptr;
    // The last reference is gone: free the body. Always at PASSIVE_LEVEL: when the last reference goes at a higher
    // IRQL a system worker thread does it. What is left with the machine goes with its pool.
    void (*destroy)(machine::Machine& machine, void* body) = nullptr;
};

struct ObjectHeader {
    void* body = nullptr;
    const _OBJECT_TYPE* type = nullptr;
    ObjectCallbacks callbacks;
    std::shared_ptr<void> state; // what the executive keeps of it, out of the reach of drivers; goes with this
    std::uint64_t serial = 0;    // order of creation
    std::uint16_t driver = 0;    // who made it (calling_driver)
    std::int64_t references = 1;
    std::uint32_t handles = 0;
    bool permanent = false; // keeps its name without handles
    // References that a driver's own calls have taken and not given back, and whose they are (Pool::owner_at). One
    // driver's at a time: what a second one takes meanwhile is not told apart.
    std::int64_t driver_references = 0;
    std::uint16_t referencing_driver = 0;
    // Work items (IoQueueWorkItem) that are queued or run: each holds a reference. Who waits for the last of them.
    std::uint32_t work_items = 0;
    KEVENT* work_done = nullptr;
    std::u16string name; // full path in the namespace; empty when it has none
};

class ObjectManager : public machine::Subsystem {
public:
    static constexpr machine::SubsystemId subsystem_id = machine::SubsystemId::objects;

    explicit ObjectManager(machine::Machine& machine);
    ~ObjectManager() override;

    // The current machine's, made on first use.
    static ObjectManager& current();
    static ObjectManager& of(machine::Machine& machine);

    // ---- objects --------------------------------------------------------------------------------------------
    // Registers memory as an object with one reference, the creator's. `body` must not be registered already.
    ObjectHeader& add(void* body, const _OBJECT_TYPE& type, const ObjectCallbacks& callbacks);
    // Makes an object whose body lies in pool, zeroed, freed with the last reference. `caller`: the driver's place, for
    // reports of what wrote past it.
    void* create(const _OBJECT_TYPE& type, std::size_t bytes, const void* caller);
    // The same for one that drivers know the address of alone: all there is of it is its state.
    void* create_opaque(const _OBJECT_TYPE& type, std::shared_ptr<void> state, const void* caller);
    // null: no object, or of another type.
    template<class T>
    T* state_of(const void* body, const _OBJECT_TYPE& type) const {
        const ObjectHeader* header = find(body);
        return header != nullptr && header->type == &type ? static_cast<T*>(header->state.get()) : nullptr;
    }
    // The object is gone by other means (IoDeleteDevice): forgets it with its name, without calling back.
    void forget(void* body);
    ObjectHeader* find(const void* body);
    const ObjectHeader* find(const void* body) const { return const_cast<ObjectManager*>(this)->find(body); }
    // False when `body` is no object.
    bool reference(void* body, std::int64_t count = 1);
    // The same; a body that is no object is a bugcheck REFERENCE_BY_POINTER (0x18).
    void reference_living(void* body);
    // The references that are left. A body that is no object, or has no reference left to give, is a bugcheck
    // REFERENCE_BY_POINTER (0x18).
    std::int64_t dereference(void* body, std::int64_t count = 1);
    // The same, but `destroy` runs later, at PASSIVE_LEVEL in a system worker thread.
    void dereference_deferred(void* body);
    // The calls with which code takes and gives back references of its own, for the leak report.
    void note_reference(void* body, const void* caller);
    void note_dereference(void* body, const void* caller);

    // ---- handles --------------------------------------------------------------------------------------------
    // The handle holds a reference of its own. `attributes`: OBJ_KERNEL_HANDLE.
    HANDLE open_handle(void* body, ACCESS_MASK granted_access, ULONG attributes = OBJ_KERNEL_HANDLE);
    HANDLE open_client_handle(void* body, ACCESS_MASK granted_access); // an application's own
    NTSTATUS close_handle(HANDLE handle, KPROCESSOR_MODE mode = KernelMode);
    // STATUS_INVALID_HANDLE, STATUS_OBJECT_TYPE_MISMATCH, STATUS_ACCESS_DENIED. Adds no reference; `type` may be null.
    NTSTATUS find_by_handle(HANDLE handle, const _OBJECT_TYPE* type, ACCESS_MASK access, KPROCESSOR_MODE mode,
                            void** body, ACCESS_MASK* granted_access = nullptr);
    std::size_t open_handle_count() const { return handles_.size(); }

    // ---- names ----------------------------------------------------------------------------------------------
    ObjectNamespace& names() { return *names_; }
    // STATUS_OBJECT_NAME_COLLISION, STATUS_OBJECT_PATH_NOT_FOUND, STATUS_OBJECT_NAME_INVALID.
    NTSTATUS insert_name(std::u16string_view path, void* body, bool permanent);
    void remove_name(void* body);
    // IoCreateSymbolicLink, IoDeleteSymbolicLink.
    NTSTATUS create_symbolic_link(std::u16string_view name, std::u16string_view target);
    NTSTATUS delete_symbolic_link(std::u16string_view name);
    // The object at the path, or on the way there, with the rest of the path behind it (links followed).
    NamespaceLookup lookup(std::u16string_view path) const { return names_->lookup(path); }

    // ---- simple objects that have no other home -------------------------------------------------------------
    // A KEVENT with the creator's reference, as ZwCreateEvent and applications make them.
    KEVENT* create_event(EVENT_TYPE type, bool signalled, const void* caller = nullptr);

    // Living objects and open handles in order of creation, for leak reports and tests.
    void for_each_object(const std::function<void(const ObjectHeader&)>& visit) const;
    void for_each_handle(const std::function<void(HANDLE, const HandleEntry&)>& visit) const;

private:
    struct DeferredDestruction;

    void destroy(ObjectHeader& header, bool deferred);
    static VOID NTAPI destroy_later(PVOID work);
    void handle_gone(void* body);
    std::int64_t drop_references(void* body, std::int64_t count, bool deferred);

    machine::Machine& machine_;
    std::map<std::uint64_t, ObjectHeader> objects_;
    std::unordered_map<const void*, ObjectHeader*> by_body_; // looked up only, never walked
    std::uint64_t last_serial_ = 0;
    HandleTable handles_;
    std::unique_ptr<ObjectNamespace> names_;
};

} // namespace openportcls::executive
