// A machine with the MIDI test driver (midi_driver.h) on it, and a client of its filter.
#pragma once

#include <cstring>
#include <memory>

#include <gmock/gmock.h>

#include <dmusbuff.h>

#include "core_fixture.h"
#include "midi_driver.h"

namespace conformance {

inline constexpr LONGLONG millisecond = 10'000; // in 100 ns

// A stream request of one header, and the buffer behind it.
struct MidiRequest {
    KSSTREAM_HEADER header{};
    KSSTREAM_HEADER second{}; // of the same request, where there are two
    std::vector<BYTE> buffer;
    std::vector<BYTE> second_buffer;
    NTSTATUS status = STATUS_PENDING;
    LONGLONG done_at = 0;
    IRP* irp = nullptr;

    bool is_done() const { return status != STATUS_PENDING; }
};

struct MidiRecord {
    ULONG delta = 0; // ms
    MidiBytes bytes;
};

struct DmusRecord {
    LONGLONG delta = 0; // 100 ns
    MidiBytes bytes;
    DWORD group = 1;
    DWORD flags = DMUS_EVENT_STRUCTURED;
};

class MidiTest : public ::testing::Test {
protected:
    MidiTest() : machine_(small_machine()) {
        midi_script() = &script_;
        executive::install(machine_);
        manager_ = &machine_.add_subsystem<pnp::PnpManager>();
    }
    static machine::MachineConfig small_machine() {
        machine::MachineConfig result;
        result.memory_bytes = 64 << 20;
        return result;
    }
    void be(WindowsVersion version) {
        machine_.enter([&] { PortClsSystem::current().set_windows_version(version); });
    }
    void load() {
        pnp::DriverOptions options;
        options.service_name = "midi_test";
        auto driver = manager_->load_static_driver(midi_driver_entry, options);
        ASSERT_TRUE(driver) << driver.error().message;
        driver_ = *driver;
        auto node = manager_->add_device(*driver_, spec_);
        if (node) {
            node_ = *node;
        }
    }
    void start(bool is_dmus) {
        script_.is_dmus = is_dmus;
        load();
        ASSERT_NE(node_, nullptr);
        ASSERT_EQ(node_->state(), pnp::DeviceState::started) << std::hex << node_->problem();
        inside([&] { ASSERT_EQ(open_path(path_of(), nullptr, filter_), STATUS_SUCCESS); });
    }
    template<class Function>
    void inside(Function&& function) {
        const bool survived = machine_.enter(std::forward<Function>(function));
        ASSERT_TRUE(survived) << machine_.bugcheck_report()->to_text();
    }
    void TearDown() override {
        if (machine_.is_halted()) {
            ADD_FAILURE() << machine_.bugcheck_report()->to_text();
            return;
        }
        machine_.enter([&] {
            while (!files_.empty()) {
                executive::close_file(files_.back());
                files_.pop_back();
            }
            if (script_.port != nullptr) {
                script_.port->Release();
            }
            if (script_.group != nullptr) {
                script_.group->Release();
            }
        });
        for (const auto& request : requests_) {
            EXPECT_TRUE(request->is_done());
        }
    }

