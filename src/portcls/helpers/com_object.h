// The COM side of the objects PortCls itself makes: one reference count, pool memory, any number of interfaces.
#pragma once

#include <cstddef>
#include <utility>

#include <portcls.h>

namespace openportcls::portcls {

inline constexpr ULONG object_tag = 0x6C436350; // 'PcCl', what a leak report shows

// Both spellings of IUnknown's identifier are in use.
inline bool is_unknown_id(const GUID& id) {
    return id == IID_IUnknown || id == GUID{0, 0, 0, {0xC0, 0, 0, 0, 0, 0, 0, 0x46}};
}

void forget_helper(const void* object); // for the leak report (portcls_system.h)

// `Derived` provides `void* find_interface(const GUID&)`, which returns the interface pointer or nullptr, for every
// interface but IUnknown. The first interface is the object's identity. A new object has one reference, its
// creator's. Objects lie in nonpaged pool, so that fault injection and leak reports see them; allocation may fail.
//
// Outer unknowns are accepted and ignored, as R-COM-04 allows: none of these objects is useful as a part of another.
template<class Derived, class Interface, class... MoreInterfaces>
class ComObject : public Interface, public MoreInterfaces... {
public:
    ComObject() = default;
    ComObject(const ComObject&) = delete;
    ComObject& operator=(const ComObject&) = delete;

    NTSTATUS NTAPI QueryInterface(REFIID interface_id, PVOID* result) override {
        if (result == nullptr) {
            return STATUS_INVALID_PARAMETER;
        }
        void* found = is_unknown_id(interface_id) ? static_cast<Interface*>(this)
                                                  : static_cast<Derived*>(this)->find_interface(interface_id);
        *result = found;
        if (found == nullptr) {
            return STATUS_INVALID_PARAMETER;
        }
        AddRef();
        return STATUS_SUCCESS;
    }

    ULONG NTAPI AddRef() override { return ++references_; }

    ULONG NTAPI Release() override {
        const ULONG left = --references_;
        if (left == 0) {
            delete static_cast<Derived*>(this);
        }
        return left;
    }

    static void* operator new(std::size_t size) noexcept {
        return ExAllocatePoolWithTag(NonPagedPoolNx, size, object_tag);
    }
    static void operator delete(void* memory) {
        forget_helper(memory);
        ExFreePoolWithTag(memory, object_tag);
    }

protected:
    ~ComObject() = default;

private:
    ULONG references_ = 1;
};

// A reference that is released with its holder.
template<class T>
class ComPointer {
public:
    ComPointer() = default;
    ComPointer(std::nullptr_t) {}
    ComPointer(const ComPointer& other) : pointer_(other.pointer_) { add_reference(); }
    ComPointer(ComPointer&& other) noexcept : pointer_(std::exchange(other.pointer_, nullptr)) {}
    ~ComPointer() { reset(); }
    ComPointer& operator=(ComPointer other) noexcept {
        std::swap(pointer_, other.pointer_);
        return *this;
    }

    // Takes over a reference that the caller owns.
    static ComPointer adopt(T* pointer) {
        ComPointer result;
        result.pointer_ = pointer;
        return result;
    }
    // Adds a reference of its own.
    static ComPointer share(T* pointer) {
        ComPointer result;
        result.pointer_ = pointer;
        result.add_reference();
        return result;
    }
    // Asks an object for an interface; empty when the object has none.
    template<class Unknown>
    static ComPointer query(Unknown* object, const GUID& interface_id) {
        ComPointer result;
        PVOID found = nullptr;
        if (object != nullptr && NT_SUCCESS(object->QueryInterface(interface_id, &found))) {
            result.pointer_ = static_cast<T*>(found);
        }
        return result;
    }

    T* get() const { return pointer_; }
    T* operator->() const { return pointer_; }
    explicit operator bool() const { return pointer_ != nullptr; }
    T** receive() {
        reset();
        return &pointer_;
    }
    T* detach() { return std::exchange(pointer_, nullptr); }
    void reset() {
        if (T* old = std::exchange(pointer_, nullptr)) {
            old->Release();
        }
    }

private:
    void add_reference() {
        if (pointer_ != nullptr) {
            pointer_->AddRef();
        }
    }

    T* pointer_ = nullptr;
};

} // namespace openportcls::portcls
