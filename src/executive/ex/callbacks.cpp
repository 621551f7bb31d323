// Callback objects: \Callback\PowerState and those that drivers make.
#include <string_view>
#include <vector>

#include <wdm.h>

#include "executive/irql_check.h"
#include "executive/kernel.h"
#include "executive/objects/object_manager.h"
#include "executive/rtl/counted_text.h"

using namespace openportcls;
using executive::Kernel;
using executive::ObjectManager;

namespace {

struct CallbackRegistration {
    CALLBACK_OBJECT* object;
    PCALLBACK_FUNCTION function;
    void* context;
};

} // namespace

struct _CALLBACK_OBJECT {
    bool allow_multiple = true;
    std::vector<std::unique_ptr<CallbackRegistration>> registrations;
};

namespace {

void destroy_callback(machine::Machine&, void* body) {
    delete static_cast<CALLBACK_OBJECT*>(body);
}

} // namespace

extern "C" {

NTSTATUS NTAPI ExCreateCallback(PCALLBACK_OBJECT* object, POBJECT_ATTRIBUTES attributes, BOOLEAN create,
                                BOOLEAN allow_multiple) {
    OPC_REQUIRE_APC_OR_BELOW();
    ObjectManager& objects = ObjectManager::current();
    const std::u16string_view name = executive::text_of(attributes != nullptr ? attributes->ObjectName : nullptr);
    if (!name.empty()) {
        const auto found = objects.lookup(name);
        if (NT_SUCCESS(found.status) && found.remaining.empty() && found.body != nullptr) {
            const auto* header = objects.find(found.body);
            if (header == nullptr || header->type != &executive::object_types::callback) {
                return STATUS_OBJECT_TYPE_MISMATCH;
            }
            objects.reference(found.body);
            *object = static_cast<PCALLBACK_OBJECT>(found.body);
            return STATUS_SUCCESS;
        }
    }
    if (!create) {
        return STATUS_OBJECT_NAME_NOT_FOUND;
    }
    auto* made = new CALLBACK_OBJECT;
    made->allow_multiple = allow_multiple != FALSE;
    executive::ObjectCallbacks callbacks;
    callbacks.destroy = &destroy_callback;
    callbacks.destroy_with_machine = true;
    objects.add(made, executive::object_types::callback, callbacks);
    if (!name.empty()) {
        const NTSTATUS status = objects.insert_name(name, made, (attributes->Attributes & OBJ_PERMANENT) != 0);
        if (!NT_SUCCESS(status)) {
            objects.dereference(made);
            return status;
        }
    }
    *object = made;
    return STATUS_SUCCESS;
}

PVOID NTAPI ExRegisterCallback(PCALLBACK_OBJECT object, PCALLBACK_FUNCTION function, PVOID context) {
    OPC_REQUIRE_APC_OR_BELOW();
    if (!object->allow_multiple && !object->registrations.empty()) {
        return nullptr;
    }
    ObjectManager::current().reference(object);
    ObjectManager::current().note_reference(object, __builtin_return_address(0));
    object->registrations.push_back(
        std::make_unique<CallbackRegistration>(CallbackRegistration{object, function, context}));
    return object->registrations.back().get();
}

void NTAPI ExUnregisterCallback(PVOID handle) {
    OPC_REQUIRE_APC_OR_BELOW();
    CALLBACK_OBJECT* object = static_cast<CallbackRegistration*>(handle)->object;
    std::erase_if(object->registrations, [handle](const auto& each) { return each.get() == handle; });
    ObjectManager::current().note_dereference(object, __builtin_return_address(0));
    ObjectManager::current().dereference(object);
}

void NTAPI ExNotifyCallback(PVOID object, PVOID argument1, PVOID argument2) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    auto* callback = static_cast<CALLBACK_OBJECT*>(object);
    // By index: a routine may register another one.
    for (std::size_t i = 0; i < callback->registrations.size(); ++i) {
        const CallbackRegistration& each = *callback->registrations[i];
        each.function(each.context, argument1, argument2);
    }
}

} // extern "C"
