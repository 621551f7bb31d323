/* The C API from C: everything the header offers, on the cable. */
#include "c_test.h"

#include <string.h>

enum { frame_bytes = 4, one_second = 48000 * frame_bytes };

static const opc_uuid audio_set = {0x45ffaaa0, 0x6e1b, 0x11d0, {0xbc, 0xf2, 0x44, 0x45, 0x53, 0x54, 0x00, 0x00}};
static const opc_uuid control_change_set = {
    0xe85e9698, 0xfa2f, 0x11d1, {0x95, 0xbd, 0x00, 0xc0, 0x4f, 0xb9, 0x25, 0xd3}};

static unsigned char* make_sound(size_t bytes) {
    unsigned char* sound = malloc(bytes);
    CHECK(sound != NULL);
    for (size_t i = 0; i < bytes; ++i) {
        sound[i] = (unsigned char)(i * 31 + i / 255 + 1);
    }
    return sound;
}

static int contains(const unsigned char* heard, size_t heard_bytes, const unsigned char* sound, size_t bytes) {
    for (size_t at = 0; at + bytes <= heard_bytes; at += frame_bytes) {
        if (memcmp(heard + at, sound, bytes) == 0) {
            return 1;
        }
    }
    return 0;
}

static void errors_have_a_status_and_a_sentence(void) {
    opc_machine_options options;
    opc_machine* machine = (opc_machine*)1;
    opc_machine_options_init(&options);
    options.windows = "95";
    CHECK(opc_machine_create(&options, &machine) == (opc_status)0xC000000D);
    CHECK(machine == NULL);
    CHECK(strstr(opc_last_error(), "95") != NULL);
    CHECK(strcmp(opc_status_text((opc_status)0xC000000D), "STATUS_INVALID_PARAMETER (0xc000000d)") == 0);
    CHECK(strlen(opc_version()) >= 5);
    opc_machine_destroy(NULL);
    opc_filter_close(NULL);
    opc_stream_close(NULL);
    opc_event_disable(NULL);
}

/* Numbers that the header does not name. */
static void nonsense_is_refused(opc_machine* machine) {
    opc_filter* wave;
    OK(opc_filter_open(machine, "render", &wave));
    opc_format format;
    opc_format_init(&format);
    const int modes[] = {-1, 3, 8, 255, 256};
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; ++i) {
        opc_pin* pin = (opc_pin*)1;
        CHECK(opc_pin_open(wave, 0, &format, modes[i], &pin) == invalid && pin == NULL);
        CHECK(opc_filter_propose(wave, 0, &format, modes[i]) == invalid);
    }
    uint32_t pin = 99;
    CHECK(opc_filter_find_pin(wave, 7, NULL, &pin) == invalid && pin == 99);
    CHECK(opc_filter_find_pin(wave, -1, NULL, &pin) == invalid);
    const int priorities[] = {-1, 100, 200};
    for (size_t i = 0; i < sizeof priorities / sizeof priorities[0]; ++i) {
        opc_thread* thread = (opc_thread*)1;
        CHECK(opc_thread_start(NULL, priorities[i], &thread) == invalid && thread == NULL);
    }
    opc_filter_close(wave);
}

static void lists_what_there_is(opc_machine* machine) {
    const opc_builtin_driver* drivers;
    CHECK(opc_builtin_drivers(&drivers) >= 1);
    CHECK(strcmp(drivers[0].name, "cable") == 0);

    const opc_filter_info* filters;
    size_t count = 0;
    OK(opc_machine_filters(machine, &filters, &count));
    CHECK(count == 2);
    opc_filter* by_path;
    OK(opc_filter_open(machine, filters[0].path, &by_path));
    CHECK(strcmp(opc_filter_name(by_path), filters[0].name) == 0);
    opc_filter_close(by_path);

    opc_filter* wave;
    OK(opc_filter_open(machine, "render", &wave));
    const opc_pin_info* pins;
    OK(opc_filter_pins(wave, &pins, &count));
    CHECK(count == 4);
    CHECK(pins[0].flow == OPC_IN && !pins[0].is_bridge && pins[0].range_count == 2);
    CHECK(pins[0].ranges[0].maximum_rate == 192000 && pins[0].ranges[1].is_float);
    CHECK(strcmp(pins[1].connected_to, "Topology:0") == 0 && pins[1].is_bridge);
    uint32_t pin = 99;
    OK(opc_filter_find_pin(wave, OPC_OUT, NULL, &pin));
    CHECK(pin == 2);
    opc_format format;
    opc_format_init(&format);
    OK(opc_filter_propose(wave, 0, &format, OPC_MODE_NONE));
    const opc_range range = {44100, 96000, 2, 16, 24, true, false};
    OK(opc_filter_intersect(wave, 0, &range, &format));
    CHECK(format.rate == 96000 && format.bits == 24 && format.channels == 2);
    format.rate = 7;
    CHECK(opc_filter_propose(wave, 0, &format, OPC_MODE_NONE) != 0);
    opc_filter_close(wave);

    opc_filter* topology;
    OK(opc_filter_open(machine, "Topology", &topology));
    const opc_node_info* nodes;
    OK(opc_filter_nodes(topology, &nodes, &count));
    CHECK(count == 6 && strcmp(nodes[0].type_name, "KSNODETYPE_VOLUME") == 0);
    const opc_connection* connections;
    OK(opc_filter_connections(topology, &connections, &count));
    CHECK(count == 8);
    opc_filter_close(topology);
}