    static std::u16string path_of() {
        const auto all = executive::Kernel::current().interfaces.enumerate(nullptr, false);
        return all.empty() ? std::u16string() : all.front()->symbolic_link;
    }
    NTSTATUS open_path(std::u16string_view path, FILE_OBJECT* related, FILE_OBJECT*& file) {
        file = nullptr;
        const NTSTATUS status = executive::open_file(path, related, &file);
        if (NT_SUCCESS(status) && file != nullptr) {
            files_.push_back(file);
        }
        return status;
    }
    NTSTATUS open_pin(ULONG pin, FILE_OBJECT*& file) {
        struct {
            KSPIN_CONNECT connect{};
            KSDATAFORMAT_WAVEFORMATEX format{};
        } request;
        request.connect.Interface.Set = KSINTERFACESETID_Standard;
        request.connect.Interface.Id = KSINTERFACE_STANDARD_STREAMING;
        request.connect.Medium.Set = KSMEDIUMSETID_Standard;
        request.connect.Medium.Id = KSMEDIUM_STANDARD_DEVIO;
        request.connect.PinId = pin;
        request.connect.Priority = {KSPRIORITY_NORMAL, 1};
        ULONG bytes = sizeof(KSPIN_CONNECT) + sizeof(KSDATAFORMAT);
        if (pin == dmus_wave) {
            request.format = wave_format();
            bytes = sizeof request;
        } else {
            KSDATAFORMAT& format = request.format.DataFormat;
            format.FormatSize = sizeof format;
            format.MajorFormat = KSDATAFORMAT_TYPE_MUSIC;
            format.SubFormat = pin >= dmus_render ? KSDATAFORMAT_SUBTYPE_DIRECTMUSIC : KSDATAFORMAT_SUBTYPE_MIDI;
            format.Specifier = KSDATAFORMAT_SPECIFIER_NONE;
        }
        const GUID kind = KSNAME_Pin;
        return open_path(ks::make_create_name(kind, &request, bytes), filter_, file);
    }
    static KSDATAFORMAT_WAVEFORMATEX wave_format() {
        KSDATAFORMAT_WAVEFORMATEX format = {};
        format.DataFormat.FormatSize = sizeof(format);
        format.DataFormat.MajorFormat = KSDATAFORMAT_TYPE_AUDIO;
        format.DataFormat.SubFormat = KSDATAFORMAT_SUBTYPE_PCM;
        format.DataFormat.Specifier = KSDATAFORMAT_SPECIFIER_WAVEFORMATEX;
        format.WaveFormatEx = {WAVE_FORMAT_PCM, 2, 48000, 192000, 4, 16, 0};
        return format;
    }
    FILE_OBJECT* open_pin(ULONG pin) {
        FILE_OBJECT* file = nullptr;
        inside([&] { EXPECT_EQ(open_pin(pin, file), STATUS_SUCCESS); });
        return file;
    }
    FILE_OBJECT* running_pin(ULONG pin) {
        FILE_OBJECT* const file = open_pin(pin);
        set_state(file, KSSTATE_RUN);
        begun_ = now();
        return file;
    }
    void close(FILE_OBJECT* file) {
        std::erase(files_, file);
        inside([&] { executive::close_file(file); });
    }
    NTSTATUS property(FILE_OBJECT* file, const GUID& set, ULONG id, ULONG flags, void* value, ULONG bytes) {
        KSPROPERTY request{};
        request.Set = set;
        request.Id = id;
        request.Flags = flags;
        NTSTATUS status = STATUS_UNSUCCESSFUL;
        ULONG_PTR information = 0;
        inside([&] {
            status = executive::device_control(file, IOCTL_KS_PROPERTY, &request, sizeof request, value, bytes,
                                               &information);
        });
        return status;
    }
    void set_state(FILE_OBJECT* pin, KSSTATE state) {
        const GUID set = KSPROPSETID_Connection;
        EXPECT_EQ(property(pin, set, KSPROPERTY_CONNECTION_STATE, KSPROPERTY_TYPE_SET, &state, sizeof state),
                  STATUS_SUCCESS);
    }

