#include "pnp/kmdf/object.h"

#include <algorithm>
#include <cstring>

#include "executive/callers.h"
#include "executive/irql_check.h"
#include "executive/kernel.h"

namespace openportcls::pnp::kmdf {
namespace {

constexpr std::uint32_t wdf_violation = 0x10D;
constexpr ULONG context_tag = 0x78437846; // 'FxCx'
// WDF_VIOLATION's first parameter.
constexpr std::uint64_t invalid_handle = 5;

// A context type is its UniqueType record: every module has one of its own for each type.
bool same_type(PCWDF_OBJECT_CONTEXT_TYPE_INFO left, PCWDF_OBJECT_CONTEXT_TYPE_INFO right) {
    return left != nullptr && right != nullptr && left->UniqueType == right->UniqueType;
}

} // namespace

// ---- Object -------------------------------------------------------------------------------------------------

Object::Object(ObjectType type, Object* parent, machine::Machine& machine)
    : type_(type), parent_(parent), machine_(machine) {
    if (parent_ != nullptr) {
        parent_->children_.push_back(this);
    }
}

Object::~Object() {
    if (parent_ != nullptr) {
        std::erase(parent_->children_, this);
    }
    for (Object* child : children_) {
        child->parent_ = nullptr; // somebody still holds it
    }
    for (const Context& context : contexts_) {
        free_in_pool(context.memory, "Noticed when the object was deleted");
    }
}

Object* Object::ancestor(ObjectType wanted) {
    Object* object = this;
    while (object != nullptr && object->type_ != wanted) {
        object = object->parent_;
    }
    return object;
}

bool Object::is_ending() const {
    return framework_ != nullptr && framework_->ending_;
}

void Object::free_in_pool(void* block, const char* moment) const {
    if (block != nullptr && !is_ending()) {
        pool().free(block, 0, moment);
    }
}

void Object::dereference() {
    if (is_ending()) {
        return;
    }
    if (references_ <= 0) {
        framework_->violation(invalid_handle, this, "A framework object was dereferenced too often.");
    }
    if (--references_ != 0) {
        return;
    }
    // The handle is good until the callbacks have seen their contexts.
    for (const Context& context : contexts_) {
        if (context.destroy != nullptr) {
            context.destroy(handle());
        }
    }
    framework_->forget(this);
    delete this;
}

void Object::remove() {
    if (deleted_) {
        return;
    }
    deleted_ = true;
    // From the farthest descendants up ("Framework Object Life Cycle"), the youngest first.
    while (!children_.empty()) {
        const auto living =
            std::find_if(children_.rbegin(), children_.rend(), [](const Object* child) { return !child->deleted_; });
        if (living == children_.rend()) {
            break;
        }
        (*living)->remove();
    }
    dispose();
    call_cleanup();
    dereference();
}

void Object::call_cleanup() {
    // A callback may add a context; then the list moves.
    for (std::size_t i = 0; i < contexts_.size(); ++i) {
        if (const auto cleanup = contexts_[i].cleanup) {
            cleanup(handle());
        }
    }
}

void* Object::context(PCWDF_OBJECT_CONTEXT_TYPE_INFO type) const {
    for (const Context& context : contexts_) {
        if (same_type(context.type, type)) {
            return context.memory;
        }
    }
    return nullptr;
}

bool Object::owns_context(const void* memory) const {
    return std::any_of(contexts_.begin(), contexts_.end(),
                       [&](const Context& context) { return context.memory == memory; });
}

NTSTATUS Object::add_context(const WDF_OBJECT_ATTRIBUTES& attributes, void** result) {
    Context context;
    context.type = attributes.ContextTypeInfo;
    context.cleanup = attributes.EvtCleanupCallback;
    context.destroy = attributes.EvtDestroyCallback;
    if (context.type != nullptr) {
        if (void* existing = this->context(context.type)) {
            if (result != nullptr) {
                *result = existing;
            }
            return STATUS_OBJECT_NAME_EXISTS;
        }
        const std::size_t bytes = std::max(context.type->ContextSize, attributes.ContextSizeOverride);
        context.memory = pool().allocate_object("context of a framework object", bytes, context_tag, created_by_);
    }
    if (result != nullptr) {
        *result = context.memory;
    }
    contexts_.push_back(context);
    return STATUS_SUCCESS;
}

// ---- Framework ----------------------------------------------------------------------------------------------

Framework::~Framework() {
    // The drivers are gone: nobody is called back, memory alone is freed.
    ending_ = true;
    for (const auto& [serial, object] : objects_) {
        object->children_.clear();
        object->parent_ = nullptr;
    }
    for (const auto& [serial, object] : objects_) {
        delete object;
    }
}

Framework& Framework::current() {
    machine::Machine& machine = machine::Machine::current();
    auto* existing = machine.find_subsystem<Framework>();
    return existing != nullptr ? *existing : machine.add_subsystem<Framework>();
}

Object& Framework::object(WDFOBJECT handle) {
    const auto found = serials_.find(handle);
    if (found == serials_.end()) {
        violation(invalid_handle, handle, "A framework function was given a handle of no living object.");
    }
    return *objects_.at(found->second);
}

Object& Framework::object(WDFOBJECT handle, ObjectType type) {
    Object& found = object(handle);
    if (found.type() != type) {
        violation(invalid_handle, handle, "A framework function was given the handle of another kind of object.");
    }
    return found;
}

void Framework::violation(std::uint64_t reason, const void* object, std::string_view rule) {
    machine_.bugcheck(wdf_violation, reason, reinterpret_cast<std::uint64_t>(object), 0, 0, rule);
}

NTSTATUS Framework::check(const WDF_OBJECT_ATTRIBUTES* attributes, Object* default_parent, Object** parent) {
    *parent = default_parent;
    if (attributes == nullptr) {
        return STATUS_SUCCESS;
    }
    if (attributes->Size != sizeof *attributes) {
        return STATUS_INFO_LENGTH_MISMATCH;
    }
    // "Framework Object Creation Errors".
    const auto* type = attributes->ContextTypeInfo;
    const bool context_wrong = type == nullptr
                                   ? attributes->ContextSizeOverride != 0
                                   : type->ContextSize == 0 || (attributes->ContextSizeOverride != 0 &&
                                                                attributes->ContextSizeOverride < type->ContextSize);
    const bool level_wrong = attributes->ExecutionLevel <= WdfExecutionLevelInvalid ||
                             attributes->ExecutionLevel > WdfExecutionLevelDispatch;
    const bool scope_wrong = attributes->SynchronizationScope <= WdfSynchronizationScopeInvalid ||
                             attributes->SynchronizationScope > WdfSynchronizationScopeNone;
    if (context_wrong || level_wrong || scope_wrong) {
        return STATUS_WDF_OBJECT_ATTRIBUTES_INVALID;
    }
    if (attributes->ParentObject != nullptr) {
        *parent = &object(attributes->ParentObject);
        if ((*parent)->is_deleted()) {
            return STATUS_DELETE_PENDING;
        }
    }
    return STATUS_SUCCESS;
}

void Framework::adopt(Object* object, const void* caller) {
    object->framework_ = this;
    object->created_by_ = caller;
    objects_.emplace(++last_serial_, object);
    serials_.emplace(object, last_serial_);
}

void Framework::forget(Object* object) {
    const auto found = serials_.find(object);
    if (found != serials_.end()) {
        objects_.erase(found->second);
        serials_.erase(found);
    }
}

Driver* Framework::driver_of(const void* code) const {
    Driver* linked_in = nullptr;
    for (const auto& [serial, object] : objects_) {
        if (object->type() != ObjectType::driver) {
            continue;
        }
        auto* driver = static_cast<Driver*>(object);
        if (driver->driver_object == nullptr) {
            continue;
        }
        const auto* start = static_cast<const char*>(driver->driver_object->DriverStart);
        const auto* address = static_cast<const char*>(code);
        if (start == nullptr) {
            linked_in = driver;
        } else if (address >= start && address < start + driver->driver_object->DriverSize) {
            return driver;
        }
    }
    return linked_in;
}

Driver* Framework::driver_of(const DRIVER_OBJECT* wanted) const {
    for (const auto& [serial, object] : objects_) {
        if (object->type() == ObjectType::driver && wanted != nullptr &&
            static_cast<Driver*>(object)->driver_object == wanted) {
            return static_cast<Driver*>(object);
        }
    }
    return nullptr;
}

Device* Framework::device_of(const DEVICE_OBJECT* wanted) const {
    for (const auto& [serial, object] : objects_) {
        if (wanted != nullptr && object->type() == ObjectType::device &&
            static_cast<Device*>(object)->functional == wanted) {
            return static_cast<Device*>(object);
        }
    }
    return nullptr;
}

Object* Framework::find_context_owner(const void* context) const {
    for (const auto& [serial, object] : objects_) {
        if (object->owns_context(context)) {
            return object;
        }
    }
    return nullptr;
}

} // namespace openportcls::pnp::kmdf

