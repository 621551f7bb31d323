// fuzz_seeds TARGET FOLDER: writes the inputs that the target's fuzzing begins with.
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <string>

#include "ioctl/input.h"
#include "ioctl/vocabulary.h"

namespace openportcls::fuzz {
namespace {

namespace fs = std::filesystem;

constexpr unsigned first_filter = 0;
constexpr unsigned second_filter = 1;
constexpr unsigned render_pin = 0;
constexpr unsigned capture_pin = 2;
constexpr unsigned cd_stereo = 0x15; // see Session::open_pin
constexpr unsigned plain_value = 16; // of 256 bytes, see Session::request

using Seeds = std::map<std::string, std::string>;

Output begin(unsigned filter, unsigned policy_and_seed = 0) {
    Output output;
    output.byte(policy_and_seed).action(Action::open_filter).byte(filter);
    return output;
}

Output& open_pin(Output& output, unsigned file, unsigned pin) {
    return output.action(Action::open_pin).byte(file).byte(pin).byte(cd_stereo).byte(0).word(0);
}

Output& set_state(Output& output, unsigned file, unsigned state) {
    return output.action(Action::set_state).byte(file).byte(state);
}

Output& run(Output& output, unsigned milliseconds) {
    return output.action(Action::run).byte(milliseconds);
}

// A request with the extra bytes behind its KSPROPERTY and room for any answer.
Output& property(Output& output, unsigned file, const GUID& set, unsigned id, unsigned verb,
                 const std::string& extra = {}) {
    output.action(Action::property).byte(file).byte(index_of(property_sets, set)).byte(id).byte(verb);
    output.byte(static_cast<unsigned>(extra.size())).bytes(extra.data(), extra.size());
    return output.byte(plain_value).byte(0);
}

// Wave filter and pin are files 0 and 1, whichever filter comes first.
Output begin_stream(unsigned filter, unsigned pin, unsigned policy_and_seed = 0) {
    Output output = begin(filter, policy_and_seed);
    open_pin(output, 0, pin);
    output.action(Action::map_buffer).byte(1).dword(3528).byte(2).byte(0);
    output.action(Action::register_event).byte(1).byte(0);
    for (const unsigned state : {KSSTATE_ACQUIRE, KSSTATE_PAUSE, KSSTATE_RUN}) {
        set_state(output, 1, state);
    }
    return output;
}

std::string streams(unsigned filter, unsigned pin, unsigned policy_and_seed) {
    Output output = begin_stream(filter, pin, policy_and_seed);
    run(output, 25);
    for (unsigned id = 0; id < 16; ++id) {
        property(output, 1, KSPROPSETID_RtAudio, id, 0);
    }
    property(output, 1, KSPROPSETID_Audio, KSPROPERTY_AUDIO_POSITION, 0);
    for (const unsigned state : {KSSTATE_PAUSE, KSSTATE_ACQUIRE, KSSTATE_STOP}) {
        set_state(output, 1, state);
    }
    output.action(Action::register_event).byte(1).byte(1);
    return output.action(Action::close).byte(1).text();
}

std::string interrupted(unsigned filter, Action by, unsigned parameter) {
    Output output = begin_stream(filter, render_pin);
    run(output, 15).action(by).byte(parameter);
    run(output, 15);
    set_state(output, 1, KSSTATE_STOP);
    return output.text();
}

// An application that goes on with a device that was pulled out.
std::string goes_on_without(unsigned filter) {
    Output output = begin_stream(filter, render_pin);
    output.action(Action::surprise_remove).action(Action::surprise_remove).action(Action::stop_and_start);
    output.action(Action::power).byte(3).action(Action::sleep).byte(2);
    set_state(output, 1, KSSTATE_STOP);
    return output.action(Action::close).byte(1).action(Action::power).byte(0).text();
}

// Every id of a set, asked of the filter, with the verb's index and what follows the KSPROPERTY.
std::string asks(unsigned filter, const GUID& set, unsigned verb, const std::string& extra) {
    Output output = begin(filter);
    for (unsigned id = 0; id < 40; ++id) {
        property(output, 0, set, id, verb, extra);
    }
    return output.text();
}

std::string listens(unsigned filter) {
    Output output = begin(filter);
    for (unsigned set = 0; set < std::size(event_sets); ++set) {
        for (const unsigned flags : {0U, 6U}) {
            output.action(Action::enable_event).byte(0).byte(set).byte(0).byte(flags).byte(0).byte(0).byte(0).byte(0);
        }
        output.action(Action::disable_event).byte(0).byte(set);
    }
    return output.text();
}

std::string requests_streams(unsigned filter) {
    Output output = begin_stream(filter, render_pin);
    for (const unsigned direction : {0U, 1U}) {
        output.action(Action::stream).byte(1).byte(direction).byte(1);
        output.byte(0).word(128).word(direction == 0 ? 128 : 0).byte(0).byte(0);
    }
    output.action(Action::reset_state).byte(1).byte(0).byte(0).byte(0);
    output.action(Action::transfer).byte(1).byte(1).byte(64);
    output.action(Action::cancel).byte(0);
    return output.text();
}

// A pin that takes stream requests: opened, filled, heard, stopped; `data` is what each request carries.
std::string streams_by_requests(unsigned pin, unsigned format, bool writes, const std::string& data) {
    Output output = begin(first_filter);
    output.action(Action::open_pin).byte(0).byte(pin).byte(format).byte(0).word(0);
    const auto request = [&] {
        const auto used = static_cast<unsigned>(data.size());
        output.action(Action::stream).byte(1).byte(writes ? 0 : 1).byte(1);
        output.byte(0).word(writes ? used : 256).word(writes ? used : 0).byte(0);
        output.byte(used).bytes(data.data(), used);
    };
    set_state(output, 1, KSSTATE_ACQUIRE);
    set_state(output, 1, KSSTATE_PAUSE);
    request();
    request();
    set_state(output, 1, KSSTATE_RUN);
    run(output, 12);
    request();
    output.action(Action::cancel).byte(1);
    property(output, 1, KSPROPSETID_Audio, KSPROPERTY_AUDIO_POSITION, 0);
    run(output, 12);
    set_state(output, 1, KSSTATE_PAUSE);
    run(output, 3);
    set_state(output, 1, KSSTATE_STOP);
    return output.text();
}

Seeds request_ports() {
    constexpr unsigned looped = 0x40;
    Seeds seeds;
    const std::string sound(200, '\x11');
    // KSMUSICFORMAT and DMUS_EVENTHEADER before a note.
    const std::string note("\1\0\0\0\3\0\0\0\x90\x3c\x64\0", 12);
    const std::string event("\3\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\x90\x3c\x64\0", 24);
    for (unsigned pin = 0; pin < 4; ++pin) {
        const std::string name = std::to_string(pin);
        for (const bool writes : {false, true}) {
            const std::string kind = name + (writes ? "w" : "r");
            seeds["wave" + kind] = streams_by_requests(pin, cd_stereo, writes, sound);
            seeds["loop" + kind] = streams_by_requests(pin | looped, cd_stereo, writes, sound);
            seeds["midi" + kind] = streams_by_requests(pin, first_music_kind, writes, note);
            seeds["dmus" + kind] = streams_by_requests(pin, first_music_kind + 1, writes, event);
        }
    }
    return seeds;
}

// Commands to the module of tests/drivers/engine, of the filter and of an offloaded stream.
std::string commands_module() {
    constexpr unsigned offload_pin = 1;
    // KSAUDIOMODULE_PROPERTY without its head: class, instance, padding; then the parameter.
    const std::string module("\x50\x9a\x1e\x6c\x7d\x3b\x11\x4c\x8e\x8c\x51\xf0\xa2\xc3\xd4\x01\0\0\0\0\0\0\0\0", 24);
    const std::string on("\1\0\0\0", 4);
    Output output = begin_stream(first_filter, offload_pin);
    for (unsigned file = 0; file < 2; ++file) {
        property(output, file, KSPROPSETID_AudioModule, KSPROPERTY_AUDIOMODULE_DESCRIPTORS, 0);
        property(output, file, KSPROPSETID_AudioModule, KSPROPERTY_AUDIOMODULE_COMMAND, 0, module);
        property(output, file, KSPROPSETID_AudioModule, KSPROPERTY_AUDIOMODULE_COMMAND, 0, module + on);
        property(output, file, KSPROPSETID_AudioModule, KSPROPERTY_AUDIOMODULE_NOTIFICATION_DEVICE_ID, 0);
    }
    return run(output, 25).text();
}

// The dock of tests/drivers/pnp comes, is opened, and goes with that.
std::string docks() {
    constexpr unsigned all_filters = 0x80;
    constexpr unsigned docked = 1; // PROPERTY_PNPCARD_DOCKED
    Output output;
    output.byte(0);
    for (const unsigned filter : {first_filter, second_filter}) { // whichever is the topology's
        output.action(Action::open_filter).byte(filter);
    }
    for (const unsigned on : {1U, 0U}) {
        for (unsigned file = 0; file < 2; ++file) {
            output.action(Action::property).byte(file).byte(index_of(property_sets, pnp_card_set)).byte(docked).byte(1);
            output.byte(0).byte(2).byte(1).byte(on); // four bytes of value, one of them given
        }
        run(output, 5);
        output.action(Action::open_filter).byte(all_filters | 2);
        property(output, 2, KSPROPSETID_Jack, KSPROPERTY_JACK_DESCRIPTION, 0, std::string("\1\0\0\0\0\0\0\0", 8));
    }
    return output.action(Action::stop_and_start).action(Action::close).byte(2).text();
}

Seeds ioctls() {
    Seeds seeds;
    const std::string eight_zeros(8, '\0');
    const std::string node_and_channel(16, '\0');
    for (const unsigned filter : {first_filter, second_filter}) {
        const std::string name = std::to_string(filter);
        seeds["play" + name] = streams(filter, render_pin, 0);
        seeds["play_random" + name] = streams(filter, render_pin, 7);
        seeds["record" + name] = streams(filter, capture_pin, 0);
        seeds["power" + name] = interrupted(filter, Action::power, 3);
        seeds["sleep" + name] = interrupted(filter, Action::sleep, 2);
        seeds["remove" + name] = interrupted(filter, Action::surprise_remove, 0);
        seeds["gone" + name] = goes_on_without(filter);
        seeds["stop" + name] = interrupted(filter, Action::stop_and_start, 0);
        seeds["events" + name] = listens(filter);
        seeds["requests" + name] = requests_streams(filter);
        for (unsigned set = 0; set < std::size(property_sets); ++set) {
            const std::string which = name + "_" + std::to_string(set);
            seeds["get" + which] = asks(filter, property_sets[set], 0, eight_zeros);
            seeds["node_get" + which] = asks(filter, property_sets[set], 3, node_and_channel);
            seeds["node_support" + which] = asks(filter, property_sets[set], 5, node_and_channel);
        }
    }
    seeds["module"] = commands_module();
    seeds["dock"] = docks();
    seeds.merge(request_ports());
    return seeds;
}

std::string content_of(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

// The project's own files of a kind.
Seeds files(const fs::path& folder, std::initializer_list<const char*> extensions) {
    Seeds seeds;
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder)) {
        for (const char* extension : extensions) {
            if (entry.path().extension() == extension) {
                seeds[entry.path().filename().string()] = content_of(entry.path());
            }
        }
    }
    return seeds;
}

// A file of each format, with what a track can hold.
Seeds midi_files() {
    const std::string track("\0\x90\x3c\x64\x60\x3c\0\0\xf0\x03\x01\x02\xf7\0\xff\x51\x03\x07\xa1\x20"
                            "\x87\x68\xc0\x05\0\xff\x2f\0",
                            28);
    const std::string part = std::string("MTrk\0\0\0\x1c", 8) + track;
    const auto head = [](char format, char tracks, char division_high, char division_low) {
        std::string result("MThd\0\0\0\x06\0", 9);
        for (const char each : {format, '\0', tracks, division_high, division_low}) {
            result.push_back(each);
        }
        return result;
    };
    return {{"format0.mid", head(0, 1, 0, 96) + part},
            {"format1.mid", head(1, 2, 0, 96) + part + part},
            {"frames.mid", head(0, 1, static_cast<char>(0xE7), 40) + part}};
}

// Descriptors that are right, and some that are not quite: bytes that the target reads as counts and kinds.
Seeds descriptors() {
    Seeds seeds;
    for (unsigned fill = 0; fill < 16; ++fill) {
        std::string bytes;
        for (unsigned i = 0; i < 320; ++i) {
            bytes.push_back(static_cast<char>(i % 7 == 0 ? fill : (i * 5 + fill) % 4));
        }
        seeds["table" + std::to_string(fill)] = bytes;
    }
    return seeds;
}

} // namespace
} // namespace openportcls::fuzz

int main(int count, char** arguments) {
    using namespace openportcls::fuzz;
    const std::string target = count == 3 ? arguments[1] : "";
    const std::string source = OPENPORTCLS_FUZZ_SOURCE;
    Seeds seeds;
    if (target.ends_with("_ioctl")) {
        seeds = ioctls();
    } else if (target == "inf_reader") {
        seeds = files(source + "/drivers", {".inx", ".inf"});
    } else if (target == "driver_project") {
        seeds = files(source + "/drivers", {".vcxproj", ".cpp", ".h"});
    } else if (target == "midi_file") {
        seeds = midi_files();
    } else if (target == "automation") {
        seeds = descriptors();
    } else {
        std::cerr << "usage: fuzz_seeds DRIVER_ioctl|automation|inf_reader|driver_project|midi_file FOLDER\n";
        return 2;
    }
    for (const auto& [name, bytes] : seeds) {
        std::ofstream(fs::path(arguments[2]) / name, std::ios::binary) << bytes;
    }
    return 0;
}