    // ---- pins -------------------------------------------------------------------------------------------------
    // The first data range of a pin.
    KSDATARANGE_MUSIC range_of(ULONG pin) {
        KSP_PIN request{};
        request.Property.Set = KSPROPSETID_Pin;
        request.Property.Id = KSPROPERTY_PIN_DATARANGES;
        request.Property.Flags = KSPROPERTY_TYPE_GET;
        request.PinId = pin;
        struct {
            KSMULTIPLE_ITEM head;
            KSDATARANGE_MUSIC range;
            BYTE more[64];
        } value{};
        ULONG_PTR information = 0;
        inside([&] {
            EXPECT_EQ(executive::device_control(filter_, IOCTL_KS_PROPERTY, &request, sizeof request, &value,
                                                sizeof value, &information),
                      STATUS_SUCCESS);
        });
        return value.range;
    }
    // KSPROPERTY_PIN_DATAINTERSECTION of one range into this much room; `bytes` receives how much there is.
    NTSTATUS intersect(ULONG pin, const KSDATARANGE_MUSIC& range, void* format, ULONG room, ULONG_PTR& bytes) {
        struct {
            KSP_PIN request{};
            KSMULTIPLE_ITEM list{};
            KSDATARANGE_MUSIC range{};
        } in;
        in.request.Property.Set = KSPROPSETID_Pin;
        in.request.Property.Id = KSPROPERTY_PIN_DATAINTERSECTION;
        in.request.Property.Flags = KSPROPERTY_TYPE_GET;
        in.request.PinId = pin;
        in.list = {sizeof in.list + sizeof in.range, 1};
        in.range = range;
        NTSTATUS status = STATUS_UNSUCCESSFUL;
        inside([&] {
            status = executive::device_control(filter_, IOCTL_KS_PROPERTY, &in, sizeof in, format, room, &bytes);
        });
        return status;
    }
    // The pin's range meets itself in a KSDATAFORMAT of its GUIDs (R-FMT-02, R-FMT-03).
    void expect_plain_intersection(ULONG pin, const GUID& subformat) {
        KSDATARANGE_MUSIC range = range_of(pin);
        KSDATAFORMAT format{};
        ULONG_PTR bytes = 0;
        EXPECT_EQ(intersect(pin, range, nullptr, 0, bytes), STATUS_BUFFER_OVERFLOW);
        EXPECT_EQ(bytes, sizeof format);
        EXPECT_EQ(intersect(pin, range, &format, sizeof format - 1, bytes), STATUS_BUFFER_TOO_SMALL);
        EXPECT_EQ(intersect(pin, range, &format, sizeof format, bytes), STATUS_SUCCESS);
        EXPECT_EQ(format.FormatSize, sizeof format);
        EXPECT_TRUE(IsEqualGUID(format.MajorFormat, KSDATAFORMAT_TYPE_MUSIC));
        EXPECT_TRUE(IsEqualGUID(format.SubFormat, subformat));
        EXPECT_TRUE(IsEqualGUID(format.Specifier, KSDATAFORMAT_SPECIFIER_NONE));
        range.DataRange.SubFormat = KSDATAFORMAT_SUBTYPE_PCM;
        EXPECT_EQ(intersect(pin, range, &format, sizeof format, bytes), STATUS_NO_MATCH);
    }
    // Counts from now on how often the pin's stream ends; lives as long as the test.
    std::function<LONG()> watch_end(FILE_OBJECT* pin) {
        KSEMAPHORE& ends = *semaphores_.emplace_back(std::make_unique<KSEMAPHORE>());
        inside([&] {
            KeInitializeSemaphore(&ends, 0, 1000);
            KSEVENT event{};
            event.Set = KSEVENTSETID_Connection;
            event.Id = KSEVENT_CONNECTION_ENDOFSTREAM;
            event.Flags = KSEVENT_TYPE_ENABLE;
            KSEVENTDATA data{};
            data.NotificationType = KSEVENTF_SEMAPHORE_OBJECT;
            data.SemaphoreObject.Semaphore = &ends;
            data.SemaphoreObject.Adjustment = 1;
            ULONG_PTR information = 0;
            EXPECT_EQ(executive::device_control(pin, IOCTL_KS_ENABLE_EVENT, &event, sizeof event, &data, sizeof data,
                                                &information, KernelMode),
                      STATUS_SUCCESS);
        });
        return [this, &ends] {
            LONG count = 0;
            inside([&] { count = KeReadStateSemaphore(&ends); });
            return count;
        };
    }