static void count_signal(void* context) {
    ++*(int*)context;
}

static void controls_properties_and_events(opc_machine* machine) {
    opc_filter* topology;
    OK(opc_filter_open(machine, "Topology", &topology));
    opc_object* object = opc_filter_object(topology);

    opc_event* event;
    OK(opc_event_enable(object, &control_change_set, 0, 0, false, &event));
    CHECK(!opc_event_take(event));
    CHECK(opc_event_wait(event, 5 * MILLISECOND) == 0x102); /* STATUS_TIMEOUT */
    double decibels = 0;
    OK(opc_filter_set_volume(topology, 0, 1, -12));
    OK(opc_event_wait(event, 5 * MILLISECOND));
    OK(opc_filter_get_volume(topology, 0, 1, &decibels));
    CHECK(decibels == -12);
    int signals = 0;
    OK(opc_event_on_signal(event, count_signal, &signals));
    OK(opc_filter_set_volume(topology, 0, 1, 0));
    OK(opc_machine_run_for(machine, MILLISECOND));
    CHECK(signals == 1);
    opc_event_disable(event);
    CHECK(opc_event_enable(object, &control_change_set, 9, 0, false, &event) != 0 && event == NULL);

    double minimum, maximum, step;
    OK(opc_filter_volume_range(topology, 0, 0, &minimum, &maximum, &step));
    CHECK(minimum < -40 && maximum == 0 && step > 0);
    bool mute = false;
    OK(opc_filter_set_mute(topology, 1, 0, true));
    OK(opc_filter_get_mute(topology, 1, 0, &mute));
    CHECK(mute);
    OK(opc_filter_set_mute(topology, 1, 0, false));
    double peak = 9;
    OK(opc_filter_get_peak(topology, 2, 0, &peak));
    CHECK(peak >= 0 && peak <= 1);
    uint32_t input;
    CHECK(opc_filter_get_mux(topology, 0, &input) != 0);

    const uint32_t channel[4] = {0, 0, 1, 0}; /* node, reserved, channel, reserved */
    int32_t level = -3 * 65536;
    size_t returned = 0;
    OK(opc_property(object, &audio_set, 4, 2 | 0x10000000, channel, sizeof channel, &level, sizeof level, &returned));
    level = 0;
    OK(opc_property(object, &audio_set, 4, 1 | 0x10000000, channel, sizeof channel, &level, sizeof level, &returned));
    CHECK(level == -3 * 65536 && returned == sizeof level);
    level = 0;
    OK(opc_property(object, &audio_set, 4, 2 | 0x10000000, channel, sizeof channel, &level, sizeof level, NULL));
    CHECK(opc_property(object, &audio_set, 999, 1, NULL, 0, &level, sizeof level, NULL) != 0);
    CHECK(strstr(opc_last_error(), "Topology: property 999") != NULL);
    uint64_t information;
    CHECK(opc_control(object, 0x2F0003, "xy", 2, NULL, 0, &information) < 0);
    opc_filter_close(topology);
}

struct heard {
    unsigned char* bytes;
    size_t count, limit;
};

static bool hear(void* context, void* period, size_t bytes) {
    struct heard* heard = context;
    if (heard->count + bytes > heard->limit) {
        return false;
    }
    memcpy(heard->bytes + heard->count, period, bytes);
    heard->count += bytes;
    return true;
}

