// R-DRM-06, R-DRM-07: before content goes on, the modules that it goes to are looked at: those of the content handlers
// (nf-drmk-drmaddcontenthandlers) and those of an interface's methods (nf-drmk-drmforwardcontenttointerface).
#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>
#include <sys/mman.h>

#include "core_fixture.h"
#include "portcls/pin.h"
#include "portcls/port.h"

namespace conformance {

namespace {

int data_of_this_module = 1;

template<class Function>
void* address_of(Function* function) {
    return reinterpret_cast<void*>(function);
}

// An object that is nothing but the address of its table of methods, which a test may lay out as it likes.
struct Stream final : IDrmAudioStream {
    STDMETHOD_(NTSTATUS, QueryInterface)(REFIID, PVOID* object) override {
        ++asked;
        *object = this;
        return STATUS_SUCCESS;
    }
    STDMETHOD_(ULONG, AddRef)() override { return 2; }
    STDMETHOD_(ULONG, Release)() override { return 1; }
    STDMETHOD_(NTSTATUS, SetContentId)(ULONG content, PCDRMRIGHTS) override {
        told = content;
        return STATUS_SUCCESS;
    }

    static inline unsigned asked;
    static inline ULONG told;
};
constexpr ULONG stream_methods = 4;

class LaidOutStream {
public:
    // `table` has room for the four methods.
    explicit LaidOutStream(void** table) : table_(table) {
        Stream stream;
        std::copy_n(*reinterpret_cast<void***>(&stream), stream_methods, table);
        Stream::asked = 0;
        Stream::told = 0;
    }
    IUnknown* unknown() { return reinterpret_cast<IUnknown*>(&table_); }

private:
    void** table_;
};

} // namespace

class DrmModules : public CoreTest {
protected:
    void open() {
        start_and_open();
        inside([&] {
            port_ = portcls::ComPointer<IDrmPort2>::query(script_.wave_port, IID_IDrmPort2);
            ASSERT_TRUE(port_);
            id_ = PortClsSystem::current().drm().create({TRUE, 0, FALSE});
        });
    }
    void TearDown() override {
        machine_.enter([&] { port_.reset(); });
        CoreTest::TearDown();
    }

    void expect_handlers(ULONG content, void** handlers, ULONG count, NTSTATUS expected) {
        EXPECT_EQ(PcAddContentHandlers(content, handlers, count), expected);
        EXPECT_EQ(DrmAddContentHandlers(content, handlers, count), expected);
        EXPECT_EQ(port_->AddContentHandlers(content, handlers, count), expected);
    }
    void expect_methods(IUnknown* unknown, ULONG count, NTSTATUS expected) {
        using Forward = NTSTATUS(NTAPI*)(ULONG, PUNKNOWN, ULONG);
        const auto by_port = [&](ULONG content, IUnknown* object, ULONG methods) {
            return port_->ForwardContentToInterface(content, object, methods);
        };
        const auto check = [&](auto&& forward) {
            Stream::asked = 0;
            Stream::told = 0;
            EXPECT_EQ(forward(id_, unknown, count), expected) << count;
            EXPECT_EQ(Stream::told, NT_SUCCESS(expected) ? id_ : 0U);
            EXPECT_EQ(Stream::asked, NT_SUCCESS(expected) ? 1U : 0U) << "no method is called before";
        };
        check(Forward(PcForwardContentToInterface));
        check(Forward(DrmForwardContentToInterface));
        check(by_port);
    }