    // ---- requests ---------------------------------------------------------------------------------------------
    static std::vector<BYTE> packed(const std::vector<MidiRecord>& records) {
        std::vector<BYTE> bytes;
        for (const MidiRecord& record : records) {
            const KSMUSICFORMAT head = {record.delta, static_cast<ULONG>(record.bytes.size())};
            const auto* const from = reinterpret_cast<const BYTE*>(&head);
            bytes.insert(bytes.end(), from, from + sizeof head);
            bytes.insert(bytes.end(), record.bytes.begin(), record.bytes.end());
            bytes.resize((bytes.size() + 3) / 4 * 4, 0xEE); // padding is not data
        }
        return bytes;
    }
    static std::vector<BYTE> packed(const std::vector<DmusRecord>& records) {
        std::vector<BYTE> bytes;
        for (const DmusRecord& record : records) {
            const DMUS_EVENTHEADER head = {static_cast<DWORD>(record.bytes.size()), record.group, record.delta,
                                           record.flags};
            const auto* const from = reinterpret_cast<const BYTE*>(&head);
            bytes.insert(bytes.end(), from, from + sizeof head);
            bytes.insert(bytes.end(), record.bytes.begin(), record.bytes.end());
            bytes.resize((bytes.size() + 7) / 8 * 8, 0xEE);
        }
        return bytes;
    }
    static void describe(KSSTREAM_HEADER& header, std::vector<BYTE>& buffer, LONGLONG time, bool writes, ULONG used) {
        header.Size = sizeof header;
        header.PresentationTime = {time, 1, 1};
        header.OptionsFlags = writes ? KSSTREAM_HEADER_OPTIONSF_TIMEVALID : 0;
        header.FrameExtent = static_cast<ULONG>(buffer.size());
        header.DataUsed = used;
        header.Data = buffer.data();
    }
    static void NTAPI completed(void* context, NTSTATUS result, ULONG_PTR) {
        auto& done = *static_cast<MidiRequest*>(context);
        done.status = result;
        done.done_at = static_cast<LONGLONG>(KeQueryInterruptTime());
        done.irp = nullptr;
    }
    MidiRequest& send(FILE_OBJECT* pin, MidiRequest& request, ULONG code, ULONG header_bytes) {
        inside([&] {
            const NTSTATUS status = executive::start_device_control(pin, code, nullptr, 0, &request.header,
                                                                    header_bytes, &completed, &request, &request.irp);
            request.status = status == STATUS_PENDING ? request.status : status;
        });
        return request;
    }
    MidiRequest& submit(FILE_OBJECT* pin, std::vector<BYTE> buffer, LONGLONG time, ULONG code, ULONG used,
                        ULONG options = 0) {
        MidiRequest& request = *requests_.emplace_back(std::make_unique<MidiRequest>());
        request.buffer = std::move(buffer);
        describe(request.header, request.buffer, time, code == IOCTL_KS_WRITE_STREAM, used);
        request.header.OptionsFlags |= options;
        return send(pin, request, code, sizeof request.header);
    }
    // One request with two headers, each with a buffer and a time of its own.
    MidiRequest& write_two(FILE_OBJECT* pin, const std::vector<MidiRecord>& first, LONGLONG first_time,
                           const std::vector<MidiRecord>& second, LONGLONG second_time) {
        static_assert(offsetof(MidiRequest, second) == sizeof(KSSTREAM_HEADER));
        MidiRequest& request = *requests_.emplace_back(std::make_unique<MidiRequest>());
        request.buffer = packed(first);
        request.second_buffer = packed(second);
        describe(request.header, request.buffer, first_time, true, static_cast<ULONG>(request.buffer.size()));
        describe(request.second, request.second_buffer, second_time, true,
                 static_cast<ULONG>(request.second_buffer.size()));
        return send(pin, request, IOCTL_KS_WRITE_STREAM, 2 * sizeof request.header);
    }
    MidiRequest& write(FILE_OBJECT* pin, std::vector<BYTE> bytes, LONGLONG time = 0) {
        const auto used = static_cast<ULONG>(bytes.size());
        return submit(pin, std::move(bytes), time, IOCTL_KS_WRITE_STREAM, used);
    }
    MidiRequest& write(FILE_OBJECT* pin, const std::vector<MidiRecord>& records, LONGLONG time = 0) {
        return write(pin, packed(records), time);
    }
    MidiRequest& write(FILE_OBJECT* pin, const std::vector<DmusRecord>& records, LONGLONG time = 0) {
        return write(pin, packed(records), time);
    }
    // Its header has a time that is not said to be valid.
    template<class Records>
    MidiRequest& write_untimed(FILE_OBJECT* pin, const Records& records, LONGLONG time) {
        MidiRequest& request = *requests_.emplace_back(std::make_unique<MidiRequest>());
        request.buffer = packed(records);
        describe(request.header, request.buffer, time, true, static_cast<ULONG>(request.buffer.size()));
        request.header.OptionsFlags = 0;
        return send(pin, request, IOCTL_KS_WRITE_STREAM, sizeof request.header);
    }
    // The last of a stream (KSSTREAM_HEADER_OPTIONSF_ENDOFSTREAM).
    template<class Records>
    MidiRequest& write_last(FILE_OBJECT* pin, const Records& records, LONGLONG time = 0) {
        std::vector<BYTE> bytes = packed(records);
        const auto used = static_cast<ULONG>(bytes.size());
        return submit(pin, std::move(bytes), time, IOCTL_KS_WRITE_STREAM, used, KSSTREAM_HEADER_OPTIONSF_ENDOFSTREAM);
    }
    MidiRequest& read(FILE_OBJECT* pin, std::size_t bytes = 256) {
        return submit(pin, std::vector<BYTE>(bytes), 0, IOCTL_KS_READ_STREAM, 0);
    }
    void cancel(MidiRequest& request) {
        inside([&] { executive::cancel_request(request.irp); });
    }
    static std::vector<MidiRecord> midi_records(const MidiRequest& request) {
        std::vector<MidiRecord> records;
        for (ULONG at = 0; at + sizeof(KSMUSICFORMAT) <= request.header.DataUsed;) {
            KSMUSICFORMAT head;
            std::memcpy(&head, &request.buffer[at], sizeof head);
            at += sizeof head;
            records.push_back({head.TimeDeltaMs, {&request.buffer[at], &request.buffer[at] + head.ByteCount}});
            at = (at + head.ByteCount + 3) / 4 * 4;
        }
        return records;
    }
    static std::vector<DmusRecord> dmus_records(const MidiRequest& request) {
        std::vector<DmusRecord> records;
        for (ULONG at = 0; at + sizeof(DMUS_EVENTHEADER) <= request.header.DataUsed;) {
            DMUS_EVENTHEADER head;
            std::memcpy(&head, &request.buffer[at], sizeof head);
            at += sizeof head;
            records.push_back({head.rtDelta,
                               {&request.buffer[at], &request.buffer[at] + head.cbEvent},
                               head.dwChannelGroup,
                               head.dwFlags});
            at = (at + head.cbEvent + 7) / 8 * 8;
        }
        return records;
    }

