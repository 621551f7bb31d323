// Views of \Device\PhysicalMemory.
#include "executive/tests/hardware_fixture.h"

#include "executive/tests/kernel_fixture.h"

namespace openportcls::executive {
namespace {

class Sections : public ExecutiveTest {
protected:
    HANDLE open(ACCESS_MASK access = SECTION_ALL_ACCESS) {
        HANDLE handle = nullptr;
        Name name(u"\\Device\\PhysicalMemory");
        EXPECT_EQ(ZwOpenSection(&handle, access, name.attributes()), STATUS_SUCCESS);
        return handle;
    }
    NTSTATUS map(HANDLE section, LONGLONG offset, SIZE_T bytes, ULONG protection = PAGE_READWRITE) {
        view = nullptr;
        section_offset = large(offset);
        size = bytes;
        return ZwMapViewOfSection(section, ZwCurrentProcess(), &view, 0, bytes, &section_offset, &size, ViewUnmap, 0,
                                  protection);
    }

    PVOID view = nullptr;
    LARGE_INTEGER section_offset{};
    SIZE_T size = 0;
};

TEST_F(Sections, ViewsShowPhysicalMemory) {
    inside([&] {
        HANDLE section = open();
        auto* memory = static_cast<UCHAR*>(MmAllocateContiguousMemory(3 * PAGE_SIZE, large(0xFFFFFFFF)));
        const LONGLONG physical = MmGetPhysicalAddress(memory).QuadPart;
        ASSERT_EQ(map(section, physical + PAGE_SIZE, PAGE_SIZE), STATUS_SUCCESS);
        EXPECT_EQ(section_offset.QuadPart % 0x10000, 0) << "rounded down to 64 KB";
        EXPECT_EQ(size % PAGE_SIZE, 0U);
        auto* bytes = static_cast<UCHAR*>(view) + (physical + PAGE_SIZE - section_offset.QuadPart);
        *bytes = 0x5A;
        EXPECT_EQ(memory[PAGE_SIZE], 0x5A);
        EXPECT_EQ(ZwUnmapViewOfSection(ZwCurrentProcess(), view), STATUS_SUCCESS);
        EXPECT_EQ(ZwUnmapViewOfSection(ZwCurrentProcess(), view), STATUS_NOT_MAPPED_VIEW);
        MmFreeContiguousMemory(memory);
        ZwClose(section);
        EXPECT_EQ(kernel().io_space.mapped_ranges(), 0U);
    });
}

// Two views of one piece of memory show it both, from its own first byte on; each goes for itself.
TEST_F(Sections, ZwMapViewOfSectionMakesViewsOfTheirOwn) {
    inside([&] {
        HANDLE section = open();
        constexpr LONGLONG where = 0x20'0000; // a multiple of 64 KB: nothing is rounded
        PVOID views[2] = {};
        for (PVOID& each : views) {
            LARGE_INTEGER offset = large(where);
            SIZE_T bytes = 2 * PAGE_SIZE;
            EXPECT_EQ(ZwMapViewOfSection(section, ZwCurrentProcess(), &each, 0, bytes, &offset, &bytes, ViewUnmap, 0,
                                         PAGE_READWRITE),
                      STATUS_SUCCESS);
            EXPECT_EQ(offset.QuadPart, where);
            EXPECT_EQ(bytes, 2 * PAGE_SIZE);
        }
        static_cast<UCHAR*>(views[0])[PAGE_SIZE + 7] = 0xA5;
        EXPECT_EQ(static_cast<UCHAR*>(views[1])[PAGE_SIZE + 7], 0xA5);
        EXPECT_EQ(MmGetPhysicalAddress(views[1]).QuadPart, where);
        EXPECT_EQ(ZwUnmapViewOfSection(ZwCurrentProcess(), views[0]), STATUS_SUCCESS);
        EXPECT_EQ(static_cast<UCHAR*>(views[1])[PAGE_SIZE + 7], 0xA5) << "the other one stays";
        EXPECT_EQ(ZwUnmapViewOfSection(ZwCurrentProcess(), views[1]), STATUS_SUCCESS);
        EXPECT_EQ(ZwUnmapViewOfSection(ZwCurrentProcess(), views[1]), STATUS_NOT_MAPPED_VIEW);
        EXPECT_EQ(ZwClose(section), STATUS_SUCCESS);
        EXPECT_EQ(kernel().io_space.mapped_ranges(), 0U);
    });
}

TEST_F(Sections, ArgumentsThatMakeNoSense) {
    inside([&] {
        HANDLE section = open(SECTION_MAP_READ);
        EXPECT_EQ(map(section, 0x100000, PAGE_SIZE, PAGE_READWRITE), STATUS_SUCCESS)
            << "handles are not checked for access in kernel mode";
        ZwUnmapViewOfSection(ZwCurrentProcess(), view);
        EXPECT_EQ(map(section, 0x100000, PAGE_SIZE, PAGE_READONLY | PAGE_NOCACHE), STATUS_SUCCESS);
        ZwUnmapViewOfSection(ZwCurrentProcess(), view);
        EXPECT_EQ(map(section, 0x100000, PAGE_SIZE, 0x1000), STATUS_INVALID_PAGE_PROTECTION);
        EXPECT_EQ(map(section, 0x100000, 0, PAGE_READONLY), STATUS_INVALID_PARAMETER);
        PVOID wanted = &section;
        LARGE_INTEGER offset = large(0x100000);
        SIZE_T bytes = PAGE_SIZE;
        EXPECT_EQ(ZwMapViewOfSection(section, ZwCurrentProcess(), &wanted, 0, 0, &offset, &bytes, ViewUnmap, 0,
                                     PAGE_READONLY),
                  STATUS_CONFLICTING_ADDRESSES);
        ZwClose(section);
        HANDLE event = nullptr;
        ZwCreateEvent(&event, EVENT_ALL_ACCESS, nullptr, NotificationEvent, FALSE);
        EXPECT_EQ(map(event, 0x100000, PAGE_SIZE), STATUS_OBJECT_TYPE_MISMATCH);
        ZwClose(event);
    });
}

TEST_F(Sections, OtherNamesAreNotFound) {
    inside([&] {
        HANDLE handle = nullptr;
        Name missing(u"\\Device\\PhysicalMemory2");
        EXPECT_EQ(ZwOpenSection(&handle, SECTION_MAP_READ, missing.attributes()), STATUS_OBJECT_NAME_NOT_FOUND);
        Name link(u"\\DosDevices");
        EXPECT_EQ(ZwOpenSection(&handle, SECTION_MAP_READ, link.attributes()), STATUS_OBJECT_TYPE_MISMATCH);
    });
    expect_bugcheck(0x0A, "ZwMapViewOfSection may be called at PASSIVE_LEVEL", [&] {
        KeRaiseIrqlToDpcLevel();
        map(nullptr, 0, PAGE_SIZE);
    });
}

} // namespace
} // namespace openportcls::executive
