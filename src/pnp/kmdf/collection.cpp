// WDFCOLLECTION: a list of objects, each referenced.
#include <algorithm>
#include <vector>

#include "executive/callers.h"
#include "executive/irql_check.h"
#include "pnp/kmdf/object.h"

using namespace openportcls;
using namespace openportcls::pnp::kmdf;

namespace {

class Collection final : public Object {
public:
    static constexpr ObjectType object_type = ObjectType::collection;
    Collection(Object* parent, machine::Machine& machine) : Object(object_type, parent, machine) {}

    std::vector<Object*> items;

private:
    void dispose() override {
        for (Object* item : std::exchange(items, {})) {
            item->dereference();
        }
    }
};

Collection& collection_of(WDFCOLLECTION handle) {
    return Framework::current().get<Collection>(handle);
}

WDFOBJECT item_at(const Collection& collection, std::size_t index) {
    return index < collection.items.size() ? collection.items[index]->handle() : nullptr;
}

} // namespace

OPC_BEGIN_REMEMBERING_CALLERS

extern "C" {

NTSTATUS NTAPI WdfCollectionCreate(PWDF_OBJECT_ATTRIBUTES CollectionAttributes, WDFCOLLECTION* Collection) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    ::Collection* collection = nullptr;
    const NTSTATUS status =
        Framework::current().create(OPC_WDF_CALLER(), CollectionAttributes, OPC_WDF_CALLING_DRIVER(), &collection);
    if (NT_SUCCESS(status)) {
        *Collection = static_cast<WDFCOLLECTION>(collection->handle());
    }
    return status;
}

ULONG NTAPI WdfCollectionGetCount(WDFCOLLECTION Collection) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    return static_cast<ULONG>(collection_of(Collection).items.size());
}

NTSTATUS NTAPI WdfCollectionAdd(WDFCOLLECTION Collection, WDFOBJECT Object) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    auto& collection = collection_of(Collection);
    auto& object = Framework::current().object(Object);
    object.reference();
    collection.items.push_back(&object);
    return STATUS_SUCCESS;
}

VOID NTAPI WdfCollectionRemove(WDFCOLLECTION Collection, WDFOBJECT Item) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    auto& items = collection_of(Collection).items;
    auto& object = Framework::current().object(Item);
    const auto found = std::find(items.begin(), items.end(), &object);
    if (found != items.end()) {
        items.erase(found);
        object.dereference();
    }
}

VOID NTAPI WdfCollectionRemoveItem(WDFCOLLECTION Collection, ULONG Index) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    auto& items = collection_of(Collection).items;
    if (Index < items.size()) {
        Object* object = items[Index];
        items.erase(items.begin() + Index);
        object->dereference();
    }
}

WDFOBJECT NTAPI WdfCollectionGetItem(WDFCOLLECTION Collection, ULONG Index) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    return item_at(collection_of(Collection), Index);
}

WDFOBJECT NTAPI WdfCollectionGetFirstItem(WDFCOLLECTION Collection) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    return item_at(collection_of(Collection), 0);
}

WDFOBJECT NTAPI WdfCollectionGetLastItem(WDFCOLLECTION Collection) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    const auto& collection = collection_of(Collection);
    return item_at(collection, collection.items.size() - 1);
}

} // extern "C"

OPC_END_REMEMBERING_CALLERS
