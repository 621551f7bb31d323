#include "audio_server.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include <sched.h>
#include <unistd.h>

#include <fmt/format.h>

#include "child.h"

namespace openportcls::bench {

namespace {

namespace fs = std::filesystem;

// A null sink, a driver for freewheeling, and what a client needs to reach them; no session manager.
constexpr const char* pipewire_configuration = R"(
context.properties = {
    core.daemon = true
    core.name = pipewire-0
    support.dbus = false
    default.clock.rate = 48000
    default.clock.quantum = 480
    default.clock.min-quantum = 480
    default.clock.max-quantum = 480
}
context.spa-libs = {
    audio.convert.* = audioconvert/libspa-audioconvert
    support.* = support/libspa-support
}
context.modules = [
    { name = libpipewire-module-protocol-native }
    { name = libpipewire-module-metadata }
    { name = libpipewire-module-spa-node-factory }
    { name = libpipewire-module-client-node }
    { name = libpipewire-module-adapter }
    { name = libpipewire-module-access args = { } }
    { name = libpipewire-module-link-factory }
]
context.objects = [
    { factory = spa-node-factory args = {
        factory.name = support.node.driver node.name = Freewheel-Driver node.freewheel = true
        priority.driver = 19000 node.group = pipewire.freewheel } }
    { factory = adapter args = {
        factory.name = support.null-audio-sink node.name = null-sink media.class = Audio/Sink
        audio.position = "FL,FR" priority.driver = 8000
        adapter.auto-port-config = { mode = dsp monitor = false position = preserve } } }
]
)";

// The last CPU this process may run on: servers and clients share it, and the first one stays free for others.
int server_cpu() {
    cpu_set_t set;
    int last = 0;
    if (sched_getaffinity(0, sizeof set, &set) == 0) {
        for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
            last = CPU_ISSET(static_cast<unsigned>(cpu), &set) ? cpu : last;
        }
    }
    return last;
}

// A folder for sockets and configuration that goes with its owner.
class ServerFolder {
public:
    ServerFolder() {
        std::string name = (fs::temp_directory_path() / "openportcls-bench-XXXXXX").string();
        path_ = mkdtemp(name.data()) != nullptr ? name : std::string();
    }
    ServerFolder(const ServerFolder&) = delete;
    ServerFolder& operator=(const ServerFolder&) = delete;
    ~ServerFolder() {
        std::error_code ignored;
        fs::remove_all(path_, ignored);
    }
    const std::string& path() const { return path_; }

private:
    std::string path_;
};

struct Setup {
    std::vector<std::string> command;
    ChildOptions server;
    ChildOptions client;
};

// Starts the server with the first round, then measures a client of it.
class ServedClient {
public:
    ServedClient(bool freewheel, int streams, Result<Setup> (*prepare)(const std::string& folder))
        : freewheel_(freewheel), streams_(streams), prepare_(prepare) {}

    Result<double> measure() {
        if (server_ == nullptr) {
            if (Result<void> started = start(); !started) {
                return started.error();
            }
        }
        Result<double> figure = client_();
        if (!figure && !server_->is_running()) {
            return Error{0, fmt::format("{} does not run here", name_)};
        }
        return figure;
    }

private:
    Result<void> start() {
        Result<Setup> setup = prepare_(folder_.path());
        if (!setup) {
            return setup.error();
        }
        name_ = setup->command[0];
        setup->server.quiet = true;
        setup->server.cpu = setup->client.cpu = server_cpu();
        auto server = Child::start(setup->command, setup->server);
        if (!server) {
            return server.error();
        }
        server_ = std::move(*server);
        client_ = in_child(
            "jack", {freewheel_ ? "freewheel" : "paced", std::to_string(streams_), std::to_string(server_->process())},
            setup->client);
        return {};
    }

    bool freewheel_;
    int streams_;
    Result<Setup> (*prepare_)(const std::string& folder);
    std::string name_;
    ServerFolder folder_;
    std::unique_ptr<Child> server_;
    Side client_; // after the server: it ends first
};

Result<Setup> prepare_jack(const std::string& /*folder*/) {
    const std::string name = fmt::format("openportcls-bench-{}", getpid());
    Setup setup;
    setup.command = {"jackd", "--no-realtime", "--name", name,    "--port-max", "2048",
                     "-d",    "dummy",         "-r",     "48000", "-p",         "480"};
    setup.client.environment = {{"JACK_DEFAULT_SERVER", name}, {"JACK_NO_AUDIO_RESERVATION", "1"}};
    return setup;
}

Result<Setup> prepare_pipewire(const std::string& folder) {
    std::string library;
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator("/usr/lib", ignored)) {
        const fs::path candidate = entry.path() / "pipewire-0.3" / "jack";
        library = fs::exists(candidate / "libjack.so.0", ignored) ? candidate.string() : library;
    }
    if (library.empty()) {
        return Error{0, "PipeWire's JACK library is not installed"};
    }
    std::ofstream(folder + "/pipewire.conf") << pipewire_configuration;
    Setup setup;
    setup.command = {"pipewire", "-c", folder + "/pipewire.conf"};
    setup.server.environment = {{"PIPEWIRE_RUNTIME_DIR", folder}};
    setup.client.environment = {
        {"PIPEWIRE_RUNTIME_DIR", folder}, {"LD_LIBRARY_PATH", library}, {"PIPEWIRE_DEBUG", "0"}};
    return setup;
}

Side served_client(bool freewheel, int streams, Result<Setup> (*prepare)(const std::string& folder)) {
    auto client = std::make_shared<std::unique_ptr<ServedClient>>();
    return [=] {
        if (*client == nullptr) {
            *client = std::make_unique<ServedClient>(freewheel, streams, prepare);
        }
        return (*client)->measure();
    };
}

} // namespace

Side jack(bool freewheel, int streams) {
    return served_client(freewheel, streams, &prepare_jack);
}

Side pipewire(bool freewheel, int streams) {
    return served_client(freewheel, streams, &prepare_pipewire);
}

} // namespace openportcls::bench
