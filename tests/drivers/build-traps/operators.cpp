// A driver's own operators: only the sized delete, array new with a tag, and std::align_val_t with no <new> in sight.
#define _NEW_DELETE_OPERATORS_
#include "Inc/Traps.h"

static unsigned char heap[4096];
static size_t used;
static int deleted;

void* __cdecl operator new(size_t size, POOL_TYPE, ULONG tag) {
    UNREFERENCED_PARAMETER(tag);
    void* memory = heap + used;
    used += (size + 15) & ~(size_t)15;
    return memory;
}

void* __cdecl operator new[](size_t size, POOL_TYPE type, ULONG tag) {
    return operator new(size, type, tag);
}

void __cdecl operator delete(void* memory, size_t size) {
    UNREFERENCED_PARAMETER(memory);
    UNREFERENCED_PARAMETER(size);
    ++deleted;
}

void __cdecl operator delete(void* memory, size_t size, std::align_val_t alignment) {
    UNREFERENCED_PARAMETER(memory);
    UNREFERENCED_PARAMETER(size);
    UNREFERENCED_PARAMETER(alignment);
    ++deleted;
}

class CObject {
public:
    virtual ~CObject() {}
    long m_Value;
};

extern "C" int check_operators() {
    deleted = 0;
    CObject* object = new (NonPagedPoolNx, 'Trap') CObject;
    EXPECT((unsigned char*)object >= heap && (unsigned char*)object < heap + sizeof(heap));
    delete object;
    EXPECT(deleted == 1);
    long* values = new (PagedPool, 'Trap') long[8];
    EXPECT((unsigned char*)values < heap + sizeof(heap));
    return 0;
}
