// A simulated computer to run Windows audio drivers on: load a driver, add its device, open what it offers.
//
// Every object here belongs to the thread that created the Machine; calls from other threads are undefined. Where a
// call returns Result<T>, Error::status is the NTSTATUS that a Windows caller would have seen and Error::message says
// what happened to what; no call of this library throws anything but what the standard library throws when there is no
// memory. When a driver crashes, every later call fails with its bugcheck report; the process lives on.
//
// An object that has been moved from may be destroyed or assigned to, and nothing else. What was made from a machine
// (drivers, devices, filters, streams …) keeps it alive, so the order in which they go does not matter.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <openportcls/result.hpp>

namespace openportcls {

namespace client {
struct MachineState;
struct DriverState;
struct DeviceState;
} // namespace client

class Filter;
class Machine;

// How the scheduler chooses among what could happen next. The same options and seed give the same run, byte for byte.
enum class Scheduling : std::uint8_t { first_come, random, pct };

struct MachineOptions {
    Scheduling scheduling = Scheduling::first_come;
    std::uint64_t seed = 1;
    unsigned pct_depth = 3;         // priority changes of the PCT scheduler; at most 1000
    unsigned processors = 2;        // 1 to 32
    bool paced = false;             // true: in step with the host's clock; false: as fast as possible
    std::string windows = "11";     // xp, vista, 7, 8, 8.1, 10, 11: what driver and INF find
    std::filesystem::path sandbox;  // stands for \DosDevices\C:; empty: a private folder that goes with the machine
    std::filesystem::path registry; // file that keeps the registry between runs; empty: in memory
    // Host CPU time that may pass without a call of the kernel, in a driver or in an application's callback (on_period,
    // listen …), before that is an endless loop; 0 = for ever.
    unsigned watchdog_seconds = 10;
    // Cards in the computer, of the models that hardware_models() lists: "sb16", "sb16:io=240,irq=7".
    std::vector<std::string> hardware;
};

struct DriverOptions {
    // The key below Services and the name in \\Driver. Empty: the INF's AddService, else the module's file name. Two
    // drivers of a machine need two names, also when they are the same module twice.
    std::string service_name;
    std::filesystem::path inf; // empty: the one beside the module, if there is one
    // Whose models of the INF count. An INF without any for amd64 is refused; "x86" takes an old driver's.
    std::string inf_architecture = "amd64";
    // Registry values below the service's Parameters and in the first device's software key: NAME=VALUE or
    // NAME:TYPE=VALUE with TYPE sz, expand_sz, multi_sz, dword, qword or binary ("DoNotCreateDataFiles=1",
    // "Name:sz=text"). No name twice.
    std::vector<std::string> parameters;
    std::string hardware_id; // of Machine::load_driver's first device; empty: the INF's first model
    bool add_device = true;  // also add and start one device
};

// Something that a driver has left behind when it was unloaded.
struct LeakLine {
    std::string kind; // "pool", "device object", …
    std::string what; // tag or name
    std::uint64_t count = 0;
    std::uint64_t bytes = 0;
};

// A device of a driver. A handle to one that has gone stays good: state() is "removed" and the calls that would change
// something are STATUS_NO_SUCH_DEVICE. Another device may have the same path by then; the handle never means that one.
class Device {
public:
    const std::string& instance_path() const; // ROOT\CABLE\0000
    const std::string& description() const;   // of the INF's model
    std::string state() const; // "not started", "started", "stopped", "failed", "surprise removed", "removed" …

