// The system's FM synthesizer miniports behind the system's MIDI port: an application's stream, heard from the chip.
#include "hardware/opl3/device.h"
#include "midi_fixture.h"
#include "portcls/tests/sound_measure.h"

namespace conformance {
namespace {

using namespace openportcls::portcls;

constexpr ULONG base = 0x388;

const GUID*& miniport_class() {
    static thread_local const GUID* result = nullptr;
    return result;
}

// An adapter as vendors' are: nothing of the two is its own.
NTSTATUS NTAPI start_fm_device(DEVICE_OBJECT* device, IRP* irp, IResourceList* resources) {
    IPort* port = nullptr;
    NTSTATUS status = PcNewPort(&port, CLSID_PortMidi);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    IMiniport* miniport = nullptr;
    status = PcNewMiniport(&miniport, *miniport_class());
    if (NT_SUCCESS(status)) {
        status = port->Init(device, irp, miniport, nullptr, resources);
        miniport->Release();
    }
    if (NT_SUCCESS(status)) {
        status = PcRegisterSubdevice(device, const_cast<PWSTR>(u"FMSynth"), port);
    }
    port->Release();
    return status;
}

NTSTATUS NTAPI add_fm_device(DRIVER_OBJECT* driver, DEVICE_OBJECT* physical_device) {
    return PcAddAdapterDevice(driver, physical_device, start_fm_device, 1, 0);
}

NTSTATUS NTAPI driver_entry(DRIVER_OBJECT* driver, UNICODE_STRING* registry_path) {
    return PcInitializeAdapterDriver(driver, registry_path, add_fm_device);
}

class FmSynthPort : public MidiTest {
protected:
    FmSynthPort() : chip_(machine_.clock(), opl3::Model::ymf262) {
        EXPECT_TRUE(machine_.ports().claim(base, 4, chip_, 0));
        chip_.start_listening();
        be(WindowsVersion::xp_sp2); // the last with these miniports
    }
    ~FmSynthPort() override { machine_.ports().release(base); }

    void start_card(const GUID& class_id, ULONG port = base) {
        miniport_class() = &class_id;
        pnp::DriverOptions options;
        options.service_name = "fm_test";
        auto driver = manager_->load_static_driver(driver_entry, options);
        ASSERT_TRUE(driver) << driver.error().message;
        driver_ = *driver;
        pnp::DeviceSpec device;
        device.resources = {pnp::Resource::port(port, 4)};
        auto node = manager_->add_device(*driver_, device);
        node_ = node ? *node : nullptr;
    }
    void start(const GUID& class_id) {
        start_card(class_id);
        ASSERT_NE(node_, nullptr);
        ASSERT_EQ(node_->state(), pnp::DeviceState::started) << std::hex << node_->problem();
        inside([&] { ASSERT_EQ(open_path(path_of(), nullptr, filter_), STATUS_SUCCESS); });
    }
    std::vector<double> hear(LONGLONG milliseconds) {
        std::vector<opl3::StereoFrame> frames(opl3::Opl3Device::longest_backlog);
        while (chip_.read(frames) != 0) {
        }
        run_for(milliseconds);
        frames.resize(chip_.read(frames));
        std::vector<double> samples;
        for (const auto& frame : frames) {
            samples.push_back(frame.left);
        }
        return samples;
    }
    static double loudness(const std::vector<double>& samples) {
        double power = 0;
        for (const double sample : samples) {
            power += sample * sample / static_cast<double>(samples.size());
        }
        return std::sqrt(power);
    }
    NTSTATUS volume(ULONG flags, LONG channel, LONG& level) {
        KSNODEPROPERTY_AUDIO_CHANNEL request{};
        request.NodeProperty.Property.Set = KSPROPSETID_Audio;
        request.NodeProperty.Property.Id = KSPROPERTY_AUDIO_VOLUMELEVEL;
        request.NodeProperty.Property.Flags = flags | KSPROPERTY_TYPE_TOPOLOGY;
        request.NodeProperty.NodeId = 1;
        request.Channel = channel;
        NTSTATUS status = STATUS_UNSUCCESSFUL;
        ULONG_PTR information = 0;
        inside([&] {
            status = executive::device_control(filter_, IOCTL_KS_PROPERTY, &request, sizeof request, &level,
                                               sizeof level, &information);
        });
        return status;
    }

