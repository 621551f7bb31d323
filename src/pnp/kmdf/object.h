// Framework objects: what every WDFxxx handle stands for.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <wdf.h>

#include "executive/kernel.h"
#include "executive/leaks.h"
#include "machine/machine.h"

namespace openportcls::pnp::kmdf {

enum class ObjectType : std::uint8_t {
    general,
    driver,
    device,
    collection,
    memory,
    string,
    spin_lock,
    wait_lock,
    timer,
    work_item,
    dpc,
    io_target,
    request,
};

class Device;
class Driver;
class Framework;

class Object {
public:
    virtual ~Object();
    Object(const Object&) = delete;
    Object& operator=(const Object&) = delete;

    ObjectType type() const { return type_; }
    Object* parent() const { return parent_; }
    bool is_deleted() const { return deleted_; }
    // The driver's code that asked for it; null for what the framework made by itself.
    const void* created_by() const { return created_by_; }
    // What will call the driver because of this object: "still set, WdfTimerStop not called". Null: nothing.
    virtual const char* pending() const { return nullptr; }
    // The nearest object of that type on the way up, this one included.
    Object* ancestor(ObjectType type);
    WDFOBJECT handle() { return this; }

    void reference() { ++references_; }
    void dereference();
    // Deletes the children, calls the cleanup callbacks, and gives back the creator's reference.
    void remove();

    void* context(PCWDF_OBJECT_CONTEXT_TYPE_INFO type) const;
    // STATUS_OBJECT_NAME_EXISTS with the existing context when there is one of that type.
    NTSTATUS add_context(const WDF_OBJECT_ATTRIBUTES& attributes, void** context);
    bool owns_context(const void* context) const;

    machine::Machine& machine() const { return machine_; }
    // The machine is being taken down: memory goes, nobody is called.
    bool is_ending() const;
    executive::Pool& pool() const { return machine_.subsystem<executive::Kernel>().pool; }
    // Of what the driver has the address of; `block` may be null. A pool that ends takes its blocks along.
    void free_in_pool(void* block, const char* moment) const;
    KSPIN_LOCK lock = 0; // WdfObjectAcquireLock
    KIRQL lock_irql = 0;

protected:
    Object(ObjectType type, Object* parent, machine::Machine& machine);
    // Stops what the object has going on; before the driver's cleanup callbacks.
    virtual void dispose() {}
    // The driver's code is gone: nothing may call it any more. Nobody is waited for.
    virtual void silence() { silent_ = true; }
    bool is_silent() const { return silent_; }

private:
    friend class Framework;

    struct Context {
        PCWDF_OBJECT_CONTEXT_TYPE_INFO type = nullptr;
        void* memory = nullptr; // in pool; null when only the callbacks were given
        PFN_WDF_OBJECT_CONTEXT_CLEANUP cleanup = nullptr;
        PFN_WDF_OBJECT_CONTEXT_DESTROY destroy = nullptr;
    };

    void call_cleanup();

    Framework* framework_ = nullptr;
    ObjectType type_;
    Object* parent_;
    machine::Machine& machine_;
    std::vector<Object*> children_; // in order of creation
    std::vector<Context> contexts_;
    std::int64_t references_ = 1;
    const void* created_by_ = nullptr;
    bool deleted_ = false;
    bool silent_ = false;
};

// One per machine: all living framework objects.
class Framework : public machine::Subsystem {
public:
    static constexpr machine::SubsystemId subsystem_id = machine::SubsystemId::kmdf;

    explicit Framework(machine::Machine& machine) : machine_(machine) {}
    ~Framework() override;

    // The current machine's, made on first use.
    static Framework& current();

    // The object behind a handle; WDF_VIOLATION when there is none or its type is another.
    Object& object(WDFOBJECT handle);
    Object& object(WDFOBJECT handle, ObjectType type);
    template<class T>
    T& get(const void* handle) {
        return static_cast<T&>(object(const_cast<void*>(handle), T::object_type));
    }
    [[noreturn]] void violation(std::uint64_t reason, const void* object, std::string_view rule);