    // ---- time -------------------------------------------------------------------------------------------------
    LONGLONG now() { return machine_.now() / 100; }
    void run_for(LONGLONG milliseconds) {
        inside([&] { machine_.run_for(milliseconds * 1'000'000); });
    }
    // Since the pin began to run; 100 ns.
    LONGLONG since(LONGLONG time) const { return time - begun_; }
    template<class Interface>
    Interface* port_as(const GUID& id) {
        void* result = nullptr;
        inside([&] {
            if (NT_SUCCESS(script_.port->QueryInterface(id, &result))) {
                script_.port->Release();
            }
        });
        return static_cast<Interface*>(result);
    }
    void notify(IServiceGroup* group) {
        inside([&] {
            if (script_.is_dmus) {
                static_cast<IPortDMus*>(script_.port)->Notify(group);
            } else {
                auto midi = portcls::ComPointer<IPortMidi>::query(script_.port, IID_IPortMidi);
                midi->Notify(group);
            }
            machine_.settle();
        });
    }

    struct ScriptInForce {
        ~ScriptInForce() { midi_script() = nullptr; }
    };
    MidiScript script_;
    ScriptInForce in_force_;
    machine::Machine machine_;
    pnp::PnpManager* manager_ = nullptr;
    pnp::LoadedDriver* driver_ = nullptr;
    pnp::DeviceSpec spec_;
    pnp::DeviceNode* node_ = nullptr;
    FILE_OBJECT* filter_ = nullptr;
    std::vector<FILE_OBJECT*> files_;
    std::vector<std::unique_ptr<MidiRequest>> requests_;
    std::vector<std::unique_ptr<KSEMAPHORE>> semaphores_;
    LONGLONG begun_ = 0;
};

// What of it the miniport was given.
inline std::vector<MidiBytes> bytes_of(const std::vector<Played>& played) {
    std::vector<MidiBytes> result;
    for (const Played& each : played) {
        result.push_back(each.bytes);
    }
    return result;
}

inline MidiBytes joined(const std::vector<Played>& played) {
    MidiBytes result;
    for (const Played& each : played) {
        result.insert(result.end(), each.bytes.begin(), each.bytes.end());
    }
    return result;
}

// A system exclusive message of so many bytes.
inline MidiBytes exclusive(std::size_t bytes) {
    MidiBytes result(bytes, 0x11);
    for (std::size_t i = 0; i < bytes; ++i) {
        result[i] = static_cast<BYTE>(i * 7 % 128);
    }
    result.front() = 0xF0;
    result.back() = 0xF7;
    return result;
}

} // namespace conformance