using namespace openportcls;
using namespace openportcls::pnp::kmdf;

OPC_BEGIN_REMEMBERING_CALLERS

extern "C" {

NTSTATUS NTAPI WdfObjectCreate(PWDF_OBJECT_ATTRIBUTES Attributes, WDFOBJECT* Object) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    GeneralObject* object = nullptr;
    const NTSTATUS status =
        Framework::current().create(OPC_WDF_CALLER(), Attributes, OPC_WDF_CALLING_DRIVER(), &object);
    if (NT_SUCCESS(status)) {
        *Object = object->handle();
    }
    return status;
}

VOID NTAPI WdfObjectDelete(WDFOBJECT Object) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    Framework& framework = Framework::current();
    auto& object = framework.object(Object);
    // The driver's object goes with WdfDriverMiniportUnload; a device's own target goes with the device.
    auto* device = static_cast<Device*>(object.ancestor(ObjectType::device));
    const bool owned_by_framework =
        object.type() == ObjectType::driver ||
        (device != nullptr && static_cast<void*>(device->local_target) == static_cast<void*>(&object));
    if (owned_by_framework) {
        framework.violation(1, Object, "WdfObjectDelete was called for an object that only the framework deletes.");
    }
    object.remove();
}

VOID NTAPI WdfObjectReferenceActual(WDFOBJECT Handle, PVOID, LONG, PCHAR) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    Framework::current().object(Handle).reference();
}

