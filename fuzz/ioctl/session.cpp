#include "ioctl/session.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include <fmt/format.h>

#include "base/unicode.h"
#include "client/wave_format.h"
#include "executive/io/io_manager.h"
#include "ioctl/fuzzed_driver.h"
#include "ioctl/vocabulary.h"
#include "ks/create_name.h"

namespace openportcls::fuzz {

using std::chrono::milliseconds;

namespace {

constexpr int most_actions = 48;
constexpr std::size_t most_files = 12;

void* unmapped_address(unsigned which) {
    constexpr std::uintptr_t addresses[] = {0, 0x1000, 0x7FFF'0000'0000, UINT64_MAX - 7};
    return reinterpret_cast<void*>(addresses[which % std::size(addresses)]);
}

template<class T>
T required(Result<T> result) {
    if (!result) {
        std::fprintf(stderr, "%s\n", result.error().message.c_str());
        std::abort();
    }
    return std::move(*result);
}

template<class T>
std::vector<std::uint8_t> bytes_of(const T& value) {
    const auto* begin = reinterpret_cast<const std::uint8_t*>(&value);
    return {begin, begin + sizeof value};
}

// MIDI or DirectMusic from first_music_kind on, below it a wave format.
std::vector<std::byte> format_of(std::uint8_t kind) {
    if (kind >= first_music_kind) {
        KSDATAFORMAT music{};
        music.FormatSize = sizeof music;
        music.MajorFormat = KSDATAFORMAT_TYPE_MUSIC;
        music.SubFormat = (kind & 1) == 0 ? KSDATAFORMAT_SUBTYPE_MIDI : KSDATAFORMAT_SUBTYPE_DIRECTMUSIC;
        music.Specifier = KSDATAFORMAT_SPECIFIER_NONE;
        const auto* const bytes = reinterpret_cast<const std::byte*>(&music);
        return {bytes, bytes + sizeof music};
    }
    constexpr std::uint32_t rates[] = {48000, 44100, 8000, 192000};
    WaveFormat format;
    format.rate = rates[kind & 3];
    format.bits = static_cast<std::uint16_t>(8 * (1 + ((kind >> 2) & 3)));
    format.channels = static_cast<std::uint16_t>(1 + ((kind >> 4) & 7));
    format.extensible = (kind & 0x80) == 0;
    return client::make_data_format(format, static_cast<ProcessingMode>(kind % 3));
}

void NTAPI completed(void* context, NTSTATUS, ULONG_PTR) {
    *static_cast<bool*>(context) = true;
}

} // namespace

Session::Session(std::uint8_t policy_and_seed) {
    MachineOptions options;
    options.scheduling = (policy_and_seed & 1) == 0 ? Scheduling::first_come : Scheduling::random;
    options.seed = policy_and_seed;
    machine_ = std::make_unique<Machine>(required(Machine::create(options)));
    DriverOptions driver;
    driver.inf = fuzzed_inf;
    driver_ = std::make_unique<Driver>(required(machine_->load_driver(fuzzed_module, driver)));
    device_ = driver_->devices().at(0);
    find_filters();
    for (int count = 0; count < 2; ++count) {
        events_.push_back(std::make_unique<client::ClientEvent>(machine_->state()));
    }
}

Session::~Session() = default;

std::string Session::problem() const {
    return machine_->crash_report().value_or("");
}

void Session::play(Input& input) {
    for (int count = 0; count < most_actions && !input.is_empty() && problem().empty(); ++count) {
        act(static_cast<Action>(input.byte() % static_cast<unsigned>(Action::count)), input);
    }
}

void Session::act(Action action, Input& input) {
    switch (action) {
    case Action::open_filter:
        return open_filter(input);
    case Action::open_pin:
        return open_pin(input);
    case Action::open_name:
        return open_name(input);
    case Action::property:
        return identified(IOCTL_KS_PROPERTY, input);
    case Action::method:
        return identified(IOCTL_KS_METHOD, input);
    case Action::enable_event:
        return enable_event(input);
    case Action::disable_event:
        return disable_event(input);
    case Action::stream:
        return stream(input);
    case Action::control:
        return raw_control(input);
    case Action::cancel:
        return cancel(input);
    case Action::set_state:
        return set_state(input);
    case Action::map_buffer:
        return map_buffer(input);
    case Action::register_event:
        return register_event(input);
    case Action::transfer:
        return transfer(input);
    case Action::reset_state: {
        FILE_OBJECT* file = choose_file(input);
        return request(file, IOCTL_KS_RESET_STATE, bytes_of(static_cast<KSRESET>(input.byte())), input);
    }
    case Action::close:
        if (FILE_OBJECT* file = choose_file(input)) {
            std::erase(files_, file);
            machine_->state()->machine->enter([&] { executive::close_file(file); });
        }
        return;
    case Action::power:
        (void)device().set_power(input.byte() % 4);
        return;
    case Action::sleep:
        if (machine_->sleep(1 + input.byte() % 4)) {
            (void)machine_->wake();
        }
        return;
    case Action::surprise_remove:
        (void)device().surprise_remove();
        return;
    case Action::stop_and_start:
        if (device().stop()) {
            (void)device().start();
        }
        return;
    case Action::run:
        (void)machine_->run_for(milliseconds(input.byte() % 64));
        return;
    case Action::count:
        return;
    }
}

// ---- opening -------------------------------------------------------------------------------------------------------

FILE_OBJECT* Session::choose_file(Input& input) {
    const std::uint8_t index = input.byte();
    return files_.empty() ? nullptr : files_[index % files_.size()];
}

void Session::open(std::u16string_view path, FILE_OBJECT* related) {
    if (files_.size() >= most_files) {
        return;
    }
    FILE_OBJECT* file = nullptr;
    machine_->state()->machine->enter([&] {
        if (!NT_SUCCESS(executive::open_file(path, related, &file))) {
            file = nullptr;
        }
    });
    if (file != nullptr) {
        files_.push_back(file);
    }
}

void Session::find_filters() {
    for (const FilterInfo& filter : machine_->filters()) {
        std::u16string path = utf8_to_utf16(filter.path);
        if (std::find(filter_paths_.begin(), filter_paths_.end(), path) == filter_paths_.end()) {
            filter_paths_.push_back(std::move(path));
        }
    }
}

// Subdevices come and go.
void Session::open_filter(Input& input) {
    const std::uint8_t which = input.byte();
    if ((which & 0x80) != 0) {
        find_filters();
    }
    open(filter_paths_[(which & 0x7FU) % filter_paths_.size()], nullptr);
}

void Session::open_pin(Input& input) {
    FILE_OBJECT* filter = choose_file(input);
    const std::uint8_t pin = input.byte();
    const std::uint8_t kind = input.byte();
    PinConnect connection{.pin = pin & 0x3FU, .format = format_of(kind)};
    connection.interface_id =
        (pin & 0x40) != 0 ? KSINTERFACE_STANDARD_LOOPED_STREAMING : KSINTERFACE_STANDARD_STREAMING;
    std::vector<std::byte> connect = client::make_pin_connect(connection);
    for (unsigned changes = input.byte() % 16; changes != 0; --changes) {
        const std::uint16_t offset = input.word();
        connect[offset % connect.size()] = static_cast<std::byte>(input.byte());
    }
    const std::uint16_t length = input.word();
    if (length != 0) {
        connect.resize(length % 512);
    }
    if (filter != nullptr) {
        open(ks::make_create_name(KSNAME_Pin, connect.data(), static_cast<ULONG>(connect.size())), filter);
    }
}

void Session::open_name(Input& input) {
    FILE_OBJECT* related = choose_file(input);
    std::u16string name(input.byte() % 96, u'\0');
    input.fill(name.data(), name.size() * sizeof(char16_t));
    open(related != nullptr ? name : filter_paths_.front() + name, related);
}

// ---- requests ------------------------------------------------------------------------------------------------------

void Session::send(FILE_OBJECT* file, ULONG code, Request& request, const void* in, ULONG in_bytes, void* out,
                   ULONG out_bytes) {
    machine_->state()->machine->enter([&] {
        executive::start_device_control(file, code, in, in_bytes, out, out_bytes, &completed, &request.completed,
                                        &request.irp);
    });
}

void Session::request(FILE_OBJECT* file, ULONG code, std::vector<std::uint8_t> in, Input& input) {
    const std::uint8_t shape = input.byte();
    const ULONG out_bytes = choose(value_sizes, shape & 31);
    Request& made = requests_.emplace_back();
    made.in = std::move(in);
    made.in.shrink_to_fit(); // so that reading beyond is seen
    made.out = std::make_unique<std::uint8_t[]>(out_bytes);
    input.fill(made.out.get(), std::min<ULONG>(out_bytes, input.byte()));
    if (file == nullptr) {
        made.completed = true;
        return;
    }
    const bool in_leads_nowhere = (shape >> 5) == 6;
    const bool out_leads_nowhere = (shape >> 5) == 7;
    send(file, code, made, in_leads_nowhere ? unmapped_address(shape) : made.in.data(),
         static_cast<ULONG>(made.in.size()), out_leads_nowhere ? unmapped_address(shape) : made.out.get(), out_bytes);
}

// A KSPROPERTY or KSMETHOD and what stands behind it: a pin, a node and a channel, or anything.
void Session::identified(ULONG code, Input& input) {
    FILE_OBJECT* file = choose_file(input);
    KSIDENTIFIER identifier{};
    const std::uint8_t set = input.byte();
    if (set == 0xFF) {
        input.fill(&identifier.Set, sizeof identifier.Set);
    } else {
        identifier.Set = code == IOCTL_KS_PROPERTY ? choose(property_sets, set) : choose(method_sets, set);
    }
    identifier.Id = input.byte();
    const std::uint8_t verb = input.byte();
    identifier.Flags = verb == 0xFF ? input.dword() : choose(verbs, verb);
    std::vector<std::uint8_t> in = bytes_of(identifier);
    const std::uint8_t extra = input.byte();
    in.resize(in.size() + extra);
    input.fill(in.data() + sizeof identifier, extra);
    if (extra == 0xFF) {
        in.resize(input.byte() % in.size());
    }
    request(file, code, std::move(in), input);
}

void Session::raw_control(Input& input) {
    FILE_OBJECT* file = choose_file(input);
    const ULONG code = input.dword();
    std::vector<std::uint8_t> in(input.byte());
    input.fill(in.data(), in.size());
    request(file, code, std::move(in), input);
}

void Session::enable_event(Input& input) {
    FILE_OBJECT* file = choose_file(input);
    KSE_NODE event{};
    event.Event.Set = choose(event_sets, input.byte());
    event.Event.Id = input.byte();
    event.Event.Flags = choose(event_flags, input.byte());
    KSEVENTDATA data{};
    data.NotificationType = choose(notifications, input.byte());
    const std::uint8_t handle = input.byte();
    data.EventHandle.Event = handle < events_.size() ? events_[handle]->handle()
                                                     : reinterpret_cast<HANDLE>(static_cast<std::uintptr_t>(handle));
    event.NodeId = input.byte();
    std::vector<std::uint8_t>& kept = event_data_.emplace_back(bytes_of(data));
    const std::uint8_t extra = input.byte() % 64;
    kept.resize(kept.size() + extra);
    input.fill(kept.data() + sizeof data, extra);
    kept.shrink_to_fit();
    Request& made = requests_.emplace_back();
    made.in = bytes_of(event);
    const bool with_node = (event.Event.Flags & KSEVENT_TYPE_TOPOLOGY) != 0;
    made.in.resize(with_node || (extra & 1) != 0 ? sizeof event : sizeof event.Event);
    made.in.shrink_to_fit();
    if (file == nullptr) {
        made.completed = true;
        return;
    }
    send(file, IOCTL_KS_ENABLE_EVENT, made, made.in.data(), static_cast<ULONG>(made.in.size()), kept.data(),
         static_cast<ULONG>(kept.size()));
}

void Session::disable_event(Input& input) {
    FILE_OBJECT* file = choose_file(input);
    const std::uint8_t which = input.byte();
    if (file == nullptr || event_data_.empty()) {
        return;
    }
    std::vector<std::uint8_t>& data = event_data_[which % event_data_.size()];
    Request& made = requests_.emplace_back();
    const auto bytes = static_cast<ULONG>(which == 0xFF ? 0 : data.size());
    send(file, IOCTL_KS_DISABLE_EVENT, made, bytes == 0 ? nullptr : data.data(), bytes, nullptr, 0);
}

void Session::stream(Input& input) {
    FILE_OBJECT* file = choose_file(input);
    const bool reads = (input.byte() & 1) != 0;
    Request& made = requests_.emplace_back();
    constexpr ULONG frame_bytes = 256;
    made.in.resize(frame_bytes);
    const unsigned count = input.byte() % 4;
    std::vector<std::uint8_t> headers;
    for (unsigned number = 0; number < count; ++number) {
        KSSTREAM_HEADER header{};
        const std::uint8_t size = input.byte();
        header.Size = size == 0 ? sizeof header : size;
        header.FrameExtent = input.word() % (2 * frame_bytes);
        header.DataUsed = input.word() % (2 * frame_bytes);
        header.OptionsFlags = input.byte();
        header.Data = header.FrameExtent <= frame_bytes ? made.in.data() : nullptr;
        const std::vector<std::uint8_t> bytes = bytes_of(header);
        headers.insert(headers.end(), bytes.begin(), bytes.end());
    }
    input.fill(made.in.data(), std::min<std::size_t>(input.byte(), made.in.size()));
    made.out = std::make_unique<std::uint8_t[]>(headers.size());
    std::copy(headers.begin(), headers.end(), made.out.get());
    if (file == nullptr) {
        made.completed = true;
        return;
    }
    send(file, reads ? IOCTL_KS_READ_STREAM : IOCTL_KS_WRITE_STREAM, made, nullptr, 0, made.out.get(),
         static_cast<ULONG>(headers.size()));
}

void Session::cancel(Input& input) {
    const std::uint8_t which = input.byte();
    if (requests_.empty()) {
        return;
    }
    Request& chosen = requests_[requests_.size() - 1 - which % requests_.size()];
    if (!chosen.completed && chosen.irp != nullptr) {
        machine_->state()->machine->enter([&] { executive::cancel_request(chosen.irp); });
    }
}

// ---- what an application does when it streams ---------------------------------------------------------------------

template<class Property, class Value>
void Session::property(FILE_OBJECT* file, Property property, Value value) {
    if (file == nullptr) {
        return;
    }
    Request& made = requests_.emplace_back();
    made.in = bytes_of(property);
    made.out = std::make_unique<std::uint8_t[]>(sizeof value);
    std::memcpy(made.out.get(), &value, sizeof value);
    send(file, IOCTL_KS_PROPERTY, made, made.in.data(), static_cast<ULONG>(made.in.size()), made.out.get(),
         sizeof value);
}

void Session::set_state(Input& input) {
    FILE_OBJECT* file = choose_file(input);
    KSPROPERTY request{};
    request.Set = KSPROPSETID_Connection;
    request.Id = KSPROPERTY_CONNECTION_STATE;
    request.Flags = KSPROPERTY_TYPE_SET;
    property(file, request, static_cast<ULONG>(input.byte() % 5));
}

void Session::map_buffer(Input& input) {
    FILE_OBJECT* file = choose_file(input);
    KSRTAUDIO_BUFFER_PROPERTY_WITH_NOTIFICATION request{};
    const std::uint32_t bytes = input.dword();
    constexpr std::uint32_t hopeless = 0xF000'0000;
    request.RequestedBufferSize = bytes >= hopeless ? bytes : bytes % (1 << 20);
    request.NotificationCount = input.byte();
    request.BaseAddress = (input.byte() & 0x80) != 0 ? unmapped_address(bytes) : nullptr;
    request.Property.Set = KSPROPSETID_RtAudio;
    request.Property.Id =
        request.NotificationCount != 0 ? KSPROPERTY_RTAUDIO_BUFFER_WITH_NOTIFICATION : KSPROPERTY_RTAUDIO_BUFFER;
    request.Property.Flags = KSPROPERTY_TYPE_GET;
    property(file, request, KSRTAUDIO_BUFFER{});
}

void Session::register_event(Input& input) {
    FILE_OBJECT* file = choose_file(input);
    const std::uint8_t which = input.byte();
    KSRTAUDIO_NOTIFICATION_EVENT_PROPERTY request{};
    request.NotificationEvent =
        which < 2 * events_.size() ? events_[which / 2]->handle() : reinterpret_cast<HANDLE>(std::uintptr_t{which});
    request.Property.Set = KSPROPSETID_RtAudio;
    request.Property.Id = (which & 1) == 0 ? KSPROPERTY_RTAUDIO_REGISTER_NOTIFICATION_EVENT
                                           : KSPROPERTY_RTAUDIO_UNREGISTER_NOTIFICATION_EVENT;
    request.Property.Flags = KSPROPERTY_TYPE_GET;
    property(file, request, ULONG{0});
}

void Session::transfer(Input& input) {
    FILE_OBJECT* file = choose_file(input);
    const bool reads = (input.byte() & 1) != 0;
    std::vector<std::uint8_t> buffer(input.byte());
    if (file == nullptr) {
        return;
    }
    machine_->state()->machine->enter([&] {
        ULONG_PTR information = 0;
        const auto bytes = static_cast<ULONG>(buffer.size());
        reads ? executive::read_file(file, buffer.data(), bytes, 0, &information)
              : executive::write_file(file, buffer.data(), bytes, 0, &information);
    });
}

// ---- the end -------------------------------------------------------------------------------------------------------

std::string Session::end() {
    if (!problem().empty()) {
        return problem();
    }
    machine_->state()->machine->enter([&] {
        for (Request& each : requests_) {
            if (!each.completed && each.irp != nullptr) {
                executive::cancel_request(each.irp);
            }
        }
        while (!files_.empty()) {
            executive::close_file(files_.back());
            files_.pop_back();
        }
    });
    events_.clear();
    (void)machine_->run_for(milliseconds(1));
    if (!problem().empty()) {
        return problem();
    }
    for (const Request& each : requests_) {
        if (!each.completed) {
            return "a request was neither completed nor cancelled when its file was closed";
        }
    }
    auto leaks = driver_->unload();
    if (!leaks) {
        return leaks.error().message;
    }
    std::string list;
    for (const LeakLine& line : *leaks) {
        list += fmt::format("left behind: {} x {}: {}, {} bytes\n", line.count, line.kind, line.what, line.bytes);
    }
    return list;
}

} // namespace openportcls::fuzz
