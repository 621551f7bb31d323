// An application's pointers that lead nowhere: METHOD_NEITHER leaves them to KS, which answers instead of faulting
// ("Security Issues for I/O Control Codes": probe and touch user buffers where a fault is handled).
#include <sys/mman.h>

#include "core_fixture.h"

namespace conformance {

class ClientMemory : public CoreTest {
protected:
    ClientMemory() {
        // Two pages, of which the second one cannot be touched and, in a second mapping, the first cannot be written.
        gap_ = map(PROT_READ | PROT_WRITE);
        constant_ = map(PROT_READ);
    }
    ~ClientMemory() override {
        munmap(gap_, 2 * PAGE_SIZE);
        munmap(constant_, 2 * PAGE_SIZE);
    }

    static char* map(int protection) {
        void* pages = mmap(nullptr, 2 * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        EXPECT_NE(pages, MAP_FAILED);
        EXPECT_EQ(mprotect(pages, PAGE_SIZE, protection), 0);
        EXPECT_EQ(mprotect(static_cast<char*>(pages) + PAGE_SIZE, PAGE_SIZE, PROT_NONE), 0);
        return static_cast<char*>(pages);
    }
    // Buffers of which nothing, or not everything, is there.
    std::vector<char*> bad(ULONG bytes) {
        return {nullptr,
                reinterpret_cast<char*>(0x1000),
                reinterpret_cast<char*>(0x7FFF'0000'0000ULL),
                reinterpret_cast<char*>(UINT64_MAX - 3),
                gap_ + PAGE_SIZE,
                gap_ + PAGE_SIZE - bytes / 2};
    }

    char* gap_;
    char* constant_;
};

// Shows no row: none of these is carried out.
TEST_F(ClientMemory, RequestsThatAreNotThere) {
    start_and_open();
    inside([&] {
        FILE_OBJECT* pin = open_pin();
        ULONG value = 0;
        for (const ULONG code : {IOCTL_KS_PROPERTY, IOCTL_KS_ENABLE_EVENT, IOCTL_KS_RESET_STATE}) {
            const ULONG bytes = code == IOCTL_KS_RESET_STATE ? sizeof(KSRESET) : sizeof(KSPROPERTY);
            for (char* in : bad(bytes)) {
                EXPECT_EQ(control(pin, code, in, bytes, &value, sizeof value), STATUS_ACCESS_VIOLATION)
                    << std::hex << code << " " << static_cast<void*>(in);
            }
        }
    });
}

// Shows no row: none of these is carried out.
TEST_F(ClientMemory, ValuesThatAreNotThere) {
    start_and_open();
    inside([&] {
        const KSPROPERTY get = request(KSPROPSETID_Pin, KSPROPERTY_PIN_CTYPES);
        const KSPROPERTY set = request(KSPROPSETID_General, 0, KSPROPERTY_TYPE_SET);
        const KSEVENT enabled = event(KSEVENTSETID_AudioControlChange, KSEVENT_CONTROL_CHANGE);
        for (char* out : bad(sizeof(KSEVENTDATA))) {
            EXPECT_EQ(property(wave_, &get, sizeof get, out, sizeof(KSEVENTDATA)), STATUS_ACCESS_VIOLATION);
            EXPECT_EQ(property(wave_, &set, sizeof set, out, sizeof(KSEVENTDATA)), STATUS_ACCESS_VIOLATION);
            EXPECT_EQ(control(topology_, IOCTL_KS_ENABLE_EVENT, &enabled, sizeof enabled, out, sizeof(KSEVENTDATA)),
                      STATUS_ACCESS_VIOLATION);
        }
    });
}

// Shows no row: none of these is carried out.
TEST_F(ClientMemory, ValuesThatCannotBeWritten) {
    start_and_open();
    inside([&] {
        const KSPROPERTY get = request(KSPROPSETID_Pin, KSPROPERTY_PIN_CTYPES);
        EXPECT_EQ(property(wave_, &get, sizeof get, constant_, sizeof(ULONG)), STATUS_ACCESS_VIOLATION);
        EXPECT_EQ(information_, 0U);
        EXPECT_EQ(control(wave_, IOCTL_KS_ENABLE_EVENT, nullptr, 0, constant_, sizeof(GUID)), STATUS_ACCESS_VIOLATION);
        EXPECT_EQ(property(wave_, &get, sizeof get, gap_, sizeof(ULONG)), STATUS_SUCCESS);
    });
}

// Disabling names a KSEVENTDATA by its address and does not look into it.
TEST_F(ClientMemory, EventDataIsANameWhenDisabled) {
    start_and_open();
    inside([&] {
        EXPECT_EQ(control(topology_, IOCTL_KS_DISABLE_EVENT, gap_ + PAGE_SIZE, sizeof(KSEVENTDATA), nullptr, 0),
                  STATUS_UNSUCCESSFUL);
    });
}

} // namespace conformance
