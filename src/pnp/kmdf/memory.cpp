// WDFMEMORY, WDFSTRING.
#include "pnp/kmdf/memory.h"

#include <cstring>

#include <ntddk.h>

#include "executive/callers.h"
#include "executive/irql_check.h"
#include "executive/rtl/counted_text.h"

using namespace openportcls;
using namespace openportcls::pnp::kmdf;

namespace {

constexpr ULONG framework_pool_tag = 0x72447846; // 'FxDr'

class String final : public Object {
public:
    static constexpr ObjectType object_type = ObjectType::string;
    String(Object* parent, machine::Machine& machine, std::u16string_view text)
        : Object(object_type, parent, machine), text(pool().allocate_text("text of a WDFSTRING", text)) {}
    ~String() override { free_in_pool(text.Buffer, "Noticed when the WDFSTRING was deleted"); }

    UNICODE_STRING text;
};

template<class Handle>
NTSTATUS give(NTSTATUS status, Object* object, Handle* handle) {
    if (NT_SUCCESS(status)) {
        *handle = static_cast<Handle>(object->handle());
    }
    return status;
}

} // namespace

namespace openportcls::pnp::kmdf {

Memory::~Memory() {
    if (owned && !is_ending()) { // a pool that ends takes its blocks along
        ExFreePool(buffer);
    }
}

} // namespace openportcls::pnp::kmdf

OPC_BEGIN_REMEMBERING_CALLERS

extern "C" {

NTSTATUS NTAPI WdfMemoryCreate(PWDF_OBJECT_ATTRIBUTES Attributes, POOL_TYPE PoolType, ULONG PoolTag, size_t BufferSize,
                               WDFMEMORY* Memory, PVOID* Buffer) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    if (BufferSize == 0 || Memory == nullptr) {
        return STATUS_INVALID_PARAMETER;
    }
    auto* driver = OPC_WDF_CALLING_DRIVER();
    const ULONG driver_tag = driver != nullptr ? driver->config.DriverPoolTag : 0;
    const ULONG tag = PoolTag != 0 ? PoolTag : driver_tag != 0 ? driver_tag : framework_pool_tag;
    PVOID buffer = ExAllocatePoolWithTag(PoolType, BufferSize, tag);
    if (buffer == nullptr) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    pnp::kmdf::Memory* memory = nullptr;
    const NTSTATUS status =
        Framework::current().create(OPC_WDF_CALLER(), Attributes, driver, &memory, buffer, BufferSize, false);
    if (!NT_SUCCESS(status)) {
        ExFreePool(buffer);
        return status;
    }
    memory->owned = true;
    if (Buffer != nullptr) {
        *Buffer = buffer;
    }
    return give(status, memory, Memory);
}

NTSTATUS NTAPI WdfMemoryCreatePreallocated(PWDF_OBJECT_ATTRIBUTES Attributes, PVOID Buffer, size_t BufferSize,
                                           WDFMEMORY* Memory) {
    OPC_REQUIRE_DISPATCH_OR_BELOW();
    if (Buffer == nullptr || BufferSize == 0 || Memory == nullptr) {
        return STATUS_INVALID_PARAMETER;
    }
    pnp::kmdf::Memory* memory = nullptr;
    const NTSTATUS status = Framework::current().create(OPC_WDF_CALLER(), Attributes, OPC_WDF_CALLING_DRIVER(), &memory,
                                                        Buffer, BufferSize, true);
    return give(status, memory, Memory);
}

PVOID NTAPI WdfMemoryGetBuffer(WDFMEMORY Memory, size_t* BufferSize) {
    const auto& memory = Framework::current().get<pnp::kmdf::Memory>(Memory);
    if (BufferSize != nullptr) {
        *BufferSize = memory.size;
    }
    return memory.buffer;
}

NTSTATUS NTAPI WdfMemoryAssignBuffer(WDFMEMORY Memory, PVOID Buffer, size_t BufferSize) {
    auto& memory = Framework::current().get<pnp::kmdf::Memory>(Memory);
    if (Buffer == nullptr || BufferSize == 0 || !memory.assignable) {
        return STATUS_INVALID_PARAMETER;
    }
    memory.buffer = Buffer;
    memory.size = BufferSize;
    return STATUS_SUCCESS;
}

// Any IRQL that the two buffers allow.
NTSTATUS NTAPI WdfMemoryCopyFromBuffer(WDFMEMORY DestinationMemory, size_t DestinationOffset, PVOID Buffer,
                                       size_t NumBytesToCopyFrom) {
    const auto& memory = Framework::current().get<pnp::kmdf::Memory>(DestinationMemory);
    if (Buffer == nullptr) {
        return STATUS_INVALID_PARAMETER;
    }
    if (DestinationOffset > memory.size) {
        return STATUS_INVALID_BUFFER_SIZE;
    }
    if (NumBytesToCopyFrom > memory.size - DestinationOffset) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    std::memcpy(static_cast<char*>(memory.buffer) + DestinationOffset, Buffer, NumBytesToCopyFrom);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI WdfMemoryCopyToBuffer(WDFMEMORY SourceMemory, size_t SourceOffset, PVOID Buffer,
                                     size_t NumBytesToCopyTo) {
    const auto& memory = Framework::current().get<pnp::kmdf::Memory>(SourceMemory);
    if (Buffer == nullptr) {
        return STATUS_INVALID_PARAMETER;
    }
    if (SourceOffset > memory.size || NumBytesToCopyTo > memory.size - SourceOffset) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    std::memcpy(Buffer, static_cast<const char*>(memory.buffer) + SourceOffset, NumBytesToCopyTo);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI WdfStringCreate(PCUNICODE_STRING UnicodeString, PWDF_OBJECT_ATTRIBUTES StringAttributes,
                               WDFSTRING* String) {
    OPC_REQUIRE_PASSIVE();
    ::String* string = nullptr;
    const NTSTATUS status = Framework::current().create(OPC_WDF_CALLER(), StringAttributes, OPC_WDF_CALLING_DRIVER(),
                                                        &string, executive::text_of(UnicodeString));
    return give(status, string, String);
}

VOID NTAPI WdfStringGetUnicodeString(WDFSTRING String, PUNICODE_STRING UnicodeString) {
    OPC_REQUIRE_PASSIVE();
    *UnicodeString = Framework::current().get<::String>(String).text;
}

} // extern "C"

OPC_END_REMEMBERING_CALLERS