    portcls::ComPointer<IDrmPort2> port_;
    ULONG id_ = 0;
};

TEST_F(DrmModules, R_DRM_07_handlers_are_code_of_loaded_modules) {
    open();
    inside([&] {
        void* handlers[] = {address_of(&new_wave_miniport), address_of(&PcNewPort), address_of(&std::abort)};
        for (const ULONG content : {id_, ULONG{0}}) { // R-DRM-01: the default's handlers are authenticated, too
            expect_handlers(content, handlers, 3, STATUS_SUCCESS);
            expect_handlers(content, handlers, 0, STATUS_SUCCESS);
            expect_handlers(content, nullptr, 0, STATUS_SUCCESS); // no module to authenticate
            expect_handlers(content, nullptr, 1, STATUS_INVALID_PARAMETER);
        }
        expect_handlers(id_ + 1, handlers, 3, STATUS_INVALID_PARAMETER); // R-DRM-07: no such content
        expect_handlers(id_ + 1, nullptr, 0, STATUS_INVALID_PARAMETER);
    });
}

TEST_F(DrmModules, R_DRM_07_handlers_in_no_module_are_refused) {
    open();
    inside([&] {
        const auto heap = std::make_unique<int>(1);
        int local = 1;
        void* const no_code[] = {nullptr,
                                 &local,
                                 heap.get(),
                                 &data_of_this_module,
                                 reinterpret_cast<void*>(std::uintptr_t{1}),
                                 reinterpret_cast<void*>(UINTPTR_MAX)};
        for (void* const wrong : no_code) {
            for (unsigned place = 0; place < 3; ++place) {
                void* handlers[] = {address_of(&new_wave_miniport), address_of(&PcNewPort), address_of(&std::abort)};
                handlers[place] = wrong;
                expect_handlers(id_, handlers, 3, STATUS_INVALID_PARAMETER);
                expect_handlers(0, handlers, 3, STATUS_INVALID_PARAMETER);
                expect_handlers(id_, handlers, place, STATUS_SUCCESS); // those before it
            }
        }
        DRMRIGHTS rights = {};
        EXPECT_EQ(PcGetContentRights(id_, &rights), STATUS_SUCCESS) << "the content is what it was";
        EXPECT_TRUE(rights.CopyProtect);
        EXPECT_EQ(PcDestroyContent(id_), STATUS_SUCCESS);
    });
}

TEST_F(DrmModules, R_DRM_06_methods_are_code_of_loaded_modules) {
    open();
    inside([&] {
        std::array<void*, stream_methods + 1> table = {};
        LaidOutStream stream(table.data());
        expect_methods(stream.unknown(), 3, STATUS_SUCCESS);
        expect_methods(stream.unknown(), stream_methods, STATUS_SUCCESS);
        table[stream_methods] = address_of(&std::abort); // another module's
        expect_methods(stream.unknown(), stream_methods + 1, STATUS_SUCCESS);
    });
}

TEST_F(DrmModules, R_DRM_06_methods_in_no_module_are_refused) {
    open();
    inside([&] {
        int local = 1;
        for (void* const wrong :
             {static_cast<void*>(nullptr), static_cast<void*>(&local), static_cast<void*>(&data_of_this_module)}) {
            for (ULONG place = 0; place <= stream_methods; ++place) {
                std::array<void*, stream_methods + 1> table = {};
                LaidOutStream stream(table.data());
                table[stream_methods] = address_of(&std::abort);
                table[place] = wrong;
                expect_methods(stream.unknown(), stream_methods + 1, STATUS_INVALID_PARAMETER);
            }
        }
    });
}

// A table that is shorter than NumMethods says, at the end of what can be read.
TEST_F(DrmModules, R_DRM_06_a_table_of_fewer_methods_is_refused) {
    open();
    constexpr std::size_t page = 4096;
    auto* const pages =
        static_cast<char*>(mmap(nullptr, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    ASSERT_NE(pages, MAP_FAILED);
    ASSERT_EQ(mprotect(pages + page, page, PROT_NONE), 0);
    inside([&] {
        LaidOutStream stream(reinterpret_cast<void**>(pages + page) - stream_methods);
        expect_methods(stream.unknown(), stream_methods, STATUS_SUCCESS);
        expect_methods(stream.unknown(), stream_methods + 1, STATUS_INVALID_PARAMETER);
        expect_methods(stream.unknown(), ULONG{UINT32_MAX}, STATUS_INVALID_PARAMETER);
    });
    munmap(pages, 2 * page);
}

// The port does the same with its stream's interface, up to the last method.
TEST_F(DrmModules, R_DRM_06_the_port_forwards_with_the_interface_form) {
    script_.drm_stream = true;
    start_and_open();
    inside([&] {
        FILE_OBJECT* const pin = open_pin();
        IUnknown* stream = nullptr;
        for (portcls::Port* const port : PortClsSystem::current().ports()) {
            for (const portcls::Pin* const each : port->pins()) {
                stream = each->stream();
            }
        }
        ASSERT_NE(stream, nullptr);
        KSDRMAUDIOSTREAM_CONTENTID content = {PortClsSystem::current().drm().create({TRUE, 0, FALSE}), {}};
        const auto in = request(KSPROPSETID_DrmAudioStream, KSPROPERTY_DRMAUDIOSTREAM_CONTENTID, KSPROPERTY_TYPE_SET);
        EXPECT_EQ(property(pin, in, content, KernelMode), STATUS_SUCCESS);
        constexpr std::size_t methods = 11; // of IMiniportWaveRTStream
        std::array<void*, methods> table = {};
        void**& place = *reinterpret_cast<void***>(stream);
        void** const own = place;
        std::copy_n(own, methods, table.begin());
        int local = 1;
        table[methods - 1] = &local;
        place = table.data();
        const NTSTATUS refused = property(pin, in, content, KernelMode);
        table[methods - 1] = own[methods - 1];
        const NTSTATUS forwarded = property(pin, in, content, KernelMode);
        place = own;
        EXPECT_EQ(refused, STATUS_INVALID_PARAMETER);
        EXPECT_EQ(forwarded, STATUS_SUCCESS);
    });
}

} // namespace conformance