static void streams_carry_sound(opc_machine* machine) {
    opc_filter* wave;
    OK(opc_filter_open(machine, "Wave", &wave));
    opc_format format;
    opc_format_init(&format);
    opc_stream *render, *capture;
    opc_stream_options options;
    opc_stream_options_init(&options);
    options.period_microseconds = 5000;
    OK(opc_render_open(wave, &format, &options, &render));
    OK(opc_capture_open(wave, &format, NULL, &capture));
    CHECK(opc_stream_pin(capture) == 2);
    CHECK(opc_stream_period_frames(render) == 240 && opc_stream_buffer_frames(render) == 480);
    struct heard heard = {malloc(2 * one_second), 0, 2 * one_second};
    OK(opc_stream_on_period(capture, hear, &heard));
    unsigned char* sound = make_sound(one_second);
    OK(opc_stream_write(render, sound, one_second));
    opc_position position;
    OK(opc_stream_position(render, &position));
    CHECK(position.play_offset < 480 * frame_bytes && position.time == opc_machine_now(machine));
    OK(opc_stream_drain(render));
    OK(opc_machine_run_for(machine, 50 * MILLISECOND));
    CHECK(contains(heard.bytes, heard.count, sound, one_second));
    CHECK(opc_stream_frames(render) == 48000 && opc_stream_glitches(render) == 0);
    CHECK(opc_stream_write(capture, sound, frame_bytes) != 0);
    CHECK(opc_stream_read(render, sound, frame_bytes) != 0);
    OK(opc_stream_stop(capture));

    /* The same period, by hand, in the buffer that the driver sees. */
    size_t bytes = 0;
    unsigned char* buffer = opc_stream_buffer(render, &bytes);
    CHECK(buffer != NULL && bytes == 480 * frame_bytes);
    memset(buffer, 0x11, bytes);
    unsigned char period[240 * frame_bytes];
    OK(opc_stream_start(render));
    OK(opc_stream_read(capture, period, sizeof period));
    OK(opc_stream_read(capture, period, sizeof period));
    CHECK(period[0] == 0x11);
    size_t taken = 1;
    OK(opc_stream_read_available(capture, period, sizeof period, &taken));
    OK(opc_stream_pause(render));
    opc_stream_close(render);
    opc_stream_close(capture);

    opc_pin* pin;
    OK(opc_pin_open(wave, 0, &format, OPC_MODE_RAW, &pin));
    OK(opc_pin_set_state(pin, OPC_ACQUIRE));
    int state = -1;
    OK(opc_pin_get_state(pin, &state));
    CHECK(state == OPC_ACQUIRE);
    CHECK(opc_pin_write(pin, sound, 64) < 0); /* WaveRT has no stream requests */
    CHECK(opc_pin_object(pin) != NULL && opc_filter_object(wave) != NULL);
    opc_pin_close(pin);
    CHECK(opc_pin_open_raw(wave, "abc", 3, &pin) < 0 && pin == NULL);
    format.rate = 7;
    CHECK(opc_render_open(wave, &format, NULL, &render) < 0 && render == NULL);
    opc_filter_close(wave);
    free(heard.bytes);
    free(sound);
}

static void devices_power_and_leaks(opc_machine* machine, opc_driver* driver) {
    opc_device* device;
    CHECK(strcmp(opc_driver_name(driver), "cable") == 0);
    const char* const* warnings;
    size_t warning_count = 99;
    OK(opc_driver_warnings(driver, &warnings, &warning_count));
    CHECK(warning_count == 0);
    CHECK(opc_driver_warnings(driver, NULL, &warning_count) < 0);
    CHECK(opc_driver_device_count(driver) == 1);
    OK(opc_driver_device(driver, 0, &device));
    CHECK(strcmp(opc_device_path(device), "ROOT\\OPENPORTCLSCABLE\\0000") == 0);
    CHECK(strlen(opc_device_description(device)) > 0);
    OK(opc_device_set_power(device, 3));
    OK(opc_device_set_power(device, 0));
    CHECK(opc_device_set_power(device, 4) < 0);
    OK(opc_machine_sleep(machine, 3));
    OK(opc_machine_wake(machine));
    /* R-PNP-01: a driver without IAdapterPnpManagement is not rebalanced. */
    CHECK(opc_device_stop(device) == (opc_status)0xC0000001);
    CHECK(opc_device_start(device) != 0);
    CHECK(strcmp(opc_device_state(device), "started") == 0);
    opc_device* second;
    OK(opc_driver_add_device(driver, NULL, &second));
    OK(opc_device_surprise_remove(second));
    opc_device_release(second);
    OK(opc_device_remove(device));
    opc_device_release(device);
    opc_device* none;
    CHECK(opc_driver_device(driver, 77, &none) != 0 && none == NULL);
    const opc_leak* leaks;
    size_t count = 99;
    OK(opc_driver_unload(driver, &leaks, &count));
    CHECK(count == 0);
}

