#include "jack_client.h"

#include <atomic>
#include <cstring>
#include <memory>

#include <unistd.h>

#include <fmt/format.h>
#include <jack/jack.h>

#include "child.h"
#include "host_load.h"

namespace openportcls::bench {

namespace {

constexpr unsigned period_frames = 480;

class JackClient {
public:
    JackClient(bool freewheel, int streams, pid_t server) : freewheel_(freewheel), streams_(streams), server_(server) {}
    JackClient(const JackClient&) = delete;
    JackClient& operator=(const JackClient&) = delete;
    ~JackClient() {
        if (client_ != nullptr) {
            jack_client_close(client_);
        }
    }

    Result<double> measure() {
        if (client_ == nullptr) {
            if (Result<void> opened = open(); !opened) {
                return opened.error();
            }
        }
        if (freewheel_) {
            jack_set_freewheel(client_, 1);
            usleep(100'000);
        }
        const std::uint64_t frames = frames_;
        const double before = own_cpu_seconds() + cpu_seconds_of(server_);
        usleep(freewheel_ ? 200'000 : 1'000'000);
        const double used = own_cpu_seconds() + cpu_seconds_of(server_) - before;
        const double periods = static_cast<double>(frames_ - frames) / period_frames;
        if (freewheel_) {
            jack_set_freewheel(client_, 0);
            usleep(50'000);
        }
        if (periods < 10) {
            return Error{0, "the server does not run its graph"};
        }
        return freewheel_ ? used / (periods * streams_) : used / (periods * period_frames / 48'000);
    }

private:
    Result<void> open() {
        jack_status_t status{};
        for (int attempt = 0; attempt < 50 && client_ == nullptr; ++attempt) {
            usleep(100'000); // the server is starting
            client_ = jack_client_open("openportcls-bench", JackNoStartServer, &status);
        }
        if (client_ == nullptr) {
            return Error{0, fmt::format("no connection to the audio server (status {:#x})", static_cast<int>(status))};
        }
        for (int i = 0; i < 2 * streams_; ++i) {
            jack_port_t* port = jack_port_register(client_, fmt::format("out{}", i).c_str(), JACK_DEFAULT_AUDIO_TYPE,
                                                   JackPortIsOutput, 0);
            if (port == nullptr) {
                return Error{0, fmt::format("the audio server refuses port {}", i)};
            }
            ports_.push_back(port);
        }
        jack_set_process_callback(client_, &JackClient::process, this);
        if (jack_activate(client_) != 0) {
            return Error{0, "the audio server does not activate its client"};
        }
        connect_to_device();
        usleep(300'000);
        return {};
    }

    void connect_to_device() {
        const char** inputs = jack_get_ports(client_, nullptr, JACK_DEFAULT_AUDIO_TYPE, JackPortIsInput);
        std::size_t count = 0;
        while (inputs != nullptr && inputs[count] != nullptr) {
            ++count;
        }
        for (std::size_t i = 0; count != 0 && i < ports_.size(); ++i) {
            jack_connect(client_, jack_port_name(ports_[i]), inputs[i % count]);
        }
        jack_free(inputs);
    }

    static int process(jack_nframes_t frames, void* context) {
        auto& self = *static_cast<JackClient*>(context);
        for (jack_port_t* port : self.ports_) {
            std::memcpy(jack_port_get_buffer(port, frames), self.source_.data(),
                        std::min(frames, period_frames) * sizeof(float));
        }
        self.frames_ += frames;
        return 0;
    }

    bool freewheel_;
    int streams_;
    pid_t server_;
    jack_client_t* client_ = nullptr;
    std::vector<jack_port_t*> ports_;
    std::vector<float> source_ = std::vector<float>(period_frames, 0.1F);
    std::atomic<std::uint64_t> frames_{0};
};

Side make_jack(const std::vector<std::string>& arguments) {
    auto client = std::make_shared<JackClient>(arguments.at(0) == "freewheel", std::stoi(arguments.at(1)),
                                               std::stoi(arguments.at(2)));
    return [client] { return client->measure(); };
}

} // namespace

void add_jack_sides() {
    add_served_side("jack", &make_jack);
}

} // namespace openportcls::bench
