// Callback objects: the system's, like \Callback\PowerState, and those that drivers make.
#include "executive/ex/callbacks.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include <wdm.h>

#include "executive/callers.h"
#include "executive/irql_check.h"
#include "executive/kernel.h"
#include "executive/objects/object_manager.h"
#include "executive/rtl/counted_text.h"
#include "executive/sentence.h"

using namespace openportcls;
using executive::Kernel;
using executive::ObjectManager;

namespace {

// What ExRegisterCallback gives.
struct CallbackRegistration {
    CALLBACK_OBJECT* object;
    PCALLBACK_FUNCTION function;
    void* context;
    std::uint64_t serial; // of this object's registrations
};

constexpr ULONG registration_tag = 0x62526243; // 'CbRb'

constexpr std::u16string_view power_state_name = u"\\Callback\\PowerState";

struct CallbackState {
    bool allow_multiple = true;
    std::vector<CallbackRegistration*> registrations; // by serial
    std::uint64_t last_serial = 0;

    const CallbackRegistration* first_after(std::uint64_t serial) const {
        const auto found = std::find_if(registrations.begin(), registrations.end(),
                                        [serial](const auto* each) { return each->serial > serial; });
        return found == registrations.end() ? nullptr : *found;
    }
};

CallbackState& state_of(const void* object, const char* function) {
    auto* const state = ObjectManager::current().state_of<CallbackState>(object, executive::object_types::callback);
    if (state == nullptr) [[unlikely]] {
        machine::Machine::current().bugcheck(0x18 /* REFERENCE_BY_POINTER */, 0,
                                             reinterpret_cast<std::uint64_t>(object), 0, 0,
                                             executive::Sentence("{} was given what is no callback object.", function));
    }
    return *state;
}

CALLBACK_OBJECT* make(ObjectManager& objects, bool allow_multiple, const void* caller) {
    return static_cast<CALLBACK_OBJECT*>(
        objects.create_opaque(executive::object_types::callback,
                              std::make_shared<CallbackState>(CallbackState{allow_multiple, {}, 0}), caller));
}

} // namespace

void executive::create_system_callbacks(machine::Machine& machine) {
    ObjectManager& objects = ObjectManager::of(machine);
    for (const std::u16string_view name : {power_state_name, std::u16string_view(u"\\Callback\\ProcessorAdd"),
                                           std::u16string_view(u"\\Callback\\SetSystemTime")}) {
        objects.insert_name(name, make(objects, true, nullptr), true);
    }
}

void executive::notify_power_state(machine::Machine& machine, ULONG what, bool how) {
    ExNotifyCallback(ObjectManager::of(machine).lookup(power_state_name).body, ULongToPtr(what), ULongToPtr(how));
}

OPC_BEGIN_REMEMBERING_CALLERS

extern "C" {

NTSTATUS NTAPI ExCreateCallback(PCALLBACK_OBJECT* object, POBJECT_ATTRIBUTES attributes, BOOLEAN create,
                                BOOLEAN allow_multiple) {
    OPC_REQUIRE_APC_OR_BELOW();
    ObjectManager& objects = ObjectManager::current();
    const std::u16string_view name = executive::text_of(attributes != nullptr ? attributes->ObjectName : nullptr);
    if (name.empty()) {
        return STATUS_UNSUCCESSFUL; // "nf-wdm-excreatecallback": unnamed callback objects are not permitted
    }
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
    if (!create) {
        return STATUS_OBJECT_NAME_NOT_FOUND;
    }
    CALLBACK_OBJECT* const made = make(objects, allow_multiple != FALSE, __builtin_return_address(0));
    const NTSTATUS status = objects.insert_name(name, made, (attributes->Attributes & OBJ_PERMANENT) != 0);
    if (!NT_SUCCESS(status)) {
        objects.dereference(made);
        return status;
    }
    *object = made;
    return STATUS_SUCCESS;
}

PVOID NTAPI ExRegisterCallback(PCALLBACK_OBJECT object, PCALLBACK_FUNCTION function, PVOID context) {
    OPC_REQUIRE_APC_OR_BELOW();
    CallbackState& state = state_of(object, __func__);
    if (!state.allow_multiple && !state.registrations.empty()) {
        return nullptr;
    }
    ObjectManager::current().reference(object);
    ObjectManager::current().note_reference(object, __builtin_return_address(0));
    auto* registration = Kernel::current().pool.allocate_object<CallbackRegistration>(
        "callback registration", registration_tag, __builtin_return_address(0));
    *registration = {object, function, context, ++state.last_serial};
    state.registrations.push_back(registration);
    return registration;
}

void NTAPI ExUnregisterCallback(PVOID handle) {
    OPC_REQUIRE_APC_OR_BELOW();
    CALLBACK_OBJECT* object = static_cast<CallbackRegistration*>(handle)->object;
    std::erase(state_of(object, __func__).registrations, handle);
    Kernel::current().pool.free(handle, registration_tag, __func__);
    ObjectManager::current().note_dereference(object, __builtin_return_address(0));
    ObjectManager::current().dereference(object);
}

void NTAPI ExNotifyCallback(PVOID object, PVOID argument1, PVOID argument2) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    const CallbackState& state = state_of(object, __func__);
    ObjectManager& objects = ObjectManager::current();
    objects.reference(object);
    // A routine, and others while it runs, may register and unregister.
    std::uint64_t serial = 0;
    while (const CallbackRegistration* const next = state.first_after(serial)) {
        serial = next->serial;
        next->function(next->context, argument1, argument2);
    }
    objects.dereference(object);
}

} // extern "C"

OPC_END_REMEMBERING_CALLERS