    Result<void> start();           // after stop()
    Result<void> stop();            // as for a rebalance; refused by drivers that register no IAdapterPnpManagement
    Result<void> remove();          // refused while handles are open
    Result<void> surprise_remove(); // the hardware is gone; what is open fails from now on
    // D0 (working) to D3 (off), as the power manager asks for it.
    Result<void> set_power(unsigned d_state);

private:
    friend class Machine;
    friend class Driver;
    explicit Device(std::shared_ptr<client::DeviceState> state) : state_(std::move(state)) {}
    std::shared_ptr<client::DeviceState> state_;
};

// A loaded driver. Copies mean the same one; it stays loaded when the last of them goes, until unload() or the
// machine's end. After unload() there are no devices and no warnings, and calls are STATUS_INVALID_DEVICE_STATE.
class Driver {
public:
    const std::string& name() const; // of its service
    // Those that are there, in the order they were added in: without removed ones, and without one whose hardware was
    // pulled once the last handle to it has been closed and time has passed (until then it is "surprise removed").
    std::vector<Device> devices() const;
    // What is wrong with the INF and did not stop the installation: "card.inf:12: warning: …", each once.
    std::vector<std::string> warnings() const;
    // Adds and starts one more; the arguments are as in DriverOptions, but the values go into its software key only.
    // STATUS_NO_SUCH_DEVICE when the driver is for cards, and each in the computer has a device.
    Result<Device> add_device(const std::string& hardware_id = {}, const std::vector<std::string>& parameters = {});
    // Removes the devices, runs DriverUnload, takes the module out; returns what the driver left behind.
    Result<std::vector<LeakLine>> unload();

private:
    friend class Machine;
    explicit Driver(std::shared_ptr<client::DriverState> state) : state_(std::move(state)) {}
    std::shared_ptr<client::DriverState> state_;
};

// One enabled device interface: a filter that can be opened.
struct FilterInfo {
    std::string name;                    // reference string: "Wave", "Topology"
    std::string friendly_name;           // from the INF
    std::string path;                    // symbolic link, for Machine::open
    std::string device;                  // instance path of its device
    std::vector<std::string> categories; // "audio", "render", "capture", "topology", "realtime" or a GUID
    bool has_category(std::string_view category) const;
};

// One registry value of a device interface.
struct InterfaceValue {
    std::string key;        // below "Device Parameters": "", "EP\\0"
    std::string name;       // "FriendlyName", "{1da5d803-d492-4edd-8c23-e0c0ffee7f0e},7"
    std::uint32_t type = 0; // REG_SZ = 1, REG_BINARY = 3, REG_DWORD = 4 …
    std::vector<std::byte> data;
    std::string text() const;     // of REG_SZ and REG_EXPAND_SZ; others: empty
    std::uint32_t number() const; // of REG_DWORD; others: 0
};

// What passes through a socket of a card at one moment. Full scale is -1 to 1.
struct SoundFrame {
    float left = 0;
    float right = 0;
};

// Where sound leaves or enters a card.
struct SocketInfo {
    std::string name; // "sb16/line out"
    bool is_output = false;
    unsigned channels = 2; // of one, the left channel of what is fed counts
};

class Machine {
public:
    // STATUS_INVALID_PARAMETER for options that are none; the registry file, the sandbox and the cards' options are
    // looked at here, too.
    static Result<Machine> create(const MachineOptions& options = {});
    Machine(Machine&&) noexcept;
    Machine& operator=(Machine&&) noexcept;
    ~Machine();

    // `module`: a driver that `portcls build` made, or the name of one that came with OpenPortCls ("cable"). When the
    // driver or its first device does not start, nothing of it is left, and the error says at which step.
    Result<Driver> load_driver(const std::filesystem::path& module, const DriverOptions& options = {});
    // What is wrong with the INF that load_driver read last, also when it failed: as Driver::warnings().
    std::vector<std::string> load_warnings() const;

    // Filters that are there now, one entry each however many categories they have.
    std::vector<FilterInfo> filters() const;
    // STATUS_OBJECT_NAME_NOT_FOUND when there is no such filter (any more).
    Result<Filter> open(const FilterInfo& filter);
    Result<Filter> open(std::string_view path);
    // The registry of a device interface, which its INF's AddInterface section fills: FriendlyName, EP\0 values …
    Result<std::vector<InterfaceValue>> interface_values(const FilterInfo& filter) const;

    // The first filter with that name, or with that category ("render").
    Result<Filter> open_first(std::string_view name_or_category);

    // How often drivers have reported that they lost sound (IPortClsEtwHelper, eMINIPORT_GLITCH_REPORT). What clients
    // lose because they came too late is counted by their streams.
    std::uint64_t reported_glitches() const;