/* Of an INF whose driver cannot be loaded, too. */
static void warnings_of_an_inf(opc_machine* machine) {
    const char* const name = "c_api_warnings.inf";
    FILE* inf = fopen(name, "w");
    CHECK(inf != NULL);
    fputs("[Version]\nSignature=\"$WINDOWS NT$\"\nClass=MEDIA\n[Manufacturer]\nMe=Mine,NTamd64\n[Mine.NTamd64]\n"
          "\"Card\"=Install,ROOT\\Card\n[Install.NT]\nAddReg=Nosuch\n[Strings]\nOpen=\"no end\n",
          inf);
    fclose(inf);
    opc_driver_options options;
    opc_driver_options_init(&options);
    options.inf = name;
    options.hardware_id = "ROOT\\Other";
    opc_driver* driver;
    CHECK(opc_driver_load(machine, "cable", &options, &driver) < 0 && driver == NULL);
    const char* const* warnings;
    size_t count = 0;
    OK(opc_machine_load_warnings(machine, &warnings, &count));
    CHECK(count == 1 && strstr(warnings[0], "c_api_warnings.inf:11: warning: ") != NULL);
    remove(name);
}

static void load_in_thread(opc_machine* machine, void* context) {
    opc_driver* driver;
    OK(opc_driver_load(machine, "cable", NULL, &driver));
    opc_driver_release(driver);
    *(int*)context = 1;
}

static void a_thread_of_its_own(void) {
    opc_thread* thread;
    OK(opc_thread_start(NULL, 0, &thread));
    int loaded = 0;
    opc_thread_run(thread, load_in_thread, &loaded);
    CHECK(loaded);
    opc_format format;
    opc_format_init(&format);
    opc_live *render, *capture;
    OK(opc_live_capture(thread, "capture", &format, NULL, 10000000, &capture));
    OK(opc_live_render(thread, "render", &format, NULL, 10000000, &render));
    const size_t bytes = one_second / 5;
    unsigned char* sound = make_sound(bytes);
    CHECK(opc_live_available(render) == 10 * one_second);
    CHECK(opc_live_write(render, sound, bytes) == bytes);
    OK(opc_live_start(capture));
    OK(opc_live_start(render));
    unsigned char* heard = malloc(one_second);
    CHECK(heard != NULL);
    size_t count = 0;
    while (!contains(heard, count, sound, bytes) && count + 4096 <= one_second) {
        OK(opc_live_wait(capture, 4096, 20000));
        count += opc_live_read(capture, heard + count, 4096);
    }
    CHECK(contains(heard, count, sound, bytes));
    OK(opc_live_drain(render, 20000));
    OK(opc_live_failure(render));
    OK(opc_live_stop(render));
    (void)opc_live_glitches(render);
    opc_live_close(render);
    opc_live_close(capture);
    opc_thread_end(thread);
    free(heard);
    free(sound);
}

static void print(void* context, const char* text) {
    (void)text;
    ++*(int*)context;
}

int main(int count, char** arguments) {
    CHECK(count == 2);
    errors_have_a_status_and_a_sentence();

    opc_machine* machine;
    OK(opc_machine_create(NULL, &machine));
    int printed = 0;
    opc_machine_on_debug_print(machine, print, &printed);
    OK(opc_machine_start_trace(machine, arguments[1]));
    opc_driver* driver;
    CHECK(opc_driver_load(machine, "no-such-driver", NULL, &driver) < 0 && driver == NULL);
    opc_driver_options options;
    opc_driver_options_init(&options);
    const char* parameters[] = {"Test=1"};
    options.parameters = parameters;
    options.parameter_count = 1;
    warnings_of_an_inf(machine);
    OK(opc_driver_load(machine, "cable", &options, &driver));
    lists_what_there_is(machine);
    nonsense_is_refused(machine);
    controls_properties_and_events(machine);
    streams_carry_sound(machine);
    OK(opc_machine_stop_trace(machine));
    devices_power_and_leaks(machine, driver);
    CHECK(opc_machine_crash_report(machine) == NULL);
    opc_driver_release(driver);
    opc_machine_destroy(machine);

    FILE* trace = fopen(arguments[1], "rb");
    CHECK(trace != NULL && fgetc(trace) == '{');
    fclose(trace);

    a_thread_of_its_own();
    puts("ok");
    return 0;
}
