// NULL where the C header allows none: every function of it, every pointer in turn. The status or value that says so,
// the function's name in opc_last_error(), and nothing changed.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <tuple>

#include "client/tests/c_objects.h"
#include "client/tests/refused_call.h"

namespace openportcls::client {
namespace {

class CNullArguments : public CObjects {
protected:
    template<std::size_t Index, class Return, class... Parameters>
    void check_parameter(const char* name, Return (*function)(Parameters...), std::tuple<Parameters...> arguments) {
        if constexpr (std::is_pointer_v<std::tuple_element_t<Index, std::tuple<Parameters...>>>) {
            const std::string what = std::string(name) + ", parameter " + std::to_string(Index + 1);
            std::get<Index>(arguments) = nullptr;
            const auto before = std::apply(
                [](auto... each) { return std::tuple<Before<decltype(each)>...>(Before<decltype(each)>(each)...); },
                arguments);
            (void)opc_machine_create(nullptr, nullptr); // another message
            expect_refusal([&] { return std::apply(function, arguments); }, what);
            EXPECT_EQ(std::string(opc_last_error()).find(std::string(name) + ": "), 0U) << what << opc_last_error();
            std::apply([&](const auto&... each) { (each.expect_unchanged(what), ...); }, before);
        }
    }

    template<class Return, class... Parameters, class... Arguments>
    void check(const char* name, Return (*function)(Parameters...), Arguments... arguments) {
        checked.insert(name);
        const std::tuple<Parameters...> all(given(arguments)...);
        [&]<std::size_t... Index>(std::index_sequence<Index...>) {
            ((is_optional<Arguments> ? void() : check_parameter<Index>(name, function, all)), ...);
        }(std::index_sequence_for<Parameters...>{});
    }
    // Those that end what they get do nothing with NULL.
    template<class Handle>
    void check_end(const char* name, void (*function)(Handle*)) {
        checked.insert(name);
        function(nullptr);
    }

    void machines();
    void drivers();
    void filters();
    void objects();
    void streams();
    void threads();
    void values();
    void notifications();
    void requests();
    void cards();
    void midi();
    void mixers();
    void rings();