    // Checks attributes and finds the parent: the given one, else `default_parent`.
    NTSTATUS check(const WDF_OBJECT_ATTRIBUTES* attributes, Object* default_parent, Object** parent);
    // Makes an object of T with (parent, machine, arguments …), its context, and its callbacks. `caller`: the driver's
    // code, for the report of what it left behind.
    template<class T, class... Arguments>
    NTSTATUS create(const void* caller, const WDF_OBJECT_ATTRIBUTES* attributes, Object* default_parent, T** result,
                    Arguments&&... arguments) {
        Object* parent = nullptr;
        NTSTATUS status = check(attributes, default_parent, &parent);
        if (!NT_SUCCESS(status)) {
            return status;
        }
        T* object = new T(parent, machine_, std::forward<Arguments>(arguments)...);
        adopt(object, caller);
        if (attributes != nullptr) {
            status = object->add_context(*attributes, nullptr);
        }
        if (NT_SUCCESS(status)) {
            *result = object;
        } else {
            object->remove();
        }
        return status;
    }

    // The driver whose module holds `code`; the youngest one for code in no module (drivers linked into the process).
    Driver* driver_of(const void* code) const;
    Driver* driver_of(const DRIVER_OBJECT* object) const;
    // Null for a device object that no framework device stands for.
    Device* device_of(const DEVICE_OBJECT* object) const;
    std::size_t object_count() const { return objects_.size(); }
    Object* find_context_owner(const void* context) const;

    // The driver is about to delete its driver object: devices that still live should have gone before.
    void note_forgotten_devices(const Driver& driver);
    // What a driver leaves behind at its unload: objects in order of creation, then devices that it never deleted.
    // `owner`: of its code, for objects that have lost their parents.
    void add_leftovers(executive::Kernel& kernel, const DRIVER_OBJECT* driver, std::uint16_t owner,
                       std::vector<executive::Leftover>& found) const;
    // The driver's code is gone: its objects call nobody and belong to nobody.
    void disown(const DRIVER_OBJECT* driver);

private:
    friend class Object;

    struct ForgottenDevice {
        const DRIVER_OBJECT* driver;
        const void* created_by;
    };

    void adopt(Object* object, const void* caller);
    void forget(Object* object);

    machine::Machine& machine_;
    std::map<std::uint64_t, Object*> objects_;               // by serial number
    std::unordered_map<const void*, std::uint64_t> serials_; // looked up only
    std::uint64_t last_serial_ = 0;
    std::vector<ForgottenDevice> forgotten_devices_;
    bool ending_ = false;
};

class GeneralObject final : public Object {
public:
    static constexpr ObjectType object_type = ObjectType::general;
    GeneralObject(Object* parent, machine::Machine& machine) : Object(object_type, parent, machine) {}
};

class Driver final : public Object {
public:
    static constexpr ObjectType object_type = ObjectType::driver;
    Driver(Object* parent, machine::Machine& machine, DRIVER_OBJECT* object, const WDF_DRIVER_CONFIG& config,
           std::u16string_view registry_path)
        : Object(object_type, parent, machine), driver_object(object), config(config),
          registry_path(pool().allocate_text("registry path", registry_path)) {}
    ~Driver() override { free_in_pool(registry_path.Buffer, "Noticed when the framework's driver object went"); }

    DRIVER_OBJECT* driver_object; // null once it is unloaded
    WDF_DRIVER_CONFIG config;
    UNICODE_STRING registry_path;
};

class IoTarget;

class Device final : public Object {
public:
    static constexpr ObjectType object_type = ObjectType::device;
    Device(Object* parent, machine::Machine& machine, DEVICE_OBJECT* functional, DEVICE_OBJECT* attached,
           DEVICE_OBJECT* physical)
        : Object(object_type, parent, machine), functional(functional), attached(attached), physical(physical) {}

    DEVICE_OBJECT* functional;
    DEVICE_OBJECT* attached; // the next lower one; may be null
    DEVICE_OBJECT* physical; // may be null
    IoTarget* local_target = nullptr;
};

#define OPC_WDF_CALLER() __builtin_return_address(0)
// The driver of the code that called the export this is used in.
#define OPC_WDF_CALLING_DRIVER() (::openportcls::pnp::kmdf::Framework::current().driver_of(__builtin_return_address(0)))

} // namespace openportcls::pnp::kmdf
