// The system's MPU-401 miniports (PcNewMiniport), on a model of an MPU-401.
#pragma once

#include "midi_fixture.h"
#include "mpu401_card.h"

namespace conformance {

// Pins of a DMusUART filter with everything.
inline constexpr ULONG uart_midi_out = 0;
inline constexpr ULONG uart_dmus_out = 1;
inline constexpr ULONG uart_midi_in = 3;
inline constexpr ULONG uart_dmus_in = 4;

class Uart : public MidiTest, public hardware::MidiPort {
protected:
    static constexpr ULONG irq = 9;
    static constexpr ULONG port_address = 0x330;

    // `is_dmus`: which of the miniports. Returns before the filter is opened when the device does not start.
    void start_uart(const GUID& class_id, bool is_dmus, bool has_interrupt = true) {
        script_.system_miniport = &class_id;
        script_.is_dmus = is_dmus;
        spec_.resources = {pnp::Resource::port(port_address, 2)};
        if (has_interrupt) {
            spec_.resources.push_back(pnp::Resource::interrupt(irq));
        }
        const auto routed = pnp::translate_interrupt(irq);
        mpu_ = std::make_unique<Mpu401Card>(
            machine_, machine_.interrupt_line(routed.vector, routed.irql, machine::TriggerMode::level), port_address,
            output_fifo_, *this);
        load();
        if (node_ != nullptr && node_->state() == pnp::DeviceState::started) {
            inside([&] { ASSERT_EQ(open_path(path_of(), nullptr, filter_), STATUS_SUCCESS); });
        }
    }
    void TearDown() override {
        MidiTest::TearDown();
        auto leaks = manager_->unload(*driver_);
        ASSERT_TRUE(leaks) << leaks.error().message;
        EXPECT_TRUE(leaks->empty()) << leaks->to_text();
        mpu_.reset();
    }
    void plug(hardware::MidiSink*) override {}
    void receive(std::uint8_t byte) override {
        heard_.push_back(byte);
        times_.push_back(machine_.now() / 100);
    }
    FILE_OBJECT* open_format(ULONG pin, const GUID& subformat) {
        struct {
            KSPIN_CONNECT connect{};
            KSDATAFORMAT format{};
        } request;
        request.connect.Interface.Set = KSINTERFACESETID_Standard;
        request.connect.Medium.Set = KSMEDIUMSETID_Standard;
        request.connect.PinId = pin;
        request.connect.Priority = {KSPRIORITY_NORMAL, 1};
        request.format.FormatSize = sizeof request.format;
        request.format.MajorFormat = KSDATAFORMAT_TYPE_MUSIC;
        request.format.SubFormat = subformat;
        request.format.Specifier = KSDATAFORMAT_SPECIFIER_NONE;
        FILE_OBJECT* file = nullptr;
        inside([&] {
            const GUID kind = KSNAME_Pin;
            open_status_ = open_path(ks::make_create_name(kind, &request, sizeof request), filter_, file);
        });
        return file;
    }
    FILE_OBJECT* running(ULONG pin, const GUID& subformat) {
        FILE_OBJECT* const file = open_format(pin, subformat);
        EXPECT_EQ(open_status_, STATUS_SUCCESS);
        set_state(file, KSSTATE_RUN);
        begun_ = now();
        return file;
    }
    template<class Value>
    std::vector<Value> pin_values(ULONG id, ULONG count) {
        std::vector<Value> values;
        for (ULONG pin = 0; pin < count; ++pin) {
            KSP_PIN request{};
            request.Property.Set = KSPROPSETID_Pin;
            request.Property.Id = id;
            request.Property.Flags = KSPROPERTY_TYPE_GET;
            request.PinId = pin;
            Value value{};
            ULONG_PTR information = 0;
            inside([&] {
                EXPECT_EQ(executive::device_control(filter_, IOCTL_KS_PROPERTY, &request, sizeof request, &value,
                                                    sizeof value, &information),
                          STATUS_SUCCESS);
            });
            values.push_back(value);
        }
        return values;
    }
    ULONG pin_count() {
        ULONG count = 0;
        const GUID set = KSPROPSETID_Pin;
        EXPECT_EQ(property(filter_, set, KSPROPERTY_PIN_CTYPES, KSPROPERTY_TYPE_GET, &count, sizeof count),
                  STATUS_SUCCESS);
        return count;
    }
    template<class Value>
    NTSTATUS node_property(FILE_OBJECT* pin, ULONG id, ULONG node, Value& value, ULONG flags = KSPROPERTY_TYPE_GET,
                           const SYNTH_PORTPARAMS* instance = nullptr) {
        struct {
            KSNODEPROPERTY request{};
            SYNTH_PORTPARAMS parameters{};
        } in;
        in.request.Property.Set = KSPROPSETID_Synth;
        in.request.Property.Id = id;
        in.request.Property.Flags = flags | KSPROPERTY_TYPE_TOPOLOGY;
        in.request.NodeId = node;
        ULONG bytes = sizeof in.request;
        if (instance != nullptr) {
            in.parameters = *instance;
            bytes += sizeof *instance;
        }
        NTSTATUS status = STATUS_UNSUCCESSFUL;
        ULONG_PTR information = 0;
        inside([&] {
            status = executive::device_control(pin, IOCTL_KS_PROPERTY, &in, bytes, &value, sizeof value, &information);
        });
        return status;
    }

    const GUID midi_ = KSDATAFORMAT_SUBTYPE_MIDI;
    const GUID dmus_ = KSDATAFORMAT_SUBTYPE_DIRECTMUSIC;
    unsigned output_fifo_ = hardware::Mpu401::default_output_fifo;
    std::unique_ptr<Mpu401Card> mpu_;
    MidiBytes heard_;
    std::vector<LONGLONG> times_;
    NTSTATUS open_status_ = STATUS_UNSUCCESSFUL;
};

} // namespace conformance