    // The sockets of the cards in the computer. Their functions below take a name from here, or its last part
    // ("line out"), which then means the first card that has one.
    std::vector<SocketInfo> sockets() const;
    // What leaves a card from now on, and at how many frames per second. Called while time passes, from inside the
    // machine: it may call nothing of this library. An empty function stops it.
    using Hearing = std::function<void(double rate, std::span<const SoundFrame> frames)>;
    Result<void> listen(std::string_view socket, Hearing hearing);
    // The same with the moment of the first of the frames: a card may say nothing for a while.
    using TimedHearing =
        std::function<void(std::chrono::nanoseconds begin, double rate, std::span<const SoundFrame> frames)>;
    Result<void> listen_timed(std::string_view socket, TimedHearing hearing);
    // Plays `sound`, `rate` frames per second, into a card, once, from the moment that the card begins to listen; then
    // silence. What was being fed before is forgotten. A card listens while it records, and while it passes an input
    // on to an output that is listened to, as its mixer is set.
    Result<void> feed(std::string_view socket, std::uint32_t rate, std::vector<SoundFrame> sound);

    // The MIDI plugs of a card ("sb16"; empty: of the first card that has some). What leaves its MIDI OUT, each byte
    // with the time at which the last bit has passed, which may be later than now. As for listen().
    using MidiHearing = std::function<void(std::chrono::nanoseconds time, std::byte byte)>;
    Result<void> listen_midi(std::string_view card, MidiHearing hearing);
    // Lays a cable from the card's MIDI OUT to its MIDI IN; it stays.
    Result<void> loop_midi(std::string_view card);

    std::chrono::nanoseconds now() const; // since the machine was made
    // Lets simulated time pass: at most a hundred years, not less than nothing.
    Result<void> run_for(std::chrono::nanoseconds duration);
    // The whole machine: S1 to S4 are sleep, from which wake() leads back. S5 is off: drivers are asked, get
    // IRP_MJ_SHUTDOWN where they have registered for it, and SET_POWER with PowerSystemShutdown. After that time stands
    // still, and whatever would ask a driver fails with STATUS_SYSTEM_SHUTDOWN; handles can be closed, and lists,
    // traces, the crash report and the registry be had.
    Result<void> sleep(unsigned s_state);
    Result<void> wake(); // from S5 only a new machine: STATUS_INVALID_DEVICE_STATE

    // What it runs on. A new machine is on AC power; on battery other times count until idle devices lose power.
    enum class PowerSource { ac, battery };
    Result<void> set_power_source(PowerSource source);

    // Writes MachineOptions::registry now. The machine does so at its end, too, when nobody hears of a failure.
    Result<void> save_registry();

    // The bugcheck report when the guest has crashed.
    std::optional<std::string> crash_report() const;
    // Calls `print` with what drivers print from now on (DbgPrint and friends), from inside the machine: it may call
    // nothing of this library. An empty function ends it.
    void on_debug_print(std::function<void(std::string_view)> print);
    // Writes everything that happens from now on as a trace for the Perfetto viewer; stop_trace completes the file,
    // and so does another start_trace. Without a trace stop_trace does nothing.
    Result<void> start_trace(const std::filesystem::path& file);
    Result<void> stop_trace();

    // For the layers of this library.
    const std::shared_ptr<client::MachineState>& state() const { return state_; }

private:
    explicit Machine(std::shared_ptr<client::MachineState> state);
    std::shared_ptr<client::MachineState> state_;
};

// Drivers that came with this library: names and module files.
struct BuiltinDriver {
    std::string name; // for Machine::load_driver
    std::string description;
    std::filesystem::path module;
    std::filesystem::path inf;
    std::string binds_to; // "software" or a model of hardware_models()
};
std::vector<BuiltinDriver> builtin_drivers();

// Models of cards that a computer can have (MachineOptions::hardware).
struct HardwareModel {
    std::string name;
    std::string description;
    std::string binds_to; // how a driver comes to it
    struct Option {
        std::string name;
        std::string default_value;
        std::string description;
    };
    std::vector<Option> options;
};
std::vector<HardwareModel> hardware_models();

} // namespace openportcls
