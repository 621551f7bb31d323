// One application's life with one machine, as an input tells it.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <ks.h>
#include <openportcls/openportcls.hpp>

#include "client/event_state.h"
#include "client/state.h"
#include "ioctl/input.h"

namespace openportcls::fuzz {

class Session {
public:
    // Machine and driver from scratch; ends the process when they cannot be had.
    explicit Session(std::uint8_t policy_and_seed);
    ~Session();

    void play(Input& input);
    // Closes, cancels and unloads everything. What is wrong then, or empty: a request that never completed, a leak.
    std::string end();
    // What is wrong now, or empty: the guest has crashed.
    std::string problem() const;

private:
    // A request in flight: its buffers live until the machine does.
    struct Request {
        std::vector<std::uint8_t> in;
        std::unique_ptr<std::uint8_t[]> out; // of exactly the size that is announced
        IRP* irp = nullptr;
        bool completed = false;
    };

    void act(Action action, Input& input);
    FILE_OBJECT* choose_file(Input& input);
    void open(std::u16string_view path, FILE_OBJECT* related);
    void find_filters();
    void open_filter(Input& input);
    void open_pin(Input& input);
    void open_name(Input& input);
    void identified(ULONG code, Input& input);
    void enable_event(Input& input);
    void disable_event(Input& input);
    void stream(Input& input);
    void raw_control(Input& input);
    void cancel(Input& input);
    void set_state(Input& input);
    void map_buffer(Input& input);
    void register_event(Input& input);
    void transfer(Input& input);

    // Sends `in`, and a value of a size and content that the input tells; a few have a pointer that leads nowhere.
    void request(FILE_OBJECT* file, ULONG code, std::vector<std::uint8_t> in, Input& input);
    void send(FILE_OBJECT* file, ULONG code, Request& request, const void* in, ULONG in_bytes, void* out,
              ULONG out_bytes);
    template<class Property, class Value>
    void property(FILE_OBJECT* file, Property property, Value value);
    // The driver's device, which an application may go on to name when it is gone.
    Device& device() { return *device_; }

    std::unique_ptr<Machine> machine_;
    std::unique_ptr<Driver> driver_;
    std::optional<Device> device_;
    std::vector<std::u16string> filter_paths_; // of all that have been seen, also those that are gone
    std::vector<FILE_OBJECT*> files_;
    std::deque<Request> requests_;
    std::deque<std::vector<std::uint8_t>> event_data_; // KSEVENTDATA, named by their addresses
    std::vector<std::unique_ptr<client::ClientEvent>> events_;
};

} // namespace openportcls::fuzz