    std::set<std::string> checked{"opc_last_error", "opc_status_text", "opc_version",
                                  "opc_mixer_control_name"}; // they take no pointer
};

#define CHECK_NULL(function, ...) check(#function, function, __VA_ARGS__)
#define CHECK_END(function) check_end(#function, function)

void CNullArguments::machines() {
    opc_machine* made = nullptr;
    const opc_filter_info* list = nullptr;
    const char* const* warnings = nullptr;
    CHECK_NULL(opc_machine_options_init, &machine_options);
    CHECK_NULL(opc_machine_create, Optional{&machine_options}, &made);
    CHECK_END(opc_machine_destroy);
    CHECK_NULL(opc_machine_now, machine);
    CHECK_NULL(opc_machine_run_for, machine, 1);
    CHECK_NULL(opc_machine_sleep, machine, 3);
    CHECK_NULL(opc_machine_set_on_battery, machine, 1);
    CHECK_NULL(opc_machine_wake, machine);
    CHECK_NULL(opc_machine_crash_report, machine);
    CHECK_NULL(opc_machine_on_debug_print, machine, Optional<opc_print_function>{nullptr}, Optional{context});
    CHECK_NULL(opc_machine_start_trace, machine, "nowhere.json");
    CHECK_NULL(opc_machine_stop_trace, machine);
    CHECK_NULL(opc_machine_load_warnings, machine, &warnings, &size);
    CHECK_NULL(opc_machine_filters, machine, &list, &size);
    const opc_hardware_model* models = nullptr;
    CHECK_NULL(opc_hardware_models, &models);
    CHECK_NULL(opc_machine_save_registry, machine);
    CHECK_NULL(opc_machine_reported_glitches, machine);
    const opc_interface_value* values = nullptr;
    CHECK_NULL(opc_machine_interface_values, machine, "path", &values, &size);
    opc_uuid uuid{};
    CHECK_NULL(opc_uuid_text, &control_change);
    CHECK_NULL(opc_uuid_name, &control_change);
    CHECK_NULL(opc_uuid_parse, "{00000000-0000-0000-0000-000000000000}", &uuid);
}

void CNullArguments::drivers() {
    opc_driver* loaded = nullptr;
    opc_device* other = nullptr;
    const char* const* warnings = nullptr;
    const opc_leak* leaks = nullptr;
    const opc_builtin_driver* known = nullptr;
    const char* const parameter = "Test=1";
    CHECK_NULL(opc_driver_options_init, &driver_options);
    CHECK_NULL(opc_driver_load, machine, "cable", Optional{&driver_options}, &loaded);
    CHECK_END(opc_driver_release);
    CHECK_NULL(opc_driver_name, driver);
    CHECK_NULL(opc_driver_warnings, driver, &warnings, &size);
    CHECK_NULL(opc_driver_unload, driver, Optional{&leaks}, Optional{&size});
    CHECK_NULL(opc_driver_add_device, driver, Optional{"ROOT\\Cable"}, &other);
    CHECK_NULL(opc_driver_add_device_with_parameters, driver, Optional{"ROOT\\Cable"}, &parameter, 1, &other);
    CHECK_NULL(opc_driver_device_count, driver);
    CHECK_NULL(opc_driver_device, driver, 0, &other);
    CHECK_END(opc_device_release);
    CHECK_NULL(opc_device_path, device);
    CHECK_NULL(opc_device_description, device);
    CHECK_NULL(opc_device_state, device);
    CHECK_NULL(opc_device_start, device);
    CHECK_NULL(opc_device_stop, device);
    CHECK_NULL(opc_device_remove, device);
    CHECK_NULL(opc_device_surprise_remove, device);
    CHECK_NULL(opc_device_set_power, device, 3);
    CHECK_NULL(opc_builtin_drivers, &known);
}

void CNullArguments::filters() {
    opc_filter* opened = nullptr;
    const opc_pin_info* pins = nullptr;
    const opc_node_info* nodes = nullptr;
    const opc_connection* connections = nullptr;
    opc_range range{44100, 96000, 2, 16, 24, true, false};
    CHECK_NULL(opc_filter_open, machine, "Wave", &opened);
    CHECK_END(opc_filter_close);
    CHECK_NULL(opc_filter_name, filter);
    CHECK_NULL(opc_format_init, &format);
    CHECK_NULL(opc_filter_pins, filter, &pins, &size);
    CHECK_NULL(opc_filter_nodes, filter, &nodes, &size);
    CHECK_NULL(opc_filter_connections, filter, &connections, &size);
    CHECK_NULL(opc_filter_find_pin, filter, OPC_IN, Optional{&format}, &number);
    CHECK_NULL(opc_filter_intersect, filter, 0, &range, &format);
    CHECK_NULL(opc_filter_propose, filter, 0, &format, OPC_MODE_NONE);
    const opc_uuid* modes = nullptr;
    opc_format other = format;
    CHECK_NULL(opc_filter_preferred_format, filter, 0, OPC_MODE_DEFAULT, &other);
    CHECK_NULL(opc_filter_processing_modes, filter, 0, &modes, &size);
    const opc_range rates{8000, 48000, 2, 8, 16, true, false};
    CHECK_NULL(opc_format_text, &format);
    CHECK_NULL(opc_format_frame_bytes, &format);
    CHECK_NULL(opc_range_text, &rates);
    CHECK_NULL(opc_range_accepts, &rates, &format);
    CHECK_NULL(opc_filter_get_volume, topology, 0, 0, &decibels);
    CHECK_NULL(opc_filter_set_volume, topology, 0, 0, -3.0);
    CHECK_NULL(opc_filter_volume_range, topology, 0, 0, &decibels, &decibels, &decibels);
    CHECK_NULL(opc_filter_get_mute, topology, 1, 0, &flag);
    CHECK_NULL(opc_filter_set_mute, topology, 1, 0, true);
    CHECK_NULL(opc_filter_get_mux, topology, 0, &number);
    CHECK_NULL(opc_filter_set_mux, topology, 0, 1);
    CHECK_NULL(opc_filter_get_peak, topology, 2, 0, &decibels);
}

void CNullArguments::objects() {
    opc_object* const object = opc_filter_object(topology);
    opc_event* enabled = nullptr;
    opc_pin* opened = nullptr;
    int state = 77;
    void (*const signalled)(void*) = [](void*) {};
    CHECK_NULL(opc_filter_object, filter);
    CHECK_NULL(opc_pin_object, pin);
    CHECK_NULL(opc_stream_object, render);
    CHECK_NULL(opc_property, object, &control_change, 0, 1, bytes, 8, bytes, 4, Optional{&size});
    CHECK_NULL(opc_control, object, 0x2F0003, bytes, 4, bytes, 4, Optional{&large});
    CHECK_NULL(opc_event_enable, object, &control_change, 0, 0, false, &enabled);
    CHECK_END(opc_event_disable);
    CHECK_NULL(opc_event_take, event);
    CHECK_NULL(opc_event_wait, event, 1);
    CHECK_NULL(opc_event_on_signal, event, Optional{signalled}, Optional{context});
    CHECK_NULL(opc_object_set_content_rights, object, true, false);
    CHECK_NULL(opc_pin_open, filter, 0, &format, OPC_MODE_NONE, &opened);
    CHECK_NULL(opc_pin_open_raw, filter, bytes, 4, &opened);
    CHECK_END(opc_pin_close);
    CHECK_NULL(opc_pin_set_state, pin, OPC_ACQUIRE);
    CHECK_NULL(opc_pin_get_state, pin, &state);
    CHECK_NULL(opc_pin_write, pin, bytes, 4);
    CHECK_NULL(opc_pin_read, pin, bytes, 4, &size);
}

void CNullArguments::streams() {
    opc_stream* opened = nullptr;
    opc_position position{};
    const opc_period_function period = [](void*, void*, size_t) { return false; };
    CHECK_NULL(opc_stream_options_init, &stream_options);
    CHECK_NULL(opc_render_open, filter, &format, Optional{&stream_options}, &opened);
    CHECK_NULL(opc_capture_open, filter, &format, Optional{&stream_options}, &opened);
    CHECK_END(opc_stream_close);
    CHECK_NULL(opc_stream_pin, render);
    opc_format other{};
    CHECK_NULL(opc_stream_format, render, &other);
    CHECK_NULL(opc_stream_uses_events, render);
    CHECK_NULL(opc_stream_period_frames, render);
    CHECK_NULL(opc_stream_buffer_frames, render);
    CHECK_NULL(opc_stream_glitches, render);
    CHECK_NULL(opc_stream_frames, render);
    CHECK_NULL(opc_stream_start, render);
    CHECK_NULL(opc_stream_pause, render);
    CHECK_NULL(opc_stream_stop, render);
    CHECK_NULL(opc_stream_position, render, &position);
    CHECK_NULL(opc_stream_write, render, bytes, 4);
    CHECK_NULL(opc_stream_drain, render);
    CHECK_NULL(opc_stream_read, capture, bytes, 4);
    CHECK_NULL(opc_stream_read_available, capture, bytes, 4, &size);
    CHECK_NULL(opc_stream_buffer, render, &size);
    CHECK_NULL(opc_stream_on_period, render, Optional{period}, Optional{context});
}

void CNullArguments::threads() {
    opc_thread* thread = nullptr;
    opc_live* live_render = nullptr;
    opc_live* live_capture = nullptr;
    ASSERT_EQ(opc_thread_start(nullptr, 0, &thread), 0);
    opc_thread_run(
        thread,
        [](opc_machine* inside, void*) {
            opc_driver* loaded = nullptr;
            EXPECT_EQ(opc_driver_load(inside, "cable", nullptr, &loaded), 0);
            opc_driver_release(loaded);
        },
        nullptr);
    ASSERT_EQ(opc_live_render(thread, "render", &format, nullptr, 0, &live_render), 0);
    ASSERT_EQ(opc_live_capture(thread, "capture", &format, nullptr, 0, &live_capture), 0);

    opc_thread* other = nullptr;
    opc_live* opened = nullptr;
    void (*const function)(opc_machine*, void*) = [](opc_machine*, void*) {};
    CHECK_NULL(opc_thread_start, Optional{&machine_options}, 0, &other);
    CHECK_NULL(opc_thread_run, thread, function, Optional{context});
    CHECK_END(opc_thread_end);
    CHECK_NULL(opc_live_render, thread, "render", &format, Optional{&stream_options}, 0, &opened);
    CHECK_NULL(opc_live_capture, thread, "capture", &format, Optional{&stream_options}, 0, &opened);
    CHECK_END(opc_live_close);
    opc_format other_format{};
    CHECK_NULL(opc_thread_post, thread, function, Optional{context});
    CHECK_NULL(opc_thread_is_realtime, thread);
    CHECK_NULL(opc_live_format, live_render, &other_format);
    CHECK_NULL(opc_live_period_frames, live_render);
    CHECK_NULL(opc_live_frames, live_render);
    CHECK_NULL(opc_live_start, live_render);
    CHECK_NULL(opc_live_stop, live_render);
    CHECK_NULL(opc_live_write, live_render, bytes, 4);
    CHECK_NULL(opc_live_read, live_capture, bytes, 4);
    CHECK_NULL(opc_live_available, live_render);
    CHECK_NULL(opc_live_wait, live_render, 4, 1);
    CHECK_NULL(opc_live_drain, live_render, 1);
    CHECK_NULL(opc_live_glitches, live_render);
    CHECK_NULL(opc_live_failure, live_render);
    opc_live_close(live_render);
    opc_live_close(live_capture);
    opc_thread_end(thread);
}

void CNullArguments::values() {
    opc_object* const object = opc_filter_object(topology);
    const opc_uuid audio = OPC_SET_AUDIO;
    const opc_target channel{OPC_TARGET_CHANNEL, 0, 0};
    const opc_target node{OPC_TARGET_NODE, 0, 0};
    const void* value = nullptr;
    const char* text = nullptr;
    const opc_uuid* sets = nullptr;
    opc_support support{};
    opc_event* enabled = nullptr;
    CHECK_NULL(opc_object_name, object);
    CHECK_NULL(opc_property_get, object, &audio, 4, Optional{&channel}, bytes, 4);
    CHECK_NULL(opc_property_set, object, &audio, 4, Optional{&channel}, bytes, 4);
    CHECK_NULL(opc_property_bytes, object, &audio, 4, Optional{&channel}, &value, &size);
    CHECK_NULL(opc_property_text, object, &audio, 4, Optional{&channel}, &text);
    CHECK_NULL(opc_property_support, object, &audio, 4, Optional{&channel}, &support);
    CHECK_NULL(opc_property_sets, object, Optional{&node}, &sets, &size);
    CHECK_NULL(opc_event_enable_at, object, &control_change, 0, Optional{&node}, bytes, 4, false, &enabled);
    CHECK_NULL(opc_event_supported, object, &control_change, 0, Optional{&node});
    CHECK_NULL(opc_event_signals, event);
}

void CNullArguments::notifications() {
    opc_object* const object = opc_filter_object(filter);
    const opc_uuid id = OPC_NOTIFICATION_AUDIO_MODULE;
    const opc_audio_module* modules = nullptr;
    const void* answer = nullptr;
    opc_listener* listener = nullptr;
    opc_listener* another = nullptr;
    opc_notification heard{};
    void (*const told)(void*, const opc_notification*) = [](void*, const opc_notification*) {};
    CHECK_NULL(opc_audio_modules, object, &modules, &size);
    CHECK_NULL(opc_audio_module_command, object, &id, 0, bytes, 4, &answer, &size);
    CHECK_NULL(opc_listener_open, object, &id, &another);
    ASSERT_EQ(opc_listener_open(object, &id, &listener), 0) << opc_last_error();
    CHECK_NULL(opc_listener_take, listener, &heard);
    CHECK_NULL(opc_listener_wait, listener, 1, &heard);
    CHECK_NULL(opc_listener_on_notification, listener, Optional{told}, Optional{context});
    opc_listener_close(listener);
    CHECK_END(opc_listener_close);
}

void CNullArguments::requests() {
    opc_pin_connect connect{};
    opc_pin* opened = nullptr;
    opc_request* request = nullptr;
    const opc_block block{bytes, 4, 0, 1, 1, 0, 0, 0};
    const opc_block* blocks = nullptr;
    CHECK_NULL(opc_pin_connect_init, &connect);
    opc_pin_connect_init(&connect);
    CHECK_NULL(opc_pin_open_connect, filter, &connect, &opened);
    CHECK_NULL(opc_data_format, &format, OPC_MODE_NONE, bytes, 8, &size);
    CHECK_NULL(opc_pin_reset, pin, true);
    CHECK_NULL(opc_pin_submit_write, pin, &block, 1, &request);
    CHECK_NULL(opc_pin_submit_read, pin, &block, 1, &request);
    CHECK_END(opc_request_release);
    CHECK_NULL(opc_request_is_done, static_cast<const opc_request*>(nullptr));
    CHECK_NULL(opc_request_wait, static_cast<opc_request*>(nullptr), 1);
    CHECK_NULL(opc_request_cancel, static_cast<opc_request*>(nullptr));
    CHECK_NULL(opc_request_blocks, static_cast<opc_request*>(nullptr), &blocks, &size);
    opc_block nowhere = block;
    nowhere.data = nullptr;
    EXPECT_EQ(opc_pin_submit_write(pin, &nowhere, 1, &request), STATUS_INVALID_PARAMETER);
    EXPECT_NE(std::string(opc_last_error()).find("blocks[0].data"), std::string::npos) << opc_last_error();
}

void CNullArguments::cards() {
    const opc_socket* sockets = nullptr;
    const opc_hearing_function hearing = [](void*, uint64_t, double, const opc_frame*, size_t) {};
    const opc_midi_hearing_function midi_hearing = [](void*, uint64_t, uint8_t) {};
    const opc_frame frame{};
    CHECK_NULL(opc_machine_sockets, machine, &sockets, &size);
    CHECK_NULL(opc_machine_listen, machine, "line out", Optional{hearing}, Optional{context});
    CHECK_NULL(opc_machine_feed, machine, "line in", 8000, &frame, 1);
    CHECK_NULL(opc_machine_listen_midi, machine, Optional{"sb16"}, Optional{midi_hearing}, Optional{context});
    CHECK_NULL(opc_machine_loop_midi, machine, Optional{"sb16"});
}

// A handle of NULL is the whole table where no MIDI driver is loaded; tests/capi has real ones.
void CNullArguments::midi() {
    opc_midi_options options{};
    opc_midi_output* output = nullptr;
    opc_midi_input* input = nullptr;
    opc_midi_file* file = nullptr;
    const opc_midi_pin_info* pins = nullptr;
    const opc_midi_message message{};
    const opc_midi_message* messages = nullptr;
    CHECK_NULL(opc_midi_options_init, &options);
    opc_midi_options_init(&options);
    CHECK_NULL(opc_filter_midi_pins, filter, &pins, &size);
    CHECK_NULL(opc_midi_output_open, filter, Optional{&options}, &output);
    CHECK_END(opc_midi_output_close);
    CHECK_NULL(opc_midi_output_object, output);
    CHECK_NULL(opc_midi_output_kind, output);
    CHECK_NULL(opc_midi_output_pin, output);
    CHECK_NULL(opc_midi_output_time, output);
    CHECK_NULL(opc_midi_output_start, output);
    CHECK_NULL(opc_midi_output_pause, output);
    CHECK_NULL(opc_midi_output_stop, output);
    CHECK_NULL(opc_midi_output_send, output, Optional{&message}, 1);
    CHECK_NULL(opc_midi_output_send_now, output, Optional<const void*>{bytes}, 1);
    CHECK_NULL(opc_midi_output_drain, output, 1);
    CHECK_NULL(opc_midi_input_open, filter, Optional{&options}, &input);
    CHECK_END(opc_midi_input_close);
    CHECK_NULL(opc_midi_input_object, input);
    CHECK_NULL(opc_midi_input_kind, input);
    CHECK_NULL(opc_midi_input_pin, input);
    CHECK_NULL(opc_midi_input_time, input);
    CHECK_NULL(opc_midi_input_start, input);
    CHECK_NULL(opc_midi_input_stop, input);
    CHECK_NULL(opc_midi_input_receive, input, 1, Optional{&messages});
    CHECK_NULL(opc_midi_file_read, "song.mid", &file);
    CHECK_NULL(opc_midi_file_parse, bytes, 4, "song", &file);
    CHECK_END(opc_midi_file_close);
    CHECK_NULL(opc_midi_file_format, file);
    CHECK_NULL(opc_midi_file_tracks, file);
    CHECK_NULL(opc_midi_file_length, file);
    CHECK_NULL(opc_midi_file_messages, file, Optional{&messages}, Optional{&size});
}

void CNullArguments::mixers() {
    const opc_mixer* list = nullptr;
    CHECK_NULL(opc_machine_mixers, machine, &list, &size);
    EXPECT_EQ(opc_mixer_control_name(-1), nullptr);
    EXPECT_EQ(opc_mixer_control_name(OPC_MIXER_FADER + 1), nullptr);
}

void CNullArguments::rings() {
    opc_ring* ring = nullptr;
    opc_ring* other = nullptr;
    ASSERT_EQ(opc_ring_create(64, 4, &ring), 0);
    CHECK_NULL(opc_ring_create, 64, 4, &other);
    CHECK_NULL(opc_ring_capacity, ring);
    CHECK_NULL(opc_ring_write, ring, bytes, 4);
    CHECK_NULL(opc_ring_read, ring, bytes, 4);
    CHECK_NULL(opc_ring_room, ring);
    CHECK_NULL(opc_ring_available, ring);
    CHECK_END(opc_ring_destroy);
    opc_ring_destroy(ring);
}

// The names of the functions that the header and its parts declare.
std::set<std::string> declared_functions() {
    const std::filesystem::path folder(OPENPORTCLS_HEADERS);
    std::vector<std::filesystem::path> headers{folder / "openportcls.h"};
    for (const auto& part : std::filesystem::directory_iterator(folder / "c")) {
        headers.push_back(part.path());
    }
    const std::regex declaration(R"(OPC_API [^;(]*\b(opc_[a-z_]+)\()");
    std::set<std::string> names;
    for (const auto& header : headers) {
        std::ifstream file(header);
        EXPECT_TRUE(file) << header;
        const std::string text{std::istreambuf_iterator<char>(file), {}};
        for (std::sregex_iterator each(text.begin(), text.end(), declaration), end; each != end; ++each) {
            names.insert((*each)[1]);
        }
    }
    EXPECT_GT(names.size(), 170U);
    return names;
}

TEST_F(CNullArguments, EveryPointerThatMustBeThereIsAskedFor) {
    machines();
    drivers();
    filters();
    objects();
    streams();
    threads();
    values();
    notifications();
    requests();
    cards();
    midi();
    mixers();
    rings();
    EXPECT_EQ(checked, declared_functions());
}

} // namespace
} // namespace openportcls::client
