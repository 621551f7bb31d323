// A machine with the WavePci test driver (wavepci_driver.h) on it, and a client that sends stream requests.
#pragma once

#include <memory>

#include "wavepci_driver.h"

namespace conformance {

// A stream request with one header on its way.
struct PciRequest {
    std::vector<KSSTREAM_HEADER> headers;
    IRP* irp = nullptr;
    bool is_done = false;
    NTSTATUS status = STATUS_PENDING;
    ULONG_PTR information = 0;
    int place = 0; // among all that are done

    static void NTAPI completed(void* context, NTSTATUS status, ULONG_PTR information) {
        auto& request = *static_cast<PciRequest*>(context);
        static int done = 0;
        request.place = ++done;
        request.is_done = true;
        request.irp = nullptr;
        request.status = status;
        request.information = information;
    }
    ULONG used(std::size_t header = 0) const { return headers[header].DataUsed; }
};

class WavePciRules : public CoreTest {
protected:
    WavePciRules() : WavePciRules(config()) {}
    explicit WavePciRules(const machine::MachineConfig& config) : CoreTest(config) {
        pci_script() = &pci_;
        script_.start = [this](DEVICE_OBJECT* device, IRP* irp, IResourceList* resources) {
            IPort* port = nullptr;
            NTSTATUS status = PcNewPort(&port, CLSID_PortWavePci);
            if (!NT_SUCCESS(status)) {
                return status;
            }
            auto miniport = portcls::ComPointer<IMiniport>::adopt(new_pci_miniport());
            status = port->Init(device, irp, miniport.get(), script_.adapter, resources);
            if (NT_SUCCESS(status)) {
                status = PcRegisterSubdevice(device, const_cast<WCHAR*>(u"Wave"), port);
            }
            port->Release();
            return status;
        };
    }
    ~WavePciRules() override { pci_script() = nullptr; }

    void TearDown() override {
        if (!machine_.is_halted()) {
            machine_.enter([&] {
                close_all();
                requests_.clear();
                pci_.group.reset();
            });
        }
        CoreTest::TearDown();
    }

    // Starts the device as a release, and runs `test` as the client.
    template<class Test>
    void as(WindowsVersion version, Test&& test) {
        be(version);
        start();
        inside([&] {
            ASSERT_EQ(open_filter(u"Wave", wave_), STATUS_SUCCESS);
            test();
        });
    }
    template<class Test>
    void now(Test&& test) {
        as(WindowsVersion::windows_11, std::forward<Test>(test));
    }

    FILE_OBJECT* open_stream(ULONG pin, bool looped = false) {
        PinConnect connect = connection(pin);
        connect.connect.Interface.Id = looped ? KSINTERFACE_STANDARD_LOOPED_STREAMING : KSINTERFACE_STANDARD_STREAMING;
        connect.format = pcm();
        FILE_OBJECT* file = nullptr;
        EXPECT_EQ(CoreTest::open_pin(connect, file), STATUS_SUCCESS);
        return file;
    }
    // Opened and in PAUSE.
    FILE_OBJECT* open_paused(ULONG pin, bool looped = false) {
        FILE_OBJECT* const file = open_stream(pin, looped);
        EXPECT_EQ(set_state(file, KSSTATE_PAUSE), STATUS_SUCCESS);
        return file;
    }
    PciStream& stream() { return *pci_.streams.back(); }

    // `data`: one header for each.
    PciRequest& send(FILE_OBJECT* file, bool write, std::vector<std::pair<void*, ULONG>> data, ULONG options = 0) {
        requests_.push_back(std::make_unique<PciRequest>());
        PciRequest& request = *requests_.back();
        for (const auto& [memory, bytes] : data) {
            KSSTREAM_HEADER header = {};
            header.Size = sizeof header;
            header.PresentationTime = {0, 1, 1};
            header.Data = memory;
            header.FrameExtent = bytes;
            header.DataUsed = write ? bytes : 0;
            header.OptionsFlags = options;
            request.headers.push_back(header);
        }
        executive::start_device_control(file, write ? IOCTL_KS_WRITE_STREAM : IOCTL_KS_READ_STREAM, nullptr, 0,
                                        request.headers.data(),
                                        static_cast<ULONG>(request.headers.size() * sizeof(KSSTREAM_HEADER)),
                                        &PciRequest::completed, &request, &request.irp);
        return request;
    }
    PciRequest& write(FILE_OBJECT* file, void* memory, ULONG bytes, ULONG options = 0) {
        return send(file, true, {{memory, bytes}}, options);
    }
    PciRequest& read(FILE_OBJECT* file, void* memory, ULONG bytes) { return send(file, false, {{memory, bytes}}); }

    KSAUDIO_POSITION position(FILE_OBJECT* file) {
        KSAUDIO_POSITION result = {};
        EXPECT_EQ(property(file, request(KSPROPSETID_Audio, KSPROPERTY_AUDIO_POSITION), result), STATUS_SUCCESS);
        return result;
    }
    // What the card's interrupt does; and its DPC has run.
    void interrupt() {
        pci_.port->Notify(pci_.group.get());
        KeFlushQueuedDpcs();
    }

    static constexpr machine::Nanoseconds millisecond = 1'000'000;

    alignas(PAGE_SIZE) unsigned char memory_[8 * PAGE_SIZE] = {};
    PciScript pci_;
    std::vector<std::unique_ptr<PciRequest>> requests_;
};

} // namespace conformance