    opl3::Opl3Device chip_;
};

TEST_F(FmSynthPort, PlaysAnApplicationsNotesWhenTheyAreDue_R_MIDI_01_R_MIDI_11) {
    start(CLSID_MiniportDriverFmSynth);
    FILE_OBJECT* const pin = running_pin(0);
    std::vector<opl3::StereoFrame> rest(opl3::Opl3Device::longest_backlog);
    while (chip_.read(rest) != 0) {
    }
    const std::uint64_t begin = chip_.next_sample();
    write(pin, std::vector<MidiRecord>{{0, {0xC0, 80}}, {100, {0x90, 69, 100}}, {200, {0x80, 69, 0}}});
    run_for(600);
    std::vector<opl3::StereoFrame> frames(opl3::Opl3Device::longest_backlog);
    frames.resize(chip_.read(frames));
    const auto is_sound = [](const opl3::StereoFrame& frame) { return frame.left != 0; };
    const auto first = std::find_if(frames.begin(), frames.end(), is_sound);
    ASSERT_NE(first, frames.end());
    const auto at = static_cast<std::uint64_t>(first - frames.begin());
    const double heard_at =
        static_cast<double>(opl3::Opl3Device::time_of(begin + at) - opl3::Opl3Device::time_of(begin)) / 1e6;
    EXPECT_NEAR(heard_at, 100, 2);
    std::vector<double> note;
    for (auto each = first + 500; each < first + 5000; ++each) {
        note.push_back(each->left);
    }
    EXPECT_NEAR(frequency(note) / 440, 1, 0.01);
    EXPECT_TRUE(std::none_of(frames.end() - 2000, frames.end(), is_sound)) << "it ends";
    EXPECT_TRUE(requests_.back()->is_done());
    EXPECT_EQ(requests_.back()->status, STATUS_SUCCESS);
}

TEST_F(FmSynthPort, OneStreamAtATime_R_PIN_01) {
    start(CLSID_MiniportDriverFmSynth);
    FILE_OBJECT* const pin = running_pin(0);
    FILE_OBJECT* second = nullptr;
    inside([&] { EXPECT_FALSE(NT_SUCCESS(open_pin(0, second))); });
    inside([&] { EXPECT_FALSE(NT_SUCCESS(open_pin(1, second))) << "the bridge pin"; });
    close(pin);
    EXPECT_NE(open_pin(0), nullptr);
}

TEST_F(FmSynthPort, AnswersItsOwnIntersection_R_FMT_02_R_FMT_04) {
    start(CLSID_MiniportDriverFmSynth);
    const GUID midi = KSDATAFORMAT_SUBTYPE_MIDI;
    expect_plain_intersection(0, midi);
}

TEST_F(FmSynthPort, TellsOfTheStreamsEnd_R_EVENT_12) {
    start(CLSID_MiniportDriverFmSynthWithVol);
    FILE_OBJECT* const pin = running_pin(0);
    const auto ends = watch_end(pin);
    MidiRequest& request = write_last(pin, std::vector<MidiRecord>{{0, note_on}, {50, note_off}});
    run_for(49);
    EXPECT_EQ(ends(), 0);
    run_for(3);
    EXPECT_TRUE(request.is_done());
    EXPECT_EQ(ends(), 1);
}

TEST_F(FmSynthPort, IsASynthesizer_R_DESC_16) {
    start(CLSID_MiniportDriverFmSynth);
    inside([&] {
        const auto& interfaces = executive::Kernel::current().interfaces;
        for (const GUID& category : {KSCATEGORY_AUDIO, KSCATEGORY_RENDER, KSCATEGORY_SYNTHESIZER}) {
            EXPECT_EQ(interfaces.enumerate(&category).size(), 1u);
        }
        const GUID capture = KSCATEGORY_CAPTURE;
        EXPECT_EQ(interfaces.enumerate(&capture).size(), 0u);
    });
}

TEST_F(FmSynthPort, VolumeNodeByTheFilter_R_PROP_04_R_PROP_20) {
    start(CLSID_MiniportDriverFmSynthWithVol);
    FILE_OBJECT* const pin = running_pin(0);
    write(pin, std::vector<MidiRecord>{{0, {0xC0, 16}}, {0, {0x90, 60, 127}}});
    run_for(50);
    const double full = loudness(hear(100));
    EXPECT_GT(full, 100);
    for (const LONG channel : {0, 1}) {
        LONG level = -12 * 65536;
        EXPECT_EQ(volume(KSPROPERTY_TYPE_SET, channel, level), STATUS_SUCCESS);
        level = 0;
        EXPECT_EQ(volume(KSPROPERTY_TYPE_GET, channel, level), STATUS_SUCCESS);
        EXPECT_EQ(level, -12 * 65536);
    }
    EXPECT_NEAR(decibels(loudness(hear(100)) / full), -12, 0.4);
    LONG level = 0;
    EXPECT_EQ(volume(KSPROPERTY_TYPE_GET, 2, level), STATUS_INVALID_PARAMETER);
}

TEST_F(FmSynthPort, NoChipNoDevice_R_ENTRY_13) {
    start_card(CLSID_MiniportDriverFmSynth, 0x240);
    EXPECT_TRUE(node_ == nullptr || node_->state() != pnp::DeviceState::started);
}

} // namespace
} // namespace conformance