VOID NTAPI WdfObjectDereferenceActual(WDFOBJECT Handle, PVOID, LONG, PCHAR) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    Framework::current().object(Handle).dereference();
}

PVOID NTAPI WdfObjectGetTypedContextWorker(WDFOBJECT Handle, PCWDF_OBJECT_CONTEXT_TYPE_INFO TypeInfo) {
    return Framework::current().object(Handle).context(TypeInfo);
}

NTSTATUS NTAPI WdfObjectAllocateContext(WDFOBJECT Handle, PWDF_OBJECT_ATTRIBUTES ContextAttributes, PVOID* Context) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    Framework& framework = Framework::current();
    auto& object = framework.object(Handle);
    if (ContextAttributes == nullptr) {
        return STATUS_INVALID_PARAMETER;
    }
    pnp::kmdf::Object* parent = nullptr;
    const NTSTATUS status = framework.check(ContextAttributes, nullptr, &parent);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    if (parent != nullptr) {
        return STATUS_WDF_PARENT_ASSIGNMENT_NOT_ALLOWED;
    }
    if (ContextAttributes->ContextTypeInfo == nullptr) {
        return STATUS_OBJECT_NAME_INVALID;
    }
    return object.is_deleted() ? STATUS_DELETE_PENDING : object.add_context(*ContextAttributes, Context);
}

WDFOBJECT NTAPI WdfObjectContextGetObject(PVOID ContextPointer) {
    Framework& framework = Framework::current();
    auto* owner = framework.find_context_owner(ContextPointer);
    if (owner == nullptr) {
        framework.violation(5, ContextPointer, "WdfObjectContextGetObject was given what is no object's context.");
    }
    return owner->handle();
}

VOID NTAPI WdfObjectAcquireLock(WDFOBJECT Object) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    auto& object = Framework::current().object(Object);
    KIRQL irql = 0;
    KeAcquireSpinLock(&object.lock, &irql);
    object.lock_irql = irql;
}

VOID NTAPI WdfObjectReleaseLock(WDFOBJECT Object) {
    auto& object = Framework::current().object(Object);
    KeReleaseSpinLock(&object.lock, object.lock_irql);
}

} // extern "C"

OPC_END_REMEMBERING_CALLERS
