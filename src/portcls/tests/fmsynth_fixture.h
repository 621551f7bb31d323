// An FM synthesizer miniport on the model of its chip, and an ear.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <memory>
#include <span>
#include <vector>

#include "hardware/opl3/device.h"
#include "helper_fixture.h"
#include "portcls/portcls_system.h"
#include "sound_measure.h"

namespace openportcls::portcls {

// A port that nothing is asked of.
class SilentPort final : public ComObject<SilentPort, IPortMidi> {
public:
    void* find_interface(const GUID&) { return nullptr; }
    STDMETHOD_(NTSTATUS, Init)(PDEVICE_OBJECT, PIRP, PUNKNOWN, PUNKNOWN, PRESOURCELIST) override {
        return STATUS_NOT_IMPLEMENTED;
    }
    STDMETHOD_(NTSTATUS, GetDeviceProperty)(DEVICE_REGISTRY_PROPERTY, ULONG, PVOID, PULONG) override {
        return STATUS_NOT_IMPLEMENTED;
    }
    STDMETHOD_(NTSTATUS, NewRegistryKey)(PREGISTRYKEY*, PUNKNOWN, ULONG, ACCESS_MASK, POBJECT_ATTRIBUTES, ULONG,
                                         PULONG) override {
        return STATUS_NOT_IMPLEMENTED;
    }
    STDMETHOD_(VOID, Notify)(PSERVICEGROUP) override {}
    STDMETHOD_(VOID, RegisterServiceGroup)(PSERVICEGROUP) override {}
};

// ---- fixture --------------------------------------------------------------------------------------------------------

class FmSynthTest : public HelperTest {
protected:
    static constexpr ULONG base = 0x388;

    explicit FmSynthTest(opl3::Model model = opl3::Model::ymf262) : chip_(machine_.clock(), model) {
        EXPECT_TRUE(machine_.ports().claim(base, 4, chip_, 0));
        inside([] { PortClsSystem::current().set_windows_version(WindowsVersion::xp_sp2); }); // the last with FM
    }
    // Also when a test has failed half-way.
    ~FmSynthTest() override {
        inside([&] {
            stream_.reset();
            miniport_.reset();
        });
        machine_.ports().release(base);
    }

    NTSTATUS initialise(ULONG start = base, ULONG length = 4) {
        ResourceListStorage storage;
        if (length != 0) {
            storage.add_port(start, length);
        }
        ComPointer<IResourceList> resources;
        EXPECT_EQ(PcNewResourceList(resources.receive(), nullptr, PagedPool, storage.list(), storage.list()),
                  STATUS_SUCCESS);
        auto port = ComPointer<SilentPort>::adopt(new SilentPort);
        ComPointer<IServiceGroup> group;
        const NTSTATUS status = miniport_->Init(nullptr, resources.get(), port.get(), group.receive());
        EXPECT_EQ(static_cast<bool>(group), NT_SUCCESS(status));
        return status;
    }
    void make(const GUID& class_id = CLSID_MiniportDriverFmSynth) {
        IMiniport* made = nullptr;
        ASSERT_EQ(PcNewMiniport(&made, class_id), STATUS_SUCCESS);
        auto owned = ComPointer<IMiniport>::adopt(made);
        miniport_ = ComPointer<IMiniportMidi>::query(made, IID_IMiniportMidi);
        ASSERT_TRUE(miniport_);
    }
    static KSDATAFORMAT midi_format() {
        KSDATAFORMAT format{};
        format.FormatSize = sizeof(format);
        format.MajorFormat = KSDATAFORMAT_TYPE_MUSIC;
        format.SubFormat = KSDATAFORMAT_SUBTYPE_MIDI;
        format.Specifier = KSDATAFORMAT_SPECIFIER_NONE;
        return format;
    }
    NTSTATUS open_stream(bool capture = false, ULONG pin = 0) {
        KSDATAFORMAT format = midi_format();
        ComPointer<IServiceGroup> group;
        return miniport_->NewStream(stream_.receive(), nullptr, NonPagedPool, pin, capture ? TRUE : FALSE, &format,
                                    group.receive());
    }
    void open(const GUID& class_id = CLSID_MiniportDriverFmSynth) {
        make(class_id);
        ASSERT_EQ(initialise(), STATUS_SUCCESS);
        ASSERT_EQ(open_stream(), STATUS_SUCCESS);
        for (const KSSTATE state : {KSSTATE_ACQUIRE, KSSTATE_PAUSE, KSSTATE_RUN}) {
            ASSERT_EQ(stream_->SetState(state), STATUS_SUCCESS);
        }
        chip_.start_listening();
    }

    // As the port does: at DISPATCH_LEVEL.
    void play(std::initializer_list<int> bytes) {
        std::vector<UCHAR> data(bytes.begin(), bytes.end());
        KIRQL before;
        KeRaiseIrql(DISPATCH_LEVEL, &before);
        ULONG written = 0;
        EXPECT_EQ(stream_->Write(data.data(), static_cast<ULONG>(data.size()), &written), STATUS_SUCCESS);
        KeLowerIrql(before);
        EXPECT_EQ(written, data.size());
    }
    // What comes next from the chip.
    std::vector<opl3::StereoFrame> hear(double milliseconds) {
        discard();
        machine_.run_for(static_cast<machine::Nanoseconds>(milliseconds * 1e6));
        std::vector<opl3::StereoFrame> frames(opl3::Opl3Device::longest_backlog);
        frames.resize(chip_.read(frames));
        return frames;
    }
    std::vector<double> hear_left(double milliseconds) {
        std::vector<double> samples;
        for (const auto& frame : hear(milliseconds)) {
            samples.push_back(frame.left);
        }
        return samples;
    }
    struct Levels {
        double left = 0; // root of the mean square
        double right = 0;
    };
    Levels hear_levels(double milliseconds) {
        const auto frames = hear(milliseconds);
        Levels levels;
        for (const auto& frame : frames) {
            levels.left += static_cast<double>(frame.left) * frame.left / static_cast<double>(frames.size());
            levels.right += static_cast<double>(frame.right) * frame.right / static_cast<double>(frames.size());
        }
        return {std::sqrt(levels.left), std::sqrt(levels.right)};
    }
    void pass(double milliseconds) {
        machine_.run_for(static_cast<machine::Nanoseconds>(milliseconds * 1e6));
        discard();
    }
    void discard() {
        std::vector<opl3::StereoFrame> frames(opl3::Opl3Device::longest_backlog);
        while (chip_.read(frames) != 0) {
        }
    }
    unsigned keys_down() const {
        unsigned count = 0;
        for (unsigned index = 0; index < 18; ++index) {
            count += (chip_.synthesizer().register_value(index / 9 * 0x100 + 0xB0 + index % 9) & 0x20) != 0;
        }
        return count;
    }

    opl3::Opl3Device chip_;
    ComPointer<IMiniportMidi> miniport_;
    ComPointer<IMiniportMidiStream> stream_;
};

} // namespace openportcls::portcls
